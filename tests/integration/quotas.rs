//! Quotas through the real binary: who has how many answers a day, on both stores, across processes, kills and restarts.

use std::{
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use factor_mcp::{http::HttpOptions, mcp::tools::TOOLS, settings::TrustedProxies};
use serde_json::{Value, json};
use throwaway_postgres::{Cluster, Role};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

use crate::{
    isolation::{User, add_user},
    sse::Sse,
    support::{Http, PATIENCE, Process, command, server},
};

type Settings<'a> = &'a [(&'a str, &'a str)];

/// A server process that listens.
struct Running {
    http: Http,
    child: Child,
}

impl Running {
    async fn start(folder: &Path, settings: Settings<'_>) -> Self {
        let mut child = command(folder)
            .args(["serve", "http", "--addr", "127.0.0.1:0"])
            .env("FACTOR_DATA_DIR", folder.join("data"))
            .env("FACTOR_TRUSTED_PROXIES", "127.0.0.1")
            .env("RUST_LOG", "off")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("no address").unwrap().unwrap();
        let addr = line.strip_prefix("listening on http://").and_then(|addr| addr.strip_suffix("/mcp"));
        Self { http: Http::at(addr.unwrap_or_else(|| panic!("{line}")).parse().unwrap()), child }
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// What a call says, of an answer or of a failure.
async fn calls(http: &Http, headers: &[(&str, &str)], tool: &str, arguments: Value) -> Value {
    let response = http.modern_with(headers, "tools/call", json!({"name": tool, "arguments": arguments})).await;
    assert_eq!(response.status, 200, "{response:?}");
    response.reply()["result"]["structuredContent"].clone()
}

async fn lists(http: &Http, user: &User) -> Value {
    calls(http, &[("Authorization", &user.header)], "list_factor_groups", json!({})).await
}

/// What a command prints, as JSON.
async fn administered(folder: &Path, settings: Settings<'_>, arguments: &[&str]) -> Value {
    let output = command(folder)
        .args(arguments)
        .args(["--format", "json"])
        .env("FACTOR_DATA_DIR", folder.join("data"))
        .envs(settings.iter().copied())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn an_answer_too_many_is_refused_with_how_many_and_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("FACTOR_GROUPS_LIST_RATE_LIMIT", "1 per day;2 per day;3 per day"),
        ("FACTOR_RETURNS_RATE_LIMIT", "1 per day;2 per day;3 per day"),
    ];
    let running = Running::start(folder.path(), &settings).await;
    let (ann, bob) = (add_user(folder.path(), &[], 1).await, add_user(folder.path(), &[], 2).await);
    let http = &running.http;
    // What is refused costs nothing.
    for _ in 0..3 {
        let wrong = calls(http, &[("Authorization", &ann.header)], "list_factor_groups", json!({"nonsense": 1})).await;
        assert_eq!(wrong["error"]["code"], "invalid_argument", "{wrong}");
    }
    assert_eq!(lists(http, &ann).await["status"], "success");
    // However a call comes: it is one quota.
    let mut sse = Sse::begun(http, &[("Authorization", &ann.header)]).await;
    let call = json!({"name": "list_factor_groups", "arguments": {}});
    let second = sse.ask(http, 1, "tools/call", call.clone()).await;
    assert_eq!(second["result"]["isError"], false, "{second}");
    let third = sse.ask(http, 2, "tools/call", call).await;
    assert_eq!(third["result"]["structuredContent"]["error"]["code"], "rate_limited", "{third}");
    let refused = lists(http, &ann).await;
    let error = &refused["error"];
    assert_eq!(error["code"], "rate_limited", "{refused}");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("All 2 of today's group lists are used (registered tier). "), "{message}");
    assert!(message.contains("T00:00:00Z"), "{message}");
    assert!((1..=86_401).contains(&error["retry_after"].as_u64().unwrap()), "{error}");
    assert_eq!(lists(http, &bob).await["status"], "success", "another has another quota");
    // Another operation has another quota. Its repeats cost nothing.
    let returns = async |top: u64| {
        let arguments = json!({"analysis_type": "returns", "windows": ["1m"], "top_n": top});
        calls(http, &[("Authorization", &ann.header)], "get_factor_analysis", arguments).await["status"].clone()
    };
    for top in [3, 3, 3, 4, 4, 3] {
        assert_eq!(returns(top).await, "success");
    }
    assert_eq!(returns(5).await, "error");
    assert_eq!(returns(4).await, "success");

    // Shown to those who run the server; a restart forgets nothing.
    let used = administered(folder.path(), &settings, &["user", "usage"]).await;
    let of_ann = |operation: &str| {
        let line = used.as_array().unwrap().iter().find(|used| used["user"] == 2 && used["operation"] == operation);
        let line = line.unwrap_or_else(|| panic!("{used}"));
        json!([line["answered"], line["at_work"], line["limit"], line["tier"]])
    };
    assert_eq!(of_ann("group_lists"), json!([2, 0, 2, "registered"]));
    assert_eq!(of_ann("returns"), json!([2, 0, 2, "registered"]));
    let of_bob = administered(folder.path(), &settings, &["user", "usage", "3"]).await;
    assert_eq!((of_bob.as_array().unwrap().len(), &of_bob[0]["answered"]), (1, &json!(1)), "{of_bob}");
    running.kill().await;
    let running = Running::start(folder.path(), &settings).await;
    assert_eq!(lists(&running.http, &ann).await["error"]["code"], "rate_limited");
    let mut tier = command(folder.path());
    tier.args(["user", "tier", "2", "paid"]).env("FACTOR_DATA_DIR", folder.path().join("data"));
    assert!(tier.output().await.unwrap().status.success());
    assert_eq!(lists(&running.http, &ann).await["status"], "success", "another tier has another quota");
    assert_eq!(lists(&running.http, &ann).await["error"]["code"], "rate_limited");
    running.kill().await;
}

#[tokio::test]
async fn the_local_user_has_no_quota_and_strangers_have_theirs_by_address() {
    let none = ("FACTOR_LOOKUPS_RATE_LIMIT", "0 per day;0 per day;0 per day");
    let mut process = Process::legacy(&[none]).await;
    assert_eq!(process.call("list_factors", json!({})).await["isError"], false);
    let http = Http::with(server(&[none], TOOLS)).await;
    assert_eq!(calls(&http, &[], "list_factors", json!({})).await["status"], "success", "on one's own machine");

    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("FACTOR_LOOKUPS_RATE_LIMIT", "2 per day;9 per day;9 per day"),
        ("FACTOR_DATA_DIR", folder.path().to_str().unwrap()),
    ];
    let options = HttpOptions {
        insecure: true,
        trusted_proxies: TrustedProxies::read("127.0.0.1").unwrap(),
        ..HttpOptions::local(([127, 0, 0, 1], 0).into())
    };
    let http = Http::listen(server(&settings, TOOLS), options).await.unwrap();
    let from = async |address: &str| {
        calls(&http, &[("X-Forwarded-For", address)], "list_factors", json!({})).await["status"].clone()
    };
    for (address, status) in
        [("192.0.2.1", "success"), ("192.0.2.1", "success"), ("192.0.2.1", "error"), ("192.0.2.2", "success")]
    {
        assert_eq!(from(address).await, status, "{address}");
    }
}

