//! Traps of the SDK and the transports, each with a tool that walks into it.

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use factor_mcp::{
    answer::Rendered,
    mcp::{
        catalog::{CatalogError, ToolFilter},
        raw_content::RawContent,
        server::Server,
        tools::{Effect, TOOLS, ToolEntry, Toolset},
    },
    progress::{Fetching, Progress},
    services::answer_schema,
};
use futures::future::FutureExt;
use rmcp::{ServiceExt, model::CallToolRequestParams};
use serde_json::{Value, json};

use crate::support::{Http, app, modern, modern_headers, server};

const SECRET: &str = "holdings of somebody";

/// A tool that does nothing; tests give it a name and a call of their own.
const IDLE: ToolEntry = ToolEntry {
    name: "idle_tool",
    title: "For tests",
    description: "For tests.",
    toolset: Toolset::Analysis,
    effect: Effect::Reads,
    open_world: false,
    input: || json!({"type": "object"}),
    output,
    full_answer: answer_schema::<bool>,
    call: |_, _| async { Ok(done()) }.boxed(),
};

fn output() -> Value {
    json!({"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]})
}

fn done() -> Rendered {
    Rendered::json(&json!({"status": "success"}))
}

const PANICS: ToolEntry =
    ToolEntry { name: "a_panicking_tool", call: |_, _| async { panic!("{SECRET}") }.boxed(), ..IDLE };

const PANICS_AT_ONCE: ToolEntry = ToolEntry { name: "another_panicking_tool", call: |_, _| panic!("{SECRET}"), ..IDLE };

fn is_contained(result: &Value) {
    assert_eq!(result["isError"], true, "{result}");
    assert_eq!(result["structuredContent"]["error"]["code"], "internal");
    assert!(!result.to_string().contains(SECRET));
}

/// A panic in a tool would leave the client waiting for ever.
#[tokio::test]
async fn a_panic_is_an_answer_and_the_server_goes_on() {
    let tools = [TOOLS, &[PANICS, PANICS_AT_ONCE]].concat();
    let http = Http::with(server(&[], &tools)).await;
    let session = http.session().await;
    for (id, name) in [(1, "a_panicking_tool"), (2, "another_panicking_tool")] {
        let call = json!({"name": name, "arguments": {}});
        is_contained(&http.modern("tools/call", call.clone()).await["result"]);
        is_contained(&http.legacy(&session, id, "tools/call", call).await["result"]);
    }
    let next = http.legacy(&session, 3, "tools/call", json!({"name": "list_factors", "arguments": {}})).await;
    assert_eq!(next["result"]["structuredContent"]["status"], "success");

    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (reader, writer) = tokio::io::split(ours);
    let serving = tokio::spawn(server(&[], &tools).serve((reader, RawContent::writer(writer))));
    let client = ().serve(theirs).await.unwrap();
    let result = client.call_tool(CallToolRequestParams::new("a_panicking_tool")).await.unwrap();
    is_contained(&serde_json::to_value(result).unwrap());
    client.cancel().await.unwrap();
    drop(serving.await.unwrap());
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    const SLEEPS: ToolEntry = ToolEntry {
        name: "sleeping_tool",
        call: |_, _| {
            async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(done())
            }
            .boxed()
        },
        ..IDLE
    };
    let http = Http::with(server(&[("FACTOR_CALL_DEADLINE", "1")], &[SLEEPS])).await;
    let call = json!({"name": "sleeping_tool", "arguments": {}});
    let result = http.modern("tools/call", call).await["result"].clone();
    assert_eq!(result["structuredContent"]["error"]["code"], "timeout");
}

/// Counts how many of its calls were given up before their end.
struct Watch<'a> {
    given_up: &'a AtomicUsize,
    finished: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.given_up.fetch_add(1, SeqCst);
        }
    }
}

async fn until(count: &AtomicUsize, expected: usize) {
    let reached = async {
        while count.load(SeqCst) != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_millis(2_000), reached).await;
    assert!(seen.is_ok(), "{} instead of {expected}", count.load(SeqCst));
}

/// Without sessions the older protocol's cancellation would not reach the call over HTTP.
#[tokio::test]
async fn a_cancelled_call_stops_in_both_eras() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);
    const ENDLESS: ToolEntry = ToolEntry {
        name: "endless_tool",
        call: |_, call| {
            async move {
                STARTED.fetch_add(1, SeqCst);
                let mut watch = Watch { given_up: &GIVEN_UP, finished: false };
                tokio::time::sleep(Duration::from_secs(40)).await;
                watch.finished = !call.cancel.is_cancelled();
                Ok(done())
            }
            .boxed()
        },
        ..IDLE
    };
    let http = Http::with(server(&[], &[ENDLESS])).await;
    let session = http.session().await;
    let message =
        |id: u64, params: Value| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});

    let headers = [&crate::support::JSON_RPC[..], &[("Mcp-Session-Id", session.as_str())]].concat();
    let call = message(7, json!({"name": "endless_tool", "arguments": {}}));
    let waiting = http.open("POST", "/mcp", &headers, &call.to_string()).await;
    until(&STARTED, 1).await;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
    assert_eq!(http.post(&[("Mcp-Session-Id", &session)], &note).await.status, 202);
    until(&GIVEN_UP, 1).await;
    drop(waiting);

    let params = json!({"name": "endless_tool", "arguments": {}});
    let own = modern_headers("tools/call", &params);
    let own: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = [&crate::support::JSON_RPC[..], &own].concat();
    let waiting = http.open("POST", "/mcp", &headers, &message(8, modern(params)).to_string()).await;
    until(&STARTED, 2).await;
    drop(waiting);
    until(&GIVEN_UP, 2).await;
}

