//! A write-behind cache over a store: a caller who fetches prices does not wait for the disk.
//!
//! - **Putting** lays an entry into a queue and returns. One writer at a time takes what has gathered there and puts it
//!   into the store behind, many entries in one transaction, in the order in which they came.
//! - **Reading** sees what was put: a reader of a key that is still in the queue waits until it is written.
//!   Listing and dropping wait for the whole queue.
//! - **[`EntryStore::flush`]** waits for everything put before it. Until then a killed process may lose what is in the
//!   queue, but never half an entry.
//! - **The queue** holds at most 16 MiB; over that, putting waits for room.
//! - **A failure** to write does not reach the caller of `put`, who has gone on; it is in the health of the store
//!   behind.
//! - **The writer** belongs to no caller: a call that is cancelled takes nothing back. It ends when the queue is empty;
//!   one that ends before, with its runtime, leaves the queue to the next.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use factor_types::{Entry, EntryError, EntryFilter, EntryInfo, EntryKey, EntryStore, EntryStoreHealth};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::check_length;

/// Bytes of the queue: some five hundred long histories.
const ROOM: usize = 16 << 20;
/// What an entry takes in addition to its body.
const OVERHEAD: usize = 256;
/// Bytes of bodies after which a transaction takes no more entries: other processes want to write too.
const BATCH: usize = 1 << 20;

/// A store that is written behind its callers' backs. Its methods are called inside a Tokio runtime.
#[derive(Debug)]
pub struct WriteBehind(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Arc<dyn EntryStore>,
    queue: Mutex<Queue>,
    /// One permit for each byte that the queue has left.
    room: Arc<Semaphore>,
    /// Of the entries ever put, how many are written or have failed to be.
    done: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Queue {
    /// In the order in which they came. Those being written stay at the front until they are.
    waiting: VecDeque<Waiting>,
    /// Entries ever put.
    put: u64,
    /// True while there is a writer.
    writing: bool,
}

#[derive(Debug)]
struct Waiting {
    keyed: (EntryKey, Entry),
    /// Given back when it is dropped.
    _room: OwnedSemaphorePermit,
}

/// The right to write, of which there is one.
struct WriterTurn {
    shared: Arc<Shared>,
    /// True when it was given back in good order.
    over: bool,
}

impl WriteBehind {
    /// Writes to `store`.
    pub fn new(store: Arc<dyn EntryStore>) -> Self {
        let room = Arc::new(Semaphore::new(ROOM));
        Self(Arc::new(Shared { store, queue: Mutex::default(), room, done: watch::Sender::new(0) }))
    }

    /// Waits until so many of the entries ever put are done.
    async fn done(&self, count: u64) {
        self.0.write_on();
        // The sender lives as long as this does.
        let _ = self.0.done.subscribe().wait_for(|done| *done >= count).await;
    }
}

#[async_trait]
impl EntryStore for WriteBehind {
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, EntryError> {
        let number = self.0.queue().number(key);
        if let Some(number) = number {
            self.done(number).await;
        }
        self.0.store.get(key).await
    }

    async fn put(&self, key: &EntryKey, entry: &Entry) -> Result<(), EntryError> {
        check_length(key, entry)?;
        let bytes = u32::try_from((OVERHEAD + entry.body.len()).min(ROOM)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0.room).acquire_many_owned(bytes).await;
        let room = room.map_err(|error| EntryError(format!("nothing more is kept: {error}")))?;
        let waiting = Waiting { keyed: (key.clone(), entry.clone()), _room: room };
        {
            let mut queue = self.0.queue();
            queue.put += 1;
            queue.waiting.push_back(waiting);
        }
        self.0.write_on();
        Ok(())
    }

    async fn flush(&self) {
        let put = self.0.queue().put;
        self.done(put).await;
        self.0.store.flush().await;
    }

    async fn lease(&self, keys: &[EntryKey], holder: &str) -> Result<Vec<bool>, EntryError> {
        self.0.store.lease(keys, holder).await
    }

    async fn release(&self, keys: &[EntryKey], holder: &str) -> Result<(), EntryError> {
        let last = {
            let queue = self.0.queue();
            keys.iter().filter_map(|key| queue.number(key)).max()
        };
        if let Some(last) = last {
            self.done(last).await;
        }
        self.0.store.release(keys, holder).await
    }

    async fn remove(&self, key: &EntryKey) -> Result<(), EntryError> {
        self.flush().await;
        self.0.store.remove(key).await
    }

    async fn list(&self, filter: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError> {
        self.flush().await;
        self.0.store.list(filter).await
    }

    async fn clear(&self, filter: &EntryFilter) -> Result<u64, EntryError> {
        self.flush().await;
        self.0.store.clear(filter).await
    }

    fn health(&self) -> EntryStoreHealth {
        self.0.store.health()
    }
}

impl Shared {
    /// Sees to it that there is a writer while there is something to write.
    fn write_on(self: &Arc<Self>) {
        let mut queue = self.queue();
        if !queue.waiting.is_empty() && !queue.writing {
            queue.writing = true;
            tokio::spawn(write(WriterTurn { shared: Arc::clone(self), over: false }));
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No step under the lock leaves the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// The number, from 1, of the last entry put under a key, if it is not done yet.
    fn number(&self, key: &EntryKey) -> Option<u64> {
        let behind = self.waiting.iter().rev().position(|waiting| waiting.keyed.0 == *key)?;
        Some(self.put - behind as u64)
    }

    /// Copies of what the next transaction takes.
    fn batch(&self) -> Vec<(EntryKey, Entry)> {
        let mut bytes = 0;
        let fits = |waiting: &&Waiting| {
            let begins = bytes < BATCH;
            bytes += waiting.keyed.1.body.len();
            begins
        };
        self.waiting.iter().take_while(fits).map(|waiting| waiting.keyed.clone()).collect()
    }
}

impl Drop for WriterTurn {
    fn drop(&mut self) {
        if !self.over {
            self.shared.queue().writing = false;
        }
    }
}

/// Writes until the queue is empty.
async fn write(mut turn: WriterTurn) {
    loop {
        let batch = {
            let mut queue = turn.shared.queue();
            let batch = queue.batch();
            if batch.is_empty() {
                // Under the lock, so that the next caller of `put` knows that there is no writer.
                queue.writing = false;
                turn.over = true;
                return;
            }
            batch
        };
        if let Err(error) = turn.shared.store.put_all(&batch).await {
            // The store's health holds it for the answer; here it is for those who read the log closely.
            tracing::debug!(%error, entries = batch.len(), "entries cannot be kept");
        }
        turn.shared.queue().waiting.drain(..batch.len());
        turn.shared.done.send_modify(|done| *done += batch.len() as u64);
    }
}

#[cfg(test)]
mod tests;
