//! A source whose prices are known, a clock that is set by hand, and a store in memory.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use factor_types::{
    DateRange, Entry, EntryError, EntryFilter, EntryInfo, EntryKey, EntryStore, EntryStoreHealth, Maturity, PriceKind,
    PriceSeries, Ticker, YieldTable, exchange::is_trading_day,
};

use crate::{
    Clock, Dividend, FundamentalsProvider, History, MarketCap, PriceError, PriceProvider, SecurityProfile, SourceInfo,
    YieldProvider,
};

/// A clock set by hand.
pub(super) struct Clockwork(Arc<Mutex<DateTime<Utc>>>);

impl Clockwork {
    pub(super) fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    pub(super) fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap() = now;
    }

    pub(super) fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || *now.lock().unwrap())
    }
}

/// The prices that a vendor has, and what it was asked for.
#[derive(Debug, Default)]
pub(super) struct Book {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<String, BTreeMap<NaiveDate, f64>>,
    requests: Vec<(String, NaiveDate, NaiveDate)>,
    restated: BTreeMap<String, bool>,
    failure: Option<PriceError>,
    delay: u64,
    slow: Duration,
    answered: usize,
    fundamentals: usize,
    yields_from: Option<NaiveDate>,
    /// What it says of dividends along with prices.
    paid: Option<Vec<Dividend>>,
}

pub(super) fn yield_of(date: NaiveDate) -> f64 {
    4.0 + f64::from(date.num_days_from_ce() % 100) / 100.0
}

impl Book {
    /// `count` trading days of prices from `first` on.
    pub(super) fn publish(&self, ticker: &str, first: NaiveDate, count: usize) {
        let days = first.iter_days().filter(|day| is_trading_day(*day)).take(count);
        let rows = days.map(|day| (day, 100.0 + f64::from(day.num_days_from_ce() % 37) / 7.0)).collect();
        self.state.lock().unwrap().rows.insert(ticker.to_owned(), rows);
    }

    /// Takes a row back.
    pub(super) fn withdraw(&self, ticker: &str, date: NaiveDate) {
        self.state.lock().unwrap().rows.get_mut(ticker).unwrap().remove(&date).unwrap();
    }

    /// Takes all rows before a day back.
    pub(super) fn withdraw_before(&self, ticker: &str, date: NaiveDate) {
        self.state.lock().unwrap().rows.get_mut(ticker).unwrap().retain(|day, _| *day >= date);
    }

    /// From now on yields begin on a day.
    pub(super) fn yields_from(&self, date: NaiveDate) {
        self.state.lock().unwrap().yields_from = Some(date);
    }

    /// From now on it gives dividends along with prices, this one among them.
    pub(super) fn pays(&self, dividend: Dividend) {
        self.state.lock().unwrap().paid.get_or_insert_default().push(dividend);
    }

    /// Multiplies every price before `ex_date`.
    pub(super) fn restate(&self, ticker: &str, factor: f64, ex_date: NaiveDate) {
        let mut state = self.state.lock().unwrap();
        state.restated.insert(ticker.to_owned(), true);
        for (_, price) in state.rows.get_mut(ticker).unwrap().range_mut(..ex_date) {
            *price *= factor;
        }
    }

    /// True when it restated its prices and was not asked since.
    pub(super) fn restated_since_asked(&self, ticker: &str) -> bool {
        self.state.lock().unwrap().restated.get(ticker).copied().unwrap_or_default()
    }

    pub(super) fn fail(&self, failure: Option<PriceError>) {
        self.state.lock().unwrap().failure = failure;
    }

    /// Publishes so many days late.
    pub(super) fn delay(&self, days: u64) {
        self.state.lock().unwrap().delay = days;
    }

    pub(super) fn slow(&self, by: Duration) {
        self.state.lock().unwrap().slow = by;
    }

    pub(super) fn take_requests(&self) -> Vec<(String, NaiveDate, NaiveDate)> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    pub(super) fn answered(&self) -> usize {
        self.state.lock().unwrap().answered
    }

    pub(super) fn fundamentals_asked(&self) -> usize {
        self.state.lock().unwrap().fundamentals
    }

    pub(super) fn truth(&self, ticker: &str, within: DateRange) -> Vec<(NaiveDate, f64)> {
        let state = self.state.lock().unwrap();
        let rows = state.rows[ticker].range(within.start()..=within.end());
        rows.map(|(date, price)| (*date, *price)).collect()
    }

    async fn asked(&self, what: &str, range: DateRange) -> Result<NaiveDate, PriceError> {
        let (slow, failure, delay) = {
            let mut state = self.state.lock().unwrap();
            state.requests.push((what.to_owned(), range.start(), range.end()));
            (state.slow, state.failure.clone(), state.delay)
        };
        tokio::time::sleep(slow).await;
        let mut state = self.state.lock().unwrap();
        state.answered += 1;
        if failure.is_none() {
            state.restated.remove(what);
        }
        let until = range.end() - chrono::Days::new(delay);
        failure.map_or(Ok(until), Err)
    }
}

