//! One analysis, from a request to a report: the straight line of the server.
//!
//! factors -> prices -> window -> panel (kept for half an hour) -> study -> report. Nothing here knows of JSON or of
//! the words a caller used; nothing below knows of a clock, a cache or a time budget.

pub mod failure_runs;
mod fundamentals;
mod gather;
mod prices;
mod profiles;
mod reports;
mod request;
mod stopwatch;
mod user_groups;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::NaiveDate;
use factor_analytics::{
    Fundamentals, Panel, Study,
    panel::{PanelError, Window, WindowError},
    regime::RegimeError,
    report::{CorrelationReport, PerformanceReport, ReturnsReport, Weighting},
    study::{Exclusion, default_floor},
};
use factor_prices::{FundamentalsProvider, PriceProvider, SourceFault, SourceInfo, YieldProvider};
use factor_types::{Category, Factor, FactorUniverse, Frequency, Ticker, YieldTable};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{
    failure_runs::FailureRuns,
    prices::{PanelCache, Sources},
    reports::{Computed, Key, ReportCache},
    stopwatch::Stopwatch,
};
pub use self::{
    prices::{CacheStats, Prepared},
    request::{AnalysisKind, AnalysisRequest, AssetClassFilter, DateRule, Plan},
    stopwatch::Timings,
    user_groups::{UserGroup, UserGroups},
};
use crate::progress::Progress;

/// Correlations and performance need at least this many days between start and end.
pub const MIN_WINDOW_DAYS: i64 = 365;

/// Under this many monthly rows the answer warns that the sample is small.
pub const FEW_MONTHS: usize = 24;

/// Limits of an analysis.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Factors of one analysis.
    pub max_factors: usize,
    /// The floor on monthly observations when a call names none.
    pub min_observations: usize,
    /// Computing time after which no further section begins.
    pub compute_budget: Duration,
    /// How long a panel is kept.
    pub cache_ttl: Duration,
}

/// Who waits for an analysis, and until when.
#[derive(Debug)]
pub struct Caller<'a> {
    /// The clock's day.
    pub today: NaiveDate,
    /// Cancelled when nobody waits any more.
    pub cancel: &'a CancellationToken,
    /// Hears how far fetching is.
    pub progress: &'a Progress,
    /// What has not been fetched by then is left out.
    pub fetch_until: Instant,
}

/// Runs analyses on one price source.
#[derive(Debug)]
pub struct Analyzer {
    sources: Arc<Sources>,
    facts: Arc<dyn FundamentalsProvider>,
    panels: PanelCache,
    reports: ReportCache,
    limits: Limits,
}

/// A finished analysis: everything an answer is made of.
#[derive(Debug)]
pub struct Analysis {
    /// The factors analysed, those excluded and their panel.
    pub study: Arc<Study>,
    /// What was fetched, and what was wrong with it.
    pub prepared: Arc<Prepared>,
    /// True when the panel was there already.
    pub panel_cached: bool,
    /// The categories counted in `data_quality`.
    pub selected: BTreeSet<Category>,
    /// Their factors, analysed or not.
    pub requested: Vec<Ticker>,
    /// True when the sections were there already; their timings are then those of their computing.
    pub report_cached: bool,
    computed: Computed,
    /// How long the panel took to come by, in milliseconds.
    pub panel_ms: f64,
    /// The price source.
    pub source: SourceInfo,
    /// The clock of this analysis.
    pub today: NaiveDate,
}

/// The sections of one kind of analysis.
#[derive(Debug)]
pub enum Report {
    /// Of `correlations`.
    Correlations(Box<CorrelationReport>),
    /// Of `performance`.
    Performance(Box<PerformanceReport>),
    /// Of `returns`.
    Returns(Box<ReturnsReport>),
}

