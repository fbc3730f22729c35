//! The calendar years of a series beside its benchmark.

use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use factor_types::Ticker;
use schemars::JsonSchema;
use serde::Serialize;

use super::windows::{ReturnWindow, ended, spans};
use crate::{Panel, stats};

/// A year of a series.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CalendarYear {
    /// Which one.
    pub year: i32,
    /// Label of the price that its first return starts from.
    pub from: NaiveDate,
    /// Label of its last row.
    pub to: NaiveDate,
    /// Its rows.
    pub periods: usize,
    /// True where they are not all of the year: the series begins or ends within it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// prod(1 + r) - 1 over its rows; null where one of them has no return.
    pub total_return: Option<f64>,
    /// The same of the benchmark over the same rows.
    pub benchmark_return: Option<f64>,
    /// total_return less benchmark_return.
    pub difference: Option<f64>,
}

/// A row for each calendar year from the first to the last return of a series with one value per row of a panel, `NaN` where
/// missing; empty where it has none. A week belongs to the year of its last trading day.
pub fn calendar_years(panel: &Panel, values: &[f64], benchmark: Option<&[f64]>) -> Vec<CalendarYear> {
    let present = |row: &usize| values.get(*row).is_some_and(|r| r.is_finite());
    let (first, last) = ((0..panel.rows()).find(present), (0..panel.rows()).rfind(present));
    let (Some(mut start), Some(last)) = (first, last) else { return Vec::new() };
    let year_of = |row: usize| ended(panel, panel.labels()[row]).year();
    let mut years = Vec::new();
    while start <= last {
        let year = year_of(start);
        let rows = start..(start..=last).find(|row| year_of(*row) != year).unwrap_or(last + 1);
        start = rows.end;
        let total_return = compound(values, &rows);
        let benchmark_return = benchmark.and_then(|benchmark| compound(benchmark, &rows));
        years.push(CalendarYear {
            year,
            from: panel.label_before(rows.start),
            to: panel.label_before(rows.end),
            periods: rows.len(),
            partial: whole_year(panel, year) != Some(rows),
            total_return,
            benchmark_return,
            difference: total_return.zip(benchmark_return).map(|(own, other)| own - other),
        });
    }
    years
}

fn compound(values: &[f64], rows: &Range<usize>) -> Option<f64> {
    let own = values.get(rows.clone())?;
    own.iter().all(|r| r.is_finite()).then(|| stats::compound(own))
}

/// The rows of a year, where the panel has all of it.
fn whole_year(panel: &Panel, year: i32) -> Option<Range<usize>> {
    let window = ReturnWindow::named(&year.to_string()).ok()?;
    let found = spans(panel, &window, &Ticker::spy());
    found.values().next().filter(|span| span.reason.is_none())?.rows()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::{month_end, near, panel};

    const NAN: f64 = f64::NAN;

    #[test]
    fn years_are_whole_or_have_their_dates() {
        // The first row is January 2010: twelve months, twelve months, and two of 2012. The series begins in March 2010.
        let benchmark = [0.01; 26];
        let panel = panel(&[("B", &benchmark)]);
        let mut own = [0.02; 26];
        own[..2].fill(NAN);
        let years = calendar_years(&panel, &own, Some(panel.column(0)));
        let shape: Vec<_> = years.iter().map(|one| (one.year, one.periods, one.partial, one.from, one.to)).collect();
        let expected = [
            (2010, 10, true, month_end(2), month_end(12)),
            (2011, 12, false, month_end(12), month_end(24)),
            (2012, 2, true, month_end(24), month_end(26)),
        ];
        assert_eq!(shape, expected);
        near(years[0].total_return.unwrap(), 1.02_f64.powi(10) - 1.0);
        near(years[0].benchmark_return.unwrap(), 1.01_f64.powi(10) - 1.0);
        near(years[1].difference.unwrap(), 1.02_f64.powi(12) - 1.01_f64.powi(12));
        // A hole in a year leaves it without a return, and no shorter year stands in for it.
        own[15] = NAN;
        let years = calendar_years(&panel, &own, None);
        assert_eq!((years[1].total_return, years[1].benchmark_return, years[1].periods), (None, None, 12));
        assert!(years[2].total_return.is_some());
        assert!(calendar_years(&panel, &[NAN; 26], None).is_empty());
    }
}
