//! Treasury yields, kept like histories: one entry for all maturities, refreshed by its tail, and as a whole once in 30
//! days.
//!
//! A published yield is not restated, so the tail replaces the days it covers and the rest stays. The whole is fetched again
//! all the same: what was late or missing then is there by now. It takes the place of what is kept only when it lacks
//! nothing of it. Who has yields waits no longer than [`REFRESH`] for newer ones; those come in the background.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, Utc};
use chrono_tz::America::New_York;
use factor_types::{DateRange, Entry, EntryKey, EntryStore, Maturity, YieldTable};
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::{
    Clock, REACH_MONTHS, codec,
    leases::{Leases, Turn},
};
use crate::{PriceError, SingleFlight, SourceFault, SourceInfo, YieldProvider, market_hours};

/// A tail begins this many days before the last row: yields come in late, and the last days are published again.
const TAIL_DAYS: u64 = 10;
/// Days after which the whole is fetched again.
const WHOLE_DAYS: i64 = 30;
/// A maturity that lacks more than this share of the kept rows has gone.
const LEAST_SHARE: f64 = 0.9;
/// How long newer yields are waited for where some are kept.
const REFRESH: std::time::Duration = std::time::Duration::from_secs(5);
/// How long a table that lacks the last day counts.
const LATE_RETRY: Duration = Duration::hours(1);

/// A source of yields whose table is kept.
#[derive(Clone)]
pub struct CachedYields {
    inner: Arc<Inner>,
}

struct Inner {
    source: Arc<dyn YieldProvider>,
    key: EntryKey,
    store: Arc<dyn EntryStore>,
    clock: Clock,
    leases: Leases,
    kept: Mutex<Option<CachedTable>>,
    /// Why the last refresh failed, if it did.
    unrefreshed: Mutex<Option<String>>,
    loads: SingleFlight<(), Option<CachedTable>>,
    flights: SingleFlight<NaiveDate, Result<CachedTable, PriceError>>,
}

#[derive(Debug, Clone)]
struct CachedTable {
    table: Arc<YieldTable>,
    from: NaiveDate,
    fetched_at: DateTime<Utc>,
    whole_at: DateTime<Utc>,
}

/// Days are counted from 1 January of the year 1.
#[derive(Serialize, Deserialize)]
struct Written {
    from: i32,
    /// Seconds since 1970.
    whole_at: i64,
    series: Vec<(Maturity, Vec<(i32, f64)>)>,
}

impl fmt::Debug for CachedYields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedYields").field("source", &self.inner.source).finish()
    }
}

impl CachedYields {
    /// Keeps what `source` gives in `store` under `scope`.
    pub fn new(
        source: Arc<dyn YieldProvider>,
        scope: impl Into<String>,
        store: Arc<dyn EntryStore>,
        clock: Clock,
    ) -> Self {
        let inner = Inner {
            source,
            key: EntryKey::new(scope, "yields", "UST"),
            leases: Leases::new(Arc::clone(&store)),
            store,
            clock,
            kept: Mutex::default(),
            unrefreshed: Mutex::default(),
            loads: SingleFlight::default(),
            flights: SingleFlight::default(),
        };
        Self { inner: Arc::new(inner) }
    }
}

#[async_trait]
impl YieldProvider for CachedYields {
    fn about_yields(&self) -> SourceInfo {
        let mut about = self.inner.source.about_yields();
        about.warnings.extend(lock(&self.inner.unrefreshed).clone());
        about
    }

    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        let now = (self.inner.clock)();
        let kept = self.inner.kept().await;
        if let Some(kept) = &kept
            && kept.is_enough(range, now)
        {
            return Ok(Arc::clone(&kept.table));
        }
        let (inner, before) = (Arc::clone(&self.inner), kept.clone());
        let start = move || (async move { inner.refreshed(before, range, now).await }.boxed(), ());
        let flight = self.inner.flights.join(range.start(), start).0;
        let Some(kept) = kept else { return Ok(flight.await?.table) };
        let error = match timeout(REFRESH, flight.clone()).await {
            Ok(Ok(fresh)) => return Ok(fresh.table),
            Ok(Err(error)) => error,
            Err(_) => {
                // They go on coming, for the next who asks.
                tokio::spawn(flight);
                PriceError::failed(SourceFault::Late, "they did not come in time")
            }
        };
        let until = kept.last().map(|last| format!(" up to {last}")).unwrap_or_default();
        let why = format!("yields could not be refreshed ({error}); those kept{until} are used");
        *lock(&self.inner.unrefreshed) = Some(why);
        Ok(kept.table)
    }

    fn forget(&self) {
        *lock(&self.inner.kept) = None;
        *lock(&self.inner.unrefreshed) = None;
    }
}

impl CachedTable {
    fn last(&self) -> Option<NaiveDate> {
        self.table.maturities().filter_map(|maturity| self.table.get(maturity).last().map(|(date, _)| *date)).max()
    }

    fn is_old(&self, now: DateTime<Utc>) -> bool {
        now - self.whole_at > Duration::days(WHOLE_DAYS) || now < self.whole_at - Duration::minutes(5)
    }

    /// Puts the kept rows before a tail. It replaces the days it covers; a maturity that it does not have at all stays.
    fn join_tail(&self, tail: &mut YieldTable, tail_from: NaiveDate) {
        for maturity in self.table.maturities() {
            let new = tail.get(maturity).to_vec();
            let stays = |row: &(NaiveDate, f64)| row.0 < tail_from || new.is_empty();
            let before = self.table.get(maturity).iter().copied().filter(stays);
            let joined: Vec<_> = before.chain(new.iter().copied()).collect();
            tail.insert(maturity, joined);
        }
    }

