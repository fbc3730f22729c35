//! Weekly, monthly and rarer bars beside daily prices, as other programs date them: the returns are those of the daily prices,
//! or there are none.

use std::fs;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use factor_types::exchange::is_trading_day;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::groups::Session;

type Row = (NaiveDate, f64);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A market's daily prices over three years to 14 January 2026.
fn market() -> Vec<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut price = 100.0;
    let days = day("2022-12-30").iter_days().take_while(|date| *date <= day("2026-01-14"));
    let rows = days.filter(|date| is_trading_day(*date)).map(|date| {
        price *= 1.0 + random.random_range(-0.0145..0.015);
        (date, price)
    });
    rows.collect()
}

/// The last price of each stretch with the same label, under that label.
fn resampled(label: impl Fn(NaiveDate) -> NaiveDate) -> Vec<Row> {
    let mut bars: Vec<Row> = Vec::new();
    for (date, price) in market() {
        let label = label(date);
        match bars.last_mut().filter(|(known, _)| *known == label) {
            Some((_, last)) => *last = price,
            None => bars.push((label, price)),
        }
    }
    bars
}

/// The next day from here on that is this day of the week.
fn next(weekday: Weekday, date: NaiveDate) -> NaiveDate {
    date.iter_days().find(|day| day.weekday() == weekday).unwrap()
}

fn days_before(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap()
}

fn month_end(date: NaiveDate) -> NaiveDate {
    date.iter_days().take_while(|day| day.month() == date.month()).last().unwrap()
}

/// What is answered of FUND, whose bars these are, beside SPY, whose daily prices they are of.
async fn ask(bars: &[Row], spy: &[Row], arguments: Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str, rows: &[Row]| {
        rows.iter().fold(format!("date,{name}\n"), |csv, (date, price)| csv + &format!("{date},{price}\n"))
    };
    fs::write(folder.path().join("spy.csv"), text("SPY", spy)).unwrap();
    fs::write(folder.path().join("fund.csv"), text("FUND", bars)).unwrap();
    let path = folder.path().display().to_string();
    let mut session =
        Session::start(folder.path(), &[("FACTOR_PRICE_FILES", &path), ("FACTOR_TODAY", "2026-01-15")]).await;
    let mut whole = json!({
        "analysis_type": "returns", "format": "full",
        "factor_universe": [
            {"label": "the market", "ticker": "SPY", "category": "market"},
            {"label": "the fund", "ticker": "FUND", "category": "style"},
        ],
    });
    whole.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    let answer = session.structured("get_factor_analysis", whole).await;
    session.end().await;
    answer
}

fn returns<'a>(answer: &'a Value, ticker: &str) -> Vec<(&'a String, f64)> {
    let windows = answer["factors"][ticker]["windows"].as_object().unwrap_or_else(|| panic!("{ticker}: {answer}"));
    windows.iter().filter_map(|(name, window)| Some((name, window["total_return"].as_f64()?))).collect()
}

#[tokio::test]
async fn weekly_bars_of_other_programs_have_the_daily_prices_returns() {
    let weekly = json!({"frequency": "weekly", "windows": ["1m", "3m", "1y"]});
    for (name, bars) in [
        ("pandas W", resampled(|date| next(Weekday::Sun, date))),
        ("pandas W-FRI", resampled(|date| next(Weekday::Fri, date))),
        ("pandas W-SAT", resampled(|date| next(Weekday::Sat, date))),
        ("Yahoo", resampled(|date| days_before(next(Weekday::Sun, date), 6))),
        ("Investing.com", resampled(|date| days_before(next(Weekday::Sat, date), 6))),
    ] {
        let answer = ask(&bars, &market(), weekly.clone()).await;
        let (fund, spy) = (returns(&answer, "FUND"), returns(&answer, "SPY"));
        assert_eq!(fund.len(), 3, "{name}: {answer}");
        assert_eq!(fund, spy, "{name}: {}", answer["warnings"]);
        assert!(!answer["warnings"].to_string().contains("no daily price here"), "{name}: {}", answer["warnings"]);
    }
}

