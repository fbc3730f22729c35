//! What the databases' errors mean for the store's callers.

use std::io;

use sqlx::{migrate::MigrateError, postgres::PgDatabaseError, sqlite::SqliteError};

use crate::StoreError;

/// An error of either database. `place` names the store without any password.
pub(super) fn refusal(place: &str, error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => of_postgres(place, error),
            None => of_sqlite(place, error.try_downcast_ref::<SqliteError>(), error.message()),
        },
        sqlx::Error::PoolTimedOut => {
            StoreError::Unavailable(format!("{place} did not answer in time; try again in a moment"))
        }
        sqlx::Error::Io(error) => of_files(place, error),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            StoreError::Unreadable(format!("{place}: {error}"))
        }
        error => StoreError::Unavailable(format!("{place}: {error}; try again in a moment")),
    }
}

/// An error while the tables were made.
pub(super) fn of_migration(place: &str, error: &MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => match refusal(place, error) {
            StoreError::Refused(words) | StoreError::UnsafeRole(words) => StoreError::Schema(format!(
                "{words}; run `factor-mcp migrate` with the address of the role that owns the tables"
            )),
            refusal => refusal,
        },
        error => StoreError::Schema(format!("{place}: {error}")),
    }
}

/// By the classes of SQLSTATE.
fn of_postgres(place: &str, error: &PgDatabaseError) -> StoreError {
    let words = format!("{place}: {} (SQLSTATE {})", error.message(), error.code());
    match error.code() {
        // insufficient_privilege; a policy that forbids a row reads the same.
        "42501" => StoreError::Refused(format!(
            "{words}; this needs the role that owns the tables, the one that ran `factor-mcp migrate`"
        )),
        // undefined_table, undefined_column, invalid_schema_name.
        "42P01" | "42703" | "3F000" => StoreError::Schema(format!("{words}; run `factor-mcp migrate`")),
        // A wrong password or role, a database that is not there.
        code if code.starts_with("28") || code == "3D000" => {
            StoreError::Unavailable(format!("{words}; look at DATABASE_URL"))
        }
        // A check of a table, a text that cannot be stored.
        code if code.starts_with("22") || code.starts_with("23") => {
            StoreError::Refused(format!("{words}; the change does not fit the tables"))
        }
        _ => StoreError::Unavailable(format!("{words}; try again in a moment")),
    }
}

/// By SQLite's result codes; the low byte is the primary one.
fn of_sqlite(place: &str, error: Option<&SqliteError>, message: &str) -> StoreError {
    use sqlx::error::DatabaseError as _;
    let code: i32 = error.and_then(|error| error.code()?.parse().ok()).unwrap_or_default();
    let words = format!("{place}: {message} (SQLite {code})");
    match (code, code & 0xff) {
        (_, 1) if message.starts_with("unsupported file format") => StoreError::Damaged(words),
        (_, 1) if message.starts_with("no such") => StoreError::Schema(format!("{words}; run `factor-mcp migrate`")),
        // IOERR_SHMSIZE: no room for the log's index.
        (4874, _) | (_, 13) => StoreError::Full(format!("{words}; make room on the disk")),
        // IOERR_SHORT_READ: the file ends within a page. CORRUPT, TOOBIG, NOTADB: a length beyond all bounds is damage too.
        (522, _) | (_, 11 | 18 | 26) => StoreError::Damaged(words),
        // BUSY, LOCKED, PROTOCOL.
        (_, 5 | 6 | 15) => StoreError::Locked(format!("{words}; another process is writing, try again in a moment")),
        // PERM, READONLY, AUTH.
        (_, 3 | 8 | 23) => StoreError::ReadOnly(format!("{words}; make the folder and its files writable")),
        // CONSTRAINT_TRIGGER: ours, which says what to do.
        (1811, _) => StoreError::Refused(format!("{place}: {message}")),
        (_, 19) => StoreError::Refused(format!("{words}; the change does not fit the tables")),
        _ => StoreError::Unavailable(format!("{words}; try again in a moment")),
    }
}

/// An error of the file system.
pub(super) fn of_files(place: &str, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Full(format!("{place}: {error}; make room on the disk"))
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly(format!(
            "{place}: {error}; make the folder and its files writable, or set FACTOR_DATA_DIR to another folder"
        )),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            StoreError::Locked(format!("{place}: {error}; try again in a moment"))
        }
        _ => StoreError::Unavailable(format!("{place}: {error}; set FACTOR_DATA_DIR to a folder that can be written")),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Executor as _, SqliteConnection};

    use super::*;

    /// What SQLite itself says to the last of some statements.
    async fn error_of(statements: &[&'static str]) -> StoreError {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut outcome = Ok(Default::default());
        for statement in statements {
            outcome = connection.execute(*statement).await;
        }
        refusal("the place", &outcome.unwrap_err())
    }

    #[tokio::test]
    async fn a_missing_table_is_a_matter_of_the_version() {
        let StoreError::Schema(words) = error_of(&["SELECT * FROM users"]).await else {
            panic!("no matter of the schema")
        };
        assert!(words.starts_with("the place: ") && words.ends_with("run `factor-mcp migrate`"), "{words}");
    }

    #[tokio::test]
    async fn a_row_that_does_not_fit_is_refused() {
        let twice = ["CREATE TABLE t (x UNIQUE)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"];
        let StoreError::Refused(words) = error_of(&twice).await else { panic!("not refused") };
        assert!(words.ends_with("the change does not fit the tables"), "{words}");
    }

    #[tokio::test]
    async fn a_failure_bears_its_cause_and_the_way_out() {
        let read_only = ["CREATE TABLE t (x)", "PRAGMA query_only = 1", "INSERT INTO t VALUES (1)"];
        let StoreError::ReadOnly(words) = error_of(&read_only).await else { panic!("not read-only") };
        assert!(words.ends_with("make the folder and its files writable"), "{words}");
        let full = ["CREATE TABLE t (x)", "PRAGMA max_page_count = 2", "INSERT INTO t VALUES (zeroblob(99999))"];
        let StoreError::Full(words) = error_of(&full).await else { panic!("not full") };
        assert!(words.ends_with("make room on the disk"), "{words}");
    }

    #[test]
    fn what_the_file_system_says_is_told_apart() {
        let of = |kind| of_files("the place", &io::Error::from(kind));
        assert!(matches!(of(io::ErrorKind::StorageFull), StoreError::Full(_)));
        assert!(matches!(of(io::ErrorKind::PermissionDenied), StoreError::ReadOnly(_)));
        assert!(matches!(of(io::ErrorKind::TimedOut), StoreError::Locked(_)));
        assert!(matches!(of(io::ErrorKind::NotADirectory), StoreError::Unavailable(_)));
    }

    #[test]
    fn what_is_no_word_of_a_database_names_the_place_and_what_to_do() {
        let unavailable = |error| refusal("the place", &error).to_string();
        assert!(unavailable(sqlx::Error::PoolTimedOut).contains("the place did not answer in time; try again"));
        assert!(unavailable(sqlx::Error::PoolClosed).contains("the place: "));
        let unreadable = refusal("the place", &sqlx::Error::ColumnNotFound("x".to_owned()));
        assert!(matches!(unreadable, StoreError::Unreadable(_)), "{unreadable}");
    }
}
