//! A cancelled call stops asking the vendor.

use std::time::{Duration, Instant};

use factor_mcp::mcp::tools::TOOLS;
use serde_json::{Value, json};

use super::world::{World, returns, until};
use crate::support::{Http, JSON_RPC, LEGACY, Process, modern, modern_headers, server};

/// No request may begin later than this after the cancellation.
const AT_ONCE: Duration = Duration::from_millis(500);
/// Long enough that the next requests would come after [`AT_ONCE`].
const LATENCY: Duration = Duration::from_millis(1_500);

/// 25 funds, 8 at once: requests would begin for six seconds.
async fn slow_world() -> World {
    let world = World::small(24).await;
    world.fmp.change(|options| options.latency = LATENCY);
    world
}

fn call() -> Value {
    json!({"name": "get_factor_analysis", "arguments": returns()})
}

/// Nothing is asked any more, and what was under way is given up.
async fn check_quiet(world: &World, cancelled: Instant) {
    until("open requests are given up", || world.fmp.in_flight() == 0 && world.fmp.abandoned() > 0).await;
    assert!(cancelled.elapsed() < Duration::from_secs(2), "given up after {:?}", cancelled.elapsed());
    tokio::time::sleep((LATENCY + AT_ONCE).saturating_sub(cancelled.elapsed())).await;
    let late: Vec<_> = world.fmp.requests().into_iter().filter(|seen| seen.at > cancelled + AT_ONCE).collect();
    assert!(late.is_empty(), "{late:?}");
}

async fn cancel_over_stdio(mut server: Process, world: &World, params: Value, note: Value) {
    let id = server.ask("tools/call", params.clone()).await;
    until("the first requests", || world.fmp.in_flight() > 0).await;
    let mut note = note;
    note["requestId"] = json!(id);
    server.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": note})).await;
    check_quiet(world, Instant::now()).await;
    // The server goes on, and what was given up is fetched when it is asked for again.
    world.fmp.change(|options| options.latency = Duration::ZERO);
    let answer = server.request("tools/call", params).await;
    world.check(&answer["result"]["structuredContent"], &world.tickers);
}

#[tokio::test]
async fn a_notification_cancels_over_stdio_in_the_older_era() {
    let world = slow_world().await;
    cancel_over_stdio(world.server().await, &world, call(), json!({"reason": "the user has gone"})).await;
}

#[tokio::test]
async fn a_notification_cancels_over_stdio_in_the_newer_era() {
    let world = slow_world().await;
    let server = Process::start(&[], &world.settings());
    cancel_over_stdio(server, &world, modern(call()), modern(json!({}))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_response_cancels_over_http_in_the_newer_era() {
    for token in [None, Some("p-1")] {
        let world = slow_world().await;
        let http = Http::with(server(&world.settings(), TOOLS)).await;
        let mut params = modern(call());
        if let Some(token) = token {
            params["_meta"]["progressToken"] = json!(token);
        }
        let headers = modern_headers("tools/call", &params);
        let headers: Vec<(&str, &str)> =
            JSON_RPC.into_iter().chain(headers.iter().map(|(name, value)| (*name, value.as_str()))).collect();
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let response = http.open("POST", "/mcp", &headers, &message.to_string()).await;
        until("the first requests", || world.fmp.in_flight() > 0).await;
        drop(response);
        check_quiet(&world, Instant::now()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_cancels_over_http_in_the_older_era() {
    let world = slow_world().await;
    let http = Http::with(server(&world.settings(), TOOLS)).await;
    let session = http.session().await;
    let of_session = [("Mcp-Session-Id", session.as_str()), ("MCP-Protocol-Version", LEGACY)];
    let headers: Vec<(&str, &str)> = JSON_RPC.into_iter().chain(of_session).collect();
    let message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": call()});
    let _response = http.open("POST", "/mcp", &headers, &message.to_string()).await;
    until("the first requests", || world.fmp.in_flight() > 0).await;
    let gone = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}});
    assert_eq!(http.post(&of_session, &gone).await.status, 202);
    check_quiet(&world, Instant::now()).await;
}
