//! Holdings as they were given, and what they weigh now.

use factor_types::GroupName;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    CUTTABLE, find, only_name, valuation,
    view::{PortfolioView, ValuationView},
};
use crate::{
    answer::Rendered,
    app::App,
    services::{
        Call,
        saved_items::{self, Success},
    },
    tool_error::ToolError,
};

/// A saved portfolio at the latest prices.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KeptPortfolio {
    status: Success,
    #[serde(flatten)]
    portfolio: PortfolioView,
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

/// The portfolio of this name at the latest prices.
///
/// # Errors
/// No such portfolio.
pub async fn run(app: &App, name: &GroupName, call: &Call) -> Result<KeptPortfolio, ToolError> {
    let kept = find(app, call.user, name).await?;
    let valuation = valuation::value(app, &kept.what.holdings, &call.caller(app.clock())).await;
    Ok(KeptPortfolio { status: Success::Success, portfolio: kept.into(), valuation: valuation.into() })
}
