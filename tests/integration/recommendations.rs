//! What offsets a factor, over standard input and output: the figures against plain arithmetic on the prices, and every
//! portfolio that is none.

use std::{collections::HashSet, fmt::Write as _};

use serde_json::{Value, json};

use crate::groups::Session;

/// A machine that does other work too needs longer than a call may take: what is tested is what is answered.
const UNHURRIED: [(&str, &str); 1] = [("FACTOR_CALL_DEADLINE", "300")];
const TOOL: &str = "get_factor_recommendations";
/// The longest summary.
const LONGEST: usize = 8_000;

/// A portfolio with much real estate.
fn holdings() -> Value {
    json!({"VNQ": 0.35, "SPY": 0.25, "XLK": 0.2, "TLT": 0.2})
}

/// Every number that a text has, as written.
pub(crate) fn numbers(text: &str) -> Vec<String> {
    let cut = |c: char| !(c.is_ascii_digit() || c == '.' || c == '-');
    let words = text.split(cut).map(|word| word.trim_end_matches(['.', '-']).to_owned());
    words.filter(|word| word.parse::<f64>().is_ok()).collect()
}

/// Every number of a value, rounded to four decimals.
pub(crate) fn rounded(value: &Value, into: &mut HashSet<String>) {
    match value {
        Value::Number(number) => {
            let rounded = (number.as_f64().unwrap() * 1e4).round() / 1e4 + 0.0;
            into.insert(format!("{rounded}"));
        }
        Value::Array(items) => items.iter().for_each(|item| rounded(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| rounded(field, into)),
        _ => {}
    }
}

#[tokio::test]
async fn real_estate_has_hardly_an_offset_and_cash_is_none() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let ask = json!({"overexposed_factor": "Real Estate", "holdings": holdings(), "correlation_threshold": -0.4, "sort_by": "correlation"});
    let answer = server.answer(TOOL, ask).await;
    assert_eq!(answer["overexposed_factor"]["resolved"], "VNQ");
    assert_eq!(answer["overexposed_factor"]["query"], "Real Estate");
    assert_eq!(answer["candidates_meeting_threshold"], 0);
    let rows = answer["recommendations"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["meets_threshold"] == false), "{answer}");
    assert!(rows.iter().all(|row| row["category"] != "cash"), "{answer}");
    assert!(answer["note"].as_str().unwrap().contains("no offset passes correlation_threshold -0.4"), "{answer}");
    assert!(answer["insights"]["left_out"]["cash"].as_u64().unwrap() >= 2, "{answer}");
    assert_eq!(answer["portfolio"]["weight_of_overexposed"], 0.35);
    assert_eq!(answer["current_portfolio_exposures"]["REIT - Diversified"], 0.35);
    assert_eq!(answer["current_portfolio_exposures"]["fixed_income"], 0.2);
    let whole = json!({"overexposed_factor": "VNQ", "holdings": holdings(), "include": ["exposures"]});
    let whole = server.answer(TOOL, whole).await;
    let regression = &whole["regression_exposures"];
    let shares: f64 =
        regression["factors"].as_object().unwrap().values().map(|one| one["variance_share"].as_f64().unwrap()).sum();
    assert!((shares + regression["residual_share"].as_f64().unwrap() - 1.0).abs() < 5e-4, "{regression}");
    assert!(answer["insights"]["not_known"].as_str().unwrap().starts_with("Not known here: "));
    assert!(answer.to_string().chars().count() <= LONGEST);
}

