//! `delete_factor_group`.

use futures::future::FutureExt;
use serde_json::json;

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, groups::delete};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "delete_factor_group",
    title: "Delete factor group",
    description: "Deletes a factor group for good; answers what it was.",
    toolset: Toolset::Groups,
    effect: Effect::Replaces,
    open_world: false,
    input: || schemas::input(json!({"group_name": schemas::group_name()}), &["group_name"]),
    output: || schemas::output(&[("deleted", "object")]),
    full_answer: Some(answer_schema::<delete::DeletedGroup>),
    call: |app, call| async move { delete::answer(&app, &call).await }.boxed(),
};
