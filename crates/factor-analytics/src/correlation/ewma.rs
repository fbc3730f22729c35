//! Correlation with weights that fade with age.

use ndarray::Array2;

use super::{
    estimate::Estimate,
    matrix::CorrelationMatrix,
    pair::{NamedSeries, PairCorrelation, root_of_product},
};
use crate::{
    observer::{Progress, Stopped},
    stats,
};

/// w_t = 2^(-age / half-life), age in rows of the panel, 0 for its last row.
pub(super) struct Weights(Vec<f64>);

impl Weights {
    pub(super) fn new(half_life: f64, rows: usize) -> Self {
        Self((0..rows).rev().map(|age| (-(age as f64) / half_life).exp2()).collect())
    }
}

/// The weighted correlation of two columns over their common rows, and the effective number of those rows,
/// n_eff = (sum w)^2 / sum w^2.
///
/// r = sum w (x - mx)(y - my) / sqrt(sum w (x - mx)^2 sum w (y - my)^2) with weighted means. Undefined when n_eff is
/// under `min_rows` (at least 2), or when a side is constant on the common rows ([`stats::is_constant`]).
pub(super) fn correlate(x: &[f64], y: &[f64], weights: &Weights, min_rows: usize) -> (PairCorrelation, f64) {
    let rows: Vec<(f64, f64, f64)> = (x.iter().zip(y).zip(&weights.0))
        .filter(|((a, b), _)| a.is_finite() && b.is_finite())
        .map(|((a, b), w)| (*a, *b, *w))
        .collect();
    let n = rows.len();
    let total = stats::sum(rows.iter().map(|(_, _, w)| *w));
    let squares = stats::sum(rows.iter().map(|(_, _, w)| w * w));
    // Weights of very old rows may all be zero in f64.
    let effective = stats::ratio(Some(total * total), Some(squares)).unwrap_or(0.0);
    let varies = |side: fn(&(f64, f64, f64)) -> f64| !stats::is_constant(&rows.iter().map(side).collect::<Vec<_>>());
    // Equal weights give n up to rounding: a floor of n rows must let n rows through.
    let enough = n >= 2 && effective * (1.0 + 1e-12) >= min_rows.max(2) as f64;
    if !enough || !varies(|row| row.0) || !varies(|row| row.1) {
        return (PairCorrelation { r: None, n }, effective);
    }
    let centre = |side: fn(&(f64, f64, f64)) -> f64| stats::sum(rows.iter().map(|row| row.2 * side(row))) / total;
    let (centre_x, centre_y) = (centre(|row| row.0), centre(|row| row.1));
    // About the weighted means: sums of raw squares would lose the digits of a level.
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b, w) in &rows {
        let (dx, dy) = (a - centre_x, b - centre_y);
        xx += w * dx * dx;
        yy += w * dy * dy;
        xy += w * (dx * dy);
    }
    let r = xy / root_of_product(xx, yy);
    (PairCorrelation { r: r.is_finite().then(|| r.clamp(-1.0, 1.0)), n }, effective)
}

/// The weighted correlation of two columns of one panel by themselves, and n_eff: as [`super::Method::Ewma`] has them.
///
/// Undefined when n_eff is under `min_rows` (at least 2), or when a side is constant on the common rows.
pub fn weighted(x: &[f64], y: &[f64], half_life: f64, min_rows: usize) -> (PairCorrelation, f64) {
    correlate(x, y, &Weights::new(half_life, x.len()), min_rows)
}

/// The weighted correlation of every pair.
pub(super) fn matrix(
    columns: &[NamedSeries<'_>],
    half_life: f64,
    min_rows: usize,
    progress: &mut Progress<'_>,
) -> Result<CorrelationMatrix, Stopped> {
    let weights = Weights::new(half_life, columns.first().map_or(0, |column| column.values.len()));
    let mut effective = Array2::zeros((columns.len(), columns.len()));
    let matrix = CorrelationMatrix::of_pairs(columns, progress, |i, j| {
        let (pair, rows) = correlate(columns[i].values, columns[j].values, &weights, min_rows);
        effective[(i, j)] = rows;
        effective[(j, i)] = rows;
        pair
    })?;
    Ok(CorrelationMatrix { estimate: Estimate::Weighted(effective), ..matrix })
}