/// The best hedge comes first, with what selling comes to beside it; its figures are those of daily returns, by plain arithmetic on the
/// answer's own ratios.
#[tokio::test]
async fn the_best_hedge_stands_first_beside_what_selling_comes_to() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let answer = server.answer(TOOL, json!({"overexposed_factor": "VNQ", "holdings": holdings()})).await;
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    let place = |name: &str| names.iter().position(|one| *one == name).unwrap();
    assert!(place("best_hedge") < place("recommendations") && place("reduce") < place("recommendations"), "{names:?}");
    let hedge = &answer["best_hedge"];
    let members = hedge["members"].as_array().unwrap();
    assert!((1..=3).contains(&members.len()) && hedge["rows"] == 252, "{hedge}");
    for leg in members {
        let ratio = leg["ratio"].as_f64().unwrap();
        assert!((leg["change"].as_f64().unwrap() - 0.35 * ratio).abs() < 1e-4, "{leg}");
        assert_eq!(leg["direction"] == "buy", ratio > 0.0, "{leg}");
    }
    let whole = json!({"overexposed_factor": "VNQ", "holdings": holdings(), "include": ["best_hedge"]});
    let whole = server.answer(TOOL, whole).await;
    for leg in whole["best_hedge"]["members"].as_array().unwrap() {
        let (ratio, moved) = (leg["ratio"].as_f64().unwrap(), &leg["in_portfolio"]);
        let sold = moved["from_holding"].as_f64().unwrap() + moved["sold_short"].as_f64().unwrap();
        assert!((sold - (-0.35 * ratio).max(0.0)).abs() < 2e-6, "{leg}");
    }
    let (taken, next) = (hedge["in_sample"].as_f64().unwrap(), &hedge["next_quarter"]);
    let between = |one: &Value, at: f64| one[0].as_f64().unwrap() <= at && at <= one[1].as_f64().unwrap();
    assert!(between(&hedge["estimate"], taken), "{hedge}");
    assert!(
        next["low"].as_f64() < next["median"].as_f64() && next["median"].as_f64() < next["high"].as_f64(),
        "{next}"
    );
    // Without holdings the share is that of the effectiveness alone: 1 - sqrt(1 - E).
    let alone = server.answer(TOOL, json!({"overexposed_factor": "VNQ"})).await;
    let (e, s) = (&alone["best_hedge"]["in_sample"], &alone["reduce"]["share"]);
    assert!((1.0 - s.as_f64().unwrap()).powi(2) - (1.0 - e.as_f64().unwrap()) < 2e-4, "{alone}");
    let sentences = alone["insights"]["sentences"].as_array().unwrap();
    assert!(sentences[0].as_str().unwrap().starts_with("Best hedge, per unit of VNQ: "), "{sentences:?}");
    assert!(
        sentences[2].as_str().unwrap().starts_with("Before borrow, margin, trading costs and taxes"),
        "{sentences:?}"
    );
    assert!(alone.get("scorecard").is_none() && alone.to_string().chars().count() <= 4_000, "{alone}");
}

#[tokio::test]
async fn a_scorecard_grades_past_hedges_and_an_earlier_end_changes_no_quarter_before() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let ask =
        |end: &str| json!({"overexposed_factor": "XLE", "include": ["scorecard"], "end_date": end, "max_chars": 0});
    let (early, late) = (server.answer(TOOL, ask("2024-12-31")).await, server.answer(TOOL, ask("2025-12-31")).await);
    let of = |answer: &Value, whose: &str| answer["scorecard"][whose].clone();
    let (factor, universe) = (of(&late, "of_factor"), of(&late, "over_universe"));
    assert_eq!(
        (&factor["evaluated_to"], &of(&early, "of_factor")["evaluated_to"]),
        (&json!("2025-12-31"), &json!("2024-12-31"))
    );
    // Four quarters more, the first the same.
    let quarters = |one: &Value| one["fund_quarters"].as_u64().unwrap();
    assert_eq!(quarters(&factor), quarters(&of(&early, "of_factor")) + 4);
    assert_eq!(factor["first"], of(&early, "of_factor")["first"]);
    assert!(quarters(&universe) > 40 * quarters(&factor), "{universe}");
    let way = |grades: &Value, name: &str| {
        grades["strategies"].as_array().unwrap().iter().find(|one| one["strategy"] == name).unwrap().clone()
    };
    let (best, none) = (way(&universe, "best_hedge"), way(&universe, "no_hedge"));
    assert!(best["mean"].as_f64().unwrap() > 0.3 && best["helped"].as_f64().unwrap() > 0.9, "{best}");
    assert_eq!((none["mean"].as_f64(), none["helped"].as_f64()), (Some(0.0), None));
    assert!(way(&universe, "least_correlated_bought")["mean"].as_f64() < best["mean"].as_f64());
    assert!(factor["coverage"]["next_quarter"].is_number() && factor["coverage"]["estimate"].is_number(), "{factor}");
}

