//! A group as it is kept.

use factor_types::{GroupName, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arguments, find,
    view::{GroupView, ValidationMetadata},
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

/// A saved group.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KeptGroup {
    status: Success,
    #[serde(flatten)]
    group: GroupView,
    /// Who takes part and what they weigh, as settled when it was last checked.
    validation_metadata: ValidationMetadata,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, no such group.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let run = |name| async move { run(app, &name, call.user).await };
    saved_items::of_name(app, call, arguments::only_name, run, &[]).await
}

/// The group of this name.
///
/// # Errors
/// No such group.
pub async fn run(app: &App, name: &GroupName, user: UserId) -> Result<KeptGroup, ToolError> {
    let kept = find(app, user, name).await?;
    Ok(KeptGroup {
        status: Success::Success,
        group: GroupView::from(&kept),
        validation_metadata: ValidationMetadata::of_kept(&kept),
    })
}
