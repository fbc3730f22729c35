//! Prices for an analysis: fetched, put into a panel, and kept.
//!
//! The panel cache: keyed by everything a panel depends on (the tickers in order, the user's groups with their weights and
//! whose they are, dates, frequency, the clock's day, and the source's revision, which changes when its files do or the
//! prices of a further day are final); a panel lives as
//! long as `FACTOR_INTELLIGENCE_CACHE_TTL` says; all together take at most [`CACHE_BYTES`], least recently used ones
//! going first; equal requests in flight are one, whoever of the askers goes away. A panel that lacks what could not be
//! fetched this time is not kept: the next call tries again for that.

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
    panel::{GroupColumn, PanelError, WindowError, WindowRequest},
    study::{Exclusion, ExclusionReason},
};
use factor_prices::{PriceError, PriceProvider, SingleFlight, SourceFault, YieldProvider};
use factor_types::{DateRange, Factor, Frequency, PriceSeries, Ticker, UserId, YieldTable};
use futures::FutureExt;
use moka::future::Cache;
use tokio::time::Instant;

use super::{
    AnalysisError, AnalysisKind, AnalysisRequest, DateRule,
    failure_runs::{Failure, FailureRuns, Runs},
    gather, no_yields,
};
use crate::progress::{Fetching, Progress};

/// Memory for kept panels.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// Before all prices, and a date that vendors understand.
const BEGINNING: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// A panel and what was found out while making it.
#[derive(Debug)]
pub struct Prepared {
    /// The panel: the universe's tickers that have prices, then those that are only needed beside them.
    pub panel: Arc<Panel>,
    /// Yields; empty when the analysis needs none.
    pub yields: Arc<YieldTable>,
    /// Factors that never came to a column.
    pub lost: Vec<Exclusion>,
    /// Tickers needed beside the universe that have no prices, with the reason.
    pub missing_beside: Vec<(Ticker, String)>,
    /// What the caller should know of the data.
    pub warnings: Vec<String>,
    /// The factors that have failed on several days.
    pub failures: Runs,
    /// False when something could not be fetched that a later call may get.
    pub complete: bool,
    /// A number that no other panel of this process has.
    pub(super) id: u64,
}

/// The next panel's number.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// What to fetch.
#[derive(Debug)]
pub(super) struct Fetch {
    asked: WindowRequest,
    factors: Vec<Arc<Factor>>,
    /// The tickers by whose prices the window is settled: the factors asked for, members in the place of their group.
    requested: Vec<Ticker>,
    /// The tickers whose prices are needed: the universe, the members of groups, then the benchmark and what else is
    /// needed beside it.
    tickers: Vec<Ticker>,
    user: UserId,
    groups: Vec<GroupColumn>,
    with_yields: bool,
    deadline: Instant,
    dates: DateRule,
}

/// Where prices and yields come from, and who counts their failures.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) prices: Arc<dyn PriceProvider>,
    pub(super) yields: Arc<dyn YieldProvider>,
    pub(super) failure_runs: Arc<FailureRuns>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    tickers: Vec<Ticker>,
    requested: Vec<Ticker>,
    groups: Option<(UserId, Vec<GroupKey>)>,
    dates: DateRule,
    frequency: Frequency,
    benchmark: Ticker,
    with_yields: bool,
    today: NaiveDate,
    revision: u64,
}

/// A group and its members with the bits of their weights.
type GroupKey = (Ticker, Vec<(Ticker, u64)>);

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

/// Why there is no panel; for each of those who wait for it.
#[derive(Debug, Clone)]
enum NoPanel {
    Window(WindowError),
    Panel(PanelError),
    Nothing(Vec<Exclusion>, Option<SourceFault>),
}

impl From<NoPanel> for AnalysisError {
    fn from(error: NoPanel) -> Self {
        match error {
            NoPanel::Window(error) => Self::Window(error),
            NoPanel::Panel(error) => Self::Panel(error),
            NoPanel::Nothing(lost, fault) => Self::NothingAnalysed { lost, fault },
        }
    }
}

