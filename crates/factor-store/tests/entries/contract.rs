//! What every store of entries promises, on every store.

use std::{collections::BTreeMap, sync::Arc};

use chrono::DateTime;
use factor_store::{
    MemoryEntries, SqliteEntries,
    entries::{MAX_BODY, WriteBehind},
};
use factor_types::{Entry, EntryFilter, EntryInfo, EntryKey, EntryStore};
use proptest::prelude::*;
use tempfile::tempdir;

fn of(seconds: i64, body: &[u8]) -> Entry {
    Entry { fetched_at: DateTime::from_timestamp(seconds, 0).unwrap(), body: body.to_vec() }
}

fn only(source: Option<&str>, kind: Option<&str>, subject: Option<&str>) -> EntryFilter {
    EntryFilter {
        source: source.map(str::to_owned),
        kind: kind.map(str::to_owned),
        subject: subject.map(str::to_owned),
    }
}

async fn entries_are_kept_replaced_and_removed(store: &dyn EntryStore) {
    let spy = EntryKey::new("fmp", "prices", "SPY");
    assert_eq!(store.get(&spy).await.unwrap(), None);
    store.remove(&spy).await.unwrap();
    store.put(&spy, &of(1_700_000_000, b"first")).await.unwrap();
    assert_eq!(store.get(&spy).await.unwrap(), Some(of(1_700_000_000, b"first")));
    store.put(&spy, &of(1_699_999_999, b"older")).await.unwrap();
    assert_eq!(store.get(&spy).await.unwrap(), Some(of(1_700_000_000, b"first")));
    store.put(&spy, &of(1_700_000_000, b"of the same second")).await.unwrap();
    assert_eq!(store.get(&spy).await.unwrap(), Some(of(1_700_000_000, b"of the same second")));
    store.put(&spy, &of(1_700_000_001, b"newer")).await.unwrap();
    assert_eq!(store.get(&spy).await.unwrap(), Some(of(1_700_000_001, b"newer")));
    store.remove(&spy).await.unwrap();
    assert_eq!(store.get(&spy).await.unwrap(), None);
}

async fn unusual_keys_and_bodies_are_kept(store: &dyn EntryStore) {
    let long = "x".repeat(5_000);
    let parts = [
        ["", "", ""],
        ["a", "", ""],
        ["", "a", ""],
        ["", "", "a"],
        ["ab", "c", ""],
        ["a", "bc", ""],
        ["nul\0in it", "k", "nul\0in"],
        ["nul", "k", "nul"],
        ["'; DROP TABLE entries; --", "%", "_"],
        ["Zürich", "日経", "🦀"],
        ["FMP", "k", "spy"],
        ["fmp", "k", "SPY"],
        [long.as_str(), long.as_str(), long.as_str()],
    ];
    for (at, [source, kind, subject]) in parts.iter().enumerate() {
        store.put(&EntryKey::new(*source, *kind, *subject), &of(at as i64, at.to_string().as_bytes())).await.unwrap();
    }
    for (at, [source, kind, subject]) in parts.iter().enumerate() {
        let found = store.get(&EntryKey::new(*source, *kind, *subject)).await.unwrap();
        assert_eq!(found, Some(of(at as i64, at.to_string().as_bytes())), "{source:?} {kind:?} {subject:?}");
    }
    assert_eq!(store.list(&EntryFilter::default()).await.unwrap().len(), parts.len());

    let key = EntryKey::new("fmp", "prices", "BODY");
    let million: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    for (seconds, body) in [(-1, &b""[..]), (0, &b"\0\0\xff"[..]), (1, &million)] {
        store.put(&key, &of(seconds, body)).await.unwrap();
        assert!(store.get(&key).await.unwrap() == Some(of(seconds, body)), "{} bytes", body.len());
    }
    assert_eq!(store.clear(&EntryFilter::default()).await.unwrap(), parts.len() as u64 + 1);
}

async fn times_are_kept_to_the_second(store: &dyn EntryStore) {
    let key = EntryKey::new("yahoo", "prices", "IEF");
    let fetched_at = DateTime::from_timestamp(1_700_000_000, 999_999_999).unwrap();
    store.put(&key, &Entry { fetched_at, body: vec![1] }).await.unwrap();
    assert_eq!(store.get(&key).await.unwrap(), Some(of(1_700_000_000, &[1])));
    store.remove(&key).await.unwrap();
}

