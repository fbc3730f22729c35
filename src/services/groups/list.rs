//! The caller's groups.

use chrono::{DateTime, Utc};
use factor_store::{RowKind, SavedGroup};
use factor_types::{Ticker, UserId, WeightingMethod};
use schemars::JsonSchema;
use serde::Serialize;

use super::view::is_valid;
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

/// All groups of one user.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ListedGroups {
    status: Success,
    count: usize,
    factor_groups: Vec<ListedGroup>,
    /// Groups that are not what was saved: they are left out everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<DamagedItem>,
}

/// One of them, without its weights.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ListedGroup {
    group_name: String,
    /// How it is called among tickers.
    proxy_identifier: String,
    description: String,
    tickers: Vec<Ticker>,
    ticker_count: usize,
    weighting_method: WeightingMethod,
    /// True when its last check passed, `null` when it was saved without one.
    is_valid: Option<bool>,
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
    Ok(saved_items::rendered(app, call.user, &answer, &["factor_groups"]))
}

/// All groups of a user.
///
/// # Errors
/// A store that is away.
pub async fn run(app: &App, user: UserId) -> Result<ListedGroups, ToolError> {
    let groups = app.store.groups(user).await?;
    Ok(ListedGroups {
        status: Success::Success,
        count: groups.rows.len(),
        factor_groups: groups.rows.into_iter().map(ListedGroup::from).collect(),
        damaged: DamagedItem::all(RowKind::Group, groups.damaged),
    })
}

impl From<SavedGroup> for ListedGroup {
    fn from(kept: SavedGroup) -> Self {
        let is_valid = is_valid(&kept);
        let group = kept.group.what;
        Self {
            group_name: group.name.to_string(),
            proxy_identifier: group.name.identifier(),
            description: group.description,
            ticker_count: group.tickers.len(),
            tickers: group.tickers,
            weighting_method: group.weighting.method(),
            is_valid,
            created_at: kept.group.created_at,
            updated_at: kept.group.updated_at,
        }
    }
}
