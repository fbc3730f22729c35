//! What happened since the start, counted without locks.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// The tools that make an analysis.
pub(super) const ANALYSES: [&str; 6] = [
    "analyze_factor_model",
    "compare_factors",
    "get_factor_analysis",
    "get_factor_recommendations",
    "get_portfolio_exposures",
    "stress_test",
];

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Counters {
    calls: AtomicU64,
    errors: AtomicU64,
    analyses: AtomicU64,
    analysis_errors: AtomicU64,
    total_us: AtomicU64,
    peak_us: AtomicU64,
    last_success: [AtomicI64; 4],
}

/// A part of the server whose health `get_server_status` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The store of what users and administrators write.
    Store,
    /// The factor universe.
    Universe,
    /// The price source.
    Prices,
    /// The yields.
    Yields,
}

/// The counts as `get_server_status` shows them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CallFigures {
    /// Calls of all tools.
    pub calls: u64,
    /// Those that ended in an error, the caller's mistakes included.
    pub errors: u64,
    /// `errors` over `calls`, 0 when there were none.
    pub error_rate: f64,
    /// Analyses asked for, recommendations and exposures among them.
    pub analyses: u64,
    /// Analyses that ended in an error.
    pub analysis_errors: u64,
    /// Mean time of a call, in milliseconds.
    pub mean_ms: f64,
    /// The longest call, in milliseconds.
    pub peak_ms: f64,
}

impl Counters {
    /// Counts one call of a tool.
    pub fn record(&self, tool: &str, took: Duration, failed: bool) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let failed = u64::from(failed);
        self.calls.fetch_add(1, Relaxed);
        self.errors.fetch_add(failed, Relaxed);
        self.total_us.fetch_add(took, Relaxed);
        self.peak_us.fetch_max(took, Relaxed);
        if ANALYSES.contains(&tool) {
            self.analyses.fetch_add(1, Relaxed);
            self.analysis_errors.fetch_add(failed, Relaxed);
        }
    }

    /// Remembers that a part worked just now.
    pub fn succeeded(&self, part: Part) {
        self.last_success[part as usize].store(Utc::now().timestamp(), Relaxed);
    }

    /// When a part last worked, if it did.
    pub fn last_success(&self, part: Part) -> Option<String> {
        let seconds = self.last_success[part as usize].load(Relaxed);
        let time = DateTime::from_timestamp(seconds, 0).filter(|_| seconds > 0)?;
        Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    /// The counts so far.
    pub fn figures(&self) -> CallFigures {
        let (calls, errors) = (self.calls.load(Relaxed), self.errors.load(Relaxed));
        // The counts are read one by one while calls go on: a rate may be off by one call.
        let per_call = |sum: u64| if calls == 0 { 0.0 } else { sum as f64 / calls as f64 };
        CallFigures {
            calls,
            errors,
            error_rate: per_call(errors),
            analyses: self.analyses.load(Relaxed),
            analysis_errors: self.analysis_errors.load(Relaxed),
            mean_ms: per_call(self.total_us.load(Relaxed)) / 1_000.0,
            peak_ms: self.peak_us.load(Relaxed) as f64 / 1_000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_kind_and_outcome() {
        let counters = Counters::default();
        assert_eq!(counters.figures().error_rate, 0.0);
        counters.record("get_factor_analysis", Duration::from_millis(30), false);
        counters.record("list_factors", Duration::from_millis(10), true);
        for tool in ["get_factor_recommendations", "get_portfolio_exposures"] {
            let other = Counters::default();
            other.record(tool, Duration::ZERO, false);
            assert_eq!(other.figures().analyses, 1, "{tool}");
        }
        let figures = counters.figures();
        assert_eq!((figures.calls, figures.errors, figures.analyses, figures.analysis_errors), (2, 1, 1, 0));
        assert_eq!((figures.error_rate, figures.mean_ms, figures.peak_ms), (0.5, 20.0, 30.0));
        assert_eq!(counters.last_success(Part::Yields), None);
        counters.succeeded(Part::Yields);
        assert!(counters.last_success(Part::Yields).is_some_and(|time| time.ends_with('Z')));
    }
}
