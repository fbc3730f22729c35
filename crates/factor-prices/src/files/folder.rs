//! Which files a source consists of, and when they changed.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsStr,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker, YieldTable};

use super::{
    content::Content,
    csv, currency,
    error::FileError,
    merge::{Merge, Merged},
    notes::{Remark, RemarkKind},
    parquet,
    reading::Reading,
    table::Table,
};
use crate::{Converted, Dividend};

/// The names under which yields are looked for next to a single price file.
const YIELD_NAMES: [&str; 2] = ["treasury_yields", "yields"];
/// What texts are called: prices (stooq's), or notes beside them.
const TEXTS: [&str; 2] = [".txt", ".txt.gz"];
const EXTENSIONS: [&str; 5] = [".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet"];

/// Where the user said that the data is.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) prices: PathBuf,
    pub(super) yields: Option<PathBuf>,
}

impl Places {
    /// What the file or folder of prices is called: where it lies is nobody's business who asks for a ticker.
    pub(super) fn short_name(&self) -> String {
        let name = self.prices.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| "the price files".to_owned())
    }
}

/// One file as it stood when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    path: PathBuf,
    purpose: Purpose,
    length: u64,
    modified: Option<SystemTime>,
}

/// What a file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Purpose {
    /// Whatever it holds.
    Everything,
    /// Its prices if it holds some; it may as well be a note.
    Perhaps,
    /// Its yields only.
    Yields,
}

impl Purpose {
    /// True for a file that was put among the prices.
    fn is_of_prices(self) -> bool {
        self != Self::Yields
    }
}

/// The merged contents of all files.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) prices: BTreeMap<Ticker, Arc<PriceSeries>>,
    /// The file of each ticker's prices.
    pub(super) files_of: HashMap<Ticker, String>,
    /// Of each ticker whose prices are from a file with a column of dividends: those of that file.
    pub(super) dividends: HashMap<Ticker, Arc<[Dividend]>>,
    /// The closes beside the adjusted prices, of the same file.
    pub(super) closes: HashMap<Ticker, Arc<PriceSeries>>,
    /// The SEC yields beside the prices, decimals by date, of the same file.
    pub(super) sec_yields: HashMap<Ticker, Arc<[(NaiveDate, f64)]>>,
    /// What prices are in, where that is not the dollar.
    pub(super) currencies: HashMap<Ticker, Arc<str>>,
    /// Prices in another currency that are dollars here.
    pub(super) converted: HashMap<Ticker, Converted>,
    pub(super) yields: Arc<YieldTable>,
    /// Set when the file named for yields gave none.
    pub(super) yield_fault: Option<String>,
    pub(super) warnings: Vec<Remark>,
    /// The names of files of which nothing was read.
    pub(super) not_read: Vec<String>,
    files: Vec<(Stamp, Arc<Content>)>,
}

impl Places {
    /// The files as they stand now, in order of their names.
    ///
    /// # Errors
    /// When a place cannot be looked at, or a folder has no file of a known kind.
    pub(super) fn stamps(&self) -> Result<Vec<Stamp>, FileError> {
        let meta = fs::metadata(&self.prices).map_err(|error| FileError::unreadable(&self.prices, &error))?;
        let (mut stamps, mut texts) = (Vec::new(), Vec::new());
        if meta.is_dir() {
            let failed = |error| FileError::unreadable(&self.prices, &error);
            for entry in fs::read_dir(&self.prices).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name();
                let into = match () {
                    () if ends_with(&name, &EXTENSIONS) => &mut stamps,
                    () if ends_with(&name, &TEXTS) => &mut texts,
                    () => continue,
                };
                // A file that vanished since is simply not there; a link is judged by what it leads to.
                if let Ok(meta) = fs::metadata(entry.path())
                    && meta.is_file()
                {
                    into.push(Stamp::new(entry.path(), Purpose::Everything, &meta));
                }
            }
            // Beside other files a text may be a note.
            let purpose = if stamps.is_empty() { Purpose::Everything } else { Purpose::Perhaps };
            stamps.extend(texts.into_iter().map(|text| Stamp { purpose, ..text }));
            if stamps.is_empty() {
                let rule = "the folder has no .csv, .tsv, .txt or .parquet file: put the price files there".to_owned();
                return Err(FileError::unusable(&self.prices, rule));
            }
            stamps.sort_by(|a, b| a.path.cmp(&b.path));
        } else {
            stamps.push(Stamp::new(self.prices.clone(), Purpose::Everything, &meta));
        }
        match &self.yields {
            Some(path) => {
                let meta = fs::metadata(path).map_err(|error| FileError::unreadable(path, &error))?;
                stamps.retain(|stamp| !is_same(&stamp.path, path));
                stamps.push(Stamp::new(path.clone(), Purpose::Yields, &meta));
            }
            None if !meta.is_dir() => stamps.extend(self.yields_nearby()),
            None => {}
        }
        Ok(stamps)
    }

    /// The yield file next to a single price file.
    fn yields_nearby(&self) -> Option<Stamp> {
        let folder = self.prices.parent()?;
        let names = YIELD_NAMES.iter().flat_map(|name| EXTENSIONS.map(|extension| format!("{name}{extension}")));
        names.map(|name| folder.join(name)).filter(|path| *path != self.prices).find_map(|path| {
            let meta = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some(Stamp::new(path, Purpose::Yields, &meta))
        })
    }
}

impl Stamp {
    fn new(path: PathBuf, purpose: Purpose, meta: &fs::Metadata) -> Self {
        Self { path, purpose, length: meta.len(), modified: meta.modified().ok() }
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }
}

