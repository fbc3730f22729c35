//! Portfolios: named holdings of the caller's.
//!
//! One file per tool; here is what they share: the answers' shape. [`holdings`] reads holdings out of arguments,
//! [`valuation`] turns them into weights; both serve whichever tool takes holdings.

pub mod delete;
pub mod get;
pub mod holdings;
pub mod list;
pub mod save;
pub mod valuation;

use factor_types::{GroupName, Holding, Portfolio, Saved, UserId};
use serde_json::{Map, Value, json};

use self::valuation::Valuation;
use super::saved_items::{self, not_found, time};
use crate::{app::App, arguments::Args, tool_error::ToolError};

/// The name of a portfolio where none is given.
pub const DEFAULT_NAME: &str = "CURRENT_PORTFOLIO";

/// The main fields of an answer about one portfolio.
const FIELDS: [(&str, &str); 2] = [("holdings", "array"), ("normalisation", "string")];

fn name_schema() -> Value {
    json!({"type": "string", "description": "Default CURRENT_PORTFOLIO."})
}

/// The name given, or the default one.
fn name(args: &Args) -> Option<GroupName> {
    if args.has("portfolio_name") { saved_items::name(args, "portfolio_name") } else { DEFAULT_NAME.parse().ok() }
}

/// Adds the fields of the portfolio itself.
fn describe(answer: &mut Map<String, Value>, kept: &Saved<Portfolio>) {
    answer.insert("portfolio_name".to_owned(), json!(kept.what.name));
    answer.insert("holding_count".to_owned(), json!(kept.what.holdings.len()));
    answer.insert("holdings".to_owned(), kept.what.holdings.iter().map(row).collect());
    answer.insert("created_at".to_owned(), json!(time(kept.created_at)));
    answer.insert("updated_at".to_owned(), json!(time(kept.updated_at)));
}

fn row(holding: &Holding) -> Value {
    json!({"ticker": holding.ticker, (holding.amount.as_str()): holding.amount.number()})
}

/// Adds what the holdings weigh and how that came about.
fn add_valuation(answer: &mut Map<String, Value>, valuation: &Valuation) {
    let weights = valuation.weights.as_ref().ok().map(|weights| {
        weights.iter().map(|(ticker, weight)| (ticker.to_string(), json!(weight))).collect::<Map<String, Value>>()
    });
    if let Some(weights) = weights {
        answer.insert("weights".to_owned(), Value::Object(weights));
    } else {
        answer.insert("weights".to_owned(), Value::Null);
    }
    answer.insert("normalisation".to_owned(), json!(valuation.in_words()));
    if valuation.by_value {
        answer.insert("total_value".to_owned(), json!(valuation.total_value.map(valuation::cents)));
    }
    if !valuation.prices.is_empty() {
        answer.insert("prices_used".to_owned(), json!(valuation.prices));
    }
    if !valuation.unpriced.is_empty() {
        let unpriced = valuation.unpriced.iter().map(|(ticker, why)| json!({"ticker": ticker, "reason": why}));
        answer.insert("unpriced".to_owned(), unpriced.collect());
    }
    if !valuation.warnings.is_empty() {
        answer.insert("warnings".to_owned(), json!(valuation.warnings));
    }
}

/// What is cut first when a portfolio is too long to show.
const CUTTABLE: [&str; 4] = ["prices_used", "unpriced", "weights", "holdings"];

/// A portfolio of the caller's.
///
/// # Errors
/// `not_found` with the nearest names.
pub async fn find(app: &App, user: UserId, name: &GroupName) -> Result<Saved<Portfolio>, ToolError> {
    match app.store.portfolio(user, name).await? {
        Some(kept) => Ok(kept),
        None => Err(missing(app, user, name).await?),
    }
}

/// What is said of a name that no portfolio has.
async fn missing(app: &App, user: UserId, name: &GroupName) -> Result<ToolError, ToolError> {
    let known: Vec<String> = app.store.portfolios(user).await?.iter().map(|kept| kept.what.name.to_string()).collect();
    Ok(not_found("portfolio", "portfolio_name", name, &known, "save_portfolio"))
}
