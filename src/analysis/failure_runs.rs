//! Factors that fail day after day: funds that were closed, tickers that were renamed.
//!
//! Each day on which a factor's prices could not be had adds one to its run of failures; a day on which they could ends
//! the run. A failure counts only when it says something of the factor: that the vendor as a whole could not be reached
//! does not. After [`STALE_AFTER`] days the factor is a candidate for replacement. The runs are kept in the store of
//! entries, as one entry; losing it begins the count again.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use chrono::{NaiveDate, Utc};
use factor_analytics::study::ExclusionReason;
use factor_types::{Entry, EntryKey, EntryStore, Ticker};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// A run of failures on this many days makes a factor a candidate for replacement.
pub const STALE_AFTER: u32 = 3;

/// A factor's failures in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRun {
    /// On how many different days.
    pub days: u32,
    /// The last of them.
    pub last_day: NaiveDate,
    /// Why, the last time.
    pub reason: ExclusionReason,
    /// In the source's words.
    pub detail: String,
}

impl FailureRun {
    /// True when it has lasted long enough to look for another fund.
    pub fn is_stale(&self) -> bool {
        self.days >= STALE_AFTER
    }
}

/// Why a factor's prices could not be had today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The factor's ETF.
    pub ticker: Ticker,
    /// Why, in one word.
    pub reason: ExclusionReason,
    /// In the source's words.
    pub detail: String,
}

/// The runs of failures, by ticker.
pub type Runs = BTreeMap<Ticker, FailureRun>;

/// Keeps the runs.
#[derive(Debug)]
pub struct FailureRuns {
    store: Arc<dyn EntryStore>,
    key: EntryKey,
    /// What was last read or written; the store is read again before every change, as others write there too.
    last: Mutex<Option<Runs>>,
}

impl FailureRuns {
    /// The runs of one source, kept in `store` under its `scope`.
    pub fn new(store: Arc<dyn EntryStore>, scope: &str) -> Self {
        Self { store, key: EntryKey::new(scope, "failures", "all"), last: Mutex::default() }
    }

    /// Counts a day's failures and successes and gives the runs that go on.
    pub async fn record(&self, day: NaiveDate, failures: &[Failure], succeeded: &HashSet<Ticker>) -> Runs {
        let mut last = self.last.lock().await;
        // The usual case, in every call: nothing failed and no run ends, so the store is not read.
        if failures.is_empty() && last.as_ref().is_some_and(|runs| !runs.keys().any(|one| succeeded.contains(one))) {
            return last.clone().unwrap_or_default();
        }
        let before = self.read().await;
        let mut runs = before.clone();
        runs.retain(|ticker, _| !succeeded.contains(ticker));
        for failure in failures {
            let (reason, detail) = (failure.reason, failure.detail.clone());
            let new = FailureRun { days: 0, last_day: NaiveDate::MIN, reason, detail: String::new() };
            let run = runs.entry(failure.ticker.clone()).or_insert(new);
            // A day counts once, however often it is asked about, and a clock that was set back counts nothing.
            run.days += u32::from(run.last_day < day);
            *run = FailureRun { days: run.days, last_day: run.last_day.max(day), reason, detail };
        }
        // Most calls of a day repeat what is known.
        if runs != before {
            self.write(&runs).await;
        }
        *last = Some(runs.clone());
        runs
    }

    async fn read(&self) -> Runs {
        match self.store.get(&self.key).await {
            Ok(Some(entry)) => serde_json::from_slice(&entry.body).unwrap_or_default(),
            Ok(None) => Runs::new(),
            Err(error) => {
                tracing::debug!(%error, "the runs of failures cannot be read");
                Runs::new()
            }
        }
    }

    async fn write(&self, runs: &Runs) {
        let Ok(body) = serde_json::to_vec(runs) else { return };
        if let Err(error) = self.store.put(&self.key, &Entry { fetched_at: Utc::now(), body }).await {
            tracing::debug!(%error, "the runs of failures cannot be kept");
        }
        self.store.flush().await;
    }
}

#[cfg(test)]
mod tests {
    use factor_store::MemoryEntries;

    use super::*;

    fn ticker(text: &str) -> Ticker {
        text.parse().unwrap()
    }

    fn failure(name: &str, detail: &str) -> Failure {
        Failure { ticker: ticker(name), reason: ExclusionReason::NoData, detail: detail.to_owned() }
    }

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, number).unwrap()
    }

    fn runs(store: &Arc<MemoryEntries>) -> FailureRuns {
        FailureRuns::new(store.clone(), "fmp")
    }

    #[tokio::test]
    async fn a_day_counts_once_and_a_success_ends_the_run() {
        let store = Arc::new(MemoryEntries::new());
        let (runs, nobody) = (runs(&store), HashSet::new());
        for (number, days) in [(1, 1), (1, 1), (2, 2), (5, 3)] {
            let found = runs.record(day(number), &[failure("OLD", "gone")], &nobody).await;
            assert_eq!((found[&ticker("OLD")].days, found[&ticker("OLD")].is_stale()), (days, days >= 3));
        }
        let found = runs.record(day(4), &[failure("OLD", "closed")], &nobody).await;
        let run = &found[&ticker("OLD")];
        assert_eq!((run.days, run.last_day, run.detail.as_str()), (3, day(5), "closed"), "an earlier day adds none");
        assert!(runs.record(day(6), &[], &HashSet::from([ticker("OLD")])).await.is_empty());
        assert_eq!(runs.record(day(7), &[failure("OLD", "gone")], &nobody).await[&ticker("OLD")].days, 1);
    }

    #[tokio::test]
    async fn what_others_wrote_is_counted_on() {
        let store = Arc::new(MemoryEntries::new());
        let (one, other, nobody) = (runs(&store), runs(&store), HashSet::new());
        one.record(day(1), &[failure("OLD", "gone")], &nobody).await;
        other.record(day(2), &[failure("OLD", "gone")], &nobody).await;
        let found = one.record(day(3), &[failure("OLD", "gone"), failure("NEW", "gone")], &nobody).await;
        assert_eq!((found[&ticker("OLD")].days, found[&ticker("NEW")].days), (3, 1));
        assert!(FailureRuns::new(store.clone(), "yahoo").record(day(3), &[], &nobody).await.is_empty());
        assert_eq!(runs(&store).record(day(4), &[], &nobody).await, found, "without news the runs go on");
    }
}
