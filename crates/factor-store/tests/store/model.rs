//! Random writes by several users against what a map would hold, crashes included.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use factor_store::{Deleted, Store, WriteOutcome, open_with};
use factor_types::{FactorGroup, UserId};
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use tempfile::{TempDir, tempdir};

use crate::support::{Keeps, Place, equal, for_several, name, on_both, portfolio};

on_both!(random_writes_leave_what_a_map_would_hold, random_writes_survive_crashes);

const STEPS: u32 = 400;
const NAMES: [&str; 4] = ["a", "A", "b b", "B_B"];
const MEMBERS: [&[&str]; 3] = [&["SPY", "TLT"], &["TLT", "SPY"], &["SPY", "GLD", "SLV"]];

async fn random_writes_leave_what_a_map_would_hold(place: &Place) {
    let store = &place.server;
    let users = [place.user().await, place.user().await, place.user().await];
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut model = BTreeMap::new();
    for step in 0..STEPS {
        let user = users[random.random_range(0..users.len())];
        let target = name(NAMES[random.random_range(0..NAMES.len())]);
        let group = equal(NAMES[random.random_range(0..NAMES.len())], MEMBERS[random.random_range(0..MEMBERS.len())]);
        let (at, to) = ((user, target.key()), (user, group.name.key()));
        match random.random_range(0..4) {
            0 | 1 => {
                let there = model.get(&to).cloned();
                match (store.create_group(user, &group, None).await.unwrap(), there) {
                    (WriteOutcome::Written(kept), None) => {
                        assert_eq!(kept.group.what, group);
                        model.insert(to, group);
                    }
                    (WriteOutcome::Unchanged(kept), Some(there)) => {
                        assert!(there.same_content(&group), "step {step}");
                        assert_eq!(kept.group.what, there, "step {step}");
                    }
                    (WriteOutcome::Conflict(kept), Some(there)) => {
                        assert!(!there.same_content(&group), "step {step}");
                        assert_eq!(kept.group.what, there, "step {step}");
                    }
                    (got, expected) => panic!("step {step}: {got:?}, not {expected:?}"),
                }
            }
            2 => {
                let updated = store.update_group(user, &target, &group, None).await.unwrap();
                match (updated, model.get(&at).cloned(), model.get(&to).cloned()) {
                    (None, None, _) => {}
                    (Some(WriteOutcome::Conflict(kept)), Some(_), Some(other)) if at != to => {
                        assert_eq!(kept.group.what, other, "step {step}");
                    }
                    (Some(WriteOutcome::Unchanged(kept)), Some(before), _) => {
                        assert!(before.same_content(&group), "step {step}");
                        assert_eq!(kept.group.what, before, "step {step}");
                    }
                    (Some(WriteOutcome::Written(kept)), Some(before), _) => {
                        assert!(!before.same_content(&group), "step {step}");
                        assert_eq!(kept.group.what, group, "step {step}");
                        model.remove(&at);
                        model.insert(to, group);
                    }
                    (got, before, other) => panic!("step {step}: {got:?}, {before:?}, {other:?}"),
                }
            }
            _ => {
                let gone = store.delete_group(user, &target).await.unwrap().map(|gone| match gone {
                    Deleted::Whole(kept) => kept.group.what,
                    Deleted::Damaged => panic!("step {step}: nothing was damaged"),
                });
                assert_eq!(gone, model.remove(&at), "step {step}");
            }
        }
        let held: Vec<_> = store.groups(user).await.unwrap().rows.into_iter().map(|kept| kept.group.what).collect();
        let of_user = model.iter().filter(|((owner, _), _)| *owner == user).map(|(_, group)| group.clone());
        assert_eq!(held, of_user.collect::<Vec<_>>(), "step {step}");
    }
}

/// What a map would hold: a description of each group, the shares of each portfolio.
type Held = BTreeMap<(UserId, bool, String), String>;

const CRASHES: usize = 12;

async fn random_writes_survive_crashes(place: &Place) {
    let users = [place.user().await, place.user().await];
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut model = Held::new();
    let mut place = After::of(place);
    for crash in 0..CRASHES {
        for step in 0..25 {
            let user = users[random.random_range(0..users.len())];
            let text = NAMES[random.random_range(0..NAMES.len())];
            let (is_group, key) = (random.random_range(0..2) == 0, name(text).key());
            let said = format!("{crash} {step}");
            let store = place.store();
            match (is_group, random.random_range(0..4)) {
                (true, 0) => {
                    let gone = store.delete_group(user, &name(text)).await.unwrap().is_some();
                    assert_eq!(gone, model.remove(&(user, true, key)).is_some(), "{said}");
                }
                (true, _) => {
                    let group = FactorGroup { description: said.clone(), ..equal(text, &["SPY", "TLT"]) };
                    if store.update_group(user, &group.name, &group, None).await.unwrap().is_none() {
                        store.create_group(user, &group, None).await.unwrap();
                    }
                    model.insert((user, true, key), said);
                }
                (false, 0) => {
                    let gone = store.delete_portfolio(user, &name(text)).await.unwrap().is_some();
                    assert_eq!(gone, model.remove(&(user, false, key)).is_some(), "{said}");
                }
                (false, _) => {
                    let shares = f64::from(random.random_range(0..1_000));
                    store.save_portfolio(user, &portfolio(text, shares)).await.unwrap();
                    model.insert((user, false, key), shares.to_string());
                }
            }
        }
        place.crash().await;
        assert_eq!(held(&place.store(), &users).await, model, "crash {crash}");
    }
}

async fn held(store: &Arc<dyn Store>, users: &[UserId]) -> Held {
    let mut held = Held::new();
    for user in users {
        let (groups, portfolios) = (store.groups(*user).await.unwrap(), store.portfolios(*user).await.unwrap());
        assert_eq!((groups.damaged, portfolios.damaged), (vec![], vec![]));
        for kept in groups.rows {
            held.insert((*user, true, kept.group.what.name.key()), kept.group.what.description);
        }
        for kept in portfolios.rows {
            held.insert((*user, false, kept.what.name.key()), kept.what.holdings[0].amount.number().to_string());
        }
    }
    held
}

/// The store as it is after crashes: SQLite goes on from the bytes of file and log that a killed process leaves, while
/// the process that wrote them still has both open; Postgres is killed itself and started again.
struct After<'a> {
    place: &'a Place,
    folder: Option<(TempDir, Arc<dyn Store>)>,
}

impl<'a> After<'a> {
    fn of(place: &'a Place) -> Self {
        Self { place, folder: None }
    }

    fn store(&self) -> Arc<dyn Store> {
        self.folder.as_ref().map_or_else(|| Arc::clone(&self.place.server), |(_, store)| Arc::clone(store))
    }

    async fn crash(&mut self) {
        match &self.place.keeps {
            Keeps::Sqlite(first) => {
                let folder = tempdir().unwrap();
                let from = self.folder.as_ref().map_or(first.path(), |(folder, _)| folder.path());
                for file in ["factor-mcp.db", "factor-mcp.db-wal"] {
                    std::fs::copy(from.join(file), folder.path().join(file)).unwrap();
                }
                let store = open_with(None, Some(folder.path()), for_several()).unwrap();
                self.folder = Some((folder, store));
            }
            Keeps::Postgres(cluster, _) => {
                cluster.kill().unwrap();
                cluster.restart().unwrap();
                let began = Instant::now();
                while self.place.server.check().await.is_err() {
                    assert!(began.elapsed() < Duration::from_secs(10), "it is not used again");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}
