//! Which number of a date is the month, and whether the last one is the year.

use chrono::NaiveDate;
use factor_types::exchange::is_weekend;

use super::{DateCell, Placed, calendar};

/// Which number of `03/04/2025` is the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    MonthFirst,
    DayFirst,
}

impl Order {
    pub(super) fn read(self, cell: DateCell) -> Option<NaiveDate> {
        let DateCell::Open { first, second, year, .. } = cell else { return None };
        let (month, day) = match self {
            Self::MonthFirst => (first, second),
            Self::DayFirst => (second, first),
        };
        calendar(Some(year.into()), Some(month.into()), Some(day.into()))
    }
}

/// Refuses years of two digits that change as days do: then another number is the year.
///
/// # Errors
/// The first of them, and the way out.
pub(super) fn year_comes_last(cells: &[Placed], unit: &str) -> Result<(), String> {
    let short = |(line, cell): &Placed| match *cell {
        DateCell::Open { first, second, year, short: true, .. } => Some((*line, *cell, (first, second), year)),
        _ => None,
    };
    let all: Vec<_> = cells.iter().filter_map(short).collect();
    let (mut of_years, mut of_others) = (0, 0);
    for pair in all.windows(2) {
        of_years += usize::from(pair[0].3 != pair[1].3);
        of_others += usize::from(pair[0].2 != pair[1].2);
    }
    match all.first() {
        Some((line, cell, ..)) if 4 * of_years > of_others => Err(format!(
            "{unit} {line}: `{}` has a year of two digits, and which number it is cannot be told: write YYYY-MM-DD",
            shown(*cell)
        )),
        _ => Ok(()),
    }
}

/// Month or day first, as the whole column shows: by a number above 12, else because in the other order some dates would
/// fall on weekends. Nobody writes the month first with dots.
///
/// With what decided, where something had to.
pub(super) fn order(cells: &[Placed], unit: &str) -> Result<(Order, Option<String>), String> {
    let (mut only_month, mut only_day, mut open) = (None, None, None);
    let (mut month_weekends, mut day_weekends, mut dotted) = (false, false, true);
    for (line, cell) in cells {
        let DateCell::Open { separator, .. } = cell else { continue };
        dotted &= *separator == b'.';
        match [Order::MonthFirst, Order::DayFirst].map(|order| order.read(*cell)) {
            [Some(_), None] => _ = only_month.get_or_insert((*line, *cell)),
            [None, Some(_)] => _ = only_day.get_or_insert((*line, *cell)),
            [Some(month), Some(day)] => {
                open.get_or_insert((*line, *cell, month, day));
                month_weekends |= is_weekend(month);
                day_weekends |= is_weekend(day);
            }
            [None, None] => {}
        }
    }
    let place = |(line, cell): Placed| format!("{unit} {line} `{}`", shown(cell));
    match (only_month, only_day, open) {
        (Some(month), Some(day), _) => Err(format!(
            "{unit} {} `{}` has its month first and {unit} {} `{}` its day: write every date as YYYY-MM-DD",
            month.0,
            shown(month.1),
            day.0,
            shown(day.1)
        )),
        (None, None, None) => Ok((Order::MonthFirst, None)),
        (Some(seen), None, _) => Ok((Order::MonthFirst, Some(format!("month first, as {} shows", place(seen))))),
        (None, Some(seen), _) => Ok((Order::DayFirst, Some(format!("day first, as {} shows", place(seen))))),
        (None, None, Some(_)) if dotted => {
            Ok((Order::DayFirst, Some("day first, as dates with dots are written".to_owned())))
        }
        (None, None, Some(_)) if day_weekends && !month_weekends => {
            Ok((Order::MonthFirst, Some("month first: the other way some fall on weekends".to_owned())))
        }
        (None, None, Some(_)) if month_weekends && !day_weekends => {
            Ok((Order::DayFirst, Some("day first: the other way some fall on weekends".to_owned())))
        }
        (None, None, Some(_)) if month_weekends && let Some(order) = of_months(cells) => {
            let first = if order == Order::MonthFirst { "month first" } else { "day first" };
            Ok((order, Some(format!("{first}: so they are one a month, the other way they fall on weekends too"))))
        }
        (None, None, Some((line, cell, month, day))) => Err(format!(
            "{unit} {line}: `{}` is {month} with the month first or {day} with the day first, and no other date of the \
             file says which: write YYYY-MM-DD",
            shown(cell)
        )),
    }
}

/// The order in which dates are one a month, where they are in one alone: in the other they crowd into a few days of each year.
fn of_months(cells: &[Placed]) -> Option<Order> {
    const FEWEST: usize = 4;
    let is_monthly = |order: &Order| {
        let day = |(_, cell): &Placed| if let DateCell::Day(day) = cell { Some(*day) } else { order.read(*cell) };
        let mut days: Vec<NaiveDate> = cells.iter().filter_map(day).collect();
        days.sort_unstable();
        days.dedup();
        let even = days.windows(2).filter(|pair| (28..=31).contains(&(pair[1] - pair[0]).num_days())).count();
        // A month may be missing here and there.
        days.len() >= FEWEST && 10 * even >= 9 * (days.len() - 1)
    };
    let mut found = [Order::MonthFirst, Order::DayFirst].into_iter().filter(is_monthly);
    found.next().filter(|_| found.next().is_none())
}

fn shown(cell: DateCell) -> String {
    match cell {
        DateCell::Open { first, second, year, separator, short } => {
            let between = char::from(separator);
            let year = if short { format!("{:02}", year % 100) } else { year.to_string() };
            format!("{first:02}{between}{second:02}{between}{year}")
        }
        DateCell::Count(count) => count.to_string(),
        other => format!("{other:?}"),
    }
}
