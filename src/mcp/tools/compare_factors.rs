//! `compare_factors`. The bounds are enforced in the service's arguments.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::comparison;

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "compare_factors",
    title: "Factors compared",
    description: "Two to six funds next to each other: correlation with interval and p, whether it differs between periods, rolling, \
                  returns by year. {\"tickers\": [\"SPY\", \"TLT\"], \"periods\": [\"2015\", \"2022\"]}",
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: true,
    input,
    output: || schemas::output(&[("insights", "object"), ("pairs", "array"), ("warnings", "array")]),
    full_answer: comparison::answer_schema,
    call: |app, call| async move { comparison::answer(&app, call).await }.boxed(),
};

fn input() -> Value {
    let mut properties = json!({
        "tickers": {"type": "array", "items": {"type": "string"}, "description": "2 to 6."},
        "periods": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Apart: 2022, 2020-02/2020-04, high_vol, other (the rest)."
        },
        "condition": {"type": "object", "description": "{ticker: SPY, below: -0.05}, or above."},
        "rolling_windows": {"type": "array", "items": {"type": "integer"}, "description": "Default 36."},
    });
    let sections =
        "pairs, periods, condition, side_by_side, calendar_years, insights, data_quality, metadata, formatted_report.";
    schemas::add(&mut properties, &schemas::portfolio_analysis(sections));
    schemas::input(properties, &["tickers"])
}
