//! Robust regression by Huber's M-estimator.

use faer::{Mat, linalg::solvers::Qr, linalg::solvers::SolveLstsq};

use crate::{
    exposure::ols::{Design, LeastSquares, dot},
    stats,
};

/// Residuals beyond so many scales count less: 95% as efficient as least squares where they are normal.
const TUNING: f64 = 1.345;
/// The 75% quantile of the standard normal distribution: what the median of |e| is for sd 1.
const MAD: f64 = 0.674_489_750_196_081_7;
/// Weighted regressions at most.
const MOST_STEPS: usize = 1_000;
/// The coefficients have settled where none moves by more than this share of its size (or of 1e-3).
const SETTLED: f64 = 1e-14;
/// What is still taken as settled where rounding keeps them moving.
const NEARLY: f64 = 1e-9;

/// The coefficients, residuals (not those of least squares) and errors.
#[derive(Debug, Clone)]
pub(super) struct Huber {
    pub(super) intercept: f64,
    pub(super) slopes: Vec<f64>,
    pub(super) residuals: Vec<f64>,
    /// The variance that goes with each place on the diagonal of (Z'Z)^-1, Z the constant and the x.
    pub(super) variance: f64,
}

impl Huber {
    /// P. Huber's M-estimator ("Robust Statistics", 1981) with psi(z) = max(-c, min(c, z)), c = 1.345, by iteratively reweighted
    /// least squares from the coefficients of least squares; the scale is the median of |e| / 0.6745, found anew at each step.
    /// Errors are his H1: k^2 (1 / (n - k') sum psi^2 s^2) / (mean psi')^2 (Z'Z)^-1 with k = 1 + k' / n var(psi') / (mean psi')^2,
    /// k' the number of coefficients with the constant.
    ///
    /// `None` where the coefficients do not settle. Where half of the residuals are zero the scale is, and so are the errors.
    pub(super) fn fit(design: &Design, x: &[&[f64]], y: &[f64], start: &LeastSquares) -> Option<Self> {
        let (n, size) = (y.len(), x.len());
        let mut found = Self {
            intercept: start.intercept,
            slopes: start.slopes.clone(),
            residuals: start.residuals.clone(),
            variance: 0.0,
        };
        let largest = stats::largest(y.iter().copied());
        let mut scale = mad(&found.residuals);
        let mut moved = 0.0;
        for _ in 0..MOST_STEPS {
            if stats::is_residue(scale, largest) {
                return Some(found);
            }
            let weights: Vec<f64> = found.residuals.iter().map(|e| (TUNING / (e / scale).abs()).min(1.0)).collect();
            let (intercept, slopes) = weighted(x, y, &weights)?;
            let step = |from: f64, to: f64| (to - from).abs() / to.abs().max(1e-3);
            moved = (found.slopes.iter().zip(&slopes))
                .map(|(from, to)| step(*from, *to))
                .fold(step(found.intercept, intercept), f64::max);
            let explained = |row: usize| intercept + stats::sum((0..size).map(|at| slopes[at] * x[at][row]));
            found.residuals = (0..n).map(|row| y[row] - explained(row)).collect();
            (found.intercept, found.slopes) = (intercept, slopes);
            scale = mad(&found.residuals);
            if moved <= SETTLED {
                break;
            }
        }
        if moved > NEARLY || stats::is_residue(scale, largest) {
            return (moved <= NEARLY).then_some(found);
        }
        let freedom = n.checked_sub(design.centres.len() + 1).filter(|freedom| *freedom > 0)? as f64;
        let (rows, coefficients) = (n as f64, size as f64 + 1.0);
        let scaled: Vec<f64> = found.residuals.iter().map(|e| e / scale).collect();
        let psi: Vec<f64> = scaled.iter().map(|z| z.clamp(-TUNING, TUNING)).collect();
        // psi' is 1 within and 0 beyond.
        let within = scaled.iter().filter(|z| z.abs() <= TUNING).count() as f64 / rows;
        let k = 1.0 + coefficients / rows * (within * (1.0 - within)) / (within * within);
        found.variance = k * k * (dot(&psi, &psi) / freedom) * scale * scale / (within * within);
        Some(found)
    }
}

/// The median of |e| as the standard deviation that a normal distribution with that median has.
fn mad(residuals: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = residuals.iter().map(|e| e.abs()).collect();
    stats::median(&mut sizes).unwrap_or(0.0) / MAD
}

/// Weighted least squares of y on a constant and the x: about their weighted means.
fn weighted(x: &[&[f64]], y: &[f64], weights: &[f64]) -> Option<(f64, Vec<f64>)> {
    let total = stats::sum(weights.iter().copied());
    let mean = |values: &[f64]| dot(values, weights) / total;
    let (centre, centres) = (mean(y), x.iter().map(|column| mean(column)).collect::<Vec<f64>>());
    let roots: Vec<f64> = weights.iter().map(|weight| weight.sqrt()).collect();
    let design = Mat::from_fn(y.len(), x.len(), |row, at| (x[at][row] - centres[at]) * roots[row]);
    let target = Mat::from_fn(y.len(), 1, |row, _| (y[row] - centre) * roots[row]);
    let decomposed: Qr<f64> = design.qr();
    let found = decomposed.solve_lstsq(&target);
    let slopes: Vec<f64> = (0..x.len()).map(|at| found[(at, 0)]).collect();
    let intercept = centre - stats::sum(slopes.iter().zip(&centres).map(|(slope, mean)| slope * mean));
    (intercept.is_finite() && slopes.iter().all(|slope| slope.is_finite())).then_some((intercept, slopes))
}
