//! The shared cache of fetched prices: what the cache on disk promises, among several servers.

use std::time::{Duration, Instant};

use chrono::DateTime;
use factor_store::PostgresEntries;
use factor_types::{Entry, EntryFilter, EntryKey, EntryStore as _};
use throwaway_postgres::Role;

use crate::support::Place;

fn key(subject: &str) -> EntryKey {
    EntryKey::new("fmp", "prices", subject)
}

fn entry(seconds: i64, body: &[u8]) -> Entry {
    Entry { fetched_at: DateTime::from_timestamp(seconds, 0).unwrap(), body: body.to_vec() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_entries_and_believe_no_damaged_one() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    let url = database.url(Role::App);
    let (one, other) = (PostgresEntries::open(&url).unwrap(), PostgresEntries::open(&url).unwrap());

    // What one keeps the other reads; the newer entry stays, whichever is written last.
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    one.put(&key("SPY"), &entry(1_000, &body)).await.unwrap();
    assert_eq!(other.get(&key("SPY")).await.unwrap(), Some(entry(1_000, &body)));
    assert_eq!(other.get(&key("TLT")).await.unwrap(), None);
    other.put(&key("SPY"), &entry(2_000, b"newer")).await.unwrap();
    one.put(&key("SPY"), &entry(1_500, b"older")).await.unwrap();
    assert_eq!(one.get(&key("SPY")).await.unwrap(), Some(entry(2_000, b"newer")));

    // Several at once, by both, in opposite orders.
    let many: Vec<_> = (0..50).map(|n| (key(&format!("T{n:02}")), entry(3_000 + n, &[n as u8; 1_000]))).collect();
    let turned: Vec<_> = many.iter().rev().cloned().collect();
    let (first, second) = tokio::join!(one.put_all(&many), other.put_all(&turned));
    first.unwrap();
    second.unwrap();
    let filter = EntryFilter { subject: Some("T07".into()), ..EntryFilter::default() };
    let listed = other.list(&filter).await.unwrap();
    assert_eq!((listed.len(), listed[0].bytes, listed[0].fetched_at.timestamp()), (1, 1_000, 3_007));
    assert_eq!(one.list(&EntryFilter::default()).await.unwrap().len(), 51);
    assert_eq!(one.clear(&filter).await.unwrap(), 1);
    one.remove(&key("T08")).await.unwrap();
    assert_eq!(other.list(&EntryFilter::default()).await.unwrap().len(), 49);

    // A changed byte, time or key is seen, whichever it is, and the row is dropped.
    for (subject, change) in [
        ("T10", "UPDATE price_cache SET body = set_byte(body, 500, 99) WHERE subject = 'T10'"),
        ("T11", "UPDATE price_cache SET fetched_at = fetched_at + interval '1 second' WHERE subject = 'T11'"),
        (
            "T12",
            "UPDATE price_cache SET checksum = set_byte(checksum, 0, 1 # get_byte(checksum, 0)) WHERE subject = 'T12'",
        ),
        ("T99", "UPDATE price_cache SET subject = 'T99' WHERE subject = 'T13'"),
        ("T14", "UPDATE price_cache SET fetched_at = fetched_at + interval '1 millisecond' WHERE subject = 'T14'"),
    ] {
        cluster.sql(database, change).unwrap();
        assert_eq!(one.get(&key(subject)).await.unwrap(), None, "{subject}");
        let left = cluster.sql(database, &format!("SELECT count(*) FROM price_cache WHERE subject = '{subject}'"));
        assert_eq!(left.unwrap(), "0", "{subject}");
    }
    assert_eq!((one.health().damaged, other.health().damaged), (5, 0));
    // One that claims to be from the future does not stay for ever.
    cluster.sql(database, "UPDATE price_cache SET fetched_at = '2090-01-01' WHERE subject = 'T20'").unwrap();
    other.put(&key("T20"), &entry(4_000, b"good")).await.unwrap();
    assert_eq!(one.get(&key("T20")).await.unwrap(), Some(entry(4_000, b"good")));
    assert_eq!(other.health().damaged, 1);

    // A lease is one server's until it gives it back, or is a minute old.
    let all = [key("A"), key("B")];
    assert_eq!(one.lease(&all[..1], "one").await.unwrap(), [true]);
    assert_eq!(other.lease(&all, "other").await.unwrap(), [false, true]);
    assert_eq!(one.lease(&all, "one").await.unwrap(), [true, false]);
    other.release(&all, "other").await.unwrap();
    assert_eq!(other.lease(&all, "other").await.unwrap(), [false, true]);
    one.release(&all, "one").await.unwrap();
    assert_eq!(other.lease(&all, "other").await.unwrap(), [true, true]);
    assert_eq!(one.list(&EntryFilter::default()).await.unwrap().len(), 44, "no lease is an entry");
    let older =
        "UPDATE price_cache SET fetched_at = now() - interval '61 s' WHERE kind = 'lease of prices' AND subject = 'A'";
    cluster.sql(database, older).unwrap();
    assert_eq!(one.lease(&all, "one").await.unwrap(), [true, false]);

    // A lost server is reported, the second time at once, and used again when it is back.
    assert_eq!(one.health().problem, None);
    cluster.kill().unwrap();
    let error = one.put(&key("SPY"), &entry(5_000, b"lost")).await.unwrap_err();
    assert!(error.to_string().starts_with("the shared cache: the store is not available"), "{error}");
    let began = Instant::now();
    for _ in 0..100 {
        one.get(&key("SPY")).await.unwrap_err();
    }
    assert!(began.elapsed() < Duration::from_secs(5), "a hundred errors one after the other: {:?}", began.elapsed());
    assert_eq!(one.health().problem, Some(error.to_string()));
    cluster.restart().unwrap();
    let began = Instant::now();
    while one.put(&key("SPY"), &entry(5_000, b"back")).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "it is not used again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(one.health().problem, None);
    assert!(!format!("{:?} {:?}", one, one.health()).contains("factor_app"), "the address stays where it is");
}
