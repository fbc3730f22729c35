//! The days that spreadsheets count from.

use chrono::NaiveDate;
use factor_types::exchange::is_weekend;

use super::{DateCell, Placed, plausible};

/// The day before the first of each count that is in use: spreadsheets, those of old Macs, and Unix.
const EPOCHS: [(i32, u32, u32); 3] = [(1899, 12, 30), (1904, 1, 1), (1970, 1, 1)];

pub(super) fn counted(epoch: NaiveDate, count: u32) -> Option<NaiveDate> {
    epoch.checked_add_days(chrono::Days::new(count.into())).filter(|day| plausible(*day))
}

/// The day from which a column of day numbers counts: the one from which no date falls on a weekend or after today;
/// and what decided.
pub(super) fn epoch(cells: &[Placed], unit: &str, today: NaiveDate) -> Result<(NaiveDate, Option<String>), String> {
    let mut counts = cells.iter().filter_map(|(line, cell)| match cell {
        DateCell::Count(count) => Some((*line, *count)),
        _ => None,
    });
    let Some((line, first)) = counts.next() else { return Ok((NaiveDate::default(), None)) };
    if let Some((other, _)) = cells.iter().find(|(_, cell)| !matches!(cell, DateCell::Count(_))) {
        return Err(format!(
            "{unit} {line}: `{first}` is a day number, and {unit} {other} has a written date: format the whole column as \
             dates (YYYY-MM-DD)"
        ));
    }
    let trades = |day: NaiveDate| !is_weekend(day) && day <= today;
    let fits = |epoch: &NaiveDate| {
        let all = |(_, cell): &Placed| match cell {
            DateCell::Count(count) => counted(*epoch, *count).is_some_and(trades),
            _ => false,
        };
        cells.iter().all(all)
    };
    let epochs = EPOCHS.iter().filter_map(|(year, month, day)| NaiveDate::from_ymd_opt(*year, *month, *day));
    let fitting: Vec<NaiveDate> = epochs.filter(fits).collect();
    match fitting[..] {
        [epoch] => Ok((epoch, Some(format!("day numbers, counted from {epoch}: no other way gives weekdays alone")))),
        _ => Err(format!(
            "{unit} {line}: `{first}` is a day number, and {} counting gives weekdays up to today alone: format the column \
             as dates (YYYY-MM-DD)",
            if fitting.is_empty() { "no way of" } else { "more than one way of" }
        )),
    }
}
