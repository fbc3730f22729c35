//! `create_factor_group`.

use factor_types::WeightingMethod;
use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, groups::create};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "create_factor_group",
    title: "Create factor group",
    description: "Saves a basket of tickers, then a factor in your analyses: `USER:<name>`, category user. Tickers \
                  with under 24 months of prices are left out, with the reason.",
    toolset: Toolset::Groups,
    effect: Effect::Adds,
    open_world: true,
    input,
    output: || schemas::output(&[("proxy_identifier", "string"), ("validation_metadata", "object")]),
    full_answer: answer_schema::<create::CreatedGroup>,
    call: |app, call| async move { create::answer(&app, &call).await }.boxed(),
};

fn input() -> Value {
    schemas::input(
        json!({
            "group_name": {
                "type": "string",
                "description": "1 to 100 letters, digits, spaces or _-&.",
                "examples": ["My Tech Basket"]
            },
            "tickers": {
                "type": "array",
                "items": {"type": "string"},
                "description": "2 to 50, none twice.",
                "examples": [["XLK", "SMH"]]
            },
            "description": schemas::group_description(),
            "weighting_method": {
                "type": "string",
                "enum": WeightingMethod::NAMES,
                "description": "Default equal. market_cap: today's market caps."
            },
            "weights": {
                "type": "array",
                "items": {"type": "object"},
                "description": "custom: {ticker, weight}, sum 1."
            },
            "validate": {"type": "boolean", "description": "false saves unchecked."},
        }),
        &["group_name", "tickers"],
    )
}
