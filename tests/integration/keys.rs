//! Who asks over HTTP: keys, sessions and results that are one user's, and where no key is needed.

use std::process::Stdio;

use factor_mcp::{
    app::App,
    mcp::{server::Server, tools::TOOLS},
};
use factor_store::{NewUser, UserTier};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::{
    sse::Sse,
    support::{Http, LEGACY, PATIENCE, Response, command, server},
};

/// A key of the right form that nobody has.
const STRANGER: &str = "fie_7_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A server over a store in a folder of its own.
fn shop() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&[("FACTOR_DATA_DIR", folder.path().to_str().unwrap())], TOOLS);
    (folder, server)
}

/// A new user's header.
async fn user(app: &App) -> String {
    let (_, key) = app.store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
    format!("Bearer {}", key.reveal())
}

fn by(header: &str) -> [(&'static str, &str); 1] {
    [("Authorization", header)]
}

async fn list_tools(http: &Http, headers: &[(&str, &str)]) -> Response {
    http.modern_with(headers, "tools/list", json!({})).await
}

/// A refused request says in a header and a body what to do.
fn is_refused(response: &Response, error: &str) {
    assert_eq!(response.status, 401, "{response:?}");
    assert!(response.header("WWW-Authenticate").unwrap().starts_with("Bearer"), "{response:?}");
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["error"], error);
    assert!(body["message"].as_str().unwrap().contains("factor-mcp user add"), "{body}");
    assert!(!response.body.contains(STRANGER) && !response.head.contains(STRANGER));
}

#[tokio::test]
async fn a_key_that_is_presented_must_be_right_even_where_none_is_needed() {
    let (_folder, server) = shop();
    let (key, other) = (user(server.app()).await, user(server.app()).await);
    let http = Http::with(server).await;
    assert_eq!(list_tools(&http, &[]).await.status, 200);
    assert_eq!(list_tools(&http, &by(&key)).await.status, 200);
    assert_eq!(list_tools(&http, &[("X-API-Key", key.strip_prefix("Bearer ").unwrap())]).await.status, 200);
    let wrong = format!("Bearer {STRANGER}");
    let cut = &key[..key.len() - 1];
    let mut changed = key.clone();
    let last = if changed.pop() == Some('0') { '1' } else { '0' };
    changed.push(last);
    for wrong in [wrong.as_str(), cut, &changed, "Bearer", "Bearer ", "Bearer nonsense", "bearer fie_1_"] {
        is_refused(&list_tools(&http, &by(wrong)).await, "wrong_key");
    }
    is_refused(&list_tools(&http, &[("X-API-Key", STRANGER)]).await, "wrong_key");
    let two = [("Authorization", key.as_str()), ("X-API-Key", &other["Bearer ".len()..])];
    is_refused(&list_tools(&http, &two).await, "wrong_key");
}

#[tokio::test]
async fn where_others_can_connect_everybody_needs_a_key() {
    let (folder, server) = shop();
    let refused = Http::open_to_others(server.clone(), false).await.err().unwrap().to_string();
    assert!(refused.contains("factor-mcp user add") && refused.contains("--insecure"), "{refused}");
    let key = user(server.app()).await;
    let http = Http::open_to_others(server.clone(), false).await.unwrap();
    is_refused(&list_tools(&http, &[]).await, "key_required");
    is_refused(&http.send("GET", "/mcp", &[("Accept", "text/event-stream")], "").await, "key_required");
    is_refused(&http.send("DELETE", "/mcp", &[("Mcp-Session-Id", "x")], "").await, "key_required");
    is_refused(&http.send("GET", "/mcp/", &[], "").await, "key_required");
    is_refused(&list_tools(&http, &[("Authorization", "Basic YW5uOnNlY3JldA==")]).await, "key_required");
    assert_eq!(list_tools(&http, &by(&key)).await.status, 200);
    assert_eq!(http.send("GET", "/health/live", &[], "").await.status, 200);

    let insecure = Http::open_to_others(server, true).await.unwrap();
    assert_eq!(list_tools(&insecure, &[]).await.status, 200);
    drop(folder);
}

