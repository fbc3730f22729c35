//! Two to six series next to each other: how each pair goes together over a window, whether that differs between periods, what
//! happened when something was below or above a bound, and the performance of each.
//!
//! A study in, a [`CompareReport`] out; what a [`ComparePlan`] leaves out is neither computed nor paid for. Pairs are measured
//! on their common rows, as everywhere ([`crate::correlation`]); correlations have 95% intervals and p-values by
//! [`crate::inference`].

mod condition;
mod difference;
mod pair;
mod periods;
mod report;
mod resampled;
mod side_by_side;

#[cfg(test)]
mod tests;

pub use self::{
    condition::{Bound, Condition, ConditionPair, ConditionReport, ConditionSeries},
    difference::{Difference, DifferenceMethod, PeriodCorrelation, PeriodsReport},
    pair::{Beta, CorrelationEstimate, Ewma, PairReport, RollingReport},
    periods::{Period, PeriodError, PeriodName, PeriodRows},
    report::{ComparePlan, CompareReport, Compared},
    side_by_side::{CalendarYear, OfYear, SideBySide, SideFigures},
};