/// Panels, kept.
#[derive(Debug)]
pub(super) struct PanelCache {
    panels: Cache<Key, Arc<Prepared>>,
    flights: SingleFlight<Key, Result<Arc<Prepared>, NoPanel>, Arc<Fetching>>,
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
        Self { panels, flights: SingleFlight::default(), requests: AtomicU64::new(0), hits: AtomicU64::new(0) }
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
        sources: &Arc<Sources>,
        fetch: Fetch,
        progress: &Progress,
    ) -> Result<(Arc<Prepared>, bool), AnalysisError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let key = Key {
            tickers: fetch.tickers.clone(),
            requested: fetch.requested.clone(),
            groups: fetch.group_keys(),
            dates: fetch.dates,
            frequency: fetch.asked.frequency,
            benchmark: fetch.asked.benchmark.clone(),
            with_yields: fetch.with_yields,
            today: fetch.asked.today,
            revision: sources.prices.revision(),
        };
        if let Some(prepared) = self.panels.get(&key).await {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok((prepared, true));
        }
        let start = || {
            let (panels, sources, key) = (self.panels.clone(), Arc::clone(sources), key.clone());
            let fetching = Arc::new(Fetching::default());
            let counted = Arc::clone(&fetching);
            let work = async move {
                let prepared = fetch.prepare(&sources, &counted).await?;
                if prepared.complete {
                    panels.insert(key, Arc::clone(&prepared)).await;
                }
                Ok(prepared)
            };
            (work.boxed(), fetching)
        };
        let (flight, fetching) = self.flights.join(key.clone(), start);
        let prepared = progress.follow("fetching prices", &fetching, flight).await?;
        Ok((prepared, false))
    }
}

struct Fetched {
    series: Vec<Arc<PriceSeries>>,
    failures: Vec<(Ticker, PriceError)>,
    caveats: Vec<(Ticker, String)>,
    complete: bool,
}

impl Fetch {
    pub(super) fn new(
        request: &AnalysisRequest,
        factors: &[Arc<Factor>],
        requested: &[Ticker],
        today: NaiveDate,
        deadline: Instant,
    ) -> Self {
        let groups = request.groups.columns(factors);
        let members = |ticker: &Ticker| {
            let group = groups.iter().find(|group| group.ticker == *ticker);
            group.map(|group| group.members.iter().map(|(member, _)| member.clone()).collect::<Vec<_>>())
        };
        let mut seen = HashSet::new();
        let beside = std::iter::once(&request.benchmark).chain(&request.also_priced);
        let of_groups = groups.iter().flat_map(|group| group.members.iter().map(|(member, _)| member));
        let funds = factors.iter().map(|factor| &factor.ticker).filter(|ticker| !ticker.is_group());
        let tickers = funds.chain(of_groups).chain(beside).filter(|ticker| seen.insert((*ticker).clone())).cloned();
        let tickers = tickers.collect();
        let mut seen = HashSet::new();
        let settling = requested.iter().flat_map(|ticker| members(ticker).unwrap_or_else(|| vec![ticker.clone()]));
        let settling = settling.filter(|ticker| !ticker.is_group() && seen.insert(ticker.clone())).collect();
        Self {
            asked: WindowRequest {
                start: request.dates.start,
                end: request.dates.end,
                default_start: request.dates.default_start,
                frequency: request.frequency,
                today,
                benchmark: request.benchmark.clone(),
            },
            factors: factors.to_vec(),
            requested: settling,
            tickers,
            user: request.groups.user,
            groups,
            with_yields: request.kind != AnalysisKind::Returns,
            deadline,
            dates: request.dates,
        }
    }

