//! At most so many requests in any minute.

use std::{collections::VecDeque, time::Duration};

use tokio::{sync::Mutex, time::Instant};

/// The vendor's minute, with a margin: a request sent over a new connection arrives later than it was sent, so that
/// exactly a minute here could be less than a minute there.
pub(super) const WINDOW: Duration = Duration::from_millis(60_250);

/// An exact sliding window: a full burst is allowed, then one more whenever the oldest leaves the window.
///
/// Callers wait in order. One that is cancelled while it waits takes no place.
#[derive(Debug)]
pub(super) struct Limiter {
    most: usize,
    sent: Mutex<VecDeque<Instant>>,
}

impl Limiter {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { most: usize::try_from(per_minute).unwrap_or(usize::MAX).max(1), sent: Mutex::default() }
    }

    /// Returns when one more request may leave, and counts it.
    pub(super) async fn acquire(&self) {
        // The lock is held while waiting: it is the queue. Dropping the caller's future frees it.
        let mut sent = self.sent.lock().await;
        loop {
            let now = Instant::now();
            while sent.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
                sent.pop_front();
            }
            match sent.front() {
                Some(first) if sent.len() >= self.most => tokio::time::sleep_until(*first + WINDOW).await,
                _ => break sent.push_back(now),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::future::join_all;
    use proptest::prelude::*;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_burst_leaves_at_once_and_the_next_waits_for_the_window() {
        let (limiter, start) = (Limiter::new(3), Instant::now());
        let mut left = Vec::new();
        for _ in 0..7 {
            limiter.acquire().await;
            left.push(start.elapsed().as_millis());
        }
        assert_eq!(left, [0, 0, 0, 60_250, 60_250, 60_250, 120_500]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_caller_takes_no_place() {
        let (limiter, start) = (Arc::new(Limiter::new(1)), Instant::now());
        limiter.acquire().await;
        for _ in 0..5 {
            let gone = tokio::time::timeout(Duration::from_secs(1), limiter.acquire()).await;
            assert!(gone.is_err());
        }
        limiter.acquire().await;
        assert_eq!(start.elapsed().as_millis(), 60_250);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_minute_ever_holds_more_than_the_limit(
            most in 1u32..6,
            waits in prop::collection::vec(0u64..30_000, 1..40),
        ) {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().unwrap();
            let left = runtime.block_on(async {
                let (limiter, start) = (Limiter::new(most), Instant::now());
                join_all(waits.iter().scan(0, |at, wait| { *at += wait; Some(*at) }).map(|at| {
                    let limiter = &limiter;
                    async move {
                        tokio::time::sleep(Duration::from_millis(at)).await;
                        limiter.acquire().await;
                        start.elapsed().as_millis()
                    }
                })).await
            });
            let mut left = left;
            left.sort_unstable();
            let most = usize::try_from(most).unwrap();
            prop_assert!(left.windows(most + 1).all(|some| some[most] - some[0] >= 60_000), "{left:?}");
        }
    }
}
