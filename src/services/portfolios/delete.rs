//! A portfolio deleted for good, and what it held.

use factor_store::Deleted;
use factor_types::{GroupName, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{missing, only_name, view::PortfolioView};
use crate::{
    answer::Rendered,
    app::App,
    services::{
        Call,
        saved_items::{self, DAMAGED_GONE, Success},
    },
    tool_error::ToolError,
};

/// The portfolio that is gone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeletedPortfolio {
    status: Success,
    /// Its name.
    portfolio_name: String,
    /// What it was; `null` of a damaged one.
    deleted: Option<PortfolioView>,
    /// What is to be known of a damaged one.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, no such portfolio.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let run = |name| async move { run(app, &name, call.user).await };
    saved_items::of_name(app, call, only_name, run, &[]).await
}

/// Deletes the portfolio of this name.
///
/// # Errors
/// No such portfolio.
pub async fn run(app: &App, name: &GroupName, user: UserId) -> Result<DeletedPortfolio, ToolError> {
    let Some(gone) = app.store.delete_portfolio(user, name).await? else {
        return Err(missing(app, user, name).await?);
    };
    let status = Success::Success;
    Ok(match gone {
        Deleted::Whole(gone) => {
            let portfolio_name = gone.what.name.to_string();
            DeletedPortfolio { status, portfolio_name, deleted: Some(gone.into()), note: None }
        }
        Deleted::Damaged => {
            DeletedPortfolio { status, portfolio_name: name.to_string(), deleted: None, note: Some(DAMAGED_GONE) }
        }
    })
}
