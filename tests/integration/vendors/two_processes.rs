//! Two processes on one data folder, or on one database, at the same moment.

use std::time::Duration;

use factor_stand_in::{Fault, RetryAfter, Target, Times};
use serde_json::{Value, json};
use throwaway_postgres::{Cluster, Role};

use super::world::{World, returns, until};
use crate::support::Process;

async fn asked(server: &mut Process) {
    server.ask("tools/call", json!({"name": "get_factor_analysis", "arguments": returns()})).await;
}

async fn answer(server: &mut Process) -> Value {
    let message = server.message().await;
    let answer = message["result"]["structuredContent"].clone();
    assert_eq!(answer["status"], "success", "{message}");
    answer
}

async fn asks_once_for_both(world: &World) {
    world.fmp.change(|options| options.latency = Duration::from_millis(30));
    let (mut one, mut other) = (world.server().await, world.server().await);
    asked(&mut one).await;
    asked(&mut other).await;
    let answers = [answer(&mut one).await, answer(&mut other).await];
    for answer in &answers {
        world.check(answer, &world.tickers);
    }
    assert_eq!(answers[0]["factors"], answers[1]["factors"]);
    world.each_cost(1);
}

#[tokio::test]
async fn two_cold_processes_on_one_folder_fetch_each_history_once() {
    let world = World::built_in().await;
    asks_once_for_both(&world).await;
}

/// Yields are one request a year, asked by one of the two.
#[tokio::test]
async fn two_cold_processes_on_one_folder_fetch_each_year_of_yields_once() {
    let world = World::small(3).await;
    world.treasury.change(|options| options.latency = Duration::from_millis(100));
    let (mut one, mut other) = (world.server().await, world.server().await);
    let performance = json!({"name": "get_factor_analysis", "arguments": {"analysis_type": "performance"}});
    one.ask("tools/call", performance.clone()).await;
    other.ask("tools/call", performance).await;
    answer(&mut one).await;
    answer(&mut other).await;
    let mut years: Vec<_> = world.treasury.requests().into_iter().map(|request| request.symbols).collect();
    let asked = years.len();
    years.sort();
    years.dedup();
    assert!(asked > 5 && years.len() == asked, "{asked} requests for {} years", years.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_cold_processes_on_one_database_fetch_each_history_once() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    let mut world = World::small(30).await;
    world.set("DATABASE_URL", database.url(Role::Owner));
    assert!(world.run(&["migrate"]).await.status.success());
    asks_once_for_both(&world).await;
}

/// What the killed one had asked for is asked for again; nobody waits for it for ever.
#[tokio::test]
async fn a_process_that_is_killed_while_it_fetches_leaves_the_other_all_histories() {
    let world = World::small(30).await;
    world.fmp.change(|options| options.latency = Duration::from_millis(500));
    let (mut one, mut other) = (world.server().await, world.server().await);
    asked(&mut one).await;
    until("its first requests", || world.fmp.in_flight() > 0).await;
    asked(&mut other).await;
    one.child.kill().await.unwrap();
    let answer = answer(&mut other).await;
    world.check(&answer, &world.tickers);
    assert_eq!(answer["data_quality"]["factors_excluded"], 0, "{answer}");
    assert!(world.counts().values().all(|count| *count <= 2), "{:?}", world.counts());
}

/// One process is told to wait: the other, which was told nothing, waits too.
#[tokio::test]
async fn a_pause_that_one_process_was_told_is_obeyed_by_the_other() {
    const PAUSE: u64 = 4;
    let mut world = World::small(1).await;
    let limited = Fault::TooMany(Some(RetryAfter::Seconds(PAUSE)));
    world.fmp.fail(Target::symbol("SPY"), Times::First(1), limited);
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    let (mut one, mut other) = (world.server().await, world.server().await);
    asked(&mut one).await;
    until("the limit answer", || world.fmp.requests().iter().any(|request| request.status == Some(429))).await;
    asked(&mut other).await;
    let answer = answer(&mut other).await;
    world.check(&answer, &world.tickers);
    // The first gave up: who asks for it again is the other.
    let requests = world.fmp.requests();
    let mut of_spy = requests.iter().filter(|request| request.symbols == ["SPY"]);
    let limit = of_spy.next().unwrap().at;
    let again = of_spy.next().expect("the other asks for what the first did not get").at - limit;
    assert!(again + Duration::from_millis(50) >= Duration::from_secs(PAUSE), "asked again after {again:?}");
}
