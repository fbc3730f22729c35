//! How `factor-mcp cache clear` reaches the servers that run meanwhile.
//!
//! The command leaves a mark beside what is kept. A server looks at each call whether it is the mark that it saw the last
//! time; if not, it drops what it has in memory. A store that does not answer at once has nothing to say for a while: what
//! is in memory is good until somebody says otherwise.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::Utc;
use factor_types::{Entry, EntryError, EntryKey, EntryStore};
use tokio::time::{Instant, timeout};

/// Longer no call waits for the mark.
const PATIENCE: Duration = Duration::from_millis(250);
/// A store that did not answer is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);

/// Follows the mark of a store.
#[derive(Debug)]
pub struct Clearing {
    store: Arc<dyn EntryStore>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The mark at the last look; `None` before the first.
    mark: Option<Option<Vec<u8>>>,
    not_before: Option<Instant>,
}

impl Clearing {
    /// Follows a store, which is not opened before the first look.
    pub fn new(store: Arc<dyn EntryStore>) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// True when something was cleared since the last look.
    pub async fn happened(&self) -> bool {
        if self.seen().not_before.is_some_and(|then| Instant::now() < then) {
            return false;
        }
        let answer = timeout(PATIENCE, self.store.get(&key())).await;
        let mut seen = self.seen();
        let Ok(Ok(found)) = answer else {
            seen.not_before = Some(Instant::now() + PAUSE);
            return false;
        };
        let found = found.map(|entry| entry.body);
        // At the first look there is nothing in memory yet.
        seen.mark.replace(found.clone()).is_some_and(|before| before != found)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // No step under the lock leaves it half changed.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True for the key of the mark, which is nothing that was fetched.
pub(crate) fn is_mark(key: &EntryKey) -> bool {
    *key == self::key()
}

/// Leaves a new mark.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn leave_mark(store: &dyn EntryStore) -> Result<(), EntryError> {
    let now = Utc::now();
    let body = format!("{} {}", now.timestamp_micros(), std::process::id()).into_bytes();
    // Of the marks of one second the last one counts.
    store.remove(&key()).await?;
    store.put(&key(), &Entry { fetched_at: now, body }).await?;
    store.flush().await;
    Ok(())
}

fn key() -> EntryKey {
    EntryKey::new("factor-mcp", "cleared", "all")
}

#[cfg(test)]
mod tests {
    use factor_store::MemoryEntries;

    use super::*;

    #[tokio::test]
    async fn every_mark_is_seen_once_and_none_at_the_first_look() {
        let store: Arc<dyn EntryStore> = Arc::new(MemoryEntries::new());
        let early = Clearing::new(Arc::clone(&store));
        assert!(!early.happened().await && !early.happened().await);
        leave_mark(&*store).await.unwrap();
        let late = Clearing::new(Arc::clone(&store));
        assert!(!late.happened().await, "it has nothing to drop");
        assert!(early.happened().await && !early.happened().await);
        leave_mark(&*store).await.unwrap();
        assert!(early.happened().await && late.happened().await);
        assert!(!early.happened().await && !late.happened().await);
    }
}
