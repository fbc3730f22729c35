//! Issuers' subjects: each is one user, however many ask at once, and one whose access was taken away stays out.

use std::{collections::BTreeSet, sync::Arc};

use factor_store::{IdentityOutcome, NewUsers, RowKind, Store, StoreError, User, UserTier, maintenance, open};
use factor_types::UserId;
use futures::future::join_all;

use crate::{
    damage::behind_its_back,
    support::{Keeps, Place, equal, made_new, on_both},
};

const ISSUER: &str = "https://login.example.com/";

on_both!(
    a_subject_is_one_user_at_its_issuer,
    a_revoked_subject_stays_out,
    those_who_come_at_once_are_one_user,
    newcomers_are_limited_exactly,
);

fn registered(per_hour: u32) -> NewUsers {
    NewUsers { tier: UserTier::Registered, per_hour }
}

async fn comes(store: &dyn Store, issuer: &str, subject: &str) -> User {
    match store.user_of_identity(issuer, subject, registered(100)).await.unwrap() {
        IdentityOutcome::Known(user) => user,
        other => panic!("{other:?}"),
    }
}

async fn a_subject_is_one_user_at_its_issuer(place: &Place) {
    let server = &*place.server;
    let ada = comes(server, ISSUER, "ada").await;
    assert!(ada.id > UserId::LOCAL && !ada.has_key && ada.email.is_none() && ada.tier == UserTier::Registered);
    // The tier is that of the first time, and the limit is for the first time alone.
    let again = server.user_of_identity(ISSUER, "ada", NewUsers { tier: UserTier::Paid, per_hour: 1 }).await.unwrap();
    assert_eq!(again, IdentityOutcome::Known(ada.clone()));
    // Nothing of a name is nearly another's.
    let quote = "o'hara\"; DROP TABLE identities; --";
    let others = [
        (ISSUER, "Ada"),
        (ISSUER, "ada "),
        ("https://login.example.com", "ada"),
        (ISSUER, "ад\u{430}"),
        (ISSUER, quote),
    ];
    let mut numbers = BTreeSet::from([ada.id]);
    for (issuer, subject) in others {
        assert!(numbers.insert(comes(server, issuer, subject).await.id), "{issuer} {subject}");
        assert!(!numbers.insert(comes(server, issuer, subject).await.id));
    }
    made_new(place.server.create_group(ada.id, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    // An administrator sees them; a tier that they set stays.
    let listed = place.admin.identities().await.unwrap();
    assert_eq!((listed.rows.len(), listed.damaged.len()), (6, 0));
    let first = &listed.rows[0];
    assert_eq!((first.issuer.as_str(), first.subject.as_str(), first.user), (ISSUER, "ada", ada.id));
    assert!(first.revoked_at.is_none() && (chrono::Utc::now() - first.created_at).num_seconds().abs() < 300);
    let paid = place.admin.set_tier(ada.id, UserTier::Paid).await.unwrap().unwrap();
    assert_eq!(paid, User { tier: UserTier::Paid, ..ada });
    assert_eq!(comes(server, ISSUER, "ada").await, paid);
    assert_eq!(place.admin.set_tier(UserId::new(99), UserTier::Paid).await.unwrap(), None);
    // What no issuer says is refused and leaves nobody behind.
    let users = place.admin.users().await.unwrap().rows.len();
    for (issuer, subject) in [(ISSUER, ""), ("", "ada"), (ISSUER, &*"a".repeat(256)), (&*"h".repeat(2_049), "ada")] {
        let refused = server.user_of_identity(issuer, subject, registered(100)).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    assert_eq!(place.admin.users().await.unwrap().rows.len(), users);
}

async fn a_revoked_subject_stays_out(place: &Place) {
    let server = &*place.server;
    let (ada, bob) = (comes(server, ISSUER, "ada").await, comes(server, ISSUER, "bob").await);
    assert!(place.admin.revoke_user(ada.id).await.unwrap().is_some());
    for _ in 0..3 {
        let asked = server.user_of_identity(ISSUER, "ada", registered(100)).await.unwrap();
        assert_eq!(asked, IdentityOutcome::Revoked);
    }
    assert_eq!(comes(server, ISSUER, "bob").await, bob);
    let listed = place.admin.identities().await.unwrap().rows;
    let revoked: Vec<_> = listed.iter().map(|identity| (identity.user, identity.revoked_at.is_some())).collect();
    assert_eq!(revoked, [(ada.id, true), (bob.id, false)]);
    // The time of a revocation is that of the first one.
    place.admin.revoke_user(ada.id).await.unwrap();
    assert_eq!(place.admin.identities().await.unwrap().rows, listed);
    // Their user cannot be deleted under them, which would let them in again as another.
    if let Keeps::Postgres(cluster, database) = &place.keeps {
        let refused = cluster.sql(database, &format!("DELETE FROM users WHERE id = {}", ada.id)).unwrap_err();
        assert!(refused.to_string().contains("foreign key"), "{refused}");
    }
}

async fn those_who_come_at_once_are_one_user(place: &Place) {
    let coming = (0..64).map(|task| {
        let store = Arc::clone(&place.server);
        // Half of them as one subject, the rest as four others.
        let subject = if task % 2 == 0 { "ada".to_owned() } else { format!("other {}", task % 8) };
        tokio::spawn(async move { (subject.clone(), comes(&*store, ISSUER, &subject).await.id) })
    });
    let users: BTreeSet<(String, UserId)> = join_all(coming).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(users.len(), 5, "{users:?}");
    assert_eq!(place.admin.users().await.unwrap().rows.len(), 6, "they and the local one");
    assert_eq!(place.admin.identities().await.unwrap().rows.len(), 5);
}

async fn newcomers_are_limited_exactly(place: &Place) {
    let coming = (0..64).map(|task| {
        let store = Arc::clone(&place.server);
        tokio::spawn(async move { store.user_of_identity(ISSUER, &format!("subject {task}"), registered(10)).await })
    });
    let outcomes: Vec<_> = join_all(coming).await.into_iter().map(|outcome| outcome.unwrap().unwrap()).collect();
    let refused = outcomes.iter().filter(|outcome| **outcome == IdentityOutcome::TooManyNew).count();
    assert_eq!((refused, place.admin.users().await.unwrap().rows.len()), (54, 11));
    // Who is known comes in all the same.
    let known = place.admin.identities().await.unwrap().rows;
    for identity in &known {
        assert_eq!(comes(&*place.server, ISSUER, &identity.subject).await.id, identity.user);
    }
    // After an hour there is room again.
    let earlier = match place.admin.name() {
        "sqlite" => "UPDATE identities SET created_at = strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '-61 minutes')",
        _ => "UPDATE identities SET created_at = created_at - INTERVAL '61 minutes'",
    };
    place.sql(earlier).await;
    let next = place.server.user_of_identity(ISSUER, "later", registered(10)).await.unwrap();
    assert!(matches!(next, IdentityOutcome::Known(_)), "{next:?}");
}

#[tokio::test]
async fn a_changed_identity_lets_nobody_in_and_is_named() {
    for change in [
        "UPDATE identities SET user_id = 3 WHERE subject = 'ada'",
        "UPDATE identities SET subject = 'eve' WHERE subject = 'ada'",
        "UPDATE identities SET issuer = 'https://evil.example' WHERE subject = 'ada'",
        "UPDATE identities SET created_at = '2020-01-01T00:00:00.000Z' WHERE subject = 'ada'",
        "UPDATE identities SET revoked_at = NULL WHERE subject = 'ada'",
        "UPDATE identities SET revoked_at = '2020-01-01T00:00:00.000Z' WHERE subject = 'ada'",
        "DELETE FROM identities WHERE subject = 'ada'",
        "DELETE FROM identity_checksums WHERE subject = 'ada'",
        "UPDATE identity_checksums SET checksum = zeroblob(32) WHERE subject = 'ada'",
    ] {
        let place = Place::sqlite().await;
        let (ada, bob) = (comes(&*place.server, ISSUER, "ada").await, comes(&*place.server, ISSUER, "bob").await);
        assert_eq!((ada.id, bob.id), (UserId::new(2), UserId::new(3)));
        place.admin.revoke_user(ada.id).await.unwrap();
        let Keeps::Sqlite(folder) = &place.keeps else { panic!("no folder") };
        assert_eq!(behind_its_back(&folder.path().join("factor-mcp.db"), change).await, 1, "{change}");
        let refused = place.server.user_of_identity(ISSUER, "ada", registered(100)).await.unwrap_err();
        assert_eq!(refused, StoreError::DamagedRow { kind: RowKind::Identity, name: "2".into() }, "{change}");
        assert!(!refused.to_string().contains("ada"), "{refused}");
        for (issuer, subject) in [(ISSUER, "eve"), ("https://evil.example", "ada")] {
            let other = place.server.user_of_identity(issuer, subject, registered(100)).await;
            assert!(!matches!(&other, Ok(IdentityOutcome::Known(user)) if user.id <= bob.id), "{change}: {other:?}");
        }
        assert_eq!(comes(&*place.server, ISSUER, "bob").await, bob, "{change}");
        let listed = place.admin.identities().await.unwrap();
        assert!(listed.damaged.contains(&"2".to_owned()), "{change}: {listed:?}");
        let report = maintenance::check(folder.path()).await.unwrap();
        assert!(report.damaged.iter().any(|item| item.kind == RowKind::Identity && item.user == ada.id), "{report:?}");
    }
}

#[tokio::test]
async fn a_restore_brings_back_who_came_and_lets_nobody_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(None, Some(folder.path())).unwrap();
    let (ada, bob) = (comes(&*store, ISSUER, "ada").await, comes(&*store, ISSUER, "bob").await);
    // The store makes a backup of the day by itself; two at once would be in each other's way.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    maintenance::back_up(folder.path(), chrono::Utc::now().date_naive()).await.unwrap();
    // After the backup: one is shut out, and one is new.
    store.revoke_user(ada.id).await.unwrap();
    let eve = comes(&*store, ISSUER, "eve").await;
    made_new(store.create_group(bob.id, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    let file = folder.path().join("factor-mcp.db");
    assert_eq!(behind_its_back(&file, "UPDATE user_factor_groups SET description = 'spoilt'").await, 1);

    let restored = maintenance::restore(folder.path(), None, false).await.unwrap();
    assert_eq!(restored.salvaged, ["user 4", "identity of user 2", "identity of user 4"]);
    let asked = store.user_of_identity(ISSUER, "ada", registered(100)).await.unwrap();
    assert_eq!(asked, IdentityOutcome::Revoked);
    assert_eq!((comes(&*store, ISSUER, "bob").await, comes(&*store, ISSUER, "eve").await), (bob, eve));
    assert!(maintenance::check(folder.path()).await.unwrap().is_whole());
}
