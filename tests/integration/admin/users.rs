//! `user` and `migrate`.

use super::Desk;
use crate::support::files_with;

#[tokio::test]
async fn a_key_is_shown_once_and_kept_nowhere() {
    let desk = Desk::new();
    let ann = desk.json(&["user", "add", "--email", "ann@example.com", "--tier", "paid"]).await;
    let key = ann["key"].as_str().unwrap().to_owned();
    let (start, secret) = key.rsplit_once('_').unwrap();
    assert_eq!(start, format!("fie_{}", ann["id"]));
    assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
    assert_eq!((ann["tier"].as_str(), ann["has_key"].as_bool()), (Some("paid"), Some(true)));

    let bob = desk.run(&["user", "add"]).await;
    assert_eq!(bob.code, Some(0), "{bob:?}");
    let second = bob.out.lines().find(|line| line.starts_with("fie_")).unwrap();
    assert_ne!(second, key);
    assert!(bob.err.contains("shown this once"), "{}", bob.err);
    assert!(bob.out.contains("registered"), "{}", bob.out);

    let list = desk.json(&["user", "list"]).await.to_string();
    let table = desk.done(&["user", "list"]).await;
    assert!(table.contains("ann@example.com") && table.contains("paid"), "{table}");
    for shown in [&list, &table] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let holds = files_with(&desk.path("data"), secret.as_bytes());
    assert!(holds.is_empty(), "{holds:?}");
}

#[tokio::test]
async fn a_revoked_user_has_no_key_and_stays() {
    let desk = Desk::new();
    let number = desk.json(&["user", "add"]).await["id"].clone();
    let id = number.to_string();
    let told = desk.refused(&["user", "revoke", &id], 1).await;
    assert!(told.contains("--force"), "{told}");
    let has_key = async || {
        let list = desk.json(&["user", "list"]).await;
        let found = list.as_array().unwrap().iter().find(|user| user["id"] == number).unwrap().clone();
        found["has_key"].as_bool().unwrap()
    };
    assert!(has_key().await);
    let told = desk.done(&["user", "revoke", &id, "--force"]).await;
    assert!(told.contains("30 seconds"), "{told}");
    assert!(!has_key().await);
    assert!(desk.done(&["user", "revoke", &id]).await.contains("nothing to revoke"));
}

#[tokio::test]
async fn migrating_twice_is_migrating_once() {
    let desk = Desk::new();
    for _ in 0..2 {
        assert!(desk.done(&["migrate"]).await.contains("sqlite"));
    }
    let done = desk.run(&["migrate", "--app-role", "factor_app"]).await;
    assert_eq!(done.code, Some(2));
    let told = done.err;
    assert!(told.contains("SQLite has no roles"), "{told}");
}
