//! Reads a Parquet file, as pandas, Polars or Spark write it: the same layouts as CSV, the date perhaps an index.
//!
//! Time stamps are read in the zone that Arrow or pandas noted beside them (`arrow.rs`).

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use chrono::NaiveDate;
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit},
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{ByteArray, DataType},
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData},
        reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader},
    },
    schema::types::{ColumnDescPtr, ColumnDescriptor},
};

mod thrift;

use self::thrift::{Unsound, Walk};
use super::{
    arrow,
    dates::{DateCell, Zone},
    error::FileError,
    header::{Header, OPENING},
    layout::TableShape,
    names::{may_name_tickers, plain},
    notes::excerpt,
    numbers::Cell,
    skipped::NoDate,
    table::{Table, minute},
};

/// Rows decoded at a time: all columns of a batch are held at once.
const BATCH: usize = 1024;
/// The most bytes that the columns of one row group may take, unpacked.
const MAX_GROUP: i64 = 1 << 30;

/// Reads the file at `path`.
pub(super) fn read(path: &Path, today: NaiveDate) -> Result<Table<'_>, FileError> {
    let file = File::open(path).map_err(|error| FileError::unreadable(path, &error))?;
    guarded(path, file, today)
}

/// Reads a file's bytes; `path` gives the name for messages.
pub(super) fn guarded(path: &Path, file: impl ChunkReader + 'static, today: NaiveDate) -> Result<Table<'_>, FileError> {
    // The decoders meet bytes that anyone may have written; a panic there must not take the other files along.
    match catch_unwind(AssertUnwindSafe(|| table(path, file, today))) {
        Ok(Ok(table)) => Ok(table),
        Ok(Err(ReadError::File(error))) => Err(error),
        Ok(Err(ReadError::Parquet(error))) => Err(damaged(path, &error.to_string())),
        Err(_) => Err(damaged(path, "the decoder gave up")),
    }
}

fn damaged(path: &Path, reason: &str) -> FileError {
    let rule = format!("not a sound Parquet file ({}): write it again, compressed with snappy or zstd", reason.trim());
    FileError::unusable(path, rule)
}

enum ReadError {
    File(FileError),
    Parquet(ParquetError),
}

impl From<FileError> for ReadError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<ParquetError> for ReadError {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

fn table(path: &Path, file: impl ChunkReader + 'static, today: NaiveDate) -> Result<Table<'_>, ReadError> {
    countable(&file)?;
    let reader = SerializedFileReader::new(file)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let headers: Vec<String> = schema.columns().iter().map(|column| header(column)).collect();
    let mut header = Header::find(&[headers]).map_err(|rule| FileError::unusable(path, rule))?;
    header.see(&names_below(&reader, &header)?);
    let mut table = Table::new(path, "row", header, today)?;
    let (zone, noted) = zone(reader.metadata(), table.layout().date);
    if let Some(name) = noted {
        table = table.zoned(name);
    }
    let fixed = table.fixed_targets();
    let columns = table.layout().columns();
    let ticker_at = match table.layout().shape {
        TableShape::Long { ticker, .. } => Some(ticker),
        TableShape::Fixed(_) => None,
    };
    let currency_at = table.layout().currency;
    let mut line = 0;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        if group.metadata().total_byte_size() > MAX_GROUP {
            let rule = format!("a row group holds more than {} MiB: write smaller ones", MAX_GROUP >> 20);
            return Err(FileError::unusable(path, rule).into());
        }
        let mut open = columns.iter().map(|at| Open::new(&*group, *at)).collect::<Result<Vec<_>, _>>()?;
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        while left > 0 {
            let rows = left.min(BATCH);
            let batch = open.iter_mut().map(|column| column.next(rows)).collect::<Result<Vec<_>, _>>()?;
            left -= rows;
            let value = |at: usize, row: usize| {
                let column = columns.iter().position(|known| *known == at)?;
                batch.get(column).and_then(|values| values.get(row)).zip(open.get(column))
            };
            for row in 0..rows {
                line += 1;
                let Some((value_of_date, column)) = value(columns[0], row) else { continue };
                let no_date = || NoDate { text: value_of_date.show(), is_full: true, is_header: false };
                let Some(date) = table.row(line, value_of_date.date(&column.descr, zone), no_date)? else { continue };
                table.take_minute(value_of_date.minute(&column.descr));
                table.take_other_dates(|at| {
                    value(at, row).map_or(DateCell::Unreadable, |(value, column)| value.date(&column.descr, zone))
                });
                let text_of = |at: usize| match value(at, row) {
                    Some((Value::Bytes(bytes), _)) => bytes.data(),
                    _ => b"",
                };
                let group = if let Some(at) = ticker_at {
                    let Some((group, targets)) = table.targets_of(line, text_of(at))? else { continue };
                    table.take_parted(group, line, text_of)?;
                    table.used(group, date);
                    for target in targets.into_iter().flatten() {
                        if let Some((value, column)) = value(target.0, row) {
                            table.put(target, date, value.cell(&column.descr))?;
                        }
                    }
                    group
                } else {
                    table.used(0, date);
                    // `columns` lists the date first and then the targets' columns in their order.
                    for (at, target) in fixed.iter().enumerate() {
                        if let Some((value, column)) =
                            batch.get(at + 1).and_then(|values| values.get(row)).zip(open.get(at + 1))
                        {
                            table.put(*target, date, value.cell(&column.descr))?;
                        }
                    }
                    0
                };
                if let Some(at) = currency_at {
                    table.currency(group, line, text_of(at))?;
                }
            }
        }
    }
    Ok(table)
}

/// Makes sure that nothing that describes the file has the decoder count to what there cannot be: neither the metadata at its end nor
/// the heads of its pages.
fn countable(file: &impl ChunkReader) -> Result<(), ParquetError> {
    const TAIL: usize = 8;
    let unsound = |why| {
        let words = match why {
            Unsound::TooMany => "a list of more than the file holds",
            Unsound::Wrong => "a field of no known type",
            Unsound::Short => "its metadata end too soon",
        };
        ParquetError::General(words.to_owned())
    };
    let Some(end) = file.len().checked_sub(TAIL as u64) else { return Ok(()) };
    let tail = file.get_bytes(end, TAIL)?;
    let length = tail.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    let Some(start) = end.checked_sub(u64::from(length)).filter(|_| tail.ends_with(b"PAR1")) else { return Ok(()) };
    let bytes = file.get_bytes(start, length as usize)?;
    // A type that there is not the decoder may take for one of no bytes, and go on counting.
    Walk::new(&bytes, u64::from(length)).structure(&mut |_, _| {}).map_err(unsound)?;
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file)?;
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let first = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let (Ok(first), Ok(length)) = (u64::try_from(first), u64::try_from(column.compressed_size())) else { continue };
        let (mut at, end) = (first, first.saturating_add(length).min(file.len()));
        while at < end {
            match page(file, at, end)? {
                Ok(next) => at = next,
                // The decoder says where a page ends too soon.
                Err(Unsound::Short) => break,
                Err(why) => return Err(unsound(why)),
            }
        }
    }
    Ok(())
}