#[tokio::test]
async fn a_portfolio_has_its_moves_graded_apart_from_hedges() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let ask = json!({"overexposed_factor": "VNQ", "holdings": holdings(), "include": ["scorecard", "formatted_report"], "max_chars": 0});
    let answer = server.answer(TOOL, ask).await;
    let swaps = &answer["scorecard"]["swaps"];
    assert_eq!(swaps["quarters"], answer["scorecard"]["of_factor"]["fund_quarters"], "{swaps}");
    for way in ["into_fund", "into_cash"] {
        let (mean, worst) = (swaps[way]["mean"].as_f64().unwrap(), swaps[way]["worst"].as_f64().unwrap());
        assert!(worst <= mean && mean > 0.0 && mean < 0.5, "{swaps}");
    }
    let text = answer["formatted_report"].as_str().unwrap();
    assert!(text.contains("## How moves out of VNQ within the portfolio did\n"), "{text}");
    let alone =
        server.answer(TOOL, json!({"overexposed_factor": "VNQ", "include": ["scorecard"], "max_chars": 0})).await;
    assert!(alone["scorecard"].get("swaps").is_none(), "{alone}");
}

#[tokio::test]
async fn only_candidates_that_are_named_hedge_and_what_cannot_is_said() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let asked = json!({"overexposed_factor": "SPY", "candidates": ["US Treasuries 20+ years"]});
    let answer = server.answer(TOOL, asked).await;
    let tickers = |rows: &Value| -> Vec<String> {
        rows.as_array().unwrap().iter().map(|row| row["etf_ticker"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(tickers(&answer["best_hedge"]["members"]), ["TLT"], "{answer}");
    assert_eq!(
        (tickers(&answer["recommendations"]), &answer["candidates_scanned"]),
        (vec!["TLT".to_owned()], &json!(1))
    );
    assert!(answer["note"].as_str().unwrap().contains("candidates reads `US Treasuries 20+ years` as TLT"), "{answer}");
    // What is to be expected of it is what such hedges did, and not what the best of all funds did.
    let all = server.answer(TOOL, json!({"overexposed_factor": "SPY"})).await;
    let expected = |answer: &Value| answer["best_hedge"]["next_quarter"]["median"].as_f64().unwrap();
    assert!(expected(&answer) < 0.3 && expected(&all) > 0.6, "{} {}", expected(&answer), expected(&all));
    let shares = |answer: &Value| answer["reduce"]["share"].as_f64().unwrap();
    assert!(shares(&answer) < shares(&all));
    // The factor itself, cash, a fund that stopped and one too young: each is said with why it is none.
    let odd = json!({"overexposed_factor": "SPY", "candidates": ["TLT", "SPY", "BIL", "PEJ", "ETHA"], "include": ["best_hedge"]});
    let odd = server.answer(TOOL, odd).await;
    let note = odd["note"].as_str().unwrap();
    for said in [
        "SPY is left out: the factor to offset",
        "BIL is no member of best_hedge: cash",
        "PEJ is left out: it stopped",
        "ETHA is not analysed (",
    ] {
        assert!(note.contains(said), "{said}: {note}");
    }
    assert!(!note.contains("TLT is"), "{note}");
    // One outside the universe is priced; a name that is none is refused by its place.
    let outside = server.answer(TOOL, json!({"overexposed_factor": "SPY", "candidates": ["TLT", "ZZZZ"]})).await;
    assert!(outside["note"].as_str().unwrap().contains("ZZZZ is not analysed ("), "{outside}");
    let problems = server
        .problems(TOOL, json!({"overexposed_factor": "SPY", "candidates": ["TLT", "no such thing", "equity"]}))
        .await;
    for start in ["candidates[1]: ", "candidates[2]: is the average of "] {
        assert!(problems.iter().any(|one| one.starts_with(start)), "{start}: {problems:#?}");
    }
    let wrong = server
        .problems(
            TOOL,
            json!({"overexposed_factor": "SPY", "candidates": [], "sort_by": "beauty", "allow_short": "maybe"}),
        )
        .await;
    for start in ["candidates: must name", "sort_by: ", "allow_short: "] {
        assert!(wrong.iter().any(|one| one.starts_with(start)), "{start}: {wrong:#?}");
    }
}

#[tokio::test]
async fn one_who_may_not_sell_short_is_told_what_that_costs() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let ask = |allow: Option<bool>| {
        let include = ["best_hedge", "recommendations", "insights"];
        let mut ask = json!({"overexposed_factor": "XLE", "holdings": {"XLE": 0.4, "IEF": 0.6}, "include": include, "max_chars": 0});
        ask.as_object_mut().unwrap().extend(allow.map(|allow| ("allow_short".to_owned(), json!(allow))));
        ask
    };
    let (free, bought, both) = (
        server.answer(TOOL, ask(None)).await,
        server.answer(TOOL, ask(Some(false))).await,
        server.answer(TOOL, ask(Some(true))).await,
    );
    let members = bought["best_hedge"]["members"].as_array().unwrap();
    assert!(
        members.len() == 1 && members[0]["direction"] == "buy" && members[0]["ratio"].as_f64() > Some(0.0),
        "{members:?}"
    );
    let taken = |answer: &Value| answer["best_hedge"]["effectiveness"]["in_sample"].as_f64().unwrap();
    let costs = bought["best_hedge"]["effectiveness"]["with_short_sales"].as_f64().unwrap();
    assert!((costs - taken(&free)).abs() < 1e-9 && taken(&bought) < costs, "{bought}");
    // Graded by how purchases did.
    let expected = |answer: &Value| answer["best_hedge"]["next_quarter"]["median"].as_f64().unwrap();
    assert!(expected(&bought) < 0.3 && expected(&free) > 0.3, "{} {}", expected(&bought), expected(&free));
    let sentences = bought["insights"]["sentences"].to_string();
    assert!(
        sentences.contains("Best hedge that buys only") && sentences.contains("Selling short as well would take"),
        "{sentences}"
    );
    assert!(sentences.contains("when sold short") || sentences.contains("Sold short, "), "{sentences}");
    assert!(!sentences.contains("short proceeds"), "{sentences}");
    // Both directions by what they take away out of sample; without a word those to buy.
    let rows = |answer: &Value| answer["recommendations"].as_array().unwrap().clone();
    let worth: Vec<f64> = (rows(&both).iter())
        .map(|row| row["hedge_effectiveness"]["out_of_sample"].as_f64().unwrap_or(f64::NEG_INFINITY))
        .collect();
    assert!(worth.is_sorted_by(|a, b| a >= b) && rows(&both)[0]["direction"] == "short", "{worth:?}");
    assert!(rows(&both)[0]["rationale"].as_str().unwrap().contains("; sell short (hedge ratio -"));
    let any_long = rows(&free).iter().any(|row| row["direction"] == "long");
    assert!(rows(&free).iter().all(|row| (row["direction"] == "long") == any_long), "{free}");
    // By what the move leaves of the portfolio's variance.
    let left: Vec<f64> = (rows(&free).iter())
        .map(|row| {
            row["portfolio_volatility"]["after"].as_f64().unwrap()
                / row["portfolio_volatility"]["before"].as_f64().unwrap()
        })
        .collect();
    assert!(left.is_sorted(), "{left:?}");
}

#[tokio::test]
async fn trades_are_in_shares_and_dollars_and_what_is_held_is_sold_first() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    // The best hedge of VNQ sells other real estate: a little of its first member is held.
    let first = server.answer(TOOL, json!({"overexposed_factor": "VNQ"})).await["best_hedge"]["members"][0].clone();
    let relative = first["etf_ticker"].as_str().unwrap().to_owned();
    assert_eq!(first["direction"], "sell short", "{first}");
    let held = json!([{"ticker": "VNQ", "value": 40_000}, {"ticker": relative, "shares": 10}, {"ticker": "CUR:USD", "value": 60_000}]);
    let ask = |format: &str| json!({"overexposed_factor": "VNQ", "holdings": held, "format": format, "max_chars": 0, "advanced": {"precision": 17}});
    let whole = server.answer(TOOL, ask("full")).await;
    let leg = &whole["best_hedge"]["members"][0];
    assert_eq!(leg["etf_ticker"], json!(relative), "{leg}");
    let (sold, short) = (&leg["trades"][0], &leg["trades"][1]);
    assert_eq!(
        (&sold["direction"], &sold["shares"], &short["direction"]),
        (&json!("sell"), &json!(10.0), &json!("sell short")),
        "{leg}"
    );
    let dollars = sold["dollars"].as_f64().unwrap() + short["dollars"].as_f64().unwrap();
    assert!((dollars + 40_000.0 * leg["ratio"].as_f64().unwrap()).abs() < 0.02, "{leg}");
    // One price for both.
    let price = |trade: &Value| trade["dollars"].as_f64().unwrap() / trade["shares"].as_f64().unwrap();
    assert!((price(sold) / price(short) - 1.0).abs() < 1e-3, "{leg}");
    let sale = &whole["reduce"]["trades"][0];
    let share = whole["reduce"]["share"].as_f64().unwrap();
    assert!(
        sale["etf_ticker"] == "VNQ" && (sale["dollars"].as_f64().unwrap() - 40_000.0 * share).abs() < 0.02,
        "{sale}"
    );
    assert!(whole["reduce"]["hedged"]["return_given_up"].is_number(), "{}", whole["reduce"]);
    let summary = server.answer(TOOL, ask("summary")).await;
    let said = summary["insights"]["sentences"][0].as_str().unwrap();
    assert!(said.contains(": sell what is held first, 10 shares, ") && said.contains(", then sell short "), "{said}");
    assert_eq!(summary["best_hedge"]["members"][0]["trades"][0]["shares"], 10.0, "{summary}");
    assert!(summary.to_string().chars().count() <= 6_000, "{}", summary.to_string().len());
}

