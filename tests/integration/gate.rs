//! What comes in wrong is refused or said, in every form of every answer that reads prices; and inputs that went wrong before.

mod known;

use std::{fmt::Write as _, fs, path::Path};

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

/// From a day on its price again and again.
fn carried_on(from: &str) -> Vec<Row> {
    let (from, rows) = (day(from), fund(2));
    let last = rows.iter().rfind(|(date, _)| *date < from).unwrap().1;
    rows.into_iter().map(|(date, price)| (date, if date < from { price } else { last })).collect()
}

/// Bills: two basis points a day, and on one day a factor.
fn bills(date: &str, factor: f64) -> Vec<Row> {
    let (mut price, date) = (100.0, day(date));
    let rows = fund(2).into_iter().enumerate().map(|(at, (now, _))| {
        price *= 1.0 + if at % 3 == 0 { 1e-4 } else { 2e-4 };
        (now, if now == date { price * factor } else { price })
    });
    rows.collect()
}

/// A date that stands there twice, with another price.
fn twice(date: &str, factor: f64) -> Vec<Row> {
    let date = day(date);
    fund(2)
        .into_iter()
        .flat_map(|(now, price)| {
            let again = (now == date).then_some((now, price * factor));
            std::iter::once((now, price)).chain(again)
        })
        .collect()
}

/// A fund that moves as SPY does but for a little, and from one date to before another times a factor.
fn follower(from: &str, until: &str, factor: f64) -> Vec<Row> {
    let (from, until) = (day(from), day(until));
    let rows = fund(1).into_iter().zip(fund(7)).map(|((date, price), (_, other))| {
        let price = price * (other / 100.0).powf(0.1);
        (date, if (from..until).contains(&date) { price * factor } else { price })
    });
    rows.collect()
}

/// A fund that moves as SPY does but for a little.
fn close(seed: u64) -> Vec<Row> {
    fund(1)
        .into_iter()
        .zip(fund(seed))
        .map(|((date, price), (_, other))| (date, price * (other / 100.0).powf(0.1)))
        .collect()
}

/// Each price on the day so many rows later.
fn late(rows: &[Row], by: usize) -> Vec<Row> {
    rows.iter().skip(by).zip(rows).map(|((date, _), (_, price))| (*date, *price)).collect()
}

/// From a day on SPY's moves from the level that there is.
fn another_from(date: &str) -> Vec<Row> {
    let (rows, others, date) = (fund(2), fund(1), day(date));
    let at = rows.iter().position(|(now, _)| *now >= date).unwrap();
    let level = rows[at].1 / others[at].1;
    let prices = rows.iter().zip(&others).enumerate();
    prices.map(|(row, (own, other))| (own.0, if row < at { own.1 } else { other.1 * level })).collect()
}

/// Each price for two days.
fn two_days_long() -> Vec<Row> {
    let rows = fund(2);
    rows.iter().enumerate().map(|(at, (date, _))| (*date, rows[at - at % 2].1)).collect()
}

fn volumes() -> Vec<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    fund(2).into_iter().map(|(date, _)| (date, random.random_range(1e6..9e6_f64).round())).collect()
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
    /// Those of TLT.
    beside: Vec<Row>,
    /// How a date is written.
    stamp: fn(NaiveDate) -> String,
    yields: Vec<Row>,
    word: &'static str,
    /// True where the price that shares are valued at is touched.
    in_value: bool,
}

