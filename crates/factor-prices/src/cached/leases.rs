//! Leases: of processes that share a store, one fetches a history and the others wait for it.
//!
//! - **Who asks the source takes the lease first**, and then looks once more whether another process has kept meanwhile
//!   what is wanted.
//! - **Who finds a lease taken waits**, trying again every so often: until it is given back, has ended by itself, or nothing
//!   that is waited for here has come for [`SILENCE`], as when its holder was killed or its vendor hangs. Then one asks
//!   by oneself.
//! - **A lease is given back** when the fetch is over, however that ends; the store does so once what was fetched is written.
//! - **A store that cannot lease** (locked, read-only, away) holds nobody up: for a while every process asks by itself.
//! - **Many at once are one statement**: whoever has the turn at the store takes and gives back for all who wait.

use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use factor_types::{EntryKey, EntryStore};
use tokio::{runtime::Handle, sync::oneshot, time::Instant};

/// How long one waits for another process of which nothing is heard: less than an analysis waits for what is silent, so
/// that there is time to ask by oneself.
const SILENCE: Duration = Duration::from_secs(2);
/// The first wait before a taken lease is tried again, doubled each time ...
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// ... up to this.
const LONGEST_WAIT: Duration = Duration::from_millis(400);
/// A store that needs longer is not asked for leases for [`OFF`].
const SLOW: Duration = Duration::from_secs(1);
const OFF: Duration = Duration::from_secs(10);

/// The leases of one process in a store.
#[derive(Clone)]
pub(super) struct Leases(Arc<Inner>);

struct Inner {
    store: Arc<dyn EntryStore>,
    /// Who this process is.
    holder: String,
    /// What waits to be taken, and what to be given back.
    wanted: Mutex<Vec<(EntryKey, oneshot::Sender<Claim>)>>,
    over: Mutex<Vec<EntryKey>>,
    /// One statement of a kind at a time; what comes meanwhile goes into the next.
    taking: tokio::sync::Mutex<()>,
    giving: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Until when the store is not asked for leases.
    off: Option<Instant>,
    /// When something that was waited for last came.
    heard: Option<Instant>,
}

/// What came of asking for a lease. One that nobody is left to hear of is given back like any other.
enum Claim {
    Taken(Lease),
    OfAnother,
    /// The store cannot say.
    Unknown,
}

/// Whose turn it is to ask the source.
pub(super) enum Turn<T> {
    /// Another process has asked: what was wanted is kept now.
    Found(T),
    /// This one's. What it fetches it keeps before the lease is dropped.
    Ours(Option<Lease>),
}

/// A lease taken, until it is dropped.
pub(super) struct Lease {
    leases: Leases,
    key: EntryKey,
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leases").field(&self.0.holder).finish()
    }
}

impl Leases {
    pub(super) fn new(store: Arc<dyn EntryStore>) -> Self {
        // A keyed hash of nothing is a random number.
        let holder = format!("{:016x}", RandomState::new().build_hasher().finish());
        Self(Arc::new(Inner {
            store,
            holder,
            wanted: Mutex::default(),
            over: Mutex::default(),
            taking: tokio::sync::Mutex::default(),
            giving: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        }))
    }

    /// Whose turn it is to fetch what is under a key. `look` reads what is kept, if it is enough.
    pub(super) async fn turn<T, F>(&self, key: &EntryKey, look: impl Fn() -> F) -> Turn<T>
    where
        F: Future<Output = Option<T>>,
    {
        let (begun, mut wait) = (Instant::now(), FIRST_WAIT);
        loop {
            match self.claim(key).await {
                Claim::Taken(lease) => {
                    let Some(found) = look().await else { return Turn::Ours(Some(lease)) };
                    lock(&self.0.state).heard = Some(Instant::now());
                    return Turn::Found(found);
                }
                Claim::OfAnother if self.silent_since(begun) < SILENCE => {
                    tokio::time::sleep(wait).await;
                    wait = (2 * wait).min(LONGEST_WAIT);
                }
                Claim::OfAnother | Claim::Unknown => return Turn::Ours(None),
            }
        }
    }

    /// Waits until every lease dropped before is given back, or cannot be.
    pub(super) async fn settle(&self) {
        let _turn = self.0.giving.lock().await;
        let over = std::mem::take(&mut *lock(&self.0.over));
        // The store's own patience bounds it: it waits for what was put to be written.
        if !over.is_empty()
            && !self.is_off()
            && let Err(error) = self.0.store.release(&over, &self.0.holder).await
        {
            tracing::debug!(%error, "leases end by themselves");
        }
    }

    async fn claim(&self, key: &EntryKey) -> Claim {
        if self.is_off() {
            return Claim::Unknown;
        }
        let (sender, claim) = oneshot::channel();
        lock(&self.0.wanted).push((key.clone(), sender));
        let leases = self.clone();
        // A task of its own: it takes the leases of all who wait, and one who is cancelled takes nothing from the others.
        tokio::spawn(async move { leases.take_wanted().await });
        claim.await.unwrap_or(Claim::Unknown)
    }

    /// Takes what is wanted, if another has not done so meanwhile.
    async fn take_wanted(&self) {
        let _turn = self.0.taking.lock().await;
        let (keys, askers): (Vec<EntryKey>, Vec<_>) = std::mem::take(&mut *lock(&self.0.wanted)).into_iter().unzip();
        if keys.is_empty() {
            return;
        }
        let taken = if self.is_off() { None } else { self.take(&keys).await };
        for (at, (key, asker)) in keys.into_iter().zip(askers).enumerate() {
            let claim = match taken.as_ref().and_then(|taken| taken.get(at)) {
                Some(true) => Claim::Taken(Lease { leases: self.clone(), key }),
                Some(false) => Claim::OfAnother,
                None => Claim::Unknown,
            };
            // Dropped where nobody is left to hear of it.
            let _ = asker.send(claim);
        }
    }

    async fn take(&self, keys: &[EntryKey]) -> Option<Vec<bool>> {
        let why = match tokio::time::timeout(SLOW, self.0.store.lease(keys, &self.0.holder)).await {
            Ok(Ok(taken)) => return Some(taken),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the store did not answer in time".to_owned(),
        };
        tracing::debug!(why, "no leases for a while: every process asks by itself");
        lock(&self.0.state).off = Some(Instant::now() + OFF);
        None
    }

    fn is_off(&self) -> bool {
        lock(&self.0.state).off.is_some_and(|until| Instant::now() < until)
    }

    /// How long nothing that is waited for has come.
    fn silent_since(&self, begun: Instant) -> Duration {
        lock(&self.0.state).heard.map_or(begun, |heard| heard.max(begun)).elapsed()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        lock(&self.leases.0.over).push(self.key.clone());
        // Without a runtime the process ends, and the lease by itself.
        if let Ok(runtime) = Handle::try_current() {
            let leases = self.leases.clone();
            runtime.spawn(async move { leases.settle().await });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No step under these locks leaves anything half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
