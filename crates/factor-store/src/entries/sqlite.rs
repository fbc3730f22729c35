//! Entries in a SQLite file. The story is in [`entries`](super).

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use factor_types::{Entry, EntryError, EntryFilter, EntryInfo, EntryKey, EntryStore, EntryStoreHealth};
use sqlx::SqlitePool;
use tokio::{sync::Mutex, time::Instant};

use self::{
    failure::{CacheFailure, FailureKind},
    open::{Opened, Settings},
    record::HealthRecord,
    statements::StoredEntry,
};
use super::{check_length, lease_of, leases_of};
use crate::files::Identity;

mod failure;
mod file;
mod open;
mod record;
mod statements;

/// How long a failed opening, or one for reading only, is left at that.
const RETRY: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_secs(2) };
/// How often an operation is tried: once on the file as it is, once on the one after it was put aside, and once more
/// should another process put that aside.
const TRIES: u32 = 3;

/// A store of entries in a file. Cheap to clone; the clones are one store. Opens at its first use, inside a Tokio
/// runtime. Have one store for one file in a process.
#[derive(Clone)]
pub struct SqliteEntries(Arc<Inner>);

struct Inner {
    settings: Settings,
    record: HealthRecord,
    state: Mutex<State>,
    /// One write at a time: those of one process would only wait for each other in SQLite, by sleeping ever longer.
    writing: Mutex<()>,
}

#[derive(Default)]
enum State {
    #[default]
    Closed,
    Open(Arc<Opened>),
    Failed(EntryError, Instant),
}

impl SqliteEntries {
    /// A store in the file of this path. Its folder and the file are made at the first use.
    pub fn new(path: PathBuf) -> Self {
        Self::bounded(path, None)
    }

    /// Waits for what is under way and closes the file, so that nothing but the file itself is left. Without it a later
    /// opening finds the log and reads on from there. A use after it opens the file again.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.0);
        let closing = async move {
            let mut state = inner.state.lock().await;
            if let State::Open(opened) = &*state {
                opened.pool.close().await;
            }
            *state = State::Closed;
        };
        if let Err(error) = detached(closing).await {
            tracing::debug!("{error}");
        }
    }

    fn bounded(path: PathBuf, max_pages: Option<u32>) -> Self {
        let settings = Settings { path, max_pages };
        Self(Arc::new(Inner {
            settings,
            record: HealthRecord::default(),
            state: Mutex::default(),
            writing: Mutex::default(),
        }))
    }
}

impl fmt::Debug for SqliteEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteEntries").field(&self.0.settings.path).finish()
    }
}

#[async_trait]
impl EntryStore for SqliteEntries {
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, EntryError> {
        match self.0.run(Access::Read, |pool| async move { Ok(statements::get(&pool, key).await?) }).await? {
            StoredEntry::Intact(entry) => Ok(Some(entry)),
            StoredEntry::Nothing => Ok(None),
            StoredEntry::Damaged => {
                self.0.record.damaged_entry(key);
                // If it cannot be dropped it is found damaged again: reading is right either way.
                let dropping = |pool: SqlitePool| async move { statements::remove_damaged(&pool, key).await };
                if let Err(error) = self.0.run(Access::Write, dropping).await {
                    tracing::debug!("a damaged entry stays: {error}");
                }
                Ok(None)
            }
        }
    }

    async fn put(&self, key: &EntryKey, entry: &Entry) -> Result<(), EntryError> {
        check_length(key, entry)?;
        let one = [(key, entry)];
        let putting = |pool: SqlitePool| self.0.put(pool, &one);
        self.0.record.written(self.0.run(Access::Write, putting).await)
    }

