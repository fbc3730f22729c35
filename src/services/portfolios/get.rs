//! Holdings as they were given, and what they weigh now.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    CUTTABLE, find, kept, only_name, valuation,
    view::{PortfolioView, ValuationView},
};
use crate::{
    answer::Rendered,
    app::App,
    arguments::Args,
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
    let name = only_name(&Args::new(call.arguments.clone()))?;
    let saved = find(app, call.user, &name).await?;
    let kept = kept(&saved, false);
    let valuation = valuation::value(app, &saved.what.holdings, &call.caller(app.clock())).await;
    let answer = KeptPortfolio { status: Success::Success, portfolio: saved.into(), valuation: valuation.into() };
    Ok(saved_items::rendered(app, call.user, &answer, &CUTTABLE).of_kept(kept))
}
