//! The check of a kept portfolio against the price source, which changes nothing.

use factor_types::{Amount, GroupName, Holding};
use schemars::JsonSchema;
use serde::Serialize;

use super::{CUTTABLE, find, only_name, valuation, view::ValuationView};
use crate::{
    answer::Rendered,
    app::App,
    services::{
        Call,
        saved_items::{self, Success},
    },
    tool_error::ToolError,
};

/// What the check found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ValidatedPortfolio {
    status: Success,
    portfolio_name: String,
    holding_count: usize,
    /// True when its weights are known and all that it holds has a price.
    is_valid: bool,
    /// Why it is not valid.
    issues: Vec<String>,
    #[serde(flatten)]
    valuation: ValuationView,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, no such portfolio.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let run = |name| async move { run(app, &name, call).await };
    saved_items::of_name(app, call, only_name, run, &CUTTABLE).await
}

/// Checks the portfolio of this name.
///
/// # Errors
/// No such portfolio.
pub async fn run(app: &App, name: &GroupName, call: &Call) -> Result<ValidatedPortfolio, ToolError> {
    let kept = find(app, call.user, name).await?;
    let (holdings, caller) = (&kept.what.holdings, call.caller(app.clock()));
    let mut valuation = valuation::value(app, holdings, &caller).await;
    // Weights are known without a price; whether there is one shows a share of each.
    let shares: Vec<Holding> = holdings.iter().filter_map(share_of).collect();
    let checked = valuation::value(app, &shares, &caller).await;
    let mut issues: Vec<String> = valuation.weights.as_ref().err().cloned().into_iter().collect();
    issues.extend(checked.unpriced.iter().map(|(ticker, why)| format!("{ticker} has no price: {why}")));
    let known = valuation.warnings.clone();
    valuation.warnings.extend(checked.warnings.into_iter().filter(|warning| !known.contains(warning)));
    if valuation.doubts.is_empty() {
        valuation.doubts = checked.doubts;
    }
    Ok(ValidatedPortfolio {
        status: Success::Success,
        portfolio_name: kept.what.name.to_string(),
        holding_count: holdings.len(),
        is_valid: issues.is_empty(),
        issues,
        valuation: valuation.into(),
    })
}

/// One share of what is held, where that has a price of its own.
fn share_of(held: &Holding) -> Option<Holding> {
    let is_priced = !held.ticker.is_currency() && !held.ticker.is_group() && !held.ticker.is_portfolio();
    is_priced.then(|| Holding { ticker: held.ticker.clone(), amount: Amount::Shares(1.0) })
}
