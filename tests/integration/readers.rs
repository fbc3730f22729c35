//! What people write who know neither names nor forms: each is read where it can mean one thing, else refused with what to write.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::groups::Session;

const ANALYSIS: &str = "get_factor_analysis";

fn warnings(answer: &Value) -> Vec<&str> {
    answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|fields| fields.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[tokio::test]
async fn unknown_names_are_told_with_those_that_were_meant() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let asked = json!({"analysis_type": "performance", "tickers": ["SPY", "TLT"], "fields": ["sharp"], "include": ["insight", "per_factor"]});
    let answer = server.answer(ANALYSIS, asked).await;
    let note = answer["note"].as_str().unwrap();
    assert!(note.contains("include has no `insight` (did you mean `insights`?)"), "{note}");
    assert!(note.contains("fields has no `sharp` (did you mean `sharpe_ratio`?)"), "{note}");
    let only = server.answer(ANALYSIS, json!({"include": ["bogus"]})).await;
    let note = only["note"].as_str().unwrap();
    assert!(note.starts_with("include has no `bogus`; there are matrices, ") && note.contains("rankings"), "{note}");
    let asked = json!({"holdings": {"SPY": 1}, "include": ["riks"]});
    let answer = server.answer("get_portfolio_exposures", asked).await;
    assert_eq!(answer["note"], "include has no `riks` (did you mean `risk`?)");
    let asked = json!({"analysis_type": "performance", "tickers": ["SPY"], "sort_by": "drawdown"});
    let refused = server.error(ANALYSIS, asked, "invalid_argument").await;
    assert_eq!(refused["try"]["arguments"]["sort_by"], "max_drawdown");
    assert!(!refused["message"].as_str().unwrap().contains('…'), "no list is cut: {refused}");
}

#[tokio::test]
async fn words_of_every_day_name_the_funds_that_may_be_meant() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    for (written, near) in [
        ("long bonds", "the nearest are TLT ("),
        ("10 year treasury", "the nearest are IEF ("),
        ("junk bonds", "the nearest are HYG ("),
        ("tech stocks", "the nearest are XLK ("),
        ("real estate stocks", "the nearest are VNQ ("),
    ] {
        let asked = json!({"analysis_type": "returns", "tickers": [written], "windows": ["1y"]});
        let refused = server.error(ANALYSIS, asked, "invalid_argument").await;
        assert!(refused["message"].as_str().unwrap().contains(near), "{refused}");
        let fund = &near["the nearest are ".len()..near.len() - 2];
        assert_eq!(refused["try"]["arguments"]["tickers"], json!([fund]), "{refused}");
        let asked = json!({"overexposed_factor": written});
        let refused = server.error("get_factor_recommendations", asked, "unknown_factor").await;
        assert!(refused["message"].as_str().unwrap().contains(fund), "{refused}");
    }
    let yields = json!({"analysis_type": "returns", "tickers": ["UST10Y"], "windows": ["1y"]});
    let note = server.answer(ANALYSIS, yields).await["note"].to_string();
    assert!(note.contains("`UST10Y` as IEF (") && note.contains("yields themselves come with categories"), "{note}");
}

#[tokio::test]
async fn windows_and_dates_are_read_where_they_mean_one_thing() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let asked = |windows: Value| json!({"analysis_type": "returns", "tickers": ["SPY"], "windows": windows});
    let answer =
        server.answer(ANALYSIS, asked(json!(["Q1 2020", "March 2020", "5 years", "last 12 months", "2020"]))).await;
    assert_eq!(answer["windows"], json!(["2020Q1", "2020-03", "5y", "1y", "2020"]));
    let refused = server.error(ANALYSIS, asked(json!(["last year"])), "invalid_argument").await;
    let said = refused["message"].as_str().unwrap();
    assert!(
        said.contains("`last year` may be the twelve months to the end or the calendar year before: write 1y"),
        "{said}"
    );
    let some = server.answer(ANALYSIS, asked(json!(["last year", "1y"]))).await;
    assert!(warnings(&some).iter().any(|text| text.contains("last year (may be the twelve months")), "{some}");

    let from = |start: &str, end: &str| json!({"analysis_type": "performance", "tickers": ["SPY"], "start_date": start, "end_date": end});
    let refused = server.error(ANALYSIS, from("2018", "2022"), "invalid_argument").await;
    assert!(refused["message"].as_str().unwrap().contains("for all of 2018 write 2017-12-31"), "{refused}");
    let again = refused["try"]["arguments"].clone();
    let answer = server.answer(ANALYSIS, again).await;
    assert_eq!((&answer["period"]["from"], &answer["period"]["to"]), (&json!("2017-12-31"), &json!("2022-12-31")));
    let refused = server.error(ANALYSIS, from("2023-02-30", "2025-01-31"), "invalid_argument").await;
    assert!(refused["message"].as_str().unwrap().contains("that month ends on 2023-02-28"), "{refused}");
    assert_eq!(refused["try"]["arguments"]["start_date"], "2023-02-28");
}

