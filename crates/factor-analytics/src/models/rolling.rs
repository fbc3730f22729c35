//! A model over moving windows.
//!
//! What a window's factors have of every y is worked out once and serves all series, so that a universe costs little more than a
//! fund. Sums are plain here, on values less their window's mean: a window is short, and its figures hold to 1e-9.

use super::{
    Estimator,
    fit::{ModelFactor, ModelFit},
};
use crate::{
    Threads,
    exposure::ols::Design,
    inference::{Z_975, t_975},
    observer::{Progress, Stopped},
    parallel::{Checkpoint, observed},
    regression::{MIN_ROWS_FOR_ERRORS, newey_west_lag},
    stats,
};

/// What is fitted over every window.
#[derive(Debug, Clone, Copy)]
pub struct RollingPlan<'a> {
    /// The factors: excess returns per row, `NaN` where missing.
    pub factors: &'a [ModelFactor<'a>],
    /// Rows of a window.
    pub window: usize,
    /// How each is estimated.
    pub estimator: Estimator,
    /// Periods in a year.
    pub per_year: f64,
}

/// A model on one window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowFit {
    /// By factor, in their order.
    pub betas: Vec<f64>,
    /// 95% intervals of them; `None` under 12 rows.
    pub intervals: Option<Vec<[f64; 2]>>,
    /// Per year.
    pub alpha: f64,
    /// 95% interval of alpha.
    pub alpha_interval: Option<[f64; 2]>,
    /// 1 - SSR / SST.
    pub r_squared: f64,
}

/// The windows of one series, by their last row; `None` where a row of the window is missing, the series or a factor does not
/// vary in it, or the factors depend on each other there.
pub type RollingFits = Vec<Option<WindowFit>>;

/// What a window's factors have of every y.
struct Window<'a> {
    design: &'a Design,
    lag: usize,
    /// Half the width of an interval in errors; `None` under 12 rows.
    half: Option<f64>,
}

impl RollingPlan<'_> {
    /// Fits the model to each of some series of excess returns over every window of rows. A window needs every one of its rows in
    /// the series and in all factors. One entry per series and row; the first `window - 1` rows end no window.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked after each window.
    pub fn fit(
        &self,
        series: &[&[f64]],
        threads: Threads,
        progress: &mut Progress<'_>,
    ) -> Result<Vec<RollingFits>, Stopped> {
        let rows = series.first().map_or(0, |one| one.len());
        let mut windows: Vec<Vec<Option<WindowFit>>> = vec![vec![None; series.len()]; rows];
        let last_rows = windows.iter_mut().enumerate().skip(self.window.saturating_sub(1));
        let count = (rows + 1).saturating_sub(self.window);
        let operations = (count * self.window * series.len() * (self.factors.len() + 1) * 8) as f64;
        let work = |(): &mut (), (last, found): (usize, &mut Vec<Option<WindowFit>>), _: &mut Checkpoint<'_, '_>| {
            *found = self.window(last, series);
            Ok(())
        };
        observed(threads.for_work(operations), (count, last_rows), || (), work, progress)?;
        let of_series =
            |at: usize| windows.iter_mut().map(|window| window.get_mut(at).and_then(Option::take)).collect();
        Ok((0..series.len()).map(of_series).collect())
    }

    /// Every series on the window that ends with a row.
    fn window(&self, last: usize, series: &[&[f64]]) -> Vec<Option<WindowFit>> {
        let rows = last + 1 - self.window..last + 1;
        let is_whole = |values: &[f64]| values.len() == self.window && values.iter().all(|value| value.is_finite());
        let x: Vec<&[f64]> = self.factors.iter().filter_map(|factor| factor.returns.get(rows.clone())).collect();
        let nothing = || vec![None; series.len()];
        if x.len() != self.factors.len() || !x.iter().all(|column| is_whole(column)) || self.window < x.len() + 2 {
            return nothing();
        }
        if self.estimator == Estimator::Huber {
            let one = |y: &&[f64]| y.get(rows.clone()).filter(|y| is_whole(y)).and_then(|y| self.robust(&x, y));
            return series.iter().map(one).collect();
        }
        let Ok(design) = Design::of(&x, self.window) else { return nothing() };
        let half = match self.estimator {
            _ if self.window < MIN_ROWS_FOR_ERRORS => None,
            Estimator::Ols => t_975((self.window - x.len() - 1) as f64),
            Estimator::Hac | Estimator::Huber => Some(Z_975),
        };
        let window = Window { design: &design, lag: newey_west_lag(self.window), half };
        let one = |y: &&[f64]| y.get(rows.clone()).filter(|y| is_whole(y)).and_then(|y| window.fit(y, self));
        series.iter().map(one).collect()
    }

    fn robust(&self, x: &[&[f64]], y: &[f64]) -> Option<WindowFit> {
        let of = self.factors.iter().zip(x).map(|(factor, returns)| ModelFactor { name: factor.name, returns });
        let fit = ModelFit::fit(y, &of.collect::<Vec<_>>(), self.estimator, self.per_year).ok()?;
        Some(WindowFit {
            betas: fit.betas(),
            intervals: fit.factors.values().map(|one| one.interval).collect(),
            alpha: fit.alpha.annual,
            alpha_interval: fit.alpha.interval,
            r_squared: fit.r_squared,
        })
    }
}

