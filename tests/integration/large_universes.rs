//! A universe of more than a thousand funds from a price file and a folder of mappings: every question is answered, and what
//! is not shown is counted and can be had.

use std::{fmt::Write as _, fs, path::Path};

use chrono::NaiveDate;
use factor_types::exchange::trading_days;
use serde_json::{Value, json};

use crate::support::Process;

const FUNDS: usize = 1_100;
const DAYS: usize = 300;

/// What `at` is called: the benchmark, a bond, bills, or a fund of four letters.
fn ticker(at: usize) -> String {
    match at {
        0 => "SPY".to_owned(),
        1 => "IEF".to_owned(),
        2 => "BIL".to_owned(),
        _ => "Z"
            .chars()
            .chain([at / 676 % 26, at / 26 % 26, at % 26].map(|at| char::from(b'A' + u8::try_from(at).unwrap())))
            .collect(),
    }
}

/// Prices of all, of which every second begins late, and who stands for what.
fn universe(folder: &Path) -> [(&'static str, String); 4] {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let days: Vec<NaiveDate> = trading_days(day("2024-10-01"), day("2025-12-31")).collect();
    let days = &days[days.len() - DAYS..];
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut logs = vec![4.0_f64; FUNDS];
    let names: Vec<String> = (0..FUNDS).map(ticker).collect();
    let mut csv = format!("date,{}\n", names.join(","));
    for (row, day) in days.iter().enumerate() {
        let market = 0.02 * next();
        write!(csv, "{day}").unwrap();
        for (at, log) in logs.iter_mut().enumerate() {
            *log += if at == 2 { 0.0001 } else { 0.5 * market + 0.01 * next() };
            let begins = if at > 2 && at % 2 == 0 { at % (DAYS / 2) } else { 0 };
            let price = if row < begins { String::new() } else { format!("{:.4}", log.exp()) };
            write!(csv, ",{price}").unwrap();
        }
        csv.push('\n');
    }
    let industries =
        (3..FUNDS).map(|at| format!("  \"Industry {at:04}\": {{proxy: {}, group: cyclical}}\n", ticker(at)));
    let industries: String = industries.collect();
    let assets = "asset_classes:\n  fixed_income:\n    canonical: {UST10Y: IEF}\n  cash:\n    canonical: {USD: BIL}\n";
    fs::write(folder.join("prices.csv"), csv).unwrap();
    fs::write(folder.join("industry_to_etf.yaml"), format!("industry_to_etf:\n{industries}")).unwrap();
    fs::write(folder.join("asset_etf_proxies.yaml"), assets).unwrap();
    fs::write(folder.join("style_and_market.yaml"), "market: {us_large: SPY}\n").unwrap();
    [
        ("FACTOR_PRICE_FILES", folder.join("prices.csv").display().to_string()),
        ("FACTOR_PROXIES_DIR", folder.display().to_string()),
        ("FACTOR_INTELLIGENCE_MAX_FACTORS", "5000".to_owned()),
        ("FACTOR_TODAY", "2026-01-05".to_owned()),
    ]
}

async fn served(folder: &Path) -> Process {
    let settings = universe(folder);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Process::legacy(&settings).await
}

/// An answer that fits, for which there was time.
async fn answered(process: &mut Process, tool: &str, arguments: Value) -> Value {
    let result = process.call(tool, arguments.clone()).await;
    let answer = result["structuredContent"].clone();
    assert_eq!(answer["status"], "success", "{tool} {arguments}: {result}");
    let not_computed = answer["not_computed"].to_string();
    assert!(!not_computed.contains("the time for computing"), "{tool} {arguments}: {not_computed}");
    let length = answer.to_string().chars().count();
    assert!(length <= 40_000, "{tool} {arguments}: {length}");
    answer
}

#[tokio::test]
async fn a_thousand_funds_are_analysed_and_what_is_cut_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = served(folder.path()).await;
    let daily = |more: Value| {
        let mut call = json!({"frequency": "daily", "start_date": "2024-11-01"});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let analysis = "get_factor_analysis";

    let summary = answered(&mut process, analysis, daily(json!({"categories": ["industry"]}))).await;
    assert_eq!(summary["matrices"]["industry"]["size"], FUNDS - 3);
    assert!(
        summary["note"].as_str().unwrap().contains("industry out: they are of matrices of up to 1024"),
        "{}",
        summary["note"]
    );

    // Of a matrix the first rows are shown, and all of them are under the link.
    let wide = json!({"include": ["matrices", "statistics"], "categories": ["industry"]});
    let wide = answered(&mut process, analysis, daily(wide)).await;
    let shown = wide["matrices"]["industry"]["labels"].as_array().unwrap().len();
    assert!((20..200).contains(&shown), "{shown}");
    assert_eq!(wide["truncated"]["total"], FUNDS - 3);
    let how = wide["truncated"]["how_to_get_the_rest"].as_str().unwrap();
    let uri = how.split_whitespace().find(|word| word.starts_with("factor://result/")).unwrap();
    let read = process.request("resources/read", json!({"uri": uri})).await;
    let whole: Value = serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    let first = whole["matrices"]["industry"].as_object().unwrap();
    assert_eq!((first.len(), first["ZAED"].as_object().unwrap().len()), (FUNDS - 3, FUNDS - 3));
    assert_eq!(whole["statistics"]["industry"]["p_adjusted"].as_object().unwrap().len(), FUNDS - 3);
    // The same figures in both: the second row's first cell.
    let labels = &wide["matrices"]["industry"]["labels"];
    let name = |at: usize| labels[at].as_str().unwrap();
    assert_eq!(wide["matrices"]["industry"]["rows"][1][0], whole["matrices"]["industry"][name(1)][name(0)]);

    // More pairs than are held: all of them are counted.
    let pairs = (FUNDS - 3) * (FUNDS - 4) / 2;
    let rolling = json!({"include": ["rolling"], "categories": ["industry"], "rolling_windows": [60]});
    let rolling = answered(&mut process, analysis, daily(rolling)).await;
    let note = rolling["note"].as_str().unwrap();
    assert!(note.contains(&format!("the 500000 least stable of {pairs} pairs")), "{note}");
    assert_eq!(rolling["truncated"]["total"], 500_000);
    let deviations: Vec<f64> = rolling["rolling"]["industry"]["60"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair["sd"].as_f64().unwrap())
        .collect();
    assert!(deviations.len() > 50 && deviations.is_sorted_by(|x, y| x >= y), "{deviations:?}");

    for kind in ["performance", "returns"] {
        let found = answered(&mut process, analysis, daily(json!({"analysis_type": kind}))).await;
        assert_eq!(found["analysis_type"], kind);
    }
    answered(&mut process, "compare_factors", json!({"tickers": ["ZAED", "SPY"], "frequency": "daily"})).await;
    let holdings = json!({"ZAED": 0.6, "SPY": 0.4});
    let offsets = json!({"overexposed_factor": "ZAED", "holdings": holdings, "frequency": "daily"});
    answered(&mut process, "get_factor_recommendations", offsets).await;
    answered(&mut process, "get_portfolio_exposures", json!({"holdings": holdings, "frequency": "daily"})).await;
}
