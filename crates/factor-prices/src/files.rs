//! Prices and yields from files of the user's: a folder or one file, CSV (plain or gzip) or Parquet.
//!
//! | layout | columns | prices are |
//! | --- | --- | --- |
//! | wide | `date`, one column per ticker | adjusted |
//! | long | `date`, `ticker` or `symbol` (or `variable`, `Fund`, `Name` over tickers), `adj_close` and/or `close`, `dividend`, `sec_yield` | adjusted where a ticker has any, else close |
//! | a ticker's own file | `Date, Open, High, Low, Close, Adj Close, Volume` in `SPY.csv` | as in long |
//! | either | a column `currency` (one for each ticker), or `CUR:EUR` with the dollars for one euro | |
//! | fields of tickers | `SPY.Adjusted`, `('Close', 'SPY')`, or fields and tickers in two lines | as in long |
//! | yields | `date`, `UST3M`, `UST2Y`, `UST5Y`, `UST10Y`, `UST30Y` (or `DGS10`, `10 Yr`), in percent | |
//!
//! Headers are read without regard to case, spaces, dots, hyphens and underscores; lines before them are passed over. The
//! words of price exports (`Open`, `Low`, `Price`, `Vol.`) are never tickers. A file may hold yield columns too. Volume and
//! other columns of exports are not read.
//!
//! **What can be meant twice is decided by the whole file, or asked.** The order of day and month, day numbers of
//! spreadsheets, months and time zones: `dates.rs`; several columns of dates: `table/other_dates.rs`. Separators, currency and
//! percent signs: `numbers.rs`, `table/thousands.rs`. Two prices that could be meant, and which line or column names the
//! tickers: `layout.rs`, `header.rs`. Where nothing decides, the file is refused with both readings and the way out.
//!
//! **A missing price is missing, a bad one is counted.** An empty cell, `NaN`, `null` or `NA` says nothing; text in a
//! number column is dropped, counted in the series' bad prices and named with its line and column in the warnings. A
//! line without a readable date or with too few fields is skipped with a warning; where that is more than one row in twenty
//! the file is refused, for what is left is no random part of it. Notes, totals and the header again are no rows: `skipped.rs`.
//!
//! **Other currencies than the dollar**: `currency.rs`.
//!
//! **Dividends** are per share, on their ex-dates, adjusted for splits as the prices are. An empty cell or zero: none
//! on that date; a negative one or text is dropped with a warning. **SEC yields** (`sec_yield`) are decimals, or have a percent
//! sign; of a ticker the newest on or before a day counts.
//!
//! **Several files merge.** A ticker in two files: where one continues the other they are joined. Else adjusted
//! prices win over closes, then the longer history, and a warning says which, and on which dates they differ; its dividends
//! are those of the file that its prices are from. A damaged file hides no other.
//! Yields come from any file of the folder, from `treasury_yields.csv` or `yields.csv` next to a single price file, or
//! from the path given.
//!
//! **Reading is lazy and follows changes.** Opening only looks whether something is there. The first question reads
//! everything once, off the async threads. Lengths and modification times are looked at once a second at most; what
//! changed is read again at the next question, and if that fails the last good data stays, with a warning.

mod arrow;
mod content;
mod csv;
mod currency;
mod dates;
mod error;
mod file_name;
mod flaws;
mod folder;
mod fundamentals;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod header;
mod layout;
mod merge;
mod missing;
mod names;
mod notes;
mod numbers;
mod order;
mod overlap;
mod parquet;
mod reading;
mod skipped;
mod symbols;
mod table;
mod tenor;
mod text;
mod vocabulary;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono::NaiveDate;
use factor_types::{DateRange, PriceSeries, Ticker, YieldTable};

use self::folder::{Data, Places, Stamp, fingerprint};
pub use self::{
    error::FileError,
    notes::{Remark, RemarkKind},
    reading::Reading,
};
use crate::{History, PriceError, PriceProvider, SourceFault, SourceInfo, YieldProvider};