impl Report {
    /// An estimate of the memory it takes.
    pub fn bytes(&self) -> usize {
        const ENTRY: usize = 700;
        let composites = |composites: &[factor_analytics::composite::Composite]| {
            composites.iter().map(|composite| 8 * composite.values.len() + ENTRY).sum::<usize>()
        };
        match self {
            Self::Correlations(report) => {
                let cells: usize = report.matrices.values().map(|matrix| matrix.values.len()).sum();
                let overlays = report.rate_sensitivity.iter().chain(&report.market_sensitivity);
                let rows: usize = overlays.map(|overlay| overlay.rows.len()).sum();
                let rolled =
                    report.rolling.values().flat_map(|table| table.windows.values()).map(Vec::len).sum::<usize>();
                let series = report.rolling_series.iter().flat_map(|series| series.windows.iter().flatten());
                let points: usize = series.map(|(_, values)| values.len()).sum();
                16 * (cells + points)
                    + 300 * rows
                    + size_of::<factor_analytics::sections::rolling::RollingPair>() * rolled
                    + composites(&report.macro_composites.built)
                    + composites(&report.industry_groups.built)
                    + 10 * ENTRY
            }
            Self::Performance(report) => {
                let factors = report.per_factor.as_ref().map_or(0, |table| table.len());
                2 * ENTRY * (factors + 20) + composites(&report.macro_composites)
            }
            Self::Returns(report) => report.factors.len() * report.windows.len() * ENTRY + 10 * ENTRY,
        }
    }

    /// The sections that were computed, in order.
    pub fn computed(&self) -> &[String] {
        match self {
            Self::Correlations(report) => &report.computed,
            Self::Performance(report) => &report.computed,
            Self::Returns(report) => &report.computed,
        }
    }

    /// Sections that the time budget left no room for.
    pub fn skipped(&self) -> &[String] {
        match self {
            Self::Correlations(report) => &report.skipped,
            Self::Performance(report) => &report.skipped,
            Self::Returns(report) => &report.skipped,
        }
    }
}

impl Analysis {
    /// The sections.
    pub fn report(&self) -> &Report {
        &self.computed.0
    }

    /// How long the sections took, in milliseconds.
    pub fn timings(&self) -> &Timings {
        &self.computed.1
    }

    /// The window that was analysed.
    pub fn window(&self) -> &Window {
        self.study.panel().window()
    }

    /// The kind of analysis.
    pub fn kind(&self) -> AnalysisKind {
        match self.report() {
            Report::Correlations(_) => AnalysisKind::Correlations,
            Report::Performance(_) => AnalysisKind::Performance,
            Report::Returns(_) => AnalysisKind::Returns,
        }
    }

    /// True for a factor of the categories that are counted.
    pub fn is_selected(&self, ticker: &Ticker) -> bool {
        self.requested.contains(ticker)
    }

    /// Age of the newest price used, in days.
    pub fn stale_days(&self) -> i64 {
        (self.today - self.study.panel().as_of()).num_days()
    }
}

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// The filters leave nothing.
    #[error("no factor is left after the filters: {0}")]
    NoFactors(String),
    /// More factors than the server is set to take.
    #[error(
        "the universe has {count} factors and this server takes at most {limit}: ask for fewer, or raise FACTOR_INTELLIGENCE_MAX_FACTORS"
    )]
    TooManyFactors {
        /// Factors asked for.
        count: usize,
        /// The setting.
        limit: usize,
    },
    /// Start and end lie too close together.
    #[error("{kind} needs at least {MIN_WINDOW_DAYS} days between start and end; {start} to {end} are {days}")]
    WindowTooShort {
        /// The kind of analysis.
        kind: AnalysisKind,
        /// The start.
        start: NaiveDate,
        /// The end.
        end: NaiveDate,
        /// Their distance.
        days: i64,
    },
    /// The window cannot be settled.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// No panel can be built.
    #[error(transparent)]
    Panel(#[from] PanelError),
    /// Not one factor can be analysed.
    #[error("none of the {} factors can be analysed", .lost.len())]
    NothingAnalysed {
        /// The factors, with their reasons.
        lost: Vec<Exclusion>,
        /// How the source failed, when it failed for all of them.
        fault: Option<SourceFault>,
    },
    /// Composites are to be weighted by market caps, and none is known.
    #[error("composite_weighting_method cap: no market cap is known for any member ({0}); use equal or custom")]
    NoCaps(String),
    /// The window has no slice of the regime asked for.
    #[error("{error}{}", .why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Regime {
        /// What is missing.
        error: RegimeError,
        /// Why it is.
        why: Option<String>,
    },
    /// The caller has gone.
    #[error("the call was cancelled")]
    Cancelled,
}

