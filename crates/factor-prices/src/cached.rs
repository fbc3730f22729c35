//! Histories kept between requests and between runs, behind the trait of the source they come from.
//!
//! The story of this cache:
//!
//! - **Key**: source (with its base URL where that is not the usual one) and ticker. Everything known of a ticker is
//!   one entry, read back by any range of dates.
//! - **Levels**: memory (64 MB at most), then an [`EntryStore`] on disk. What memory lacks is looked for on
//!   disk; what disk lacks is fetched.
//! - **Keeping**: what was fetched is in memory at once and handed to the store, which may write it later, so that no
//!   fetch waits for the disk. [`PriceProvider::flush`] waits until it is written: it is called before an answer goes
//!   out, so a process that is restarted after an answer finds all of it. What a killed process had not written is
//!   fetched again.
//! - **Range**: a fetch asks for at least eleven years, so that the usual questions need one request a ticker.
//!   A question that reaches further back fetches the whole history again.
//! - **Life**: an entry is fresh until prices of a later day are final (16:30 in New York on a trading day). Then only
//!   its tail is fetched, and only when the question reaches past its last row. The last five rows (once a week the last
//!   sixty) must come back as they were: if one differs, the vendor restated its prices (as it does after every dividend)
//!   and the whole history is fetched again. So it is after 30 days in any case.
//! - **Late vendors**: an answer without the last day's row is asked for again from half an hour later on, until half a
//!   day after the close.
//! - **Unknown tickers** are remembered for a day. Failures are never kept.
//! - **A failed refresh** leaves what was kept in force, and the history says so; an answer with holes or an earlier end is
//!   such a failure. One that begins later keeps the earlier rows where the two agree (`shorter.rs`). Nothing is ever
//!   replaced by something empty or unreadable. [`PriceProvider::kept`] is what is kept for one who cannot wait.
//! - **Closes in the place of adjusted prices** do not make the adjusted ones forgotten
//!   ([`History::adjusted_before`]).
//! - **Processes on one store** share what each has fetched, and fetch each history once: who asks the vendor has the
//!   lease of that history, and the others wait for what comes (`leases.rs`).
//! - **Equal requests in flight** are one, whichever of the callers is cancelled; questions about different ranges
//!   share the request that both need. Each is a task of its own, so that answers which arrive together are read side
//!   by side.

pub(crate) mod codec;
pub(crate) mod entries;
mod fundamentals;
mod fundamentals_cache;
mod history;
mod leases;
mod shorter;
mod stats;
mod yields;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Months, NaiveDate, Utc};
use chrono_tz::America::New_York;
use factor_types::{DateRange, Entry, EntryKey, EntryStore, Ticker};
use futures::FutureExt;
use moka::sync::Cache;
use tokio::task::JoinSet;

use self::{
    fundamentals_cache::FundamentalsCache,
    history::{CacheEntry, CachedHistory, Step},
    leases::{Leases, Turn},
    stats::Counts,
};
pub use self::{stats::CacheStats, yields::CachedYields};
use crate::{FundamentalsProvider, History, PriceError, PriceProvider, SingleFlight, SourceInfo, market_hours};

/// Memory for kept histories.
const MEMORY_BYTES: u64 = 64 * 1024 * 1024;
/// A fetch reaches back this far at least.
const REACH_MONTHS: u32 = 132;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A source of prices and of fundamentals.
pub trait MarketSource: PriceProvider + FundamentalsProvider {}

impl<T: PriceProvider + FundamentalsProvider> MarketSource for T {}

/// A source whose histories are kept.
#[derive(Clone)]
pub struct CachedMarketSource {
    inner: Arc<Inner>,
}

struct Inner {
    source: Arc<dyn MarketSource>,
    scope: String,
    store: Arc<dyn EntryStore>,
    clock: Clock,
    memory: Cache<Ticker, CacheEntry>,
    flights: SingleFlight<(Ticker, DateRange), Result<History, PriceError>>,
    /// Requests to the source: questions about different ranges need the same one.
    requests: SingleFlight<(Ticker, DateRange), Result<History, PriceError>>,
    leases: Leases,
    fundamentals: FundamentalsCache,
    dividend_flights: SingleFlight<EntryKey, Result<Arc<[u8]>, PriceError>>,
    counts: Counts,
}

impl fmt::Debug for CachedMarketSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedMarketSource")
            .field("source", &self.inner.source)
            .field("scope", &self.inner.scope)
            .finish()
    }
}

