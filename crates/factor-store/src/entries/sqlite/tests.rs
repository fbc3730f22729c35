//! What needs a look inside: a file that may not grow, and rows changed behind the store's back.

use std::{collections::BTreeMap, path::Path, time::Duration};

use chrono::DateTime;
use factor_types::{Entry, EntryError, EntryFilter, EntryKey, EntryStore as _};
use sqlx::{Connection as _, sqlite::SqliteConnectOptions};
use tempfile::tempdir;

use super::{SqliteEntries, file, statements};
use crate::faults;

fn key(subject: &str) -> EntryKey {
    EntryKey::new("fmp", "prices", subject)
}

fn entry(seconds: i64, bytes: usize) -> Entry {
    Entry { fetched_at: DateTime::from_timestamp(seconds, 0).unwrap(), body: vec![seconds as u8; bytes] }
}

async fn behind_its_back(path: &Path, statement: &'static str) -> u64 {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    done.rows_affected()
}

#[tokio::test]
async fn a_file_at_its_bound_refuses_writing_until_there_is_room() {
    let folder = tempdir().unwrap();
    let store = SqliteEntries::bounded(folder.path().join("entries.db"), Some(40));
    store.put(&key("SPY"), &entry(1, 60_000)).await.unwrap();
    store.put(&key("IEF"), &entry(1, 60_000)).await.unwrap();
    let refused = store.put(&key("GLD"), &entry(1, 60_000)).await.unwrap_err();
    assert!(refused.0.contains("full") && refused.0.contains("free space"), "{refused}");
    assert!(refused.0.contains("FACTOR_DATA_DIR") && refused.0.contains("entries.db"), "{refused}");
    assert_eq!(store.health().problem, Some(refused.0));
    assert_eq!(store.get(&key("SPY")).await.unwrap(), Some(entry(1, 60_000)));
    assert_eq!(store.get(&key("GLD")).await.unwrap(), None);
    store.remove(&key("IEF")).await.unwrap();
    assert_eq!(store.health().problem, None);
    store.put(&key("GLD"), &entry(1, 60_000)).await.unwrap();
    assert_eq!(store.get(&key("GLD")).await.unwrap(), Some(entry(1, 60_000)));
}

#[tokio::test]
async fn several_entries_over_the_bound_are_kept_none_of_them() {
    let folder = tempdir().unwrap();
    let store = SqliteEntries::bounded(folder.path().join("entries.db"), Some(40));
    let all: Vec<_> = ["SPY", "IEF", "GLD"].map(|subject| (key(subject), entry(1, 60_000))).into();
    let refused = store.put_all(&all).await.unwrap_err();
    assert!(refused.0.contains("full"), "{refused}");
    assert_eq!(store.health().problem, Some(refused.0));
    for (key, _) in &all {
        assert_eq!(store.get(key).await.unwrap(), None);
    }
    store.put_all(&all[..2]).await.unwrap();
    assert_eq!(store.health().problem, None);
    assert_eq!(store.get(&all[1].0).await.unwrap(), Some(entry(1, 60_000)));
}

#[tokio::test]
async fn a_changed_row_reads_as_none_and_is_dropped() {
    for change in [
        "UPDATE entries SET fetched_at = fetched_at + 1",
        "UPDATE entries SET fetched_at = 9223372036854775807",
        "UPDATE entries SET fetched_at = 'soon'",
        "UPDATE entries SET checksum = x''",
        "UPDATE entries SET checksum = 7",
        "UPDATE entries SET body = zeroblob(length(body))",
        "UPDATE entries SET body = substr(body, 2)",
        "UPDATE entries SET body = CAST(body AS TEXT) || 'x'",
        "UPDATE entries SET body = 1.5",
        // A row that is whole, but another's.
        "UPDATE entries SET source = subject, subject = source",
        "UPDATE entries SET kind = 'price', subject = 's' || subject",
    ] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("entries.db");
        let store = SqliteEntries::new(path.clone());
        let asked = ["SPY", "IEF"];
        for subject in asked {
            store.put(&key(subject), &entry(70, 300)).await.unwrap();
        }
        store.close().await;
        assert_eq!(behind_its_back(&path, change).await, 2, "{change}");
        let moved =
            [EntryKey::new("SPY", "prices", "fmp"), EntryKey::new("fmp", "price", "sSPY"), key("SPY"), key("IEF")];
        for key in moved {
            assert_eq!(store.get(&key).await.unwrap(), None, "{change}");
        }
        assert!((1..=2).contains(&store.health().damaged), "{change}: {:?}", store.health());
        assert_eq!(store.health().notes, [""; 0], "{change}");
        store.put(&key("SPY"), &entry(71, 300)).await.unwrap();
        assert_eq!(store.get(&key("SPY")).await.unwrap(), Some(entry(71, 300)), "{change}");
    }
}

#[tokio::test]
async fn a_damaged_time_does_not_keep_new_entries_out() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    store.put(&key("SPY"), &entry(70, 300)).await.unwrap();
    store.close().await;
    behind_its_back(&path, "UPDATE entries SET fetched_at = fetched_at | (1 << 40)").await;
    store.put(&key("SPY"), &entry(71, 300)).await.unwrap();
    assert_eq!(store.get(&key("SPY")).await.unwrap(), Some(entry(71, 300)));
    assert_eq!(store.health().damaged, 1);
    store.close().await;
    behind_its_back(&path, "UPDATE entries SET fetched_at = fetched_at | (1 << 40)").await;
    store.put_all(&[(key("SPY"), entry(72, 300)), (key("IEF"), entry(72, 300))]).await.unwrap();
    assert_eq!(store.get(&key("SPY")).await.unwrap(), Some(entry(72, 300)));
    assert_eq!(store.health().damaged, 2);
}

