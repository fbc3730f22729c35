//! Which files a source consists of, when they changed, and how their contents merge.

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
use factor_types::{Maturity, PriceKind, PriceSeries, Ticker, YieldTable};

use super::{content::Content, csv, error::FileError, parquet};
use crate::Dividend;

/// The names under which yields are looked for next to a single price file.
const YIELD_NAMES: [&str; 2] = ["treasury_yields", "yields"];
const EXTENSIONS: [&str; 3] = [".csv", ".csv.gz", ".parquet"];

/// Where the user said that the data is.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) prices: PathBuf,
    pub(super) yields: Option<PathBuf>,
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
    /// Its yields only.
    Yields,
}

/// The merged contents of all files.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) prices: BTreeMap<Ticker, Arc<PriceSeries>>,
    /// Of each ticker whose prices are from a file with a column of dividends: those of that file.
    pub(super) dividends: HashMap<Ticker, Arc<[Dividend]>>,
    pub(super) yields: Arc<YieldTable>,
    /// Set when the file named for yields gave none.
    pub(super) yield_fault: Option<String>,
    pub(super) warnings: Vec<String>,
    files: Vec<(Stamp, Arc<Content>)>,
}

impl Places {
    /// The files as they stand now, in order of their names.
    ///
    /// # Errors
    /// When a place cannot be looked at, or a folder has no file of a known kind.
    pub(super) fn stamps(&self) -> Result<Vec<Stamp>, FileError> {
        let meta = fs::metadata(&self.prices).map_err(|error| FileError::unreadable(&self.prices, &error))?;
        let mut stamps = Vec::new();
        if meta.is_dir() {
            let failed = |error| FileError::unreadable(&self.prices, &error);
            for entry in fs::read_dir(&self.prices).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name();
                if is_known(&name) {
                    // A file that vanished since is simply not there; a link is judged by what it leads to.
                    if let Ok(meta) = fs::metadata(entry.path())
                        && meta.is_file()
                    {
                        stamps.push(Stamp::new(entry.path(), Purpose::Everything, &meta));
                    }
                }
            }
            if stamps.is_empty() {
                let rule = "the folder has no .csv, .csv.gz or .parquet file: put the price files there".to_owned();
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

fn is_known(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    // Hidden files are a spreadsheet's locks and a Mac's shadows.
    !name.starts_with('.') && EXTENSIONS.iter().any(|extension| name.ends_with(extension))
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
        let mut first_error = None;
        let alone = stamps.iter().filter(|stamp| stamp.purpose == Purpose::Everything).count() == 1;
        for stamp in stamps {
            let known = before.and_then(|data| data.files.iter().find(|(old, _)| old.path == stamp.path));
            if let Some((old, content)) = known
                && *old == stamp
            {
                merge.add(&stamp, content, &mut data.warnings);
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
                        if Some(stamp.path.as_path()) == explicit_yields {
                            data.yield_fault = Some(error.to_string());
                        }
                        data.warnings.push(format!("{error} (the other files are used)"));
                        first_error.get_or_insert(error);
                        continue;
                    };
                    data.warnings.push(format!("{error} (what was read from it before is still used)"));
                    merge.add(old, content, &mut data.warnings);
                    // The old stamp stays, so that the next reading tries the file again.
                    data.files.push((old.clone(), Arc::clone(content)));
                    continue;
                }
            };
            merge.add(&stamp, &content, &mut data.warnings);
            data.files.push((stamp, content));
        }
        if data.files.is_empty()
            && let Some(error) = first_error
        {
            return Err(error);
        }
        merge.finish(&mut data);
        Ok(data)
    }
}

impl Stamp {
    fn read(&self, today: NaiveDate) -> Result<Content, FileError> {
        let is_parquet = self.name().to_ascii_lowercase().ends_with(".parquet");
        let mut content = if is_parquet { parquet::read(&self.path, today)? } else { csv::read(&self.path, today)? };
        if self.purpose == Purpose::Yields {
            if content.yields.is_empty() {
                let rule = "no yield column: name one UST3M, UST2Y, UST5Y, UST10Y or UST30Y (or DGS10 and so on)";
                return Err(FileError::unusable(&self.path, rule.to_owned()));
            }
            content.prices.clear();
            content.dividends.clear();
        }
        Ok(content)
    }
}

/// Contents on their way to becoming one.
#[derive(Default)]
struct Merge {
    /// A ticker's series and the file it is from.
    prices: HashMap<Ticker, (Arc<PriceSeries>, String)>,
    /// The dividends that came with those prices.
    dividends: HashMap<Ticker, Arc<[Dividend]>>,
    yields: HashMap<Maturity, (Arc<Content>, String, bool)>,
}

impl Merge {
    fn add(&mut self, stamp: &Stamp, content: &Arc<Content>, warnings: &mut Vec<String>) {
        let name = stamp.name();
        warnings.extend(content.warnings.iter().cloned());
        let mut twice = Vec::new();
        for series in &content.prices {
            match self.prices.get_mut(series.ticker()) {
                None => {
                    self.prices.insert(series.ticker().clone(), (Arc::clone(series), name.clone()));
                    take_dividends(&mut self.dividends, series.ticker(), content);
                }
                Some((kept, from)) => {
                    // Adjusted wins over close, else the longer history, else the file named first.
                    let rank = |series: &PriceSeries| {
                        (series.kind() == PriceKind::Adjusted && !series.is_empty(), series.len())
                    };
                    let other = from.clone();
                    if rank(series) > rank(kept) {
                        *kept = Arc::clone(series);
                        from.clone_from(&name);
                        take_dividends(&mut self.dividends, series.ticker(), content);
                    }
                    twice.push((series.ticker().clone(), other, from.clone()));
                }
            }
        }
        if let Some((ticker, other, used)) = twice.first() {
            let more = twice.len() - 1;
            let more = if more > 0 { format!(" (and {more} more tickers)") } else { String::new() };
            warnings.push(format!("{ticker} is in {other} and in {name}: {used} is used{more}"));
        }
        for (maturity, rows) in &content.yields {
            let explicit = stamp.purpose == Purpose::Yields;
            let better = self.yields.get(maturity).is_none_or(|(kept, from, was_explicit)| {
                let length = kept.rows(*maturity).len();
                let better = (explicit, rows.len()) > (*was_explicit, length);
                let used = if better { &name } else { from };
                warnings.push(format!("{maturity} is in {from} and in {name}: {used} is used"));
                better
            });
            if better {
                self.yields.insert(*maturity, (Arc::clone(content), name.clone(), explicit));
            }
        }
    }

    fn finish(self, data: &mut Data) {
        data.dividends = self.dividends;
        data.prices = self.prices.into_iter().map(|(ticker, (series, _))| (ticker, series)).collect();
        let mut table = YieldTable::default();
        for (maturity, (content, ..)) in self.yields {
            table.insert(maturity, content.rows(maturity).iter().copied());
        }
        data.yields = Arc::new(table);
    }
}

/// Dividends follow the prices: those of another file may end long before them, and would seem to be none.
fn take_dividends(kept: &mut HashMap<Ticker, Arc<[Dividend]>>, ticker: &Ticker, content: &Content) {
    match content.dividends.get(ticker) {
        Some(dividends) => drop(kept.insert(ticker.clone(), Arc::clone(dividends))),
        None => drop(kept.remove(ticker)),
    }
}

impl Content {
    fn rows(&self, maturity: Maturity) -> &[(NaiveDate, f64)] {
        self.yields.iter().find(|(known, _)| *known == maturity).map_or(&[], |(_, rows)| rows)
    }
}
