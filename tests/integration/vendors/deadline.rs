//! What has not arrived by the deadline is said to be missing, and comes with the next call.

use std::time::Duration;

use serde_json::Value;

use super::world::{World, excluded, warnings};

fn is_partial(answer: &Value) -> bool {
    warnings(answer).iter().any(|warning| {
        let told = warning.strip_prefix("partial: ").is_some_and(|rest| rest.contains(" did not arrive in time"));
        assert!(!told || warning.ends_with("call again and the rest is fetched"), "{warning}");
        told
    })
}

#[tokio::test]
async fn a_slow_vendor_gives_a_partial_answer_that_the_next_calls_complete() {
    let mut world = World::small(39).await;
    world.set("FACTOR_CALL_DEADLINE", 4);
    world.fmp.change(|options| options.latency = Duration::from_millis(800));
    let mut server = world.server().await;
    let mut answer = server.returns().await;
    assert!(is_partial(&answer), "40 histories, 8 at once, take 4 s: {}", answer["data_quality"]);
    let mut calls = 1;
    while is_partial(&answer) {
        let late = excluded(&answer);
        assert!(!late.is_empty() && late.len() < world.tickers.len());
        for (ticker, (reason, detail)) in &late {
            assert!(*reason == "fetch_failed" && detail.contains("did not arrive in time"), "{ticker}: {detail}");
        }
        world.check(&answer, world.all_but(&late.keys().copied().collect::<Vec<_>>()));
        let arrived: Vec<String> =
            world.all_but(&late.keys().copied().collect::<Vec<_>>()).into_iter().map(str::to_owned).collect();
        world.fmp.clear();
        answer = server.returns().await;
        let again: Vec<&String> = arrived.iter().filter(|ticker| world.fmp.count_for(ticker) > 0).collect();
        assert!(again.is_empty(), "fetched again: {again:?}");
        calls += 1;
        assert!(calls < 10, "it never completes");
    }
    assert!(excluded(&answer).is_empty(), "{answer}");
    world.check(&answer, &world.tickers);
}

#[tokio::test]
async fn a_plan_of_few_requests_a_minute_is_kept_and_the_answer_says_what_is_missing() {
    let mut world = World::small(29).await;
    world.set("FACTOR_CALL_DEADLINE", 4);
    world.set("FMP_REQUESTS_PER_MINUTE", 20);
    let mut server = world.server().await;
    for _ in 0..2 {
        let answer = server.returns().await;
        assert!(is_partial(&answer), "{}", answer["data_quality"]);
        let late = excluded(&answer);
        assert_eq!(late.len(), 10, "{late:?}");
        assert!(
            late.values().all(|(reason, detail)| *reason == "fetch_failed" && detail.contains("in time")),
            "{late:?}"
        );
        world.check(&answer, world.all_but(&late.keys().copied().collect::<Vec<_>>()));
        assert_eq!(world.fmp.count(), 20, "requests in this minute");
    }
}
