//! Yields that hang or are not whole: the next source is asked, and the figures are the same.

use std::time::{Duration, Instant};

use factor_stand_in::{Fault, Target, Times};
use serde_json::{Value, json};

use super::world::{World, warnings};

fn performance() -> Value {
    json!({"analysis_type": "performance", "include": ["per_factor", "data_quality", "metadata"], "max_chars": 0})
}

async fn ask(world: &World) -> Value {
    let answer = world.server().await.analysis(performance()).await;
    assert_eq!(answer["status"], "success", "{answer}");
    answer
}

#[tokio::test]
async fn a_treasury_that_hangs_costs_three_seconds() {
    let world = World::small(3).await;
    let right = ask(&world).await;
    let mut world = World::small(3).await;
    world.treasury.fail(Target::All, Times::Always, Fault::Hang);
    let start = Instant::now();
    let answer = ask(&world).await;
    assert!(start.elapsed() < Duration::from_millis(5_500), "{:?}", start.elapsed());
    assert_eq!(answer["analysis_metadata"]["risk_free_source"], "UST3M 41 rows");
    assert_eq!(answer["per_factor"], right["per_factor"]);
    assert!(warnings(&answer).iter().any(|told| told.contains("treasury did not answer within 3 s")), "{answer}");
    // Both hang on the next day: the yields kept are used and said to be old.
    world.fred.fail(Target::All, Times::Always, Fault::Hang);
    world.go_to("2026-07-01");
    let start = Instant::now();
    let answer = ask(&world).await;
    assert!(start.elapsed() < Duration::from_millis(7_500), "{:?}", start.elapsed());
    assert_eq!(answer["analysis_metadata"]["risk_free_source"], "UST3M 41 rows");
    let told = |warning: &&str| warning.starts_with("yields could not be refreshed (they did not come in time)");
    assert!(warnings(&answer).iter().any(told), "{:?}", warnings(&answer));
}

/// A year with only its header, cut, another year's file, a maturity that has gone, years of two digits.
#[tokio::test]
async fn a_table_that_is_not_whole_is_not_used() {
    let world = World::small(3).await;
    let right = ask(&world).await;
    let header = "Date,\"3 Mo\",\"2 Yr\",\"5 Yr\",\"10 Yr\",\"30 Yr\"\n";
    let days = |keep: &dyn Fn(usize) -> bool, row: &dyn Fn(&chrono::NaiveDate) -> String| -> String {
        let first = chrono::NaiveDate::from_ymd_opt(2024, 1, 2).unwrap();
        let rows = first.iter_days().take(364).enumerate().filter(|(at, _)| keep(*at)).map(|(_, day)| row(&day));
        header.to_owned() + &rows.collect::<String>()
    };
    let full = |day: &chrono::NaiveDate| format!("{},9,9,9,9,9\n", day.format("%m/%d/%Y"));
    let body = |text: String| Fault::Answer {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "text/csv".to_owned())],
        body: text,
    };
    let cases = [
        ("its header alone", Fault::Empty),
        ("half a year", body(days(&|at| at < 180, &full))),
        ("another year", body(days(&|_| true, &full).replace("/2024", "/2023"))),
        ("two digits", body(days(&|_| true, &|day| format!("{},9,9,9,9,9\n", day.format("%m/%d/%y"))))),
        ("no ten years", body(days(&|_| true, &|day| format!("{},9,9,9,,9\n", day.format("%m/%d/%Y"))))),
    ];
    for (name, fault) in cases {
        let mut world = World::small(3).await;
        world.set("FACTOR_PRICE_MAX_RETRIES", 0);
        world.treasury.fail(Target::symbol("2024"), Times::Always, fault);
        let answer = ask(&world).await;
        assert_eq!(answer["per_factor"], right["per_factor"], "{name}");
        assert_eq!(world.fred.count(), 5, "{name}");
        let told = warnings(&answer);
        let said = |told: &&str| told.contains("not whole") || told.contains("cannot be used");
        assert!(told.iter().any(said), "{name}: {told:?}");
        // What came from FRED is kept; the Treasury is asked for the next day's alone.
        world.treasury.heal();
        world.go_to("2026-07-01");
        let next = ask(&world).await;
        assert_eq!(next["analysis_metadata"]["risk_free_source"], "UST3M 41 rows", "{name}");
    }
}
