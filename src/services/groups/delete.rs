//! A group deleted for good, and what it was.

use factor_types::{GroupName, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{arguments, missing, view::GroupView};
use crate::{
    answer::Rendered,
    app::App,
    services::{
        Call,
        saved_items::{self, Success},
    },
    tool_error::ToolError,
};

/// The group that is gone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeletedGroup {
    status: Success,
    /// Its name.
    group_name: String,
    /// What it was.
    deleted: GroupView,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, no such group.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let run = |name| async move { run(app, &name, call.user).await };
    saved_items::of_name(app, call, arguments::only_name, run, &[]).await
}

/// Deletes the group of this name.
///
/// # Errors
/// No such group.
pub async fn run(app: &App, name: &GroupName, user: UserId) -> Result<DeletedGroup, ToolError> {
    let Some(gone) = app.store.delete_group(user, name).await? else {
        return Err(missing(app, user, name).await?);
    };
    Ok(DeletedGroup {
        status: Success::Success,
        group_name: gone.group.what.name.to_string(),
        deleted: GroupView::from(&gone),
    })
}
