//! Yahoo's prices, and yields from the first source that answers.

use factor_stand_in::{Fault, Target, Times};
use serde_json::{Value, json};

use super::world::{World, warnings};

fn performance() -> Value {
    json!({"analysis_type": "performance", "include": ["per_factor", "data_quality", "metadata"], "max_chars": 0})
}

/// The analysis of a process of its own, and what its status says of the yields.
async fn ask(world: &World) -> (Value, Value) {
    let mut server = world.server().await;
    let answer = server.analysis(performance()).await;
    assert_eq!(answer["status"], "success", "{answer}");
    let status = server.call("get_server_status", json!({})).await;
    (answer, status["structuredContent"]["parts"]["yields"].clone())
}

#[tokio::test]
async fn yahoo_is_asked_when_it_is_chosen_and_kept_apart_from_the_other_vendor() {
    let mut world = World::small(6).await;
    world.set("FACTOR_PRICE_SOURCE", "yahoo");
    let answer = world.fresh().await;
    world.check(&answer, &world.tickers);
    assert_eq!(answer["analysis_metadata"]["price_source"]["name"], "yahoo");
    assert!(world.tickers.iter().all(|ticker| world.yahoo.count_for(ticker) == 1));
    assert_eq!((world.yahoo.count(), world.fmp.count()), (7, 0));
    assert!(world.yahoo.max_in_flight() <= 4);
    world.yahoo.clear();
    assert_eq!(world.fresh().await["factors"], answer["factors"]);
    assert_eq!(world.yahoo.count(), 0);
    world.set("FACTOR_PRICE_SOURCE", "fmp");
    world.fresh().await;
    world.each_cost(1);
}

#[tokio::test]
async fn the_treasury_gives_the_risk_free_rate() {
    let world = World::small(3).await;
    let (answer, status) = ask(&world).await;
    assert_eq!(answer["analysis_metadata"]["risk_free_source"], "UST3M 41 rows");
    assert_eq!((&status["status"], &status["source"]), (&json!("ok"), &json!("treasury, then fred, then fmp")));
    // One request a year that the fetch reaches back to, 2015 to 2026.
    assert_eq!((world.treasury.count(), world.fred.count()), (12, 0));
    assert!(!warnings(&answer).iter().any(|warning| warning.contains("yields")), "{:?}", warnings(&answer));
    // Kept between runs.
    ask(&world).await;
    assert_eq!(world.treasury.count(), 12);
}

#[tokio::test]
async fn fred_stands_in_for_the_treasury_and_gives_the_same_figures() {
    let mut world = World::small(3).await;
    let (first, _) = ask(&world).await;
    world.set("FACTOR_DATA_DIR", world.data().with_extension("other").display());
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    world.treasury.fail(Target::All, Times::Always, Fault::Html200);
    let (answer, status) = ask(&world).await;
    assert_eq!(answer["analysis_metadata"]["risk_free_source"], "UST3M 41 rows");
    assert_eq!(answer["per_factor"], first["per_factor"], "both have the same yields");
    assert_eq!((&status["status"], world.fred.count()), (&json!("ok"), 5));
    assert!(warnings(&answer).iter().any(|warning| warning.contains("The US Treasury")), "{:?}", warnings(&answer));
}

#[tokio::test]
async fn without_any_yields_the_answer_goes_on_and_says_so() {
    let mut world = World::small(3).await;
    world.set("FACTOR_PRICE_MAX_RETRIES", 0);
    world.treasury.fail(Target::All, Times::Always, Fault::ServerError);
    world.fred.fail(Target::All, Times::Always, Fault::Reset);
    world.fmp.fail(Target::path("treasury-rates"), Times::Always, Fault::ExclusiveEndpoint);
    let (answer, status) = ask(&world).await;
    assert_eq!(answer["analysis_metadata"]["risk_free_source"], "none");
    let spy = &answer["per_factor"]["SPY"];
    assert!(spy["annual_return"].is_number() && spy["return_to_risk"].is_number(), "{answer}");
    assert!(spy["sharpe_ratio"].is_null());
    let told = warnings(&answer);
    let names = ["The US Treasury", "FRED", "Financial Modeling Prep"];
    let all_named = |warning: &&str| names.iter().all(|name| warning.contains(name));
    assert!(told.iter().any(|warning| warning.starts_with("no Treasury yields: ") && all_named(warning)), "{told:?}");
    assert!(told.iter().any(|warning| warning.starts_with("no risk-free rate: ")), "{told:?}");
    assert_eq!(status["status"], "failed");
    // Nothing of it is kept: well again, the yields are there.
    for vendor in [&world.treasury, &world.fred, &world.fmp] {
        vendor.heal();
    }
    let (answer, _) = ask(&world).await;
    assert_eq!(answer["analysis_metadata"]["risk_free_source"], "UST3M 41 rows");
}
