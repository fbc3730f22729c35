//! Files of any bytes.

use std::path::Path;

use chrono::NaiveDate;

use super::{content::Content, csv, error::FileError, parquet};
use crate::fuzzing::sound_message;

/// A name decides what a file of one price column is of, and whether it holds yields.
const NAMES: [&str; 4] = ["prices", "SPY", "treasury_yields", "BRK-B"];

/// CSV: the first byte picks the name, the rest is what the file holds.
pub fn csv_file(bytes: &[u8]) {
    let Some((name, text)) = named(bytes, "csv") else { return };
    sound(csv::parse(Path::new(&name), text, today()).and_then(|table| table.finish()));
}

/// Parquet: as with [`csv_file`].
pub fn parquet_file(bytes: &[u8]) {
    let Some((name, body)) = named(bytes, "parquet") else { return };
    let body = bytes::Bytes::copy_from_slice(body);
    sound(parquet::guarded(Path::new(&name), body, today()).and_then(|table| table.finish()));
}

fn named<'a>(bytes: &'a [u8], extension: &str) -> Option<(String, &'a [u8])> {
    let (which, rest) = bytes.split_first()?;
    Some((format!("{}.{extension}", NAMES[usize::from(*which) % NAMES.len()]), rest))
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 12, 31).unwrap_or_default()
}

/// Dates rise and numbers are numbers, or the refusal says why in a line.
fn sound(read: Result<Content, FileError>) {
    let content = match read {
        Ok(content) => content,
        Err(error) => return sound_message(&error.to_string()),
    };
    for series in content.prices.iter().chain(content.closes.values()) {
        assert!(series.dates().is_sorted_by(|a, b| a < b), "dates of {} do not rise", series.ticker());
        assert!(
            series.prices().iter().all(|price| price.is_finite() && *price > 0.0),
            "a price of {}",
            series.ticker()
        );
    }
    for paid in content.dividends.values() {
        assert!(paid.is_sorted_by(|a, b| a.ex_date < b.ex_date), "dates of dividends do not rise");
        assert!(paid.iter().all(|one| one.amount.is_finite() && one.amount > 0.0), "a dividend");
    }
    for (_, rows) in content.sec_yields.values().flat_map(|rows| rows.iter().map(|row| (row.0, row))) {
        assert!(rows.1.is_finite(), "an SEC yield");
    }
}
