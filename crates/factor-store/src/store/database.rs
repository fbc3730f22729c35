//! The two databases behind one face: a pool each, and transactions that know whose they are.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use factor_types::UserId;
use sqlx::{
    PgPool, Postgres, Sqlite, SqlitePool,
    postgres::{PgArguments, PgConnectOptions},
    query::Query,
    sqlite::SqliteArguments,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    StoreError, errors, postgres, sqlite,
    statement::{Row, Statement, Value, statement},
};

/// A database that is connected to at the first use.
pub(super) struct Database {
    /// For people, without a password.
    pub(super) place: String,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
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
pub(super) enum Use {
    Read,
    Write,
}

impl Database {
    pub(super) fn pool(&self) -> Pool<'_> {
        match &self.kind {
            Kind::Sqlite { path, pool, .. } => Pool::Sqlite(pool.get_or_init(|| sqlite::pool(path))),
            Kind::Postgres { address, pool } => Pool::Postgres(pool.get_or_init(|| postgres::pool(address))),
        }
    }

    /// How long an operation may take. A lost server is noticed in less; a file is only slow.
    pub(super) fn patience(&self) -> Duration {
        match self.kind {
            Kind::Sqlite { .. } => Duration::from_secs(10),
            Kind::Postgres { .. } => Duration::from_millis(1_800),
        }
    }

    /// A transaction that sees what belongs to `user`, or what belongs to nobody. Nothing of it is kept unless it is
    /// committed.
    pub(super) async fn begin(&self, user: Option<UserId>, using: Use) -> Result<Transaction<'_>, StoreError> {
        let inner = match (self.pool(), &self.kind) {
            (Pool::Sqlite(pool), Kind::Sqlite { writing, .. }) => {
                let turn = match using {
                    Use::Write => Some(Arc::clone(writing).lock_owned().await),
                    Use::Read => None,
                };
                // A transaction that reads before it writes cannot wait for another's write: it takes the lock at once.
                let begin = if using == Use::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
                pool.begin_with(begin).await.map(|transaction| Inner::Sqlite(transaction, turn))
            }
            (Pool::Postgres(pool), _) => pool.begin().await.map(Inner::Postgres),
            (Pool::Sqlite(_), Kind::Postgres { .. }) => Err(sqlx::Error::PoolClosed),
        };
        let inner = inner.map_err(|error| errors::refusal(&self.place, &error))?;
        let mut transaction = Transaction { inner, place: &self.place };
        if let (Inner::Postgres(_), Some(user)) = (&transaction.inner, user) {
            let whose = match using {
                Use::Read => "SELECT set_config('app.user_id', $1, true)",
                // One user's writes come one after the other, as all writes do in SQLite.
                Use::Write => {
                    "SELECT set_config('app.user_id', $1, true), \
                     pg_advisory_xact_lock(hashtextextended('factor-mcp user ' || $1, 0))"
                }
            };
            transaction.run(statement(whose).bind(user.to_string())).await?;
        }
        Ok(transaction)
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
    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let rows = match &mut self.inner {
            Inner::Sqlite(transaction, _) => for_sqlite(statement)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Inner::Postgres(transaction) => for_postgres(statement)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        };
        rows.map_err(|error| errors::refusal(self.place, &error))
    }

    /// The first row of a statement, if there is one.
    pub(super) async fn row(&mut self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Runs a statement and tells how many rows it changed.
    pub(super) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let done = match &mut self.inner {
            Inner::Sqlite(transaction, _) => {
                for_sqlite(statement).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
            Inner::Postgres(transaction) => {
                for_postgres(statement).execute(&mut **transaction).await.map(|done| done.rows_affected())
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

fn for_sqlite(statement: Statement) -> Query<'static, Sqlite, SqliteArguments> {
    statement.values.into_iter().fold(sqlx::query(statement.text), |query, value| match value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Flag(flag) => query.bind(flag),
        Value::Day(day) => query.bind(day),
        Value::Time(time) => query.bind(time),
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Json(json) => query.bind(json.map(sqlx::types::Json)),
    })
}

fn for_postgres(statement: Statement) -> Query<'static, Postgres, PgArguments> {
    statement.values.into_iter().fold(sqlx::query(statement.text), |query, value| match value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Flag(flag) => query.bind(flag),
        Value::Day(day) => query.bind(day),
        Value::Time(time) => query.bind(time),
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Json(json) => query.bind(json.map(sqlx::types::Json)),
    })
}
