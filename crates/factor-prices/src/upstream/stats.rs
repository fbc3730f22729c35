//! What has passed between us and a vendor.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::breaker::BreakerState;

/// A vendor's state and counts since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamStats {
    /// The vendor's name, for people.
    pub vendor: &'static str,
    /// Requests sent, retries included.
    pub sent: u64,
    /// Of these, retries.
    pub retries: u64,
    /// Questions that ended without an answer of the vendor's (refusals of one ticker are answers).
    pub failures: u64,
    /// Answers that said "too many requests".
    pub limited: u64,
    /// Requests under way now.
    pub in_flight: usize,
    /// What the circuit breaker lets through.
    pub breaker: BreakerState,
    /// What is left of the pause after a limit answer.
    pub paused_for: Option<Duration>,
    /// When the vendor last gave data.
    pub last_success: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) sent: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) limited: AtomicU64,
    in_flight: AtomicUsize,
    /// Milliseconds since 1970; zero for never.
    last_success: AtomicI64,
}

/// Counts a request as under way for as long as it lives.
#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a AtomicUsize);

impl Counters {
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn begin(&self) -> UnderWay<'_> {
        Self::count(&self.sent);
        self.in_flight.fetch_add(1, Relaxed);
        UnderWay(&self.in_flight)
    }

    pub(super) fn succeeded(&self) {
        self.last_success.store(Utc::now().timestamp_millis(), Relaxed);
    }

    pub(super) fn snapshot(
        &self,
        vendor: &'static str,
        breaker: BreakerState,
        paused_for: Option<Duration>,
    ) -> UpstreamStats {
        let last = self.last_success.load(Relaxed);
        UpstreamStats {
            vendor,
            sent: self.sent.load(Relaxed),
            retries: self.retries.load(Relaxed),
            failures: self.failures.load(Relaxed),
            limited: self.limited.load(Relaxed),
            in_flight: self.in_flight.load(Relaxed),
            breaker,
            paused_for,
            last_success: (last != 0).then(|| DateTime::from_timestamp_millis(last)).flatten(),
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
