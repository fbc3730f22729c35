use std::{path::PathBuf, sync::Arc};

use factor_types::{Maturity, PriceKind};
use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type, Int96, Int96Type},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use tempfile::TempDir;

use super::*;
use crate::files::content::Content;

const DAY: i64 = 86_400;

/// A column to write; `None` is null.
enum Column {
    I32(Vec<Option<i32>>),
    I64(Vec<Option<i64>>),
    I96(Vec<Option<i64>>),
    F32(Vec<Option<f32>>),
    F64(Vec<Option<f64>>),
    Text(Vec<Option<&'static str>>),
}

/// Writes a file in row groups of one chunk each and reads it back.
fn round_trip(
    name: &str,
    schema: &str,
    compression: Compression,
    groups: Vec<Vec<Column>>,
) -> Result<Content, FileError> {
    let (_folder, path) = written(name, schema, compression, groups);
    read(&path, NaiveDate::MAX)?.finish()
}

fn written(name: &str, schema: &str, compression: Compression, groups: Vec<Vec<Column>>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, properties).unwrap();
    for columns in groups {
        let mut group = writer.next_row_group().unwrap();
        for column in columns {
            macro_rules! write {
                ($kind:ty, $values:expr, $convert:expr) => {{
                    let mut out = group.next_column().unwrap().unwrap();
                    let levels: Vec<i16> = $values.iter().map(|v| i16::from(v.is_some())).collect();
                    let values: Vec<_> = $values.into_iter().flatten().map($convert).collect();
                    out.typed::<$kind>().write_batch(&values, Some(&levels), None).unwrap();
                    out.close().unwrap();
                }};
            }
            match column {
                Column::I32(values) => write!(Int32Type, values, |v| v),
                Column::I64(values) => write!(Int64Type, values, |v| v),
                Column::F32(values) => write!(FloatType, values, |v| v),
                Column::F64(values) => write!(DoubleType, values, |v| v),
                Column::Text(values) => write!(ByteArrayType, values, ByteArray::from),
                Column::I96(values) => write!(Int96Type, values, |days: i64| {
                    let mut stamp = Int96::new();
                    stamp.set_data(0, 0, u32::try_from(days + 2_440_588).unwrap());
                    stamp
                }),
            }
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    (folder, path)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn prices(content: &Content, ticker: &str) -> Vec<(NaiveDate, f64)> {
    let series = content.prices.iter().find(|series| series.ticker().as_str() == ticker).unwrap();
    series.dates().iter().copied().zip(series.prices().iter().copied()).collect()
}

#[test]
fn wide_with_every_way_to_write_a_date() {
    // 2024-01-02 and 2024-01-03 are days 19724 and 19725.
    let (a, b) = (19_724, 19_725);
    let stamps = |unit: i64| Column::I64(vec![Some(a * DAY * unit), Some((b * DAY + 57_600) * unit)]);
    // Moments in UTC: midnights are dates.
    let midnights = |unit: i64| Column::I64(vec![Some(a * DAY * unit), Some(b * DAY * unit)]);
    for (name, date) in [
        ("optional int32 date (DATE);", Column::I32(vec![Some(19_724), Some(19_725)])),
        ("optional int64 date (TIMESTAMP(MILLIS,false));", stamps(1_000)),
        ("optional int64 Date (TIMESTAMP(MICROS,true));", midnights(1_000_000)),
        ("optional int64 __index_level_0__ (TIMESTAMP(NANOS,false));", stamps(1_000_000_000)),
        ("optional int64 date (TIMESTAMP_MILLIS);", midnights(1_000)),
        ("optional binary DATE (STRING);", Column::Text(vec![Some("2024-01-02"), Some("2024-01-03T00:00:00")])),
        ("optional int64 date;", Column::I64(vec![Some(20_240_102), Some(20_240_103)])),
        ("optional int96 date;", Column::I96(vec![Some(a), Some(b)])),
    ] {
        let columns = vec![
            Column::F64(vec![Some(100.5), None]),
            Column::F32(vec![Some(f32::NAN), Some(90.25)]),
            Column::I32(vec![Some(7), Some(8)]),
            Column::F64(vec![Some(4.1), Some(4.2)]),
            date,
        ];
        // pandas writes the index last.
        let schema =
            format!("optional double SPY; optional float TLT; optional int32 gld; optional double UST10Y; {name}");
        let content = round_trip("p.parquet", &schema, Compression::SNAPPY, vec![columns]).unwrap();
        assert_eq!(prices(&content, "SPY"), [(day("2024-01-02"), 100.5)], "{name}");
        assert_eq!(prices(&content, "TLT"), [(day("2024-01-03"), 90.25)], "{name}");
        assert_eq!(prices(&content, "GLD"), [(day("2024-01-02"), 7.0), (day("2024-01-03"), 8.0)], "{name}");
        assert_eq!(content.yields[0].0, Maturity::Ust10Y);
        assert_eq!(content.warnings, [""; 0], "{name}");
    }
}

#[test]
fn long_over_row_groups_and_codecs() {
    let schema = "optional int32 date (DATE); optional binary symbol (STRING); optional double adj_close; \
                  optional int64 close (DECIMAL(12,2));";
    let group = |first: i32| {
        let rows = 3000;
        vec![
            Column::I32((0..rows).map(|row| Some(first + row / 2)).collect()),
            Column::Text((0..rows).map(|row| Some(if row % 2 == 0 { "SPY" } else { "gld" })).collect()),
            Column::F64((0..rows).map(|row| (row % 2 == 0).then_some(f64::from(row) + 1.0)).collect()),
            Column::I64((0..rows).map(|row| Some(i64::from(row) * 100 + 150)).collect()),
        ]
    };
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let content = round_trip("p.parquet", schema, codec, vec![group(10_000), group(11_500)]).unwrap();
        assert_eq!(content.warnings, [""; 0]);
        let [spy, gld] = &content.prices[..] else { panic!("two tickers") };
        assert_eq!((spy.kind(), spy.len()), (PriceKind::Adjusted, 3000));
        assert_eq!((gld.kind(), gld.len()), (PriceKind::Close, 3000));
        assert_eq!(gld.prices()[..2], [2.5, 4.5]);
    }
}

/// Files that pandas and pyarrow wrote: `fixtures/files/make_files.py`.
fn written_by_pandas(name: &str) -> Result<Content, FileError> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/files");
    read(&folder.join(name), day("2026-01-15"))?.finish()
}

#[test]
fn zones_that_arrow_and_pandas_note() {
    // Fifteen weekdays from Monday 2024-01-01 on.
    for name in ["berlin_midnight.parquet", "arrow_berlin.parquet", "close_hong_kong.parquet"] {
        let content = written_by_pandas(name).unwrap();
        let spy = prices(&content, "SPY");
        let ends = [spy[0], spy[4], spy[5], spy[14]];
        let expected = [("2024-01-01", 100.0), ("2024-01-05", 104.0), ("2024-01-08", 105.0), ("2024-01-19", 114.0)];
        assert_eq!(ends, expected.map(|(date, price)| (day(date), price)), "{name}");
        assert_eq!(content.warnings, [""; 0], "{name}");
    }
    let error = written_by_pandas("berlin_in_utc.parquet").unwrap_err().to_string();
    assert!(error.contains("3 of 15 dates fall on Sundays and hardly one on a Friday"), "{error}");
}

#[test]
fn columns_of_two_levels() {
    let content = written_by_pandas("yfinance_download.parquet").unwrap();
    let [spy, tlt] = &content.prices[..] else { panic!("two tickers") };
    assert_eq!(
        (spy.ticker().as_str(), spy.kind(), &spy.prices()[..2]),
        ("SPY", PriceKind::Adjusted, &[100.0, 101.0][..])
    );
    assert_eq!(
        (tlt.ticker().as_str(), tlt.kind(), &tlt.prices()[..2]),
        ("TLT", PriceKind::Adjusted, &[50.0, 50.5][..])
    );
    assert_eq!(content.closes[tlt.ticker()].prices()[..2], [55.0, 55.5]);
    assert_eq!(content.warnings, [""; 0]);
}

#[test]
fn a_scrambled_note_of_a_zone_is_no_panic() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/files");
    let bytes = std::fs::read(folder.join("arrow_berlin.parquet")).unwrap();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("p.parquet");
    for at in (0..bytes.len()).step_by(7) {
        let mut scrambled = bytes.clone();
        scrambled[at] ^= 0x5a;
        std::fs::write(&path, scrambled).unwrap();
        let _ = read(&path, NaiveDate::MAX).and_then(Table::finish);
    }
}

