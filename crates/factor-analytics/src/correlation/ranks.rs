//! Spearman's rank correlation.

use super::{
    matrix::CorrelationMatrix,
    pair::{NamedSeries, PairCorrelation, root_of_product},
};
use crate::{
    observer::{Progress, Stopped},
    stats,
};

/// A column with its rows in order of their values, so that the ranks on any subset of rows cost one pass.
pub(super) struct Ranked<'a> {
    values: &'a [f64],
    /// Rows with a value, lowest value first.
    order: Vec<usize>,
}

impl<'a> Ranked<'a> {
    pub(super) fn of(values: &'a [f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).filter(|row| values[*row].is_finite()).collect();
        // Adding zero makes -0 and 0 one value: they tie.
        order.sort_by(|a, b| (values[*a] + 0.0).total_cmp(&(values[*b] + 0.0)));
        Self { values, order }
    }

    /// The ranks on the rows where `other` has a value too, by row: 1 for the lowest, equal values share the mean of
    /// their ranks. Rows that are not common keep what they had. Returns how many rows are common.
    fn ranks_beside(&self, other: &[f64], ranks: &mut [f64]) -> usize {
        let common: Vec<usize> = self.order.iter().copied().filter(|row| other[*row].is_finite()).collect();
        let mut from = 0;
        while from < common.len() {
            let value = self.values[common[from]];
            // The values are in order, so equals are neighbours.
            let tied = common[from..].iter().take_while(|row| self.values[**row] == value).count();
            // Positions from + 1 ..= from + tied.
            let rank = from as f64 + (tied as f64 + 1.0) / 2.0;
            common[from..from + tied].iter().for_each(|row| ranks[*row] = rank);
            from += tied;
        }
        common.len()
    }
}

/// Spearman's rho: Pearson's r of the average ranks on the common rows, as `scipy.stats.spearmanr` on them.
///
/// Undefined with fewer than `min_rows` (at least 2) common rows, or when a side's values are constant on them
/// ([`stats::is_constant`]).
pub(super) fn spearman(x: &Ranked<'_>, y: &Ranked<'_>, min_rows: usize) -> PairCorrelation {
    let common: Vec<usize> = (0..x.values.len().min(y.values.len()))
        .filter(|row| x.values[*row].is_finite() && y.values[*row].is_finite())
        .collect();
    let n = common.len();
    // Judged by the values and not by the ranks: tiny differences of equals would have ranks.
    let varies = |values: &[f64]| !stats::is_constant(&common.iter().map(|row| values[*row]).collect::<Vec<_>>());
    if n < min_rows.max(2) || !varies(x.values) || !varies(y.values) {
        return PairCorrelation { r: None, n };
    }
    let (mut of_x, mut of_y) = (vec![0.0; x.values.len()], vec![0.0; y.values.len()]);
    x.ranks_beside(y.values, &mut of_x);
    y.ranks_beside(x.values, &mut of_y);
    // Ranks are halves of whole numbers around a mean that is one too: the sums are exact.
    let centre = (n as f64 + 1.0) / 2.0;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for row in common {
        let (dx, dy) = (of_x[row] - centre, of_y[row] - centre);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    PairCorrelation { r: Some((xy / root_of_product(xx, yy)).clamp(-1.0, 1.0)), n }
}

/// Spearman's rho of every pair.
pub(super) fn matrix(
    columns: &[NamedSeries<'_>],
    min_rows: usize,
    progress: &mut Progress<'_>,
) -> Result<CorrelationMatrix, Stopped> {
    let mut ranked = Vec::with_capacity(columns.len());
    for column in columns {
        progress.check()?;
        ranked.push(Ranked::of(column.values));
    }
    CorrelationMatrix::of_pairs(columns, progress, |i, j| spearman(&ranked[i], &ranked[j], min_rows))
}
