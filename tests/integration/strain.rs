//! Clients that send nonsense, drip, hold sockets, and logs that nobody reads: others are served as if they were not there.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::{
    isolation::{Shop, add_user},
    support::{Http, JSON_RPC, Process, command, initialize_params, modern, modern_headers},
};

/// The status of a call that a client who means well makes now.
async fn healthy(http: &Http) -> u16 {
    http.modern_with(&[], "tools/list", json!({})).await.status
}

/// Whether such a call is answered before a client would give up: sockets that are held give way after a second.
async fn in_time(http: &Http) -> bool {
    for _ in 0..60 {
        match healthy(http).await {
            200 => return true,
            429 => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            other => panic!("{other}"),
        }
    }
    false
}

#[tokio::test]
async fn half_sent_heads_and_dripped_bodies_shut_nobody_out() {
    let http = Http::start().await;
    let mut held = Vec::new();
    for _ in 0..512 {
        let mut stream = TcpStream::connect(http.addr).await.unwrap();
        let _ = stream.write_all(b"POST /mcp HTTP/1.1\r\nHost: local").await;
        held.push(stream);
    }
    assert!(in_time(&http).await, "beside 512 half-sent heads");
    for _ in 0..64 {
        let mut stream = TcpStream::connect(http.addr).await.unwrap();
        let head = format!("POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000\r\n\r\n", http.addr);
        let _ = stream.write_all(head.as_bytes()).await;
        held.push(stream);
    }
    for stream in &mut held {
        let _ = stream.write_all(b"x").await;
    }
    assert!(in_time(&http).await, "beside 64 bodies that drip");
    assert_eq!(http.send("GET", "/health/live", &[], "").await.status, 200);
}

#[tokio::test]
async fn two_hosts_broken_chunks_and_long_heads_are_refused() {
    let http = Http::start().await;
    let local = http.addr.to_string();
    for headers in [[("Host", local.as_str()), ("Host", "evil.example")], [("Host", "evil.example"), ("Host", &local)]]
    {
        assert_eq!(http.send("GET", "/health/live", &headers, "").await.status, 400);
    }
    let answer = async |request: String| {
        let mut stream = TcpStream::connect(http.addr).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text).await;
        text
    };
    let chunks = format!(
        "POST /mcp HTTP/1.1\r\nHost: {local}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n"
    );
    assert!(answer(chunks).await.starts_with("HTTP/1.1 400"));
    let long = format!("GET /health/live HTTP/1.1\r\nHost: {local}\r\nX-Padding: {}\r\n\r\n", "x".repeat(128 * 1024));
    assert!(answer(long).await.starts_with("HTTP/1.1 431"));
    assert_eq!(healthy(&http).await, 200);
}

#[tokio::test]
async fn a_browser_is_told_what_a_page_may_do() {
    let http = Http::start().await;
    let asks = |origin: &'static str| {
        [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "mcp-session-id"),
        ]
    };
    let page = "http://localhost:5173";
    let told = http.send("OPTIONS", "/mcp", &asks(page), "").await;
    assert_eq!((told.status, told.header("Access-Control-Allow-Origin")), (200, Some(page)), "{told:?}");
    let allowed = told.header("Access-Control-Allow-Headers").unwrap().to_lowercase();
    for name in ["content-type", "authorization", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name"] {
        assert!(allowed.contains(name), "{allowed}");
    }
    assert!(told.header("Vary").unwrap().to_lowercase().contains("origin"));
    assert_eq!(told.header("Access-Control-Allow-Credentials"), None);
    let stranger = http.send("OPTIONS", "/mcp", &asks("https://evil.example"), "").await;
    assert_eq!(stranger.header("Access-Control-Allow-Origin"), None);

    let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize_params()});
    let answer = http.post(&[("Origin", page)], &message).await;
    assert_eq!((answer.status, answer.header("Access-Control-Allow-Origin")), (200, Some(page)));
    assert!(answer.header("Access-Control-Expose-Headers").unwrap().contains("mcp-session-id"), "{answer:?}");
    assert_eq!(http.post(&[("Origin", "https://evil.example")], &message).await.status, 403);
}

