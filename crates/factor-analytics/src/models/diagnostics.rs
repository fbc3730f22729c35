//! What is to be known of a regression besides its coefficients.

use faer::Mat;
use schemars::JsonSchema;
use serde::Serialize;
use statrs::function::gamma::checked_gamma_ur;

use crate::{
    exposure::ols::{Design, dot},
    stats,
};

/// Whether the size of the residuals goes with the factors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct BreuschPagan {
    /// n R^2 of the squared residuals on the factors and a constant.
    pub statistic: f64,
    /// Its p-value, chi-square with as many degrees of freedom as there are factors: small where the errors of `ols` do not hold.
    pub p: Option<f64>,
}

/// sum (e_t - e_(t-1))^2 / sum e_t^2 (J. Durbin and G. Watson, Biometrika 37, 1950): 2 where neighbours have nothing to do with
/// each other, towards 0 where they are alike. `None` without residual variation.
pub(super) fn durbin_watson(residuals: &[f64]) -> Option<f64> {
    let steps = stats::sum(residuals.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)));
    stats::ratio(Some(steps), Some(dot(residuals, residuals)))
}

/// The Lagrange multiplier test of T. Breusch and A. Pagan (Econometrica 47, 1979) as R. Koenker studentised it (J. Econometrics
/// 17, 1981). `None` where the squared residuals do not vary.
pub(super) fn breusch_pagan(design: &Design, residuals: &[f64]) -> Option<BreuschPagan> {
    let mean = stats::mean(&residuals.iter().map(|e| e * e).collect::<Vec<_>>())?;
    if mean == 0.0 {
        return None;
    }
    let squares: Vec<f64> = residuals.iter().map(|e| e * e / mean).collect();
    if stats::is_constant(&squares) {
        return None;
    }
    let found = design.regress(&squares);
    let r_squared = 1.0 - dot(&found.residuals, &found.residuals) / found.total;
    let statistic = residuals.len() as f64 * r_squared;
    let freedom = design.centres.len() as f64;
    let p = checked_gamma_ur(freedom / 2.0, statistic.max(0.0) / 2.0).ok().filter(|p| p.is_finite());
    Some(BreuschPagan { statistic, p: if statistic <= 0.0 { Some(1.0) } else { p } })
}

/// The largest over the smallest singular value of the matrix of a constant and the x as they are (decimals). `None` where the
/// smallest is 0.
pub(super) fn condition_number(x: &[&[f64]], n: usize) -> Option<f64> {
    let design = Mat::from_fn(n, x.len() + 1, |row, at| if at == 0 { 1.0 } else { x[at - 1][row] });
    let values = design.singular_values().ok()?;
    stats::ratio(values.first().copied(), values.last().copied())
}
