//! Linear regression on several variables with Newey-West standard errors.

use faer::{Mat, linalg::solvers::Qr};

use crate::{
    regression::{MIN_ROWS_FOR_ERRORS, newey_west_lag},
    stats,
};

/// y = intercept + sum slope_i x_i + e by ordinary least squares, with heteroskedasticity- and
/// autocorrelation-consistent errors, on several x: [`crate::regression::Regression`] for more than one.
#[derive(Debug, Clone, PartialEq)]
pub struct MultipleRegression {
    /// The constant.
    pub intercept: f64,
    /// Its Newey-West standard error; `None` under [`MIN_ROWS_FOR_ERRORS`] rows.
    pub intercept_error: Option<f64>,
    /// One per x, in their order.
    pub slopes: Vec<Slope>,
    /// SSR / SST = 1 - R^2.
    pub residual_share: f64,
    /// Rows used.
    pub n: usize,
}

/// The part of one x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The coefficient.
    pub value: f64,
    /// Its Newey-West standard error; `None` under [`MIN_ROWS_FOR_ERRORS`] rows.
    pub error: Option<f64>,
    /// Variance inflation 1 / (1 - R_i^2), R_i^2 of x_i on the other x and a constant; 1 when they are uncorrelated.
    pub vif: f64,
    /// slope cov(x, y) / var(y): its share of the variance of y. May be negative; with the residual share they sum to
    /// 1.
    pub variance_share: f64,
}

/// Why there is no regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OlsError {
    /// Fewer rows than two more than there are x.
    TooFewRows,
    /// y does not vary.
    ConstantTarget,
    /// The x at this position does not vary.
    Constant(usize),
    /// The x at this position is, but for rounding, a linear combination of those before it and a constant.
    Collinear(usize),
}

/// An x of which less than this share of its variance is independent of those before it counts as dependent: its variance
/// inflation would be above 10^8, and its coefficient mean nothing.
const DEPENDENT: f64 = 1e-8;

impl MultipleRegression {
    /// Regresses y on the x; all slices have one length and no missing values.
    ///
    /// By QR decomposition of the centred x, each scaled to length 1. With X = QR, the coefficients are B Q'y and the
    /// error of each follows from the series e_t (B q_t): Newey and West as in [`crate::regression::Regression::fit`],
    /// Bartlett weights, lag floor(4 (n / 100)^(2/9)), no small-sample correction.
    ///
    /// # Errors
    /// [`OlsError`]: the first rule that is broken.
    pub fn fit(x: &[&[f64]], y: &[f64]) -> Result<Self, OlsError> {
        let (n, size) = (y.len(), x.len());
        check(x, y)?;
        let (centre, target) = centred(y);
        let (centres, columns): (Vec<f64>, Vec<Vec<f64>>) = x.iter().map(|column| centred(column)).unzip();
        // Scaled to length 1, so that what counts as dependent does not depend on a factor's volatility.
        let norms: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
        let design = Mat::from_fn(n, size, |row, at| columns[at][row] / norms[at]);
        let decomposed: Qr<f64> = design.qr();
        let r = decomposed.thin_R();
        if let Some(at) = (0..size).find(|at| r[(*at, *at)].powi(2) <= DEPENDENT) {
            return Err(OlsError::Collinear(at));
        }
        // B = R^-1: the coefficients and their errors need it, the normal equations (with a squared condition) do not.
        let q = decomposed.compute_thin_Q();
        let mut inverse = Mat::<f64>::identity(size, size);
        r.solve_upper_triangular_in_place(inverse.as_mut());

        let q_columns: Vec<Vec<f64>> = (0..size).map(|at| (0..n).map(|row| q[(row, at)]).collect()).collect();
        let along: Vec<f64> = q_columns.iter().map(|column| dot(column, &target)).collect();
        let mut residuals: Vec<f64> =
            (0..n).map(|row| target[row] - stats::sum((0..size).map(|at| q[(row, at)] * along[at]))).collect();
        let total = dot(&target, &target);
        // The x explain all of y but its last bits: there is no error, and nothing to divide by.
        if stats::is_residue((dot(&residuals, &residuals) / n as f64).sqrt(), stats::largest(y.iter().copied())) {
            residuals.fill(0.0);
        }
        // Row `at` of B q_t, for every t.
        let influence = |at: usize| -> Vec<f64> {
            let entry = |row: usize| stats::sum((at..size).map(|other| inverse[(at, other)] * q[(row, other)]));
            (0..n).map(|row| entry(row) / norms[at]).collect()
        };
        let influences: Vec<Vec<f64>> = (0..size).map(influence).collect();
        let error = |weights: &dyn Fn(usize) -> f64| {
            let scores: Vec<f64> = residuals.iter().enumerate().map(|(row, e)| e * weights(row)).collect();
            (n >= MIN_ROWS_FOR_ERRORS).then(|| long_run_variance(&scores).max(0.0).sqrt())
        };
        let slopes: Vec<Slope> = (0..size)
            .map(|at| {
                let value = stats::sum((at..size).map(|other| inverse[(at, other)] * along[other])) / norms[at];
                Slope {
                    value,
                    error: error(&|row| influences[at][row]),
                    vif: stats::sum((at..size).map(|other| inverse[(at, other)].powi(2))),
                    variance_share: value * dot(&columns[at], &target) / total,
                }
            })
            .collect();
        let level = |row: usize| {
            1.0 / n as f64 - stats::sum(influences.iter().zip(&centres).map(|(column, centre)| column[row] * centre))
        };
        Ok(Self {
            intercept: centre - stats::sum(slopes.iter().zip(&centres).map(|(slope, centre)| slope.value * centre)),
            intercept_error: error(&level),
            slopes,
            residual_share: dot(&residuals, &residuals) / total,
            n,
        })
    }
}

/// The rules that need no decomposition.
fn check(x: &[&[f64]], y: &[f64]) -> Result<(), OlsError> {
    if y.len() < x.len() + 2 {
        return Err(OlsError::TooFewRows);
    }
    if stats::is_constant(y) {
        return Err(OlsError::ConstantTarget);
    }
    match x.iter().position(|column| stats::is_constant(column)) {
        Some(at) => Err(OlsError::Constant(at)),
        None => Ok(()),
    }
}

/// sum_l w_l sum_t s_t s_(t-l), both signs of l, with Bartlett's weights.
fn long_run_variance(scores: &[f64]) -> f64 {
    let lag = newey_west_lag(scores.len()).min(scores.len().saturating_sub(1));
    let at = |step: usize| {
        let weight = (1.0 - step as f64 / (lag as f64 + 1.0)) * if step == 0 { 1.0 } else { 2.0 };
        weight * dot(&scores[step..], scores)
    };
    stats::sum((0..=lag).map(at))
}

fn centred(values: &[f64]) -> (f64, Vec<f64>) {
    let centre = stats::mean(values).unwrap_or(0.0);
    (centre, values.iter().map(|value| value - centre).collect())
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    stats::sum(x.iter().zip(y).map(|(a, b)| a * b))
}
