//! The gate: what every fetched set of prices and yields passes, once, before anything is computed from it.
//!
//! [`Gate::admit`] settles which series and which of their rows take part: one that is no series of prices is refused, weekly
//! bars are put on the days they are prices of, and the newest price of a cash fund that lacks its dividend is left out.
//! [`CameIn::panel`] looks for what is doubtful in the rest, leaves yields out that are in another unit or wrong inside their
//! column, and builds the panel. What was
//! found is kept with the panel, so it costs nothing a second time.

use std::sync::Arc;

use factor_analytics::{
    Observer, Panel,
    findings::{ExDate, Examined, falls_on_its_newest_day},
    observer::{Silent, Stopped},
    panel::{
        BarDates, Clock, DefaultStart, GroupColumn, PortfolioColumn, Spacing, TradingCalendar, Window, WindowRequest,
        placing::placed,
    },
    yields::RiskFree,
};
use factor_prices::History;
use factor_types::{AssetClass, Factor, Frequency, PriceSeries, Ticker, YieldTable};

use super::{NoPanel, arrived::Arrived};

/// By what prices are let in.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    benchmark: Ticker,
    clock: Clock,
    /// Funds that pay what they earn and do not fall otherwise.
    cash: Vec<Ticker>,
}

/// What was changed about series that were let in.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    /// What the dates of weekly bars were taken for, and whether that was assumed.
    placed: Vec<(Ticker, BarDates, bool)>,
    /// Newest prices that were left out.
    ex_dates: Vec<ExDate>,
}

/// Everything that came in for one panel.
#[derive(Debug)]
pub(super) struct CameIn {
    pub(super) series: Vec<Arc<PriceSeries>>,
    pub(super) noted: Noted,
    pub(super) yields: Arc<YieldTable>,
    pub(super) window: Window,
    pub(super) groups: Vec<GroupColumn>,
    pub(super) portfolios: Vec<PortfolioColumn>,
    pub(super) gate: Gate,
}

impl Gate {
    pub(super) fn new(benchmark: &Ticker, clock: Clock, factors: &[Arc<Factor>]) -> Self {
        let of_class = factors.iter().filter(|factor| factor.asset_class == Some(AssetClass::Cash));
        let cash = of_class.map(|factor| factor.ticker.clone()).chain(Ticker::cash_proxies()).collect();
        Self { benchmark: benchmark.clone(), clock, cash }
    }

    /// The series with the rows that take part.
    pub(super) fn admit(&self, mut arrived: Arrived) -> Arrived {
        let until = self.clock.final_through;
        let benchmark = arrived.series.iter().find(|series| *series.ticker() == self.benchmark);
        // Bars say nothing of the days on which an exchange trades.
        let daily = benchmark.filter(|series| Spacing::of(series.dates()) == Spacing::Daily);
        let calendar = TradingCalendar::of(daily.map(|series| &**series), until);
        let Arrived { series, noted, .. } = &mut arrived;
        for placed in placed(series, &calendar, until) {
            noted.placed.push((placed.series.ticker().clone(), placed.dates, placed.assumed));
            series[placed.at] = placed.series;
        }
        for series in series {
            if let Some(found) = self.ex_date(series) {
                let before = |date: &chrono::NaiveDate| (*date < found.date).then_some(*date);
                *series = Arc::new(series.redated(series.dates().iter().map(before)));
                noted.ex_dates.push(found);
            }
        }
        arrived
    }

    /// What is found in series that were let in.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop.
    fn examined(
        &self,
        series: &[Arc<PriceSeries>],
        yields: &YieldTable,
        noted: Noted,
        observer: &mut dyn Observer,
    ) -> Result<Examined, Stopped> {
        let mut examined = Examined::of(series, yields, self.clock.today, observer)?;
        for bars in &mut examined.bars {
            if let Some((_, dates, assumed)) = noted.placed.iter().find(|(ticker, ..)| *ticker == bars.ticker) {
                (bars.dates, bars.assumed, bars.placed) = (*dates, *assumed, *dates != BarDates::OwnDays);
            }
        }
        examined.ex_dates = noted.ex_dates;
        Ok(examined)
    }

    fn ex_date(&self, series: &PriceSeries) -> Option<ExDate> {
        self.cash.contains(series.ticker()).then(|| falls_on_its_newest_day(series, self.clock.final_through))?
    }
}

impl CameIn {
    /// The panel, what was found in what it rests on, and the yields that are percent.
    ///
    /// # Errors
    /// The observer says stop, or there is no panel of these prices.
    pub(super) fn panel(self, observer: &mut dyn Observer) -> Result<(Panel, Examined, Arc<YieldTable>), NoPanel> {
        let Self { series, noted, yields, window, groups, portfolios, gate } = self;
        let mut examined = gate.examined(&series, &yields, noted, observer).map_err(|Stopped| NoPanel::Stopped)?;
        let yields = examined.usable(&yields);
        let panel = Panel::build(window, &series).map_err(NoPanel::Panel)?;
        examined.early_ends = panel.early_ends();
        let panel = panel.with_groups(&groups);
        if portfolios.is_empty() {
            return Ok((panel, examined, yields));
        }
        let risk_free = RiskFree::of(&panel, &yields).per_period;
        Ok((panel.with_portfolios(&portfolios, &risk_free), examined, yields))
    }
}

/// What the gate finds in series of which no analysis is made: in all of their history, months by the benchmark's.
pub(in crate::analysis) fn examined(
    series: &[Arc<PriceSeries>],
    yields: &YieldTable,
    benchmark: &Ticker,
    clock: Clock,
) -> Examined {
    let gate = Gate::new(benchmark, clock, &[]);
    let tickers: Vec<Ticker> = series.iter().map(|series| series.ticker().clone()).collect();
    let histories = series.iter().map(|series| Some(Ok(History::from(Arc::clone(series))))).collect();
    let Arrived { series, noted, .. } = gate.admit(Arrived::new(&tickers, histories));
    // `Silent` never stops.
    let mut examined = gate.examined(&series, yields, noted, &mut Silent).unwrap_or_default();
    let request = WindowRequest {
        start: series.iter().filter_map(|series| series.dates().first()).min().copied(),
        end: None,
        default_start: DefaultStart::MonthsBefore(12),
        frequency: Frequency::Monthly,
        lead_months: 0,
        clock,
        benchmark: benchmark.clone(),
        silent: Vec::new(),
    };
    // Without a whole month there is no end of one.
    let panel = request.resolve(&series, &tickers).ok().and_then(|window| Panel::build(window, &series).ok());
    examined.early_ends = panel.map(|panel| panel.early_ends()).unwrap_or_default();
    examined
}