/// Where the page after the one at `at` begins, by what its head says.
fn page(file: &impl ChunkReader, at: u64, end: u64) -> Result<Result<u64, Unsound>, ParquetError> {
    const COMPRESSED_SIZE: i64 = 3;
    // Most heads are shorter; statistics of long texts may stand in one.
    let mut looked_at = 256;
    loop {
        let here = looked_at.min(end - at);
        let bytes = file.get_bytes(at, usize::try_from(here).unwrap_or(usize::MAX))?;
        let (mut walk, mut size) = (Walk::new(&bytes, end - at), 0);
        match walk.structure(&mut |field, value| {
            if field == COMPRESSED_SIZE {
                size = value
            }
        }) {
            Ok(()) => {
                let head = (bytes.len() - walk.left()) as u64;
                return Ok(u64::try_from(size)
                    .map(|size| at.saturating_add(head).saturating_add(size))
                    .map_err(|_| Unsound::Wrong));
            }
            Err(Unsound::Short) if here < end - at => looked_at = looked_at.saturating_mul(8),
            Err(unsound) => return Ok(Err(unsound)),
        }
    }
}

/// The first rows of a file, of columns that may name tickers; the others are empty.
fn names_below(
    reader: &SerializedFileReader<impl ChunkReader + 'static>,
    header: &Header,
) -> Result<Vec<Vec<String>>, ParquetError> {
    let columns = reader.metadata().file_metadata().schema_descr().columns();
    let may_name = |at: &usize| {
        let is_flat = columns.get(*at).is_some_and(|column| column.max_rep_level() == 0);
        is_flat && header.texts.get(*at).is_some_and(|text| may_name_tickers(&plain(text)))
    };
    let wanted: Vec<usize> = (0..columns.len()).filter(may_name).collect();
    let is_sound = |meta: &RowGroupMetaData| meta.num_rows() > 0 && meta.total_byte_size() <= MAX_GROUP;
    if wanted.is_empty() || reader.num_row_groups() == 0 || !is_sound(reader.metadata().row_group(0)) {
        return Ok(Vec::new());
    }
    let group = reader.get_row_group(0)?;
    let count = usize::try_from(group.metadata().num_rows()).unwrap_or(0).min(OPENING);
    let mut rows = vec![vec![String::new(); columns.len()]; count];
    for at in wanted {
        for (row, value) in rows.iter_mut().zip(Open::new(&*group, at)?.next(count)?) {
            row[at] = if let Value::Null = value { String::new() } else { value.show() };
        }
    }
    Ok(rows)
}

