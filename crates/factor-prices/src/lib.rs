//! Prices and yields: one trait per kind, one file per source.
//!
//! | source | module | what |
//! | --- | --- | --- |
//! | `files` | [`files`] | a folder or file of CSV or Parquet, wide or long, with yields |
//! | `sample` | [`sample`] | simulated from a stated factor model with a fixed seed |
//! | `fmp` | [`vendors::fmp`] | Financial Modeling Prep, with a key: prices, dividends, profiles, yields |
//! | `yahoo` | [`vendors::yahoo`] | Yahoo's chart: prices and dividends |
//! | factor files | [`factor_files`] | factors of one's own, CSV or Parquet |
//! | `french` | [`mod@french`] | factors of Kenneth French's library, a folder or the site |
//! | `treasury`, `fred` | [`vendors::treasury`], [`vendors::fred`] | yields, several of them as one [`vendors::chain`] |
//!
//! [`upstream`] reaches a vendor's server within its limits, [`cached`] keeps what came.
//!
//! A source answers for one ticker at a time and says what it could not give and why; one ticker's failure is never
//! another's.

pub mod cached;
pub mod factor_files;
pub mod files;
pub mod french;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod market_hours;
mod oddities;
pub mod sample;
mod single_flight;
pub mod upstream;
pub mod vendors;

// The example's writer, so that the test reads what the example writes.
#[cfg(test)]
#[path = "../examples/export_sample/export.rs"]
mod export;
#[cfg(test)]
extern crate self as factor_prices;

use std::{cmp::Reverse, fmt, sync::Arc};

use async_trait::async_trait;
use chrono::NaiveDate;
use factor_types::{DateRange, PriceSeries, Ticker, YieldTable};
use serde::{Deserialize, Serialize};

pub use self::{
    cached::{CachedMarketSource, CachedYields, Clock},
    files::{FileError, FilePrices},
    oddities::Oddities,
    sample::SamplePrices,
    single_flight::{InFlight, SingleFlight},
};

/// A price history, and what the caller should know of it.
#[derive(Debug, Clone)]
pub struct History {
    /// The prices.
    pub series: Arc<PriceSeries>,
    /// Why it is less than was asked for, for people: kept prices that could not be refreshed, the close because the
    /// vendor's plan has no adjusted prices. Without the ticker's name.
    pub caveat: Option<String>,
    /// False when asking again may give more: a refresh failed. What is computed from it is not kept.
    pub complete: bool,
    /// Set when these are prices kept from earlier that could not be refreshed; the caveat says the same in words.
    pub stale: Option<Stale>,
    /// The adjusted prices kept from before the source fell to closes. One fund without adjusted prices is one fund; where
    /// many fall at once, these are better, though older.
    pub adjusted_before: Option<Arc<PriceSeries>>,
    /// The dividends within the range asked for, where the source gives them along with the prices.
    pub dividends: Option<Arc<[Dividend]>>,
    /// What the prices are in, where the source says so: `USD`, `GBp`.
    pub currency: Option<String>,
    /// What the prices were in before the source took them in dollars.
    pub converted: Option<Converted>,
    /// What is odd about the rows.
    pub oddities: Oddities,
}

/// How prices in another currency became dollars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// What they were in: `EUR`, `GBX`.
    pub from: String,
    /// Rows left out because there was no rate for them.
    pub left_out: usize,
}

/// Why a history is older than it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// One clause: why it could not be refreshed.
    pub why: String,
    /// The newest price kept.
    pub until: Option<NaiveDate>,
}

impl From<Arc<PriceSeries>> for History {
    fn from(series: Arc<PriceSeries>) -> Self {
        Self {
            series,
            caveat: None,
            complete: true,
            stale: None,
            adjusted_before: None,
            dividends: None,
            currency: None,
            converted: None,
            oddities: Oddities::default(),
        }
    }
}

/// A source of price histories.
#[async_trait]
pub trait PriceProvider: fmt::Debug + Send + Sync {
    /// What this source is and what it noticed while reading.
    fn about(&self) -> SourceInfo;

