//! Drawdowns: the deepest fall of prices or wealth below their running maximum, when it was, and how long it took.

use chrono::{Datelike, Months, NaiveDate};
use schemars::JsonSchema;
use serde::Serialize;

use crate::stats::{self, NOISE};

/// The deepest fall of a series of values below its running maximum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Drawdown {
    /// Lowest value / running maximum - 1: zero or negative.
    pub depth: f64,
    /// When the maximum before it was reached; `None` when there was no fall.
    pub peak: Option<NaiveDate>,
    /// When it was deepest.
    pub trough: Option<NaiveDate>,
    /// When the maximum was regained; `None` while it is not.
    pub recovery: Option<NaiveDate>,
}

/// When the deepest drawdown on period ends was, and how long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DrawdownTimes {
    /// Label of the maximum before the deepest drawdown; null without one.
    pub drawdown_peak: Option<NaiveDate>,
    /// Label of its lowest point.
    pub drawdown_trough: Option<NaiveDate>,
    /// Label at which the maximum was regained; null while it is not.
    pub drawdown_recovery: Option<NaiveDate>,
    /// Whole months from the maximum to the lowest point.
    pub drawdown_months_to_trough: Option<u32>,
    /// Whole months from the lowest point until the maximum was regained; null while it is not.
    pub drawdown_months_to_recovery: Option<u32>,
}

/// When the deepest drawdown on daily prices was, and how long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DailyDrawdownTimes {
    /// Day of the maximum before the deepest drawdown on daily prices; null without one, or without daily prices.
    pub drawdown_daily_peak: Option<NaiveDate>,
    /// Day of its lowest point.
    pub drawdown_daily_trough: Option<NaiveDate>,
    /// Day on which the maximum was regained; null while it is not.
    pub drawdown_daily_recovery: Option<NaiveDate>,
    /// Whole months from the maximum to the lowest point.
    pub drawdown_daily_months_to_trough: Option<u32>,
    /// Whole months from the lowest point until the maximum was regained; null while it is not.
    pub drawdown_daily_months_to_recovery: Option<u32>,
}

impl Drawdown {
    /// Of values above zero and their dates, in order. Of several falls of the same depth the first counts. A fall of the
    /// size of rounding noise ([`stats::is_residue`] of a ratio of prices) is none.
    pub fn of(values: impl IntoIterator<Item = (NaiveDate, f64)>) -> Self {
        let (mut highest, mut highest_at, mut to_regain) = (0.0, None, 0.0);
        let mut deepest = Self::default();
        for (date, value) in values {
            if value > highest {
                (highest, highest_at) = (value, Some(date));
            }
            // Wealth is a product: regained but for its last bits is regained.
            if deepest.trough.is_some() && deepest.recovery.is_none() && value >= to_regain * (1.0 - NOISE) {
                deepest.recovery = Some(date);
            }
            let depth = value / highest - 1.0;
            if depth < deepest.depth && !stats::is_residue(depth, 1.0) {
                deepest = Self { depth, peak: highest_at, trough: Some(date), recovery: None };
                to_regain = highest;
            }
        }
        deepest
    }

    /// Of the wealth that returns make, one per label and `NaN` where missing: 1 before the first return, at the label
    /// before it or at `base`.
    pub fn of_returns(returns: &[f64], labels: &[NaiveDate], base: NaiveDate) -> Self {
        let rows = || returns.iter().zip(labels).enumerate().filter(|(_, (r, _))| r.is_finite());
        let start = rows().next().map(|(row, _)| row.checked_sub(1).map_or(base, |before| labels[before]));
        let mut wealth = 1.0;
        let earned = rows().map(|(_, (r, label))| {
            wealth *= 1.0 + r;
            (*label, wealth)
        });
        Self::of(start.map(|start| (start, 1.0)).into_iter().chain(earned))
    }

    fn months(&self) -> (Option<u32>, Option<u32>) {
        let between = |from: Option<NaiveDate>, to: Option<NaiveDate>| Some(months_between(from?, to?));
        (between(self.peak, self.trough), between(self.trough, self.recovery))
    }
}

