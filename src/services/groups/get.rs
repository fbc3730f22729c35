//! A group as it is kept.

use factor_store::SavedGroup;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arguments, find, kept,
    view::{GroupView, ValidationMetadata},
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
    let name = arguments::only_name(&Args::new(call.arguments.clone()))?;
    let group = find(app, call.user, &name).await?;
    Ok(saved_items::rendered(app, call.user, &KeptGroup::from(&group), &[]).of_kept(kept(&group, false)))
}

impl From<&SavedGroup> for KeptGroup {
    fn from(kept: &SavedGroup) -> Self {
        Self {
            status: Success::Success,
            group: GroupView::from(kept),
            validation_metadata: ValidationMetadata::of_kept(kept),
        }
    }
}
