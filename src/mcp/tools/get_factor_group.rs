//! `get_factor_group`.

use futures::future::FutureExt;
use serde_json::json;

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, groups::get};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_factor_group",
    title: "Get factor group",
    description: "A saved group: tickers, weighting, final weights.",
    toolset: Toolset::Groups,
    effect: Effect::Reads,
    open_world: false,
    input: || schemas::input(json!({"group_name": schemas::group_name()}), &["group_name"]),
    output: || schemas::output(&[]),
    full_answer: Some(answer_schema::<get::KeptGroup>),
    call: |app, call| async move { get::answer(&app, &call).await }.boxed(),
};
