//! On which lines of a file prices stand.

use std::collections::HashMap;

use chrono::NaiveDate;
use factor_types::Ticker;

use super::{Row, Table};
use crate::files::{content::ColumnKind, error::FileError, flaws, layout::TableShape, notes::Notes};

impl Table<'_> {
    /// The lines on which prices stand; of several for one date the last, which is used.
    ///
    /// # Errors
    /// When the file can be meant twice.
    pub(in crate::files) fn lines_of(mut self, wanted: &[&(Ticker, NaiveDate)]) -> Result<Vec<Option<u64>>, FileError> {
        let path = self.path;
        let (days, _) = self.settle().map_err(|rule| FileError::unusable(path, rule))?;
        let is_long = matches!(self.layout.shape, TableShape::Long { .. });
        let group = |ticker: &Ticker| if is_long { self.tickers.get(ticker.as_str()).copied() } else { Some(0) };
        let mut places: HashMap<(usize, NaiveDate), Vec<usize>> = HashMap::new();
        for (at, (ticker, date)) in wanted.iter().enumerate() {
            if let Some(group) = group(ticker) {
                places.entry((group, *date)).or_default().push(at);
            }
        }
        let mut lines = vec![None; wanted.len()];
        for (group, rows) in self.groups.iter().enumerate() {
            for row in rows {
                let (Some(date), Some((line, _))) = (days.get(*row as usize), self.dates.get(*row as usize)) else {
                    continue;
                };
                for at in places.get(&(group, *date)).into_iter().flatten() {
                    lines[*at] = Some(*line);
                }
            }
        }
        Ok(lines)
    }

    /// The dates for which a ticker has two prices.
    pub(super) fn conflicts(&self, days: &[NaiveDate]) -> Notes {
        let mut notes = Notes::default();
        for series in &self.series {
            let ColumnKind::Price(ticker, _) = &series.kind else { continue };
            let row =
                |(row, price): &(Row, f64)| Some((*days.get(*row as usize)?, self.dates.get(*row as usize)?.0, *price));
            let mut rows = series.rows.iter().filter_map(row).collect();
            flaws::conflicts(ticker, &mut rows, self.unit, &mut notes);
        }
        notes
    }
}