impl Window<'_> {
    fn fit(&self, y: &[f64], plan: &RollingPlan<'_>) -> Option<WindowFit> {
        if stats::is_constant(y) {
            return None;
        }
        let (design, n) = (self.design, y.len());
        let mean = stats::mean(y)?;
        let target: Vec<f64> = y.iter().map(|value| value - mean).collect();
        let betas: Vec<f64> = design.influences.iter().map(|influence| product(influence, &target)).collect();
        let mut residuals = target.clone();
        for (column, beta) in design.columns.iter().zip(&betas) {
            residuals.iter_mut().zip(column).for_each(|(e, x)| *e -= beta * x);
        }
        let unexplained = product(&residuals, &residuals);
        let freedom = (n - betas.len() - 1) as f64;
        let mut scores = vec![0.0; n];
        let mut error = |influence: &[f64]| match plan.estimator {
            Estimator::Ols => (unexplained / freedom * product(influence, influence)).sqrt(),
            Estimator::Hac | Estimator::Huber => {
                scores
                    .iter_mut()
                    .zip(residuals.iter().zip(influence))
                    .for_each(|(score, (e, weight))| *score = e * weight);
                let at = |step: usize| {
                    let weight = (1.0 - step as f64 / (self.lag as f64 + 1.0)) * if step == 0 { 1.0 } else { 2.0 };
                    weight * product(&scores[step..], &scores[..n - step])
                };
                (0..=self.lag.min(n - 1)).map(at).sum::<f64>().max(0.0).sqrt()
            }
        };
        let interval = |value: f64, se: f64, half: f64| [value - half * se, value + half * se];
        let level = mean - betas.iter().zip(&design.centres).map(|(beta, centre)| beta * centre).sum::<f64>();
        let intervals = self.half.map(|half| {
            let each = betas.iter().zip(&design.influences);
            each.map(|(beta, influence)| interval(*beta, error(influence), half)).collect()
        });
        let alpha_interval =
            self.half.map(|half| interval(level, error(&design.level), half).map(|end| end * plan.per_year));
        Some(WindowFit {
            betas,
            intervals,
            alpha: level * plan.per_year,
            alpha_interval,
            r_squared: 1.0 - unexplained / product(&target, &target),
        })
    }
}

/// The sum of products, in lanes so that a processor does several at once.
fn product(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_parts.remainder().iter().zip(b_parts.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_parts.zip(b_parts) {
        (0..LANES).for_each(|at| lanes[at] += a[at] * b[at]);
    }
    lanes.iter().sum::<f64>() + rest
}
