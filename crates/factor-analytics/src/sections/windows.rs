//! Windows of returns: their names, and the rows of a panel or the days that they stand for.

pub mod names;

use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use factor_types::{Calendar, Frequency, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::names::{CALENDAR_FORMS, CalendarPart, ReturnWindow};
use crate::{
    Panel,
    panel::{Period, held::REACH_DAYS},
};

/// From this many months a window is annualised and has a volatility.
const ANNUALISED_FROM_MONTHS: u32 = 3;

/// The rows of one window in one panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WindowSpan {
    /// Label of the price the window starts from; of dates the day asked for.
    pub start: Option<NaiveDate>,
    /// Label of its last row; of dates the day asked for.
    pub end: Option<NaiveDate>,
    /// Its rows, of dates its trading days; 0 when the panel cannot answer it.
    pub periods: usize,
    /// Why it cannot be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What its returns are taken from.
    #[serde(skip)]
    pub(super) over: Over,
    /// True from three months on.
    #[serde(skip)]
    pub(super) annualised: bool,
    /// True under a year.
    #[serde(skip)]
    pub(super) short: bool,
}

/// What a window's returns are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Over {
    /// Rows of the panel.
    Rows(Range<usize>),
    /// Daily prices, on or before two days.
    Days(NaiveDate, NaiveDate),
}

impl WindowSpan {
    /// True where its dates are days with prices of their own, not labels of rows.
    pub fn is_of_days(&self) -> bool {
        matches!(self.over, Over::Days(..))
    }

    /// The rows of the panel that it has; `None` of days.
    pub fn rows(&self) -> Option<Range<usize>> {
        match &self.over {
            Over::Rows(rows) => Some(rows.clone()),
            Over::Days(..) => None,
        }
    }

    fn none(reason: String) -> Self {
        let over = Over::Rows(0..0);
        Self { start: None, end: None, periods: 0, reason: Some(reason), over, annualised: false, short: true }
    }
}

/// Resolves windows against a panel's rows, in the order given.
///
/// Monthly: N months are the last N rows; `ytd` those of the year of `end`; a part of the calendar its months, all of them.
/// Weekly and daily: from the last row on or before the last row less N months (month ends clamped), at most seven days
/// older; `1d 1w 2w` are 1, 5 and 10 rows of days, `1w 2w` 1 and 2 rows of weeks; `mtd` and `ytd` reach back to the last day
/// before the month or year of `end`, a part of the calendar from the last row before it to its own last. Dates are answered
/// from daily prices ([`Panel::held`]) whatever the frequency; `judge` says which of their days are trading days.
pub fn spans(panel: &Panel, windows: &[ReturnWindow], judge: &Ticker) -> IndexMap<String, WindowSpan> {
    windows.iter().map(|window| (window.to_string(), span(panel, *window, judge))).collect()
}

fn span(panel: &Panel, window: ReturnWindow, judge: &Ticker) -> WindowSpan {
    if let ReturnWindow::Dates(from, to) = window {
        return days(panel, from, to, judge).unwrap_or_else(WindowSpan::none);
    }
    let rows = match rows(panel, window) {
        Ok(rows) => rows,
        Err(reason) => return WindowSpan::none(reason),
    };
    let end = panel.label_before(rows.end);
    let long = |months| long_as(panel, window, rows.len(), ended(panel, end), months);
    WindowSpan {
        start: Some(panel.label_before(rows.start)),
        end: Some(end),
        periods: rows.len(),
        reason: None,
        annualised: long(ANNUALISED_FROM_MONTHS),
        short: !long(12),
        over: Over::Rows(rows),
    }
}

fn days(panel: &Panel, from: NaiveDate, to: NaiveDate, judge: &Ticker) -> Result<WindowSpan, String> {
    let window = panel.window();
    let last = window.asked_end.map_or(window.newest, |end| end.min(window.newest));
    if to > last {
        return Err(match window.asked_end {
            Some(end) if end < to => format!("it ends after end_date {end}"),
            _ => format!("it ends on {to}, the newest price is of {last}"),
        });
    }
    let judged = panel.position(judge).into_iter().chain(0..panel.columns().len());
    let priced = |at| Some((panel.priced_by(at, from)?, panel.priced_by(at, to)?, at));
    let found = judged.into_iter().find_map(priced);
    let (first, until, at) =
        found.ok_or_else(|| format!("there is no price on or within {REACH_DAYS} days before {from} or {to}"))?;
    let dates = panel.columns()[at].series.dates();
    let after = |day: NaiveDate| dates.partition_point(|date| *date <= day);
    Ok(WindowSpan {
        start: Some(first),
        end: Some(until),
        periods: after(until) - after(first),
        reason: None,
        annualised: from <= to.months_back(ANNUALISED_FROM_MONTHS),
        short: from > to.months_back(12),
        over: Over::Days(from, to),
    })
}

