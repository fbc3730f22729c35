//! How a cache of this module does.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a cache holds and how it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// Entries kept.
    pub entries: u64,
    /// Their memory, in bytes.
    pub bytes: u64,
    /// Requests.
    pub requests: u64,
    /// Requests answered from it.
    pub hits: u64,
}

/// Counts the requests of a cache, without locks.
#[derive(Debug, Default)]
pub(super) struct CacheCounts {
    requests: AtomicU64,
    hits: AtomicU64,
}

impl CacheCounts {
    pub(super) fn count(&self, hit: bool) {
        self.requests.fetch_add(1, Relaxed);
        self.hits.fetch_add(u64::from(hit), Relaxed);
    }

    pub(super) fn stats(&self, entries: u64, bytes: u64) -> CacheStats {
        CacheStats { entries, bytes, requests: self.requests.load(Relaxed), hits: self.hits.load(Relaxed) }
    }
}
