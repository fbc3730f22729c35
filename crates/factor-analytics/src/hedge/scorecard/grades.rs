//! What the results of many quarters come to.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::{FundQuarter, NextQuarter, Scorecard, Strategy, SwapGrades, Trade, next_quarter::Deviations, replay::Past};
use crate::{hedge::signed::share_sold, stats};

/// Quarters of a year.
const PER_YEAR: f64 = 4.0;

/// How hedges did in the quarters after they were chosen.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ScorecardReport {
    /// Of the factor; null where it has no quarter.
    pub of_factor: Option<Grades>,
    /// Of all funds of the universe, each quarter of each of equal weight; null where none has a quarter.
    pub over_universe: Option<Grades>,
    /// Of moves of weight within the portfolio, which are no hedges of the factor. Absent without a portfolio that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swaps: Option<SwapGrades>,
}

/// The quarters of one factor, or of all.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Grades {
    /// Quarters graded; over the universe, of all funds together.
    pub fund_quarters: usize,
    /// The first quarter end at which a hedge was chosen.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
    /// The end of the quarter that the last was graded on.
    pub evaluated_to: NaiveDate,
    /// How each way did.
    pub strategies: Vec<StrategyGrade>,
    /// How often intervals held the next quarter's effectiveness.
    pub coverage: Coverage,
}

/// What shares of a variance taken away in the quarters after come to; 1 is all, 0 nothing, negative adds. A quarter without a
/// trade counts as 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Taken {
    /// Mean over all quarters.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// 10% quantile, type 7.
    pub percentile_10: f64,
    /// The worst quarter.
    pub worst: f64,
    /// Share of the trades that took something away; null without trades.
    pub helped: Option<f64>,
}

/// How one way did, by what it took away of the variance of the factor's daily returns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StrategyGrade {
    /// Which way.
    pub strategy: Strategy,
    /// Quarters that it could be graded in.
    pub quarters: usize,
    /// Of those, in how many nothing was traded, because the ratio had the other sign; it took 0 away in them, and is no failure.
    pub no_trade: usize,
    /// What it took away.
    #[serde(flatten)]
    pub taken: Taken,
    /// Mean of what it took away on the rows that it was chosen on; null with hindsight.
    pub in_sample: Option<f64>,
    /// Mean of sum |h|, of cash the share sold.
    pub gross: f64,
    /// Mean of sum h.
    pub net: f64,
    /// Share of the names that were not in the trade of the quarter before; null without two quarters in a row, and of what has no
    /// names.
    pub turnover: Option<f64>,
    /// Four times the mean total return of a quarter of what was held; null where it is not known of any.
    pub return_per_year: Option<f64>,
}

/// How often intervals that were to hold 90% held the next quarter's effectiveness of the best hedge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Coverage {
    /// Share of the estimates of the past; null where none was drawn.
    pub estimate: Option<f64>,
    /// How many of them there were.
    pub estimates: usize,
    /// Share of the expectations, each by what was known before; null without one.
    pub next_quarter: Option<f64>,
    /// How many of them there were.
    pub expectations: usize,
}

impl Scorecard {
    /// The scorecard of one graded column beside the universe's.
    pub fn report(&self, column: usize) -> ScorecardReport {
        let own: Vec<&FundQuarter> = self.of_column(column).collect();
        let universe: Vec<&FundQuarter> =
            self.results.iter().filter(|result| self.universe.contains(&result.column)).collect();
        ScorecardReport { of_factor: Grades::of(&own), over_universe: Grades::of(&universe), swaps: None }
    }

    /// The results of one column, in order.
    pub fn of_column(&self, column: usize) -> impl Iterator<Item = &FundQuarter> {
        self.results.iter().filter(move |result| result.column == column)
    }

    /// What is to be expected of a column's hedge in the quarter after a date, by all results known then. `None` with too few.
    pub fn next_quarter(&self, column: usize, date: NaiveDate) -> Option<NextQuarter> {
        let past = Past::until(&self.results, date);
        let deviations = Deviations::of(self.universe.iter().map(|fund| past.of(*fund)))?;
        NextQuarter::within(past.of(column), &deviations)
    }
}

impl Grades {
    /// What some results come to, those of a column by quarter; `None` without one that could be graded.
    pub fn of(results: &[&FundQuarter]) -> Option<Self> {
        let graded: Vec<&FundQuarter> =
            results.iter().copied().filter(|result| result.effectiveness().is_some()).collect();
        Some(Self {
            fund_quarters: graded.len(),
            first: graded.iter().map(|result| result.end).min()?,
            last: graded.iter().map(|result| result.end).max()?,
            evaluated_to: graded.iter().map(|result| result.evaluated_to).max()?,
            strategies: Strategy::ALL.iter().filter_map(|strategy| StrategyGrade::of(*strategy, &graded)).collect(),
            coverage: Coverage::of(&graded),
        })
    }

