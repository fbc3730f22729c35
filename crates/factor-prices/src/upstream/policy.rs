//! The policy towards one vendor: when a request may leave, and what a failure leads to.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::{
    breaker::{Breaker, FAILURES, Pass, TripReason},
    budget::Budget,
    cooldown::{Cooldown, LONGEST},
    error::{self, AttemptError, FailureClass, UpstreamError},
    limiter::Limiter,
    shared_pause::SharedPause,
    stats::{Counters, UpstreamStats},
};
use crate::SourceFault;

/// The first wait before a retry, doubled each time, with jitter.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait that is our own choice.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A caller who would have to wait longer gets the error at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything about a vendor but the wire.
#[derive(Debug)]
pub(super) struct RequestPolicy {
    pub(super) vendor: &'static str,
    /// Where the key is set, for people.
    pub(super) key_setting: Option<&'static str>,
    max_retries: usize,
    permits: Semaphore,
    limiter: Limiter,
    budget: Budget,
    cooldown: Cooldown,
    /// What other processes say of the cooldown.
    shared: Option<SharedPause>,
    breaker: Breaker,
    counters: Counters,
    /// True once no request may leave any more.
    closed: AtomicBool,
}

/// A request on its way through its attempts.
struct Attempts<'a> {
    subject: &'a str,
    /// The waits that are left before retries.
    waits: ExponentialBackoff,
    tries: u32,
    /// True once an answer was malformed, which is forgiven once.
    was_malformed: bool,
}

/// What follows a failed attempt.
enum Next {
    Retry { wait: Duration, because: UpstreamError },
    Stop(UpstreamError),
}

