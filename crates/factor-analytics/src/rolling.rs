//! Rolling correlation: Pearson's r over every window of a fixed number of rows.
//!
//! A value needs every row of its window present on both sides; a window in which a side is constant
//! ([`crate::stats::is_constant`]) has none. No floor of observations applies. Windows have two rows at least.
//!
//! Each pair is computed on its own: its values are the same bit for bit whatever else the panel holds, alone or among all
//! pairs, and by one thread or several.

mod group;
mod groups;
mod lanes;
mod pass;

#[cfg(test)]
mod tests;

use ndarray::{ArrayView1, ArrayView2};

use self::{
    groups::{Found, Groups},
    lanes::{LANES, Lanes},
    pass::{Moments, moments},
};
use crate::{
    observer::{Progress, Stopped},
    parallel::{self, Checkpoint, Threads},
};

/// Series that stand against a group at one time; they divide a group.
const SIDES: usize = 4;

/// Summaries that are made room for between two questions to the observer.
const SUMMARIES_AT_A_TIME: usize = 1 << 17;

/// Under this many windows with a value, how much they vary is not given.
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
    let groups = Groups::of_few(&[ArrayView1::from(&x[..rows]), ArrayView1::from(&y[..rows])], window);
    let mut found = groups.scratch::<1>();
    if rows > 0 {
        groups.correlate(0, 0, &mut found);
    }
    let mut series = vec![None; rows];
    for (row, [lanes]) in (groups.first_end()..).zip(&found.values) {
        series[row] = Some(lanes[1]).filter(|r| r.is_finite());
    }
    series
}

/// Every pair of columns i < j, in the order (0, 1), (0, 2), ..., (1, 2), ...
///
/// `panel` has shape (rows, columns), `NaN` where missing.
///
/// # Errors
/// [`Stopped`] when the observer says stop; it is asked after every group of eight columns.
pub fn summarise(
    panel: ArrayView2<'_, f64>,
    window: usize,
    threads: Threads,
    progress: &mut Progress<'_>,
) -> Result<Vec<RollingSummary>, Stopped> {
    let columns = panel.ncols();
    let groups = Groups::of(&panel.columns().into_iter().collect::<Vec<_>>(), window, progress)?;
    let pairs = columns * columns.saturating_sub(1) / 2;
    let mut summaries = Vec::with_capacity(pairs);
    while summaries.len() < pairs {
        // The summaries of a wide panel are half a gigabyte: fresh pages take their time.
        progress.check()?;
        summaries.resize(pairs.min(summaries.len() + SUMMARIES_AT_A_TIME), RollingSummary::default());
    }
    let mut rest = summaries.as_mut_slice();
    let firsts = (0..columns).step_by(SIDES).map(move |first| {
        let pairs = (first..columns.min(first + SIDES)).map(|i| {
            let (pairs, after) = std::mem::take(&mut rest).split_at_mut(columns - 1 - i);
            rest = after;
            pairs
        });
        (first, pairs.collect::<Vec<_>>())
    });
    let operations = 20.0 * (columns * columns / 2) as f64 * panel.nrows() as f64;
    let work = |found: &mut Found<SIDES>,
                (first, mut pairs): (usize, Vec<&mut [RollingSummary]>),
                checkpoint: &mut Checkpoint<'_, '_>| {
        for group in first / LANES..columns.div_ceil(LANES) {
            checkpoint.check()?;
            let moments = groups.correlate(first, group, found);
            for ((side, i), pairs) in (first..).enumerate().zip(&mut pairs) {
                for j in (group * LANES).max(i + 1)..columns.min((group + 1) * LANES) {
                    pairs[j - i - 1] = summary(&found.values, &moments, (side, j % LANES), groups.first_end());
                }
            }
        }
        Ok(())
    };
    let items = (columns.div_ceil(SIDES), firsts);
    parallel::observed(threads.for_work(operations), items, || groups.scratch::<SIDES>(), work, progress)?;
    Ok(summaries)
}

/// The summary of one pair's series, as [`series`] gives it.
pub fn summary_of(series: &[Option<f64>]) -> RollingSummary {
    let values: Vec<[Lanes; 1]> = series.iter().map(|r| [[r.unwrap_or(f64::NAN); LANES]]).collect();
    summary(&values, &moments(&values), (0, 0), 0)
}

/// The summary of one pair, a side and a lane, from the values of all windows, the first of which ends at `first_end`.
fn summary<const K: usize>(
    values: &[[Lanes; K]],
    moments: &Moments<K>,
    (side, lane): (usize, usize),
    first_end: usize,
) -> RollingSummary {
    let windows = moments.count[side][lane] as usize;
    if windows == 0 {
        return RollingSummary::default();
    }
    let last = values.iter().rposition(|row| row[side][lane].is_finite());
    let sd = (windows >= MIN_WINDOWS).then(|| (moments.squares[side][lane] / (windows - 1) as f64).sqrt());
    RollingSummary {
        windows,
        latest: last.map(|at| values[at][side][lane]),
        latest_row: last.map(|at| first_end + at),
        mean: Some(moments.mean[side][lane]),
        min: Some(moments.min[side][lane]),
        max: Some(moments.max[side][lane]),
        sd,
        stability: sd.map(|sd| (1.0 - sd).max(0.0)),
    }
}