/// The rows of a window.
fn rows(panel: &Panel, window: ReturnWindow) -> Result<Range<usize>, String> {
    if !window.fits(panel.frequency()) {
        return Err(format!("{window} cannot be measured from {} returns: ask for frequency daily", panel.frequency()));
    }
    let last = ended(panel, panel.labels().last().copied().unwrap_or(panel.base()));
    let rows = panel.rows();
    let enough = |wanted: usize, unit: &str| {
        if wanted <= rows {
            Ok(wanted)
        } else {
            Err(format!("the prices cover {rows} {unit}, the window needs {wanted}"))
        }
    };
    let periods = match (panel.frequency(), window) {
        (_, ReturnWindow::Calendar(part)) => return calendar_rows(panel, part),
        (_, ReturnWindow::Dates(..)) => Err("dates are answered from daily prices".to_owned()),
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
    }?;
    Ok(rows - periods..rows)
}

/// The rows of a part of the calendar, from the price before it to its own last.
fn calendar_rows(panel: &Panel, part: CalendarPart) -> Result<Range<usize>, String> {
    let ends_by = |day: NaiveDate| panel.labels().partition_point(|label| ended(panel, *label) <= day);
    let rows = ends_by(part.base())..ends_by(part.end());
    let (start, end) = (ended(panel, panel.label_before(rows.start)), ended(panel, panel.label_before(rows.end)));
    let late = |target: NaiveDate, found: NaiveDate| !(0..=REACH_DAYS as i64).contains(&(target - found).num_days());
    let window = panel.window();
    let last_day =
        Period::of(Frequency::Monthly, part.end()).map_or(part.end(), |month| window.calendar.last_day(month));
    if window.cutoff < last_day {
        return Err(match window.asked_end.filter(|asked| *asked < last_day) {
            Some(asked) => format!("it is not over by end_date {asked}"),
            None if window.cutoff <= part.base() => {
                format!("no price lies in it yet: the newest is of {}", window.cutoff)
            }
            None => format!("it is not over: the newest price is of {}; ask for {}", window.cutoff, to_date(part)),
        });
    }
    if rows.is_empty() || late(part.base(), start) {
        return Err(format!(
            "the prices begin on {}, the window needs one of {}",
            ended(panel, panel.base()),
            part.base()
        ));
    }
    match late(part.end(), end) {
        true => Err(format!("there is no price on or within {REACH_DAYS} days before {}", part.end())),
        false => Ok(rows),
    }
}

/// The window that answers for a part of the calendar that is not over.
fn to_date(part: CalendarPart) -> String {
    match part.months() {
        12 => "ytd".to_owned(),
        1 => "mtd with frequency daily".to_owned(),
        _ => "dates, such as 2024-12-31/2025-02-14".to_owned(),
    }
}

/// True when the window is at least `months` long. `ytd` is as long as the part of the year it covers.
fn long_as(panel: &Panel, window: ReturnWindow, periods: usize, last: NaiveDate, months: u32) -> bool {
    match (window, panel.frequency()) {
        (ReturnWindow::Months(length), _) => length >= months,
        (ReturnWindow::YearToDate, Frequency::Monthly) => periods >= months as usize,
        (ReturnWindow::YearToDate, _) => year_before(last).is_some_and(|base| base <= last.months_back(months)),
        (ReturnWindow::Calendar(part), _) => part.months() >= months,
        (ReturnWindow::Days(_) | ReturnWindow::MonthToDate | ReturnWindow::Dates(..), _) => false,
    }
}

/// The last trading day of the period labelled `label`: the day of its price. A week's label may lie in the next month.
pub(crate) fn ended(panel: &Panel, label: NaiveDate) -> NaiveDate {
    match (panel.frequency(), Period::of(panel.frequency(), label)) {
        (Frequency::Weekly, Some(week)) => panel.window().calendar.last_day(week),
        // Whole months are counted, and a day is its own.
        _ => label,
    }
}

fn year_before(date: NaiveDate) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year() - 1, 12, 31)
}

