//! Collects one file's rows, whatever its format, into series and yields.
//!
//! Cells are kept by their row until the whole file has been seen: which date a row has and what a number's separators mean
//! may only be known then.

mod currencies;
mod finish;
mod intraday;
mod lines;
mod other_dates;
mod parted;
mod thousands;
mod tickers;
mod weekdays;

use std::{collections::HashMap, path::Path};

use chrono::NaiveDate;

pub(super) use self::intraday::minute;
use self::{intraday::Times, weekdays::Weekdays};
use super::{
    content::ColumnKind,
    currency::Stated,
    dates::DateCell,
    error::FileError,
    flaws::BadCells,
    header::Header,
    layout::{Layout, TableShape, TickersFrom},
    notes::{Notes, excerpt},
    numbers::{Cell, Separators, Signs, Written},
    skipped::{NoDate, Skipped, Why, looks_like_row},
    symbols::names_rics,
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
    /// What further columns of dates hold, one cell for each of `dates`.
    other_dates: Vec<Vec<DateCell>>,
    /// What each of the columns that part a ticker's rows says, and on which line, by group.
    parted: Vec<HashMap<usize, (String, u64)>>,
    times: Times,
    separators: Separators,
    currencies: Stated,
    bad_cells: BadCells,
    /// Numbers that are no price.
    no_prices: BadCells,
    /// Dividends and SEC yields that are none.
    bad_income: Notes,
    bad_tickers: Notes,
    skipped: Skipped,
    delimiter: Option<u8>,
    is_ansi: bool,
    zone: Option<String>,
}

/// Where a cell goes: its column in the file and its series.
pub(super) type Target = (usize, usize);

/// A ticker's group in a long file, and where its cells go.
pub(super) type Targets = (usize, [Option<Target>; 4]);

/// A row's place among those with a date.
pub(super) type Row = u32;

#[derive(Debug)]
struct Series {
    column: usize,
    kind: ColumnKind,
    rows: Vec<(Row, f64)>,
    signs: Signs,
    weekdays: Weekdays,
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
            today,
            series: Vec::new(),
            tickers: HashMap::new(),
            groups,
            dates: Vec::new(),
            other_dates: vec![Vec::new(); layout.other_dates.len()],
            parted: vec![HashMap::new(); layout.parted.len()],
            times: Times::default(),
            separators: Separators::default(),
            currencies: Stated::default(),
            bad_cells: BadCells::default(),
            no_prices: BadCells::default(),
            bad_income: Notes::default(),
            bad_tickers: Notes::default(),
            skipped: Skipped::default(),
            delimiter: None,
            is_ansi: false,
            zone: None,
            layout,
        })
    }

    /// The table of a text whose fields are parted by this.
    pub(super) fn delimited(self, delimiter: u8) -> Self {
        Self { delimiter: Some(delimiter), ..self }
    }

    /// The table of a text in Windows-1252.
    pub(super) fn in_ansi(self) -> Self {
        Self { is_ansi: true, ..self }
    }

    /// The table of a file that notes a zone for its dates.
    pub(super) fn zoned(self, zone: String) -> Self {
        Self { zone: Some(zone), ..self }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn headers(&self) -> &[String] {
        &self.headers
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

    /// Takes a line's date, or notes why the line is skipped. `no_date` is only asked for a note.
    ///
    /// # Errors
    /// When the file has too many rows.
    pub(super) fn row(
        &mut self,
        line: u64,
        date: DateCell,
        no_date: impl FnOnce() -> NoDate,
    ) -> Result<Option<Row>, FileError> {
        if date == DateCell::Unreadable {
            self.skipped.undated(self.unit, line, &no_date());
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
            self.skipped.used();
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

    /// Notes a line that has another number of fields than the header. `date` is its date's cell.
    pub(super) fn of_other_width(&mut self, line: u64, (fields, filled): (usize, usize), date: &str) {
        let width = self.width();
        // One price more for each, cut at its comma.
        let is_cut = self.delimiter == Some(b',') && width > 1 && filled == 2 * width - 1;
        let why = if is_cut { Why::DecimalCommas } else { Why::Fields };
        let note = || format!("{} {line}: {fields} fields where the header has {width}; skipped", self.unit);
        self.skipped.add(why, looks_like_row(date, filled >= width), note);
    }

    /// Takes one cell.
    ///
    /// # Errors
    /// When its separators contradict those of another.
    pub(super) fn put(&mut self, (column, at): Target, row: Row, cell: Cell<'_>) -> Result<(), FileError> {
        let Some(series) = self.series.get_mut(at) else { return Ok(()) };
        let line = self.dates.get(row as usize).map_or(0, |(line, _)| *line);
        let is_income = matches!(series.kind, ColumnKind::Dividend(_) | ColumnKind::SecYield(_));
        if is_income && let Some(rule) = no_income(&series.kind, &cell) {
            self.bad_income.add(|| format!("{} {line}: {rule}; dropped", self.unit));
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
                written.value * part_of_one(&series.kind, &written)
            }
            Cell::Text(text) => {
                // Counted as a bad price by the series, never read as zero.
                if !is_income {
                    series.rows.push((row, f64::NAN));
                }
                if series.weekdays.take(row, text) {
                    return Ok(());
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

    fn target(&mut self, column: usize, kind: ColumnKind) -> Target {
        self.series.push(Series {
            column,
            kind,
            rows: Vec::new(),
            signs: Signs::default(),
            weekdays: Weekdays::default(),
            currency: None,
        });
        (column, self.series.len() - 1)
    }
}

/// A yield above this, in size, was written as a percentage without its sign: no fund's is a half.
const HIGHEST_YIELD: f64 = 0.5;

/// What a cell of dividends or SEC yields breaks, if it is a number.
fn no_income(kind: &ColumnKind, cell: &Cell<'_>) -> Option<String> {
    let value = match cell {
        Cell::Number(value) => *value,
        Cell::Written(written, _) => written.value * part_of_one(kind, written),
        Cell::Missing | Cell::Text(_) => return None,
    };
    match kind {
        ColumnKind::Dividend(_) if !(value.is_finite() && value >= 0.0) => {
            Some(format!("the dividend {value} is no amount of zero or more"))
        }
        ColumnKind::SecYield(_) if !(value.is_finite() && value.abs() <= HIGHEST_YIELD) => Some(format!(
            "the SEC yield {value} is none from -{HIGHEST_YIELD} to {HIGHEST_YIELD}: 4.3% is written 0.043 or 4.3%"
        )),
        _ => None,
    }
}

/// What a number is to be multiplied with: SEC yields are decimals, and may be written with a percent sign.
fn part_of_one(kind: &ColumnKind, written: &Written) -> f64 {
    if written.percent && matches!(kind, ColumnKind::SecYield(_)) { 0.01 } else { 1.0 }
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