    /// A number that changes when the source's data changed (a file was rewritten), so that what was computed
    /// from older data is not served. Cheap: it is asked at every call.
    fn revision(&self) -> u64 {
        0
    }

    /// All tickers that it has, in order, where it knows them without asking anyone: for the words of an error. None for a
    /// vendor.
    fn known(&self) -> Vec<Ticker> {
        Vec::new()
    }

    /// The prices of one ticker: at least those within `range` that the source has, possibly more.
    ///
    /// # Errors
    /// A [`PriceError`] says what the caller should think of the ticker. A known ticker without a price in the range
    /// is an empty series or one outside the range, not an error.
    async fn history(&self, ticker: &Ticker, range: DateRange) -> Result<History, PriceError>;

    /// What is kept of a ticker's history, however old, with the caveat that it is: for a caller who cannot wait for a newer
    /// one. Nothing is asked of the vendor. `None` where nothing is kept, and for a source that keeps nothing.
    async fn kept(&self, _ticker: &Ticker, _range: DateRange) -> Option<History> {
        None
    }

    /// Waits until whatever was fetched so far is kept for the next run, or could not be, which [`about`](Self::about)
    /// then says. For a caller whose answer goes out; at once for a source that keeps nothing.
    async fn flush(&self) {}

    /// Drops what is kept in memory, for one who knows that it no longer holds. What is kept for the next run stays.
    fn forget(&self) {}
}

/// A source of Treasury yields.
#[async_trait]
pub trait YieldProvider: fmt::Debug + Send + Sync {
    /// What this source of yields is, and what went wrong with it that the caller should know.
    fn about_yields(&self) -> SourceInfo;

    /// Yields in percent: at least those within `range` that the source has, possibly more. A source without yields
    /// gives an empty table.
    ///
    /// # Errors
    /// When the source should have yields and could not give them.
    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError>;

    /// Drops what is kept in memory, as [`PriceProvider::forget`] does.
    fn forget(&self) {}
}

/// A source of what is known of a fund or share besides its prices.
#[async_trait]
pub trait FundamentalsProvider: fmt::Debug + Send + Sync {
    /// Dividends per share with their ex-dates within `range`, adjusted for splits, dates rising. Empty: none were
    /// paid.
    ///
    /// # Errors
    /// [`PriceError::NoData`] when the source has no dividends at all or does not know the ticker.
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError>;

    /// The newest close on or before a day, and its date, of a ticker whose prices are adjusted: what a dividend yield is
    /// a share of. `None` where the source has no closes beside them. Nothing is fetched for it.
    async fn close(&self, _ticker: &Ticker, _on: NaiveDate) -> Option<(NaiveDate, f64)> {
        None
    }

    /// The newest SEC yield (of thirty days, decimal) on or before a day, and its date. `None` where the source has none.
    /// Nothing is fetched for it.
    async fn sec_yield(&self, _ticker: &Ticker, _on: NaiveDate) -> Option<(NaiveDate, f64)> {
        None
    }

    /// Market capitalisations (of a fund: its assets) in US dollars, of the tickers that have one.
    ///
    /// # Errors
    /// [`PriceError::NoData`] when the source has no capitalisations at all.
    async fn market_caps(&self, tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError>;

    /// What a ticker is.
    ///
    /// # Errors
    /// [`PriceError::NoData`] when the source has no profiles or does not know the ticker.
    async fn profile(&self, ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError>;
}

/// A dividend per share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dividend {
    /// The first day on which a buyer does not get it.
    pub ex_date: NaiveDate,
    /// US dollars per share, adjusted for splits; zero or more.
    pub amount: f64,
}

/// A market capitalisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarketCap {
    /// The fund or share.
    pub ticker: Ticker,
    /// US dollars, above zero.
    pub dollars: f64,
    /// The day for which the source states it.
    pub as_of: NaiveDate,
}

