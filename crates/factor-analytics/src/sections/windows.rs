//! Trailing windows: their names, and the rows of a panel they stand for.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};
use factor_types::{Calendar, Frequency};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Panel, panel::Period};

/// A trailing window, as named in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReturnWindow {
    /// `1d`, `1w`, `2w`: so many trading days.
    Days(u32),
    /// `mtd`: since the last day of the month before.
    MonthToDate,
    /// `ytd`: since the last day of the year before.
    YearToDate,
    /// `1m` to `10y`.
    Months(u32),
}

/// The names of the windows, in order of length.
const NAMES: [(&str, ReturnWindow); 13] = [
    ("1d", ReturnWindow::Days(1)),
    ("1w", ReturnWindow::Days(5)),
    ("2w", ReturnWindow::Days(10)),
    ("mtd", ReturnWindow::MonthToDate),
    ("1m", ReturnWindow::Months(1)),
    ("3m", ReturnWindow::Months(3)),
    ("6m", ReturnWindow::Months(6)),
    ("ytd", ReturnWindow::YearToDate),
    ("1y", ReturnWindow::Months(12)),
    ("2y", ReturnWindow::Months(24)),
    ("3y", ReturnWindow::Months(36)),
    ("5y", ReturnWindow::Months(60)),
    ("10y", ReturnWindow::Months(120)),
];

/// A base row may lie at most this many days before the date a window reaches back to.
const BASE_REACH_DAYS: i64 = 7;

/// From this many months a window is annualised and has a volatility.
const ANNUALISED_FROM_MONTHS: u32 = 3;

impl ReturnWindow {
    /// How far back it can reach, in months, for a window that ends on `end`.
    pub fn months(self) -> u32 {
        match self {
            Self::Days(_) | Self::MonthToDate => 1,
            Self::YearToDate => 12,
            Self::Months(months) => months,
        }
    }

    /// True when a panel of this frequency can answer it: days and `mtd` need weekly or daily rows, `1d` daily ones.
    pub fn fits(self, frequency: Frequency) -> bool {
        match (self, frequency) {
            (Self::Days(_) | Self::MonthToDate, Frequency::Monthly) | (Self::Days(1), Frequency::Weekly) => false,
            (Self::Months(_) | Self::YearToDate, _) | (_, Frequency::Weekly | Frequency::Daily) => true,
        }
    }

    /// The names of the windows that fit a frequency.
    pub fn names(frequency: Frequency) -> Vec<&'static str> {
        NAMES.iter().filter(|(_, window)| window.fits(frequency)).map(|(name, _)| *name).collect()
    }
}

impl FromStr for ReturnWindow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, window)| *window).ok_or_else(|| {
            let known: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
            format!("`{text}` is not a window: write one of {}", known.join(", "))
        })
    }
}

impl fmt::Display for ReturnWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(NAMES.iter().find(|(_, window)| window == self).map_or("", |(name, _)| name))
    }
}

/// The rows of one window in one panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WindowSpan {
    /// Label of the price the window starts from.
    pub start: Option<NaiveDate>,
    /// Label of its last row.
    pub end: Option<NaiveDate>,
    /// Its rows; 0 when the panel cannot answer it.
    pub periods: usize,
    /// Why it cannot be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// True from three months on.
    #[serde(skip)]
    pub(super) annualised: bool,
    /// True under a year.
    #[serde(skip)]
    pub(super) short: bool,
}

/// Resolves windows against a panel's rows, in the order given.
///
/// Monthly: N months are the last N rows; `ytd` those of the year of `end`. Weekly and daily: from the last row on or
/// before the last row less N months (month ends clamped), at most seven days older; `1d 1w 2w` are 1, 5 and 10 rows of
/// days, `1w 2w` 1 and 2 rows of weeks; `mtd` and `ytd` reach back to the last day before the month or year of `end`.
pub fn spans(panel: &Panel, windows: &[ReturnWindow]) -> IndexMap<String, WindowSpan> {
    windows.iter().map(|window| (window.to_string(), span(panel, *window))).collect()
}

fn span(panel: &Panel, window: ReturnWindow) -> WindowSpan {
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    match periods(panel, window, ended(panel, last)) {
        Ok(periods) => WindowSpan {
            start: Some(panel.label_before(panel.rows() - periods)),
            end: Some(last),
            periods,
            reason: None,
            annualised: long_as(panel, window, periods, ended(panel, last), ANNUALISED_FROM_MONTHS),
            short: !long_as(panel, window, periods, ended(panel, last), 12),
        },
        Err(reason) => {
            WindowSpan { start: None, end: None, periods: 0, reason: Some(reason), annualised: false, short: true }
        }
    }
}

/// True when the window is at least `months` long. `ytd` is as long as the part of the year it covers.
fn long_as(panel: &Panel, window: ReturnWindow, periods: usize, last: NaiveDate, months: u32) -> bool {
    match (window, panel.frequency()) {
        (ReturnWindow::Months(length), _) => length >= months,
        (ReturnWindow::YearToDate, Frequency::Monthly) => periods >= months as usize,
        (ReturnWindow::YearToDate, _) => year_before(last).is_some_and(|base| base <= last.months_back(months)),
        (ReturnWindow::Days(_) | ReturnWindow::MonthToDate, _) => false,
    }
}

/// The last trading day of the period labelled `label`: the day of its price. A week's label may lie in the next month.
fn ended(panel: &Panel, label: NaiveDate) -> NaiveDate {
    match (panel.frequency(), Period::of(panel.frequency(), label)) {
        (Frequency::Weekly, Some(week)) => panel.window().calendar.last_day(week),
        // Whole months are counted, and a day is its own.
        _ => label,
    }
}

fn year_before(date: NaiveDate) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year() - 1, 12, 31)
}

