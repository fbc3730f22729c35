//! When the price of a proxy was last seen.

use serde_json::Value;

use super::world::World;

#[tokio::test]
async fn the_store_notes_whose_prices_were_seen() {
    let world = World::small(4).await;
    let gone = world.tickers[2].clone();
    world.market.remove(&gone);
    let run = async |arguments: &[&str], code: i32| {
        let output = world.run(arguments).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        output.stdout
    };
    run(&["reference", "import"], 0).await;
    let seen = async || {
        let list: Value = serde_json::from_slice(&run(&["asset-proxy", "list", "--format", "json"], 0).await).unwrap();
        let rows = list["asset_proxies"].as_array().unwrap().clone();
        assert_eq!((rows.len(), &list["source"]), (1, &Value::from("database")));
        (rows[0]["etf"].as_str().unwrap().to_owned(), rows[0]["last_verified_at"].clone())
    };
    // The universe's one bond fund is the one that is gone.
    assert_eq!(seen().await, (gone.clone(), Value::Null));
    run(&["verify-proxies"], 1).await;
    assert_eq!(seen().await, (gone.clone(), Value::Null), "no price, no mark");
    world.market.add(&gone, &[("2026-06-29".parse().unwrap(), 10.0), ("2026-06-30".parse().unwrap(), 10.5)], &[]);
    run(&["verify-proxies"], 0).await;
    let (_, at) = seen().await;
    assert!(chrono::DateTime::parse_from_rfc3339(at.as_str().unwrap()).is_ok(), "{at}");
}