impl RequestPolicy {
    pub(super) fn new(
        vendor: &'static str,
        key_setting: Option<&'static str>,
        requests_per_minute: u32,
        in_flight: usize,
        max_retries: u32,
        shared: Option<SharedPause>,
    ) -> Self {
        Self {
            vendor,
            key_setting,
            max_retries: usize::try_from(max_retries).unwrap_or(usize::MAX),
            permits: Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            limiter: Limiter::new(requests_per_minute),
            budget: Budget::new(),
            cooldown: Cooldown::default(),
            shared,
            breaker: Breaker::default(),
            counters: Counters::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn is_open(&self) -> Result<(), UpstreamError> {
        if !self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let why = format!("{} is not asked any more: the client has closed its end", self.vendor);
        Err(UpstreamError { fault: SourceFault::Unavailable, status: None, words: None, why })
    }

    /// Makes attempts until one gives an answer or there is no point in another. Dropping the future ends the attempt
    /// under way and gives every permit back.
    pub(super) async fn run<T, F>(&self, subject: &str, attempt: impl Fn() -> F + Send) -> Result<T, UpstreamError>
    where
        F: Future<Output = Result<T, AttemptError>> + Send,
    {
        let backoff = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT);
        let waits = backoff.with_max_times(self.max_retries).with_jitter().build();
        let mut attempts = Attempts { subject, waits, tries: 0, was_malformed: false };
        let mut last: Option<UpstreamError> = None;
        loop {
            // A retry that is not let through ends with what went wrong before it, which says more.
            let (pass, permit) = match (self.enter().await, last.take()) {
                (Ok(entered), _) => entered,
                (Err(refused), None) => return Err(refused),
                (Err(_), Some(before)) => {
                    return Err(self.failed(before, attempts.tries, "the vendor is paused by now"));
                }
            };
            match attempts.tries {
                0 => self.budget.earn(),
                _ => Counters::count(&self.counters.retries),
            }
            let (sent, under_way) = (Instant::now(), self.counters.begin());
            let result = attempt().await;
            // Neither the permit nor the count is held while waiting for the next attempt.
            drop((under_way, permit));
            attempts.tries += 1;
            let failure = match result {
                Ok(answer) => {
                    self.answered(pass, sent);
                    self.counters.succeeded();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let limited = failure.class == FailureClass::Limited;
            let next = self.after_failure(failure, pass, sent, &mut attempts);
            if limited && let Some((shared, left)) = self.shared.as_ref().zip(self.cooldown.left()) {
                shared.tell(left).await;
            }
            match next {
                Next::Stop(error) => return Err(error),
                Next::Retry { wait, because } => {
                    let tries = attempts.tries;
                    tracing::debug!(vendor = self.vendor, subject, tries, why = %because, "will be tried again");
                    tokio::time::sleep(wait).await;
                    last = Some(because);
                }
            }
        }
    }

    /// Tells breaker and cooldown of a failed attempt, and decides whether there is another.
    fn after_failure(&self, failure: AttemptError, pass: Pass<'_>, sent: Instant, attempts: &mut Attempts<'_>) -> Next {
        let AttemptError { mut error, class, retry_after } = failure;
        let limited = class == FailureClass::Limited;
        let may_help = match class {
            FailureClass::Transient => true,
            FailureClass::Malformed => !std::mem::replace(&mut attempts.was_malformed, true),
            FailureClass::Limited => {
                Counters::count(&self.counters.limited);
                self.cooldown.limited(sent, retry_after);
                true
            }
            FailureClass::Rejected => {
                self.answered(pass, sent);
                return Next::Stop(error);
            }
            FailureClass::Auth => {
                pass.key_refused(attempts.subject);
                return Next::Stop(self.failed(error, attempts.tries, ""));
            }
            FailureClass::Fatal => false,
        };
        let asked = retry_after.unwrap_or_default().min(LONGEST);
        let left = if limited { self.cooldown.left().unwrap_or_default() } else { asked };
        if limited {
            error = self.limited_error(error.status, error.words, left);
        }
        // The probe of a vendor that was down is one request.
        let wait = if may_help && !pass.probe { attempts.waits.next() } else { None };
        let note = match wait {
            Some(_) if left > PATIENCE => "",
            Some(_) if !self.budget.spend() => "not retried: the retry budget is spent",
            // After a limit answer `enter` waits for the cooldown, and nothing on top of it.
            Some(_) if limited => return Next::Retry { wait: Duration::ZERO, because: error },
            Some(own) => return Next::Retry { wait: own.max(asked), because: error },
            None => "",
        };
        // A limit answer says nothing about the vendor's health.
        if !limited {
            pass.failed(attempts.subject);
        }
        Next::Stop(self.failed(error, attempts.tries, note))
    }

    pub(super) fn stats(&self) -> UpstreamStats {
        self.counters.snapshot(self.vendor, self.breaker.look(), self.cooldown.left())
    }

    /// Waits for a permit, the cooldown and the minute's count, in this order.
    async fn enter(&self) -> Result<(Pass<'_>, Option<SemaphorePermit<'_>>), UpstreamError> {
        self.is_open()?;
        self.breaker.peek().map_err(|refused| self.open_error(refused))?;
        // The semaphore is never closed, so this is always a permit.
        let permit = self.permits.acquire().await.ok();
        loop {
            self.breaker.peek().map_err(|refused| self.open_error(refused))?;
            if let Some(shared) = &self.shared {
                shared.hear(&self.cooldown).await;
            }
            if let Some(left) = self.cooldown.left() {
                if left > PATIENCE {
                    return Err(self.limited_error(None, None, left));
                }
                tokio::time::sleep(left).await;
                continue;
            }
            self.limiter.acquire().await;
            self.is_open()?;
            if self.cooldown.left().is_none() {
                return Ok((self.breaker.admit().map_err(|refused| self.open_error(refused))?, permit));
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
                format!("{}; tried again in {left} s", error::key_refused(vendor, self.key_setting, None)),
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

/// Whole seconds, rounded up, so that nobody comes back too early.
fn seconds(left: Duration) -> u64 {
    left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
