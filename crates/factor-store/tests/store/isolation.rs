//! Many tasks of several users at once, some of which go away midway: nobody sees a foreign row.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use factor_store::{SavedGroup, StoreError};
use factor_types::UserId;
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use tokio::time::timeout;

use crate::support::{Place, equal, name, on_both};

on_both!(no_task_sees_a_foreign_row);

const USERS: usize = 8;
const ROWS: u64 = 500;
const TASKS: u64 = 64;
/// Of each task; together over a million rows.
const READS: u64 = 32;

const FILL: &str = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 500) \
     INSERT INTO user_factor_groups (user_id, group_name, name_key, description, tickers, weighting_method) \
     SELECT id, 'g' || n, 'g' || n, 'canary of ' || id, '[\"SPY\", \"TLT\"]', 'equal' FROM users, numbers WHERE id > 1";

#[derive(Default)]
struct Counts {
    rows: AtomicU64,
    cancelled: AtomicU64,
    busy: AtomicU64,
}

async fn no_task_sees_a_foreign_row(place: &Place) {
    let mut users = Vec::new();
    for _ in 0..USERS {
        users.push(place.user().await);
    }
    place.sql(FILL).await;
    let counts = Arc::new(Counts::default());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, counts) = (Arc::clone(&place.server), Arc::clone(&counts));
            let user = users[task as usize % USERS];
            tokio::spawn(async move {
                let mut random = ChaCha8Rng::seed_from_u64(task);
                let mut reads = 0;
                while reads < READS {
                    if random.random_range(0..5) == 0 {
                        // Goes away before, while or after it is answered; every third one in the middle of a write.
                        let soon = Duration::from_micros(random.random_range(0..20_000));
                        let group = equal(&format!("new {task}"), &["SPY", "TLT"]);
                        let gone = match random.random_range(0..3) {
                            0 => timeout(soon, store.create_group(user, &group, None)).await.is_err(),
                            1 => timeout(soon, store.delete_group(user, &name("g1"))).await.is_err(),
                            _ => timeout(soon, store.groups(user)).await.is_err(),
                        };
                        counts.cancelled.fetch_add(u64::from(gone), Ordering::Relaxed);
                        continue;
                    }
                    match store.groups(user).await {
                        Ok(groups) => {
                            reads += 1;
                            counts.rows.fetch_add(groups.len() as u64, Ordering::Relaxed);
                            assert!(groups.len() as u64 >= ROWS - 1, "{user} sees {} rows", groups.len());
                            groups.iter().for_each(|group| check(user, group));
                        }
                        // Too many at once for this machine: no answer is no foreign row.
                        Err(StoreError::Unavailable(_)) => drop(counts.busy.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (rows, cancelled) = (count(&counts.rows), count(&counts.cancelled));
    println!("{rows} rows, {cancelled} cancelled, {} without an answer", count(&counts.busy));
    assert!(rows >= 1_000_000, "only {rows} rows were read");
    assert!(cancelled >= 100, "only {cancelled} were cancelled");
}

fn check(user: UserId, kept: &SavedGroup) {
    let group = &kept.group.what;
    let own = group.description.strip_prefix("canary of ").map(|owner| owner == user.to_string());
    match own {
        Some(own) => assert!(own, "{user} sees {group:?}"),
        // A group of a task: its number says whose it is.
        None => {
            let task: u64 = group.name.as_str().strip_prefix("new ").unwrap().parse().unwrap();
            // The first user after the local one has the number 2.
            assert_eq!(task % USERS as u64 + 2, user.number().cast_unsigned(), "{user} sees {group:?}");
        }
    }
}
