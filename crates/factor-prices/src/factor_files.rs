//! Factors in files of one's own: CSV or Parquet, a column of dates and a column of returns for each factor.
//!
//! The first column holds the dates: `YYYY-MM-DD`, `YYYYMM`, `YYYYMMDD`, or `M/D/YYYY` where a day over 12 shows which is the month.
//! Dates that lie a month apart are months. Returns are simple; as decimals, or as percent where every figure has a `%` or the column's
//! name ends with `(%)`. Empty, `NA`, `NaN` and `.` are missing. A column whose figures are too large for decimals is refused rather
//! than divided. A file of Kenneth French's library is read as what it is. A factor is called `FILE:COLUMN`, by the file's name
//! without its ending; both are found whatever their case.

mod cells;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fs::File,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};

use self::cells::Columns;
use crate::french::FactorTable;

/// Bytes of a file at most.
const MOST_BYTES: u64 = 64 << 20;
/// Files of a folder at most.
const MOST_FILES: usize = 200;
/// Columns of a file at most.
const MOST_COLUMNS: usize = 500;

/// A file or a folder of them.
#[derive(Debug, Clone)]
pub struct FactorFiles {
    path: PathBuf,
}

/// A factor's column, found.
#[derive(Debug, Clone)]
pub struct FactorOfFile {
    /// `aqr_qmj:USA`, as the file and its header write it.
    pub name: String,
    /// The file it is in.
    pub table: Arc<FactorTable>,
    /// Its column there.
    pub column: String,
}

/// Files that were read, by their paths.
type Tables = HashMap<PathBuf, Result<Arc<FactorTable>, String>>;

/// Why there is no such factor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactorFileError {
    /// No file is called so.
    #[error("there is no file {file} in {place}; there are {known}")]
    NoFile {
        /// As it was asked.
        file: String,
        /// Where it was looked for.
        place: String,
        /// The files there are.
        known: String,
    },
    /// The file has no such column.
    #[error("{file} has no column {column}; it has {known}")]
    NoColumn {
        /// The file.
        file: String,
        /// As it was asked.
        column: String,
        /// Its columns.
        known: String,
    },
    /// The file cannot be used.
    #[error("{file}: {why}")]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong with it, with the line.
        why: String,
    },
}

impl FactorFiles {
    /// Files at a path. Nothing is read yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where they are.
    pub fn place(&self) -> &Path {
        &self.path
    }

    /// The factor of a name such as `aqr_qmj:USA`.
    ///
    /// # Errors
    /// [`FactorFileError`].
    pub fn find(&self, file: &str, column: &str) -> Result<FactorOfFile, FactorFileError> {
        self.found(file, column, &mut HashMap::new())
    }

    /// The factors of several names, each with its file and column; a file is read once for all of its own.
    pub fn find_each(&self, names: &[(String, String)]) -> Vec<Result<FactorOfFile, FactorFileError>> {
        let mut tables = HashMap::new();
        names.iter().map(|(file, column)| self.found(file, column, &mut tables)).collect()
    }

    /// One of them; `tables` has what was read of a path before.
    fn found(&self, file: &str, column: &str, tables: &mut Tables) -> Result<FactorOfFile, FactorFileError> {
        let all =
            self.files().map_err(|why| FactorFileError::Unusable { file: self.path.display().to_string(), why })?;
        let Some((name, path)) = all.iter().find(|(name, _)| name.eq_ignore_ascii_case(file)) else {
            let known: Vec<&str> = all.iter().take(20).map(|(name, _)| name.as_str()).collect();
            return Err(FactorFileError::NoFile {
                file: file.to_owned(),
                place: self.path.display().to_string(),
                known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
            });
        };
        let unusable = |why: String| FactorFileError::Unusable { file: name.clone(), why };
        let table = tables.entry(path.clone()).or_insert_with(|| read(path).map(Arc::new)).clone().map_err(unusable)?;
        let Some(found) = table.columns.iter().find(|known| known.name.eq_ignore_ascii_case(column)) else {
            let known: Vec<&str> = table.columns.iter().take(20).map(|known| known.name.as_str()).collect();
            let (file, column) = (name.clone(), column.to_owned());
            return Err(FactorFileError::NoColumn { file, column, known: known.join(", ") });
        };
        let column = found.name.clone();
        Ok(FactorOfFile { name: format!("{name}:{column}"), column, table })
    }

