//! What an answer says before its figures are used, and ways out that succeed when they are followed: on prices made up here,
//! with the faults that each sentence is about.

use std::{fmt::Write as _, fs, path::Path};

use chrono::NaiveDate;
use factor_types::exchange::{is_trading_day, is_weekend};
use serde_json::{Value, json};

use crate::groups::Session;

const ANALYSIS: &str = "get_factor_analysis";
const EXPOSURES: &str = "get_portfolio_exposures";
const RECOMMENDATIONS: &str = "get_factor_recommendations";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A fund: its name, its first and last price, and where its waves begin.
type Fund = (&'static str, &'static str, &'static str, f64);

const WHOLE: [Fund; 4] = [
    ("SPY", "2015-01-02", "2024-12-31", 0.0),
    ("TLT", "2015-01-02", "2024-12-31", 2.0),
    ("GLD", "2015-01-02", "2024-12-31", 4.0),
    ("IWM", "2015-01-02", "2024-12-31", 0.4),
];
const OLD: Fund = ("OLD", "2015-01-02", "2021-05-28", 1.0);
const NEW: Fund = ("NEW", "2021-12-01", "2024-12-31", 3.0);
/// Young, and of the built-in universe, which exposures are always taken in.
const INFANT: Fund = ("IBIT", "2024-03-01", "2024-12-31", 5.0);

/// Daily prices as a file, of New York's days.
fn prices(funds: &[Fund]) -> String {
    let mut csv = format!("date,{}\n", funds.iter().map(|fund| fund.0).collect::<Vec<_>>().join(","));
    let days = day("2015-01-02").iter_days().take_while(|date| *date <= day("2024-12-31"));
    let mut levels = vec![100.0; funds.len()];
    for (at, date) in days.filter(|date| is_trading_day(*date)).enumerate() {
        write!(csv, "{date}").unwrap();
        for ((_, first, last, phase), level) in funds.iter().zip(&mut levels) {
            let wave = 0.01 * (at as f64 * (0.37 + 0.05 * phase) + phase).sin()
                + 0.02 * (at as f64 / 90.0 + phase).sin() / 10.0;
            *level *= 1.0 + 0.0003 + wave;
            if (day(first)..=day(last)).contains(&date) {
                write!(csv, ",{level:.6}").unwrap();
            } else {
                csv.push(',');
            }
        }
        csv.push('\n');
    }
    csv
}

/// Yields of some maturities on every weekday from one date to another.
fn yields(maturities: &[&str], from: &str, to: &str) -> String {
    let mut csv = format!("date,{}\n", maturities.join(","));
    let days = day(from).iter_days().take_while(|date| *date <= day(to));
    for (at, date) in days.filter(|date| !is_weekend(*date)).enumerate() {
        write!(csv, "{date}").unwrap();
        maturities.iter().for_each(|_| write!(csv, ",{:.4}", 2.0 + (at as f64 / 40.0).sin()).unwrap());
        csv.push('\n');
    }
    csv
}

async fn session(data: &Path, prices: &str, yields: Option<&str>) -> Session {
    let (price_file, yield_file) = (data.join("prices.csv"), data.join("yields.csv"));
    fs::write(&price_file, prices).unwrap();
    let (price_file, mut yield_path) = (price_file.display().to_string(), String::new());
    if let Some(yields) = yields {
        fs::write(&yield_file, yields).unwrap();
        yield_path = yield_file.display().to_string();
    }
    let mut settings = vec![("FACTOR_PRICE_FILES", price_file.as_str()), ("FACTOR_TODAY", "2025-01-10")];
    if !yield_path.is_empty() {
        settings.push(("FACTOR_YIELD_FILE", &yield_path));
    }
    Session::start(data, &settings).await
}

/// A universe of these funds, the first a market and the others styles.
fn universe(funds: &[Fund]) -> Value {
    let category = |at: usize| if at == 0 { "market" } else { "style" };
    let one = |(at, fund): (usize, &Fund)| json!({"label": fund.0.to_lowercase(), "ticker": fund.0, "category": category(at), "asset_class": "equity"});
    funds.iter().enumerate().map(one).collect()
}

fn warnings(answer: &Value) -> Vec<&str> {
    answer["warnings"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

fn says(answer: &Value, words: &str) {
    assert!(warnings(answer).iter().any(|text| text.contains(words)), "{words}: {:#?}", warnings(answer));
}

#[tokio::test]
async fn a_portfolio_with_cash_says_which_periods_it_lacks_for_want_of_a_rate() {
    let ask = json!({"holdings": {"SPY": 0.4, "TLT": 0.2, "ZZZZ": 0.15}});
    // Month ends of 2015-02 to 2024-12 are 119 returns; a rate known at the start of January 2024 is the last of 108.
    let data = tempfile::tempdir().unwrap();
    let rates = yields(&["UST3M"], "2014-12-01", "2023-12-29");
    let mut server = session(data.path(), &prices(&WHOLE), Some(&rates)).await;
    let answer = server.answer(EXPOSURES, ask.clone()).await;
    let first = warnings(&answer);
    assert!(first[0].starts_with("ZZZZ is unexplained weight, 0.2 of what is held besides cash: "), "{first:#?}");
    assert!(
        first[1].starts_with(
            "the portfolio has 108 periods: on 11 more (2024-02-29 to 2024-12-31) all holdings have a return"
        ),
        "{first:#?}"
    );
    let risk = &answer["risk"];
    assert_eq!(
        (&risk["observations"], &risk["first"], &risk["last"]),
        (&json!(108), &json!("2015-02-28"), &json!("2024-01-31"))
    );
    assert!(risk["sharpe_ratio"].is_number() && risk["beta"].is_number());
    // A rate on 42 of 119: under half.
    let data = tempfile::tempdir().unwrap();
    let rates = yields(&["UST3M"], "2014-12-01", "2018-06-29");
    let mut server = session(data.path(), &prices(&WHOLE), Some(&rates)).await;
    let answer = server.answer(EXPOSURES, ask).await;
    let risk = &answer["risk"];
    assert_eq!((&risk["observations"], &risk["sharpe_ratio"], &risk["beta"]), (&json!(42), &json!(null), &json!(null)));
    assert!(risk["volatility"].is_number());
}

#[tokio::test]
async fn cash_that_earns_nothing_and_leverage_that_costs_nothing_are_said() {
    let data = tempfile::tempdir().unwrap();
    let mut server = session(data.path(), &prices(&WHOLE), None).await;
    for (weight, words) in
        [(0.6, "cash (0.4 of the portfolio) earns 0 here"), (1.5, "what is borrowed (0.5 of the portfolio) costs 0")]
    {
        let answer = server.answer(EXPOSURES, json!({"holdings": {"SPY": weight}})).await;
        assert!(warnings(&answer)[0].starts_with(words), "{:#?}", warnings(&answer));
    }
    // And no factor has a Sharpe ratio: they are sorted by what they earned.
    let answer =
        server.answer(ANALYSIS, json!({"analysis_type": "performance", "factor_universe": universe(&WHOLE)})).await;
    assert_eq!(answer["sorted_by"], "total_return");
    assert!(
        answer["note"]
            .as_str()
            .unwrap()
            .starts_with("sharpe_ratio is null for every factor: they are sorted by total_return")
    );
    let annual = |list: &str| answer[list][0]["annual_return"].as_f64().unwrap();
    assert!(annual("top") > annual("bottom"));
}

#[tokio::test]
async fn a_portfolio_of_one_fund_and_a_group_of_one_kind_fall_as_the_fund_does_on_its_days() {
    let data = tempfile::tempdir().unwrap();
    let rates = yields(&["UST3M"], "2014-12-01", "2024-12-31");
    let mut server = session(data.path(), &prices(&WHOLE), Some(&rates)).await;
    let own = json!({"analysis_type": "performance", "factor_universe": universe(&WHOLE), "include": ["per_factor", "composites"], "precision": 12});
    let own = server.answer(ANALYSIS, own).await;
    let fund = &own["per_factor"]["SPY"];
    let ask = json!({"holdings": {"SPY": 1}, "format": "full", "precision": 12});
    let risk = server.answer(EXPOSURES, ask).await["risk"].clone();
    let market = &own["composites"]["category"]["market"]["all"];
    for field in ["max_drawdown_daily", "drawdown_daily_peak", "drawdown_daily_trough", "drawdown_daily_recovery"] {
        assert_eq!((&risk[field], &market[field]), (&fund[field], &fund[field]), "{field}");
    }
    assert!(risk["max_drawdown_daily"].as_f64().unwrap() < risk["max_drawdown"].as_f64().unwrap());
}

#[tokio::test]
async fn sources_of_the_rate_have_no_say_in_which_days_a_coin_trades() {
    let mut csv = "date,BTC,BIL,SGOV\n".to_owned();
    let days = day("2022-01-01").iter_days().take_while(|date| *date <= day("2024-12-31"));
    for (at, date) in days.enumerate() {
        let coin = 100.0 * (1.0 + 0.1 * (at as f64 / 7.0).sin() + at as f64 / 900.0);
        let bill = if is_trading_day(date) { format!("{:.4}", 90.0 + at as f64 / 300.0) } else { String::new() };
        writeln!(csv, "{date},{coin:.5},{bill},{bill}").unwrap();
    }
    let data = tempfile::tempdir().unwrap();
    let mut server = session(data.path(), &csv, None).await;
    let universe = json!([{"label": "coin", "ticker": "BTC", "category": "crypto", "asset_class": "crypto"}]);
    let ask = |frequency: &str| json!({"analysis_type": "performance", "frequency": frequency, "factor_universe": universe.clone(), "benchmark_ticker": "BTC"});
    // 365 + 365 + 366 days have 1,095 returns between them.
    let daily = server.answer(ANALYSIS, ask("daily")).await;
    assert_eq!((&daily["period"]["periods"], &daily["period"]["to"]), (&json!(1095), &json!("2024-12-31")));
    // The newest whole week ends on Sunday 29 December.
    let weekly = server.answer(ANALYSIS, ask("weekly")).await;
    assert_eq!(weekly["period"]["to"], "2024-12-27");
}

#[tokio::test]
async fn maturities_without_yields_and_rows_without_them_are_said() {
    let data = tempfile::tempdir().unwrap();
    let rates = yields(&["UST10Y"], "2020-01-01", "2024-12-31");
    let mut server = session(data.path(), &prices(&WHOLE), Some(&rates)).await;
    let ask = json!({"factor_universe": universe(&WHOLE), "rate_sensitivity_categories": ["style", "market"]});
    let answer = server.answer(ANALYSIS, ask).await;
    says(&answer, "no yields of UST2Y, UST5Y, UST30Y in the window, so there is no correlation with them");
    says(&answer, "yields of UST10Y are missing for 60 of 119 periods (2015-02-28 to 2020-01-31)");
    let overlay = answer["overlays"]["rate_sensitivity"].as_object().unwrap();
    assert_eq!(overlay.keys().collect::<Vec<_>>(), ["UST10Y"]);
    let ten = &overlay["UST10Y"];
    assert_eq!(
        (&ten["observations"], &ten["first"], &ten["last"]),
        (&json!(59), &json!("2020-02-29"), &json!("2024-12-31"))
    );
}

#[tokio::test]
async fn members_that_do_not_fill_the_window_are_marked_and_a_stopped_benchmark_is_said() {
    let data = tempfile::tempdir().unwrap();
    let funds = [&WHOLE[..], &[OLD, NEW]].concat();
    let rates = yields(&["UST3M"], "2014-12-01", "2024-12-31");
    let mut server = session(data.path(), &prices(&funds), Some(&rates)).await;
    let group = json!({"group_name": "mix", "tickers": ["SPY", "TLT", "OLD", "NEW"]});
    let created = server.answer("create_factor_group", group).await;
    let marked = &created["validation_metadata"]["members_marked"];
    assert_eq!(marked.as_object().unwrap().keys().collect::<Vec<_>>(), ["OLD", "NEW"]);
    assert_eq!((&marked["OLD"]["stopped"], &marked["OLD"]["observations"]), (&json!("2021-05-28"), &json!(76)));
    // January 2022 to December 2024.
    assert_eq!((&marked["NEW"]["young"], &marked["NEW"]["observations"]), (&json!(true), &json!(36)));
    says(
        &created,
        "OLD stopped, its last price is of 2021-05-28: since then the other members carry its weight (76 monthly returns",
    );
    assert!(created["performance"]["max_drawdown_daily"].as_f64().unwrap() < 0.0);
    let validated = server.answer("validate_factor_group", json!({"group_name": "mix"})).await;
    assert_eq!(&validated["validation_metadata"]["members_marked"], marked);
    let with_groups = server.answer(ANALYSIS, json!({"analysis_type": "performance"})).await;
    says(&with_groups, "USER:mix (OLD stopped 2021-05-28, 76 of 119 periods; NEW young, 36 of 119 periods)");
    let ask = json!({"analysis_type": "performance", "factor_universe": universe(&funds), "benchmark_ticker": "OLD"});
    let answer = server.answer(ANALYSIS, ask).await;
    says(&answer, "benchmark OLD stopped, its last price is of 2021-05-28: it has returns on 76 of 119 periods");
    assert_eq!(answer["data_quality"]["quality_score"], "good", "what stopped is no excellent data");
}

#[tokio::test]
async fn caveats_stand_first_in_a_portfolios_report() {
    let data = tempfile::tempdir().unwrap();
    let mut server = session(data.path(), &prices(&WHOLE), None).await;
    let own = json!({"overexposed_factor": "SPY", "factor_universe": universe(&WHOLE)});
    for (tool, more) in [(EXPOSURES, json!({})), (RECOMMENDATIONS, own)] {
        let mut ask = json!({"holdings": {"SPY": 0.6, "ZZZZ": 0.3}, "include": ["formatted_report"]});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = server.answer(tool, ask).await;
        let report = answer["formatted_report"].as_str().unwrap();
        assert_eq!(
            report.find("\n## ").unwrap(),
            report.find("\n## Caveats\n\n- ZZZZ is unexplained weight").unwrap(),
            "{report}"
        );
    }
}

#[tokio::test]
async fn the_newest_week_is_named_by_its_last_trading_day() {
    let data = tempfile::tempdir().unwrap();
    let mut server = session(data.path(), &prices(&WHOLE), None).await;
    // A Wednesday; the week before ended on Thursday, its Friday being Good Friday.
    let ask = json!({"analysis_type": "returns", "frequency": "weekly", "end_date": "2016-03-30", "factor_universe": universe(&WHOLE)});
    let answer = server.answer(ANALYSIS, ask).await;
    says(&answer, "the newest period here ends on 2016-03-24");
}

#[tokio::test]
async fn naming_statistics_or_rolling_asks_for_them() {
    let data = tempfile::tempdir().unwrap();
    let mut server = session(data.path(), &prices(&WHOLE), None).await;
    let answer = server
        .answer(ANALYSIS, json!({"include": ["statistics", "rolling"], "factor_universe": universe(&WHOLE)}))
        .await;
    assert!(answer["statistics"].is_object() && answer["rolling"].is_object(), "{answer}");
    assert!(answer.get("not_computed").is_none());
}

#[tokio::test]
async fn a_new_year_without_a_month_is_said_beside_ytd() {
    let data = tempfile::tempdir().unwrap();
    let mut server = session(data.path(), &prices(&WHOLE), None).await;
    let ask = json!({"analysis_type": "returns", "windows": ["ytd", "1m"], "factor_universe": universe(&WHOLE)});
    let note = server.answer(ANALYSIS, ask).await["note"].as_str().unwrap().to_owned();
    assert!(
        note.contains("ytd is of 2024: no month of 2025 is whole yet; the source has no price of 2025 either"),
        "{note}"
    );
}

#[tokio::test]
async fn the_status_and_the_list_of_factors_give_the_dates_that_there_are() {
    let data = tempfile::tempdir().unwrap();
    let rates = yields(&["UST3M", "UST10Y"], "2016-03-01", "2024-12-30");
    let mut server = session(data.path(), &prices(&[&WHOLE[..], &[INFANT]].concat()), Some(&rates)).await;
    let parts = server.answer("get_server_status", json!({})).await["parts"].clone();
    assert_eq!(parts["prices"]["dates"], json!({"first": "2015-01-02", "newest": "2024-12-31"}));
    assert_eq!(parts["yields"]["maturities"]["UST10Y"], json!({"first": "2016-03-01", "newest": "2024-12-30"}));
    let page = server.answer("list_factors", json!({"query": "IBIT"})).await;
    let coin = page["factors"].as_array().unwrap().iter().find(|row| row["ticker"] == "IBIT").unwrap().clone();
    assert_eq!((&coin["first"], &coin["last"]), (&json!("2024-03-01"), &json!("2024-12-31")));
    let none = server.answer("list_factors", json!({"query": "XLK"})).await["factors"][0].clone();
    assert!(none["no_data"].as_str().unwrap().contains("XLK"), "{none}");
}

/// Each call is refused with some words, and what they advise succeeds.
#[tokio::test]
async fn every_way_out_succeeds_when_it_is_followed() {
    let data = tempfile::tempdir().unwrap();
    let funds = [&WHOLE[..], &[INFANT]].concat();
    let rates = yields(&["UST3M"], "2014-12-01", "2024-12-31");
    let mut server = session(data.path(), &prices(&funds), Some(&rates)).await;
    let whole = universe(&funds);
    let infant = json!([{"label": "infant", "ticker": "IBIT", "category": "style", "asset_class": "equity"}]);
    let performance = |more: Value| {
        let mut ask = json!({"analysis_type": "performance", "factor_universe": whole.clone()});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    let returns = |more: Value| {
        let mut ask = performance(more);
        ask["analysis_type"] = json!("returns");
        ask
    };
    let cases = [
        (
            ANALYSIS,
            performance(json!({"end_date": "2015-09-30"})),
            "Give a later end_date, up to 2024-12-31",
            performance(json!({"end_date": "2024-12-31"})),
        ),
        (
            ANALYSIS,
            json!({"analysis_type": "performance", "factor_universe": infant.clone()}),
            "Ask for frequency daily",
            json!({"analysis_type": "performance", "factor_universe": infant, "frequency": "daily"}),
        ),
        (
            ANALYSIS,
            returns(json!({"windows": ["the year 2022"]})),
            "or 2022, 2022H1, 2022Q1, 2022-03, a range such as 2020..2025",
            returns(json!({"windows": ["2022"]})),
        ),
        (
            ANALYSIS,
            json!({"analysis_type": "returns", "symbols": ["SPY", "TLT"]}),
            "name them in `tickers`: [\"SPY\", \"TLT\"]",
            json!({"analysis_type": "returns", "tickers": ["SPY", "TLT"]}),
        ),
        (
            ANALYSIS,
            performance(json!({"start_date": "2025-06-30", "end_date": "2026-12-31"})),
            "end_date 2026-12-31 has not been yet: give a start_date of 2023-12-31 or before",
            performance(json!({"start_date": "2023-12-31", "end_date": "2026-12-31"})),
        ),
        (
            EXPOSURES,
            json!({"holdings": []}),
            "write at least one, such as [{\"ticker\": \"SPY\", \"weight\": 1}]",
            json!({"holdings": [{"ticker": "SPY", "weight": 1}]}),
        ),
        (
            RECOMMENDATIONS,
            json!({"overexposed_factor": "TLTT", "factor_universe": universe(&WHOLE[..2])}),
            "earest are TLT (tlt)",
            json!({"overexposed_factor": "TLT", "factor_universe": universe(&WHOLE[..2])}),
        ),
        (
            RECOMMENDATIONS,
            json!({"overexposed_factor": "IBIT", "factor_universe": whole.clone()}),
            "Ask for frequency daily",
            json!({"overexposed_factor": "IBIT", "factor_universe": whole.clone(), "frequency": "daily"}),
        ),
    ];
    for (tool, wrong, words, right) in cases {
        let refused = server.refusal(tool, wrong.clone()).await;
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{wrong}: {message}");
        let answer = server.answer(tool, right).await;
        assert_eq!(answer["status"], "success");
    }
    // A factor too young by months is in the regression by days.
    let ask = json!({"holdings": {"SPY": 1}, "factors": ["IBIT"]});
    let monthly = server.answer(EXPOSURES, ask.clone()).await;
    says(&monthly, "with frequency daily it has more");
    let mut daily = ask;
    daily["frequency"] = json!("daily");
    assert!(server.answer(EXPOSURES, daily).await["regression"]["factors"]["IBIT"].is_object());
}

/// A file of yields that is named is used, whatever the prices are, or refused: never passed over.
#[tokio::test]
async fn a_file_of_yields_that_is_named_is_used_beside_any_prices() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("rates.csv");
    fs::write(&file, "date,UST3M\n2024-12-02,4.5\n2025-01-09,4.25\n").unwrap();
    let path = file.display().to_string();
    let settings =
        [("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_YIELD_FILE", path.as_str()), ("FACTOR_TODAY", "2025-01-10")];
    let mut server = Session::start(data.path(), &settings).await;
    let yields = server.answer("get_server_status", json!({})).await["parts"]["yields"].clone();
    assert_eq!((&yields["source"], &yields["why"]), (&json!("files"), &json!("FACTOR_YIELD_FILE is set")));
    assert_eq!(yields["probe"], "UST3M", "the sample has five of them");

    let both = std::process::Command::new(env!("CARGO_BIN_EXE_factor-mcp"))
        .args(["config"])
        .envs(settings)
        .env("FACTOR_YIELD_SOURCE", "fred")
        .env("FACTOR_DATA_DIR", data.path())
        .output()
        .unwrap();
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_factor-mcp"))
        .args(["analyze", "returns"])
        .envs(settings)
        .env("FACTOR_YIELD_SOURCE", "fred")
        .env("FACTOR_DATA_DIR", data.path())
        .output()
        .unwrap();
    assert!(both.status.success(), "settings can be looked at");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("leave one of them out"), "{said}");
}
