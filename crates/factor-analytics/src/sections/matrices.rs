//! Correlation matrices per category, of composites, and of yield changes.

use std::collections::BTreeSet;

use factor_types::{Category, Maturity};

use crate::{
    composite::Composite,
    correlation::{Column, CorrelationMatrix, Method},
    study::{StudiedFactor, Study},
};

/// The matrix of one category's analysed factors, `None` when there are none.
///
/// Currency proxies (`CUR:USD`) are in no matrix but that of category `cash`.
pub fn category(study: &Study, category: Category, method: Method) -> Option<CorrelationMatrix> {
    let factors = study.of(&BTreeSet::from([category]));
    let fits = |studied: &&StudiedFactor| category == Category::Cash || !studied.factor.ticker.is_currency();
    of_factors(study, &factors.into_iter().filter(fits).collect::<Vec<_>>(), method)
}

/// The matrix of some factors, `None` when there are none.
pub fn of_factors(study: &Study, factors: &[&StudiedFactor], method: Method) -> Option<CorrelationMatrix> {
    let columns: Vec<Column<'_>> = factors
        .iter()
        .map(|studied| Column { name: studied.factor.ticker.as_str(), values: study.panel().column(studied.column) })
        .collect();
    (!columns.is_empty()).then(|| method.matrix(&columns, study.min_observations))
}

/// The matrix of composites, `None` when there are none.
pub fn of_composites(study: &Study, composites: &[Composite], method: Method) -> Option<CorrelationMatrix> {
    let columns: Vec<Column<'_>> =
        composites.iter().map(|composite| Column { name: &composite.name, values: &composite.values }).collect();
    (!columns.is_empty()).then(|| method.matrix(&columns, study.min_observations))
}

/// The matrix of yield changes (percentage points) between maturities; `None` without any yield.
pub fn rate(study: &Study, maturities: &[Maturity], method: Method) -> Option<CorrelationMatrix> {
    let changes: Vec<(Maturity, Vec<f64>)> = maturities
        .iter()
        .map(|maturity| (*maturity, study.yield_changes(*maturity)))
        .filter(|(_, values)| values.iter().any(|value| value.is_finite()))
        .collect();
    let columns: Vec<Column<'_>> =
        changes.iter().map(|(maturity, values)| Column { name: maturity.as_str(), values }).collect();
    (!columns.is_empty()).then(|| method.matrix(&columns, study.min_observations))
}
