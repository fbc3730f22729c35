//! Prices in other currencies than the dollar: taken in dollars where the files have rates, and never added to dollars where
//! they have none.

use std::{fmt::Write as _, fs};

use chrono::{Datelike, NaiveDate};
use factor_types::exchange::is_trading_day;
use serde_json::{Value, json};

use crate::groups::Session;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Trading days of 2024 and 2025, each with how far December 2025 has come.
fn days() -> Vec<(NaiveDate, f64)> {
    let all: Vec<NaiveDate> = day("2023-12-29")
        .iter_days()
        .take_while(|date| *date <= day("2025-12-31"))
        .filter(|date| is_trading_day(*date))
        .collect();
    let before = all.iter().filter(|date| **date <= day("2025-11-28")).count();
    let december = (all.len() - before) as f64;
    let come = |at: usize| (at + 1).saturating_sub(before) as f64 / december;
    all.iter().enumerate().map(|(at, date)| (*date, come(at))).collect()
}

/// Cents that come and go, so that no price stands still.
fn wobble(date: NaiveDate) -> f64 {
    if date.day() >= 28 { 0.0 } else { 0.1 * f64::from(date.ordinal() % 5) }
}

/// 100 euros, 105 from 31 December on; a euro is 1.00 dollar at the end of November 2025 and 1.10 at the end of December.
fn euros((date, come): (NaiveDate, f64)) -> f64 {
    100.0 + 5.0 * come + wobble(date)
}

fn dollars_a_euro((_, come): (NaiveDate, f64)) -> f64 {
    1.0 + 0.1 * come
}

fn spy((date, _): (NaiveDate, f64)) -> f64 {
    400.0 + wobble(date)
}

/// A wide file whose header is this, with SPY first and what the others say.
fn wide(header: &str, others: impl Fn((NaiveDate, f64)) -> String) -> String {
    let mut csv = format!("date,SPY,{header}\n");
    for row in days() {
        writeln!(csv, "{},{},{}", row.0, spy(row), others(row)).unwrap();
    }
    csv
}

/// A long file with a column of currencies and, if wanted, rates.
fn long(rates: bool) -> String {
    let mut csv = "date,ticker,adj_close,currency\n".to_owned();
    for row in days() {
        writeln!(csv, "{0},SPY,{1},USD\n{0},FUND,{2},EUR", row.0, spy(row), euros(row)).unwrap();
        if rates {
            writeln!(csv, "{},CUR:EUR,{},", row.0, dollars_a_euro(row)).unwrap();
        }
    }
    csv
}

async fn server(csv: &str) -> (Session, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prices.csv"), csv).unwrap();
    let path = folder.path().join("prices.csv").display().to_string();
    (Session::start(folder.path(), &[("FACTOR_PRICE_FILES", &path), ("FACTOR_TODAY", "2026-01-15")]).await, folder)
}

async fn analysis(session: &mut Session) -> Value {
    let universe = json!([
        {"label": "the market", "ticker": "SPY", "category": "market"},
        {"label": "the fund", "ticker": "FUND", "category": "style"},
    ]);
    let arguments =
        json!({"analysis_type": "returns", "windows": ["1m"], "format": "full", "factor_universe": universe});
    session.structured("get_factor_analysis", arguments).await
}

/// 5% in euros and 10% of the euro are 1.05 times 1.10, however the currency and the rate are named.
#[tokio::test]
async fn prices_in_euros_are_taken_in_dollars_where_there_are_rates() {
    let cases = [
        long(true),
        wide("FUND (EUR),CUR:EURUSD", |row| format!("{},{}", euros(row), dollars_a_euro(row))),
        wide("FUND,EURUSD=X", |row| format!("€{:.4},{}", euros(row), dollars_a_euro(row))),
        // Hundredths of pounds.
        wide("FUND [GBp],CUR:GBP", |row| format!("{},{}", 100.0 * euros(row), dollars_a_euro(row))),
    ];
    for csv in cases {
        let first: String = csv.chars().take(120).collect();
        let (mut session, _folder) = server(&csv).await;
        let answer = analysis(&mut session).await;
        let got = answer["factors"]["FUND"]["windows"]["1m"]["total_return"].as_f64();
        assert!(got.is_some_and(|got| (got - 0.155).abs() < 1e-6), "{first}: {got:?} {answer}");
        let said = answer["warnings"].to_string();
        assert!(said.contains("taken in US dollars by the files' rates (converted): FUND ("), "{first}: {said}");
        // 10 shares at 105 euros are 1,155 dollars.
        let holdings = json!([{"ticker": "FUND", "shares": 10}, {"ticker": "SPY", "shares": 10}]);
        let saved =
            session.structured("save_portfolio", json!({"portfolio_name": "Mixed", "holdings": holdings})).await;
        let price = &saved["prices_used"][0];
        assert_eq!(price["ticker"], "FUND", "{saved}");
        assert!((price["price"].as_f64().unwrap() - 115.5).abs() < 1e-3, "{first}: {saved}");
        session.end().await;
    }
}

