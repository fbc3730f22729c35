//! Rows of vendors' bodies, read tolerantly.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use factor_types::{Maturity, PriceSeries, YieldTable};
use serde_json::Value;

use super::VendorDates;
use crate::{Oddities, upstream::ResponseError};

/// Yields outside are slips of the vendor's, in percent.
const YIELDS: std::ops::RangeInclusive<f64> = -5.0..=40.0;

/// Rows at the end of a series that stand still without a trade, from which on that is said.
const STILL: usize = 5;
/// Relative differences up to this are no other price.
const ROUNDING: f64 = 1e-6;

/// A price from here on is a slip of the vendor's: no share or fund costs a thousandth of it.
const MOST: f64 = 1e9;

/// Prices of one answer.
#[derive(Debug, Clone)]
pub(super) struct PriceRows {
    /// The clock at the time of the answer: asking it for each row would take longer than reading the row.
    today: NaiveDate,
    closed_through: NaiveDate,
    /// Rows in the answer, usable or not.
    pub(super) total: usize,
    /// The usable rows, and one whose price is NaN for each bad one, so that the series counts it.
    pub(super) rows: Vec<(NaiveDate, f64)>,
    /// Days on which nothing was traded.
    idle: HashSet<NaiveDate>,
    bad: usize,
}

/// Yields of several answers.
#[derive(Debug, Default)]
pub(super) struct YieldRows {
    columns: [Vec<(NaiveDate, f64)>; Maturity::ALL.len()],
    total: usize,
    bad: usize,
}

impl PriceRows {
    /// No rows yet.
    pub(super) fn new(dates: &VendorDates) -> Self {
        let (today, closed_through) = (dates.today(), dates.closed_through());
        Self { today, closed_through, total: 0, rows: Vec::new(), idle: HashSet::new(), bad: 0 }
    }

    /// The volume of a day of the answer, where it has one.
    pub(super) fn volume(&mut self, date: Option<NaiveDate>, volume: Option<f64>) {
        if let Some(date) = date.filter(|_| volume == Some(0.0)) {
            self.idle.insert(date);
        }
    }

    /// The rows of an earlier part of the same history.
    pub(super) fn extend(&mut self, earlier: Self) {
        self.total += earlier.total;
        self.bad += earlier.bad;
        self.rows.extend(earlier.rows);
        self.idle.extend(earlier.idle);
    }

    /// What is odd about the series made of these rows.
    pub(super) fn oddities(&self, series: &PriceSeries) -> Oddities {
        Oddities::new(self.conflicts(series), self.frozen_since(series))
    }

    /// Days with two prices.
    fn conflicts(&self, series: &PriceSeries) -> Vec<NaiveDate> {
        if series.duplicate_dates() == 0 {
            return Vec::new();
        }
        let mut seen: BTreeMap<NaiveDate, (f64, bool)> = BTreeMap::new();
        for (date, price) in self.rows.iter().filter(|(_, price)| price.is_finite()) {
            let first = seen.entry(*date).or_insert((*price, false));
            first.1 |= (price - first.0).abs() > ROUNDING * first.0;
        }
        seen.into_iter().filter(|(_, (_, differs))| *differs).map(|(date, _)| date).collect()
    }

    /// The first of the newest days on which the price stands still without a trade.
    fn frozen_since(&self, series: &PriceSeries) -> Option<NaiveDate> {
        let last = *series.prices().last()?;
        let rows = series.dates().iter().zip(series.prices()).rev();
        let mut still =
            rows.take_while(|(date, price)| **price == last && self.idle.contains(date)).map(|(date, _)| *date);
        let newest = still.next()?;
        let (count, since) = still.fold((1, newest), |(count, _), date| (count + 1, date));
        (count >= STILL).then_some(since)
    }

    /// A row of the answer. `price` is `None` for what is no number.
    pub(super) fn push(&mut self, date: Option<NaiveDate>, price: Option<f64>) {
        self.total += 1;
        match (date, price) {
            (Some(date), Some(price)) if date <= self.today && price.is_finite() && price > 0.0 && price < MOST => {
                // The running day's row is a quote, neither usable nor bad.
                if date <= self.closed_through {
                    self.rows.push((date, price));
                }
            }
            _ => {
                self.bad += 1;
                self.rows.push((date.unwrap_or_default(), f64::NAN));
            }
        }
    }

