//! What is kept on disk between runs: entries of bytes under a key, so that the code that keeps them knows nothing of
//! what they hold, and the code that fills them knows nothing of databases.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryKey {
    /// Who it came from: `fmp`, `yahoo`, `treasury`.
    pub source: String,
    /// What it holds: `prices`, `dividends`, `unknown`.
    pub kind: String,
    /// Of what: a ticker, a maturity.
    pub subject: String,
}

impl EntryKey {
    /// A key of its three parts.
    pub fn new(source: impl Into<String>, kind: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { source: source.into(), kind: kind.into(), subject: subject.into() }
    }
}

/// A kept entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When what it holds was fetched, to the second.
    pub fetched_at: DateTime<Utc>,
    /// What it holds.
    pub body: Vec<u8>,
}

/// What is known of a kept entry without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryInfo {
    /// Its key.
    pub key: EntryKey,
    /// When what it holds was fetched.
    pub fetched_at: DateTime<Utc>,
    /// The length of its body, in bytes.
    pub bytes: u64,
}

/// Which entries: those that agree in every part that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only of this source.
    pub source: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only about this.
    pub subject: Option<String>,
}

/// How long a lease lasts that nobody gives back: a few seconds longer than the longest request with its retries.
pub const LEASE: std::time::Duration = std::time::Duration::from_secs(60);

/// How a store of entries is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryStoreHealth {
    /// Where it is, for people: a path or `memory`.
    pub place: String,
    /// Entries found damaged and dropped since the start.
    pub damaged: u64,
    /// Why entries cannot be kept at present, if so: the disk is full, the file cannot be written.
    pub problem: Option<String>,
    /// What happened to it that the user should know: a broken file was put aside.
    pub notes: Vec<String>,
}

/// An entry could not be read or written. The caller goes on without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EntryError(pub String);

/// Keeps entries between runs. Losing one costs a request, never a wrong number: a damaged entry reads as none.
///
/// Two processes may have the same store open. `fetched_at` is kept in whole seconds, and orders the entries of a key.
#[async_trait]
pub trait EntryStore: std::fmt::Debug + Send + Sync {
    /// The entry under a key, checked against damage; a damaged one is dropped and counted, and reads as none.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, EntryError>;

    /// Keeps an entry in place of an older one. One that was fetched later (by another process) stays.
    ///
    /// # Errors
    /// When it cannot be written; what was there is then still there.
    async fn put(&self, key: &EntryKey, entry: &Entry) -> Result<(), EntryError>;

    /// Keeps several entries, each as [`EntryStore::put`] does; at once where the store can.
    ///
    /// # Errors
    /// When one of them cannot be written; whether the others were depends on the store.
    async fn put_all(&self, entries: &[(EntryKey, Entry)]) -> Result<(), EntryError> {
        let mut outcome = Ok(());
        for (key, entry) in entries {
            outcome = outcome.and(self.put(key, entry).await);
        }
        outcome
    }

    /// Waits until everything put before is written, or has failed to be: at once, unless the store is a
    /// write-behind one.
    async fn flush(&self) {}

    /// Takes leases: the right to fetch what is under these keys, for [`LEASE`] at most. For each key whether `holder`
    /// has it now, be it since before; one that another holder has stays with that one. What one process alone has open
    /// needs no leases, and grants them all.
    ///
    /// # Errors
    /// When the store cannot be written: nobody is kept from fetching then.
    async fn lease(&self, keys: &[EntryKey], holder: &str) -> Result<Vec<bool>, EntryError> {
        let _ = holder;
        Ok(vec![true; keys.len()])
    }

    /// Gives leases back, once what was put under their keys is kept. What another holder has stays.
    ///
    /// # Errors
    /// When the store cannot be written; they end by themselves then.
    async fn release(&self, keys: &[EntryKey], holder: &str) -> Result<(), EntryError> {
        let _ = (keys, holder);
        Ok(())
    }

    /// Drops the entry under a key, if there is one.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn remove(&self, key: &EntryKey) -> Result<(), EntryError>;

    /// What is kept, ordered by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn list(&self, filter: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError>;

    /// Drops what the filter names; the number of entries dropped.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn clear(&self, filter: &EntryFilter) -> Result<u64, EntryError>;

    /// How it is doing. Cheap.
    fn health(&self) -> EntryStoreHealth;
}
