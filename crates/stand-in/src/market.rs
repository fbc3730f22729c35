//! What is true: prices, dividends, profiles and yields, as every stand-in vendor serves them.

mod draws;
mod read;
mod security;
mod simulate;
#[cfg(test)]
mod tests;
mod view;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use chrono::NaiveDate;
use thiserror::Error;

use self::security::Security;
pub(crate) use self::security::rounded;
pub use self::view::View;

/// The maturities of a [`ParYields`], in its order, as yield files name them.
pub const MATURITIES: [&str; 5] = ["UST3M", "UST2Y", "UST5Y", "UST10Y", "UST30Y"];

/// One trading day of one security.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailyClose {
    /// The trading day.
    pub date: NaiveDate,
    /// The close as traded, in dollars.
    pub close: f64,
    /// The close after all dividends up to the view's today, in dollars, 4 decimals when computed here.
    pub adj_close: f64,
}

/// A cash dividend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dividend {
    /// The first day on which a buyer no longer gets it.
    pub ex_date: NaiveDate,
    /// Dollars per share, above 0.
    pub amount: f64,
}

/// What a vendor says about a security besides its prices.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityProfile {
    /// The name of the fund or company.
    pub name: String,
    /// The vendor's industry.
    pub industry: String,
    /// The vendor's sector.
    pub sector: String,
    /// An exchange-traded fund.
    pub is_etf: bool,
    /// A mutual fund.
    pub is_fund: bool,
    /// Shares outstanding; the market cap of a day is this times its close.
    pub shares: f64,
}

/// Par yields of one day in percent, in the order of [`MATURITIES`]; `None` where none was published.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ParYields(pub [Option<f64>; 5]);

/// Everything the stand-in vendors know. Shared by several servers; changes are seen by all at their next request.
#[derive(Debug, Default)]
pub struct Market {
    inner: RwLock<Inner>,
}

/// Why a file of prices or yields cannot be served.
#[derive(Debug, Error)]
pub enum MarketError {
    /// The file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no CSV.
    #[error("cannot read {path} as CSV: {source}")]
    NotCsv {
        /// The file.
        path: PathBuf,
        /// What the CSV reader said.
        source: csv::Error,
    },
    /// A cell is neither empty nor what its column holds.
    #[error("{path}, line {line}, column {column}: {value:?} is {rule}")]
    BadCell {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, the header included.
        line: u64,
        /// The column's name.
        column: String,
        /// The cell.
        value: String,
        /// What is wrong with it and what is wanted.
        rule: &'static str,
    },
    /// The folder holds no CSV file.
    #[error("no .csv or .csv.gz file in {path}: name a folder that holds one, or the file itself")]
    NothingThere {
        /// The folder.
        path: PathBuf,
    },
}

#[derive(Debug, Default)]
struct Inner {
    securities: BTreeMap<String, Security>,
    rates: BTreeMap<NaiveDate, ParYields>,
}

impl Market {
    /// A market with nothing in it; see [`Market::add`] and [`Market::set_rates`].
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A simulated market: every weekday from `first` to `last` but for 1 January, 4 July and 25 December.
    ///
    /// Each ticker's path comes from its name and `first` alone, so a market with a later `last` has the same earlier
    /// closes. Closes have 2 decimals; dividends are 0.4 % of the close before, on the first trading day from the 15th
    /// of March, June, September and December; yields of all five maturities have 2 decimals and begin in 1990.
    #[must_use]
    pub fn simulated<T: AsRef<str>>(tickers: &[T], first: NaiveDate, last: NaiveDate) -> Self {
        let dates = simulate::trading_days(first, last);
        let securities = tickers
            .iter()
            .map(|ticker| (ticker.as_ref().to_owned(), simulate::security(ticker.as_ref(), &dates)))
            .collect();
        let rates = simulate::trading_days(simulate::FIRST_YIELD, last);
        let rates = rates.into_iter().map(|date| (date, simulate::rates(date))).collect();
        Self { inner: RwLock::new(Inner { securities, rates }) }
    }

