//! Moving weight in a portfolio out of the factor and into an offset.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    UndefinedField,
    figures::{common_rows, picked, too_few},
};
use crate::{regression::Regression, stats};

/// The portfolio in which the factor is too heavy.
#[derive(Debug, Clone, Copy)]
pub struct Portfolio<'a> {
    /// Its returns ([`crate::exposure::PortfolioReturns`]).
    pub returns: &'a [f64],
    /// The weight it has in what the factor stands for, as a share; at or under 0 the factor is not held.
    pub weight_of_overexposed: f64,
}

impl Portfolio<'_> {
    /// The most that may move: the smaller of the reduction asked for and what is held; `None` where nothing is.
    pub fn cap(&self, target_reduction: f64) -> Option<f64> {
        (self.weight_of_overexposed > 0.0).then(|| target_reduction.min(self.weight_of_overexposed).max(0.0))
    }
}

/// Annualised volatility of the portfolio: sd, divisor n - 1, times sqrt(P), on the rows the swap was found on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct VolatilityChange {
    /// As it is.
    pub before: f64,
    /// After the suggested move; never higher, in sample.
    pub after: f64,
}

/// Why nothing is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoSwap {
    /// No move out of the factor and into the offset lowers the portfolio's volatility.
    WouldNotReduce,
}

/// A move of weight out of the factor and into an offset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Swap {
    /// The weight to move, as a share of the portfolio: the one of least volatility, within 0 and the smaller of the
    /// target reduction and what is held of the factor.
    pub suggested_additional_allocation: Option<f64>,
    /// Why it is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoSwap>,
    /// What it does to the portfolio.
    pub portfolio_volatility: Option<VolatilityChange>,
    /// The weight of least volatility without bounds; `None` where the offset and the factor move the same way.
    #[serde(skip)]
    pub unbounded: Option<f64>,
    /// Common rows of portfolio, factor and offset.
    #[serde(skip)]
    pub rows: usize,
    /// Each null figure and why.
    #[serde(skip)]
    pub undefined: Vec<UndefinedField>,
}

impl Swap {
    /// w* = -cov(p, c - f) / var(c - f) within 0 and `cap`, over the common rows of all three.
    ///
    /// Null with fewer than `min_rows` of them. w = 0 and [`NoSwap::WouldNotReduce`] where w* <= 0, where c - f does
    /// not vary, and where the gain is less than rounding.
    pub fn of(p: &[f64], f: &[f64], c: &[f64], cap: f64, min_rows: usize, per_year: f64) -> Self {
        let common = common_rows(&[p, f, c]);
        let rows = common.len();
        if rows < min_rows.max(2) {
            let reason = format!("with the portfolio: {}", too_few(rows, min_rows.max(2), ""));
            let undefined = ["suggested_additional_allocation", "portfolio_volatility"];
            let undefined = undefined.map(|field| (field, reason.clone())).to_vec();
            return Self { rows, undefined, ..Self::default() };
        }
        let p = picked(p, &common);
        let difference: Vec<f64> = common.iter().map(|row| c[*row] - f[*row]).collect();
        let unbounded = Regression::fit(&difference, &p).map(|fit| -fit.slope);
        // The objective is a parabola in one weight: its lowest point within bounds is the clamped one.
        let weight = unbounded.unwrap_or(0.0).clamp(0.0, cap);
        let (weight, volatility) = change(&p, &[&difference], &[weight], per_year);
        let weight = weight[0];
        Self {
            suggested_additional_allocation: Some(weight),
            reason: (weight == 0.0).then_some(NoSwap::WouldNotReduce),
            portfolio_volatility: volatility,
            unbounded,
            rows,
            undefined: Vec::new(),
        }
    }
}

/// The volatility of p before and after p + sum w d; weights of which nothing is gained beyond rounding become 0.
pub(super) fn change(
    p: &[f64],
    differences: &[&[f64]],
    weights: &[f64],
    per_year: f64,
) -> (Vec<f64>, Option<VolatilityChange>) {
    let yearly = per_year.sqrt();
    let moved = |row: usize| stats::sum(differences.iter().zip(weights).map(|(d, w)| w * d[row]));
    let after: Vec<f64> = p.iter().enumerate().map(|(row, p)| p + moved(row)).collect();
    let both = stats::standard_deviation(p).zip(stats::standard_deviation(&after));
    let volatility = both.map(|(before, after)| VolatilityChange { before: before * yearly, after: after * yearly });
    match volatility {
        Some(found) if found.after < found.before => (weights.to_vec(), volatility),
        _ => {
            let unmoved = volatility.map(|found| VolatilityChange { after: found.before, ..found });
            (vec![0.0; weights.len()], unmoved)
        }
    }
}
