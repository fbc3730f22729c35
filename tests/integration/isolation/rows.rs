//! Many rows by every way in at once: both eras of MCP, server-sent events and REST, a fifth of the calls given up midway.
//!
//! `ISOLATION_ROWS` says how many rows are read of each store (`scripts/long.sh isolation`: a million).

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::{Shop, User, add_user, call};
use crate::{
    sse::Sse,
    support::{Http, LEGACY, PATIENCE},
};

const USERS: usize = 8;
const TASKS: usize = 64;
/// Of each kind that everybody calls the same, and of each that has its owner's canary in the name.
const GROUPS: usize = 30;
const PORTFOLIOS: usize = 12;
const ROWS: u64 = 50_000;
/// More is asked than a day has.
const UNCOUNTED: [&str; 7] = [
    "FACTOR_GROUPS_CREATE_RATE_LIMIT",
    "FACTOR_GROUPS_LIST_RATE_LIMIT",
    "FACTOR_GROUPS_READ_RATE_LIMIT",
    "FACTOR_PORTFOLIOS_SAVE_RATE_LIMIT",
    "FACTOR_PORTFOLIOS_READ_RATE_LIMIT",
    "FACTOR_RETURNS_RATE_LIMIT",
    "FACTOR_LOOKUPS_RATE_LIMIT",
];

factor_types::closed_set! {
    /// By which a task comes in.
    enum Way: "a way in" {
        Modern = "modern",
        Session = "session",
        Sse = "sse",
        Rest = "rest",
    }
}

/// A tool's call, and the route that is the same.
struct Question {
    tool: &'static str,
    arguments: Value,
    verb: &'static str,
    path: String,
}

#[derive(Default)]
struct Counts {
    rows: AtomicU64,
    answers: [AtomicU64; Way::ALL.len()],
    given_up: AtomicU64,
    /// Too many at once for a user: what was given up may still be at work.
    busy: AtomicU64,
}

/// What each user keeps, more than one page of it: half is called the same by all.
async fn fill(http: &Http, user: &User) {
    let names = |count| (0..count).flat_map(|at| [format!("Basket {at}"), format!("Own {} {at}", user.canary)]);
    for name in names(GROUPS) {
        let group =
            json!({"group_name": name, "description": user.canary, "tickers": ["XLK", "IEF"], "validate": false});
        let made = call(http, user, "create_factor_group", group).await;
        assert!(made.contains("success"), "{made}");
    }
    for name in names(PORTFOLIOS) {
        let holdings = json!([{"ticker": "SPY", "weight": 0.6}, {"ticker": "TLT", "weight": 0.4}]);
        let saved = call(http, user, "save_portfolio", json!({"portfolio_name": name, "holdings": holdings})).await;
        assert!(saved.contains("success"), "{saved}");
    }
}

fn question(random: &mut ChaCha8Rng, user: &User) -> Question {
    let one = |tool, of: &str, kind: &str, random: &mut ChaCha8Rng, most| {
        let name = match random.random_range(0..2) {
            0 => format!("Basket {}", random.random_range(0..most)),
            _ => format!("Own {} {}", user.canary, random.random_range(0..most)),
        };
        let path = format!("/api/{kind}/{}", name.replace(' ', "%20"));
        Question { tool, arguments: json!({of: name}), verb: "GET", path }
    };
    let list = |tool, path: &str| Question { tool, arguments: json!({}), verb: "GET", path: path.to_owned() };
    match random.random_range(0..16) {
        0..=4 => list("list_factor_groups", "/api/factor-groups"),
        5..=8 => list("list_portfolios", "/api/portfolios"),
        9..=11 => Question {
            tool: "list_factors",
            arguments: json!({"categories": ["user"]}),
            verb: "GET",
            path: "/api/factors?categories=user".to_owned(),
        },
        12 => one("get_factor_group", "group_name", "factor-groups", random, GROUPS),
        13 => one("get_portfolio", "portfolio_name", "portfolios", random, PORTFOLIOS),
        14 => Question {
            tool: "get_factor_analysis",
            arguments: json!({"analysis_type": "returns", "windows": ["1m"], "categories": ["user"], "format": "full"}),
            verb: "POST",
            path: "/api/factor-intelligence/returns".to_owned(),
        },
        _ => list("get_server_status", "/api/factor-groups/health"),
    }
}

