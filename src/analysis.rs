//! One analysis, from a request to a report: the straight line of the server.
//!
//! factors -> prices -> window -> panel (kept for half an hour) -> study -> fundamentals -> report. Nothing here knows of
//! JSON or of the words a caller used; nothing below knows of a clock, a cache or a time budget.

mod all_prices;
mod errors;
pub mod failure_runs;
mod fetch;
mod files;
mod fundamentals;
mod gather;
mod off_thread;
mod panel_cache;
mod prints;
mod profiles;
mod report_cache;
mod reports;
mod request;
mod stopwatch;
#[cfg(test)]
mod test_market;
mod turns;
mod user_groups;
mod user_portfolios;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use factor_analytics::{
    Fundamentals, Panel, Study,
    panel::{Clock, Window},
    regime::RegimeError,
    report::Weighting,
    study::{Exclusion, default_floor},
};
use factor_prices::{FundamentalsProvider, PriceProvider, YieldProvider};
use factor_types::{Category, DateRange, Factor, FactorUniverse, Frequency, Ticker};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
pub(crate) use self::turns::had_by;
pub(crate) use self::turns::waiting as computations_waiting;
pub use self::{
    all_prices::{AllPrices, PastResults},
    errors::{AnalysisError, PricesRun},
    fetch::{Prepared, Told},
    files::{FilesExamined, KeptExamination},
    prints::{Digested, Prints},
    reports::{Analysis, Report},
    request::{AnalysisKind, AnalysisRequest, AssetClassFilter, DateRule, Plan},
    stopwatch::Timings,
    user_groups::{UserGroup, UserGroups},
    user_portfolios::{CASH, UserPortfolio},
};
use self::{
    failure_runs::FailureRuns,
    fetch::{BEGINNING, Providers},
    panel_cache::PanelCache,
    report_cache::{ReportCache, ReportKey},
    stopwatch::Stopwatch,
};
pub(crate) use self::{off_thread::off_thread, turns::of_user};
use crate::{
    cache_figures::CacheFigures,
    progress::{Fetching, Progress},
    traces,
};

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
    /// Computing time after which the section that runs is stopped and no further one begins.
    pub compute_budget: Duration,
    /// How long a panel is kept.
    pub cache_ttl: Duration,
}

/// Who waits for an analysis, and until when.
#[derive(Debug)]
pub struct Caller<'a> {
    /// The clock.
    pub clock: Clock,
    /// Cancelled when nobody waits any more.
    pub cancel: &'a CancellationToken,
    /// Hears how far fetching is.
    pub progress: &'a Progress,
    /// What has not been fetched by then is left out.
    pub fetch_until: Instant,
    /// What has not been computed by then is left out.
    pub compute_until: Instant,
}

/// Runs analyses on one price source.
#[derive(Debug)]
pub struct Analyzer {
    providers: Arc<Providers>,
    fundamentals: Arc<dyn FundamentalsProvider>,
    panels: PanelCache,
    reports: ReportCache,
    limits: Limits,
}

impl Caller<'_> {
    /// What stops a computation for this caller, started when the computation is.
    fn watch(&self, budget: Duration) -> impl FnOnce() -> Stopwatch + Send + use<> {
        let (until, cancel) = (self.compute_until, self.cancel.clone());
        move || Stopwatch::start(budget.min(until.saturating_duration_since(Instant::now())), cancel)
    }

    /// Waits for `work` as long as the caller does.
    async fn waits_for<T>(&self, work: impl Future<Output = T>) -> Result<T, AnalysisError> {
        tokio::select! {
            done = work => Ok(done),
            () = self.cancel.cancelled() => Err(AnalysisError::Cancelled),
        }
    }
}

impl Analyzer {
    /// An analyzer over a price source.
    pub fn new(
        prices: Arc<dyn PriceProvider>,
        yields: Arc<dyn YieldProvider>,
        fundamentals: Arc<dyn FundamentalsProvider>,
        failure_runs: Arc<FailureRuns>,
        limits: Limits,
    ) -> Self {
        let (panels, reports) =
            (PanelCache::new(limits.cache_ttl), ReportCache::new(limits.cache_ttl, limits.compute_budget));
        let providers = Arc::new(Providers { prices, yields, failure_runs, lenses: Arc::default() });
        Self { providers, fundamentals, panels, reports, limits }
    }

    /// What the caches hold and how they did: panels, and computed reports.
    pub async fn cache_figures(&self) -> (CacheFigures, CacheFigures) {
        (self.panels.figures().await, self.reports.figures().await)
    }

    /// What stops a computation on an analysis for this caller as it stops the analysis itself: when the time for computing
    /// is used up, from the computation's start, or when nobody waits any more.
    pub(crate) fn watch(&self, caller: &Caller<'_>) -> impl FnOnce() -> Stopwatch + Send + use<> {
        caller.watch(self.limits.compute_budget)
    }

    /// How long a call may compute.
    pub(crate) fn compute_budget(&self) -> Duration {
        self.limits.compute_budget
    }

