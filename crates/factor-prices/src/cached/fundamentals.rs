//! What is known of funds and shares besides their prices, kept for days.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Months, NaiveDate, Utc};
use chrono_tz::America::New_York;
use factor_types::{DateRange, EntryKey, Ticker};
use futures::FutureExt;

use super::{CachedMarketSource, Inner, codec, leases::Turn};
use crate::{Dividend, FundamentalsProvider, MarketCap, PriceError, SecurityProfile};

/// Dividends are asked for again after a week: a trailing year changes little in one.
const DIVIDENDS_LIFE: Duration = Duration::days(7);
/// Capitalisations are of a day.
const CAPS_LIFE: Duration = Duration::days(1);
/// What a ticker is changes rarely.
const PROFILE_LIFE: Duration = Duration::days(30);

/// Dividends, and the day from which on all of them are there.
type KeptDividends = (NaiveDate, Vec<Dividend>);

impl Inner {
    /// The dividends that came along with a ticker's prices, where the source gives both and the prices reach back so far:
    /// nothing is asked for twice.
    async fn with_prices(&self, ticker: &Ticker, range: DateRange) -> Option<Arc<[Dividend]>> {
        let in_memory = self.memory.get(ticker);
        let held = match in_memory {
            Some(held) => held,
            None => self.load(ticker).await?,
        };
        let kept = held.known().filter(|kept| kept.from <= range.start())?;
        let within = |dividend: &&Dividend| range.contains(dividend.ex_date);
        Some(kept.dividends.as_ref()?.iter().filter(within).copied().collect())
    }

    /// The dividends from a day on, as the cache keeps them: what a flight gives must be cheap to clone.
    async fn dividends(&self, ticker: &Ticker, from: NaiveDate, now: DateTime<Utc>) -> Result<Arc<[u8]>, PriceError> {
        let today = now.with_timezone(&New_York).date_naive();
        let range = DateRange::new(from.min(today), today)
            .map_err(|error| PriceError::NoData(format!("{ticker} has no dividends: {error}")))?;
        let key = self.key("dividends", ticker.as_str());
        let _lease = match self.leases.turn(&key, || self.kept_dividends(&key, from, now)).await {
            Turn::Found(kept) => return Ok(codec::write(&kept).unwrap_or_default().into()),
            Turn::Ours(lease) => lease,
        };
        let value = (from, self.source.dividends(ticker, range).await?.to_vec());
        self.fundamentals.put(key, &value, now).await;
        Ok(codec::write(&value).unwrap_or_default().into())
    }

    /// The dividends that are kept, with the day they begin, where that is early enough.
    async fn kept_dividends(&self, key: &EntryKey, from: NaiveDate, now: DateTime<Utc>) -> Option<KeptDividends> {
        let kept: Option<KeptDividends> = self.fundamentals.get(key, DIVIDENDS_LIFE, now).await;
        kept.filter(|(begin, _)| *begin <= from)
    }
}

#[async_trait]
impl FundamentalsProvider for CachedMarketSource {
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        if let Some(paid) = self.inner.with_prices(ticker, range).await {
            return Ok(paid);
        }
        let now = (self.inner.clock)();
        let key = self.inner.key("dividends", ticker.as_str());
        let (_, paid) = match self.inner.kept_dividends(&key, range.start(), now).await {
            Some(kept) => kept,
            None => {
                let (inner, asked) = (Arc::clone(&self.inner), ticker.clone());
                let today = now.with_timezone(&New_York).date_naive();
                let reach = today.checked_sub_months(Months::new(13)).unwrap_or(today);
                let from = range.start().min(reach);
                let start = move || (async move { inner.dividends(&asked, from, now).await }.boxed(), ());
                let body = self.inner.dividend_flights.join(key, start).0.await?;
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
            match self.inner.fundamentals.get::<Option<MarketCap>>(&key(ticker), CAPS_LIFE, now).await {
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
            self.inner.fundamentals.put(key(&ticker), &cap, now).await;
            caps.extend(cap);
        }
        Ok(caps)
    }

    async fn profile(&self, ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        let now = (self.inner.clock)();
        let key = self.inner.key("profile", ticker.as_str());
        if let Some(kept) = self.inner.fundamentals.get::<SecurityProfile>(&key, PROFILE_LIFE, now).await {
            return Ok(Arc::new(kept));
        }
        let profile = self.inner.source.profile(ticker).await?;
        self.inner.fundamentals.put(key, &*profile, now).await;
        Ok(profile)
    }
}
