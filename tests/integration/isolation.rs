//! Several users of one server over HTTP, on both stores: what is one's is nowhere in another's answers, logs or caches.

use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tempfile::TempDir;
use throwaway_postgres::{Cluster, Database, Role};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use crate::support::{Http, PATIENCE, command, files_with};

mod rows;

const USERS: usize = 5;
const TASKS: usize = 64;
const CALLS: usize = 12;
/// Everything of the server's own at its most talkative. rmcp at `trace` writes every message, so it stays at its default.
const LOG: &str = "info,rmcp=error,factor_mcp=trace,factor_store=trace,factor_prices=trace,sqlx=debug";

/// A user, and words that are in what belongs to them and nowhere else.
pub(crate) struct User {
    pub(crate) header: String,
    canary: String,
}

/// A server process that listens, and what it writes to its log.
pub(crate) struct Shop {
    pub(crate) http: Http,
    child: Child,
    log: JoinHandle<String>,
    pub(crate) folder: TempDir,
}

impl Shop {
    pub(crate) async fn open(environment: &[(&str, &str)]) -> Self {
        Self::open_with_log(environment, LOG).await
    }

    async fn open_with_log(environment: &[(&str, &str)], log: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = in_folder(folder.path(), environment)
            .args(["serve", "http", "--addr", "127.0.0.1:0", "--metrics-public"])
            .env("RUST_LOG", log)
            // All users are at one address here: as behind a proxy, each is held to the share of its key.
            .env("FACTOR_TRUSTED_PROXIES", "127.0.0.1")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let addr: SocketAddr = loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, errors.read_line(&mut line)).await.expect("no address");
            assert!(read.unwrap() > 0, "the server ended: {said}");
            said += &line;
            if let Some((_, rest)) = line.split_once("listening on http://") {
                break rest.trim().trim_end_matches("/mcp").parse().unwrap();
            }
        };
        let log = tokio::spawn(async move {
            let mut bytes = Vec::new();
            errors.read_to_end(&mut bytes).await.unwrap();
            said + &String::from_utf8_lossy(&bytes)
        });
        Self { http: Http::at(addr), child, log, folder }
    }

    /// Stops the server: its log, and its folder.
    pub(crate) async fn close(mut self) -> (String, TempDir) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
        (self.log.await.unwrap(), self.folder)
    }
}

fn in_folder(folder: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = command(folder);
    command.env("FACTOR_DATA_DIR", folder.join("data")).envs(environment.iter().copied());
    command
}

/// Adds a user as an administrator does.
pub(crate) async fn add_user(folder: &Path, environment: &[(&str, &str)], number: usize) -> User {
    let output = in_folder(folder, environment).args(["user", "add", "--format", "json"]).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let added: Value = serde_json::from_str(&text).unwrap();
    let key = added["key"].as_str().unwrap_or_else(|| panic!("{added}"));
    User { header: format!("Bearer {key}"), canary: format!("canary{number}x{}", 7919 * (number + 11)) }
}

async fn call(http: &Http, user: &User, tool: &str, arguments: Value) -> String {
    let params = json!({"name": tool, "arguments": arguments});
    http.modern_with(&[("Authorization", &user.header)], "tools/call", params).await.body
}

/// What each user keeps: all call their things the same, and only the canary tells whose they are.
async fn fill(http: &Http, user: &User, number: usize) {
    let members = [["XLK", "XLF"], ["XLE", "XLU"], ["SPY", "IEF"], ["XLV", "XLP"], ["GLD", "TLT"]][number];
    let group = json!({"group_name": "Basket", "description": user.canary, "tickers": members});
    let made = call(http, user, "create_factor_group", group).await;
    assert!(made.contains("success"), "{made}");
    let named = json!({"group_name": format!("Own {}", user.canary), "tickers": members, "validate": false});
    assert!(call(http, user, "create_factor_group", named).await.contains("success"));
    let holdings = json!([{"ticker": members[0], "weight": 0.5}, {"ticker": members[1], "weight": 0.5}]);
    for name in ["CURRENT_PORTFOLIO".to_owned(), format!("Own {}", user.canary)] {
        let saved = call(http, user, "save_portfolio", json!({"portfolio_name": name, "holdings": holdings})).await;
        assert!(saved.contains("success"), "{saved}");
    }
}

