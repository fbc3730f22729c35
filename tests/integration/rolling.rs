//! Rolling correlations, as a client meets them over standard input and output.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::support::Process;

/// The built-in universe on the bundled sample.
pub(crate) async fn sample() -> Process {
    Process::legacy(&[("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", "2026-01-15")]).await
}

/// What a call answers; the text block holds the same.
pub(crate) async fn ask(process: &mut Process, arguments: Value) -> Value {
    let result = process.call("get_factor_analysis", arguments).await;
    let answer = result["structuredContent"].clone();
    let text = result["content"][0]["text"].as_str().unwrap();
    // A long answer's text is the summary, a report's the report.
    let same = serde_json::from_str::<Value>(text).map_or(true, |text| text == answer);
    assert!(same || answer.to_string().len() > 40_000, "{text}");
    answer
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn with(call: Value, more: Value) -> Value {
    let mut call = call.as_object().unwrap().clone();
    call.extend(more.as_object().unwrap().clone());
    Value::Object(call)
}

#[tokio::test]
async fn rolling_correlations_are_absent_unless_asked_for() {
    let mut process = sample().await;
    let without = ask(
        &mut process,
        json!({"include": ["rolling", "insights"], "categories": ["style"], "include_rolling_summaries": false}),
    )
    .await;
    assert_eq!(keys(&without), ["status", "analysis_type", "warnings", "not_computed", "as_of", "period", "insights"]);
    assert_eq!(without["not_computed"], json!({"rolling": "set include_rolling_summaries: true"}));
    let full = ask(&mut process, json!({"format": "full", "categories": ["style"], "max_chars": 0})).await;
    assert!(full.get("rolling").is_none() && full["performance"].get("rolling_ms").is_none());
    // What belongs to it is then ignored, not silently.
    let more = json!({"categories": ["style"], "rolling_windows": [12], "advanced": {"rolling_pairs": ["SPY/TLT"]}});
    let note = ask(&mut process, more).await["note"].clone();
    for name in ["rolling_windows", "rolling_pairs"] {
        assert!(note.as_str().unwrap().contains(&format!("{name} is ignored; set include_rolling_summaries: true")));
    }
    let foreign = ask(&mut process, json!({"analysis_type": "returns", "include_rolling_summaries": true})).await;
    assert!(foreign["note"].as_str().unwrap().contains("include_rolling_summaries is ignored for returns mode"));
    // Any of the ways to ask for sections does.
    let named = ask(&mut process, json!({"advanced": {"sections": ["rolling"]}, "categories": ["style"]})).await;
    assert!(named["rolling"]["style"].is_object() && named.get("matrices").is_none(), "{named}");
}

#[tokio::test]
async fn the_section_alone_is_that_of_the_full_answer_and_holds_every_pair() {
    let mut process = sample().await;
    let call = json!({
        "include_rolling_summaries": true, "categories": ["style", "commodity", "industry"], "max_chars": 0,
        "rolling_windows": [24, 12, 24], "precision": 17, "rolling_pairs": ["tlt/SPY"],
    });
    let full = ask(&mut process, with(call.clone(), json!({"format": "full"}))).await;
    let alone = ask(&mut process, with(call, json!({"include": ["rolling"]}))).await;
    assert_eq!(keys(&alone), ["status", "analysis_type", "warnings", "as_of", "period", "rolling", "rolling_series"]);
    assert_eq!((&alone["rolling"], &alone["rolling_series"]), (&full["rolling"], &full["rolling_series"]));
    assert_eq!(keys(&full["rolling"]), ["industry_groups", "industry", "style", "commodity"]);
    assert_eq!(full["analysis_metadata"]["rolling_windows"], json!([12, 24]));
    assert!(full["performance"]["rolling_ms"].is_number());
    for (category, windows) in full["rolling"].as_object().unwrap() {
        let size = full["matrices"][category].as_object().unwrap().len();
        assert_eq!(keys(windows), ["12", "24"]);
        for pairs in windows.as_object().unwrap().values() {
            let pairs = pairs.as_array().unwrap();
            let seen: HashSet<(&Value, &Value)> = pairs.iter().map(|pair| (&pair["a"], &pair["b"])).collect();
            assert_eq!((pairs.len(), seen.len()), (size * (size - 1) / 2, pairs.len()), "{category}");
            let mut spread = f64::INFINITY;
            for pair in pairs {
                let at = |name: &str| pair[name].as_f64();
                if let (Some(sd), Some(stability)) = (at("sd"), at("stability")) {
                    assert!((stability - (1.0 - sd).max(0.0)).abs() < 1e-15 && sd <= spread, "{pair}");
                    spread = sd;
                }
                let (low, mean, high) = (at("min").unwrap(), at("mean").unwrap(), at("max").unwrap());
                assert!(-1.0 <= low && low <= mean + 1e-12 && mean <= high + 1e-12 && high <= 1.0, "{pair}");
                assert!((low..=high).contains(&at("latest").unwrap()));
            }
        }
    }
    // PEJ has stopped: its newest window is not of the last month.
    let stopped = full["rolling"]["industry"]["12"].as_array().unwrap();
    let stopped = stopped.iter().find(|pair| pair["b"] == "PEJ" || pair["a"] == "PEJ").unwrap();
    assert_eq!(stopped["latest_date"], "2023-05-31");
}

#[tokio::test]
async fn a_named_pair_has_its_whole_series() {
    let mut process = sample().await;
    let call = json!({
        "include_rolling_summaries": true, "include": ["rolling"], "max_chars": 0, "precision": 17, "categories": ["style"],
        "rolling_windows": [36], "rolling_pairs": ["IWM/MTUM", "cyclical/ust10y", "IWM/MTUM"], "end_date": "2025-12-31",
    });
    let answer = ask(&mut process, call).await;
    assert_eq!(keys(&answer["rolling_series"]), ["IWM/MTUM", "cyclical/UST10Y"]);
    let series = answer["rolling_series"]["IWM/MTUM"]["36"].as_object().unwrap();
    // 120 months less the 35 before the first window is whole.
    assert_eq!((series.len(), series.keys().next().unwrap().as_str()), (85, "2018-12-31"));
    let values: Vec<f64> = series.values().map(|r| r.as_f64().unwrap()).collect();
    let mut of = answer["rolling"]["style"]["36"].as_array().unwrap().iter();
    let of = of.find(|pair| [&pair["a"], &pair["b"]].iter().all(|name| *name == "IWM" || *name == "MTUM")).unwrap();
    assert_eq!((of["windows"].as_u64(), of["latest"].as_f64()), (Some(85), values.last().copied()));
    let mean = values.iter().sum::<f64>() / 85.0;
    assert!((of["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    let rates = answer["rolling_series"]["cyclical/UST10Y"]["36"].as_object().unwrap();
    assert!(rates.len() == 85 && rates.values().all(Value::is_number));
    // In the summary a pair asked for by name is summed up.
    let brief = json!({"include_rolling_summaries": true, "rolling_pairs": ["SPY/TLT"], "categories": ["market"]});
    let brief = ask(&mut process, brief).await;
    assert_eq!(keys(&brief["rolling_series"]["SPY/TLT"]), ["12", "24", "36"]);
    assert_eq!(keys(&brief["rolling_series"]["SPY/TLT"]["12"]), ["windows", "latest", "mean", "min", "max", "sd"]);
}

#[tokio::test]
async fn a_summary_has_the_least_stable_pairs_only() {
    let mut process = sample().await;
    let summary = ask(&mut process, json!({"include_rolling_summaries": true})).await;
    assert!(summary.to_string().chars().count() <= 8_000, "{} characters", summary.to_string().chars().count());
    let industry = &summary["rolling"]["industry"];
    assert_eq!(keys(industry), ["window", "pairs", "median_stability", "least_stable"]);
    assert_eq!(industry["window"], 36);
    assert!(industry["pairs"].as_u64().unwrap() > 1_000);
    assert!((1..=5).contains(&industry["least_stable"].as_array().unwrap().len()));
    assert!(summary["more"].as_str().unwrap().contains("rolling"));
    let report = json!({"include_rolling_summaries": true, "format": "report", "categories": ["style"], "rolling_pairs": ["SPY/TLT"]});
    let report = ask(&mut process, report).await;
    let text = report["formatted_report"].as_str().unwrap();
    assert!(text.contains("## Style: least stable over 36 periods") && text.contains("| SPY/TLT |"), "{text}");
}

#[tokio::test]
async fn a_tight_limit_keeps_the_least_stable_pairs() {
    let mut process = sample().await;
    let call = json!({"include_rolling_summaries": true, "include": ["rolling"], "rolling_pairs": ["SPY/TLT"]});
    let whole = ask(&mut process, with(call.clone(), json!({"max_chars": 0}))).await;
    for limit in [2_000, 9_000, 40_000] {
        let cut = ask(&mut process, with(call.clone(), json!({"max_chars": limit}))).await;
        assert!(cut.to_string().chars().count() <= limit, "{limit}");
        assert!(
            cut["truncated"]["how_to_get_the_rest"].as_str().unwrap().contains("max_chars"),
            "{}",
            cut["truncated"]
        );
        let none = Map::new();
        for (category, windows) in cut["rolling"].as_object().unwrap_or(&none) {
            for (window, pairs) in windows.as_object().unwrap() {
                let pairs = pairs.as_array().unwrap();
                assert_eq!(pairs[..], whole["rolling"][category][window].as_array().unwrap()[..pairs.len()]);
            }
        }
        if limit > 9_000 {
            assert!(cut["rolling"]["industry"]["36"].as_array().unwrap().len() > 5);
        }
    }
}

#[tokio::test]
async fn what_no_window_can_hold_is_said() {
    let mut process = sample().await;
    let call = json!({
        "include_rolling_summaries": true, "include": ["rolling"], "categories": ["market"], "rolling_windows": [12, 48],
        "start_date": "2022-12-31", "end_date": "2025-12-31", "max_chars": 0, "correlation_method": "spearman",
    });
    let answer = ask(&mut process, call).await;
    let note = answer["note"].as_str().unwrap();
    assert!(note.contains("no rolling window of 48 periods is whole: there are 36"), "{note}");
    assert!(note.contains("rolling correlations are Pearson's"), "{note}");
    let none = &answer["rolling"]["market"]["48"][0];
    assert_eq!((none["windows"].as_u64(), &none["latest"], &none["stability"]), (Some(0), &Value::Null, &Value::Null));
    // 36 rows have 25 windows of 12.
    assert_eq!(answer["rolling"]["market"]["12"][0]["windows"], 25);
}

#[tokio::test]
async fn wrong_windows_and_pairs_are_refused_by_name() {
    let mut process = sample().await;
    for (arguments, field, words) in [
        (json!({"rolling_windows": [12, 5]}), "rolling_windows[1]", "from 6 to 120"),
        (json!({"advanced": {"rolling_windows": [121]}}), "advanced.rolling_windows[0]", "from 6 to 120"),
        (json!({"rolling_pairs": ["XLF"]}), "rolling_pairs[0]", "write two names as XLF/TLT"),
        (json!({"rolling_pairs": ["XLF/TLTT"]}), "rolling_pairs[0]", "did you mean TLT?"),
        (json!({"rolling_pairs": ["XLF/xlf"]}), "rolling_pairs[0]", "the same"),
        (
            json!({"rolling_pairs": ["SPY/TLT", "SPY/GLD", "SPY/XLF", "SPY/XLK", "SPY/XLE", "SPY/XLU"]}),
            "rolling_pairs",
            "at most 5 pairs",
        ),
        (json!({"include_rolling_summaries": "perhaps"}), "include_rolling_summaries", "true or false"),
    ] {
        let call = with(json!({"include_rolling_summaries": true}), arguments.clone());
        let answer = ask(&mut process, call).await;
        let problems = answer["error"]["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{arguments}: {problems:?}");
        assert_eq!(problems[0]["field"], field);
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{}", answer["error"]["message"]);
    }
}