#[tokio::test]
async fn without_rates_euros_stay_euros_and_are_not_added_to_dollars() {
    let (mut session, _folder) = server(&long(false)).await;
    let answer = analysis(&mut session).await;
    let got = answer["factors"]["FUND"]["windows"]["1m"]["total_return"].as_f64().unwrap();
    assert!((got - 0.05).abs() < 1e-6, "in euros: {got}");
    let said = answer["warnings"].to_string();
    assert!(said.contains("not in US dollars (currency): FUND (EUR)") && said.contains("CUR:EUR"), "{said}");
    let holdings = json!([{"ticker": "FUND", "shares": 10}, {"ticker": "SPY", "shares": 10}]);
    let refused = session
        .structured("save_portfolio", json!({"portfolio_name": "Mixed", "holdings": holdings}))
        .await
        .to_string();
    assert!(refused.contains("prices of FUND are in EUR"), "{refused}");
    session.end().await;
}

#[tokio::test]
async fn rows_without_a_recent_rate_are_left_out_and_said() {
    // No rate from 2 to 15 December: those up to the fifth day after the last one count, ten rows do not.
    let gap = |date: NaiveDate| date > day("2025-12-01") && date < day("2025-12-16");
    let csv = wide("FUND (EUR),CUR:EUR", |row| {
        let rate = if gap(row.0) { String::new() } else { dollars_a_euro(row).to_string() };
        format!("{},{rate}", euros(row))
    });
    let (mut session, _folder) = server(&csv).await;
    let answer = analysis(&mut session).await;
    // 2, 3, 4, 5 and 6 December are five days or less after the 1st; the 8th to the 15th, six trading days, are not.
    let expected = json!([{"kind": "converted", "ticker": "FUND", "currency": "EUR", "left_out": 6}]);
    assert_eq!(answer["data_quality"]["of_the_source"], expected);
    assert!(answer["warnings"].to_string().contains("6 rows without a rate"), "{}", answer["warnings"]);
    let got = answer["factors"]["FUND"]["windows"]["1m"]["total_return"].as_f64().unwrap();
    assert!((got - 0.155).abs() < 1e-6, "{got}");
    session.end().await;
}

#[tokio::test]
async fn two_currencies_of_one_ticker_are_refused_by_name() {
    let csv = long(true).replacen("FUND,100,EUR", "FUND,100,USD", 1);
    assert_ne!(csv, long(true));
    let (mut session, _folder) = server(&csv).await;
    let said = analysis(&mut session).await.to_string();
    assert!(said.contains("prices in USD, and line 6 prices in EUR of the same ticker"), "{said}");
    session.end().await;
}

/// A ticker of an exchange abroad, of which the file says nothing: nobody's dollars, and nobody's guess either.
#[tokio::test]
async fn prices_of_an_exchange_abroad_are_not_taken_for_dollars() {
    let asked = async |session: &mut Session, ticker: &str| {
        let universe = json!([{"label": "the fund", "ticker": ticker}, {"label": "the market", "ticker": "SPY"}]);
        let arguments =
            json!({"analysis_type": "returns", "windows": ["1m"], "format": "full", "factor_universe": universe});
        let answer = session.structured("get_factor_analysis", arguments).await;
        let got = answer["factors"][ticker]["windows"]["1m"]["total_return"].as_f64().unwrap();
        let holdings = json!([{"ticker": ticker, "shares": 10}, {"ticker": "SPY", "shares": 10}]);
        let saved =
            session.structured("save_portfolio", json!({"portfolio_name": "Mixed", "holdings": holdings})).await;
        (got, answer["warnings"].to_string(), saved)
    };
    // Rates beside it convert what is said to be in euros, not what might be.
    let csv = wide("FUND.DE,CUR:EUR", |row| format!("{},{}", euros(row), dollars_a_euro(row)));
    let (mut session, _folder) = server(&csv).await;
    let (got, said, saved) = asked(&mut session, "FUND.DE").await;
    assert!((got - 0.05).abs() < 1e-6, "{got}");
    assert!(said.contains("not in US dollars (currency): FUND.DE (EUR by its suffix)"), "{said}");
    assert!(saved.to_string().contains("prices of FUND.DE are in EUR by its suffix"), "{saved}");
    session.end().await;
    for (header, currency) in [("FUND.DE (USD)", "USD"), ("FUND.DE (EUR)", "EUR")] {
        let csv = wide(&format!("{header},CUR:EUR"), |row| format!("{},{}", euros(row), dollars_a_euro(row)));
        let (mut session, _folder) = server(&csv).await;
        let (got, said, saved) = asked(&mut session, "FUND.DE").await;
        let expected = if currency == "EUR" { 0.155 } else { 0.05 };
        assert!((got - expected).abs() < 1e-6, "{header}: {got}");
        assert!(!said.contains("not in US dollars"), "{header}: {said}");
        assert_eq!(saved["status"], "success", "{header}: {saved}");
        session.end().await;
    }
}

/// Yen for a dollar, as they are usually quoted, are no dollars for a yen.
#[tokio::test]
async fn rates_that_are_turned_round_convert_nothing() {
    let csv = wide("FUND (JPY),CUR:JPY", |row| format!("{},{}", euros(row), 150.0 / dollars_a_euro(row)));
    let (mut session, _folder) = server(&csv).await;
    let answer = analysis(&mut session).await;
    let got = answer["factors"]["FUND"]["windows"]["1m"]["total_return"].as_f64().unwrap();
    assert!((got - 0.05).abs() < 1e-6, "in yen: {got}");
    assert!(answer["warnings"].to_string().contains("FUND (JPY)"), "{}", answer["warnings"]);
    session.end().await;
}
