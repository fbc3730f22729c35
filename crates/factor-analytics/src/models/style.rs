//! Returns-based style analysis: the mix of indices that follows a return most closely.
//!
//! W. Sharpe, "Asset Allocation: Management Style and Performance Measurement" (J. Portfolio Management 18, 1992): weights of at
//! least 0 that sum to 1 and make the variance of the difference least.

use chrono::NaiveDate;
use indexmap::IndexMap;
use ndarray::Array2;
use schemars::JsonSchema;
use serde::Serialize;

use super::fit::ModelFactor;
use crate::{
    exposure::ols::{centred, dot},
    nnls::solve_some,
    observer::{Progress, Stopped},
    resample::{RandomLengths, Seed},
    stats,
};

/// Draws of the bootstrap.
const DRAWS: usize = 1_000;
/// Rows of a block on average.
const MEAN_BLOCK: u32 = 6;
/// The ends of the intervals: they hold 90%.
const ENDS: [f64; 2] = [0.05, 0.95];
/// The method and its version, which the draws follow from.
const METHOD: &str = "style analysis 1";
/// A gain within this share of the largest there could be is none.
const NO_GAIN: f64 = 1e-12;

/// The weight of one index.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct StyleWeight {
    /// Share of the mix, 0 to 1.
    pub weight: f64,
    /// 90% interval: 1,000 draws of the stationary bootstrap.
    pub interval: Option<[f64; 2]>,
}

/// The mix on one window.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StyleWindow {
    /// Label of its last period.
    pub end: NaiveDate,
    /// By index.
    pub weights: IndexMap<String, f64>,
    /// 1 - var(r - mix) / var(r).
    pub r_squared: f64,
}

/// The style of a series.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Style {
    /// Rows.
    pub n: usize,
    /// By index.
    pub weights: IndexMap<String, StyleWeight>,
    /// 1 - var(r - mix) / var(r).
    pub r_squared: f64,
    /// sd(r - mix) times the root of the periods in a year.
    pub tracking_error: f64,
    /// (mean of r - mix) times the periods in a year: what the mix would not have given.
    pub annual_selection_return: f64,
    /// Over moving windows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rolling: Vec<StyleWindow>,
}

/// Weights and what they leave.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleFit {
    /// One per index.
    pub weights: Vec<f64>,
    /// The sum of squares of r - mix about its mean.
    pub unexplained: f64,
    /// That of r.
    pub total: f64,
}

/// Why there is no style.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StyleError {
    /// Fewer rows than there are weights to find.
    #[error(
        "{rows} periods on which the series and all indices have a return are too few for {indices} indices: {needed} are needed"
    )]
    TooFewRows {
        /// Complete rows.
        rows: usize,
        /// Indices.
        indices: usize,
        /// The fewest.
        needed: usize,
    },
    /// Nothing to follow.
    #[error("its returns do not vary on the {0} periods used")]
    Constant(usize),
    /// The weights are not unique, and rounding keeps them moving.
    #[error("no weights were found: two of the indices are nearly the same; leave one out")]
    Unsettled,
    /// The observer said stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Style {
    /// The style of returns `r` (total returns, complete rows that `labels` name), with intervals and, for a `rolling` length,
    /// over moving windows.
    ///
    /// Intervals: circular stationary bootstrap (D. Politis and J. Romano, 1994; restart probability 1/6), 1,000 draws of rows, the
    /// weights found anew in each, percentiles with type-7 quantiles, seeded by the dates and the values of r and of the indices.
    /// Weights at a bound have intervals that begin or end there.
    ///
    /// # Errors
    /// [`StyleError`].
    pub fn of(
        labels: &[NaiveDate],
        r: &[f64],
        indices: &[ModelFactor<'_>],
        rolling: Option<usize>,
        per_year: f64,
        progress: &mut Progress<'_>,
    ) -> Result<Self, StyleError> {
        let (n, needed) = (r.len(), indices.len() + 2);
        if n < needed {
            return Err(StyleError::TooFewRows { rows: n, indices: indices.len(), needed });
        }
        if stats::is_constant(r) {
            return Err(StyleError::Constant(n));
        }
        let x: Vec<&[f64]> = indices.iter().map(|index| index.returns).collect();
        let fit = StyleFit::of(r, &x).ok_or(StyleError::Unsettled)?;
        let intervals = intervals(labels, r, &x, progress)?;
        let name = |at: usize| indices[at].name.to_owned();
        let differences: Vec<f64> =
            (0..n).map(|row| r[row] - stats::sum(x.iter().zip(&fit.weights).map(|(x, w)| w * x[row]))).collect();
        let mut windows = Vec::new();
        if let Some(length) = rolling.filter(|length| *length >= needed) {
            for (from, end) in
                labels.iter().skip(length.saturating_sub(1)).take((n + 1).saturating_sub(length)).enumerate()
            {
                progress.check()?;
                let rows = from..from + length;
                let within: Vec<&[f64]> = x.iter().map(|column| &column[rows.clone()]).collect();
                let Some(fit) = StyleFit::of(&r[rows], &within) else { continue };
                let weights = fit.weights.iter().enumerate().map(|(at, weight)| (name(at), *weight)).collect();
                windows.push(StyleWindow { end: *end, weights, r_squared: fit.r_squared() });
            }
        }
        let weight =
            |at: usize| StyleWeight { weight: fit.weights[at], interval: intervals.as_ref().map(|all| all[at]) };
        Ok(Self {
            n,
            weights: (0..x.len()).map(|at| (name(at), weight(at))).collect(),
            r_squared: fit.r_squared(),
            tracking_error: (fit.unexplained / (n - 1) as f64 * per_year).sqrt(),
            annual_selection_return: stats::mean(&differences).unwrap_or(0.0) * per_year,
            rolling: windows,
        })
    }
}

