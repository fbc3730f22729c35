//! Windows of returns that stand still: parts of the calendar and dates, over hand-made daily prices.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};
use factor_types::exchange::trading_days;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::groups::Session;

const ANALYSIS: &str = "get_factor_analysis";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// SPY has one price a year, times 1.1 from one to the next, and on 2023-03-15 and -16 it stands at 90 and 99; TLT begins in
/// July 2022 and falls by a tenth on the first day of 2023.
fn csv() -> String {
    let mut csv = "date,SPY,TLT\n".to_owned();
    for date in trading_days(day("2021-12-01"), day("2024-06-28")) {
        let spy = match date.to_string().as_str() {
            "2023-03-15" => 90.0,
            "2023-03-16" => 99.0,
            _ => 100.0 * 1.1_f64.powi(date.year() - 2021),
        };
        // Cents that come and go, so that neither stands still.
        let wobble = if date.day() % 2 == 0 { 0.0 } else { 0.01 };
        let tlt = if date.year() < 2023 { 100.0 } else { 90.0 };
        let tlt = if date < day("2022-07-01") { String::new() } else { (tlt + wobble).to_string() };
        let _ = writeln!(csv, "{date},{},{tlt}", spy + wobble);
    }
    csv
}

fn total(answer: &Value, ticker: &str, window: &str) -> f64 {
    let found = &answer["factors"][ticker]["windows"][window]["total_return"];
    found.as_f64().unwrap_or_else(|| panic!("{ticker} {window}: {answer}"))
}

#[tokio::test]
async fn years_quarters_and_dates_are_answered_with_their_own_dates() {
    let data = tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &csv()).await;
    for frequency in ["monthly", "weekly", "daily"] {
        let asked = json!({
            "analysis_type": "returns", "tickers": ["SPY", "TLT"], "frequency": frequency, "include": ["factors", "data_quality"],
            "windows": ["2022..2023", "2022Q1", "2023H1", "2023-03-14/2023-03-15", "2023-03-15/2023-03-19", "2024", "2023-01"],
        });
        let answer = server.answer(ANALYSIS, asked).await;
        // The last day of 2021 is odd (the 31st), that of 2022 even (the 30th), of 2023 odd (the 29th).
        for (window, from, to, spy) in [
            ("2022", "2021-12-31", "2022-12-30", 110.0 / 100.01 - 1.0),
            ("2023", "2022-12-30", "2023-12-29", 121.01 / 110.0 - 1.0),
            ("2022Q1", "2021-12-31", "2022-03-31", 110.01 / 100.01 - 1.0),
            ("2023H1", "2022-12-30", "2023-06-30", 121.0 / 110.0 - 1.0),
            ("2023-03-14/2023-03-15", "2023-03-14", "2023-03-15", 90.01 / 121.0 - 1.0),
            // Sunday the 19th has the price of Friday the 17th.
            ("2023-03-15/2023-03-19", "2023-03-15", "2023-03-17", 121.01 / 90.01 - 1.0),
        ] {
            let dates = &answer["window_dates"][window];
            // A week ends on its last trading day: that of 30 December 2022 is a Friday, the quarter's is Thursday.
            let weekly_quarter = frequency == "weekly" && window == "2022Q1";
            if !weekly_quarter {
                assert_eq!(
                    (dates["from"].as_str(), dates["to"].as_str()),
                    (Some(from), Some(to)),
                    "{frequency} {window}: {dates}"
                );
                let found = total(&answer, "SPY", window);
                assert!((found - spy).abs() < 1e-6, "{frequency} {window}: {found} for {spy}");
            }
        }
        assert!((total(&answer, "TLT", "2023-01") - (90.01 / 100.0 - 1.0)).abs() < 1e-6);
        // TLT began in July: no shorter year passed off as one; 2024 is not over.
        assert!(answer["factors"]["TLT"]["windows"]["2022"].is_null());
        assert!(answer["factors"]["SPY"]["windows"]["2024"].is_null());
        let reason = answer["window_dates"]["2024"]["reason"].as_str().unwrap();
        assert!(reason.contains("not over") && reason.contains("ask for ytd"), "{reason}");
    }
}

#[tokio::test]
async fn the_period_of_an_answer_is_that_of_its_windows() {
    let data = tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &csv()).await;
    let asked = json!({"analysis_type": "returns", "tickers": ["SPY"], "windows": ["2022"]});
    let answer = server.answer(ANALYSIS, asked).await;
    let period = &answer["period"];
    assert_eq!(
        (period["from"].as_str(), period["to"].as_str(), period["periods"].as_u64()),
        (Some("2021-12-31"), Some("2022-12-31"), Some(12))
    );
    let error = server
        .error(ANALYSIS, json!({"analysis_type": "returns", "windows": ["1990-01..2024-12"]}), "invalid_argument")
        .await;
    assert!(error["message"].as_str().unwrap().contains("No valid windows"), "{error}");
}
