//! `stress_test`. The bounds are enforced in the service's arguments.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::stress;

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "stress_test",
    title: "Stress test",
    description: "What a portfolio, group or factor loses in a crash and what offsets it there: past episodes (default: all with a name), \
                  shocks, or the likeliest way to a loss. {\"ticker\": \"QQQ\", \"scenarios\": [\"covid\"]}",
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: true,
    input,
    output: || {
        schemas::output(&[
            ("insights", "object"),
            ("reverse", "object"),
            ("scenarios", "array"),
            ("shock", "object"),
            ("warnings", "array"),
        ])
    },
    full_answer: stress::answer_schema,
    call: |app, call| async move { stress::answer(&app, call).await }.boxed(),
};

fn input() -> Value {
    let mut properties = json!({
        "ticker": {"type": "string", "description": "Instead of holdings: a ticker, USER:name, PORTFOLIO:name."},
        "scenarios": {
            "type": "array",
            "items": {"type": "string"},
            "description": "gfc, covid, rates_2022 ..., 2022 or 2022-01-03/2022-10-12.",
        },
        "shocks": {"type": "object", "description": "{SPY: -0.2, UST10Y: 1}: returns; yields in points."},
        "horizon": {"type": "integer", "description": "Periods of shocks and reverse_loss. Default 1."},
        "reverse_loss": {"type": "number", "description": "0.2."},
    });
    schemas::add(&mut properties, &schemas::portfolio_source());
    let sections = "scenarios, shock, reverse, insights, ...";
    schemas::add(&mut properties, &schemas::portfolio_analysis(sections));
    schemas::slim(&mut properties);
    schemas::input(properties, &[])
}
