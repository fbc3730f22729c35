//! Several columns of dates.

use chrono::NaiveDate;

use super::Table;
use crate::files::{
    dates::{self, DateCell},
    notes::excerpt,
};

impl Table<'_> {
    /// Takes what the further columns of dates hold in the row taken last.
    pub(in crate::files) fn take_other_dates(&mut self, cell: impl Fn(usize) -> DateCell) {
        for (at, cells) in self.layout.other_dates.iter().zip(&mut self.other_dates) {
            cells.push(cell(*at));
        }
    }

    /// Sees whether further columns of dates say what the one says that is read. One that is empty for the most part, or that
    /// cannot be read, says nothing.
    ///
    /// # Errors
    /// When they differ: neither has the plain word for a date as its header.
    pub(super) fn settle_other_dates(&self, days: &[NaiveDate]) -> Result<(), String> {
        for (column, cells) in self.layout.other_dates.iter().zip(&self.other_dates) {
            let rows = self.dates.iter().zip(cells).enumerate();
            let readable = rows.filter(|(_, (_, cell))| **cell != DateCell::Unreadable);
            let (at, placed): (Vec<usize>, Vec<_>) =
                readable.map(|(row, ((line, _), cell))| (row, (*line, *cell))).unzip();
            if 2 * placed.len() < days.len() {
                continue;
            }
            let Ok(others) = dates::settle(&placed, self.unit, self.today) else { continue };
            let differs = at.iter().zip(&others.days).find(|(row, other)| days.get(**row) != Some(*other));
            let Some((row, other)) = differs else { continue };
            let name = |column: usize| {
                let text = self.headers.get(column).map_or("", |text| text.trim_start_matches('\u{feff}').trim());
                format!("{} `{}`", column + 1, excerpt(text))
            };
            let (first, second) = (self.layout.date.min(*column), self.layout.date.max(*column));
            let (line, day) = (self.dates.get(*row).map_or(0, |(line, _)| *line), days.get(*row).copied());
            let (day, other) = (day.unwrap_or_default(), *other);
            let (of_first, of_second) = if first == self.layout.date { (day, other) } else { (other, day) };
            return Err(format!(
                "columns {} and {} are both dates and differ, in {} {line} by {of_first} and {of_second}: call the one that \
                 is meant `Date`, or leave the other out",
                name(first),
                name(second),
                self.unit
            ));
        }
        Ok(())
    }
}