fn faults() -> Vec<Fault> {
    let plain = |date: NaiveDate| date.to_string();
    let of = |name, prices, word| Fault {
        name,
        prices,
        beside: fund(3),
        stamp: plain,
        yields: yields(),
        word,
        in_value: true,
    };
    let harmless = |name, prices, word| Fault { in_value: false, ..of(name, prices, word) };
    let shifted = |name, by| Fault { beside: close(7), ..harmless(name, late(&close(8), by), "(shifted)") };
    let of_yields = |name, scale: f64| {
        let yields = yields().into_iter().map(|(date, percent)| (date, percent * scale)).collect();
        Fault { yields, ..harmless(name, fund(2), "yield_unit") }
    };
    let of_days = |name, change: &dyn Fn(usize, f64) -> f64, word| {
        let yields =
            yields().into_iter().enumerate().map(|(at, (date, percent))| (date, change(at, percent))).collect();
        Fault { yields, ..harmless(name, fund(2), word) }
    };
    let zone = |name, stamp, word| Fault { stamp, ..of(name, fund(2), word) };
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
        of("spike of 4% in bills", bills("2025-11-12", 1.04), "(spike)"),
        harmless("spike of 6% in a follower", follower("2025-11-12", "2025-11-13", 1.06), "(spike)"),
        harmless("split 5:4 in a follower", follower("2025-06-10", "2026-01-01", 0.8), "(split_like)"),
        harmless("a level for two months", follower("2025-06-10", "2025-08-06", 1.3), "(level)"),
        of("the last price 9% off in bills", bills("2025-12-31", 1.09), "(unconfirmed)"),
        harmless("another's prices", fund(1), "(copied_prices)"),
        of("a feed that stopped and was carried on", carried_on("2025-12-01"), "(still_prices)"),
        shifted("a day late", 1),
        shifted("a month late", 21),
        harmless("another's moves from a day on", another_from("2025-03-03"), "(copied_prices)"),
        of("each price two days long", two_days_long(), "(still_prices)"),
        of("volumes", volumes(), "not_prices"),
        of("a day with two prices", twice("2025-11-12", 1.01), "(conflicting_dates)"),
        of("returns", returns(), "not_prices"),
        of("gross returns", returns().into_iter().map(|(date, r)| (date, 1.0 + r)).collect(), "not_prices"),
        of("cumulated returns", fund(2).into_iter().map(|(date, p)| (date, p / 100.0 - 1.0)).collect(), "not_prices"),
        harmless("weekly by the first day", bars(week, true), "weekly bars"),
        harmless("weekly by the last day", bars(week, false), "weekly bars"),
        harmless("monthly", bars(month, false), "not daily"),
        // Midnight in Berlin as it is in Greenwich, and the close in New York as it is in Tokyo.
        zone("zone east", |date| format!("{} 22:00:00", date.pred_opt().unwrap()), "time zone"),
        zone("zone west", |date| format!("{} 05:00:00", date.succ_opt().unwrap()), "time zone"),
        zone("zone east, named", |date| format!("{}T22:00:00Z", date.pred_opt().unwrap()), "time zone"),
        of_yields("decimals", 0.01),
        of_yields("basis points", 100.0),
        of_days("a yield times ten", &|at, y| if at == 700 { 10.0 * y } else { y }, "(bad_yields)"),
        of_days("a yield of zero", &|at, y| if at == 700 { 0.0 } else { y }, "(bad_yields)"),
        of_days("basis points at the end", &|at, y| if at > 650 { 100.0 * y } else { y }, "(yield_unit_change)"),
        of_days("a yield that stands still", &|at, y| if at > 650 { 4.31 } else { y }, "(still_yields)"),
        harmless("stopped", kept(|(date, _)| *date <= day("2025-06-30")), "stopped"),
        harmless("gap at month end", kept(|(date, _)| date.day() < 28 || month(*date) != 202_508), "month ends early"),
    ]
}

