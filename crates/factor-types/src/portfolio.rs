//! Portfolios: named holdings of a user's.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::Ticker;

/// How much of something is held. Negative is a short position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// A share of the portfolio: 0.6 for 60 %.
    Weight(f64),
    /// A number of shares.
    Shares(f64),
    /// An amount of money, in the currency of the portfolio.
    Value(f64),
}

impl Amount {
    /// The number alone.
    pub fn number(self) -> f64 {
        match self {
            Self::Weight(number) | Self::Shares(number) | Self::Value(number) => number,
        }
    }

    /// The name in arguments and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weight(_) => "weight",
            Self::Shares(_) => "shares",
            Self::Value(_) => "value",
        }
    }
}

/// One holding as the user gave it. `CUR:USD` and other currencies are cash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// What is held.
    pub ticker: Ticker,
    /// How much.
    pub amount: Amount,
}

/// A price that turned a number of shares into a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValuationPrice {
    /// The ticker.
    pub ticker: Ticker,
    /// Its price, in the currency of its listing.
    pub price: f64,
    /// The day of the price.
    pub date: NaiveDate,
    /// The source of the price.
    pub source: String,
}

/// Named holdings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Portfolio {
    /// The name as its user wrote it; names are compared as those of groups are.
    pub name: crate::GroupName,
    /// The holdings as the user gave them, in their order, no ticker twice.
    pub holdings: Vec<Holding>,
}

/// A user's item in the store, with when it was created and last changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved<T> {
    /// The item.
    pub what: T,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
