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
    /// Annualised volatility after the same weight goes into cash instead; null without a risk-free rate on each row.
    pub volatility_into_cash: Option<f64>,
    /// What of the fall comes from selling the factor: the volatility before less that in cash.
    pub fall_from_selling: Option<f64>,
    /// What the move costs in a year, as a share of the portfolio: the moved weight times the offset's expense ratio less the
    /// factor's. Null where one of them is not known.
    pub cost_per_year: Option<f64>,
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
    /// w* = -cov(p, c - f) / var(c - f) within 0 and `cap`, over the common rows of all three, and what the same weight in cash
    /// comes to.
    ///
    /// Null with fewer than `min_rows` of them. w = 0 and [`NoSwap::WouldNotReduce`] where w* <= 0, where c - f does
    /// not vary, and where the gain is less than rounding.
    pub fn of(
        p: &[f64],
        (f, c): (&[f64], &[f64]),
        risk_free: Option<&[f64]>,
        (cap, min_rows): (f64, usize),
        per_year: f64,
    ) -> Self {
        let common = common_rows(&[p, f, c]);
        let rows = common.len();
        if rows < min_rows.max(2) {
            let reason = format!("with the portfolio: {}", too_few(rows, min_rows.max(2), ""));
            let undefined = [
                "suggested_additional_allocation",
                "portfolio_volatility",
                "volatility_into_cash",
                "fall_from_selling",
            ];
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
        let cash = risk_free.map(|rates| -> Vec<f64> { common.iter().map(|row| rates[*row] - f[*row]).collect() });
        let in_cash = cash.and_then(|cash| {
            let after: Vec<f64> = p.iter().zip(&cash).map(|(p, moved)| p + weight * moved).collect();
            stats::standard_deviation(&after).filter(|deviation| deviation.is_finite())
        });
        let mut undefined = Vec::new();
        if in_cash.is_none() {
            let why = "no risk-free rate on some of the periods".to_owned();
            undefined.extend([("volatility_into_cash", why.clone()), ("fall_from_selling", why)]);
        }
        let in_cash = in_cash.map(|deviation| deviation * per_year.sqrt());
        Self {
            suggested_additional_allocation: Some(weight),
            reason: (weight == 0.0).then_some(NoSwap::WouldNotReduce),
            portfolio_volatility: volatility,
            volatility_into_cash: in_cash,
            fall_from_selling: volatility.zip(in_cash).map(|(change, in_cash)| change.before - in_cash),
            cost_per_year: None,
            unbounded,
            rows,
            undefined,
        }
    }

    /// The same with what it costs, given the expense ratios of the factor and the offset.
    #[must_use]
    pub(super) fn with_cost(mut self, of_factor: Option<f64>, of_offset: Option<f64>) -> Self {
        let moved = self.suggested_additional_allocation;
        self.cost_per_year =
            moved.zip(of_offset.zip(of_factor)).map(|(moved, (offset, factor))| moved * (offset - factor));
        let unknown = match (of_factor, of_offset) {
            (Some(_), Some(_)) => None,
            (None, Some(_)) => Some("the expense ratio of the overexposed factor is not known"),
            (Some(_), None) => Some("its expense ratio is not known"),
            (None, None) => Some("neither its expense ratio nor that of the overexposed factor is known"),
        };
        self.undefined.extend(unknown.map(|why| ("cost_per_year", why.to_owned())));
        self
    }

    /// The share of the portfolio's variance that is left after the move; `None` where it is not known.
    pub fn variance_left(&self) -> Option<f64> {
        let change = self.portfolio_volatility.filter(|change| change.before > 0.0)?;
        Some((change.after / change.before).powi(2))
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
