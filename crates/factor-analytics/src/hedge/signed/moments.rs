//! Second moments of some series about their means, and small systems of equations of them.

use std::borrow::Cow;

use super::MAX_MEMBERS;
use crate::stats;

/// A member of which less than this share of its variance is independent of those before it counts as dependent.
const DEPENDENT: f64 = 1e-12;

/// The second moments of complete series of one length about their means, of a divisor of their own: correlations, ratios of a
/// regression and shares of variance are free of it.
#[derive(Debug, Clone)]
pub(in crate::hedge) struct Moments {
    centred: Vec<Vec<f64>>,
    variances: Vec<f64>,
    /// All of them, (series, series) row by row, where they are wanted often.
    whole: Option<Vec<f64>>,
    is_shrunk: bool,
}

/// The moments that the ratios of one basket follow from.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::hedge) struct Basket {
    /// Members.
    pub(in crate::hedge) size: usize,
    /// The factor's variance.
    pub(in crate::hedge) variance: f64,
    /// Of the factor with each member.
    pub(in crate::hedge) with_factor: [f64; MAX_MEMBERS],
    /// Of each member with each.
    pub(in crate::hedge) between: [[f64; MAX_MEMBERS]; MAX_MEMBERS],
}

impl Moments {
    /// Those of series of equal weight in every row. Each row of the matrix is computed when it is asked for.
    pub(in crate::hedge) fn of<'a>(series: impl Iterator<Item = &'a [f64]>) -> Self {
        Self::of_centred(series.map(centred).collect())
    }

    /// Those of series whose rows have weights of their own, which sum to 1: weighted means are removed.
    pub(in crate::hedge) fn weighted<'a>(series: impl Iterator<Item = &'a [f64]>, weights: &[f64]) -> Self {
        let about_mean = |values: &[f64]| -> Vec<f64> {
            let mean = stats::sum(values.iter().zip(weights).map(|(value, weight)| value * weight));
            values.iter().zip(weights).map(|(value, weight)| (value - mean) * weight.sqrt()).collect()
        };
        Self::of_centred(series.map(about_mean).collect())
    }

    fn of_centred(centred: Vec<Vec<f64>>) -> Self {
        let variances = centred.iter().map(|values| dot(values, values)).collect();
        Self { centred, variances, whole: None, is_shrunk: false }
    }

    /// The same with all of them computed at once, for many baskets.
    #[must_use]
    pub(in crate::hedge) fn computed(mut self) -> Self {
        let size = self.size();
        let mut whole = vec![0.0; size * size];
        for i in 0..size {
            for j in i..size {
                let moment = dot(&self.centred[i], &self.centred[j]);
                (whole[i * size + j], whole[j * size + i]) = (moment, moment);
            }
        }
        self.whole = Some(whole);
        self
    }

    /// The same with correlations drawn towards each other: `correlation` gives what becomes of that of two series.
    #[must_use]
    pub(in crate::hedge) fn with_correlations(mut self, correlation: impl Fn(usize, usize) -> f64) -> Self {
        let size = self.size();
        let deviation = |at: usize| self.variances[at].sqrt();
        let entry = |i: usize, j: usize| match i == j {
            true => self.variances[i],
            false => correlation(i, j) * deviation(i) * deviation(j),
        };
        self.whole = Some((0..size * size).map(|at| entry(at / size, at % size)).collect());
        self.is_shrunk = true;
        self
    }

    /// How many series.
    pub(in crate::hedge) fn size(&self) -> usize {
        self.variances.len()
    }

    pub(in crate::hedge) fn variance(&self, at: usize) -> f64 {
        self.variances[at]
    }

    /// Those of one series with each.
    pub(in crate::hedge) fn row(&self, at: usize) -> Cow<'_, [f64]> {
        let size = self.size();
        match &self.whole {
            Some(whole) => Cow::Borrowed(&whole[at * size..(at + 1) * size]),
            None => Cow::Owned(self.of_sample(at)),
        }
    }

    /// The correlation of one series with each as the rows have it, drawn towards nothing.
    pub(in crate::hedge) fn correlations(&self, at: usize) -> Vec<f64> {
        let size = |other: usize| (self.variances[at] * self.variances[other]).sqrt();
        let row = if self.is_shrunk { Cow::Owned(self.of_sample(at)) } else { self.row(at) };
        row.iter().enumerate().map(|(other, moment)| (moment / size(other)).clamp(-1.0, 1.0)).collect()
    }

    fn of_sample(&self, at: usize) -> Vec<f64> {
        self.centred.iter().map(|other| dot(&self.centred[at], other)).collect()
    }
}

