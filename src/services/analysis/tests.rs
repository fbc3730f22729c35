//! Answers of simulated prices, in every form.

use factor_types::UserId;
use serde_json::{Map, Value, json};

use tokio_util::sync::CancellationToken;

use super::{answer::AnalysisAnswer, quality::tests::overload, sections::Section, *};
use crate::{
    analysis::{AnalysisKind, had_by, of_user},
    answer::{Fields, Room},
    results::ResultStore,
    services::recommendations::tests::sample_app,
    tool_error::ErrorCode,
};

/// Every section that correlations can have.
fn everything() -> Value {
    json!({
        "include_macro_etf": true, "include_statistics": true, "include_rolling_summaries": true,
        "advanced": {"rolling_pairs": ["XLK/XLE"], "order": "cluster"},
    })
}

async fn answer_to(arguments: Value) -> AnalysisAnswer {
    let (_folder, app) = sample_app();
    let basis = app.basis(UserId::default()).await;
    let arguments = arguments.as_object().unwrap().clone();
    let call = Call { arguments, ..Call::default() };
    let (analysis, query) = run(&app, call, &basis).await.unwrap();
    AnalysisAnswer::new(analysis, query, app.sources.choice.why.clone(), CancellationToken::new())
}

fn kind_of(arguments: &Value) -> AnalysisKind {
    arguments["analysis_type"].as_str().map_or(AnalysisKind::Correlations, |kind| kind.parse().unwrap())
}

fn names(fields: &Fields) -> Vec<String> {
    fields.names().map(str::to_owned).collect()
}

