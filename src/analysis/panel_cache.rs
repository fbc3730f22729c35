//! Panels, kept for those who ask about the same prices again.
//!
//! Key: everything a panel depends on (the tickers in order, the user's groups and portfolios with their weights and whose they are,
//! dates, frequency, the clock, and the source's revision, which changes when its files do or the prices of a further
//! day are final). Life: as `FACTOR_INTELLIGENCE_CACHE_TTL` says. Size: at most [`CACHE_BYTES`], least recently used first.
//! Equal requests in flight are one, whichever of the askers goes away. A panel that lacks what could not be fetched this
//! time is not kept: the next call tries again for that.

use std::{sync::Arc, time::Duration};

use factor_analytics::panel::{Clock, GroupColumn, PortfolioColumn};
use factor_prices::SingleFlight;
use factor_types::{Factor, Frequency, Ticker, UserId};
use futures::FutureExt;
use moka::future::Cache;

use super::{
    AnalysisError, AnalysisRequest, Caller, DateRule, Prepared,
    fetch::{Fetch, NoPanel, Providers},
};
use crate::{
    cache_figures::{CacheCounts, CacheFigures},
    metrics::METRICS,
    progress::Fetching,
};

/// Memory for kept panels.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// What a panel depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PanelKey {
    tickers: Vec<Ticker>,
    settling: Vec<Ticker>,
    /// Groups and portfolios; `None` where there are none: then users share the panel.
    groups: Option<(UserId, Vec<GroupKey>)>,
    dates: DateRule,
    frequency: Frequency,
    lead_months: u32,
    benchmark: Ticker,
    silent: Vec<Ticker>,
    with_yields: bool,
    clock: Clock,
    revision: u64,
}

/// A group or a portfolio and its members with the bits of their weights; of a portfolio its cash under its own name.
type GroupKey = (Ticker, Vec<(Ticker, u64)>);

/// Panels, kept.
#[derive(Debug)]
pub(super) struct PanelCache {
    panels: Cache<PanelKey, Arc<Prepared>>,
    flights: SingleFlight<PanelKey, Result<Arc<Prepared>, NoPanel>, Arc<Fetching>>,
    counts: CacheCounts,
}

impl PanelKey {
    fn new(fetch: &Fetch, revision: u64) -> Self {
        let bits = |(ticker, weight): &(Ticker, f64)| (ticker.clone(), weight.to_bits());
        let of_group = |group: &GroupColumn| (group.ticker.clone(), group.members.iter().map(bits).collect());
        let of_portfolio = |portfolio: &PortfolioColumn| {
            let cash = (portfolio.ticker.clone(), portfolio.cash);
            (portfolio.ticker.clone(), portfolio.holdings.iter().chain([&cash]).map(bits).collect())
        };
        let composed: Vec<GroupKey> =
            fetch.groups.iter().map(of_group).chain(fetch.portfolios.iter().map(of_portfolio)).collect();
        let groups = (!composed.is_empty()).then_some((fetch.user, composed));
        Self {
            tickers: fetch.tickers.clone(),
            settling: fetch.settling.clone(),
            groups,
            dates: fetch.dates,
            frequency: fetch.window.frequency,
            lead_months: fetch.window.lead_months,
            benchmark: fetch.window.benchmark.clone(),
            silent: fetch.window.silent.clone(),
            with_yields: fetch.with_yields,
            clock: fetch.window.clock,
            revision,
        }
    }
}