    /// The prices (and yields) of one wide CSV: `date` and a column per ticker; `.gz` too; empty = no price.
    ///
    /// A price of the file is both the close and the adjusted close, sent as it stands. Columns named as in
    /// [`MATURITIES`] are yields in percent. There are no dividends.
    ///
    /// # Errors
    /// [`MarketError`] when the file cannot be read, or a cell is neither empty nor a date or a positive price.
    pub fn from_wide_csv(path: impl AsRef<Path>) -> Result<Self, MarketError> {
        let market = Self::empty();
        market.read(path)?;
        Ok(market)
    }

    /// Adds a wide CSV, or each `.csv` and `.csv.gz` of a folder, as [`Market::from_wide_csv`] reads one.
    ///
    /// # Errors
    /// As there, and when a folder holds none.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<(), MarketError> {
        for file in read::files(path.as_ref())? {
            let (securities, rates) = read::wide(&file)?;
            let mut inner = self.write();
            inner.securities.extend(securities);
            inner.rates.extend(rates);
        }
        Ok(())
    }

    /// Adds or replaces a security by its closes as traded (ascending by date) and its dividends.
    pub fn add(&self, ticker: &str, closes: &[(NaiveDate, f64)], dividends: &[Dividend]) {
        self.write()
            .securities
            .insert(ticker.to_owned(), Security::traded(ticker, closes.to_vec(), dividends.to_vec()));
    }

    /// Adds a dividend: from its ex-date on, every earlier adjusted close is restated.
    pub fn add_dividend(&self, ticker: &str, dividend: Dividend) {
        if let Some(security) = self.write().securities.get_mut(ticker) {
            security.dividends.push(dividend);
            security.dividends.sort_by_key(|dividend| dividend.ex_date);
        }
    }

    /// Replaces the profile of a security; nothing happens if there is none of this ticker.
    pub fn set_profile(&self, ticker: &str, profile: SecurityProfile) {
        if let Some(security) = self.write().securities.get_mut(ticker) {
            security.profile = profile;
        }
    }

    /// Adds or replaces the yields of one day.
    pub fn set_rates(&self, date: NaiveDate, rates: ParYields) {
        self.write().rates.insert(date, rates);
    }

    /// Keeps only the days from `first` to `last` of a security: a late starter, or a fund that stopped.
    pub fn keep(&self, ticker: &str, first: NaiveDate, last: NaiveDate) {
        if let Some(security) = self.write().securities.get_mut(ticker) {
            security.rows.retain(|row| (first..=last).contains(&row.0));
        }
    }

    /// Multiplies every adjusted close before `before` by `factor`, on top of earlier restatements.
    ///
    /// Closes as traded stay as they are. [`StandIn::restate`](crate::StandIn::restate) is the shorter way.
    pub fn restate_before(&self, ticker: &str, before: NaiveDate, factor: f64) {
        if let Some(security) = self.write().securities.get_mut(ticker) {
            security.restatements.push((before, factor));
        }
    }

    /// Forgets a security: from now on its ticker is unknown.
    pub fn remove(&self, ticker: &str) {
        self.write().securities.remove(ticker);
    }

    /// The tickers, sorted.
    #[must_use]
    pub fn tickers(&self) -> Vec<String> {
        self.inner().securities.keys().cloned().collect()
    }

    /// The newest day with a price or a yield; 1970-01-01 in an empty market.
    #[must_use]
    pub fn last_day(&self) -> NaiveDate {
        let inner = self.inner();
        let prices = inner.securities.values().filter_map(|security| security.rows.last().map(|row| row.0));
        prices.chain(inner.rates.keys().next_back().copied()).max().unwrap_or_default()
    }

    /// What a vendor can know on `today`: nothing later is seen, and no later dividend adjusts a price.
    #[must_use]
    pub fn until(&self, today: NaiveDate) -> View<'_> {
        View::new(self, today)
    }

    /// The adjusted closes of a ticker by all its dividends: [`View::expected_adj`] on the market's last day.
    #[must_use]
    pub fn expected_adj(&self, ticker: &str) -> Vec<(NaiveDate, f64)> {
        self.until(self.last_day()).expected_adj(ticker)
    }

    fn inner(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}
