//! Prices and yields for an analysis: asked for, waited for until the deadline, and put into a panel.

mod arrived;
mod ask;
mod gate;
mod told;

use std::{
    collections::HashSet,
    iter,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::NaiveDate;
use factor_analytics::{
    Panel,
    findings::Examined,
    panel::{Clock, GroupColumn, PanelError, PortfolioColumn, Window, WindowError, WindowRequest},
    study::Exclusion,
};
use factor_prices::{PriceProvider, SourceFault, YieldProvider};
use factor_types::{DateRange, Factor, Ticker, UserId, YieldTable};
use tokio::time::{Instant, timeout_at};

pub(super) use self::gate::examined;
pub use self::told::Told;
use self::{
    arrived::Arrived,
    gate::{CameIn, Gate},
};
use super::{
    AnalysisError, AnalysisKind, AnalysisRequest, DateRule,
    all_prices::{AllPrices, Lenses},
    failure_runs::{FailureRuns, Runs},
    off_thread::{off_thread, while_wanted},
    prints::Prints,
};
use crate::progress::Fetching;

/// Before all prices, and a date that vendors understand.
pub(super) const BEGINNING: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The next panel's number.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// A panel and what was found out while making it.
#[derive(Debug)]
pub struct Prepared {
    /// The panel: the universe's tickers that have prices, then those that are only needed along with them.
    pub panel: Arc<Panel>,
    /// Yields in percent; empty when the analysis needs none.
    pub yields: Arc<YieldTable>,
    /// What is doubtful in prices and yields.
    pub examined: Examined,
    /// What sources say of their own prices.
    pub told: Vec<Told>,
    /// Factors that never came to a column.
    pub lost: Vec<Exclusion>,
    /// Tickers needed along with the universe that have no prices, with the reason.
    pub also_missing: Vec<(Ticker, String)>,
    /// What the caller should know of the data.
    pub warnings: Vec<String>,
    /// The factors that have failed on several days.
    pub failures: Runs,
    /// False when something could not be fetched that a later call may get.
    pub complete: bool,
    /// The prices on daily rows, and what hedges on them did in past quarters.
    pub all_prices: AllPrices,
    /// The digests of all that, once somebody has asked for them.
    pub(super) prints: OnceLock<Prints>,
    /// A number that no other panel of this process has.
    pub(super) id: u64,
}

impl Prepared {
    /// The digests of its prices and yields.
    pub fn prints(&self) -> &Prints {
        self.prints.get_or_init(|| Prints::of(&self.panel, &self.yields))
    }
}

/// Where prices and yields come from, and who counts their failures.
#[derive(Debug)]
pub(super) struct Providers {
    pub(super) prices: Arc<dyn PriceProvider>,
    pub(super) yields: Arc<dyn YieldProvider>,
    pub(super) failure_runs: Arc<FailureRuns>,
    /// The lenses of what they have.
    pub(super) lenses: Arc<Lenses>,
}

/// What to fetch.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) window: WindowRequest,
    factors: Vec<Arc<Factor>>,
    /// The tickers by whose prices the window is settled: the factors asked for, members in the place of their group.
    pub(super) settling: Vec<Ticker>,
    /// The tickers whose prices are needed: the universe, the members of groups, then the benchmark and what else is
    /// needed along with it.
    pub(super) tickers: Vec<Ticker>,
    pub(super) user: UserId,
    pub(super) groups: Vec<GroupColumn>,
    pub(super) portfolios: Vec<PortfolioColumn>,
    pub(super) with_yields: bool,
    deadline: Instant,
    pub(super) dates: DateRule,
}

/// Why there is no panel; for each of those who wait for it.
#[derive(Debug, Clone)]
pub(super) enum NoPanel {
    Window(WindowError),
    Panel(PanelError),
    Nothing(Vec<Exclusion>, Option<SourceFault>),
    /// The server stops.
    Stopped,
}

impl From<NoPanel> for AnalysisError {
    fn from(error: NoPanel) -> Self {
        match error {
            NoPanel::Window(error) => Self::Window(error),
            NoPanel::Panel(error) => Self::Panel(error),
            NoPanel::Nothing(lost, fault) => Self::NothingAnalysed { lost, fault },
            NoPanel::Stopped => Self::Cancelled,
        }
    }
}

