//! Reports, computed and kept next to their panels.
//!
//! Key: the panel it was computed on (by a number of its own), the factors with all that is said of them, the floor,
//! the plan and what is known apart from the prices (dividends, market caps, or why they are missing); so nothing that
//! could change a figure is missing from it. Life: that of panels. Size: at most [`CACHE_BYTES`] by estimate, least recently
//! used first. A report whose computing was stopped early is not kept.

use std::{sync::Arc, time::Duration};

use factor_analytics::{
    Fundamentals, Study,
    report::{CorrelationReport, PerformanceReport, ReturnsReport},
};
use factor_types::Factor;
use moka::future::Cache;

use super::{
    AnalysisError, Caller, Plan,
    off_thread::off_thread,
    reports::{Computed, Report},
    stopwatch::Stopwatch,
};
use crate::cache_figures::{CacheCounts, CacheFigures};

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
    pub(super) fundamentals: Arc<Fundamentals>,
}

/// Reports, kept.
#[derive(Debug)]
pub(super) struct ReportCache {
    reports: Cache<ReportKey, Computed>,
    counts: CacheCounts,
    /// Computing time after which the section that runs is stopped and no further one begins.
    budget: Duration,
}

impl ReportCache {
    pub(super) fn new(ttl: Duration, budget: Duration) -> Self {
        let reports = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, computed: &Computed| u32::try_from(computed.0.bytes()).unwrap_or(u32::MAX))
            .time_to_live(ttl)
            .build();
        Self { reports, counts: CacheCounts::default(), budget }
    }

    /// The report of this key, on its study, and whether it was there already.
    ///
    /// # Errors
    /// When the caller has gone.
    pub(super) async fn report(
        &self,
        key: ReportKey,
        study: &Arc<Study>,
        caller: &Caller<'_>,
    ) -> Result<(Computed, bool), AnalysisError> {
        let kept = self.reports.get(&key).await;
        self.counts.count(kept.is_some());
        if let Some(computed) = kept {
            return Ok((computed, true));
        }
        // The budget is for computing: waiting for a turn at it is in the call's deadline alone, which leaves less of it.
        let watch = caller.watch(self.budget);
        let computed = compute(Arc::clone(study), key.plan.clone(), Arc::clone(&key.fundamentals), watch).await?;
        // A cancelled call also ends with a report, of the sections that were done by then: nobody is there to get it.
        if caller.cancel.is_cancelled() {
            return Err(AnalysisError::Cancelled);
        }
        // One that was stopped early is not kept: a later call may get more.
        if computed.0.skipped().is_empty() {
            self.reports.insert(key, Arc::clone(&computed)).await;
        }
        Ok((computed, false))
    }

    pub(super) fn forget(&self) {
        self.reports.invalidate_all();
    }

    pub(super) async fn figures(&self) -> CacheFigures {
        // What it holds lags behind until it has tidied up.
        self.reports.run_pending_tasks().await;
        self.counts.figures((self.reports.entry_count(), self.reports.weighted_size()), &self.reports.policy())
    }
}

/// Computes a report off the async threads.
async fn compute(
    study: Arc<Study>,
    plan: Plan,
    fundamentals: Arc<Fundamentals>,
    watch: impl FnOnce() -> Stopwatch + Send + 'static,
) -> Result<Computed, AnalysisError> {
    // A second of arithmetic on an async thread would hold up whoever else is served by it.
    off_thread(move || {
        let mut watch = watch();
        let report = match &plan {
            Plan::Correlations(plan) => {
                Report::Correlations(Box::new(CorrelationReport::compute(&study, plan, &mut watch)))
            }
            Plan::Performance(plan) => {
                Report::Performance(Box::new(PerformanceReport::compute(&study, plan, &fundamentals, &mut watch)))
            }
            Plan::Returns(plan) => Report::Returns(Box::new(ReturnsReport::compute(&study, plan, &mut watch))),
        };
        Arc::new((report, watch.into_timings()))
    })
    .await
}
