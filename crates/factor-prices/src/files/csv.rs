//! Reads a CSV file, plain or gzip.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder};
use flate2::read::MultiGzDecoder;

use super::{
    cells::{Cell, DateCell},
    content::Content,
    error::FileError,
    layout::TableShape,
    notes::excerpt,
    table::Table,
};

const BUFFER: usize = 64 * 1024;

/// Reads the file at `path`. Gzip is known by its first bytes, so a wrong extension does no harm.
pub(super) fn read(path: &Path, today: NaiveDate) -> Result<Content, FileError> {
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
pub(super) fn parse(path: &Path, mut input: impl BufRead, today: NaiveDate) -> Result<Content, FileError> {
    let head = input.fill_buf().map_err(|error| FileError::unreadable(path, &error))?;
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(FileError::unusable(path, "the text is UTF-16: save it as UTF-8".to_owned()));
    }
    let delimiter = delimiter(head);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(input);
    let mut record = ByteRecord::new();
    if !next(path, &mut reader, &mut record)? {
        return Err(FileError::unusable(path, "the file is empty: write a header and one line per date".to_owned()));
    }
    let headers = record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let mut table = Table::new(path, "line", headers, today)?;
    let fixed = table.fixed_targets();
    let (date_at, width) = (table.layout().date, table.width());
    let ticker_at = match table.layout().shape {
        TableShape::Long { ticker, .. } => Some(ticker),
        _ => None,
    };
    while next(path, &mut reader, &mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let filled = record.iter().rposition(|field| !field.trim_ascii().is_empty()).map_or(0, |at| at + 1);
        if filled == 0 {
            continue;
        }
        // A cut or shifted line would put numbers under the wrong header.
        if record.len() < width || filled > width {
            table.skip(line, || format!("{} fields where the header has {width}", record.len()));
            continue;
        }
        let field = |at: usize| record.get(at).unwrap_or_default();
        let text = || excerpt(String::from_utf8_lossy(field(date_at)).trim());
        let Some(date) = table.date(line, DateCell::parse(field(date_at)), text)? else { continue };
        if let Some(at) = ticker_at {
            let Some((group, targets)) = table.targets_of(line, field(at)) else { continue };
            table.used(group, date);
            for target in targets.into_iter().flatten() {
                table.put(target, line, date, Cell::parse(field(target.0)));
            }
        } else {
            table.used(0, date);
            for target in &fixed {
                table.put(*target, line, date, Cell::parse(field(target.0)));
            }
        }
    }
    table.finish()
}

fn next(path: &Path, reader: &mut csv::Reader<impl Read>, record: &mut ByteRecord) -> Result<bool, FileError> {
    reader.read_byte_record(record).map_err(|error| {
        let line = reader.position().line();
        let reason = match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        };
        FileError::unusable(path, format!("line {line}: the file breaks off or is damaged ({reason}): write it again"))
    })
}

/// The separator: a comma unless the first line has none and another in its place.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or(head);
    if line.contains(&b',') { b',' } else { [b';', b'\t'].into_iter().find(|b| line.contains(b)).unwrap_or(b',') }
}

#[cfg(test)]
mod tests;
