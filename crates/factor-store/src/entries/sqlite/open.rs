//! Opening: under the lock see whose file it is, create one where there is none or a broken one, connect.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use factor_types::EntryError;
use sqlx::{
    ConnectOptions as _, Connection as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{task::spawn_blocking, time::Instant};

use super::{
    failure::{CacheFailure, FailureKind},
    file::{self, FileState},
    record::HealthRecord,
    statements,
};
use crate::{
    faults,
    files::{self, Identity, Lock},
};

/// Three readers and a writer.
const CONNECTIONS: u32 = 4;
/// How long a write waits for other processes' writes.
const BUSY: Duration = Duration::from_secs(10);
/// A log that has grown longer is cut at the next checkpoint.
const LOG_BYTES: &str = "16777216";

/// Which file, and how large it may become.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) path: PathBuf,
    /// The file's bound in pages, if it has one.
    pub(super) max_pages: Option<u32>,
}

/// An open file.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) pool: SqlitePool,
    pub(super) identity: Identity,
    /// Why it can only be read, if so.
    pub(super) read_only: Option<CacheFailure>,
    pub(super) since: Instant,
}

/// Opens the file, or begins one.
pub(super) async fn open(settings: &Settings, record: &HealthRecord) -> Result<Opened, EntryError> {
    match open_to_write(settings, record).await {
        Err(OpenError::Cache(failure)) if failure.only_writing() => {
            let refusal = failure.refusal(&settings.path, "opened");
            open_to_read(settings, failure).await.ok_or(refusal)
        }
        Err(OpenError::Cache(failure)) => Err(failure.refusal(&settings.path, "opened")),
        Err(OpenError::NotOurs(error)) => Err(error),
        Ok(opened) => Ok(opened),
    }
}

/// Puts the file aside if it still is the one that was open, and notes it.
pub(super) async fn put_aside(
    settings: &Settings,
    record: &HealthRecord,
    opened: &Opened,
    why: &CacheFailure,
) -> Result<(), EntryError> {
    opened.pool.close().await;
    let path = settings.path.clone();
    let identity = opened.identity;
    let aside = blocking(settings, move || {
        let _lock = Lock::take(&path)?;
        let same = fs::metadata(&path).is_ok_and(|now| Identity::of(&now) == identity);
        if same { files::put_aside(&path, "broken").map(Some) } else { Ok(None) }
    });
    match aside.await {
        Ok(Some(aside)) => {
            record.damaged_file(note(settings, &why.words, &aside));
            Ok(())
        }
        // Another process was faster.
        Ok(None) => Ok(()),
        Err(error) => Err(CacheFailure::new(
            CacheFailure::from(&error).kind,
            format!("it is damaged ({}) and cannot be put aside ({error})", why.words),
        )
        .refusal(&settings.path, "read")),
    }
}

enum OpenError {
    Cache(CacheFailure),
    /// Not our file: it is neither opened nor moved.
    NotOurs(EntryError),
}

impl From<&io::Error> for OpenError {
    fn from(error: &io::Error) -> Self {
        Self::Cache(error.into())
    }
}

impl From<&sqlx::Error> for OpenError {
    fn from(error: &sqlx::Error) -> Self {
        Self::Cache(error.into())
    }
}

async fn open_to_write(settings: &Settings, record: &HealthRecord) -> Result<Opened, OpenError> {
    let path = settings.path.clone();
    let locked = blocking(settings, move || {
        files::make_folder(&path)?;
        let lock = Lock::take(&path)?;
        files::make_database_private(&path);
        Ok((lock, file::state(&path)?))
    });
    let (_lock, state) = locked.await.map_err(|error| OpenError::from(&error))?;
    match state {
        FileState::Ours => {}
        FileState::Missing => create(settings).await?,
        FileState::Broken(why) => replace_broken(settings, record, why).await?,
        FileState::Foreign(_) | FileState::Newer(_) => return Err(OpenError::NotOurs(not_ours(settings, &state))),
    }
    match connect(settings, options(settings)).await {
        Err(failure) if failure.kind == FailureKind::Damaged => {
            replace_broken(settings, record, &failure.words).await?;
            connect(settings, options(settings)).await.map_err(OpenError::Cache)
        }
        outcome => outcome.map_err(OpenError::Cache),
    }
}