#[tokio::test]
async fn a_table_that_is_gone_or_other_is_damage() {
    for change in ["DROP TABLE entries", "ALTER TABLE entries RENAME TO entires", "CREATE TABLE more (a)"] {
        for closed in [true, false] {
            let folder = tempdir().unwrap();
            let path = folder.path().join("entries.db");
            let store = SqliteEntries::new(path.clone());
            store.put(&key("SPY"), &entry(70, 300)).await.unwrap();
            if closed {
                store.close().await;
            }
            behind_its_back(&path, change).await;
            let harmless = !closed && change.starts_with("CREATE");
            assert_eq!(store.get(&key("SPY")).await.unwrap().is_some(), harmless, "{change}");
            assert_eq!(store.health().damaged, u64::from(!harmless), "{change}");
            store.put(&key("IEF"), &entry(70, 300)).await.unwrap();
            assert_eq!(store.get(&key("IEF")).await.unwrap(), Some(entry(70, 300)), "{change}");
        }
    }
}

#[test]
fn the_marks_of_the_file_are_far_from_each_other() {
    // Zero is what a database without a mark has.
    assert!(file::APPLICATION_ID.count_ones() > 8);
    assert_eq!(file::version_mark(), 0x0101_0101);
    assert!(!statements::TABLE.contains("  "), "it is compared word for word");
}

/// What is done with the cache, in turn.
#[derive(Debug, Clone, Copy)]
enum Step {
    Put(&'static str, i64),
    PutAll,
    Remove(&'static str),
    Read,
    Clear,
}

const STEPS: [Step; 9] = [
    Step::Put("SPY", 1),
    Step::Put("IEF", 1),
    Step::Put("SPY", 2),
    Step::Read,
    Step::Remove("IEF"),
    Step::PutAll,
    Step::Clear,
    Step::Put("GLD", 3),
    Step::Read,
];

async fn take(store: &SqliteEntries, step: Step, model: &mut BTreeMap<&'static str, i64>) -> Result<(), EntryError> {
    match step {
        Step::Put(subject, seconds) => {
            store.put(&key(subject), &entry(seconds, 500)).await?;
            model.insert(subject, seconds);
        }
        Step::PutAll => {
            let all: Vec<_> = ["TLT", "BIL"].map(|subject| (key(subject), entry(5, 500))).into();
            store.put_all(&all).await?;
            model.extend([("TLT", 5), ("BIL", 5)]);
        }
        Step::Remove(subject) => {
            store.remove(&key(subject)).await?;
            model.remove(subject);
        }
        Step::Clear => {
            let filter = EntryFilter { subject: Some("TLT".to_owned()), ..EntryFilter::default() };
            store.clear(&filter).await?;
            model.remove("TLT");
        }
        Step::Read => assert_eq!(kept(store).await?, *model),
    }
    Ok(())
}

async fn kept(store: &SqliteEntries) -> Result<BTreeMap<&'static str, i64>, EntryError> {
    let mut kept = BTreeMap::new();
    for subject in ["SPY", "IEF", "GLD", "TLT", "BIL"] {
        if let Some(found) = store.get(&key(subject)).await? {
            let seconds = found.fetched_at.timestamp();
            assert_eq!(found, entry(seconds, 500));
            kept.insert(subject, seconds);
        }
    }
    Ok(kept)
}

/// Every operation on the cache's file fails once, in turn, on a new file or with a broken one there: what was kept stays,
/// and the same cache goes on.
async fn fails_once_in_turn(broken: bool) -> u64 {
    let mut nth = 0;
    loop {
        nth += 1;
        let folder = tempdir().unwrap();
        let path = folder.path().join("cache.db");
        if broken {
            std::fs::write(&path, "no database").unwrap();
        }
        let place = path.display().to_string();
        faults::arm(&place, Some(nth));
        let store = SqliteEntries::new(path);
        let (mut model, mut failed) = (BTreeMap::new(), 0);
        for step in STEPS {
            while let Err(error) = take(&store, step, &mut model).await {
                failed += 1;
                assert!(failed < 4, "operation {nth}, {step:?}: it does not work again: {error}");
                assert!(error.0.contains("FACTOR_DATA_DIR"), "operation {nth}, {step:?}: {error}");
                tokio::time::sleep(Duration::from_millis(30)).await;
                assert_eq!(kept(&store).await.unwrap(), model, "operation {nth}, {step:?}");
            }
        }
        let last = match kept(&store).await {
            Err(_) if failed == 0 => kept(&store).await,
            last => last,
        };
        assert_eq!(last.unwrap(), model, "operation {nth}");
        let all = faults::passed(&place);
        faults::arm(&place, None);
        store.close().await;
        let again = SqliteEntries::new(folder.path().join("cache.db"));
        assert_eq!(kept(&again).await.unwrap(), model, "operation {nth}");
        again.close().await;
        if all < nth {
            return nth;
        }
    }
}

#[tokio::test]
async fn every_operation_on_the_cache_fails_once_and_what_was_kept_stays() {
    let (new, broken) = (fails_once_in_turn(false).await, fails_once_in_turn(true).await);
    println!("{new} operations on a new file, {broken} with a broken one there");
    assert!(new > 20 && broken > new, "{new} {broken}");
}
