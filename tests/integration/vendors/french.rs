//! Factors of Kenneth French's library from its stand-in: fetched as zip, kept with its vintage, asked for again after a month.

use std::time::Duration;

use factor_stand_in::{Fault, Target, Times};
use serde_json::{Value, json};

use super::world::World;

async fn model(world: &World, arguments: Value) -> Value {
    let mut server = world.server().await;
    let answer = server.call("analyze_factor_model", arguments).await["structuredContent"].clone();
    server.close();
    let (code, _, log) = server.end().await;
    assert_eq!(code, Some(0), "{log}");
    answer
}

fn three(name: &str) -> Value {
    json!({"ticker": "SPY", "model": name, "max_chars": 0})
}

#[tokio::test]
async fn factors_are_fetched_once_a_month_and_name_their_vintage() {
    let mut world = World::small(2).await;
    let answer = model(&world, three("ff3")).await;
    let file = json!({"name": "F-F_Research_Data_Factors", "vintage": "202605", "last": "2026-05-31"});
    assert_eq!((&answer["status"], &answer["model"]["files"][0]), (&json!("success"), &file), "{answer}");
    // The window ends with the file, not with the newest whole month; the first price is January 2023's.
    assert_eq!((&answer["period"]["to"], &answer["fits"][0]["n"]), (&json!("2026-05-31"), &json!(40)));
    assert_eq!(answer["model"]["factors"], json!(["Mkt-RF", "SMB", "HML"]));
    assert_eq!(world.french.count(), 1);
    // Another process has what was kept; momentum is a file of its own.
    let carhart = model(&world, three("carhart")).await;
    let files = (carhart["model"]["files"][1]["name"].as_str(), world.french.count());
    assert_eq!(files, (Some("F-F_Momentum_Factor"), 2), "{carhart}");
    // A month later both are asked for again. Where they do not come, the kept ones serve, and that is said.
    world.go_to("2026-07-31");
    world.french.fail(Target::All, Times::Always, Fault::ServerError);
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    let stale = model(&world, three("ff3")).await;
    assert_eq!(stale["model"]["files"][0]["vintage"], "202605");
    assert!(stale["warnings"].to_string().contains("could not be fetched again"), "{}", stale["warnings"]);
    world.french.heal();
    let fresh = model(&world, three("ff3")).await;
    assert_eq!(fresh["model"]["files"][0]["vintage"], "202606");
}

#[tokio::test]
async fn days_are_compounded_to_weeks() {
    let world = World::small(2).await;
    let daily = model(&world, json!({"ticker": "SPY", "model": "ff5", "frequency": "daily"})).await;
    assert_eq!(daily["model"]["files"][0]["name"], "F-F_Research_Data_5_Factors_2x3_daily");
    assert!(daily["fits"][0]["n"].as_u64().unwrap() > 800, "{daily}");
    let weekly = model(&world, json!({"ticker": "SPY", "model": "ff5", "frequency": "weekly"})).await;
    assert!((160..180).contains(&weekly["fits"][0]["n"].as_u64().unwrap()), "{weekly}");
    assert_eq!(world.french.count(), 1, "the same file");
}

#[tokio::test]
async fn what_is_no_file_of_the_library_is_refused_with_the_way_out() {
    let faults = [
        (Fault::Html200, "HTML"),
        (Fault::CutText, "cut off"),
        (Fault::DuplicateDates, "does not come after"),
        (Fault::Unsorted, "does not come after"),
        (Fault::WrongTypes(factor_stand_in::WrongType::PriceText), "is no number"),
        (Fault::NotFound, "404"),
        (Fault::ServerError, "500"),
        (Fault::Huge, "over"),
    ];
    for (fault, words) in faults {
        let mut world = World::small(1).await;
        world.set("FACTOR_PRICE_MAX_RETRIES", 1);
        world.french.fail(Target::All, Times::Always, fault.clone());
        let answer = model(&world, three("ff3")).await;
        assert_eq!(answer["status"], "error", "{fault:?}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(words) && message.contains("FACTOR_FRENCH_DIR"), "{fault:?}: {message}");
        // The lens and funds of one's own need no file.
        let own = model(&world, json!({"ticker": "SPY", "factors": ["TAA"], "end_date": "2026-06-30"})).await;
        assert_ne!(own["error"]["code"], "upstream_unavailable", "{own}");
    }
}

#[tokio::test]
async fn a_file_that_is_late_is_waited_for() {
    let world = World::small(1).await;
    world.french.fail(Target::All, Times::First(1), Fault::Slow(Duration::from_millis(20)));
    world.french.fail(Target::All, Times::After { skip: 1, count: 1 }, Fault::CutBody);
    assert_eq!(model(&world, three("capm")).await["status"], "success");
    assert_eq!(model(&world, three("ff5")).await["status"], "success", "asked for once more");
}