    /// Drops the panels and reports that are kept.
    pub fn forget(&self) {
        self.panels.forget();
        self.reports.forget();
    }

    /// Runs one analysis.
    ///
    /// # Errors
    /// [`AnalysisError`]; one factor's failure is none of them, but an exclusion in the answer. What is wrong with the dates
    /// comes with the dates that there are.
    pub async fn analyze(
        &self,
        request: &AnalysisRequest,
        universe: &FactorUniverse,
        caller: &Caller<'_>,
    ) -> Result<Analysis, AnalysisError> {
        let error = match self.run(request, universe, caller).await {
            Ok(analysis) => return Ok(analysis),
            Err(error) => error,
        };
        let Some(ticker) = error.dates_of(&request.benchmark) else { return Err(error) };
        Err(match self.prices_run(ticker.clone(), caller).await {
            Some(prices) => AnalysisError::OfDates { error: Box::new(error), prices },
            None => error,
        })
    }

    /// The first and the last price of a ticker that the source has up to today.
    async fn prices_run(&self, ticker: Ticker, caller: &Caller<'_>) -> Option<PricesRun> {
        let all = DateRange::new(BEGINNING, caller.clock.today).ok()?;
        let asked = timeout_at(caller.fetch_until, self.providers.prices.history(&ticker, all));
        let history = caller.waits_for(asked).await.ok()?.ok()?.ok()?;
        let dates = history.series.dates();
        Some(PricesRun { first: *dates.first()?, last: *dates.last()?, ticker })
    }

    async fn run(
        &self,
        request: &AnalysisRequest,
        universe: &FactorUniverse,
        caller: &Caller<'_>,
    ) -> Result<Analysis, AnalysisError> {
        let mut factors = self.factors(request, universe)?;
        let selected = request.selected_categories();
        // All of the universe is fetched, whatever categories are picked: composites and overlays need the others as
        // well.
        let mut requested = requested_of(&factors, &selected, &request.groups)?;

        let started = Instant::now();
        let part = traces::part("panel");
        let panel = self.panels.prepare(&self.providers, request, (&factors, &requested), caller);
        let (prepared, panel_cached) = caller.waits_for(panel).await??;
        drop(part);
        let panel_ms = started.elapsed().as_secs_f64() * 1e3;
        // Only now: the window follows from the prices that arrived.
        check_length(request.kind, prepared.panel.window())?;
        // Prices come first: a vendor may refuse everything after a profile.
        if factors.iter().any(|factor| factor.asset_class.is_none()) {
            self.classify(&mut factors, request, caller).await?;
            requested = requested_of(&factors, &selected, &request.groups)?;
        }

        let floor = self.floor(request, &prepared.panel);
        // Not in `prepared`: a panel without group columns is shared by all users.
        let mut weightless = request.groups.without_weights(&factors);
        weightless.extend(request.groups.unvalued(&factors));
        // It counts every cell of the panel, and with a regime copies it.
        let (plan, of) = (request.plan.clone(), (factors.clone(), selected.clone(), requested.clone()));
        let on = Arc::clone(&prepared);
        let studying = off_thread(move || study(&plan, &of.0, (&of.1, &of.2), &on, weightless, floor));
        let study = caller.waits_for(studying).await???;
        let source = &*self.fundamentals;
        let fetching = Fetching::default();
        let (today, until) = (caller.clock.today, caller.fetch_until);
        let known = fundamentals::fetch(source, &study, &request.plan, today, until, &fetching);
        let fundamentals = caller.waits_for(caller.progress.follow("fetching dividends", &fetching, known)).await?;
        // Before the sections: the answer would be none of what was asked.
        check_caps(&request.plan, &fundamentals)?;

        let (plan, fundamentals) = (request.plan.clone(), Arc::new(fundamentals));
        let of = Arc::clone(&fundamentals);
        let key = ReportKey { panel: prepared.id, factors: factors.clone(), floor, plan, fundamentals: of };
        let computing = Fetching::default();
        computing.expect(1);
        let part = traces::part("report");
        let report = self.reports.report(key, &study, caller);
        let (computed, report_cached) = caller.progress.follow("computing", &computing, report).await?;
        drop(part);
        // What the fundamentals left to write: after the answer nothing is asked for again.
        self.providers.prices.flush().await;
        Ok(Analysis {
            study,
            prepared,
            panel_cached,
            selected,
            requested,
            factors,
            report_cached,
            computed,
            fundamentals,
            panel_ms,
            source: self.providers.prices.about(),
            today: caller.clock.today,
        })
    }

