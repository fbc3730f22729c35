//! How stable correlations are: those of every window of some lengths, summed up per pair, and whole series of a few.
//!
//! Always Pearson's r over all rows of the window, whatever the method of the matrices and whatever the regime: rows
//! picked one by one make no window.

mod least_stable;

use factor_types::Maturity;
use indexmap::IndexMap;

use self::least_stable::LeastStable;
use crate::{
    composite::Composite,
    correlation::NamedSeries,
    observer::{Progress, Stopped},
    parallel::Threads,
    rolling::{self, RollingSummary},
    study::Study,
};

/// The most pairs of a matrix that a table holds: all of a thousand columns.
pub const MOST_PAIRS: usize = 500_000;

/// The pairs of one matrix.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollingTable {
    /// The columns of the matrix.
    pub names: Vec<String>,
    /// Per window length in rows.
    pub windows: IndexMap<usize, RollingPairs>,
}

/// The pairs of one matrix through windows of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollingPairs {
    /// The least stable first, those without a stability last, equals in the order of the columns; the first
    /// [`MOST_PAIRS`] of them.
    pub pairs: Vec<RollingPair>,
    /// How many pairs there are.
    pub all: usize,
    /// How many of all have a stability.
    pub with_stability: usize,
    /// The median of their stabilities.
    pub median_stability: Option<f64>,
}

/// One pair and one window length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollingPair {
    /// One side, as a place in the names.
    pub a: u32,
    /// The other side, a later place.
    pub b: u32,
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
    pub fn longest_window(&self) -> Option<(usize, &RollingPairs)> {
        let found =
            self.windows.iter().filter(|(_, pairs)| pairs.with_stability > 0).max_by_key(|(window, _)| **window);
        found.map(|(window, pairs)| (*window, pairs))
    }

    /// How many of how many pairs it holds of each window length, where that is not all.
    pub fn held(&self) -> Option<(usize, usize)> {
        let first = self.windows.values().next()?;
        (first.pairs.len() < first.all).then_some((first.pairs.len(), first.all))
    }
}

impl RollingPair {
    /// The names of its sides.
    pub fn names<'a>(&self, table: &'a RollingTable) -> [&'a str; 2] {
        [self.a, self.b].map(|at| table.names[at as usize].as_str())
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
    let series: Vec<&[f64]> = columns.iter().map(|column| column.values).collect();
    let mut of_windows = IndexMap::new();
    for (at, window) in windows.iter().enumerate() {
        let mut progress = progress.part(at, windows.len());
        let mut found = LeastStable::of(MOST_PAIRS);
        rolling::summarise(&series, *window, Threads::Auto, &mut progress, |a, b, summary| found.take(a, b, summary))?;
        of_windows.insert(*window, found.in_order(&progress)?);
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
