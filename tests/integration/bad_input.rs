//! Bad data and bad calls: each a clear error, or an exclusion with its reason while the rest is answered.

use std::{fs, path::Path, sync::Arc};

use chrono::{Datelike, NaiveDate};
use factor_mcp::{
    app::App,
    services::Call,
    services::analysis,
    tool_error::{ErrorCode, ToolError},
};
use factor_types::exchange;
use serde_json::{Value, json};

use crate::support;

const TODAY: &str = "2024-01-10";

fn weekdays() -> impl Iterator<Item = NaiveDate> {
    let (first, last) = ("2020-12-31".parse::<NaiveDate>().unwrap(), "2023-12-29".parse().unwrap());
    first.iter_days().take_while(move |day| *day <= last).filter(|day| day.weekday().number_from_monday() <= 5)
}

/// A price that moves, differently for each seed.
fn price(day: NaiveDate, seed: f64) -> f64 {
    let t = f64::from(day.num_days_from_ce());
    100.0 + 10.0 * (t / (20.0 + seed)).sin() + 5.0 * (t / (7.0 + seed)).cos()
}

fn good(name: &str, seed: f64) -> String {
    weekdays().fold(format!("date,{name}\n"), |csv, day| csv + &format!("{day},{}\n", price(day, seed)))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn app(&self) -> Arc<App> {
        support::app(&[("FACTOR_PRICE_FILES", self.path().to_str().unwrap()), ("FACTOR_TODAY", TODAY)])
    }

    async fn ask(&self, arguments: Value) -> Result<Value, ToolError> {
        ask(&self.app(), arguments).await
    }
}

async fn ask(app: &Arc<App>, arguments: Value) -> Result<Value, ToolError> {
    let call = Call { arguments: arguments.as_object().unwrap().clone(), ..Call::default() };
    analysis::answer(app, call).await.map(|answer| answer.structured.value())
}

fn universe(tickers: &[&str]) -> Value {
    tickers
        .iter()
        .map(|ticker| json!({"label": format!("the {ticker}"), "ticker": ticker, "category": "style"}))
        .collect()
}

fn excluded<'a>(answer: &'a Value, ticker: &str) -> &'a Value {
    let list = answer["data_quality"]["excluded_factor_list"].as_array().unwrap();
    list.iter().find(|entry| entry["ticker"] == ticker).unwrap_or_else(|| panic!("{ticker} is not excluded: {list:?}"))
}

fn warned(answer: &Value, of: &str) -> bool {
    let said = crate::support::warnings_of(answer).as_array();
    said.into_iter().flatten().any(|warning| warning.as_str().unwrap().contains(of))
}

#[tokio::test]
async fn an_unknown_ticker_is_excluded_and_the_rest_answered() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0)), ("qqq.csv", good("QQQ", 2.0))]);
    let answer = folder
        .ask(json!({"analysis_type": "performance", "format": "full", "start_date": "2020-12-31", "factor_universe": universe(&["SPY", "QQQ", "SPYY"])}))
        .await
        .unwrap();
    assert_eq!(excluded(&answer, "SPYY")["reason"], "no_data");
    assert!(excluded(&answer, "SPYY")["detail"].as_str().unwrap().contains("SPY"), "the nearest ticker is named");
    assert_eq!(answer["per_factor"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn every_factor_missing_is_an_error_with_the_reasons() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let error = folder.ask(json!({"factor_universe": universe(&["AAA", "BBB"])})).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NoData);
    assert!(error.message.contains("AAA") && error.message.contains("None of the 2 factors"), "{}", error.message);
}