#[test]
fn faults() {
    let schema = "optional binary date (STRING); optional binary SPY (STRING); optional boolean flag_x;";
    let schema = schema.replace("optional boolean flag_x;", "");
    let columns = || {
        vec![
            Column::Text(vec![Some("2024-01-02"), None, Some("2024-01-04")]),
            Column::Text(vec![Some("n.m."), Some("1"), Some("2.5")]),
        ]
    };
    let content = round_trip("p.parquet", &schema, Compression::SNAPPY, vec![columns()]).unwrap();
    assert_eq!(prices(&content, "SPY"), [(day("2024-01-04"), 2.5)]);
    assert_eq!(
        content.warnings,
        [
            "p.parquet: row 2: `null` is no date; skipped",
            "p.parquet: row 1, column 2 `SPY`: `n.m.` is no number; dropped (2024-01-02)"
        ]
    );

    let error = round_trip("p.parquet", "optional double SPY;", Compression::SNAPPY, vec![]).unwrap_err().to_string();
    assert!(error.contains("no date column among `SPY`"), "{error}");

    // Cut or scrambled at any place: an error that names the file, or at worst fewer warnings, never a panic.
    let (_folder, path) = written("p.parquet", &schema, Compression::SNAPPY, vec![columns()]);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = read(&path, NaiveDate::MAX).unwrap_err().to_string();
    assert!(error.contains("p.parquet: not a sound Parquet file"), "{error}");
    for at in 0..bytes.len() {
        let mut scrambled = bytes.clone();
        scrambled[at] ^= 0x55;
        std::fs::write(&path, scrambled).unwrap();
        let _ = read(&path, NaiveDate::MAX).and_then(Table::finish);
    }
}

