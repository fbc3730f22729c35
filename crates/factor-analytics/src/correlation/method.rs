//! The ways to measure a correlation.

use super::{
    CorrelationMatrix, PairCorrelation,
    ewma::{self, Weights},
    pearson,
    ranks::{self, Ranked},
    shrinkage::{self, Shrinkage},
};
use crate::{correlation::NamedSeries, inference::Coefficient};
use ndarray::Array2;

/// How correlations are measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Method {
    /// Pearson's r, pairwise complete.
    #[default]
    Pearson,
    /// Spearman's rho: Pearson's r of the ranks, taken anew on the common rows of each pair.
    Spearman,
    /// Pearson's r with weights that halve every `half_life` rows of the panel, counted from its last row.
    Ewma {
        /// Rows after which a weight is half as large; above 0.
        half_life: f64,
    },
    /// The covariance shrunk towards constant correlation (Ledoit and Wolf 2004), over complete rows.
    LedoitWolf,
}

/// What a method tells of the matrix it gave, beside its entries.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Estimate {
    /// Each pair stands for itself.
    #[default]
    Pairwise,
    /// The effective number of rows under each pair, (sum w)^2 / sum w^2; shape (names, names).
    Weighted(Array2<f64>),
    /// How far the matrix was shrunk.
    Shrunk(Shrinkage),
}

impl Method {
    /// The name in arguments and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
            Self::Ewma { .. } => "ewma",
            Self::LedoitWolf => "ledoit_wolf",
        }
    }

    /// What intervals and p-values of this method are of; `None` for a method that has none.
    pub fn coefficient(self) -> Option<Coefficient> {
        match self {
            Self::Pearson => Some(Coefficient::Pearson),
            Self::Spearman => Some(Coefficient::Spearman),
            Self::Ewma { .. } | Self::LedoitWolf => None,
        }
    }

    /// One pair that belongs to no matrix. Shrinkage needs a matrix: alone, a pair is Pearson's.
    pub fn pair(self, x: &[f64], y: &[f64], min_rows: usize) -> PairCorrelation {
        match self {
            Self::Pearson | Self::LedoitWolf => pearson(x, y, min_rows),
            Self::Spearman => ranks::spearman(&Ranked::of(x), &Ranked::of(y), min_rows),
            Self::Ewma { half_life } => ewma::correlate(x, y, &Weights::new(half_life, x.len()), min_rows).0,
        }
    }

    /// The matrix of some columns, by the rules of each method on too few rows and constant series.
    ///
    /// By shrinkage, columns may be left out of the matrix; [`Shrinkage::dropped`] names them.
    pub fn matrix(self, columns: &[NamedSeries<'_>], min_rows: usize) -> CorrelationMatrix {
        match self {
            Self::Pearson => CorrelationMatrix::pairwise(columns, min_rows),
            Self::Spearman => ranks::matrix(columns, min_rows),
            Self::Ewma { half_life } => ewma::matrix(columns, half_life, min_rows),
            Self::LedoitWolf => shrinkage::matrix(columns, min_rows),
        }
    }
}

impl CorrelationMatrix {
    /// Fills a symmetric matrix from a function of the pairs with i <= j; a defined diagonal is exactly 1.
    pub(super) fn of_pairs(columns: &[NamedSeries<'_>], mut pair: impl FnMut(usize, usize) -> PairCorrelation) -> Self {
        let size = columns.len();
        let mut values = Array2::from_elem((size, size), f64::NAN);
        let mut rows = Array2::zeros((size, size));
        let mut undefined_pairs = 0;
        for i in 0..size {
            for j in i..size {
                let found = pair(i, j);
                let r = if i == j { found.r.map(|_| 1.0) } else { found.r };
                undefined_pairs += usize::from(i != j && r.is_none());
                for at in [(i, j), (j, i)] {
                    values[at] = r.unwrap_or(f64::NAN);
                    rows[at] = found.n;
                }
            }
        }
        let names = columns.iter().map(|column| column.name.to_owned()).collect();
        Self { names, values, rows, undefined_pairs, estimate: Estimate::Pairwise }
    }
}
