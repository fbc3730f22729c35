//! `list_factors`.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, factors};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "list_factors",
    title: "List factors",
    description: "The factor ETFs that the analyses use: the ticker for an industry, style or maturity, what a category holds, and \
                  which have no prices (`no_data`).",
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: false,
    input,
    output: || schemas::output(&[("factors", "array"), ("total", "integer")]),
    full_answer: answer_schema::<factors::FactorsPage>,
    call: |app, call| async move { factors::answer(&app, &call).await }.boxed(),
};

fn input() -> Value {
    let properties = json!({
        "query": {
            "type": "string",
            "description": "In tickers, labels, aliases, sector groups.",
            "examples": ["semiconductor", "XLF"]
        },
        "categories": {
            "type": "array",
            "items": {"type": "string", "enum": factors::CATEGORIES},
            "description": "Only these. Default: all.",
            "examples": [["style", "market"]]
        },
        "cursor": {"type": "string", "description": "next_cursor of the answer before."},
        "limit": {"type": "integer", "description": "At most 100."}
    });
    schemas::input(properties, &[])
}
