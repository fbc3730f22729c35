//! How the server is, for those who watch it: health routes and metrics.

use std::{
    net::SocketAddr,
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
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
};

use crate::{
    isolation::Shop,
    support::{Http, modern, modern_headers, server},
};

async fn get(http: &Http, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let response = http.send("GET", path, headers, "").await;
    (response.status, serde_json::from_str(&response.body).unwrap_or(Value::Null))
}

/// What it says of being ready, once it knows.
async fn ready(http: &Http, wanted: &str) -> (u16, Value) {
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        let (code, told) = get(http, "/health/ready", &[]).await;
        assert!(asked.elapsed() < Duration::from_millis(500), "it waits for nobody: {:?}", asked.elapsed());
        if told["status"] == wanted {
            return (code, told);
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The same once it knows of the prices too.
async fn ready_with_prices(http: &Http, wanted: &str) -> (u16, Value) {
    let mut told = ready(http, wanted).await;
    while told.1["parts"]["prices"].is_null() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        told = ready(http, wanted).await;
    }
    told
}

/// A URL at which nobody listens.
fn nowhere() -> String {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{closed}")
}

/// Prices of a vendor that is asked at this URL, and only once.
fn vendor_at(url: &str) -> [(&'static str, &str); 5] {
    [
        ("FACTOR_PRICE_SOURCE", "yahoo"),
        ("YAHOO_BASE_URL", url),
        ("TREASURY_BASE_URL", url),
        ("FRED_BASE_URL", url),
        ("FACTOR_PRICE_MAX_RETRIES", "0"),
    ]
}

#[tokio::test]
async fn ready_is_a_store_that_answers_and_a_source_that_fails_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let http = Http::with(server(&[("FACTOR_DATA_DIR", data.to_str().unwrap())], TOOLS)).await;
    let told = ready_with_prices(&http, "ready").await;
    assert_eq!(told, (200, json!({"status": "ready", "parts": {"store": "ok", "prices": "ok"}})));

    let url = nowhere();
    let settings = [&[("FACTOR_DATA_DIR", data.to_str().unwrap())][..], &vendor_at(&url)].concat();
    let http = Http::with(server(&settings, TOOLS)).await;
    let (code, told) = ready(&http, "degraded").await;
    assert_eq!((code, told["parts"].clone()), (200, json!({"store": "ok", "prices": "failed"})));
    let (_, told) = get(&http, "/api/factor-intelligence/health", &[]).await;
    assert_eq!((&told["status"], &told["error"]), (&json!("unhealthy"), &json!("the price source does not answer")));

    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let http = Http::with(server(&[("FACTOR_DATA_DIR", file.join("data").to_str().unwrap())], TOOLS)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (code, told) = ready(&http, "not_ready").await;
    assert_eq!(code, 503);
    assert!(!told.to_string().contains(folder.path().to_str().unwrap()), "{told}");
    assert_eq!(http.send("GET", "/health/live", &[], "").await.status, 200, "it lives");
    let (code, told) = get(&http, "/api/factor-groups/health", &[]).await;
    assert_eq!((code, &told["status"], &told["database_connected"]), (200, &json!("unhealthy"), &json!(false)));
    assert!(!told.to_string().contains(folder.path().to_str().unwrap()), "{told}");
}

#[tokio::test]
async fn the_log_tells_when_health_changes() {
    let url = nowhere();
    let failing = vendor_at(&url);
    for (settings, status, line) in
        [(&failing[..], "degraded", "the server is not well"), (&[], "ready", "the server is well")]
    {
        let shop = Shop::open(settings).await;
        ready_with_prices(&shop.http, status).await;
        // Asked again it is the same, and no news.
        tokio::time::sleep(Duration::from_millis(2_200)).await;
        ready(&shop.http, status).await;
        let (log, _folder) = shop.close().await;
        assert_eq!(log.matches(line).count(), 1, "{log}");
    }
}

#[tokio::test]
async fn the_seeds_health_routes_have_the_seeds_fields() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&[("FACTOR_DATA_DIR", folder.path().to_str().unwrap())], TOOLS);
    let store = Arc::clone(&server.app().store);
    let (_, key) = store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
    let key = format!("Bearer {}", key.reveal());
    let http = Http::open_to_others(server, false).await.unwrap();
    for path in ["/api/factor-intelligence/health", "/api/factor-groups/health"] {
        assert_eq!(get(&http, path, &[]).await.0, 401, "{path} lies behind the door");
        assert_eq!(get(&http, path, &[("Authorization", &key), ("Host", "evil.example")]).await.0, 403);
    }
    ready(&http, "ready").await;
    let by = [("Authorization", key.as_str())];
    let call = json!({"name": "get_factor_analysis", "arguments": {"analysis_type": "returns", "windows": ["1m"]}});
    for _ in 0..2 {
        assert_eq!(http.modern_with(&by, "tools/call", call.clone()).await.reply()["result"]["isError"], false);
    }
    let (code, told) = get(&http, "/api/factor-intelligence/health", &by).await;
    assert_eq!((code, &told["status"], told.get("error")), (200, &json!("healthy"), None), "{told}");
    for cache in ["overall", "panels", "reports", "answers"] {
        for field in ["requests", "hits", "hit_rate", "entries", "max_bytes", "ttl"] {
            assert!(told["cache_stats"][cache].get(field).is_some(), "{cache}.{field}: {told}");
        }
    }
    assert!(told["cache_stats"]["answers"]["hits"].as_u64() >= Some(1), "{told}");
    assert_eq!(told["calls"]["analyses"], 2);
    let configuration = json!({"max_factors": 200, "min_observations": 24, "correlation_timeout": 30});
    assert_eq!(told["configuration"], configuration);
    assert!(told["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(!told.to_string().contains(folder.path().to_str().unwrap()), "{told}");

    let group = json!({"group_name": "Mine", "tickers": ["XLE", "XLU"], "validate": false});
    let made = json!({"name": "create_factor_group", "arguments": group});
    assert_eq!(http.modern_with(&by, "tools/call", made).await.reply()["result"]["isError"], false);
    let (_, told) = get(&http, "/api/factor-groups/health", &by).await;
    assert_eq!(told, json!({"status": "healthy", "database_connected": true, "user_groups_count": 1}));
}

static GATE: Semaphore = Semaphore::const_new(0);
static WAITING: AtomicUsize = AtomicUsize::new(0);

fn waits(_app: Arc<App>, _call: Call) -> BoxFuture<'static, Result<Rendered, ToolError>> {
    Box::pin(async {
        WAITING.fetch_add(1, Ordering::SeqCst);
        let _through = GATE.acquire().await;
        Ok(Rendered::json(&json!({"status": "success"})))
    })
}

/// Asks over a connection that stays.
async fn asks(stream: &mut TcpStream, addr: SocketAddr) -> String {
    stream.write_all(format!("GET /health/ready HTTP/1.1\r\nHost: {addr}\r\n\r\n").as_bytes()).await.unwrap();
    let mut read = vec![0; 4096];
    let length = stream.read(&mut read).await.unwrap();
    String::from_utf8_lossy(&read[..length]).into_owned()
}

#[tokio::test]
async fn a_server_that_was_told_to_stop_is_not_ready() {
    let waiting: Vec<ToolEntry> = TOOLS
        .iter()
        .filter(|tool| tool.name == "list_factors")
        .map(|tool| ToolEntry { call: waits, ..*tool })
        .collect();
    let mut http = Http::with(server(&[], &waiting)).await;
    ready(&http, "ready").await;
    let mut kept = TcpStream::connect(http.addr).await.unwrap();
    assert!(asks(&mut kept, http.addr).await.starts_with("HTTP/1.1 200"));
    let params = json!({"name": "list_factors", "arguments": {}});
    let headers = modern_headers("tools/call", &params);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = [&crate::support::JSON_RPC[..], &headers].concat();
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": modern(params)});
    let mut working = http.open("POST", "/mcp", &headers, &message.to_string()).await;
    while WAITING.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let addr = http.addr;
    let ended = http.stop_after(async {});
    tokio::time::sleep(Duration::from_millis(100)).await;
    let told = asks(&mut kept, addr).await;
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("\"stopping\""), "{told}");
    assert!(TcpStream::connect(addr).await.is_err(), "it takes no new ones");
    // What is at work ends well.
    GATE.add_permits(1);
    let mut answer = String::new();
    working.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("success"), "{answer}");
    ended.await.unwrap();
}