#[tokio::test]
async fn what_a_sentence_says_its_fields_say() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let ask = json!({"overexposed_factor": "TLT", "holdings": holdings(), "correlation_threshold": 0, "sort_by": "score", "format": "full",
        "max_recommendations": 6, "max_chars": 0, "advanced": {"precision": 17}});
    let answer = server.answer(TOOL, ask).await;
    let rows = answer["recommendations"].as_array().unwrap();
    assert!(rows.len() >= 2, "{answer}");
    for row in rows {
        let mut known = HashSet::from(["95".to_owned()]);
        rounded(row, &mut known);
        let text = row["rationale"].as_str().unwrap();
        let said = numbers(text);
        assert!(said.len() >= 4, "{text}");
        for number in said {
            assert!(known.contains(&number), "{number} of {text} is in no field: {row}");
        }
        let change = &row["portfolio_volatility"];
        assert!(change["after"].as_f64() <= change["before"].as_f64(), "{row}");
        let weight = row["suggested_additional_allocation"].as_f64().unwrap();
        assert!((0.0..=0.1).contains(&weight), "{row}");
        assert_eq!(row["reason"] == "would_not_reduce", weight == 0.0, "{row}");
        let parts: f64 = row["score_parts"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
        assert!((row["score"].as_f64().unwrap() - parts).abs() < 1e-12, "{row}");
    }
    let order: Vec<f64> = rows.iter().map(|row| row["score"].as_f64().unwrap()).collect();
    assert!(order.windows(2).all(|two| two[0] >= two[1]), "{order:?}");
}

