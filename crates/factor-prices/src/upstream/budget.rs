//! How many retries a vendor may be asked for.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Retries that are always there to begin with.
pub(super) const RESERVE: u32 = 10;
/// Requests that earn one retry.
const PER_RETRY: u32 = 10;
/// Time that earns one retry too: after an outage a small server would otherwise have none for hours.
pub(super) const REFILL: Duration = Duration::from_secs(6);

/// A token bucket in tenths of a retry: retries never exceed a tenth of the requests plus one for each [`REFILL`] plus the
/// reserve, and a long quiet time saves up no more than the reserve. So a vendor in trouble gets a tenth more traffic and
/// ten requests a minute, not three times as much.
#[derive(Debug)]
pub(super) struct Budget(Mutex<State>);

#[derive(Debug)]
struct State {
    tenths: u32,
    /// Up to when time has been counted.
    counted: Instant,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { tenths: RESERVE * PER_RETRY, counted: Instant::now() }))
    }

    /// A request was made (not a retry).
    pub(super) fn earn(&self) {
        self.state().add(1);
    }

    /// Takes one retry if there is one.
    pub(super) fn spend(&self) -> bool {
        let mut state = self.state();
        let left = state.tenths.checked_sub(PER_RETRY);
        if let Some(left) = left {
            state.tenths = left;
        }
        left.is_some()
    }

    /// The state as of now, with what the time since has earned.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tenth = REFILL / PER_RETRY;
        let earned = state.counted.elapsed().as_millis() / tenth.as_millis();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX).min(RESERVE * PER_RETRY);
        if earned > 0 {
            state.add(earned);
            state.counted = if earned == RESERVE * PER_RETRY { Instant::now() } else { state.counted + tenth * earned };
        }
        state
    }
}

impl State {
    fn add(&mut self, tenths: u32) {
        self.tenths = (self.tenths + tenths).min(RESERVE * PER_RETRY);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_reserve_then_a_tenth_of_the_requests() {
        let budget = Budget::new();
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend() && !budget.spend());
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10, "a quiet time saves up only the reserve");
    }

    #[tokio::test(start_paused = true)]
    async fn time_earns_retries_up_to_the_reserve() {
        let budget = Budget::new();
        while budget.spend() {}
        tokio::time::sleep(REFILL - Duration::from_millis(1)).await;
        assert!(!budget.spend());
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(budget.spend() && !budget.spend(), "one each six seconds");
        tokio::time::sleep(REFILL * 3).await;
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 3);
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10, "a quiet day saves up only the reserve");
    }

    proptest! {
        #[test]
        fn retries_never_exceed_a_tenth_plus_the_reserve(steps in prop::collection::vec(any::<bool>(), 0..500)) {
            let (budget, mut requests, mut retries) = (Budget::new(), 0u32, 0u32);
            for request in steps {
                if request { budget.earn(); requests += 1 } else { retries += u32::from(budget.spend()) }
                prop_assert!(retries <= RESERVE + requests / 10);
            }
        }
    }
}