/// How many objects of an answer are their owner's: each has the canary in one of its own words.
fn rows_of(answer: &Value, canary: &str) -> u64 {
    let own = |value: &Value| value.as_str().is_some_and(|text| text.contains(canary));
    match answer {
        Value::Object(fields) => {
            u64::from(fields.values().any(own)) + fields.values().map(|field| rows_of(field, canary)).sum::<u64>()
        }
        Value::Array(items) => items.iter().map(|item| rows_of(item, canary)).sum(),
        _ => 0,
    }
}

/// A task's way in, with what it keeps open for it.
enum Client {
    Modern,
    Session(String, u64),
    Sse(Box<Sse>, u64),
    Rest,
}

impl Client {
    /// As soon as the server has room for it: while its store is busy it refuses for now.
    async fn open(way: Way, http: &Http, user: &User) -> Self {
        let began = Instant::now();
        loop {
            match Self::try_open(way, http, user).await {
                Ok(client) => return client,
                Err(refused) => assert!(began.elapsed() < PATIENCE, "{way}: {refused}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn try_open(way: Way, http: &Http, user: &User) -> Result<Self, String> {
        let own = [("Authorization", user.header.as_str())];
        let is_for_now = |refused: String| {
            assert!(["429", "503"].iter().any(|status| refused.contains(status)), "{way}: {refused}");
            refused
        };
        match way {
            Way::Modern => Ok(Self::Modern),
            Way::Session => {
                let begun = http.try_session_with(&own).await;
                begun.map(|session| Self::Session(session, 1)).map_err(|refused| is_for_now(format!("{refused:?}")))
            }
            Way::Sse => Sse::try_begun(http, &own).await.map(|sse| Self::Sse(Box::new(sse), 1)).map_err(is_for_now),
            Way::Rest => Ok(Self::Rest),
        }
    }

    /// The whole answer as text; `None` where it is refused for now.
    async fn ask(&mut self, http: &Http, user: &User, question: &Question) -> Option<String> {
        let own = ("Authorization", user.header.as_str());
        let Question { tool, arguments, verb, path } = question;
        let params = json!({"name": tool, "arguments": arguments});
        let request = |id: u64| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
        match self {
            Self::Modern => {
                let answer = http.modern_with(&[own], "tools/call", params).await;
                (answer.status == 200).then(|| answer.reply().to_string())
            }
            Self::Session(session, id) => {
                *id += 1;
                let headers = [own, ("Mcp-Session-Id", session.as_str()), ("MCP-Protocol-Version", LEGACY)];
                let answer = http.post(&headers, &request(*id)).await;
                (answer.status == 200).then(|| answer.reply().to_string())
            }
            Self::Sse(stream, id) => {
                *id += 1;
                let taken = stream.post(http, &request(*id)).await;
                // What the door refuses is told to who posted it; a refusal of the guard is on the stream.
                if taken.status != 202 {
                    return None;
                }
                let answer = loop {
                    let message = stream.message().await;
                    if message["id"] == *id {
                        break message;
                    }
                };
                answer["error"].is_null().then(|| answer.to_string())
            }
            Self::Rest => {
                let body = if *verb == "GET" { String::new() } else { arguments.to_string() };
                let answer = http.send(verb, path, &[own, ("Content-Type", "application/json")], &body).await;
                // The store may be busy for longer than a call waits.
                assert!([200, 429, 502, 503].contains(&answer.status), "{answer:?}");
                (answer.status == 200).then_some(answer.body)
            }
        }
    }
}

async fn task(number: usize, servers: Vec<SocketAddr>, users: Arc<Vec<User>>, counts: Arc<Counts>, most: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(number as u64);
    let servers: Vec<Http> = servers.into_iter().map(Http::at).collect();
    let home = &servers[number % servers.len()];
    let me = number % USERS;
    let user = &users[me];
    // Every user comes by every way.
    let way = Way::ALL[number / USERS % Way::ALL.len()];
    let mut client = Client::open(way, home, user).await;
    while counts.rows.load(Ordering::Relaxed) < most {
        let asked = question(&mut random, user);
        // A session is its server's; what needs none is asked of any.
        let http = match way {
            Way::Session | Way::Sse => home,
            Way::Modern | Way::Rest => &servers[random.random_range(0..servers.len())],
        };
        if random.random_range(0..5) == 0 {
            // Goes away before, while or after it is answered, and comes back.
            let pause = Duration::from_micros(random.random_range(0..20_000));
            if tokio::time::timeout(pause, client.ask(http, user, &asked)).await.is_err() {
                counts.given_up.fetch_add(1, Ordering::Relaxed);
                if let Client::Sse(..) = client {
                    client = Client::open(way, home, user).await;
                }
            }
            continue;
        }
        let Some(body) = client.ask(http, user, &asked).await else {
            counts.busy.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        for (other, stranger) in users.iter().enumerate() {
            assert!(
                other == me || !body.contains(&stranger.canary),
                "{} for {me} by {way} has what is {other}'s: {body}",
                asked.tool
            );
        }
        let rows = rows_of(&read(&body), &user.canary);
        counts.rows.fetch_add(rows, Ordering::Relaxed);
        counts.answers[number / USERS % Way::ALL.len()].fetch_add(1, Ordering::Relaxed);
    }
}

/// The content of an answer, by whichever way it came.
fn read(body: &str) -> Value {
    let mut answer: Value = serde_json::from_str(body).unwrap();
    match answer.pointer_mut("/result/structuredContent") {
        Some(content) => content.take(),
        None => answer,
    }
}

#[expect(clippy::disallowed_methods, reason = "a setting of the tests and not of the server")]
fn rows_to_read() -> u64 {
    std::env::var("ISOLATION_ROWS").map_or(ROWS, |text| text.parse().unwrap())
}

#[expect(clippy::print_stdout, reason = "the count of a long run is its result")]
pub(super) async fn nobody_sees_a_foreign_row(
    environment: &[(&str, &str)],
    administration: &[(&str, &str)],
    names: &[&str],
) {
    let most = rows_to_read();
    let unlimited = UNCOUNTED.map(|name| (name, "unlimited;unlimited;unlimited"));
    let mut shops = Vec::new();
    for name in names {
        let own = [("FACTOR_REPLICA", *name)];
        shops.push(Shop::open_with_log(&[environment, &unlimited, &own].concat(), "error").await);
    }
    let mut users = Vec::new();
    for number in 0..USERS {
        users.push(add_user(shops[0].folder.path(), administration, number).await);
    }
    join_all(users.iter().map(|user| fill(&shops[0].http, user))).await;
    let (users, counts) = (Arc::new(users), Arc::new(Counts::default()));
    let servers: Vec<SocketAddr> = shops.iter().map(|shop| shop.http.addr).collect();
    let tasks = (0..TASKS)
        .map(|number| tokio::spawn(task(number, servers.clone(), Arc::clone(&users), Arc::clone(&counts), most)));
    for done in tasks.collect::<Vec<_>>() {
        done.await.unwrap();
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let answers = counts.answers.each_ref().map(count);
    let (rows, given_up, all) = (count(&counts.rows), count(&counts.given_up), answers.iter().sum::<u64>());
    println!(
        "{rows} rows of {} servers in {answers:?} answers by {:?}, {given_up} given up, {} busy",
        names.len(),
        Way::ALL,
        count(&counts.busy)
    );
    assert!(rows >= most && answers.iter().all(|by_way| *by_way > all / 40), "{rows} rows, {answers:?}");
    assert!(given_up > all / 20, "{given_up} of {all} were given up");
    for shop in shops {
        shop.close().await;
    }
}
