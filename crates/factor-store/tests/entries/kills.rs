//! A process killed while it writes.

use std::{
    fs,
    io::Read as _,
    thread,
    time::{Duration, Instant},
};

use factor_store::SqliteEntries;
use factor_types::EntryStore as _;
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use tempfile::tempdir;

use crate::support::{entry, key, orders, put_aside, start, versions};

const KEYS: u64 = 20;

#[tokio::test]
#[ignore = "the process that is killed; it writes for 10 s at most"]
async fn writes_until_killed() {
    let Some((path, from)) = orders() else { return };
    let store = SqliteEntries::new(path);
    let began = Instant::now();
    for version in from.. {
        let number = version % KEYS;
        let bytes = 1_000 + (version * 7_919 % 60_000) as usize;
        store.put(&key(number), &entry(number, version, bytes)).await.unwrap();
        println!("kept {version}");
        if began.elapsed() > Duration::from_secs(10) {
            break;
        }
    }
}

#[tokio::test]
async fn a_process_killed_a_hundred_times_leaves_whole_entries() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("cache/entries.db");
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut kept = vec![None; KEYS as usize];
    let mut writing = 0;
    let mut times = Vec::new();
    for round in 0..100 {
        if round % 10 == 0 && round > 0 {
            // Now and then it is killed while it begins the file.
            fs::remove_dir_all(path.parent().unwrap()).unwrap();
            kept.fill(None);
        }
        let from = kept.iter().flatten().max().map_or(1, |newest: &u64| newest + 1);
        let mut child = start("kills::writes_until_killed", &format!("{from} {}", path.display()));
        thread::sleep(Duration::from_millis(random.random_range(5..80)));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut acknowledged = String::new();
        child.stdout.take().unwrap().read_to_string(&mut acknowledged).unwrap();
        let acknowledged: Vec<u64> =
            acknowledged.lines().filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).collect();
        writing += usize::from(!acknowledged.is_empty());
        for version in acknowledged {
            kept[(version % KEYS) as usize] = Some(version);
        }

        let began = Instant::now();
        let store = SqliteEntries::new(path.clone());
        store.get(&key(0)).await.unwrap();
        times.push(began.elapsed());
        let found = versions(&store, KEYS).await;
        for (number, (found, kept)) in found.iter().zip(&kept).enumerate() {
            assert!(found >= kept, "T{number} of version {kept:?} was acknowledged; version {found:?} is there");
        }
        let health = store.health();
        assert_eq!((health.damaged, health.notes), (0, vec![]), "round {round}");
        assert!(put_aside(path.parent().unwrap()).is_empty());
        kept = found;
        store.close().await;
    }
    times.sort();
    println!(
        "killed while writing: {writing} of 100; first answer after: median {:?}, worst {:?}",
        times[50], times[99]
    );
    assert!(writing >= 10, "only {writing} of 100 were killed while writing");
    // What is promised to users; the worst seen is some 100 ms, on a busy machine.
    assert!(times[99] < Duration::from_secs(1), "the first answer took {:?}", times[99]);
}
