//! What analyses cost on the vendors' plans: one request a ticker, and nothing twice in a day for what was refused.

use factor_stand_in::Vendor;
use serde_json::json;

use super::world::{World, excluded, warnings};

/// Funds whose histories begin within the plan, with as many rows as a vendor's cap.
const LATE: [(&str, &str); 3] = [("SGOV", "2020-06-01"), ("XLC", "2018-06-19"), ("IBIT", "2024-01-11")];

async fn universe() -> World {
    let world = World::built_in().await;
    for (ticker, first) in LATE {
        world.market.keep(ticker, first.parse().unwrap(), world.market.last_day());
    }
    world
}

#[tokio::test]
async fn any_plan_costs_one_request_a_ticker_and_a_tail_a_day() {
    for years in [None, Some(5)] {
        let mut world = universe().await;
        world.go_to("2026-06-29");
        world.fmp.change(|options| options.plan_years = years);
        let cold = world.fresh().await;
        assert!(excluded(&cold).is_empty());
        let count = world.fmp.count();
        assert_eq!(count, world.tickers.len(), "{years:?}");
        assert_eq!(world.fmp.vendor(), Vendor::Fmp);
        world.check(&cold, &world.tickers);
        world.fmp.clear();
        world.go_to("2026-06-30");
        world.fresh().await;
        world.each_cost(1);
    }
}

#[tokio::test]
async fn yahoo_gives_prices_and_dividends_with_one_request_a_ticker() {
    let mut world = World::built_in().await;
    world.set("FACTOR_PRICE_SOURCE", "yahoo");
    let mut server = world.server().await;
    let arguments = json!({"analysis_type": "performance", "include": ["per_factor", "metadata"], "max_chars": 0});
    let answer = server.analysis(arguments).await;
    assert_eq!(answer["status"], "success", "{answer}");
    assert_eq!(world.yahoo.count(), world.tickers.len());
    let view = world.market.until(world.fmp.today());
    let paid: f64 = view.dividends("SPY").iter().rev().take(4).map(|one| one.amount).sum();
    let want = paid / view.days("SPY").unwrap().last().unwrap().close;
    let got = answer["per_factor"]["SPY"]["dividend_yield"].as_f64().unwrap();
    assert!((got - want).abs() < 1e-5 * want, "{got}, not {want}");
}

/// A small plan has few requests a day, and a refusal costs one as well.
#[tokio::test]
async fn a_free_plan_is_not_asked_twice_in_a_day_for_what_it_refused() {
    let mut world = universe().await;
    world.go_to("2026-06-29");
    let refused: Vec<String> = world.tickers[10..15].to_vec();
    world.fmp.change(|options| {
        options.adjusted_not_in_plan = true;
        options.symbols_not_in_plan.clone_from(&refused);
    });
    let cold = world.fresh().await;
    assert_eq!(excluded(&cold).len(), 5);
    // Two refusals teach that the plan has no adjusted prices.
    assert_eq!(world.fmp.count(), world.tickers.len() + 2);
    // Another process on the same day asks for nothing, and for a question further back for closes alone.
    for _ in 0..2 {
        world.fmp.clear();
        assert_eq!(excluded(&world.fresh().await).len(), 5);
        assert_eq!(world.fmp.count(), 0);
    }
    // The next day it is asked again: a plan may have grown.
    world.fmp.change(|options| options.symbols_not_in_plan.clear());
    world.go_to("2026-06-30");
    let next = world.fresh().await;
    assert!(excluded(&next).is_empty());
    assert!(world.fmp.count() <= world.tickers.len() + 2 + 2 * refused.len(), "{}", world.fmp.count());
}

/// The plan loses its adjusted prices overnight: those kept are ranked among themselves, and that is said.
#[tokio::test]
async fn kept_adjusted_prices_are_served_before_closes() {
    let mut world = World::small(12).await;
    world.go_to("2026-06-29");
    let before = world.fresh().await;
    world.go_to("2026-06-30");
    world.fmp.change(|options| options.adjusted_not_in_plan = true);
    for _ in 0..2 {
        let answer = world.fresh().await;
        assert_eq!(answer["factors"], before["factors"]);
        assert_eq!(answer["data_quality"]["price_only_tickers"], json!([]), "{}", answer["data_quality"]);
        let told = warnings(&answer);
        let said = |warning: &&str| {
            warning.contains(" and 8 more could not be refreshed (the source has closes only at present")
                && warning.ends_with("the prices kept up to 2026-06-29 are used")
        };
        assert!(told.iter().any(said), "{told:?}");
    }
    // A tail that turned out to be closes, then all of them; a second process has asked for nothing.
    assert_eq!(world.fmp.requests().iter().filter(|seen| seen.path.ends_with("/full")).count(), 2 * 13);
    // The plan is well again the next day: adjusted prices, up to date.
    world.fmp.change(|options| options.adjusted_not_in_plan = false);
    world.go_to("2026-07-01");
    let answer = world.fresh().await;
    world.check(&answer, &world.tickers);
    assert!(!warnings(&answer).iter().any(|warning| warning.contains("refreshed")), "{:?}", warnings(&answer));
}
