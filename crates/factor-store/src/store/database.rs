//! The two databases behind one interface: a pool each, and transactions that know their user.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use factor_types::UserId;
use sqlx::{
    Encode, PgConnection, PgPool, Postgres, Sqlite, Type, postgres::PgConnectOptions, query::Query, types::Json,
};

use super::{
    errors,
    maintenance::Survey,
    postgres,
    sqlite::{SqliteFile, SqliteTransaction, backups},
    statement::{BoundValue, DatabaseRow, Statement, statement},
};
use crate::{StoreError, faults};

/// A database that is connected to at the first use.
pub(super) struct Database {
    /// For people, without a password.
    pub(super) place: String,
    pub(super) engine: Engine,
}

pub(super) enum Engine {
    Sqlite(Arc<SqliteFile>),
    Postgres { address: Box<PgConnectOptions>, pool: OnceLock<PgPool> },
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Database {
    /// Opens what is not open, and says which opening it is: a file may be another one than before, a server's tables
    /// are looked at once.
    pub(super) async fn opening(&self) -> Result<u64, StoreError> {
        match &self.engine {
            Engine::Sqlite(file) => Ok(file.opened().await?.number),
            Engine::Postgres { .. } => Ok(1),
        }
    }

    /// Closes what is open.
    pub(super) async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(file) => file.close().await,
            Engine::Postgres { address, pool } => pool.get_or_init(|| postgres::pool(address)).close().await,
        }
    }

    /// An outcome; one that speaks of damage has the pages gone through, and then says what restores the file.
    pub(super) async fn judged<T>(&self, opening: u64, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        match (outcome, &self.engine) {
            (Err(error @ StoreError::Damaged(_)), Engine::Sqlite(file)) => Err(file.suspected(opening, error).await),
            (outcome, _) => outcome,
        }
    }

    /// Has the day's backup made, behind the caller's back, where there is something to keep and all of it is whole.
    pub(super) fn keep_backup(self: &Arc<Self>) {
        if let Engine::Sqlite(_) = self.engine {
            let database = Arc::clone(self);
            tokio::spawn(async move {
                if let Err(error) = database.back_up().await {
                    tracing::warn!("no backup of the day: {error}");
                }
            });
        }
    }

    pub(super) async fn back_up(&self) -> Result<(), StoreError> {
        let Engine::Sqlite(file) = &self.engine else { return Ok(()) };
        let opened = file.opened().await?;
        if opened.is_read_only() || backups::is_there(file.path(), opened.day) {
            return Ok(());
        }
        let mut transaction = self.begin(None, Access::Read).await?;
        let survey = Survey::of(&mut transaction).await?;
        transaction.commit().await?;
        // The older backups are better than one of damaged rows.
        if !survey.damaged.is_empty() {
            return Err(StoreError::Refused("there are damaged rows: see `factor-mcp store check`".to_owned()));
        }
        if survey.is_empty() { Ok(()) } else { backups::of_day(&opened.pool, file.path(), opened.day).await.map(drop) }
    }

    fn pass(&self) -> Result<(), StoreError> {
        faults::pass(&self.place).map_err(|error| errors::of_files(&self.place, &error))
    }

    /// How long an operation may take. A lost server is noticed in less; a file is only slow.
    pub(super) fn patience(&self) -> Duration {
        match self.engine {
            Engine::Sqlite(_) => Duration::from_secs(10),
            Engine::Postgres { .. } => Duration::from_millis(1_800),
        }
    }

    /// A transaction that sees what belongs to `user`, or only what belongs to no user. Nothing of it is kept unless it
    /// is committed.
    pub(super) async fn begin(&self, user: Option<UserId>, access: Access) -> Result<Transaction<'_>, StoreError> {
        self.pass()?;
        let inner = match &self.engine {
            Engine::Sqlite(file) => Inner::Sqlite(file.begin(access).await?),
            Engine::Postgres { address, pool } => {
                let pool = pool.get_or_init(|| postgres::pool(address));
                let begun = pool.begin().await;
                Inner::Postgres(begun.map_err(|error| errors::refusal(&self.place, &error))?)
            }
        };
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
        match work(&mut transaction).await {
            Ok(outcome) => {
                transaction.commit().await?;
                Ok(outcome)
            }
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        }
    }
}

/// A transaction of either database. Dropped, it is rolled back.
pub(super) struct Transaction<'a> {
    inner: Inner,
    place: &'a str,
}

enum Inner {
    Sqlite(SqliteTransaction),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl<'a> Transaction<'a> {
    /// One on a connection of SQLite, in a file of this place.
    pub(super) fn of_sqlite(transaction: SqliteTransaction, place: &'a str) -> Self {
        Self { inner: Inner::Sqlite(transaction), place }
    }

    /// All rows of a statement.
    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<DatabaseRow>, StoreError> {
        self.pass()?;
        let rows = match &mut self.inner {
            Inner::Sqlite(transaction) => query::<Sqlite>(statement)
                .fetch_all(transaction.connection())
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
        self.pass()?;
        let done = match &mut self.inner {
            Inner::Sqlite(transaction) => {
                query::<Sqlite>(statement).execute(transaction.connection()).await.map(|done| done.rows_affected())
            }
            Inner::Postgres(transaction) => {
                query::<Postgres>(statement).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|error| errors::refusal(self.place, &error))
    }

    /// Keeps what was done. Once this has returned well, it survives a killed process.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.pass()?;
        let done = match self.inner {
            Inner::Sqlite(transaction) => transaction.commit().await,
            Inner::Postgres(transaction) => transaction.commit().await,
        };
        done.map_err(|error| errors::refusal(self.place, &error))
    }

    fn pass(&self) -> Result<(), StoreError> {
        faults::pass(self.place).map_err(|error| errors::of_files(self.place, &error))
    }

    /// Undoes what was done. Dropping does so too, at the price of the connection.
    async fn rollback(self) {
        match self.inner {
            Inner::Sqlite(transaction) => drop(transaction.rollback().await),
            // Where the server is away it undoes it by itself.
            Inner::Postgres(transaction) => drop(transaction.rollback().await),
        }
    }

    /// The connection to Postgres, for what only Postgres does.
    pub(super) fn postgres(&mut self) -> Option<&mut PgConnection> {
        match &mut self.inner {
            Inner::Sqlite(_) => None,
            Inner::Postgres(transaction) => Some(&mut **transaction),
        }
    }

    /// The SQLite connection, for what only SQLite does.
    pub(super) fn sqlite(&mut self) -> Option<&mut sqlx::SqliteConnection> {
        match &mut self.inner {
            Inner::Sqlite(transaction) => Some(transaction.connection()),
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
