//! `get_factor_recommendations`. The bounds are enforced in the service's arguments.

use factor_analytics::hedge::SortBy;
use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::recommendations;

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_factor_recommendations",
    title: "Offsets of a factor",
    description: "What hedges a factor there is too much of: the best hedge, how much to sell instead, offsets to buy, swaps in a \
                  portfolio.",
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: true,
    input,
    output: || {
        schemas::output(&[("overexposed_factor", "object"), ("recommendations", "array"), ("warnings", "array")])
    },
    full_answer: recommendations::answer_schema,
    call: |app, call| async move { recommendations::answer(&app, call).await }.boxed(),
};

fn input() -> Value {
    let share = |low: f64, high: f64, default: f64, description: &str| json!({"type": "number", "minimum": low, "maximum": high, "default": default, "description": description});
    let as_there = "As in get_factor_analysis.";
    let mut properties = json!({
        "overexposed_factor": {
            "type": "string",
            "description": "Ticker, name, category, sector group or USER: group.",
            "examples": ["VNQ", "cyclical"]
        },
        "candidates": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Only these hedge it.",
            "examples": [["TLT"]]
        },
        "allow_short": {
            "type": "boolean",
            "description": "true: list shorts too; false: best_hedge only buys.",
            "examples": [false]
        },
        "sort_by": {
            "type": "string",
            "enum": SortBy::NAMES,
            "description": "Default: effectiveness out of sample."
        },
        "scenario": {"type": "string", "description": "Ranks by what held in it.", "examples": ["covid"]},
        "target_allocation_reduction": share(0.01, 0.5, 0.1, "Most weight to move."),
        "correlation_threshold": share(-1.0, 0.0, -0.2, "For sort_by correlation, score."),
        "max_recommendations": {"type": "integer", "default": 10, "description": "At most 50."},
        "prefer_income": {"type": "boolean", "description": "Score yields more."},
        "min_dividend_yield": {"type": "number", "description": "0.03 is 3%."},
        "max_expense_ratio": {"type": "number", "description": "0.005 is 0.5% a year."},
        "min_average_daily_value": {"type": "number", "description": "US dollars."},
    });
    schemas::add(&mut properties, &schemas::portfolio_source());
    schemas::add(
        &mut properties,
        &schemas::portfolio_analysis(
            "best_hedge, scorecard, scenario, recommendations, basket, exposures, insights, data_quality, metadata, formatted_report: in full.",
        ),
    );
    schemas::add(
        &mut properties,
        &[
            ("categories", json!({"type": "array", "items": {"type": "string"}, "description": "Of candidates."})),
            ("asset_class_filters", json!({"type": "object", "description": "{include, exclude}."})),
            ("industry_granularity", json!({"type": "string", "description": as_there})),
            ("factor_universe", json!({"type": "array", "items": {"type": "object"}, "description": as_there})),
        ],
    );
    schemas::input(properties, &["overexposed_factor"])
}
