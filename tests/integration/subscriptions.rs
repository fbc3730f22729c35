//! A client that subscribed hears that what its user has saved has changed, over either protocol and transport, and nobody else does.

use std::time::Duration;

use factor_mcp::{app::App, http::HttpOptions, mcp::tools::TOOLS};
use factor_store::{NewUser, UserTier};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::support::{Http, JSON_RPC, LEGACY, PATIENCE, Process, modern, modern_headers, server};

const GROUP: &str = "factor://group/ours";
const UPDATED: &str = "notifications/resources/updated";
const LIST_CHANGED: &str = "notifications/resources/list_changed";
/// Longer than a change takes to be heard of.
const A_WHILE: Duration = Duration::from_secs(6);

fn group(tickers: &[&str]) -> Value {
    json!({"group_name": "Ours", "tickers": tickers, "validate": false})
}

/// The next notification of a process.
async fn notified(process: &mut Process) -> Value {
    loop {
        let message = process.message().await;
        if message.get("id").is_none() {
            return message;
        }
    }
}

#[tokio::test]
async fn a_session_over_standard_input_hears_of_what_it_subscribed_to() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::legacy(&[("FACTOR_DATA_DIR", data.path().to_str().unwrap())]).await;
    let uris = async |process: &mut Process| -> Vec<String> {
        let list = process.request("resources/list", json!({})).await;
        let all = list["result"]["resources"].as_array().unwrap().iter();
        all.map(|resource| resource["uri"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(uris(&mut process).await.len(), 3);
    // One that is not there yet is waited for.
    let subscribed = process.request("resources/subscribe", json!({"uri": GROUP})).await;
    assert_eq!(subscribed["result"], json!({}), "{subscribed}");
    process.call("create_factor_group", group(&["SPY", "TLT"])).await;
    let told = [notified(&mut process).await, notified(&mut process).await];
    assert_eq!((&told[0]["method"], &told[0]["params"]["uri"]), (&json!(UPDATED), &json!(GROUP)));
    assert_eq!(told[1]["method"], LIST_CHANGED);
    assert_eq!(uris(&mut process).await[3..], [GROUP]);
    let read = process.request("resources/read", json!({"uri": GROUP})).await;
    let text: Value = serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!((&text["group_name"], read["result"]["cacheScope"].as_str()), (&json!("Ours"), Some("private")));

    process.call("update_factor_group", json!({"group_name": "Ours", "description": "Both"})).await;
    assert_eq!(notified(&mut process).await["params"]["uri"], GROUP);
    process.request("resources/unsubscribe", json!({"uri": GROUP})).await;
    process.call("delete_factor_group", json!({"group_name": "Ours"})).await;
    assert!(tokio::time::timeout(A_WHILE, notified(&mut process)).await.is_err(), "nothing is subscribed to any more");

    let nothing = process.request("resources/subscribe", json!({"uri": "factor://nothing"})).await;
    assert!(nothing["error"]["message"].as_str().unwrap().contains("factor://portfolio/{name}"), "{nothing}");
    for n in 0..100 {
        let uri = format!("factor://portfolio/p{n}");
        assert_eq!(process.request("resources/subscribe", json!({"uri": uri})).await["result"], json!({}));
    }
    let too_many = process.request("resources/subscribe", json!({"uri": "factor://universe"})).await;
    assert!(too_many["error"]["message"].as_str().unwrap().contains("100 addresses"), "{too_many}");
    process.close();
    assert_eq!(process.end().await.0, Some(0));
}

#[tokio::test]
async fn a_stream_over_standard_input_hears_and_does_not_hold_the_end_up() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(&[], &[("FACTOR_DATA_DIR", data.path().to_str().unwrap())]);
    let asked = json!({"notifications": {
        "resourceSubscriptions": ["factor://portfolio/mine", "factor://nothing"], "resourcesListChanged": true,
    }});
    let id = process.ask("subscriptions/listen", modern(asked)).await;
    let accepted = process.message().await;
    assert_eq!(accepted["method"], "notifications/subscriptions/acknowledged", "{accepted}");
    assert_eq!(accepted["params"]["notifications"]["resourceSubscriptions"], json!(["factor://portfolio/mine"]));
    let save = json!({"name": "save_portfolio", "arguments": {"portfolio_name": "Mine", "holdings": {"SPY": 1}}});
    let saved = process.ask("tools/call", modern(save)).await;
    let mut told = Vec::new();
    while told.len() < 2 {
        let message = process.message().await;
        if message["id"] != saved {
            told.push(message);
        }
    }
    assert_eq!((&told[0]["method"], &told[0]["params"]["uri"]), (&json!(UPDATED), &json!("factor://portfolio/mine")));
    assert_eq!(told[0]["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], id, "{}", told[0]);
    assert_eq!(told[1]["method"], LIST_CHANGED);
    process.close();
    assert_eq!(process.end().await.0, Some(0));
}

/// A stream that is read event by event.
struct Heard {
    stream: TcpStream,
    read: String,
}

impl Heard {
    async fn open(http: &Http, method: &str, headers: &[(&str, &str)], body: &str) -> Self {
        Self { stream: http.open(method, "/mcp", headers, body).await, read: String::new() }
    }

    /// A stream of the newer protocol.
    async fn listening(http: &Http, own: &[(&str, &str)]) -> Self {
        let params = json!({"notifications": {"resourceSubscriptions": [GROUP]}});
        let headers = modern_headers("subscriptions/listen", &params);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let message = json!({"jsonrpc": "2.0", "id": 9, "method": "subscriptions/listen", "params": modern(params)});
        Self::open(http, "POST", &[&JSON_RPC, &headers[..], own].concat(), &message.to_string()).await
    }

    /// Whether this text comes within a time.
    async fn hears(&mut self, text: &str, within: Duration) -> bool {
        let reading = async {
            while !self.read.contains(text) {
                let mut some = [0; 4096];
                let count = self.stream.read(&mut some).await.unwrap();
                assert!(count > 0, "the stream ended: {}", self.read);
                self.read += &String::from_utf8_lossy(&some[..count]);
            }
        };
        tokio::time::timeout(within, reading).await.is_ok()
    }
}

#[tokio::test]
async fn over_http_a_user_hears_of_the_own_changes_and_of_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&[("FACTOR_DATA_DIR", folder.path().to_str().unwrap())], TOOLS);
    let app: &App = server.app();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let (_, key) = app.store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
        keys.push(format!("Bearer {}", key.reveal()));
    }
    let mut http = Http::listen(server, HttpOptions::local(([127, 0, 0, 1], 0).into())).await.unwrap();
    let (ada, bob) = ([("Authorization", keys[0].as_str())], [("Authorization", keys[1].as_str())]);

    // A session of the older protocol, and a stream of the newer, of each.
    let mut heard = Vec::new();
    for who in [&ada, &bob] {
        let session = http.session_with(who).await;
        let own = [("Mcp-Session-Id", session.as_str()), ("MCP-Protocol-Version", LEGACY), who[0]];
        let events = [&[("Accept", "text/event-stream")], &own[..]].concat();
        let stream = Heard::open(&http, "GET", &events, "").await;
        let subscribe = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": {"uri": GROUP}});
        assert_eq!(http.post(&own, &subscribe).await.reply()["result"], json!({}));
        let mut listening = Heard::listening(&http, who).await;
        assert!(listening.hears("subscriptions/acknowledged", PATIENCE).await);
        heard.push([stream, listening]);
    }
    let call = json!({"name": "create_factor_group", "arguments": group(&["SPY", "TLT"])});
    let made = http.modern_with(&ada, "tools/call", call).await.reply();
    assert_eq!(made["result"]["isError"], false, "{made}");
    let [of_ada, of_bob] = &mut heard[..] else { panic!() };
    for stream in of_ada {
        assert!(stream.hears(UPDATED, PATIENCE).await);
        assert!(stream.read.contains(GROUP), "{}", stream.read);
    }
    for stream in of_bob {
        assert!(!stream.hears("resources/", A_WHILE).await, "{}", stream.read);
    }
    // Nor does he see or read it.
    let list = http.modern_with(&bob, "resources/list", json!({})).await.reply();
    assert!(!list.to_string().contains(GROUP) && list["result"]["cacheScope"] == "private", "{list}");
    let read = http.modern_with(&bob, "resources/read", json!({"uri": GROUP})).await.reply();
    assert!(read["error"]["message"].as_str().unwrap().starts_with("no resource at"), "{read}");

    // Streams that are open hold nobody up when the server stops.
    let stopped = http.stop_after(async {});
    tokio::time::timeout(A_WHILE, stopped).await.expect("the streams hold the server up").unwrap();
}

#[tokio::test]
async fn streams_of_notifications_are_bounded_and_hold_no_place_at_work() {
    let http = Http::behind("127.0.0.1").await;
    let (one, other) = ([("X-Forwarded-For", "10.0.0.1")], [("X-Forwarded-For", "10.0.0.2")]);
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut stream = Heard::listening(&http, &one).await;
        assert!(stream.hears("subscriptions/acknowledged", PATIENCE).await);
        open.push(stream);
    }
    assert!(Heard::listening(&http, &one).await.hears("HTTP/1.1 429", PATIENCE).await);
    assert!(Heard::listening(&http, &other).await.hears("subscriptions/acknowledged", PATIENCE).await);
    let list = http.modern_with(&one, "tools/list", json!({})).await;
    assert_eq!(list.status, 200, "{list:?}");
}
