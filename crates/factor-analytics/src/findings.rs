//! What is doubtful in prices and yields as they come in, found without an analysis.
//!
//! Pure functions over daily prices, whatever the frequency of what is computed from them. [`examine`] looks at the prices of
//! several series together: what moved with the market, or with another series, is no misprint. [`examine_yields`] looks at
//! the unit of each column of yields, [`odd_yields`] at what is wrong inside it. Nothing is changed here and nothing left out; whoever asks says what follows.

mod copies;
mod dates;
mod frozen;
mod jumps;
mod moves;
mod odd_yields;
mod peers;
mod ratios;
mod together;
mod yields;

use std::sync::Arc;

use chrono::NaiveDate;
use factor_types::{Maturity, PriceSeries, Ticker, YieldTable};
use schemars::JsonSchema;
use serde::Serialize;

pub use self::{
    copies::{Copies, copies},
    dates::{EX_DATE_FALL, ExDate, LaterDates, falls_on_its_newest_day, later_than},
    frozen::Frozen,
    jumps::{Finding, FindingKind},
    odd_yields::{OddKind, OddYields, odd_yields, usable_yields},
    yields::{YieldFinding, YieldUnit, examine_yields},
};
use crate::panel::{BarDates, EarlyEnd, Spacing, spacing::names_months};

/// A series of bars that are not daily.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bars {
    /// Whose.
    pub ticker: Ticker,
    /// How far apart they lie.
    pub spacing: Spacing,
    /// True where weekly bars were put on their weeks' last trading days.
    pub placed: bool,
    /// What their dates are taken for.
    pub dates: BarDates,
    /// True where they could also be something else, and no daily price told which.
    pub assumed: bool,
}

/// Everything that was found in what came in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examined {
    /// Prices that are likelier a misprint than a move, and moves of one series alone.
    pub jumps: Vec<Finding>,
    /// Series of bars that are not daily.
    pub bars: Vec<Bars>,
    /// Columns of yields in another unit, or too short to tell.
    pub yields: Vec<YieldFinding>,
    /// What is wrong inside columns of yields.
    pub odd_yields: Vec<OddYields>,
    /// Tickers with all the same prices.
    pub copies: Vec<Copies>,
    /// Stretches on which a price stands still.
    pub frozen: Vec<Frozen>,
    /// Months whose price lies before their last trading day.
    pub early_ends: Vec<EarlyEnd>,
    /// Cash funds whose newest price lacks a dividend.
    pub ex_dates: Vec<ExDate>,
    /// Series with rows dated after today.
    pub later: Vec<LaterDates>,
}

impl Examined {
    /// What is found in the prices of some series and in yields; `today` is the last day of which there can be a price.
    pub fn of(series: &[Arc<PriceSeries>], yields: &YieldTable, today: NaiveDate) -> Self {
        let units = examine_yields(yields);
        // What a step is in another unit nobody knows.
        let wrong: Vec<Maturity> =
            units.iter().filter(|found| found.unit != YieldUnit::Unverified).map(|found| found.maturity).collect();
        Self {
            jumps: examine(series),
            bars: bars(series),
            odd_yields: odd_yields(&yields.without(&wrong)),
            yields: units,
            copies: copies(series),
            frozen: frozen(series),
            later: series.iter().filter_map(|series| later_than(series, today)).collect(),
            ..Self::default()
        }
    }

    /// The yields that can be used: in percent, without what is wrong inside a column.
    pub fn usable(&self, yields: &Arc<YieldTable>) -> Arc<YieldTable> {
        let wrong = self.yields.iter().filter(|found| found.unit != YieldUnit::Unverified);
        let wrong: Vec<Maturity> = wrong.map(|found| found.maturity).collect();
        if wrong.is_empty() && self.odd_yields.is_empty() {
            return Arc::clone(yields);
        }
        Arc::new(usable_yields(&yields.without(&wrong), &self.odd_yields))
    }

    /// An estimate of its memory.
    pub fn bytes(&self) -> usize {
        self.jumps.len() * size_of::<Finding>()
            + self.bars.len() * size_of::<Bars>()
            + self.early_ends.len() * size_of::<EarlyEnd>()
            + self.odd_yields.len() * size_of::<OddYields>()
            + self.frozen.len() * size_of::<Frozen>()
    }
}

/// The findings of the jump rule in each of some series, in their order. Of each the first hundred.
pub fn examine(series: &[Arc<PriceSeries>]) -> Vec<Finding> {
    jumps::examine(series)
}

/// The stretches on which prices of some series stand still.
pub fn frozen(series: &[Arc<PriceSeries>]) -> Vec<Frozen> {
    series.iter().flat_map(|series| frozen::stretches(series)).collect()
}

/// The series whose bars are not daily.
pub fn bars(series: &[Arc<PriceSeries>]) -> Vec<Bars> {
    let of = |series: &Arc<PriceSeries>| {
        let spacing = Spacing::of(series.dates());
        let months = spacing == Spacing::Monthly && names_months(series.dates());
        let dates = if months { BarDates::Months } else { BarDates::OwnDays };
        (spacing != Spacing::Daily).then(|| Bars {
            ticker: series.ticker().clone(),
            spacing,
            placed: false,
            dates,
            assumed: false,
        })
    };
    series.iter().filter_map(of).collect()
}
