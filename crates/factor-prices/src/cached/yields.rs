//! Treasury yields, kept like histories: one entry for all maturities, refreshed by its tail.
//!
//! A published yield is not restated, so the tail replaces the days it covers and the rest stays.

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

use super::{Clock, REACH_MONTHS, codec};
use crate::{PriceError, SingleFlight, SourceInfo, YieldProvider, market_hours};

/// A tail begins this many days before the last row: yields come in late, and the last days are published again.
const TAIL_DAYS: u64 = 10;
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
    kept: Mutex<Option<CachedTable>>,
    /// Why the last refresh failed, if it did.
    unrefreshed: Mutex<Option<String>>,
    flights: SingleFlight<NaiveDate, Result<Arc<YieldTable>, PriceError>>,
}

#[derive(Debug, Clone)]
struct CachedTable {
    table: Arc<YieldTable>,
    from: NaiveDate,
    fetched_at: DateTime<Utc>,
}

/// Days are counted from 1 January of the year 1.
#[derive(Serialize, Deserialize)]
struct Written {
    from: i32,
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
            store,
            clock,
            kept: Mutex::default(),
            unrefreshed: Mutex::default(),
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
        if let Some(kept) = &*lock(&self.inner.kept)
            && kept.is_enough(range, now)
        {
            return Ok(Arc::clone(&kept.table));
        }
        let inner = Arc::clone(&self.inner);
        let start = move || (async move { inner.yields(range, now).await }.boxed(), ());
        self.inner.flights.join(range.start(), start).0.await
    }
}

impl CachedTable {
    fn last(&self) -> Option<NaiveDate> {
        self.table.maturities().filter_map(|maturity| self.table.get(maturity).last().map(|(date, _)| *date)).max()
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
    async fn yields(&self, range: DateRange, now: DateTime<Utc>) -> Result<Arc<YieldTable>, PriceError> {
        let in_memory = lock(&self.kept).clone();
        let kept = match in_memory {
            Some(kept) => Some(kept),
            None => self.load().await,
        };
        if let Some(kept) = &kept
            && kept.is_enough(range, now)
        {
            *lock(&self.kept) = Some(kept.clone());
            return Ok(Arc::clone(&kept.table));
        }
        match self.fetched(kept.as_ref(), range, now).await {
            Ok(fresh) => {
                *lock(&self.unrefreshed) = None;
                *lock(&self.kept) = Some(fresh.clone());
                self.keep(&fresh).await;
                Ok(fresh.table)
            }
            Err(error) => match kept {
                Some(kept) => {
                    let until = kept.last().map(|last| format!(" up to {last}")).unwrap_or_default();
                    *lock(&self.unrefreshed) =
                        Some(format!("yields could not be refreshed ({error}); those kept{until} are used"));
                    Ok(kept.table)
                }
                None => Err(error),
            },
        }
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
            .filter(|kept| kept.from <= range.start())
            .and_then(|kept| Some((kept, kept.last()?.checked_sub_days(Days::new(TAIL_DAYS))?)));
        let ask_from = tail.map_or(from, |(_, tail_from)| tail_from).min(today);
        let asked = DateRange::new(ask_from, today).map_err(|error| PriceError::NoData(error.to_string()))?;
        let mut table = (*self.source.yields(asked).await?).clone();
        if table.is_empty() {
            return Err(PriceError::NoData("the source answered without a single yield".to_owned()));
        }
        if let Some((kept, tail_from)) = tail {
            // The tail replaces the days it covers, also a maturity's that the source no longer gives.
            for maturity in kept.table.maturities() {
                let before = kept.table.get(maturity).iter().copied().filter(|(date, _)| *date < tail_from);
                let joined: Vec<_> = before.chain(table.get(maturity).iter().copied()).collect();
                table.insert(maturity, joined);
            }
        }
        Ok(CachedTable { table: Arc::new(table), from, fetched_at: now })
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
        Some(CachedTable { table: Arc::new(table), from: day(written.from)?, fetched_at: entry.fetched_at })
    }

    async fn keep(&self, kept: &CachedTable) {
        let rows =
            |maturity| kept.table.get(maturity).iter().map(|(date, value)| (date.num_days_from_ce(), *value)).collect();
        let series = kept.table.maturities().map(|maturity| (maturity, rows(maturity))).collect();
        let Some(body) = codec::write(Written { from: kept.from.num_days_from_ce(), series }) else { return };
        if let Err(error) = self.store.put(&self.key, &Entry { fetched_at: kept.fetched_at, body }).await {
            tracing::debug!(%error, "yields cannot be kept");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing is left half done under these locks: they hold one assignment each.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
