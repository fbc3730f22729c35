//! SQLite: the file, open as long as it is the one that has the name, whole and of today.
//!
//! **Opening** happens under a lock on `<name>.lock`, which ends with its process. The file's pages are gone through
//! then, and again with the first use of each day (UTC). A damaged file is put aside, to `<name>.damaged-<time>`, and as
//! long as one is there and no file has the name nothing is begun in its place: every use says what restores it.
//!
//! **Full or read-only disk.** Where the file cannot be opened to write it is opened to read; writing is tried again
//! every two seconds. A connection whose transaction did not end well is closed, not used again: SQLite may have rolled
//! back by itself, and what remains on the connection is not known.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{NaiveDate, Utc};
use sqlx::SqlitePool;
use tokio::{sync::Mutex, task::spawn_blocking, time::Instant};

use self::examine::Finding;
pub(super) use self::{
    open::{open_to_read, open_to_write},
    transaction::SqliteTransaction,
};
use super::{database::Access, errors};
use crate::{
    StoreError, faults,
    files::{self, Identity, Lock},
};

pub(super) mod aside;
pub(super) mod backups;
pub(super) mod examine;
mod open;
mod transaction;

/// How long a failed opening, or one for reading only, is left at that.
const RETRY: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_secs(2) };
/// How often a transaction is begun: once on the file that is open, and again should another have come under its name.
const TRIES: u32 = 3;

/// A file that is opened at its first use, and again when another has its name.
pub(super) struct SqliteFile {
    path: PathBuf,
    /// For people.
    place: String,
    today: fn() -> NaiveDate,
    state: Mutex<State>,
    /// One write at a time: those of one process would only wait for each other in SQLite, by sleeping ever longer.
    writing: Arc<Mutex<()>>,
    openings: AtomicU64,
}

enum State {
    Closed,
    Open(Arc<Opened>),
    Failed(StoreError, Instant),
    /// Closed for good.
    Ended,
}

/// An open file.
pub(super) struct Opened {
    pub(super) pool: SqlitePool,
    /// Which opening of this process it is, from 1.
    pub(super) number: u64,
    identity: Identity,
    /// Why it can only be read, if so.
    read_only: Option<StoreError>,
    since: Instant,
    /// The day of UTC on which it was opened, and its pages were gone through.
    pub(super) day: NaiveDate,
}

impl Opened {
    /// Whether nothing can be written.
    pub(super) fn is_read_only(&self) -> bool {
        self.read_only.is_some()
    }
}

