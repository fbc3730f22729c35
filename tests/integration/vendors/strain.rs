//! A vendor that is slow, hangs, is half down or turns us away: no fund is lost of which something is kept.

use std::time::{Duration, Instant};

use factor_stand_in::{Fault, RetryAfter, Target, Times};
use serde_json::{Value, json};

use super::world::{KEY, World, excluded, until, warnings};
use crate::support::Process;

/// The tickers named as kept from earlier, by the one sentence about them.
fn told_old(answer: &Value) -> &str {
    let told = warnings(answer);
    let old: Vec<&&str> = told.iter().filter(|warning| warning.contains("could not be refreshed")).collect();
    assert_eq!(old.len(), 1, "{told:?}");
    old[0]
}

fn bare(status: u16, body: &str) -> Fault {
    Fault::Answer { status, headers: vec![], body: body.to_owned() }
}

/// A page of a gateway's, or nothing: the ticker it hit is asked for again, and all keep their adjusted prices.
#[tokio::test]
async fn one_bare_403_leaves_the_others_adjusted() {
    for body in ["", "<html><h1>Access denied</h1></html>"] {
        for (retries, lost) in [(1, 0), (0, 1)] {
            let mut world = World::built_in().await;
            world.set("FACTOR_PRICE_MAX_RETRIES", retries);
            let hit = world.tickers[30].clone();
            world.fmp.fail(Target::symbol(&hit), Times::First(1), bare(403, body));
            let answer = world.fresh().await;
            let kinds = &answer["analysis_metadata"]["price_source"]["price_kinds"];
            let adjusted = world.tickers.len() - lost;
            assert_eq!((&kinds["adjusted"], &kinds["close"]), (&json!(adjusted), &json!(0)), "{body} {retries}");
            let gone: Vec<&str> = excluded(&answer).into_keys().collect();
            assert_eq!(gone, if lost == 0 { vec![] } else { vec![hit.as_str()] });
            world.check(&answer, world.all_but(&gone));
        }
    }
}

