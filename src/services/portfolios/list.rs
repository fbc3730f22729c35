//! The caller's portfolios.

use chrono::{DateTime, Utc};
use factor_store::RowKind;
use factor_types::{Portfolio, Saved, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    answer::Rendered,
    app::App,
    arguments::Args,
    services::{
        Call,
        saved_items::{self, DamagedItem, Success, to_the_second},
    },
    tool_error::ToolError,
};

/// All portfolios of one user.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ListedPortfolios {
    status: Success,
    count: usize,
    portfolios: Vec<ListedPortfolio>,
    /// Portfolios that are not what was saved: they are left out everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<DamagedItem>,
}

/// One of them, without its holdings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedPortfolio {
    portfolio_name: String,
    holding_count: usize,
    #[serde(serialize_with = "to_the_second")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "to_the_second")]
    updated_at: DateTime<Utc>,
}

/// Answers a call.
///
/// # Errors
/// Arguments, which there are none of; a store that is away.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    Args::new(call.arguments.clone()).finish(&[])?;
    let answer = run(app, call.user).await?;
    Ok(saved_items::rendered(app, call.user, &answer, &["portfolios"]))
}

/// All portfolios of a user.
///
/// # Errors
/// A store that is away.
pub async fn run(app: &App, user: UserId) -> Result<ListedPortfolios, ToolError> {
    let portfolios = app.store.portfolios(user).await?;
    Ok(ListedPortfolios {
        status: Success::Success,
        count: portfolios.rows.len(),
        portfolios: portfolios.rows.into_iter().map(ListedPortfolio::from).collect(),
        damaged: DamagedItem::all(RowKind::Portfolio, portfolios.damaged),
    })
}

impl From<Saved<Portfolio>> for ListedPortfolio {
    fn from(kept: Saved<Portfolio>) -> Self {
        Self {
            portfolio_name: kept.what.name.to_string(),
            holding_count: kept.what.holdings.len(),
            created_at: kept.created_at,
            updated_at: kept.updated_at,
        }
    }
}
