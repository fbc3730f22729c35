//! The circuit breaker: a vendor that fails for everything is left alone for a while.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Failures in a row, over different subjects, that open the breaker.
pub(super) const FAILURES: usize = 10;
/// How long it stays open.
const OPEN: Duration = Duration::from_secs(30);
/// Subjects for which the key must have been refused to open it: one refusal may be about one ticker.
const KEY_REFUSALS: usize = 2;
/// How long it stays open after a refused key: only a person can fix that.
const OPEN_AUTH: Duration = Duration::from_secs(60);

/// What opened the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripReason {
    /// Ten failures in a row over different subjects.
    Failures,
    /// The key was refused.
    Auth,
}

/// What the breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing for the time given.
    Open(TripReason, Duration),
    /// One request, which decides.
    HalfOpen(TripReason),
}

/// Closed, open or half open. One ticker that fails ten times does not open it; ten tickers that fail once each do.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failing: BTreeSet<String>,
    /// Subjects for which the key was refused since the last answer.
    refused: BTreeSet<String>,
    open: Option<(TripReason, Instant)>,
    probing: bool,
}

/// A request that may leave. Dropped without a verdict it says nothing about the vendor.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    /// True for the one request that is let through half open.
    pub(super) probe: bool,
}

impl BreakerState {
    /// The state in a word: `closed`, `open`, `half_open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open(..) => "open",
            Self::HalfOpen(_) => "half_open",
        }
    }
}

impl Breaker {
    /// A pass, or what opened the breaker and how long it stays open.
    pub(super) fn admit(&self) -> Result<Pass<'_>, (TripReason, Duration)> {
        let mut state = self.state();
        let probe = state.refusal()?;
        state.probing |= probe;
        Ok(Pass { breaker: self, probe })
    }

    /// Whether [`Breaker::admit`] would give a pass, without taking it.
    pub(super) fn peek(&self) -> Result<(), (TripReason, Duration)> {
        self.state().refusal().map(drop)
    }

    pub(super) fn look(&self) -> BreakerState {
        match self.state().open {
            None => BreakerState::Closed,
            Some((trip, until)) => match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => BreakerState::HalfOpen(trip),
                left => BreakerState::Open(trip, left),
            },
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Why nothing may leave now and when to come back, or whether what leaves is the probe.
    fn refusal(&self) -> Result<bool, (TripReason, Duration)> {
        let Some((trip, until)) = self.open else { return Ok(false) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() && !self.probing { Ok(true) } else { Err((trip, left)) }
    }
}

impl Pass<'_> {
    /// The vendor answered, be it with a refusal of this subject.
    pub(super) fn answered(self) {
        let mut state = self.breaker.state();
        state.failing.clear();
        state.refused.clear();
        state.open = None;
    }

    /// The vendor failed for this subject.
    pub(super) fn failed(self, subject: &str) {
        let mut state = self.breaker.state();
        if self.probe {
            // One failure of the probe is enough: the vendor has not recovered.
            state.open = Some((TripReason::Failures, Instant::now() + OPEN));
        } else if state.open.is_none() {
            // A set of subjects: one ticker that fails ten times says nothing about the vendor.
            state.failing.insert(subject.to_owned());
            if state.failing.len() >= FAILURES {
                state.open = Some((TripReason::Failures, Instant::now() + OPEN));
            }
        }
    }

    /// The vendor refused the key for this subject.
    pub(super) fn key_refused(self, subject: &str) {
        let mut state = self.breaker.state();
        state.refused.insert(subject.to_owned());
        if self.probe || state.refused.len() >= KEY_REFUSALS {
            state.open = Some((TripReason::Auth, Instant::now() + OPEN_AUTH));
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            // Also when the probe was cancelled: otherwise no request would ever leave again.
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, subject: &str) {
        breaker.admit().unwrap().failed(subject);
    }

    fn trip(breaker: &Breaker) {
        (0..FAILURES).for_each(|n| fail(breaker, &format!("T{n}")));
    }

    #[tokio::test(start_paused = true)]
    async fn ten_failures_over_different_tickers_open_it_and_one_probe_closes_it() {
        let breaker = Breaker::default();
        (0..30).for_each(|_| fail(&breaker, "SPY"));
        (1..9).for_each(|n| fail(&breaker, &format!("T{n}")));
        assert_eq!(breaker.look(), BreakerState::Closed);
        fail(&breaker, "T9");
        assert_eq!(breaker.admit().unwrap_err(), (TripReason::Failures, Duration::from_secs(30)));
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(breaker.look(), BreakerState::HalfOpen(TripReason::Failures));
        let probe = breaker.admit().unwrap();
        assert!(probe.probe && breaker.admit().is_err(), "only one probe at a time");
        probe.answered();
        assert_eq!(breaker.look(), BreakerState::Closed);
        assert!(!breaker.admit().unwrap().probe);
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_resets_the_count() {
        let breaker = Breaker::default();
        (0..9).for_each(|n| fail(&breaker, &format!("T{n}")));
        breaker.admit().unwrap().answered();
        (0..9).for_each(|n| fail(&breaker, &format!("U{n}")));
        assert_eq!(breaker.look(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_opens_it_again_and_a_dropped_one_leaves_the_place_free() {
        let breaker = Breaker::default();
        trip(&breaker);
        tokio::time::sleep(Duration::from_secs(31)).await;
        drop(breaker.admit().unwrap());
        fail(&breaker, "SPY");
        assert_eq!(breaker.look(), BreakerState::Open(TripReason::Failures, Duration::from_secs(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_refused_for_two_tickers_opens_it_for_a_minute() {
        let breaker = Breaker::default();
        let early = breaker.admit().unwrap();
        (0..3).for_each(|_| breaker.admit().unwrap().key_refused("SPY"));
        assert_eq!(breaker.look(), BreakerState::Closed, "it may be about that ticker");
        breaker.admit().unwrap().key_refused("TLT");
        assert_eq!(breaker.peek(), Err((TripReason::Auth, Duration::from_secs(60))));
        early.failed("SPY");
        assert_eq!(breaker.look(), BreakerState::Open(TripReason::Auth, Duration::from_secs(60)));
    }
}