#[tokio::test]
async fn a_session_and_its_results_are_its_users_alone() {
    let (_folder, server) = shop();
    let (ann, bob) = (user(server.app()).await, user(server.app()).await);
    let http = Http::with(server).await;
    let session = http.session_with(&by(&ann)).await;
    let bobs = http.session_with(&by(&bob)).await;
    let ask = async |session: &str, who: &[(&str, &str)], method: &str, params: Value| {
        let message = json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": params});
        let headers = [&[("Mcp-Session-Id", session), ("MCP-Protocol-Version", LEGACY)], who].concat();
        http.post(&headers, &message).await
    };

    // Neither another user nor the local one finds the session; its own user does, and still after they have tried.
    for stranger in [&by(&bob)[..], &[]] {
        assert_eq!(ask(&session, stranger, "tools/list", json!({})).await.status, 404);
        let headers = [&[("Mcp-Session-Id", session.as_str()), ("Accept", "text/event-stream")], stranger].concat();
        assert_eq!(http.send("GET", "/mcp", &headers, "").await.status, 404);
        assert_eq!(http.send("DELETE", "/mcp", &headers, "").await.status, 404);
    }
    assert_eq!(ask(&session, &by(&ann), "tools/list", json!({})).await.status, 200);
    assert_eq!(ask(&bobs, &by(&bob), "tools/list", json!({})).await.status, 200);

    // A cut answer's rest is read by its user, in either protocol, and by nobody else.
    let call = json!({"name": "get_factor_analysis", "arguments":
        {"analysis_type": "returns", "windows": ["3m"], "format": "full", "max_chars": 5000}});
    let cut = ask(&session, &by(&ann), "tools/call", call).await.reply();
    let content = cut["result"]["content"].as_array().unwrap_or_else(|| panic!("{cut}"));
    let uri = content.iter().find_map(|block| block["uri"].as_str()).unwrap_or_else(|| panic!("{cut}"));
    let read = json!({"uri": uri});
    let own = ask(&session, &by(&ann), "resources/read", read.clone()).await.reply();
    assert!(own["result"]["contents"][0]["text"].as_str().unwrap().len() > 5000, "{own}");
    let own = http.modern_with(&by(&ann), "resources/read", read.clone()).await.reply();
    assert!(own["result"]["contents"][0]["text"].is_string(), "{own}");
    let others = [
        ask(&bobs, &by(&bob), "resources/read", read.clone()).await,
        http.modern_with(&by(&bob), "resources/read", read.clone()).await,
        http.modern_with(&[], "resources/read", read).await,
    ];
    for other in others {
        let reply = other.reply();
        assert!(reply["error"]["message"].as_str().unwrap().contains("no resource at"), "{reply}");
    }

    let ended =
        http.send("DELETE", "/mcp", &[&[("Mcp-Session-Id", session.as_str())], &by(&ann)[..]].concat(), "").await;
    assert_eq!(ended.status, 204);
    assert_eq!(ask(&session, &by(&ann), "tools/list", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_key_that_was_revoked_before_it_was_used_is_refused() {
    let (_folder, server) = shop();
    let store = server.app().store.clone();
    let (ann, key) = store.add_user(&NewUser { tier: UserTier::Paid, email: None }).await.unwrap();
    store.revoke_user(ann.id).await.unwrap();
    let http = Http::with(server).await;
    is_refused(&list_tools(&http, &by(&format!("Bearer {}", key.reveal()))).await, "wrong_key");
}

#[tokio::test]
async fn a_store_that_is_down_is_not_a_wrong_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let http = Http::with(server(&[("FACTOR_DATA_DIR", file.join("data").to_str().unwrap())], TOOLS)).await;
    let down = list_tools(&http, &by(&format!("Bearer {STRANGER}"))).await;
    assert_eq!(down.status, 503, "{down:?}");
    assert!(down.header("Retry-After").is_some());
    assert!(down.body.contains("store_unavailable") && !down.body.contains("fie_7"));
    // Without a key nothing has to be looked up.
    assert_eq!(list_tools(&http, &[]).await.status, 200);
}

#[tokio::test]
async fn no_key_is_in_any_log() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = command(folder.path());
        command.args(arguments).env("RUST_LOG", "trace").env("FACTOR_DATA_DIR", folder.path().join("data"));
        command
    };
    let added = run(&["user", "add", "--format", "json"]).output().await.unwrap();
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    let key = added["key"].as_str().unwrap().to_owned();

    let mut child = run(&["serve", "http", "--addr", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut log = String::new();
    let addr = loop {
        let from = log.len();
        let read = tokio::time::timeout(PATIENCE, errors.read_line(&mut log)).await.expect("no address").unwrap();
        assert!(read > 0, "{log}");
        if let Some((_, addr)) = log[from..].split_once("listening on http://") {
            break addr.trim().trim_end_matches("/mcp").parse().unwrap();
        }
    };
    let rest = tokio::spawn(async move {
        let mut rest = String::new();
        errors.read_to_string(&mut rest).await.unwrap();
        rest
    });
    let http = Http::at(addr);
    let bearer = format!("Bearer {key}");
    let call = json!({"name": "list_factors", "arguments": {}});
    for headers in [&by(&bearer)[..], &[("X-API-Key", key.as_str())]] {
        assert_eq!(http.modern_with(headers, "tools/call", call.clone()).await.status, 200);
        let session = http.session_with(headers).await;
        let message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": call});
        let headers = [&[("Mcp-Session-Id", session.as_str())], headers].concat();
        assert_eq!(http.post(&headers, &message).await.status, 200);
    }
    let mut sse = Sse::begun(&http, &by(&bearer)).await;
    assert_eq!(sse.ask(&http, 5, "tools/call", call.clone()).await["result"]["isError"], false);
    // Nor is the name of a session, which opens it to its user's other clients.
    let session = sse.address.rsplit_once('.').unwrap().1.to_owned();
    let wrong = format!("Bearer {STRANGER}");
    for wrong in [wrong.as_str(), &key, &format!("Bearer {key}{key}")] {
        is_refused(&list_tools(&http, &by(wrong)).await, "wrong_key");
    }
    child.kill().await.unwrap();
    log += &rest.await.unwrap();
    assert!(log.len() > 2_000 && log.contains("TRACE"), "the log is at trace level: {log}");
    for secret in [key.rsplit_once('_').unwrap().1, STRANGER.rsplit_once('_').unwrap().1, &session] {
        let at = log.find(secret);
        assert!(at.is_none(), "...{}...", at.map(|at| &log[at.saturating_sub(300)..at]).unwrap_or_default());
    }
}
