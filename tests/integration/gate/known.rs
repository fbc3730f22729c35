//! Inputs that went wrong before, with the right values.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{TODAY, universe};
use crate::groups::Session;

/// The folder of inputs that went wrong; `None` where it is not on this machine, which is then said.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn faults_of(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/faults").join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

async fn ask(prices: &Path, arguments: Value) -> Value {
    let data = tempfile::tempdir().unwrap();
    let path = prices.display().to_string();
    let mut server = Session::start(data.path(), &[("FACTOR_PRICE_FILES", &path), ("FACTOR_TODAY", TODAY)]).await;
    let answer = server.structured("get_factor_analysis", arguments).await;
    server.end().await;
    answer
}

fn performance(tickers: &[&str], more: Value) -> Value {
    let mut arguments =
        json!({"analysis_type": "performance", "format": "full", "precision": 6, "factor_universe": universe(tickers)});
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    arguments
}

fn is_near(found: &Value, expected: f64) -> bool {
    found.as_f64().is_some_and(|found| (found - expected).abs() < 6e-5)
}

#[tokio::test]
async fn a_price_times_a_hundred_is_found() {
    let Some(folder) = faults_of("spike") else { return };
    let to = json!({"end_date": "2025-12-31"});
    let answer = ask(&folder, performance(&["SPY"], to.clone())).await;
    let found = &answer["data_quality"]["suspect_returns"][0];
    assert_eq!(
        (&found["kind"], &found["ticker"], &found["date"]),
        (&json!("spike"), &json!("SPY"), &json!("2025-11-28"))
    );
    assert_eq!((&found["until"], &answer["data_quality"]["quality_score"]), (&json!("2025-12-01"), &json!("poor")));
    let mended = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(folder.join("px.csv")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("2025-11-28")).collect();
    fs::write(mended.path().join("px.csv"), lines.join("\n")).unwrap();
    let answer = ask(mended.path(), performance(&["SPY"], to)).await;
    assert!(is_near(&answer["per_factor"]["SPY"]["volatility"], 0.1597), "{}", answer["per_factor"]["SPY"]);
    // The day that is gone was November's last.
    let quality = &answer["data_quality"];
    assert_eq!(
        (&quality["early_month_end"][0]["month"], &quality["quality_score"]),
        (&json!("2025-11-30"), &json!("fair"))
    );
}

#[tokio::test]
async fn returns_are_no_prices() {
    let Some(folder) = faults_of("returns-as-prices") else { return };
    let arguments = json!({"analysis_type": "returns", "windows": ["1m"], "factor_universe": universe(&["TLT"])});
    let answer = ask(&folder, arguments).await;
    assert_eq!(answer["error"]["code"], "no_data", "{answer}");
    let said = answer["error"]["message"].as_str().unwrap();
    assert!(said.contains("TLT: not_prices") && said.contains("these are returns"), "{said}");
}

#[tokio::test]
async fn weekly_bars_have_no_months_and_no_days() {
    let Some(folder) = faults_of("weekly-bars") else { return };
    let months = json!({"analysis_type": "returns", "windows": ["1m"], "end_date": "2025-09-30", "factor_universe": universe(&["SPY", "TLT"])});
    for arguments in [months, performance(&["SPY"], json!({"frequency": "daily"}))] {
        let answer = ask(&folder, arguments).await;
        let error = &answer["error"];
        assert_eq!(
            (&error["code"], &error["problems"][0]["field"]),
            (&json!("invalid_argument"), &json!("frequency")),
            "{answer}"
        );
        assert!(error["message"].as_str().unwrap().contains("unsupported"), "{answer}");
    }
    // The bar of Monday 2025-09-22 is the week to Friday the 26th.
    let weekly = json!({"analysis_type": "returns", "frequency": "weekly", "windows": ["1w"], "end_date": "2025-09-26", "format": "full", "factor_universe": universe(&["SPY"])});
    let answer = ask(&folder, weekly).await;
    let text = fs::read_to_string(folder.join("px.csv")).unwrap();
    let price = |date: &str| {
        let line = text.lines().find(|line| line.starts_with(date)).unwrap();
        line.split(',').nth(1).unwrap().parse::<f64>().unwrap()
    };
    let expected = price("2025-09-22") / price("2025-09-15") - 1.0;
    assert!(is_near(&answer["factors"]["SPY"]["windows"]["1w"]["total_return"], expected), "{answer}");
    assert!(answer["warnings"].to_string().contains("count on their last trading day"), "{answer}");
}

#[tokio::test]
async fn yields_in_decimals_are_refused_and_in_percent_used() {
    let (Some(decimals), Some(percent)) = (faults_of("yields-decimals"), faults_of("yields-percent")) else { return };
    let answer = ask(&decimals, performance(&["SPY"], json!({}))).await;
    let found = answer["data_quality"]["yield_unit"].as_array().unwrap();
    assert!(!found.is_empty() && found.iter().all(|one| one["unit"] == "decimals"), "{answer}");
    assert!(answer["warnings"].to_string().contains("factor 100"), "{}", answer["warnings"]);
    assert!(answer["per_factor"]["SPY"]["sharpe_ratio"].is_null(), "{answer}");
    let answer = ask(&percent, performance(&["SPY"], json!({}))).await;
    assert!(is_near(&answer["per_factor"]["SPY"]["sharpe_ratio"], 0.480_418), "{}", answer["per_factor"]["SPY"]);
    assert_eq!(answer["data_quality"].get("yield_unit"), None);
}

#[tokio::test]
async fn a_month_that_ends_before_the_benchmark_is_named() {
    let Some(folder) = faults_of("early-month-end") else { return };
    let arguments = json!({"analysis_type": "returns", "windows": ["1m"], "end_date": "2025-12-31", "format": "full", "factor_universe": universe(&["SPY", "TLT"])});
    let answer = ask(&folder, arguments).await;
    let found = &answer["data_quality"]["early_month_end"][0];
    assert_eq!((&found["ticker"], &found["month"]), (&json!("TLT"), &json!("2025-12-31")), "{answer}");
    assert_eq!((&found["date"], &found["last_day"]), (&json!("2025-12-24"), &json!("2025-12-31")));
    assert!(answer["warnings"].to_string().contains("month ends early"), "{}", answer["warnings"]);
    assert_eq!(answer["data_quality"]["quality_score"], "fair");
}

#[tokio::test]
async fn ratios_of_rounding_noise_are_null() {
    let Some(folder) = faults_of("noise-ratios") else { return };
    let answer = ask(&folder, performance(&["SPY", "TWIN", "CONST"], json!({}))).await;
    for (ticker, field) in
        [("TWIN", "information_ratio"), ("TWIN", "beta_t"), ("TWIN", "alpha_t"), ("CONST", "alpha_t")]
    {
        assert!(answer["per_factor"][ticker][field].is_null(), "{ticker} {field}: {}", answer["per_factor"][ticker]);
    }
    assert!(answer["warnings"].to_string().contains("not daily (spacing): TWIN (monthly)"), "{}", answer["warnings"]);
}