    /// All in one transaction, or all of every 500, but for those that are too long: a full disk keeps none of them.
    async fn put_all(&self, entries: &[(EntryKey, Entry)]) -> Result<(), EntryError> {
        let mut outcome = Ok(());
        let mut fit: Vec<(&EntryKey, &Entry)> = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            match check_length(key, entry) {
                Ok(()) => fit.push((key, entry)),
                refused => outcome = outcome.and(refused),
            }
        }
        for some in fit.chunks(statements::AT_ONCE) {
            let putting = |pool: SqlitePool| self.0.put(pool, some);
            self.0.record.written(self.0.run(Access::Write, putting).await)?;
        }
        outcome
    }

    // No failure of these is one to keep entries, so none is in the store's health.
    async fn lease(&self, keys: &[EntryKey], holder: &str) -> Result<Vec<bool>, EntryError> {
        let mut held = Vec::with_capacity(keys.len());
        for some in leases_of(keys).chunks(statements::AT_ONCE) {
            let taking = |pool: SqlitePool| async move { Ok(statements::lease(&pool, some, holder).await?) };
            held.extend(self.0.run(Access::Write, taking).await?);
        }
        Ok(keys.iter().map(|key| held.contains(&lease_of(key))).collect())
    }

    async fn release(&self, keys: &[EntryKey], holder: &str) -> Result<(), EntryError> {
        for some in leases_of(keys).chunks(statements::AT_ONCE) {
            let giving = |pool: SqlitePool| async move { Ok(statements::release(&pool, some, holder).await?) };
            self.0.run(Access::Write, giving).await?;
        }
        Ok(())
    }

    async fn remove(&self, key: &EntryKey) -> Result<(), EntryError> {
        let removing = |pool: SqlitePool| async move { Ok(statements::remove(&pool, key).await?) };
        self.0.record.written(self.0.run(Access::Write, removing).await)
    }

    async fn list(&self, filter: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError> {
        self.0.run(Access::Read, |pool| async move { Ok(statements::list(&pool, filter).await?) }).await
    }

    async fn clear(&self, filter: &EntryFilter) -> Result<u64, EntryError> {
        let clearing = |pool: SqlitePool| async move {
            let cleared = statements::clear(&pool, filter).await?;
            // The file is small now, so this costs little. Where others are at it, they shrink it another time.
            if *filter == EntryFilter::default()
                && let Err(error) = statements::shrink(&pool).await
            {
                tracing::debug!("the cache keeps its size: {error}");
            }
            Ok(cleared)
        };
        self.0.record.written(self.0.run(Access::Write, clearing).await)
    }

    fn health(&self) -> EntryStoreHealth {
        self.0.record.health(&self.0.settings.path)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl Inner {
    /// Does something with the file; if that finds it damaged, puts it aside and does it with an empty one.
    async fn run<T, F, R>(self: &Arc<Self>, access: Access, work: F) -> Result<T, EntryError>
    where
        F: Fn(SqlitePool) -> R,
        R: Future<Output = Result<T, CacheFailure>>,
    {
        let doing = if access == Access::Read { "read" } else { "written" };
        let _turn = if access == Access::Write { Some(self.writing.lock().await) } else { None };
        let mut tries = 0;
        loop {
            let opened = self.opened().await?;
            if access == Access::Write
                && let Some(failure) = &opened.read_only
            {
                return Err(failure.refusal(&self.settings.path, doing));
            }
            let done = match open::pass(&self.settings) {
                Ok(()) => work(opened.pool.clone()).await,
                Err(error) => Err(error.into()),
            };
            let failure = match done {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            tries += 1;
            match failure.kind {
                FailureKind::Damaged if tries < TRIES => self.put_aside(&opened, &failure).await?,
                FailureKind::Gone if tries < TRIES => {}
                _ => return Err(failure.refusal(&self.settings.path, doing)),
            }
        }
    }

    async fn put(&self, pool: SqlitePool, entries: &[(&EntryKey, &Entry)]) -> Result<(), CacheFailure> {
        if statements::put(&pool, entries.iter().copied()).await? == entries.len() as u64 {
            return Ok(());
        }
        for &(key, entry) in entries {
            // What claims to be newer may be damaged in its time.
            if statements::get(&pool, key).await? == StoredEntry::Damaged {
                self.record.damaged_entry(key);
                statements::remove_damaged(&pool, key).await?;
                statements::put(&pool, [(key, entry)].into_iter()).await?;
            }
        }
        Ok(())
    }

    /// The open file: the one that has the name now.
    async fn opened(self: &Arc<Self>) -> Result<Arc<Opened>, EntryError> {
        if let Some(settled) = self.settled(&*self.state.lock().await).await {
            return settled;
        }
        let inner = Arc::clone(self);
        detached(async move { inner.reopened().await }).await?
    }

    async fn reopened(&self) -> Result<Arc<Opened>, EntryError> {
        let mut state = self.state.lock().await;
        if let Some(settled) = self.settled(&state).await {
            return settled;
        }
        if let State::Open(opened) = &*state {
            opened.pool.close().await;
        }
        match open::open(&self.settings, &self.record).await {
            Ok(opened) => {
                if let Some(failure) = &opened.read_only {
                    let _ = self.record.written::<()>(Err(failure.refusal(&self.settings.path, "written")));
                }
                let opened = Arc::new(opened);
                *state = State::Open(Arc::clone(&opened));
                Ok(opened)
            }
            Err(error) => {
                *state = State::Failed(error.clone(), Instant::now());
                self.record.written(Err(error))
            }
        }
    }

    /// What is open or has failed lately; None when it is time to open.
    async fn settled(&self, state: &State) -> Option<Result<Arc<Opened>, EntryError>> {
        match state {
            State::Open(opened) if self.serves(opened).await => Some(Ok(Arc::clone(opened))),
            State::Failed(error, since) if since.elapsed() < RETRY => Some(Err(error.clone())),
            State::Open(_) | State::Failed(..) | State::Closed => None,
        }
    }

    async fn serves(&self, opened: &Opened) -> bool {
        if opened.pool.is_closed() || (opened.read_only.is_some() && opened.since.elapsed() > RETRY) {
            return false;
        }
        let now = tokio::fs::metadata(&self.settings.path).await;
        now.is_ok_and(|now| Identity::of(&now) == opened.identity)
    }

    async fn put_aside(self: &Arc<Self>, damaged: &Arc<Opened>, why: &CacheFailure) -> Result<(), EntryError> {
        let (inner, damaged, why) = (Arc::clone(self), Arc::clone(damaged), why.clone());
        let putting = async move {
            let mut state = inner.state.lock().await;
            // Otherwise another caller has seen to it.
            if matches!(&*state, State::Open(now) if Arc::ptr_eq(now, &damaged)) {
                open::put_aside(&inner.settings, &inner.record, &damaged, &why).await?;
                *state = State::Closed;
            }
            Ok(())
        };
        detached(putting).await?
    }
}

/// Goes on to the end even if the caller goes away: a half-made file still has SQLite at work on it, and the next
/// opening would get in its way.
async fn detached<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, EntryError> {
    tokio::spawn(work).await.map_err(|error| EntryError(format!("the cache was not opened ({error}): ask again")))
}

#[cfg(test)]
mod tests;
