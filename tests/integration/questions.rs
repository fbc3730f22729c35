//! Twenty questions as a user would ask them: three figures of each answer worked out here from the prices alone, the length of
//! its summary, and the sentence that says what it does not know.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chrono::{Datelike, Months, NaiveDate};
use factor_mcp::{
    app::App,
    services::{Call, exposures, recommendations},
};
use factor_types::{DateRange, Ticker};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::support;

/// Returns by month end; months without are absent.
type Returns = BTreeMap<NaiveDate, f64>;

/// The months of the default window: the 120 to May 2026.
const LAST: (i32, u32) = (2026, 5);
const MONTHS: u32 = 120;

fn ends(months: u32) -> Vec<NaiveDate> {
    let first_of_next = NaiveDate::from_ymd_opt(LAST.0, LAST.1 + 1, 1).unwrap();
    let end = |back: u32| first_of_next.checked_sub_months(Months::new(back)).unwrap().pred_opt().unwrap();
    (0..=months).rev().map(end).collect()
}

/// Worked out once per ticker and window.
async fn returns(app: &App, ticker: &str, months: u32) -> Returns {
    static KEPT: Mutex<BTreeMap<(String, u32), Returns>> = Mutex::new(BTreeMap::new());
    let key = (ticker.to_owned(), months);
    if let Some(kept) = KEPT.lock().unwrap().get(&key) {
        return kept.clone();
    }
    let found = worked_out(app, ticker, months).await;
    KEPT.lock().unwrap().insert(key, found.clone());
    found
}

async fn worked_out(app: &App, ticker: &str, months: u32) -> Returns {
    let ends = ends(months);
    let range = DateRange::new(ends[0] - chrono::Days::new(40), *ends.last().unwrap()).unwrap();
    let series = app.sources.prices.history(&ticker.parse::<Ticker>().unwrap(), range).await.unwrap().series;
    let price = |end: NaiveDate| {
        // A fund that stopped has no price for a month that it left a week before its end.
        let in_month =
            |day: &NaiveDate| (day.year(), day.month()) == (end.year(), end.month()) && (end - *day).num_days() <= 7;
        series.dates().iter().zip(series.prices()).rev().find(|(day, _)| in_month(day)).map(|(_, price)| *price)
    };
    let of = |pair: &[NaiveDate]| Some((pair[1], price(pair[1])? / price(pair[0])? - 1.0));
    ends.windows(2).filter_map(of).collect()
}

/// The mean of those present.
async fn mean_of(app: &App, members: &[String], months: u32) -> Returns {
    let mut all = Returns::new();
    let mut count = BTreeMap::<NaiveDate, f64>::new();
    for member in members {
        for (month, r) in returns(app, member, months).await {
            *all.entry(month).or_default() += r;
            *count.entry(month).or_default() += 1.0;
        }
    }
    all.into_iter().map(|(month, sum)| (month, sum / count[&month])).collect()
}

async fn portfolio(app: &App, holdings: &Value, months: u32) -> Returns {
    let mut all = Returns::new();
    for (ticker, weight) in holdings.as_object().unwrap() {
        for (month, r) in returns(app, ticker, months).await {
            *all.entry(month).or_default() += weight.as_f64().unwrap() * r;
        }
    }
    all
}

fn paired(a: &Returns, b: &Returns) -> Vec<(f64, f64)> {
    a.iter().filter_map(|(month, x)| Some((*x, *b.get(month)?))).collect()
}

/// The sample covariance.
fn covariance(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (a, b) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    pairs.iter().map(|(x, y)| (x - a) * (y - b)).sum::<f64>() / (n - 1.0)
}

fn volatility(r: &Returns) -> f64 {
    (12.0 * covariance(&paired(r, r))).sqrt()
}

fn drawdown(r: &Returns) -> f64 {
    let (mut wealth, mut highest, mut deepest) = (1.0_f64, 1.0_f64, 0.0_f64);
    for r in r.values() {
        wealth *= 1.0 + r;
        highest = highest.max(wealth);
        deepest = deepest.min(wealth / highest - 1.0);
    }
    deepest
}

