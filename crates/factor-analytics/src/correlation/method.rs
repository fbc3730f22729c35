//! The ways to measure a correlation.

use std::hash::Hash;

use factor_types::Frequency;

use super::{
    ewma::{self, Weights},
    matrix::CorrelationMatrix,
    pair::{NamedSeries, PairCorrelation, pearson},
    ranks::{self, Ranked},
    shrinkage,
};
use crate::{
    fields::eq_and_hash_by_fields,
    observer::{Progress, Stopped},
};

/// How correlations are measured.
#[derive(Debug, Clone, Copy, Default)]
pub enum Method {
    /// Pearson's r, pairwise complete.
    #[default]
    Pearson,
    /// Spearman's rho: Pearson's r of the ranks, taken on the common rows of each pair.
    Spearman,
    /// Pearson's r with weights that halve every `half_life` rows of the panel, counted from its last row.
    Ewma {
        /// Rows after which a weight is half as large; above 0.
        half_life: f64,
    },
    /// The covariance shrunk towards constant correlation (Ledoit and Wolf 2004), over complete rows.
    LedoitWolf,
}

/// What a coefficient was computed from; it decides the standard error of its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Coefficient {
    /// Pearson's r: se of z = 1 / sqrt(n - 3).
    #[default]
    Pearson,
    /// Spearman's rho: se of z = sqrt((1 + r^2 / 2) / (n - 3)) (D. Bonett and T. Wright, Psychometrika 65, 2000).
    Spearman,
}

eq_and_hash_by_fields!(Method);

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

    /// The half-life of weights that fade, in rows, where none is asked for: 36 months, 156 weeks, 126 days.
    pub fn default_half_life(frequency: Frequency) -> f64 {
        match frequency {
            Frequency::Monthly => 36.0,
            Frequency::Weekly => 156.0,
            Frequency::Daily => 126.0,
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
    /// By shrinkage, columns may be left out of the matrix; [`Shrinkage::dropped`](super::Shrinkage::dropped) names them.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop.
    pub fn matrix(
        self,
        columns: &[NamedSeries<'_>],
        min_rows: usize,
        progress: &mut Progress<'_>,
    ) -> Result<CorrelationMatrix, Stopped> {
        match self {
            Self::Pearson => CorrelationMatrix::pairwise(columns, min_rows, progress),
            Self::Spearman => ranks::matrix(columns, min_rows, progress),
            Self::Ewma { half_life } => ewma::matrix(columns, half_life, min_rows, progress),
            Self::LedoitWolf => shrinkage::matrix(columns, min_rows, progress),
        }
    }

    fn fields(&self) -> impl Hash + Eq + use<> {
        let half_life = match self {
            Self::Ewma { half_life } => Some(half_life.to_bits()),
            Self::Pearson | Self::Spearman | Self::LedoitWolf => None,
        };
        (self.as_str(), half_life)
    }
}
