//! `get_portfolio`.

use futures::future::FutureExt;
use serde_json::json;

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, portfolios::get};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_portfolio",
    title: "Get portfolio",
    description: "A saved portfolio: holdings as given, weights at the latest prices.",
    toolset: Toolset::Portfolios,
    effect: Effect::Reads,
    open_world: true,
    input: || schemas::input(json!({"portfolio_name": schemas::portfolio_name()}), &[]),
    output: || schemas::output(&[("holdings", "array"), ("normalisation", "string")]),
    full_answer: Some(answer_schema::<get::KeptPortfolio>),
    call: |app, call| async move { get::answer(&app, &call).await }.boxed(),
};
