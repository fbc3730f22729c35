//! Rolling correlation: Pearson's r over every window of a fixed number of rows.
//!
//! A value needs every row of its window present on both sides; a window in which a side is constant
//! ([`crate::stats::is_constant`]) has none. No floor of observations applies. Windows have two rows at least.
//!
//! Each pair stands for itself: its values are the same bit for bit whatever else the panel holds, alone or among all
//! pairs, and by one thread or several.

mod lanes;

#[cfg(test)]
mod tests;

use ndarray::ArrayView2;

use self::lanes::{Groups, LANES, Lanes, Side};
use crate::parallel::{self, Threads};

/// Under this many windows with a value, how much they vary is not told.
pub const MIN_WINDOWS: usize = 12;

/// What the rolling correlations of one pair come to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RollingSummary {
    /// Windows with a value.
    pub windows: usize,
    /// The value of the last window that has one.
    pub latest: Option<f64>,
    /// The row at which that window ends.
    pub latest_row: Option<usize>,
    /// Mean over the windows with a value.
    pub mean: Option<f64>,
    /// Lowest value.
    pub min: Option<f64>,
    /// Highest value.
    pub max: Option<f64>,
    /// Standard deviation of the values, divisor n - 1; `None` under [`MIN_WINDOWS`] values.
    pub sd: Option<f64>,
    /// max(0, 1 - sd); `None` under [`MIN_WINDOWS`] values.
    pub stability: Option<f64>,
}

/// The rolling correlation of two series of one length, one entry per row: that of the window of `window` rows which
/// ends there. `None` where the window is not whole (so for the first `window - 1` rows) or a side does not vary in it.
pub fn series(x: &[f64], y: &[f64], window: usize) -> Vec<Option<f64>> {
    let rows = x.len().min(y.len());
    let groups = Groups::of(vec![x[..rows].to_vec(), y[..rows].to_vec()], window);
    let mut values = Vec::new();
    groups.correlate(&Side::of(&groups, 0), 0, &mut values);
    let mut series = vec![None; rows];
    for (row, lanes) in (groups.first_end()..).zip(&values) {
        series[row] = Some(lanes[1]).filter(|r| r.is_finite());
    }
    series
}

/// Every pair of columns i < j, in the order (0, 1), (0, 2), ..., (1, 2), ...
///
/// `panel` has shape (rows, columns), `NaN` where missing.
pub fn summarise(panel: ArrayView2<'_, f64>, window: usize) -> Vec<RollingSummary> {
    summarise_with(panel, window, Threads::Fitting)
}

/// As [`summarise`], by so many threads.
pub fn summarise_with(panel: ArrayView2<'_, f64>, window: usize, threads: Threads) -> Vec<RollingSummary> {
    let groups = groups_of(panel, window);
    let columns = panel.ncols();
    let mut summaries = vec![RollingSummary::default(); columns * columns.saturating_sub(1) / 2];
    let mut rest = summaries.as_mut_slice();
    let firsts = (0..columns).map(move |i| {
        let (pairs, after) = std::mem::take(&mut rest).split_at_mut(columns - 1 - i);
        rest = after;
        (i, pairs)
    });
    let operations = 20.0 * (columns * columns / 2) as f64 * panel.nrows() as f64;
    parallel::for_each(threads.for_work(operations), firsts, Vec::new, |values, (i, pairs)| {
        let side = Side::of(&groups, i);
        let mut pairs = pairs.iter_mut();
        for group in (i + 1) / LANES..columns.div_ceil(LANES) {
            groups.correlate(&side, group, values);
            let from = (i + 1).max(group * LANES) - group * LANES;
            let found = lanes_summarised(values, groups.first_end());
            pairs.by_ref().zip(&found[from..]).for_each(|(pair, summary)| *pair = *summary);
        }
    });
    summaries
}

/// The pairs of columns that are named, in their order; a column that the panel does not have gives an empty summary.
pub fn summarise_pairs(panel: ArrayView2<'_, f64>, window: usize, pairs: &[(usize, usize)]) -> Vec<RollingSummary> {
    let groups = groups_of(panel, window);
    let mut values = Vec::new();
    let one = |&(i, j): &(usize, usize)| {
        if i.max(j) >= panel.ncols() {
            return RollingSummary::default();
        }
        groups.correlate(&Side::of(&groups, i), j / LANES, &mut values);
        lanes_summarised(&values, groups.first_end())[j % LANES]
    };
    pairs.iter().map(one).collect()
}

/// The summary of one pair's series, as [`series`] gives it.
pub fn summary_of(series: &[Option<f64>]) -> RollingSummary {
    let values: Vec<Lanes> = series.iter().map(|r| [r.unwrap_or(f64::NAN); LANES]).collect();
    lanes_summarised(&values, 0)[0]
}

fn groups_of(panel: ArrayView2<'_, f64>, window: usize) -> Groups {
    Groups::of(panel.columns().into_iter().map(|column| column.to_vec()).collect(), window)
}

/// The summaries of eight pairs from their values, one entry per window, the first of which ends at row `first_end`.
fn lanes_summarised(values: &[Lanes], first_end: usize) -> [RollingSummary; LANES] {
    let moments = lanes::moments(values);
    std::array::from_fn(|lane| {
        let windows = moments.count[lane] as usize;
        if windows == 0 {
            return RollingSummary::default();
        }
        let last = values.iter().rposition(|row| row[lane].is_finite());
        let sd = (windows >= MIN_WINDOWS).then(|| (moments.squares[lane] / (windows - 1) as f64).sqrt());
        RollingSummary {
            windows,
            latest: last.map(|at| values[at][lane]),
            latest_row: last.map(|at| first_end + at),
            mean: Some(moments.mean[lane]),
            min: Some(moments.min[lane]),
            max: Some(moments.max[lane]),
            sd,
            stability: sd.map(|sd| (1.0 - sd).max(0.0)),
        }
    })
}
