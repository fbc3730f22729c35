//! What a portfolio is exposed to, over standard input and output.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{
    groups::Session,
    recommendations::{numbers, rounded},
};

const TOOL: &str = "get_portfolio_exposures";

fn close(value: &Value, expected: f64) {
    let got = value.as_f64().unwrap_or(f64::NAN);
    assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
}

#[tokio::test]
async fn a_portfolio_that_is_its_benchmark() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask =
        json!({"holdings": {"SPY": 1}, "factors": ["SPY", "TLT"], "format": "full", "max_chars": 0, "precision": 17});
    let answer = server.answer(TOOL, ask).await;
    let regression = &answer["regression"];
    close(&regression["factors"]["SPY"]["beta"], 1.0);
    close(&regression["factors"]["TLT"]["beta"], 0.0);
    close(&regression["r_squared"], 1.0);
    close(&regression["residual_share"], 0.0);
    close(&answer["risk"]["beta"], 1.0);
    // The same as the factor's own profile.
    let own =
        json!({"analysis_type": "performance", "categories": ["market"], "include": ["per_factor"], "precision": 17});
    let own = server.answer("get_factor_analysis", own).await["per_factor"]["SPY"].clone();
    for field in ["volatility", "max_drawdown", "var_95", "cvar_95"] {
        close(&answer["risk"][field], own[field].as_f64().unwrap());
    }
    assert_eq!(answer["by_industry"], json!({"market": 1.0}));
    assert_eq!(answer["by_asset_class"], json!({"equity": 1.0}));
}

#[tokio::test]
async fn weights_sum_and_shares_of_the_variance_too() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let holdings = json!({"VNQ": 0.3, "XLK": 0.2, "TLT": 0.2, "SPY": 0.1, "GLD": 0.1});
    let ask = json!({"holdings": holdings, "format": "full", "max_chars": 0, "precision": 17});
    let full = server.answer(TOOL, ask).await;
    for name in ["by_industry", "by_sector_group", "by_asset_class"] {
        let sum: f64 = full[name].as_object().unwrap().values().map(|weight| weight.as_f64().unwrap()).sum();
        close(&json!(sum), 1.0);
    }
    assert_eq!(full["by_sector_group"]["cyclical"], 0.3);
    close(&full["by_asset_class"]["cash"], 0.1);
    assert!(full["note"].as_str().unwrap().contains("the remaining 0.1 is cash"));
    let factors = full["regression"]["factors"].as_object().unwrap();
    assert!(factors.contains_key("equity") && !factors.contains_key("cash"), "{factors:?}");
    let shares: f64 = factors.values().map(|one| one["variance_share"].as_f64().unwrap()).sum();
    assert!((shares + full["regression"]["residual_share"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    // Half of the portfolio and half cash has half of every beta and of the volatility.
    let half = json!({"holdings": {"VNQ": 0.15, "XLK": 0.1, "TLT": 0.1, "SPY": 0.05, "GLD": 0.05}, "format": "full",
        "max_chars": 0, "precision": 17});
    let half = server.answer(TOOL, half).await;
    for (name, one) in factors {
        close(&half["regression"]["factors"][name]["beta"], 0.5 * one["beta"].as_f64().unwrap());
    }
    close(&half["risk"]["beta"], 0.5 * full["risk"]["beta"].as_f64().unwrap());
}

#[tokio::test]
async fn a_trade_is_that_of_the_portfolio_after_it() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let detail = |holdings: Value, more: Value| {
        let mut ask = json!({"holdings": holdings, "format": "full", "max_chars": 0, "precision": 17});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    let before = json!({"VNQ": 0.4, "SPY": 0.6});
    let trade = json!({"what_if": [{"ticker": "VNQ", "change": -0.1}, {"ticker": "TLT", "change": 0.1}]});
    let traded = server.answer(TOOL, detail(before.clone(), trade)).await;
    let after = server.answer(TOOL, detail(json!({"VNQ": 0.3, "SPY": 0.6, "TLT": 0.1}), json!({}))).await;
    let what_if = &traded["what_if"];
    for field in ["volatility", "beta", "max_drawdown", "var_95", "cvar_95"] {
        close(&what_if["before"]["risk"][field], traded["risk"][field].as_f64().unwrap());
        close(&what_if["after"]["risk"][field], after["risk"][field].as_f64().unwrap());
    }
    let beta = |answer: &Value| answer["factors"]["equity"]["beta"].as_f64().unwrap();
    close(&json!(beta(&what_if["after"]["regression"])), beta(&after["regression"]));
    // What is not balanced goes to cash.
    let sold = server.answer(TOOL, detail(before, json!({"what_if": {"VNQ": -0.4}}))).await;
    assert_eq!(sold["what_if"]["weights_after"], json!({"SPY": 0.6, "CUR:USD": 0.4}));
}

#[tokio::test]
async fn a_summary_is_short_and_its_sentences_are_its_fields() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask =
        json!({"holdings": {"VNQ": 0.4, "SPY": 0.3, "TLT": 0.2, "ZZZZ": 0.1}, "what_if": {"VNQ": -0.1, "GLD": 0.1}});
    let answer = server.answer(TOOL, ask).await;
    assert!(answer.to_string().chars().count() <= 8_000, "{}", answer.to_string().len());
    let mut known = HashSet::new();
    rounded(&answer, &mut known);
    let sentences = answer["insights"]["sentences"].as_array().unwrap();
    assert!(sentences.len() >= 4, "{sentences:?}");
    for text in sentences {
        for number in numbers(text.as_str().unwrap()) {
            assert!(known.contains(&number), "{number} of {text} is in no field: {answer}");
        }
    }
    assert!(answer["insights"]["not_known"].as_str().unwrap().starts_with("Not known here: "));
    assert_eq!(answer["weights"]["unexplained"], 0.1);
    let only = server.answer(TOOL, json!({"holdings": {"SPY": 1}, "include": ["risk", "what_if", "nonsense"]})).await;
    let keys: Vec<&String> = only.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["status", "warnings", "invalid_sections", "not_computed", "as_of", "period", "risk", "note"]);
    let many: serde_json::Map<String, Value> =
        (0..999).map(|n| (format!("Q{n}"), json!(0.0004))).chain([("VNQ".to_owned(), json!(0.6004))]).collect();
    let many = server.answer(TOOL, json!({"holdings": many})).await;
    assert_eq!(many["holding_count"], 1000);
    assert!(many.to_string().chars().count() <= 8_000, "{}", many.to_string().len());
}

