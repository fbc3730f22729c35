//! `get_portfolio_exposures`. The bounds are enforced in the service's arguments.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::exposures;

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_portfolio_exposures",
    title: "Exposures of a portfolio",
    description: "A portfolio's weights by industry, sector group and asset class, regression on factors, risk, calendar \
                  years, and what trades would change.",
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: true,
    input,
    output: || {
        schemas::output(&[("holdings", "array"), ("regression", "object"), ("risk", "object"), ("warnings", "array")])
    },
    full_answer: exposures::answer_schema,
    call: |app, call| async move { exposures::answer(&app, call).await }.boxed(),
};

fn input() -> Value {
    let mut properties = json!({
        "factors": {
            "type": "array",
            "items": {"type": "string"},
            "description": "To regress on; macro: composites. Default: the lens.",
            "examples": [["SPY", "fixed_income"]]
        },
        "what_if": {
            "type": "array",
            "items": {"type": "object"},
            "description": "{ticker, change} of weights."
        },
        "balance": {"type": "string", "description": "Of what_if: cash or pro_rata."},
    });
    schemas::add(&mut properties, &schemas::portfolio_source());
    let sections = "holdings, by_industry, by_sector_group, by_asset_class, regression, risk, what_if, calendar_years, insights, data_quality, metadata, formatted_report: in full.";
    schemas::add(&mut properties, &schemas::portfolio_analysis(sections));
    schemas::input(properties, &[])
}
