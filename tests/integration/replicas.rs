//! Three servers on one Postgres behind a real nginx, with the settings that `packaging/container/replicas.conf` has: what is one's is
//! all's, sessions find their server, and one that is killed takes nothing with it but the calls that it was answering.

#![expect(clippy::print_stderr, reason = "what is not tested here, and what was counted, is told")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use factor_stand_in::{Market, Options, StandIn, Vendor};
use serde_json::{Value, json};
use tempfile::TempDir;
use throwaway_postgres::{Cluster, Database, Role};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    time::Instant,
};

#[cfg(unix)]
use crate::support::signal;
use crate::{
    isolation::{User, add_user},
    sse::Sse,
    support::{Http, LEGACY, PATIENCE, Response, command, command_of, program},
};

const KEY: &str = "planted-KEY-4711";
const REPLICAS: [&str; 3] = ["a", "b", "c"];
/// Answers of returns that a day has.
const QUOTA: usize = 6;

/// nginx, where it is installed; the tests that need it say so and pass where it is not.
fn nginx() -> Option<PathBuf> {
    let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"];
    let found = places.into_iter().map(PathBuf::from).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: there is no nginx here; scripts/test.sh installs it (apt-get install nginx)");
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the server")]
fn is_long() -> bool {
    std::env::var_os("REPLICAS_LONG").is_some()
}

/// The program of an earlier version, whose place this one takes, where there is one to try.
#[expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the server")]
fn older() -> Option<PathBuf> {
    std::env::var_os("REPLICAS_OLDER").map(PathBuf::from)
}

/// A server of the three.
struct Replica {
    http: Http,
    child: Child,
}

/// The three servers, what they share, and nginx before them.
struct Fleet {
    replicas: BTreeMap<&'static str, Replica>,
    front: Http,
    proxy: Child,
    vendor: StandIn,
    tickers: Vec<String>,
    settings: Vec<(&'static str, String)>,
    folder: TempDir,
    database: Database,
    cluster: Cluster,
}

impl Fleet {
    async fn open(nginx: &Path, more: &[(&'static str, &str)]) -> Self {
        Self::open_of(&program(), nginx, more).await
    }

    async fn open_of(program: &Path, nginx: &Path, more: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::start().unwrap();
        let database = cluster.database().unwrap();
        let tickers: Vec<String> =
            std::iter::once("SPY".to_owned()).chain((0..30).map(|at| format!("T{}", letters(at)))).collect();
        let (vendor, mut settings) = market(&tickers, folder.path()).await;
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let owner = [("DATABASE_URL", database.url(Role::Owner))];
        let migrated =
            command(folder.path()).args(["migrate", "--app-role", "factor_app"]).envs(owner).output().await.unwrap();
        assert!(migrated.status.success(), "{migrated:?}");
        settings.push(("DATABASE_URL", database.url(Role::App)));
        // Many keys at one address: as behind a proxy, each is held to the share of its key.
        settings.push(("FACTOR_TRUSTED_PROXIES", "127.0.0.1".to_owned()));

        let mut conf = fs::read_to_string("packaging/container/replicas.conf").unwrap();
        let port = free_port().await;
        let mut replicas = BTreeMap::new();
        for name in REPLICAS {
            let replica = start(program, folder.path(), &settings, name, (0, port)).await;
            let named = format!("server {name}:8765");
            assert_eq!(conf.matches(&named).count(), 2, "the settings name every server");
            conf = conf.replace(&named, &format!("server {}", replica.http.addr));
            replicas.insert(name, replica);
        }
        let conf = conf.replace("listen 8080;", &format!("listen 127.0.0.1:{port};"));
        let proxy = proxy(nginx, folder.path(), &conf, port).await;
        let front = Http::at(([127, 0, 0, 1], port).into());
        Self { replicas, front, proxy, vendor, tickers, settings, folder, database, cluster }
    }

    fn at(&self, name: &str) -> &Http {
        &self.replicas[name].http
    }

    /// Users, added as an administrator does.
    async fn users(&self, count: usize) -> Vec<User> {
        let owner = self.database.url(Role::Owner);
        let settings = [("DATABASE_URL", owner.as_str())];
        let mut users = Vec::new();
        for number in 0..count {
            users.push(add_user(self.folder.path(), &settings, number).await);
        }
        users
    }

    /// Asks a server to stop, waits until it has, and starts one in its place.
    #[cfg(unix)]
    async fn replace(&mut self, name: &'static str) {
        let replica = self.replicas.get_mut(name).unwrap();
        signal(replica.child.id().unwrap(), "TERM");
        let ended = tokio::time::timeout(PATIENCE, replica.child.wait()).await.expect("it does not stop").unwrap();
        assert!(ended.success(), "{name}: {ended}");
        let ports = (replica.http.addr.port(), self.front.addr.port());
        *replica = start(&program(), self.folder.path(), &self.settings, name, ports).await;
    }

    async fn kill(&mut self, name: &str) {
        self.replicas.get_mut(name).unwrap().child.kill().await.unwrap();
    }

    async fn command(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = command(self.folder.path());
        command.envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())));
        command.env("DATABASE_URL", self.database.url(Role::Owner)).args(arguments).output().await.unwrap()
    }

    async fn close(mut self) {
        self.proxy.kill().await.unwrap();
        for replica in self.replicas.values_mut() {
            replica.child.kill().await.unwrap();
        }
        drop(self.cluster);
    }
}

/// A vendor of a small market, and the settings of servers that ask it.
async fn market(tickers: &[String], folder: &Path) -> (StandIn, Vec<(&'static str, String)>) {
    let day = |text: &str| text.parse().unwrap();
    let market = Arc::new(Market::simulated(tickers, day("2023-01-02"), day("2026-07-31")));
    let options = Options { key: Some(KEY.to_owned()), ..Options::default() };
    let vendor = StandIn::start(Vendor::Fmp, market, options).await.unwrap();
    vendor.set_today(day("2026-06-30"));
    vendor.change(|options| options.latency = Duration::from_millis(20));
    let proxies = folder.join("proxies");
    fs::create_dir(&proxies).unwrap();
    let styles: String =
        tickers.iter().skip(1).enumerate().map(|(at, ticker)| format!("  style_{at}: {ticker}\n")).collect();
    fs::write(proxies.join("style_and_market.yaml"), format!("market:\n  us: SPY\nstyle:\n{styles}")).unwrap();
    fs::write(proxies.join("industry_to_etf.yaml"), format!("industry_to_etf:\n  Steel: {}\n", tickers[1])).unwrap();
    let bonds = format!("asset_classes:\n  fixed_income:\n    canonical:\n      UST10Y: {}\n", tickers[2]);
    fs::write(proxies.join("asset_etf_proxies.yaml"), bonds).unwrap();
    let settings = vec![
        ("FACTOR_PRICE_SOURCE", "fmp".to_owned()),
        ("FMP_API_KEY", KEY.to_owned()),
        ("FMP_BASE_URL", vendor.url()),
        ("FACTOR_TODAY", "2026-06-30".to_owned()),
        ("FACTOR_PROXIES_DIR", proxies.to_str().unwrap().to_owned()),
        ("FACTOR_DATA_DIR", folder.join("data").to_str().unwrap().to_owned()),
    ];
    (vendor, settings)
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Starts a server at one of the `ports` for the balancer at the other.
async fn start(
    program: &Path,
    folder: &Path,
    settings: &[(&'static str, String)],
    name: &'static str,
    (own, front): (u16, u16),
) -> Replica {
    let mut child = command_of(program, folder)
        .args(["serve", "http", "--addr", &format!("127.0.0.1:{own}"), "--allowed-host", &format!("127.0.0.1:{front}")])
        .envs(settings.iter().map(|(name, value)| (*name, value.as_str())))
        .env("FACTOR_REPLICA", name)
        .env("RUST_LOG", "off")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, errors.read_line(&mut line)).await.expect("no address").unwrap();
    let addr = line.trim().strip_prefix("listening on http://").and_then(|addr| addr.strip_suffix("/mcp"));
    let addr = addr.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
    // Read to the end: a log that nobody reads is dropped, and nothing hangs on it.
    tokio::spawn(async move { errors.read_to_end(&mut Vec::new()).await });
    Replica { http: Http::at(addr), child }
}

async fn proxy(nginx: &Path, folder: &Path, site: &str, port: u16) -> Child {
    let home = folder.join("nginx");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("site.conf"), site).unwrap();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};\n", home.display()))
        .concat();
    let main = format!(
        "daemon off;\nmaster_process off;\npid {home}/nginx.pid;\nerror_log {home}/error.log;\nevents {{ worker_connections 4096; }}\n\
         http {{ access_log off;\n{temporary}include {home}/site.conf; }}\n",
        home = home.display()
    );
    fs::write(home.join("nginx.conf"), main).unwrap();
    let conf = home.join("nginx.conf");
    let child = Command::new(nginx)
        .args(["-e", home.join("error.log").to_str().unwrap(), "-c", conf.to_str().unwrap()])
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(Instant::now() < until, "nginx does not listen: {:?}", fs::read_to_string(home.join("error.log")));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child
}

/// `AA`, `AB`, ... `ZZ`.
fn letters(at: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap());
    format!("{}{}", letter(at / 26), letter(at))
}

fn by(user: &User) -> [(&'static str, &str); 1] {
    [("Authorization", &user.header)]
}

async fn called(http: &Http, user: &User, tool: &str, arguments: Value) -> Response {
    http.modern_with(&by(user), "tools/call", json!({"name": tool, "arguments": arguments})).await
}

fn content(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{response:?}");
    response.reply()["result"]["structuredContent"].clone()
}

fn returns(end: &str) -> Value {
    json!({"analysis_type": "returns", "windows": ["1m", "3m"], "end_date": end})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_has_the_others_have() {
    let Some(nginx) = nginx() else { return };
    let fleet = Fleet::open(&nginx, &[]).await;
    let users = fleet.users(2).await;
    let (ann, bob) = (&users[0], &users[1]);

    // All are cold and are asked at once: each history is fetched by one of them.
    let asked = REPLICAS.map(|name| called(fleet.at(name), ann, "get_factor_analysis", returns("2026-05-31")));
    let answers: Vec<Value> = futures::future::join_all(asked).await.iter().map(content).collect();
    assert!(answers.iter().all(|answer| answer["status"] == "success"), "{answers:?}");
    let counts: BTreeMap<&str, usize> =
        fleet.tickers.iter().map(|ticker| (ticker.as_str(), fleet.vendor.count_for(ticker))).collect();
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");

    // A cut answer of one is read whole at the others, by its owner and nobody else, over MCP and REST.
    let asked = json!({"analysis_type": "returns", "format": "full", "max_chars": 4_000});
    let cut = called(fleet.at("a"), ann, "get_factor_analysis", asked).await;
    let reply = cut.reply();
    let blocks = reply["result"]["content"].as_array().unwrap_or_else(|| panic!("{cut:?}"));
    let uri = blocks.iter().find_map(|block| block["uri"].as_str()).unwrap_or_else(|| panic!("{cut:?}")).to_owned();
    let read = async |name: &str, user: &User| {
        fleet.at(name).modern_with(&by(user), "resources/read", json!({"uri": uri})).await.reply()
    };
    let whole = read("a", ann).await["result"]["contents"][0]["text"].as_str().unwrap().to_owned();
    for name in ["b", "c"] {
        assert_eq!(read(name, ann).await["result"]["contents"][0]["text"], whole.as_str(), "at {name}");
        assert!(read(name, bob).await["error"].is_object(), "at {name}");
        let id = uri.rsplit('/').next().unwrap();
        let path = format!("/api/results/{id}");
        let by_rest = fleet.at(name).send("GET", &path, &by(ann), "").await;
        assert_eq!((by_rest.status, by_rest.body.as_str()), (200, whole.as_str()));
        assert_eq!(fleet.at(name).send("GET", &path, &by(bob), "").await.status, 404);
    }

    // What is written at one is read at the others.
    let group = json!({"group_name": "Pair", "tickers": ["TAA", "TAB"], "validate": false});
    assert_eq!(content(&called(fleet.at("a"), ann, "create_factor_group", group).await)["status"], "success");
    for name in ["b", "c"] {
        let list = content(&called(fleet.at(name), ann, "list_factor_groups", json!({})).await);
        assert_eq!(list["factor_groups"][0]["group_name"], "Pair", "{list}");
    }

    // A receipt of one is replayed by the command line, which is yet another process.
    let full = called(
        fleet.at("b"),
        bob,
        "get_factor_analysis",
        json!({"analysis_type": "returns", "format": "full", "max_chars": 0}),
    );
    let receipt = content(&full.await)["analysis_metadata"]["receipt"].as_str().unwrap().to_owned();
    let replayed = fleet.command(&["replay", &receipt]).await;
    assert!(String::from_utf8_lossy(&replayed.stdout).starts_with("same: "), "{replayed:?}");

    // Every call is in the chain of the server that answered it, and the chains are whole.
    let verified = fleet.command(&["audit", "verify", "--format", "json"]).await;
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap_or_else(|_| panic!("{verified:?}"));
    assert_eq!(verified["whole"], true, "{verified}");
    let rows: BTreeMap<&str, u64> = verified["chains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chain| (chain["replica"].as_str().unwrap(), chain["rows"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [("a", 3 + 1), ("b", 3 + 4), ("c", 2 + 4)].into(), "calls and readings");
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_find_their_server_until_it_goes() {
    let Some(nginx) = nginx() else { return };
    let mut fleet = Fleet::open(&nginx, &[]).await;
    let users = fleet.users(1).await;
    let ann = &users[0];
    let ask = async |front: &Http, session: &str| {
        let message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/list", "params": {}});
        let own = [("Mcp-Session-Id", session), ("MCP-Protocol-Version", LEGACY)];
        front.post(&[&own[..], &by(ann)].concat(), &message).await
    };
    let mut sessions = Vec::new();
    for _ in 0..6 {
        let session = fleet.front.session_with(&by(ann)).await;
        assert!(REPLICAS.iter().any(|name| session.starts_with(&format!("{name}."))), "{session}");
        sessions.push(session);
    }
    for session in sessions.iter().cycle().take(30) {
        assert_eq!(ask(&fleet.front, session).await.status, 200, "{session}");
    }
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(Sse::begun(&fleet.front, &by(ann)).await);
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let call = json!({"name": "list_factor_groups", "arguments": {}});
        let request = json!({"jsonrpc": "2.0", "id": number + 10, "method": "tools/call", "params": call});
        assert_eq!(stream.post(&fleet.front, &request).await.status, 202);
        assert_eq!(stream.message().await["id"], number + 10);
    }

    let gone = sessions[0].split('.').next().unwrap().to_owned();
    let (lost, kept): (Vec<&String>, Vec<&String>) =
        sessions.iter().partition(|session| session.starts_with(&format!("{gone}.")));
    assert!(!lost.is_empty() && !kept.is_empty(), "{sessions:?}");
    fleet.kill(&gone).await;
    for session in lost {
        // What tells a client to begin anew, and no other server takes the session for its own.
        assert_eq!(ask(&fleet.front, session).await.status, 404, "{session}");
    }
    for session in kept {
        assert_eq!(ask(&fleet.front, session).await.status, 200, "{session}");
    }
    let anew = fleet.front.session_with(&by(ann)).await;
    assert!(!anew.starts_with(&format!("{gone}.")));
    assert_eq!(ask(&fleet.front, &anew).await.status, 200);
    fleet.close().await;
}

/// What became of the calls of all.
#[derive(Default)]
struct Tally {
    answered: AtomicUsize,
    refused: AtomicUsize,
    /// That were sent before the kill.
    lost: AtomicUsize,
    /// That were sent after it.
    failed: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_is_killed_under_load() {
    let Some(nginx) = nginx() else { return };
    let limit = format!("{QUOTA} per day;{QUOTA} per day;{QUOTA} per day");
    let mut fleet = Fleet::open(&nginx, &[("FACTOR_RETURNS_RATE_LIMIT", &limit)]).await;
    let (count, rounds) = if is_long() { (100, 30) } else { (12, 8) };
    let users = Arc::new(fleet.users(count).await);
    let tally = Arc::new(Tally::default());
    let killed = Arc::new(AtomicBool::new(false));
    let ends = ["2026-05-31", "2026-04-30", "2026-03-31", "2026-02-28", "2026-01-31", "2025-12-31", "2025-11-30"];
    let began = Arc::new(AtomicUsize::new(0));
    let calling = (0..count).map(|number| {
        let (users, tally, killed, began) =
            (Arc::clone(&users), Arc::clone(&tally), Arc::clone(&killed), Arc::clone(&began));
        let front = Http::at(fleet.front.addr);
        tokio::spawn(async move {
            let user = &users[number];
            let mut answered = 0;
            for round in 0..rounds {
                // The first questions are of returns, another one each, until the quota is used up and beyond; then others.
                let (tool, arguments) = match ends.get(round) {
                    Some(end) => ("get_factor_analysis", returns(end)),
                    None => ("list_factor_groups", json!({})),
                };
                began.fetch_add(1, Ordering::SeqCst);
                let before = !killed.load(Ordering::SeqCst);
                let response = called(&front, user, tool, arguments).await;
                let is_answered = response.status == 200 && response.reply()["result"]["isError"] != json!(true);
                let count = match response.status {
                    200 if is_answered => &tally.answered,
                    200 => &tally.refused,
                    502 if before => &tally.lost,
                    _ => &tally.failed,
                };
                if response.status == 200 && !is_answered {
                    let code = response.reply()["result"]["structuredContent"]["error"]["code"].clone();
                    assert_eq!(code, "rate_limited", "{response:?}");
                }
                count.fetch_add(1, Ordering::SeqCst);
                answered += usize::from(is_answered && tool == "get_factor_analysis");
            }
            answered
        })
    });
    let calling: Vec<_> = calling.collect();
    // In the middle of it.
    while began.load(Ordering::SeqCst) < count * 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fleet.kill("b").await;
    killed.store(true, Ordering::SeqCst);
    let mut most = 0;
    for user in calling {
        most = most.max(user.await.unwrap());
    }
    let [answered, refused, lost, failed] =
        [&tally.answered, &tally.refused, &tally.lost, &tally.failed].map(|count| count.load(Ordering::SeqCst));
    eprintln!("{answered} answered, {refused} refused by quota, {lost} lost in flight, {failed} failed");
    assert_eq!(failed, 0, "no call fails but those that the killed one was answering");
    assert!(lost <= count, "each user has one call at a time: {lost}");
    assert_eq!(answered + refused + lost, count * rounds);
    assert!(most <= QUOTA, "{most} answers of {QUOTA}");
    assert!(refused + lost >= count, "every user asked for more than there is");

    // Each history was fetched once; what the killed one had asked for and not kept, again.
    let again: Vec<(&String, usize)> =
        fleet.tickers.iter().map(|ticker| (ticker, fleet.vendor.count_for(ticker))).filter(|(_, n)| *n != 1).collect();
    assert!(again.iter().all(|(_, n)| *n == 2), "{again:?}");
    // The chain of the killed one ends where it ended, and is whole.
    let verified = fleet.command(&["audit", "verify"]).await;
    assert!(verified.status.success(), "{verified:?}");
    fleet.close().await;
}

/// The step of the next version's tables is made, and its servers take the others' places one after the other, under load.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_take_the_place_of_others_and_no_call_fails() {
    let Some(nginx) = nginx() else { return };
    let limit = "1000000 per day;1000000 per day;1000000 per day";
    let before = older().unwrap_or_else(program);
    let mut fleet = Fleet::open_of(&before, &nginx, &[("FACTOR_LOOKUPS_RATE_LIMIT", limit)]).await;
    let users = Arc::new(fleet.users(if is_long() { 100 } else { 8 }).await);
    let is_over = Arc::new(AtomicBool::new(false));
    let calling: Vec<_> = (0..users.len())
        .map(|number| {
            let (users, is_over, front) = (Arc::clone(&users), Arc::clone(&is_over), Http::at(fleet.front.addr));
            tokio::spawn(async move {
                let user = &users[number];
                let group = json!({"group_name": "Pair", "tickers": ["TAA", "TAB"], "validate": false});
                assert_eq!(content(&called(&front, user, "create_factor_group", group).await)["status"], "success");
                let mut count = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let response = called(&front, user, "list_factors", json!({"query": "pair"})).await;
                    // A hundred at once are more than two servers have places for, on a machine that is busy with other things.
                    if is_long() && response.status == 503 && response.body.contains("\"error\":\"busy\"") {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        continue;
                    }
                    assert_eq!(content(&response)["status"], "success", "call {count} of {number}: {response:?}");
                    count += 1;
                }
                count
            })
        })
        .collect();
    let next = "ALTER TABLE portfolios ADD COLUMN note TEXT; CREATE TABLE of_the_next (id BIGINT PRIMARY KEY); \
                INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                VALUES (9001, 'next', true, '\\x00', 1)";
    fleet.cluster.sql(&fleet.database, next).unwrap();
    for name in REPLICAS {
        fleet.replace(name).await;
        // The balancer takes it in again.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    is_over.store(true, Ordering::SeqCst);
    let mut answered = 0;
    for user in calling {
        answered += user.await.unwrap();
    }
    eprintln!("{answered} answered while three servers were replaced");
    let verified = fleet.command(&["audit", "verify"]).await;
    assert!(verified.status.success(), "{verified:?}");
    fleet.close().await;
}
