//! `get_factor_analysis`. The bounds are enforced in the service's arguments.

use factor_types::{AssetClass, Category, Frequency, Maturity, names_and};
use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::{
    analysis::AnalysisKind,
    services::{
        analysis::{
            self,
            choices::{CompositeWeighting, CorrelationMethod, MatrixFormat, MatrixOrder, SortOrder},
            preset::Preset,
        },
        common_args::{Format, IndustryGranularity},
        or_failure,
    },
};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_factor_analysis",
    title: "Factor analysis",
    description: DESCRIPTION,
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: true,
    input,
    output,
    full_answer: || or_failure(analysis::schema()),
    call: |app, call| async move { analysis::answer(&app, call).await }.boxed(),
};

const DESCRIPTION: &str = "Analyses factor ETFs (industries, styles, bonds, commodities, crypto) and any other ticker on \
total-return prices. analysis_type: `returns`: over trailing windows, calendar years or dates; `performance`: return, volatility, \
Sharpe, drawdown, beta over years; `correlations`: matrices, what yields rising 100bp go with, macro groups. Default: a \
summary; `include` names sections in full. Decimals: 0.05 is 5%.";

/// As a user names them: the caller's own groups before the factors that a call brings, and yields.
const CATEGORIES: [&str; 10] = names_and(&Category::names_without::<8>(Category::Custom), &["custom", "rate"]);

fn choice(names: &[&str], default: Option<&str>, description: &str) -> Value {
    let mut schema = json!({ "type": "string", "enum": names, "description": description });
    if let (Some(default), Value::Object(fields)) = (default, &mut schema) {
        fields.insert("default".to_owned(), json!(default));
    }
    schema
}

fn flag(default: bool, description: &str) -> Value {
    json!({ "type": "boolean", "default": default, "description": description })
}

fn whole(low: u64, high: u64, description: &str) -> Value {
    json!({ "type": "integer", "minimum": low, "maximum": high, "description": description })
}

fn list(items: Value, description: &str, example: Value) -> Value {
    json!({ "type": "array", "items": items, "description": description, "examples": [example] })
}

fn named(names: &[&str], description: &str, example: Value) -> Value {
    list(json!({ "type": "string", "enum": names }), description, example)
}

fn input() -> Value {
    let text = json!({ "type": "string" });
    let date = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "analysis_type": choice(&AnalysisKind::NAMES, Some("correlations"), "What to compute; left out, windows mean returns, fields or sort_by performance."),
            "windows": list(
                text.clone(),
                "returns: 1m 3m 6m 1y 2y 3y 5y 10y ytd (weekly, daily: 1w 2w mtd; daily: 1d), 2022, 2022Q1, 2022-03, 2015..2024, dates 2020-02-19/2020-03-23. Default 1m 3m 6m 1y.",
                json!(["3m", "2022"])
            ),
            "include": list(
                text.clone(),
                "In full. correlations: matrices, overlays or its parts rate_sensitivity, market_sensitivity, macro_composite, macro_etf, and statistics, insights, rolling; performance: per_factor, composites; returns: rankings, by_category, factors, industry_groups, yields; all: data_quality, metadata, performance, formatted_report.",
                json!(["rate_sensitivity"])
            ),
            "categories": named(
                &CATEGORIES,
                "Of matrices and rankings. Default: all (matrices: not cash). user: your groups; rate: Treasury yields.",
                json!(["industry"])
            ),
            "format": choice(&Format::NAMES, Some("summary"), "full: every section as JSON; report: text for people."),
            "top_n": whole(1, 100, "Default 10; 5 in correlations and over 3 or more windows."),
            "start_date": date("Returns after it: YYYY-MM-DD or YYYY-MM. Default: 120 months before end_date."),
            "end_date": date("At least 365 days after start_date. Default: newest whole period."),
            "frequency": choice(&Frequency::NAMES, Some("monthly"), "Of the returns."),
            "benchmark_ticker": json!({ "type": "string", "default": "SPY", "description": "Named as in tickers." }),
            "industry_granularity": choice(&IndustryGranularity::NAMES, Some("group"), "group adds composites per sector group."),
            "sort_by": json!({ "type": "string", "default": "sharpe_ratio", "description": "performance: any number.", "examples": ["max_drawdown"] }),
            "fields": list(
                text.clone(),
                "performance: only these of a profile.",
                json!(["total_return", "sharpe_ratio", "beta_se", "up_months.correlation"])
            ),
            "sort_order": choice(&SortOrder::NAMES, Some("desc"), "asc: lowest first."),
            "include_macro_etf": flag(false, "correlations: a few ETFs per macro group."),
            "include_statistics": flag(false, "correlations: n, 95% interval, p per pair; durations."),
            "include_rolling_summaries": flag(false, "correlations: over moving windows."),
            "regime": json!({ "type": "string", "default": "all", "description": "correlations: only rate_shock, equity_drawdown, high_vol, or dates: 2008, 2020-02/2020-04." }),
            "correlation_method": choice(&CorrelationMethod::NAMES, Some("pearson"), "correlations: the last two have no statistics."),
            "preset": choice(&Preset::NAMES, None, "correlations: a named set of sections."),
            "tickers": list(
                text.clone(),
                "Only these, in one matrix (selected): any ticker, name, USER:<group>, PORTFOLIO:<name>.",
                json!(["SPY", "TLT"])
            ),
            "factor_universe": list(
                json!({ "type": "object" }),
                "Your own: label, ticker (or USER:<group>), category, asset_class, sector_group.",
                json!([{"label": "Nasdaq 100", "ticker": "QQQ"}])
            ),
            "asset_class_filters": json!({
                "type": "object",
                "description": format!("{{include, exclude}}, lists of {}; exclude wins.", AssetClass::NAMES.join(", ")),
                "examples": [{"exclude": ["crypto"]}]
            }),
            "composite_weighting_method": choice(&CompositeWeighting::NAMES, Some("equal"), "performance: cap: today's caps; custom: composite_weights."),
            "composite_weights": json!({ "type": "array", "items": { "type": "object" }, "description": "For custom: [{ticker, weight}]." }),
            "matrix_format": choice(&MatrixFormat::NAMES, Some("nested"), "triangle: a third of the size."),
            "max_chars": json!({ "type": "integer", "minimum": 0, "default": 40000, "description": "0: no limit, else at least 2000." }),
            "chart": json!({ "type": "string", "description": "png or svg: a picture; dark, wealth, sensitivity." }),
            "advanced": advanced(),
        }
    })
}

