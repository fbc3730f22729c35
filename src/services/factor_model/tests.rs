use std::sync::Arc;

use chrono::{Days, NaiveDate};
use factor_analytics::{Panel, panel::Window};
use factor_prices::french::{FactorColumn, FactorTable, Loaded};
use factor_types::{Frequency, PriceKind, PriceSeries, exchange::is_trading_day};
use serde_json::{Value, json};

use super::french::Files;
use crate::{
    app::App,
    services::{Call, recommendations::tests::sample_app},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A file of these rows: market over the rate, and the rate.
fn file(frequency: Frequency, rows: &[(&str, f64, f64)]) -> Files {
    let column = |name: &str, value: fn(&(&str, f64, f64)) -> f64| FactorColumn {
        name: name.to_owned(),
        returns: rows.iter().map(value).collect(),
    };
    let table = FactorTable {
        vintage: Some("202504".to_owned()),
        frequency,
        dates: rows.iter().map(|row| day(row.0)).collect(),
        columns: vec![column("Mkt-RF", |row| row.1), column("RF", |row| row.2)],
    };
    Files::of(vec![Loaded { table: Arc::new(table), name: "F".to_owned(), fetched_at: None, caveat: None }])
}

/// A panel of one fund with a price on every trading day.
fn panel(frequency: Frequency, start: &str, end: &str) -> Panel {
    let first = day(start) - Days::new(10);
    let days = first.iter_days().take_while(|date| *date <= day(end)).filter(|date| is_trading_day(*date));
    let rows = days.enumerate().map(|(at, date)| (date, 100.0 + at as f64));
    let series = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows);
    Panel::build(Window::whole(frequency, day(start), day(end)), &[Arc::new(series)]).unwrap()
}

fn near(found: &[f64], expected: &[f64]) {
    let same = |(a, b): (&f64, &f64)| a.is_nan() && b.is_nan() || (a - b).abs() < 1e-15;
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(same), "{found:?} is not {expected:?}");
}

#[test]
fn months_are_taken_as_they_are_and_missing_beyond_the_file() {
    let files = file(Frequency::Monthly, &[("2024-01-31", 0.01, 0.004), ("2024-02-29", 0.02, 0.005)]);
    let panel = panel(Frequency::Monthly, "2023-12-31", "2024-03-31");
    near(&files.on_rows("Mkt-RF", &panel), &[0.01, 0.02, f64::NAN]);
    near(&files.on_rows("SMB", &panel), &[f64::NAN; 3]);
    assert_eq!(files.last(), Some(day("2024-02-29")));
}

#[test]
fn weeks_are_compounded_with_the_rate_in_the_market() {
    // The week of Good Friday 2024 has four days, and the file ends within the week after it.
    let rows = [
        ("2024-03-22", 0.5, 0.5),
        ("2024-03-25", 0.01, 0.001),
        ("2024-03-26", -0.02, 0.001),
        ("2024-03-27", 0.03, 0.001),
        ("2024-03-28", 0.0, 0.001),
        ("2024-04-01", 0.01, 0.001),
    ];
    let files = file(Frequency::Daily, &rows);
    let panel = panel(Frequency::Weekly, "2024-03-22", "2024-04-05");
    let rate = 1.001_f64.powi(4) - 1.0;
    let market = 1.011 * 0.981 * 1.031 * 1.001 - 1.0 - rate;
    near(&files.on_rows("Mkt-RF", &panel), &[market, f64::NAN]);
    near(&files.on_rows("RF", &panel), &[rate, f64::NAN]);
}

#[test]
fn days_are_days() {
    let files = file(Frequency::Daily, &[("2024-03-27", 0.03, 0.001), ("2024-03-28", -0.0099, 0.001)]);
    let panel = panel(Frequency::Daily, "2024-03-26", "2024-03-28");
    near(&files.on_rows("Mkt-RF", &panel), &[0.03, -0.0099]);
}

async fn ask(app: &Arc<App>, arguments: Value) -> Value {
    let arguments = arguments.as_object().unwrap().clone();
    match super::answer(app, Call { arguments, ..Call::default() }).await {
        Ok(answer) => answer.structured.value().clone(),
        Err(error) => serde_json::from_str(error.structured().as_str()).unwrap(),
    }
}

