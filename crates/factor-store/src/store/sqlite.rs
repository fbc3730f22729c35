//! SQLite: how the file is opened.

use std::{io, path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

use super::errors;
use crate::StoreError;

/// Three readers and a writer.
const CONNECTIONS: u32 = 4;
/// How long a write waits for other processes' writes.
const BUSY: Duration = Duration::from_secs(5);
/// How often the change to a write-ahead log is tried, and the pause between: SQLite does not wait for it by itself.
const LOG_TRIES: u32 = 100;
const LOG_PAUSE: Duration = Duration::from_millis(20);

/// A pool that opens the file at its first use.
pub(super) fn pool(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        // What was acknowledged survives a power loss.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(2 * BUSY)
        .connect_lazy_with(options)
}

/// Makes the folder, and has the file keep a write-ahead log, so that readers and a writer do not wait for each other.
pub(super) async fn prepare(path: &Path, pool: &SqlitePool, place: &str) -> Result<(), StoreError> {
    if path.as_os_str().is_empty() {
        return Err(StoreError::NotConfigured);
    }
    make_folder(path).map_err(|error| {
        StoreError::Unavailable(format!("{place}: {error}; set FACTOR_DATA_DIR to a folder that can be written"))
    })?;
    let mut tries = 0;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(pool).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                let busy = matches!(&error, sqlx::Error::Database(error) if error.code().as_deref() == Some("5"));
                tries += 1;
                if !busy || tries == LOG_TRIES {
                    return Err(errors::refusal(place, &error));
                }
            }
        }
        tokio::time::sleep(LOG_PAUSE).await;
    }
}

/// Only the user may look into a folder that is made for them.
fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}
