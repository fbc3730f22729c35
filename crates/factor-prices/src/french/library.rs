//! Where the library's files come from.
//!
//! From a folder of files as they were downloaded ([`FrenchLibrary::folder`]), or from the site ([`FrenchLibrary::site`]): fetched as
//! zip, kept in an [`EntryStore`] with the time of fetching under (scope, `factors`, file), and fetched again once they are 30 days old.
//! A new file that cannot be had or read leaves the kept one in use, and says so. What was read stays in memory; of calls for one file
//! at a time one reads or fetches it.

use std::{
    collections::HashMap,
    fmt,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use factor_types::{Entry, EntryKey, EntryStore, Frequency};
use flate2::read::GzDecoder;

use super::{
    archive::{self, MOST_BYTES},
    dataset::Dataset,
    reader::{FactorTable, ReadError},
};
use crate::{Clock, PriceError, vendors::FrenchSite};

/// A file is fetched again when it is so old.
const GOOD_FOR: Duration = Duration::days(30);
/// After a failed refresh the kept file is used for so long before the site is asked again.
const RETRY: Duration = Duration::hours(1);

/// A file as it was read, and where from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Its figures.
    pub table: Arc<FactorTable>,
    /// Its name: `F-F_Research_Data_5_Factors_2x3`.
    pub name: String,
    /// When it was fetched; none for a file of a folder.
    pub fetched_at: Option<DateTime<Utc>>,
    /// Why it is older than it should be.
    pub caveat: Option<String>,
}

/// Why there are no factors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFactors {
    /// The library has no such file.
    #[error("Kenneth French's library has no file {0}")]
    NoFile(String),
    /// It is not in the folder.
    #[error(
        "{name} is not in {folder} (FACTOR_FRENCH_DIR): put {name}_CSV.zip, as the library's site has it, into that folder"
    )]
    NotThere {
        /// The file.
        name: String,
        /// The folder.
        folder: String,
    },
    /// Nothing says where the files are.
    #[error(
        "{name} of Kenneth French's library is needed, and {why}: put {name}_CSV.zip into a folder and set FACTOR_FRENCH_DIR to it"
    )]
    NotConfigured {
        /// The file.
        name: String,
        /// Why nobody is asked.
        why: String,
    },
    /// A file that is there and cannot be used.
    #[error("{name}: {why}")]
    Unusable {
        /// The file.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The site gave none.
    #[error(
        "{name} could not be fetched: {error}; set FACTOR_FRENCH_DIR to a folder with {name}_CSV.zip to do without the site"
    )]
    Failed {
        /// The file.
        name: String,
        /// How.
        error: PriceError,
    },
}

/// The library.
pub struct FrenchLibrary {
    from: From,
    read: Mutex<HashMap<Dataset, Arc<tokio::sync::Mutex<Option<Kept>>>>>,
}

enum From {
    Folder(PathBuf),
    Site {
        site: Arc<FrenchSite>,
        scope: String,
        store: Arc<dyn EntryStore>,
        clock: Clock,
    },
    /// Why there is none.
    Nowhere(String),
}

#[derive(Clone)]
struct Kept {
    loaded: Loaded,
    /// When a refresh that failed may be tried again.
    not_before: Option<DateTime<Utc>>,
    /// Of a file in a folder: its length and time, which change when it does.
    stamp: Option<(PathBuf, u64, std::time::SystemTime)>,
}

impl FrenchLibrary {
    /// Files in a folder, as `NAME.csv`, `NAME.csv.gz` or `NAME_CSV.zip`, whatever the case of the ending.
    pub fn folder(folder: impl Into<PathBuf>) -> Self {
        Self::of(From::Folder(folder.into()))
    }

    /// The site, with what was fetched kept in `store` under `scope`.
    pub fn site(site: Arc<FrenchSite>, scope: impl Into<String>, store: Arc<dyn EntryStore>, clock: Clock) -> Self {
        Self::of(From::Site { site, scope: scope.into(), store, clock })
    }

    /// None, with the reason as a clause: `prices are simulated`.
    pub fn nowhere(why: impl Into<String>) -> Self {
        Self::of(From::Nowhere(why.into()))
    }

    fn of(from: From) -> Self {
        Self { from, read: Mutex::default() }
    }

    /// Where it is, in one sentence.
    pub fn about(&self) -> String {
        match &self.from {
            From::Folder(folder) => format!("files of Kenneth French's library in {}", folder.display()),
            From::Site { .. } => "Kenneth French's library, fetched from its site and kept for 30 days".to_owned(),
            From::Nowhere(why) => format!("no files of Kenneth French's library: {why}"),
        }
    }

