//! What is known of a key's plan: what the vendor refused in its own words.
//!
//! An endpoint is taken to be outside the plan when the vendor said so for two different tickers; a ticker, when it was
//! refused both ways of asking for its prices. Both count for a day, over restarts where there is a store: a small plan
//! has few requests a day, and refusals cost as many as answers. Nothing but the vendor's words is learnt from: a bare
//! 403 is a passing fault. An endpoint of which nothing is known is asked for two tickers first.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use factor_types::{Entry, EntryKey, EntryStore};
use serde::{Deserialize, Serialize};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::{VENDOR, bodies};
use crate::{
    Clock, SourceFault,
    cached::{codec, entries},
    upstream::UpstreamError,
};

/// The kind of entry that holds what a plan refused.
const PLAN: &str = "plan";
/// How long a refusal counts: a plan may be upgraded.
const KEPT: TimeDelta = TimeDelta::days(1);
/// Other processes' clocks may be a little ahead.
const SKEW: TimeDelta = TimeDelta::minutes(5);
/// Tickers for which an endpoint must have been refused.
const TWICE: usize = 2;
/// How long others wait for an endpoint's first answers.
const FIRST_ANSWERS: Duration = Duration::from_secs(5);
/// Refusals kept; with more, nothing new is remembered until some are over.
const MOST: usize = 10_000;

/// What is known of a plan.
pub(super) struct PlanFacts {
    state: Mutex<State>,
    kept: Option<(Arc<dyn EntryStore>, EntryKey)>,
    read: OnceCell<()>,
    clock: Clock,
}

#[derive(Default)]
struct State {
    /// By what was refused: an endpoint's name or a ticker.
    refused: HashMap<String, Refusal>,
    /// Endpoints that were refused for too few tickers to be sure.
    suspected: HashMap<String, BTreeSet<String>>,
    /// The way into an endpoint; closed, that is open to all, once something is known of it.
    first: HashMap<String, Arc<Semaphore>>,
}

/// A refusal in the vendor's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Refusal {
    /// Seconds since 1970.
    since: i64,
    status: Option<u16>,
    words: Option<String>,
    why: String,
}

impl fmt::Debug for PlanFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanFacts").field("refused", &self.state().refused).finish_non_exhaustive()
    }
}

impl Default for PlanFacts {
    fn default() -> Self {
        Self { state: Mutex::default(), kept: None, read: OnceCell::new(), clock: Arc::new(Utc::now) }
    }
}

impl PlanFacts {
    /// Facts that are kept in a store under a scope, those of each key apart. Nothing is read yet.
    pub(super) fn kept_in(store: Arc<dyn EntryStore>, scope: &str, key: &str, clock: Clock) -> Self {
        // The key itself is in no file; two keys with the same number would share their refusals for a day.
        let mut number = DefaultHasher::new();
        key.hash(&mut number);
        let subject = format!("key {:08x}", number.finish() & 0xffff_ffff);
        Self { kept: Some((store, EntryKey::new(scope, PLAN, subject))), clock, ..Self::default() }
    }

    /// The refusal of an endpoint or a ticker that counts now.
    pub(super) async fn known(&self, what: &str) -> Option<UpstreamError> {
        self.read.get_or_init(|| self.read()).await;
        let now = (self.clock)();
        self.state().refused.get(what).filter(|refusal| refusal.counts(now)).map(Refusal::error)
    }

    /// Waits while an endpoint's first answers are under way, but not for long: one that hangs must not hold up the rest.
    pub(super) async fn enter(&self, endpoint: &str) -> Option<OwnedSemaphorePermit> {
        let first = Arc::clone(
            self.state().first.entry(endpoint.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(TWICE))),
        );
        tokio::time::timeout(FIRST_ANSWERS, first.acquire_owned()).await.ok()?.ok()
    }

    /// Learns from an endpoint's answer about a subject; true when it was refused as one that is not in the plan.
    pub(super) async fn learn<T>(&self, endpoint: &str, subject: &str, answer: &Result<T, UpstreamError>) -> bool {
        match answer {
            Ok(_) => {
                let mut state = self.state();
                state.suspected.remove(endpoint);
                state.open(endpoint);
                false
            }
            Err(error) if error.fault == SourceFault::Plan && bodies::refuses_endpoint(error) => {
                // A batch is about several tickers.
                if endpoint.ends_with("-batch") || self.state().is_sure(endpoint, subject) {
                    let why = format!("{VENDOR} has no {endpoint} in the plan of this key; asked again after a day");
                    self.note(endpoint, UpstreamError { why, ..error.clone() });
                    // Only now: who waits for it looks whether it was refused.
                    self.state().open(endpoint);
                    self.write().await;
                }
                true
            }
            Err(_) => false,
        }
    }

    /// Remembers a refusal.
    pub(super) async fn remember(&self, what: &str, error: UpstreamError) {
        self.note(what, error);
        self.write().await;
    }

    fn note(&self, what: &str, error: UpstreamError) {
        let now = (self.clock)();
        let refusal = Refusal { since: now.timestamp(), status: error.status, words: error.words, why: error.why };
        let mut state = self.state();
        state.refused.retain(|_, refusal| refusal.counts(now));
        if state.refused.len() < MOST {
            state.refused.insert(what.to_owned(), refusal);
        }
    }

    async fn read(&self) {
        let Some((store, key)) = &self.kept else { return };
        let kept =
            entries::read(&**store, key).await.and_then(|entry| codec::read::<Vec<(String, Refusal)>>(&entry.body));
        let mut state = self.state();
        for (what, refusal) in kept.into_iter().flatten().take(MOST) {
            state.refused.entry(what).or_insert(refusal);
        }
    }

    /// Writes what is known along with what another process has written meanwhile.
    async fn write(&self) {
        let Some((store, key)) = &self.kept else { return };
        let now = (self.clock)();
        self.read().await;
        let counting = |(_, refusal): &(&String, &Refusal)| refusal.counts(now);
        let body = {
            let state = self.state();
            let all: Vec<(&String, &Refusal)> = state.refused.iter().filter(counting).collect();
            codec::write(all)
        };
        if let Some(body) = body {
            entries::keep(&**store, key, &Entry { fetched_at: now, body }).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes that an endpoint was refused for a subject; true once that is no chance.
    fn is_sure(&mut self, endpoint: &str, subject: &str) -> bool {
        let subjects = self.suspected.entry(endpoint.to_owned()).or_default();
        subjects.insert(subject.to_owned());
        subjects.len() >= TWICE
    }

    /// Lets everybody in.
    fn open(&mut self, endpoint: &str) {
        if let Some(first) = self.first.get(endpoint) {
            first.close();
        }
    }
}

impl Refusal {
    fn counts(&self, now: DateTime<Utc>) -> bool {
        DateTime::from_timestamp(self.since, 0).is_some_and(|since| since <= now + SKEW && now - since < KEPT)
    }

    fn error(&self) -> UpstreamError {
        let (words, why) = (self.words.clone(), self.why.clone());
        UpstreamError { fault: SourceFault::Plan, status: self.status, words, why }
    }
}
