//! How a cache does, the same for each.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use moka::Policy;
use schemars::JsonSchema;
use serde::Serialize;

/// What a cache holds and how it did since the start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct CacheFigures {
    /// Times it was asked.
    pub requests: u64,
    /// Times it had what was asked for.
    pub hits: u64,
    /// `hits` over `requests`, 0 when there were none.
    pub hit_rate: f64,
    /// Entries kept.
    pub entries: u64,
    /// Their memory.
    pub bytes: u64,
    /// The memory at which the least used leave.
    pub max_bytes: u64,
    /// How long an entry is kept; `null` where that is not a time of its own.
    pub life_seconds: Option<u64>,
}

impl CacheFigures {
    /// The figures of a cache with these counts.
    pub fn new((requests, hits): (u64, u64), (entries, bytes): (u64, u64), policy: &Policy) -> Self {
        Self {
            requests,
            hits,
            hit_rate: rate(hits, requests),
            entries,
            bytes,
            max_bytes: policy.max_capacity().unwrap_or_default(),
            life_seconds: policy.time_to_live().as_ref().map(Duration::as_secs),
        }
    }

    /// Several caches as one: what was asked and what was there.
    pub fn in_all(each: &[Self]) -> Self {
        let sum = |of: fn(&Self) -> u64| each.iter().map(of).sum::<u64>();
        let (requests, hits) = (sum(|one| one.requests), sum(|one| one.hits));
        Self {
            requests,
            hits,
            hit_rate: rate(hits, requests),
            entries: sum(|one| one.entries),
            bytes: sum(|one| one.bytes),
            max_bytes: sum(|one| one.max_bytes),
            life_seconds: None,
        }
    }
}

/// The share of hits, 0 where nothing was asked.
pub(crate) fn rate(hits: u64, requests: u64) -> f64 {
    if requests == 0 { 0.0 } else { hits as f64 / requests as f64 }
}

/// Counts the requests of a cache, without locks.
#[derive(Debug, Default)]
pub(crate) struct CacheCounts {
    requests: AtomicU64,
    hits: AtomicU64,
}

impl CacheCounts {
    pub(crate) fn count(&self, hit: bool) {
        self.requests.fetch_add(1, Relaxed);
        self.hits.fetch_add(u64::from(hit), Relaxed);
    }

    /// What was counted, beside what the cache holds.
    pub(crate) fn figures(&self, held: (u64, u64), policy: &Policy) -> CacheFigures {
        CacheFigures::new((self.requests.load(Relaxed), self.hits.load(Relaxed)), held, policy)
    }
}

#[cfg(test)]
mod tests {
    use moka::sync::Cache;

    use super::*;

    #[test]
    fn a_rate_is_of_what_was_asked_and_zero_where_nothing_was() {
        let cache: Cache<u8, u8> = Cache::builder().max_capacity(9).time_to_live(Duration::from_secs(60)).build();
        let counts = CacheCounts::default();
        assert_eq!(counts.figures((0, 0), &cache.policy()).hit_rate, 0.0);
        for hit in [true, true, true, false] {
            counts.count(hit);
        }
        let figures = counts.figures((1, 8), &cache.policy());
        assert_eq!((figures.requests, figures.hits, figures.hit_rate), (4, 3, 0.75));
        assert_eq!((figures.entries, figures.bytes), (1, 8));
        assert_eq!((figures.max_bytes, figures.life_seconds), (9, Some(60)));
        let all = CacheFigures::in_all(&[figures, CacheFigures { requests: 4, hits: 0, ..figures }]);
        assert_eq!((all.requests, all.hits, all.hit_rate, all.bytes), (8, 3, 0.375, 16));
        assert_eq!(CacheFigures::in_all(&[]).hit_rate, 0.0);
    }
}
