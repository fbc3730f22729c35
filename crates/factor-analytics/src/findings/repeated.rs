//! Rows of a file that repeat an earlier date's: every series of it has exactly the prices of that other day.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use chrono::NaiveDate;
use factor_types::PriceSeries;
use schemars::JsonSchema;
use serde::Serialize;

use super::daily;

/// Fewest series by which a row is no accident; by so many of the longest is looked for one.
const FEWEST: usize = 4;

/// Rows that are named, and that are compared in full.
const MOST: usize = 50;
const MOST_COMPARED: usize = 1_000;

/// A date on which all series have the prices of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Repeated {
    /// The date.
    pub date: NaiveDate,
    /// The first one with these prices.
    pub of: NaiveDate,
    /// How many series have them.
    pub series: usize,
}

/// The dates, of daily series, that repeat an earlier one: all series with a price on both have the same, four of them or more
/// moved to it, and none says otherwise. Closed days that were filled forward move nothing, and are none.
pub(super) fn rows(series: &[Arc<PriceSeries>]) -> Vec<Repeated> {
    let mut daily: Vec<&PriceSeries> = daily(series).collect();
    daily.sort_by_key(|one| std::cmp::Reverse(one.len()));
    let Some(longest) = daily.get(..FEWEST) else { return Vec::new() };
    let mut known = HashMap::<[u64; FEWEST], NaiveDate>::new();
    let (mut found, mut before, mut compared) = (Vec::new(), None, 0);
    for date in longest[0].dates() {
        let Some(prices) = prices(longest, *date) else { continue };
        if before.replace(prices) == Some(prices) {
            continue;
        }
        match known.entry(prices) {
            Entry::Vacant(free) => {
                free.insert(*date);
            }
            Entry::Occupied(first) => {
                compared += 1;
                found.extend(repeated(&daily, *date, *first.get()));
            }
        }
        if found.len() >= MOST || compared >= MOST_COMPARED {
            break;
        }
    }
    found
}

/// The bits of the prices of a day, where each has one.
fn prices(series: &[&PriceSeries], date: NaiveDate) -> Option<[u64; FEWEST]> {
    let mut bits = [0; FEWEST];
    for (place, one) in bits.iter_mut().zip(series) {
        *place = one.prices()[one.dates().binary_search(&date).ok()?].to_bits();
    }
    Some(bits)
}

fn repeated(daily: &[&PriceSeries], date: NaiveDate, of: NaiveDate) -> Option<Repeated> {
    let (mut same, mut moved) = (0, 0);
    for one in daily {
        let rows = (one.dates().binary_search(&date), one.dates().binary_search(&of));
        let (Ok(row), Ok(first)) = rows else { continue };
        let price = one.prices()[row];
        if price != one.prices()[first] {
            return None;
        }
        same += 1;
        moved += usize::from(row > 0 && one.prices()[row - 1] != price);
    }
    (moved >= FEWEST).then_some(Repeated { date, of, series: same })
}

#[cfg(test)]
mod tests {
    use factor_types::{PriceKind, exchange::trading_days};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Funds that rise by a cent or more a day over 60 days from 2024-01-02 on, of which a day's row is that of another for all
    /// but the last so many.
    fn funds(count: u32, row: impl Fn(usize) -> usize, but: u32) -> Vec<Arc<PriceSeries>> {
        let fund = |at: u32| {
            let rows = trading_days(day("2024-01-02"), day("2024-12-31")).take(60).enumerate().map(|(own, date)| {
                let row = if at + but < count { row(own) } else { own };
                (date, 100.0 + f64::from(at) + f64::from(at + 1) * row as f64 / 100.0)
            });
            Arc::new(PriceSeries::new(format!("F{at}").parse().unwrap(), PriceKind::Close, rows))
        };
        (0..count).map(fund).collect()
    }

    #[test]
    fn a_row_that_is_an_earlier_days_is_found() {
        let pasted = |row: usize| if row == 50 { 12 } else { row };
        let days: Vec<NaiveDate> = trading_days(day("2024-01-02"), day("2024-12-31")).take(60).collect();
        assert_eq!(rows(&funds(5, pasted, 0)), [Repeated { date: days[50], of: days[12], series: 5 }]);
        assert_eq!(rows(&funds(5, |row| row, 0)), []);
        assert_eq!(rows(&funds(3, pasted, 0)), [], "three may do so");
        assert_eq!(rows(&funds(6, pasted, 1)), [], "one says otherwise");
    }

    #[test]
    fn days_that_were_filled_forward_are_none_and_a_repeated_month_is_one_of_many_rows() {
        assert_eq!(rows(&funds(5, |row| row / 3, 0)), []);
        let month = rows(&funds(5, |row| if row >= 40 { row - 30 } else { row }, 0));
        assert_eq!(month.len(), 20);
    }
}