fn about() -> SourceInfo {
    SourceInfo { name: "book", description: "A book.".to_owned(), simulated: false, warnings: Vec::new() }
}

#[async_trait]
impl PriceProvider for Book {
    fn about(&self) -> SourceInfo {
        about()
    }

    async fn history(&self, ticker: &Ticker, range: DateRange) -> Result<History, PriceError> {
        let until = self.asked(ticker.as_str(), range).await?;
        let state = self.state.lock().unwrap();
        let rows = state.rows.get(ticker.as_str());
        let rows = rows.ok_or_else(|| PriceError::NoData(format!("the book does not know {ticker}")))?;
        let rows: Vec<_> = rows.range(range.start()..=until).map(|(date, price)| (*date, *price)).collect();
        let within = |one: &&Dividend| (range.start()..=until).contains(&one.ex_date);
        let dividends = state.paid.as_ref().map(|paid| paid.iter().filter(within).copied().collect());
        let series = Arc::new(PriceSeries::new(ticker.clone(), PriceKind::Adjusted, rows));
        Ok(History { dividends, ..series.into() })
    }
}

#[async_trait]
impl FundamentalsProvider for Book {
    async fn dividends(&self, _ticker: &Ticker, _range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        self.state.lock().unwrap().fundamentals += 1;
        Ok(Arc::new([Dividend { ex_date: "2025-12-19".parse().unwrap(), amount: 1.5 }]))
    }

    async fn market_caps(&self, tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        self.state.lock().unwrap().fundamentals += 1;
        let cap =
            |ticker: &Ticker| MarketCap { ticker: ticker.clone(), dollars: 5e11, as_of: "2026-02-10".parse().unwrap() };
        Ok(tickers.iter().filter(|ticker| ticker.as_str() == "SPY").map(cap).collect())
    }

    async fn profile(&self, ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        Err(PriceError::NoData(format!("the book has no profile of {ticker}")))
    }
}

#[async_trait]
impl YieldProvider for Book {
    fn about_yields(&self) -> SourceInfo {
        about()
    }

    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        let until = self.asked("yields", range).await?;
        let mut table = YieldTable::default();
        let from = self.state.lock().unwrap().yields_from.unwrap_or(NaiveDate::MIN);
        let days =
            range.start().max(from).iter_days().take_while(|day| *day <= until).filter(|day| is_trading_day(*day));
        table.insert(Maturity::Ust10Y, days.map(|day| (day, yield_of(day))));
        Ok(Arc::new(table))
    }
}

/// A store in memory that can be made to fail.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    entries: Mutex<BTreeMap<EntryKey, Entry>>,
    failure: Mutex<Option<String>>,
    settled: AtomicUsize,
}

impl Shelf {
    /// How often it was waited for.
    pub(super) fn settled(&self) -> usize {
        self.settled.load(Ordering::SeqCst)
    }

    pub(super) fn fail(&self, why: &str) {
        *self.failure.lock().unwrap() = Some(why.to_owned());
    }

    fn works(&self) -> Result<(), EntryError> {
        self.failure.lock().unwrap().clone().map_or(Ok(()), |why| Err(EntryError(why)))
    }
}

#[async_trait]
impl EntryStore for Shelf {
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, EntryError> {
        self.works()?;
        Ok(self.entries.lock().unwrap().get(key).cloned())
    }

    async fn put(&self, key: &EntryKey, entry: &Entry) -> Result<(), EntryError> {
        self.works()?;
        self.entries.lock().unwrap().insert(key.clone(), entry.clone());
        Ok(())
    }

    async fn flush(&self) {
        self.settled.fetch_add(1, Ordering::SeqCst);
    }

    async fn remove(&self, key: &EntryKey) -> Result<(), EntryError> {
        self.works()?;
        self.entries.lock().unwrap().remove(key);
        Ok(())
    }

    async fn list(&self, _filter: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError> {
        let info = |(key, entry): (&EntryKey, &Entry)| EntryInfo {
            key: key.clone(),
            fetched_at: entry.fetched_at,
            bytes: entry.body.len() as u64,
        };
        Ok(self.entries.lock().unwrap().iter().map(info).collect())
    }

    async fn clear(&self, _filter: &EntryFilter) -> Result<u64, EntryError> {
        let mut entries = self.entries.lock().unwrap();
        Ok(std::mem::take(&mut *entries).len() as u64)
    }

    fn health(&self) -> EntryStoreHealth {
        EntryStoreHealth { problem: self.failure.lock().unwrap().clone(), ..EntryStoreHealth::default() }
    }
}
