//! `list_portfolios`.

use futures::future::FutureExt;
use serde_json::json;

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, portfolios::list};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "list_portfolios",
    title: "List portfolios",
    description: "Your saved portfolios.",
    toolset: Toolset::Portfolios,
    effect: Effect::Reads,
    open_world: false,
    input: || schemas::input(json!({}), &[]),
    output: || schemas::output(&[("portfolios", "array")]),
    full_answer: Some(answer_schema::<list::ListedPortfolios>),
    call: |app, call| async move { list::answer(&app, &call).await }.boxed(),
};
