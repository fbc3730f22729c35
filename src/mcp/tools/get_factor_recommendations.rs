//! `get_factor_recommendations`: what clients see of it: name, description and schemas. The bounds are enforced in the service's arguments.

use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::json;

use super::{ToolEntry, define, read_only};
use crate::services::{
    portfolio::{
        arguments::{add, shared},
        source,
    },
    recommendations, saved_items,
};

/// The tool.
pub(super) const ENTRY: ToolEntry =
    ToolEntry { definition, call: |app, call| async move { recommendations::answer(&app, call).await }.boxed() };

const TITLE: &str = "Offsets of a factor";

const DESCRIPTION: &str = "What offsets a factor there is too much of: correlation, hedge ratio, effectiveness in and out of sample, \
the swap in a portfolio, the best two or three together. Says so where nothing does.";

fn definition() -> Tool {
    let share = |low: f64, high: f64, default: f64, description: &str| json!({"type": "number", "minimum": low, "maximum": high, "default": default, "description": description});
    let as_there = "As in get_factor_analysis.";
    let mut properties = json!({
        "overexposed_factor": {
            "type": "string",
            "description": "Ticker, name, category, sector group or USER: group.",
            "examples": ["VNQ", "cyclical"]
        },
        "target_allocation_reduction": share(0.01, 0.5, 0.1, "Most weight to move."),
        "correlation_threshold": share(-1.0, 0.0, -0.2, "An offset is at or under it."),
        "max_recommendations": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10, "description": "Longest list."},
        "prefer_income": {"type": "boolean", "default": false, "description": "Rank by dividend yield more."},
        "min_dividend_yield": {"type": "number", "minimum": 0, "maximum": 1, "description": "0.03 is 3%."},
    });
    add(&mut properties, &source::schemas());
    add(
        &mut properties,
        &shared("recommendations, basket, exposures, insights, data_quality, metadata, formatted_report: in full."),
    );
    add(
        &mut properties,
        &[
            ("categories", json!({"type": "array", "items": {"type": "string"}, "description": "Of candidates."})),
            ("asset_class_filters", json!({"type": "object", "description": "Of candidates: {include, exclude}."})),
            ("industry_granularity", json!({"type": "string", "description": as_there})),
            ("factor_universe", json!({"type": "array", "items": {"type": "object"}, "description": as_there})),
        ],
    );
    let output = saved_items::output(&[
        ("overexposed_factor", "object"),
        ("recommendations", "array"),
        ("basket", "object"),
        ("candidates_scanned", "integer"),
    ]);
    define(
        "get_factor_recommendations",
        TITLE,
        DESCRIPTION,
        saved_items::input(properties, &["overexposed_factor"]),
        output,
    )
    .with_annotations(read_only(TITLE, true))
}