#[tokio::test]
async fn what_cannot_be_answered_says_why() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let problems = server.problems(TOOL, json!({})).await;
    assert!(
        problems[0].contains("no CURRENT_PORTFOLIO is saved") && problems[0].contains("save_portfolio"),
        "{problems:?}"
    );
    let wrong =
        json!({"holdings": {"SPY": 1}, "what_if": [{"ticker": "S PY", "change": 60}, {"ticker": "TLT"}], "top_n": 5});
    let problems = server.problems(TOOL, wrong).await;
    for start in ["what_if[0].ticker: ", "what_if[0].change: ", "what_if[1].change: is required", "top_n: "] {
        assert!(problems.iter().any(|one| one.starts_with(start)), "{start}: {problems:?}");
    }
    let names = json!({"holdings": {"SPY": 1}, "factors": ["TLT", "nonsense", "insurance"]});
    let error = server.error(TOOL, names, "unknown_factor").await;
    let fields: Vec<&Value> = error["problems"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["factors[1]", "factors[2]"], "{error}");
    // What might be a ticker is asked of the price source first.
    let names = json!({"holdings": {"SPY": 1}, "factors": ["TLT", "spyy", "xyzzy"]});
    let error = server.error(TOOL, names, "unknown_factor").await;
    let fields: Vec<&Value> = error["problems"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["factors[1]", "factors[2]"], "{error}");
    assert!(error["message"].as_str().unwrap().contains("SPY ("), "{error}");
    let cash = server.answer(TOOL, json!({"holdings": {"CUR:USD": 1}})).await;
    assert_eq!(cash["by_asset_class"], json!({"cash": 1.0}));
    assert!(cash["not_computed"]["regression"].is_string() && cash.get("regression").is_none(), "{cash}");
    let gone = json!({"holdings": {"SPY": 1}, "what_if": {"SPY": -1, "ZZZZ": 1}});
    let error = server.error(TOOL, gone, "insufficient_data").await;
    assert!(error["message"].as_str().unwrap().starts_with("what_if leaves a portfolio"), "{error}");
}

