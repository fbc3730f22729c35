//! Users and their keys.

use factor_store::{ApiKey, NewUser, UserTier};
use factor_types::UserId;

use crate::support::{Keeps, Place, on_both, recent, refusal};

on_both!(a_key_is_its_user_until_it_is_revoked);

async fn a_key_is_its_user_until_it_is_revoked(place: &Place) {
    let new = NewUser { tier: UserTier::Paid, email: Some("ann@example.org".into()) };
    let (ann, key) = place.admin.add_user(&new).await.unwrap();
    let (bob, other) = place.admin.add_user(&NewUser { tier: UserTier::Public, email: None }).await.unwrap();
    assert!(ann.id > UserId::LOCAL && bob.id > ann.id);
    assert_eq!((ann.tier, ann.email.as_deref(), ann.has_key), (UserTier::Paid, Some("ann@example.org"), true));
    recent(factor_types::Saved { what: (), created_at: ann.created_at, updated_at: ann.created_at });

    // The key, the whole key and nothing but the key.
    let server = &place.server;
    assert_eq!(server.user_of(&key).await.unwrap().as_ref(), Some(&ann));
    assert_eq!(server.user_of(&other).await.unwrap().as_ref(), Some(&bob));
    let read: ApiKey = key.reveal().parse().unwrap();
    assert_eq!(server.user_of(&read).await.unwrap().as_ref(), Some(&ann));
    let digits = key.reveal().rsplit_once('_').unwrap().1.to_owned();
    let flipped = if digits.starts_with('0') { '1' } else { '0' };
    for wrong in [
        format!("fie_{}_{flipped}{}", ann.id, &digits[1..]),
        format!("fie_{}_{digits}", bob.id),
        format!("fie_1_{digits}"),
        format!("fie_99_{digits}"),
    ] {
        assert_eq!(server.user_of(&wrong.parse().unwrap()).await.unwrap(), None, "{wrong}");
    }

    // The local user is there and has none.
    let all = place.admin.users().await.unwrap().rows;
    assert_eq!(
        all.iter().map(|user| (user.id, user.has_key)).collect::<Vec<_>>(),
        [(UserId::LOCAL, false), (ann.id, true), (bob.id, true)]
    );

    // Revoked is revoked; the user stays.
    let revoked = place.admin.revoke_user(ann.id).await.unwrap().unwrap();
    assert_eq!((revoked.id, revoked.has_key), (ann.id, false));
    assert_eq!(server.user_of(&key).await.unwrap(), None);
    assert_eq!(server.user_of(&other).await.unwrap(), Some(bob));
    assert_eq!(place.admin.revoke_user(UserId::new(99)).await.unwrap(), None);

    let wrong = NewUser { tier: UserTier::Public, email: Some("no address".into()) };
    assert!(refusal(place.admin.add_user(&wrong).await).contains("`no address` is not an address"));
    assert_eq!(place.admin.users().await.unwrap().rows.len(), 3);

    // Neither key is in the store in any form but its hash.
    let stored = everything(place);
    for key in [&key, &other] {
        let shown = key.reveal();
        let secret = shown.rsplit_once('_').unwrap().1;
        assert!(!contains(&stored, secret.as_bytes()) && !contains(&stored, &bytes(secret)));
    }
    let hash = other.hash();
    let as_text = hash.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    assert!(contains(&stored, &hash) || contains(&stored, as_text.as_bytes()), "the hash is what is looked for");
}

/// All that the store holds, as bytes.
fn everything(place: &Place) -> Vec<u8> {
    match &place.keeps {
        Keeps::Sqlite(folder) => {
            let files = std::fs::read_dir(folder.path()).unwrap();
            files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
        }
        Keeps::Postgres(cluster, database) => cluster.sql(database, "SELECT * FROM users").unwrap().into_bytes(),
    }
}

fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}
