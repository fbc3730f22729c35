//! What a table comes to once its last row has been seen.

use chrono::NaiveDate;

use super::{Row, Series, Table};
use crate::files::{
    content::{Column, Content},
    dates,
    error::FileError,
    notes::{Notes, Remark, RemarkKind},
    order::Order,
    reading::{self, Reading},
};

impl Table<'_> {
    /// The series and yields of the file.
    ///
    /// # Errors
    /// When no line could be used, or the file can be meant twice.
    pub(in crate::files) fn finish(mut self) -> Result<Content, FileError> {
        let path = self.path;
        self.used_something().map_err(|rule| FileError::unusable(path, rule))?;
        let mut warnings = Vec::new();
        let (days, reading) = self.settle().map_err(|rule| FileError::unusable(path, rule))?;
        let order = Order::of(&self.groups, &days, self.today);
        order.shifted.as_ref().map_or(Ok(()), |rule| Err(FileError::unusable(path, rule.clone())))?;
        self.intraday(&order).map_or(Ok(()), |rule| Err(FileError::unusable(path, rule)))?;
        let conflicts = if order.twice > 0 { self.conflicts(&days) } else { Notes::default() };
        self.leave_weekdays(&mut warnings);
        let Self { name, unit, series, dates, .. } = self;
        self.layout.ignored.finish(&name, (RemarkKind::IgnoredColumn, "columns"), &mut warnings);
        let skipped = self.skipped.finish(&name, unit, dates.len(), &mut warnings);
        skipped.map_err(|rule| FileError::unusable(path, rule))?;
        self.bad_tickers.finish(&name, (RemarkKind::BadLine, &format!("{unit}s skipped")), &mut warnings);
        let place = |row: Row| Some((dates.get(row as usize)?.0, *days.get(row as usize)?));
        let bad_cells = self.bad_cells.notes(unit, &self.headers, place);
        bad_cells.finish(&name, (RemarkKind::BadCell, "cells dropped"), &mut warnings);
        self.bad_income.finish(&name, (RemarkKind::BadDividend, "dividends or SEC yields dropped"), &mut warnings);
        if order.late + order.twice > 0 {
            let text = format!(
                "{name}: {} {unit}s out of date order, {} repeating a date (sorted; a date's last {unit} is used)",
                order.late, order.twice
            );
            warnings.push(Remark::new(RemarkKind::Order, text));
        }
        conflicts.finish(&name, (RemarkKind::Conflict, "dates with two prices"), &mut warnings);
        if let Some((count, first)) = order.future {
            let text = format!("{name}: {count} {unit}s dated after today, from {first} on (not used before then)");
            warnings.push(Remark::new(RemarkKind::LaterDates, text));
        }
        let mut content = Content { warnings, reading, ..Content::default() };
        for Series { kind, rows, currency, .. } in series {
            let day = |row: Row| days.get(row as usize).copied();
            let rows = rows.into_iter().filter_map(|(row, value)| Some((day(row)?, value))).collect();
            content.take(Column { kind, rows, currency });
        }
        // A series that is refused as a whole says so itself.
        if content.prices.iter().all(|series| series.refused().is_none()) {
            let place = |row: Row| Some((dates.get(row as usize)?.0, *days.get(row as usize)?));
            let notes = self.no_prices.notes(unit, &self.headers, place);
            notes.finish(&name, (RemarkKind::BadCell, "cells dropped"), &mut content.warnings);
        }
        Ok(content)
    }

    fn used_something(&mut self) -> Result<(), String> {
        let unit = self.unit;
        if self.groups.iter().any(|rows| !rows.is_empty()) {
            return Ok(());
        }
        if self.bad_tickers.is_empty() {
            return Err(std::mem::take(&mut self.skipped).none_used(unit));
        }
        let skipped = std::mem::take(&mut self.bad_tickers).texts(&format!("{unit}s"));
        Err(format!("no {unit} could be used: {}", skipped.join("; ")))
    }

    /// Decides what can be meant twice: the dates of the rows, and the numbers.
    pub(super) fn settle(&mut self) -> Result<(Vec<NaiveDate>, Reading), String> {
        let settled = dates::settle(&self.dates, self.unit, self.today)?;
        self.settle_other_dates(&settled.days)?;
        let numbers = self.separators.how(self.unit);
        let asks = self.may_have_thousands()?;
        let separators = std::mem::take(&mut self.separators);
        for ((series, at), scale) in separators.settle(self.unit, asks)? {
            if let Some((_, value)) = self.series.get_mut(series).and_then(|series| series.rows.get_mut(at)) {
                *value = scale.apply(*value);
            }
        }
        self.settle_currencies()?;
        let mut signs: Vec<char> = self.series.iter().filter_map(|series| series.signs.currency()).collect();
        signs.sort_unstable();
        signs.dedup();
        let reading = Reading {
            file: self.name.clone(),
            lines: self.dates.len(),
            columns: reading::columns(&self.layout, &self.headers),
            tickers: reading::tickers(&self.layout, &self.headers),
            dates: reading::dates(&settled.how, self.zone.as_deref()),
            numbers,
            fields: self.delimiter.map(|delimiter| reading::delimiter(delimiter, self.is_ansi)),
            currency: (!signs.is_empty()).then(|| signs.into_iter().collect()),
        };
        Ok((settled.days, reading))
    }
}