#[tokio::test]
async fn a_universe_of_one_is_answered() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let arguments =
        |kind: &str| json!({"analysis_type": kind, "format": "full", "factor_universe": universe(&["SPY"])});
    let correlations = folder.ask(arguments("correlations")).await.unwrap();
    assert_eq!(correlations["matrices"]["style"], json!({"SPY": {"SPY": 1.0}}));
    let performance = folder.ask(arguments("performance")).await.unwrap();
    assert!(performance["per_factor"]["SPY"]["beta"].is_null());
    let returns = folder.ask(arguments("returns")).await.unwrap();
    assert_eq!(returns["rankings"]["1m"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_empty_file_and_an_empty_folder_say_so() {
    let folder = Folder::with(&[("prices.csv", String::new())]);
    let error = folder.ask(json!({"analysis_type": "returns"})).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UpstreamUnavailable);
    assert!(error.message.contains("prices.csv"), "{}", error.message);
    let empty = tempfile::tempdir().unwrap();
    let settings = [("FACTOR_PRICE_FILES", empty.path().to_str().unwrap()), ("FACTOR_TODAY", TODAY)];
    let settings = factor_mcp::settings::Settings::with(&settings).unwrap();
    let said = match App::build(settings) {
        Err(error) => format!("{error:#}"),
        Ok(app) => ask(&app, json!({"analysis_type": "returns"})).await.unwrap_err().message,
    };
    assert!(said.contains(empty.path().to_str().unwrap()), "{said}");
}

#[tokio::test]
async fn text_in_a_number_costs_that_price_and_is_named() {
    let broken = good("QQQ", 2.0).replacen("2022-03-15,", "2022-03-15,abc", 1);
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0)), ("qqq.csv", broken)]);
    let answer = folder
        .ask(json!({"analysis_type": "performance", "format": "full", "start_date": "2020-12-31", "factor_universe": universe(&["SPY", "QQQ"])}))
        .await
        .unwrap();
    assert_eq!(answer["data_quality"]["bad_prices"], json!({"QQQ": 1}));
    assert!(warned(&answer, "qqq.csv") && warned(&answer, "abc"), "{}", answer["data_quality"]["warnings"]);
    assert_eq!(answer["per_factor"]["QQQ"]["observations"], answer["per_factor"]["SPY"]["observations"]);
}

/// SPY and QQQ on the days that `keep` leaves, as a file with a row for each.
fn on_days(keep: impl Fn(usize, NaiveDate) -> bool) -> Folder {
    let days = weekdays().filter(|day| exchange::is_trading_day(*day)).enumerate();
    let kept = days.filter(|(at, day)| keep(*at, *day)).map(|(_, day)| day);
    let row = |csv: String, day| csv + &format!("{day},{},{}\n", price(day, 1.0), price(day, 2.0));
    Folder::with(&[("px.csv", kept.fold("date,SPY,QQQ\n".to_owned(), row))])
}

const DAILY: &str = r#"{"analysis_type": "performance", "frequency": "daily", "start_date": "2020-12-31", "include": ["per_factor", "data_quality"], "factor_universe": {"SPY": "SPY", "QQQ": "QQQ"}}"#;

#[tokio::test]
async fn prices_filled_in_on_closed_days_change_no_daily_figure() {
    let ask = async |folder: Folder| folder.ask(serde_json::from_str(DAILY).unwrap()).await.unwrap();
    let clean = ask(on_days(|_, _| true)).await;
    // Every day of the calendar, a closed one with the price of the day before.
    let (mut csv, mut last) = ("date,SPY,QQQ\n".to_owned(), None);
    for day in weekdays().next().unwrap().iter_days().take_while(|day| *day <= weekdays().last().unwrap()) {
        if exchange::is_trading_day(day) {
            last = Some((price(day, 1.0), price(day, 2.0)));
        }
        if let Some((spy, qqq)) = last {
            csv += &format!("{day},{spy},{qqq}\n");
        }
    }
    let filled = ask(Folder::with(&[("px.csv", csv)])).await;
    assert_eq!(filled["per_factor"], clean["per_factor"]);
}

#[tokio::test]
async fn daily_prices_that_lack_days_are_said_to_and_cost_the_score() {
    let ask = async |folder: Folder| folder.ask(serde_json::from_str(DAILY).unwrap()).await.unwrap();
    let clean = ask(on_days(|_, _| true)).await;
    assert!(!warned(&clean, "trading days have no price"), "{clean}");
    // Every third day is missing, and then a quarter of a year.
    for folder in [on_days(|at, _| at % 3 != 1), on_days(|_, day| day.year() != 2022 || !(3..6).contains(&day.month()))]
    {
        let lacking = ask(folder).await;
        assert!(warned(&lacking, "trading days have no price of anything"), "{}", lacking["data_quality"]);
        assert_eq!(lacking["data_quality"]["quality_score"], "fair");
    }
}

