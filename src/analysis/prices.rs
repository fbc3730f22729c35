//! Prices for an analysis: fetched, put into a panel, and kept.
//!
//! The panel cache: keyed by everything a panel depends on (the tickers in order, dates, frequency, the clock's day, and
//! the source's revision, which changes when its files do); a panel lives as long as `FACTOR_INTELLIGENCE_CACHE_TTL`
//! says; all together take at most [`CACHE_BYTES`], least recently used ones going first; equal requests in flight are
//! one. Failures are not kept.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::NaiveDate;
use factor_analytics::{
    Panel,
    panel::{WindowError, WindowRequest},
    study::{Exclusion, ExclusionReason},
};
use factor_prices::{PriceError, PriceProvider, YieldProvider};
use factor_types::{DateRange, Factor, Frequency, PriceSeries, Ticker, YieldTable};
use futures::{StreamExt, stream};
use moka::future::Cache;

use super::{AnalysisError, AnalysisRequest, DateRule, no_yields};

/// Memory for kept panels.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// Histories asked for at once.
const IN_FLIGHT: usize = 8;

/// A panel and what was found out while making it.
#[derive(Debug)]
pub struct Prepared {
    /// The panel: the universe's tickers that have prices, then those that are only needed beside them.
    pub panel: Arc<Panel>,
    /// Yields.
    pub yields: Arc<YieldTable>,
    /// Factors that never came to a column.
    pub lost: Vec<Exclusion>,
    /// Tickers needed beside the universe that have no prices, with the reason.
    pub missing_beside: Vec<(Ticker, String)>,
    /// What the caller should know of the data.
    pub warnings: Vec<String>,
    /// A number that no other panel of this process has.
    pub(super) id: u64,
}

/// The next panel's number.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// What to fetch.
#[derive(Debug)]
pub(super) struct Fetch<'a> {
    pub(super) request: &'a AnalysisRequest,
    pub(super) factors: &'a [Arc<Factor>],
    pub(super) requested: &'a [Ticker],
    pub(super) today: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    tickers: Vec<Ticker>,
    requested: Vec<Ticker>,
    dates: DateRule,
    frequency: Frequency,
    benchmark: Ticker,
    today: NaiveDate,
    revision: u64,
}

/// What the cache holds and how it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// Panels kept.
    pub entries: u64,
    /// Their memory, in bytes.
    pub bytes: u64,
    /// Requests.
    pub requests: u64,
    /// Requests answered from it.
    pub hits: u64,
}

/// Panels, kept.
#[derive(Debug)]
pub(super) struct PanelCache {
    panels: Cache<Key, Arc<Prepared>>,
    requests: AtomicU64,
    hits: AtomicU64,
}

impl PanelCache {
    pub(super) fn new(ttl: Duration) -> Self {
        let panels = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, prepared: &Arc<Prepared>| u32::try_from(prepared.panel.bytes()).unwrap_or(u32::MAX))
            .time_to_live(ttl)
            .build();
        Self { panels, requests: AtomicU64::new(0), hits: AtomicU64::new(0) }
    }

    pub(super) fn stats(&self) -> CacheStats {
        CacheStats {
            entries: self.panels.entry_count(),
            bytes: self.panels.weighted_size(),
            requests: self.requests.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
        }
    }

    /// The panel of a request, and whether it was there already.
    pub(super) async fn prepare(
        &self,
        prices: &dyn PriceProvider,
        yields: &dyn YieldProvider,
        fetch: &Fetch<'_>,
    ) -> Result<(Arc<Prepared>, bool), AnalysisError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let tickers = fetch.tickers();
        let key = Key {
            requested: fetch.requested.to_vec(),
            dates: fetch.request.dates,
            frequency: fetch.request.frequency,
            benchmark: fetch.request.benchmark.clone(),
            today: fetch.today,
            revision: prices.revision(),
            tickers: tickers.clone(),
        };
        let entry = self.panels.entry(key).or_try_insert_with(fetch.prepare(prices, yields, &tickers)).await;
        match entry {
            Ok(entry) => {
                let cached = !entry.is_fresh();
                self.hits.fetch_add(u64::from(cached), Ordering::Relaxed);
                Ok((entry.into_value(), cached))
            }
            Err(shared) => Err(Arc::try_unwrap(shared).unwrap_or_else(|shared| shared.again())),
        }
    }
}

impl AnalysisError {
    /// The same error for another of the callers that waited for one preparation.
    fn again(&self) -> Self {
        match self {
            Self::Window(error) => Self::Window(error.clone()),
            Self::Panel(error) => Self::Panel(error.clone()),
            Self::NothingAnalysed(lost) => Self::NothingAnalysed(lost.clone()),
            // Preparing gives no other error; a waiter of a cancelled one asks again.
            _ => Self::Cancelled,
        }
    }
}