#[tokio::test]
async fn without_a_portfolio_there_are_hedge_ratios_and_no_swaps() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let answer = server.answer(TOOL, json!({"overexposed_factor": "XLK"})).await;
    assert!(answer["note"].as_str().unwrap().contains("no portfolio: recommendations only"), "{answer}");
    assert!(answer["not_computed"]["exposures"].as_str().unwrap().contains("holdings"));
    for absent in ["current_portfolio_exposures", "regression_exposures", "portfolio"] {
        assert!(answer.get(absent).is_none(), "{absent}");
    }
    let row = &answer["recommendations"][0];
    assert!(row["hedge_ratio"].is_number() && row.get("suggested_additional_allocation").is_none(), "{row}");
    // A saved CURRENT_PORTFOLIO is taken, and said.
    server.answer("save_portfolio", json!({"holdings": {"XLK": 0.6, "AGG": 0.4}})).await;
    let answer = server.answer(TOOL, json!({"overexposed_factor": "XLK"})).await;
    assert!(answer["note"].as_str().unwrap().contains("CURRENT_PORTFOLIO is used"), "{answer}");
    assert_eq!(answer["portfolio"]["weight_of_overexposed"], 0.6);
    assert_eq!(answer["portfolio"]["unexplained_weight"], 0.4);
    // What is not held cannot be moved.
    let answer = server.answer(TOOL, json!({"overexposed_factor": "GLD"})).await;
    assert!(answer["note"].as_str().unwrap().contains("holds no GLD"), "{answer}");
    assert!(answer["recommendations"][0].get("suggested_additional_allocation").is_none());
    // What is sold short is not "not held", and a composite of which one member is held is said to be broader.
    let short = json!({"overexposed_factor": "SPY", "holdings": {"SPY": -0.3, "IEF": 1.3}});
    let note = server.answer(TOOL, short).await["note"].to_string();
    assert!(note.contains("is short of SPY (-0.3000)"), "{note}");
    let part = json!({"overexposed_factor": "cyclical", "holdings": {"VNQ": 0.5, "SPY": 0.5}});
    let note = server.answer(TOOL, part).await["note"].to_string();
    assert!(note.contains("of which the portfolio holds 1: weights to move are out of something broader"), "{note}");
    let error = server.error(TOOL, json!({"overexposed_factor": "XLK", "portfolio_name": "Mine"}), "not_found").await;
    assert!(error["message"].as_str().unwrap().contains("CURRENT_PORTFOLIO"), "{error}");
}

