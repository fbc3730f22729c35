//! Timings of a computation, its time budget and its cancellation.

use std::time::{Duration, Instant};

use factor_analytics::Observer;
use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use crate::metrics::METRICS;

/// Milliseconds per section, in the order they ran.
pub type Timings = IndexMap<String, f64>;

/// Hears sections begin and end, takes the time, and says stop when the budget is used up or nobody waits any more.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    timings: Timings,
    running: Option<(String, Instant)>,
    computing_since: Instant,
    budget: Duration,
    cancel: CancellationToken,
}

impl Stopwatch {
    pub(super) fn start(budget: Duration, cancel: CancellationToken) -> Self {
        Self { timings: Timings::new(), running: None, computing_since: Instant::now(), budget, cancel }
    }

    pub(super) fn into_timings(mut self) -> Timings {
        self.finish();
        self.timings
    }

    fn finish(&mut self) {
        if let Some((name, since)) = self.running.take() {
            let took = since.elapsed();
            METRICS.section(&name, took);
            let elapsed = took.as_secs_f64() * 1e3;
            *self.timings.entry(name).or_default() += (elapsed * 1e3).round() / 1e3;
        }
    }
}

impl Observer for Stopwatch {
    fn begin(&mut self, section: &str) {
        self.running = Some((section.to_owned(), Instant::now()));
    }

    fn end(&mut self, _section: &str) {
        self.finish();
    }

    fn stop(&self) -> bool {
        self.cancel.is_cancelled() || self.computing_since.elapsed() > self.budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_timed_and_a_spent_budget_stops() {
        let mut watch = Stopwatch::start(Duration::ZERO, CancellationToken::new());
        watch.begin("matrices");
        watch.end("matrices");
        std::thread::sleep(Duration::from_millis(2));
        assert!(watch.stop());
        assert_eq!(watch.into_timings().keys().collect::<Vec<_>>(), ["matrices"]);
    }

    #[test]
    fn a_cancelled_call_stops() {
        let cancel = CancellationToken::new();
        let watch = Stopwatch::start(Duration::from_secs(60), cancel.clone());
        assert!(!watch.stop());
        cancel.cancel();
        assert!(watch.stop());
    }
}
