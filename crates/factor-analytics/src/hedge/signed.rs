//! The best hedge of a factor: up to three funds, each bought or sold short, at the ratios that take most variance away.
//!
//! f is the factor of which there is too much, c a candidate, h its ratio: units of c per unit of f, below 0 where c is sold.
//! What is hedged is f + sum h c. [`BestHedge::compute`] finds the basket by the rule (`rule`) on second moments about
//! the mean (`moments`), how sure its ratios are (`estimate`), and what it is in a portfolio; [`Reduce::compute`]
//! says how much of f would have to be sold for the same variance. How such baskets did afterwards is the
//! [scorecard](super::scorecard)'s.

mod best;
pub(in crate::hedge) mod estimate;
pub(in crate::hedge) mod moments;
mod reduce;
pub(in crate::hedge) mod rule;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::{
    best::{
        BestHedge, BestHedgeEffectiveness, BestHedgeError, BestHedgeExclusion, BestHedgeQuestion, HedgeLeg,
        LegDirection, LegInPortfolio, NotInBestHedge,
    },
    reduce::{NoReduction, Position, Reduce, share_sold},
    rule::{ChosenHedge, MAX_MEMBERS, Rule},
};

/// Daily rows that the best hedge rests on: a year.
pub const DAILY_ROWS: usize = 252;

/// Weekly rows, where there are no daily prices: two years.
pub const WEEKLY_ROWS: usize = 104;

/// The share of cases that an interval is to hold.
pub const LEVEL: f64 = 0.9;

/// Where an interval of [`LEVEL`] begins and ends, as quantiles.
pub(in crate::hedge) const ENDS: [f64; 2] = [0.05, 0.95];

/// From where to where something lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// The 5% quantile.
    pub low: f64,
    /// The 95% quantile.
    pub high: f64,
    /// The share it is to hold: 0.9.
    pub level: f64,
}

impl Interval {
    pub(in crate::hedge) fn new(low: f64, high: f64) -> Self {
        Self { low, high, level: LEVEL }
    }

    /// Whether a value lies in it, its ends included.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}
