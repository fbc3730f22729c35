//! A process killed while it writes groups: what was acknowledged is there, and nothing else is half there.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use factor_store::{WriteOutcome, open};
use factor_types::{FactorGroup, GroupWeighting, UserId};
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use throwaway_postgres::{Durability, Role};

use crate::support::{Keeps, Place, equal};

const KILLS: u32 = 200;
const GROUPS: u64 = 5;

/// The group of a number at a version: every part of it follows from both.
fn group(number: u64, version: u64) -> FactorGroup {
    let share = 1.0 / (version as f64 + 2.0);
    FactorGroup {
        description: format!("version {version}"),
        weighting: GroupWeighting::Custom(vec![share, 1.0 - share]),
        ..equal(&format!("g{number}"), &["SPY", &format!("T{version}")])
    }
}

#[tokio::test]
#[ignore = "the process that is killed; it writes for 10 s at most"]
async fn writes_groups_until_killed() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let Some((from, place)) = line.trim_end().split_once(' ') else { return };
    let store = match place.strip_prefix('/') {
        Some(_) => open(None, Some(place.as_ref())),
        None => open(Some(place), None),
    };
    let store = store.unwrap();
    let began = Instant::now();
    for version in from.parse().unwrap().. {
        let group = group(version % GROUPS, version);
        let done = store.update_group(UserId::LOCAL, &group.name, &group, None).await.unwrap();
        if done.is_none() {
            assert!(matches!(
                store.create_group(UserId::LOCAL, &group, None).await.unwrap(),
                WriteOutcome::Written(_) | WriteOutcome::Unchanged(_)
            ));
        }
        println!("\nkept {version}");
        if began.elapsed() > Duration::from_secs(10) {
            break;
        }
    }
}

fn start(orders: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::writes_groups_until_killed", "--ignored", "--nocapture", "--test-threads", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{orders}").unwrap();
    child
}

async fn kill_again_and_again(place: &Place) {
    let address = match &place.keeps {
        Keeps::Sqlite(folder) => folder.path().display().to_string(),
        Keeps::Postgres(_, database) => database.url(Role::Owner),
    };
    let mut random = ChaCha8Rng::seed_from_u64(200);
    let mut acknowledged = [None; GROUPS as usize];
    let (mut next, mut writing, mut all) = (0, 0, 0);
    for round in 0..KILLS {
        let mut child = start(&format!("{next} {address}"));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut printed = lines.filter_map(|line| line.strip_prefix("kept ")?.parse::<u64>().ok());
        // Now and then it is killed while it opens the store, else while it writes.
        let first = if round % 20 == 0 { None } else { printed.next() };
        thread::sleep(Duration::from_millis(random.random_range(0..40)));
        child.kill().unwrap();
        child.wait().unwrap();
        let printed: Vec<u64> = first.into_iter().chain(printed).collect();
        writing += u32::from(!printed.is_empty());
        all += printed.len();
        for version in printed {
            acknowledged[(version % GROUPS) as usize] = Some(version);
        }
        // One look at all: what a killed client had sent last, its server may still finish.
        let mut there = [None; GROUPS as usize];
        for kept in place.admin.groups(UserId::LOCAL).await.unwrap().rows {
            let found = kept.group.what;
            let version: u64 = found.description.strip_prefix("version ").unwrap().parse().unwrap();
            assert_eq!(found, group(version % GROUPS, version), "round {round}: half of it is there");
            there[(version % GROUPS) as usize] = Some(version);
            next = next.max(version + 1);
        }
        for (number, (there, expected)) in there.iter().zip(&acknowledged).enumerate() {
            assert!(there >= expected, "round {round}: g{number} of version {expected:?} was kept; {there:?} is there");
        }
    }
    println!("killed while writing: {writing} of {KILLS}; {all} writes acknowledged");
    assert!(writing >= KILLS * 9 / 10, "only {writing} of {KILLS} were killed while writing");
}

#[tokio::test]
async fn sqlite_loses_nothing_when_its_writer_is_killed_two_hundred_times() {
    kill_again_and_again(&Place::sqlite().await).await;
}

#[tokio::test]
async fn postgres_loses_nothing_when_its_writer_is_killed_two_hundred_times() {
    kill_again_and_again(&Place::postgres_with(Durability::Full).await).await;
}
