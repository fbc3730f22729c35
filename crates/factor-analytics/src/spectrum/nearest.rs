//! The nearest correlation matrix in the Frobenius norm (N. Higham, IMA J. Numer. Anal. 22, 2002), by Newton's method on the dual
//! problem (H. Qi and D. Sun, SIAM J. Matrix Anal. Appl. 28, 2006; R. Borsdorf and N. Higham, IMA J. Numer. Anal. 30, 2010).
//!
//! For symmetric G the answer is the semidefinite part of G + Diag(y), where y has its diagonal be 1: a root of
//! F(y) = diag((G + Diag(y))+) - 1, the gradient of a convex function of as many variables as there are columns. Some five
//! decompositions find it where alternating projections, which end at the same matrix, take a hundred or more.

use faer::Mat;

use super::decomposed;
use crate::{
    exposure::ols::dot,
    observer::{Progress, Stopped},
    stats,
};

/// Newton's steps; under ten are usual.
const STEPS: usize = 60;
/// Entries of the diagonal are this near to 1 at the end, before they are made 1.
const SETTLED: f64 = 1e-12;
/// Steps that bring nothing more: rounding is reached.
const IDLE: usize = 3;
/// Halvings of a step that leads too far.
const HALVINGS: usize = 30;
/// Steps of conjugate gradients for one of Newton's.
const GRADIENTS: usize = 200;

/// The nearest correlation matrix to a symmetric one.
pub(super) struct Nearest {
    dual: Dual,
}

/// G + Diag(y) as its eigenvectors and values, and how far its semidefinite part is from having a diagonal of ones.
struct Dual {
    vectors: Mat<f64>,
    values: Vec<f64>,
    /// F(y).
    gradient: Vec<f64>,
    /// 1/2 |(G + Diag(y))+|^2 - sum y, of which F is the gradient.
    objective: f64,
}

impl Nearest {
    /// `None` when a decomposition does not converge.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop.
    pub(super) fn to(matrix: &Mat<f64>, progress: &mut Progress<'_>) -> Result<Option<Self>, Stopped> {
        let mut y = vec![0.0; matrix.nrows()];
        let Some(mut dual) = Dual::at(matrix, &y, progress)? else { return Ok(None) };
        let mut idle = 0;
        for step in 0..STEPS {
            progress.advance(step, STEPS)?;
            if largest(&dual.gradient) < SETTLED || idle == IDLE {
                break;
            }
            let direction = dual.newton(progress)?;
            let Some((next_y, next)) = dual.along(&direction, (matrix, &y), progress)? else { return Ok(None) };
            idle = if largest(&next.gradient) < 0.5 * largest(&dual.gradient) { 0 } else { idle + 1 };
            (y, dual) = (next_y, next);
        }
        Ok(Some(Self { dual }))
    }

    /// Its eigenvalues, in no particular order.
    pub(super) fn eigenvalues(&self) -> Vec<f64> {
        self.dual.values.iter().map(|value| value.max(0.0)).collect()
    }

    /// Itself.
    #[cfg(test)]
    pub(super) fn matrix(&self) -> Mat<f64> {
        let part = part(self.dual.vectors.as_ref(), &self.dual.values);
        let scale: Vec<f64> = (0..part.nrows()).map(|i| part[(i, i)].sqrt()).collect();
        Mat::from_fn(part.nrows(), part.nrows(), |i, j| if i == j { 1.0 } else { part[(i, j)] / (scale[i] * scale[j]) })
    }
}

impl Dual {
    fn at(matrix: &Mat<f64>, y: &[f64], progress: &mut Progress<'_>) -> Result<Option<Self>, Stopped> {
        let n = y.len();
        let mut shifted = matrix.clone();
        (0..n).for_each(|i| shifted[(i, i)] += y[i]);
        let Some((vectors, values)) = decomposed(&shifted, progress)? else { return Ok(None) };
        let mut gradient = vec![-1.0; n];
        for (value, vector) in values.iter().zip(vectors.col_iter()).filter(|(value, _)| **value > 0.0) {
            gradient.iter_mut().zip(vector.iter()).for_each(|(sum, entry)| *sum += value * entry * entry);
        }
        let objective = values.iter().map(|value| value.max(0.0).powi(2)).sum::<f64>() / 2.0 - y.iter().sum::<f64>();
        Ok(Some(Self { vectors, values, gradient, objective }))
    }

    /// The point that a direction leads to, gone back on it where it leads too far.
    fn along(
        &self,
        direction: &[f64],
        (matrix, y): (&Mat<f64>, &[f64]),
        progress: &mut Progress<'_>,
    ) -> Result<Option<(Vec<f64>, Self)>, Stopped> {
        let descent = dot(&self.gradient, direction);
        let mut length = 1.0;
        for _ in 0..HALVINGS {
            let there: Vec<f64> = y.iter().zip(direction).map(|(y, by)| y + length * by).collect();
            let Some(dual) = Self::at(matrix, &there, progress)? else { return Ok(None) };
            // At the end the objective no longer changes beyond its rounding, and the gradient still does.
            let falls = dual.objective <= self.objective + 1e-4 * length * descent;
            if falls || largest(&dual.gradient) < 0.9 * largest(&self.gradient) {
                return Ok(Some((there, dual)));
            }
            length /= 2.0;
        }
        // Nothing is lower within rounding: this is where it ends.
        Ok(Self::at(matrix, y, progress)?.map(|dual| (y.to_vec(), dual)))
    }

