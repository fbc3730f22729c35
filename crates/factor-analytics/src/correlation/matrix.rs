//! Correlation matrices with the number of rows under each entry.

use indexmap::IndexMap;
use ndarray::Array2;

use super::{
    estimate::Estimate,
    pair::{NamedSeries, PairCorrelation},
    triangle::Triangle,
};
use crate::{
    observer::{Progress, Stopped},
    parallel::Threads,
};

/// Pairs that are computed between two questions to the observer.
const PAIRS_BETWEEN_QUESTIONS: usize = 64;

/// A square, symmetric correlation matrix with the number of rows under each entry.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationMatrix {
    /// Row and column names, in order.
    pub names: Vec<String>,
    /// Correlations, shape (names, names), `NaN` where undefined; symmetric bit for bit.
    pub values: Array2<f64>,
    /// Common rows of each pair.
    pub rows: Array2<usize>,
    /// Pairs (of the upper triangle) without a value.
    pub undefined_pairs: usize,
    /// What the method says apart from the entries.
    pub estimate: Estimate,
}

impl CorrelationMatrix {
    /// Pearson's r of every pair. The diagonal is 1 for a column with `min_rows` values that vary, else undefined.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop.
    pub fn pairwise(
        columns: &[NamedSeries<'_>],
        min_rows: usize,
        progress: &mut Progress<'_>,
    ) -> Result<Self, Stopped> {
        let series: Vec<&[f64]> = columns.iter().map(|column| column.values).collect();
        let triangle = Triangle::pearson(&series, min_rows, Threads::Auto, progress)?;
        let size = columns.len();
        let mut values = Array2::from_elem((size, size), f64::NAN);
        // Fresh pages of a wide matrix take a good part of a tenth of a second.
        progress.check()?;
        let mut rows = Array2::zeros((size, size));
        let mut undefined_pairs = 0;
        for i in 0..size {
            // Counting the common rows of scattered series takes its time too.
            progress.check()?;
            for (j, r) in triangle.row(i).iter().enumerate() {
                undefined_pairs += usize::from(i != j && r.is_nan());
                (values[(i, j)], values[(j, i)]) = (*r, *r);
                let common = triangle.rows(i, j);
                (rows[(i, j)], rows[(j, i)]) = (common, common);
            }
        }
        let names = columns.iter().map(|column| column.name.to_owned()).collect();
        Ok(Self { names, values, rows, undefined_pairs, estimate: Estimate::Pairwise })
    }

    /// Fills a symmetric matrix from a function of the pairs with i <= j; a defined diagonal is exactly 1.
    pub(super) fn of_pairs(
        columns: &[NamedSeries<'_>],
        progress: &mut Progress<'_>,
        mut pair: impl FnMut(usize, usize) -> PairCorrelation,
    ) -> Result<Self, Stopped> {
        let size = columns.len();
        let mut values = Array2::from_elem((size, size), f64::NAN);
        // Fresh pages of a wide matrix take a good part of a tenth of a second.
        progress.check()?;
        let mut rows = Array2::zeros((size, size));
        let mut undefined_pairs = 0;
        for i in 0..size {
            progress.advance(i * (2 * size - i), size * size)?;
            for j in i..size {
                // A row of long series takes a tenth of a second.
                if (j - i) % PAIRS_BETWEEN_QUESTIONS == PAIRS_BETWEEN_QUESTIONS - 1 {
                    progress.check()?;
                }
                let found = pair(i, j);
                // A series with itself, where rounding may not make it almost 1.
                let r = if i == j { found.r.map(|_| 1.0) } else { found.r };
                undefined_pairs += usize::from(i != j && r.is_none());
                for at in [(i, j), (j, i)] {
                    values[at] = r.unwrap_or(f64::NAN);
                    rows[at] = found.n;
                }
            }
        }
        let names = columns.iter().map(|column| column.name.to_owned()).collect();
        Ok(Self { names, values, rows, undefined_pairs, estimate: Estimate::Pairwise })
    }

    /// How many columns.
    pub fn size(&self) -> usize {
        self.names.len()
    }

    /// One entry, `None` where undefined.
    pub fn get(&self, i: usize, j: usize) -> Option<f64> {
        Some(self.values[(i, j)]).filter(|r| r.is_finite())
    }

    /// The defined pairs of the upper triangle: (row, column, r, n).
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize, f64, usize)> + '_ {
        (0..self.size())
            .flat_map(move |i| (i + 1..self.size()).map(move |j| (i, j)))
            .filter_map(|(i, j)| self.get(i, j).map(|r| (i, j, r, self.rows[(i, j)])))
    }

    /// The entries as {row: {column: r or null}}.
    pub fn nested(&self) -> IndexMap<&str, IndexMap<&str, Option<f64>>> {
        let names: Vec<(&str, usize)> = self.names.iter().map(String::as_str).zip(0..).collect();
        let row = |i: usize| names.iter().map(|(name, j)| (*name, self.get(i, *j))).collect();
        names.iter().map(|(name, i)| (*name, row(*i))).collect()
    }
}
