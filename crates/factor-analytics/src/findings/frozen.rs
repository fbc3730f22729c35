//! Prices that stand still: a feed that stopped, and was carried on.

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

/// Rows on either side by which is judged how often the fund's price stays as it was.
const AROUND: usize = 250;

/// A share by fewer rows than this says nothing, and a thinly traded fund's is taken.
const FEWEST: usize = 60;
const OF_A_THIN_FUND: f64 = 0.3;

/// No fund's price is taken to stay less often than once in a hundred days.
const LEAST_SHARE: f64 = 0.01;

/// How unlikely a run has to be, as a power of ten.
const UNLIKELY: f64 = -7.5;

/// Stretches of one series; beyond so many it is not looked at further.
const MOST: usize = 20;

/// A stretch of days on which a price did not move, longer than chance makes it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Frozen {
    /// Whose.
    pub ticker: Ticker,
    /// The day of the price that stays.
    pub from: NaiveDate,
    /// The last day on which it stands.
    pub to: NaiveDate,
    /// Rows without a move.
    pub rows: usize,
    /// The price, where there are several the first.
    pub price: f64,
    /// Where it moves at even spans alone: by how many rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<usize>,
}

/// The stretches on which the prices of a daily series stand still.
///
/// With s the share of moves that are zero among the 250 before and the 250 after the stretch (one added to both counts; at
/// least 0.01; 0.3 where these are fewer than 60), a stretch of k such moves is reported where s^k <= 10^-7.5: four rows of a
/// fund that hardly ever stands still, 25 of a bill fund that does so every other day. On 108 funds over 15 years it finds
/// nothing; the nearest is BTAL in March 2015 (13 rows, 30% of whose days had no trade) with 10^-6.8.
pub(super) fn stretches(series: &PriceSeries) -> Vec<Frozen> {
    let (dates, prices) = (series.dates(), series.prices());
    // Zero moves up to a row; the move of row 0 is none.
    let mut zeros = vec![0_usize; prices.len()];
    for row in 1..prices.len() {
        zeros[row] = zeros[row - 1] + usize::from(prices[row] == prices[row - 1]);
    }
    let (mut found, mut row) = (Vec::new(), 1);
    while row < prices.len() && found.len() < MOST {
        let start = row;
        while row < prices.len() && prices[row] == prices[row - 1] {
            row += 1;
        }
        if row > start && is_unlikely(&zeros, start..row) {
            found.push(Frozen {
                ticker: series.ticker().clone(),
                from: dates[start - 1],
                to: dates[row - 1],
                rows: row - start,
                price: prices[start],
                every: None,
            });
        }
        row += 1;
    }
    found
}

fn is_unlikely(zeros: &[usize], run: std::ops::Range<usize>) -> bool {
    // Moves of rows after `from` up to `to`.
    let counted = |from: usize, to: usize| (to - from, zeros[to] - zeros[from]);
    let before = counted((run.start - 1).saturating_sub(AROUND), run.start - 1);
    let after = counted(run.end - 1, (run.end - 1 + AROUND).min(zeros.len() - 1));
    let (moves, still) = (before.0 + after.0, before.1 + after.1);
    let share = match moves < FEWEST {
        true => OF_A_THIN_FUND,
        false => ((still + 1) as f64 / (moves + 1) as f64).max(LEAST_SHARE),
    };
    run.len() as f64 * share.log10() <= UNLIKELY
}

#[cfg(test)]
mod tests {
    use factor_types::{PriceKind, exchange::trading_days};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A fund whose price stays on each row that `still` says, and goes up and down by a cent otherwise.
    fn fund(rows: usize, still: impl Fn(usize) -> bool) -> PriceSeries {
        let (mut price, days) = (100.0, trading_days(day("2020-01-01"), day("2025-12-31")).take(rows));
        let rows = days.enumerate().map(|(row, date)| {
            if !still(row) {
                price += if row % 2 == 0 { 0.01 } else { -0.01 };
            }
            (date, price)
        });
        PriceSeries::new("FUND".parse().unwrap(), PriceKind::Close, rows.collect::<Vec<_>>())
    }

    fn rows(series: &PriceSeries) -> Vec<usize> {
        stretches(series).iter().map(|found| found.rows).collect()
    }

    #[test]
    fn four_rows_of_a_fund_that_moves_every_day_are_too_many() {
        // 0.01^4 is 10^-8, 0.01^3 is 10^-6.
        assert_eq!(rows(&fund(600, |row| (300..304).contains(&row))), [4]);
        assert!(rows(&fund(600, |row| (300..303).contains(&row))).is_empty());
        let found = &stretches(&fund(600, |row| (300..304).contains(&row)))[0];
        let days: Vec<NaiveDate> = trading_days(day("2020-01-01"), day("2025-12-31")).take(304).collect();
        assert_eq!((found.from, found.to), (days[299], days[303]));
        // To the end, as a feed that stopped.
        assert_eq!(rows(&fund(600, |row| row >= 590)), [10]);
    }

    #[test]
    fn a_bill_fund_may_stand_still_for_weeks() {
        // Every other day: 0.5^24 is 10^-7.2, 0.5^25 10^-7.53.
        let bills = |run: usize| fund(900, move |row| row % 2 == 0 || (401..400 + run).contains(&row));
        assert!(rows(&bills(23)).is_empty());
        assert_eq!(rows(&bills(27)).len(), 1);
    }

    #[test]
    fn a_price_that_never_moves_is_found_and_few_rows_are_not_judged_hard() {
        assert_eq!(rows(&fund(300, |row| row > 0)), [299]);
        // 0.3^14 is 10^-7.3, 0.3^15 10^-7.8.
        assert!(rows(&fund(40, |row| (10..24).contains(&row))).is_empty());
        assert_eq!(rows(&fund(40, |row| (10..25).contains(&row))), [15]);
    }

    #[test]
    fn bars_that_are_not_daily_are_not_looked_at() {
        let rows = (0..40).map(|month| (day("2020-01-31") + chrono::Months::new(month), 1.0));
        let series = PriceSeries::new("M".parse().unwrap(), PriceKind::Close, rows);
        assert!(crate::findings::frozen(&[std::sync::Arc::new(series)]).is_empty());
    }
}