/// Everything is kept as of the day before. Whatever happens to the refresh: every fund is there, with its date.
#[tokio::test]
async fn a_strained_vendor_loses_no_fund_that_is_kept() {
    let far = Fault::TooMany(Some(RetryAfter::Seconds(40)));
    let cases: [(&str, Fault, Option<usize>); 6] = [
        ("hanging", Fault::Hang, None),
        ("one hanging", Fault::Hang, Some(1)),
        ("half hanging", Fault::Hang, Some(10)),
        ("half down", Fault::ServerError, Some(10)),
        ("limited", far, None),
        ("turned away", bare(403, "<html>Access denied</html>"), None),
    ];
    let run = async |(name, fault, some): (&str, Fault, Option<usize>)| {
        let mut world = World::small(19).await;
        world.set("FACTOR_PRICE_MAX_RETRIES", 0);
        world.go_to("2026-06-29");
        let before = world.fresh().await;
        world.go_to("2026-06-30");
        let hit = some.unwrap_or(world.tickers.len());
        for ticker in &world.tickers[..hit] {
            world.fmp.fail(Target::symbol(ticker), Times::Always, fault.clone());
        }
        let mut server = world.server().await;
        let start = Instant::now();
        let answer = server.returns().await;
        let took = start.elapsed();
        assert!(took < Duration::from_secs(9), "{name}: {took:?}");
        assert!(excluded(&answer).is_empty(), "{name}: {:?}", excluded(&answer));
        let told = told_old(&answer);
        assert!(told.ends_with("the prices kept up to 2026-06-29 are used"), "{name}: {told}");
        if hit == world.tickers.len() {
            assert_eq!(answer["factors"], before["factors"], "{name}");
            assert!(told.contains(" and 15 more could not be refreshed ("), "{name}: {told}");
        } else {
            let rest = &world.tickers[hit..];
            world.check(&answer, rest);
        }
        if fault != Fault::Hang || hit == world.tickers.len() {
            return;
        }
        // Well again, the same process has the new day, be it only after what hung has been given up.
        world.fmp.heal();
        let healed = Instant::now();
        loop {
            let answer = server.returns().await;
            if !warnings(&answer).iter().any(|warning| warning.contains("could not be refreshed")) {
                world.check(&answer, &world.tickers);
                break;
            }
            assert!(healed.elapsed() < Duration::from_secs(50), "{name}: {:?}", warnings(&answer));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    futures::future::join_all(cases.map(run)).await;
}

/// Nothing is kept: the rest is answered, the one that hangs is said to be missing and comes by itself.
#[tokio::test]
async fn one_hanging_fund_costs_five_seconds_and_is_asked_for_in_the_background() {
    let mut world = World::small(11).await;
    world.set("FACTOR_PRICE_TIMEOUT", 8);
    world.set("FACTOR_PRICE_MAX_RETRIES", 2);
    let hangs = world.tickers[3].clone();
    world.fmp.fail(Target::symbol(&hangs), Times::First(1), Fault::Hang);
    let mut server = world.server().await;
    let start = Instant::now();
    let answer = server.returns().await;
    assert!(start.elapsed() < Duration::from_millis(6_500), "{:?}", start.elapsed());
    let (reason, detail) = excluded(&answer)[hangs.as_str()];
    assert!(reason == "fetch_failed" && detail.contains("did not arrive in time; call again"), "{reason}: {detail}");
    world.check(&answer, world.all_but(&[&hangs]));
    until("the second attempt", || world.fmp.count_for(&hangs) == 2).await;
    let answer = server.returns().await;
    assert!(excluded(&answer).is_empty(), "{:?}", excluded(&answer));
    world.check(&answer, &world.tickers);
    assert_eq!(world.fmp.count_for(&hangs), 2, "what came in the background is not asked for again");
}

/// 96 funds that fail in a dozen ways at once: what is said stays short.
#[tokio::test]
async fn a_default_answer_keeps_its_size_whatever_the_vendor_does() {
    let long = "something went wrong at the vendor's ".repeat(20);
    for kept in [false, true] {
        let mut world = World::built_in().await;
        world.set("FACTOR_PRICE_MAX_RETRIES", 0);
        if kept {
            world.go_to("2026-06-29");
            world.fresh().await;
            world.go_to("2026-06-30");
        }
        let faults = [
            Fault::SymbolNotInPlan,
            Fault::NotFound,
            Fault::Empty,
            Fault::ErrorWith200,
            Fault::WrongSymbol,
            Fault::CutText,
            Fault::Html200,
            bare(403, ""),
            bare(400, &format!(r#"{{"Error Message":"{long}{KEY}"}}"#)),
            bare(200, &format!("{long}{KEY}")),
            Fault::FutureDates,
            Fault::ConflictingDates,
        ];
        // The first seven stay well, so that the breaker never opens and each fails for its own sake.
        for (at, ticker) in world.tickers.iter().enumerate().skip(7) {
            world.fmp.fail(Target::symbol(ticker), Times::Always, faults[at % faults.len()].clone());
        }
        let mut server = world.server().await;
        for (kind, arguments) in [
            ("returns", json!({"analysis_type": "returns"})),
            ("performance", json!({"analysis_type": "performance"})),
            ("correlations", json!({"analysis_type": "correlations"})),
        ] {
            let reply = server.call("get_factor_analysis", arguments).await;
            let text = reply["content"][0]["text"].as_str().unwrap();
            assert!(text.chars().count() <= 8_000, "{kept} {kind}: {}", text.chars().count());
            assert!(!text.contains(&KEY[..6]), "{text}");
        }
    }
}

/// Dividends take long as well, and computing may.
#[tokio::test]
async fn progress_speaks_while_dividends_are_fetched() {
    let world = World::small(19).await;
    let mut server = world.server().await;
    server.returns().await;
    world.fmp.change(|options| options.latency = Duration::from_millis(1_600));
    let arguments = json!({"analysis_type": "performance"});
    let call = json!({"name": "get_factor_analysis", "arguments": arguments, "_meta": {"progressToken": "p"}});
    let id = server.ask("tools/call", call).await;
    let mut heard = Vec::new();
    let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
    loop {
        let message = server.message().await;
        longest = longest.max(last.elapsed());
        last = Instant::now();
        if message["id"] == id {
            assert_eq!(message["result"]["structuredContent"]["status"], "success", "{message}");
            break;
        }
        heard.push(message["params"].clone());
    }
    let dividends = heard.iter().filter(|note| note["message"].as_str().unwrap().starts_with("fetching dividends: "));
    assert!(dividends.count() >= 2, "{heard:?}");
    let done: Vec<f64> = heard.iter().map(|note| note["progress"].as_f64().unwrap()).collect();
    assert!(done.is_sorted_by(|a, b| a < b), "{done:?}");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

async fn closed_while_fetching(server: Process, world: &World) {
    let mut server = server;
    server.ask("tools/call", json!({"name": "get_factor_analysis", "arguments": super::world::returns()})).await;
    until("the first requests", || world.fmp.in_flight() > 0).await;
    server.close();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let seen = world.fmp.count();
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(world.fmp.count(), seen, "requests after standard input was closed");
}

/// Whoever closed the pipe waits for nothing any more.
#[tokio::test]
async fn nothing_is_asked_for_after_standard_input_is_closed() {
    let world = World::small(24).await;
    world.fmp.change(|options| options.latency = Duration::from_millis(1_200));
    closed_while_fetching(world.server().await, &world).await;
}
