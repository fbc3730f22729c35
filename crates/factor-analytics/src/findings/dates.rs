//! Rows that a date makes doubtful.

use chrono::NaiveDate;
use factor_types::{PriceKind, PriceSeries, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

/// A cash fund that falls by more in a day went ex dividend: 10 basis points.
pub const EX_DATE_FALL: f64 = 0.001;

/// Days between two trading days at most.
const LONGEST_WEEKEND: i64 = 5;

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
/// day, and those before are not adjusted for it yet.
pub fn falls_on_its_newest_day(series: &PriceSeries, until: NaiveDate) -> Option<ExDate> {
    if series.kind() != PriceKind::Adjusted {
        return None;
    }
    let known = series.dates().partition_point(|date| *date <= until);
    let [before, now] = series.prices()[..known].last_chunk::<2>()?;
    let [since, date] = series.dates()[..known].last_chunk::<2>()?;
    let value = now / before - 1.0;
    // Of bars that are not daily a fall is one of weeks.
    let daily = (*date - *since).num_days() <= LONGEST_WEEKEND;
    (daily && value < -EX_DATE_FALL).then(|| ExDate {
        ticker: series.ticker().clone(),
        date: series.dates()[known - 1],
        value,
    })
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
        assert_eq!(found(&bil(PriceKind::Adjusted, 91.462_383), "2026-07-31"), None, "not the newest yet");
        assert_eq!(found(&bil(PriceKind::Adjusted, 91.63), "2026-08-03"), None, "9 basis points");
        assert_eq!(found(&bil(PriceKind::Close, 91.4), "2026-08-03"), None, "closes fall on every ex-date");
    }

    #[test]
    fn rows_after_today_are_counted() {
        let series = bil(PriceKind::Close, 91.4);
        let later = later_than(&series, day("2026-07-30")).unwrap();
        assert_eq!((later.rows, later.last), (2, day("2026-08-03")));
        assert_eq!(later_than(&series, day("2026-08-03")), None);
    }
}
