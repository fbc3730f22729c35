//! Leases on a clock that is moved by waiting.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use factor_types::{Entry, EntryError, EntryFilter, EntryInfo, EntryStoreHealth};
use futures::future::join_all;

use super::*;

/// A store whose leases another process has, some until a moment.
#[derive(Debug, Default)]
struct Desk {
    /// By subject: until when another has it. What is not named is free.
    taken: Mutex<HashMap<String, Duration>>,
    hangs: bool,
    fails: bool,
    asked: AtomicUsize,
    released: Mutex<Vec<String>>,
    began: Mutex<Option<Instant>>,
}

impl Desk {
    fn with(taken: &[(&str, u64)]) -> Arc<Self> {
        let taken = taken.iter().map(|(subject, millis)| ((*subject).to_owned(), Duration::from_millis(*millis)));
        let desk = Self { taken: Mutex::new(taken.collect()), ..Self::default() };
        *lock(&desk.began) = Some(Instant::now());
        Arc::new(desk)
    }

    fn is_free(&self, subject: &str) -> bool {
        let since = lock(&self.began).map(|began| began.elapsed()).unwrap_or_default();
        lock(&self.taken).get(subject).is_none_or(|until| since >= *until)
    }
}

#[async_trait]
impl EntryStore for Desk {
    async fn get(&self, _: &EntryKey) -> Result<Option<Entry>, EntryError> {
        Ok(None)
    }

    async fn put(&self, _: &EntryKey, _: &Entry) -> Result<(), EntryError> {
        Ok(())
    }

    async fn lease(&self, keys: &[EntryKey], _: &str) -> Result<Vec<bool>, EntryError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        // As long as a statement takes.
        tokio::time::sleep(Duration::from_millis(1)).await;
        if self.fails {
            return Err(EntryError("read-only".to_owned()));
        }
        Ok(keys.iter().map(|key| self.is_free(&key.subject)).collect())
    }

    async fn release(&self, keys: &[EntryKey], _: &str) -> Result<(), EntryError> {
        lock(&self.released).extend(keys.iter().map(|key| key.subject.clone()));
        Ok(())
    }

    async fn remove(&self, _: &EntryKey) -> Result<(), EntryError> {
        Ok(())
    }

    async fn list(&self, _: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError> {
        Ok(Vec::new())
    }

    async fn clear(&self, _: &EntryFilter) -> Result<u64, EntryError> {
        Ok(0)
    }

    fn health(&self) -> EntryStoreHealth {
        EntryStoreHealth::default()
    }
}

fn key(subject: &str) -> EntryKey {
    EntryKey::new("fmp", "prices", subject)
}

/// What a turn came to, `found`, `lease` or `alone`, and after how many milliseconds.
async fn turn(leases: &Leases, desk: &Desk, subject: &str) -> (&'static str, u128) {
    let began = Instant::now();
    let was_taken = lock(&desk.taken).contains_key(subject);
    let came = match leases.turn(&key(subject), async || was_taken.then_some(())).await {
        Turn::Found(()) => "found",
        Turn::Ours(Some(_)) => "lease",
        Turn::Ours(None) => "alone",
    };
    (came, began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_or_fails_keeps_nobody_from_asking() {
    for (hangs, fails, longest) in [(true, false, 1_000), (false, true, 1)] {
        let desk = Arc::new(Desk { hangs, fails, ..Desk::default() });
        let leases = Leases::new(desk.clone());
        let all = join_all((0..20).map(|_| turn(&leases, &desk, "SPY"))).await;
        assert!(all.iter().all(|(came, after)| *came == "alone" && *after <= longest), "{all:?}");
        // For a while it is not asked again.
        let asked = desk.asked.load(Ordering::SeqCst);
        assert_eq!(turn(&leases, &desk, "TLT").await, ("alone", 0));
        assert_eq!(desk.asked.load(Ordering::SeqCst), asked);
        tokio::time::sleep(OFF).await;
        turn(&leases, &desk, "TLT").await;
        assert_eq!(desk.asked.load(Ordering::SeqCst), asked + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn one_waits_while_something_comes_and_not_for_one_who_was_killed() {
    let desk = Desk::with(&[("A", 1_500), ("B", 3_000), ("DEAD", 60_000)]);
    let leases = Leases::new(desk.clone());
    let [a, b, dead] = ["A", "B", "DEAD"].map(|subject| turn(&leases, &desk, subject));
    let (a, b, dead) = tokio::join!(a, b, dead);
    // Within a try or two of the moment at which it was there.
    assert!(a.0 == "found" && (1_500..2_000).contains(&a.1), "{a:?}");
    assert!(b.0 == "found" && (3_000..3_500).contains(&b.1), "heard of A in between: {b:?}");
    assert!(dead.0 == "alone" && (b.1 + 2_000..b.1 + 2_500).contains(&dead.1), "two seconds after B: {dead:?}");
}

#[tokio::test(start_paused = true)]
async fn many_at_once_are_one_statement_and_every_lease_is_given_back() {
    let desk = Desk::with(&[]);
    let leases = Leases::new(desk.clone());
    let subjects: Vec<String> = (0..97).map(|at| format!("T{at}")).collect();
    let all = join_all(subjects.iter().map(|subject| turn(&leases, &desk, subject))).await;
    assert!(all.iter().all(|(came, _)| *came == "lease"));
    let asked = desk.asked.load(Ordering::SeqCst);
    assert!(asked <= 3, "{asked} statements");
    leases.settle().await;
    let mut released = lock(&desk.released).clone();
    released.sort();
    let mut expected = subjects;
    expected.sort();
    assert_eq!(released, expected);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_keeps_no_lease() {
    let desk = Desk::with(&[]);
    let leases = Leases::new(desk.clone());
    let asking = tokio::spawn({
        let leases = leases.clone();
        async move { drop(leases.turn(&key("SPY"), async || None::<()>).await) }
    });
    tokio::task::yield_now().await;
    asking.abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    leases.settle().await;
    assert_eq!((desk.asked.load(Ordering::SeqCst), lock(&desk.released).clone()), (1, vec!["SPY".to_owned()]));
}
