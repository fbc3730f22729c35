//! Reading and writing the store of entries, whose failures cost requests and nothing else.

use factor_types::{Entry, EntryKey, EntryStore};

/// An entry of the store; none when it cannot be read.
pub(crate) async fn read(store: &dyn EntryStore, key: &EntryKey) -> Option<Entry> {
    match store.get(key).await {
        Ok(entry) => entry,
        Err(error) => {
            tracing::debug!(%error, subject = key.subject, "a kept entry cannot be read");
            None
        }
    }
}

/// Keeps an entry, if the store can.
pub(crate) async fn keep(store: &dyn EntryStore, key: &EntryKey, entry: &Entry) {
    if let Err(error) = store.put(key, entry).await {
        // The store's health holds it for the answer; here it is for those who read the log closely.
        tracing::debug!(%error, subject = key.subject, "an entry cannot be kept");
    }
}
