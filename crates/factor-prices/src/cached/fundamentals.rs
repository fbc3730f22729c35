//! What is known of funds and shares beside their prices, kept for days.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Months, NaiveDate, Utc};
use chrono_tz::America::New_York;
use factor_types::{DateRange, Entry, EntryKey, Ticker};
use futures::FutureExt;
use moka::sync::Cache;
use serde::{Serialize, de::DeserializeOwned};

use super::{CachedMarketSource, Inner, codec};
use crate::{Dividend, FundamentalsProvider, MarketCap, PriceError, SecurityProfile, SingleFlight};

/// Dividends are asked for anew after a week: a trailing year changes little in one.
const DIVIDENDS_LIFE: Duration = Duration::days(7);
/// Capitalisations are of a day.
const CAPS_LIFE: Duration = Duration::days(1);
/// What a ticker is changes rarely.
const PROFILE_LIFE: Duration = Duration::days(30);
/// Memory for kept fundamentals.
const MEMORY_BYTES: u64 = 8 * 1024 * 1024;

/// The fundamentals in memory and those in flight.
#[derive(Debug)]
pub(super) struct FundamentalsCache {
    held: Cache<EntryKey, Arc<Entry>>,
    flights: SingleFlight<EntryKey, Result<Arc<[u8]>, PriceError>>,
}

impl Default for FundamentalsCache {
    fn default() -> Self {
        let weigher = |key: &EntryKey, entry: &Arc<Entry>| {
            u32::try_from(128 + key.subject.len() + entry.body.len()).unwrap_or(u32::MAX)
        };
        Self {
            held: Cache::builder().max_capacity(MEMORY_BYTES).weigher(weigher).build(),
            flights: SingleFlight::default(),
        }
    }
}

impl Inner {
    /// A kept value that is younger than `life`.
    async fn fundamental<T: DeserializeOwned>(&self, key: &EntryKey, life: Duration, now: DateTime<Utc>) -> Option<T> {
        let young = |entry: &Entry| entry.fetched_at <= now + Duration::minutes(5) && now - entry.fetched_at < life;
        if let Some(entry) = self.fundamentals.held.get(key).filter(|entry| young(entry)) {
            return codec::read(&entry.body);
        }
        let entry = self.entry(key).await.filter(young)?;
        let value = codec::read(&entry.body)?;
        self.fundamentals.held.insert(key.clone(), Arc::new(entry));
        Some(value)
    }

    async fn keep_fundamental<T: Serialize>(&self, key: EntryKey, value: T, now: DateTime<Utc>) {
        let Some(body) = codec::write(value) else { return };
        let entry = Entry { fetched_at: now, body };
        self.fundamentals.held.insert(key.clone(), Arc::new(entry.clone()));
        self.keep(&key, entry).await;
    }

    async fn dividends(&self, ticker: &Ticker, from: NaiveDate, now: DateTime<Utc>) -> Result<Arc<[u8]>, PriceError> {
        let today = now.with_timezone(&New_York).date_naive();
        let range = DateRange::new(from.min(today), today)
            .map_err(|error| PriceError::NoData(format!("{ticker} has no dividends: {error}")))?;
        let paid = self.source.dividends(ticker, range).await?;
        let value = (from, paid.to_vec());
        self.keep_fundamental(self.key("dividends", ticker.as_str()), &value, now).await;
        Ok(codec::write(&value).unwrap_or_default().into())
    }
}

#[async_trait]
impl FundamentalsProvider for CachedMarketSource {
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        let now = (self.inner.clock)();
        let key = self.inner.key("dividends", ticker.as_str());
        let kept: Option<(NaiveDate, Vec<Dividend>)> = self.inner.fundamental(&key, DIVIDENDS_LIFE, now).await;
        let (_, paid) = match kept.filter(|(from, _)| *from <= range.start()) {
            Some(kept) => kept,
            None => {
                let (inner, asked) = (Arc::clone(&self.inner), ticker.clone());
                let today = now.with_timezone(&New_York).date_naive();
                let reach = today.checked_sub_months(Months::new(13)).unwrap_or(today);
                let from = range.start().min(reach);
                let start = move || (async move { inner.dividends(&asked, from, now).await }.boxed(), ());
                let body = self.inner.fundamentals.flights.join(key, start).0.await?;
                codec::read(&body).unwrap_or_default()
            }
        };
        Ok(paid.into_iter().filter(|dividend| range.contains(dividend.ex_date)).collect())
    }

    async fn market_caps(&self, tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        let now = (self.inner.clock)();
        let key = |ticker: &Ticker| self.inner.key("market_cap", ticker.as_str());
        let (mut caps, mut missing) = (Vec::new(), Vec::new());
        for ticker in tickers {
            match self.inner.fundamental::<Option<MarketCap>>(&key(ticker), CAPS_LIFE, now).await {
                Some(kept) => caps.extend(kept),
                None => missing.push(ticker.clone()),
            }
        }
        if missing.is_empty() {
            return Ok(caps);
        }
        let found = self.inner.source.market_caps(&missing).await?;
        for ticker in missing {
            // That a ticker has none is remembered too.
            let cap = found.iter().find(|cap| cap.ticker == ticker).cloned();
            self.inner.keep_fundamental(key(&ticker), &cap, now).await;
            caps.extend(cap);
        }
        Ok(caps)
    }

    async fn profile(&self, ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        let now = (self.inner.clock)();
        let key = self.inner.key("profile", ticker.as_str());
        if let Some(kept) = self.inner.fundamental::<SecurityProfile>(&key, PROFILE_LIFE, now).await {
            return Ok(Arc::new(kept));
        }
        let profile = self.inner.source.profile(ticker).await?;
        self.inner.keep_fundamental(key, &*profile, now).await;
        Ok(profile)
    }
}
