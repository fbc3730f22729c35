//! A server on a real Postgres that goes away and comes back.

use std::time::Duration;

use factor_store::{Author, MappingEdit, MappingKind, ProxyRow};
use factor_types::Category;
use serde_json::{Value, json};
use throwaway_postgres::{Cluster, Role};
use tokio::time::{Instant, sleep, timeout};

use crate::support::Process;

/// Two seconds are promised; the rest is for a machine that has other things to do.
const PROMISED: Duration = Duration::from_secs(2 + 3);

async fn analysis(process: &mut Process) -> Value {
    let arguments = json!({"categories": ["user", "market"], "format": "full"});
    let asked = process.call("get_factor_analysis", arguments);
    let result = timeout(PROMISED, asked).await.expect("an answer while the database is away");
    assert_eq!(result["structuredContent"]["status"], "success", "{result}");
    result["structuredContent"].clone()
}

fn served_by(answer: &Value) -> (&str, &str) {
    let tiers = &answer["analysis_metadata"]["universe_source"];
    (tiers["style_and_market"].as_str().unwrap(), tiers["industries"].as_str().unwrap())
}

fn warnings(answer: &Value) -> String {
    crate::support::warnings_of(answer).to_string()
}

fn has(answer: &Value, category: &str, ticker: &str) -> bool {
    answer["matrices"][category].get(ticker).is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgres_costs_groups_and_mappings_only_while_it_is_away() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    let url = database.url(Role::Owner);
    let mut process = Process::legacy(&[("DATABASE_URL", &url)]).await;

    // A mapping of the database's own: the market matrix gains a fund that the YAML files do not have there.
    let store = factor_store::open(Some(&url), None).unwrap();
    let yaml = factor_store::load_universe(None);
    let row = ProxyRow::new(Category::Market, "a_sector_as_market", "XLK".parse().unwrap());
    let author = Author { who: "a test".to_owned(), why: "to see".to_owned() };
    let kind = MappingKind::StyleAndMarket;
    store.edit_mapping(kind, &MappingEdit::Upsert(vec![row]), &yaml.rows[&kind], &author, false).await.unwrap();
    let made = process.call("create_factor_group", json!({"group_name": "Pair", "tickers": ["XLE", "XLU"]})).await;
    assert_eq!(made["structuredContent"]["status"], "success", "{made}");
    sleep(Duration::from_millis(1_100)).await;

    let before = analysis(&mut process).await;
    assert_eq!(served_by(&before), ("database", "yaml"));
    assert!(has(&before, "user", "USER:Pair"));

    cluster.kill().unwrap();
    for _ in 0..3 {
        let without = analysis(&mut process).await;
        assert!(!has(&without, "user", "USER:Pair"));
        assert!(warnings(&without).contains("your factor groups are left out"), "{}", warnings(&without));
        sleep(Duration::from_millis(400)).await;
    }
    let without = analysis(&mut process).await;
    assert_eq!(served_by(&without), ("yaml", "yaml"));
    assert!(warnings(&without).contains("the YAML mapping is used instead"), "{}", warnings(&without));
    // What the matrices share is the same number as before.
    assert_eq!(without["matrices"]["market"]["SPY"]["EFA"], before["matrices"]["market"]["SPY"]["EFA"]);
    let refused = timeout(PROMISED, process.call("list_factor_groups", json!({}))).await.expect("an error in time");
    assert_eq!(refused["structuredContent"]["error"]["code"], "upstream_unavailable", "{refused}");
    let save = json!({"group_name": "Lost", "tickers": ["XLE", "XLU"], "validate": false});
    let refused = timeout(PROMISED, process.call("create_factor_group", save)).await.expect("an error in time");
    assert_eq!(refused["structuredContent"]["error"]["code"], "upstream_unavailable", "{refused}");

    cluster.restart().unwrap();
    let back = Instant::now();
    let again = loop {
        let answer = analysis(&mut process).await;
        if has(&answer, "user", "USER:Pair") && served_by(&answer).0 == "database" {
            break answer;
        }
        assert!(back.elapsed() < PROMISED, "not back: {:?} {}", served_by(&answer), warnings(&answer));
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(again["matrices"], before["matrices"]);
    let groups = process.call("list_factor_groups", json!({})).await;
    assert_eq!(groups["structuredContent"]["count"], 1, "the refused one was not kept: {groups}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_postgres_does_not_keep_a_server_from_starting() {
    let url = "postgres://nobody@localhost/none?host=/nonexistent";
    let mut process = Process::legacy(&[("DATABASE_URL", url)]).await;
    let answer = analysis(&mut process).await;
    assert_eq!(served_by(&answer).0, "yaml");
    let status = process.call("get_server_status", json!({})).await;
    assert_eq!(status["structuredContent"]["parts"]["store"]["status"], "failed", "{status}");
    assert!(!status.to_string().contains("nobody@"), "the address is a secret: {status}");
}