/// A tool that takes a second and a half where its progress is asked for, which is one note.
pub(crate) const REPORTS: ToolEntry = ToolEntry {
    name: "reporting_tool",
    call: |_, call| {
        async move {
            let asked = matches!(call.progress, Progress::Client(..));
            let fetching = Fetching::default();
            fetching.expect(3);
            fetching.step();
            let work = tokio::time::sleep(Duration::from_millis(if asked { 1500 } else { 1 }));
            call.progress.follow("fetching", &fetching, work).await;
            Ok(Rendered::json(&json!({"status": if asked { "asked" } else { "not asked" }})))
        }
        .boxed()
    },
    ..IDLE
};

#[tokio::test]
async fn progress_reaches_the_client_that_asks_for_it() {
    let http = Http::with(server(&[], &[REPORTS])).await;
    let session = http.session().await;
    let message = |params: Value| json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params});
    let told = |body: &str| body.matches("notifications/progress").count();

    let asking = json!({"name": "reporting_tool", "arguments": {}, "_meta": {"progressToken": "t"}});
    let legacy = http.post(&[("Mcp-Session-Id", &session)], &message(asking.clone())).await;
    assert_eq!(
        (told(&legacy.body), legacy.reply()["result"]["structuredContent"]["status"].as_str()),
        (1, Some("asked"))
    );

    let own = modern_headers("tools/call", &asking);
    let own: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut params = modern(asking);
    params["_meta"]["progressToken"] = json!("t");
    let newer = http.post(&own, &message(params)).await;
    assert_eq!(
        (told(&newer.body), newer.reply()["result"]["structuredContent"]["status"].as_str()),
        (1, Some("asked"))
    );

    let silent = http.modern("tools/call", json!({"name": "reporting_tool", "arguments": {}})).await;
    assert_eq!(silent["result"]["structuredContent"]["status"], "not asked");
}

#[tokio::test]
async fn a_call_at_work_is_finished_before_the_server_stops() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    const SLOW: ToolEntry = ToolEntry {
        name: "slow_tool",
        call: |_, _| {
            async {
                STARTED.fetch_add(1, SeqCst);
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(done())
            }
            .boxed()
        },
        ..IDLE
    };
    let mut http = Http::with(server(&[], &[SLOW])).await;
    let session = http.session().await;
    // A stream that only listens must not hold the server up.
    let listening = [("Accept", "text/event-stream"), ("Mcp-Session-Id", session.as_str())];
    let _listening = http.open("GET", "/mcp", &listening, "").await;
    let stop = http.stop_after(until(&STARTED, 1));
    let params = json!({"name": "slow_tool", "arguments": {}});
    let answer = http.modern("tools/call", params).await;
    assert_eq!(answer["result"]["structuredContent"]["status"], "success");
    tokio::time::timeout(Duration::from_secs(5), stop).await.expect("the server does not stop").unwrap();
}

/// The newer protocol asks for a handler per request: definitions must not be made anew each time.
#[tokio::test]
async fn definitions_are_made_once() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    const COUNTED: ToolEntry = ToolEntry {
        name: "counted_tool",
        output: || {
            MADE.fetch_add(1, SeqCst);
            output()
        },
        ..IDLE
    };
    let http = Http::with(server(&[], &[COUNTED])).await;
    for _ in 0..3 {
        http.modern("tools/list", json!({})).await;
        http.modern("tools/call", json!({"name": "counted_tool", "arguments": {}})).await;
    }
    assert_eq!(MADE.load(SeqCst), 1);
}

#[test]
fn a_hidden_tool_is_not_there_and_read_only_wins() {
    const WRITES: ToolEntry = ToolEntry { name: "writing_tool", effect: Effect::Adds, ..IDLE };
    let tools = [TOOLS, &[WRITES]].concat();
    let names = |filter: ToolFilter| -> Vec<String> {
        let server = Server::new(app(&[]), &tools, &filter).unwrap();
        server.tools().map(|tool| tool.name.to_string()).collect()
    };
    let some = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert!(names(ToolFilter::default()).contains(&"writing_tool".to_owned()));
    assert!(!names(ToolFilter { read_only: true, ..ToolFilter::default() }).contains(&"writing_tool".to_owned()));
    let filter = ToolFilter { only: some(&["writing_tool", "list_factors"]), read_only: true, ..ToolFilter::default() };
    assert_eq!(names(filter), ["list_factors"]);
    let filter = ToolFilter { exclude: some(&["list_factors"]), ..ToolFilter::default() };
    assert!(!names(filter).contains(&"list_factors".to_owned()));

    let unknown = ToolFilter { only: some(&["list_factor"]), ..ToolFilter::default() };
    let refused = Server::new(app(&[]), &tools, &unknown).unwrap_err();
    assert!(matches!(&refused, CatalogError::Unknown(text) if text.contains("list_factors")), "{refused}");
    let twice = Server::new(app(&[]), &[WRITES, WRITES], &ToolFilter::default()).unwrap_err();
    assert_eq!(twice, CatalogError::Twice("writing_tool".into()));
}
