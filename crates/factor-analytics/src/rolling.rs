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

use std::ops::Range;

use self::{
    group::span,
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

/// Pairs that are summed up before they are handed over: the summaries of a wide panel would be half a gigabyte.
const PAIRS_AT_A_TIME: usize = 1 << 17;

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
    let groups = Groups::of_few(&[&x[..rows], &y[..rows]], window);
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

/// Gives `take` every pair of columns with what its windows come to: each once, in an order that depends on the columns
/// alone, the first of a pair before the second among them.
///
/// The columns are of one length, `NaN` where missing.
///
/// # Errors
/// [`Stopped`] when the observer says stop; it is asked after every group of eight columns. What `take` says ends it too.
pub fn summarise(
    columns: &[&[f64]],
    window: usize,
    threads: Threads,
    progress: &mut Progress<'_>,
    mut take: impl FnMut(usize, usize, &RollingSummary),
) -> Result<(), Stopped> {
    // Those that begin together stand together: what is before the later of two groups need not be looked at.
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|at| span(columns[*at]).start);
    let ordered: Vec<&[f64]> = order.iter().map(|at| columns[*at]).collect();
    let groups = Groups::of(&ordered, window, progress)?;
    let chunks = chunks(columns.len());
    let mut summaries = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        let mut progress = progress.part(at, chunks.len());
        summaries.clear();
        summaries.resize(chunk.clone().map(|i| columns.len() - 1 - i).sum::<usize>(), RollingSummary::default());
        summarise_chunk(&groups, (&ordered, chunk.clone()), threads, &mut summaries, &mut progress)?;
        let pairs = chunk.clone().flat_map(|i| order[i + 1..].iter().map(move |b| (i, *b)));
        for ((i, b), summary) in pairs.zip(&summaries) {
            take(order[i].min(b), order[i].max(b), summary);
        }
    }
    Ok(())
}

/// As [`summarise`], all of them: (0, 1), (0, 2), ..., (1, 2), ... of the columns.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn in_order(
    columns: &[&[f64]],
    window: usize,
    threads: Threads,
    progress: &mut Progress<'_>,
) -> Result<Vec<RollingSummary>, Stopped> {
    let size = columns.len();
    let mut summaries = vec![RollingSummary::default(); size * size.saturating_sub(1) / 2];
    let at = |a: usize, b: usize| a * (2 * size - a - 1) / 2 + b - a - 1;
    summarise(columns, window, threads, progress, |a, b, summary| summaries[at(a, b)] = *summary)?;
    Ok(summaries)
}

/// The columns, from the first on, whose pairs with those after them are summed up together.
fn chunks(columns: usize) -> Vec<Range<usize>> {
    let (mut chunks, mut from, mut pairs) = (Vec::new(), 0, 0);
    for first in (0..columns).step_by(SIDES) {
        let end = columns.min(first + SIDES);
        pairs += (first..end).map(|i| columns - 1 - i).sum::<usize>();
        if pairs >= PAIRS_AT_A_TIME || end == columns {
            chunks.push(from..end);
            (from, pairs) = (end, 0);
        }
    }
    chunks
}

/// The pairs of some columns with all after them, in their order.
fn summarise_chunk(
    groups: &Groups<'_>,
    (columns, chunk): (&[&[f64]], Range<usize>),
    threads: Threads,
    summaries: &mut [RollingSummary],
    progress: &mut Progress<'_>,
) -> Result<(), Stopped> {
    let (rows, size) = (columns.first().map_or(0, |column| column.len()), columns.len());
    let operations = 20.0 * summaries.len() as f64 * rows as f64;
    let (count, mut rest) = (chunk.len().div_ceil(SIDES), summaries);
    let firsts = chunk.clone().step_by(SIDES).map(move |first| {
        let pairs = (first..size.min(first + SIDES)).map(|i| {
            let (pairs, after) = std::mem::take(&mut rest).split_at_mut(size - 1 - i);
            rest = after;
            pairs
        });
        (first, pairs.collect::<Vec<_>>())
    });
    let work = |found: &mut Found<SIDES>,
                (first, mut pairs): (usize, Vec<&mut [RollingSummary]>),
                checkpoint: &mut Checkpoint<'_, '_>| {
        for group in first / LANES..size.div_ceil(LANES) {
            checkpoint.check()?;
            let moments = groups.correlate(first, group, found);
            let first_end = groups.first_end() + found.windows.start;
            for ((side, i), pairs) in (first..).enumerate().zip(&mut pairs) {
                for j in (group * LANES).max(i + 1)..size.min((group + 1) * LANES) {
                    pairs[j - i - 1] = summary(found.there(), &moments, (side, j % LANES), first_end);
                }
            }
        }
        Ok(())
    };
    parallel::observed(threads.for_work(operations), (count, firsts), || groups.scratch::<SIDES>(), work, progress)
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