    async fn prepare(&self, sources: &Sources, fetching: &Fetching) -> Result<Arc<Prepared>, NoPanel> {
        let prices = &*sources.prices;
        let usual = self.asked.fetch_range();
        let mut range = usual;
        // One more than the tickers: the panel itself, so that the count ends with the work.
        fetching.expect(1);
        let (mut fetched, mut yields) =
            futures::join!(self.fetch_all(prices, range, fetching), self.yields(sources, range));
        // A source whose newest prices are old has its window further back than the clock suggested.
        let window = loop {
            let settled = self.asked.resolve(&fetched.series, &self.requested);
            let needed = match &settled {
                Ok(window) => window.price_range().start(),
                Err(WindowError::NoPrices | WindowError::NoWholeMonth { .. }) => BEGINNING,
                Err(_) => range.start(),
            };
            // Where nothing arrived, asking again would only hide the reasons.
            if needed >= range.start() || fetched.series.is_empty() || Instant::now() >= self.deadline {
                break settled;
            }
            range = range.reaching_back_to(needed);
            fetched = self.fetch_all(prices, range, fetching).await;
        };
        let failures = self.count_failures(sources, &fetched).await;
        let window = window.map_err(|error| self.without_window(error, &fetched))?;
        let panel = Panel::build(window.clone(), &fetched.series).map_err(NoPanel::Panel)?.with_groups(&self.groups);
        if window.price_range().start() < usual.start() {
            yields = self.yields(sources, window.price_range()).await;
        }
        let (yields, yield_warning) = yields;
        // Before the source is asked what went wrong.
        prices.flush().await;
        let mut warnings = self.partial(&fetched).into_iter().collect::<Vec<_>>();
        warnings.extend(grouped(&fetched.caveats));
        warnings.extend(prices.about().warnings);
        let complete = fetched.complete && yield_warning.is_none();
        warnings.extend(yield_warning);
        if self.with_yields {
            warnings.extend(sources.yields.about_yields().warnings);
        }
        let universe: HashSet<&Ticker> = self.factors.iter().map(|factor| &factor.ticker).collect();
        let missing_beside = fetched
            .failures
            .iter()
            .filter(|(ticker, _)| !universe.contains(ticker))
            .map(|(ticker, error)| (ticker.clone(), error.to_string()))
            .collect();
        fetching.step();
        Ok(Arc::new(Prepared {
            panel: Arc::new(panel),
            yields,
            lost: self.lost(&fetched.failures),
            missing_beside,
            warnings,
            failures,
            complete,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
        }))
    }

    /// What arrives of every ticker's history before the deadline.
    async fn fetch_all(&self, prices: &dyn PriceProvider, range: DateRange, fetching: &Fetching) -> Fetched {
        fetching.expect(self.tickers.len());
        let ask = |ticker: Ticker| async move {
            let answer = prices.history(&ticker, range).await;
            fetching.step();
            answer
        };
        let answers = gather::by_deadline(&self.tickers, self.deadline, ask).await;
        let late =
            || PriceError::failed(SourceFault::Late, "it did not arrive in time; call again, what arrived is kept");
        let mut fetched =
            Fetched { series: Vec::with_capacity(answers.len()), failures: vec![], caveats: vec![], complete: true };
        // In the tickers' order, so that the panel's columns do not depend on which answer came first.
        for (ticker, answer) in self.tickers.iter().zip(answers) {
            match answer.unwrap_or_else(|| Err(late())) {
                Ok(history) => {
                    fetched.complete &= history.complete;
                    fetched.caveats.extend(history.caveat.map(|caveat| (ticker.clone(), caveat)));
                    fetched.series.push(history.series);
                }
                Err(error) => {
                    fetched.complete &= matches!(error, PriceError::NoData(_));
                    fetched.failures.push((ticker.clone(), error));
                }
            }
        }
        fetched
    }

    /// The yields of a range, or an empty table and why.
    async fn yields(&self, sources: &Sources, range: DateRange) -> (Arc<YieldTable>, Option<String>) {
        if !self.with_yields {
            return (no_yields(), None);
        }
        match tokio::time::timeout_at(self.deadline, sources.yields.yields(range)).await {
            Ok(Ok(table)) => (table, None),
            Ok(Err(error)) => (no_yields(), Some(format!("no Treasury yields: {error}"))),
            Err(_) => (no_yields(), Some("no Treasury yields: they did not arrive in time; call again".to_owned())),
        }
    }

    /// Says that an answer is partial because time ran out.
    fn partial(&self, fetched: &Fetched) -> Option<String> {
        let late = |error: &PriceError| matches!(error, PriceError::Failed { fault: SourceFault::Late, .. });
        let late = fetched.failures.iter().filter(|(_, error)| late(error)).count();
        (late > 0).then(|| {
            format!(
                "partial: {late} of {} histories did not arrive in time; call again and the rest is fetched",
                self.tickers.len()
            )
        })
    }