/// One number for the state of all files.
pub(super) fn fingerprint(stamps: &[Stamp]) -> u64 {
    let mut hasher = DefaultHasher::new();
    stamps.hash(&mut hasher);
    hasher.finish()
}

/// True when both paths lead to one file, however they are written.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b
        || a.file_name() == b.file_name()
            && fs::canonicalize(a).ok().is_some_and(|a| fs::canonicalize(b).ok() == Some(a))
}

fn ends_with(name: &OsStr, extensions: &[&str]) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    // Hidden files are a spreadsheet's locks and a Mac's shadows.
    !name.starts_with('.') && extensions.iter().any(|extension| name.ends_with(extension))
}

impl Data {
    /// Reads the files, taking from `before` what has not changed and, with a warning, what can no longer be read.
    ///
    /// # Errors
    /// When no file of prices or yields could be read.
    pub(super) fn read(
        stamps: Vec<Stamp>,
        explicit_yields: Option<&Path>,
        before: Option<&Self>,
        today: NaiveDate,
    ) -> Result<Self, FileError> {
        let mut data = Self::default();
        let mut merge = Merge::default();
        let mut errors = Vec::new();
        let alone = stamps.iter().filter(|stamp| stamp.purpose.is_of_prices()).count() == 1;
        for stamp in stamps {
            let known = before.and_then(|data| data.files.iter().find(|(old, _)| old.path == stamp.path));
            if let Some((old, content)) = known
                && *old == stamp
            {
                merge.add(&stamp.name(), stamp.purpose == Purpose::Yields, content, &mut data.warnings);
                data.files.push((stamp, Arc::clone(content)));
                continue;
            }
            let content = match stamp.read(today) {
                Ok(content) => Arc::new(content),
                Err(error) => {
                    if alone && stamp.purpose == Purpose::Everything && known.is_none() {
                        return Err(error);
                    }
                    let Some((old, content)) = known else {
                        data.not_read.push(stamp.name());
                        if stamp.purpose == Purpose::Perhaps {
                            data.warnings.push(Remark::new(RemarkKind::LeftAside, error.to_string()));
                            continue;
                        }
                        if Some(stamp.path.as_path()) == explicit_yields {
                            data.yield_fault = Some(error.to_string());
                        }
                        let text = format!("{error} (the other files are used)");
                        data.warnings.push(Remark::new(RemarkKind::BrokenFile, text));
                        errors.push(error);
                        continue;
                    };
                    let text = format!("{error} (what was read from it before is still used)");
                    data.warnings.push(Remark::new(RemarkKind::BrokenFile, text));
                    merge.add(&old.name(), old.purpose == Purpose::Yields, content, &mut data.warnings);
                    // The old stamp stays, so that the next reading tries the file again.
                    data.files.push((old.clone(), Arc::clone(content)));
                    continue;
                }
            };
            merge.add(&stamp.name(), stamp.purpose == Purpose::Yields, &content, &mut data.warnings);
            data.files.push((stamp, content));
        }
        if data.files.is_empty()
            && let Some(error) = FileError::of_all(errors)
        {
            return Err(error);
        }
        let mut merged = merge.finish();
        let converted = currency::into_dollars(&mut merged, &mut data.warnings);
        let Merged { prices, files_of, dividends, closes, sec_yields, currencies, yields } = merged;
        Ok(Self { prices, files_of, dividends, closes, sec_yields, currencies, converted, yields, ..data })
    }

    /// How each file was read, in order of their names.
    pub(super) fn readings(&self) -> impl Iterator<Item = &Reading> {
        self.files.iter().map(|(_, content)| &content.reading)
    }

    /// The lines of prices, with their files. The files are read again for it: no line is kept for those who do not ask.
    pub(super) fn lines(&self, wanted: &[(Ticker, NaiveDate)], today: NaiveDate) -> Vec<Option<u64>> {
        let mut lines = vec![None; wanted.len()];
        for (stamp, _) in &self.files {
            let name = stamp.name();
            let is_here = |at: &usize| self.files_of.get(&wanted[*at].0).is_some_and(|file| *file == name);
            let here: Vec<usize> = (0..wanted.len()).filter(is_here).collect();
            if here.is_empty() {
                continue;
            }
            // A file that changed since has no line for what was found in it before.
            let asked: Vec<&(Ticker, NaiveDate)> = here.iter().map(|at| &wanted[*at]).collect();
            let found = stamp.table(today).and_then(|table| table.lines_of(&asked)).unwrap_or_default();
            for (at, line) in here.into_iter().zip(found) {
                lines[at] = line;
            }
        }
        lines
    }
}

impl Stamp {
    fn table(&self, today: NaiveDate) -> Result<Table<'_>, FileError> {
        let is_parquet = self.name().to_ascii_lowercase().ends_with(".parquet");
        if is_parquet { parquet::read(&self.path, today) } else { csv::read(&self.path, today) }
    }

    fn read(&self, today: NaiveDate) -> Result<Content, FileError> {
        let mut content = self.table(today)?.finish()?;
        let is_sound = |series: &Arc<PriceSeries>| series.refused().is_none() && !series.is_empty();
        if self.purpose == Purpose::Perhaps && content.yields.is_empty() && !content.prices.iter().any(is_sound) {
            return Err(FileError::unusable(&self.path, "no column holds prices".to_owned()));
        }
        if self.purpose == Purpose::Yields {
            if content.yields.is_empty() {
                let rule = "no yield column: name one UST3M, UST2Y, UST5Y, UST10Y or UST30Y (or DGS10 and so on)";
                return Err(FileError::unusable(&self.path, rule.to_owned()));
            }
            content.prices.clear();
            content.dividends.clear();
            content.closes.clear();
            content.sec_yields.clear();
            content.currencies.clear();
        }
        Ok(content)
    }
}
