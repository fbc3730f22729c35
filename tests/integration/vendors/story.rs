//! The whole universe: cold, warm, restarted, a day later, restated.

use factor_stand_in::KeyPlace;
use serde_json::json;

use super::world::{World, day, excluded};

/// Began after the fetch's start, with fewer rows than any vendor cuts at.
const YOUNG: &str = "IBIT";
/// Began after the fetch's start, with so many rows that the vendor may have cut the answer.
const LATE: [&str; 2] = ["SGOV", "XLC"];

/// One request a ticker. A history that begins later than asked for and has at least 1,000 rows may have been cut by the
/// vendor; it costs a second request unless a longer whole answer has proved by then that the vendor does not cut.
#[tokio::test]
async fn the_whole_universe_cold_then_warm_then_a_day_later_then_restated() {
    let mut world = World::built_in().await;
    world.market.keep(YOUNG, day("2024-01-11"), day("2026-07-31"));
    for (ticker, first) in LATE.into_iter().zip(["2020-06-01", "2018-06-19"]) {
        world.market.keep(ticker, day(first), day("2026-07-31"));
    }
    world.go_to("2026-06-29");

    let mut server = world.server().await;
    let listed = server.call("list_factors", json!({"limit": 100})).await;
    let listed = listed["structuredContent"]["factors"].as_array().unwrap();
    let mut listed: Vec<&str> = listed.iter().map(|factor| factor["ticker"].as_str().unwrap()).collect();
    let mut known = world.all_but(&[]);
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    assert!(known.len() > 90, "{}", known.len());

    let cold = server.returns().await;
    world.check(&cold, &world.tickers);
    let windows = &cold["analysis_metadata"]["windows"];
    assert_eq!(windows["1m"], json!({"start": "2026-04-30", "end": "2026-05-31", "periods": 1}));
    assert_eq!((&windows["1y"]["start"], &windows["1y"]["end"]), (&json!("2025-05-31"), &json!("2026-05-31")));
    assert_eq!(cold["data_quality"]["factors_excluded"], 0, "{}", cold["data_quality"]);
    for (ticker, count) in world.counts() {
        let most = if LATE.contains(&ticker) { 2 } else { 1 };
        assert!((1..=most).contains(&count), "{ticker} cost {count} requests");
    }
    assert!(world.fmp.max_in_flight() <= 8, "{}", world.fmp.max_in_flight());
    assert!(world.fmp.requests().iter().all(|seen| seen.key == Some(KeyPlace::Header)));

    // The same process again: the same question, then one that needs the panel anew.
    world.fmp.clear();
    let warm = server.returns().await;
    assert_eq!(warm["factors"], cold["factors"]);
    let other = server.analysis(json!({"analysis_type": "returns", "windows": ["6m", "ytd", "3y"]})).await;
    assert_eq!(other["status"], "success", "{other}");
    assert_eq!(world.fmp.count(), 0);
    server.close();
    assert_eq!(server.end().await.0, Some(0));

    // Another process over the same folder.
    let restarted = world.fresh().await;
    assert_eq!(restarted["factors"], cold["factors"]);
    assert_eq!(restarted["analysis_metadata"]["price_source"]["name"], "fmp");
    assert_eq!(restarted["analysis_metadata"]["price_source"]["simulated"], false);
    assert_eq!(world.fmp.count(), 0);

    // A day later, which completes June.
    world.go_to("2026-06-30");
    let later = world.fresh().await;
    world.check(&later, &world.tickers);
    assert_eq!(later["analysis_metadata"]["windows"]["1m"]["end"], "2026-06-30");
    world.each_cost(1);
    // A tail begins with the last five rows kept: 23 to 29 June.
    let tails = world.fmp.requests();
    let range = (Some(day("2026-06-23")), Some(day("2026-06-30")));
    assert!(tails.iter().all(|seen| (seen.from, seen.to) == range), "{tails:?}");

    // A further day, on which three histories come back restated.
    world.fmp.clear();
    world.go_to("2026-07-01");
    let restated = ["SPY", "XLC", world.tickers[50].as_str()].map(str::to_owned);
    for (ticker, factor) in restated.iter().zip([0.98, 0.95, 1.01]) {
        world.fmp.restate(ticker, factor);
    }
    let after = world.fresh().await;
    world.check(&after, &world.tickers);
    assert!(excluded(&after).is_empty());
    for (ticker, count) in world.counts() {
        let own = restated.iter().any(|one| one == ticker);
        let most = if ticker == "XLC" { 3 } else { 2 };
        assert!(if own { (2..=most).contains(&count) } else { count == 1 }, "{ticker} cost {count} requests");
    }
    let changed = |ticker: &str| after["factors"][ticker]["windows"]["1m"] != later["factors"][ticker]["windows"]["1m"];
    assert!(restated.iter().all(|ticker| changed(ticker)), "the restatement shows in the numbers");
    let untouched = world.tickers.iter().filter(|ticker| !restated.contains(*ticker));
    assert!(untouched.into_iter().all(|ticker| !changed(ticker)));

    // What is kept now is right as well.
    world.fmp.clear();
    world.check(&world.fresh().await, &world.tickers);
    assert_eq!(world.fmp.count(), 0);
}