/// The zone in which a column's time stamps are dates, and its name where one is noted.
fn zone(file: &ParquetMetaData, column: usize) -> (Zone, Option<String>) {
    let column = file.file_metadata().schema_descr().column(column);
    if let Some(LogicalType::Timestamp(stamp)) = column.logical_type_ref()
        && !stamp.is_adjusted_to_u_t_c
    {
        return (Zone::Naive, None);
    }
    let noted = file.file_metadata().key_value_metadata().map(Vec::as_slice).unwrap_or_default();
    let name = arrow::zone(noted, column.name());
    (name.as_deref().map_or(Zone::Fixed(0), Zone::parse), name)
}

/// A column's header. A nested one gets a name that is no ticker, for it has no one value per row.
fn header(column: &ColumnDescriptor) -> String {
    if column.path().parts().len() == 1 && column.max_rep_level() == 0 {
        column.name().to_owned()
    } else {
        format!("{} (nested)", column.path().string())
    }
}

/// A column of a row group while it is read.
struct Open {
    reader: ColumnReader,
    descr: ColumnDescPtr,
}

impl Open {
    fn new(group: &dyn RowGroupReader, at: usize) -> Result<Self, ParquetError> {
        let descr = group.metadata().schema_descr().column(at);
        Ok(Self { reader: group.get_column_reader(at)?, descr })
    }

    /// The next `rows` values.
    fn next(&mut self, rows: usize) -> Result<Vec<Value>, ParquetError> {
        let nullable = self.descr.max_def_level();
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => {
                take(reader, rows, nullable, |b| Value::Bytes(ByteArray::from(if b { "true" } else { "false" })))
            }
            ColumnReader::Int32ColumnReader(reader) => take(reader, rows, nullable, |v| Value::Int(v.into())),
            ColumnReader::Int64ColumnReader(reader) => take(reader, rows, nullable, Value::Int),
            ColumnReader::Int96ColumnReader(reader) => take(reader, rows, nullable, |v| Value::Seconds(v.to_seconds())),
            ColumnReader::FloatColumnReader(reader) => take(reader, rows, nullable, |v| Value::Float(v.into())),
            ColumnReader::DoubleColumnReader(reader) => take(reader, rows, nullable, Value::Float),
            ColumnReader::ByteArrayColumnReader(reader) => take(reader, rows, nullable, Value::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                take(reader, rows, nullable, |v| Value::Fixed(v.into()))
            }
        }
    }
}

fn take<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    nullable: i16,
    value: impl Fn(T::T) -> Value,
) -> Result<Vec<Value>, ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let mut got = 0;
    while got < rows {
        let (records, ..) = reader.read_records(rows - got, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::EOF(format!("a column ends after {got} of {rows} rows")));
        }
        got += records;
    }
    let mut values = values.into_iter().map(value);
    if nullable == 0 {
        return Ok(values.collect());
    }
    Ok(levels
        .into_iter()
        .map(|level| if level == nullable { values.next().unwrap_or(Value::Null) } else { Value::Null })
        .collect())
}

