//! Killed while writing, damaged on disk, nowhere to write: the numbers are right all the same.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;

use super::world::{World, returns, until, warnings};

/// A chain of numbers that looks like chance and is the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[tokio::test]
async fn killed_again_and_again_while_it_writes_it_starts_and_is_right() {
    let mut world = World::small(11).await;
    world.fmp.change(|options| {
        options.latency = Duration::from_millis(5);
        options.jitter = Duration::from_millis(20);
    });
    // The exchange keeps 19 June, the stand-in does not.
    let days = world.fmp.expected_adj("SPY").into_iter().rev().map(|row| row.0.to_string());
    let days: Vec<String> = days.filter(|day| day != "2026-06-19").take(16).collect();
    let mut draws = Draws(7);
    for today in days.iter().rev().take(15) {
        // Each day has its tails, so that there is something to fetch and to write in every round.
        world.go_to(today);
        world.fmp.clear();
        let mut server = world.server().await;
        server.ask("tools/call", json!({"name": "get_factor_analysis", "arguments": returns()})).await;
        until("the first request", || world.fmp.count() > 0).await;
        tokio::time::sleep(Duration::from_millis(draws.below(120))).await;
        server.child.kill().await.unwrap();
    }
    world.check(&world.fresh().await, &world.tickers);
    world.go_to("2026-07-01");
    let next_day = world.fresh().await;
    world.check(&next_day, &world.tickers);
    world.fmp.clear();
    assert_eq!(world.fresh().await["factors"], next_day["factors"]);
    assert_eq!(world.fmp.count(), 0, "all of it is kept");
}

/// The files of the cache that hold bytes.
fn cache_files(folder: &Path) -> Vec<PathBuf> {
    let files = ["cache.db", "cache.db-wal"].map(|name| folder.join(name));
    files.into_iter().filter(|path| fs::metadata(path).is_ok_and(|meta| meta.len() > 0)).collect()
}

#[tokio::test]
async fn a_flipped_bit_never_makes_a_wrong_number() {
    let world = World::small(2).await;
    world.check(&world.fresh().await, &world.tickers);
    world.fmp.clear();
    let mut draws = Draws(11);
    let mut refetched = 0;
    for round in 0..25 {
        let files = cache_files(&world.data());
        let sizes: Vec<u64> = files.iter().map(|path| fs::metadata(path).unwrap().len()).collect();
        let mut at = draws.below(sizes.iter().sum());
        let file = sizes.iter().position(|size| at.checked_sub(*size).map(|rest| at = rest).is_none()).unwrap();
        let mut bytes = fs::read(&files[file]).unwrap();
        let at = usize::try_from(at).unwrap();
        bytes[at] ^= 1 << draws.below(8);
        fs::write(&files[file], bytes).unwrap();
        let answer = world.fresh().await;
        assert_eq!(answer["data_quality"]["factors_excluded"], 0, "round {round}, byte {at} of {:?}", files[file]);
        world.check(&answer, &world.tickers);
        refetched += usize::from(world.fmp.count() > 0);
        world.fmp.clear();
    }
    assert!(refetched > 5, "only {refetched} of 25 flips had to be mended by fetching: is anything kept at all?");
}

#[tokio::test]
async fn a_file_that_is_cut_or_garbage_is_rebuilt() {
    let world = World::small(2).await;
    world.check(&world.fresh().await, &world.tickers);
    let path = world.data().join("cache.db");
    let cut: fn(Vec<u8>) -> Vec<u8> = |bytes| bytes[..bytes.len() / 2].to_vec();
    let garbage: fn(Vec<u8>) -> Vec<u8> = |bytes| {
        let mut draws = Draws(3);
        bytes.iter().map(|_| u8::try_from(draws.below(256)).unwrap()).collect()
    };
    for damage in [cut, garbage, |_| Vec::new()] {
        for log in ["cache.db-wal", "cache.db-shm"] {
            let _ = fs::remove_file(world.data().join(log));
        }
        fs::write(&path, damage(fs::read(&path).unwrap())).unwrap();
        world.fmp.clear();
        world.check(&world.fresh().await, &world.tickers);
        assert!(world.fmp.count() > 0, "what was lost is fetched");
        world.fmp.clear();
        world.check(&world.fresh().await, &world.tickers);
        assert_eq!(world.fmp.count(), 0, "and kept again");
    }
}

#[tokio::test]
async fn without_a_place_to_write_the_answers_go_on_with_a_warning() {
    let world = World::small(4).await;
    fs::write(world.data(), "a file where the folder should be").unwrap();
    let mut server = world.server().await;
    let answer = server.returns().await;
    world.check(&answer, &world.tickers);
    let told =
        |warning: &&str| warning.starts_with("fetched prices cannot be kept on disk: ") && warning.contains("data");
    assert!(warnings(&answer).iter().any(told), "{:?}", warnings(&answer));
    assert_eq!(server.returns().await["factors"], answer["factors"]);
    world.each_cost(1);
    let status = server.call("get_server_status", json!({})).await;
    assert!(status["structuredContent"]["caches"]["disk"]["problem"].is_string(), "{status}");
}