impl CachedMarketSource {
    /// Keeps what `source` gives in `store`, under `scope`: the source's name, with its address where that is not the
    /// usual one, so that a trial server's prices are never taken for a market's.
    pub fn new(
        source: Arc<dyn MarketSource>,
        scope: impl Into<String>,
        store: Arc<dyn EntryStore>,
        clock: Clock,
    ) -> Self {
        let memory = Cache::builder()
            .max_capacity(MEMORY_BYTES)
            .weigher(|_: &Ticker, held: &CacheEntry| u32::try_from(held.bytes()).unwrap_or(u32::MAX))
            .build();
        let scope = scope.into();
        let inner = Inner {
            leases: Leases::new(Arc::clone(&store)),
            fundamentals: FundamentalsCache::new(Arc::clone(&store)),
            dividend_flights: SingleFlight::default(),
            source,
            scope,
            store,
            clock,
            memory,
            flights: SingleFlight::default(),
            requests: SingleFlight::default(),
            counts: Counts::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What became of the histories asked for.
    pub fn stats(&self) -> CacheStats {
        let memory = &self.inner.memory;
        memory.run_pending_tasks();
        self.inner.counts.snapshot(memory.entry_count(), memory.weighted_size(), MEMORY_BYTES)
    }
}

#[async_trait]
impl PriceProvider for CachedMarketSource {
    fn about(&self) -> SourceInfo {
        let mut about = self.inner.source.about();
        let health = self.inner.store.health();
        about
            .warnings
            .extend(health.problem.map(|problem| format!("fetched prices cannot be kept on disk: {problem}")));
        about.warnings.extend(health.notes);
        about
    }

    /// Changes when the prices of a further day are final.
    fn revision(&self) -> u64 {
        market_hours::last_close((self.inner.clock)()).timestamp().unsigned_abs()
    }

    async fn history(&self, ticker: &Ticker, range: DateRange) -> Result<History, PriceError> {
        let now = (self.inner.clock)();
        if let Some(held) = self.inner.memory.get(ticker)
            && let Some(answer) = held.answer(range, now)
        {
            Counts::count(&self.inner.counts.memory);
            return answer;
        }
        let (inner, asked) = (Arc::clone(&self.inner), ticker.clone());
        let start = move || (as_own_task(async move { inner.history(&asked, range, now).await }).boxed(), ());
        self.inner.flights.join((ticker.clone(), range), start).0.await
    }

    async fn kept(&self, ticker: &Ticker, _range: DateRange) -> Option<History> {
        let in_memory = self.inner.memory.get(ticker);
        let held = match in_memory {
            Some(held) => held,
            None => self.inner.load(ticker).await?,
        };
        Some(held.known()?.late())
    }

    async fn flush(&self) {
        self.inner.store.flush().await;
        self.inner.leases.settle().await;
    }

    fn forget(&self) {
        self.inner.memory.invalidate_all();
        self.inner.fundamentals.forget();
    }
}

/// Runs work as a task of its own, which ends with its caller.
async fn as_own_task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let mut task = JoinSet::new();
    task.spawn(work);
    match task.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is shutting down, and the caller with it.
        Some(Err(_)) | None => std::future::pending().await,
    }
}

impl Inner {
    async fn history(&self, ticker: &Ticker, range: DateRange, now: DateTime<Utc>) -> Result<History, PriceError> {
        let held = self.held(ticker).await;
        let answer = |held: &CacheEntry| {
            let answer = held.answer(range, now)?;
            Counts::count(&self.counts.disk);
            Some(answer)
        };
        if let Some(answer) = held.as_ref().and_then(answer) {
            return answer;
        }
        let key = self.key(history::PRICES, ticker.as_str());
        match self.leases.turn(&key, || async { self.held(ticker).await.as_ref().and_then(answer) }).await {
            Turn::Found(answer) => answer,
            Turn::Ours(lease) => {
                let newest = self.memory.get(ticker).or(held);
                let answer = self.refreshed(ticker, newest.and_then(CacheEntry::known), range, now).await;
                // What was fetched is kept by now.
                drop(lease);
                answer
            }
        }
    }

    /// What is held, the newest of it: another process may have kept a newer one, and a question about another range may
    /// have fetched it meanwhile.
    async fn held(&self, ticker: &Ticker) -> Option<CacheEntry> {
        let (on_disk, in_memory) = (self.load(ticker).await, self.memory.get(ticker));
        let held = match (on_disk, in_memory) {
            (Some(on_disk), Some(in_memory)) if on_disk.fetched_at() <= in_memory.fetched_at() => in_memory,
            (on_disk, in_memory) => on_disk.or(in_memory)?,
        };
        self.memory.insert(ticker.clone(), held.clone());
        Some(held)
    }