#[tokio::test]
async fn what_is_no_message_is_answered_over_http_as_over_stdio() {
    let http = Http::start().await;
    let mut process = Process::legacy(&[]).await;
    for (text, code, id) in [
        ("nonsense", -32700, Value::Null),
        (r#"{"jsonrpc":"2.0","id":3,"method":"#, -32700, json!(3)),
        ("[]", -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":4}}"#, -32602, json!(4)),
    ] {
        let over_http = http.send("POST", "/mcp", &JSON_RPC, text).await;
        assert_eq!(over_http.status, 400, "{text}");
        process.write(text).await;
        let over_stdio = process.message().await;
        for answer in [&over_http.reply(), &over_stdio] {
            assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{text}: {answer}");
        }
    }
    assert_eq!(process.call("list_factors", json!({"query": "SPY"})).await["isError"], false);
}

/// Calls over a server whose log goes where `log` says, with everything logged.
async fn calls_with(log: impl Into<Stdio>, then: impl FnOnce(&mut tokio::process::Child)) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path())
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    then(&mut child);
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Each call logs its messages: some megabytes in all, far more than a pipe holds.
    for id in 0..30 {
        let call = json!({"name": "list_factors", "arguments": {"limit": 100}});
        let message = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": modern(call)});
        input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
        let line = tokio::time::timeout(crate::support::PATIENCE, lines.next_line()).await.expect("no answer");
        let answer: Value = serde_json::from_str(&line.unwrap().expect("the server went away")).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(input);
    let status = tokio::time::timeout(crate::support::PATIENCE, child.wait()).await.expect("it does not end").unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_log_that_nobody_reads_blocks_nothing() {
    calls_with(Stdio::piped(), |_| {}).await;
}

#[tokio::test]
async fn a_log_that_was_closed_ends_nothing() {
    calls_with(Stdio::piped(), |child| drop(child.stderr.take())).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_on_a_full_disk_ends_nothing() {
    calls_with(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap(), |_| {}).await;
}

/// Its settings are a pipe, so that the process stands still where it reads them, before all else.
#[cfg(unix)]
#[tokio::test]
async fn a_hangup_while_the_server_starts_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("settings.toml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut process = Process::start(&["--config", pipe.to_str().unwrap(), "serve"], &[]);
    let opening = tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(pipe));
    let settings = opening.await.unwrap().unwrap();
    process.signal("HUP");
    drop(settings);
    let reply = process.request("initialize", initialize_params()).await;
    assert!(reply["result"].is_object(), "{reply}");
    process.signal("HUP");
    assert_eq!(process.call("list_factors", json!({"query": "SPY"})).await["isError"], false);
}

#[tokio::test]
async fn a_share_is_the_clients_and_not_its_proxys() {
    let http = Http::behind("127.0.0.0/8").await;
    let listen = async |client: &str| {
        let session = http.session_with(&[("X-Forwarded-For", client)]).await;
        let headers = [("Accept", "text/event-stream"), ("Mcp-Session-Id", &session), ("X-Forwarded-For", client)];
        http.open("GET", "/mcp", &headers, "").await
    };
    let mut streams = Vec::new();
    for _ in 0..16 {
        streams.push(listen("10.0.0.1").await);
    }
    let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize_params()});
    let refused = http.post(&[("X-Forwarded-For", "6.6.6.6, 10.0.0.1")], &message).await;
    assert_eq!((refused.status, refused.header("Retry-After").is_some()), (429, true), "{refused:?}");
    assert_eq!(http.post(&[("X-Forwarded-For", "10.0.0.2")], &message).await.status, 200);
    // The newer protocol has no sessions to run out of.
    let headers = modern_headers("tools/list", &json!({}));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": modern(json!({}))});
    let headers = [headers.as_slice(), &[("X-Forwarded-For", "10.0.0.1")]].concat();
    assert_eq!(http.post(&headers, &list).await.status, 200);
}

