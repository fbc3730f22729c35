//! A group deleted for good, and what it was.

use schemars::JsonSchema;
use serde::Serialize;

use super::{arguments, missing, view::GroupView};
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
    let name = arguments::only_name(&Args::new(call.arguments.clone()))?;
    let Some(gone) = app.store.delete_group(call.user, &name).await? else {
        return Err(missing(app, call.user, &name).await?);
    };
    let answer = DeletedGroup {
        status: Success::Success,
        group_name: gone.group.what.name.to_string(),
        deleted: GroupView::from(&gone),
    };
    Ok(saved_items::rendered(app, call.user, &answer, &[]).await)
}
