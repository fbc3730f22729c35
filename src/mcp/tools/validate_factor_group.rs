//! `validate_factor_group`.

use futures::future::FutureExt;
use serde_json::json;

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, groups::validate};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "validate_factor_group",
    title: "Validate factor group",
    description: "Checks a saved group's data, changes nothing: who is left out and why, weights, performance.",
    toolset: Toolset::Groups,
    effect: Effect::Reads,
    open_world: true,
    input: || schemas::input(json!({"group_name": schemas::group_name()}), &["group_name"]),
    output: || schemas::output(&[("is_valid", "boolean"), ("issues", "array")]),
    full_answer: answer_schema::<validate::ValidatedGroup>,
    call: |app, call| async move { validate::answer(&app, &call).await }.boxed(),
};
