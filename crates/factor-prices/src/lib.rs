//! Prices and yields: one trait per kind, one file per source.
//!
//! | source | module | what |
//! | --- | --- | --- |
//! | `files` | [`files`] | a folder or file of CSV or Parquet, wide or long, yields beside it |
//! | `sample` | [`sample`] | simulated from a stated factor model with a fixed seed |
//!
//! A source answers for one ticker at a time and says what it could not give and why; one ticker's failure is never
//! another's.

pub mod files;
pub mod sample;

// The example's writer, so that the test reads what the example writes.
#[cfg(test)]
#[path = "../examples/export_sample/export.rs"]
mod export;
#[cfg(test)]
extern crate self as factor_prices;

use std::{cmp::Reverse, fmt, sync::Arc};

use async_trait::async_trait;
use factor_types::{DateRange, PriceSeries, Ticker, YieldTable};

pub use self::{
    files::{FileError, FilePrices},
    sample::SamplePrices,
};

/// A source of price histories.
#[async_trait]
pub trait PriceProvider: fmt::Debug + Send + Sync {
    /// What this source is and what it noticed while reading.
    fn about(&self) -> SourceInfo;

    /// A number that changes when the source's data changed (a file was written anew), so that what was computed
    /// from older data is not served. Cheap: it is asked at every call.
    fn revision(&self) -> u64 {
        0
    }

    /// The prices of one ticker: at least those within `range` that the source has, possibly more.
    ///
    /// # Errors
    /// A [`PriceError`] says what the caller should think of the ticker. A known ticker without a price in the range
    /// is an empty series or one outside the range, not an error.
    async fn history(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<PriceSeries>, PriceError>;
}

/// A source of Treasury yields.
#[async_trait]
pub trait YieldProvider: fmt::Debug + Send + Sync {
    /// Yields in percent: at least those within `range` that the source has, possibly more. A source without yields
    /// gives an empty table.
    ///
    /// # Errors
    /// When the source should have yields and could not give them.
    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError>;
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

/// Why a source gave no prices, by what the caller does about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The source does not know the ticker: use another ticker.
    #[error("{0}")]
    NoData(String),
    /// The source could not answer this time, or its data cannot be read: mend the source or try again.
    #[error("{0}")]
    Failed(String),
}

/// The ticker present that differs least from the one asked for, if any is near: one edit, two in long tickers. Of
/// several, the one that begins alike for longest.
fn nearest<'a>(asked: &Ticker, present: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let asked = asked.as_str();
    let reach = if asked.len() > 4 { 2 } else { 1 };
    let alike = |ticker: &str| asked.bytes().zip(ticker.bytes()).take_while(|(a, b)| a == b).count();
    present
        .map(|ticker| (strsim::damerau_levenshtein(asked, ticker), Reverse(alike(ticker)), ticker))
        .filter(|(distance, ..)| *distance <= reach)
        .min()
        .map(|(.., ticker)| ticker)
}
