//! Computed reports, kept beside their panels.
//!
//! Key: the panel it was computed on (by a number of its own), the factors with all that is said of them, the floor,
//! the plan and the facts beside the prices (dividends, market caps, or why they are missing); so nothing that could
//! change a figure is missing from it. Life: that of panels. Size: at most [`CACHE_BYTES`] by estimate, least recently
//! used first. A report whose computing was stopped early is not kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use factor_analytics::Fundamentals;
use factor_types::Factor;
use moka::future::Cache;

use super::{Plan, Prepared, Report, Timings, prices::CacheStats};

/// Memory for kept reports.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    panel: u64,
    factors: Vec<Arc<Factor>>,
    floor: usize,
    /// The plan as Rust writes it: every field is in it, and floats in full.
    plan: String,
    /// The facts, written the same way.
    facts: String,
}

impl Key {
    pub(super) fn new(
        prepared: &Prepared,
        factors: &[Arc<Factor>],
        floor: usize,
        plan: &Plan,
        facts: &Fundamentals,
    ) -> Self {
        let (plan, facts) = (format!("{plan:?}"), format!("{facts:?}"));
        Self { panel: prepared.id, factors: factors.to_vec(), floor, plan, facts }
    }
}

/// A report and how long it took to compute.
pub(super) type Computed = Arc<(Report, Timings)>;

/// Reports, kept.
#[derive(Debug)]
pub(super) struct ReportCache {
    reports: Cache<Key, Computed>,
    requests: AtomicU64,
    hits: AtomicU64,
}

impl ReportCache {
    pub(super) fn new(ttl: Duration) -> Self {
        let reports = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, computed: &Computed| u32::try_from(computed.0.bytes()).unwrap_or(u32::MAX))
            .time_to_live(ttl)
            .build();
        Self { reports, requests: AtomicU64::new(0), hits: AtomicU64::new(0) }
    }

    pub(super) async fn get(&self, key: &Key) -> Option<Computed> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let found = self.reports.get(key).await;
        self.hits.fetch_add(u64::from(found.is_some()), Ordering::Relaxed);
        found
    }

    pub(super) async fn keep(&self, key: Key, computed: &Computed) {
        if computed.0.skipped().is_empty() {
            self.reports.insert(key, Arc::clone(computed)).await;
        }
    }

    pub(super) fn stats(&self) -> CacheStats {
        CacheStats {
            entries: self.reports.entry_count(),
            bytes: self.reports.weighted_size(),
            requests: self.requests.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
        }
    }
}
