//! Equal questions are computed once: of ten equal calls of each tool that computes, nine are answered from memory.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::groups::Session;

const CALLS: u64 = 10;
/// The caches of what is computed.
const CACHES: [&str; 3] = ["panels", "reports", "answers"];

fn questions() -> Vec<(&'static str, Value)> {
    let analysis = |more: Value| ("get_factor_analysis", more);
    vec![
        analysis(json!({})),
        analysis(json!({"format": "full", "max_chars": 0})),
        analysis(json!({"analysis_type": "performance"})),
        analysis(json!({"analysis_type": "performance", "include": ["per_factor"], "max_chars": 0})),
        analysis(json!({"analysis_type": "returns", "format": "report"})),
        analysis(json!({"tickers": ["SPY", "TLT", "USER:Pair"]})),
        ("get_factor_recommendations", json!({"overexposed_factor": "SPY"})),
        ("get_portfolio_exposures", json!({"holdings": {"SPY": 0.6, "TLT": 0.4}})),
        ("compare_factors", json!({"tickers": ["SPY", "TLT"], "periods": ["2018", "2022"]})),
        ("stress_test", json!({"holdings": {"SPY": 0.6, "TLT": 0.4}})),
    ]
}

#[tokio::test]
async fn of_ten_equal_calls_nine_are_answered_from_memory() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[("FACTOR_TODAY", "2026-01-15")]).await;
    let group = json!({"group_name": "Pair", "tickers": ["SPY", "GLD"], "weighting_method": "equal"});
    server.answer("create_factor_group", group).await;
    let mut before = figures(&mut server).await;
    for (tool, arguments) in questions() {
        for _ in 0..CALLS {
            server.structured(tool, arguments.clone()).await;
        }
        let after = figures(&mut server).await;
        let asked: Vec<(u64, u64)> =
            after.iter().zip(&before).map(|(now, then)| (now.0 - then.0, now.1 - then.1)).collect();
        // The outermost cache is asked by every call, those behind it by what it lacks.
        let (requests, hits) = asked.iter().copied().max().unwrap();
        assert_eq!(requests, CALLS, "{tool} {arguments}: {asked:?}");
        assert!(hits * 10 >= requests * 9, "{tool} {arguments}: {hits} of {requests} in {CACHES:?}: {asked:?}");
        for (requests, hits) in &asked {
            assert!(requests - hits <= 1, "{tool} {arguments} is computed more than once: {asked:?}");
        }
        before = after;
    }
}

/// Requests and hits of each cache so far.
async fn figures(server: &mut Session) -> Vec<(u64, u64)> {
    let caches = server.answer("get_server_status", json!({})).await["caches"].clone();
    let of = |cache: &str, field: &str| caches[cache][field].as_u64().unwrap();
    CACHES.iter().map(|cache| (of(cache, "requests"), of(cache, "hits"))).collect()
}

#[tokio::test]
async fn every_cache_says_how_it_does() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let caches = server.answer("get_server_status", json!({})).await["caches"].clone();
    for cache in ["overall", "panels", "reports", "answers", "results"] {
        for field in ["requests", "hits", "hit_rate", "entries", "bytes", "max_bytes"] {
            assert!(caches[cache][field].is_number(), "{cache} has no {field}: {}", caches[cache]);
        }
        assert!(caches[cache].get("life_seconds").is_some(), "{cache}: {}", caches[cache]);
    }
}

#[tokio::test]
async fn a_portfolio_that_was_saved_anew_is_answered_anew() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let asked = [
        ("get_portfolio_exposures", json!({})),
        ("get_portfolio_exposures", json!({"portfolio_name": "CURRENT_PORTFOLIO"})),
        ("get_factor_recommendations", json!({"overexposed_factor": "SPY"})),
    ];
    let mut before: Vec<Value> = Vec::new();
    for weight in [0.6, 0.9, 0.6] {
        let holdings = json!({"SPY": weight, "TLT": 1.0 - weight});
        let name = json!({"portfolio_name": "CURRENT_PORTFOLIO", "holdings": holdings});
        server.answer("save_portfolio", name).await;
        let mut answers = Vec::new();
        for (tool, arguments) in &asked {
            let first = server.answer(tool, arguments.clone()).await;
            assert_eq!(server.answer(tool, arguments.clone()).await, first, "{tool}");
            answers.push(first);
        }
        assert!(before.iter().zip(&answers).all(|(then, now)| then != now), "{weight}: {answers:?}");
        before = answers;
    }
}