#[tokio::test]
async fn disorder_duplicates_and_negative_prices_do_not_change_the_figures() {
    let tidy = good("QQQ", 2.0);
    let mut lines: Vec<&str> = tidy.lines().collect();
    let header = lines.remove(0);
    lines.reverse();
    let mut untidy = format!("{header}\n{}\n", lines.join("\n"));
    // A date given twice, the later row being the right one, and a weekend of nonsense.
    let twice = lines[100].split(',').next().unwrap();
    let right = lines[100].to_owned();
    untidy = untidy.replacen(&right, &format!("{twice},1\n{right}"), 1);
    untidy += "2022-06-11,-5\n2022-06-12,0\n";
    let ask = async |csv: String| {
        let folder = Folder::with(&[("spy.csv", good("SPY", 1.0)), ("qqq.csv", csv)]);
        folder
            .ask(json!({"analysis_type": "performance", "include": ["per_factor", "data_quality"], "start_date": "2020-12-31", "factor_universe": universe(&["SPY", "QQQ"])}))
            .await
            .unwrap()
    };
    let (clean, answer) = (ask(tidy).await, ask(untidy).await);
    assert_eq!(answer["per_factor"]["QQQ"], clean["per_factor"]["QQQ"]);
    assert_eq!(answer["data_quality"]["bad_prices"], json!({"QQQ": 2}));
    assert!(warned(&answer, "qqq.csv"), "{}", answer["data_quality"]["warnings"]);
}

#[tokio::test]
async fn an_unknown_column_is_ignored_and_named() {
    let with_notes = good("SPY", 1.0)
        .lines()
        .enumerate()
        .fold(String::new(), |csv, (at, line)| csv + line + if at == 0 { ",my notes?" } else { ",hello" } + "\n");
    let folder = Folder::with(&[("spy.csv", with_notes)]);
    let answer = folder
        .ask(json!({"analysis_type": "returns", "format": "full", "factor_universe": universe(&["SPY"])}))
        .await
        .unwrap();
    assert!(warned(&answer, "my notes?"), "{}", answer["data_quality"]["warnings"]);
    assert!(answer["factors"]["SPY"]["windows"]["1y"]["total_return"].is_number());
}

#[tokio::test]
async fn dates_that_cannot_be_are_refused_together() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let error = folder
        .ask(json!({"start_date": "2023-13-01", "end_date": "2023-02-30", "frequency": "hourly", "top_n": 0}))
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    let fields: Vec<&str> = error.problems.iter().map(|problem| problem.field()).collect();
    for field in ["start_date", "end_date", "frequency", "top_n"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
    let backwards = folder.ask(json!({"start_date": "2023-12-31", "end_date": "2021-12-31"})).await.unwrap_err();
    assert_eq!(backwards.problems[0].field(), "start_date");
    assert!(backwards.message.contains("2021-12-31"), "{}", backwards.message);
    let short = folder.ask(json!({"start_date": "2023-06-30", "end_date": "2023-12-31"})).await.unwrap_err();
    assert!(short.message.contains("365"), "{}", short.message);
}

#[tokio::test]
async fn a_window_without_data_says_where_data_is() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let error = folder
        .ask(json!({"start_date": "2010-12-31", "end_date": "2015-12-31", "factor_universe": universe(&["SPY"])}))
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::NoData);
    assert!(!error.message.is_empty());
}

