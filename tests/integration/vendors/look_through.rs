//! What holdings stand for by the vendor's profiles: shares, funds, and what the vendor does not tell.

use std::fs;

use factor_stand_in::{Dividend, Fault, Market, RetryAfter, SecurityProfile, Target, Times};
use serde_json::{Value, json};

use super::world::{World, day, warnings};
use crate::support::Process;

const EXPOSURES: &str = "get_portfolio_exposures";
const OFFSETS: &str = "get_factor_recommendations";
/// The invented tickers that stand for technology, for utilities and for long bonds.
const TECH: &str = "TAA";
const UTILITIES: &str = "TAB";
const BONDS: &str = "TAC";

/// A world whose technology fund stands for two industries, and in which shares and another fund are traded.
async fn world() -> (World, tempfile::TempDir) {
    let mut world = World::small(6).await;
    let proxies = tempfile::tempdir().unwrap();
    let industries = format!(
        "industry_to_etf:\n  Software - Infrastructure: {{proxy: {TECH}, group: sensitive}}\n  Consumer Electronics: {TECH}\n  Technology: {TECH}\n  \
         Regulated Electric: {{proxy: {UTILITIES}, group: defensive}}\n"
    );
    let assets = format!("asset_classes:\n  fixed_income:\n    canonical:\n      UST30Y: {BONDS}\n");
    let equity = "market:\n  us: SPY\nstyle:\n  value: TAD\n  momentum: TAE\n  quality: TAF\n";
    let files = [
        ("industry_to_etf.yaml", industries.as_str()),
        ("asset_etf_proxies.yaml", assets.as_str()),
        ("style_and_market.yaml", equity),
    ];
    for (name, text) in files {
        fs::write(proxies.path().join(name), text).unwrap();
    }
    world.set("FACTOR_PROXIES_DIR", proxies.path().display());
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    let traded = [
        ("AAPL", false, "consumer electronics", "Technology"),
        ("QQQ", true, "Asset Management", "Financial Services"),
        ("SHIP", false, "Marine Shipping", "Industrials"),
        ("SHELL", false, "", "Energy"),
        ("BLANK", false, "Consumer Electronics", "Technology"),
        ("QUBIT", false, "Quantum Computers", "Technology"),
    ];
    let others = Market::simulated(&traded.map(|(ticker, ..)| ticker), day("2023-01-02"), day("2026-07-31"));
    let view = others.until(day("2026-07-31"));
    for (ticker, is_etf, industry, sector) in traded {
        let closes: Vec<_> = view.days(ticker).unwrap().iter().map(|day| (day.date, day.close)).collect();
        world.market.add(ticker, &closes, &[] as &[Dividend]);
        let profile = SecurityProfile {
            name: format!("{ticker} Inc."),
            industry: industry.to_owned(),
            sector: sector.to_owned(),
            is_etf,
            is_fund: false,
            shares: 1e9,
        };
        world.market.set_profile(ticker, profile);
    }
    (world, proxies)
}

/// A share, a fund beyond the universe, shares of which little is known, and factors.
fn holdings() -> Value {
    json!({"AAPL": 0.2, "QQQ": 0.1, "SHIP": 0.05, "SHELL": 0.05, "BLANK": 0.1, TECH: 0.1, UTILITIES: 0.1, BONDS: 0.2, "SPY": 0.1})
}

async fn ask(server: &mut Process, tool: &str, more: Value) -> Value {
    let mut arguments = json!({"format": "full", "max_chars": 0});
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = server.call(tool, arguments).await["structuredContent"].clone();
    assert_eq!(answer["status"], "success", "{answer}");
    answer
}

/// What a holding stands for: industry, sector group, asset class, factor.
fn standing(answer: &Value, ticker: &str) -> [Value; 4] {
    let rows = answer["holdings"].as_array().unwrap();
    let row = rows.iter().find(|row| row["ticker"] == ticker).unwrap_or_else(|| panic!("no {ticker}: {answer}"));
    ["industry", "sector_group", "asset_class", "stands_for"].map(|field| row[field].clone())
}

