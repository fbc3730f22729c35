//! `save_portfolio`.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, portfolios::save};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "save_portfolio",
    title: "Save portfolio",
    description: "Saves (replaces) holdings under a name. Weights under 1 leave the rest in cash, over \
                  1 is leverage; shares count at the latest price.",
    toolset: Toolset::Portfolios,
    effect: Effect::Replaces,
    open_world: true,
    input,
    output: || schemas::output(&[("holdings", "array"), ("normalisation", "string")]),
    full_answer: answer_schema::<save::SavedPortfolio>,
    call: |app, call| async move { save::answer(&app, &call).await }.boxed(),
};

fn input() -> Value {
    let holdings = json!({
        "type": "array",
        "items": {"type": "object"},
        "description": "Each a ticker with weight (0.6 is 60%), shares or value. Negative: short; CASH: cash; USER:<name>: a group.",
        "examples": [[{"ticker": "SPY", "weight": 0.6}]]
    });
    schemas::input(json!({"holdings": holdings, "portfolio_name": schemas::portfolio_name()}), &["holdings"])
}
