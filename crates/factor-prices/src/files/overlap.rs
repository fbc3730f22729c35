//! What two histories of one ticker, from two files, have in common.

use chrono::NaiveDate;
use factor_types::{Conflicting, PriceSeries};

/// Prices of one date that differ by less are one price: written to the cent, or to a ten-thousandth of itself.
const CENT: f64 = 0.0051;
const SHARE: f64 = 1e-4;

/// Days between two histories of which one continues the other: a long weekend with holidays on both of its sides.
const LONGEST_GAP: i64 = 10;

/// The dates that two histories share.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    /// How many.
    pub(super) common: usize,
    /// Those with different prices.
    pub(super) differing: usize,
    /// The first of these, and its prices.
    pub(super) first: Option<(NaiveDate, f64, f64)>,
}

impl Overlap {
    /// The dates of `one` that `other` has too. Both rise, so one walk finds them.
    pub(super) fn of(one: &PriceSeries, other: &PriceSeries) -> Self {
        let mut overlap = Self::default();
        let mut others = other.dates().iter().zip(other.prices()).peekable();
        for (date, price) in one.dates().iter().zip(one.prices()) {
            while others.next_if(|(before, _)| *before < date).is_some() {}
            let Some((_, second)) = others.next_if(|(same, _)| *same == date) else { continue };
            overlap.common += 1;
            let apart = (price - second).abs();
            if apart > CENT && apart > SHARE * price.max(*second) {
                overlap.differing += 1;
                overlap.first.get_or_insert((*date, *price, *second));
            }
        }
        overlap
    }

    /// What of it the series that is used has to say.
    pub(super) fn conflicting(&self) -> Option<Conflicting> {
        self.first.map(|(first, ..)| Conflicting { first, days: self.differing })
    }
}

/// Both in one, where one of two that agree goes on before or after the other. `preferred` has the prices of common dates.
pub(super) fn joined(preferred: &PriceSeries, other: &PriceSeries, overlap: &Overlap) -> Option<PriceSeries> {
    let ends = |series: &PriceSeries| Some((*series.dates().first()?, *series.dates().last()?));
    let ((first, last), (other_first, other_last)) = ends(preferred).zip(ends(other))?;
    let goes_on = other_first < first || other_last > last;
    let gap = (first - other_last).max(other_first - last).num_days();
    let meet = if overlap.common > 0 { overlap.differing == 0 } else { (1..=LONGEST_GAP).contains(&gap) };
    let sound = preferred.refused().is_none() && other.refused().is_none() && preferred.kind() == other.kind();
    if !(goes_on && meet && sound) {
        return None;
    }
    let rows = |series: &PriceSeries| -> Vec<(NaiveDate, f64)> {
        series.dates().iter().copied().zip(series.prices().iter().copied()).collect()
    };
    let further = rows(other).into_iter().filter(|(date, _)| preferred.dates().binary_search(date).is_err());
    let all = rows(preferred).into_iter().chain(further);
    let series = PriceSeries::new(preferred.ticker().clone(), preferred.kind(), all);
    let conflicting = preferred.conflicting().or(other.conflicting());
    Some(series.with_conflicting(conflicting).with_bad_prices(preferred.bad_prices() + other.bad_prices()))
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    fn series(rows: &[(u64, f64)]) -> PriceSeries {
        let day = |n: u64| NaiveDate::default() + chrono::Days::new(n);
        PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows.iter().map(|(n, price)| (day(*n), *price)))
    }

    #[test]
    fn cents_are_no_difference_and_a_percent_is() {
        let one = series(&[(1, 24.0114), (2, 24.5), (4, 25.0), (9, 1.0)]);
        let other = series(&[(1, 24.01), (3, 7.0), (4, 25.25), (9, 1.0)]);
        let overlap = Overlap::of(&one, &other);
        assert_eq!((overlap.common, overlap.differing), (3, 1));
        assert_eq!(overlap.first.map(|(_, one, other)| (one, other)), Some((25.0, 25.25)));
    }

    #[test]
    fn one_goes_on_where_the_other_ends() {
        let prices = |one: &[(u64, f64)], other: &[(u64, f64)]| {
            let (one, other) = (series(one), series(other));
            joined(&one, &other, &Overlap::of(&one, &other)).map(|both| both.prices().to_vec())
        };
        let old = [(1, 1.0), (2, 2.0), (3, 3.0)];
        assert_eq!(prices(&old, &[(3, 3.001), (4, 4.0)]), Some(vec![1.0, 2.0, 3.0, 4.0]));
        assert_eq!(prices(&[(3, 3.001), (4, 4.0)], &old), Some(vec![1.0, 2.0, 3.001, 4.0]));
        assert_eq!(prices(&old, &[(6, 4.0), (7, 5.0)]), Some(vec![1.0, 2.0, 3.0, 4.0, 5.0]), "a weekend between");
        assert_eq!(prices(&old, &[(3, 3.1), (4, 4.0)]), None, "they differ");
        assert_eq!(prices(&old, &[(2, 2.0)]), None, "one holds the other");
        assert_eq!(prices(&old, &[(20, 4.0)]), None, "months apart");
    }
}
