//! The issuer's keys as they are kept: when they are fetched, how often, and for how long old ones are used.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::Algorithm;
use reqwest::Url;

use crate::{
    Clock,
    error::{KeysError, TokenError},
    issuer::IssuerClient,
    keys::{KeySet, Lookup},
};

/// Between two refreshes: keys that are published so long before they are used are known by then.
pub(crate) const REFRESH: Duration = Duration::from_secs(5 * 60);
/// Until the next refresh after one that failed.
const RETRY: Duration = Duration::from_secs(60);
/// For one refresh in the background.
const REFRESH_TIME: Duration = Duration::from_secs(15);
/// How long a request waits for keys.
const WAIT: Duration = Duration::from_secs(3);
/// How long keys are used without a word from the issuer.
const STALE: TimeDelta = TimeDelta::hours(24);
/// Fetches for tokens whose key is not known, in any minute.
const MOST_FETCHES: usize = 10;
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// The keys of one issuer.
pub(crate) struct KeyCache {
    issuer: IssuerClient,
    clock: Clock,
    kept: RwLock<Option<Kept>>,
    /// Where the keys were last found.
    keys_url: Mutex<Option<Url>>,
    /// Held by the one who fetches.
    fetching: tokio::sync::Mutex<()>,
    /// The number of the last fetch that has begun, and of the last that has ended; those given up do not end.
    begun: AtomicU64,
    ended: AtomicU64,
    /// When keys were fetched for a token.
    for_tokens: Mutex<VecDeque<DateTime<Utc>>>,
    /// Why the last fetch failed, if it did.
    failure: Mutex<Option<KeysError>>,
}

#[derive(Clone)]
struct Kept {
    keys: Arc<KeySet>,
    fetched_at: DateTime<Utc>,
}

/// How the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysHealth {
    /// When the keys that are used came; `None` before there are any.
    pub fetched_at: Option<DateTime<Utc>>,
    /// Why the last fetch failed, if it did.
    pub failure: Option<KeysError>,
}

/// Whether keys could be fetched for a token.
enum Fetched {
    /// Just now, by this request or another that waited for the same.
    Now,
    /// There were fetches enough in this minute, and the issuer answered the last one.
    Spent,
    /// The issuer did not answer, or not with keys.
    Failed,
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache").field("issuer", &self.issuer).field("health", &self.health()).finish_non_exhaustive()
    }
}