struct Fetched {
    series: Vec<Arc<PriceSeries>>,
    failures: Vec<(Ticker, PriceError)>,
}

impl Fetch<'_> {
    /// The tickers whose prices are needed: the universe, then the benchmark and what else is needed beside it.
    fn tickers(&self) -> Vec<Ticker> {
        let mut seen = HashSet::new();
        let beside = std::iter::once(&self.request.benchmark).chain(&self.request.also_priced);
        let all = self.factors.iter().map(|factor| &factor.ticker).chain(beside);
        all.filter(|ticker| seen.insert((*ticker).clone())).cloned().collect()
    }

    async fn prepare(
        &self,
        prices: &dyn PriceProvider,
        yields: &dyn YieldProvider,
        tickers: &[Ticker],
    ) -> Result<Arc<Prepared>, AnalysisError> {
        let asked = WindowRequest {
            start: self.request.dates.start,
            end: self.request.dates.end,
            default_start: self.request.dates.default_start,
            frequency: self.request.frequency,
            today: self.today,
            benchmark: self.request.benchmark.clone(),
        };
        let mut range = asked.fetch_range();
        let mut fetched = fetch_all(prices, tickers, range).await;
        // A source whose newest prices are old has its window further back than the clock suggested.
        let (window, fetched) = loop {
            let settled = asked.settle(&fetched.series, self.requested);
            let needed = match &settled {
                Ok(window) => window.price_range().start(),
                Err(WindowError::NoPrices | WindowError::NoWholeMonth { .. }) => NaiveDate::MIN,
                Err(_) => range.start(),
            };
            if needed >= range.start() {
                break (settled.map_err(|error| self.without_window(error, &fetched))?, fetched);
            }
            range = range.reaching_back_to(needed);
            fetched = fetch_all(prices, tickers, range).await;
        };
        let panel = Panel::build(window.clone(), &fetched.series)?;
        let (yields, yield_warning) = match yields.yields(window.price_range()).await {
            Ok(table) => (table, None),
            Err(error) => (no_yields(), Some(format!("no Treasury yields: {error}"))),
        };
        let mut warnings = prices.about().warnings;
        warnings.extend(yield_warning);
        let universe: HashSet<&Ticker> = self.factors.iter().map(|factor| &factor.ticker).collect();
        let missing_beside = fetched
            .failures
            .iter()
            .filter(|(ticker, _)| !universe.contains(ticker))
            .map(|(ticker, error)| (ticker.clone(), error.to_string()))
            .collect();
        Ok(Arc::new(Prepared {
            panel: Arc::new(panel),
            yields,
            lost: self.lost(&fetched.failures),
            missing_beside,
            warnings,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
        }))
    }

    /// Without any price the reasons of the tickers say more than that there is no window.
    fn without_window(&self, error: WindowError, fetched: &Fetched) -> AnalysisError {
        let lost = self.lost(&fetched.failures);
        let nothing_left = self.requested.iter().all(|ticker| lost.iter().any(|one| one.ticker == *ticker));
        match error {
            WindowError::NoPrices | WindowError::NoWholeMonth { .. } if nothing_left => {
                AnalysisError::NothingAnalysed(lost)
            }
            error => AnalysisError::Window(error),
        }
    }

    fn lost(&self, failures: &[(Ticker, PriceError)]) -> Vec<Exclusion> {
        let exclusion = |factor: &Arc<Factor>| {
            let (_, error) = failures.iter().find(|(ticker, _)| *ticker == factor.ticker)?;
            let reason = match error {
                PriceError::NoData(_) => ExclusionReason::NoData,
                PriceError::Failed(_) => ExclusionReason::FetchFailed,
            };
            let (ticker, label) = (factor.ticker.clone(), factor.label.clone());
            Some(Exclusion { ticker, label, reason, detail: error.to_string() })
        };
        self.factors.iter().filter_map(exclusion).collect()
    }
}

async fn fetch_all(prices: &dyn PriceProvider, tickers: &[Ticker], range: DateRange) -> Fetched {
    // Ordered, so that the panel's columns do not depend on which answer came first.
    let ask = |ticker: Ticker| async move {
        let answer = prices.history(&ticker, range).await;
        (ticker, answer)
    };
    let mut answers = stream::iter(tickers.to_vec()).map(ask).buffered(IN_FLIGHT);
    let mut fetched = Fetched { series: Vec::with_capacity(tickers.len()), failures: Vec::new() };
    while let Some((ticker, answer)) = answers.next().await {
        match answer {
            Ok(series) => fetched.series.push(series),
            Err(error) => fetched.failures.push((ticker, error)),
        }
    }
    fetched
}