fn periods(panel: &Panel, window: ReturnWindow, last: NaiveDate) -> Result<usize, String> {
    let rows = panel.rows();
    let enough = |wanted: usize, unit: &str| {
        if wanted <= rows {
            Ok(wanted)
        } else {
            Err(format!("the prices cover {rows} {unit}, the window needs {wanted}"))
        }
    };
    if !window.fits(panel.frequency()) {
        return Err(format!("{window} cannot be measured from {} returns: ask for frequency daily", panel.frequency()));
    }
    match (panel.frequency(), window) {
        (Frequency::Monthly, ReturnWindow::Months(months)) => enough(months as usize, "whole months"),
        (Frequency::Monthly, ReturnWindow::YearToDate) => {
            let end = panel.window().end;
            // Counted on the calendar, not on the rows there are: prices that begin in March do not make a short year.
            if last.year() == end.year() {
                enough(last.month() as usize, "whole months")
            } else {
                let year = end.year();
                Err(format!("no month of {year} is complete yet: ask for ytd with frequency daily, or for 1m"))
            }
        }
        (Frequency::Weekly, ReturnWindow::Days(days)) => enough(days as usize / 5, "whole weeks"),
        // Of what trades every day a week is seven rows.
        (_, ReturnWindow::Days(days)) if panel.has_every_day() => enough(days as usize + days as usize / 5 * 2, "days"),
        (_, ReturnWindow::Days(days)) => enough(days as usize, "trading days"),
        (_, ReturnWindow::Months(months)) => since(panel, last.months_back(months)),
        (_, ReturnWindow::MonthToDate) => since(panel, panel.window().end.month_end_back(1)),
        (_, ReturnWindow::YearToDate) => {
            let base = year_before(panel.window().end);
            base.map_or_else(|| Err("the calendar ends here".to_owned()), |base| since(panel, base))
        }
    }
}

/// Rows after the last one that ended on or before `target`, which may be at most [`BASE_REACH_DAYS`] older.
fn since(panel: &Panel, target: NaiveDate) -> Result<usize, String> {
    let after = panel.labels().partition_point(|label| ended(panel, *label) <= target);
    // The row whose price the window starts from.
    let base = ended(panel, panel.label_before(after));
    let within = (target - base).num_days();
    let rows = panel.rows() - after;
    match (0..=BASE_REACH_DAYS).contains(&within) {
        _ if rows == 0 => Err(format!("no complete period lies after {target}")),
        true => Ok(rows),
        false => Err(format!("there is no price on or within {BASE_REACH_DAYS} days before {target}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use factor_types::{PriceKind, PriceSeries, exchange::trading_days};

    use super::*;
    use crate::{
        panel::Window,
        test_study::{month_end, panel},
    };

    /// The weekly panel of one fund with a price on each of New York's days, up to `end`.
    fn weeks(start: &str, end: &str) -> Panel {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let days = trading_days(day(start), day(end));
        let rows = days.enumerate().map(|(at, date)| (date, 100.0 + at as f64));
        let series = PriceSeries::new("A".parse().unwrap(), PriceKind::Close, rows.collect::<Vec<_>>());
        Panel::build(Window::whole(Frequency::Weekly, day(start), day(end)), &[Arc::new(series)]).unwrap()
    }

    #[test]
    fn a_week_ends_on_its_last_trading_day_wherever_its_friday_lies() {
        // The last week of 2020 ends on Thursday the 31st; its label is New Year's Day.
        let panel = weeks("2020-11-01", "2021-05-28");
        let year = &spans(&panel, &[ReturnWindow::YearToDate])["ytd"];
        assert_eq!(year.start, "2021-01-01".parse().ok());
        // No week of 2021 is over on 2 January.
        let panel = weeks("2020-11-01", "2021-01-02");
        let found = spans(&panel, &[ReturnWindow::YearToDate, ReturnWindow::MonthToDate]);
        assert!(found.values().all(|span| span.periods == 0 && span.reason.is_some()), "{found:?}");
        // Three months before Friday 24 June 2016 is Thursday 24 March, the day before Good Friday.
        let panel = weeks("2016-01-01", "2016-06-29");
        assert_eq!(spans(&panel, &[ReturnWindow::Months(3)])["3m"].start, "2016-03-25".parse().ok());
    }

    #[test]
    fn every_name_reads_as_what_it_writes() {
        for (name, window) in NAMES {
            assert_eq!((name.parse(), window.to_string()), (Ok(window), name.to_owned()));
        }
        assert_eq!(" 3M ".parse(), Ok(ReturnWindow::Months(3)));
        assert!("4m".parse::<ReturnWindow>().unwrap_err().contains("write one of 1d, 1w"));
        assert_eq!(ReturnWindow::names(Frequency::Monthly)[0], "1m");
        assert_eq!(ReturnWindow::names(Frequency::Weekly)[0], "1w");
    }

    #[test]
    fn months_are_rows_and_the_year_is_the_calendar_s() {
        // Fourteen months from January 2010: February 2011 is the last.
        let panel = panel(&[("A", &[0.01; 14])]);
        let windows =
            [ReturnWindow::Months(3), ReturnWindow::YearToDate, ReturnWindow::Months(12), ReturnWindow::Days(5)];
        let found = spans(&panel, &windows);
        let span = |name: &str| (found[name].periods, found[name].start, found[name].annualised, found[name].short);
        assert_eq!(span("3m"), (3, Some(month_end(11)), true, true));
        assert_eq!(span("ytd"), (2, Some(month_end(12)), false, true));
        assert_eq!(span("1y"), (12, Some(month_end(2)), true, false));
        assert_eq!(
            found["1w"].reason.as_deref(),
            Some("1w cannot be measured from monthly returns: ask for frequency daily")
        );
    }
}
