//! How sure correlations are, and the other ways to measure them, as a caller meets both.

use factor_mcp::{services::Call, services::analysis};
use serde_json::{Value, json};

use crate::support;

/// The built-in universe on the bundled sample.
async fn ask(arguments: Value) -> Value {
    let app = support::app(&[("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", "2026-01-15")]);
    let call = Call { arguments: arguments.as_object().unwrap().clone(), ..Call::default() };
    match analysis::answer(&app, call).await {
        Ok(answer) => answer.structured.value(),
        Err(error) => json!({"status": "error", "problems": error.problems}),
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn warnings(answer: &Value) -> String {
    crate::support::warnings_of(answer).to_string()
}

#[tokio::test]
async fn statistics_are_absent_unless_asked_for() {
    let without =
        ask(json!({"include": ["statistics", "matrices"], "categories": ["style"], "include_statistics": false})).await;
    assert_eq!(keys(&without), ["status", "analysis_type", "warnings", "not_computed", "as_of", "period", "matrices"]);
    assert_eq!(without["not_computed"], json!({"statistics": "set include_statistics: true"}));
    let full = ask(json!({"format": "full", "categories": ["style"], "max_chars": 0})).await;
    assert!(full.get("statistics").is_none() && !warnings(&full).contains("tested"));
}

#[tokio::test]
async fn the_section_alone_is_that_of_the_full_answer() {
    let call = |more: Value| {
        let mut call = json!({"include_statistics": true, "categories": ["style", "market"], "max_chars": 0});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let full = ask(call(json!({"format": "full"}))).await;
    let alone = ask(call(json!({"include": ["statistics"]}))).await;
    assert_eq!(keys(&alone), ["status", "analysis_type", "warnings", "as_of", "period", "statistics"]);
    assert_eq!(alone["statistics"], full["statistics"]);
    assert_eq!(keys(&full["statistics"]), ["style", "market", "rate_sensitivity"]);
    let style = &full["statistics"]["style"];
    assert_eq!(keys(style), ["n", "interval_low", "interval_high", "p", "p_adjusted"]);
    for (row, cells) in full["matrices"]["style"].as_object().unwrap() {
        for (column, r) in cells.as_object().unwrap() {
            let at = |measure: &str| style[measure][row][column].as_f64();
            assert!(style["n"][row][column].is_u64(), "{row} {column}");
            if let Some(r) = r.as_f64() {
                let (low, high) = (at("interval_low").unwrap(), at("interval_high").unwrap());
                // Written with six digits.
                assert!(low - 1e-5 <= r && r <= high + 1e-5, "{row} {column}: {low} {r} {high}");
                assert!(at("p").unwrap() <= at("p_adjusted").unwrap() * (1.0 + 1e-5));
            }
        }
    }
    let cell = &full["statistics"]["rate_sensitivity"]["TLT"]["UST10Y"];
    assert_eq!(keys(cell), ["n", "return_per_100bp", "standard_error", "t", "p", "effective_duration"]);
    let (slope, years) = (cell["return_per_100bp"].as_f64().unwrap(), cell["effective_duration"].as_f64().unwrap());
    assert!((years + 100.0 * slope).abs() < 1e-4 * years.abs() && years > 5.0, "a long bond is long: {years}");
    // Without the rate overlay there is nothing to tell of it.
    let less = ask(call(json!({"include": ["statistics"], "include_rate_sensitivity": false}))).await;
    assert_eq!(keys(&less["statistics"]), ["style", "market"]);
}

#[tokio::test]
async fn many_pairs_and_few_rows_are_warned_of_in_words() {
    let many = ask(json!({"include_statistics": true, "include": ["data_quality"], "categories": ["industry"]})).await;
    let said = warnings(&many);
    for words in ["pairs in 2 matrices were tested at once", "would have p under 0.05 by chance", "after adjusting"] {
        assert!(said.contains(words), "{said}");
    }
    let short = json!({
        "include_statistics": true, "categories": ["style"], "start_date": "2023-12-31", "end_date": "2025-12-31",
    });
    let few = ask(short).await;
    assert!(warnings(&few).contains("rest on fewer than 30 periods (the fewest: 24)"), "{}", warnings(&few));
    assert_eq!(few["statistics"]["style"]["fewest_n"], 24);
}

#[tokio::test]
async fn the_income_preset_has_durations() {
    let answer = ask(json!({"preset": "income_focus"})).await;
    assert!(answer.get("not_computed").is_none(), "{}", answer["not_computed"]);
    let lowest = answer["overlays"]["rate_sensitivity"]["UST10Y"]["lowest"].as_object().unwrap();
    assert!(lowest.len() >= 3 && lowest.values().all(|row| row["p"].is_number()), "the slopes stand once: {lowest:?}");
    assert!(answer["statistics"].get("rate_sensitivity").is_none());
    assert!(answer["statistics"]["fixed_income"]["pairs"].as_u64().unwrap() > 10);
    assert!(answer.to_string().len() <= 8_000, "{} characters", answer.to_string().len());
    let report = ask(json!({"preset": "income_focus", "format": "report"})).await;
    let text = report["formatted_report"].as_str().unwrap();
    assert!(text.contains("95% interval") && text.contains("## Effective durations"), "{text}");
    let off = ask(json!({"preset": "income_focus", "include_statistics": false})).await;
    assert!(off.get("statistics").is_none());
}

#[tokio::test]
async fn a_method_without_statistics_says_so() {
    for method in ["ewma", "ledoit_wolf"] {
        let mut call = json!({"correlation_method": method, "include_statistics": true, "categories": ["style"]});
        let answer = ask(call.clone()).await;
        let reason = format!("correlation_method {method} has no intervals and p-values; write pearson or spearman");
        assert!(answer["note"].as_str().unwrap().contains(&reason), "{}", answer["note"]);
        call["include"] = json!(["statistics", "metadata"]);
        let answer = ask(call).await;
        assert_eq!(answer["not_computed"]["statistics"], reason);
        assert_eq!(answer["analysis_metadata"]["correlation_method"], method);
        let facts = &answer["analysis_metadata"]["matrices"]["style"];
        match method {
            "ewma" => assert!((80.0..90.0).contains(&facts["n_eff"]["highest"].as_f64().unwrap()), "{facts}"),
            _ => assert!((0.0..=1.0).contains(&facts["intensity"].as_f64().unwrap()) && facts["kappa"].is_number()),
        }
    }
}

#[tokio::test]
async fn what_a_method_left_out_is_warned_of() {
    let short = ask(json!({"correlation_method": "ewma", "half_life": 6, "categories": ["style"]})).await;
    assert!(warnings(&short).contains("raise half_life or lower min_observations"), "{}", warnings(&short));
    let note = ask(json!({"half_life": 6, "categories": ["style"]})).await;
    assert_eq!(note["note"], "half_life is ignored; it belongs to correlation_method ewma");
    // ESPO starts late and PEJ has stopped: together with them no sixty months are complete.
    let call = json!({"correlation_method": "ledoit_wolf", "min_observations": 60, "format": "full", "max_chars": 0});
    let shrunk = ask(call).await;
    let facts = &shrunk["analysis_metadata"]["matrices"]["industry"];
    assert_eq!(facts["dropped"], json!(["ESPO", "PEJ"]));
    assert!(facts["complete_rows"].as_u64().unwrap() >= 60, "{facts}");
    let industry = shrunk["matrices"]["industry"].as_object().unwrap();
    assert!(!industry.contains_key("ESPO") && !industry.contains_key("PEJ") && industry.contains_key("XLC"));
    assert!(warnings(&shrunk).contains("so that 60 are complete: ESPO, PEJ"), "{}", warnings(&shrunk));
}

#[tokio::test]
async fn wrong_methods_and_half_lives_are_refused_by_name() {
    for (arguments, field) in [
        (json!({"correlation_method": "kendall"}), "correlation_method"),
        (json!({"correlation_method": "ewma", "half_life": 0}), "half_life"),
        (json!({"correlation_method": "ewma", "advanced": {"half_life": "long"}}), "advanced.half_life"),
        (json!({"include_statistics": "perhaps"}), "include_statistics"),
    ] {
        let answer = ask(arguments.clone()).await;
        let problems = answer["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{arguments}: {problems:?}");
        assert_eq!(problems[0]["field"], field);
    }
}

#[tokio::test]
async fn a_tight_limit_cuts_statistics_evenly() {
    let call = json!({"include_statistics": true, "include": ["statistics"], "max_chars": 12_000});
    let answer = ask(call).await;
    assert!(answer.to_string().chars().count() <= 12_000, "{}", answer.to_string().chars().count());
    assert!(answer["note"].as_str().unwrap().contains("lower triangles"));
    for measure in ["n", "interval_low", "interval_high", "p", "p_adjusted"] {
        assert!(answer["statistics"]["industry"][measure]["labels"].is_array(), "{measure}");
    }
    assert!(answer["truncated"]["how_to_get_the_rest"].is_string());
}

#[tokio::test]
async fn of_a_few_tickers_a_section_brings_what_a_reader_expects_in_it() {
    let of = async |section: &str, tickers: Value| ask(json!({"tickers": tickers, "include": [section]})).await;
    let slopes = of("rate_sensitivity", json!(["TLT", "XLU"])).await;
    assert!(slopes["overlays"]["rate_sensitivity"]["TLT"]["UST10Y"].is_number());
    let of_tlt = &slopes["statistics"]["rate_sensitivity"]["TLT"]["UST10Y"];
    assert!(of_tlt["return_per_100bp"].as_f64().unwrap() < 0.0 && of_tlt["standard_error"].is_number(), "{slopes}");
    let statistics = of("statistics", json!(["TLT", "XLU"])).await;
    assert!(statistics["matrices"]["selected"]["TLT"]["XLU"].is_number(), "{statistics}");
    // Of many the sections are long, and what belongs to them is named.
    let many = json!(["SPY", "TLT", "IEF", "SHY", "GLD", "XLK", "XLF", "XLE", "XLU", "XLV", "XLI"]);
    let alone = of("rate_sensitivity", many).await;
    assert!(alone.get("statistics").is_none());
    assert!(alone["note"].as_str().unwrap().ends_with("are in section statistics"), "{alone}");
}
