use std::time::Duration;

use chrono::DateTime;
use tokio::time::timeout;

use super::*;
use crate::entries::MemoryEntries;

/// A store that writes when it is let, and remembers its transactions.
#[derive(Debug)]
struct Gate {
    kept: MemoryEntries,
    open: Semaphore,
    transactions: Mutex<Vec<usize>>,
    failing: bool,
}

impl Gate {
    fn shut() -> Arc<Self> {
        Arc::new(Self {
            kept: MemoryEntries::new(),
            open: Semaphore::new(0),
            transactions: Mutex::default(),
            failing: false,
        })
    }

    fn transactions(&self) -> Vec<usize> {
        self.transactions.lock().unwrap().clone()
    }
}

#[async_trait]
impl EntryStore for Gate {
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, EntryError> {
        self.kept.get(key).await
    }

    async fn put(&self, key: &EntryKey, entry: &Entry) -> Result<(), EntryError> {
        self.kept.put(key, entry).await
    }

    async fn put_all(&self, entries: &[(EntryKey, Entry)]) -> Result<(), EntryError> {
        self.open.acquire().await.unwrap().forget();
        self.transactions.lock().unwrap().push(entries.len());
        if self.failing {
            return Err(EntryError("the disk is full".to_owned()));
        }
        self.kept.put_all(entries).await
    }

    async fn remove(&self, key: &EntryKey) -> Result<(), EntryError> {
        self.kept.remove(key).await
    }

    async fn list(&self, filter: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError> {
        self.kept.list(filter).await
    }

    async fn clear(&self, filter: &EntryFilter) -> Result<u64, EntryError> {
        self.kept.clear(filter).await
    }

    fn health(&self) -> EntryStoreHealth {
        EntryStoreHealth { problem: self.failing.then(|| "the disk is full".to_owned()), ..self.kept.health() }
    }
}

fn key(number: usize) -> EntryKey {
    EntryKey::new("fmp", "prices", format!("T{number}"))
}

fn entry(bytes: usize) -> Entry {
    Entry { fetched_at: DateTime::from_timestamp(7, 0).unwrap(), body: vec![9; bytes] }
}

/// True when it is still not done after a while.
async fn waits<T>(work: impl Future<Output = T>) -> bool {
    timeout(Duration::from_millis(50), work).await.is_err()
}

#[tokio::test]
async fn what_gathers_while_one_is_written_is_one_transaction() {
    let gate = Gate::shut();
    let later = WriteBehind::new(gate.clone());
    later.put(&key(0), &entry(10)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    for number in 1..20 {
        later.put(&key(number), &entry(10)).await.unwrap();
    }
    assert!(waits(later.flush()).await);
    gate.open.add_permits(2);
    later.flush().await;
    assert_eq!(gate.transactions(), [1, 19]);
    assert_eq!(gate.kept.list(&EntryFilter::default()).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_transaction_has_a_bound() {
    let gate = Gate::shut();
    let later = WriteBehind::new(gate.clone());
    for number in 0..6 {
        later.put(&key(number), &entry(BATCH / 2)).await.unwrap();
    }
    gate.open.add_permits(9);
    later.flush().await;
    assert_eq!(gate.transactions(), [2, 2, 2]);
}

#[tokio::test]
async fn a_reader_waits_for_what_was_put_under_its_key_only() {
    let gate = Gate::shut();
    let later = WriteBehind::new(gate.clone());
    later.put(&key(1), &entry(1)).await.unwrap();
    assert_eq!(later.get(&key(2)).await.unwrap(), None);
    assert!(waits(later.get(&key(1))).await);
    assert!(waits(later.list(&EntryFilter::default())).await);
    gate.open.add_permits(1);
    assert_eq!(later.get(&key(1)).await.unwrap(), Some(entry(1)));
    // What comes after a question is none of its business.
    later.put(&key(3), &entry(1)).await.unwrap();
    assert_eq!(later.get(&key(1)).await.unwrap(), Some(entry(1)));
}

#[tokio::test]
async fn a_full_queue_makes_the_next_one_wait() {
    let gate = Gate::shut();
    let later = WriteBehind::new(gate.clone());
    // Longer than the whole queue: it goes in when it is alone there.
    later.put(&key(1), &entry(ROOM + 1)).await.unwrap();
    assert!(waits(later.put(&key(2), &entry(1))).await);
    gate.open.add_permits(2);
    later.put(&key(3), &entry(1)).await.unwrap();
    later.flush().await;
    assert_eq!(gate.transactions(), [1, 1]);
    assert_eq!(gate.kept.get(&key(2)).await.unwrap(), None, "its caller had gone before there was room");
}

#[tokio::test]
async fn a_failure_to_write_blocks_no_caller_and_is_in_the_health() {
    let gate = Arc::new(Gate { failing: true, ..Arc::into_inner(Gate::shut()).unwrap() });
    let later = WriteBehind::new(gate.clone());
    gate.open.add_permits(9);
    later.put(&key(1), &entry(1)).await.unwrap();
    later.flush().await;
    assert_eq!(later.get(&key(1)).await.unwrap(), None);
    assert_eq!(later.health().problem.unwrap(), "the disk is full");
}

#[test]
fn a_writer_that_is_lost_with_its_runtime_leaves_the_queue_to_the_next() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let gate = Gate::shut();
    let later = WriteBehind::new(gate.clone());
    let first = runtime();
    first.block_on(async {
        later.put(&key(1), &entry(1)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    });
    drop(first);
    gate.open.add_permits(1);
    runtime().block_on(async { timeout(Duration::from_secs(30), later.flush()).await.unwrap() });
    assert_eq!(gate.transactions(), [1]);
    runtime().block_on(async { assert_eq!(gate.kept.get(&key(1)).await.unwrap(), Some(entry(1))) });
}
