//! Collects one file's rows, whatever its format, into series and yields.

use std::{collections::HashMap, path::Path};

use chrono::NaiveDate;
use factor_types::{PriceKind, Ticker};

use super::{
    cells::{Cell, DateCell},
    content::{Column, ColumnKind, Content},
    error::FileError,
    layout::{Layout, TableShape},
    notes::{Notes, excerpt},
};

/// A file's rows on their way to becoming [`Content`].
#[derive(Debug)]
pub(super) struct Table<'a> {
    path: &'a Path,
    name: String,
    /// `line` of a text, `row` of a Parquet file.
    unit: &'static str,
    headers: Vec<String>,
    layout: Layout,
    today: NaiveDate,
    series: Vec<Column>,
    /// Long form: a ticker's text as written and its group.
    tickers: HashMap<String, usize>,
    /// The dates in file order, per ticker in long form and for the whole file otherwise.
    groups: Vec<Vec<NaiveDate>>,
    future: Option<(usize, NaiveDate)>,
    bad_cells: Notes,
    bad_dividends: Notes,
    bad_lines: Notes,
}

/// Where a cell goes: its column in the file and its series.
pub(super) type Target = (usize, usize);

impl<'a> Table<'a> {
    /// A table whose layout is judged by `headers` and the file's name.
    pub(super) fn new(
        path: &'a Path,
        unit: &'static str,
        headers: Vec<String>,
        today: NaiveDate,
    ) -> Result<Self, FileError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let layout = Layout::of(&headers, stem(&name)).map_err(|rule| FileError::unusable(path, rule))?;
        let mut groups = Vec::new();
        if !matches!(layout.shape, TableShape::Long { .. }) {
            groups.push(Vec::new());
        }
        Ok(Self {
            path,
            name,
            unit,
            headers,
            layout,
            today,
            series: Vec::new(),
            tickers: HashMap::new(),
            groups,
            future: None,
            bad_cells: Notes::default(),
            bad_dividends: Notes::default(),
            bad_lines: Notes::default(),
        })
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn width(&self) -> usize {
        self.headers.len()
    }

    /// The targets of every line of a wide or single file; none for a long one.
    pub(super) fn fixed_targets(&mut self) -> Vec<Target> {
        let wanted: Vec<(usize, ColumnKind)> = match &self.layout.shape {
            TableShape::Wide { tickers, maturities } => tickers
                .iter()
                .map(|(at, ticker)| (*at, ColumnKind::Price(ticker.clone(), PriceKind::Adjusted)))
                .chain(maturities.iter().map(|(at, maturity)| (*at, ColumnKind::Yield(*maturity))))
                .collect(),
            TableShape::Single { ticker, adjusted, close, dividend } => each_of(ticker, [*adjusted, *close, *dividend]),
            TableShape::Long { .. } => Vec::new(),
        };
        wanted.into_iter().map(|(at, kind)| self.target(at, kind)).collect()
    }

    /// The targets of a line of a long file, and the group of its ticker; `None` when the ticker cannot be read.
    pub(super) fn targets_of(&mut self, line: u64, ticker: &[u8]) -> Option<(usize, [Option<Target>; 3])> {
        let TableShape::Long { adjusted, close, dividend, .. } = self.layout.shape else { return None };
        let columns = [adjusted, close, dividend];
        let text = String::from_utf8_lossy(ticker);
        let group = match self.tickers.get(text.as_ref()) {
            Some(group) => *group,
            None => {
                let Ok(parsed) = text.parse::<Ticker>() else {
                    self.bad_lines
                        .add(|| format!("{} {line}: `{}` is no ticker; skipped", self.unit, excerpt(text.trim())));
                    return None;
                };
                // ` spy` and `SPY` are one group.
                let known = self.tickers.get(parsed.as_str()).copied();
                let group = known.unwrap_or_else(|| {
                    for (at, kind) in each_of(&parsed, columns) {
                        self.target(at, kind);
                    }
                    self.groups.push(Vec::new());
                    self.tickers.insert(parsed.as_str().to_owned(), self.groups.len() - 1);
                    self.groups.len() - 1
                });
                self.tickers.insert(text.into_owned(), group);
                group
            }
        };
        // Every ticker has its series side by side, in the order of `each_of`.
        let mut next = group * columns.iter().flatten().count();
        let targets = columns.map(|column| {
            let target = (column?, next);
            next += 1;
            Some(target)
        });
        Some((group, targets))
    }

    /// Takes a line's date, or notes why the line is skipped. `text` is only asked for a note.
    ///
    /// # Errors
    /// When the date shows that the file writes the day first: its other dates would be misread in silence.
    pub(super) fn date(
        &mut self,
        line: u64,
        date: DateCell,
        text: impl FnOnce() -> String,
    ) -> Result<Option<NaiveDate>, FileError> {
        match date {
            DateCell::Date(date) => Ok(Some(date)),
            DateCell::Unreadable => {
                self.bad_lines.add(|| format!("{} {line}: `{}` is no date; skipped", self.unit, text()));
                Ok(None)
            }
            DateCell::DayFirst => Err(FileError::unusable(
                self.path,
                format!(
                    "{} {line}: `{}` has its day first, but dates with slashes are read month first: write YYYY-MM-DD",
                    self.unit,
                    text()
                ),
            )),
        }
    }

    /// Counts a line's date once its line is known to be used. `group` is 0 in wide and single files.
    pub(super) fn used(&mut self, group: usize, date: NaiveDate) {
        if let Some(dates) = self.groups.get_mut(group) {
            dates.push(date);
        }
        if date > self.today {
            let (count, first) = self.future.unwrap_or((0, date));
            self.future = Some((count + 1, first.min(date)));
        }
    }