    /// The rows, unless too many are bad.
    pub(super) fn usable(self) -> Result<Self, ResponseError> {
        mostly_usable(self.bad, self.total, "price")?;
        Ok(self)
    }

    /// The oldest usable date.
    pub(super) fn oldest(&self) -> Option<NaiveDate> {
        self.rows.iter().filter(|(_, price)| price.is_finite()).map(|(date, _)| *date).min()
    }
}

impl YieldRows {
    /// A row: a date and its cells. `Ok(None)` is a missing value, `Err(())` one that is no number.
    pub(super) fn push(
        &mut self,
        date: Option<NaiveDate>,
        cells: impl IntoIterator<Item = (Maturity, Result<Option<f64>, ()>)>,
        dates: &VendorDates,
    ) {
        self.total += 1;
        let Some(date) = date.filter(|date| *date <= dates.today()) else {
            self.bad += 1;
            return;
        };
        // One bad cell makes the row bad for the count; its other cells are used all the same.
        let mut sound = true;
        for (maturity, cell) in cells {
            match cell {
                Ok(None) => {}
                Ok(Some(value)) if YIELDS.contains(&value) => {
                    let place = Maturity::ALL.iter().position(|known| *known == maturity);
                    if let Some(column) = place.and_then(|place| self.columns.get_mut(place)) {
                        column.push((date, value));
                    }
                }
                _ => sound = false,
            }
        }
        self.bad += usize::from(!sound);
    }

    /// The rows, unless too many are bad.
    pub(super) fn usable(self) -> Result<Self, ResponseError> {
        mostly_usable(self.bad, self.total, "yield")?;
        Ok(self)
    }

    /// The table of several answers.
    pub(super) fn table(answers: impl IntoIterator<Item = Self>) -> YieldTable {
        let mut columns: [Vec<(NaiveDate, f64)>; Maturity::ALL.len()] = Default::default();
        for answer in answers {
            columns.iter_mut().zip(answer.columns).for_each(|(all, some)| all.extend(some));
        }
        let mut table = YieldTable::default();
        for (maturity, column) in Maturity::ALL.into_iter().zip(columns) {
            table.insert(maturity, column);
        }
        table
    }
}

/// A number, or text that is one; finite.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A date at the start of a text: `2025-02-04`, `2025-02-04T00:00:00.000Z`.
pub(super) fn date(value: &Value) -> Option<NaiveDate> {
    day(value.as_str()?)
}

/// As [`date`], of a text.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim().get(..10)?;
    // The usual form read by hand: a general reader takes most of the time of reading a history.
    plain_day(text).or_else(|| text.parse().ok())
}

fn plain_day(text: &str) -> Option<NaiveDate> {
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0, |number: u32, digit| digit.is_ascii_digit().then(|| 10 * number + u32::from(digit - b'0')))
    };
    let [year @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let year = i32::try_from(number(year)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
}

/// Text that says something.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A CSV cell as a yield.
pub(super) fn cell(text: &str) -> Result<Option<f64>, ()> {
    match text.trim() {
        "" | "." | "N/A" | "NA" | "NaN" | "null" => Ok(None),
        text => text.parse().map(Some).map_err(drop),
    }
}

/// Refuses an answer of which more than a fifth is bad.
pub(super) fn mostly_usable(bad: usize, total: usize, what: &str) -> Result<(), ResponseError> {
    if bad * 5 > total {
        Err(ResponseError::Unusable(format!("{bad} of its {total} rows have no sound date or {what}")))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_stands_at_the_start_of_a_text() {
        let date = NaiveDate::from_ymd_opt(2025, 2, 4);
        assert_eq!([day("2025-02-04"), day(" 2025-02-04T00:00:00.000Z"), day("2025-02-04 16:00:00")], [date; 3]);
        assert_eq!(["2025-02-30", "2025-13-01", "2025-2-4", "20250204", "2025/02/04", ""].map(day), [None; 6]);
    }

    proptest! {
        #[test]
        fn a_date_read_by_hand_is_the_one_the_library_reads(text in "[0-9+-]{4}-[0-9 ]{2}-[0-9 ]{2}") {
            prop_assert_eq!(day(&text), text.trim().get(..10).and_then(|text| text.parse().ok()));
        }
    }
}
