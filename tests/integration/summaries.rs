//! Summaries for a reader with a budget: what was asked stands once, nothing is empty, and what is not known is said.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::groups::Session;

const ANALYSIS: &str = "get_factor_analysis";

fn keys(of: &Value) -> Vec<&str> {
    of.as_object().unwrap_or_else(|| panic!("{of}")).keys().map(String::as_str).collect()
}

/// The places of empty lists and objects.
fn empty_blocks(of: &Value, at: &str, found: &mut Vec<String>) {
    match of {
        Value::Object(fields) if fields.is_empty() => found.push(at.to_owned()),
        Value::Array(items) if items.is_empty() => found.push(at.to_owned()),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| empty_blocks(value, &format!("{at}.{name}"), found))
        }
        Value::Array(items) => items.iter().for_each(|value| empty_blocks(value, at, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_returns_of_a_few_are_one_table() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask = json!({"analysis_type": "returns", "tickers": ["TLT", "SPY", "GLD"], "windows": ["2020..2022", "1y"]});
    let few = server.answer(ANALYSIS, ask.clone()).await;
    for list in ["top_performers", "bottom_performers", "by_category"] {
        assert!(few.get(list).is_none(), "{list}: {few}");
    }
    let mut whole = ask.clone();
    whole["include"] = json!(["factors", "rankings"]);
    let whole = server.answer(ANALYSIS, whole).await;
    let ranked = whole["rankings"]["2020"].as_array().unwrap().iter();
    let ranked: Vec<&str> = ranked.map(|line| line["ticker"].as_str().unwrap()).collect();
    assert_eq!(keys(&few["returns"]), ranked, "the best of the first window first");
    assert_eq!(keys(&few["returns"]["SPY"]), ["label", "2020", "2021", "2022", "1y"]);
    for (window, own) in whole["factors"]["SPY"]["windows"].as_object().unwrap() {
        let exact = own["total_return"].as_f64().unwrap();
        let shown = few["returns"]["SPY"][window].as_f64().unwrap();
        assert!((shown - exact).abs() <= 0.000_051, "{window}: {shown}, {exact}");
    }
    let mut lists = ask;
    lists["top_n"] = json!(2);
    let lists = server.answer(ANALYSIS, lists).await;
    assert!(
        lists.get("returns").is_none() && lists["top_performers"]["2020"].as_array().unwrap().len() == 2,
        "{lists}"
    );
}

#[tokio::test]
async fn a_profile_has_the_fields_asked_for_and_unknown_ones_are_named() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let fields = ["sharpe_ratio", "up_months.correlation", "beta_se", "drawdown_trough", "sharp"];
    let ask =
        json!({"analysis_type": "performance", "tickers": ["XLE", "TLT"], "fields": fields, "sort_by": "beta_se"});
    let short = server.answer(ANALYSIS, ask.clone()).await;
    assert_eq!(short["invalid_fields"], json!(["sharp"]));
    let shown = [&["label"], &fields[..4]].concat();
    assert_eq!(keys(&short["per_factor"]["XLE"]), shown);
    let mut full = ask.clone();
    full["format"] = json!("full");
    let full = server.answer(ANALYSIS, full).await;
    assert_eq!(keys(&full["per_factor"]["TLT"]), fields[..4]);
    assert_eq!(
        full["composites"]["macro"]["bond"].as_object().map(serde_json::Map::len),
        None,
        "bonds are fixed_income"
    );
    assert_eq!(keys(&full["composites"]["macro"]["fixed_income"]), [&["members"], &fields[..4]].concat());
    let mut whole = ask;
    whole["fields"] = json!(null);
    whole["include"] = json!(["per_factor"]);
    let whole = server.answer(ANALYSIS, whole).await;
    let own = &whole["per_factor"]["XLE"];
    assert_eq!(full["per_factor"]["XLE"]["up_months.correlation"], own["up_months"]["correlation"]);
    let errors = |answer: &Value| {
        let rows = answer["per_factor"].as_object().unwrap().values();
        rows.map(|row| row["beta_se"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    assert!(errors(&whole).is_sorted_by(|a, b| a >= b), "{:?}", errors(&whole));
    // Another mode has no profiles: a note, not silence.
    let other = server.answer(ANALYSIS, json!({"analysis_type": "returns", "fields": ["beta"]})).await;
    assert!(other["note"].as_str().unwrap().contains("fields is ignored for returns mode"), "{other}");
}

#[tokio::test]
async fn a_pair_stands_with_its_interval_and_slopes_with_their_errors() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let short = server.answer(ANALYSIS, json!({"tickers": ["SPY", "TLT"]})).await;
    let ask =
        json!({"tickers": ["SPY", "TLT"], "include": ["matrices", "statistics", "rate_sensitivity"], "precision": 12});
    let whole = server.answer(ANALYSIS, ask).await;
    let of = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value}"));
    let near = |shown: &Value, exact: &Value, relative: f64| {
        let (shown, exact) = (of(shown), of(exact));
        assert!((shown - exact).abs() <= 0.000_051 + relative * exact.abs(), "{shown}, {exact}");
    };
    let statistics = &whole["statistics"]["selected"];
    let pair = &short["matrices"]["selected"]["pairs"]["SPY/TLT"];
    near(&pair["r"], &whole["matrices"]["selected"]["SPY"]["TLT"], 0.0);
    near(&pair["interval"][0], &statistics["interval_low"]["SPY"]["TLT"], 0.0);
    near(&pair["interval"][1], &statistics["interval_high"]["SPY"]["TLT"], 0.0);
    near(&pair["p"], &statistics["p"]["SPY"]["TLT"], 0.005);
    assert_eq!(short["matrices"]["selected"]["n"], 120);
    let ranks = json!({"tickers": ["SPY", "TLT"], "correlation_method": "spearman", "include": ["matrices"]});
    let ranks = server.answer(ANALYSIS, ranks).await;
    near(&pair["spearman"], &ranks["matrices"]["selected"]["SPY"]["TLT"], 0.0);
    let ten = &short["overlays"]["rate_sensitivity"]["UST10Y"]["rows"]["TLT"];
    let exact = &whole["statistics"]["rate_sensitivity"]["TLT"]["UST10Y"];
    for field in ["return_per_100bp", "standard_error", "t", "p"] {
        near(&ten[field], &exact[field], 0.005);
    }
    near(&ten["r"], &whole["overlays"]["rate_sensitivity"]["TLT"]["UST10Y"], 0.0);
    for repeated in ["insights", "statistics"] {
        assert!(short.get(repeated).is_none(), "{short}");
    }
    assert_eq!(keys(&short["overlays"]), ["rate_sensitivity"], "the benchmark is one of the two");
}

#[tokio::test]
async fn nothing_in_a_summary_is_empty_and_nobody_is_there_who_was_not_asked_for() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    for ask in [
        json!({}),
        json!({"tickers": ["GLD"]}),
        json!({"tickers": ["SPY", "TLT", "GLD", "XLE"]}),
        json!({"categories": ["commodity"]}),
        json!({"analysis_type": "performance"}),
        json!({"analysis_type": "performance", "tickers": ["SPY"]}),
        json!({"analysis_type": "returns"}),
        json!({"analysis_type": "returns", "tickers": ["TLT"], "windows": ["2015..2024"]}),
    ] {
        let answer = server.answer(ANALYSIS, ask.clone()).await;
        let mut found = Vec::new();
        empty_blocks(&answer, "", &mut found);
        assert_eq!(found, [""; 0], "{ask}: {answer}");
        assert!(answer.to_string().chars().count() <= 8_000, "{ask}");
    }
    let bonds = server.answer(ANALYSIS, json!({"categories": ["fixed_income"]})).await;
    assert_eq!(keys(&bonds["overlays"]), ["rate_sensitivity"], "{bonds}");
    let text = bonds["overlays"].to_string();
    assert!(text.contains("TLT") && !text.contains("XLE") && !text.contains("cyclical"), "{text}");
    let asked = json!({"categories": ["fixed_income"], "include_market_sensitivity": true});
    assert!(server.answer(ANALYSIS, asked).await["overlays"]["market_sensitivity"].is_object());
}