fn tells(answer: &Value, said: &str) -> bool {
    warnings(answer).iter().any(|warning| warning.starts_with(said))
}

#[track_caller]
fn sums_to(sums: &Value, name: &str, expected: f64) {
    let got = sums[name].as_f64().unwrap_or(f64::NAN);
    assert!((got - expected).abs() < 1e-9, "{name}: {got}, not {expected}: {sums}");
}

#[tokio::test]
async fn shares_count_as_their_industry_and_funds_as_their_category() {
    let (world, _proxies) = world().await;
    // After the prices of BLANK comes the request for its profile: the vendor knows none.
    world.fmp.fail(Target::symbol("BLANK"), Times::After { skip: 1, count: 1 }, Fault::Empty);
    let mut server = world.server().await;
    let answer = ask(&mut server, EXPOSURES, json!({"holdings": holdings()})).await;
    for (ticker, expected) in [
        ("AAPL", json!(["consumer electronics", "sensitive", "equity", TECH])),
        (TECH, json!(["Software - Infrastructure", "sensitive", "equity", TECH])),
        (UTILITIES, json!(["Regulated Electric", "defensive", "equity", UTILITIES])),
        (BONDS, json!(["fixed_income", "fixed_income", "bond", BONDS])),
        ("SPY", json!(["market", "market", "equity", "SPY"])),
        ("QQQ", json!(["other funds", "unclassified", "unclassified", null])),
        ("SHIP", json!(["Marine Shipping", "unclassified", "equity", null])),
        ("SHELL", json!(["Energy", "unclassified", "equity", null])),
        ("BLANK", json!(["unclassified", "unclassified", "unclassified", null])),
    ] {
        assert_eq!(json!(standing(&answer, ticker)), expected, "{ticker}");
    }
    for (name, weight) in [("sensitive", 0.3), ("defensive", 0.1), ("fixed_income", 0.2), ("unclassified", 0.3)] {
        sums_to(&answer["by_sector_group"], name, weight);
    }
    for (name, weight) in [("equity", 0.6), ("bond", 0.2), ("unclassified", 0.2)] {
        sums_to(&answer["by_asset_class"], name, weight);
    }
    for said in [
        "QQQ is under other funds: the profile of a fund does not say what it holds",
        "SHIP is of an industry that no factor stands for",
        "SHELL is in no industry: the profile names none",
        "BLANK is in no industry or category, for want of a profile (",
    ] {
        assert!(tells(&answer, said), "{said}: {:?}", warnings(&answer));
    }
    // They all have prices: nothing is unexplained.
    assert_eq!(answer["weights"]["unexplained"], 0.0);
    assert!(answer["regression"]["factors"]["equity"]["beta"].is_number(), "{answer}");

    // Factors need no profile, and a profile is asked for once.
    let asked = |ticker: &str| {
        let requests = world.fmp.requests();
        requests
            .iter()
            .filter(|seen| seen.path.contains("profile") && seen.symbols.iter().any(|one| one == ticker))
            .count()
    };
    assert_eq!(["AAPL", "QQQ", "SPY", TECH, BONDS].map(asked), [1, 1, 0, 0, 0]);
    let again = ask(&mut world.server().await, EXPOSURES, json!({"holdings": holdings()})).await;
    assert_eq!(again["by_industry"]["consumer electronics"], answer["by_industry"]["consumer electronics"]);
    assert_eq!(["AAPL", "QQQ", "SPY", TECH, BONDS].map(asked), [1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn a_share_counts_in_the_weight_of_its_industrys_factor() {
    let (world, _proxies) = world().await;
    let mut server = world.server().await;
    let saved = server.call("save_portfolio", json!({"portfolio_name": "Mine", "holdings": holdings()})).await;
    assert_eq!(saved["structuredContent"]["status"], "success", "{saved}");
    // By the call's holdings and by the name of the saved ones: AAPL and BLANK are its industry, as is the fund itself.
    for whose in [json!({"holdings": holdings()}), json!({"portfolio_name": "mine"})] {
        let mut arguments = whose;
        arguments["overexposed_factor"] = json!("Consumer Electronics");
        arguments["correlation_threshold"] = json!(0);
        let answer = ask(&mut server, OFFSETS, arguments).await;
        let factor = &answer["overexposed_factor"];
        assert_eq!((&factor["resolved"], &factor["matched_by"]), (&json!(TECH), &json!("alias")), "{factor}");
        sums_to(&answer["portfolio"], "weight_of_overexposed", 0.4);
        let held = &answer["current_portfolio_exposures"];
        for (name, weight) in [("other funds", 0.1), ("fixed_income", 0.2), ("Marine Shipping", 0.05), ("market", 0.1)]
        {
            sums_to(held, name, weight);
        }
        assert!(tells(&answer, "QQQ is under other funds"), "{:?}", warnings(&answer));
        assert!(tells(&answer, &format!("shares count as {TECH} by their industry")), "{:?}", warnings(&answer));
        // A move is capped by the target, not by what the fund itself weighs.
        for row in answer["recommendations"].as_array().unwrap() {
            assert!(row["suggested_additional_allocation"].as_f64().unwrap() <= 0.1, "{row}");
            assert!(row["portfolio_volatility"]["after"].as_f64() <= row["portfolio_volatility"]["before"].as_f64());
        }
    }
}

#[tokio::test]
async fn what_a_trade_buys_is_looked_through_too() {
    let (world, _proxies) = world().await;
    let mut server = world.server().await;
    let trade = json!({"holdings": {"SPY": 0.7, BONDS: 0.3}, "what_if": {"SPY": -0.2, "AAPL": 0.2}});
    let answer = ask(&mut server, EXPOSURES, trade).await;
    let (before, after) = (&answer["what_if"]["before"], &answer["what_if"]["after"]);
    assert_eq!(before["by_industry"], answer["by_industry"]);
    assert_eq!(before["by_industry"], json!({"market": 0.7, "fixed_income": 0.3}));
    assert_eq!(after["by_industry"], json!({"market": 0.5, "fixed_income": 0.3, "consumer electronics": 0.2}));
    assert_eq!(after["by_sector_group"]["sensitive"], 0.2);
    assert_eq!(after["by_asset_class"], before["by_asset_class"]);
}

/// Asks both tools, which need the profile of AAPL, of a vendor that fails so.
async fn asked_in_vain(fault: Fault) -> (World, tempfile::TempDir, [Value; 2]) {
    let (mut world, proxies) = world().await;
    world.set("FACTOR_PRICE_TIMEOUT", 1);
    world.fmp.fail(Target::path("profile"), Times::Always, fault);
    let mut server = world.server().await;
    let held = json!({"AAPL": 0.3, TECH: 0.2, BONDS: 0.5});
    let exposures = ask(&mut server, EXPOSURES, json!({"holdings": held})).await;
    let more = json!({"holdings": held, "overexposed_factor": TECH, "correlation_threshold": 0});
    let offsets = ask(&mut server, OFFSETS, more).await;
    (world, proxies, [exposures, offsets])
}

#[tokio::test]
async fn without_profiles_the_answer_comes_and_says_what_it_does_not_know() {
    let faults = [
        (Fault::NotFound, "does not know it"),
        (Fault::TooMany(Some(RetryAfter::Seconds(3600))), "too many requests"),
        (Fault::LimitWith200, "too many requests"),
        (Fault::Html200, "a page of HTML"),
        (Fault::CutText, "JSON that is cut off"),
        (Fault::ExclusiveEndpoint, "plan"),
        (Fault::ServerError, "500"),
        (Fault::Hang, "within 1 s"),
    ];
    for (fault, word) in faults {
        let name = format!("{fault:?}");
        let (world, _proxies, [exposures, offsets]) = asked_in_vain(fault).await;
        for answer in [&exposures, &offsets] {
            let told = warnings(answer);
            let said =
                told.iter().find(|one| one.starts_with("AAPL is in no industry or category, for want of a profile ("));
            assert!(said.is_some_and(|said| said.contains(word)), "{name}: {told:?}");
            assert!(!answer.to_string().contains(super::world::KEY), "{name}");
        }
        // The prices are there: only what AAPL stands for is missing.
        assert_eq!(exposures["weights"]["unexplained"], 0.0, "{name}");
        assert_eq!(exposures["by_industry"]["unclassified"], 0.3, "{name}");
        assert!(exposures["risk"]["volatility"].as_f64().unwrap() > 0.0, "{name}");
        assert_eq!(offsets["current_portfolio_exposures"]["unclassified"], 0.3, "{name}");
        assert_eq!(offsets["portfolio"]["weight_of_overexposed"], 0.2, "{name}");
        assert!(!offsets["recommendations"].as_array().unwrap().is_empty(), "{name}");
        drop(world);
    }
}

#[tokio::test]
async fn a_profile_that_could_not_be_had_is_asked_for_again() {
    let (world, _proxies, _) = asked_in_vain(Fault::ServerError).await;
    world.fmp.heal();
    let held = json!({"holdings": {"AAPL": 0.3, TECH: 0.2, BONDS: 0.5}});
    let answer = ask(&mut world.server().await, EXPOSURES, held).await;
    assert_eq!(
        standing(&answer, "AAPL"),
        [json!("consumer electronics"), json!("sensitive"), json!("equity"), json!(TECH)]
    );
}

#[tokio::test]
async fn a_share_whose_industry_has_no_fund_is_one_of_its_sector() {
    let (world, _proxies) = world().await;
    let mut server = world.server().await;
    let answer = ask(&mut server, EXPOSURES, json!({"holdings": {"QUBIT": 0.5, "SPY": 0.5}})).await;
    assert_eq!(json!(standing(&answer, "QUBIT")), json!(["Quantum Computers", "sensitive", "equity", TECH]));
    assert!(!tells(&answer, "QUBIT"), "{answer}");
}

#[tokio::test]
async fn an_asset_class_that_nobody_gave_is_the_mappings_or_the_profiles_or_none() {
    let (world, _proxies) = world().await;
    let mut server = world.server().await;
    let universe = json!({"Apple": "AAPL", "Growth": "QQQ", "Long": BONDS, "Stocks": "SPY"});
    let question = json!({"analysis_type": "performance", "factor_universe": universe});
    let answer = ask(&mut server, "get_factor_analysis", question).await;
    let class = |ticker: &str| answer["per_factor"][ticker]["asset_class"].clone();
    assert_eq!(
        ["AAPL", "QQQ", BONDS, "SPY"].map(class),
        [json!("equity"), json!(null), json!("bond"), json!("equity")]
    );
    let members = |group: &str| answer["composites"]["macro"][group]["members"].clone();
    assert_eq!((members("equity"), members("fixed_income")), (json!(["AAPL", "SPY"]), json!([BONDS])));
    let said = "asset classes by profile: AAPL equity; no asset class is known of QQQ: in no macro composite; give asset_class in factor_universe";
    assert!(tells(&answer, said), "{answer}");
    let note = answer["note"].as_str().unwrap();
    assert!(
        note.contains("asset classes not given in factor_universe are the mapping's: TAC bond, SPY equity"),
        "{note}"
    );
    // Only equity: the share stays, the fund of unknown class does not.
    let more = json!({"analysis_type": "performance", "factor_universe": universe, "asset_class_filters": {"include": ["equity"]}});
    let answer = ask(&mut server, "get_factor_analysis", more).await;
    let analysed: Vec<&String> = answer["per_factor"].as_object().unwrap().keys().collect();
    assert_eq!(analysed.len(), 2, "{analysed:?}");
    assert!(answer["per_factor"]["AAPL"].is_object() && answer["per_factor"]["SPY"].is_object());
}
