//! What comes in wrong is refused or said, in every form of every answer that reads prices; and inputs that went wrong before.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use chrono::{Datelike, NaiveDate};
use factor_types::exchange::is_trading_day;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::groups::Session;

const TODAY: &str = "2026-01-15";

/// A date and what stands beside it.
type Row = (NaiveDate, f64);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A fund's daily prices over three years to the end of 2025, 1% up and down, different for each seed.
fn fund(seed: u64) -> Vec<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut price = 100.0;
    let days = day("2022-12-30").iter_days().take_while(|date| *date <= day("2025-12-31"));
    let rows = days.filter(|date| is_trading_day(*date)).map(|date| {
        price *= 1.0 + random.random_range(-0.0145..0.015);
        (date, price)
    });
    rows.collect()
}

/// Yields in percent on the same days, around 4.3.
fn yields() -> Vec<Row> {
    fund(9).into_iter().map(|(date, price)| (date, (420.0 + price % 20.0).round() / 100.0)).collect()
}

/// Each price times what `factor` says of its date.
fn times(factor: impl Fn(NaiveDate) -> f64) -> Vec<Row> {
    fund(2).into_iter().map(|(date, price)| (date, price * factor(date))).collect()
}

fn from(date: &str, factor: f64) -> Vec<Row> {
    let date = day(date);
    times(|now| if now >= date { factor } else { 1.0 })
}

fn on(date: &str, factor: f64) -> Vec<Row> {
    let date = day(date);
    times(|now| if now == date { factor } else { 1.0 })
}

fn kept(keep: impl Fn(&Row) -> bool) -> Vec<Row> {
    fund(2).into_iter().filter(keep).collect()
}

/// The last row of each stretch of dates with the same key, dated by its first or its last day.
fn bars(key: impl Fn(NaiveDate) -> u32, by_the_first: bool) -> Vec<Row> {
    let mut bars = Vec::<(u32, NaiveDate, Row)>::new();
    for (date, price) in fund(2) {
        match bars.last_mut().filter(|(known, ..)| *known == key(date)) {
            Some((.., row)) => *row = (date, price),
            None => bars.push((key(date), date, (date, price))),
        }
    }
    bars.into_iter().map(|(_, first, (last, price))| (if by_the_first { first } else { last }, price)).collect()
}

fn week(date: NaiveDate) -> u32 {
    date.iso_week().year().unsigned_abs() * 100 + date.iso_week().week()
}

fn month(date: NaiveDate) -> u32 {
    date.year().unsigned_abs() * 100 + date.month()
}

fn returns() -> Vec<Row> {
    fund(2).windows(2).map(|pair| (pair[1].0, pair[1].1 / pair[0].1 - 1.0)).collect()
}

/// Long rows of some tickers.
fn long(series: &[(&str, Vec<Row>)]) -> String {
    series.iter().fold("date,ticker,adj_close\n".to_owned(), |mut csv, (ticker, rows)| {
        for (date, price) in rows {
            writeln!(csv, "{date},{ticker},{price}").unwrap();
        }
        csv
    })
}

fn wide(name: &str, rows: &[Row]) -> String {
    rows.iter().fold(format!("date,{name}\n"), |csv, (date, value)| csv + &format!("{date},{value}\n"))
}

async fn server(folder: &Path, today: &str) -> Session {
    let path = folder.display().to_string();
    Session::start(folder, &[("FACTOR_PRICE_FILES", &path), ("FACTOR_TODAY", today)]).await
}

fn universe(tickers: &[&str]) -> Value {
    let one = |ticker: &&str| {
        let category = if *ticker == "SPY" { "market" } else { "style" };
        json!({"label": format!("the {ticker}"), "ticker": ticker, "category": category})
    };
    tickers.iter().map(one).collect()
}

/// A fault of FUND's prices or of the yields, and a word of each answer on it.
struct Fault {
    name: &'static str,
    prices: Vec<Row>,
    yields: Vec<Row>,
    word: &'static str,
    /// True where the price that shares are valued at is touched.
    in_value: bool,
}