#[tokio::test]
async fn losses_say_which_end_stands_on_top() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let asked = |order: Value| json!({"analysis_type": "performance", "tickers": ["SPY", "XLE", "TLT"], "sort_by": "max_drawdown", "sort_order": order});
    let falls = |answer: &Value| -> Vec<f64> {
        answer["per_factor"].as_object().unwrap().values().map(|row| row["max_drawdown"].as_f64().unwrap()).collect()
    };
    let shallow = server.answer(ANALYSIS, asked(json!(null))).await;
    assert!(falls(&shallow).is_sorted_by(|a, b| a >= b), "{shallow}");
    assert!(shallow["note"].as_str().unwrap().contains("the smallest stands on top; sort_order asc"), "{shallow}");
    let deep = server.answer(ANALYSIS, asked(json!("asc"))).await;
    assert!(falls(&deep).is_sorted(), "{deep}");
    assert!(deep["note"].as_str().unwrap().contains("the largest stands on top"), "{deep}");
    let other = json!({"analysis_type": "performance", "tickers": ["SPY", "TLT"]});
    assert_eq!(server.answer(ANALYSIS, other).await.get("note"), None);
    let beta = json!({"analysis_type": "performance", "tickers": ["SPY"], "fields": ["beta", "alpha"]});
    let itself = server.answer(ANALYSIS, beta).await;
    assert!(itself["note"].as_str().unwrap().starts_with("SPY is the benchmark itself"), "{itself}");
}

#[tokio::test]
async fn a_missing_ticker_is_told_in_short_and_without_a_path() {
    let data = tempdir().unwrap();
    let file = data.path().join("closes.csv");
    let mut csv = String::from("date");
    (10..40).for_each(|at| csv += &format!(",F{at}"));
    for day in factor_types::exchange::trading_days("2023-01-03".parse().unwrap(), "2024-12-31".parse().unwrap()) {
        csv += &format!("\n{day}");
        (10..40).for_each(|at| {
            csv +=
                &format!(",{:.4}", 100.0 + f64::from((day.to_string().bytes().map(u32::from).sum::<u32>() * at) % 17))
        });
    }
    std::fs::write(&file, csv).unwrap();
    let mut server = Session::start(data.path(), &[("FACTOR_PRICE_FILES", file.to_str().unwrap())]).await;
    let asked = json!({"analysis_type": "returns", "tickers": ["AAPL"], "windows": ["1y"]});
    let refused = server.error(ANALYSIS, asked, "no_data").await;
    let said = refused["message"].as_str().unwrap();
    assert!(said.contains("AAPL is not among the 30 tickers of closes.csv") && said.len() < 260, "{said}");
    assert!(
        !said.contains("AAPL: AAPL") && !said.contains("F10, ") && !said.contains(data.path().to_str().unwrap()),
        "{said}"
    );
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_warned_of() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    fn young(answer: &Value) -> Vec<&str> {
        warnings(answer).into_iter().filter(|text| text.starts_with("partial history")).collect()
    }
    for (tool, asked) in [
        ("stress_test", json!({"ticker": "SPY", "scenarios": ["covid"]})),
        ("get_portfolio_exposures", json!({"holdings": {"SPY": 0.6, "TLT": 0.4}})),
        ("get_factor_recommendations", json!({"overexposed_factor": "XLE"})),
    ] {
        let answer = server.answer(tool, asked).await;
        assert_eq!(young(&answer), [""; 0], "{tool}");
    }
    let own = server.answer("stress_test", json!({"ticker": "XLC", "scenarios": ["covid"]})).await;
    assert_eq!(young(&own), ["partial history, of less than the window: XLC (analysis_metadata.history)"]);
    let all = server.answer(ANALYSIS, json!({"analysis_type": "performance"})).await;
    assert!(young(&all)[0].contains("XLC"), "who asks for all hears of all: {:?}", young(&all));
}

#[tokio::test]
async fn long_lists_come_in_parts_that_can_be_read() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let (mut seen, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let page = server.answer("list_factors", json!({"cursor": cursor})).await;
        assert!(page.to_string().len() <= 8_000, "{}", page.to_string().len());
        seen.extend(page["factors"].as_array().unwrap().iter().map(|row| row["ticker"].to_string()));
        pages += 1;
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            assert_eq!(page["total"], seen.len());
            break;
        }
    }
    assert!(pages > 1);
    let whole = server.answer("list_factors", json!({"limit": 100})).await;
    let all: Vec<String> = whole["factors"].as_array().unwrap().iter().map(|row| row["ticker"].to_string()).collect();
    assert_eq!(seen, all, "each once, in the same order");
    let status = server.answer("get_server_status", json!({})).await;
    assert!(status.to_string().len() <= 6_000, "{}", status.to_string().len());
    assert_eq!(keys(&status["configuration"]["FACTOR_CALL_DEADLINE"]), ["value"], "a default is told as one");
    assert!(status["configuration"].get("DATABASE_URL").is_none(), "nothing is set");
    assert_eq!(status["configuration"]["FACTOR_DATA_DIR"]["from"], "environment");
}
