//! `factor-mcp cache clear` beside a server that runs.

use serde_json::json;

use super::world::World;

#[tokio::test]
async fn clearing_reaches_a_server_that_runs() {
    let world = World::small(3).await;
    let mut server = world.server().await;
    let first = server.returns().await;
    world.each_cost(1);
    world.fmp.clear();
    server.returns().await;
    assert_eq!(world.fmp.count(), 0, "from memory");

    let dropped = world.run(&["cache", "clear", "--force"]).await;
    let said = String::from_utf8_lossy(&dropped.stdout).into_owned();
    assert!(dropped.status.success() && said.contains("servers that run drop theirs at their next call"), "{said}");
    let kept = world.run(&["cache", "stats"]).await;
    let kept = String::from_utf8_lossy(&kept.stdout).into_owned();
    assert!(kept.contains("nothing is kept"), "the mark is nothing that was fetched: {kept}");

    let after = server.returns().await;
    assert_eq!(after["factors"], first["factors"]);
    assert_eq!(after["analysis_metadata"]["cache"]["panel"], "miss");
    world.each_cost(1);
    world.fmp.clear();
    server.returns().await;
    assert_eq!(world.fmp.count(), 0, "one clearing is one clearing");
    let status = server.call("get_server_status", json!({})).await["structuredContent"].clone();
    assert!(status["caches"]["histories"]["entries"].as_u64() >= Some(4), "{}", status["caches"]);
    server.close();
    let (code, _, log) = server.end().await;
    assert_eq!(code, Some(0), "{log}");
}