/// The forms of answers: a tool, and arguments for SPY, a fund that is at fault and another, between two dates.
pub(crate) fn forms([spy, fund, other]: [&str; 3], dates: [&str; 2]) -> Vec<(&'static str, &'static str, Value)> {
    let all = universe(&[spy, fund, other]);
    let dates = json!({"start_date": dates[0], "end_date": dates[1]});
    let holdings = json!({spy: 0.5, fund: 0.3, other: 0.2});
    let with = |arguments: Value, more: &Value| {
        let mut arguments = arguments;
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let performance = |more: Value| {
        let all = json!({"analysis_type": "performance", "factor_universe": all});
        with(with(all, &dates), &more)
    };
    vec![
        ("summary", "get_factor_analysis", performance(json!({}))),
        ("full", "get_factor_analysis", performance(json!({"format": "full"}))),
        ("report", "get_factor_analysis", performance(json!({"format": "report"}))),
        ("include", "get_factor_analysis", performance(json!({"include": ["per_factor"]}))),
        (
            "recommendations",
            "get_factor_recommendations",
            with(json!({"overexposed_factor": spy, "holdings": holdings, "factor_universe": all}), &dates),
        ),
        ("exposures", "get_portfolio_exposures", with(json!({"holdings": holdings}), &dates)),
        ("group", "create_factor_group", json!({"group_name": "pair", "tickers": [fund, other, spy]})),
        ("valuation", "save_portfolio", json!({"holdings": [{"ticker": fund, "shares": 3}]})),
    ]
}

/// SPY, FUND and TLT over the three years.
fn of_files() -> Vec<(&'static str, &'static str, Value)> {
    forms(["SPY", "FUND", "TLT"], ["2022-12-31", "2025-12-31"])
}

/// What an answer says first: its warnings, what was not analysed, the members a group left out, or its error.
pub(crate) fn said_first(answer: &Value) -> String {
    let parts = ["warnings", "not_analysed", "validation_metadata", "unpriced", "error"];
    parts.iter().map(|part| answer[*part].to_string()).collect()
}

#[tokio::test]
async fn every_fault_is_refused_or_said_in_every_form() {
    let (mut cells, mut silent) = (0, Vec::new());
    for fault in faults() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("prices.csv"), long(&[("SPY", fund(1)), ("TLT", fault.beside)])).unwrap();
        let rows = fault.prices.iter().map(|(date, price)| format!("{},{price}\n", (fault.stamp)(*date)));
        fs::write(folder.path().join("fund.csv"), format!("date,FUND\n{}", rows.collect::<String>())).unwrap();
        fs::write(folder.path().join("yields.csv"), wide("UST3M", &fault.yields)).unwrap();
        let mut server = server(folder.path(), TODAY).await;
        for (form, tool, arguments) in of_files() {
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
    assert!(cells > 240, "{cells}");
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
    for (form, tool, arguments) in of_files() {
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
    assert_eq!(score(bills("2024-05-10", 1.04)).await, (json!("poor"), vec![json!("spike")]));
    assert_eq!(score(twice("2024-05-10", 1.01)).await, (json!("fair"), vec![]));
    assert_eq!(score(fund(1)).await, (json!("fair"), vec![]), "another's prices");
    assert_eq!(score(another_from("2025-03-03")).await, (json!("fair"), vec![]));
    assert_eq!(score(two_days_long()).await, (json!("fair"), vec![]));
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
    assert_ne!(answer["data_quality"]["quality_score"], "excellent");
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

/// A column of euros: its returns are said to be in them, and shares are not taken for dollars.
#[tokio::test]
async fn prices_in_another_currency_are_a_finding_and_no_value() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prices.csv"), long(&[("SPY", fund(1)), ("TLT", fund(3))])).unwrap();
    let rows = fund(2).into_iter().map(|(date, price)| format!("{date},€{price:.2}\n"));
    fs::write(folder.path().join("fund.csv"), format!("date,FUND\n{}", rows.collect::<String>())).unwrap();
    let mut server = server(folder.path(), TODAY).await;
    for (form, tool, arguments) in of_files() {
        let said = said_first(&server.structured(tool, arguments).await);
        let word = if form == "valuation" { "prices of FUND are in EUR" } else { "(currency): FUND (EUR)" };
        assert!(said.contains(word), "{form}: {said}");
    }
    let (_, tool, full) = of_files().remove(1);
    let quality = server.answer(tool, full).await["data_quality"].clone();
    assert_eq!(quality["of_the_source"], json!([{"kind": "currency", "ticker": "FUND", "currency": "EUR"}]));
    assert_eq!(quality["quality_score"], "fair");
    server.end().await;
}

/// A row that was pasted from another date, for all of five funds; and without it nothing.
#[tokio::test]
async fn a_row_of_another_date_is_said_with_both_dates() {
    for pasted in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let names = ["SPY", "FUND", "TLT", "GLD", "XLE"];
        let row = |seed: u64| {
            let rows = fund(seed);
            let first = rows.iter().find(|(date, _)| *date == day("2025-10-31")).unwrap().1;
            let on_the_day = |date: NaiveDate| pasted && date == day("2025-11-28");
            rows.into_iter().map(|(date, price)| (date, if on_the_day(date) { first } else { price })).collect()
        };
        let series: Vec<(&str, Vec<Row>)> = names.into_iter().zip((1..).map(row)).collect();
        fs::write(folder.path().join("prices.csv"), long(&series)).unwrap();
        let mut server = server(folder.path(), TODAY).await;
        let arguments = json!({"analysis_type": "performance", "start_date": "2022-12-31", "end_date": "2025-12-31", "factor_universe": universe(&names)});
        let answer = server.structured("get_factor_analysis", arguments).await;
        let said = said_first(&answer);
        assert_eq!(said.contains("(repeated_rows): 2025-11-28 as 2025-10-31 (5 series)"), pasted, "{said}");
        assert_eq!(answer["data_quality"]["quality_score"] == "fair", pasted, "{}", answer["data_quality"]);
        server.end().await;
    }
}

/// Yields that end a year before the window, or lack a year within it, cost the score; those that reach its end do not.
#[tokio::test]
async fn yields_that_are_missing_for_a_year_cost_the_score() {
    let score = async |keep: fn(NaiveDate) -> bool| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("prices.csv"), long(&[("SPY", fund(1)), ("FUND", fund(2)), ("TLT", fund(3))]))
            .unwrap();
        let rows: Vec<Row> = yields().into_iter().filter(|(date, _)| keep(*date)).collect();
        fs::write(folder.path().join("yields.csv"), wide("UST10Y", &rows)).unwrap();
        let mut server = server(folder.path(), TODAY).await;
        let arguments = json!({"analysis_type": "correlations", "start_date": "2022-12-31", "end_date": "2025-12-31", "rate_maturities": ["UST10Y"], "factor_universe": universe(&["SPY", "FUND", "TLT"])});
        let quality = server.structured("get_factor_analysis", arguments).await["data_quality"].clone();
        server.end().await;
        quality["quality_score"].clone()
    };
    assert_eq!(score(|_| true).await, "excellent");
    assert_eq!(score(|date| date.year() < 2025).await, "fair");
    assert_eq!(score(|date| date.year() != 2024).await, "fair");
}
