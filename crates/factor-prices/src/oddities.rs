//! What is odd about the rows that a source sent, apart from their prices.

use chrono::NaiveDate;
use factor_types::PriceSeries;
use serde::{Deserialize, Serialize};

/// The most days of one sort that are kept.
const MOST: usize = 100;

/// What is odd about a source's rows. It changes nothing in the series, and what the series is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddities {
    /// The days that came twice with different prices, in order, the first hundred; the later row is used.
    pub conflicting: Vec<NaiveDate>,
    /// The first of the newest days on which the price stood still and nothing was traded, if there are any.
    pub frozen_since: Option<NaiveDate>,
}

impl Oddities {
    pub(crate) fn new(mut conflicting: Vec<NaiveDate>, frozen_since: Option<NaiveDate>) -> Self {
        conflicting.truncate(MOST);
        Self { conflicting, frozen_since }
    }

    /// Those of a history to which a tail was joined: what was odd before stays so, but a price that moves again has not
    /// stood still.
    pub(crate) fn joined(&self, tail: &Self, new_rows: &PriceSeries) -> Self {
        let mut conflicting: Vec<NaiveDate> = self.conflicting.iter().chain(&tail.conflicting).copied().collect();
        conflicting.sort_unstable();
        conflicting.dedup();
        // One that stands still from the tail's first row on did so before as well.
        let from_the_first = tail.frozen_since.is_some() && tail.frozen_since == new_rows.dates().first().copied();
        let frozen_since = self.frozen_since.filter(|_| from_the_first).or(tail.frozen_since);
        Self::new(conflicting, frozen_since)
    }
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
    }

    fn frozen(since: Option<u32>) -> Oddities {
        Oddities { frozen_since: since.map(day), ..Oddities::default() }
    }

    #[test]
    fn a_price_that_moves_again_is_not_frozen_and_one_that_does_not_is_so_since_it_began() {
        let tail = [10, 11, 12, 13, 16, 17].map(|at| (day(at), 5.0));
        let tail = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, tail);
        let joined = |before, after| frozen(before).joined(&frozen(after), &tail);
        assert_eq!(joined(Some(3), Some(10)), frozen(Some(3)), "all of the tail");
        assert_eq!(joined(Some(3), Some(11)), frozen(Some(11)), "it moved in between");
        assert_eq!(joined(Some(3), None), frozen(None));
        assert_eq!(joined(None, Some(10)), frozen(Some(10)));
    }

    #[test]
    fn days_with_two_prices_are_each_named_once() {
        let tail = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, []);
        let conflicting = |days: &[u32]| Oddities::new(days.iter().map(|at| day(*at)).collect(), None);
        assert_eq!(conflicting(&[3, 5]).joined(&conflicting(&[5, 9]), &tail), conflicting(&[3, 5, 9]));
        assert_eq!(Oddities::new(vec![day(3); 200], None).conflicting.len(), MOST);
    }
}