/// How long a look at the files' lengths and times counts.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a failed reading counts when the files seem unchanged: a drive may come back.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The `files` source.
#[derive(Debug, Clone)]
pub struct FilePrices {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    places: Places,
    today: fn() -> NaiveDate,
    state: Mutex<State>,
    /// Held while the files are read, so that they are read once for all who wait.
    reading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct State {
    data: Option<Arc<Data>>,
    /// The fingerprint of the files when they were last read, with success or not, and when that was.
    read: Option<(u64, Instant)>,
    /// Why the last reading failed.
    failure: Option<FileError>,
    /// The last look at the files.
    look: Option<(Instant, Result<Vec<Stamp>, FileError>)>,
}

/// What the files hold, how they were read, and what was wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Each ticker's prices, in order of the tickers, with the file they are from.
    pub prices: Vec<(Arc<PriceSeries>, String)>,
    /// Yields, taken as percent.
    pub yields: Arc<YieldTable>,
    /// How each file was read.
    pub readings: Vec<Reading>,
    /// What was wrong with the files.
    pub remarks: Vec<Remark>,
}

impl FilePrices {
    /// A source over `prices`, a folder or a file, and optionally a file of yields. Nothing is read yet.
    ///
    /// `today` is the clock: rows dated later are not used before their day, and told.
    ///
    /// # Errors
    /// When a path leads nowhere, or to a folder without a CSV or Parquet file.
    pub fn open(prices: &Path, yields: Option<&Path>, today: fn() -> NaiveDate) -> Result<Self, FileError> {
        let places = Places { prices: prices.to_owned(), yields: yields.map(Path::to_owned) };
        let state = State { look: Some((Instant::now(), Ok(places.stamps()?))), ..State::default() };
        Ok(Self { inner: Arc::new(Inner { places, today, state: Mutex::new(state), reading: Arc::default() }) })
    }

    /// The tickers present, in order.
    ///
    /// # Errors
    /// When nothing could be read.
    pub async fn tickers(&self) -> Result<Vec<Ticker>, PriceError> {
        Ok(self.data().await?.prices.keys().cloned().collect())
    }

    /// What the files hold.
    ///
    /// # Errors
    /// When nothing could be read.
    pub async fn held(&self) -> Result<Held, PriceError> {
        let data = self.data().await?;
        let file = |ticker: &Ticker| data.files_of.get(ticker).cloned().unwrap_or_default();
        Ok(Held {
            prices: data.prices.iter().map(|(ticker, series)| (Arc::clone(series), file(ticker))).collect(),
            yields: Arc::clone(&data.yields),
            readings: data.readings().cloned().collect(),
            remarks: data.warnings.clone(),
        })
    }

    /// The line on which each of these prices stands, where one does. Reads their files once more.
    pub async fn lines(&self, wanted: Vec<(Ticker, NaiveDate)>) -> Vec<Option<u64>> {
        let (Ok(data), none) = (self.data().await, vec![None; wanted.len()]) else { return vec![None; wanted.len()] };
        let today = (self.inner.today)();
        tokio::task::spawn_blocking(move || data.lines(&wanted, today)).await.unwrap_or(none)
    }

    /// The data as the files stand now (or stood within the last second).
    async fn data(&self) -> Result<Arc<Data>, PriceError> {
        if let Some(known) = self.inner.current() {
            return known;
        }
        // The guard goes along into the blocking task: if the caller is cancelled, the reading still serves the others.
        let guard = Arc::clone(&self.inner.reading).lock_owned().await;
        let inner = Arc::clone(&self.inner);
        let read = tokio::task::spawn_blocking(move || {
            let _guard = guard;
            inner.current().unwrap_or_else(|| inner.read())
        });
        read.await.unwrap_or_else(|error| {
            Err(PriceError::failed(SourceFault::Unusable, format!("reading the price files failed: {error}")))
        })
    }
}

impl Inner {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is replaced field by field and sound at every step, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known if it is still good, `None` when the files must be read.
    fn current(&self) -> Option<Result<Arc<Data>, PriceError>> {
        let mut state = self.state();
        let now = self.look(&mut state);
        let (read, when) = state.read?;
        // A failure is tried again after a while even if nothing seems to have changed: a drive may have come back.
        if read != now || (state.failure.is_some() && when.elapsed() > RETRY_AFTER) {
            return None;
        }
        match (&state.data, &state.failure) {
            (Some(data), _) => Some(Ok(Arc::clone(data))),
            (None, Some(error)) => Some(Err(PriceError::failed(SourceFault::Unusable, error.to_string()))),
            (None, None) => None,
        }
    }

