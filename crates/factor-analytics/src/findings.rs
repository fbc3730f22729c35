//! What is doubtful in prices and yields as they come in, found without an analysis.
//!
//! Pure functions over daily prices, whatever the frequency of what is computed from them. [`examine`] looks at the prices of
//! several series together: what moved with the market, or with another series, is no misprint. [`examine_yields`] looks at
//! the unit of each column of yields, [`odd_yields`] at what is wrong inside it. Nothing is changed here and nothing left out; whoever asks says what follows.

mod carried;
mod copied_moves;
mod copies;
mod dates;
mod frozen;
mod jumps;
mod moves;
mod odd_yields;
mod peers;
mod ratios;
mod repeated;
mod shifted;
mod together;
mod yields;

use std::sync::Arc;

use chrono::NaiveDate;
use factor_types::{Maturity, PriceSeries, Ticker, YieldTable};
use schemars::JsonSchema;
use serde::Serialize;

pub use self::{
    copies::{Copies, Stretch},
    dates::{EX_DATE_FALL, ExDate, LaterDates, falls_on_its_newest_day, later_than},
    frozen::Frozen,
    jumps::{Finding, FindingKind},
    odd_yields::{OddKind, OddYields, odd_yields, usable_yields},
    repeated::Repeated,
    shifted::Shifted,
    yields::{YieldFinding, YieldUnit, examine_yields},
};
use crate::{
    observer::{Observer, Progress, Silent, Stopped},
    panel::{BarDates, EarlyEnd, Spacing, spacing::names_months},
};

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
    /// Tickers with all the same prices, or with the same moves for a while.
    pub copies: Vec<Copies>,
    /// Stretches on which a price stands still.
    pub frozen: Vec<Frozen>,
    /// Dates on which all series repeat an earlier one.
    pub repeated: Vec<Repeated>,
    /// Stretches on which a series is rows late or early.
    pub shifted: Vec<Shifted>,
    /// Months whose price lies before their last trading day.
    pub early_ends: Vec<EarlyEnd>,
    /// Cash funds whose newest price lacks a dividend.
    pub ex_dates: Vec<ExDate>,
    /// Series with rows dated after today.
    pub later: Vec<LaterDates>,
}

impl Examined {
    /// What is found in the prices of some series and in yields; `today` is the last day of which there can be a price.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop: of thousands of series this takes a second or more.
    pub fn of(
        series: &[Arc<PriceSeries>],
        yields: &YieldTable,
        today: NaiveDate,
        observer: &mut dyn Observer,
    ) -> Result<Self, Stopped> {
        let mut progress = Progress::new(observer, "examined");
        let units = examine_yields(yields);
        let jumps = jumps::examine(series, &mut progress)?;
        let copies = copies(series);
        progress.check()?;
        let (frozen, repeated) = (frozen(series), repeated(series));
        progress.check()?;
        let shifted = shifted(series);
        progress.check()?;
        Ok(Self {
            jumps,
            bars: bars(series),
            // What a step is in another unit nobody knows.
            odd_yields: odd_yields(&yields.without(&in_another_unit(&units))),
            yields: units,
            copies,
            frozen,
            repeated,
            shifted,
            later: series.iter().filter_map(|series| later_than(series, today)).collect(),
            ..Self::default()
        })
    }

    /// The yields that can be used: in percent, without what is wrong inside a column.
    pub fn usable(&self, yields: &Arc<YieldTable>) -> Arc<YieldTable> {
        let wrong = in_another_unit(&self.yields);
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
            + self.repeated.len() * size_of::<Repeated>()
            + self.shifted.len() * size_of::<Shifted>()
    }
}

/// The columns of yields that are known to be in another unit.
fn in_another_unit(found: &[YieldFinding]) -> Vec<Maturity> {
    found.iter().filter(|found| found.unit != YieldUnit::Unverified).map(|found| found.maturity).collect()
}

/// The findings of the jump rule in each of some series, in their order. Of each the first hundred.
pub fn examine(series: &[Arc<PriceSeries>]) -> Vec<Finding> {
    // `Silent` never stops.
    jumps::examine(series, &mut Progress::new(&mut Silent, "")).unwrap_or_default()
}

/// The sets of tickers with all the same prices, and the pairs with the same moves for a while.
pub fn copies(series: &[Arc<PriceSeries>]) -> Vec<Copies> {
    let mut whole = copies::copies(series);
    let stretches = copied_moves::stretches(series, &whole);
    whole.extend(stretches);
    whole
}

/// The stretches on which prices of some series stand still, or move at even spans alone.
pub fn frozen(series: &[Arc<PriceSeries>]) -> Vec<Frozen> {
    daily(series).flat_map(|one| frozen::stretches(one).into_iter().chain(carried::stretches(one))).collect()
}

/// The dates on which all of some series repeat an earlier one.
pub fn repeated(series: &[Arc<PriceSeries>]) -> Vec<Repeated> {
    repeated::rows(series)
}

/// The series that lie rows beside those they move with, and when.
pub fn shifted(series: &[Arc<PriceSeries>]) -> Vec<Shifted> {
    shifted::shifted(series)
}

/// Those with a price a trading day.
fn daily(series: &[Arc<PriceSeries>]) -> impl Iterator<Item = &PriceSeries> {
    series.iter().map(AsRef::as_ref).filter(|one| Spacing::of(one.dates()) == Spacing::Daily)
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
