//! `list_factor_groups`.

use futures::future::FutureExt;
use serde_json::json;

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, groups::list};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "list_factor_groups",
    title: "List factor groups",
    description: "Your factor groups. is_valid null: saved unchecked.",
    toolset: Toolset::Groups,
    effect: Effect::Reads,
    open_world: false,
    input: || schemas::input(json!({}), &[]),
    output: || schemas::output(&[("factor_groups", "array")]),
    full_answer: Some(answer_schema::<list::ListedGroups>),
    call: |app, call| async move { list::answer(&app, &call).await }.boxed(),
};
