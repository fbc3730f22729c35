//! What the plan refused lately.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::upstream::UpstreamError;

/// How long a refusal counts: a plan may be upgraded.
const KEPT: Duration = Duration::from_secs(15 * 60);
/// Refusals kept; with more, nothing new is remembered until some are over.
const MOST: usize = 10_000;

/// Refusals by what was refused: an endpoint's path or a ticker.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<HashMap<String, (Instant, UpstreamError)>>);

impl Refusals {
    pub(super) fn known(&self, what: &str) -> Option<UpstreamError> {
        let refused = self.lock();
        let (when, error) = refused.get(what)?;
        (when.elapsed() < KEPT).then(|| error.clone())
    }

    pub(super) fn remember(&self, what: &str, error: &UpstreamError) {
        let mut refused = self.lock();
        refused.retain(|_, (when, _)| when.elapsed() < KEPT);
        if refused.len() < MOST {
            refused.insert(what.to_owned(), (Instant::now(), error.clone()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, UpstreamError)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