/// n8n and agent frameworks put arguments of their own into every call, which a model cannot leave out.
#[tokio::test]
async fn arguments_that_clients_inject_are_left_aside_by_every_tool_and_said() {
    let mut process = Process::legacy(&[]).await;
    let list = process.request("tools/list", json!({})).await;
    let tools = list["result"]["tools"].as_array().unwrap().clone();
    assert!(tools.len() >= 10);
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        let injected = json!({"toolCallId": "call_1", "sessionId": "s", "random_string": "x", "requestId": 5, "threadId": null, "_meta": {}});
        let answer = process.call(name, injected).await;
        let note = answer["structuredContent"]["note"].as_str().unwrap_or_else(|| panic!("{name}: {answer}"));
        for argument in ["toolCallId", "sessionId", "random_string", "requestId", "threadId", "_meta"] {
            assert!(note.contains(argument), "{name}: {note}");
        }
        let refused = answer["structuredContent"]["error"]["problems"].to_string();
        assert!(!refused.contains("toolCallId") && !refused.contains("_meta"), "{name}: {refused}");
    }
    let arguments = json!({"analysis_type": "returns", "windows": "1m", "toolCallId": "call_1"});
    let answer = process.call("get_factor_analysis", arguments).await;
    assert_eq!(answer["isError"], false, "{answer}");
    let text: Value = serde_json::from_str(answer["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, answer["structuredContent"], "the text says it too");
}

/// Calls of many clients behind a proxy: within what the server takes none is refused, and beyond it each is answered or told
/// when to come back; afterwards all is as before.
#[tokio::test]
async fn a_crowd_is_answered_or_told_when_to_come_back() {
    // Clients and server share a thread here, so that all connections are asked for before the first is accepted.
    let http = Arc::new(Http::behind("127.0.0.0/8").await);
    let crowd = async |clients: usize, calls: usize| {
        let asks = (0..calls).map(|call| {
            let (http, address) = (Arc::clone(&http), format!("10.0.{}.1", call % clients));
            tokio::spawn(async move {
                let arguments = json!({"name": "list_factors", "arguments": {"query": "SPY"}});
                let own = [("X-Forwarded-For", address.as_str())];
                let response = http.modern_with(&own, "tools/call", arguments).await;
                if response.status == 200 {
                    assert_eq!(response.reply()["result"]["isError"], false, "{response:?}");
                } else {
                    assert!([429, 503].contains(&response.status), "{response:?}");
                    assert!(response.header("Retry-After").is_some(), "{response:?}");
                }
                response.status
            })
        });
        let asks: Vec<_> = asks.collect();
        let mut statuses = Vec::new();
        for ask in asks {
            statuses.push(ask.await.unwrap());
        }
        statuses
    };
    // Each within its share, and all within the places there are.
    assert_eq!(crowd(12, 48).await, [200; 48]);
    let beyond = crowd(100, 400).await;
    assert!(beyond.iter().filter(|status| **status == 200).count() >= 64, "{beyond:?}");
    assert_eq!(crowd(12, 48).await, [200; 48], "as before");
}

/// Long work of one user does not come before a short question of another that was asked later.
#[tokio::test]
async fn a_heavy_neighbour_keeps_nobody_waiting_for_all_of_its_work() {
    const HEAVY: usize = 12;
    let environment = [("FACTOR_PRICE_SOURCE", "sample")];
    let shop = Shop::open(&environment).await;
    let (ada, bob) =
        (add_user(shop.folder.path(), &environment, 1).await, add_user(shop.folder.path(), &environment, 2).await);
    let at = shop.http.addr;
    let ask = |key: String, arguments: Value| async move {
        let params = json!({"name": "get_factor_analysis", "arguments": arguments});
        let response = Http::at(at).modern_with(&[("Authorization", &key)], "tools/call", params).await;
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.reply()["result"]["isError"], false, "{response:?}");
    };
    let small = |top: usize| json!({"analysis_type": "returns", "windows": ["1m"], "top_n": top});
    ask(bob.header.clone(), small(3)).await;
    let done = Arc::new(AtomicUsize::new(0));
    let heavy = (0..HEAVY).map(|at| {
        // Each of other dates: nothing of one helps another.
        let arguments = json!({"frequency": "daily", "start_date": format!("20{:02}-02-01", 10 + at % 6), "format": "full",
            "end_date": format!("2025-{:02}-15", 1 + at), "include_statistics": true, "include_rolling_summaries": true,
            "include_macro_etf": true});
        let (asked, done) = (ask(ada.header.clone(), arguments), Arc::clone(&done));
        tokio::spawn(async move {
            asked.await;
            done.fetch_add(1, Ordering::Relaxed);
        })
    });
    let heavy: Vec<_> = heavy.collect();
    tokio::task::yield_now().await;
    for top in 4..9 {
        ask(bob.header.clone(), small(top)).await;
        assert_eq!(Http::at(at).send("GET", "/health/live", &[], "").await.status, 200);
    }
    let before = done.load(Ordering::Relaxed);
    assert!(before <= HEAVY / 2, "{before} of {HEAVY} of the other's came first");
    heavy.iter().for_each(tokio::task::JoinHandle::abort);
    shop.close().await;
}