impl SqliteFile {
    /// The file of a path; nothing is opened yet.
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Self::with_days(path, || Utc::now().date_naive())
    }

    fn with_days(path: PathBuf, today: fn() -> NaiveDate) -> Arc<Self> {
        Arc::new(Self {
            place: path.display().to_string(),
            path,
            today,
            state: Mutex::new(State::Closed),
            writing: Arc::default(),
            openings: AtomicU64::new(0),
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file: the one that has the name now.
    pub(super) async fn opened(self: &Arc<Self>) -> Result<Arc<Opened>, StoreError> {
        if self.path.as_os_str().is_empty() {
            return Err(StoreError::NotConfigured);
        }
        if let Some(settled) = self.settled(&*self.state.lock().await).await {
            return settled;
        }
        let file = Arc::clone(self);
        self.detached(async move { file.reopened().await }).await
    }

    /// Closes it for good.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        if let State::Open(opened) = &*state {
            opened.pool.close().await;
        }
        *state = State::Ended;
    }

    /// A transaction. One that writes has the file's lock from its beginning: one that reads before it writes could not
    /// wait for another's write.
    pub(super) async fn begin(self: &Arc<Self>, access: Access) -> Result<SqliteTransaction, StoreError> {
        let mut turn = match access {
            Access::Write => Some(Arc::clone(&self.writing).lock_owned().await),
            Access::Read => None,
        };
        for _ in 0..TRIES {
            let opened = self.opened().await?;
            if let (Access::Write, Some(why)) = (access, &opened.read_only) {
                return Err(why.clone());
            }
            let connection = match opened.pool.acquire().await {
                Ok(connection) => connection,
                Err(sqlx::Error::PoolClosed) => continue,
                Err(error) => return Err(self.refusal(&error).await),
            };
            let begun = SqliteTransaction::begin(connection, access, turn.take()).await;
            let transaction = match begun {
                Ok(transaction) => transaction,
                Err(error) => return Err(self.suspected(opened.number, self.refusal(&error).await).await),
            };
            // While it waited for the lock another process may have put the file aside.
            if access == Access::Read || self.serves(&opened).await {
                return Ok(transaction);
            }
            turn = transaction.rollback().await;
            if turn.is_none() {
                turn = Some(Arc::clone(&self.writing).lock_owned().await);
            }
        }
        Err(StoreError::Unavailable(format!("{}: another file came under its name; try again in a moment", self.place)))
    }

    /// What an error of an opening comes to. Where it says damage the pages are gone through, and a damaged file is put
    /// aside: the error then says what restores it.
    pub(super) async fn suspected(self: &Arc<Self>, number: u64, error: StoreError) -> StoreError {
        if !matches!(error, StoreError::Damaged(_)) {
            return error;
        }
        let (file, why) = (Arc::clone(self), error.clone());
        self.detached(async move { Ok(file.judged(number, why, false).await) }).await.unwrap_or(error)
    }

    /// Puts the file of an opening aside, for a damage that SQLite does not see.
    pub(super) async fn condemned(self: &Arc<Self>, number: u64, why: String) -> StoreError {
        let (file, error) = (Arc::clone(self), StoreError::Damaged(why));
        let otherwise = error.clone();
        self.detached(async move { Ok(file.judged(number, error, true).await) }).await.unwrap_or(otherwise)
    }

    async fn judged(&self, number: u64, error: StoreError, certain: bool) -> StoreError {
        let mut state = self.state.lock().await;
        let opened = match &*state {
            State::Open(opened) if opened.number == number => Arc::clone(opened),
            // Another caller has seen to it.
            State::Failed(StoreError::Damaged(words), _) => return StoreError::Damaged(words.clone()),
            _ => return error,
        };
        let found = if certain { Finding::Damaged(error.to_string()) } else { examine::pages(&opened.pool).await };
        match found {
            Finding::Damaged(why) => {
                opened.pool.close().await;
                let error = aside::put(&self.path, Some(opened.identity), why).await;
                *state = State::Failed(error.clone(), Instant::now());
                error
            }
            Finding::Indexes => {
                examine::reindex(&opened.pool, &self.place).await;
                error
            }
            Finding::Whole => error,
        }
    }

    async fn reopened(&self) -> Result<Arc<Opened>, StoreError> {
        let mut state = self.state.lock().await;
        if let Some(settled) = self.settled(&state).await {
            return settled;
        }
        if let State::Open(opened) = &*state {
            opened.pool.close().await;
        }
        match open::open(self).await {
            Ok(opened) => {
                let opened = Arc::new(opened);
                *state = State::Open(Arc::clone(&opened));
                Ok(opened)
            }
            Err(error) => {
                tracing::warn!("{error}");
                *state = State::Failed(error.clone(), Instant::now());
                Err(error)
            }
        }
    }

    /// What is open or has failed lately; `None` when it is time to open.
    async fn settled(&self, state: &State) -> Option<Result<Arc<Opened>, StoreError>> {
        match state {
            State::Open(opened) if self.serves(opened).await => Some(Ok(Arc::clone(opened))),
            State::Failed(error, since) if since.elapsed() < RETRY => Some(Err(error.clone())),
            State::Ended => Some(Err(StoreError::Unavailable(format!("{} was closed", self.place)))),
            State::Open(_) | State::Failed(..) | State::Closed => None,
        }
    }

    async fn serves(&self, opened: &Opened) -> bool {
        let stale = opened.day != (self.today)() || (opened.read_only.is_some() && opened.since.elapsed() > RETRY);
        if stale || opened.pool.is_closed() {
            return false;
        }
        let now = tokio::fs::metadata(&self.path).await;
        now.is_ok_and(|now| Identity::of(&now) == opened.identity)
    }

    /// An error of SQLite. Where it only says that something cannot be opened or written, the disk is asked why.
    async fn refusal(&self, error: &sqlx::Error) -> StoreError {
        let refusal = errors::refusal(&self.place, error);
        if matches!(refusal, StoreError::Unavailable(_) | StoreError::ReadOnly(_))
            && let Some(cause) = disk_cause(&self.path).await
        {
            return errors::of_files(&self.place, &cause);
        }
        refusal
    }

    fn next_number(&self) -> u64 {
        self.openings.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Goes on to the end even if the caller goes away: a half-opened file still has SQLite at work on it.
    async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let ended = tokio::spawn(work).await;
        ended.unwrap_or_else(|error| Err(StoreError::Unavailable(format!("{}: {error}; ask again", self.place))))
    }
}

/// Why nothing can be written next to a file, when it cannot: SQLite names no cause when it makes a file.
async fn disk_cause(path: &Path) -> Option<io::Error> {
    let probe = files::named(path, &format!(".probe-{}", std::process::id()));
    let probing = blocking(path, move || {
        let written = std::fs::write(&probe, [0; 4096]);
        let _ = std::fs::remove_file(&probe);
        written
    });
    probing.await.err()
}

/// Work with the file of a path, or beside it, that blocks: off the threads that answer.
pub(super) async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    faults::pass(&path.display().to_string())?;
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// The right to open or move the file of a path, among all processes.
pub(super) async fn lock(path: &Path) -> io::Result<Lock> {
    let taken = path.to_owned();
    blocking(path, move || Lock::take(&taken)).await
}

#[cfg(test)]
mod tests;
