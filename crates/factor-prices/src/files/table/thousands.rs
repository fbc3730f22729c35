//! A point that may stand between thousands in numbers without decimals.

use std::collections::HashSet;

use super::{Row, Series, Table};
use crate::files::{content::ColumnKind, notes::excerpt};

/// So many numbers are no full tens by chance.
const MANY: usize = 10;

impl Table<'_> {
    /// True where nothing says whether the points of a file's numbers are decimal ones, and it is written as in countries where
    /// they may not be: with semicolons or tabs between its fields.
    ///
    /// # Errors
    /// When a column shows that its points stand between thousands: `1.013` beside `985`.
    pub(super) fn may_have_thousands(&self) -> Result<bool, String> {
        let dots = self.separators.undecided_dots();
        let is_price = |series: &Series| matches!(&series.kind, ColumnKind::Price(ticker, _) if !ticker.is_currency());
        // A yield or a rate of 4,271 is none.
        if dots.is_empty() || !dots.iter().all(|(at, _)| self.series.get(*at).is_some_and(is_price)) {
            return Ok(false);
        }
        // Decimals that a program filled up with zeros: no prices are all full tens.
        let is_tens = |(at, row): &(usize, usize)| {
            let value = self.series.get(*at).and_then(|series| series.rows.get(*row)).map_or(0.0, |(_, value)| *value);
            (value * 1000.0).round() % 10.0 == 0.0
        };
        if dots.len() >= MANY && dots.iter().all(is_tens) {
            return Ok(false);
        }
        let places: HashSet<_> = dots.iter().copied().collect();
        for (at, row) in dots {
            let neighbours = [row.checked_sub(1), Some(row + 1)].into_iter().flatten();
            for next in neighbours.filter(|next| !places.contains(&(*at, *next))) {
                self.is_below_thousand(*at, *row, next)?;
            }
        }
        Ok(matches!(self.delimiter, Some(b';' | b'\t')))
    }

    /// # Errors
    /// When the second of two cells of a series is a whole number just below a thousand of the first one's.
    fn is_below_thousand(&self, at: usize, dot: usize, whole: usize) -> Result<(), String> {
        let Some(series) = self.series.get(at) else { return Ok(()) };
        let cell = |place: usize| series.rows.get(place).copied();
        let (Some((dot_row, dot)), Some((row, whole))) = (cell(dot), cell(whole)) else { return Ok(()) };
        let thousandfold = dot * 1000.0;
        if !(100.0..1000.0).contains(&whole) || whole.fract() != 0.0 || !(0.5..2.0).contains(&(thousandfold / whole)) {
            return Ok(());
        }
        let line = |row: Row| self.dates.get(row as usize).map_or(0, |(line, _)| *line);
        let header = self.headers.get(series.column).map_or("", |header| header.trim());
        Err(format!(
            "column {} `{}` has {dot:.3} in {unit} {} beside {whole} in {unit} {}: its point stands between thousands: write \
             {thousandfold:.0}, without it",
            series.column + 1,
            excerpt(header),
            line(dot_row),
            line(row),
            unit = self.unit,
        ))
    }
}