    /// Reads what changed. Only one thread is here at a time.
    fn read(&self) -> Result<Arc<Data>, PriceError> {
        // The lock is not held while files are read: `about` and `revision` must not wait for a slow drive.
        let (stamps, now, before) = {
            let mut state = self.state();
            let now = self.look(&mut state);
            let stamps = state.look.as_ref().map_or_else(|| self.places.stamps(), |(_, stamps)| stamps.clone());
            (stamps, now, state.data.clone())
        };
        let result = stamps
            .and_then(|stamps| Data::read(stamps, self.places.yields.as_deref(), before.as_deref(), (self.today)()));
        let mut state = self.state();
        state.read = Some((now, Instant::now()));
        match result {
            Ok(data) => {
                state.failure = None;
                let data = Arc::new(data);
                state.data = Some(Arc::clone(&data));
                Ok(data)
            }
            Err(error) => {
                tracing::warn!(%error, "price files could not be read");
                let known =
                    state.data.clone().ok_or_else(|| PriceError::failed(SourceFault::Unusable, error.to_string()));
                state.failure = Some(error);
                known
            }
        }
    }

    /// The fingerprint of the files, looked at again once a second.
    fn look(&self, state: &mut State) -> u64 {
        let stamps = match state.look.take() {
            Some((when, stamps)) if when.elapsed() < LOOK_EVERY => state.look.insert((when, stamps)),
            _ => state.look.insert((Instant::now(), self.places.stamps())),
        };
        stamps.1.as_ref().map_or(0, |stamps| fingerprint(stamps))
    }
}

#[async_trait]
impl PriceProvider for FilePrices {
    fn about(&self) -> SourceInfo {
        let state = self.inner.state();
        // What prices are in is told with the history.
        let of_currency = |kind| matches!(kind, RemarkKind::Currency | RemarkKind::Converted);
        let remarks = state.data.iter().flat_map(|data| &data.warnings);
        let remarks = remarks.filter(|remark| !of_currency(remark.kind) && !remark.is_harmless());
        let mut warnings: Vec<String> = remarks.map(|remark| remark.text.clone()).collect();
        if let (Some(error), Some(_)) = (&state.failure, &state.data) {
            warnings.push(format!("{error} (the data read before is still used)"));
        }
        SourceInfo {
            name: "files",
            description: format!("Prices read from {}.", self.inner.places.prices.display()),
            simulated: false,
            warnings,
        }
    }

    fn revision(&self) -> u64 {
        self.inner.look(&mut self.inner.state())
    }

    fn known(&self) -> Vec<Ticker> {
        self.inner.state().data.as_ref().map(|data| data.prices.keys().cloned().collect()).unwrap_or_default()
    }

    async fn history(&self, ticker: &Ticker, _range: DateRange) -> Result<History, PriceError> {
        let data = self.data().await?;
        let found = data.prices.get(ticker).cloned().map(|series| History {
            currency: data.currencies.get(ticker).map(|currency| currency.to_string()),
            converted: data.converted.get(ticker).cloned(),
            ..series.into()
        });
        found.ok_or_else(|| {
            let near = data.nearest(ticker).map(|near| format!("; did you mean {near}?"));
            PriceError::NoData(format!(
                "{ticker} is not among the {} tickers of {}{}{}",
                data.prices.len(),
                self.inner.places.short_name(),
                near.unwrap_or_default(),
                data.not_read(ticker)
            ))
        })
    }
}

#[async_trait]
impl YieldProvider for FilePrices {
    fn about_yields(&self) -> SourceInfo {
        SourceInfo {
            name: "files",
            description: "Treasury yields read from files.".to_owned(),
            simulated: false,
            warnings: Vec::new(),
        }
    }

    async fn yields(&self, _range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        let data = self.data().await?;
        match &data.yield_fault {
            Some(fault) => Err(PriceError::failed(SourceFault::Unusable, fault.clone())),
            None => Ok(Arc::clone(&data.yields)),
        }
    }
}

#[cfg(test)]
mod tests;