fn faults() -> Vec<Fault> {
    let of = |name, prices, word| Fault { name, prices, yields: yields(), word, in_value: true };
    let harmless = |name, prices, word| Fault { in_value: false, ..of(name, prices, word) };
    let of_yields = |name, scale: f64| {
        let yields = yields().into_iter().map(|(date, percent)| (date, percent * scale)).collect();
        Fault { yields, ..harmless(name, fund(2), "yield_unit") }
    };
    let split = |ratio: f64| from("2025-06-10", 1.0 / ratio);
    vec![
        of("spike up", on("2025-11-12", 3.0), "(spike)"),
        of("spike down", on("2025-11-12", 0.2), "(spike)"),
        of("split 2:1", split(2.0), "(split_like)"),
        of("split 3:2", split(1.5), "(split_like)"),
        of("split 4:1", split(4.0), "(split_like)"),
        of("split 8:1", split(8.0), "(split_like)"),
        of("split 20:1", split(20.0), "(split_like)"),
        of("reverse 1:10", split(0.1), "(split_like)"),
        of("pence", from("2025-06-10", 100.0), "(unit_jump)"),
        of("returns", returns(), "not_prices"),
        harmless("weekly by the first day", bars(week, true), "weekly bars"),
        harmless("weekly by the last day", bars(week, false), "weekly bars"),
        harmless("monthly", bars(month, false), "not daily"),
        of_yields("decimals", 0.01),
        of_yields("basis points", 100.0),
        harmless("stopped", kept(|(date, _)| *date <= day("2025-06-30")), "stopped"),
        harmless("gap at month end", kept(|(date, _)| date.day() < 28 || month(*date) != 202_508), "month ends early"),
    ]
}

/// The forms of answers: a tool, and arguments for SPY, FUND and TLT.
fn forms() -> Vec<(&'static str, &'static str, Value)> {
    let all = universe(&["SPY", "FUND", "TLT"]);
    let performance = |more: Value| {
        let mut arguments = json!({"analysis_type": "performance", "start_date": "2022-12-31", "end_date": "2025-12-31", "factor_universe": all});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let holdings = json!({"SPY": 0.5, "FUND": 0.3, "TLT": 0.2});
    let dates = json!({"start_date": "2022-12-31", "end_date": "2025-12-31"});
    let with = |arguments: Value, more: &Value| {
        let mut arguments = arguments;
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    vec![
        ("summary", "get_factor_analysis", performance(json!({}))),
        ("full", "get_factor_analysis", performance(json!({"format": "full"}))),
        ("report", "get_factor_analysis", performance(json!({"format": "report"}))),
        ("include", "get_factor_analysis", performance(json!({"include": ["per_factor"]}))),
        (
            "recommendations",
            "get_factor_recommendations",
            with(json!({"overexposed_factor": "SPY", "holdings": holdings, "factor_universe": all}), &dates),
        ),
        ("exposures", "get_portfolio_exposures", with(json!({"holdings": holdings}), &dates)),
        ("group", "create_factor_group", json!({"group_name": "pair", "tickers": ["FUND", "TLT", "SPY"]})),
        ("valuation", "save_portfolio", json!({"holdings": [{"ticker": "FUND", "shares": 3}]})),
    ]
}

/// What an answer says first: its warnings, what was not analysed, the members a group left out, or its error.
fn said_first(answer: &Value) -> String {
    let parts = ["warnings", "not_analysed", "validation_metadata", "unpriced", "error"];
    parts.iter().map(|part| answer[*part].to_string()).collect()
}

#[tokio::test]
async fn every_fault_is_refused_or_said_in_every_form() {
    let (mut cells, mut silent) = (0, Vec::new());
    for fault in faults() {
        let folder = tempfile::tempdir().unwrap();
        let series = [("SPY", fund(1)), ("FUND", fault.prices), ("TLT", fund(3))];
        fs::write(folder.path().join("prices.csv"), long(&series)).unwrap();
        fs::write(folder.path().join("yields.csv"), wide("UST3M", &fault.yields)).unwrap();
        let mut server = server(folder.path(), TODAY).await;
        for (form, tool, arguments) in forms() {
            if form == "valuation" && !fault.in_value {
                continue;
            }
            cells += 1;
            let said = said_first(&server.structured(tool, arguments).await);
            if !said.contains(fault.word) {
                silent.push(format!("{} in {form}: {said}", fault.name));
            }
        }
        server.end().await;
    }
    assert!(silent.is_empty(), "{} of {cells} cells are silent:\n{}", silent.len(), silent.join("\n"));
    assert!(cells > 120, "{cells}");
}

/// Without a fault nothing is said of any.
#[tokio::test]
async fn sound_prices_raise_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let series = [("SPY", fund(1)), ("FUND", fund(2)), ("TLT", fund(3))];
    fs::write(folder.path().join("prices.csv"), long(&series)).unwrap();
    fs::write(folder.path().join("yields.csv"), wide("UST3M", &yields())).unwrap();
    let mut server = server(folder.path(), TODAY).await;
    let words: Vec<&str> = faults().iter().map(|fault| fault.word).collect();
    for (form, tool, arguments) in forms() {
        let said = said_first(&server.structured(tool, arguments).await);
        assert!(!words.iter().any(|word| said.contains(word)), "{form}: {said}");
    }
    server.end().await;
}

/// Misprints cost the score, within the window more than before it; moves of one fund alone nothing.
#[tokio::test]
async fn the_score_follows_what_was_found() {
    let score = async |prices: Vec<Row>| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("prices.csv"), long(&[("SPY", fund(1)), ("FUND", prices), ("TLT", fund(3))]))
            .unwrap();
        let mut server = server(folder.path(), TODAY).await;
        let arguments = json!({"analysis_type": "performance", "start_date": "2023-12-31", "end_date": "2025-12-31", "format": "full", "factor_universe": universe(&["SPY", "FUND", "TLT"])});
        let quality = server.answer("get_factor_analysis", arguments).await["data_quality"].clone();
        server.end().await;
        let kinds: Vec<Value> =
            quality["suspect_returns"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
        (quality["quality_score"].clone(), kinds)
    };
    assert_eq!(score(fund(2)).await, (json!("excellent"), vec![]));
    assert_eq!(score(on("2023-05-10", 3.0)).await, (json!("fair"), vec![json!("spike")]));
    assert_eq!(score(on("2024-05-10", 3.0)).await, (json!("poor"), vec![json!("spike")]));
    assert_eq!(score(from("2024-05-10", 0.8)).await, (json!("excellent"), vec![json!("jump")]));
    assert_eq!(score(from("2025-12-30", 1.8)).await, (json!("fair"), vec![json!("unconfirmed")]));
}