/// One value as stored.
#[derive(Debug)]
enum Value {
    Null,
    Int(i64),
    Float(f64),
    Bytes(ByteArray),
    /// A decimal of up to 16 bytes, big-endian.
    Fixed(ByteArray),
    /// Spark's 96-bit time stamp.
    Seconds(i64),
}

impl Value {
    fn date(&self, column: &ColumnDescriptor, zone: Zone) -> DateCell {
        match self {
            Self::Bytes(bytes) => DateCell::parse(bytes.data()),
            Self::Seconds(seconds) => DateCell::from_seconds(*seconds, zone),
            Self::Int(value) => match (column.logical_type_ref(), column.converted_type()) {
                (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => DateCell::from_days(*value),
                (Some(LogicalType::Timestamp(stamp)), _) => {
                    DateCell::from_seconds(value.div_euclid(per_second(&stamp.unit)), zone)
                }
                (_, ConvertedType::TIMESTAMP_MILLIS) => DateCell::from_seconds(value.div_euclid(1_000), zone),
                (_, ConvertedType::TIMESTAMP_MICROS) => DateCell::from_seconds(value.div_euclid(1_000_000), zone),
                // 20241231 as a number.
                _ => DateCell::parse(value.to_string().as_bytes()),
            },
            Self::Null | Self::Float(_) | Self::Fixed(_) => DateCell::Unreadable,
        }
    }

    /// The minute of the day of a time stamp.
    fn minute(&self, column: &ColumnDescriptor) -> Option<u16> {
        let seconds = match self {
            Self::Bytes(bytes) => return minute(bytes.data()),
            Self::Seconds(seconds) => *seconds,
            Self::Int(value) => match (column.logical_type_ref(), column.converted_type()) {
                (Some(LogicalType::Timestamp(stamp)), _) => value.div_euclid(per_second(&stamp.unit)),
                (_, ConvertedType::TIMESTAMP_MILLIS) => value.div_euclid(1_000),
                (_, ConvertedType::TIMESTAMP_MICROS) => value.div_euclid(1_000_000),
                _ => return None,
            },
            Self::Null | Self::Float(_) | Self::Fixed(_) => return None,
        };
        u16::try_from(seconds.rem_euclid(86_400) / 60).ok()
    }

    fn cell(&self, column: &ColumnDescriptor) -> Cell<'_> {
        match self {
            Self::Null => Cell::Missing,
            // pandas writes a missing value of a float column as NaN.
            Self::Float(value) if value.is_nan() => Cell::Missing,
            Self::Float(value) => Cell::Number(*value),
            Self::Bytes(bytes) => Cell::parse(bytes.data()),
            Self::Int(value) => match whole_number_scale(column) {
                Some(scale) => Cell::Number(*value as f64 / 10f64.powi(scale)),
                None => Cell::Text("(not a plain number)"),
            },
            Self::Fixed(bytes) => match (column.logical_type_ref(), bytes.data()) {
                (Some(LogicalType::Decimal(_)), data @ [first, ..]) if data.len() <= 16 => {
                    let sign = if *first >= 0x80 { -1 } else { 0 };
                    let whole = data.iter().fold(sign, |whole: i128, byte| (whole << 8) | i128::from(*byte));
                    Cell::Number(whole as f64 / 10f64.powi(column.type_scale()))
                }
                _ => Cell::Text("(not a plain number)"),
            },
            Self::Seconds(_) => Cell::Text("(a time)"),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Bytes(bytes) => excerpt(&String::from_utf8_lossy(bytes.data())),
            Self::Int(value) | Self::Seconds(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Null => "null".to_owned(),
            Self::Fixed(_) => "(bytes)".to_owned(),
        }
    }
}

fn per_second(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

/// The decimal places of a whole-number column; `None` for dates and times, which are no prices.
fn whole_number_scale(column: &ColumnDescriptor) -> Option<i32> {
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Decimal(_)), _) | (_, ConvertedType::DECIMAL) => Some(column.type_scale()),
        (Some(LogicalType::Date | LogicalType::Timestamp(_) | LogicalType::Time(_)), _)
        | (_, ConvertedType::DATE | ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS) => None,
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests;
