//! A factor that fails on three different days is a candidate for replacement until it has prices again.

use serde_json::{Value, json};

use super::world::{World, day};

/// Four trading days in a row.
const DAYS: [&str; 4] = ["2026-06-23", "2026-06-24", "2026-06-25", "2026-06-26"];

async fn verified(world: &World, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = world.run(&[&["verify-proxies", "--format", "json"], arguments].concat()).await;
    let told = String::from_utf8(output.stdout).unwrap();
    let findings = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"));
    (output.status.code(), findings)
}

#[tokio::test]
async fn a_ticker_unknown_on_three_days_is_stale_until_it_has_prices_again() {
    let mut world = World::small(5).await;
    let gone = world.tickers[3].clone();
    let closes: Vec<_> = world
        .market
        .until(world.market.last_day())
        .days(&gone)
        .unwrap()
        .iter()
        .map(|day| (day.date, day.close))
        .collect();
    world.market.remove(&gone);
    for (at, today) in DAYS[..3].iter().enumerate() {
        world.go_to(today);
        // A day counts once, however often it is asked for.
        for _ in 0..2 {
            let answer = world.fresh().await;
            world.check(&answer, world.all_but(&[&gone]));
            let candidates = &answer["data_quality"]["stale_factor_candidates"];
            let lifecycle = &answer["analysis_metadata"]["lifecycle"];
            assert_eq!(lifecycle["excluded_for_no_data"], json!([gone]));
            if at < 2 {
                assert_eq!((candidates, &lifecycle["stale_factor_candidates"]), (&json!([]), &json!([])), "{today}");
                continue;
            }
            let detail = format!("Financial Modeling Prep does not know {gone}");
            let one = json!({"ticker": gone, "reason": "no_data", "consecutive_failures": 3, "detail": detail});
            assert_eq!(*candidates, json!([one]), "{today}");
            assert_eq!(lifecycle["stale_factor_candidates"], json!([gone]));
        }
    }
    let (code, findings) = verified(&world, &[]).await;
    assert_eq!((code, findings.len()), (Some(1), 1), "{findings:?}");
    let found = &findings[0];
    assert_eq!((&found["ticker"], &found["status"]), (&json!(gone), &json!("no_data")));
    assert_eq!((&found["consecutive_failures"], &found["stale_candidate"]), (&json!(3), &json!(true)));

    world.market.add(&gone, &closes, &[]);
    world.go_to(DAYS[3]);
    let answer = world.fresh().await;
    world.check(&answer, &world.tickers);
    assert_eq!(answer["data_quality"]["stale_factor_candidates"], json!([]));
    assert_eq!(answer["analysis_metadata"]["lifecycle"]["stale_factor_candidates"], json!([]));
    assert_eq!(verified(&world, &[]).await, (Some(0), vec![]));
    let (code, all) = verified(&world, &["--all"]).await;
    assert_eq!((code, all.len()), (Some(0), 6));
    for found in &all {
        let facts = (&found["status"], &found["last_price"], &found["consecutive_failures"]);
        assert_eq!(facts, (&json!("ok"), &json!(DAYS[3]), &json!(0)), "{found}");
    }

    // The run has ended: one more bad day is the first of a new one.
    world.market.remove(&gone);
    world.go_to("2026-06-29");
    let (code, findings) = verified(&world, &[]).await;
    assert_eq!((code, &findings[0]["consecutive_failures"]), (Some(1), &json!(1)), "{findings:?}");
}

#[tokio::test]
async fn verifying_finds_a_fund_that_has_stopped_and_counts_days_by_itself() {
    let mut world = World::small(3).await;
    let stopped = world.tickers[2].clone();
    world.market.keep(&stopped, day("2023-01-02"), day("2026-05-29"));
    for (at, today) in DAYS[..3].iter().enumerate() {
        world.go_to(today);
        let (code, findings) = verified(&world, &[]).await;
        assert_eq!((code, findings.len()), (Some(1), 1), "{findings:?}");
        let found = &findings[0];
        assert_eq!(found["ticker"], json!(stopped));
        assert_eq!((&found["consecutive_failures"], &found["stale_candidate"]), (&json!(at + 1), &json!(at == 2)));
    }
    let table = world.run(&["verify-proxies"]).await;
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("3 of 4 factors have current prices from fmp") && table.contains("(stale)"), "{table}");
}

/// That the vendor is down says nothing of any factor.
#[tokio::test]
async fn a_vendor_that_is_down_makes_no_factor_stale() {
    use factor_stand_in::{Fault, Target, Times};
    let mut world = World::small(3).await;
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    world.fmp.fail(Target::All, Times::Always, Fault::ServerError);
    for today in &DAYS[..3] {
        world.go_to(today);
        let (code, findings) = verified(&world, &[]).await;
        assert_eq!((code, findings.len()), (Some(1), 4));
        assert!(findings.iter().all(|found| found["consecutive_failures"] == 0), "{findings:?}");
    }
    world.fmp.heal();
    assert_eq!(world.fresh().await["data_quality"]["stale_factor_candidates"], json!([]));
}