async fn listing_and_clearing_follow_the_filter(store: &dyn EntryStore) {
    for (source, kind, subject, bytes) in [
        ("yahoo", "prices", "SPY", 4),
        ("fmp", "prices", "SPY", 1),
        ("fmp", "dividends", "SPY", 2),
        ("fmp", "prices", "IEF", 3),
    ] {
        store.put(&EntryKey::new(source, kind, subject), &of(7, &vec![9; bytes])).await.unwrap();
    }
    let listed = async |filter: &EntryFilter| {
        let found = store.list(filter).await.unwrap();
        found.iter().map(|info| info.bytes).collect::<Vec<u64>>()
    };
    assert_eq!(listed(&EntryFilter::default()).await, [2, 3, 1, 4], "ordered by source, kind and subject");
    assert_eq!(listed(&only(Some("fmp"), None, None)).await, [2, 3, 1]);
    assert_eq!(listed(&only(None, Some("prices"), None)).await, [3, 1, 4]);
    assert_eq!(listed(&only(Some("fmp"), Some("prices"), Some("SPY"))).await, [1]);
    assert!(listed(&only(Some("FMP"), None, None)).await.is_empty());
    let info = EntryInfo {
        key: EntryKey::new("fmp", "dividends", "SPY"),
        fetched_at: DateTime::from_timestamp(7, 0).unwrap(),
        bytes: 2,
    };
    assert_eq!(store.list(&only(None, Some("dividends"), None)).await.unwrap(), [info]);

    assert_eq!(store.clear(&only(None, Some("profile"), None)).await.unwrap(), 0);
    assert_eq!(store.clear(&only(Some("fmp"), None, Some("SPY"))).await.unwrap(), 2);
    assert_eq!(listed(&EntryFilter::default()).await, [3, 4]);
    assert_eq!(store.clear(&EntryFilter::default()).await.unwrap(), 2);
    assert!(listed(&EntryFilter::default()).await.is_empty());
}

async fn a_body_over_the_bound_is_refused(store: &dyn EntryStore) {
    let key = EntryKey::new("fmp", "prices", "HUGE");
    let refused = store.put(&key, &of(1, &vec![0; MAX_BODY + 1])).await.unwrap_err();
    assert!(refused.0.contains("fmp/prices/HUGE has 67108865 bytes"), "{refused}");
    assert_eq!(store.get(&key).await.unwrap(), None);
    assert_eq!(store.health().problem, None, "others are still kept");
}

/// Each as if it were put alone: the older one of two stays out, and so does one that is too long, alone.
async fn several_entries_are_kept_at_once(store: &dyn EntryStore) {
    let key = |subject: &str| EntryKey::new("fmp", "prices", subject);
    store.put(&key("NEWER"), &of(9, b"newer")).await.unwrap();
    let entries = [
        (key("ONE"), of(5, b"first")),
        (key("NEWER"), of(8, b"older")),
        (key("LONG"), of(5, &vec![0; MAX_BODY + 1])),
        (key("ONE"), of(6, b"second")),
        (key("TWO"), of(5, b"two")),
    ];
    let refused = store.put_all(&entries).await.unwrap_err();
    assert!(refused.0.contains("fmp/prices/LONG has 67108865 bytes"), "{refused}");
    for (subject, kept) in [
        ("ONE", Some(of(6, b"second"))),
        ("NEWER", Some(of(9, b"newer"))),
        ("LONG", None),
        ("TWO", Some(of(5, b"two"))),
    ] {
        assert_eq!(store.get(&key(subject)).await.unwrap(), kept, "{subject}");
    }
    store.put_all(&[]).await.unwrap();
    assert_eq!(store.health().problem, None);
}

async fn no_lease_is_an_entry(store: &dyn EntryStore) {
    let key = EntryKey::new("fmp", "prices", "LEASED");
    assert_eq!(store.lease(&[key.clone(), key.clone()], "one").await.unwrap(), [true, true]);
    assert_eq!(store.lease(std::slice::from_ref(&key), "one").await.unwrap(), [true], "it has it already");
    assert_eq!(store.get(&key).await.unwrap(), None);
    assert!(store.list(&EntryFilter::default()).await.unwrap().is_empty());
    assert_eq!(store.clear(&EntryFilter::default()).await.unwrap(), 0);
    store.release(&[key], "one").await.unwrap();
    assert_eq!(store.lease(&[], "one").await.unwrap(), [false; 0]);
    store.release(&[], "one").await.unwrap();
}