/// One refused series leaves the rest of the answer, and a benchmark that is refused is no benchmark.
#[tokio::test]
async fn a_refused_series_is_left_out_and_the_rest_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let rows = fund(2);
    let holes =
        rows.iter().enumerate().map(|(at, (date, price))| (*date, if at % 15 == 3 { 0.0 } else { *price })).collect();
    fs::write(folder.path().join("prices.csv"), long(&[("SPY", fund(1)), ("FUND", holes), ("TLT", fund(3))])).unwrap();
    let mut server = server(folder.path(), TODAY).await;
    let arguments = json!({"analysis_type": "performance", "start_date": "2022-12-31", "format": "full", "factor_universe": universe(&["SPY", "FUND", "TLT"])});
    let answer = server.answer("get_factor_analysis", arguments).await;
    let excluded = &answer["data_quality"]["excluded_factor_list"][0];
    assert_eq!((&excluded["ticker"], &excluded["reason"]), (&json!("FUND"), &json!("bad_prices")));
    assert_eq!(answer["not_analysed"][0]["ticker"], "FUND");
    assert!(answer["per_factor"]["TLT"]["beta"].is_number() && answer["per_factor"].get("FUND").is_none());
    let arguments = json!({"analysis_type": "performance", "start_date": "2022-12-31", "format": "full", "benchmark_ticker": "FUND", "factor_universe": universe(&["SPY", "TLT"])});
    let answer = server.answer("get_factor_analysis", arguments).await;
    assert!(answer["per_factor"]["TLT"]["beta"].is_null(), "{answer}");
    assert!(answer["warnings"].to_string().contains("bad_prices"), "{}", answer["warnings"]);
    server.end().await;
}

/// The newest price of a cash fund on its ex-date: named, left out, and no loss of the risk-free rate.
#[tokio::test]
async fn the_newest_price_of_a_cash_fund_on_its_ex_date_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let days: Vec<NaiveDate> = fund(1).into_iter().map(|(date, _)| date).collect();
    let newest = *days.last().unwrap();
    let bil: Vec<Row> = days
        .iter()
        .enumerate()
        .map(|(at, date)| {
            let price = 90.0 * 1.000_17_f64.powi(at.try_into().unwrap());
            (*date, if *date == newest { price * 0.9971 } else { price })
        })
        .collect();
    fs::write(folder.path().join("prices.csv"), long(&[("SPY", fund(1)), ("BIL", bil)])).unwrap();
    let mut server = server(folder.path(), TODAY).await;
    let mut entries = universe(&["SPY", "BIL"]);
    entries[1]["category"] = json!("cash");
    let arguments = json!({"analysis_type": "performance", "frequency": "daily", "start_date": "2023-12-29", "format": "full", "factor_universe": entries});
    let answer = server.answer("get_factor_analysis", arguments).await;
    let found = &answer["data_quality"]["unadjusted_exdate"][0];
    assert_eq!((&found["ticker"], &found["date"]), (&json!("BIL"), &json!("2025-12-31")));
    assert!(answer["warnings"].to_string().contains("lacks that day's dividend"), "{}", answer["warnings"]);
    // Every day that is left gains 1.7 basis points.
    assert!((answer["per_factor"]["BIL"]["worst_period"].as_f64().unwrap() - 0.000_17).abs() < 1e-6, "{answer}");
    server.end().await;
}

// ------------------------------------------------------------------------------------------ inputs that went wrong before

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
    assert_eq!(answer["data_quality"]["quality_score"], "excellent");
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
