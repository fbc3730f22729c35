//! Whole results, kept for a while for those whose answer was cut.
//!
//! Key: the user and a random id, so that only those who were given it can ask for it. Life: 30 minutes. Size: bounded by bytes,
//! the least used leave first. A result that is gone is computed again by calling the tool again.

use std::{sync::Arc, time::Duration};

use factor_types::UserId;
use moka::sync::Cache;
use uuid::Uuid;

use crate::cache_figures::{CacheCounts, CacheFigures};

/// What the URI of a result starts with.
pub const URI_PREFIX: &str = "factor://result/";

const LIFE: Duration = Duration::from_secs(30 * 60);
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The results kept.
#[derive(Debug, Clone)]
pub struct ResultStore {
    kept: Cache<(UserId, Uuid), Arc<str>>,
    counts: Arc<CacheCounts>,
}

/// Where a whole result is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultLink {
    /// `factor://result/<id>`.
    pub uri: String,
    /// What it is: `All correlations`.
    pub title: String,
    /// The same with how long it is kept.
    pub description: String,
    /// The size of its JSON.
    pub bytes: u64,
}

impl ResultStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::bounded(MOST_BYTES)
    }

    fn bounded(bytes: u64) -> Self {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, json: &Arc<str>| u32::try_from(json.len()).unwrap_or(u32::MAX))
            .time_to_live(LIFE)
            .build();
        Self { kept, counts: Arc::default() }
    }

    /// Keeps a result of a user's and gives its URI, `factor://result/<id>`.
    pub fn put(&self, user: UserId, json: String) -> String {
        let id = Uuid::new_v4();
        self.kept.insert((user, id), json.into());
        format!("{URI_PREFIX}{}", id.simple())
    }

    /// Keeps a result and gives the link for an answer; `what` is its title: `All correlations`.
    pub fn put_link(&self, user: UserId, what: &str, json: String) -> ResultLink {
        let size = json.len() as u64;
        let uri = self.put(user, json);
        let description = format!("{what}, whole, as JSON. Kept {} minutes.", LIFE.as_secs() / 60);
        ResultLink { uri, title: what.to_owned(), description, bytes: size }
    }

    /// The user's result with this URI, while it is kept.
    pub fn get(&self, user: UserId, uri: &str) -> Option<Arc<str>> {
        let id = uri.strip_prefix(URI_PREFIX)?.parse::<Uuid>().ok()?;
        let found = self.kept.get(&(user, id));
        self.counts.count(found.is_some());
        found
    }

    /// What the store holds and how it did.
    pub fn figures(&self) -> CacheFigures {
        // The figures lag behind the inserts until the cache has tidied up.
        self.kept.run_pending_tasks();
        self.counts.figures((self.kept.entry_count(), self.kept.weighted_size()), &self.kept.policy())
    }
}

impl Default for ResultStore {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_read_back_by_its_user_and_uri_only() {
        let (store, user) = (ResultStore::new(), UserId::new(2));
        let link = store.put_link(user, "All returns", "{\"a\":1}".to_owned());
        assert_eq!(store.get(user, &link.uri).as_deref(), Some("{\"a\":1}"));
        assert_eq!(store.get(UserId::LOCAL, &link.uri), None);
        assert_eq!(store.get(UserId::new(3), &link.uri), None);
        assert_eq!(link.bytes, 7);
        for wrong in ["factor://result/", "factor://result/1", "factor://universe", &link.uri[16..]] {
            assert_eq!(store.get(user, wrong), None, "{wrong}");
        }
        assert_eq!(store.figures().entries, 1);
    }

    #[test]
    fn the_store_is_bounded_by_bytes() {
        let store = ResultStore::bounded(1_000);
        for _ in 0..50 {
            store.put(UserId::LOCAL, "x".repeat(100));
        }
        let figures = store.figures();
        assert!(figures.bytes <= 1_000, "{figures:?}");
    }
}
