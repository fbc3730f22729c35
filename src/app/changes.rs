//! What a user's answers rest on, as it is kept now: whoever compares two of these knows what changed, whoever changed it (another
//! replica, the command line, a model over MCP). All who look for one user within a second look once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use factor_store::{Store, StoreError};
use factor_types::{GroupName, UserId};
use moka::future::Cache;

use super::UniverseWatcher;

/// For so long what was found is the answer to whoever else asks for the same user.
const KNOWN_FOR: Duration = Duration::from_secs(1);
const MOST_KNOWN: u64 = 10_000;

/// What is kept of a user, and the universe in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptState {
    /// The factor groups.
    pub groups: KeptItems,
    /// The portfolios.
    pub portfolios: KeptItems,
    /// The digest of the universe.
    pub universe: String,
}

impl KeptState {
    /// What of it was there before a moment: what was written since, new or changed, is not in it.
    pub fn before(&self, moment: DateTime<Utc>) -> Self {
        let is_older = |at: DateTime<Utc>| at.timestamp_millis() < moment.timestamp_millis();
        let older = |items: &KeptItems| -> KeptItems {
            let items = items.iter().filter(|(_, item)| item.updated_at.is_none_or(is_older));
            items.map(|(key, item)| (key.clone(), item.clone())).collect()
        };
        Self { groups: older(&self.groups), portfolios: older(&self.portfolios), universe: self.universe.clone() }
    }
}

/// Items by the key of their names.
pub type KeptItems = BTreeMap<String, KeptItem>;

/// One group or portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptItem {
    /// Its name as it was written.
    pub name: String,
    /// When it was written last; `None` of one that is not what was saved.
    pub updated_at: Option<DateTime<Utc>>,
}

/// The states that were looked up a moment ago.
#[derive(Debug)]
pub struct Changes {
    known: Cache<UserId, Arc<KeptState>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { known: Cache::builder().max_capacity(MOST_KNOWN).time_to_live(KNOWN_FOR).build() }
    }
}

impl Changes {
    /// A user's state as it was a second ago at most.
    ///
    /// # Errors
    /// The store is away.
    pub(super) async fn of(
        &self,
        user: UserId,
        store: &dyn Store,
        universe: &UniverseWatcher,
    ) -> Result<Arc<KeptState>, Arc<StoreError>> {
        self.known.try_get_with(user, looked_up(user, store, universe)).await
    }
}

async fn looked_up(user: UserId, store: &dyn Store, universe: &UniverseWatcher) -> Result<Arc<KeptState>, StoreError> {
    let groups = match store.groups(user).await {
        Ok(groups) => {
            let saved = groups.rows.into_iter().map(|row| (row.group.what.name.to_string(), row.group.updated_at));
            items(saved, groups.damaged)
        }
        Err(StoreError::NotConfigured) => KeptItems::new(),
        Err(error) => return Err(error),
    };
    let portfolios = match store.portfolios(user).await {
        Ok(portfolios) => {
            let saved = portfolios.rows.into_iter().map(|row| (row.what.name.to_string(), row.updated_at));
            items(saved, portfolios.damaged)
        }
        Err(StoreError::NotConfigured) => KeptItems::new(),
        Err(error) => return Err(error),
    };
    let universe = universe.current().await.loaded.hash.clone();
    Ok(Arc::new(KeptState { groups, portfolios, universe }))
}

fn items(saved: impl Iterator<Item = (String, DateTime<Utc>)>, damaged: Vec<String>) -> KeptItems {
    let saved = saved.map(|(name, at)| KeptItem { name, updated_at: Some(at) });
    let damaged = damaged.into_iter().map(|name| KeptItem { name, updated_at: None });
    // A damaged name need be none.
    let key = |name: &str| name.parse::<GroupName>().map_or_else(|_| name.to_owned(), |name| name.key());
    saved.chain(damaged).map(|item| (key(&item.name), item)).collect()
}
