//! `get_portfolio_exposures`: what clients see of it: name, description and schemas. The bounds are enforced in the service's arguments.

use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::json;

use super::{ToolEntry, define, read_only};
use crate::services::{
    exposures,
    portfolio::{
        arguments::{add, shared},
        source,
    },
    saved_items,
};

/// The tool.
pub(super) const ENTRY: ToolEntry =
    ToolEntry { definition, call: |app, call| async move { exposures::answer(&app, call).await }.boxed() };

const TITLE: &str = "Exposures of a portfolio";

const DESCRIPTION: &str = "What a portfolio is exposed to: weights by industry, sector group and asset class, a regression \
on macro composites or chosen factors, risk, and what trades would change.";

fn definition() -> Tool {
    let mut properties = json!({
        "factors": {
            "type": "array",
            "items": {"type": "string"},
            "description": "To regress on. Default: macro composites.",
            "examples": [["SPY", "fixed_income"]]
        },
        "what_if": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"ticker": {"type": "string"}, "change": {"type": "number"}}
            },
            "description": "Changes of weight; cash balances them."
        },
    });
    add(&mut properties, &source::schemas());
    let sections = "holdings, by_industry, by_sector_group, by_asset_class, regression, risk, what_if, insights, data_quality, metadata, formatted_report: in full.";
    add(&mut properties, &shared(sections));
    let fields = [("holdings", "array"), ("regression", "object"), ("risk", "object"), ("what_if", "object")];
    define(
        "get_portfolio_exposures",
        TITLE,
        DESCRIPTION,
        saved_items::input(properties, &[]),
        saved_items::output(&fields),
    )
    .with_annotations(read_only(TITLE, true))
}
