//! A group deleted for good, and what it was.

use factor_store::Deleted;
use factor_types::{GroupName, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{arguments, missing, view::GroupView};
use crate::{
    answer::Rendered,
    app::App,
    services::{
        Call,
        saved_items::{self, DAMAGED_GONE, Success},
    },
    tool_error::ToolError,
};

/// The group that is gone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeletedGroup {
    status: Success,
    /// Its name.
    group_name: String,
    /// What it was; `null` of a damaged one.
    deleted: Option<GroupView>,
    /// What is to be known of a damaged one.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
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
    let status = Success::Success;
    Ok(match gone {
        Deleted::Whole(gone) => {
            let group_name = gone.group.what.name.to_string();
            DeletedGroup { status, group_name, deleted: Some(GroupView::from(&gone)), note: None }
        }
        Deleted::Damaged => {
            DeletedGroup { status, group_name: name.to_string(), deleted: None, note: Some(DAMAGED_GONE) }
        }
    })
}
