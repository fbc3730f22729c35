//! The tables' version: what it is, what it should be, and how it gets there.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use sqlx::{
    Executor as _, SqlSafeStr as _,
    migrate::{Migrate as _, Migration, MigrationType, Migrator},
    sqlite::SqlitePoolOptions,
};
use tokio::sync::OnceCell;

use super::{
    checksums,
    database::{Access, Database, Engine, Transaction},
    errors, roles,
    sqlite::{SqliteFile, SqliteTransaction, backups},
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

const SQLITE_STEPS: [MigrationStep; 6] = [
    (1, "store", include_str!("../../../../migrations/sqlite/0001_store.sql")),
    (CHECKSUMS, "checksums", include_str!("../../../../migrations/sqlite/0002_checksums.sql")),
    (3, "indexes", include_str!("../../../../migrations/sqlite/0003_indexes.sql")),
    (4, "identities", include_str!("../../../../migrations/sqlite/0004_identities.sql")),
    (5, "quotas", include_str!("../../../../migrations/sqlite/0005_quotas.sql")),
    (6, "audit", include_str!("../../../../migrations/sqlite/0006_audit.sql")),
];

/// The step of SQLite from which rows have checksums.
const CHECKSUMS: i64 = 2;

const POSTGRES_STEPS: [MigrationStep; 6] = [
    (1, "store", include_str!("../../../../migrations/postgres/0001_store.sql")),
    (2, "identities", include_str!("../../../../migrations/postgres/0002_identities.sql")),
    (3, "quotas", include_str!("../../../../migrations/postgres/0003_quotas.sql")),
    (4, "audit", include_str!("../../../../migrations/postgres/0004_audit.sql")),
    (5, "results", include_str!("../../../../migrations/postgres/0005_results.sql")),
    (6, "audit_head", include_str!("../../../../migrations/postgres/0006_audit_head.sql")),
];

static SQLITE: LazyLock<Migrator> = LazyLock::new(|| migrator(&SQLITE_STEPS));

static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| migrator(&POSTGRES_STEPS));

/// Makes sure of the tables. Where `migrate` is allowed, older ones are brought to this version.
pub(super) async fn prepare(database: &Database, migrate: bool, multi_user: bool) -> Result<(), StoreError> {
    match state(database).await? {
        SchemaState::Older if migrate => apply(database).await?,
        state => check(database, state)?,
    }
    match &database.engine {
        Engine::Sqlite(_) => whole(database).await?,
        Engine::Postgres { .. } if multi_user => roles::guard(database).await?,
        Engine::Postgres { .. } => {}
    }
    Ok(())
}

/// Brings the tables to this version.
pub(super) async fn migrate(database: &Database) -> Result<(), StoreError> {
    match state(database).await? {
        SchemaState::Older => apply(database).await,
        state => check(database, state),
    }
}

async fn state(database: &Database) -> Result<SchemaState, StoreError> {
    let mut transaction = database.begin(None, Access::Read).await?;
    let state = state_in(&mut transaction, &database.engine).await?;
    transaction.commit().await?;
    Ok(state)
}

async fn state_in(transaction: &mut Transaction<'_>, engine: &Engine) -> Result<SchemaState, StoreError> {
    let (there, migrator) = match engine {
        Engine::Sqlite(_) => ("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'", &*SQLITE),
        Engine::Postgres { .. } => ("SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL", &*POSTGRES),
    };
    if transaction.row(statement(there)).await?.is_none() {
        return Ok(SchemaState::Older);
    }
    compare(transaction, migrator).await
}

