//! Leases among processes that have one store open.

use std::sync::Arc;

use chrono::DateTime;
use factor_store::{SqliteEntries, entries::WriteBehind};
use factor_types::{Entry, EntryKey, EntryStore};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::tempdir;

fn key(subject: &str) -> EntryKey {
    EntryKey::new("fmp", "prices", subject)
}

#[tokio::test]
async fn a_lease_is_one_holders_until_it_is_given_back_or_a_minute_old() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let (one, other) = (SqliteEntries::new(path.clone()), SqliteEntries::new(path.clone()));
    let (spy, tlt) = (key("SPY"), key("TLT"));
    assert_eq!(one.lease(&[spy.clone(), tlt.clone()], "one").await.unwrap(), [true, true]);
    let all = [tlt.clone(), key("IEF"), spy.clone()];
    assert_eq!(other.lease(&all, "other").await.unwrap(), [false, true, false]);
    assert_eq!(one.lease(&all, "one").await.unwrap(), [true, false, true]);
    // What is another's stays with it.
    other.release(&all, "other").await.unwrap();
    assert_eq!(other.lease(&all, "other").await.unwrap(), [false, true, false]);
    one.release(std::slice::from_ref(&spy), "one").await.unwrap();
    assert_eq!(other.lease(&all, "other").await.unwrap(), [false, true, true]);

    // A killed holder gives nothing back.
    let mut file = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    for (age, taken) in [(58, false), (60, true)] {
        let aged = sqlx::query("UPDATE entries SET fetched_at = unixepoch() - ?1 WHERE subject = 'TLT'");
        assert_eq!(aged.bind(age).execute(&mut file).await.unwrap().rows_affected(), 1);
        assert_eq!(other.lease(std::slice::from_ref(&tlt), "other").await.unwrap(), [taken], "{age} s old");
    }
}

#[tokio::test]
async fn a_lease_ends_after_what_was_fetched_under_it_is_kept() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let (one, other) = (WriteBehind::new(Arc::new(SqliteEntries::new(path.clone()))), SqliteEntries::new(path));
    for round in 0..50 {
        let key = key(&format!("T{round}"));
        assert_eq!(one.lease(std::slice::from_ref(&key), "one").await.unwrap(), [true]);
        let entry = Entry { fetched_at: DateTime::from_timestamp(round, 0).unwrap(), body: vec![7; 100_000] };
        one.put(&key, &entry).await.unwrap();
        one.release(std::slice::from_ref(&key), "one").await.unwrap();
        assert_eq!(other.lease(std::slice::from_ref(&key), "other").await.unwrap(), [true]);
        assert!(other.get(&key).await.unwrap() == Some(entry), "round {round}");
    }
}