impl Basket {
    /// A basket of some series, at most [`MAX_MEMBERS`], given the rows of moments of the factor and of each of them.
    pub(in crate::hedge) fn of(variance: f64, of_factor: &[f64], members: &[usize], rows: &[Cow<'_, [f64]>]) -> Self {
        let mut basket = Self { size: members.len(), variance, ..Self::default() };
        for (i, (member, row)) in members.iter().zip(rows).enumerate() {
            basket.with_factor[i] = of_factor[*member];
            members.iter().enumerate().for_each(|(j, other)| basket.between[i][j] = row[*other]);
        }
        basket
    }

    /// The ratios h of least var(f + sum h c) + `ridge` sum h^2 var(c), ordinary least squares where `ridge` is 0: (S + ridge
    /// diag S) h = -s, by Cholesky's decomposition. `None` where members depend on each other.
    pub(in crate::hedge) fn ratios(&self, ridge: f64) -> Option<[f64; MAX_MEMBERS]> {
        let mut lower = [[0.0; MAX_MEMBERS]; MAX_MEMBERS];
        let mut found = [0.0; MAX_MEMBERS];
        for i in 0..self.size {
            for j in 0..i {
                let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                lower[i][j] = (self.between[i][j] - known) / lower[j][j];
            }
            let known: f64 = (0..i).map(|k| lower[i][k] * lower[i][k]).sum();
            let own = self.between[i][i] * (1.0 + ridge);
            let pivot = own - known;
            if pivot.is_nan() || pivot <= DEPENDENT * own {
                return None;
            }
            lower[i][i] = pivot.sqrt();
            let known: f64 = (0..i).map(|k| lower[i][k] * found[k]).sum();
            found[i] = (-self.with_factor[i] - known) / lower[i][i];
        }
        for i in (0..self.size).rev() {
            let known: f64 = (i + 1..self.size).map(|k| lower[k][i] * found[k]).sum();
            found[i] = (found[i] - known) / lower[i][i];
        }
        Some(found)
    }

    /// var(f + sum h c).
    pub(in crate::hedge) fn left(&self, ratios: &[f64]) -> f64 {
        let mut left = self.variance;
        for i in 0..self.size {
            let others: f64 = (0..self.size).map(|j| self.between[i][j] * ratios[j]).sum();
            left += ratios[i] * (2.0 * self.with_factor[i] + others);
        }
        // Rounding can take what is nearly nothing below it.
        left.max(0.0)
    }

    /// 1 - var(f + sum h c) / var(f).
    pub(in crate::hedge) fn effectiveness(&self, ratios: &[f64]) -> f64 {
        1.0 - self.left(ratios) / self.variance
    }
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = stats::mean(values).unwrap_or(0.0);
    values.iter().map(|value| value - mean).collect()
}

/// Sum of products of centred values: four sums side by side, which a processor adds at once.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (x.as_chunks::<4>(), y.as_chunks::<4>());
    let mut lanes = [0.0; 4];
    for (a, b) in x.0.iter().zip(y.0) {
        (0..4).for_each(|lane| lanes[lane] += a[lane] * b[lane]);
    }
    let rest: f64 = x.1.iter().zip(y.1).map(|(a, b)| a * b).sum();
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}
