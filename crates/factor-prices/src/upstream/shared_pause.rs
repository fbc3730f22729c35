//! The pause of a vendor, told to the other processes that have the same store open.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use factor_types::{Entry, EntryKey, EntryStore};
use tokio::time::{Instant, timeout};

use super::cooldown::LONGEST;
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

    /// What is left of a pause that another process has left word of; none when it was looked for just now, or when the
    /// store is slow to say.
    pub(super) async fn left(&self) -> Option<Duration> {
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.is_some_and(|looked| looked.elapsed() < LOOK) {
                return None;
            }
            *looked = Some(Instant::now());
        }
        let entry = timeout(LOOK, entries::read(&*self.store, &self.key)).await.ok()??;
        let until: i64 = std::str::from_utf8(&entry.body).ok()?.parse().ok()?;
        let left = u64::try_from(until.saturating_sub(Utc::now().timestamp_millis())).ok()?;
        // Of another machine's clock no more is believed than a pause can last.
        (left > 0).then(|| Duration::from_millis(left).min(LONGEST))
    }
}
