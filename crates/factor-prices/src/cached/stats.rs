//! What became of the histories asked for.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) memory: AtomicU64,
    pub(super) disk: AtomicU64,
    pub(super) whole: AtomicU64,
    pub(super) tails: AtomicU64,
    pub(super) restated: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// What became of the histories asked for since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CacheStats {
    /// Histories in memory.
    pub entries: u64,
    /// Their memory, in bytes.
    pub bytes: u64,
    /// The memory at which the least used leave.
    pub max_bytes: u64,
    /// Answered from memory.
    pub memory_hits: u64,
    /// Answered from disk.
    pub disk_hits: u64,
    /// Fetched whole.
    pub fetched: u64,
    /// Refreshed by their tail alone.
    pub tails: u64,
    /// Fetched again because the vendor had restated them.
    pub restated: u64,
    /// Fetches that failed.
    pub failed: u64,
}

impl Counts {
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts as they stand, with the size of the memory cache.
    pub(super) fn snapshot(&self, entries: u64, bytes: u64, max_bytes: u64) -> CacheStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CacheStats {
            entries,
            bytes,
            max_bytes,
            memory_hits: read(&self.memory),
            disk_hits: read(&self.disk),
            fetched: read(&self.whole),
            tails: read(&self.tails),
            restated: read(&self.restated),
            failed: read(&self.failed),
        }
    }
}