#[tokio::test]
async fn too_little_history_is_excluded_by_name() {
    let mut late = "date,NEW\n".to_owned();
    for day in weekdays().filter(|day| *day >= "2023-06-01".parse().unwrap()) {
        late += &format!("{day},{}\n", price(day, 3.0));
    }
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0)), ("new.csv", late)]);
    let answer = folder
        .ask(json!({"format": "full", "start_date": "2020-12-31", "factor_universe": universe(&["SPY", "NEW"])}))
        .await
        .unwrap();
    let new = excluded(&answer, "NEW");
    assert_eq!(new["reason"], "thin_history");
    assert!(new["detail"].as_str().unwrap().contains("24 needed"), "{new}");
    // For returns there is no floor: what there is, is given.
    let returns = folder
        .ask(json!({"analysis_type": "returns", "format": "full", "factor_universe": universe(&["SPY", "NEW"])}))
        .await
        .unwrap();
    assert!(returns["factors"]["NEW"]["windows"]["3m"]["total_return"].is_number());
    assert!(returns["factors"]["NEW"]["windows"]["1y"].is_null());
    let reasons = returns["data_quality"]["undefined"].as_array().unwrap();
    assert!(reasons.iter().any(|entry| entry["field"] == "1y" && entry["row"] == json!(["NEW"])), "{reasons:?}");
}

#[tokio::test]
async fn values_that_mean_as_it_is_are_taken() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let taken = json!({"include_statistics": false, "regime": "all", "correlation_method": "pearson", "factor_universe": universe(&["SPY"])});
    assert!(folder.ask(taken).await.is_ok());
}

#[tokio::test]
async fn files_have_no_market_caps_to_weight_by() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let call = |more: Value| {
        let mut call = json!({"analysis_type": "performance", "composite_weighting_method": "cap", "factor_universe": universe(&["SPY"]), "start_date": "2020-12-31"});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let error = folder.ask(call(json!({}))).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InsufficientData);
    assert!(error.message.contains("price files hold no market capitalisations"), "{}", error.message);
    assert!(error.message.contains("Write equal, or custom"), "{}", error.message);
    assert_eq!(error.problems[0].field(), "composite_weighting_method");
    // Without composites no caps are needed.
    assert!(folder.ask(call(json!({"include": ["per_factor"]}))).await.is_ok());
    let both = folder.ask(call(json!({"composite_weights": {"SPY": 1.0}}))).await.unwrap_err();
    assert_eq!(both.problems[0].field(), "composite_weights");
    let unknown = folder.ask(call(json!({"composite_weighting_method": "size"}))).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::InvalidArgument);
    assert!(unknown.message.contains("equal, cap, custom") || unknown.message.contains("cap"), "{}", unknown.message);
}

#[tokio::test]
async fn a_group_without_any_cap_has_no_composite_and_says_so() {
    // PEJ has stopped: the sample knows no size of it.
    let app = support::app(&[("FACTOR_PRICE_SOURCE", "sample")]);
    let two = json!([
        {"label": "Leisure", "ticker": "PEJ", "category": "industry", "sector_group": "cyclical"},
        {"label": "Finance", "ticker": "XLF", "category": "industry", "sector_group": "sensitive"},
        {"label": "US", "ticker": "SPY", "category": "market"},
    ]);
    let call = json!({"analysis_type": "performance", "composite_weighting_method": "cap", "factor_universe": two, "format": "full", "max_chars": 0});
    let answer = ask(&app, call).await.unwrap();
    let industry = &answer["composites"]["category"]["industry"];
    assert!(industry["cyclical"].is_null(), "never equal weights in disguise");
    assert_eq!(industry["all"]["members"], json!(["XLF"]));
    assert_eq!(industry["sensitive"]["lookahead"], true);
    let undefined = answer["data_quality"]["undefined"].as_array().unwrap();
    let said = undefined.iter().find(|entry| entry["field"] == "composite").unwrap();
    assert_eq!((&said["section"], &said["row"]), (&json!("composites.category.industry"), &json!(["cyclical"])));
    assert!(said["reason"].as_str().unwrap().starts_with("insufficient_data"), "{said}");
    let weighting = &answer["analysis_metadata"]["composite_weighting"];
    assert_eq!(
        weighting,
        &json!({"method": "cap", "source": "sample", "as_of": "2026-06-12", "lookahead": true, "without_cap": ["PEJ"]})
    );
    assert!(warned(&answer, "look-ahead") && warned(&answer, "without a cap: PEJ"));
}

