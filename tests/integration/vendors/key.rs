//! The key is nowhere but in the header it travels in.

use factor_stand_in::{Fault, KeyPlace, Target, Times};
use serde_json::json;

use super::world::{KEY, World, returns};
use crate::support::files_with;

#[tokio::test]
async fn a_planted_key_is_in_no_answer_no_log_and_no_file() {
    let mut world = World::small(6).await;
    world.set("RUST_LOG", "trace");
    world.set("FACTOR_PRICE_TIMEOUT", 1);
    world.set("FACTOR_PRICE_MAX_RETRIES", 1);
    let echo = |status, text: &str| Fault::Answer {
        status,
        headers: vec![("Location".to_owned(), format!("http://127.0.0.1:9/?apikey={KEY}"))],
        body: format!(r#"{{"Error Message":"{text} {KEY}: https://vendor.example/?apikey={KEY}"}}"#),
    };
    let faults = [
        Fault::ServerError,
        Fault::Hang,
        echo(500, "Broken"),
        echo(400, "Bad request of"),
        echo(200, "No data for"),
        echo(302, "Moved"),
    ];
    for (ticker, fault) in world.tickers[1..].iter().zip(faults) {
        world.fmp.fail(Target::symbol(ticker), Times::Always, fault);
    }
    let mut shown = String::new();
    let mut server = world.server().await;
    let answer = server.returns().await;
    world.check(&answer, ["SPY"]);
    assert_eq!(answer["data_quality"]["factors_excluded"], 6, "{answer}");
    shown += &server.call("get_server_status", json!({})).await.to_string();
    world.fmp.fail(Target::symbol("NEW"), Times::Always, echo(401, "Invalid API KEY"));
    let arguments = json!({"analysis_type": "returns", "factor_universe": {"A new one": "NEW"}});
    let refused = server.analysis(arguments).await;
    shown += &refused.to_string();
    shown += &server.analysis(returns()).await.to_string();
    shown += &server.call("get_server_status", json!({})).await.to_string();
    server.close();
    let (code, lines, log) = server.end().await;
    assert_eq!(code, Some(0));
    assert!(log.len() > 10_000 && log.contains("answered"), "the log is at trace level");
    shown += &lines.concat();
    shown += &log;
    for command in [
        &["config"][..],
        &["config", "--format", "json"],
        &["cache", "stats"],
        &["cache", "stats", "--format", "json"],
        &["cache", "warm"],
        &["verify-proxies", "--all"],
    ] {
        let output = world.run(command).await;
        assert!(!output.stdout.is_empty(), "{command:?}");
        shown += &String::from_utf8(output.stdout).unwrap();
        shown += &String::from_utf8(output.stderr).unwrap();
    }
    assert!(shown.contains("FMP_API_KEY") && shown.contains("***"));
    let at = shown.find(KEY);
    assert!(at.is_none(), "...{}...", at.map(|at| &shown[at.saturating_sub(300)..at + 50]).unwrap_or_default());
    assert_eq!(files_with(&world.data(), KEY.as_bytes()), Vec::<String>::new());

    let seen = world.fmp.requests();
    assert!(seen.len() > 20, "{}", seen.len());
    assert!(seen.iter().all(|seen| seen.key == Some(KeyPlace::Header)));
    for vendor in [&world.treasury, &world.fred] {
        assert!(vendor.requests().iter().all(|seen| seen.key.is_none()), "only its own vendor gets the key");
    }
}
