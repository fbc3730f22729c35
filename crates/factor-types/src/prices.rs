//! Price histories.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DateRange, Ticker};

/// What a price includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// Adjusted for splits and dividends: its returns are total returns.
    Adjusted,
    /// The raw close: its returns leave dividends out.
    Close,
}

/// One ticker's prices: strictly rising dates, each price finite and above zero.
///
/// [`PriceSeries::new`] makes that so from whatever a source sent: it sorts, keeps the last of several rows for one
/// date, drops prices that are not finite or not positive, and counts what it dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceSeries {
    ticker: Ticker,
    kind: PriceKind,
    dates: Vec<NaiveDate>,
    prices: Vec<f64>,
    bad_prices: usize,
    duplicate_dates: usize,
}

impl PriceSeries {
    /// A series from a source's rows, in any order.
    pub fn new(ticker: Ticker, kind: PriceKind, rows: impl IntoIterator<Item = (NaiveDate, f64)>) -> Self {
        let mut bad_prices = 0;
        let mut good: Vec<(NaiveDate, f64)> = rows
            .into_iter()
            .filter(|(_, price)| {
                let usable = price.is_finite() && *price > 0.0;
                bad_prices += usize::from(!usable);
                usable
            })
            .collect();
        // A stable sort keeps the source's order within one date, so "the last row wins" is well defined.
        if !good.is_sorted_by(|a, b| a.0 < b.0) {
            good.sort_by_key(|(date, _)| *date);
        }
        let before = good.len();
        let mut dates = Vec::with_capacity(before);
        let mut prices: Vec<f64> = Vec::with_capacity(before);
        for (date, price) in good {
            if dates.last() == Some(&date)
                && let Some(last) = prices.last_mut()
            {
                *last = price;
                continue;
            }
            dates.push(date);
            prices.push(price);
        }
        let duplicate_dates = before - dates.len();
        Self { ticker, kind, dates, prices, bad_prices, duplicate_dates }
    }

    /// Whose prices these are.
    pub fn ticker(&self) -> &Ticker {
        &self.ticker
    }

    /// What the prices include.
    pub fn kind(&self) -> PriceKind {
        self.kind
    }

    /// The dates, strictly rising.
    pub fn dates(&self) -> &[NaiveDate] {
        &self.dates
    }

    /// The prices, one per date, each finite and above zero.
    pub fn prices(&self) -> &[f64] {
        &self.prices
    }

    /// Rows dropped because the price was not finite or not positive.
    pub fn bad_prices(&self) -> usize {
        self.bad_prices
    }

    /// Rows dropped because a later row gave the same date again.
    pub fn duplicate_dates(&self) -> usize {
        self.duplicate_dates
    }

    /// Rows kept.
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// True when no row was usable.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// The index range of the rows within `range`.
    pub fn rows_within(&self, range: DateRange) -> std::ops::Range<usize> {
        let start = self.dates.partition_point(|date| *date < range.start());
        let end = self.dates.partition_point(|date| *date <= range.end());
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::default() + chrono::Days::new(n)
    }

    fn series(rows: &[(u64, f64)]) -> PriceSeries {
        PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows.iter().map(|(n, p)| (day(*n), *p)))
    }

    #[test]
    fn disorder_duplicates_and_bad_prices_are_put_right_and_counted() {
        let series = series(&[(3, 3.0), (1, 1.0), (2, -1.0), (3, 3.5), (4, f64::NAN), (5, 0.0), (6, f64::INFINITY)]);
        assert_eq!(series.dates(), [day(1), day(3)]);
        assert_eq!(series.prices(), [1.0, 3.5]);
        assert_eq!((series.bad_prices(), series.duplicate_dates()), (4, 1));
    }

    #[test]
    fn rows_within_a_range() {
        let series = series(&[(1, 1.0), (3, 1.0), (5, 1.0)]);
        let rows = |from, to| series.rows_within(DateRange::new(day(from), day(to)).unwrap());
        assert_eq!(rows(1, 5), 0..3);
        assert_eq!(rows(2, 4), 1..2);
        assert_eq!(rows(6, 9), 3..3);
        assert_eq!(rows(4, 4), 2..2);
    }

    proptest! {
        #[test]
        fn any_rows_make_a_sound_series(rows in prop::collection::vec((0u64..40, prop::num::f64::ANY), 0..60)) {
            let series = series(&rows);
            prop_assert!(series.dates().is_sorted_by(|a, b| a < b));
            prop_assert!(series.prices().iter().all(|p| p.is_finite() && *p > 0.0));
            prop_assert_eq!(series.len() + series.bad_prices() + series.duplicate_dates(), rows.len());
        }
    }
}