    /// Notes a line that is skipped whole.
    pub(super) fn skip(&mut self, line: u64, why: impl FnOnce() -> String) {
        self.bad_lines.add(|| format!("{} {line}: {}; skipped", self.unit, why()));
    }

    /// Takes one cell.
    pub(super) fn put(&mut self, (column, series): Target, line: u64, date: NaiveDate, cell: Cell<'_>) {
        let Some(series) = self.series.get_mut(series) else { return };
        let is_dividend = matches!(series.kind, ColumnKind::Dividend(_));
        match cell {
            Cell::Missing => {}
            Cell::Number(value) if is_dividend && !(value.is_finite() && value >= 0.0) => self
                .bad_dividends
                .add(|| format!("{} {line}: the dividend {value} is no amount of zero or more; dropped", self.unit)),
            Cell::Number(value) => series.rows.push((date, value)),
            Cell::Text(text) => {
                // Counted as a bad price by the series, never read as zero.
                if !is_dividend {
                    series.rows.push((date, f64::NAN));
                }
                let header = self.headers.get(column).map_or("", |header| header.trim());
                self.bad_cells.add(|| {
                    format!(
                        "{} {line}, column {} `{}`: `{}` is no number; dropped",
                        self.unit,
                        column + 1,
                        excerpt(header),
                        excerpt(text)
                    )
                });
            }
        }
    }

    /// The series and yields of the file.
    ///
    /// # Errors
    /// When no line could be used.
    pub(super) fn finish(self) -> Result<Content, FileError> {
        let mut warnings = Vec::new();
        let lines: usize = self.groups.iter().map(Vec::len).sum();
        let unit = self.unit;
        if lines == 0 {
            let rule = if self.bad_lines.is_empty() {
                format!("a header but no {unit} below it: write one {unit} per date")
            } else {
                format!("no {unit} could be used: {}", self.bad_lines.texts(&format!("{unit}s")).join("; "))
            };
            return Err(FileError::unusable(self.path, rule));
        }
        self.layout.ignored.finish(&self.name, "columns", &mut warnings);
        self.bad_lines.finish(&self.name, &format!("{unit}s skipped"), &mut warnings);
        self.bad_cells.finish(&self.name, "cells dropped", &mut warnings);
        self.bad_dividends.finish(&self.name, "dividends dropped", &mut warnings);
        let (mut late, mut twice) = (0, 0);
        for dates in self.groups {
            let (l, t) = disorder(dates);
            (late, twice) = (late + l, twice + t);
        }
        if late + twice > 0 {
            warnings.push(format!(
                "{}: {late} {unit}s out of date order, {twice} repeating a date (sorted; a date's last {unit} is used)",
                self.name
            ));
        }
        if let Some((count, first)) = self.future {
            warnings.push(format!("{}: {count} {unit}s dated after today, from {first} on (kept)", self.name));
        }
        let mut content = Content { warnings, ..Content::default() };
        for series in self.series {
            content.take(series);
        }
        Ok(content)
    }

    fn target(&mut self, column: usize, kind: ColumnKind) -> Target {
        self.series.push(Column { kind, rows: Vec::new() });
        (column, self.series.len() - 1)
    }
}

/// A ticker's columns and what they hold: adjusted price, close, dividend, as far as the file has them.
fn each_of(ticker: &Ticker, [adjusted, close, dividend]: [Option<usize>; 3]) -> Vec<(usize, ColumnKind)> {
    let adjusted = adjusted.map(|at| (at, ColumnKind::Price(ticker.clone(), PriceKind::Adjusted)));
    let close = close.map(|at| (at, ColumnKind::Price(ticker.clone(), PriceKind::Close)));
    let dividend = dividend.map(|at| (at, ColumnKind::Dividend(ticker.clone())));
    adjusted.into_iter().chain(close).chain(dividend).collect()
}

/// A file's name without the extensions that [`super::folder`] knows.
fn stem(name: &str) -> &str {
    let cut = |text: &str, extension: &str| {
        let at = text.len().checked_sub(extension.len())?;
        text.get(at..).filter(|tail| tail.eq_ignore_ascii_case(extension)).map(|_| at)
    };
    let name = cut(name, ".gz").map_or(name, |at| &name[..at]);
    [".csv", ".parquet"].iter().find_map(|extension| cut(name, extension)).map_or(name, |at| &name[..at])
}

/// How many dates come after a later one, and how many repeat one.
fn disorder(mut dates: Vec<NaiveDate>) -> (usize, usize) {
    if dates.is_sorted_by(|a, b| a < b) {
        return (0, 0);
    }
    let mut newest = NaiveDate::MIN;
    let mut late = 0;
    for date in &dates {
        late += usize::from(*date < newest);
        newest = newest.max(*date);
    }
    let all = dates.len();
    dates.sort_unstable();
    dates.dedup();
    (late, all - dates.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems() {
        for (name, expected) in [
            ("SPY.csv", "SPY"),
            ("BRK.B.csv.gz", "BRK.B"),
            ("spy.CSV", "spy"),
            ("a.parquet", "a"),
            ("é", "é"),
            ("gz", "gz"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }

    #[test]
    fn disorder_counts() {
        let dates = |days: &[u64]| days.iter().map(|d| NaiveDate::default() + chrono::Days::new(*d)).collect();
        assert_eq!(disorder(dates(&[1, 2, 3])), (0, 0));
        assert_eq!(disorder(dates(&[1, 3, 2, 3, 4])), (1, 1));
        assert_eq!(disorder(dates(&[])), (0, 0));
    }
}
