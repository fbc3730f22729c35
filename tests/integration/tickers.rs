//! `tickers`: an analysis of exactly those that the call names, whatever their categories.

use std::fmt::Write as _;

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::groups::Session;

const ANALYSIS: &str = "get_factor_analysis";

/// The last weekdays of the months from May 2023 to May 2026: 36 returns.
fn month_ends() -> Vec<NaiveDate> {
    let ends = (5..=41).map(|month: i32| {
        let (year, next) = (2023 + month / 12, u32::try_from(month % 12).unwrap() + 1);
        let mut day = NaiveDate::from_ymd_opt(year, next, 1).unwrap() - Days::new(1);
        while day.weekday().number_from_monday() > 5 {
            day = day - Days::new(1);
        }
        day
    });
    ends.collect()
}

/// Prices whose returns are `size` times a pattern of four signs, month by month.
fn prices(size: f64, signs: [f64; 4]) -> Vec<f64> {
    let mut price = 100.0;
    let later = (0..36).map(|at| {
        price *= 1.0 + size * signs[at % 4];
        price
    });
    std::iter::once(100.0).chain(later.collect::<Vec<_>>()).collect()
}

/// SPY goes up twice and down twice; TLT up and down by turns, ACME against TLT and three times as far; GLD with SPY.
fn csv() -> String {
    let columns = [
        prices(0.01, [1.0, 1.0, -1.0, -1.0]),
        prices(0.02, [1.0, -1.0, 1.0, -1.0]),
        prices(0.06, [-1.0, 1.0, -1.0, 1.0]),
        prices(0.03, [1.0, 1.0, -1.0, -1.0]),
    ];
    let mut csv = "date,SPY,TLT,ACME,GLD\n".to_owned();
    for (at, day) in month_ends().iter().enumerate() {
        let cells: Vec<String> = columns.iter().map(|column| column[at].to_string()).collect();
        let _ = writeln!(csv, "{day},{}", cells.join(","));
    }
    csv
}

fn names(of: &Value) -> Vec<&str> {
    of.as_object().unwrap_or_else(|| panic!("{of}")).keys().map(String::as_str).collect()
}

#[tokio::test]
async fn those_named_are_one_matrix_whatever_their_categories() {
    let data = tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &csv()).await;
    let asked = json!({"tickers": ["TLT", "spy", "ACME"], "format": "full"});
    let answer = server.answer(ANALYSIS, asked).await;
    assert_eq!(names(&answer["matrices"]), ["selected"]);
    let matrix = &answer["matrices"]["selected"];
    assert_eq!(names(matrix), ["TLT", "SPY", "ACME"], "in the order of the call");
    // Over 36 months, nine times the pattern: opposite signs, and as often the same as not.
    for (a, b, r) in [("TLT", "ACME", -1.0), ("SPY", "TLT", 0.0), ("ACME", "SPY", 0.0), ("SPY", "SPY", 1.0)] {
        let found = matrix[a][b].as_f64().unwrap();
        assert!((found - r).abs() < 1e-6, "{a} {b}: {found}");
    }
    // What the universe knows keeps what it says; the other is the source's.
    let labels = &answer["analysis_metadata"]["labels"];
    assert_eq!(names(labels).len(), 3);
    let category = |ticker: &str| labels[ticker]["category"].as_str().unwrap();
    assert_eq!([category("SPY"), category("TLT"), category("ACME")], ["market", "fixed_income", "custom"]);
    let warnings = answer["data_quality"]["warnings"].to_string();
    assert!(warnings.contains("no asset class is known of ACME: in no macro composite"), "{warnings}");
    assert_eq!(answer["data_quality"]["factors_requested"], 3);
    // Overlays answer for all of them, but for the benchmark itself.
    let mut against = names(&answer["overlays"]["market_sensitivity"]);
    against.sort_unstable();
    assert_eq!(against, ["ACME", "TLT"]);

    let summary = server.answer(ANALYSIS, json!({"tickers": ["TLT", "SPY", "ACME"]})).await;
    let selected = &summary["matrices"]["selected"];
    let lowest = &selected["pairs"]["TLT/ACME"];
    assert_eq!((&lowest["r"], &lowest["interval"], &selected["n"]), (&json!(-1.0), &json!([-1.0, -1.0]), &json!(36)));
    let report = server.structured(ANALYSIS, json!({"tickers": ["TLT", "SPY", "ACME"], "format": "report"})).await;
    assert!(report["formatted_report"].as_str().unwrap().contains("## Selected (3)"), "{report}");
}

