//! What is to be expected of a hedge in the next quarter.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    hedge::signed::{ENDS, LEVEL},
    stats,
};

/// Past quarters of the factor that are needed: with fewer their median says nothing.
pub const MIN_QUARTERS: usize = 4;

/// The median of a factor's past results with the universe's usual deviations from such medians. Not an interval of a ratio or
/// a mean: where the next result itself may lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct NextQuarter {
    /// The median plus the 5% quantile of the deviations.
    pub low: f64,
    /// What the factor's hedges took away in the quarter after, in the middle of all quarters.
    pub median: f64,
    /// The median plus the 95% quantile of the deviations; at most 1, since no hedge takes more away than all.
    pub high: f64,
    /// The share of quarters that the interval is to hold: 0.9.
    pub level: f64,
    /// Past quarters of the factor.
    pub quarters: usize,
    /// Past fund-quarters of the universe whose deviations are pooled.
    pub pooled: usize,
}

/// Where the universe's results lie about the medians of their funds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Deviations {
    low: f64,
    high: f64,
    pooled: usize,
}

impl NextQuarter {
    /// What the past results of the factor, and those of each fund of the universe, come to. `None` under [`MIN_QUARTERS`] of the
    /// factor, and without a universe.
    pub fn of<'a>(own: &[f64], universe: impl Iterator<Item = &'a [f64]>) -> Option<Self> {
        Self::within(own, &Deviations::of(universe)?)
    }

    pub(super) fn within(own: &[f64], deviations: &Deviations) -> Option<Self> {
        let median = stats::median(&mut own.to_vec()).filter(|_| own.len() >= MIN_QUARTERS)?;
        Some(Self {
            low: median + deviations.low,
            median,
            high: (median + deviations.high).min(1.0),
            level: LEVEL,
            quarters: own.len(),
            pooled: deviations.pooled,
        })
    }
}

impl Deviations {
    /// The deviations of each fund's results from their median, over all quarters given, pooled; quantiles of type 7.
    pub(super) fn of<'a>(universe: impl Iterator<Item = &'a [f64]>) -> Option<Self> {
        let about_median = |results: &[f64]| -> Vec<f64> {
            let median = stats::median(&mut results.to_vec()).unwrap_or(0.0);
            results.iter().map(|result| result - median).collect()
        };
        let mut pooled: Vec<f64> = universe.flat_map(about_median).collect();
        pooled.sort_unstable_by(f64::total_cmp);
        let [low, high] = ENDS.map(|end| stats::quantile_of_sorted(&pooled, end));
        Some(Self { low: low?, high: high?, pooled: pooled.len() })
    }
}
