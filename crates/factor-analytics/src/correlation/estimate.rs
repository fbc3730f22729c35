//! What a method says of the matrix it gave.

use ndarray::Array2;

/// What a method says of the matrix it gave, apart from its entries.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Estimate {
    /// Each pair is computed on its own.
    #[default]
    Pairwise,
    /// The effective number of rows under each pair, (sum w)^2 / sum w^2; shape (names, names).
    Weighted(Array2<f64>),
    /// How far the matrix was shrunk.
    Shrunk(Shrinkage),
}

/// How far a matrix was shrunk, and over what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shrinkage {
    /// kappa = (pi - rho) / gamma, the constant of the optimal intensity kappa / T. `None` where target and sample are
    /// one (under three columns, or all correlations equal).
    pub kappa: Option<f64>,
    /// The intensity used, kappa / T within 0 and 1: the weight of the target. 0 without a kappa.
    pub intensity: f64,
    /// The mean of the sample correlations, which the target has for all pairs; `None` with one column.
    pub mean_correlation: Option<f64>,
    /// Complete rows, T.
    pub rows: usize,
    /// Columns left out, shortest history first, so that `rows` reached the floor.
    pub dropped: Vec<String>,
}