impl Analyzer {
    /// An analyzer over a price source.
    pub fn new(
        prices: Arc<dyn PriceProvider>,
        yields: Arc<dyn YieldProvider>,
        facts: Arc<dyn FundamentalsProvider>,
        failure_runs: Arc<FailureRuns>,
        limits: Limits,
    ) -> Self {
        let (panels, reports) = (PanelCache::new(limits.cache_ttl), ReportCache::new(limits.cache_ttl));
        Self { sources: Arc::new(Sources { prices, yields, failure_runs }), facts, panels, reports, limits }
    }

    /// What the caches hold: panels, and computed reports.
    pub fn cache_stats(&self) -> (CacheStats, CacheStats) {
        (self.panels.stats(), self.reports.stats())
    }

    /// Runs one analysis.
    ///
    /// # Errors
    /// [`AnalysisError`]; one factor's failure is none of them, but an exclusion in the answer.
    pub async fn analyze(
        &self,
        request: &AnalysisRequest,
        universe: &FactorUniverse,
        caller: &Caller<'_>,
    ) -> Result<Analysis, AnalysisError> {
        let factors = self.factors(request, universe)?;
        let selected = request.selected_categories();
        let requested: Vec<Ticker> = factors
            .iter()
            .filter(|factor| selected.contains(&factor.category))
            .map(|factor| factor.ticker.clone())
            .collect();
        if requested.is_empty() {
            if selected.iter().eq([&Category::User]) {
                return Err(AnalysisError::NoFactors(
                    "you have no factor group; create_factor_group makes one".to_owned(),
                ));
            }
            let named: Vec<&str> = selected.iter().map(|category| category.as_str()).collect();
            return Err(AnalysisError::NoFactors(format!("the universe has none of category {}", named.join(", "))));
        }

        let started = std::time::Instant::now();
        let fetch = prices::Fetch::new(request, &factors, &requested, caller.today, caller.fetch_until);
        let (prepared, panel_cached) = tokio::select! {
            prepared = self.panels.prepare(&self.sources, fetch, caller.progress) => prepared?,
            () = caller.cancel.cancelled() => return Err(AnalysisError::Cancelled),
        };
        let panel_ms = started.elapsed().as_secs_f64() * 1e3;
        check_length(request, prepared.panel.window())?;

        let floor = self.floor(request, &prepared.panel);
        // Not in `prepared`: a panel without group columns is shared by all users.
        let mut lost = request.groups.without_weights(&factors);
        lost.extend(prepared.lost.iter().cloned());
        let (panel, yields) = (Arc::clone(&prepared.panel), Arc::clone(&prepared.yields));
        let study = Study::new(panel, yields, &factors, &lost, floor);
        if study.in_categories(&selected).is_empty() {
            let of_selected = |exclusion: &&Exclusion| requested.contains(&exclusion.ticker);
            let lost = study.excluded.iter().filter(of_selected).cloned().collect();
            return Err(AnalysisError::NothingAnalysed { lost, fault: None });
        }
        let study = Arc::new(within_regime(study, &request.plan, &prepared)?);
        let facts = tokio::select! {
            facts = fundamentals::fetch(&*self.facts, &study, &request.plan, caller.today, caller.fetch_until) => facts,
            () = caller.cancel.cancelled() => return Err(AnalysisError::Cancelled),
        };
        check_caps(&request.plan, &facts)?;
        let key = Key::new(&prepared, &factors, floor, &request.plan, &facts);
        let kept = self.reports.get(&key).await;
        let report_cached = kept.is_some();
        let computed = match kept {
            Some(computed) => computed,
            None => {
                let watch = Stopwatch::start(self.limits.compute_budget, caller.cancel.clone());
                let computed = Arc::new(compute(Arc::clone(&study), request.plan.clone(), facts, watch).await?);
                if caller.cancel.is_cancelled() {
                    return Err(AnalysisError::Cancelled);
                }
                self.reports.keep(key, &computed).await;
                computed
            }
        };
        // What the facts left to write: after the answer nothing is asked for again.
        self.sources.prices.flush().await;
        Ok(Analysis {
            study,
            prepared,
            panel_cached,
            selected,
            requested,
            report_cached,
            computed,
            panel_ms,
            source: self.sources.prices.about(),
            today: caller.today,
        })
    }