#[test]
fn a_table_that_pandas_melted_is_long_form() {
    let schema = "optional binary Date (UTF8); optional binary variable (UTF8); optional double value;";
    let columns = vec![
        Column::Text(vec![Some("2021-11-30"), Some("2021-12-01"), Some("2021-11-30")]),
        Column::Text(vec![Some("SPY"), Some("SPY"), Some("TLT")]),
        Column::F64(vec![Some(427.14), Some(422.4), Some(128.41)]),
    ];
    let content = round_trip("px.parquet", schema, Compression::UNCOMPRESSED, vec![columns]).unwrap();
    assert_eq!(prices(&content, "SPY"), [(day("2021-11-30"), 427.14), (day("2021-12-01"), 422.4)]);
    // Numbers are prices of a ticker of that name.
    let schema = "optional binary Date (UTF8); optional double FUND; optional double SPY;";
    let columns =
        vec![Column::Text(vec![Some("2021-11-30")]), Column::F64(vec![Some(11.5)]), Column::F64(vec![Some(427.14)])];
    let content = round_trip("px.parquet", schema, Compression::UNCOMPRESSED, vec![columns]).unwrap();
    assert_eq!(prices(&content, "FUND"), [(day("2021-11-30"), 11.5)]);
}

#[test]
fn a_count_of_what_there_cannot_be_is_refused_before_it_is_counted_to() {
    // The head of a page: field 1, a list of 2^32 - 1 truths, of which the decoder counts each.
    let head = bytes::Bytes::from_static(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    assert_eq!(page(&head, 0, head.len() as u64).unwrap(), Err(Unsound::TooMany));
    // The same as the metadata at the end.
    let mut file = b"PAR1".to_vec();
    file.extend_from_slice(&head);
    file.extend_from_slice(&(head.len() as u32).to_le_bytes());
    file.extend_from_slice(b"PAR1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.parquet");
    std::fs::write(&path, file).unwrap();
    let error = read(&path, NaiveDate::MAX).unwrap_err().to_string();
    assert!(error.contains("p.parquet: not a sound Parquet file") && error.contains("more than the file"), "{error}");
}

#[test]
fn the_pages_of_a_column_end_where_it_ends() {
    let schema = "optional binary Date (UTF8); optional double SPY;";
    let columns =
        || vec![Column::Text(vec![Some("2021-11-30"), Some("2021-12-01")]), Column::F64(vec![Some(1.0), Some(2.0)])];
    for compression in [Compression::SNAPPY, Compression::UNCOMPRESSED] {
        let (_folder, path) = written("p.parquet", schema, compression, vec![columns(), columns()]);
        let file = bytes::Bytes::from(std::fs::read(&path).unwrap());
        countable(&file).unwrap();
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
        let chunks: Vec<(u64, u64)> = metadata
            .row_groups()
            .iter()
            .flat_map(RowGroupMetaData::columns)
            .map(|column| column.byte_range())
            .collect();
        assert_eq!(chunks.len(), 4);
        for (first, length) in chunks {
            let (mut at, mut pages) = (first, 0);
            while at < first + length {
                at = page(&file, at, first + length).unwrap().unwrap();
                pages += 1;
            }
            assert_eq!((at, pages), (first + length, 2), "a dictionary and a page of values");
        }
    }
}