    /// The universe of the call after its asset class filter.
    fn factors(&self, request: &AnalysisRequest, universe: &FactorUniverse) -> Result<Vec<Arc<Factor>>, AnalysisError> {
        let universe = request.universe.as_ref().unwrap_or(universe);
        let factors: Vec<Arc<Factor>> = universe
            .factors()
            .iter()
            // Shared from here on: study, report key and answer hold the same ones.
            .map(|factor| Arc::new(factor.clone()))
            .chain(request.groups.factors().cloned())
            // A class that is not known yet may turn out to be one that is let through.
            .filter(|factor| factor.asset_class.is_none() || request.asset_classes.lets_through(factor.asset_class))
            .collect();
        if factors.is_empty() {
            return Err(AnalysisError::NoFactors(request.asset_classes.describe()));
        }
        if factors.len() > self.limits.max_factors {
            return Err(AnalysisError::TooManyFactors { count: factors.len(), limit: self.limits.max_factors });
        }
        Ok(factors)
    }

    /// Observations that a figure needs.
    fn floor(&self, request: &AnalysisRequest, panel: &Panel) -> usize {
        match request.kind {
            // A window of one month is one monthly return.
            AnalysisKind::Returns => 1,
            AnalysisKind::Correlations | AnalysisKind::Performance => request
                .min_observations
                .unwrap_or_else(|| default_floor(request.frequency, panel.rows(), self.limits.min_observations)),
        }
    }
}

/// True when monthly rows are too few to be quiet about it.
pub fn is_small_sample(panel: &Panel) -> bool {
    panel.frequency() == Frequency::Monthly && panel.rows() < FEW_MONTHS
}

/// The factors of the selected categories, which are counted, ranked and tabled.
fn requested_of(
    factors: &[Arc<Factor>],
    selected: &BTreeSet<Category>,
    groups: &UserGroups,
) -> Result<Vec<Ticker>, AnalysisError> {
    let of_selected = factors.iter().filter(|factor| selected.contains(&factor.category));
    let requested: Vec<Ticker> = of_selected.map(|factor| factor.ticker.clone()).collect();
    if !requested.is_empty() {
        return Ok(requested);
    }
    if let Some(unread) = groups.unread().filter(|_| selected.contains(&Category::User)) {
        return Err(AnalysisError::GroupsUnread(unread));
    }
    Err(AnalysisError::NoFactors(if selected.iter().eq([&Category::User]) {
        "you have no factor group; create_factor_group makes one".to_owned()
    } else {
        let named: Vec<&str> = selected.iter().map(|category| category.as_str()).collect();
        format!("the universe has none of category {}", named.join(", "))
    }))
}

/// The study of a panel without the factors that are `lost` or have no column, on the rows of the plan's regime if it
/// names one. At least one requested factor is in it.
fn study(
    plan: &Plan,
    factors: &[Arc<Factor>],
    (selected, requested): (&BTreeSet<Category>, &[Ticker]),
    prepared: &Prepared,
    mut lost: Vec<Exclusion>,
    floor: usize,
) -> Result<Arc<Study>, AnalysisError> {
    lost.extend(prepared.lost.iter().cloned());
    let (panel, yields) = (Arc::clone(&prepared.panel), Arc::clone(&prepared.yields));
    // The study is of all categories; only the ones picked have to be there.
    let study = Study::new(panel, yields, factors, &lost, floor);
    if study.in_categories(selected).is_empty() {
        let of_requested = |exclusion: &&Exclusion| requested.contains(&exclusion.ticker);
        let lost = study.excluded.iter().filter(of_requested).cloned().collect();
        return Err(AnalysisError::NothingAnalysed { lost, fault: None });
    }
    within_regime(study, plan, prepared).map(Arc::new)
}

/// The study on the rows of the plan's regime, if it names one.
fn within_regime(study: Study, plan: &Plan, prepared: &Prepared) -> Result<Study, AnalysisError> {
    let Plan::Correlations(plan) = plan else { return Ok(study) };
    let Some(regime) = plan.regime else { return Ok(study) };
    study.in_regime(regime).map_err(|error| {
        let needs = regime.needs().filter(|_| matches!(error, RegimeError::NoData { .. }));
        let missing = prepared.also_missing.iter().map(|(ticker, why)| (ticker, why));
        let lost = prepared.lost.iter().map(|lost| (&lost.ticker, &lost.detail));
        let why = missing.chain(lost).find(|(ticker, _)| Some(ticker.as_str()) == needs).map(|(_, why)| why.clone());
        AnalysisError::Regime { error, why }
    })
}

/// Weights by market caps need one at least; equal weights never take their place.
fn check_caps(plan: &Plan, known: &Fundamentals) -> Result<(), AnalysisError> {
    let Plan::Performance(plan) = plan else { return Ok(()) };
    if plan.weights != Weighting::Cap || !plan.has_composites() || !known.caps.dollars.is_empty() {
        return Ok(());
    }
    let why = known.caps.unavailable.clone();
    Err(AnalysisError::NoCaps(why.unwrap_or_else(|| format!("{} were asked for", known.caps.without.len()))))
}

fn check_length(kind: AnalysisKind, window: &Window) -> Result<(), AnalysisError> {
    let days = (window.end - window.start).num_days();
    if kind != AnalysisKind::Returns && days < MIN_WINDOW_DAYS {
        return Err(AnalysisError::WindowTooShort { kind, start: window.start, end: window.end, days });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
