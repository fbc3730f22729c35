//! Collects one file's rows, whatever its format, into series and yields.
//!
//! Cells are kept by their row until the whole file has been seen: which date a row has and what a number's separators mean
//! may only be known then.

mod currencies;
mod lines;

use std::{collections::HashMap, path::Path};

use chrono::NaiveDate;
use factor_types::Ticker;

use super::{
    content::{Column, ColumnKind, Content},
    currency::Stated,
    dates::{self, DateCell},
    error::FileError,
    flaws::BadCells,
    header::Header,
    layout::{Layout, TableShape, TickersFrom},
    names::{names_rics, ticker_of, ticker_of_ric},
    notes::{Notes, Remark, RemarkKind, excerpt},
    numbers::{Cell, Separators, Signs, Written},
    order::Order,
    reading::{self, Reading},
};

/// The most columns, and the most tickers of a file in long form.
const MAX_SERIES: usize = 20_000;
/// The most rows.
const MAX_ROWS: usize = 20_000_000;

/// A file's rows on their way to becoming [`Content`].
#[derive(Debug)]
pub(super) struct Table<'a> {
    path: &'a Path,
    name: String,
    /// `line` of a text, `row` of a Parquet file.
    unit: &'static str,
    headers: Vec<String>,
    layout: Layout,
    /// True where the column of tickers holds Reuters codes.
    rics: bool,
    today: NaiveDate,
    series: Vec<Series>,
    /// Long form: a ticker's text as written and its group.
    tickers: HashMap<String, usize>,
    /// The rows in file order, per ticker in long form and for the whole file otherwise.
    groups: Vec<Vec<Row>>,
    /// The lines of the rows and their dates.
    dates: Vec<(u64, DateCell)>,
    separators: Separators,
    currencies: Stated,
    bad_cells: BadCells,
    /// Numbers that are no price.
    no_prices: BadCells,
    bad_dividends: Notes,
    bad_lines: Notes,
    delimiter: Option<u8>,
    zone: Option<String>,
}

/// Where a cell goes: its column in the file and its series.
pub(super) type Target = (usize, usize);

/// A ticker's group in a long file, and where its cells go.
pub(super) type Targets = (usize, [Option<Target>; 3]);

/// A row's place among those with a date.
pub(super) type Row = u32;

#[derive(Debug)]
struct Series {
    column: usize,
    kind: ColumnKind,
    rows: Vec<(Row, f64)>,
    signs: Signs,
    /// Its currency where that is not the dollar, once all signs are known.
    currency: Option<String>,
}

