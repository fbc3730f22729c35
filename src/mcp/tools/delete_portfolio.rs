//! `delete_portfolio`.

use futures::future::FutureExt;
use serde_json::json;

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, portfolios::delete};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "delete_portfolio",
    title: "Delete portfolio",
    description: "Deletes a portfolio for good; answers what it held.",
    toolset: Toolset::Portfolios,
    effect: Effect::Replaces,
    open_world: false,
    input: || schemas::input(json!({"portfolio_name": schemas::portfolio_name()}), &[]),
    output: || schemas::output(&[("deleted", "object")]),
    full_answer: Some(answer_schema::<delete::DeletedPortfolio>),
    call: |app, call| async move { delete::answer(&app, &call).await }.boxed(),
};
