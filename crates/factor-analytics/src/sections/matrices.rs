//! Correlation matrices per category, of composites, and of yield changes.

use std::collections::BTreeSet;

use factor_types::{Category, Maturity, Ticker};

use crate::{
    composite::Composite,
    correlation::{CorrelationMatrix, Method, NamedSeries},
    observer::{Progress, Stopped},
    report::MatrixKey,
    study::{StudiedFactor, Study},
};

/// The analysed factors whose matrix this is; none for a matrix of something else.
pub fn members_of<'a>(study: &'a Study, key: &MatrixKey) -> Vec<&'a StudiedFactor> {
    match key {
        MatrixKey::Selected(tickers) => {
            let analysed = |ticker: &Ticker| study.factors.iter().find(|studied| studied.factor.ticker == *ticker);
            tickers.iter().filter_map(analysed).collect()
        }
        MatrixKey::Category(category) => members(study, *category),
        MatrixKey::IndustryGroups | MatrixKey::Rate(_) => Vec::new(),
    }
}

/// The analysed factors of one category's matrix. Currency proxies (`CUR:USD`) are in no matrix but that of category
/// `cash`.
fn members(study: &Study, category: Category) -> Vec<&StudiedFactor> {
    let fits = |studied: &&StudiedFactor| category == Category::Cash || !studied.factor.ticker.is_currency();
    study.in_categories(&BTreeSet::from([category])).into_iter().filter(fits).collect()
}

/// The matrix of some factors, `None` when there are none.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn of_factors(
    study: &Study,
    factors: &[&StudiedFactor],
    method: Method,
    progress: &mut Progress<'_>,
) -> Result<Option<CorrelationMatrix>, Stopped> {
    let columns: Vec<NamedSeries<'_>> = factors
        .iter()
        .map(|studied| NamedSeries {
            name: studied.factor.ticker.as_str(),
            values: study.panel().column(studied.column),
        })
        .collect();
    (!columns.is_empty()).then(|| method.matrix(&columns, study.min_observations, progress)).transpose()
}

/// The matrix of composites, `None` when there are none.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn of_composites(
    study: &Study,
    composites: &[Composite],
    method: Method,
    progress: &mut Progress<'_>,
) -> Result<Option<CorrelationMatrix>, Stopped> {
    let columns: Vec<NamedSeries<'_>> =
        composites.iter().map(|composite| NamedSeries { name: &composite.name, values: &composite.values }).collect();
    (!columns.is_empty()).then(|| method.matrix(&columns, study.min_observations, progress)).transpose()
}

/// The matrix of yield changes (percentage points) between maturities; `None` without any yield.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn rate(
    study: &Study,
    maturities: &[Maturity],
    method: Method,
    progress: &mut Progress<'_>,
) -> Result<Option<CorrelationMatrix>, Stopped> {
    let changes = changes(study, maturities);
    let columns: Vec<NamedSeries<'_>> =
        changes.iter().map(|(maturity, values)| NamedSeries { name: maturity.as_str(), values }).collect();
    (!columns.is_empty()).then(|| method.matrix(&columns, study.min_observations, progress)).transpose()
}

/// The yield changes of the maturities that have any.
pub fn changes(study: &Study, maturities: &[Maturity]) -> Vec<(Maturity, Vec<f64>)> {
    maturities
        .iter()
        .map(|maturity| (*maturity, study.yield_changes(*maturity)))
        .filter(|(_, values)| values.iter().any(|value| value.is_finite()))
        .collect()
}
