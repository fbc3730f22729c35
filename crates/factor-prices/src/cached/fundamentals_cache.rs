//! Values that are known of funds and shares besides their prices, in memory and in the store.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use factor_types::{Entry, EntryKey, EntryStore};
use moka::sync::Cache;
use serde::{Serialize, de::DeserializeOwned};

use super::{codec, entries};

/// Memory for them, in bytes.
const MEMORY_BYTES: u64 = 8 * 1024 * 1024;
/// Other processes' clocks may be a little ahead.
const SKEW: Duration = Duration::minutes(5);

/// Entries in memory over those of a store. How long one counts is for the caller to say, at each reading.
#[derive(Debug)]
pub(super) struct FundamentalsCache {
    store: Arc<dyn EntryStore>,
    memory: Cache<EntryKey, Arc<Entry>>,
}

impl FundamentalsCache {
    pub(super) fn new(store: Arc<dyn EntryStore>) -> Self {
        let weigher = |key: &EntryKey, entry: &Arc<Entry>| {
            u32::try_from(128 + key.subject.len() + entry.body.len()).unwrap_or(u32::MAX)
        };
        Self { store, memory: Cache::builder().max_capacity(MEMORY_BYTES).weigher(weigher).build() }
    }

    /// The value under a key, if it is younger than `life`.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        key: &EntryKey,
        life: Duration,
        now: DateTime<Utc>,
    ) -> Option<T> {
        let young = |entry: &Entry| entry.fetched_at <= now + SKEW && now - entry.fetched_at < life;
        if let Some(entry) = self.memory.get(key).filter(|entry| young(entry)) {
            return codec::read(&entry.body);
        }
        let entry = entries::read(&*self.store, key).await.filter(young)?;
        let value = codec::read(&entry.body)?;
        self.memory.insert(key.clone(), Arc::new(entry));
        Some(value)
    }

    /// Drops those in memory.
    pub(super) fn forget(&self) {
        self.memory.invalidate_all();
    }

    /// Keeps a value, fetched `now`.
    pub(super) async fn put<T: Serialize>(&self, key: EntryKey, value: T, now: DateTime<Utc>) {
        let Some(body) = codec::write(value) else { return };
        let entry = Entry { fetched_at: now, body };
        self.memory.insert(key.clone(), Arc::new(entry.clone()));
        entries::keep(&*self.store, &key, &entry).await;
    }
}