    /// What the source gives, which is kept from now on; what is kept, where the source fails.
    async fn refreshed(
        &self,
        ticker: &Ticker,
        kept: Option<Arc<CachedHistory>>,
        range: DateRange,
        now: DateTime<Utc>,
    ) -> Result<History, PriceError> {
        match self.fetched(ticker, kept.as_deref(), range, now).await {
            Ok(fresh) => {
                let fresh = Arc::new(fresh);
                // What is refused as a whole is not kept: the source may mend it.
                if fresh.series.refused().is_none() {
                    self.remember(ticker, CacheEntry::Known(Arc::clone(&fresh)), now).await;
                }
                Ok(fresh.history())
            }
            Err(error) => {
                Counts::count(&self.counts.failed);
                match (kept, &error) {
                    // Old prices with a caveat are worth more than none.
                    (Some(kept), _) => Ok(kept.unrefreshed(&error)),
                    (None, PriceError::NoData(why)) => {
                        self.remember(ticker, CacheEntry::Unknown { why: why.clone(), since: now }, now).await;
                        Err(error)
                    }
                    (None, PriceError::Failed { .. }) => Err(error),
                }
            }
        }
    }

    /// What the source gives, joined to what is kept.
    async fn fetched(
        &self,
        ticker: &Ticker,
        kept: Option<&CachedHistory>,
        range: DateRange,
        now: DateTime<Utc>,
    ) -> Result<CachedHistory, PriceError> {
        let today = now.with_timezone(&New_York).date_naive();
        let reach = today.checked_sub_months(Months::new(REACH_MONTHS)).unwrap_or(today);
        let from = range.start().min(reach).min(kept.map_or(reach, |kept| kept.from));
        if let Some(kept) = kept
            && let Step::Tail(tail_from) = kept.step(range, now)
        {
            let tail = self.ask(ticker, tail_from, today).await?;
            Counts::count(&self.counts.tails);
            if let Some(joined) = kept.joined(&tail, tail_from, now) {
                return Ok(joined);
            }
            // An adjusted price of any earlier day may have changed too, so nothing kept can be used.
            Counts::count(&self.counts.restated);
            tracing::info!(%ticker, "prices were restated; fetching the whole history");
        }
        let whole = self.ask(ticker, from, today).await?;
        Counts::count(&self.counts.whole);
        CachedHistory::whole(whole, from, now, kept)
    }

    async fn ask(&self, ticker: &Ticker, from: NaiveDate, today: NaiveDate) -> Result<History, PriceError> {
        let range = DateRange::new(from.min(today), today)
            .map_err(|error| PriceError::NoData(format!("{ticker} has no prices: {error}")))?;
        let (source, asked) = (Arc::clone(&self.source), ticker.clone());
        let start = move || (async move { source.history(&asked, range).await }.boxed(), ());
        self.requests.join((ticker.clone(), range), start).0.await
    }

    fn key(&self, kind: &str, subject: &str) -> EntryKey {
        EntryKey::new(self.scope.as_str(), kind, subject)
    }

    async fn load(&self, ticker: &Ticker) -> Option<CacheEntry> {
        let known = entries::read(&*self.store, &self.key(history::PRICES, ticker.as_str())).await;
        if let Some(kept) = known.and_then(|entry| codec::read_kept(ticker, &entry)) {
            return Some(CacheEntry::Known(Arc::new(kept)));
        }
        let unknown = entries::read(&*self.store, &self.key(history::UNKNOWN, ticker.as_str())).await?;
        let why = String::from_utf8(unknown.body).ok()?;
        Some(CacheEntry::Unknown { why, since: unknown.fetched_at })
    }

    async fn remember(&self, ticker: &Ticker, held: CacheEntry, now: DateTime<Utc>) {
        let (kind, body) = match &held {
            CacheEntry::Known(kept) => (history::PRICES, codec::write_kept(kept)),
            CacheEntry::Unknown { why, .. } => (history::UNKNOWN, Some(why.clone().into_bytes())),
        };
        self.memory.insert(ticker.clone(), held);
        if let Some(body) = body {
            entries::keep(&*self.store, &self.key(kind, ticker.as_str()), &Entry { fetched_at: now, body }).await;
        }
    }
}

#[cfg(test)]
mod tests;