#[tokio::test]
async fn sections_are_those_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let keys = |answer: &Value| -> Vec<String> { answer.as_object().unwrap().keys().cloned().collect() };
    let ask = |include: Value| json!({"overexposed_factor": "IEF", "holdings": holdings(), "include": include, "correlation_threshold": 0});
    let only = server.answer(TOOL, ask(json!(["insights", "nonsense"]))).await;
    assert_eq!(
        keys(&only),
        ["status", "warnings", "invalid_sections", "as_of", "period", "insights", "note"].map(str::to_owned)[..],
        "{only}"
    );
    assert_eq!(only["invalid_sections"], json!(["nonsense"]));
    let none = server.answer(TOOL, ask(json!(["nonsense"]))).await;
    assert!(none.get("recommendations").is_none() && none["invalid_sections"] == json!(["nonsense"]), "{none}");
    let report = server.answer(TOOL, ask(json!("formatted_report"))).await;
    let text = report["formatted_report"].as_str().unwrap();
    for heading in ["# Offsets of IEF", "## Recommendations", "## What the portfolio holds", "## Caveats"] {
        assert!(text.contains(heading), "{heading}: {text}");
    }
    let small = server.answer(TOOL, json!({"overexposed_factor": "VNQ", "format": "full", "max_chars": 3000})).await;
    assert!(small["truncated"]["how_to_get_the_rest"].as_str().unwrap().contains("factor://result/"), "{small}");
    assert!(small.to_string().chars().count() <= 3000);
}

#[tokio::test]
async fn every_mistake_is_told_at_once() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let wrong = json!({
        "target_allocation_reduction": 60, "correlation_threshold": 0.3, "max_recommendations": 0, "min_dividend_yield": 3,
        "holdings": {"SPY": 60}, "portfolio_name": "Mine", "frequency": "hourly", "advanced": {"precission": 3},
        "start_date": "2026-01-01", "end_date": "2026-02-01", "windows": ["3m"],
    });
    let problems = server.problems(TOOL, wrong).await;
    for start in [
        "overexposed_factor: is required",
        "target_allocation_reduction: ",
        "correlation_threshold: ",
        "max_recommendations: ",
        "min_dividend_yield: ",
        "holdings.SPY: ",
        "portfolio_name: must not be given together",
        "frequency: ",
        "advanced.precission: ",
        "start_date: must be at least 365 days",
        "windows: is not a known argument",
    ] {
        assert!(problems.iter().any(|one| one.starts_with(start)), "{start}: {problems:#?}");
    }
    assert!(!problems.iter().any(|one| one.contains("analysis_type")), "{problems:#?}");
    let error = server.error(TOOL, json!({"overexposed_factor": "insurance"}), "unknown_factor").await;
    assert!(error["message"].as_str().unwrap().contains("KIE (Insurance - Diversified)"), "{error}");
    for (typed, near) in
        [("utilites", "XLU ("), ("cyclcal", "cyclical (sector group)"), ("comodity", "commodity (category)")]
    {
        let error = server.error(TOOL, json!({"overexposed_factor": typed}), "unknown_factor").await;
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("The nearest are ") && message.contains(near), "{message}");
    }
    let error = server.error(TOOL, json!({"overexposed_factor": "ETHA"}), "insufficient_data").await;
    assert!(error["message"].as_str().unwrap().contains("24 needed"), "{error}");
}

