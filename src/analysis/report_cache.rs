//! Computed reports, kept next to their panels.
//!
//! Key: the panel it was computed on (by a number of its own), the factors with all that is said of them, the floor,
//! the plan and what is known apart from the prices (dividends, market caps, or why they are missing); so nothing that
//! could change a figure is missing from it. Life: that of panels. Size: at most [`CACHE_BYTES`] by estimate, least recently
//! used first. A report whose computing was stopped early is not kept.

use std::{sync::Arc, time::Duration};

use factor_analytics::Fundamentals;
use factor_types::Factor;
use moka::future::Cache;

use super::{
    CacheStats, Plan,
    cache_stats::CacheCounts,
    reports::{Computed, Report},
};

/// Memory for kept reports.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// What a report depends on, compared by fields; numbers by their bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ReportKey {
    /// The panel's number.
    pub(super) panel: u64,
    pub(super) factors: Vec<Arc<Factor>>,
    pub(super) floor: usize,
    pub(super) plan: Plan,
    pub(super) fundamentals: Fundamentals,
}

/// Reports, kept.
#[derive(Debug)]
pub(super) struct ReportCache {
    reports: Cache<ReportKey, Computed>,
    counts: CacheCounts,
}

impl ReportCache {
    pub(super) fn new(ttl: Duration) -> Self {
        let reports = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, computed: &Computed| u32::try_from(computed.0.bytes()).unwrap_or(u32::MAX))
            .time_to_live(ttl)
            .build();
        Self { reports, counts: CacheCounts::default() }
    }

    pub(super) async fn get(&self, key: &ReportKey) -> Option<Computed> {
        let found = self.reports.get(key).await;
        self.counts.count(found.is_some());
        found
    }

    pub(super) async fn keep(&self, key: ReportKey, computed: &Computed) {
        if is_whole(&computed.0) {
            self.reports.insert(key, Arc::clone(computed)).await;
        }
    }

    pub(super) fn stats(&self) -> CacheStats {
        self.counts.stats(self.reports.entry_count(), self.reports.weighted_size())
    }
}

/// True when nothing stopped its computing: a later call would get no more.
fn is_whole(report: &Report) -> bool {
    report.skipped().is_empty()
}
