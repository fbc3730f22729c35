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

/// Some x about their means, decomposed: what a regression of any y on them and a constant needs.
///
/// By QR decomposition of the centred x, each scaled to length 1; the normal equations (with a squared condition) are not
/// formed.
#[derive(Debug, Clone)]
pub(crate) struct Design {
    /// The mean of each x.
    pub(crate) centres: Vec<f64>,
    /// Each x less its mean.
    pub(crate) columns: Vec<Vec<f64>>,
    /// Of each slope what it has of each y: slope_i = sum_t influence_i,t y_t. These are the rows of (X'X)^-1 X', so that the
    /// squares of one sum to its place on the diagonal of (X'X)^-1.
    pub(crate) influences: Vec<Vec<f64>>,
    /// The same of the constant.
    pub(crate) level: Vec<f64>,
    /// Variance inflation of each x.
    pub(crate) vifs: Vec<f64>,
}

impl Design {
    /// Decomposes some x of `n` rows without missing values.
    ///
    /// # Errors
    /// The first x that does not vary, else the first that depends on those before it.
    pub(crate) fn of(x: &[&[f64]], n: usize) -> Result<Self, OlsError> {
        let size = x.len();
        if let Some(at) = x.iter().position(|column| stats::is_constant(column)) {
            return Err(OlsError::Constant(at));
        }
        let (centres, columns): (Vec<f64>, Vec<Vec<f64>>) = x.iter().map(|column| centred(column)).unzip();
        // Scaled to length 1, so that what counts as dependent does not depend on a factor's volatility.
        let norms: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
        let design = Mat::from_fn(n, size, |row, at| columns[at][row] / norms[at]);
        let decomposed: Qr<f64> = design.qr();
        let r = decomposed.thin_R();
        if let Some(at) = (0..size).find(|at| r[(*at, *at)].powi(2) <= DEPENDENT) {
            return Err(OlsError::Collinear(at));
        }
        // B = R^-1: with X = QR the slopes are B Q'y.
        let q = decomposed.compute_thin_Q();
        let mut inverse = Mat::<f64>::identity(size, size);
        r.solve_upper_triangular_in_place(inverse.as_mut());
        // Row `at` of B q_t, for every t.
        let influence = |at: usize| -> Vec<f64> {
            let entry = |row: usize| stats::sum((at..size).map(|other| inverse[(at, other)] * q[(row, other)]));
            (0..n).map(|row| entry(row) / norms[at]).collect()
        };
        let influences: Vec<Vec<f64>> = (0..size).map(influence).collect();
        let of_means =
            |row: usize| stats::sum(influences.iter().zip(&centres).map(|(column, mean)| column[row] * mean));
        Ok(Self {
            level: (0..n).map(|row| 1.0 / n as f64 - of_means(row)).collect(),
            vifs: (0..size).map(|at| stats::sum((at..size).map(|other| inverse[(at, other)].powi(2)))).collect(),
            influences,
            centres,
            columns,
        })
    }

    /// The regression of a y without missing values.
    pub(crate) fn regress(&self, y: &[f64]) -> LeastSquares {
        let (centre, target) = centred(y);
        let slopes: Vec<f64> = self.influences.iter().map(|influence| dot(influence, &target)).collect();
        let explained =
            |row: usize| stats::sum(self.columns.iter().zip(&slopes).map(|(column, slope)| column[row] * slope));
        let mut residuals: Vec<f64> = (0..y.len()).map(|row| target[row] - explained(row)).collect();
        // The x explain all of y but its last bits: there is no error, and nothing to divide by.
        let deviation = (dot(&residuals, &residuals) / y.len() as f64).sqrt();
        if stats::is_residue(deviation, stats::largest(y.iter().copied())) {
            residuals.fill(0.0);
        }
        let of_means = stats::sum(slopes.iter().zip(&self.centres).map(|(slope, mean)| slope * mean));
        LeastSquares { intercept: centre - of_means, slopes, residuals, total: dot(&target, &target), target }
    }
}

/// A regression without its errors.
#[derive(Debug, Clone)]
pub(crate) struct LeastSquares {
    /// The constant.
    pub(crate) intercept: f64,
    /// One per x.
    pub(crate) slopes: Vec<f64>,
    /// What is left of each y; zeros where that is rounding noise.
    pub(crate) residuals: Vec<f64>,
    /// y less its mean.
    pub(crate) target: Vec<f64>,
    /// The sum of its squares.
    pub(crate) total: f64,
}

impl MultipleRegression {
    /// Regresses y on the x; all slices have one length and no missing values.
    ///
    /// By QR decomposition (`Design`). The error of each coefficient follows from the series of residual times influence: Newey
    /// and West as in [`crate::regression::Regression::fit`], Bartlett weights, lag floor(4 (n / 100)^(2/9)), no small-sample
    /// correction.
    ///
    /// # Errors
    /// [`OlsError`]: the first rule that is broken.
    pub fn fit(x: &[&[f64]], y: &[f64]) -> Result<Self, OlsError> {
        check(x.len(), y)?;
        Ok(Self::on(&Design::of(x, y.len())?, y))
    }

    /// Regresses y on x that are decomposed; what [`check`] asks for holds.
    pub(crate) fn on(design: &Design, y: &[f64]) -> Self {
        let n = y.len();
        let found = design.regress(y);
        let error =
            |influence: &[f64]| (n >= MIN_ROWS_FOR_ERRORS).then(|| newey_west_error(&found.residuals, influence));
        let slope = |at: usize| Slope {
            value: found.slopes[at],
            error: error(&design.influences[at]),
            vif: design.vifs[at],
            variance_share: found.slopes[at] * dot(&design.columns[at], &found.target) / found.total,
        };
        Self {
            intercept: found.intercept,
            intercept_error: error(&design.level),
            slopes: (0..design.columns.len()).map(slope).collect(),
            residual_share: dot(&found.residuals, &found.residuals) / found.total,
            n,
        }
    }
}

/// The rules that need no decomposition.
pub(crate) fn check(size: usize, y: &[f64]) -> Result<(), OlsError> {
    if y.len() < size + 2 {
        return Err(OlsError::TooFewRows);
    }
    if stats::is_constant(y) {
        return Err(OlsError::ConstantTarget);
    }
    Ok(())
}

/// The Newey-West error of a coefficient, by what it has of each y.
pub(crate) fn newey_west_error(residuals: &[f64], influence: &[f64]) -> f64 {
    let scores: Vec<f64> = residuals.iter().zip(influence).map(|(e, weight)| e * weight).collect();
    long_run_variance(&scores).max(0.0).sqrt()
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

pub(crate) fn centred(values: &[f64]) -> (f64, Vec<f64>) {
    let centre = stats::mean(values).unwrap_or(0.0);
    (centre, values.iter().map(|value| value - centre).collect())
}

pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    stats::sum(x.iter().zip(y).map(|(a, b)| a * b))
}
