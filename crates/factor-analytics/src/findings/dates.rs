//! Rows that a date makes doubtful.

use chrono::NaiveDate;
use factor_types::{PriceKind, PriceSeries, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

/// A cash fund that falls by more in a day went ex dividend: 10 basis points.
pub const EX_DATE_FALL: f64 = 0.001;

/// Days between two trading days at most.
const LONGEST_WEEKEND: i64 = 5;

/// Returns by which a fund is known to be one of cash, a year of them, and the share of them that may fall as far.
const LOOKED_AT: usize = 252;
const ONE_FALL_IN: usize = 50;

/// The newest price of a cash fund, not yet adjusted for the dividend of its day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExDate {
    /// The fund.
    pub ticker: Ticker,
    /// The day.
    pub date: NaiveDate,
    /// Its return on that day, as a decimal.
    #[serde(rename = "return")]
    pub value: f64,
}

/// Rows dated after today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LaterDates {
    /// Whose.
    pub ticker: Ticker,
    /// How many.
    pub rows: usize,
    /// The last of them.
    pub last: NaiveDate,
}

/// The fall of a cash fund on the newest row of adjusted prices up to `until`: its price is without the dividend of that
/// day, and those before are not adjusted for it yet. Of a source with later rows all before are adjusted; and a fund that
/// falls as far more often than one day in fifty holds more than cash.
pub fn falls_on_its_newest_day(series: &PriceSeries, until: NaiveDate) -> Option<ExDate> {
    let [since, date] = series.dates().last_chunk::<2>()?;
    // Of bars that are not daily a fall is one of weeks.
    let daily = (*date - *since).num_days() <= LONGEST_WEEKEND;
    if series.kind() != PriceKind::Adjusted || *date > until || !daily {
        return None;
    }
    let recent = &series.prices()[series.len().saturating_sub(LOOKED_AT + 1)..];
    let mut returns: Vec<f64> = recent.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    let value = returns.pop().filter(|newest| *newest < -EX_DATE_FALL)?;
    let falls = returns.iter().filter(|before| **before < -EX_DATE_FALL).count();
    (falls * ONE_FALL_IN <= returns.len()).then(|| ExDate { ticker: series.ticker().clone(), date: *date, value })
}

/// The rows of a series after a day.
pub fn later_than(series: &PriceSeries, today: NaiveDate) -> Option<LaterDates> {
    let last = *series.dates().last().filter(|last| **last > today)?;
    let rows = series.len() - series.dates().partition_point(|date| *date <= today);
    Some(LaterDates { ticker: series.ticker().clone(), rows, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn bil(kind: PriceKind, newest: f64) -> PriceSeries {
        let rows = [(day("2026-07-30"), 91.70), (day("2026-07-31"), 91.71), (day("2026-08-03"), newest)];
        PriceSeries::new("BIL".parse().unwrap(), kind, rows)
    }

    #[test]
    fn a_cash_fund_falls_on_its_ex_date_alone() {
        // BIL fell by 27 basis points on 2026-08-03: 91.71 x 0.9973.
        let found = falls_on_its_newest_day(&bil(PriceKind::Adjusted, 91.462_383), day("2026-08-03")).unwrap();
        assert_eq!(found.date, day("2026-08-03"));
        assert!((found.value + 0.0027).abs() < 1e-9, "{found:?}");
        let found = |series: &PriceSeries, until: &str| falls_on_its_newest_day(series, day(until));
        assert_eq!(found(&bil(PriceKind::Adjusted, 91.462_383), "2026-07-31"), None, "not final yet");
        assert_eq!(found(&bil(PriceKind::Adjusted, 91.63), "2026-08-03"), None, "9 basis points");
        assert_eq!(found(&bil(PriceKind::Close, 91.4), "2026-08-03"), None, "closes fall on every ex-date");
    }

    #[test]
    fn a_fund_that_often_falls_holds_more_than_cash() {
        let rows = day("2026-01-01").iter_days().take(100).enumerate();
        let fund = |falls: usize| {
            let mut price = 100.0;
            let rows = rows.clone().map(|(at, date)| {
                price *= if at > 99 - falls || at == 99 { 0.998 } else { 1.000_1 };
                (date, price)
            });
            PriceSeries::new("SHY".parse().unwrap(), PriceKind::Adjusted, rows.collect::<Vec<_>>())
        };
        assert!(falls_on_its_newest_day(&fund(2), day("2026-12-31")).is_some(), "one of 98 before");
        assert_eq!(falls_on_its_newest_day(&fund(4), day("2026-12-31")), None, "three of 98");
    }

    #[test]
    fn rows_after_today_are_counted() {
        let series = bil(PriceKind::Close, 91.4);
        let later = later_than(&series, day("2026-07-30")).unwrap();
        assert_eq!((later.rows, later.last), (2, day("2026-08-03")));
        assert_eq!(later_than(&series, day("2026-08-03")), None);
    }
}