impl StyleFit {
    /// The weights w >= 0 that sum to 1 with the least variance of r - sum w x. `None` where r does not vary, or they do not
    /// settle.
    ///
    /// By an active set: from the single index that follows r best, the index whose gradient promises most comes in, and one whose
    /// weight would fall under 0 leaves. The result meets the conditions of Karush, Kuhn and Tucker; it is unique where the indices
    /// are independent.
    pub fn of(r: &[f64], x: &[&[f64]]) -> Option<Self> {
        let (_, target) = centred(r);
        let columns: Vec<Vec<f64>> = x.iter().map(|column| centred(column).1).collect();
        let size = x.len();
        let mut gram = Array2::zeros((size, size));
        for i in 0..size {
            for j in i..size {
                let product = dot(&columns[i], &columns[j]);
                (gram[(i, j)], gram[(j, i)]) = (product, product);
            }
        }
        let linear: Vec<f64> = columns.iter().map(|column| dot(column, &target)).collect();
        let total = dot(&target, &target);
        if stats::is_constant(r) {
            return None;
        }
        let weights = on_the_simplex(&gram, &linear)?;
        let left = |row: usize| target[row] - stats::sum(columns.iter().zip(&weights).map(|(x, w)| w * x[row]));
        let unexplained = stats::sum((0..r.len()).map(|row| left(row).powi(2)));
        Some(Self { weights, unexplained, total })
    }

    /// 1 - var(r - mix) / var(r).
    pub fn r_squared(&self) -> f64 {
        1.0 - self.unexplained / self.total
    }
}

