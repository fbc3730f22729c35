//! Portfolios: named holdings of the caller's.
//!
//! One file per question; [`view`] is how a portfolio looks in every answer. [`holdings`] reads holdings out of arguments,
//! [`valuation`] turns them into weights; both serve whichever question takes holdings.
//! `as_factors` makes factors of those that a call names.

pub(crate) mod as_factors;
pub mod delete;
pub mod get;
pub mod holdings;
pub mod list;
pub mod save;
pub mod validate;
pub mod valuation;
pub mod view;

use factor_types::{GroupName, Portfolio, Saved, UserId};

use super::saved_items::{self, not_found};
use crate::{
    answer::{Kept, Version},
    app::App,
    arguments::Args,
    tool_error::ToolError,
};

/// The name of a portfolio where none is given.
pub(crate) const DEFAULT_NAME: &str = "CURRENT_PORTFOLIO";

/// What is cut first when a portfolio is too long to show.
const CUTTABLE: [&str; 4] = ["prices_used", "unpriced", "weights", "holdings"];

/// The name given, or the default one.
fn name(args: &Args) -> Option<GroupName> {
    if args.has("portfolio_name") { saved_items::name(args, "portfolio_name") } else { DEFAULT_NAME.parse().ok() }
}

/// The same, where it is the only argument.
fn only_name(args: &Args) -> Result<GroupName, ToolError> {
    let name = name(args);
    args.finish(&["portfolio_name"])?;
    name.ok_or_else(ToolError::internal)
}

/// A portfolio of the caller's.
///
/// # Errors
/// `not_found` with the nearest names.
pub(crate) async fn find(app: &App, user: UserId, name: &GroupName) -> Result<Saved<Portfolio>, ToolError> {
    match app.store.portfolio(user, name).await? {
        Some(kept) => Ok(kept),
        None => Err(missing(app, user, name).await?),
    }
}

/// What is kept of a portfolio: what it holds, not what that is worth today.
fn kept(portfolio: &Saved<Portfolio>, is_new: bool) -> Kept {
    Kept { name: portfolio.what.name.to_string(), version: Version::of(portfolio), is_new }
}

/// What is said of a name that no portfolio has.
async fn missing(app: &App, user: UserId, name: &GroupName) -> Result<ToolError, ToolError> {
    let kept = app.store.portfolios(user).await?;
    let known: Vec<String> = kept.rows.iter().map(|kept| kept.what.name.to_string()).collect();
    Ok(not_found("portfolio", "portfolio_name", name, &known, "save_portfolio"))
}