#[tokio::test]
async fn what_a_trade_takes_from_the_rest_is_said_and_each_change_is_after_less_before() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask = |what_if: Value, balance: &str| {
        json!({"holdings": {"SPY": 0.6, "IEF": 0.4}, "what_if": what_if, "balance": balance, "include": ["what_if"],
            "precision": 17})
    };
    let moved =
        server.answer(TOOL, ask(json!([{"ticker": "GLD", "change": 0.2}]), "pro_rata")).await["what_if"].clone();
    let sentence = "0.2 comes from all other holdings in proportion, each times 0.8: SPY 0.6 to 0.48, IEF 0.4 to 0.32.";
    assert_eq!(moved["how"], sentence);
    let weights = &moved["weights_after"];
    [("SPY", 0.48), ("IEF", 0.32), ("GLD", 0.2)].iter().for_each(|(ticker, weight)| close(&weights[ticker], *weight));
    // The same trade, said leg by leg.
    let legs = json!({"SPY": -0.12, "IEF": -0.08, "GLD": 0.2});
    let by_legs = server.answer(TOOL, ask(legs, "cash")).await["what_if"].clone();
    assert_eq!(by_legs["how"], "The changes balance: nothing else moves.");
    let figures = [
        "total_return",
        "annual_return",
        "volatility",
        "sharpe_ratio",
        "beta",
        "max_drawdown",
        "max_drawdown_daily",
        "var_95",
        "cvar_95",
    ];
    for figure in figures {
        let (before, after) = (&moved["before"]["risk"][figure], &moved["after"]["risk"][figure]);
        close(&moved["change"][figure], after.as_f64().unwrap() - before.as_f64().unwrap());
        close(after, by_legs["after"]["risk"][figure].as_f64().unwrap());
    }
    let borrowed = server.answer(TOOL, ask(json!({"GLD": 0.2}), "cash")).await["what_if"].clone();
    assert!(
        borrowed["how"].as_str().unwrap().contains("borrowed at the risk-free rate; with balance pro_rata"),
        "{borrowed}"
    );
    close(&borrowed["weights_after"]["CUR:USD"], -0.2);
    let problems = server.problems(TOOL, ask(json!({"SPY": 0.5}), "pro_rata")).await;
    assert!(problems[0].starts_with("what_if: takes 0.5 from the other holdings, which are 0.4"), "{problems:?}");
    let idle = server.answer(TOOL, json!({"holdings": {"SPY": 1}, "balance": "pro_rata", "include": ["risk"]})).await;
    assert!(idle["note"].as_str().unwrap().contains("balance is ignored"), "{idle}");
}

#[tokio::test]
async fn calendar_years_are_those_of_the_holdings_beside_the_benchmark() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    // From May 2019 to May 2026: the first and the last year are not whole.
    let asked =
        json!({"holdings": {"TLT": 1}, "start_date": "2019-04-30", "include": ["calendar_years"], "precision": 17});
    let answer = server.answer(TOOL, asked).await;
    let years = answer["calendar_years"].as_array().unwrap();
    let partial: Vec<_> = years.iter().filter(|one| one["partial"] == true).map(|one| one["year"].clone()).collect();
    assert_eq!((years.len(), partial), (8, vec![json!(2019), json!(2026)]), "{answer}");
    assert_eq!(
        (&years[0]["from"], &years[0]["to"], &years[0]["periods"]),
        (&json!("2019-04-30"), &json!("2019-12-31"), &json!(8))
    );
    assert_eq!(years[7]["to"], "2026-05-31");
    let windows = json!({"analysis_type": "returns", "tickers": ["TLT", "SPY"], "windows": ["2020..2025"], "include": ["factors"],
        "precision": 17});
    let windows = server.answer("get_factor_analysis", windows).await;
    let of = |ticker: &str, year: &Value| {
        windows["factors"][ticker]["windows"][year.to_string()]["total_return"].as_f64().unwrap()
    };
    for one in &years[1..7] {
        close(&one["total_return"], of("TLT", &one["year"]));
        close(&one["benchmark_return"], of("SPY", &one["year"]));
        close(&one["difference"], of("TLT", &one["year"]) - of("SPY", &one["year"]));
    }
    let short = server.answer(TOOL, json!({"holdings": {"TLT": 1}, "start_date": "2019-04-30"})).await;
    let shown: Vec<f64> =
        short["calendar_years"].as_array().unwrap().iter().map(|one| one["total_return"].as_f64().unwrap()).collect();
    let whole = || years[1..7].iter().map(|one| one["total_return"].as_f64().unwrap());
    let (best, worst) = (whole().fold(f64::MIN, f64::max), whole().fold(f64::MAX, f64::min));
    assert!((shown[0] - best).abs() < 1e-4 && (shown[1] - worst).abs() < 1e-4 && shown.len() == 2, "{short}");
}
