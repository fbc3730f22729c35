//! Server-sent events of protocol 2024-11-05: what a client that speaks it by hand sees, and what it is held to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use factor_mcp::{
    answer::Rendered,
    app::App,
    http::HttpOptions,
    mcp::tools::{TOOLS, ToolEntry},
    services::Call,
    tool_error::ToolError,
};
use factor_store::{NewUser, UserTier};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream, sync::Semaphore};

use crate::{
    support::{Http, JSON_RPC, LEGACY, PATIENCE, Response, server},
    traps::REPORTS,
};

const OLD: &str = "2024-11-05";

/// A client's end of a session.
pub(crate) struct Sse {
    stream: TcpStream,
    /// What came and is no whole event yet.
    read: String,
    pub(crate) head: String,
    /// Where messages are posted to.
    pub(crate) address: String,
    headers: Vec<(String, String)>,
}

impl Sse {
    /// Opens a stream with these headers.
    pub(crate) async fn open(http: &Http, own: &[(&str, &str)]) -> Self {
        Self::try_open(http, own).await.unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// The same of a server that may be too busy for it: else the head of its answer.
    async fn try_open(http: &Http, own: &[(&str, &str)]) -> Result<Self, String> {
        let headers = [&[("Accept", "text/event-stream")], own].concat();
        let mut stream = http.open("GET", "/sse", &headers, "").await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tokio::time::timeout(PATIENCE, stream.read_u8()).await.expect("no head").unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        if !head.starts_with("HTTP/1.1 200") {
            return Err(head);
        }
        let headers = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut sse = Self { stream, read: String::new(), head, address: String::new(), headers };
        let first = sse.event().await.unwrap();
        sse.address = first.strip_prefix("event: endpoint\ndata: ").unwrap_or_else(|| panic!("{first}")).to_owned();
        Ok(sse)
    }

    /// A session that has begun.
    pub(crate) async fn begun(http: &Http, own: &[(&str, &str)]) -> Self {
        Self::try_begun(http, own).await.unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// The same of a server that may be too busy for it: else what it said.
    pub(crate) async fn try_begun(http: &Http, own: &[(&str, &str)]) -> Result<Self, String> {
        let mut sse = Self::try_open(http, own).await?;
        let params =
            json!({"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
        let request = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        let taken = sse.post(http, &request).await;
        if taken.status != 202 {
            return Err(format!("{taken:?}"));
        }
        let begun = sse.message().await;
        // What the guard refuses is told on the stream.
        if begun["error"]["data"]["status"] == 503 {
            return Err(begun.to_string());
        }
        assert_eq!(begun["result"]["protocolVersion"], OLD, "{begun}");
        let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let taken = sse.post(http, &note).await;
        if taken.status == 202 { Ok(sse) } else { Err(format!("{taken:?}")) }
    }

    /// The next event, whatever it is; `None` at the end of the stream.
    async fn event(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(event);
            }
            let mut size = String::new();
            while !size.ends_with("\r\n") {
                match self.stream.read_u8().await {
                    Ok(byte) => size.push(char::from(byte)),
                    Err(_) => return None,
                }
            }
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            if size == 0 {
                return None;
            }
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk).await.ok()?;
            self.read += std::str::from_utf8(&chunk[..size]).unwrap();
        }
    }

    /// The next message on the stream.
    pub(crate) async fn message(&mut self) -> Value {
        loop {
            let event =
                tokio::time::timeout(PATIENCE, self.event()).await.expect("no event").expect("the stream ended");
            if let Some(data) = event.strip_prefix("event: message\ndata: ") {
                return serde_json::from_str(data).unwrap();
            }
            assert!(event.starts_with(':'), "{event}");
        }
    }

    /// How long the stream goes on.
    pub(crate) async fn lasts(&mut self) -> Duration {
        let began = Instant::now();
        while tokio::time::timeout(PATIENCE, self.event()).await.expect("the stream does not end").is_some() {}
        began.elapsed()
    }

    pub(crate) async fn send(&self, http: &Http, body: &str) -> Response {
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<(&str, &str)> = JSON_RPC[..1].iter().copied().chain(own).collect();
        http.send("POST", &self.address, &headers, body).await
    }

    pub(crate) async fn post(&self, http: &Http, message: &Value) -> Response {
        self.send(http, &message.to_string()).await
    }

    /// Posts a request and waits for its answer on the stream.
    pub(crate) async fn ask(&mut self, http: &Http, id: u64, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let taken = self.post(http, &request).await;
        assert_eq!(taken.status, 202, "{taken:?}");
        let answer = self.message().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}

#[tokio::test]
async fn a_session_of_events_answers_every_message_on_its_stream() {
    let http = Http::start().await;
    let mut sse = Sse::begun(&http, &[]).await;
    for header in ["content-type: text/event-stream", "x-accel-buffering: no", "no-transform"] {
        assert!(sse.head.to_lowercase().contains(header), "{}", sse.head);
    }
    let list = sse.ask(&http, 1, "tools/list", json!({})).await;
    assert!(list["result"]["tools"].as_array().unwrap().len() >= 10);
    let asked = call("list_factors", json!({"query": "SPY"}));
    let over_sse = sse.ask(&http, 2, "tools/call", asked.clone()).await;
    let over_http = http.modern("tools/call", asked).await;
    assert_eq!(over_sse["result"]["structuredContent"], over_http["result"]["structuredContent"], "{over_sse}");
    assert!(over_sse["result"]["structuredContent"]["factors"].is_array());
    // Unknown tools and methods, and arguments that are long enough to be taken apart before the session sees them.
    assert_eq!(sse.ask(&http, 3, "tools/call", call("nothing", json!({}))).await["error"]["code"], -32602);
    assert_eq!(sse.ask(&http, 4, "nothing/at/all", json!({})).await["error"]["code"], -32601);
    let long = call("list_factors", json!({"nonsense": "x".repeat(30_000)}));
    assert_eq!(sse.ask(&http, 5, "tools/call", long).await["result"]["isError"], true);
    let resource = sse.ask(&http, 6, "resources/read", json!({"uri": "factor://glossary"})).await;
    assert!(resource["result"]["contents"][0]["text"].as_str().unwrap().contains("Sharpe"));
    // What is no message is told to who posted it, and on the stream where it can be named.
    let none = sse.send(&http, "nonsense").await;
    assert_eq!((none.status, &none.reply()["error"]["code"]), (400, &json!(-32700)));
    let named = sse.send(&http, r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":4}}"#).await;
    assert_eq!((named.status, &named.reply()["error"]["code"]), (400, &json!(-32602)));
    let on_stream = sse.message().await;
    assert_eq!((&on_stream["id"], &on_stream["error"]["code"]), (&json!(7), &json!(-32602)));
    assert_eq!(sse.ask(&http, 8, "ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn progress_comes_on_the_stream_before_the_answer() {
    let http = Http::with(server(&[], &[REPORTS])).await;
    let mut sse = Sse::begun(&http, &[]).await;
    let params = json!({"name": "reporting_tool", "arguments": {}, "_meta": {"progressToken": "p"}});
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    assert_eq!(sse.post(&http, &request).await.status, 202);
    let mut told = 0;
    loop {
        let message = sse.message().await;
        if message["id"] == 1 {
            assert_eq!(message["result"]["isError"], false, "{message}");
            break;
        }
        assert_eq!(
            (&message["method"], &message["params"]["progressToken"]),
            (&json!("notifications/progress"), &json!("p"))
        );
        told += 1;
    }
    assert_eq!(told, 1);
}

#[tokio::test]
async fn strangers_to_server_sent_events_are_refused_as_everywhere() {
    let http = Http::start().await;
    let sse = Sse::begun(&http, &[]).await;
    let events = ("Accept", "text/event-stream");
    let get = async |headers: &[(&str, &str)]| http.send("GET", "/sse", headers, "").await.status;
    assert_eq!(get(&[events, ("Host", "evil.example")]).await, 403);
    assert_eq!(get(&[events, ("Origin", "http://evil.example")]).await, 403);
    assert_eq!(get(&[events, ("Origin", "null")]).await, 403);
    assert_eq!(get(&[("Accept", "application/json")]).await, 406);
    let post = async |path: &str, headers: &[(&str, &str)]| {
        http.send("POST", path, headers, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await.status
    };
    let json = JSON_RPC[0];
    assert_eq!(post(&sse.address, &[json, ("Host", "evil.example")]).await, 403);
    assert_eq!(post(&sse.address, &[json, ("Origin", "http://evil.example")]).await, 403);
    assert_eq!(post(&sse.address, &[json, ("Origin", "http://localhost:5173")]).await, 202);
    assert_eq!(post(&sse.address, &[("Content-Type", "text/plain")]).await, 415);
    let last = if sse.address.ends_with('0') { "1" } else { "0" };
    let other = format!("{}{last}", &sse.address[..sse.address.len() - 1]);
    for none in ["/messages", "/messages?session=", "/messages?session=x", &other] {
        assert_eq!(post(none, &[json]).await, 404, "{none}");
    }
    let long = "x".repeat(300 * 1024);
    assert_eq!(sse.send(&http, &long).await.status, 413);
}

#[tokio::test]
async fn it_can_be_left_off() {
    let options = HttpOptions { sse: false, ..HttpOptions::local(([127, 0, 0, 1], 0).into()) };
    let http = Http::listen(server(&[], TOOLS), options).await.unwrap();
    assert_eq!(http.send("GET", "/sse", &[("Accept", "text/event-stream")], "").await.status, 404);
    assert_eq!(
        http.send("POST", "/messages?session=x", &JSON_RPC, r#"{"jsonrpc":"2.0","method":"x"}"#).await.status,
        404
    );
    assert!(http.modern("tools/list", json!({})).await["result"]["tools"].is_array());
}

/// A server over a store in a folder of its own, and the headers of so many users.
async fn shop(users: usize) -> (tempfile::TempDir, Http, Arc<App>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&[("FACTOR_DATA_DIR", folder.path().to_str().unwrap())], TOOLS);
    let app = Arc::clone(server.app());
    let mut headers = Vec::new();
    for _ in 0..users {
        let (_, key) = app.store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
        headers.push(format!("Bearer {}", key.reveal()));
    }
    (folder, Http::with(server).await, app, headers)
}

#[tokio::test]
async fn a_session_of_events_is_its_users_alone() {
    let (_folder, http, _, users) = shop(2).await;
    let (ann, bob) = ([("Authorization", users[0].as_str())], [("Authorization", users[1].as_str())]);
    let mut of_ann = Sse::begun(&http, &ann).await;
    let mut of_bob = Sse::begun(&http, &bob).await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for stranger in [&bob[..], &[]] {
        let headers = [&JSON_RPC[..1], stranger].concat();
        assert_eq!(http.send("POST", &of_ann.address, &headers, ping).await.status, 404);
    }
    assert_eq!(
        http.send("POST", &of_ann.address, &[JSON_RPC[0], ("Authorization", "Bearer fie_1_")], ping).await.status,
        401
    );
    let group = json!({"group_name": "Mine", "tickers": ["XLE", "XLU"], "validate": false});
    let made = of_ann.ask(&http, 1, "tools/call", call("create_factor_group", group)).await;
    assert_eq!(made["result"]["isError"], false, "{made}");
    let lists = |sse: Value| sse["result"]["structuredContent"].to_string().contains("Mine");
    assert!(lists(of_ann.ask(&http, 2, "tools/call", call("list_factor_groups", json!({}))).await));
    assert!(!lists(of_bob.ask(&http, 2, "tools/call", call("list_factor_groups", json!({}))).await));
}

#[tokio::test]
async fn streams_opened_with_a_key_end_soon_after_it_is_revoked() {
    let (_folder, http, app, users) = shop(2).await;
    let (ann, bob) = ([("Authorization", users[0].as_str())], [("Authorization", users[1].as_str())]);
    let mut of_events = Sse::begun(&http, &ann).await;
    let session = http.session_with(&ann).await;
    let listens = [
        ("Accept", "text/event-stream"),
        ("Mcp-Session-Id", session.as_str()),
        ("MCP-Protocol-Version", LEGACY),
        ann[0],
    ];
    let mut streamable = http.open("GET", "/mcp", &listens, "").await;
    let mut begun = [0; 12];
    streamable.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    let mut of_bob = Sse::begun(&http, &bob).await;

    let id = app.store.users().await.unwrap().rows[1].id;
    app.store.revoke_user(id).await.unwrap();
    let began = Instant::now();
    let streamable = async {
        let mut rest = Vec::new();
        streamable.read_to_end(&mut rest).await.unwrap();
        began.elapsed()
    };
    let (of_events, streamable) = tokio::join!(of_events.lasts(), streamable);
    assert!(of_events < Duration::from_secs(5) && streamable < Duration::from_secs(5), "{of_events:?} {streamable:?}");
    // And with the streams that the key was known.
    assert_eq!(http.modern_with(&ann, "tools/list", json!({})).await.status, 401);
    assert_eq!(of_bob.ask(&http, 5, "ping", json!({})).await["result"], json!({}), "another's go on");
}

#[tokio::test]
async fn a_caller_has_a_share_of_streams_of_events() {
    let http = Http::behind("127.0.0.0/8").await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Sse::open(&http, &[("X-Forwarded-For", "10.0.0.1")]).await);
    }
    let headers = [("Accept", "text/event-stream"), ("X-Forwarded-For", "10.0.0.1")];
    let refused = http.send("GET", "/sse", &headers, "").await;
    assert_eq!((refused.status, refused.header("Retry-After").is_some()), (429, true), "{refused:?}");
    let of_another = Sse::open(&http, &[("X-Forwarded-For", "10.0.0.2")]).await;
    assert_ne!(of_another.address, open[0].address);
    // A client that goes away gives its place back.
    drop(open.pop());
    for _ in 0..100 {
        let headers = [("Accept", "text/event-stream"), ("X-Forwarded-For", "10.0.0.1")];
        let mut stream = http.open("GET", "/sse", &headers, "").await;
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).await.unwrap();
        if &begun == b"HTTP/1.1 200" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the place is not given back");
}

/// Opens, and so ends the calls that wait for it.
static GATE: Semaphore = Semaphore::const_new(0);
static WAITING: AtomicUsize = AtomicUsize::new(0);
static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);

fn waits(_app: Arc<App>, call: Call) -> BoxFuture<'static, Result<Rendered, ToolError>> {
    Box::pin(async move {
        WAITING.fetch_add(1, Ordering::SeqCst);
        let cancel = call.cancel.clone();
        tokio::spawn(async move {
            cancel.cancelled().await;
            GIVEN_UP.fetch_add(1, Ordering::SeqCst);
        });
        let _through = GATE.acquire().await;
        Ok(Rendered::json(&json!({"status": "success"})))
    })
}

async fn until(what: &AtomicUsize, wanted: usize) {
    for _ in 0..1_000 {
        if what.load(Ordering::SeqCst) == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{} of {wanted}", what.load(Ordering::SeqCst));
}

#[tokio::test]
async fn calls_beyond_a_share_are_answered_on_the_stream_and_end_with_it() {
    let waiting: Vec<ToolEntry> = TOOLS
        .iter()
        .filter(|tool| tool.name == "list_factors")
        .map(|tool| ToolEntry { call: waits, ..*tool })
        .collect();
    let http = Http::with(server(&[], &waiting)).await;
    let mut sse = Sse::begun(&http, &[]).await;
    let asks = |id: u64| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call("list_factors", json!({}))});
    for id in 1..=16 {
        assert_eq!(sse.post(&http, &asks(id)).await.status, 202);
    }
    until(&WAITING, 16).await;
    // A place is held although each request was answered with 202 long ago.
    assert_eq!(sse.post(&http, &asks(17)).await.status, 202);
    let refused = sse.message().await;
    assert_eq!(refused["id"], 17);
    let data = &refused["error"]["data"];
    assert_eq!(
        (&data["error"], &data["status"], &data["retry_after"]),
        (&json!("too_many_requests"), &json!(429), &json!(1))
    );
    let over_http = http.modern_with(&[], "tools/list", json!({})).await;
    assert_eq!(over_http.status, 429, "it is one share for all transports");
    // A call that is given up gives its place back, which can be said beside a full share too; so does the end of the stream.
    let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}});
    assert_eq!(sse.post(&http, &cancelled).await.status, 202);
    until(&GIVEN_UP, 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(sse.post(&http, &asks(18)).await.status, 202);
    until(&WAITING, 17).await;
    drop(sse);
    until(&GIVEN_UP, 17).await;
    for _ in 0..1_000 {
        if http.modern_with(&[], "tools/list", json!({})).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the places are not given back");
}
