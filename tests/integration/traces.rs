//! Traces over OTLP: a call is a span of its caller's trace, with its parts, and nothing of the caller's is in it.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    isolation::add_user,
    support::{Http, PATIENCE, Process, command},
};

/// A collector: where it listens, and all spans that came, each with the text that it came in.
async fn collector() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let spans: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&spans);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut text = String::new();
                let mut read = vec![0; 65_536];
                while let Ok(length) = stream.read(&mut read).await
                    && length > 0
                {
                    text += &String::from_utf8_lossy(&read[..length]);
                    let Some((_, body)) = text.split_once("\r\n\r\n") else { continue };
                    let Ok(body) = serde_json::from_str::<Value>(body) else { continue };
                    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
                    kept.lock().unwrap().extend(spans);
                    text.clear();
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
                }
            });
        }
    });
    (url, spans)
}

/// The span of that name in a trace, once it has come.
async fn span(spans: &Mutex<Vec<Value>>, trace: &str, name: &str) -> Value {
    for _ in 0..200 {
        let found = spans.lock().unwrap().iter().find(|span| span["traceId"] == trace && span["name"] == name).cloned();
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {name} in {trace}: {:?}", spans.lock().unwrap());
}

fn says(span: &Value, name: &str) -> Value {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {span}"))["value"]["stringValue"].clone()
}

#[tokio::test]
async fn a_call_is_a_span_of_its_callers_trace_and_holds_nothing_of_theirs() {
    let (url, spans) = collector().await;
    // By `_meta`, over stdio.
    let mut process = Process::legacy(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let meta = json!({"traceparent": format!("00-{trace}-00f067aa0ba902b7-01")});
    let arguments = json!({"analysis_type": "returns", "windows": ["1m"]});
    let params = json!({"name": "get_factor_analysis", "arguments": arguments, "_meta": meta});
    let answer = process.request("tools/call", params).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    let call = span(&spans, trace, "tools/call").await;
    assert_eq!(
        (&call["parentSpanId"], &says(&call, "tool")),
        (&json!("00f067aa0ba902b7"), &json!("get_factor_analysis"))
    );
    assert_eq!(says(&call, "outcome"), "ok");
    for part in ["panel", "report"] {
        assert_eq!(span(&spans, trace, part).await["parentSpanId"], call["spanId"], "{part}");
    }
    // A server that ends sends what is left; a trace that is not recorded stays unrecorded, and text that is none is passed over.
    let silent = json!({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"});
    process.request("tools/call", json!({"name": "list_factors", "arguments": {}, "_meta": silent})).await;
    let odd = json!({"traceparent": "canary-5521"});
    process.request("tools/call", json!({"name": "list_factors", "arguments": {"nonsense": 1}, "_meta": odd})).await;
    process.close();
    assert_eq!(process.end().await.0, Some(0));
    let (failed, silent) = {
        let spans = spans.lock().unwrap();
        let failed = spans.iter().find(|span| span["name"] == "tools/call" && span["traceId"] != trace).cloned();
        (failed.unwrap(), spans.iter().any(|span| span["traceId"] == "0af7651916cd43dd8448eb211c80319c"))
    };
    assert_eq!(
        (says(&failed, "outcome"), &failed["status"]["code"], silent),
        (json!("invalid_argument"), &json!(2), false)
    );

    // By the header, over HTTP, with a key and with names of the caller's.
    let folder = tempfile::tempdir().unwrap();
    let user = add_user(folder.path(), &[], 1).await;
    let mut child = command(folder.path())
        .args(["serve", "http", "--addr", "127.0.0.1:0"])
        .env("FACTOR_DATA_DIR", folder.path().join("data"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .env("RUST_LOG", "off")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = child.stderr.take().unwrap();
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        line.push(tokio::time::timeout(PATIENCE, errors.read_u8()).await.expect("no address").unwrap());
    }
    let line = String::from_utf8(line).unwrap();
    let addr = line.trim().strip_prefix("listening on http://").and_then(|addr| addr.strip_suffix("/mcp"));
    let http = Http::at(addr.unwrap_or_else(|| panic!("{line}")).parse().unwrap());
    let trace = "1bf92f3577b34da6a3ce929d0e0e4731";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let own = [("Authorization", user.header.as_str()), ("traceparent", parent.as_str())];
    let group = json!({"group_name": "canary-group", "tickers": ["XLE", "XLU"], "description": "canary-words", "validate": false});
    let made = http.modern_with(&own, "tools/call", json!({"name": "create_factor_group", "arguments": group})).await;
    assert_eq!(made.reply()["result"]["isError"], false, "{made:?}");
    let of_group = json!({"name": "get_factor_analysis", "arguments": {"tickers": ["USER:canary-group", "SPY"]}});
    http.modern_with(&own, "tools/call", of_group).await;
    let call = span(&spans, trace, "tools/call").await;
    assert_eq!((&call["parentSpanId"], &call["kind"]), (&json!("00f067aa0ba902b7"), &json!(2)));
    span(&spans, trace, "report").await;
    child.kill().await.unwrap();
    let all = json!(*spans.lock().unwrap()).to_string();
    for secret in ["canary", user.header.rsplit_once('_').unwrap().1, "XLU", "fie_"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}