/// A question of any kind, also for what belongs to `other`, without naming it.
fn question(random: &mut ChaCha8Rng) -> (&'static str, Value) {
    match random.random_range(0..9) {
        0 => ("list_factor_groups", json!({})),
        1 => ("get_factor_group", json!({"group_name": "Basket"})),
        2 => ("list_portfolios", json!({})),
        3 => ("get_portfolio", json!({})),
        4 => ("list_factors", json!({"categories": ["user"]})),
        5 => ("get_factor_analysis", json!({"categories": ["user"], "format": "full"})),
        6 => ("get_factor_analysis", json!({"analysis_type": "returns", "categories": ["user"], "format": "report"})),
        7 => ("get_server_status", json!({})),
        _ => ("get_factor_group", json!({"group_name": "Own canary"})),
    }
}

/// Many tasks ask for several users at once, a fifth of the requests being given up midway.
async fn nobody_sees_anothers(environment: &[(&str, &str)], administration: &[(&str, &str)]) {
    let shop = Shop::open(environment).await;
    let mut users = Vec::new();
    for number in 0..USERS {
        let user = add_user(shop.folder.path(), administration, number).await;
        fill(&shop.http, &user, number).await;
        users.push(user);
    }
    let (users, addr) = (Arc::new(users), shop.http.addr);
    let tasks = (0..TASKS).map(|task| {
        let users = Arc::clone(&users);
        tokio::spawn(async move {
            let mut random = ChaCha8Rng::seed_from_u64(task as u64);
            let http = Http::at(addr);
            let me = task % USERS;
            let (mut own, mut answered) = (0, 0);
            for _ in 0..CALLS {
                let (tool, arguments) = question(&mut random);
                let asking = call(&http, &users[me], tool, arguments);
                if random.random_range(0..5) == 0 {
                    let pause = Duration::from_millis(random.random_range(0..20));
                    let _ = tokio::time::timeout(pause, asking).await;
                    continue;
                }
                let body = asking.await;
                // What was given up may still be at work.
                if body.contains("too_many_requests") {
                    continue;
                }
                answered += 1;
                own += usize::from(body.contains(&users[me].canary));
                for (other, user) in users.iter().enumerate() {
                    assert!(
                        other == me || !body.contains(&user.canary),
                        "{tool} for {me} has what is {other}'s: {body}"
                    );
                }
            }
            (own, answered)
        })
    });
    let (mut own, mut answered) = (0, 0);
    for task in tasks.collect::<Vec<_>>() {
        let counts = task.await.unwrap();
        (own, answered) = (own + counts.0, answered + counts.1);
    }
    // The canaries are seen by their owners, so that their absence elsewhere says something.
    assert!(answered > TASKS * CALLS / 2 && own > answered / 4, "{own} of {answered}");
    let metrics = shop.http.send("GET", "/metrics", &[], "").await.body;
    assert!(metrics.contains("factor_mcp_calls_total{tool=\"get_portfolio\""), "{metrics}");
    let (log, folder) = shop.close().await;
    let data = folder.path().join("data");
    for user in users.iter() {
        assert!(!log.contains(&user.canary), "the log has {}", user.canary);
        assert!(!log.contains(&user.header["Bearer ".len()..]), "the log has a key");
        assert!(!metrics.contains(&user.canary) && !metrics.contains("fie_"), "{metrics}");
        let holding = if data.exists() { files_with(&data, user.canary.as_bytes()) } else { Vec::new() };
        assert!(holding.iter().all(|file| file.contains("factor-mcp.db")), "{holding:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_nobody_sees_what_is_anothers() {
    nobody_sees_anothers(&[], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_nobody_sees_what_is_anothers() {
    let postgres = Postgres::migrated().await;
    nobody_sees_anothers(&postgres.server(), &postgres.administration()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_no_way_in_shows_a_foreign_row() {
    rows::nobody_sees_a_foreign_row(&[], &[], &["a"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_and_three_servers_no_way_in_shows_a_foreign_row() {
    let postgres = Postgres::migrated().await;
    rows::nobody_sees_a_foreign_row(&postgres.server(), &postgres.administration(), &["a", "b", "c"]).await;
}

/// A database as an administrator leaves it.
struct Postgres {
    owner: String,
    app: String,
    _database: Database,
    _cluster: Cluster,
}

impl Postgres {
    async fn migrated() -> Self {
        let cluster = Cluster::start().unwrap();
        let database = cluster.database().unwrap();
        let (owner, app) = (database.url(Role::Owner), database.url(Role::App));
        let postgres = Self { owner, app, _database: database, _cluster: cluster };
        let folder = tempfile::tempdir().unwrap();
        let migrated = in_folder(folder.path(), &postgres.administration())
            .args(["migrate", "--app-role", Role::App.as_str()])
            .output()
            .await
            .unwrap();
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        postgres
    }

    fn server(&self) -> [(&str, &str); 1] {
        [("DATABASE_URL", &self.app)]
    }

    fn administration(&self) -> [(&str, &str); 1] {
        [("DATABASE_URL", &self.owner)]
    }
}