/// w >= 0 with sum 1 and the least w'Gw / 2 - d'w.
fn on_the_simplex(gram: &Array2<f64>, linear: &[f64]) -> Option<Vec<f64>> {
    let size = linear.len();
    let alone = |at: usize| gram[(at, at)] / 2.0 - linear[at];
    let first = (0..size).min_by(|a, b| alone(*a).total_cmp(&alone(*b)))?;
    let mut w = vec![0.0; size];
    w[first] = 1.0;
    let mut used = vec![first];
    let mut refused = vec![false; size];
    let scale = (0..size).map(|at| gram[(at, at)].abs().max(linear[at].abs())).fold(0.0, f64::max);
    for _ in 0..20 * (size + 1) {
        // Minus the gradient; all those used have the same one at the optimum of theirs.
        let gain = |at: usize| linear[at] - stats::sum((0..size).map(|other| gram[(at, other)] * w[other]));
        let level = stats::sum(used.iter().map(|at| w[*at] * gain(*at)));
        let next = (0..size)
            .filter(|at| !used.contains(at) && !refused[*at] && gain(*at) - level > NO_GAIN * scale)
            .max_by(|a, b| gain(*a).total_cmp(&gain(*b)).then(b.cmp(a)));
        let Some(next) = next else { return Some(w) };
        used.push(next);
        let mut newcomer = true;
        loop {
            let found = on_the_plane(gram, linear, &used);
            let found = found.filter(|found| !newcomer || found.last().is_some_and(|weight| *weight > 0.0));
            let Some(found) = found else {
                used.retain(|at| *at != next);
                refused[next] = true;
                break;
            };
            newcomer = false;
            if found.iter().all(|weight| *weight > 0.0) {
                used.iter().zip(&found).for_each(|(at, weight)| w[*at] = *weight);
                refused.fill(false);
                break;
            }
            let length = |at: usize, to: f64| w[at] / (w[at] - to);
            let step = (used.iter().zip(&found))
                .filter(|(_, to)| **to <= 0.0)
                .map(|(at, to)| length(*at, *to))
                .fold(1.0_f64, f64::min);
            let moved: Vec<(usize, f64)> = (used.iter().zip(&found))
                .map(|(at, to)| {
                    let leaves = *to <= 0.0 && length(*at, *to) <= step;
                    (*at, if leaves { 0.0 } else { w[*at] + step * (to - w[*at]) })
                })
                .collect();
            moved.into_iter().for_each(|(at, weight)| w[at] = weight);
            used.retain(|at| w[*at] > 0.0);
            if used.is_empty() {
                return None;
            }
        }
    }
    None
}

/// The least w'Gw / 2 - d'w over some weights that sum to 1, of any sign; `None` where they depend on each other.
fn on_the_plane(gram: &Array2<f64>, linear: &[f64], used: &[usize]) -> Option<Vec<f64>> {
    if used.len() == 1 {
        return Some(vec![1.0]);
    }
    let free = solve_some(gram.view(), linear, used)?;
    let ones = vec![1.0; linear.len()];
    let towards = solve_some(gram.view(), &ones, used)?;
    let missing = (1.0 - stats::sum(free.iter().copied())) / stats::sum(towards.iter().copied());
    Some(free.iter().zip(&towards).map(|(free, towards)| free + missing * towards).collect())
}

/// The intervals of the weights; `None` where more than a tenth of the draws leave them open.
fn intervals(
    labels: &[NaiveDate],
    r: &[f64],
    x: &[&[f64]],
    progress: &Progress<'_>,
) -> Result<Option<Vec<[f64; 2]>>, Stopped> {
    let mut seed = Seed::of(METHOD);
    for (row, label) in labels.iter().enumerate() {
        let values: Vec<f64> = std::iter::once(r[row]).chain(x.iter().map(|column| column[row])).collect();
        seed.row(*label, &values);
    }
    let (mut draws, lengths) = (seed.draws(), RandomLengths::new(MEAN_BLOCK, r.len()));
    let mut blocks = Vec::with_capacity(r.len());
    let mut drawn = vec![Vec::with_capacity(DRAWS); x.len()];
    for _ in 0..DRAWS {
        progress.check()?;
        draws.stationary(r.len(), &lengths, &mut blocks);
        let rows: Vec<usize> = blocks.iter().flat_map(|block| block.clone()).map(|row| row % r.len()).collect();
        let taken = |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row]).collect() };
        let columns: Vec<Vec<f64>> = x.iter().map(|column| taken(column)).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let Some(fit) = StyleFit::of(&taken(r), &columns) else { continue };
        drawn.iter_mut().zip(fit.weights).for_each(|(all, weight)| all.push(weight));
    }
    if drawn.first().is_none_or(|all| all.len() * 10 < DRAWS * 9) {
        return Ok(None);
    }
    let ends = |mut all: Vec<f64>| {
        all.sort_unstable_by(f64::total_cmp);
        let [low, high] = ENDS.map(|end| stats::quantile_of_sorted(&all, end));
        Some([low?, high?])
    };
    Ok(drawn.into_iter().map(ends).collect())
}