#[tokio::test]
async fn a_bad_dividend_is_dropped_and_named_and_the_rest_counts() {
    let mut csv = "date,ticker,adj_close,dividend\n".to_owned();
    for day in weekdays() {
        let paid = match day.to_string().as_str() {
            "2023-03-15" => "-3",
            "2023-06-15" => "oops",
            "2023-09-15" => "1.5",
            _ => "",
        };
        csv += &format!("{day},SPY,{},{paid}\n", price(day, 1.0));
    }
    let folder = Folder::with(&[("prices.csv", csv)]);
    let answer = folder
        .ask(json!({"analysis_type": "performance", "format": "full", "precision": 17, "start_date": "2020-12-31", "factor_universe": universe(&["SPY"])}))
        .await
        .unwrap();
    let close = price("2023-12-29".parse().unwrap(), 1.0);
    let found = answer["per_factor"]["SPY"]["dividend_yield"].as_f64().unwrap();
    assert!((found - 1.5 / close).abs() < 1e-12, "{found}");
    assert!(warned(&answer, "the dividend -3 is no amount") && warned(&answer, "oops"), "{}", answer["data_quality"]);
    assert_eq!(answer["data_quality"]["bad_prices"], json!({}));
}

#[tokio::test]
async fn files_without_a_dividend_column_say_so_once_for_all() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0)), ("qqq.csv", good("QQQ", 2.0))]);
    let answer = folder
        .ask(json!({"analysis_type": "performance", "format": "full", "start_date": "2020-12-31", "factor_universe": universe(&["SPY", "QQQ"])}))
        .await
        .unwrap();
    assert!(answer["per_factor"]["SPY"]["dividend_yield"].is_null());
    let undefined = answer["data_quality"]["undefined"].as_array().unwrap();
    let said: Vec<&Value> = undefined
        .iter()
        .filter(|entry| entry["field"] == "dividend_yield" && entry["section"] == "per_factor")
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0]["reason"], "these files have no dividend column");
    assert_eq!(said[0]["row"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn no_window_that_is_one() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let error = folder.ask(json!({"analysis_type": "returns", "windows": ["9q", "1d"]})).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    assert!(
        error.message.starts_with("No valid windows specified") && error.message.contains("9q"),
        "{}",
        error.message
    );
    assert!(error.problems[0].rule().contains("10y"), "{:?}", error.problems);
}

#[tokio::test]
async fn a_percentage_for_a_share_is_refused_with_what_to_write() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let error = folder.ask(json!({"advanced": {"macro_min_group_coverage_pct": 60}})).await.unwrap_err();
    assert_eq!(error.problems[0].field(), "advanced.macro_min_group_coverage_pct");
    assert_eq!(error.problems[0].hint(), Some("write 0.6 for 60%"));
}

#[tokio::test]
async fn more_factors_than_the_setting_allows_are_refused_by_its_name() {
    let app = support::app(&[("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_INTELLIGENCE_MAX_FACTORS", "50")]);
    let error = ask(&app, json!({"analysis_type": "returns"})).await.unwrap_err();
    assert!(error.message.contains("FACTOR_INTELLIGENCE_MAX_FACTORS"), "{}", error.message);
}

#[tokio::test]
async fn a_file_that_changes_changes_the_next_answer() {
    let folder = Folder::with(&[("spy.csv", good("SPY", 1.0))]);
    let app = folder.app();
    let arguments = json!({"analysis_type": "returns", "windows": ["1y"], "include": ["factors"], "factor_universe": universe(&["SPY"])});
    let first = ask(&app, arguments.clone()).await.unwrap();
    // The source looks at its files once a second at most.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    fs::write(folder.path().join("spy.csv"), good("SPY", 9.0)).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let second = ask(&app, arguments).await.unwrap();
    assert_ne!(first["factors"]["SPY"], second["factors"]["SPY"]);
}
