//! How many retries a vendor may be asked for.

use std::sync::{Mutex, PoisonError};

/// Retries that are always there to begin with.
pub(super) const RESERVE: u32 = 10;
/// Requests that earn one retry.
const PER_RETRY: u32 = 10;

/// A token bucket in tenths of a retry: retries never exceed a tenth of the requests plus the reserve, and a long quiet
/// time saves up no more than the reserve. So a vendor in trouble gets a tenth more traffic, not three times as much.
#[derive(Debug)]
pub(super) struct Budget(Mutex<u32>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Mutex::new(RESERVE * PER_RETRY))
    }

    /// A request was made (not a retry).
    pub(super) fn earn(&self) {
        let mut tenths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tenths = (*tenths + 1).min(RESERVE * PER_RETRY);
    }

    /// Takes one retry if there is one.
    pub(super) fn spend(&self) -> bool {
        let mut tenths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = tenths.checked_sub(PER_RETRY);
        if let Some(left) = left {
            *tenths = left;
        }
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_reserve_then_a_tenth_of_the_requests() {
        let budget = Budget::new();
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend() && !budget.spend());
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10, "a quiet time saves up only the reserve");
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
