//! A portfolio and what it weighs as they look in answers.

use chrono::{DateTime, NaiveDate, Utc};
use factor_types::{Amount, Holding, Portfolio, PriceKind, Saved, Ticker, ValuationPrice};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::valuation::{Valuation, cents};
use crate::services::saved_items::to_the_second;

/// A saved portfolio.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PortfolioView {
    /// Its name as its user wrote it.
    pub portfolio_name: String,
    /// How many holdings there are.
    pub holding_count: usize,
    /// The holdings as they were given.
    pub holdings: Vec<HoldingView>,
    /// When it was saved first.
    #[serde(serialize_with = "to_the_second")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "to_the_second")]
    pub updated_at: DateTime<Utc>,
}

/// One holding as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HoldingView {
    /// What is held.
    pub ticker: Ticker,
    /// How much: `weight`, `shares` or `value`.
    #[serde(flatten)]
    pub amount: AmountView,
}

/// How much is held; negative is a short position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmountView {
    /// A share of the portfolio: 0.6 for 60%.
    Weight(f64),
    /// So many shares.
    Shares(f64),
    /// So much money.
    Value(f64),
}

/// What holdings weigh and how that came about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ValuationView {
    /// Weights by ticker, sum 1, cash included; `null` where a price is missing.
    pub weights: Option<IndexMap<Ticker, f64>>,
    /// How the weights came about, or why there are none.
    pub normalisation: String,
    /// The value of all holdings to the cent, where they are given by shares or value; `null` where a price is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_value: Option<Option<f64>>,
    /// The prices that turned shares into value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prices_used: Vec<PriceUsed>,
    /// Shares without a price.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<Unpriced>,
    /// What is to be known of the prices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A price that turned shares into value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PriceUsed {
    /// Whose price it is.
    pub ticker: Ticker,
    /// The price, in the currency of its listing.
    pub price: f64,
    /// Its day.
    pub date: NaiveDate,
    /// Its source.
    pub source: String,
    /// What it includes: an adjusted one is lower than what was paid by the dividends since.
    pub kind: PriceKind,
}

/// Shares without a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unpriced {
    /// What is held.
    pub ticker: Ticker,
    /// Why it has no price.
    pub reason: String,
}

impl From<Saved<Portfolio>> for PortfolioView {
    fn from(kept: Saved<Portfolio>) -> Self {
        Self {
            portfolio_name: kept.what.name.to_string(),
            holding_count: kept.what.holdings.len(),
            holdings: kept.what.holdings.into_iter().map(HoldingView::from).collect(),
            created_at: kept.created_at,
            updated_at: kept.updated_at,
        }
    }
}

impl From<Holding> for HoldingView {
    fn from(holding: Holding) -> Self {
        let amount = match holding.amount {
            Amount::Weight(weight) => AmountView::Weight(weight),
            Amount::Shares(shares) => AmountView::Shares(shares),
            Amount::Value(value) => AmountView::Value(value),
        };
        Self { ticker: holding.ticker, amount }
    }
}

impl From<Valuation> for ValuationView {
    fn from(valuation: Valuation) -> Self {
        let normalisation = valuation.in_words();
        let unpriced = valuation.unpriced.into_iter().map(|(ticker, reason)| Unpriced { ticker, reason });
        Self {
            weights: valuation.weights.ok(),
            normalisation,
            total_value: valuation.by_value.then(|| valuation.total_value.map(cents)),
            prices_used: valuation.prices.into_iter().map(PriceUsed::from).collect(),
            unpriced: unpriced.collect(),
            warnings: valuation.doubts.into_iter().chain(valuation.warnings).collect(),
        }
    }
}

impl From<ValuationPrice> for PriceUsed {
    fn from(used: ValuationPrice) -> Self {
        Self { ticker: used.ticker, price: used.price, date: used.date, source: used.source, kind: used.kind }
    }
}
