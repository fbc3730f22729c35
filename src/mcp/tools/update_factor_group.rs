//! `update_factor_group`.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, groups::update};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "update_factor_group",
    title: "Update factor group",
    description: "Changes a group and checks it; group_name alone checks again and keeps the new weights.",
    toolset: Toolset::Groups,
    effect: Effect::Replaces,
    open_world: true,
    input,
    output: || schemas::output(&[]),
    full_answer: answer_schema::<update::UpdatedGroup>,
    call: |app, call| async move { update::answer(&app, &call).await }.boxed(),
};

fn input() -> Value {
    schemas::input(
        json!({
            "group_name": schemas::group_name(),
            "new_name": {"type": "string", "description": "Another name."},
            "tickers": {"type": "array", "items": {"type": "string"}, "description": "2 to 50, in the place of the old."},
            "description": {"type": "string", "description": "What it is for."},
            "weighting_method": {"type": "string", "description": "equal, market_cap or custom."},
            "weights": {"type": "array", "items": {"type": "object"}, "description": "custom: [{ticker, weight}]."},
            "validate": {"type": "boolean", "description": "As in create_factor_group."},
        }),
        &["group_name"],
    )
}