impl From<Drawdown> for DrawdownTimes {
    fn from(drawdown: Drawdown) -> Self {
        let (drawdown_months_to_trough, drawdown_months_to_recovery) = drawdown.months();
        Self {
            drawdown_peak: drawdown.peak,
            drawdown_trough: drawdown.trough,
            drawdown_recovery: drawdown.recovery,
            drawdown_months_to_trough,
            drawdown_months_to_recovery,
        }
    }
}

impl From<Drawdown> for DailyDrawdownTimes {
    fn from(drawdown: Drawdown) -> Self {
        let (drawdown_daily_months_to_trough, drawdown_daily_months_to_recovery) = drawdown.months();
        Self {
            drawdown_daily_peak: drawdown.peak,
            drawdown_daily_trough: drawdown.trough,
            drawdown_daily_recovery: drawdown.recovery,
            drawdown_daily_months_to_trough,
            drawdown_daily_months_to_recovery,
        }
    }
}

/// Whole months between two dates, month ends clamped: from 31 January to 28 February is one.
fn months_between(from: NaiveDate, to: NaiveDate) -> u32 {
    let number = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let months = u32::try_from(number(to) - number(from)).unwrap_or(0);
    let whole = from.checked_add_months(Months::new(months)).is_some_and(|reached| reached <= to);
    if whole { months } else { months.saturating_sub(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::{month_end, near};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_whole_and_month_ends_are_clamped() {
        let months = |from, to| months_between(date(from), date(to));
        assert_eq!(months("2022-01-31", "2022-02-28"), 1);
        assert_eq!(months("2022-02-28", "2022-03-31"), 1);
        assert_eq!(months("2021-12-31", "2024-01-31"), 25);
        // SPY in 2020, on daily closes: from 19 February to 23 March, and back at its height on 10 August.
        assert_eq!((months("2020-02-19", "2020-03-23"), months("2020-03-23", "2020-08-10")), (1, 4));
        assert_eq!((months("2020-03-15", "2020-04-14"), months("2020-03-15", "2020-03-15")), (0, 0));
    }

    #[test]
    fn a_fall_has_its_dates_and_its_length() {
        // Wealth 1.1, 0.99, 0.891, 1.1138 (regained), 1.0024: the deepest fall is from 1.1 to 0.891.
        let labels: Vec<NaiveDate> = (1..=5).map(month_end).collect();
        let found = Drawdown::of_returns(&[0.1, -0.1, -0.1, 0.25, -0.1], &labels, month_end(0));
        near(found.depth, -0.19);
        let times = DrawdownTimes::from(found);
        assert_eq!((times.drawdown_peak, times.drawdown_trough), (Some(month_end(1)), Some(month_end(3))));
        assert_eq!(times.drawdown_recovery, Some(month_end(4)));
        assert_eq!((times.drawdown_months_to_trough, times.drawdown_months_to_recovery), (Some(2), Some(1)));
        // A maximum before the first return lies at the base, or at the label before it.
        let falling = Drawdown::of_returns(&[-0.1, 0.05, 0.01], &labels, month_end(0));
        assert_eq!((falling.peak, falling.recovery), (Some(month_end(0)), None));
        assert_eq!(DailyDrawdownTimes::from(falling).drawdown_daily_months_to_recovery, None);
        let late = Drawdown::of_returns(&[f64::NAN, f64::NAN, -0.1], &labels, month_end(0));
        assert_eq!(late.peak, Some(month_end(2)));
    }

    #[test]
    fn noise_is_no_fall_and_hinders_no_recovery() {
        let steady = (0..4).map(|at| (month_end(at), [100.0, 99.999_999_999_999_9, 100.0, 100.0][at]));
        assert_eq!(Drawdown::of(steady), Drawdown::default());
        // 7% lost and 7/93 gained is 1 but for the last bits, which are missing.
        let (labels, returns) = ([month_end(1), month_end(2)], [-0.07, 0.07 / 0.93]);
        let wealth = returns.iter().fold(1.0, |wealth, r| wealth * (1.0 + r));
        assert!(wealth < 1.0 && wealth > 1.0 - 1e-15);
        let found = Drawdown::of_returns(&returns, &labels, month_end(0));
        assert_eq!(found.recovery, Some(month_end(2)));
        assert_eq!(Drawdown::of(std::iter::empty()), Drawdown::default());
    }
}
