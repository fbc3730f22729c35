//! A vendor that fails for everything is left alone, and the answer says so.

use factor_stand_in::{Fault, Target, Times};
use serde_json::{Value, json};

use super::world::{World, excluded, returns, warnings};

async fn failed(server: &mut crate::support::Process) -> (String, String) {
    let reply = server.call("get_factor_analysis", returns()).await;
    assert_eq!(reply["isError"], true, "{reply}");
    let error = &reply["structuredContent"]["error"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&error["code"]), text(&error["message"]))
}

#[tokio::test]
async fn a_vendor_that_is_down_costs_few_requests_and_is_named_with_the_way_out() {
    for fault in [Fault::Reset, Fault::ServerError] {
        let mut world = World::small(40).await;
        world.set("FACTOR_PRICE_MAX_RETRIES", 1);
        world.fmp.fail(Target::All, Times::Always, fault.clone());
        let mut server = world.server().await;
        let (code, message) = failed(&mut server).await;
        assert_eq!(code, "upstream_unavailable", "{message}");
        let way_out = message.contains("try again later") || message.contains("tried again in ");
        assert!(message.contains("Financial Modeling Prep") && way_out, "{message}");
        // Ten failures open the breaker; seven more may be under way by then; the budget allows 11 retries and one in six
        // seconds.
        let most = 10 + 7 + 12;
        assert!(world.fmp.count() <= most, "{fault:?}: {} requests", world.fmp.count());
        // While it is open nothing is sent.
        world.fmp.clear();
        let (code, message) = failed(&mut server).await;
        assert_eq!((code.as_str(), world.fmp.count()), ("upstream_unavailable", 0));
        assert!(message.contains("is paused after 10 failures in a row; tried again in "), "{message}");
        let status = server.call("get_server_status", json!({})).await;
        let vendors = &status["structuredContent"]["vendors"];
        assert_eq!(
            (&vendors[0]["vendor"], &vendors[0]["breaker"]),
            (&json!("Financial Modeling Prep"), &json!("open"))
        );
        assert_eq!(status["structuredContent"]["parts"]["prices"]["status"], "failed", "{status}");
    }
}

#[tokio::test]
async fn a_vendor_that_goes_down_later_leaves_what_is_kept_in_force() {
    let mut world = World::small(5).await;
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    world.go_to("2026-06-29");
    let before = world.fresh().await;
    world.go_to("2026-06-30");
    world.fmp.fail(Target::All, Times::Always, Fault::ServerError);
    let mut server = world.server().await;
    let answer = server.returns().await;
    assert!(excluded(&answer).is_empty());
    assert_eq!(answer["factors"], before["factors"]);
    let told =
        |warning: &&str| warning.contains("could not be refreshed") && warning.ends_with("up to 2026-06-29 are used");
    assert!(warnings(&answer).iter().any(told), "{:?}", warnings(&answer));
    // The same process, once the vendor is well.
    world.fmp.heal();
    world.check(&server.returns().await, &world.tickers);
}

#[tokio::test]
async fn a_refused_key_is_told_at_once_and_not_asked_with_again() {
    let mut world = World::small(40).await;
    world.set("FMP_API_KEY", "another-key");
    let mut server = world.server().await;
    let (code, message) = failed(&mut server).await;
    assert_eq!(code, "upstream_auth", "{message}");
    assert!(message.contains("refused the key (401): check FMP_API_KEY"), "{message}");
    assert!(world.fmp.count() <= 8, "only those under way at once: {}", world.fmp.count());
    world.fmp.clear();
    assert_eq!(failed(&mut server).await.0, "upstream_auth");
    assert_eq!(world.fmp.count(), 0);
    // Mended, and started again.
    world.set("FMP_API_KEY", super::world::KEY);
    world.check(&world.fresh().await, &world.tickers);
}

/// A window before all prices has no answer but the dates that there are, which the prices after it show.
#[tokio::test]
async fn a_window_before_all_prices_costs_one_request_a_ticker() {
    let world = World::small(2).await;
    let mut server = world.server().await;
    let arguments = json!({"analysis_type": "returns", "end_date": "2019-12-31"});
    let reply = server.call("get_factor_analysis", arguments).await;
    assert_eq!(reply["structuredContent"]["error"]["code"], "no_data", "{reply}");
    let message = reply["structuredContent"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("prices run from 2023-01-02"), "{message}");
    assert_eq!(reply["structuredContent"]["error"]["problems"][0]["field"], "end_date");
    world.each_cost(1);
}

#[tokio::test]
async fn one_ticker_that_fails_alone_is_not_asked_for_twice() {
    let mut world = World::small(1).await;
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    world.fmp.fail(Target::All, Times::Always, Fault::ServerError);
    let (code, message) = failed(&mut world.server().await).await;
    assert_eq!(code, "upstream_unavailable", "{message}");
    // Of two one may have failed, and the vendor with it, before the other's turn came.
    let costs: Vec<usize> = ["SPY", "TAA"].map(|ticker| world.fmp.count_for(ticker)).to_vec();
    assert!(costs.iter().all(|cost| *cost <= 1) && costs.contains(&1), "{costs:?}");
}