impl<'a> Table<'a> {
    /// A table whose layout is judged by its header and the file's name.
    pub(super) fn new(path: &'a Path, unit: &'static str, header: Header, today: NaiveDate) -> Result<Self, FileError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if header.names.len() > MAX_SERIES {
            let rule = format!("{} columns, and at most {MAX_SERIES} are read: split the file", header.names.len());
            return Err(FileError::unusable(path, rule));
        }
        let layout = Layout::of(&header, stem(&name)).map_err(|rule| FileError::unusable(path, rule))?;
        let groups = match layout.shape {
            TableShape::Long { .. } => Vec::new(),
            TableShape::Fixed(_) => vec![Vec::new()],
        };
        Ok(Self {
            path,
            name,
            unit,
            rics: matches!(layout.tickers, TickersFrom::Column(at) if header.texts.get(at).is_some_and(|text| names_rics(text))),
            headers: header.texts,
            layout,
            today,
            series: Vec::new(),
            tickers: HashMap::new(),
            groups,
            dates: Vec::new(),
            separators: Separators::default(),
            currencies: Stated::default(),
            bad_cells: BadCells::default(),
            no_prices: BadCells::default(),
            bad_dividends: Notes::default(),
            bad_lines: Notes::default(),
            delimiter: None,
            zone: None,
        })
    }

    /// The table of a text whose fields are parted by this.
    pub(super) fn delimited(self, delimiter: u8) -> Self {
        Self { delimiter: Some(delimiter), ..self }
    }

    /// The table of a file that notes a zone for its dates.
    pub(super) fn zoned(self, zone: String) -> Self {
        Self { zone: Some(zone), ..self }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn width(&self) -> usize {
        self.headers.len()
    }

    /// The targets of every line of a file that is not long; none for a long one.
    pub(super) fn fixed_targets(&mut self) -> Vec<Target> {
        let wanted = match &self.layout.shape {
            TableShape::Fixed(fixed) => fixed.clone(),
            TableShape::Long { .. } => Vec::new(),
        };
        wanted.into_iter().map(|(at, kind)| self.target(at, kind)).collect()
    }

    /// The targets of a line of a long file, and the group of its ticker; `None` when the ticker cannot be read.
    ///
    /// # Errors
    /// When the file has too many tickers.
    pub(super) fn targets_of(&mut self, line: u64, ticker: &[u8]) -> Result<Option<Targets>, FileError> {
        let TableShape::Long { columns: of_ticker, .. } = self.layout.shape else { return Ok(None) };
        let text = String::from_utf8_lossy(ticker);
        let group = match self.tickers.get(text.as_ref()) {
            Some(group) => *group,
            None => {
                let read = if self.rics { ticker_of_ric } else { ticker_of };
                let Some(parsed) = read(&text) else {
                    self.bad_lines
                        .add(|| format!("{} {line}: `{}` is no ticker; skipped", self.unit, excerpt(text.trim())));
                    return Ok(None);
                };
                // ` spy` and `SPY` are one group.
                let known = self.tickers.get(parsed.as_str()).copied();
                let group = match known {
                    Some(group) => group,
                    None => self.new_group(&parsed, line)?,
                };
                self.tickers.insert(text.into_owned(), group);
                group
            }
        };
        // Every ticker has its series side by side, in the order of its columns.
        let columns = of_ticker.columns();
        let mut next = group * columns.iter().flatten().count();
        let targets = columns.map(|column| {
            let target = (column?, next);
            next += 1;
            Some(target)
        });
        Ok(Some((group, targets)))
    }

    fn new_group(&mut self, ticker: &Ticker, line: u64) -> Result<usize, FileError> {
        if self.groups.len() == MAX_SERIES {
            let rule = format!("{} {line}: more than {MAX_SERIES} tickers: split the file", self.unit);
            return Err(FileError::unusable(self.path, rule));
        }
        if let TableShape::Long { columns, .. } = self.layout.shape {
            for (at, kind) in columns.of(ticker) {
                self.target(at, kind);
            }
        }
        self.groups.push(Vec::new());
        self.tickers.insert(ticker.as_str().to_owned(), self.groups.len() - 1);
        Ok(self.groups.len() - 1)
    }

    /// Takes a line's date, or notes why the line is skipped. `text` is only asked for a note.
    ///
    /// # Errors
    /// When the file has too many rows.
    pub(super) fn row(
        &mut self,
        line: u64,
        date: DateCell,
        text: impl FnOnce() -> String,
    ) -> Result<Option<Row>, FileError> {
        if date == DateCell::Unreadable {
            self.bad_lines.add(|| format!("{} {line}: `{}` is no date; skipped", self.unit, text()));
            return Ok(None);
        }
        let row = Row::try_from(self.dates.len()).ok().filter(|_| self.dates.len() < MAX_ROWS);
        let row = row.ok_or_else(|| {
            FileError::unusable(self.path, format!("more than {MAX_ROWS} {}s: split the file", self.unit))
        })?;
        self.dates.push((line, date));
        Ok(Some(row))
    }

    /// Counts a row once it is known to be used. `group` is 0 where the file is not long.
    pub(super) fn used(&mut self, group: usize, row: Row) {
        if let Some(rows) = self.groups.get_mut(group) {
            rows.push(row);
        }
    }

    /// Takes what a row says of its currency. `group` is 0 where the file is not long.
    ///
    /// # Errors
    /// When it is no currency, or another than that of the ticker's rows before.
    pub(super) fn currency(&mut self, group: usize, line: u64, cell: &[u8]) -> Result<(), FileError> {
        let cell = String::from_utf8_lossy(cell);
        self.currencies.take(group, (self.unit, line), &cell).map_err(|rule| FileError::unusable(self.path, rule))
    }

    /// Notes a line that is skipped whole.
    pub(super) fn skip(&mut self, line: u64, why: impl FnOnce() -> String) {
        self.bad_lines.add(|| format!("{} {line}: {}; skipped", self.unit, why()));
    }

    /// Takes one cell.
    ///
    /// # Errors
    /// When its separators contradict those of another.
    pub(super) fn put(&mut self, (column, at): Target, row: Row, cell: Cell<'_>) -> Result<(), FileError> {
        let Some(series) = self.series.get_mut(at) else { return Ok(()) };
        let line = self.dates.get(row as usize).map_or(0, |(line, _)| *line);
        let is_dividend = matches!(series.kind, ColumnKind::Dividend(_));
        if let Cell::Number(value) | Cell::Written(Written { value, .. }, _) = cell
            && is_dividend
            && !(value.is_finite() && value >= 0.0)
        {
            self.bad_dividends
                .add(|| format!("{} {line}: the dividend {value} is no amount of zero or more; dropped", self.unit));
            return Ok(());
        }
        let value = match cell {
            Cell::Missing => return Ok(()),
            Cell::Number(value) => value,
            Cell::Written(written, text) => {
                series.signs.take(&written, line);
                let place = (at, series.rows.len());
                self.separators
                    .take(written.form, (self.unit, line, text), place)
                    .map_err(|rule| FileError::unusable(self.path, rule))?;
                written.value
            }
            Cell::Text(text) => {
                // Counted as a bad price by the series, never read as zero.
                if !is_dividend {
                    series.rows.push((row, f64::NAN));
                }
                self.bad_cells.add(row, column, || format!("`{}` is no number; dropped", excerpt(text)));
                return Ok(());
            }
        };
        if matches!(series.kind, ColumnKind::Price(..)) && value <= 0.0 {
            self.no_prices.add(row, column, || format!("{value} is no price above zero; dropped"));
        }
        series.rows.push((row, value));
        Ok(())
    }

    /// The series and yields of the file.
    ///
    /// # Errors
    /// When no line could be used, or the file can be meant twice.
    pub(super) fn finish(mut self) -> Result<Content, FileError> {
        let path = self.path;
        self.used_something().map_err(|rule| FileError::unusable(path, rule))?;
        let mut warnings = Vec::new();
        let (days, reading) = self.settle().map_err(|rule| FileError::unusable(path, rule))?;
        let order = Order::of(&self.groups, &days, self.today);
        order.shifted.as_ref().map_or(Ok(()), |rule| Err(FileError::unusable(path, rule.clone())))?;
        let conflicts = if order.twice > 0 { self.conflicts(&days) } else { Notes::default() };
        let Self { name, unit, series, dates, .. } = self;
        self.layout.ignored.finish(&name, (RemarkKind::IgnoredColumn, "columns"), &mut warnings);
        self.bad_lines.finish(&name, (RemarkKind::BadLine, &format!("{unit}s skipped")), &mut warnings);
        let place = |row: Row| Some((dates.get(row as usize)?.0, *days.get(row as usize)?));
        let bad_cells = self.bad_cells.notes(unit, &self.headers, place);
        bad_cells.finish(&name, (RemarkKind::BadCell, "cells dropped"), &mut warnings);
        self.bad_dividends.finish(&name, (RemarkKind::BadDividend, "dividends dropped"), &mut warnings);
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
        if self.bad_lines.is_empty() {
            return Err(format!("a header but no {unit} below it: write one {unit} per date"));
        }
        let skipped = std::mem::take(&mut self.bad_lines).texts(&format!("{unit}s"));
        let way_out =
            if skipped.iter().any(|why| why.contains("is no date")) { ": write dates as YYYY-MM-DD" } else { "" };
        Err(format!("no {unit} could be used: {}{way_out}", skipped.join("; ")))
    }

    /// Decides what can be meant twice: the dates of the rows, and the numbers.
    fn settle(&mut self) -> Result<(Vec<NaiveDate>, Reading), String> {
        let settled = dates::settle(&self.dates, self.unit, self.today)?;
        let numbers = self.separators.how(self.unit);
        for ((series, at), scale) in std::mem::take(&mut self.separators).settle(self.unit)? {
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
            fields: self.delimiter.map(reading::delimiter),
            currency: (!signs.is_empty()).then(|| signs.into_iter().collect()),
        };
        Ok((settled.days, reading))
    }

    fn target(&mut self, column: usize, kind: ColumnKind) -> Target {
        self.series.push(Series { column, kind, rows: Vec::new(), signs: Signs::default(), currency: None });
        (column, self.series.len() - 1)
    }
}

/// A file's name without the extensions that [`super::folder`] knows.
fn stem(name: &str) -> &str {
    let cut = |text: &str, extension: &str| {
        let at = text.len().checked_sub(extension.len())?;
        text.get(at..).filter(|tail| tail.eq_ignore_ascii_case(extension)).map(|_| at)
    };
    let name = cut(name, ".gz").map_or(name, |at| &name[..at]);
    [".csv", ".tsv", ".txt", ".parquet"]
        .iter()
        .find_map(|extension| cut(name, extension))
        .map_or(name, |at| &name[..at])
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
            ("spy.us.txt", "spy.us"),
            ("é", "é"),
            ("gz", "gz"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
