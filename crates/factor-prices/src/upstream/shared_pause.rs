//! The pause of a vendor, told to the other processes that have the same store open.

use std::{sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use factor_types::{Entry, EntryKey, EntryStore};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::cooldown::{Cooldown, LONGEST};
use crate::cached::entries;

/// The kind of entry that holds until when a vendor is paused.
const PAUSE: &str = "pause";
/// How often the others' word is looked for, and how long a look may take.
const LOOK: Duration = Duration::from_millis(250);

/// Where processes leave word of a vendor's pause.
#[derive(Debug, Clone)]
pub struct SharedPause {
    store: Arc<dyn EntryStore>,
    key: EntryKey,
    looked: Arc<Mutex<Option<Instant>>>,
}

impl SharedPause {
    /// Word about the vendor whose entries have this scope.
    pub fn new(store: Arc<dyn EntryStore>, scope: &str) -> Self {
        Self { store, key: EntryKey::new(scope, PAUSE, ""), looked: Arc::default() }
    }

    /// Leaves word that the vendor is paused for so long from now on.
    pub(super) async fn tell(&self, length: Duration) {
        let now = Utc::now();
        let until = now + TimeDelta::from_std(length.min(LONGEST)).unwrap_or_default();
        let body = until.timestamp_millis().to_string().into_bytes();
        entries::keep(&*self.store, &self.key, &Entry { fetched_at: now, body }).await;
    }

    /// Tells the cooldown what is left of a pause that another process has left word of. It was looked for just now, or the store
    /// is slow to say: then it learns nothing. Those that come while one looks wait for what it finds, or all requests of a
    /// process that begins would leave but the first.
    pub(super) async fn hear(&self, cooldown: &Cooldown) {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return;
        }
        let left = timeout(LOOK, self.left()).await.ok().flatten();
        if let Some(left) = left {
            cooldown.heard(left);
        }
        *looked = Some(Instant::now());
    }

    async fn left(&self) -> Option<Duration> {
        let entry = entries::read(&*self.store, &self.key).await?;
        let until: i64 = std::str::from_utf8(&entry.body).ok()?.parse().ok()?;
        let left = u64::try_from(until.saturating_sub(Utc::now().timestamp_millis())).ok()?;
        // Of another machine's clock no more is believed than a pause can last.
        (left > 0).then(|| Duration::from_millis(left).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use factor_types::{EntryError, EntryFilter, EntryInfo, EntryStoreHealth};
    use futures::future::join_all;

    use super::*;

    /// A store that takes a while to say what another process left.
    #[derive(Debug)]
    struct Slow {
        until: i64,
        took: Duration,
    }

    #[async_trait]
    impl EntryStore for Slow {
        async fn get(&self, _: &EntryKey) -> Result<Option<Entry>, EntryError> {
            tokio::time::sleep(self.took).await;
            Ok(Some(Entry { fetched_at: Utc::now(), body: self.until.to_string().into_bytes() }))
        }

        async fn put(&self, _: &EntryKey, _: &Entry) -> Result<(), EntryError> {
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

    /// How many of four that ask at once are told that a pause of 40 s is on.
    async fn told(took: u64) -> usize {
        let until = (Utc::now() + TimeDelta::seconds(40)).timestamp_millis();
        let shared = SharedPause::new(Arc::new(Slow { until, took: Duration::from_millis(took) }), "vendor");
        let cooldown = Cooldown::default();
        let asks = join_all((0..4).map(async |_| {
            shared.hear(&cooldown).await;
            cooldown.left().is_some()
        }));
        asks.await.into_iter().filter(|told| *told).count()
    }

    #[tokio::test(start_paused = true)]
    async fn all_that_come_while_one_looks_are_told() {
        assert_eq!(told(20).await, 4);
        // A store that does not say holds nobody for longer than one look.
        let before = Instant::now();
        assert_eq!(told(10_000).await, 0);
        assert_eq!(before.elapsed(), LOOK);
    }
}