async fn contract(store: &dyn EntryStore) {
    entries_are_kept_replaced_and_removed(store).await;
    unusual_keys_and_bodies_are_kept(store).await;
    times_are_kept_to_the_second(store).await;
    listing_and_clearing_follow_the_filter(store).await;
    a_body_over_the_bound_is_refused(store).await;
    no_lease_is_an_entry(store).await;
    let health = store.health();
    assert_eq!((health.damaged, health.problem, health.notes), (0, None, vec![]));
}

#[tokio::test]
async fn entries_in_memory_keep_the_contract() {
    let store = MemoryEntries::new();
    contract(&store).await;
    assert_eq!(store.health().place, "memory");
}

#[tokio::test]
async fn entries_in_sqlite_keep_the_contract() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    contract(&store).await;
    assert_eq!(store.health().place, path.display().to_string());
}

#[tokio::test]
async fn entries_written_later_keep_the_contract() {
    let folder = tempdir().unwrap();
    let store = WriteBehind::new(Arc::new(SqliteEntries::new(folder.path().join("entries.db"))));
    contract(&store).await;
    several_entries_are_kept_at_once(&store).await;
}

#[tokio::test]
async fn several_entries_in_one_transaction_keep_the_contract() {
    let folder = tempdir().unwrap();
    several_entries_are_kept_at_once(&SqliteEntries::new(folder.path().join("entries.db"))).await;
    several_entries_are_kept_at_once(&MemoryEntries::new()).await;
}

#[tokio::test]
async fn entries_outlive_their_store() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a folder?/of % its own#/entries.db");
    let key = EntryKey::new("fmp", "prices", "SPY");
    let first = SqliteEntries::new(path.clone());
    first.put(&key, &of(5, b"kept")).await.unwrap();
    let clone = first.clone();
    first.close().await;
    assert_eq!(clone.get(&key).await.unwrap(), Some(of(5, b"kept")), "a use after closing opens again");
    clone.close().await;
    assert_eq!(SqliteEntries::new(path).get(&key).await.unwrap(), Some(of(5, b"kept")));
}

#[derive(Debug, Clone)]
enum Step {
    Put(usize, i64, Vec<u8>),
    Get(usize),
    Remove(usize),
    Clear(Option<usize>),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let body = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        (any::<u8>(), 3_000_usize..20_000).prop_map(|(byte, length)| vec![byte; length]),
    ];
    let step = prop_oneof![
        6 => (0_usize..6, -3_i64..8, body).prop_map(|(key, at, body)| Step::Put(key, at, body)),
        4 => (0_usize..6).prop_map(Step::Get),
        2 => (0_usize..6).prop_map(Step::Remove),
        1 => proptest::option::of(0_usize..2).prop_map(Step::Clear),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..40)
}

/// Six keys of two sources.
fn numbered(number: usize) -> EntryKey {
    EntryKey::new(["fmp", "yahoo"][number % 2], "prices", format!("T{}", number / 2))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_agrees_with_a_map(steps in steps()) {
        let folder = tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = SqliteEntries::new(folder.path().join("entries.db"));
            let mut model: BTreeMap<EntryKey, Entry> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Put(number, at, body) => {
                        let (key, entry) = (numbered(number), of(at, &body));
                        store.put(&key, &entry).await.unwrap();
                        if model.get(&key).is_none_or(|kept| kept.fetched_at <= entry.fetched_at) {
                            model.insert(key, entry);
                        }
                    }
                    Step::Get(number) => {
                        let key = numbered(number);
                        prop_assert_eq!(store.get(&key).await.unwrap(), model.get(&key).cloned());
                    }
                    Step::Remove(number) => {
                        store.remove(&numbered(number)).await.unwrap();
                        model.remove(&numbered(number));
                    }
                    Step::Clear(source) => {
                        let source = source.map(|at| ["fmp", "yahoo"][at]);
                        let cleared = store.clear(&only(source, None, None)).await.unwrap();
                        let before = model.len();
                        model.retain(|key, _| source.is_some_and(|source| key.source != source));
                        prop_assert_eq!(cleared, (before - model.len()) as u64);
                    }
                    Step::Reopen => store.close().await,
                }
            }
            let listed = store.list(&EntryFilter::default()).await.unwrap();
            let expected: Vec<EntryInfo> = model
                .iter()
                .map(|(key, entry)| EntryInfo {
                    key: key.clone(),
                    fetched_at: entry.fetched_at,
                    bytes: entry.body.len() as u64,
                })
                .collect();
            prop_assert_eq!(listed, expected);
            Ok(())
        })?;
    }
}