impl PanelCache {
    pub(super) fn new(ttl: Duration) -> Self {
        let panels = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, prepared: &Arc<Prepared>| {
                u32::try_from(prepared.panel.bytes() + prepared.examined.bytes()).unwrap_or(u32::MAX)
            })
            .time_to_live(ttl)
            .build();
        Self { panels, flights: SingleFlight::default(), counts: CacheCounts::default() }
    }

    pub(super) fn forget(&self) {
        self.panels.invalidate_all();
    }

    pub(super) async fn figures(&self) -> CacheFigures {
        // What it holds lags behind until it has tidied up.
        self.panels.run_pending_tasks().await;
        self.counts.figures((self.panels.entry_count(), self.panels.weighted_size()), &self.panels.policy())
    }

    /// The panel of a request over some factors, of which those in `requested` settle its window; and whether it was there
    /// already.
    pub(super) async fn prepare(
        &self,
        providers: &Arc<Providers>,
        request: &AnalysisRequest,
        (factors, requested): (&[Arc<Factor>], &[Ticker]),
        caller: &Caller<'_>,
    ) -> Result<(Arc<Prepared>, bool), AnalysisError> {
        let fetch = Fetch::new(request, factors, requested, caller.clock, caller.fetch_until);
        let key = PanelKey::new(&fetch, providers.prices.revision());
        let kept = self.panels.get(&key).await;
        self.counts.count(kept.is_some());
        if let Some(prepared) = kept {
            return Ok((prepared, true));
        }
        let start = || {
            let (panels, providers, key) = (self.panels.clone(), Arc::clone(providers), key.clone());
            let fetching = Arc::new(Fetching::default());
            let counted = Arc::clone(&fetching);
            let work = async move {
                // Kept by the flight itself: the one who asked may have gone by then.
                let prepared = Arc::new(fetch.prepare(&providers, &counted).await?);
                METRICS.panel(prepared.panel.columns().len(), prepared.panel.rows());
                if prepared.complete {
                    panels.insert(key, Arc::clone(&prepared)).await;
                }
                Ok(prepared)
            };
            (work.boxed(), fetching)
        };
        let (flight, fetching) = self.flights.join(key.clone(), start);
        let prepared = caller.progress.follow("fetching prices", &fetching, flight).await?;
        Ok((prepared, false))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::atomic::Ordering};

    use factor_store::MemoryEntries;
    use factor_types::Factor;
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::{
        super::{
            AnalysisKind, AnalysisRequest, UserGroups,
            failure_runs::FailureRuns,
            test_market::{Answer, Market, TODAY, day, group, request, returns, ticker, universe},
        },
        *,
    };
    use crate::progress::Progress;

    /// Two factors and the groups of a request, and their tickers.
    fn factors(request: &AnalysisRequest) -> (Vec<Arc<Factor>>, Vec<Ticker>) {
        let universe = universe(&["MTUM", "VLUE"]);
        let factors = universe.factors().iter().cloned().map(Arc::new);
        let factors: Vec<Arc<Factor>> = factors.chain(request.groups.factors().cloned()).collect();
        let requested = factors.iter().map(|factor| factor.ticker.clone()).collect();
        (factors, requested)
    }

    fn fetch(request: &AnalysisRequest) -> Fetch {
        let (factors, requested) = factors(request);
        Fetch::new(request, &factors, &requested, Clock::evening_of(day(TODAY)), Instant::now())
    }

    /// Asks a cache for the panel of those two.
    async fn ask(cache: &PanelCache, market: &Arc<Market>, patience: Duration) -> (Arc<Prepared>, bool) {
        let (request, cancel) = (request(returns()), CancellationToken::new());
        let (factors, requested) = factors(&request);
        let fetch_until = Instant::now() + patience;
        let (clock, progress) = (Clock::evening_of(day(TODAY)), &Progress::Silent);
        let caller = Caller { clock, cancel: &cancel, progress, fetch_until, compute_until: fetch_until };
        cache.prepare(&providers(market), &request, (&factors, &requested), &caller).await.unwrap()
    }

    fn groups(user: i64, weight: f64) -> UserGroups {
        let groups = vec![group("chips", &[("NVDA", weight), ("AMD", 1.0)])];
        UserGroups { user: UserId::new(user), groups, ..UserGroups::default() }
    }

    fn providers(market: &Arc<Market>) -> Arc<Providers> {
        let failure_runs = Arc::new(FailureRuns::new(Arc::new(MemoryEntries::new()), "market"));
        Arc::new(Providers { prices: market.clone(), yields: market.clone(), failure_runs, lenses: Arc::default() })
    }

    #[test]
    fn whatever_changes_a_panel_makes_another_key() {
        let base = || request(returns());
        let with = |change: fn(&mut AnalysisRequest)| {
            let mut request = base();
            change(&mut request);
            request
        };
        let requests = [
            base(),
            with(|request| request.dates.end = Some(day("2023-06-30"))),
            with(|request| request.dates.start = Some(day("2020-06-30"))),
            with(|request| request.frequency = Frequency::Daily),
            with(|request| request.benchmark = ticker("QQQ")),
            with(|request| request.also_priced = vec![ticker("BIL")]),
            with(|request| request.rate_sources = vec![ticker("BIL")]),
            with(|request| request.kind = AnalysisKind::Performance),
            with(|request| request.groups = groups(1, 0.5)),
            with(|request| request.groups = groups(1, 0.5_f64.next_up())),
            with(|request| request.groups = groups(2, 0.5)),
        ];
        let mut keys: HashSet<PanelKey> = requests.iter().map(|request| PanelKey::new(&fetch(request), 7)).collect();
        assert_eq!(keys.len(), requests.len());
        assert!(keys.insert(PanelKey::new(&fetch(&base()), 8)), "other prices");
        let mut tomorrow = fetch(&base());
        tomorrow.window.clock.today = day("2024-01-11");
        assert!(keys.insert(PanelKey::new(&tomorrow, 7)));
    }

    #[test]
    fn users_without_groups_share_a_panel_whatever_their_floor() {
        let key = |user, min_observations| {
            let groups = UserGroups { user: UserId::new(user), ..UserGroups::default() };
            let request = AnalysisRequest { groups, min_observations, ..request(returns()) };
            PanelKey::new(&fetch(&request), 7)
        };
        assert_eq!(key(1, None), key(2, Some(12)));
    }

    #[tokio::test]
    async fn a_panel_is_there_for_the_next_until_the_prices_change() {
        let market = Arc::new(Market::default());
        let cache = PanelCache::new(Duration::from_secs(60));
        let ask = || ask(&cache, &market, Duration::from_secs(20));
        let (first, cached) = ask().await;
        assert!(!cached);
        let (second, cached) = ask().await;
        assert!(cached && Arc::ptr_eq(&first, &second));
        market.revision.store(1, Ordering::Relaxed);
        let (third, cached) = ask().await;
        assert!(!cached);
        assert_ne!(first.id, third.id, "reports are computed again");
        let figures = cache.figures().await;
        assert_eq!((figures.requests, figures.hits), (3, 1));
        assert_eq!(market.asked.lock().unwrap().len(), 6, "three tickers, twice");
    }

    #[tokio::test]
    async fn a_panel_that_lacks_what_was_late_is_not_kept() {
        let market = Arc::new(Market::answering(&[("VLUE", Answer::Silence)]));
        let cache = PanelCache::new(Duration::from_secs(60));
        for _ in 0..2 {
            let (prepared, cached) = ask(&cache, &market, Duration::from_millis(50)).await;
            assert!(!cached && !prepared.complete);
        }
    }

    #[tokio::test]
    async fn two_who_ask_at_once_share_one_fetch() {
        let market = Arc::new(Market::default());
        let cache = PanelCache::new(Duration::from_secs(60));
        let ask = || ask(&cache, &market, Duration::from_secs(20));
        let (first, second) = tokio::join!(ask(), ask());
        assert!(Arc::ptr_eq(&first.0, &second.0));
        assert_eq!(market.asked.lock().unwrap().len(), 3);
    }
}
