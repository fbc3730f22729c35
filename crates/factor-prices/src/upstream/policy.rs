//! The manners towards one vendor: when a request may leave, and what a failure leads to.

use std::{future::Future, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::{
    BreakerState, TripReason, UpstreamStats,
    breaker::{Breaker, FAILURES, Pass},
    budget::Budget,
    cooldown::{Cooldown, LONGEST},
    error::{AttemptError, FailureClass, UpstreamError},
    limiter::Limiter,
    stats::Counters,
};
use crate::SourceFault;

/// The first wait before a retry, doubled each time, with jitter.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait that is our own choice.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Who would have to wait longer is told so at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything about a vendor but the wire.
#[derive(Debug)]
pub(super) struct RequestPolicy {
    pub(super) vendor: &'static str,
    /// Where the key is set, for people.
    pub(super) key_setting: Option<&'static str>,
    max_retries: usize,
    places: Semaphore,
    limiter: Limiter,
    budget: Budget,
    cooldown: Cooldown,
    breaker: Breaker,
    counters: Counters,
}

impl RequestPolicy {
    pub(super) fn new(
        vendor: &'static str,
        key_setting: Option<&'static str>,
        requests_per_minute: u32,
        in_flight: usize,
        max_retries: u32,
    ) -> Self {
        Self {
            vendor,
            key_setting,
            max_retries: usize::try_from(max_retries).unwrap_or(usize::MAX),
            places: Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            limiter: Limiter::new(requests_per_minute),
            budget: Budget::new(),
            cooldown: Cooldown::default(),
            breaker: Breaker::default(),
            counters: Counters::default(),
        }
    }

    /// Makes attempts until one gives an answer or there is no point in another. Dropping the future ends the attempt
    /// under way and gives every place back.
    pub(super) async fn run<T, F>(&self, subject: &str, attempt: impl Fn() -> F + Send) -> Result<T, UpstreamError>
    where
        F: Future<Output = Result<T, AttemptError>> + Send,
    {
        let backoff = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT);
        let mut waits = backoff.with_max_times(self.max_retries).with_jitter().build();
        let (mut tries, mut odd) = (0u32, false);
        let mut last: Option<UpstreamError> = None;
        loop {
            // A retry that is not let through ends with what went wrong before it, which says more.
            let (pass, place) = match (self.enter().await, last.take()) {
                (Ok(entered), _) => entered,
                (Err(refused), None) => return Err(refused),
                (Err(_), Some(before)) => return Err(self.failed(before, tries, "the vendor is paused by now")),
            };
            match tries {
                0 => self.budget.earn(),
                _ => Counters::count(&self.counters.retries),
            }
            let (sent, under_way) = (Instant::now(), self.counters.begin());
            let result = attempt().await;
            drop((under_way, place));
            tries += 1;
            let trouble = match result {
                Ok(answer) => {
                    self.answered(pass, sent);
                    self.counters.succeeded();
                    return Ok(answer);
                }
                Err(trouble) => trouble,
            };
            let told = trouble.retry_after.unwrap_or_default().min(LONGEST);
            let (again, limited) = match trouble.kind {
                FailureClass::Passing => (true, false),
                FailureClass::Odd => (!std::mem::replace(&mut odd, true), false),
                FailureClass::Limited => {
                    Counters::count(&self.counters.limited);
                    self.cooldown.limited(sent, trouble.retry_after);
                    (true, true)
                }
                FailureClass::Answer => {
                    self.answered(pass, sent);
                    return Err(trouble.error);
                }
                FailureClass::Auth => {
                    pass.key_refused();
                    return Err(self.failed(trouble.error, tries, ""));
                }
                FailureClass::Broken => (false, false),
            };
            // The probe of a vendor that was down is one request, and a limit answer says nothing about its health.
            let next = if again && !pass.probe { waits.next() } else { None };
            let wait = next.map(|own| if limited { Duration::ZERO } else { own.max(told) });
            let pause = if limited { self.cooldown.left().unwrap_or_default() } else { told };
            let note = match wait {
                Some(_) if pause > PATIENCE => "",
                Some(_) if !self.budget.spend() => "not retried: the retry budget is spent",
                Some(wait) => {
                    drop(pass);
                    tracing::debug!(vendor = self.vendor, subject, tries, why = %trouble.error, "will be tried again");
                    tokio::time::sleep(wait).await;
                    last = Some(if limited {
                        self.limited_error(trouble.error.status, trouble.error.words, pause)
                    } else {
                        trouble.error
                    });
                    continue;
                }
                None => "",
            };
            let mut error = trouble.error;
            if limited {
                error = self.limited_error(error.status, error.words, pause);
            } else {
                pass.failed(subject);
            }
            return Err(self.failed(error, tries, note));
        }
    }

    pub(super) fn stats(&self) -> UpstreamStats {
        self.counters.snapshot(self.vendor, self.breaker.look(), self.cooldown.left())
    }

    /// Waits for a place, the pause and the minute's count, in this order.
    async fn enter(&self) -> Result<(Pass<'_>, Option<SemaphorePermit<'_>>), UpstreamError> {
        self.breaker.peek().map_err(|refused| self.open_error(refused))?;
        // The semaphore is never closed, so this is always a permit.
        let place = self.places.acquire().await.ok();
        loop {
            self.breaker.peek().map_err(|refused| self.open_error(refused))?;
            if let Some(left) = self.cooldown.left() {
                if left > PATIENCE {
                    return Err(self.limited_error(None, None, left));
                }
                tokio::time::sleep(left).await;
                continue;
            }
            self.limiter.acquire().await;
            if self.cooldown.left().is_none() {
                return Ok((self.breaker.admit().map_err(|refused| self.open_error(refused))?, place));
            }
        }
    }

    fn answered(&self, pass: Pass<'_>, sent: Instant) {
        pass.answered();
        self.cooldown.succeeded(sent);
    }

    fn failed(&self, mut error: UpstreamError, tries: u32, note: &str) -> UpstreamError {
        Counters::count(&self.counters.failures);
        if tries > 1 {
            error.why.push_str(&format!(" (tried {tries} times)"));
        }
        if !note.is_empty() {
            error.why.push_str(&format!(" ({note})"));
        }
        error
    }

    fn open_error(&self, (trip, left): (TripReason, Duration)) -> UpstreamError {
        let (vendor, left) = (self.vendor, seconds(left));
        let (fault, why) = match trip {
            TripReason::Failures => (
                SourceFault::Unavailable,
                format!("{vendor} is paused after {FAILURES} failures in a row; tried again in {left} s"),
            ),
            TripReason::Auth => (
                SourceFault::Auth,
                format!("{}; tried again in {left} s", super::key_refused(vendor, self.key_setting, None)),
            ),
        };
        UpstreamError { fault, status: None, words: None, why }
    }

    fn limited_error(&self, status: Option<u16>, words: Option<String>, left: Duration) -> UpstreamError {
        let status_text = status.map(|status| format!(" ({status})")).unwrap_or_default();
        let why =
            format!("{} gets too many requests{status_text}: ask again in {} s", self.vendor, seconds(left).max(1));
        UpstreamError { fault: SourceFault::Limited, status, words, why }
    }
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

/// Whole seconds, rounded up, so that nobody is told to come too early.
fn seconds(left: Duration) -> u64 {
    left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
