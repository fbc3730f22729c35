//! Opening: under the lock, to write where that is possible, else to read.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::Instant;

use super::{Opened, SqliteFile, aside, blocking, examine, examine::Finding};
use crate::{
    StoreError, faults,
    files::{self, Identity, Lock},
    store::errors,
};

/// Three readers and a writer.
const CONNECTIONS: u32 = 4;
/// How long a write waits for other processes' writes.
const BUSY: Duration = Duration::from_secs(5);
/// How often the change to a write-ahead log is tried, and the pause between: SQLite does not wait for it by itself.
const LOG_TRIES: u32 = 100;
const LOG_PAUSE: Duration = Duration::from_millis(20);
/// How every SQLite database begins, and the bits that may have flipped in one that is still taken for one.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const FLIPPED: u32 = 8;

/// Opens the file, or begins one.
pub(super) async fn open(file: &SqliteFile) -> Result<Opened, StoreError> {
    match to_write(file).await {
        Err(why @ (StoreError::Full(_) | StoreError::ReadOnly(_))) => to_read(file, &why).await.ok_or(why),
        outcome => outcome,
    }
}

/// How connections to a file are made.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        // What was acknowledged survives a power loss.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        // What was deleted is gone, and no flipped pointer brings an older row back.
        .pragma("secure_delete", "ON")
        // A log of at most a megabyte: it counts too where a disk is nearly full.
        .pragma("wal_autocheckpoint", "200")
        .pragma("journal_size_limit", "1048576")
        .disable_statement_logging()
}

/// A file opened to be read by whoever looks at it, as it is.
pub(in crate::store) async fn open_to_read(path: &Path) -> sqlx::Result<SqlitePool> {
    let options = options(path).read_only(true);
    let opened = pool(options.clone());
    match sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&opened).await {
        Ok(_) => Ok(opened),
        Err(error) if files::has_log(path) => Err(error),
        // Without a log nothing can be missed.
        Err(_) => {
            opened.close().await;
            Ok(pool(options.immutable(true)))
        }
    }
}

/// A file opened to be written, without a look at it.
pub(in crate::store) fn open_to_write(path: &Path) -> SqlitePool {
    pool(options(path))
}

async fn to_write(file: &SqliteFile) -> Result<Opened, StoreError> {
    let path = file.path.clone();
    let readied = blocking(&file.path, move || ready(&path)).await;
    let (_lock, waiting) = readied.map_err(|error| errors::of_files(&file.place, &error))?;
    if waiting {
        return Err(aside::error(&file.path, "the file was found damaged").await);
    }
    let pool = pool(options(&file.path));
    if let Err(error) = keep_a_log(&pool, &file.place).await {
        pool.close().await;
        return Err(match file.refusal(&error).await {
            StoreError::Damaged(why) if looks_like_ours(&file.path) => put_aside(file, why).await,
            StoreError::Damaged(why) => StoreError::Unreadable(format!(
                "{why}; it was left as it is: move it away, or set FACTOR_DATA_DIR to another folder"
            )),
            refusal => refusal,
        });
    }
    match examine::pages(&pool).await {
        Finding::Whole => {}
        Finding::Indexes => examine::reindex(&pool, &file.place).await,
        Finding::Damaged(why) => {
            pool.close().await;
            return Err(put_aside(file, why).await);
        }
    }
    opened(file, pool, None).await
}

async fn put_aside(file: &SqliteFile, why: String) -> StoreError {
    match aside::under_lock(&file.path, None).await {
        Ok(()) => aside::error(&file.path, &why).await,
        Err(error) => StoreError::Damaged(format!("{why}; it cannot be put aside: {error}")),
    }
}

/// The lock, and whether a damaged file awaits a restore. Else there is a file, if only an empty one.
fn ready(path: &Path) -> io::Result<(Lock, bool)> {
    files::make_folder(path)?;
    let lock = Lock::take(path)?;
    if !aside::waiting(path).is_empty() {
        return Ok((lock, true));
    }
    if path.symlink_metadata().is_err() {
        // What an earlier file left would be played into the new one.
        files::sweep(path)?;
        files::begin_private(path)?;
    }
    files::make_database_private(path);
    Ok((lock, false))
}

/// Whether a file that SQLite takes for no database is one with flipped bits.
fn looks_like_ours(path: &Path) -> bool {
    let mut begins = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begins));
    read.is_ok() && begins.iter().zip(MAGIC).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() <= FLIPPED
}

/// Opens the file as it is, without making any other.
async fn to_read(file: &SqliteFile, why: &StoreError) -> Option<Opened> {
    if file.path.metadata().ok()?.len() == 0 {
        return None;
    }
    let options = options(&file.path).read_only(true);
    for options in [Some(options.clone()), (!files::has_log(&file.path)).then(|| options.immutable(true))] {
        // Without a log nothing can be missed, and without the right to make one no process here can write.
        let pool = pool(options?);
        if sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&pool).await.is_ok()
            && !matches!(examine::pages(&pool).await, Finding::Damaged(_))
        {
            return opened(file, pool, Some(why.clone())).await.ok();
        }
        pool.close().await;
    }
    None
}

async fn opened(file: &SqliteFile, pool: SqlitePool, read_only: Option<StoreError>) -> Result<Opened, StoreError> {
    faults::pass(&file.place).map_err(|error| errors::of_files(&file.place, &error))?;
    let metadata = tokio::fs::metadata(&file.path).await.map_err(|error| errors::of_files(&file.place, &error))?;
    let (number, since, day) = (file.next_number(), Instant::now(), (file.today)());
    Ok(Opened { pool, number, identity: Identity::of(&metadata), read_only, since, day })
}

fn pool(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(2 * BUSY)
        .connect_lazy_with(options)
}

/// Has the file keep a write-ahead log, so that readers and a writer do not wait for each other.
async fn keep_a_log(pool: &SqlitePool, place: &str) -> sqlx::Result<()> {
    faults::pass(place)?;
    let mut tries = 0;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(pool).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                let busy = error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("5"));
                tries += 1;
                if !busy || tries == LOG_TRIES {
                    return Err(error);
                }
            }
        }
        tokio::time::sleep(LOG_PAUSE).await;
    }
}
