//! The two databases behind one interface: a pool each, and transactions that know their user.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use factor_types::UserId;
use sqlx::{Encode, PgPool, Postgres, Sqlite, SqlitePool, Type, postgres::PgConnectOptions, query::Query, types::Json};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    errors, postgres, sqlite,
    statement::{BoundValue, DatabaseRow, Statement, statement},
};
use crate::StoreError;

/// A database that is connected to at the first use.
pub(super) struct Database {
    /// For people, without a password.
    pub(super) place: String,
    pub(super) engine: Engine,
}

pub(super) enum Engine {
    Sqlite {
        path: PathBuf,
        pool: OnceLock<SqlitePool>,
        /// One write at a time: those of one process would only wait for each other in SQLite, by sleeping ever longer.
        writing: Arc<Mutex<()>>,
    },
    Postgres {
        address: Box<PgConnectOptions>,
        pool: OnceLock<PgPool>,
    },
}

/// A connection's pool, whichever it is.
pub(super) enum Pool<'a> {
    Sqlite(&'a SqlitePool),
    Postgres(&'a PgPool),
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Database {
    pub(super) fn pool(&self) -> Pool<'_> {
        match &self.engine {
            Engine::Sqlite { path, pool, .. } => Pool::Sqlite(pool.get_or_init(|| sqlite::pool(path))),
            Engine::Postgres { address, pool } => Pool::Postgres(pool.get_or_init(|| postgres::pool(address))),
        }
    }

    /// How long an operation may take. A lost server is noticed in less; a file is only slow.
    pub(super) fn patience(&self) -> Duration {
        match self.engine {
            Engine::Sqlite { .. } => Duration::from_secs(10),
            Engine::Postgres { .. } => Duration::from_millis(1_800),
        }
    }

    /// A transaction that sees what belongs to `user`, or only what belongs to no user. Nothing of it is kept unless it
    /// is committed.
    pub(super) async fn begin(&self, user: Option<UserId>, access: Access) -> Result<Transaction<'_>, StoreError> {
        let inner = match (self.pool(), &self.engine) {
            (Pool::Sqlite(pool), Engine::Sqlite { writing, .. }) => {
                let turn = match access {
                    Access::Write => Some(Arc::clone(writing).lock_owned().await),
                    Access::Read => None,
                };
                // A transaction that reads before it writes cannot wait for another's write: it takes the lock at once.
                let begin = if access == Access::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
                pool.begin_with(begin).await.map(|transaction| Inner::Sqlite(transaction, turn))
            }
            (Pool::Postgres(pool), _) => pool.begin().await.map(Inner::Postgres),
            (Pool::Sqlite(_), Engine::Postgres { .. }) => Err(sqlx::Error::PoolClosed),
        };
        let inner = inner.map_err(|error| errors::refusal(&self.place, &error))?;
        let mut transaction = Transaction { inner, place: &self.place };
        if let (Inner::Postgres(_), Some(user)) = (&transaction.inner, user) {
            let whose = match access {
                Access::Read => "SELECT set_config('app.user_id', $1, true)",
                // One user's writes come one after the other, as all writes do in SQLite.
                Access::Write => {
                    "SELECT set_config('app.user_id', $1, true), \
                     pg_advisory_xact_lock(hashtextextended('factor-mcp user ' || $1, 0))"
                }
            };
            transaction.run(statement(whose).bind(user.to_string())).await?;
        }
        Ok(transaction)
    }

    /// Does some work in a transaction and commits it. When the work fails nothing of it is kept.
    pub(super) async fn transact<T>(
        &self,
        user: Option<UserId>,
        access: Access,
        work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut transaction = self.begin(user, access).await?;
        let outcome = work(&mut transaction).await?;
        transaction.commit().await?;
        Ok(outcome)
    }
}

/// A transaction of either database. Dropped, it is rolled back.
pub(super) struct Transaction<'a> {
    inner: Inner,
    place: &'a str,
}

enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>, Option<OwnedMutexGuard<()>>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction<'_> {
    /// All rows of a statement.
    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<DatabaseRow>, StoreError> {
        let rows = match &mut self.inner {
            Inner::Sqlite(transaction, _) => query::<Sqlite>(statement)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(DatabaseRow::Sqlite).collect()),
            Inner::Postgres(transaction) => query::<Postgres>(statement)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(DatabaseRow::Postgres).collect()),
        };
        rows.map_err(|error| errors::refusal(self.place, &error))
    }

    /// The first row of a statement, if there is one.
    pub(super) async fn row(&mut self, statement: Statement) -> Result<Option<DatabaseRow>, StoreError> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Runs a statement; the number of rows it changed.
    pub(super) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let done = match &mut self.inner {
            Inner::Sqlite(transaction, _) => {
                query::<Sqlite>(statement).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
            Inner::Postgres(transaction) => {
                query::<Postgres>(statement).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|error| errors::refusal(self.place, &error))
    }

    /// Keeps what was done. Once this has returned well, it survives a killed process.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let done = match self.inner {
            Inner::Sqlite(transaction, turn) => {
                let done = transaction.commit().await;
                drop(turn);
                done
            }
            Inner::Postgres(transaction) => transaction.commit().await,
        };
        done.map_err(|error| errors::refusal(self.place, &error))
    }

    /// The SQLite connection, for what only SQLite does.
    pub(super) fn sqlite(&mut self) -> Option<&mut sqlx::SqliteConnection> {
        match &mut self.inner {
            Inner::Sqlite(transaction, _) => Some(&mut **transaction),
            Inner::Postgres(_) => None,
        }
    }
}

/// A statement as sqlx wants it. The two databases differ in their types only.
fn query<DB: sqlx::Database>(statement: Statement) -> Query<'static, DB, DB::Arguments>
where
    Option<i64>: Bindable<DB>,
    Option<String>: Bindable<DB>,
    bool: Bindable<DB>,
    Option<NaiveDate>: Bindable<DB>,
    DateTime<Utc>: Bindable<DB>,
    Vec<u8>: Bindable<DB>,
    Option<Json<serde_json::Value>>: Bindable<DB>,
{
    statement.values.into_iter().fold(sqlx::query(statement.text), |query, value| match value {
        BoundValue::Number(number) => query.bind(number),
        BoundValue::Text(text) => query.bind(text),
        BoundValue::Flag(flag) => query.bind(flag),
        BoundValue::Day(day) => query.bind(day),
        BoundValue::Time(time) => query.bind(time),
        BoundValue::Bytes(bytes) => query.bind(bytes),
        BoundValue::Json(json) => query.bind(json.map(Json)),
    })
}

/// What can be bound to a statement of a database.
trait Bindable<DB: sqlx::Database>: Encode<'static, DB> + Type<DB> + Send + 'static {}

impl<DB: sqlx::Database, T: Encode<'static, DB> + Type<DB> + Send + 'static> Bindable<DB> for T {}
