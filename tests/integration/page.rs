//! The page at `/` and the events that keep it up to date.

use std::time::Duration;

use factor_mcp::{app::App, http::HttpOptions, mcp::tools::TOOLS};
use factor_store::{NewUser, UserTier};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::support::{Http, JSON_RPC, PATIENCE, server};

#[tokio::test]
async fn the_page_is_for_everybody_and_brings_its_policy() {
    let http = Http::start().await;
    let page = http.send("GET", "/", &[], "").await;
    assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("Referrer-Policy"), Some("no-referrer"));
    assert_eq!(page.header("X-Content-Type-Options"), Some("nosniff"));
    let policy = page.header("Content-Security-Policy").unwrap();
    for rule in ["default-src 'none'", "script-src 'sha256-", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(page.body.contains("&quot;key_required&quot;:false"));
    let again = http.send("GET", "/", &[("If-None-Match", page.header("ETag").unwrap())], "").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(http.send("POST", "/", &JSON_RPC, "{}").await.status, 405);
}

/// A stream of events.
struct Events {
    stream: TcpStream,
    read: String,
}

impl Events {
    async fn open(http: &Http, headers: &[(&str, &str)]) -> Self {
        let headers = [&[("Accept", "text/event-stream")], headers].concat();
        Self { stream: http.open("GET", "/api/events", &headers, "").await, read: String::new() }
    }

    /// The state in the next event, if one comes in this time.
    async fn state(&mut self, within: Duration) -> Option<Value> {
        let reading = async {
            loop {
                if let Some((event, rest)) = self.read.split_once("\n\n") {
                    let state = event.split_once("event: state\ndata: ").map(|(_, data)| data.to_owned());
                    self.read = rest.to_owned();
                    match state {
                        Some(state) => return serde_json::from_str(&state).unwrap(),
                        None => continue,
                    }
                }
                let mut some = [0; 1024];
                let count = self.stream.read(&mut some).await.unwrap();
                assert!(count > 0, "the stream ended: {}", self.read);
                self.read += std::str::from_utf8(&some[..count]).unwrap();
            }
        };
        tokio::time::timeout(within, reading).await.ok()
    }
}

#[tokio::test]
async fn a_user_hears_of_the_own_changes_and_of_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&[("FACTOR_DATA_DIR", folder.path().to_str().unwrap())], TOOLS);
    let app: &App = server.app();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let (_, key) = app.store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
        keys.push(format!("Bearer {}", key.reveal()));
    }
    let http = Http::listen(server, HttpOptions::local(([127, 0, 0, 1], 0).into())).await.unwrap();
    let (ada, bob) = ([("Authorization", keys[0].as_str())], [("Authorization", keys[1].as_str())]);
    let mut of_ada = Events::open(&http, &ada).await;
    let mut of_bob = Events::open(&http, &bob).await;
    let before = of_ada.state(PATIENCE).await.unwrap();
    let of_nobody = of_bob.state(PATIENCE).await.unwrap();
    assert_eq!(before, of_nobody, "neither has anything yet");

    let group = json!({"group_name": "Ours", "tickers": ["SPY", "TLT"], "validate": false}).to_string();
    let headers = [&JSON_RPC[..1], &ada].concat();
    assert_eq!(http.send("POST", "/api/factor-groups", &headers, &group).await.status, 201);
    let after = of_ada.state(PATIENCE).await.unwrap();
    assert_ne!(after["groups"], before["groups"]);
    assert_eq!((&after["portfolios"], &after["universe"]), (&before["portfolios"], &before["universe"]));

    let holdings = json!({"portfolio_name": "Mine", "holdings": {"SPY": 1}}).to_string();
    assert_eq!(http.send("POST", "/api/portfolios", &headers, &holdings).await.status, 201);
    let then = of_ada.state(PATIENCE).await.unwrap();
    assert_ne!(then["portfolios"], after["portfolios"]);
    assert_eq!(of_bob.state(Duration::from_secs(4)).await, None);
    assert!(!format!("{then}").contains("Ours"), "names are no part of it");
}

#[tokio::test]
async fn events_are_bounded_like_other_streams() {
    let http = Http::behind("127.0.0.1").await;
    let (one, other) = ([("X-Forwarded-For", "10.0.0.1")], [("X-Forwarded-For", "10.0.0.2")]);
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut events = Events::open(&http, &one).await;
        assert!(events.state(PATIENCE).await.is_some());
        open.push(events);
    }
    let refused = http.send("GET", "/api/events", &one, "").await;
    assert_eq!((refused.status, refused.header("Content-Type")), (429, Some("application/problem+json")));
    assert!(refused.header("Retry-After").is_some());
    assert!(Events::open(&http, &other).await.state(PATIENCE).await.is_some());
    // They hold nobody's place at work.
    assert_eq!(http.send("GET", "/api/factors", &one, "").await.status, 200);
}

#[tokio::test]
async fn streams_of_events_end_with_the_server() {
    let mut http = Http::start().await;
    let mut events = Events::open(&http, &[]).await;
    assert!(events.state(PATIENCE).await.is_some());
    http.stop_after(async {}).await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, events.stream.read_to_end(&mut rest)).await.expect("the stream goes on").unwrap();
}