/// 200 tasks of one user over two processes, one of which is killed on the way and started again.
async fn never_more_than_there_are(settings: Settings<'_>, administration: Settings<'_>) {
    const QUOTA: u64 = 60;
    let folder = tempfile::tempdir().unwrap();
    let own = [("FACTOR_GROUPS_LIST_RATE_LIMIT", "1 per day;60 per day;60 per day"), ("FACTOR_CALL_DEADLINE", "3")];
    let settings: Vec<(&str, &str)> = settings.iter().copied().chain(own).collect();
    let (first, second) =
        tokio::join!(Running::start(folder.path(), &settings), Running::start(folder.path(), &settings));
    let user = Arc::new(add_user(folder.path(), administration, 1).await);
    let answered = Arc::new(AtomicU64::new(0));
    let at = [first.http.addr, second.http.addr];
    let tasks = (0..200).map(|task| {
        let (user, answered, at) = (Arc::clone(&user), Arc::clone(&answered), at[task % 2]);
        tokio::spawn(async move {
            // Spread a little, so that the kill falls among them. A connection to a killed process is no answer.
            tokio::time::sleep(Duration::from_millis(3 * task as u64)).await;
            let asking = tokio::spawn(async move { lists_or_not(&Http::at(at), &user).await });
            if asking.await.is_ok_and(|success| success) {
                answered.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    tokio::time::sleep(Duration::from_millis(150)).await;
    second.kill().await;
    let second = Running::start(folder.path(), &settings).await;
    for task in tasks {
        task.await.unwrap();
    }
    let committed = async || {
        let used = administered(folder.path(), &[administration, &own[..1]].concat(), &["user", "usage", "2"]).await;
        let used = used.as_array().unwrap().iter().find(|used| used["operation"] == "group_lists").cloned();
        used.map_or((0, 0), |used| (used["answered"].as_u64().unwrap(), used["at_work"].as_u64().unwrap()))
    };
    let (counted, _) = committed().await;
    let got = answered.load(Ordering::SeqCst);
    assert!(got <= counted && counted <= QUOTA, "{got} came, {counted} were counted, of {QUOTA}");
    // Once what the killed process had taken has lapsed, the rest of the quota is there, and not one more.
    tokio::time::sleep(Duration::from_secs(7)).await;
    let mut more = 0;
    loop {
        let turn = [&first.http, &second.http][usize::try_from(more % 2).unwrap()];
        let listed = lists(turn, &user).await;
        if listed["status"] != "success" {
            assert_eq!(listed["error"]["code"], "rate_limited", "{listed}");
            break;
        }
        more += 1;
        assert!(more <= QUOTA, "there is no end");
    }
    assert_eq!(committed().await, (QUOTA, 0), "{counted} and {more} more");
    assert_eq!(counted + more, QUOTA);
    first.kill().await;
    second.kill().await;
}

/// Whether a list came, from a server that may be killed meanwhile or be busy.
async fn lists_or_not(http: &Http, user: &User) -> bool {
    for _ in 0..50 {
        let call = json!({"name": "list_factor_groups", "arguments": {}});
        let response = http.modern_with(&[("Authorization", &user.header)], "tools/call", call).await;
        match response.status {
            200 => return response.reply()["result"]["structuredContent"]["status"] == "success",
            429 | 503 => tokio::time::sleep(Duration::from_millis(20)).await,
            other => panic!("{other}"),
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_two_processes_and_a_kill_never_answer_more_than_the_quota() {
    never_more_than_there_are(&[], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_two_processes_and_a_kill_never_answer_more_than_the_quota() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    let (owner, app) = (database.url(Role::Owner), database.url(Role::App));
    let folder = tempfile::tempdir().unwrap();
    let mut migrate = command(folder.path());
    migrate.args(["migrate", "--app-role", Role::App.as_str()]).env("DATABASE_URL", &owner);
    assert!(migrate.output().await.unwrap().status.success());
    never_more_than_there_are(&[("DATABASE_URL", &app)], &[("DATABASE_URL", &owner)]).await;
}