fn close(value: &Value, expected: f64, of: &str) {
    let got = value.as_f64().unwrap_or(f64::NAN);
    assert!((got - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{of}: {got} is not {expected}");
}

async fn ask(app: &Arc<App>, exposures: bool, arguments: &Value) -> Value {
    let call = Call { arguments: arguments.as_object().unwrap().clone(), ..Call::default() };
    let answer = if exposures { exposures::answer(app, call).await } else { recommendations::answer(app, call).await };
    answer.unwrap_or_else(|error| panic!("{arguments}: {error}")).structured.value()
}

fn with(arguments: &Value, more: Value) -> Value {
    let mut all = arguments.clone();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn short(question: &str, summary: &Value) {
    let length = summary.to_string().chars().count();
    assert!(length <= 8_000, "{question}: {length} characters");
    assert!(summary["insights"]["not_known"].as_str().unwrap().starts_with("Not known here: "), "{question}");
}

#[tokio::test]
async fn what_offsets_it() {
    let app = support::app(&[]);
    let questions = [
        (
            "I am overweight real estate: what offsets it?",
            "VNQ",
            json!({"overexposed_factor": "real estate", "holdings": {"VNQ": 0.35, "SPY": 0.65}}),
        ),
        ("hedge my tech", "XLK", json!({"overexposed_factor": "XLK", "holdings": {"XLK": 0.5, "SPY": 0.5}})),
        (
            "bonds fell with stocks, now what?",
            "fixed_income",
            json!({"overexposed_factor": "bonds", "holdings": {"TLT": 0.4, "LQD": 0.2, "SPY": 0.4}}),
        ),
        (
            "which industries pay me to diversify?",
            "SPY",
            json!({"overexposed_factor": "SPY", "categories": "industry", "prefer_income": true}),
        ),
        ("too much momentum", "MTUM", json!({"overexposed_factor": "momentum"})),
        (
            "what goes against gold miners?",
            "GDX",
            json!({"overexposed_factor": "Gold miners", "correlation_threshold": 0}),
        ),
        (
            "my portfolio is all cyclical",
            "cyclical",
            json!({"overexposed_factor": "cyclical", "holdings": {"XLY": 0.5, "XLF": 0.5}}),
        ),
        ("oil is a third of it", "XLE", json!({"overexposed_factor": "XLE", "holdings": {"XLE": 0.34, "SPY": 0.66}})),
        ("emerging markets scare me", "EEM", json!({"overexposed_factor": "emerging"})),
        ("I hold small caps only", "IWM", json!({"overexposed_factor": "size_small", "holdings": {"IWM": 1}})),
        ("what offsets junk bonds?", "HYG", json!({"overexposed_factor": "credit_hy"})),
        (
            "against shares, but with bonds only",
            "SPY",
            json!({"overexposed_factor": "us large", "asset_class_filters": {"include": ["bond"]}}),
        ),
        ("and over the last five years?", "VNQ", json!({"overexposed_factor": "VNQ", "start_date": "2021-05-31"})),
        ("regional banks again", "KRE", json!({"overexposed_factor": "banks - regional", "max_recommendations": 3})),
        ("all of my shares", "equity", json!({"overexposed_factor": "equity", "holdings": {"SPY": 0.8, "TLT": 0.2}})),
        ("is cash an offset of real estate?", "VNQ", json!({"overexposed_factor": "VNQ", "categories": ["cash"]})),
    ];
    for (question, resolved, arguments) in questions {
        short(question, &ask(&app, false, &arguments).await);
        let include = json!({"include": ["recommendations", "insights"], "precision": 17, "max_chars": 0});
        let answer = ask(&app, false, &with(&arguments, include)).await;
        assert_eq!(answer["overexposed_factor"]["resolved"], resolved, "{question}");
        let months = if arguments.get("start_date").is_some() { 60 } else { MONTHS };
        let members: Vec<String> = serde_json::from_value(answer["overexposed_factor"]["members"].clone()).unwrap();
        let f = mean_of(&app, &members, months).await;
        let rows = answer["recommendations"].as_array().unwrap();
        assert!(!rows.is_empty(), "{question}: {answer}");
        let said = answer["insights"]["sentences"].to_string();
        assert!(said.contains("Cash offsets nothing, it dilutes"), "{question}: {said}");
        if question.contains("cash") {
            assert!(
                said.contains("Nothing here offsets VNQ") && answer["insights"]["nothing_offsets"] == true,
                "{said}"
            );
        }
        for row in rows.iter().take(2) {
            let c = returns(&app, row["etf_ticker"].as_str().unwrap(), months).await;
            let both = paired(&f, &c);
            let (of_f, of_c): (Vec<_>, Vec<_>) = both.iter().map(|(f, c)| ((*f, *f), (*c, *c))).unzip();
            let (joint, var_f, var_c) = (covariance(&both), covariance(&of_f), covariance(&of_c));
            let rho = joint / (var_f * var_c).sqrt();
            let of = format!("{question}: {row}");
            assert_eq!(row["n"], both.len(), "{of}");
            close(&row["correlation_to_overexposed"], rho, &of);
            close(&row["hedge_ratio"], -joint / var_c, &of);
            close(&row["hedge_effectiveness"]["in_sample"], rho * rho, &of);
            let (first, rest) = both.split_at(both.len() * 2 / 3);
            if rest.len() >= 12 {
                let own: Vec<_> = first.iter().map(|(_, c)| (*c, *c)).collect();
                let ratio = -covariance(first) / covariance(&own);
                let hedged: Vec<_> = rest.iter().map(|(f, c)| (f + ratio * c, f + ratio * c)).collect();
                let alone: Vec<_> = rest.iter().map(|(f, _)| (*f, *f)).collect();
                let worth = 1.0 - covariance(&hedged) / covariance(&alone);
                let out_of_sample = &row["hedge_effectiveness"]["out_of_sample"];
                // A ratio of the other sign was another trade, which tests nothing.
                if (ratio > 0.0) == (joint < 0.0) {
                    close(out_of_sample, worth, &of);
                } else {
                    assert!(out_of_sample.is_null(), "{of}");
                }
            }
            if let Some(holdings) = arguments.get("holdings").filter(|_| both.len() == months as usize) {
                let p = portfolio(&app, holdings, months).await;
                let weight = row["suggested_additional_allocation"].as_f64().unwrap();
                let after = p.iter().map(|(month, r)| (*month, r + weight * (c[month] - f[month]))).collect();
                close(&row["portfolio_volatility"]["before"], volatility(&p), &of);
                close(&row["portfolio_volatility"]["after"], volatility(&after), &of);
            }
        }
        let threshold = arguments.get("correlation_threshold").map_or(-0.2, |given| given.as_f64().unwrap());
        for row in rows {
            let passes = row["correlation_to_overexposed"].as_f64().unwrap() <= threshold;
            assert_eq!(row["meets_threshold"], passes, "{question}: {row}");
        }
    }
}

#[tokio::test]
async fn what_am_i_exposed_to() {
    let app = support::app(&[]);
    let questions = [
        ("what am I exposed to?", json!({"holdings": {"SPY": 0.6, "TLT": 0.4}})),
        ("I bet large against small", json!({"holdings": {"SPY": 1.3, "IWM": -0.3}})),
        (
            "what if I sell half of my real estate for gold?",
            json!({"holdings": {"VNQ": 0.4, "SPY": 0.6}, "what_if": {"VNQ": -0.2, "GLD": 0.2}}),
        ),
        ("how much of it is one industry?", json!({"holdings": {"XLK": 0.7, "XLE": 0.3}, "factors": ["SPY", "GLD"]})),
    ];
    for (question, arguments) in questions {
        short(question, &ask(&app, true, &arguments).await);
        let include = json!({"include": ["risk", "what_if", "by_asset_class"], "precision": 17, "max_chars": 0});
        let answer = ask(&app, true, &with(&arguments, include)).await;
        let p = portfolio(&app, &arguments["holdings"], MONTHS).await;
        let of = format!("{question}: {answer}");
        close(&answer["risk"]["volatility"], volatility(&p), &of);
        close(&answer["risk"]["max_drawdown"], drawdown(&p), &of);
        let weights: f64 = answer["by_asset_class"].as_object().unwrap().values().map(|w| w.as_f64().unwrap()).sum();
        close(&json!(weights), 1.0, &of);
        if let Some(changes) = arguments.get("what_if") {
            let mut after = p.clone();
            for (month, r) in portfolio(&app, changes, MONTHS).await {
                *after.get_mut(&month).unwrap() += r;
            }
            close(&answer["what_if"]["after"]["risk"]["volatility"], volatility(&after), &of);
            close(&answer["what_if"]["after"]["risk"]["max_drawdown"], drawdown(&after), &of);
        }
    }
}

#[tokio::test]
async fn a_hundred_random_portfolios_are_no_more_volatile_after_a_swap() {
    let app = support::app(&[]);
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let tickers = ["VNQ", "SPY", "XLK", "TLT", "GLD", "XLE", "IWM", "HYG", "XLU", "KRE"];
    let universe: Vec<Value> = tickers
        .iter()
        .chain(&["SHY", "IEF", "USO"])
        .map(|ticker| json!({"ticker": ticker, "category": "style"}))
        .collect();
    let (mut moved, mut worked, mut failed) = (0, 0, 0);
    for at in 0..100 {
        let weights: Vec<f64> = tickers.iter().map(|_| random.random_range(0.0..1.0)).collect();
        let sum: f64 = weights.iter().sum();
        let holdings: serde_json::Map<String, Value> =
            tickers.iter().zip(&weights).map(|(ticker, weight)| ((*ticker).to_owned(), json!(weight / sum))).collect();
        let factor = tickers[at % tickers.len()];
        let arguments = json!({"overexposed_factor": factor, "factor_universe": universe, "holdings": holdings, "include": ["recommendations"],
            "precision": 17, "max_recommendations": 3});
        let answer = ask(&app, false, &arguments).await;
        let p = portfolio(&app, &arguments["holdings"], MONTHS).await;
        let f = returns(&app, factor, MONTHS).await;
        for row in answer["recommendations"].as_array().unwrap() {
            let c = returns(&app, row["etf_ticker"].as_str().unwrap(), MONTHS).await;
            let weight = row["suggested_additional_allocation"].as_f64().unwrap();
            assert!((0.0..=0.1).contains(&weight) && weight <= holdings_of(&arguments, factor), "{row}");
            let held = |weight: f64| -> Returns {
                let both = p.iter().filter(|(month, _)| c.contains_key(month));
                both.map(|(month, r)| (*month, r + weight * (c[month] - f[month]))).collect()
            };
            let (before, after) = (volatility(&held(0.0)), volatility(&held(weight)));
            assert!(after <= before * (1.0 + 1e-12), "{after} after {before}: {row}");
            close(&row["portfolio_volatility"]["before"], before, "before");
            close(&row["portfolio_volatility"]["after"], after, "after");
            // No other weight within the bounds does better.
            let cap = 0.1_f64.min(holdings_of(&arguments, factor));
            let least = (0..=10).map(|step| volatility(&held(cap * f64::from(step) / 10.0))).fold(before, f64::min);
            assert!(after <= least * (1.0 + 1e-9), "{least} is less than {after}: {row}");
            moved += usize::from(weight > 0.0);
            match row["hedge_effectiveness"]["out_of_sample"].as_f64() {
                Some(share) if share > 0.0 => worked += 1,
                Some(_) => failed += 1,
                None => {}
            }
        }
    }
    // Out of sample it is shown as it is: sometimes it fails.
    assert!(moved > 50 && worked > 0 && failed > 0, "{moved} moved, {worked} worked, {failed} failed");
}

fn holdings_of(arguments: &Value, ticker: &str) -> f64 {
    arguments["holdings"][ticker].as_f64().unwrap()
}