#[tokio::test]
async fn yields_stand_at_both_ends_of_each_window() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask = json!({"analysis_type": "returns", "categories": ["rate"], "windows": ["1y", "2022"]});
    let answer = server.answer(ANALYSIS, ask).await;
    assert!(answer.get("returns").is_none(), "yields alone ask for no fund: {answer}");
    let ten = &answer["yields"]["UST10Y"]["2022"];
    let of = |name: &str| ten[name].as_f64().unwrap();
    assert!((of("end") - of("start") - of("change")).abs() < 0.000_2, "{ten}");
    assert_eq!((&ten["from"], &ten["to"]), (&json!("2021-12-31"), &json!("2022-12-30")), "{ten}");
    let both = json!({"analysis_type": "returns", "tickers": ["TLT"], "windows": ["2022"], "include": ["yields"]});
    let both = server.answer(ANALYSIS, both).await;
    let full = &both["yields"]["UST10Y"]["2022"];
    assert!((full["change"].as_f64().unwrap() - of("change")).abs() < 0.000_1);
    let without = json!({"analysis_type": "returns", "windows": ["1m"]});
    assert!(server.answer(ANALYSIS, without).await.get("yields").is_none());
}

#[tokio::test]
async fn a_refusal_brings_the_corrected_call_and_it_is_right() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    for (ask, field, right) in [
        (json!({"tickers": ["SPY"], "analysis_typ": "returns"}), "analysis_type", json!("returns")),
        (json!({"tickers": ["SPY"], "analysis_type": "retuns"}), "analysis_type", json!("returns")),
        (json!({"ticker": "SPY"}), "tickers", json!("SPY")),
        (json!({"tickers": ["SPY"], "top_n": 500}), "top_n", json!(100)),
        (json!({"tickers": ["SPY"], "max_chars": 500}), "max_chars", json!(2_000)),
        (json!({"categories": "industry, comodity"}), "categories", json!(["industry", "commodity"])),
        (
            json!({"tickers": ["SPY"], "start_date": "2024-01-01", "end_date": "2020-01-01"}),
            "start_date",
            json!("2020-01-01"),
        ),
        (json!({"tickers": ["SPY"], "start_date": "2023-02-30"}), "start_date", json!("2023-02-28")),
        (json!({"tickers": ["SPY"], "start_date": "2020/01/31"}), "start_date", json!("2020-01-31")),
        (
            json!({"tickers": ["SPY"], "start_date": "2024-06-30", "end_date": "2024-12-31", "min_observations": 12}),
            "start_date",
            json!("2024-01-01"),
        ),
        (json!({"tickers": ["SPY"], "macro_deduplicate_threshold": 95}), "macro_deduplicate_threshold", json!(0.95)),
        (json!({"tickers": ["SPY", "semiconductor stuff"]}), "tickers", json!(["SPY", "SOXX"])),
        (json!({"analysis_type": "returns", "tickers": ["SPY"], "windows": ["1d"]}), "frequency", json!("daily")),
    ] {
        let failed = server.refusal(ANALYSIS, ask.clone()).await;
        let call = &failed["error"]["try"];
        assert_eq!((&call["name"], &call["arguments"][field]), (&json!(ANALYSIS), &right), "{ask}: {failed}");
        server.answer(ANALYSIS, call["arguments"].clone()).await;
    }
    let open = json!({"top_n": 500, "start_date": "some day"});
    let failed = server.refusal(ANALYSIS, open).await;
    assert!(failed["error"].get("try").is_none(), "one problem is open: {failed}");
    let holdings = json!({"overexposed_factor": "VNQ", "holdings": {"SPY": 0.6}, "target_allocation_reduction": 20});
    let failed = server.refusal("get_factor_recommendations", holdings).await;
    assert_eq!(failed["error"]["try"]["arguments"]["target_allocation_reduction"], 0.2, "{failed}");
}

#[tokio::test]
async fn metadata_speak_of_the_categories_asked_for() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask = json!({"analysis_type": "performance", "categories": ["crypto", "cash"], "start_date": "2024-12-31", "include": ["metadata"]});
    let answer = server.answer(ANALYSIS, ask).await;
    for part in ["labels", "history"] {
        let named = keys(&answer["analysis_metadata"][part]);
        assert!(named.contains(&"BIL") && !named.contains(&"XLE"), "{part}: {named:?}");
    }
}
