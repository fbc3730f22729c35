//! The tables' version: what it is, what it should be, and how it gets there.

use std::sync::LazyLock;

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{
    database::{Access, Database, Engine, Pool, Transaction},
    errors, roles, sqlite,
    statement::statement,
};
use crate::StoreError;

/// What stands in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchemaState {
    Current,
    Older,
    Newer(i64),
    Changed(i64),
}

/// A step's number, name and text. What was released is never changed: a new step is a new file, and a line here.
type MigrationStep = (i64, &'static str, &'static str);

const SQLITE_STEPS: [MigrationStep; 1] = [(1, "store", include_str!("../../../../migrations/sqlite/0001_store.sql"))];

const POSTGRES_STEPS: [MigrationStep; 1] =
    [(1, "store", include_str!("../../../../migrations/postgres/0001_store.sql"))];

static SQLITE: LazyLock<Migrator> = LazyLock::new(|| migrator(&SQLITE_STEPS));

static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| migrator(&POSTGRES_STEPS));

/// Makes sure of the tables. Where `migrate` is allowed, older ones are brought to this version.
pub(super) async fn prepare(database: &Database, migrate: bool, multi_user: bool) -> Result<(), StoreError> {
    reach(database).await?;
    match state(database).await? {
        SchemaState::Older if migrate => apply(database).await?,
        state => check(database, state)?,
    }
    if multi_user && matches!(database.engine, Engine::Postgres { .. }) {
        roles::guard(database).await?;
    }
    Ok(())
}

/// Brings the tables to this version.
pub(super) async fn migrate(database: &Database) -> Result<(), StoreError> {
    reach(database).await?;
    match state(database).await? {
        SchemaState::Older => apply(database).await,
        state => check(database, state),
    }
}

async fn reach(database: &Database) -> Result<(), StoreError> {
    match (&database.engine, database.pool()) {
        (Engine::Sqlite { path, .. }, Pool::Sqlite(pool)) => sqlite::prepare(path, pool, &database.place).await,
        _ => Ok(()),
    }
}

async fn state(database: &Database) -> Result<SchemaState, StoreError> {
    let mut transaction = database.begin(None, Access::Read).await?;
    let (there, migrator) = match database.engine {
        Engine::Sqlite { .. } => ("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'", &*SQLITE),
        Engine::Postgres { .. } => ("SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL", &*POSTGRES),
    };
    if transaction.row(statement(there)).await?.is_none() {
        return Ok(SchemaState::Older);
    }
    let state = compare(&mut transaction, migrator).await?;
    transaction.commit().await?;
    Ok(state)
}

async fn compare(transaction: &mut Transaction<'_>, migrator: &Migrator) -> Result<SchemaState, StoreError> {
    let rows = transaction.rows(statement("SELECT version, checksum, success FROM _sqlx_migrations")).await?;
    let mut missing = migrator.iter().count();
    for row in rows {
        let (version, checksum, success): (i64, Vec<u8>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        match migrator.iter().find(|migration| migration.version == version) {
            None => return Ok(SchemaState::Newer(version)),
            Some(known) if *known.checksum != *checksum => return Ok(SchemaState::Changed(version)),
            Some(_) if success => missing -= 1,
            Some(_) => {}
        }
    }
    Ok(if missing == 0 { SchemaState::Current } else { SchemaState::Older })
}

fn check(database: &Database, state: SchemaState) -> Result<(), StoreError> {
    let place = &database.place;
    Err(StoreError::Schema(match state {
        SchemaState::Current => return Ok(()),
        SchemaState::Older => format!("{place} has no tables, or those of an older version: run `factor-mcp migrate`"),
        SchemaState::Newer(version) => format!(
            "{place} was made by a newer version (step {version}, which this version does not know): update this one"
        ),
        SchemaState::Changed(version) => format!(
            "{place}: step {version} of its tables is not this version's: it was made by a trial version, take another \
             database or file"
        ),
    }))
}

async fn apply(database: &Database) -> Result<(), StoreError> {
    let done = match database.pool() {
        // Its own lock keeps several processes apart: sqlx has none for SQLite.
        Pool::Sqlite(_) => {
            let mut transaction = database.begin(None, Access::Write).await?;
            let Some(connection) = transaction.sqlite() else { return Ok(()) };
            let done = SQLITE.run_direct(None, connection, false).await;
            if done.is_ok() {
                transaction.commit().await?;
            }
            done
        }
        Pool::Postgres(pool) => match pool.acquire().await {
            Ok(mut connection) => POSTGRES.run_direct(None, &mut *connection, false).await,
            Err(error) => return Err(errors::refusal(&database.place, &error)),
        },
    };
    done.map_err(|error| errors::of_migration(&database.place, &error))?;
    tracing::info!("the tables of {} are those of this version now", database.place);
    Ok(())
}

fn migrator(steps: &[MigrationStep]) -> Migrator {
    let step = |&(version, name, text): &MigrationStep| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_folder_is_a_step() {
        for (folder, steps) in [("sqlite", SQLITE_STEPS), ("postgres", POSTGRES_STEPS)] {
            let folder = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let names = steps.map(|(number, name, _)| format!("{number:04}_{name}.sql"));
            assert_eq!(files, names);
        }
    }
}