    /// The files by their names without endings.
    fn files(&self) -> Result<Vec<(String, PathBuf)>, String> {
        let is_folder = self.path.is_dir();
        let paths: Vec<PathBuf> = if is_folder {
            let entries = std::fs::read_dir(&self.path).map_err(|error| error.to_string())?;
            entries.flatten().map(|entry| entry.path()).collect()
        } else {
            vec![self.path.clone()]
        };
        let mut files: Vec<(String, PathBuf)> =
            paths.into_iter().filter_map(|path| Some((stem(&path)?, path))).collect();
        files.sort();
        if files.len() > MOST_FILES {
            return Err(format!("it holds {} files, at most {MOST_FILES} are looked at", files.len()));
        }
        Ok(files)
    }
}

/// A file's name without its ending; none where it is no file of this kind.
fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let lower = name.to_ascii_lowercase();
    let ending = [".csv.gz", ".csv", ".parquet"].into_iter().find(|ending| lower.ends_with(ending))?;
    Some(name[..name.len() - ending.len()].to_owned())
}

fn read(path: &Path) -> Result<FactorTable, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MOST_BYTES {
        return Err(format!("it is over {MOST_BYTES} bytes"));
    }
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet")) {
        // The decoders meet bytes that anyone may have written.
        let read = catch_unwind(AssertUnwindSafe(|| of_parquet(path)));
        return read.unwrap_or_else(|_| Err("it is no sound Parquet file".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) { unpacked(&bytes)? } else { bytes };
    match FactorTable::read(&bytes) {
        Ok(table) => Ok(table),
        Err(_) => of_csv(&bytes),
    }
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let read = flate2::read::GzDecoder::new(bytes).take(MOST_BYTES + 1).read_to_end(&mut body);
    read.map_err(|error| format!("it cannot be unpacked ({error})"))?;
    if body.len() as u64 > MOST_BYTES { Err(format!("it is over {MOST_BYTES} bytes unpacked")) } else { Ok(body) }
}

fn of_csv(bytes: &[u8]) -> Result<FactorTable, String> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let text = text.map_err(|_| "it is not UTF-8: write it again as UTF-8".to_owned())?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_owned).collect();
    let mut columns = named(&header)?;
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(0, |position| position.line());
        let mut cells = row.iter();
        columns.push(line, cells.next().unwrap_or_default(), cells.map(str::to_owned))?;
    }
    columns.table()
}

fn of_parquet(path: &Path) -> Result<FactorTable, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|error| format!("it is no sound Parquet file ({error})"))?;
    let schema = reader.metadata().file_metadata().schema();
    let header: Vec<String> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    // pandas writes the index of dates as the last column.
    let date = header.iter().position(|name| ["date", "__index_level_0__"].contains(&name.to_lowercase().as_str()));
    let date = date.unwrap_or(0);
    let mut order: Vec<usize> = vec![date];
    order.extend((0..header.len()).filter(|at| *at != date));
    let names: Vec<String> = order.iter().map(|at| header[*at].clone()).collect();
    let mut columns = named(&names)?;
    let rows = reader.get_row_iter(None).map_err(|error| error.to_string())?;
    for (at, row) in rows.enumerate() {
        let row = row.map_err(|error| format!("row {}: {error}", at + 1))?;
        let fields: Vec<String> = row.get_column_iter().map(|(_, field)| text_of(field)).collect();
        let mut cells = order.iter().map(|at| fields.get(*at).cloned().unwrap_or_default());
        let date = cells.next().unwrap_or_default();
        columns.push(at as u64 + 1, &date, cells)?;
    }
    columns.table()
}

fn named(header: &[String]) -> Result<Columns, String> {
    let (_, names) = header.split_first().ok_or("it is empty")?;
    if names.is_empty() || names.len() > MOST_COLUMNS {
        return Err(format!("it has {} columns beside the date, 1 to {MOST_COLUMNS} are read", names.len()));
    }
    Columns::new(names)
}

/// A value as a cell of CSV would have it.
fn text_of(field: &Field) -> String {
    const DAY_MS: i64 = 86_400_000;
    let day = |days: i64| {
        let epoch = chrono::NaiveDate::default();
        epoch.checked_add_signed(chrono::Duration::days(days)).map(|day| day.to_string()).unwrap_or_default()
    };
    match field {
        Field::Null => String::new(),
        Field::Date(days) => day(i64::from(*days)),
        Field::TimestampMillis(ms) => day(ms.div_euclid(DAY_MS)),
        Field::TimestampMicros(us) => day(us.div_euclid(DAY_MS * 1000)),
        Field::Double(value) if value.is_nan() => String::new(),
        Field::Float(value) if value.is_nan() => String::new(),
        Field::Double(value) => value.to_string(),
        Field::Float(value) => value.to_string(),
        Field::Str(text) => text.clone(),
        other => other.to_string(),
    }
}
