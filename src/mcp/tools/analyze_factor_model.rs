//! `analyze_factor_model`. The bounds are enforced in the service's arguments.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::factor_model;

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "analyze_factor_model",
    title: "Factor model",
    description: "Regresses a fund, group, category or portfolio on a model's factors (ETF lens, Fama-French, own): betas and alpha with \
                  intervals, p and diagnostics, rolling, return attribution, style.",
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: true,
    input,
    output: || schemas::output(&[("insights", "object"), ("fits", "array"), ("warnings", "array")]),
    full_answer: factor_model::answer_schema,
    call: |app, call| async move { factor_model::answer(&app, call).await }.boxed(),
};

fn input() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let texts = |description: &str| json!({"type": "array", "items": {"type": "string"}, "description": description});
    let mut properties = json!({
        "ticker": text("A ticker, USER:name, PORTFOLIO:name; or tickers, categories, holdings."),
        "tickers": texts("Several."),
        "categories": texts("All of: style."),
        "model": text("lens (default, needs no file), capm, ff3, carhart, ff5, ff6, custom."),
        "factors": texts("Custom: [SPY, TLT]."),
        "factor_columns": texts("Of own files: [aqr_qmj:USA]."),
        "region": text("us, developed, developed_ex_us, europe, japan, emerging."),
        "robust": text("hac (default), ols, huber."),
        "rolling": {"type": "integer", "description": "Window in periods: 36."},
        "style_indices": texts("For style."),
    });
    schemas::add(&mut properties, &schemas::portfolio_source());
    let sections = "model, fits, rolling, attribution, style, insights, ...";
    schemas::add(&mut properties, &schemas::portfolio_analysis(sections));
    schemas::slim(&mut properties);
    schemas::input(properties, &[])
}
