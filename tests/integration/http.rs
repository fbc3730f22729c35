//! Streamable HTTP, both eras, and what it refuses.

use serde_json::{Value, json};

use crate::support::{Http, JSON_RPC, initialize_params, modern, signal};

#[tokio::test]
async fn a_session_of_the_older_era() {
    let http = Http::start().await;
    let session = http.session().await;
    let list = http.legacy(&session, 1, "tools/list", json!({})).await;
    assert!(list["result"]["tools"].as_array().unwrap().len() >= 2);
    let call = json!({"name": "list_factors", "arguments": {"query": "SPY"}});
    let answer = http.legacy(&session, 2, "tools/call", call).await;
    assert_eq!(answer["result"]["structuredContent"]["factors"][0]["ticker"], "SPY");

    let ended = http.send("DELETE", "/mcp", &[("Mcp-Session-Id", &session)], "").await;
    assert_eq!(ended.status, 204);
    let message = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/list"});
    assert_eq!(http.post(&[("Mcp-Session-Id", &session)], &message).await.status, 404);
}

#[tokio::test]
async fn the_newer_era_needs_no_session() {
    let http = Http::start().await;
    let discovered = http.modern("server/discover", json!({})).await;
    assert!(discovered["result"]["instructions"].as_str().unwrap().contains("list_factors"));
    let list = http.modern("tools/list", json!({})).await;
    assert_eq!(list["result"]["cacheScope"], "public");
    let call = json!({"name": "list_factors", "arguments": {"categories": "market"}});
    let answer = http.modern("tools/call", call).await;
    assert_eq!(answer["result"]["structuredContent"]["status"], "success");
    let unknown = http.modern("tools/call", json!({"name": "nothing", "arguments": {}})).await;
    assert_eq!(unknown["error"]["code"], -32602);
    let missing = http.modern("resources/read", json!({"uri": "factor://nothing"})).await;
    assert_eq!(missing["error"]["code"], -32602);
}

#[tokio::test]
async fn strange_hosts_and_origins_are_refused() {
    let http = Http::start().await;
    let port = http.addr.port();
    let post = async |headers: &[(&str, &str)]| {
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize_params()});
        http.post(headers, &message).await.status
    };
    assert_eq!(post(&[("Host", "evil.example")]).await, 403);
    assert_eq!(post(&[("Host", &format!("evil.example:{port}"))]).await, 403);
    assert_eq!(post(&[("Origin", "http://evil.example")]).await, 403);
    assert_eq!(post(&[("Origin", "null")]).await, 403);
    assert_eq!(post(&[("Origin", &format!("http://127.0.0.1:{port}"))]).await, 200);
    assert_eq!(post(&[("Origin", "http://localhost:5173")]).await, 200);
    assert_eq!(post(&[("Host", &format!("localhost:{port}"))]).await, 200);
    let get = http.send("GET", "/mcp", &[("Accept", "text/event-stream"), ("Host", "evil.example")], "").await;
    assert_eq!(get.status, 403);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let http = Http::start().await;
    let padding = "x".repeat(300 * 1024);
    let message =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": modern(json!({"padding": padding}))});
    assert_eq!(http.post(&[], &message).await.status, 413);
}

#[tokio::test]
async fn sessions_are_limited() {
    let http = Http::behind("127.0.0.1").await;
    let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize_params()});
    let opens = async |client: usize| {
        let refused = http.post(&[("X-Forwarded-For", &format!("10.0.0.{client}"))], &message).await;
        (refused.status, refused.header("Retry-After").is_some())
    };
    for client in 0..16 {
        for _ in 0..16 {
            assert_eq!(opens(client).await, (200, false));
        }
        assert_eq!(opens(client).await.0, if client < 15 { 429 } else { 503 }, "one has its share, the server its sum");
    }
    assert_eq!(opens(200).await, (503, true));
    // Clients of the newer protocol have no sessions and are not affected.
    assert!(http.modern("tools/list", json!({})).await["result"]["tools"].is_array());
}

#[tokio::test]
async fn it_is_alive_and_nothing_else_is_there() {
    let http = Http::start().await;
    let alive = http.send("GET", "/health/live", &[], "").await;
    assert_eq!((alive.status, alive.body.as_str()), (200, "ok"));
    assert_eq!(http.send("GET", "/nothing", &[], "").await.status, 404);
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    assert_eq!(http.send("POST", "/mcp", &JSON_RPC[..1], &list).await.status, 406);
    let no_json = http.send("POST", "/mcp", &JSON_RPC, "no json").await;
    assert_eq!((no_json.status, &no_json.reply()["error"]["code"]), (400, &json!(-32700)));
}

#[cfg(unix)]
#[tokio::test]
async fn the_process_says_where_it_listens_and_ends_when_it_is_told_to() {
    use tokio::io::{AsyncBufReadExt, BufReader};

    let folder = tempfile::tempdir().unwrap();
    let mut child = crate::support::command(folder.path())
        .args(["serve", "http", "--addr", "127.0.0.1:0"])
        .env("RUST_LOG", "off")
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    assert!(line.starts_with("listening on http://127.0.0.1:") && line.ends_with("/mcp"), "{line}");
    signal(child.id().unwrap(), "TERM");
    let output = tokio::time::timeout(std::time::Duration::from_secs(10), child.wait_with_output()).await;
    let output = output.expect("the server does not end").unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn an_answer_over_http_is_the_answer_over_stdio() {
    let http = Http::start().await;
    let call = json!({"name": "list_factors", "arguments": {}});
    let over_http: Value = http.modern("tools/call", call).await["result"]["structuredContent"].clone();
    let mut process = crate::support::Process::legacy(&[]).await;
    assert_eq!(process.call("list_factors", json!({})).await["structuredContent"], over_http);
}