    /// Counts what failed for the factor's own sake, and what succeeded.
    async fn count_failures(&self, sources: &Sources, fetched: &Fetched) -> Runs {
        let some_arrived = !fetched.series.is_empty();
        let own = |error: &PriceError| match error {
            PriceError::NoData(_) => Some(ExclusionReason::NoData),
            PriceError::Failed { fault: SourceFault::Plan | SourceFault::Unusable, .. } => {
                Some(ExclusionReason::FetchFailed)
            }
            // While the vendor answers for others, no answer says something of this one.
            PriceError::Failed { fault: SourceFault::Unavailable, .. } if some_arrived => {
                Some(ExclusionReason::FetchFailed)
            }
            PriceError::Failed { .. } => None,
        };
        let failures: Vec<Failure> = fetched
            .failures
            .iter()
            .filter_map(|(ticker, error)| {
                Some(Failure { ticker: ticker.clone(), reason: own(error)?, detail: error.to_string() })
            })
            .collect();
        let succeeded: HashSet<Ticker> = fetched.series.iter().map(|series| series.ticker().clone()).collect();
        sources.failure_runs.record(self.asked.today, &failures, &succeeded).await
    }

    /// Without any price the reasons of the tickers say more than that there is no window.
    fn without_window(&self, error: WindowError, fetched: &Fetched) -> NoPanel {
        let lost = self.lost(&fetched.failures);
        let nothing_left = self.requested.iter().all(|ticker| lost.iter().any(|one| one.ticker == *ticker));
        match error {
            WindowError::NoPrices | WindowError::NoWholeMonth { .. } if nothing_left => {
                NoPanel::Nothing(lost, worst_fault(&fetched.failures))
            }
            error => NoPanel::Window(error),
        }
    }

    fn lost(&self, failures: &[(Ticker, PriceError)]) -> Vec<Exclusion> {
        let exclusion = |factor: &Arc<Factor>| {
            let (_, error) = failures.iter().find(|(ticker, _)| *ticker == factor.ticker)?;
            let reason = match error {
                PriceError::NoData(_) => ExclusionReason::NoData,
                PriceError::Failed { .. } => ExclusionReason::FetchFailed,
            };
            let (ticker, label) = (factor.ticker.clone(), factor.label.clone());
            Some(Exclusion { ticker, label, reason, detail: error.to_string() })
        };
        self.factors.iter().filter_map(exclusion).collect()
    }

    /// What the groups add to the key of a panel; nothing where there are none, and then users share it.
    fn group_keys(&self) -> Option<(UserId, Vec<GroupKey>)> {
        let key = |group: &GroupColumn| {
            let members = group.members.iter().map(|(ticker, weight)| (ticker.clone(), weight.to_bits()));
            (group.ticker.clone(), members.collect())
        };
        (!self.groups.is_empty()).then(|| (self.user, self.groups.iter().map(key).collect()))
    }
}

/// How the source failed, if it failed for every ticker: the fault that the caller can do most about.
fn worst_fault(failures: &[(Ticker, PriceError)]) -> Option<SourceFault> {
    let mut faults = HashSet::new();
    for (_, error) in failures {
        match error {
            PriceError::NoData(_) => return None,
            PriceError::Failed { fault, .. } => drop(faults.insert(*fault)),
        }
    }
    [
        SourceFault::Auth,
        SourceFault::Plan,
        SourceFault::Limited,
        SourceFault::Late,
        SourceFault::Unavailable,
        SourceFault::Unusable,
    ]
    .into_iter()
    .find(|fault| faults.contains(fault))
}

/// One line per caveat, with the tickers it is about.
fn grouped(caveats: &[(Ticker, String)]) -> Vec<String> {
    const NAMED: usize = 8;
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (ticker, caveat) in caveats {
        match groups.iter_mut().find(|(known, _)| known == caveat) {
            Some((_, tickers)) => tickers.push(ticker.as_str()),
            None => groups.push((caveat, vec![ticker.as_str()])),
        }
    }
    let line = |(caveat, tickers): (&str, Vec<&str>)| {
        let more = tickers.len().checked_sub(NAMED).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        format!("{}{more}: {caveat}", tickers[..tickers.len().min(NAMED)].join(", "))
    };
    groups.into_iter().map(line).collect()
}
