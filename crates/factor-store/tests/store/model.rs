//! Random writes by several users against what a map would hold.

use std::collections::BTreeMap;

use factor_store::{Deleted, WriteOutcome};
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

use crate::support::{Place, equal, name, on_both};

on_both!(random_writes_leave_what_a_map_would_hold);

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