    /// Drops what is in memory.
    pub fn forget(&self) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One file.
    ///
    /// # Errors
    /// [`NoFactors`].
    pub async fn load(&self, dataset: Dataset) -> Result<Loaded, NoFactors> {
        let name = dataset.name();
        if dataset.is_missing() {
            return Err(NoFactors::NoFile(name));
        }
        let slot = {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(read.entry(dataset).or_default())
        };
        let mut kept = slot.lock().await;
        match &self.from {
            From::Nowhere(why) => Err(NoFactors::NotConfigured { name, why: why.clone() }),
            From::Folder(folder) => {
                let (folder, before) = (folder.clone(), kept.clone());
                let found = tokio::task::spawn_blocking(move || from_folder(&folder, dataset, before)).await;
                let found = found.map_err(|error| NoFactors::Unusable { name, why: error.to_string() })??;
                Ok(kept.insert(found).loaded.clone())
            }
            From::Site { site, scope, store, clock } => {
                let key = EntryKey::new(scope.as_str(), "factors", name.as_str());
                let now = clock();
                if kept.is_none() {
                    *kept = stored(store.as_ref(), &key, dataset).await;
                }
                let is_good = |kept: &Kept| {
                    let age = kept.loaded.fetched_at.map(|at| now - at);
                    let fresh = age.is_some_and(|age| age < GOOD_FOR && age > Duration::minutes(-5));
                    fresh || kept.not_before.is_some_and(|at| now < at)
                };
                if let Some(kept) = kept.as_ref().filter(|kept| is_good(kept)) {
                    return Ok(kept.loaded.clone());
                }
                match site.fetch(dataset).await {
                    Ok((bytes, table)) => {
                        // Losing it costs a request.
                        let _lost = store.put(&key, &Entry { fetched_at: now, body: bytes }).await;
                        let loaded = Loaded { table: Arc::new(table), name, fetched_at: Some(now), caveat: None };
                        Ok(kept.insert(Kept { loaded, not_before: None, stamp: None }).loaded.clone())
                    }
                    Err(error) => match kept.as_mut() {
                        Some(kept) => {
                            kept.not_before = Some(now + RETRY);
                            let at = kept.loaded.fetched_at.map(|at| at.date_naive().to_string()).unwrap_or_default();
                            kept.loaded.caveat =
                                Some(format!("{name} could not be fetched again ({error}): the file of {at} is used"));
                            Ok(kept.loaded.clone())
                        }
                        None => Err(NoFactors::Failed { name, error }),
                    },
                }
            }
        }
    }
}

impl fmt::Debug for FrenchLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FrenchLibrary").field(&self.about()).finish()
    }
}

/// What was kept, where it can still be read.
async fn stored(store: &dyn EntryStore, key: &EntryKey, dataset: Dataset) -> Option<Kept> {
    let entry = store.get(key).await.ok().flatten()?;
    let table = read(&entry.body, dataset).ok()?;
    let loaded =
        Loaded { table: Arc::new(table), name: dataset.name(), fetched_at: Some(entry.fetched_at), caveat: None };
    Some(Kept { loaded, not_before: None, stamp: None })
}

/// The file in a folder; the one read before where it has not changed.
fn from_folder(folder: &Path, dataset: Dataset, before: Option<Kept>) -> Result<Kept, NoFactors> {
    let name = dataset.name();
    let unusable = |why: String| NoFactors::Unusable { name: name.clone(), why };
    let entries = std::fs::read_dir(folder).map_err(|error| unusable(format!("{}: {error}", folder.display())))?;
    let wanted = ["_CSV.zip", ".csv", ".csv.gz", "_CSV.csv"].map(|ending| format!("{name}{ending}").to_lowercase());
    let mut found: Vec<(usize, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let own = entry.file_name().to_string_lossy().to_lowercase();
            Some((wanted.iter().position(|name| *name == own)?, entry.path()))
        })
        .collect();
    found.sort();
    let Some((_, path)) = found.into_iter().next() else {
        return Err(NoFactors::NotThere { name, folder: folder.display().to_string() });
    };
    let about = std::fs::metadata(&path).map_err(|error| unusable(error.to_string()))?;
    let stamp = (path.clone(), about.len(), about.modified().unwrap_or(std::time::SystemTime::UNIX_EPOCH));
    if let Some(before) = before.filter(|before| before.stamp.as_ref() == Some(&stamp)) {
        return Ok(before);
    }
    if about.len() > MOST_BYTES {
        return Err(unusable(format!("it is over {MOST_BYTES} bytes")));
    }
    let bytes = std::fs::read(&path).map_err(|error| unusable(error.to_string()))?;
    let table = read(&bytes, dataset).map_err(unusable)?;
    let loaded = Loaded { table: Arc::new(table), name: name.clone(), fetched_at: None, caveat: None };
    Ok(Kept { loaded, not_before: None, stamp: Some(stamp) })
}

/// A file's bytes, packed or not, as the table that the dataset is.
pub(crate) fn read(bytes: &[u8], dataset: Dataset) -> Result<FactorTable, String> {
    let table = if archive::is_zip(bytes) {
        let body = archive::only_file(bytes).map_err(|error| error.to_string())?;
        FactorTable::read(&body)
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut body = Vec::new();
        let unpacked = GzDecoder::new(bytes).take(MOST_BYTES + 1).read_to_end(&mut body);
        unpacked.map_err(|error| format!("it cannot be unpacked ({error})"))?;
        if body.len() as u64 > MOST_BYTES {
            return Err(format!("it is over {MOST_BYTES} bytes unpacked"));
        }
        FactorTable::read(&body)
    } else {
        FactorTable::read(bytes)
    };
    let table = table.and_then(|table| {
        let wanted = if dataset.daily { Frequency::Daily } else { Frequency::Monthly };
        if table.frequency != wanted {
            return Err(ReadError::Frequency(table.frequency, wanted));
        }
        match dataset.columns().iter().find(|name| table.column(name).is_none()) {
            Some(name) => Err(ReadError::NoColumn(name)),
            None => Ok(table),
        }
    });
    table.map_err(|error| error.to_string())
}