/// Alone they could be the weeks' own, and that is said; beside daily prices they stay closes of Mondays.
#[tokio::test]
async fn closes_of_mondays_are_not_taken_for_fridays() {
    let mondays = resampled(|date| next(Weekday::Mon, date));
    let weekly = json!({"frequency": "weekly", "windows": ["1y"]});
    let answer = ask(&mondays, &market(), weekly.clone()).await;
    // The weeks end on 3 January 2025 and on 9 January 2026.
    let on = |date: &str| mondays.iter().find(|(known, _)| *known == day(date)).unwrap().1;
    let expected = on("2026-01-05") / on("2024-12-30") - 1.0;
    let got = returns(&answer, "FUND")[0].1;
    assert!((got - expected).abs() < 1e-5, "{got}, not {expected}: {}", answer["window_dates"]);
    let own = json!({"ticker": "FUND", "spacing": "weekly", "placed": false, "dates": "own_days", "assumed": false});
    assert_eq!(answer["data_quality"]["spacing"], json!([own]));
    let alone: Vec<Row> = market().into_iter().filter(|(date, _)| date.weekday() == Weekday::Fri).collect();
    let alone: Vec<Row> = alone.into_iter().map(|(date, price)| (days_before(date, 4), price)).collect();
    let said = ask(&alone, &alone, weekly).await["warnings"].to_string();
    assert!(said.contains("no daily price here tells whether they are closes of those days"), "{said}");
}

#[tokio::test]
async fn one_price_a_month_is_that_of_its_month_or_refused() {
    let monthly = json!({"windows": ["1m", "3m", "1y"]});
    for (name, bars) in [
        ("dated by the first day", resampled(|date| date.with_day(1).unwrap())),
        ("dated by the last calendar day", resampled(month_end)),
        (
            "dated by the last trading day",
            market()
                .into_iter()
                .zip(market().into_iter().skip(1))
                .filter(|(row, next)| row.0.month() != next.0.month())
                .map(|(row, _)| row)
                .collect(),
        ),
    ] {
        let answer = ask(&bars, &market(), monthly.clone()).await;
        let fund = returns(&answer, "FUND");
        assert_eq!((fund.len(), &fund), (3, &returns(&answer, "SPY")), "{name}: {answer}");
        let said = answer["warnings"].to_string();
        assert!(said.contains("one price a month is taken for the end of the month of its date"), "{name}: {said}");
    }
    for (word, bars) in [
        ("one price a month, dated within it", resampled(|date| date.with_day(15).unwrap())),
        (
            "one price a quarter",
            resampled(|date| {
                month_end(
                    date.with_day(1).unwrap().checked_add_months(chrono::Months::new((12 - date.month()) % 3)).unwrap(),
                )
            }),
        ),
        ("one price a year", resampled(|date| NaiveDate::from_ymd_opt(date.year(), 12, 31).unwrap())),
    ] {
        let answer = ask(&bars, &market(), monthly.clone()).await;
        assert!(answer["factors"]["FUND"].is_null(), "{word}: {answer}");
        assert!(!answer["warnings"].to_string().contains("is taken for the end of the month"), "{word}: {answer}");
        assert!(answer["not_analysed"].to_string().contains(word), "{word}: {}", answer["not_analysed"]);
    }
}

/// The exchange's calendar judges, so that the benchmark's own gaps are told, and the dates are those of the prices.
#[tokio::test]
async fn a_month_end_that_the_benchmark_lacks_is_told() {
    let late = |date: NaiveDate| date > day("2025-12-26") && date <= day("2025-12-31");
    let without: Vec<Row> = market().into_iter().filter(|(date, _)| !late(*date)).collect();
    for (fund, named) in [(market(), 1), (without.clone(), 2)] {
        let answer = ask(&fund, &without, json!({"windows": ["1m"]})).await;
        assert_eq!(answer["window_dates"]["1m"]["to"], "2025-12-26", "{answer}");
        let early = answer["data_quality"]["early_month_end"].as_array().unwrap();
        assert_eq!(early.len(), named, "{early:?}");
        let expected = json!({"ticker": "SPY", "month": "2025-12-31", "date": "2025-12-26", "last_day": "2025-12-31"});
        assert!(early.contains(&expected), "{early:?}");
        let said = answer["warnings"].to_string();
        assert!(said.contains("before its last trading day: "), "{said}");
        assert!(said.contains("SPY 2025-12 (2025-12-26, not 2025-12-31)"), "{said}");
    }
}
