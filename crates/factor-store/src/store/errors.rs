//! What the databases' errors mean for the store's callers.

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
    match code & 0xff {
        1 if message.starts_with("no such") => StoreError::Schema(format!("{words}; run `factor-mcp migrate`")),
        // BUSY, LOCKED, PROTOCOL.
        5 | 6 | 15 => StoreError::Unavailable(format!("{words}; another process is writing, try again in a moment")),
        // PERM, READONLY, CANTOPEN, AUTH.
        3 | 8 | 14 | 23 => StoreError::Unavailable(format!("{words}; make the folder and its files writable")),
        13 => StoreError::Unavailable(format!("{words}; make room on the disk")),
        // CORRUPT, NOTADB.
        11 | 26 => StoreError::Unreadable(format!("{words}; it was left as it is: put a backup in its place")),
        19 => StoreError::Refused(format!("{words}; the change does not fit the tables")),
        _ => StoreError::Unavailable(format!("{words}; try again in a moment")),
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
    async fn a_file_that_cannot_be_written_may_be_another_time() {
        let read_only = ["CREATE TABLE t (x)", "PRAGMA query_only = 1", "INSERT INTO t VALUES (1)"];
        let StoreError::Unavailable(words) = error_of(&read_only).await else { panic!("not unavailable") };
        assert!(words.ends_with("make the folder and its files writable"), "{words}");
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