impl KeyCache {
    pub(crate) fn new(issuer: IssuerClient, clock: Clock) -> Self {
        Self {
            issuer,
            clock,
            kept: RwLock::default(),
            keys_url: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            begun: AtomicU64::default(),
            ended: AtomicU64::default(),
            for_tokens: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    /// Checks a token's signature with the key that its header names; keys that are not known are fetched.
    pub(crate) async fn verify(&self, kid: Option<&str>, algorithm: Algorithm, token: &str) -> Result<(), TokenError> {
        if let Some(verdict) = self.verdict(kid, algorithm, token) {
            return verdict;
        }
        let fetching = tokio::time::timeout(WAIT, self.fetch_for_token(kid, algorithm));
        let fetched = fetching.await.unwrap_or_else(|_| {
            self.failed(&self.late());
            Fetched::Failed
        });
        if let Some(verdict) = self.verdict(kid, algorithm, token) {
            return verdict;
        }
        // Where the issuer cannot be asked, nobody knows whether it has such a key.
        match fetched {
            Fetched::Now | Fetched::Spent if self.usable().is_some() => Err(TokenError::UnknownKey),
            _ => Err(TokenError::KeysUnavailable),
        }
    }

    /// What the keys that are kept say of a token; `None` where its key is not among them.
    fn verdict(&self, kid: Option<&str>, algorithm: Algorithm, token: &str) -> Option<Result<(), TokenError>> {
        match self.usable()?.find(kid, algorithm) {
            Lookup::Found(key) => Some(key.verify(token)),
            Lookup::OtherAlgorithm => Some(Err(TokenError::KeyMismatch)),
            Lookup::Unnamed => Some(Err(TokenError::NoKeyNamed)),
            Lookup::Unknown => None,
        }
    }

    /// The keys, unless they are too old.
    fn usable(&self) -> Option<Arc<KeySet>> {
        let kept = self.kept()?;
        ((self.clock)() - kept.fetched_at < STALE).then_some(kept.keys)
    }

    fn kept(&self) -> Option<Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fetch_for_token(&self, kid: Option<&str>, algorithm: Algorithm) -> Fetched {
        let came = self.begun.load(Ordering::SeqCst);
        let _turn = self.fetching.lock().await;
        let known = || self.usable().is_some_and(|keys| !matches!(keys.find(kid, algorithm), Lookup::Unknown));
        // A fetch that began after this request came answers it too: a thousand requests are one fetch. One that was under way
        // before may have missed the key.
        if known() || self.ended.load(Ordering::SeqCst) > came {
            return self.last_fetch(Fetched::Now);
        }
        if !self.may_fetch() {
            return self.last_fetch(Fetched::Spent);
        }
        match self.fetch(false).await {
            Ok(()) => Fetched::Now,
            Err(_) => Fetched::Failed,
        }
    }

    fn last_fetch(&self, well: Fetched) -> Fetched {
        if locked(&self.failure).is_none() { well } else { Fetched::Failed }
    }

    /// Whether there is a fetch left in this minute; it is taken.
    fn may_fetch(&self) -> bool {
        let now = (self.clock)();
        let mut fetches = locked(&self.for_tokens);
        // Those of later than now were before the clock was set back.
        fetches.retain(|at| *at <= now && now - *at < MINUTE);
        let may = fetches.len() < MOST_FETCHES;
        if may {
            fetches.push_back(now);
        }
        may
    }

    /// Fetches the keys anew, from where the metadata says they are now.
    pub(crate) async fn refresh(&self) -> Result<(), KeysError> {
        let _turn = self.fetching.lock().await;
        match tokio::time::timeout(REFRESH_TIME, self.fetch(true)).await {
            Ok(fetched) => fetched,
            Err(_) => {
                let late = self.late();
                self.failed(&late);
                Err(late)
            }
        }
    }

    fn late(&self) -> KeysError {
        let url = locked(&self.keys_url).as_ref().map(Url::to_string);
        KeysError::Late { url: url.unwrap_or_else(|| self.issuer.name().to_owned()) }
    }

    /// Keeps the keys fresh for as long as it is awaited: it never ends.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            let pause = if self.refresh().await.is_ok() { REFRESH } else { RETRY };
            tokio::time::sleep(pause).await;
        }
    }

    /// One fetch; the caller holds the turn.
    async fn fetch(&self, discover: bool) -> Result<(), KeysError> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let fetched_at = (self.clock)();
        let fetched = self.ask(discover).await;
        match &fetched {
            Ok(keys) => self.succeeded(Kept { keys: Arc::clone(keys), fetched_at }),
            Err(error) => self.failed(error),
        }
        self.ended.store(number, Ordering::SeqCst);
        fetched.map(drop)
    }

    async fn ask(&self, discover: bool) -> Result<Arc<KeySet>, KeysError> {
        let known = locked(&self.keys_url).clone();
        let url = match known {
            Some(url) if !discover => url,
            known => match (self.issuer.keys_url().await, known) {
                (Ok(url), _) => url,
                // Keys may be there while the metadata are away.
                (Err(KeysError::Late { .. } | KeysError::Unreachable { .. } | KeysError::Status { .. }), Some(url)) => {
                    url
                }
                (Err(error), _) => return Err(error),
            },
        };
        let keys = self.issuer.key_set(&url).await?;
        *locked(&self.keys_url) = Some(url);
        Ok(Arc::new(keys))
    }

    fn succeeded(&self, kept: Kept) {
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        if locked(&self.failure).take().is_some() {
            tracing::info!("the issuer's keys are there again");
        }
    }

    fn failed(&self, error: &KeysError) {
        let before = locked(&self.failure).replace(error.clone());
        // Once for each way in which it fails, not for every fetch of a day.
        if before.as_ref() != Some(error) {
            tracing::warn!(%error, kept = self.kept().is_some(), "the issuer's keys cannot be fetched");
        }
    }

    pub(crate) fn health(&self) -> KeysHealth {
        KeysHealth { fetched_at: self.kept().map(|kept| kept.fetched_at), failure: locked(&self.failure).clone() }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one is held, and if it did, what is in it would still be whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