    /// Refuses a whole table that lacks a maturity, or a good part of one, of those kept.
    fn lacks_nothing(&self, new: &YieldTable) -> Result<(), PriceError> {
        let gone = self.table.maturities().find(|maturity| {
            let (before, now) = (self.table.get(*maturity).len(), new.get(*maturity).len());
            (now as f64) < LEAST_SHARE * before as f64
        });
        let Some(gone) = gone else { return Ok(()) };
        let (before, now) = (self.table.get(gone).len(), new.get(gone).len());
        let why = format!("the source now has {now} yields of {gone}, {before} before");
        Err(PriceError::failed(SourceFault::Unusable, why))
    }

    fn is_enough(&self, range: DateRange, now: DateTime<Utc>) -> bool {
        let covers = self.from <= range.start();
        let close = market_hours::last_close(now);
        let asked_since = self.fetched_at >= close && self.fetched_at <= now + Duration::minutes(5);
        let has_last = self.last().is_some_and(|last| last >= market_hours::closed_through(now));
        let ends_before = self.last().is_some_and(|last| range.end() <= last);
        covers && (ends_before || asked_since && (has_last || now - self.fetched_at < LATE_RETRY))
    }
}

impl Inner {
    /// What is kept, in memory or else in the store.
    async fn kept(self: &Arc<Self>) -> Option<CachedTable> {
        let in_memory = lock(&self.kept).clone();
        if in_memory.is_some() {
            return in_memory;
        }
        let inner = Arc::clone(self);
        let start = move || (async move { inner.load().await }.boxed(), ());
        let loaded = self.loads.join((), start).0.await;
        let mut kept = lock(&self.kept);
        // A refresh may have come in between.
        if kept.is_none() {
            *kept = loaded;
        }
        kept.clone()
    }

    async fn refreshed(
        &self,
        kept: Option<CachedTable>,
        range: DateRange,
        now: DateTime<Utc>,
    ) -> Result<CachedTable, PriceError> {
        let enough = || async { self.load().await.filter(|kept| kept.is_enough(range, now)) };
        let (fresh, _lease) = match self.leases.turn(&self.key, enough).await {
            Turn::Found(kept) => (kept, None),
            Turn::Ours(lease) => {
                let fresh = self.fetched(kept.as_ref(), range, now).await?;
                self.keep(&fresh).await;
                (fresh, lease)
            }
        };
        *lock(&self.unrefreshed) = None;
        *lock(&self.kept) = Some(fresh.clone());
        Ok(fresh)
    }

    async fn fetched(
        &self,
        kept: Option<&CachedTable>,
        range: DateRange,
        now: DateTime<Utc>,
    ) -> Result<CachedTable, PriceError> {
        let today = now.with_timezone(&New_York).date_naive();
        let reach = today.checked_sub_months(Months::new(REACH_MONTHS)).unwrap_or(today);
        let from = range.start().min(reach).min(kept.map_or(reach, |kept| kept.from));
        let tail = kept
            .filter(|kept| kept.from <= range.start() && !kept.is_old(now))
            .and_then(|kept| Some((kept, kept.last()?.checked_sub_days(Days::new(TAIL_DAYS))?)));
        let ask_from = tail.map_or(from, |(_, tail_from)| tail_from).min(today);
        let asked = DateRange::new(ask_from, today).map_err(|error| PriceError::NoData(error.to_string()))?;
        let mut table = (*self.source.yields(asked).await?).clone();
        if table.is_empty() {
            return Err(PriceError::NoData("the source answered without a single yield".to_owned()));
        }
        let whole_at = match (tail, kept) {
            (Some((kept, tail_from)), _) => {
                kept.join_tail(&mut table, tail_from);
                kept.whole_at
            }
            (None, Some(kept)) => {
                kept.lacks_nothing(&table)?;
                now
            }
            (None, None) => now,
        };
        Ok(CachedTable { table: Arc::new(table), from, fetched_at: now, whole_at })
    }

    async fn load(&self) -> Option<CachedTable> {
        let entry = self.store.get(&self.key).await.ok()??;
        let written: Written = codec::read(&entry.body)?;
        let mut table = YieldTable::default();
        let day = NaiveDate::from_num_days_from_ce_opt;
        for (maturity, rows) in written.series {
            let rows: Option<Vec<_>> = rows.into_iter().map(|(at, value)| Some((day(at)?, value))).collect();
            table.insert(maturity, rows?);
        }
        let whole_at = DateTime::from_timestamp(written.whole_at, 0)?;
        Some(CachedTable { table: Arc::new(table), from: day(written.from)?, fetched_at: entry.fetched_at, whole_at })
    }

    async fn keep(&self, kept: &CachedTable) {
        let rows =
            |maturity| kept.table.get(maturity).iter().map(|(date, value)| (date.num_days_from_ce(), *value)).collect();
        let series = kept.table.maturities().map(|maturity| (maturity, rows(maturity))).collect();
        let Some(body) =
            codec::write(Written { from: kept.from.num_days_from_ce(), whole_at: kept.whole_at.timestamp(), series })
        else {
            return;
        };
        if let Err(error) = self.store.put(&self.key, &Entry { fetched_at: kept.fetched_at, body }).await {
            tracing::debug!(%error, "yields cannot be kept");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing is left half done under these locks: they hold one assignment each.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