#[tokio::test]
async fn categories_pick_among_them_and_matrices_are_asked_for_by_name() {
    let data = tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &csv()).await;
    let mut matrices = async |more: Value| {
        let mut question = json!({"tickers": ["TLT", "SPY", "GLD", "ACME"], "include": ["matrices"]});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.answer(ANALYSIS, question).await["matrices"].clone()
    };
    let some = matrices(json!({"categories": ["market", "custom"]})).await;
    assert_eq!((names(&some), names(&some["selected"])), (vec!["selected"], vec!["SPY", "ACME"]));
    let by_name = matrices(json!({"sections": ["matrices:market", "matrices:selected"]})).await;
    assert_eq!(names(&by_name), ["selected", "market"]);
    let triangle = matrices(json!({"matrix_format": "triangle", "order": "cluster"})).await;
    assert_eq!(triangle["selected"]["labels"].as_array().unwrap().len(), 4);
    let rolling = json!({"tickers": ["TLT", "ACME"], "include": ["rolling"], "rolling_windows": [12]});
    let rolling = server.answer(ANALYSIS, rolling).await;
    assert_eq!(rolling["rolling"]["selected"]["12"][0]["latest"], -1.0, "{rolling}");
    let nowhere = json!({"sections": ["matrices:selected"]});
    let problem = server.refusal(ANALYSIS, nowhere).await["error"]["problems"][0].clone();
    assert_eq!(problem["field"], "sections", "{problem}");
}

#[tokio::test]
async fn the_other_analyses_are_of_those_alone() {
    let data = tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &csv()).await;
    let asked =
        json!({"analysis_type": "returns", "tickers": ["ACME", "GLD"], "windows": ["1m"], "include": ["factors"]});
    let returns = server.answer(ANALYSIS, asked).await;
    assert_eq!(names(&returns["factors"]), ["GLD", "ACME"]);
    // The last month is the fourth of the pattern.
    assert_eq!(returns["factors"]["ACME"]["windows"]["1m"]["total_return"], 0.06);
    let asked = json!({"analysis_type": "performance", "tickers": ["ACME", "GLD"], "include": ["per_factor"]});
    let performance = server.answer(ANALYSIS, asked).await;
    let mut profiles = names(&performance["per_factor"]);
    profiles.sort_unstable();
    assert_eq!(profiles, ["ACME", "GLD"]);
    assert_eq!(performance["per_factor"]["GLD"]["beta"], 3.0, "three times SPY, which is priced for it");
}

#[tokio::test]
async fn what_has_no_price_is_said_and_what_is_no_factor_is_refused() {
    let data = tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &csv()).await;
    let answer = server.answer(ANALYSIS, json!({"tickers": ["SPY", "TLT", "NONE"]})).await;
    assert_eq!(answer["not_analysed"][0]["ticker"], "NONE", "{answer}");
    let answer = server.answer(ANALYSIS, json!({"tickers": ["emerging", "us_large", "gold", "TLT"]})).await;
    let note = answer["note"].as_str().unwrap();
    assert!(note.contains("tickers reads `emerging` as EEM (Emerging markets), `us_large` as SPY (US large caps (S&P 500)), `gold` as GLD"), "{note}");
    let answer = server.answer(ANALYSIS, json!({"tickers": ["SPY", "TLT", "Bitcoin"]})).await;
    assert_eq!(answer["not_analysed"][0]["ticker"], "IBIT", "by its label: {answer}");
    let wrong = json!({"tickers": ["cyclical", "USER:nobody", "no such thing at all"]});
    let problems = server.refusal(ANALYSIS, wrong).await["error"]["problems"].clone();
    let field = |at: usize| problems[at]["field"].as_str().unwrap();
    assert_eq!([field(0), field(1), field(2)], ["tickers[0]", "tickers[1]", "tickers[2]"], "{problems}");
    assert!(problems[0]["rule"].as_str().unwrap().contains("is the average of"), "{problems}");
    let problem = server.refusal(ANALYSIS, json!({"symbols": ["SPY"]})).await["error"]["problems"][0].clone();
    assert_eq!(problem["hint"], "name them in `tickers`: [\"SPY\", \"TLT\"]");
}

#[tokio::test]
async fn a_group_is_named_like_any_other() {
    let data = tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &csv()).await;
    let group = json!({"group_name": "Pair", "tickers": ["SPY", "GLD"], "weighting_method": "equal"});
    server.answer("create_factor_group", group).await;
    let asked =
        json!({"tickers": ["user:pair", "SPY"], "include": ["matrices", "rate_sensitivity", "market_sensitivity"]});
    let answer = server.answer(ANALYSIS, asked).await;
    let matrix = &answer["matrices"]["selected"];
    assert_eq!(names(matrix), ["USER:Pair", "SPY"]);
    // Half of once and half of three times SPY's returns is twice.
    assert_eq!(matrix["USER:Pair"]["SPY"], 1.0);
    assert_eq!(names(&answer["overlays"]["market_sensitivity"]), ["USER:Pair"]);
}