/// Rows after the last one that ended on or before `target`, which may be at most [`REACH_DAYS`] older.
fn since(panel: &Panel, target: NaiveDate) -> Result<usize, String> {
    let after = panel.labels().partition_point(|label| ended(panel, *label) <= target);
    // The row whose price the window starts from.
    let base = ended(panel, panel.label_before(after));
    let within = (target - base).num_days();
    let rows = panel.rows() - after;
    match (0..=REACH_DAYS as i64).contains(&within) {
        _ if rows == 0 => Err(format!("no complete period lies after {target}")),
        true => Ok(rows),
        false => Err(format!("there is no price on or within {REACH_DAYS} days before {target}")),
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
        weeks_of(Window::whole(Frequency::Weekly, day(start), day(end)))
    }

    fn weeks_of(window: Window) -> Panel {
        let days = trading_days(window.start, window.end);
        let rows = days.enumerate().map(|(at, date)| (date, 100.0 + at as f64));
        let series = PriceSeries::new("A".parse().unwrap(), PriceKind::Close, rows.collect::<Vec<_>>());
        Panel::build(window, &[Arc::new(series)]).unwrap()
    }

    #[test]
    fn what_has_no_price_yet_is_not_said_to_be_under_way() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let window = Window::whole(Frequency::Weekly, day("2020-11-01"), day("2022-03-30"));
        let panel = weeks_of(Window { asked_end: None, ..window });
        let reason = |name: &str| named(&panel, name).reason.unwrap();
        assert!(
            reason("2022Q1").contains("it is not over") && reason("2022Q1").contains("ask for"),
            "{}",
            reason("2022Q1")
        );
        assert!(reason("2030").starts_with("no price lies in it yet: the newest is of 2022-03-"), "{}", reason("2030"));
    }

    #[test]
    fn a_week_ends_on_its_last_trading_day_wherever_its_friday_lies() {
        // The last week of 2020 ends on Thursday the 31st; its label is New Year's Day.
        let panel = weeks("2020-11-01", "2021-05-28");
        let year = named(&panel, "ytd");
        assert_eq!(year.start, "2021-01-01".parse().ok());
        // No week of 2021 is over on 2 January.
        let panel = weeks("2020-11-01", "2021-01-02");
        let found = spans(&panel, &[ReturnWindow::YearToDate, ReturnWindow::MonthToDate], &"A".parse().unwrap());
        assert!(found.values().all(|span| span.periods == 0 && span.reason.is_some()), "{found:?}");
        // Three months before Friday 24 June 2016 is Thursday 24 March, the day before Good Friday.
        let panel = weeks("2016-01-01", "2016-06-29");
        assert_eq!(named(&panel, "3m").start, "2016-03-25".parse().ok());
    }

    fn named(panel: &Panel, name: &str) -> WindowSpan {
        let windows = ReturnWindow::named(name).unwrap();
        spans(panel, &windows, &"A".parse().unwrap())[0].clone()
    }

    #[test]
    fn a_part_of_the_calendar_has_its_own_rows() {
        // Months from January 2010 to February 2012; the base is December 2009.
        let panel = panel(&[("A", &[0.01; 26])]);
        let of = |name: &str| {
            let span = named(&panel, name);
            (span.periods, span.start, span.end, span.annualised, span.short)
        };
        assert_eq!(of("2010"), (12, Some(month_end(0)), Some(month_end(12)), true, false));
        assert_eq!(of("2011Q2"), (3, Some(month_end(15)), Some(month_end(18)), true, true));
        assert_eq!(of("2011H2"), (6, Some(month_end(18)), Some(month_end(24)), true, true));
        assert_eq!(of("2012-02"), (1, Some(month_end(25)), Some(month_end(26)), false, true));
        for (name, words) in [
            ("2012", "it is not over"),
            ("2009", "the prices begin on 2009-12-31"),
            ("2013", "it is not over by end_date 2012-02-29"),
        ] {
            let reason = named(&panel, name).reason.unwrap();
            assert!(reason.contains(words), "{name}: {reason}");
        }
        assert_eq!(to_date(CalendarPart::named("2012").unwrap()), "ytd");
    }

    #[test]
    fn a_year_of_weeks_lies_between_last_trading_days() {
        // 2020's last week ended on Thursday the 31st, 2021's on Friday the 31st.
        let panel = weeks("2020-11-01", "2022-03-31");
        let year = named(&panel, "2021");
        assert_eq!((year.start, year.end), ("2021-01-01".parse().ok(), "2021-12-31".parse().ok()));
        assert_eq!(year.periods, 52);
        // A day before the last trading day of the quarter it is not over.
        assert!(named(&weeks("2020-11-01", "2022-03-30"), "2022Q1").reason.unwrap().contains("it is not over"));
    }

    #[test]
    fn dates_are_days_of_the_judge() {
        let panel = weeks("2020-11-01", "2021-05-28");
        let span = named(&panel, "2021-01-16/2021-02-28");
        // Saturday the 16th is read at Friday's price, Sunday the 28th too.
        assert_eq!((span.start, span.end), ("2021-01-15".parse().ok(), "2021-02-26".parse().ok()));
        // The 18th (Martin Luther King) and 15 February (Presidents) are no trading days.
        assert_eq!((span.periods, span.annualised, span.is_of_days()), (28, false, true));
        assert!(named(&panel, "2021-05-01/2021-06-30").reason.unwrap().contains("it ends after end_date 2021-05-28"));
        assert!(named(&panel, "2019-05-01/2021-03-31").reason.unwrap().contains("no price on or within 7 days"));
    }

    #[test]
    fn months_are_rows_and_the_year_is_the_calendar_s() {
        // Fourteen months from January 2010: February 2011 is the last.
        let panel = panel(&[("A", &[0.01; 14])]);
        let windows =
            [ReturnWindow::Months(3), ReturnWindow::YearToDate, ReturnWindow::Months(12), ReturnWindow::Days(5)];
        let found = spans(&panel, &windows, &"A".parse().unwrap());
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