/// What a ticker is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityProfile {
    /// Its name.
    pub name: Option<String>,
    /// A share's industry, in the vendor's words; a fund has none.
    pub industry: Option<String>,
    /// A share's sector, in the vendor's words.
    pub sector: Option<String>,
    /// True for a fund, false for a share.
    pub is_fund: bool,
    /// Market capitalisation in US dollars, above zero, where known.
    pub market_cap: Option<f64>,
}

/// What a source says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// The name in settings and answers: `files`, `sample`.
    pub name: &'static str,
    /// One sentence for people: where the data comes from.
    pub description: String,
    /// True when the prices are no market's prices.
    pub simulated: bool,
    /// What was wrong with the data as a whole: a column that is no ticker, a line without a date.
    pub warnings: Vec<String>,
}

/// Why a source gave no data, by what the caller does about it. The text never holds a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The source does not know the ticker or has nothing of this kind: use another ticker.
    #[error("{0}")]
    NoData(String),
    /// The source could not answer this time, or its data cannot be read: fix the source or try again.
    #[error("{why}")]
    Failed {
        /// The kind of failure, by what the caller does next.
        fault: SourceFault,
        /// One clause for people.
        why: String,
    },
}

/// How a source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceFault {
    /// No answer, or the source's own error.
    Unavailable,
    /// The key is missing or refused.
    Auth,
    /// The key's plan does not have this.
    Plan,
    /// Too many requests.
    Limited,
    /// It did not come in time.
    Late,
    /// The answer or the file cannot be used.
    Unusable,
}

impl PriceError {
    /// A failure of one kind.
    pub fn failed(fault: SourceFault, why: impl Into<String>) -> Self {
        Self::Failed { fault, why: why.into() }
    }
}

/// The ticker present that differs least from the one asked for, if any is near: one edit, two in long tickers. Of
/// several, the one that begins alike for longest.
fn nearest<'a>(asked: &Ticker, present: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let asked = asked.as_str();
    let reach = if asked.len() > 4 { 2 } else { 1 };
    let alike = |ticker: &str| asked.bytes().zip(ticker.bytes()).take_while(|(a, b)| a == b).count();
    let letters = Letters::of(asked);
    present
        // Nearly all are ruled out by their letters, of which a slip changes two at most: thousands may be asked for in vain.
        .filter(|ticker| letters.apart(&Letters::of(ticker)) <= 2 * reach)
        .map(|ticker| (strsim::damerau_levenshtein(asked, ticker), Reverse(alike(ticker)), ticker))
        .filter(|(distance, ..)| *distance <= reach)
        .min()
        .map(|(.., ticker)| ticker)
}

/// How often each letter is in a word, those beyond ASCII together.
struct Letters([u16; 128]);

impl Letters {
    /// Of a ticker, which is short.
    fn of(word: &str) -> Self {
        let mut counts = [0; 128];
        for letter in word.bytes() {
            counts[usize::from(letter.min(127))] += 1;
        }
        Self(counts)
    }

    /// How many letters one has more than the other, either way.
    fn apart(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).map(|(a, b)| usize::from(a.abs_diff(*b))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn nothing_near_is_ruled_out_by_its_letters(a in "[A-D1.-]{1,7}", b in "[A-D1.-]{1,7}") {
            let apart = Letters::of(&a).apart(&Letters::of(&b));
            proptest::prop_assert!(apart <= 2 * strsim::damerau_levenshtein(&a, &b), "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_ticker_is_one_slip_away() {
        let near = |asked: &str| nearest(&asked.parse().unwrap(), ["SPY", "SPYG", "QQQ", "BRK-B", "BF-B"].into_iter());
        assert_eq!(near("SPT"), Some("SPY"));
        assert_eq!(near("SYP"), Some("SPY"), "two letters in the wrong order are one slip");
        let two = ["XPY", "SPX"];
        assert_eq!(
            nearest(&"SPY".parse().unwrap(), two.into_iter()),
            Some("SPX"),
            "the one that begins alike for longer"
        );
        assert_eq!(near("BRK.C"), Some("BRK-B"), "two slips in a long ticker");
        assert_eq!(near("QQXX"), None);
        assert_eq!(near("XLF"), None);
    }
}
