//! Many tasks of several users at once, some of which go away midway: nobody sees a foreign row.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use factor_store::{Listed, OpenOptions, SavedGroup, StoreError, open_with};
use factor_types::{FactorGroup, UserId};
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use throwaway_postgres::Role;
use tokio::time::timeout;

use crate::support::{Keeps, Place, equal, for_several, made_new, name, on_both};

on_both!(no_task_sees_a_foreign_row);

const USERS: usize = 8;
const ROWS: u64 = 500;
const TASKS: u64 = 64;
/// Of each task; together over a million rows.
const READS: u64 = 32;

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
    fill(place, &users).await;
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
                        Ok(Listed { rows: groups, damaged }) => {
                            assert_eq!(damaged, [""; 0]);
                            reads += 1;
                            counts.rows.fetch_add(groups.len() as u64, Ordering::Relaxed);
                            assert!(groups.len() as u64 >= ROWS - 1, "{user} sees {} rows", groups.len());
                            groups.iter().for_each(|group| check(user, group));
                        }
                        // Too many at once for this machine: no answer is no foreign row.
                        Err(StoreError::Unavailable(_) | StoreError::Locked(_)) => {
                            counts.busy.fetch_add(1, Ordering::Relaxed);
                        }
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

async fn fill(place: &Place, users: &[UserId]) {
    let plenty = OpenOptions { most_per_user: 1_000, ..for_several() };
    let store = match &place.keeps {
        Keeps::Sqlite(folder) => open_with(None, Some(folder.path()), plenty),
        Keeps::Postgres(_, database) => open_with(Some(&database.url(Role::App)), None, plenty),
    };
    let store = store.unwrap();
    for user in users {
        for number in 1..=ROWS {
            let group = FactorGroup {
                description: format!("canary of {user}"),
                ..equal(&format!("g{number}"), &["SPY", "TLT"])
            };
            made_new(store.create_group(*user, &group, None).await.unwrap());
        }
    }
    store.close().await;
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