impl Fetch {
    pub(super) fn new(
        request: &AnalysisRequest,
        factors: &[Arc<Factor>],
        requested: &[Ticker],
        clock: Clock,
        deadline: Instant,
    ) -> Self {
        let composed =
            Composed { groups: request.groups.columns(factors), portfolios: request.groups.portfolio_columns(factors) };
        let window = WindowRequest {
            start: request.dates.start,
            end: request.dates.end,
            default_start: request.dates.default_start,
            frequency: request.frequency,
            lead_months: request.lead_months,
            clock,
            benchmark: request.benchmark.clone(),
            silent: silent(request, factors, &composed),
        };
        Self {
            window,
            factors: factors.to_vec(),
            settling: composed.settling(requested),
            tickers: tickers(request, factors, &composed),
            user: request.groups.user,
            groups: composed.groups,
            portfolios: composed.portfolios,
            // Cash earns the risk-free rate, whatever is asked.
            with_yields: request.kind != AnalysisKind::Returns
                || request.groups.hold_cash()
                || request.plan.has_yields(),
            deadline,
            dates: request.dates,
        }
    }

    /// Fetches, settles the window and builds the panel.
    pub(super) async fn prepare(&self, providers: &Providers, fetching: &Fetching) -> Result<Prepared, NoPanel> {
        let prices = &providers.prices;
        let range = self.window.fetch_range();
        // One more than the tickers: the panel itself, so that the count ends with the work.
        fetching.expect(1);
        let (histories, yields) =
            futures::join!(self.histories(prices, range, fetching), self.yields(providers, range));
        let (arrived, window) = histories?;
        // Counted before anything can end the call: days on which there was no panel at all count too.
        let failures = self.count_failures(providers, &arrived).await;
        let window = window.map_err(|error| self.without_window(error, &arrived))?;
        let (yields, yield_warning) = if window.price_range().start() < range.start() {
            self.yields(providers, window.price_range()).await
        } else {
            yields
        };
        let came_in = CameIn {
            series: arrived.series.clone(),
            noted: arrived.noted.clone(),
            yields,
            window,
            groups: self.groups.clone(),
            portfolios: self.portfolios.clone(),
            gate: self.gate(),
        };
        let built = while_wanted(|observer| came_in.panel(observer)).await.map_err(|_| NoPanel::Stopped)?;
        let (panel, examined, yields) = built?;
        // Before the source is asked what went wrong.
        prices.flush().await;
        let complete = arrived.complete && yield_warning.is_none();
        let mut warnings = arrived.warnings();
        warnings.extend(prices.about().warnings);
        warnings.extend(yield_warning);
        if self.with_yields {
            warnings.extend(providers.yields.about_yields().warnings);
        }
        fetching.step();
        Ok(Prepared {
            all_prices: AllPrices::new(Arc::clone(&providers.lenses)),
            panel: Arc::new(panel),
            yields,
            examined,
            lost: arrived.lost(&self.factors),
            also_missing: arrived.also_missing(&self.factors),
            told: arrived.told,
            warnings,
            failures,
            complete,
            prints: OnceLock::new(),
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// The histories and the window that follows from them. A source whose newest prices are old has its window further
    /// back than the clock suggested, and is asked again from there.
    async fn histories(
        &self,
        prices: &Arc<dyn PriceProvider>,
        mut range: DateRange,
        fetching: &Fetching,
    ) -> Result<(Arrived, Result<Window, WindowError>), NoPanel> {
        loop {
            let (arrived, gate) = (self.fetch_all(prices, range, fetching).await, self.gate());
            let arrived = off_thread(move || gate.admit(arrived)).await.map_err(|_| NoPanel::Stopped)?;
            let window = self.window.resolve(&arrived.series, &self.settling);
            let needed = match &window {
                Ok(window) => window.price_range().start(),
                // The prices there are may all lie before the range.
                Err(WindowError::NoPrices | WindowError::NoWholePeriod { .. }) => BEGINNING,
                Err(_) => range.start(),
            };
            // Where nothing arrived, asking again would only hide the reasons.
            if needed >= range.start() || arrived.series.is_empty() || Instant::now() >= self.deadline {
                return Ok((arrived, window));
            }
            range = range.reaching_back_to(needed);
        }
    }

    fn gate(&self) -> Gate {
        Gate::new(&self.window.benchmark, self.window.clock, &self.factors)
    }

    /// What arrives of every ticker's history before the deadline.
    async fn fetch_all(&self, prices: &Arc<dyn PriceProvider>, range: DateRange, fetching: &Fetching) -> Arrived {
        fetching.expect(self.tickers.len());
        let arrived = ask::histories(prices, &self.tickers, range, self.deadline, || fetching.step()).await;
        Arrived::new(&self.tickers, arrived)
    }

    /// The yields of a range, or an empty table and why.
    async fn yields(&self, providers: &Providers, range: DateRange) -> (Arc<YieldTable>, Option<String>) {
        if !self.with_yields {
            return (Arc::default(), None);
        }
        match timeout_at(self.deadline, providers.yields.yields(range)).await {
            Ok(Ok(table)) => (table, None),
            Ok(Err(error)) => (Arc::default(), Some(format!("no Treasury yields: {error}"))),
            Err(_) => (Arc::default(), Some("no Treasury yields: they did not arrive in time; call again".to_owned())),
        }
    }

    /// Counts what failed for the factor's own sake, and what succeeded.
    async fn count_failures(&self, providers: &Providers, arrived: &Arrived) -> Runs {
        let (failures, succeeded) = (arrived.own_failures(), arrived.succeeded());
        providers.failure_runs.record(self.window.clock.today, &failures, &succeeded).await
    }

    /// Without any price the reasons of the tickers say more than that there is no window.
    fn without_window(&self, error: WindowError, arrived: &Arrived) -> NoPanel {
        let lost = arrived.lost(&self.factors);
        let nothing_left = self.settling.iter().all(|ticker| lost.iter().any(|one| one.ticker == *ticker));
        match error {
            WindowError::NoPrices | WindowError::NoWholePeriod { .. } if nothing_left => {
                NoPanel::Nothing(lost, arrived.worst_fault())
            }
            error => NoPanel::Window(error),
        }
    }
}

/// What is made of other tickers, which have the prices.
struct Composed {
    groups: Vec<GroupColumn>,
    portfolios: Vec<PortfolioColumn>,
}

impl Composed {
    /// What groups and portfolios are made of; a group that a portfolio holds among it.
    fn members(&self) -> impl Iterator<Item = &Ticker> {
        let of_groups = self.groups.iter().flat_map(|group| group.members.iter().map(|(member, _)| member));
        of_groups.chain(self.portfolios.iter().flat_map(|one| one.holdings.iter().map(|(held, _)| held)))
    }

    /// The tickers by whose prices the window is settled, each once.
    fn settling(&self, requested: &[Ticker]) -> Vec<Ticker> {
        let of_group = |ticker: &Ticker| match self.groups.iter().find(|group| group.ticker == *ticker) {
            Some(group) => group.members.iter().map(|(member, _)| member.clone()).collect(),
            None => vec![ticker.clone()],
        };
        let funds = |ticker: &Ticker| match self.portfolios.iter().find(|one| one.ticker == *ticker) {
            Some(portfolio) => portfolio.holdings.iter().flat_map(|(held, _)| of_group(held)).collect(),
            None => of_group(ticker),
        };
        let mut seen = HashSet::new();
        let all = requested.iter().flat_map(funds);
        all.filter(|ticker| !ticker.is_composed() && seen.insert(ticker.clone())).collect()
    }
}

/// The tickers whose prices are needed, each once: what is composed has none, its members do.
fn tickers(request: &AnalysisRequest, factors: &[Arc<Factor>], composed: &Composed) -> Vec<Ticker> {
    let all = factors.iter().map(|factor| &factor.ticker);
    let further = iter::once(&request.benchmark).chain(&request.rate_sources).chain(&request.also_priced);
    let mut seen = HashSet::new();
    // Holdings may be groups as well.
    let all = all.chain(composed.members()).chain(further).filter(|ticker| !ticker.is_composed());
    all.filter(|ticker| seen.insert(*ticker)).cloned().collect()
}

/// The sources of the risk-free rate and the funds of the lens that are priced for their sake alone: no factor, member, benchmark or holding.
fn silent(request: &AnalysisRequest, factors: &[Arc<Factor>], composed: &Composed) -> Vec<Ticker> {
    let is_asked = |ticker: &Ticker| {
        factors.iter().any(|factor| factor.ticker == *ticker)
            || composed.members().any(|member| member == ticker)
            || request.benchmark == *ticker
            || request.also_priced.contains(ticker)
    };
    request.rate_sources.iter().filter(|ticker| !is_asked(ticker)).cloned().collect()
}

#[cfg(test)]
mod tests;