/// Opens the file as it is, without making any other.
async fn open_to_read(settings: &Settings, why: CacheFailure) -> Option<Opened> {
    let path = settings.path.clone();
    if !matches!(blocking(settings, move || file::state(&path)).await, Ok(FileState::Ours)) {
        return None;
    }
    let options = options(settings).read_only(true);
    let mut opened = connect(settings, options.clone()).await;
    // Without a log nothing can be missed, and without the right to make one no process here can write.
    if opened.is_err() && !files::has_log(&settings.path) {
        opened = connect(settings, options.immutable(true)).await;
    }
    opened.ok().map(|opened| Opened { read_only: Some(why), ..opened })
}

async fn replace_broken(settings: &Settings, record: &HealthRecord, why: &str) -> Result<(), OpenError> {
    let path = settings.path.clone();
    let aside = blocking(settings, move || files::put_aside(&path, "broken"));
    let aside = aside.await.map_err(|error| OpenError::from(&error))?;
    record.damaged_file(note(settings, why, &aside));
    create(settings).await
}

/// Makes a whole file under another name and renames it. Only under the lock.
async fn create(settings: &Settings) -> Result<(), OpenError> {
    let fresh = files::named(&settings.path, ".new");
    let removed = fresh.clone();
    blocking(settings, move || {
        files::remove(&removed)?;
        files::begin_private(&removed)
    })
    .await
    .map_err(|error| OpenError::from(&error))?;
    pass(settings).map_err(|error| OpenError::from(&error))?;
    write_empty(&fresh).await.map_err(|error| OpenError::from(&error))?;
    let path = settings.path.clone();
    let named = blocking(settings, move || {
        if file::state(&fresh)? != FileState::Ours {
            return Err(io::Error::other("what was just written reads otherwise"));
        }
        files::sweep(&path)?;
        fs::rename(&fresh, &path)
    });
    named.await.map_err(|error| OpenError::from(&error))
}

async fn write_empty(path: &Path) -> sqlx::Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(u32::from(file::PAGE))
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("application_id", file::APPLICATION_ID.cast_signed().to_string())
        .pragma("user_version", file::version_mark().to_string())
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query(statements::TABLE).execute(&mut connection).await?;
    connection.close().await
}

fn options(settings: &Settings) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(&settings.path)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY)
        .pragma("journal_size_limit", LOG_BYTES)
        .disable_statement_logging();
    match settings.max_pages {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    }
}

/// Makes all connections now, under the lock: one made later might meet a file that is just being put aside.
async fn connect(settings: &Settings, options: SqliteConnectOptions) -> Result<Opened, CacheFailure> {
    pass(settings)?;
    let identity = match fs::metadata(&settings.path) {
        Ok(metadata) => Identity::of(&metadata),
        Err(error) => return Err(CacheFailure::from(&error)),
    };
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(2 * BUSY)
        .connect_lazy_with(options);
    let whole = async {
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS {
            held.push(pool.acquire().await?);
        }
        drop(held);
        statements::schema_is_whole(&pool).await
    };
    let failure = match whole.await {
        Ok(true) => return Ok(Opened { pool, identity, read_only: None, since: Instant::now() }),
        Ok(false) => CacheFailure::new(FailureKind::Damaged, "its table is damaged"),
        Err(error) => CacheFailure::from(&error),
    };
    pool.close().await;
    Err(failure)
}

fn note(settings: &Settings, why: &str, aside: &Path) -> String {
    format!(
        "the cache {} was broken ({why}): it is now {}, which can be deleted, and an empty one was begun",
        settings.path.display(),
        aside.display()
    )
}

fn not_ours(settings: &Settings, state: &FileState) -> EntryError {
    let path = settings.path.display();
    EntryError(match state {
        FileState::Newer(form) => format!(
            "the cache {path} was made by a newer version (form {form}, this version knows {}): update this one, or set \
             FACTOR_DATA_DIR to another folder",
            file::FORMAT_VERSION
        ),
        FileState::Foreign(id) => format!(
            "{path} is another application's database (application id {id:#010x}), so it is left as it is: move it \
             away, or set FACTOR_DATA_DIR to another folder"
        ),
        FileState::Missing | FileState::Ours | FileState::Broken(_) => format!("the cache {path} cannot be opened"),
    })
}

/// Lets the next operation on the file through, unless a test has it fail.
pub(super) fn pass(settings: &Settings) -> io::Result<()> {
    faults::pass(&settings.path.display().to_string())
}

async fn blocking<T: Send + 'static>(
    settings: &Settings,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    pass(settings)?;
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
