//! What the log warns of when it takes long, or fails often: of each at most once a minute.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{analysis::Timings, settings::ThresholdSettings};

/// How long one warning stands for all of its kind.
const QUIET: Duration = Duration::from_secs(60);
/// The calls of which the share of errors is taken.
const WINDOW: Duration = Duration::from_secs(5 * 60);
const MOST_CALLS: usize = 1_000;
/// Until there are as many a share says nothing.
const FEWEST_CALLS: usize = 20;

/// What was warned of, and when.
#[derive(Debug)]
pub struct Thresholds {
    settings: ThresholdSettings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When it was warned last, by kind.
    warned: [Option<Instant>; 4],
    /// The last calls, and whether they failed.
    calls: VecDeque<(Instant, bool)>,
}

/// Of what is warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Correlations,
    MacroEtf,
    Call,
    Errors,
}

impl Thresholds {
    /// Those of the settings.
    pub fn new(settings: ThresholdSettings) -> Self {
        Self { settings, state: Mutex::default() }
    }

    /// A call has ended.
    pub fn call(&self, tool: &str, took: Duration, failed: bool) {
        self.call_at(Instant::now(), tool, took, failed);
    }

    fn call_at(&self, now: Instant, tool: &str, took: Duration, failed: bool) -> [bool; 2] {
        let (slow, share) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.calls.push_back((now, failed));
            while state.calls.len() > MOST_CALLS
                || state.calls.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW)
            {
                state.calls.pop_front();
            }
            let failures = state.calls.iter().filter(|(_, failed)| *failed).count();
            let share = failures as f64 / state.calls.len() as f64;
            let slow = took >= self.settings.call && state.may_warn(Kind::Call, now);
            let many = state.calls.len() >= FEWEST_CALLS && share > self.settings.error_rate;
            (slow, (many && state.may_warn(Kind::Errors, now)).then_some(share))
        };
        if slow {
            let (ms, limit_ms) = (took.as_millis(), self.settings.call.as_millis());
            tracing::warn!(tool, ms, limit_ms, "calls are slow");
        }
        if let Some(share) = share {
            let (share, limit) = ((share * 1e3).round() / 1e3, self.settings.error_rate);
            tracing::warn!(share, limit, "many of the last calls ended in an error");
        }
        [slow, share.is_some()]
    }

    /// The sections of a report of correlations were computed in these milliseconds.
    pub fn correlations(&self, timings: &Timings) {
        self.correlations_at(Instant::now(), timings);
    }

    fn correlations_at(&self, now: Instant, timings: &Timings) -> [bool; 2] {
        let of = |section: &str| -> f64 {
            let named = |name: &str| name.split(':').next() == Some(section);
            timings.iter().filter(|(name, _)| named(name)).map(|(_, ms)| ms).sum()
        };
        let warn = |kind, section: &'static str, limit: Duration| {
            let ms = of(section);
            let is_slow = ms >= limit.as_secs_f64() * 1e3 && ms > 0.0;
            let due = is_slow && self.state.lock().unwrap_or_else(PoisonError::into_inner).may_warn(kind, now);
            if due {
                tracing::warn!(section, ms, limit_ms = limit.as_millis(), "a computation is slow");
            }
            due
        };
        [
            warn(Kind::Correlations, "matrices", self.settings.correlations),
            warn(Kind::MacroEtf, "macro_etf", self.settings.macro_etf),
        ]
    }
}

impl State {
    /// Whether a warning of a kind is due; it is said then.
    fn may_warn(&mut self, kind: Kind, now: Instant) -> bool {
        let last = &mut self.warned[kind as usize];
        let due = last.is_none_or(|last| now.saturating_duration_since(last) >= QUIET);
        if due {
            *last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn thresholds() -> Thresholds {
        Thresholds::new(Settings::defaults().unwrap().thresholds)
    }

    #[test]
    fn a_warning_of_a_kind_comes_once_a_minute_at_most() {
        let (thresholds, began) = (thresholds(), Instant::now());
        let after = |seconds| began + Duration::from_secs(seconds);
        let slow = Duration::from_secs(10);
        assert_eq!(thresholds.call_at(began, "list_factors", slow - Duration::from_millis(1), false), [false; 2]);
        assert_eq!(thresholds.call_at(began, "list_factors", slow, false), [true, false]);
        assert_eq!(thresholds.call_at(after(59), "get_portfolio", slow, false), [false; 2]);
        assert_eq!(thresholds.call_at(after(60), "get_portfolio", slow, false), [true, false]);
        let timings: Timings = [("matrices:industry", 300.0), ("matrices:style", 200.0), ("macro_etf", 499.0)]
            .map(|(n, ms)| (n.to_owned(), ms))
            .into();
        assert_eq!(thresholds.correlations_at(began, &timings), [true, false], "together");
        let timings: Timings =
            [("matrices:industry", 499.0), ("macro_etf", 500.0)].map(|(n, ms)| (n.to_owned(), ms)).into();
        assert_eq!(thresholds.correlations_at(began, &timings), [false, true]);
        assert_eq!(thresholds.correlations_at(began, &timings), [false, false]);
    }

    #[test]
    fn a_share_of_errors_is_that_of_the_last_minutes_and_of_enough_calls() {
        let (thresholds, began) = (thresholds(), Instant::now());
        let after = |seconds| began + Duration::from_secs(seconds);
        let call = |at, failed| thresholds.call_at(at, "list_factors", Duration::ZERO, failed)[1];
        assert!((0..FEWEST_CALLS - 1).all(|_| !call(began, true)), "too few to say");
        assert!(call(began, false), "19 of 20");
        // Minutes later these are forgotten.
        assert!((0..40).all(|n| !call(after(301), n == 0)), "one of forty");
        assert!(!call(after(302), true) && call(after(303), true), "two of 41 are within the limit, three of 42 not");
    }
}