async fn compare(transaction: &mut Transaction<'_>, migrator: &Migrator) -> Result<SchemaState, StoreError> {
    let rows = transaction.rows(statement("SELECT version, checksum, success FROM _sqlx_migrations")).await?;
    let (mut missing, mut newer) = (migrator.iter().count(), None);
    for row in rows {
        let (version, checksum, success): (i64, Vec<u8>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        match migrator.iter().find(|migration| migration.version == version) {
            None => newer = newer.max(Some(version)),
            Some(known) if is_flipped(&known.checksum, &checksum) => {
                return Err(StoreError::Unreadable(format!("the checksum of step {version} of its tables is damaged")));
            }
            Some(known) if *known.checksum != *checksum => return Ok(SchemaState::Changed(version)),
            Some(_) if success => missing -= 1,
            Some(_) => {}
        }
    }
    match newer {
        Some(version) if missing > 0 || !is_known_enough(transaction, migrator).await? => {
            Ok(SchemaState::Newer(version))
        }
        _ => Ok(if missing == 0 { SchemaState::Current } else { SchemaState::Older }),
    }
}

/// Whether the tables, which have steps that this version does not know, say that it may work with them: one server after the other
/// is brought to a newer version while the others serve. In SQLite nothing says so: a file is one version's at a time.
async fn is_known_enough(transaction: &mut Transaction<'_>, migrator: &Migrator) -> Result<bool, StoreError> {
    if transaction.sqlite().is_some() {
        return Ok(false);
    }
    let readable = "SELECT 1 WHERE has_table_privilege(to_regclass('schema_needs'), 'SELECT')";
    if transaction.row(statement(readable)).await?.is_none() {
        return Ok(false);
    }
    let row = transaction.row(statement("SELECT step FROM schema_needs")).await?;
    let needed: i64 = row.map_or(Ok(i64::MAX), |row| row.get(0))?;
    Ok(migrator.iter().any(|migration| migration.version >= needed))
}

/// Whether a checksum is another with a few flipped bits, and not that of another text.
fn is_flipped(known: &[u8], found: &[u8]) -> bool {
    let bits = known.iter().zip(found).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
    known.len() == found.len() && (1..=8).contains(&bits)
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
    match &database.engine {
        Engine::Sqlite(file) => apply_to_sqlite(database, file).await?,
        Engine::Postgres { .. } => {
            let mut transaction = database.begin(None, Access::Write).await?;
            apply_to_postgres(&mut transaction, &database.place).await?;
            transaction.commit().await?;
        }
    }
    tracing::info!("the tables of {} are those of this version now", database.place);
    Ok(())
}

/// Brings the tables of a Postgres to this version, and has the lock of those who change tables and rights until the
/// transaction ends.
pub(super) async fn apply_to_postgres(transaction: &mut Transaction<'_>, place: &str) -> Result<(), StoreError> {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('factor-mcp migrate', 0))";
    transaction.run(statement(lock)).await?;
    match transaction.postgres() {
        Some(connection) => {
            let done = POSTGRES.run_direct(None, connection, false).await;
            done.map_err(|error| errors::of_migration(place, &error))
        }
        None => Ok(()),
    }
}

/// All steps that are missing in one transaction, whose lock keeps several processes apart; before them a backup.
async fn apply_to_sqlite(database: &Database, file: &Arc<SqliteFile>) -> Result<(), StoreError> {
    let first = SQLITE_STEPS.len() as i64;
    let mut looking = database.begin(None, Access::Read).await?;
    let begun = begun(&mut looking).await?;
    looking.commit().await?;
    if begun {
        let opened = file.opened().await?;
        if opened.is_read_only() {
            return database.begin(None, Access::Write).await.map(drop);
        }
        backups::before_step(&opened.pool, file.path(), first).await?;
    }
    let mut transaction = database.begin(None, Access::Write).await?;
    apply_missing(&mut transaction, &database.place).await?;
    transaction.commit().await
}

/// Whether there are tables of an older version; some of ours without their list are damage.
async fn begun(transaction: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let named = statement("SELECT name FROM sqlite_schema WHERE type = 'table'");
    let names: Vec<String> = transaction.rows(named).await?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    let has = |name: &str| names.iter().any(|there| there == name);
    if !has("_sqlx_migrations") && (has("user_factor_groups") || has("portfolios")) {
        return Err(StoreError::Unreadable("the list of its tables is not the one that was made".to_owned()));
    }
    Ok(has("_sqlx_migrations"))
}

async fn apply_missing(transaction: &mut Transaction<'_>, place: &str) -> Result<(), StoreError> {
    let Some(connection) = transaction.sqlite() else { return Ok(()) };
    let listed = connection.ensure_migrations_table("_sqlx_migrations").await;
    listed.map_err(|error| errors::of_migration(place, &error))?;
    for step in SQLITE.iter() {
        let there = statement("SELECT 1 FROM _sqlx_migrations WHERE version = $1").bind(step.version);
        if transaction.row(there).await?.is_some() {
            continue;
        }
        if let Some(connection) = transaction.sqlite() {
            connection.execute(step.sql.clone()).await.map_err(|error| errors::refusal(place, &error))?;
        }
        let list = statement(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ($1, $2, TRUE, $3, -1)",
        );
        transaction.run(list.bind(step.version).bind(&*step.description).bind(&*step.checksum)).await?;
        if step.version == CHECKSUMS {
            checksums::begin(transaction).await?;
        }
    }
    Ok(())
}

/// Refuses a file whose tables, triggers and indexes are not word for word those that were made.
async fn whole(database: &Database) -> Result<(), StoreError> {
    let mut transaction = database.begin(None, Access::Read).await?;
    let there = definitions(&mut transaction).await?;
    transaction.commit().await?;
    let expected = EXPECTED.get_or_try_init(expected).await?;
    match expected.difference(&there).next() {
        None => Ok(()),
        Some(missing) => {
            let name = missing.split('\n').next().unwrap_or_default();
            Err(StoreError::Unreadable(format!("{}: the definition of {name} is damaged", database.place)))
        }
    }
}

static EXPECTED: OnceCell<BTreeSet<String>> = OnceCell::const_new();

/// What the steps make in an empty database.
async fn expected() -> Result<BTreeSet<String>, StoreError> {
    let place = "a database in memory";
    let refusal = |error| errors::refusal(place, &error);
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.map_err(refusal)?;
    let connection = pool.acquire().await.map_err(refusal)?;
    let begun = SqliteTransaction::begin(connection, Access::Write, None).await.map_err(refusal)?;
    let mut transaction = Transaction::of_sqlite(begun, place);
    apply_missing(&mut transaction, place).await?;
    let made = definitions(&mut transaction).await?;
    transaction.commit().await?;
    pool.close().await;
    Ok(made)
}

async fn definitions(transaction: &mut Transaction<'_>) -> Result<BTreeSet<String>, StoreError> {
    let all = statement(
        "SELECT name || char(10) || type || char(10) || tbl_name || char(10) || coalesce(sql, '') FROM sqlite_schema",
    );
    transaction.rows(all).await?.iter().map(|row| row.get(0)).collect()
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
        for (folder, steps) in [("sqlite", &SQLITE_STEPS[..]), ("postgres", &POSTGRES_STEPS[..])] {
            let folder = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let names: Vec<_> = steps.iter().map(|(number, name, _)| format!("{number:04}_{name}.sql")).collect();
            assert_eq!(files, names);
        }
    }

    /// What takes something away from servers of the version before would fail them while they still serve.
    #[test]
    fn steps_that_servers_go_through_one_by_one_only_add() {
        const TAKES: [&str; 8] = [
            "DROP TABLE",
            "DROP COLUMN",
            "DROP CONSTRAINT",
            "DROP FUNCTION",
            "RENAME ",
            "SET NOT NULL",
            " TYPE ",
            "DELETE FROM users",
        ];
        for (number, name, text) in POSTGRES_STEPS.iter().filter(|(number, ..)| *number >= 4) {
            let code: String = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
            let raises = code.contains("UPDATE schema_needs");
            let taken: Vec<&&str> = TAKES.iter().filter(|words| code.contains(**words)).collect();
            assert!(raises || taken.is_empty(), "step {number} {name} has {taken:?}: add, or say so in schema_needs");
        }
    }
}
