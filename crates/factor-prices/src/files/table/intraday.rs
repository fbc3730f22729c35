//! Bars of parts of a day.

use std::collections::BTreeSet;

use super::Table;
use crate::files::order::Order;

/// The times of day of a file's rows.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Minutes since midnight.
    seen: BTreeSet<u16>,
    rows: usize,
}

/// The minute of the day in a cell of dates, where it has one.
pub(in crate::files) fn minute(cell: &[u8]) -> Option<u16> {
    let colon = cell.iter().position(|byte| *byte == b':')?;
    let digit = |at: usize| cell.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| u16::from(byte - b'0'));
    let hour = digit(colon.checked_sub(1)?)? + 10 * colon.checked_sub(2).and_then(digit).unwrap_or(0);
    let is_afternoon = cell.to_ascii_lowercase().ends_with(b"pm") && hour < 12;
    Some((hour + if is_afternoon { 12 } else { 0 }) * 60 + digit(colon + 1)? * 10 + digit(colon + 2)?)
}

impl Table<'_> {
    /// Takes the minute of the day of the row taken last.
    pub(in crate::files) fn take_minute(&mut self, minute: Option<u16>) {
        if let Some(minute) = minute {
            self.times.seen.insert(minute);
            self.times.rows += 1;
        }
    }

    /// Why the rows are bars of parts of a day: most repeat a date, at another time.
    pub(super) fn intraday(&self, order: &Order) -> Option<String> {
        let rows = self.dates.len();
        let has_times = 2 * self.times.rows > rows && 2 * order.twice >= rows;
        let mut times = self.times.seen.iter().map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60));
        let (first, second) = (times.next()?, times.next()?);
        has_times.then(|| {
            format!(
                "intraday: {} of {rows} {unit}s repeat a date at another time, as {first} and {second}: give one {unit} per date, \
                 with the close of the day",
                order.twice,
                unit = self.unit
            )
        })
    }
}
