//! How stable correlations are: those of every window of some lengths, summed up per pair, and whole series of a few.
//!
//! Always Pearson's r over all rows of the window, whatever the method of the matrices and whatever the regime: rows
//! picked one by one make no window.

use factor_types::Maturity;
use indexmap::IndexMap;
use ndarray::{Array2, ShapeBuilder};

use crate::{
    composite::Composite,
    correlation::NamedSeries,
    observer::{Progress, Stopped},
    parallel::Threads,
    rolling::{self, RollingSummary},
    sort::sort_by,
    study::Study,
};

/// Pairs of a table that are put in order between two questions to the observer.
const PAIRS_BETWEEN_QUESTIONS: usize = 1 << 16;

/// The pairs of one matrix.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollingTable {
    /// The columns of the matrix.
    pub names: Vec<String>,
    /// Per window length in rows, every pair: the least stable first, those without a stability last, equals in
    /// the order of the columns.
    pub windows: IndexMap<usize, Vec<RollingPair>>,
}

/// One pair and one window length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollingPair {
    /// One side, as a place in the names.
    pub a: usize,
    /// The other side, a later place.
    pub b: usize,
    /// What its windows come to.
    pub summary: RollingSummary,
}

/// The rolling correlations of one pair asked for by name.
#[derive(Debug, Clone, PartialEq)]
pub struct RollingSeries {
    /// One side, as it was asked for.
    pub a: String,
    /// The other side.
    pub b: String,
    /// Per window length one entry per row of the panel; a name without data when there is none.
    pub windows: Result<IndexMap<usize, Vec<Option<f64>>>, String>,
}

impl RollingTable {
    /// The longest window length at which some pair has a stability, and its pairs.
    pub fn longest_window(&self) -> Option<(usize, &[RollingPair])> {
        let has_stability =
            |pairs: &[RollingPair]| pairs.first().is_some_and(|first| first.summary.stability.is_some());
        let found = self.windows.iter().filter(|(_, pairs)| has_stability(pairs)).max_by_key(|(window, _)| **window);
        found.map(|(window, pairs)| (*window, pairs.as_slice()))
    }
}

/// Every pair of some columns; a table without pairs for fewer than two.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn table(
    columns: &[NamedSeries<'_>],
    windows: &[usize],
    progress: &mut Progress<'_>,
) -> Result<RollingTable, Stopped> {
    let rows = columns.iter().map(|column| column.values.len()).max().unwrap_or_default();
    // Column by column, as the panel itself is stored.
    let panel = Array2::from_shape_fn((rows, columns.len()).f(), |(row, at)| columns[at].values[row]);
    let pairs: Vec<(usize, usize)> =
        (0..columns.len()).flat_map(|a| (a + 1..columns.len()).map(move |b| (a, b))).collect();
    let mut of_windows = IndexMap::new();
    for (at, window) in windows.iter().enumerate() {
        let mut progress = progress.part(at, windows.len());
        let summaries = rolling::summarise(panel.view(), *window, Threads::Auto, &mut progress)?;
        // Stable, so equals keep their order; undefined is last. Sorted as keys: a summary is sixteen times as long.
        let spreads = summaries.iter().map(|summary| summary.sd.unwrap_or(f64::NEG_INFINITY));
        let mut order: Vec<(f64, usize)> = spreads.zip(0..).collect();
        sort_by(&mut order, |x, y| y.0.total_cmp(&x.0), &progress)?;
        let pair = |(_, at): &(f64, usize)| RollingPair { a: pairs[*at].0, b: pairs[*at].1, summary: summaries[*at] };
        let mut found = Vec::with_capacity(order.len());
        for some in order.chunks(PAIRS_BETWEEN_QUESTIONS) {
            progress.check()?;
            found.extend(some.iter().map(pair));
        }
        of_windows.insert(*window, found);
    }
    Ok(RollingTable { names: columns.iter().map(|column| column.name.to_owned()).collect(), windows: of_windows })
}

/// The series of one pair of names: tickers of the panel, composites, or maturities (their yield changes).
pub fn series(study: &Study, (a, b): &(String, String), composites: &[Composite], windows: &[usize]) -> RollingSeries {
    let values = |name: &str| find(study, name, composites).ok_or_else(|| name.to_owned());
    let found = values(a).and_then(|x| Ok((x, values(b)?)));
    let of_windows = |(x, y): (Vec<f64>, Vec<f64>)| {
        windows.iter().map(|window| (*window, rolling::series(&x, &y, *window))).collect()
    };
    RollingSeries { a: a.clone(), b: b.clone(), windows: found.map(of_windows) }
}

fn find(study: &Study, name: &str, composites: &[Composite]) -> Option<Vec<f64>> {
    let composite = || composites.iter().find(|composite| composite.name == name).map(|found| found.values.clone());
    let change = || name.parse::<Maturity>().ok().map(|maturity| study.yield_changes(maturity));
    let column = || {
        let at = study.panel().columns().iter().position(|column| column.series.ticker().as_str() == name)?;
        Some(study.panel().column(at).to_vec())
    };
    let found = composite().or_else(change).or_else(column)?;
    found.iter().any(|value| value.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests;
