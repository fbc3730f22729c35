//! The best weights of a few offsets under a cap on their sum.

use ndarray::ArrayView2;

use crate::{nnls::solve_some, stats};

/// The w that minimises w'Gw / 2 - d'w with w >= 0 and sum w <= `cap`, G the `gram` matrix and d `linear`.
///
/// Exact: the objective is convex, so its lowest point has some set of weights above zero and on that set either is the
/// unconstrained optimum w = G^-1 d, or lies on the cap, w = G^-1 (d - l 1) with l = (1'G^-1 d - cap) / (1'G^-1 1) > 0.
/// All 2^n - 1 sets are tried, which is why n is to be small. A set on which G is singular needs no trial: along the
/// direction that changes nothing a weight reaches zero, so a smaller set is as good.
pub(super) fn minimise(gram: ArrayView2<'_, f64>, linear: &[f64], cap: f64) -> Vec<f64> {
    let size = linear.len();
    let mut best = vec![0.0; size];
    let mut lowest = 0.0;
    for set in 1..1_usize << size {
        let used: Vec<usize> = (0..size).filter(|at| set >> at & 1 == 1).collect();
        let Some(on_set) = optimum(gram, linear, &used, cap) else { continue };
        let mut weights = vec![0.0; size];
        used.iter().zip(&on_set).for_each(|(at, weight)| weights[*at] = *weight);
        let value = objective(gram, linear, &weights);
        if value < lowest {
            (best, lowest) = (weights, value);
        }
    }
    best
}

/// w'Gw / 2 - d'w.
pub(super) fn objective(gram: ArrayView2<'_, f64>, linear: &[f64], weights: &[f64]) -> f64 {
    let row = |i: usize| stats::sum(weights.iter().enumerate().map(|(j, w)| gram[(i, j)] * w));
    stats::sum(weights.iter().enumerate().map(|(i, w)| w * (row(i) / 2.0 - linear[i])))
}

/// The optimum on a set of weights; `None` where it is not within the bounds, or not unique.
fn optimum(gram: ArrayView2<'_, f64>, linear: &[f64], used: &[usize], cap: f64) -> Option<Vec<f64>> {
    let mut weights = solve_some(gram, linear, used)?;
    let total = stats::sum(weights.iter().copied());
    // On the cap all weights give way at the price of the constraint, its Lagrange multiplier.
    if total > cap {
        let along = solve_some(gram, &vec![1.0; linear.len()], used)?;
        let price = (total - cap) / stats::sum(along.iter().copied());
        weights.iter_mut().zip(&along).for_each(|(weight, along)| *weight -= price * along);
        // What rounding left above the cap.
        let over = cap / stats::sum(weights.iter().copied());
        weights.iter_mut().filter(|_| over < 1.0).for_each(|weight| *weight *= over);
    }
    // A weight at or under 0 belongs to a smaller set, which is tried as well.
    weights.iter().all(|weight| *weight > 0.0).then_some(weights)
}
