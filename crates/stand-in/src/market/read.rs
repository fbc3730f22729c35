//! Wide CSV files of prices and yields.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use flate2::read::MultiGzDecoder;

use super::{MATURITIES, MarketError, ParYields, security::Security};

type Wide = (BTreeMap<String, Security>, BTreeMap<NaiveDate, ParYields>);

/// The file itself, or the CSV files of a folder, by name.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, MarketError> {
    let unreadable = |source| MarketError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let name = file.to_string_lossy();
        if name.ends_with(".csv") || name.ends_with(".csv.gz") {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(MarketError::NothingThere { path: path.to_owned() });
    }
    Ok(found)
}

/// Prices by ticker and yields by date of one wide file.
pub(super) fn wide(path: &Path) -> Result<Wide, MarketError> {
    let not_csv = |source| MarketError::NotCsv { path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| MarketError::Unreadable { path: path.to_owned(), source })?;
    let plain: Box<dyn Read> = if path.extension().is_some_and(|end| end == "gz") {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else {
        Box::new(file)
    };
    let mut reader = csv::Reader::from_reader(plain);
    let names: Vec<String> = reader.headers().map_err(not_csv)?.iter().map(|name| name.trim().to_owned()).collect();
    let mut columns: Vec<Vec<(NaiveDate, f64)>> = vec![Vec::new(); names.len()];
    let mut rates: BTreeMap<NaiveDate, ParYields> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(not_csv)?;
        let line = record.position().map_or(0, csv::Position::line);
        let bad = |column: usize, value: &str, rule| MarketError::BadCell {
            path: path.to_owned(),
            line,
            column: names.get(column).cloned().unwrap_or_default(),
            value: value.to_owned(),
            rule,
        };
        let day = record.get(0).unwrap_or_default();
        let date: NaiveDate = day.trim().parse().map_err(|_| bad(0, day, "not a date: write YYYY-MM-DD"))?;
        for (column, cell) in record.iter().enumerate().skip(1).filter(|(_, cell)| !cell.trim().is_empty()) {
            let value = cell.trim().parse().ok().filter(|value: &f64| value.is_finite());
            let value = value.ok_or_else(|| bad(column, cell, "not a number: leave it empty if there is none"))?;
            match MATURITIES.iter().position(|maturity| *maturity == names[column]) {
                Some(maturity) => rates.entry(date).or_default().0[maturity] = Some(value),
                None if value > 0.0 => columns[column].push((date, value)),
                None => return Err(bad(column, cell, "not a price: it must be above 0")),
            }
        }
    }
    let mut securities = BTreeMap::new();
    for (name, mut rows) in names.into_iter().zip(columns).skip(1) {
        if !rows.is_empty() {
            rows.sort_by_key(|row| row.0);
            let security = Security::adjusted(&name, rows);
            securities.insert(name, security);
        }
    }
    Ok((securities, rates))
}