#[tokio::test]
async fn portfolios_of_every_kind() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let ask = |holdings: Value| json!({"overexposed_factor": "VNQ", "holdings": holdings});
    let note = |answer: &Value| answer["note"].as_str().unwrap_or_default().to_owned();

    let part = server.answer(TOOL, ask(json!({"VNQ": 0.2, "SPY": 0.1}))).await;
    assert!(note(&part).contains("sum to 0.3, and the remaining 0.7 is cash"), "{part}");
    assert_eq!(part["current_portfolio_exposures"]["cash"], 0.7);
    let levered = server.answer(TOOL, ask(json!({"VNQ": 0.9, "SPY": 0.5}))).await;
    assert!(note(&levered).contains("sum to 1.4: leverage, with 0.4 borrowed"), "{levered}");
    assert_eq!(levered["current_portfolio_exposures"]["cash"], -0.4);
    // Twice the portfolio on borrowed money moves twice as much, but for what the loan costs.
    let volatility = |answer: &Value| answer["recommendations"][0]["portfolio_volatility"]["before"].as_f64().unwrap();
    let single = server.answer(TOOL, ask(json!({"VNQ": 0.45, "SPY": 0.25}))).await;
    let single_volatility = volatility(&single);
    assert!((volatility(&levered) / single_volatility - 2.0).abs() < 0.02, "{single_volatility}");
    let zero = server.problems(TOOL, ask(json!({"VNQ": 0.5, "SPY": -0.5}))).await;
    assert!(zero[0].starts_with("holdings: must not sum to 0"), "{zero:?}");
    let with_cash = json!([{"ticker": "VNQ", "weight": 0.5}, {"ticker": "SPY", "weight": -0.5}, {"ticker": "CUR:USD", "weight": 1}]);
    let short = server.answer(TOOL, ask(with_cash)).await;
    assert_eq!(short["current_portfolio_exposures"]["market"], -0.5, "{short}");
    let one = server.answer(TOOL, ask(json!({"VNQ": 1}))).await;
    let row = &one["recommendations"][0];
    // A portfolio that is the factor: the swap is capped, and reduces.
    assert!(row["portfolio_volatility"]["after"].as_f64() < row["portfolio_volatility"]["before"].as_f64(), "{row}");
    let twice =
        json!([{"ticker": "VNQ", "weight": 0.2}, {"ticker": "SPY", "weight": 0.5}, {"ticker": "vnq", "weight": 0.3}]);
    let twice = server.answer(TOOL, ask(twice)).await;
    assert!(note(&twice).contains("VNQ came more than once; its amounts were added"), "{twice}");
    assert_eq!(twice["portfolio"]["weight_of_overexposed"], 0.5);

    let unknown = server.answer(TOOL, ask(json!({"VNQ": 0.6, "ZZZZ": 0.4}))).await;
    assert_eq!(unknown["portfolio"]["unexplained_weight"], 0.4);
    let warnings = crate::support::warnings_of(&unknown).to_string();
    assert!(warnings.contains("ZZZZ is unexplained weight") && !warnings.contains("relative to ZZZZ"), "{warnings}");
    let error = server.error(TOOL, ask(json!({"VNQ": 0.4, "ZZZZ": 0.6})), "insufficient_data").await;
    assert!(
        error["message"].as_str().unwrap().contains("at most 0.5 may be")
            && error["message"].as_str().unwrap().contains("ZZZZ")
    );
    let many: serde_json::Map<String, Value> =
        (0..999).map(|n| (format!("Q{n}"), json!(0.0004))).chain([("VNQ".to_owned(), json!(0.6004))]).collect();
    let many = server.answer(TOOL, ask(Value::Object(many))).await;
    assert!(many.to_string().chars().count() <= LONGEST, "{}", many.to_string().len());
    assert!(crate::support::warnings_of(&many).to_string().contains("and 991 more are unexplained weight"), "{many}");
}

/// 61 month ends to May 2026 of a factor F and of series made from it; TWIN is F under another name.
fn made() -> String {
    let noise = |row: usize, seed: usize| ((row * seed * 7919 + seed * 104_729) % 1000) as f64 / 1000.0 - 0.5;
    let mut csv = "date,F,MIRROR,DOUBLE,CALM,FLAT,SPY,TWIN\n".to_owned();
    let mut prices = [100.0_f64; 7];
    let first = chrono::NaiveDate::from_ymd_opt(2021, 5, 1).unwrap();
    for row in 0..61 {
        let day = first.checked_add_months(chrono::Months::new(row as u32 + 1)).unwrap().pred_opt().unwrap();
        if row > 0 {
            let f = 0.1 * noise(row, 3);
            let returns = [f, -f, 2.0 * f, 0.02 * noise(row, 5), 0.0, 0.08 * noise(row, 11), f];
            prices.iter_mut().zip(returns).for_each(|(price, r)| *price *= 1.0 + r);
        }
        let cells: Vec<String> = prices.iter().map(|price| format!("{price:.12}")).collect();
        writeln!(csv, "{day},{}", cells.join(",")).unwrap();
    }
    csv
}