    /// The universe of the call after its asset class filter.
    fn factors(&self, request: &AnalysisRequest, universe: &FactorUniverse) -> Result<Vec<Arc<Factor>>, AnalysisError> {
        let universe = request.universe.as_ref().unwrap_or(universe);
        let factors: Vec<Arc<Factor>> = universe
            .factors()
            .iter()
            .map(|factor| Arc::new(factor.clone()))
            .chain(request.groups.factors().cloned())
            .filter(|factor| request.asset_classes.lets_through(factor.asset_class))
            .collect();
        if factors.is_empty() {
            return Err(AnalysisError::NoFactors(request.asset_classes.describe()));
        }
        if factors.len() > self.limits.max_factors {
            return Err(AnalysisError::TooManyFactors { count: factors.len(), limit: self.limits.max_factors });
        }
        Ok(factors)
    }

    fn floor(&self, request: &AnalysisRequest, panel: &Panel) -> usize {
        match request.kind {
            AnalysisKind::Returns => 1,
            AnalysisKind::Correlations | AnalysisKind::Performance => request
                .min_observations
                .unwrap_or_else(|| default_floor(request.frequency, panel.rows(), self.limits.min_observations)),
        }
    }
}

/// Computes off the async threads. A panic there is the caller's panic, caught where all are.
async fn compute(
    study: Arc<Study>,
    plan: Plan,
    facts: Fundamentals,
    mut watch: Stopwatch,
) -> Result<(Report, Timings), AnalysisError> {
    off_thread(move || {
        let report = match &plan {
            Plan::Correlations(plan) => {
                Report::Correlations(Box::new(CorrelationReport::compute(&study, plan, &mut watch)))
            }
            Plan::Performance(plan) => {
                Report::Performance(Box::new(PerformanceReport::compute(&study, plan, &facts, &mut watch)))
            }
            Plan::Returns(plan) => Report::Returns(Box::new(ReturnsReport::compute(&study, plan, &mut watch))),
        };
        (report, watch.into_timings())
    })
    .await
}

/// Runs what takes the processor's time off the async threads. A panic in it goes on in the caller.
///
/// # Errors
/// [`AnalysisError::Cancelled`] when the runtime stops before it is done.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AnalysisError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => AnalysisError::Cancelled,
    })
}

/// The study on the rows of the plan's regime, if it names one.
fn within_regime(study: Study, plan: &Plan, prepared: &Prepared) -> Result<Study, AnalysisError> {
    let Plan::Correlations(plan) = plan else { return Ok(study) };
    let Some(regime) = plan.regime else { return Ok(study) };
    study.in_regime(regime).map_err(|error| {
        let needs = regime.needs().filter(|_| matches!(error, RegimeError::NoData { .. }));
        let beside = prepared.missing_beside.iter().map(|(ticker, why)| (ticker, why));
        let lost = prepared.lost.iter().map(|lost| (&lost.ticker, &lost.detail));
        let why = beside.chain(lost).find(|(ticker, _)| Some(ticker.as_str()) == needs).map(|(_, why)| why.clone());
        AnalysisError::Regime { error, why }
    })
}

/// Weights by market caps need one at least; equal weights never take their place.
fn check_caps(plan: &Plan, facts: &Fundamentals) -> Result<(), AnalysisError> {
    let Plan::Performance(plan) = plan else { return Ok(()) };
    if plan.weights != Weighting::Cap || !plan.has_composites() || !facts.caps.dollars.is_empty() {
        return Ok(());
    }
    let why = facts.caps.unavailable.clone();
    Err(AnalysisError::NoCaps(why.unwrap_or_else(|| format!("{} were asked for", facts.caps.without.len()))))
}

fn check_length(request: &AnalysisRequest, window: &Window) -> Result<(), AnalysisError> {
    let days = (window.end - window.start).num_days();
    if request.kind != AnalysisKind::Returns && days < MIN_WINDOW_DAYS {
        return Err(AnalysisError::WindowTooShort { kind: request.kind, start: window.start, end: window.end, days });
    }
    Ok(())
}

/// True when monthly rows are too few to be quiet about it.
pub fn is_small_sample(panel: &Panel) -> bool {
    panel.frequency() == Frequency::Monthly && panel.rows() < FEW_MONTHS
}

/// An empty table, for a source without yields.
pub fn no_yields() -> Arc<YieldTable> {
    Arc::default()
}
