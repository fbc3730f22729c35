//! Correlation over series with missing values: Pearson's r by default, other measures in [`Method`].
//!
//! Rows are periods; a pair is measured over the rows on which both sides have a value, so nothing is filled in. What
//! cannot be measured (too few common rows, a side that does not vary) is `None` for a pair and `NaN` in a matrix.

mod column_stats;
mod estimate;
mod ewma;
mod matrix;
mod method;
mod missingness;
mod pair;
mod prepare;
mod ranks;
mod shrinkage;
mod triangle;

#[cfg(test)]
mod method_tests;
#[cfg(test)]
mod triangle_tests;

pub use self::{
    estimate::{Estimate, Shrinkage},
    ewma::weighted,
    matrix::CorrelationMatrix,
    method::{Coefficient, Method},
    pair::{NamedSeries, PairCorrelation, pearson},
    triangle::Triangle,
};