#[tokio::test]
async fn series_of_which_the_answer_is_known() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &made()).await;
    let universe: Vec<Value> = ["F", "MIRROR", "DOUBLE", "CALM", "FLAT"]
        .iter()
        .map(|ticker| json!({"label": format!("the {ticker}"), "ticker": ticker, "category": "style"}))
        .collect();
    let ask = json!({"overexposed_factor": "F", "factor_universe": universe, "holdings": {"F": 1}, "format": "full",
        "target_allocation_reduction": 0.5, "advanced": {"precision": 17}});
    let answer = server.answer(TOOL, ask).await;
    let row = &answer["recommendations"][0];
    let close = |value: &Value, expected: f64| {
        let got = value.as_f64().unwrap_or(f64::NAN);
        assert!((got - expected).abs() < 1e-8, "{got} is not {expected}");
    };
    // -f hedges f one for one, in and out of sample, and half of it in a portfolio of f alone leaves nothing.
    assert_eq!(row["etf_ticker"], "MIRROR");
    close(&row["correlation_to_overexposed"], -1.0);
    close(&row["hedge_ratio"], 1.0);
    close(&row["hedge_effectiveness"]["in_sample"], 1.0);
    close(&row["hedge_effectiveness"]["out_of_sample"], 1.0);
    close(&row["suggested_additional_allocation"], 0.5);
    close(&row["portfolio_volatility"]["after"], 0.0);
    assert_eq!((&row["meets_threshold"], &row["significant"]), (&json!(true), &json!(true)));
    assert_eq!(answer["insights"]["left_out"]["constant"], json!(["FLAT"]));
    assert_eq!(answer["insights"]["left_out"]["part_of_overexposed"], json!(["F"]));
    assert_eq!(answer["candidates_scanned"], 3);
    // Without it nothing passes, and those with the lowest correlations are listed all the same. The factor itself under
    // another name hedges fully when sold short: bought, it is no offset.
    let (calm, double) = (&universe[3], &universe[2]);
    let twin = json!({"label": "the twin", "ticker": "TWIN", "category": "style"});
    let ask = json!({"overexposed_factor": "F", "factor_universe": [universe[0], double, calm, twin], "holdings": {"F": 1},
        "format": "full", "advanced": {"precision": 17}});
    let answer = server.answer(TOOL, ask).await;
    assert_eq!(answer["candidates_meeting_threshold"], 0, "{answer}");
    let rows = answer["recommendations"].as_array().unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row["meets_threshold"] == false), "{answer}");
    let row = rows.iter().find(|row| row["etf_ticker"] == "TWIN").unwrap();
    close(&row["correlation_to_overexposed"], 1.0);
    close(&row["hedge_ratio"], -1.0);
    close(&row["hedge_effectiveness"]["in_sample"], 1.0);
    close(&row["hedge_effectiveness"]["out_of_sample"], 1.0);
    assert_eq!(
        (&row["suggested_additional_allocation"], &row["reason"]),
        (&json!(0.0), &json!("would_not_reduce")),
        "{row}"
    );
    let row = rows.iter().find(|row| row["etf_ticker"] == "DOUBLE").unwrap();
    close(&row["hedge_ratio"], -0.5);
    assert_eq!(answer["insights"]["nothing_offsets"], true);
}

#[tokio::test]
async fn a_group_of_ones_own_is_a_factor_and_a_candidate() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &UNHURRIED).await;
    let group = json!({"group_name": "My Bonds", "tickers": ["IEF", "TLT"], "weighting_method": "equal"});
    server.answer("create_factor_group", group).await;
    for name in ["USER:My_Bonds", "my bonds"] {
        let ask = json!({"overexposed_factor": name, "holdings": {"TLT": 0.3, "SPY": 0.7}, "format": "full", "max_chars": 0, "max_recommendations": 3});
        let answer = server.answer(TOOL, ask).await;
        assert_eq!(answer["overexposed_factor"]["resolved"], "USER:My_Bonds", "{name}");
        assert_eq!(answer["overexposed_factor"]["kind"], "user_group");
        // Its members are held, and are no candidates.
        assert_eq!(answer["portfolio"]["weight_of_overexposed"], 0.3);
        let part = &answer["insights"]["left_out"]["part_of_overexposed"];
        assert_eq!(*part, json!(["IEF", "TLT", "USER:My_Bonds"]), "{answer}");
    }
    let ask = json!({"overexposed_factor": "XLK", "categories": ["user"], "include": ["recommendations"]});
    let answer = server.answer(TOOL, ask).await;
    let row = &answer["recommendations"][0];
    assert_eq!((&row["factor"], &row["etf_ticker"]), (&json!("USER:My_Bonds"), &Value::Null), "{row}");
}
