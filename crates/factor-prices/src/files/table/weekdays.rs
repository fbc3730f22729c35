//! A column that names the weekday of each date.

use chrono::Weekday;

use super::{Row, Series, Table};
use crate::files::{
    layout::TableShape,
    notes::{Notes, Remark, RemarkKind, excerpt},
};

/// The cells of a column that name a weekday.
#[derive(Debug, Default)]
pub(super) struct Weekdays {
    first: Option<(Row, String)>,
    count: usize,
}

impl Weekdays {
    /// Takes a cell that is no number; false where it names no weekday.
    pub(super) fn take(&mut self, row: Row, text: &str) -> bool {
        let is_weekday = text.len() <= "wednesday".len() && text.parse::<Weekday>().is_ok();
        if is_weekday {
            self.first.get_or_insert_with(|| (row, text.to_owned()));
            self.count += 1;
        }
        is_weekday
    }
}

impl Table<'_> {
    /// Leaves columns aside that hold weekdays alone, where others are left. In a column of prices a weekday is a bad cell.
    pub(super) fn leave_weekdays(&mut self, into: &mut Vec<Remark>) {
        let only_weekdays = |series: &Series| series.weekdays.count > 0 && series.weekdays.count == series.rows.len();
        let is_fixed = matches!(self.layout.shape, TableShape::Fixed(_));
        let leaves_some = self.series.iter().any(|series| !only_weekdays(series));
        let mut notes = Notes::default();
        if is_fixed && leaves_some {
            for series in self.series.extract_if(.., |series| only_weekdays(series)) {
                let header = excerpt(self.headers.get(series.column).map_or("", |header| header.trim()));
                notes.add(|| format!("column {} `{header}` holds weekdays and is left aside", series.column + 1));
            }
        }
        for series in &mut self.series {
            if let Some((row, text)) = series.weekdays.first.take() {
                self.bad_cells.add(row, series.column, || format!("`{}` is no number; dropped", excerpt(&text)));
                self.bad_cells.more_of(series.weekdays.count - 1);
            }
        }
        notes.finish(&self.name, (RemarkKind::NoRow, "columns"), into);
    }
}
