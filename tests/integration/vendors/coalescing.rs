//! Equal questions at once are one question to the vendor.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{World, returns, until};
use crate::support::Process;

const CALLS: usize = 1_000;

async fn ask(server: &mut Process, arguments: &Value) -> u64 {
    server.ask("tools/call", json!({"name": "get_factor_analysis", "arguments": arguments})).await
}

#[tokio::test]
async fn a_thousand_equal_calls_cost_one_request_a_ticker() {
    let world = World::small(5).await;
    world.fmp.change(|options| options.latency = Duration::from_millis(300));
    let mut server = world.server().await;
    let call = || json!({"name": "get_factor_analysis", "arguments": returns()});
    let messages = server.ask_at_once("tools/call", std::iter::repeat_with(call).take(CALLS)).await;
    let answer = |message: &Value| message["result"]["structuredContent"].clone();
    world.check(&answer(&messages[0]), &world.tickers);
    let first = answer(&messages[0])["factors"].clone();
    assert_eq!(messages.len(), CALLS);
    assert!(messages.iter().all(|message| answer(message)["factors"] == first));
    world.each_cost(1);
}

#[tokio::test]
async fn when_the_first_asker_goes_away_a_ticker_costs_two_requests_at_most() {
    let world = World::small(5).await;
    world.fmp.change(|options| options.latency = Duration::from_millis(500));
    let mut server = world.server().await;
    let first = ask(&mut server, &returns()).await;
    until("the first requests", || world.fmp.in_flight() > 0).await;
    for _ in 0..100 {
        ask(&mut server, &returns()).await;
    }
    let gone = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": first}});
    server.send(&gone).await;
    for _ in 0..100 {
        let message = server.message().await;
        assert_ne!(message["id"], first, "the cancelled call is not answered");
        world.check(&message["result"]["structuredContent"], &world.tickers);
    }
    assert!(world.counts().values().all(|count| *count <= 2), "{:?}", world.counts());
}

/// An assistant's first questions come together: different analyses over the same cold histories.
#[tokio::test]
async fn different_questions_at_once_share_the_histories() {
    let world = World::small(5).await;
    world.fmp.change(|options| options.latency = Duration::from_millis(300));
    let mut server = world.server().await;
    let others = [
        json!({"analysis_type": "returns", "windows": ["5y"]}),
        json!({"analysis_type": "correlations"}),
        json!({"analysis_type": "returns", "start_date": "2024-03-31"}),
    ];
    for arguments in others.iter().chain([&returns()]) {
        ask(&mut server, arguments).await;
    }
    for _ in 0..=others.len() {
        let message = server.message().await;
        assert_eq!(message["result"]["structuredContent"]["status"], "success", "{message}");
    }
    world.each_cost(1);
}