/// The answer in full has the fields that the sections' schemas name, and each section by name its own alone.
async fn check_full(arguments: Value, expected: &[&str]) -> AnalysisAnswer {
    let answer = answer_to(arguments.clone()).await;
    let full = answer.full(answer.writing(Room::ALL));
    assert_eq!(names(&full), expected);
    let schema = Value::from(answer_schema(kind_of(&arguments)));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let framed = answer.frame().around(full.clone()).json().value();
    let errors: Vec<String> = validator
        .iter_errors(&framed)
        .map(|error| format!("{:.300} {}", error.to_string(), error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    for section in Section::ALL {
        let spec = section.spec();
        let by_name = answer.included(&[section], answer.writing(Room::ALL));
        if spec.kind.is_some_and(|kind| kind != answer.analysis.kind()) {
            assert_eq!(by_name.text(), "{}", "{section}");
            continue;
        }
        let mut generator = schemars::SchemaGenerator::default();
        let known: Vec<&str> = (spec.schema)(&mut generator).into_iter().map(|(name, _)| name).collect();
        let value = by_name.json().value();
        let there = match spec.parent {
            None => &value,
            Some(parent) => &value[parent.as_str()],
        };
        let there: Vec<&String> = there.as_object().unwrap().keys().collect();
        assert!(!there.is_empty() && there.iter().all(|name| known.contains(&name.as_str())), "{section}: {there:?}");
        if spec.parent.is_none() && !spec.by_name_only {
            let whole = full.json().value();
            let own: Map<String, Value> = there.iter().map(|name| ((*name).clone(), whole[*name].clone())).collect();
            let timed = |value: &Value| value.to_string().replace(|c: char| c.is_ascii_digit(), "0");
            assert_eq!(timed(&value), timed(&Value::Object(own)), "{section}");
        }
    }
    answer
}

fn headings(report: &str) -> Vec<&str> {
    report.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}

fn more(answer: &AnalysisAnswer) -> String {
    summary::of(answer).json().value()["more"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn correlations_in_every_form() {
    let common = ["data_quality", "performance", "analysis_metadata"];
    let own = ["matrices", "overlays", "statistics", "insights", "rolling", "rolling_series"];
    let answer = check_full(everything(), &[&own[..], &common].concat()).await;
    assert_eq!(
        more(&answer),
        "include: matrices, overlays, rate_sensitivity, market_sensitivity, macro_composite, macro_etf, rolling, statistics, insights, data_quality, metadata"
    );
    let report = text::report(&answer);
    let found = headings(&report);
    let order = [
        "Caveats",
        "Rate sensitivity",
        "Market sensitivity",
        "Effective durations (standard errors)",
        "Macro composites",
        "Insights",
        "Rolling correlations of pairs",
    ];
    let places: Vec<usize> = order.iter().map(|title| found.iter().position(|found| found == title).unwrap()).collect();
    assert!(places.is_sorted(), "{found:?}");
    let metadata = answer.included(&[Section::Metadata], answer.writing(Room::ALL)).json().value();
    let conventions: Vec<&String> = metadata["analysis_metadata"]["conventions"].as_object().unwrap().keys().collect();
    assert_eq!(conventions[6..], ["correlation", "rate_sensitivity", "rolling", "clusters", "statistics"]);
}

#[tokio::test]
async fn performance_in_every_form() {
    let expected = ["per_factor", "composites", "data_quality", "performance", "analysis_metadata"];
    let answer = check_full(json!({"analysis_type": "performance"}), &expected).await;
    assert_eq!(more(&answer), "include: per_factor, composites, data_quality, metadata");
    let short = names(&summary::of(&answer));
    assert_eq!(short[..6], ["sorted_by", "top", "bottom", "stopped", "macro_composites", "risk_free_source"]);
    let report = text::report(&answer);
    assert_eq!(headings(&report)[..3], ["Caveats", "Highest sharpe_ratio", "Lowest sharpe_ratio"]);
    assert!(report.contains("\nBenchmark SPY, risk-free rate from "), "{report}");
}

#[tokio::test]
async fn returns_in_every_form() {
    let own = ["windows", "window_dates", "factors", "industry_groups", "rankings", "by_category", "yields"];
    let expected = [&own[..], &["data_quality", "performance", "analysis_metadata"]].concat();
    let all = ["industry", "style", "market", "fixed_income", "cash", "commodity", "crypto", "rate"];
    let answer = check_full(json!({"analysis_type": "returns", "categories": all}), &expected).await;
    assert_eq!(
        more(&answer),
        "include: factors, rankings, by_category, industry_groups, yields, data_quality, metadata"
    );
    let found = text::report(&answer);
    let found = headings(&found);
    assert_eq!(found[0], "Caveats");
    assert_eq!(found[5..], ["Mean return by category", "Industry groups", "Treasury yields (%)", "Not analysed"]);
}

#[tokio::test]
async fn parts_of_the_overlays_come_back_nested_in_the_order_asked_for() {
    let answer = answer_to(json!({})).await;
    let parts = |include: &[Section]| {
        let value = answer.included(include, answer.writing(Room::ALL)).json().value();
        let of = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
        (of(&value), of(&value["overlays"]))
    };
    use Section::{MacroEtf, MarketSensitivity, Matrices, Overlays, RateSensitivity};
    let (market, rate) = ("market_sensitivity".to_owned(), "rate_sensitivity".to_owned());
    assert_eq!(parts(&[MarketSensitivity, MacroEtf, RateSensitivity]).1, [market, rate.clone()]);
    let all = parts(&[Overlays]).1;
    assert_eq!(all, [rate, "market_sensitivity".to_owned(), "macro_composite_matrix".to_owned()]);
    let first = ["overlays".to_owned(), "matrices".to_owned()];
    assert_eq!(parts(&[Overlays, Matrices, RateSensitivity]), (first.to_vec(), all.clone()));
    assert_eq!(parts(&[RateSensitivity, Overlays]).1, all);
}

#[tokio::test]
async fn what_cannot_be_given_says_why() {
    let answer = answer_to(json!({
        "include": ["rolling", "market_sensitivity", "rankings", "macro_etf"], "benchmark_ticker": "ZZZZZ",
        "categories": ["cash"], "include_rolling_summaries": true,
    }))
    .await;
    let reasons = answer.frame().not_computed;
    assert_eq!(reasons["rankings"], "it belongs to analysis_type returns");
    assert_eq!(reasons["macro_etf"], "set include_macro_etf: true");
    assert_eq!(reasons["market_sensitivity"], "the benchmark has no prices in the window; name another one");
    let warnings = answer.quality.warnings();
    assert!(warnings.iter().any(|text| text.starts_with("figures relative to ZZZZZ are null: ")), "{warnings:?}");
    let frame = answer.frame().around(Fields::rounded(crate::answer::Rounding::None)).json().value();
    assert_eq!(frame["not_analysed"][0]["ticker"], "ZZZZZ", "{frame}");
    assert_eq!(frame["warnings"], json!(warnings));
}

#[tokio::test]
async fn a_summary_is_short_unless_its_lists_were_asked_for() {
    let answer = answer_to(everything()).await;
    let short = summary::of(&answer).chars();
    assert!(short <= 8_000, "{short}");
    let mut arguments = everything();
    arguments["top_n"] = json!(40);
    let asked = answer_to(arguments).await;
    let value = summary::of(&asked).json().value();
    assert!(value.to_string().len() > 8_000);
    let strongest = value["matrices"]["industry"]["strongest"].as_array().unwrap();
    assert_eq!(strongest.len(), 40);
}

/// The built-in universe as a call's own, every label and every group of `length` characters and each industry alone in its
/// group.
fn wordy(length: usize) -> Value {
    let universe = factor_store::load_universe(None).universe;
    let entry = |(at, factor): (usize, &factor_types::Factor)| {
        json!({
            "ticker": factor.ticker, "category": factor.category, "asset_class": factor.asset_class,
            "label": format!("{at} {}", "label ".repeat(length / 6)),
            "sector_group": format!("{at} {}", "group ".repeat(length / 6)),
        })
    };
    universe.factors().iter().enumerate().map(entry).collect()
}

#[tokio::test]
async fn a_summary_keeps_its_length_whatever_has_to_be_said() {
    let long = |kind: &str, more: Value| {
        let mut call = json!({"analysis_type": kind, "factor_universe": wordy(600)});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let calls = [
        json!({}),
        json!({"analysis_type": "performance"}),
        json!({"analysis_type": "returns"}),
        everything(),
        long("correlations", json!({"include_rolling_summaries": true})),
        long("performance", json!({})),
        long("returns", json!({"windows": ["1m", "3m", "6m", "1y", "2y", "3y", "5y", "10y", "ytd"]})),
    ];
    let store = ResultStore::new();
    for call in calls {
        let mut answer = Arc::new(answer_to(call).await);
        for (count, length) in [(1, 2_000), (3, 20), (97, 60), (97, 2_000), (500, 500)] {
            overload(&mut Arc::get_mut(&mut answer).unwrap().quality, count, length);
            let rendered = answer.rendered(&store, UserId::LOCAL).unwrap();
            let of = format!("{:?}, {count} of {length}", answer.analysis.kind());
            let length = rendered.structured.as_str().chars().count();
            assert!(length <= 8_000 && rendered.text.chars().count() <= 8_000, "{of}: {length}");
            let value = rendered.structured.value();
            // What was asked for stands in it however long the warnings are.
            let body = match answer.analysis.kind() {
                AnalysisKind::Correlations => "matrices",
                AnalysisKind::Performance => "top",
                AnalysisKind::Returns => "top_performers",
            };
            assert!(value[body].to_string().len() > 100, "{of}: {value}");
            assert!(value["period"]["periods"].is_u64() && value["as_of"].is_string(), "{of}");
            assert!(value["warnings"].as_array().is_some_and(|said| said.len() > 5), "{of}: {value}");
        }
    }
}

#[tokio::test]
async fn nothing_is_written_of_a_call_that_was_given_up() {
    let answer = Arc::new(answer_to(everything()).await);
    assert!(answer.full(answer.writing(Room::ALL)).len() > 3, "{:?}", names(&answer.full(answer.writing(Room::ALL))));
    answer.cancel.cancel();
    assert_eq!(names(&answer.full(answer.writing(Room::ALL))), [""; 0]);
    assert_eq!(answer.rendered(&ResultStore::new(), UserId::LOCAL).unwrap_err().code, ErrorCode::Timeout);
}

/// Writing takes the processor's time too: it has a turn of its user's, away from the async threads.
#[tokio::test]
async fn an_answer_is_written_in_a_turn_of_its_users() {
    let (_folder, app) = sample_app();
    let user = UserId::new(4_242);
    let ask = || {
        let Value::Object(arguments) = json!({"analysis_type": "returns", "format": "full"}) else {
            panic!("no object")
        };
        of_user(user, super::answer(&app, Call { arguments, user, ..Call::default() }))
    };
    ask().await.unwrap();
    let had = had_by(user);
    assert!(had >= 5, "{had}: admitting prices, the panel, the study, the report, the answer");
    // Now the panel and the report are there.
    ask().await.unwrap();
    assert_eq!(had_by(user) - had, 2, "the study and the answer");
    let Value::Object(arguments) = json!({"holdings": {"SPY": 1}, "format": "full"}) else { panic!("no object") };
    let exposures = || {
        let call = Call { arguments: arguments.clone(), user, ..Call::default() };
        of_user(user, crate::services::exposures::answer(&app, call))
    };
    exposures().await.unwrap();
    let had = had_by(user);
    exposures().await.unwrap();
    assert_eq!(had_by(user) - had, 3, "the study, the figures and the answer");
}