    /// Newton's direction: h with V h = -F, by preconditioned conjugate gradients.
    fn newton(&self, progress: &Progress<'_>) -> Result<Vec<f64>, Stopped> {
        let slope = Slope::of(self, progress)?;
        let mut h = vec![0.0; self.gradient.len()];
        let mut left: Vec<f64> = self.gradient.iter().map(|entry| -entry).collect();
        let size = dot(&left, &left).sqrt();
        let enough = size * size.min(0.01);
        let mut scaled = slope.preconditioned(&left);
        let mut direction = scaled.clone();
        let mut product = dot(&left, &scaled);
        for _ in 0..GRADIENTS {
            progress.check()?;
            let image = slope.times(&direction);
            let curvature = dot(&direction, &image);
            // V is semidefinite: nothing bends downwards but by rounding.
            if curvature <= f64::EPSILON * product.abs() {
                break;
            }
            let length = product / curvature;
            h.iter_mut().zip(&direction).for_each(|(h, by)| *h += length * by);
            left.iter_mut().zip(&image).for_each(|(left, by)| *left -= length * by);
            if dot(&left, &left).sqrt() <= enough {
                break;
            }
            scaled = slope.preconditioned(&left);
            let next = dot(&left, &scaled);
            direction.iter_mut().zip(&scaled).for_each(|(by, scaled)| *by = scaled + next / product * *by);
            product = next;
        }
        if dot(&h, &self.gradient) < 0.0 {
            return Ok(h);
        }
        Ok(self.gradient.iter().map(|entry| -entry).collect())
    }
}

/// V, the derivative of F, as it is multiplied with: over the eigenvectors of one sign that are fewer.
///
/// V h = diag(P (W o P' Diag(h) P) P') with W_kl = 1 for two positive eigenvalues, 0 for two that are not, and k / (k - l) for one of each.
/// diag(P (1 o P' Diag(h) P) P') is h, so that what is not in W may be subtracted instead.
struct Slope {
    /// The vectors of those that are fewer, and of the others.
    few: Mat<f64>,
    many: Mat<f64>,
    /// For each of the many and each of the few: the share of the few's in the size of both eigenvalues.
    shares: Mat<f64>,
    /// True where the few are those that are not positive: what they have is subtracted.
    subtracted: bool,
    diagonal: Vec<f64>,
}

impl Slope {
    fn of(dual: &Dual, progress: &Progress<'_>) -> Result<Self, Stopped> {
        let n = dual.values.len();
        let (positive, other): (Vec<usize>, Vec<usize>) = (0..n).partition(|k| dual.values[*k] > 0.0);
        let subtracted = other.len() < positive.len();
        let (few, many) = if subtracted { (other, positive) } else { (positive, other) };
        let of = |columns: &[usize]| Mat::from_fn(n, columns.len(), |i, k| dual.vectors[(i, columns[k])]);
        let size = |k: usize| dual.values[k].abs();
        let shares = Mat::from_fn(many.len(), few.len(), |l, s| match size(few[s]) {
            // Of two zeros neither has a share.
            0.0 => 0.0,
            own => own / (own + size(many[l])),
        });
        let (few, many) = (of(&few), of(&many));
        progress.check()?;
        let squared = |vectors: &Mat<f64>| Mat::from_fn(n, vectors.ncols(), |i, k| vectors[(i, k)].powi(2));
        let (few2, many2) = (squared(&few), squared(&many));
        let mixed = &many2 * &shares;
        let own = (0..n).map(|i| {
            let of_few: f64 = few2.row(i).iter().sum();
            of_few.powi(2) + 2.0 * few2.row(i).iter().zip(mixed.row(i).iter()).map(|(s, l)| s * l).sum::<f64>()
        });
        let whole = |own: f64| if subtracted { 1.0 - own } else { own };
        // Zero but for rounding where a column is of the few alone.
        let diagonal = own.map(|own| whole(own).max(1e-8)).collect();
        Ok(Self { few, many, shares, subtracted, diagonal })
    }

    fn times(&self, h: &[f64]) -> Vec<f64> {
        let n = h.len();
        let weighted = Mat::from_fn(n, self.few.ncols(), |i, s| h[i] * self.few[(i, s)]);
        let mut across = self.many.transpose() * &weighted;
        for (column, shares) in across.col_iter_mut().zip(self.shares.col_iter()) {
            column.iter_mut().zip(shares.iter()).for_each(|(entry, share)| *entry *= 2.0 * share);
        }
        let within = self.few.transpose() * &weighted;
        let image = &self.many * across + &self.few * within;
        let own = (0..n).map(|i| image.row(i).iter().zip(self.few.row(i).iter()).map(|(x, y)| x * y).sum::<f64>());
        own.zip(h).map(|(own, h)| if self.subtracted { h - own } else { own }).collect()
    }

    fn preconditioned(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(&self.diagonal).map(|(x, diagonal)| x / diagonal).collect()
    }
}

/// The nearest positive semidefinite matrix to that with these vectors and values.
#[cfg(test)]
pub(super) fn part(vectors: faer::MatRef<'_, f64>, values: &[f64]) -> Mat<f64> {
    let scaled = Mat::from_fn(vectors.nrows(), vectors.ncols(), |i, j| vectors[(i, j)] * values[j].max(0.0));
    &scaled * vectors.transpose()
}

fn largest(x: &[f64]) -> f64 {
    stats::largest(x.iter().copied())
}

#[cfg(test)]
mod tests;
