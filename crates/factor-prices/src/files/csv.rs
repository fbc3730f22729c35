//! Reads a CSV file, plain or gzip.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder, Terminator};
use flate2::read::MultiGzDecoder;

use super::{
    dates::DateCell,
    error::FileError,
    header::{Header, OPENING},
    layout::TableShape,
    names::Name,
    numbers::Cell,
    skipped::NoDate,
    table::{Table, Target, minute},
    text::{MAX_LINE, Text, too_large},
};

const BUFFER: usize = 64 * 1024;

/// Reads the file at `path`. Gzip is known by its first bytes, so a wrong extension does no harm.
pub(super) fn read(path: &Path, today: NaiveDate) -> Result<Table<'_>, FileError> {
    let file = File::open(path).map_err(|error| FileError::unreadable(path, &error))?;
    let mut input = BufReader::with_capacity(BUFFER, file);
    let head = input.fill_buf().map_err(|error| FileError::unreadable(path, &error))?;
    if head.starts_with(&[0x1f, 0x8b]) {
        parse(path, BufReader::with_capacity(BUFFER, MultiGzDecoder::new(input)), today)
    } else {
        parse(path, input, today)
    }
}

/// Reads CSV text; `path` gives the name for messages and, for a ticker's own file, the ticker.
pub(super) fn parse(path: &Path, input: impl BufRead, today: NaiveDate) -> Result<Table<'_>, FileError> {
    let mut lines = Lines::open(path, input)?;
    let mut opening = Vec::new();
    while opening.len() < OPENING && lines.next()? {
        opening.push((lines.number, lines.record.clone()));
    }
    if opening.is_empty() {
        return Err(FileError::unusable(path, "the file is empty: write a header and one line per date".to_owned()));
    }
    let texts = texts(&opening);
    let mut header = Header::find(&texts).map_err(|rule| FileError::unusable(path, rule))?;
    let first = header.lines;
    header.see(texts.get(first..).unwrap_or_default());
    let mut rows = Rows::new(Table::new(path, "line", header, today)?.delimited(lines.delimiter));
    for (number, record) in opening.iter().skip(first) {
        rows.take(*number, record)?;
    }
    while lines.next()? {
        rows.take(lines.number, &lines.record)?;
    }
    let is_ansi = lines.reader.get_ref().get_ref().is_ansi();
    Ok(if is_ansi { rows.table.in_ansi() } else { rows.table })
}

/// The lines as text.
fn texts(opening: &[(u64, ByteRecord)]) -> Vec<Vec<String>> {
    let text = |record: &ByteRecord| record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    opening.iter().map(|(_, record)| text(record)).collect()
}

/// The records of a file with the lines on which they begin.
struct Lines<'a, R> {
    path: &'a Path,
    reader: csv::Reader<BufReader<Text<R>>>,
    record: ByteRecord,
    /// The line on which the record begins.
    number: u64,
    delimiter: u8,
}

impl<'a, R: BufRead> Lines<'a, R> {
    fn open(path: &'a Path, input: R) -> Result<Self, FileError> {
        let mut input = BufReader::with_capacity(BUFFER, Text::new(input));
        let head = input.fill_buf().map_err(|error| broken(path, 1, error))?;
        let delimiter = delimiter(head);
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(input);
        Ok(Self { path, reader, record: ByteRecord::new(), number: 0, delimiter })
    }

    /// Reads the next record that holds something; false at the end.
    fn next(&mut self) -> Result<bool, FileError> {
        loop {
            let more = self.reader.read_byte_record(&mut self.record).map_err(|error| {
                let error = match error.into_kind() {
                    csv::ErrorKind::Io(error) => error,
                    other => io::Error::other(format!("{other:?}")),
                };
                broken(self.path, self.reader.position().line(), error)
            })?;
            // The position is that of the line after the record; blank lines before it are not part of the record.
            let fields = self.record.as_slice();
            let within = if fields.contains(&b'\n') { fields.iter().filter(|byte| **byte == b'\n').count() } else { 0 };
            // One whose quote is open at the end of the file has no line after it.
            let after = u64::from(!fields.ends_with(b"\n"));
            self.number = self.reader.position().line().saturating_sub(within as u64 + after).max(1);
            if fields.len() > MAX_LINE {
                let rule = format!("a quote is opened and not closed within {} MiB", MAX_LINE >> 20);
                return Err(broken(self.path, self.number, too_large(rule)));
            }
            let is_blank = self.record.iter().all(|field| field.trim_ascii().is_empty());
            if within > 0 && self.record.iter().any(|field| self.holds_rows(field)) {
                let rule = format!(
                    "line {}: a quote is opened and not closed on its line, so that rows below it are part of it: close it, or \
                     leave it out",
                    self.number
                );
                return Err(FileError::unusable(self.path, rule));
            }
            // `sep=;` is for Excel.
            let is_for_excel = self.number == 1 && self.record.get(0).is_some_and(|field| field.starts_with(b"sep="));
            if !more || !(is_blank || is_for_excel) {
                return Ok(more);
            }
        }
    }

