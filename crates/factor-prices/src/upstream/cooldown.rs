//! The time during which a vendor that said "too many requests" is left alone.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The first cooldown when the vendor does not say how long, doubled while limit answers go on.
const FIRST: Duration = Duration::from_secs(1);
/// No cooldown is longer, whatever the vendor says.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// No request leaves before the cooldown is over.
#[derive(Debug, Default)]
pub(super) struct Cooldown(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    /// When the present run of limit answers last began a cooldown.
    since: Option<Instant>,
    /// The next cooldown without a word from the vendor.
    step: Option<Duration>,
}

impl Cooldown {
    /// What is left of the cooldown.
    pub(super) fn left(&self) -> Option<Duration> {
        let left = self.state().until?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// A request sent at `sent` was answered with "too many requests". The cooldown is never made shorter.
    pub(super) fn limited(&self, sent: Instant, retry_after: Option<Duration>) {
        let (mut state, now) = (self.state(), Instant::now());
        // Several requests under way get the same answer at once: that is one limit, not a reason to double.
        let news = state.since.is_none_or(|since| sent >= since);
        let length = match retry_after {
            Some(asked) => Some(asked.min(LONGEST)),
            None => news.then(|| state.step.unwrap_or(FIRST)),
        };
        if let Some(length) = length {
            state.until = state.until.max(Some(now + length));
        }
        if news {
            state.since = Some(now);
            state.step = Some((state.step.unwrap_or(FIRST) * 2).min(LONGEST));
        }
    }

    /// Another process was told to wait for so long from now on. The cooldown is never made shorter.
    pub(super) fn heard(&self, left: Duration) {
        let mut state = self.state();
        state.until = state.until.max(Some(Instant::now() + left.min(LONGEST)));
    }

    /// A request sent at `sent` succeeded: the run of limit answers is over, unless it began after the request left.
    pub(super) fn succeeded(&self, sent: Instant) {
        let mut state = self.state();
        if state.since.is_some_and(|since| sent >= since) {
            *state = State { until: state.until, ..State::default() };
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(cooldown: &Cooldown) -> u64 {
        cooldown.left().map_or(0, |left| left.as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn cooldowns_double_up_to_a_minute_and_start_over_after_a_success() {
        let cooldown = Cooldown::default();
        let mut lengths = Vec::new();
        for _ in 0..8 {
            cooldown.limited(Instant::now(), None);
            lengths.push(left(&cooldown));
            tokio::time::sleep(Duration::from_secs(lengths.last().copied().unwrap())).await;
            assert_eq!(cooldown.left(), None);
        }
        assert_eq!(lengths, [1, 2, 4, 8, 16, 32, 60, 60]);
        cooldown.succeeded(Instant::now());
        cooldown.limited(Instant::now(), None);
        assert_eq!(left(&cooldown), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn several_limit_answers_to_one_burst_are_one_limit() {
        let (cooldown, sent) = (Cooldown::default(), Instant::now());
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..8 {
            cooldown.limited(sent, None);
        }
        assert_eq!(cooldown.left(), Some(Duration::from_secs(1)));
        cooldown.succeeded(sent);
        tokio::time::sleep(Duration::from_secs(1)).await;
        cooldown.limited(Instant::now(), None);
        assert_eq!(left(&cooldown), 2, "a success from before the limit does not end it");
    }

    #[tokio::test(start_paused = true)]
    async fn the_vendors_word_counts_up_to_a_minute_and_never_shortens_a_pause() {
        let cooldown = Cooldown::default();
        cooldown.limited(Instant::now(), Some(Duration::from_secs(20)));
        cooldown.limited(Instant::now(), Some(Duration::from_secs(5)));
        assert_eq!(left(&cooldown), 20);
        cooldown.limited(Instant::now(), Some(Duration::from_secs(86_400)));
        assert_eq!(left(&cooldown), 60);
    }
}