#[tokio::test]
async fn whatever_it_is_about_becomes_one_row_each() {
    let (_folder, app) = sample_app();
    let fits = |answer: &Value| -> Vec<String> {
        let rows = answer["fits"].as_array().unwrap_or_else(|| panic!("{answer}"));
        rows.iter().map(|row| row["ticker"].as_str().unwrap().to_owned()).collect()
    };
    let factors = json!(["SPY", "IEF"]);
    let two = ask(&app, json!({"ticker": "XLK", "tickers": ["XLE", "XLK"], "factors": factors})).await;
    assert_eq!(fits(&two), ["XLE", "XLK"]);
    let held = ask(&app, json!({"holdings": {"XLK": 0.5, "TLT": 0.3}, "factors": factors})).await;
    assert_eq!(fits(&held), ["PORTFOLIO:given_holdings"], "{held}");
    // The same by hand: half of one beta and three tenths of the other, the rest in cash.
    let each = ask(&app, json!({"tickers": ["XLK", "TLT"], "factors": factors, "format": "full"})).await;
    let beta = |answer: &Value, row: usize| answer["fits"][row]["factors"]["SPY"]["beta"].as_f64().unwrap();
    let mixed = 0.5 * beta(&each, 0) + 0.3 * beta(&each, 1);
    assert!((beta(&held, 0) - mixed).abs() < 1e-3, "{} is not {mixed}", beta(&held, 0));
    let styles = ask(&app, json!({"categories": ["style"], "factors": factors})).await;
    assert!(fits(&styles).len() > 3 && styles["fits"][0]["alpha_p_adjusted"].is_number(), "{styles}");
    let none = ask(&app, json!({"model": "lens"})).await;
    assert!(none["error"]["message"].as_str().unwrap().contains("no CURRENT_PORTFOLIO is saved"), "{none}");
}

#[tokio::test]
async fn a_mistake_says_what_is_right() {
    let (_folder, app) = sample_app();
    let problems = |answer: &Value| -> Vec<String> {
        let all = answer["error"]["problems"].as_array().unwrap_or_else(|| panic!("{answer}"));
        all.iter().map(|one| one["field"].as_str().unwrap().to_owned()).collect()
    };
    let many = json!({"ticker": "SPY", "model": "ff7", "robust": "white", "region": "mars", "rolling": 3, "style_indices": ["SPY"], "window": 3});
    let answer = ask(&app, many).await;
    for field in ["model", "robust", "region", "rolling", "style_indices", "window"] {
        assert!(problems(&answer).iter().any(|one| one == field), "{field}: {answer}");
    }
    assert_eq!(problems(&ask(&app, json!({"ticker": "SPY", "model": "custom"})).await), ["factors"]);
    assert_eq!(problems(&ask(&app, json!({"ticker": "SPY", "model": "lens", "factors": ["IEF"]})).await), ["factors"]);
    let no_file = ask(&app, json!({"ticker": "SPY", "model": "ff5"})).await;
    let message = no_file["error"]["message"].as_str().unwrap();
    assert_eq!(no_file["error"]["code"], "no_data");
    assert!(
        message.contains("F-F_Research_Data_5_Factors_2x3_CSV.zip") && message.contains("FACTOR_FRENCH_DIR"),
        "{message}"
    );
    let short =
        ask(&app, json!({"ticker": "XLK", "factors": ["SPY"], "start_date": "2024-12-31", "end_date": "2025-12-31"}))
            .await;
    assert_eq!(short["error"]["code"], "insufficient_data", "{short}");
    assert!(short["error"]["message"].as_str().unwrap().contains("24 months"), "{short}");
}

#[tokio::test]
async fn the_lens_needs_nothing_and_a_summary_is_short() {
    let (_folder, app) = sample_app();
    let answer = ask(&app, json!({"ticker": "XLK", "rolling": 36})).await;
    assert_eq!(answer["model"]["name"], "lens", "{answer}");
    let factors = answer["fits"][0]["factors"].as_object().unwrap();
    assert!(factors.contains_key("equity") && factors.contains_key("rates"), "{answer}");
    let attribution = &answer["attribution"]["XLK"]["whole"];
    assert!(
        attribution["total_return"].is_number() && answer["rolling"]["XLK"]["factors"]["equity"]["latest"].is_number()
    );
    assert!(answer.to_string().len() <= 6_000, "{}", answer.to_string().len());
}
