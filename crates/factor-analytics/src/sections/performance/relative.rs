//! Figures against a benchmark: the regression on it, the difference from it, and the two sides of the market.

use schemars::JsonSchema;
use serde::Serialize;

use super::{PerformanceProfile, ProfileInputs};
use crate::{
    correlation::pearson,
    inference::Z_975,
    regime::MIN_ROWS,
    regression::{MIN_ROWS_FOR_ERRORS, Regression},
    stats::{self, ratio},
};

/// Fewest rows on one side of the market for a capture ratio.
const MIN_CAPTURE_ROWS: usize = 3;

/// The figures of the regression on the benchmark.
pub(super) const OF_REGRESSION: [&str; 11] = [
    "beta",
    "alpha",
    "r_squared",
    "adjusted_r_squared",
    "beta_t",
    "alpha_t",
    "beta_se",
    "alpha_se",
    "beta_interval",
    "alpha_interval",
    "specific_risk",
];

/// The periods on one side of the market.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct MarketSide {
    /// How many there are.
    pub n: usize,
    /// Mean return over them, per period.
    pub mean_return: Option<f64>,
    /// Share of them with a return above zero.
    pub hit_rate: Option<f64>,
    /// Correlation with the benchmark over them; null under 12.
    pub correlation: Option<f64>,
}

impl PerformanceProfile {
    /// Fills what is relative to the benchmark; `over_cash` is false where too few rows have a risk-free rate.
    pub(super) fn against_benchmark(&mut self, inputs: &ProfileInputs<'_>, own: usize, over_cash: bool) {
        let Some(benchmark) = inputs.benchmark else { return };
        let (r, b): (Vec<f64>, Vec<f64>) = inputs
            .returns
            .iter()
            .zip(benchmark)
            .filter(|(r, b)| r.is_finite() && b.is_finite())
            .map(|(r, b)| (*r, *b))
            .unzip();
        let rest = self.regress(inputs, benchmark, over_cash);
        self.note_rows(&OF_REGRESSION, rest, own);
        // Not excess over cash on both sides: it would cancel.
        let per_year = inputs.per_year;
        let active: Vec<f64> = r.iter().zip(&b).map(|(r, b)| r - b).collect();
        let deviation = stats::deviation_of_difference(&r, &b);
        self.tracking_error = deviation.map(|sd| sd * per_year.sqrt());
        self.information_ratio = ratio(stats::mean(&active), deviation).map(|ratio| ratio * per_year.sqrt());
        self.note_rows(&["tracking_error", "information_ratio"], r.len(), own);
        let (up, up_capture) = side(&r, &b, per_year, |b| b > 0.0);
        let (down, down_capture) = side(&r, &b, per_year, |b| b < 0.0);
        (self.up_months, self.up_capture) = (Some(up), up_capture);
        (self.down_months, self.down_capture) = (Some(down), down_capture);
    }

    /// Fills the figures of the regression; gives its rows. Without a source of the risk-free rate returns are taken as
    /// they are, and what is a return over cash is left out.
    fn regress(&mut self, inputs: &ProfileInputs<'_>, benchmark: &[f64], over_cash: bool) -> usize {
        let rate = |row: usize| inputs.risk_free.map_or(0.0, |rates| rates[row]);
        let rows = inputs.returns.iter().zip(benchmark).enumerate();
        let (x, y): (Vec<f64>, Vec<f64>) = rows
            .map(|(row, (r, b))| (b - rate(row), r - rate(row)))
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .unzip();
        let fit = Regression::fit(&x, &y).filter(|fit| over_cash && fit.n >= MIN_ROWS_FOR_ERRORS);
        let Some(fit) = fit else { return x.len() };
        let per_year = inputs.per_year;
        let interval =
            |value: f64, error: Option<f64>| error.map(|error| [value - Z_975 * error, value + Z_975 * error]);
        self.beta = Some(fit.slope);
        self.beta_t = fit.slope_t();
        self.beta_se = fit.slope_error;
        self.beta_interval = interval(fit.slope, fit.slope_error);
        self.r_squared = fit.r_squared;
        self.adjusted_r_squared = fit.adjusted_r_squared();
        self.specific_risk = fit.residual_deviation.map(|deviation| deviation * per_year.sqrt());
        if inputs.risk_free.is_some() {
            self.alpha = Some(fit.intercept * per_year);
            self.alpha_t = fit.intercept_t();
            self.alpha_se = fit.intercept_error.map(|error| error * per_year);
            self.alpha_interval = interval(fit.intercept * per_year, self.alpha_se);
        }
        fit.n
    }
}

/// The rows whose benchmark return `counts`, and g(r) / g(b) over them, g(x) = prod(1 + x)^(P/n) - 1: annual returns,
/// as Morningstar and empyrical have them.
fn side(r: &[f64], b: &[f64], per_year: f64, counts: impl Fn(f64) -> bool) -> (MarketSide, Option<f64>) {
    let (r, b): (Vec<f64>, Vec<f64>) = r.iter().copied().zip(b.iter().copied()).filter(|(_, b)| counts(*b)).unzip();
    let n = r.len();
    let hits = r.iter().filter(|r| **r > 0.0).count();
    let side = MarketSide {
        n,
        mean_return: stats::mean(&r),
        hit_rate: (n > 0).then(|| hits as f64 / n as f64),
        correlation: pearson(&r, &b, MIN_ROWS).r,
    };
    let yearly = |returns: &[f64]| stats::compound_over(returns, per_year);
    (side, ratio(yearly(&r), yearly(&b)).filter(|_| n >= MIN_CAPTURE_ROWS))
}
