//! Closes in place of adjusted prices: said per ticker.

use factor_stand_in::{Fault, Target, Times};

use super::world::{World, warnings};

#[tokio::test]
async fn a_plan_without_adjusted_prices_gives_closes_and_says_so() {
    let world = World::small(12).await;
    world.fmp.change(|options| options.adjusted_not_in_plan = true);
    let answer = world.fresh().await;
    let until = |ticker: &str| {
        let days = world.market.until(world.fmp.today()).days(ticker).unwrap();
        days.into_iter().map(|day| (day.date, day.close)).collect::<Vec<_>>()
    };
    assert_ne!(until("SPY")[0].1, world.fmp.expected_adj("SPY")[0].1, "dividends make the difference");
    world.check_against(&answer, &world.tickers, until);
    let quality = &answer["data_quality"];
    let mut named: Vec<&str> =
        quality["price_only_tickers"].as_array().unwrap().iter().map(|ticker| ticker.as_str().unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, world.all_but(&[]));
    let told = "and 8 more: adjusted prices are not in the plan of this key (asked again after a day); closes are used: \
                dividends are left out";
    assert!(warnings(&answer).iter().any(|warning| warning.ends_with(told)), "{quality}");
    let kinds = &answer["analysis_metadata"]["price_source"]["price_kinds"];
    assert_eq!((&kinds["adjusted"], &kinds["close"]), (&0.into(), &13.into()));
    // The refused endpoint is not asked for every ticker: two refusals are enough.
    let refused = world.fmp.requests().iter().filter(|seen| seen.status == Some(402)).count();
    assert_eq!((refused, world.fmp.count()), (2, 15));
    // What was kept is still said to be closes.
    let again = world.fresh().await;
    assert_eq!(again["data_quality"], *quality);
}

#[tokio::test]
async fn a_ticker_without_adjusted_prices_is_named() {
    let world = World::small(4).await;
    let (refused, empty) = (world.tickers[2].as_str(), world.tickers[3].as_str());
    world.fmp.fail(Target::symbol(refused), Times::First(1), Fault::SymbolNotInPlan);
    world.fmp.fail(Target::symbol(empty), Times::First(1), Fault::Empty);
    let answer = world.fresh().await;
    world.check(&answer, world.all_but(&[refused, empty]));
    world.check_against(&answer, [refused, empty], |ticker| {
        let days = world.market.until(world.fmp.today()).days(ticker).unwrap();
        days.into_iter().map(|day| (day.date, day.close)).collect()
    });
    let mut named = answer["data_quality"]["price_only_tickers"].as_array().unwrap().clone();
    named.sort_by_key(ToString::to_string);
    assert_eq!(named, [refused, empty]);
    assert!(warnings(&answer).iter().any(|warning| warning.starts_with(&format!("{empty}: "))), "{answer}");
}