#[tokio::test]
async fn metrics_are_told_where_they_are_meant_to_be() {
    let call = json!({"name": "list_factors", "arguments": {"query": "SPY"}});
    let apart = HttpOptions {
        metrics_addr: Some(([127, 0, 0, 1], 0).into()),
        ..HttpOptions::local(([127, 0, 0, 1], 0).into())
    };
    let (http, metrics) = Http::listen_with_metrics(server(&[], TOOLS), apart).await.unwrap();
    http.modern("tools/call", call.clone()).await;
    assert_eq!(http.send("GET", "/metrics", &[], "").await.status, 404, "not on the port that others may reach");
    let told = Http::at(metrics.unwrap()).send("GET", "/metrics", &[], "").await;
    assert_eq!(told.status, 200);
    assert!(told.header("Content-Type").unwrap().starts_with("application/openmetrics-text"), "{}", told.head);
    let has = |line: &str| assert!(told.body.lines().any(|told| told.starts_with(line)), "{line}: {}", told.body);
    has(r#"factor_mcp_calls_total{tool="list_factors",outcome="ok"} "#);
    has(r#"factor_mcp_cache_requests_total{cache="panels"} "#);
    has("factor_mcp_connections ");
    assert!(told.body.ends_with("# EOF\n"));
    assert_eq!(Http::at(metrics.unwrap()).send("GET", "/mcp", &[], "").await.status, 404, "and nothing else there");
    let strange = Http::at(metrics.unwrap()).send("GET", "/metrics", &[("Host", "evil.example")], "").await;
    assert_eq!(strange.status, 403);

    let open = HttpOptions { metrics_public: true, ..HttpOptions::local(([127, 0, 0, 1], 0).into()) };
    let http = Http::listen(server(&[], TOOLS), open).await.unwrap();
    assert_eq!(http.send("GET", "/metrics", &[], "").await.status, 200);
}
