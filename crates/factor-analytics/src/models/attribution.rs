//! Where a return came from, by a model: the risk-free rate, each factor, alpha, and what is left.
//!
//! Every period's return is rf + sum beta_i factor_i + alpha + e exactly. Over a horizon the parts are linked by D. Carino
//! ("Combining attribution effects over time", J. Performance Measurement 3, 1999): each period's parts count
//! k_t / K, k_t = ln(1 + r_t) / r_t (1 at 0), K the same of the horizon's return, so that they sum to the compound return. Each
//! horizon has a K of its own, so those of years do not sum to those of the whole.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::fit::{ModelFactor, ModelFit};
use crate::stats;

/// The rows of a series that a model was fitted to.
#[derive(Debug, Clone, Copy)]
pub struct Attributed<'a> {
    /// The series' returns (not excess), one per row of the fit.
    pub returns: &'a [f64],
    /// The risk-free rate of each.
    pub risk_free: &'a [f64],
    /// The model's factors on the same rows.
    pub factors: &'a [ModelFactor<'a>],
    /// The calendar year that each row belongs to, rising.
    pub years: &'a [i32],
}

/// The parts of the return of one horizon; they sum to it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Share {
    /// Periods.
    pub n: usize,
    /// The compound return.
    pub total_return: f64,
    /// What the risk-free rate gave.
    pub risk_free: f64,
    /// What each factor gave.
    pub factors: IndexMap<String, f64>,
    /// What alpha gave.
    pub alpha: f64,
    /// What the model leaves unexplained.
    pub residual: f64,
}

/// The parts of the whole return and of each calendar year's, by the betas and the alpha of the whole.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Attribution {
    /// Of all rows.
    pub whole: Share,
    /// Of each calendar year.
    pub years: IndexMap<i32, Share>,
}

impl Attribution {
    /// Attributes the returns that `fit` explains. `None` where a return is -100% or less: nothing compounds after it.
    pub fn of(rows: &Attributed<'_>, fit: &ModelFit) -> Option<Self> {
        if rows.returns.iter().any(|r| *r <= -1.0) || rows.returns.is_empty() {
            return None;
        }
        let mut years = IndexMap::new();
        let mut from = 0;
        for of_year in rows.years.chunk_by(|a, b| a == b) {
            let to = from + of_year.len();
            years.insert(of_year[0], Share::of(rows, fit, from..to));
            from = to;
        }
        Some(Self { whole: Share::of(rows, fit, 0..rows.returns.len()), years })
    }
}

impl Share {
    fn of(rows: &Attributed<'_>, fit: &ModelFit, horizon: std::ops::Range<usize>) -> Self {
        let returns = &rows.returns[horizon.clone()];
        let total = stats::sum(returns.iter().map(|r| r.ln_1p())).exp_m1();
        let whole = linking(total);
        let weights: Vec<f64> = returns.iter().map(|r| linking(*r) / whole).collect();
        let linked = |part: &dyn Fn(usize) -> f64| {
            stats::sum(horizon.clone().zip(&weights).map(|(row, weight)| weight * part(row)))
        };
        let explained = |row: usize| {
            stats::sum(rows.factors.iter().zip(fit.factors.values()).map(|(of, one)| one.beta * of.returns[row]))
        };
        // From the return itself, not from the fit's own residual: the parts sum to it whatever was rounded.
        let left = |row: usize| rows.returns[row] - rows.risk_free[row] - explained(row) - fit.intercept;
        let of_factor = |(of, one): (&ModelFactor<'_>, &super::FactorEstimate)| {
            (of.name.to_owned(), linked(&|row| one.beta * of.returns[row]))
        };
        Self {
            n: returns.len(),
            total_return: total,
            risk_free: linked(&|row| rows.risk_free[row]),
            factors: rows.factors.iter().zip(fit.factors.values()).map(of_factor).collect(),
            alpha: linked(&|_| fit.intercept),
            residual: linked(&left),
        }
    }
}

/// ln(1 + r) / r, 1 at 0.
fn linking(r: f64) -> f64 {
    if r == 0.0 { 1.0 } else { r.ln_1p() / r }
}