    /// How one way did.
    pub fn strategy(&self, strategy: Strategy) -> Option<&StrategyGrade> {
        self.strategies.iter().find(|grade| grade.strategy == strategy)
    }
}

impl Taken {
    /// Of the shares of all quarters, each with whether there was a trade; `None` without one.
    pub(super) fn of(quarters: impl Iterator<Item = (f64, bool)> + Clone) -> Option<Self> {
        let taken: Vec<f64> = quarters.clone().map(|(taken, _)| taken).collect();
        let trades: Vec<f64> = quarters.filter(|(_, is_trade)| *is_trade).map(|(taken, _)| taken).collect();
        let mut sorted = taken.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Self {
            mean: stats::mean(&taken)?,
            median: stats::quantile_of_sorted(&sorted, 0.5)?,
            percentile_10: stats::quantile_of_sorted(&sorted, 0.1)?,
            worst: *sorted.first()?,
            helped: share(trades.iter().filter(|taken| **taken > 0.0).count(), trades.len()),
        })
    }
}

impl StrategyGrade {
    fn of(strategy: Strategy, results: &[&FundQuarter]) -> Option<Self> {
        let trades: Vec<(&Trade, f64)> = (results.iter())
            .filter_map(|result| result.trade(strategy))
            .filter_map(|trade| Some((trade, trade.effectiveness?)))
            .collect();
        let mean_of = |value: &dyn Fn(&Trade) -> Option<f64>| {
            stats::mean(&trades.iter().filter_map(|(trade, _)| value(trade)).collect::<Vec<_>>())
        };
        Some(Self {
            strategy,
            quarters: trades.len(),
            no_trade: trades.iter().filter(|(trade, _)| !trade.is_made()).count(),
            taken: Taken::of(trades.iter().map(|(trade, taken)| (*taken, trade.is_made())))?,
            in_sample: mean_of(&|trade| trade.in_sample),
            gross: mean_of(&|trade| Some(trade.gross())).unwrap_or(0.0),
            net: mean_of(&|trade| Some(trade.net())).unwrap_or(0.0),
            turnover: turnover(strategy, results),
            return_per_year: mean_of(&|trade| trade.total_return).map(|quarter| PER_YEAR * quarter),
        })
    }
}

impl Trade {
    /// sum |h|; of cash the share sold.
    pub fn gross(&self) -> f64 {
        self.legs.iter().map(|(_, ratio)| ratio.abs()).sum::<f64>() + self.sold()
    }

    /// sum h; of cash the share sold, below 0.
    pub fn net(&self) -> f64 {
        self.legs.iter().map(|(_, ratio)| ratio).sum::<f64>() - self.sold()
    }

    /// The share of the factor that cash stands for.
    fn sold(&self) -> f64 {
        let taken = self.in_sample.filter(|_| self.strategy == Strategy::Cash);
        taken.map_or(0.0, share_sold)
    }
}

impl Coverage {
    fn of(results: &[&FundQuarter]) -> Self {
        let held = |interval: &dyn Fn(&FundQuarter) -> Option<(f64, f64)>| {
            let cases = results.iter().filter_map(|result| Some((interval(result)?, result.effectiveness()?)));
            let holds: Vec<bool> = cases.map(|((low, high), taken)| low <= taken && taken <= high).collect();
            (share(holds.iter().filter(|holds| **holds).count(), holds.len()), holds.len())
        };
        let (estimate, estimates) = held(&|result| result.estimate.map(|interval| (interval.low, interval.high)));
        let (next_quarter, expectations) = held(&|result| result.expected.map(|next| (next.low, next.high)));
        Self { estimate, estimates, next_quarter, expectations }
    }
}

/// The share of the names of a strategy's trades that were not in the same factor's trade one quarter before.
fn turnover(strategy: Strategy, results: &[&FundQuarter]) -> Option<f64> {
    let in_a_row =
        results.windows(2).filter(|pair| pair[0].column == pair[1].column && pair[0].quarter + 1 == pair[1].quarter);
    let both = in_a_row.filter_map(|pair| Some((pair[0].trade(strategy)?, pair[1].trade(strategy)?)));
    let (mut names, mut new) = (0, 0);
    for (before, now) in both {
        let was_in = |name: usize| before.legs.iter().any(|(leg, _)| *leg == name);
        names += now.legs.len();
        new += now.legs.iter().filter(|(leg, _)| !was_in(*leg)).count();
    }
    share(new, names)
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
