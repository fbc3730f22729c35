//! What is known of funds beside their prices: dividends and market capitalisations.
//!
//! Fundamentals are of today, while returns are of a window. So they come in beside the panel, each with the reason where it is
//! missing, and the rules of what may be made of them are [`crate::sections::dividends`] and [`crate::composite`].

use chrono::NaiveDate;
use factor_types::Ticker;
use indexmap::IndexMap;

/// What is known of funds beside their prices. Empty where a report has no use for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fundamentals {
    /// The day taken for today; `None` when nothing was asked.
    pub today: Option<NaiveDate>,
    /// The dividends per share of the twelve months up to the panel's `as_of`, summed
    /// ([`crate::sections::dividends::trailing`]), in the prices' currency; or why they are not known.
    pub dividends: IndexMap<Ticker, Result<f64, String>>,
    /// Market capitalisations, for plans that weight by them.
    pub caps: MarketCaps,
}

/// Market capitalisations as of now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MarketCaps {
    /// US dollars, above zero, of the tickers that have one.
    pub dollars: IndexMap<Ticker, f64>,
    /// The date of the oldest of them.
    pub as_of: Option<NaiveDate>,
    /// Tickers that were asked for and have none.
    pub without: Vec<Ticker>,
    /// Why there is none at all, where the source said so.
    pub unavailable: Option<String>,
}
