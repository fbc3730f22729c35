//! How hedges did: the rule on the data of each past quarter's end, and what it took away in the quarter after.
//!
//! [`Scorecard::compute`] goes through every calendar quarter end that the prices hold, with the data up to it alone: which funds
//! the rule chooses for each factor and at which ratios (`sample`, [`super::signed`]), and what other ways would have been
//! ([`Strategy`]); then what each took away of the variance of daily returns until the next quarter end (`replay`). The
//! results are summed up for one factor and over the universe (`grades`), and say what is to be expected next
//! ([`NextQuarter`]). What moving weight within a portfolio did is graded apart ([`SwapGrades`]).
//!
//! A result is known at the end of the quarter after, and no earlier figure rests on it: what is cut off at the end changes
//! nothing that came before.

mod grades;
mod next_quarter;
mod quarters;
mod replay;
mod sample;
mod swaps;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::{
    grades::{Coverage, Grades, ScorecardReport, StrategyGrade, Taken},
    next_quarter::{MIN_QUARTERS, NextQuarter},
    quarters::{QuarterRows, quarters_of},
    sample::Estimator,
    swaps::{SwapGrades, SwapQuestion},
};
use super::signed::{Interval, Rule};
use crate::panel::TradingCalendar;

/// What is graded, on daily rows.
#[derive(Debug, Clone, Copy)]
pub struct ScorecardQuestion<'a> {
    /// The rows' dates, rising: all trading days that there are prices of.
    pub dates: &'a [NaiveDate],
    /// Every fund of the universe, and what else is graded.
    pub columns: &'a [ScoredColumn<'a>],
    /// Which columns are hedged.
    pub graded: &'a [usize],
    /// The risk-free rate of each row, `NaN` where not known; without it no return is.
    pub risk_free: Option<&'a [f64]>,
    /// Which day a quarter ends on.
    pub calendar: &'a TradingCalendar,
    /// How.
    pub plan: ScorecardPlan,
}

/// One series.
#[derive(Debug, Clone, Copy)]
pub struct ScoredColumn<'a> {
    /// Its ticker, by which ties are ordered.
    pub symbol: &'a str,
    /// Its daily returns, one per row, `NaN` where missing.
    pub returns: &'a [f64],
    /// What it may be.
    pub role: Role,
    /// The columns that it is made of or that are the same under another name: no candidates when it is hedged.
    pub made_of: &'a [usize],
}

/// What a series may be in a scorecard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A fund of the universe: hedged, and a candidate for the others.
    Fund,
    /// Cash and its like: never a candidate.
    Cash,
    /// Hedged and never a candidate, and not of the universe: a group or a portfolio.
    Asked,
}

/// How hedges are graded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScorecardPlan {
    /// How members are chosen.
    pub rule: Rule,
    /// What the rule looks at.
    pub estimator: Estimator,
    /// Whether the interval of each estimate is drawn, which takes most of the time.
    pub intervals: bool,
    /// The column of the bonds to buy (IEF).
    pub bonds: Option<usize>,
    /// The column of the market to sell short (SPY).
    pub market: Option<usize>,
}

impl Default for ScorecardPlan {
    fn default() -> Self {
        Self { rule: Rule::default(), estimator: Estimator::default(), intervals: true, bonds: None, market: None }
    }
}

/// A way to deal with too much of a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The best hedge: up to three funds by the rule.
    BestHedge,
    /// By the same rule with at most two.
    TwoMembers,
    /// Selling the fund with the highest correlation that is no near copy.
    ClosestRelativeSold,
    /// Buying the fund with the lowest correlation.
    LeastCorrelatedBought,
    /// Buying the bonds.
    BondsBought,
    /// Selling the market short.
    MarketSold,
    /// Selling the share of the factor that comes to the variance of the best hedge in sample.
    Cash,
    /// Leaving it.
    NoHedge,
    /// By the rule on the returns of the quarter itself, which nobody could know: as good as it could have been.
    Hindsight,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::BestHedge,
        Self::TwoMembers,
        Self::ClosestRelativeSold,
        Self::LeastCorrelatedBought,
        Self::BondsBought,
        Self::MarketSold,
        Self::Cash,
        Self::NoHedge,
        Self::Hindsight,
    ];

    /// The word for it in an answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BestHedge => "best_hedge",
            Self::TwoMembers => "two_members",
            Self::ClosestRelativeSold => "closest_relative_sold",
            Self::LeastCorrelatedBought => "least_correlated_bought",
            Self::BondsBought => "bonds_bought",
            Self::MarketSold => "market_sold",
            Self::Cash => "cash",
            Self::NoHedge => "no_hedge",
            Self::Hindsight => "hindsight",
        }
    }
}

/// All results, by graded column in the order asked for, then by quarter.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// Each column's quarters.
    pub results: Vec<FundQuarter>,
    /// Which of the graded columns are of the universe, in the order asked for.
    pub universe: Vec<usize>,
}

/// One factor at one quarter end, and in the quarter after.
#[derive(Debug, Clone, PartialEq)]
pub struct FundQuarter {
    /// Its column.
    pub column: usize,
    /// Which of all quarters it is, counted from the first of the prices.
    pub quarter: usize,
    /// The last trading day of the quarter whose data were used.
    pub end: NaiveDate,
    /// The last trading day of the quarter after.
    pub evaluated_to: NaiveDate,
    /// What each strategy did; those that could not be tried are missing.
    pub trades: Vec<Trade>,
    /// The interval of the best hedge's effectiveness as an estimate of the past; `None` where none was drawn.
    pub estimate: Option<Interval>,
    /// What was to be expected of the quarter after, by what was known at its beginning.
    pub expected: Option<NextQuarter>,
}

/// One strategy's trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// Which.
    pub strategy: Strategy,
    /// The columns bought or sold and the ratio of each, in the order chosen; none where there was no trade, and of what trades
    /// in the factor alone.
    pub legs: Vec<(usize, f64)>,
    /// What it took away on the rows that its ratios come from; `None` with hindsight.
    pub in_sample: Option<f64>,
    /// What it took away in the quarter after: 1 - var(hedged) / var(f) of daily returns, 0 without a trade. `None` under
    /// [`super::MIN_ROWS`] common rows.
    pub effectiveness: Option<f64>,
    /// The total return of what was held over that quarter: of f + sum h (c - rf), restored daily. `None` where a rate or a
    /// return is missing.
    pub total_return: Option<f64>,
}

impl FundQuarter {
    /// The trade of a strategy.
    pub fn trade(&self, strategy: Strategy) -> Option<&Trade> {
        self.trades.iter().find(|trade| trade.strategy == strategy)
    }

    /// What the best hedge took away in the quarter after.
    pub fn effectiveness(&self) -> Option<f64> {
        self.trade(Strategy::BestHedge)?.effectiveness
    }
}

impl Trade {
    /// Whether a trade was made at all.
    pub fn is_made(&self) -> bool {
        self.strategy == Strategy::Cash || !self.legs.is_empty()
    }
}