    /// True for a quoted text with rows of the table in it.
    fn holds_rows(&self, field: &[u8]) -> bool {
        let mut lines = field.split(|byte| *byte == b'\n').skip(1);
        lines.any(|line| {
            let mut cells = line.split(|byte| *byte == self.delimiter);
            let date =
                cells.next().map(|cell| DateCell::parse(cell.trim_ascii_start().strip_prefix(b"\"").unwrap_or(cell)));
            let is_date = matches!(date, Some(DateCell::Day(_) | DateCell::Moment { .. } | DateCell::Open { .. }));
            is_date && cells.next().is_some()
        })
    }
}

fn broken(path: &Path, line: u64, error: io::Error) -> FileError {
    let rule = match error.kind() {
        io::ErrorKind::FileTooLarge => format!("line {line}: {error}"),
        _ => format!("line {line}: the file breaks off or is damaged ({error}): write it again"),
    };
    FileError::unusable(path, rule)
}

/// A table that is filled line by line.
struct Rows<'a> {
    table: Table<'a>,
    targets: Vec<Target>,
    date: usize,
    width: usize,
    ticker: Option<usize>,
    currency: Option<usize>,
}

impl<'a> Rows<'a> {
    fn new(mut table: Table<'a>) -> Self {
        let ticker = match table.layout().shape {
            TableShape::Long { ticker, .. } => Some(ticker),
            TableShape::Fixed(_) => None,
        };
        let (date, currency, width) = (table.layout().date, table.layout().currency, table.width());
        Self { targets: table.fixed_targets(), table, date, width, ticker, currency }
    }

    fn take(&mut self, line: u64, record: &ByteRecord) -> Result<(), FileError> {
        let (table, width) = (&mut self.table, self.width);
        let filled = record.iter().rposition(|field| !field.trim_ascii().is_empty()).map_or(0, |at| at + 1);
        // A cut or shifted line would put numbers under the wrong header.
        let field = |at: usize| record.get(at).unwrap_or_default();
        let date = || String::from_utf8_lossy(field(self.date)).trim().to_owned();
        if record.len() < width || filled > width {
            table.of_other_width(line, (record.len(), filled), &date());
            return Ok(());
        }
        let is_header = |table: &Table<'_>| {
            let cells = record.iter().map(|field| String::from_utf8_lossy(field.trim_ascii()));
            cells.eq(table.headers().iter().map(|text| text.trim_start_matches('\u{feff}').trim()))
        };
        let cell = DateCell::parse(field(self.date));
        let is_header = cell == DateCell::Unreadable && is_header(table);
        let no_date = || NoDate { text: date(), is_full: filled == width, is_header };
        let Some(row) = table.row(line, cell, no_date)? else { return Ok(()) };
        table.take_minute(minute(field(self.date)));
        table.take_other_dates(|at| DateCell::parse(field(at)));
        let group = if let Some(at) = self.ticker {
            let Some((group, targets)) = table.targets_of(line, field(at))? else { return Ok(()) };
            table.take_parted(group, line, field)?;
            table.used(group, row);
            for target in targets.into_iter().flatten() {
                table.put(target, row, Cell::parse(field(target.0)))?;
            }
            group
        } else {
            table.used(0, row);
            for target in &self.targets {
                table.put(*target, row, Cell::parse(field(target.0)))?;
            }
            0
        };
        self.currency.map_or(Ok(()), |at| table.currency(group, line, field(at)))
    }
}

/// The separator: the one by which a line has a date's column, else a comma unless the first line has none and another in
/// its place.
fn delimiter(head: &[u8]) -> u8 {
    const KNOWN: [u8; 4] = [b',', b';', b'\t', b'|'];
    let mut lines = head.split(|byte| *byte == b'\n').take(OPENING);
    let first = lines.clone().next().unwrap_or(head);
    if let Some(stated) = first.strip_prefix(b"sep=").and_then(|rest| rest.first()) {
        return *stated;
    }
    let names_date = |line: &[u8], delimiter: u8| {
        let cells =
            || line.split(move |byte| *byte == delimiter).map(|cell| String::from_utf8_lossy(cell.trim_ascii()));
        let is_date = |cell: std::borrow::Cow<'_, str>| Name::parse(cell.trim_matches('"')) == Name::Date;
        cells().nth(1).is_some() && cells().any(is_date)
    };
    lines.find_map(|line| KNOWN.into_iter().find(|known| names_date(line, *known))).unwrap_or_else(|| {
        if first.contains(&b',') { b',' } else { KNOWN.into_iter().find(|known| first.contains(known)).unwrap_or(b',') }
    })
}

#[cfg(test)]
mod tests;
