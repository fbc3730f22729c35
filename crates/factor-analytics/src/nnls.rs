//! Least squares with coefficients that are not negative.
//!
//! The active-set method of C. Lawson and R. Hanson, "Solving Least Squares Problems" (1974), chapter 23: coefficients
//! enter one at a time, the one whose gradient promises most first; a step that would turn some of them negative is cut
//! short at the first zero, which leaves. The solution meets the conditions of Karush, Kuhn and Tucker: x >= 0, the
//! gradient of the objective is >= 0 everywhere and 0 where x > 0. It is unique where the columns are independent.

#[cfg(test)]
mod tests;

use faer::{Mat, Side, linalg::solvers::Solve};
use ndarray::ArrayView2;

use crate::stats;

/// A gradient within this share of the largest there could be is zero.
const NO_GAIN: f64 = 1e-13;

/// A column of which less than this share (of its square) is independent of the others counts as dependent.
const DEPENDENT: f64 = 1e-12;

/// x >= 0 with the smallest x'Gx / 2 - d'x, where G is the `gram` matrix (symmetric, not indefinite) and d is `linear`:
/// with the products G = A'A and d = A'b, or covariances, the non-negative least squares of A x = b.
///
/// A column that depends on those already used stays 0. `None` when it does not settle, which rounding may cause where
/// columns are nearly dependent, or when the shapes do not fit.
pub fn quadratic(gram: ArrayView2<'_, f64>, linear: &[f64]) -> Option<Vec<f64>> {
    let size = linear.len();
    if gram.dim() != (size, size) {
        return None;
    }
    let root = |at: usize| gram[(at, at)].max(0.0).sqrt();
    // The longest d there could be per unit of each column.
    let steepest = (0..size).filter(|at| root(*at) > 0.0).map(|at| linear[at].abs() / root(at)).fold(0.0, f64::max);
    let noise: Vec<f64> = (0..size).map(|at| NO_GAIN * steepest * root(at)).collect();
    let gain = |x: &[f64]| -> Vec<f64> {
        (0..size).map(|i| linear[i] - stats::sum((0..size).map(|j| gram[(i, j)] * x[j]))).collect()
    };
    active_set(&noise, gain, |used| solve_some(gram, linear, used))
}

/// The x of G x = d on some of the rows and columns; `None` where they depend on each other.
pub(crate) fn solve_some(gram: ArrayView2<'_, f64>, linear: &[f64], used: &[usize]) -> Option<Vec<f64>> {
    // With a unit diagonal, so that what is nearly zero does not depend on the units of a column.
    let scale: Vec<f64> = used.iter().map(|at| gram[(*at, *at)].max(0.0).sqrt()).collect();
    if scale.contains(&0.0) {
        return None;
    }
    let scaled = Mat::from_fn(used.len(), used.len(), |i, j| gram[(used[i], used[j])] / (scale[i] * scale[j]));
    let decomposed = scaled.llt(Side::Lower).ok()?;
    if (0..used.len()).any(|at| decomposed.L()[(at, at)].powi(2) <= DEPENDENT) {
        return None;
    }
    let found = decomposed.solve(Mat::from_fn(used.len(), 1, |at, _| linear[used[at]] / scale[at]));
    Some((0..used.len()).map(|at| found[(at, 0)] / scale[at]).collect())
}

/// The loop of Lawson and Hanson. `gain` is the negative gradient at x, `noise` what of each entry counts as zero,
/// `solve` the unconstrained optimum over some coefficients (`None` where it is not unique).
fn active_set(
    noise: &[f64],
    gain: impl Fn(&[f64]) -> Vec<f64>,
    solve: impl Fn(&[usize]) -> Option<Vec<f64>>,
) -> Option<Vec<f64>> {
    let size = noise.len();
    let mut x = vec![0.0; size];
    let mut used = Vec::<usize>::new();
    // Those that were let in and could not stay, until x moves: without it rounding may let them in for ever.
    let mut refused = vec![false; size];
    // Some passes per coefficient are usual; rounding may keep a few in a circle.
    for _ in 0..10 * (size + 1) {
        let gains = gain(&x);
        let next = (0..size)
            .filter(|at| !used.contains(at) && !refused[*at] && gains[*at] > noise[*at])
            // The first of equals.
            .max_by(|a, b| gains[*a].total_cmp(&gains[*b]).then(b.cmp(a)));
        let Some(next) = next else { return Some(x) };
        used.push(next);
        // A newcomer whose coefficient comes out negative would leave at once and be let in again.
        let mut first = true;
        loop {
            let found = solve(&used).filter(|found| !first || found.last().is_some_and(|entry| *entry > 0.0));
            let Some(found) = found else {
                used.retain(|at| *at != next);
                x[next] = 0.0;
                refused[next] = true;
                break;
            };
            first = false;
            let step = (used.iter().zip(&found))
                .filter(|(_, to)| **to <= 0.0)
                .map(|(at, to)| x[*at] / (x[*at] - to))
                .fold(1.0_f64, f64::min);
            if found.iter().all(|to| *to > 0.0) {
                used.iter().zip(&found).for_each(|(at, to)| x[*at] = *to);
                refused.fill(false);
                break;
            }
            for (at, to) in used.iter().zip(&found) {
                let left = x[*at] / (x[*at] - to);
                x[*at] = if *to <= 0.0 && left <= step { 0.0 } else { x[*at] + step * (to - x[*at]) };
            }
            used.retain(|at| x[*at] > 0.0);
            if used.is_empty() {
                break;
            }
        }
    }
    None
}
