//! Price files as people have them, through the real binary: each folder of `../shared/data/faults` that is about files has
//! its right values in the README there.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{Process, warnings_of};

const TODAY: &str = "2026-01-15";

/// A folder of the faults, where they lie next to the checkout.
#[expect(clippy::print_stdout, reason = "a test says that it did not run")]
fn fault(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/faults").join(name);
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
    }
    folder.is_dir().then_some(folder)
}

async fn ask(folder: &std::path::Path, arguments: Value) -> Value {
    let files = folder.to_str().unwrap();
    let mut server = Process::legacy(&[("FACTOR_PRICE_FILES", files), ("FACTOR_TODAY", TODAY)]).await;
    let result = server.call("get_factor_analysis", arguments).await;
    let text = result["content"][0]["text"].as_str().unwrap();
    let answer = serde_json::from_str(text).unwrap_or_else(|_| json!({"text": text}));
    server.close();
    server.end().await;
    answer
}

fn returns(tickers: &[&str], windows: &[&str], end: Option<&str>) -> Value {
    let universe: Vec<Value> =
        tickers.iter().map(|ticker| json!({"label": *ticker, "ticker": ticker, "category": "style"})).collect();
    let mut arguments = json!({
        "analysis_type": "returns", "format": "full", "windows": windows, "factor_universe": universe, "benchmark_ticker": tickers[0],
    });
    if let Some(end) = end {
        arguments["end_date"] = json!(end);
    }
    arguments
}

/// The total return of a window in percent, to four decimals.
fn percent(answer: &Value, ticker: &str, window: &str) -> f64 {
    let found = answer["factors"][ticker]["windows"][window]["total_return"].as_f64();
    let found = found.unwrap_or_else(|| panic!("no {window} of {ticker} in {answer}"));
    (found * 1e6).round() / 1e4
}

/// Equal to the last of the four decimals.
const EXACT: f64 = 0.000_11;
/// Half a cent on prices of some hundreds.
const TO_THE_CENT: f64 = 0.002;

#[track_caller]
fn assert_near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() < within, "{found} and not {expected}");
}

#[tokio::test]
async fn exports_give_the_returns_of_their_prices() {
    for (folder, tickers, within) in [
        ("ohlc-headers", &["SPY", "LOW"][..], TO_THE_CENT),
        ("yfinance-header", &["SPY", "TLT"], EXACT),
        ("thousands", &["SPY"], TO_THE_CENT),
        ("decimal-comma", &["SPY"], TO_THE_CENT),
    ] {
        let Some(path) = fault(folder) else { return };
        let answer = ask(&path, returns(tickers, &["1m", "3m"], Some("2025-12-31"))).await;
        assert_near(percent(&answer, "SPY", "1m"), 0.0797, within);
        assert_near(percent(&answer, "SPY", "3m"), 2.6652, within);
        for other in &tickers[1..] {
            assert_near(percent(&answer, other, "1m"), -2.6586, within);
            assert_near(percent(&answer, other, "3m"), -1.0454, within);
        }
    }
}

#[tokio::test]
async fn dates_of_another_zone_are_those_that_were_meant() {
    let Some(path) = fault("parquet-berlin") else { return };
    let answer = ask(&path, returns(&["SPY", "TLT"], &["1m", "6m"], Some("2025-09-30"))).await;
    assert_near(percent(&answer, "SPY", "1m"), 3.562, EXACT);
    assert_near(percent(&answer, "SPY", "6m"), 19.7737, EXACT);
    assert_near(percent(&answer, "TLT", "1m"), 3.591, EXACT);
    assert_near(percent(&answer, "TLT", "6m"), 0.3913, EXACT);
}

#[tokio::test]
async fn a_bad_cell_is_named_by_the_line_that_an_editor_shows() {
    let Some(path) = fault("crlf-lines") else { return };
    let answer = ask(&path, returns(&["SPY"], &["1m"], None)).await;
    let warnings = warnings_of(&answer).to_string();
    assert!(warnings.contains("px.csv: line 101, column 2 `SPY`: `abc` is no number; dropped"), "{warnings}");
}

/// A folder with one file.
fn folder(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

#[tokio::test]
async fn what_can_be_meant_twice_is_asked() {
    for (name, text, asked) in [
        (
            "SPY.csv",
            "Date,Close\n03/04/2024,1\n03/05/2024,1\n",
            "2024-03-04 with the month first or 2024-04-03 with the day first",
        ),
        ("SPY.csv", "Date,Close,Price\n2024-01-02,1,2\n", "columns 2 `Close` and 3 `Price` could both be meant"),
        (
            "px.csv",
            "Date,SPY\n2024-01-02,\"1,234\"\n",
            "1234 with a separator of thousands or 1.234 with a decimal one",
        ),
        (
            "SPY vs TLT.csv",
            "Date,Close\n2024-01-02,1\n",
            "names more than one (SPY, TLT): name the file after the ticker",
        ),
    ] {
        let folder = folder(name, text);
        let answer = ask(folder.path(), returns(&["SPY"], &["1m"], None)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("no error in {answer}"));
        assert_eq!(answer["error"]["code"], "upstream_unavailable");
        assert!(message.contains(asked), "{message}");
        assert!(message.contains("Correct the price files"), "{message}");
    }
}

#[tokio::test]
async fn an_analysis_that_fails_says_what_the_files_hold_and_what_is_wrong_with_them() {
    let folder = folder("px.csv", "date,TLT,LOW\n2025-12-30,86.1,1\nyesterday,86.2,1\n2025-12-31,85.9,1\n");
    let answer = ask(folder.path(), returns(&["SPY"], &["1m"], None)).await;
    let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("no error in {answer}"));
    for said in [
        "SPY is not among the 1 tickers of ",
        "Noticed of the prices: 1 ticker: TLT; px.csv: column 3 `LOW` has a word of price exports for a header and is left aside",
        "px.csv: line 3: `yesterday` is no date; skipped",
    ] {
        assert!(message.contains(said), "{said}: {message}");
    }
}