fn advanced() -> Value {
    // Their bounds are named by the error of whoever leaves them: the schema has room for names.
    let of_kind = |kind: &str, description: &str| json!({ "type": kind, "description": description });
    let overlay =
        |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    let names = |names: &[&str], description: &str| json!({ "type": "array", "items": { "type": "string", "enum": names }, "description": description });
    json!({
        "type": "object",
        "additionalProperties": false,
        "description": "Rare settings.",
        "properties": {
            "min_observations": of_kind("integer", "Fewest periods. Default 24 monthly, 52 weekly, 60 daily."),
            "precision": of_kind("integer", "Significant digits in full. Default 6."),
            "sections": { "type": "array", "items": { "type": "string" }, "description": "matrices:<category>, overlays:rate, overlays:market, macro:composite, macro:etf, rolling." },
            "rate_maturities": names(&Maturity::NAMES, "Of the rate overlay. Default: all but UST3M."),
            "rate_sensitivity_categories": overlay("Its rows. Default: fixed_income, industry, market, cash."),
            "market_benchmarks": { "type": "array", "items": { "type": "string" }, "description": "Default: benchmark_ticker." },
            "market_sensitivity_categories": overlay("Its rows. Default: industry, style."),
            "macro_groups": overlay("equity, fixed_income, cash, commodity, crypto. Default: all."),
            "macro_max_per_group": of_kind("integer", "Of the macro ETF matrix. Default 5."),
            "macro_deduplicate_threshold": of_kind("number", "Closer ones are dropped. Default 0.95."),
            "macro_min_group_coverage_pct": of_kind("number", "Least share of ETFs with data. Default 0.6."),
            "include_rate_sensitivity": flag(true, "The rate overlay."),
            "include_market_sensitivity": flag(true, "The market overlay."),
            "include_macro_composite": flag(true, "The macro composite matrix."),
            "include_macro_composite_performance": flag(true, "Macro composites."),
            "include_factor_composite_performance": flag(true, "Category composites."),
            "composite_max_per_group": of_kind("integer", "Most members of a composite."),
            "half_life": of_kind("number", "ewma: periods. Default 36 monthly, 156 weekly, 126 daily."),
            "order": choice(&MatrixOrder::NAMES, Some("universe"), "cluster: like next to like."),
            "rolling_windows": json!({ "type": "array", "items": { "type": "integer" }, "description": "In periods. Default: 12, 24, 36." }),
            "rolling_pairs": json!({ "type": "array", "items": { "type": "string" }, "description": "Up to 5 pairs: XLF/TLT, cyclical/UST10Y." }),
            "max_factors": of_kind("integer", "Rows of a report's tables. Default 15."),
            "top_n_per_matrix": of_kind("integer", "Pairs per matrix; 15 in reports."),
            "include_user_groups": flag(true, "Your groups take part.")
        }
    })
}

/// Every answer satisfies it: it names what is read first and requires only `status`.
fn output() -> Value {
    schemas::output(&[
        ("analysis_type", "string"),
        ("note", "string"),
        ("not_analysed", "array"),
        ("warnings", "array"),
        ("as_of", "string"),
        ("matrices", "object"),
        ("overlays", "object"),
        ("per_factor", "object"),
        ("composites", "object"),
        ("returns", "object"),
        ("factors", "object"),
        ("yields", "object"),
        ("data_quality", "object"),
        ("error", "object"),
    ])
}
