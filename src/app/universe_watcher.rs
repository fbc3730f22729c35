//! The factor universe in force, and how it follows its sources while the server runs.
//!
//! Each question about the universe looks first whether a source has changed: the YAML files by their size and time of
//! change, at every question; the store's mappings by their revision, at most once a second. What has changed is read
//! again. A YAML file that is wrong, empty or still being written leaves the last good rows of its kind in force and says
//! so. A store that cannot be reached leaves its kinds to YAML, and says so, until it is back.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, SecondsFormat, Utc};
use factor_store::{
    BuiltinSource, DatabaseRows, FUNDS_FILE, LastGoodSource, LoadedUniverse, MappingKind, Store, StoreError,
    YamlSource, load_from, read_funds, read_mappings,
};
use tokio::{
    sync::{Mutex, RwLock},
    time::{Instant, sleep},
};

/// The store is asked for its revision at most this often.
const ASK_STORE_EVERY: Duration = Duration::from_secs(1);
/// A file that changed less than this ago may still be written to.
const SETTLED: Duration = Duration::from_millis(50);
/// However long a file goes on changing, it is read after so many looks.
const LOOKS: u32 = 6;

/// The universe, and when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct UniverseSnapshot {
    /// The universe.
    pub loaded: LoadedUniverse,
    /// When it was read.
    pub at: DateTime<Utc>,
}

impl UniverseSnapshot {
    /// When it was read, as RFC 3339.
    pub fn read_at(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// Keeps the universe up to date.
#[derive(Debug)]
pub struct UniverseWatcher {
    store: Arc<dyn Store>,
    folder: Option<PathBuf>,
    snapshot: RwLock<Arc<UniverseSnapshot>>,
    seen: Mutex<Seen>,
}

/// What the sources looked like when they were last read.
#[derive(Debug, Default)]
struct Seen {
    files: Vec<Option<Stamp>>,
    store: Option<Result<i64, StoreError>>,
    store_asked: Option<Instant>,
}

/// A file's size and time of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl UniverseWatcher {
    /// Follows a store and `folder`'s files, or those built into the binary. Nothing is read before the first question.
    pub fn new(store: Arc<dyn Store>, folder: Option<PathBuf>) -> Self {
        let nothing = UniverseSnapshot { loaded: LoadedUniverse::default(), at: Utc::now() };
        Self { store, folder, snapshot: RwLock::new(Arc::new(nothing)), seen: Mutex::default() }
    }

    /// The universe as it is now, after a look at the sources.
    pub async fn current(&self) -> Arc<UniverseSnapshot> {
        self.look(false).await;
        self.last().await
    }

    async fn last(&self) -> Arc<UniverseSnapshot> {
        Arc::clone(&*self.snapshot.read().await)
    }

    /// Reads all sources again, changed or not.
    pub async fn reload(&self) {
        self.look(true).await;
    }

    /// Why the store was away at the last look, if that is so short ago that another question would only wait again.
    pub async fn store_away(&self) -> Option<StoreError> {
        let seen = self.seen.lock().await;
        let recent = seen.store_asked.is_some_and(|asked| asked.elapsed() < ASK_STORE_EVERY);
        seen.store.as_ref().filter(|_| recent).and_then(|answer| answer.as_ref().err().cloned())
    }

    async fn look(&self, whatever: bool) {
        let mut seen = self.seen.lock().await;
        let files = self.settled_stamps(&seen.files).await;
        let due = seen.store_asked.is_none_or(|asked| asked.elapsed() >= ASK_STORE_EVERY);
        let store = match &seen.store {
            Some(known) if !due && !whatever => known.clone(),
            _ => {
                let answer = self.store.mapping_revision().await;
                seen.store_asked = Some(Instant::now());
                answer
            }
        };
        if !whatever && files == seen.files && seen.store.as_ref() == Some(&store) {
            return;
        }
        let database = match &store {
            Ok(_) => read_mappings(&*self.store).await,
            Err(error) => DatabaseRows::failed(error),
        };
        // Off the async threads: three files are read and parsed.
        let (before, folder) = (self.last().await, self.folder.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let yaml = YamlSource::new(folder.as_deref());
            let loaded = load_from(&[&database, &yaml, &LastGoodSource::new(&before.loaded), &BuiltinSource]);
            loaded.with_facts(read_funds(folder.as_deref()), &before.loaded.facts)
        });
        // The reading panics only if a source does; the universe stays what it was.
        let Ok(loaded) = reading.await else { return };
        *seen = Seen { files, store: Some(store), store_asked: seen.store_asked };
        let mut snapshot = self.snapshot.write().await;
        if snapshot.loaded != loaded {
            let read = if snapshot.loaded.rows.is_empty() { "read" } else { "read again" };
            tracing::info!(factors = loaded.universe.len(), hash = loaded.hash, "the factor universe was {read}");
            *snapshot = Arc::new(UniverseSnapshot { loaded, at: Utc::now() });
        }
    }

    /// The files' stamps, once they have stopped changing.
    async fn settled_stamps(&self, known: &[Option<Stamp>]) -> Vec<Option<Stamp>> {
        let mut stamps_now = stamps(self.folder.as_deref());
        for _ in 0..LOOKS {
            let fresh = |stamp: &Stamp| stamp.changed.is_some_and(|at| at.elapsed().is_ok_and(|age| age < SETTLED));
            if stamps_now == known || !stamps_now.iter().flatten().any(fresh) {
                break;
            }
            sleep(SETTLED).await;
            stamps_now = stamps(self.folder.as_deref());
        }
        stamps_now
    }
}

fn stamps(folder: Option<&Path>) -> Vec<Option<Stamp>> {
    let Some(folder) = folder else { return Vec::new() };
    let stamp = |file: &str| {
        let about = std::fs::metadata(folder.join(file)).ok()?;
        Some(Stamp { bytes: about.len(), changed: about.modified().ok() })
    };
    MappingKind::ALL.into_iter().map(MappingKind::file_name).chain([FUNDS_FILE]).map(stamp).collect()
}

#[cfg(test)]
mod tests;
