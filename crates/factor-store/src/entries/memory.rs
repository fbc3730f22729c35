//! Entries kept as long as the process lives.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::SubsecRound as _;
use factor_types::{Entry, EntryError, EntryFilter, EntryInfo, EntryKey, EntryStore, EntryStoreHealth};

use super::check_length;

/// A store of entries in memory, where no disk is wanted or none can be had. Its place is `memory`. It has no bound of
/// its own: the entries are as many as the tickers asked for.
#[derive(Debug, Default)]
pub struct MemoryEntries(Mutex<BTreeMap<EntryKey, Entry>>);

impl MemoryEntries {
    /// A store without entries.
    pub fn new() -> Self {
        Self::default()
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<EntryKey, Entry>> {
        // No step under the lock leaves the map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EntryStore for MemoryEntries {
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, EntryError> {
        Ok(self.entries().get(key).cloned())
    }

    async fn put(&self, key: &EntryKey, entry: &Entry) -> Result<(), EntryError> {
        check_length(key, entry)?;
        let entry = Entry { fetched_at: entry.fetched_at.trunc_subsecs(0), body: entry.body.clone() };
        let mut entries = self.entries();
        if entries.get(key).is_none_or(|kept| kept.fetched_at <= entry.fetched_at) {
            entries.insert(key.clone(), entry);
        }
        Ok(())
    }

    async fn remove(&self, key: &EntryKey) -> Result<(), EntryError> {
        self.entries().remove(key);
        Ok(())
    }

    async fn list(&self, filter: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError> {
        let entries = self.entries();
        let found = entries.iter().filter(|(key, _)| named(filter, key)).map(|(key, entry)| EntryInfo {
            key: key.clone(),
            fetched_at: entry.fetched_at,
            bytes: entry.body.len() as u64,
        });
        Ok(found.collect())
    }

    async fn clear(&self, filter: &EntryFilter) -> Result<u64, EntryError> {
        let mut entries = self.entries();
        let before = entries.len();
        entries.retain(|key, _| !named(filter, key));
        Ok((before - entries.len()) as u64)
    }

    fn health(&self) -> EntryStoreHealth {
        EntryStoreHealth { place: "memory".to_owned(), ..EntryStoreHealth::default() }
    }
}

fn named(filter: &EntryFilter, key: &EntryKey) -> bool {
    let agrees = |wanted: &Option<String>, part: &str| wanted.as_deref().is_none_or(|wanted| wanted == part);
    agrees(&filter.source, &key.source) && agrees(&filter.kind, &key.kind) && agrees(&filter.subject, &key.subject)
}
