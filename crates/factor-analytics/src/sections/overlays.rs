//! Overlays: correlations of factors with something that is no factor of the matrix, a yield change or a benchmark.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use factor_types::{Category, Maturity, Ticker};

use crate::{
    composite::Composite,
    correlation::{Method, NamedSeries, PairCorrelation},
    observer::{Progress, Stopped},
    study::Study,
};

/// Correlations of named rows with named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// `UST10Y` and its like, or benchmark tickers.
    pub columns: Vec<String>,
    /// The rows on which each column has a value.
    pub spans: Vec<ColumnRows>,
    /// One row a composite or factor.
    pub rows: Vec<OverlayRow>,
}

/// The rows on which a column of an overlay has a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnRows {
    /// How many.
    pub rows: usize,
    /// Label of the first.
    pub first: Option<NaiveDate>,
    /// Label of the last.
    pub last: Option<NaiveDate>,
}

impl ColumnRows {
    fn of(values: &[f64], labels: &[NaiveDate]) -> Self {
        let present = || values.iter().zip(labels).filter(|(value, _)| value.is_finite()).map(|(_, label)| *label);
        Self { rows: present().count(), first: present().next(), last: present().next_back() }
    }
}

/// One row of an overlay.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlayRow {
    /// The factor's ticker or the composite's name.
    pub name: String,
    /// The factor's category; composites of industries are of category industry.
    pub category: Category,
    /// True for a composite.
    pub composite: bool,
    /// One correlation per column.
    pub values: Vec<PairCorrelation>,
}

/// `rate_sensitivity`: correlation of each return with the change of a Treasury yield over the same period. Maturities
/// are taken one at a time, never jointly: they are nearly collinear. `None` when no maturity has a yield in the window.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn rate_sensitivity(
    study: &Study,
    categories: &[Category],
    maturities: &[Maturity],
    composites: &[Composite],
    method: Method,
    progress: &mut Progress<'_>,
) -> Result<Option<Overlay>, Stopped> {
    let changes: Vec<(String, Vec<f64>)> =
        maturities.iter().map(|maturity| (maturity.to_string(), study.yield_changes(*maturity))).collect();
    let known = changes.iter().any(|(_, values)| values.iter().any(|value| value.is_finite()));
    let columns: Vec<NamedSeries<'_>> = changes.iter().map(|(name, values)| NamedSeries { name, values }).collect();
    known.then(|| overlay(study, categories, &columns, composites, (&[], method), progress)).transpose()
}

/// `market_sensitivity`: correlation of each return with that of each benchmark. A benchmark is never a row. A benchmark
/// without a column in the panel is left out.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn market_sensitivity(
    study: &Study,
    categories: &[Category],
    benchmarks: &[Ticker],
    composites: &[Composite],
    method: Method,
    progress: &mut Progress<'_>,
) -> Result<Option<Overlay>, Stopped> {
    let columns: Vec<NamedSeries<'_>> = benchmarks
        .iter()
        .filter_map(|ticker| {
            let values = study.panel().column(study.panel().position(ticker)?);
            values.iter().any(|r| r.is_finite()).then_some(NamedSeries { name: ticker.as_str(), values })
        })
        .collect();
    (!columns.is_empty())
        .then(|| overlay(study, categories, &columns, composites, (benchmarks, method), progress))
        .transpose()
}

fn overlay(
    study: &Study,
    categories: &[Category],
    columns: &[NamedSeries<'_>],
    composites: &[Composite],
    (left_out, method): (&[Ticker], Method),
    progress: &mut Progress<'_>,
) -> Result<Overlay, Stopped> {
    let correlate = |values: &[f64]| {
        columns.iter().map(|column| method.pair(values, column.values, study.min_observations)).collect()
    };
    let mut rows = Vec::new();
    for (at, category) in categories.iter().enumerate() {
        let mut progress = progress.part(at, categories.len());
        if *category == Category::Industry {
            for composite in composites {
                progress.check()?;
                rows.push(OverlayRow {
                    name: composite.name.clone(),
                    category: Category::Industry,
                    composite: true,
                    values: correlate(&composite.values),
                });
            }
        }
        let members = study.in_categories(&BTreeSet::from([*category]));
        for (done, studied) in members.iter().enumerate() {
            progress.advance(done, members.len())?;
            if !left_out.contains(&studied.factor.ticker) {
                rows.push(OverlayRow {
                    name: studied.factor.ticker.to_string(),
                    category: *category,
                    composite: false,
                    values: correlate(study.panel().column(studied.column)),
                });
            }
        }
    }
    let labels = study.panel().labels();
    Ok(Overlay {
        columns: columns.iter().map(|column| column.name.to_owned()).collect(),
        spans: columns.iter().map(|column| ColumnRows::of(column.values, labels)).collect(),
        rows,
    })
}

#[cfg(test)]
mod tests {
    use factor_types::YieldTable;

    use super::*;
    use crate::{
        observer::tests::unobserved,
        test_study::{Fund, near, study, ticker, yields},
    };

    const SPY: [f64; 4] = [0.01, -0.02, 0.03, -0.01];

    #[test]
    fn a_benchmark_is_a_column_and_never_a_row() {
        let opposite = SPY.map(|r| -r);
        let funds = [Fund::new("SPY", Category::Style, &SPY), Fund::new("INV", Category::Style, &opposite)];
        let study = study(&funds, YieldTable::default());
        let of = |benchmarks: &[Ticker]| {
            let categories = [Category::Style];
            unobserved(|progress| market_sensitivity(&study, &categories, benchmarks, &[], Method::Pearson, progress))
        };
        let found = of(&[ticker("SPY"), ticker("GONE")]).unwrap();
        assert_eq!(found.columns, ["SPY"]);
        assert_eq!(found.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["INV"]);
        near(found.rows[0].values[0].r.unwrap(), -1.0);
        assert_eq!(of(&[ticker("GONE")]), None);
    }

    #[test]
    fn rates_are_correlated_as_changes() {
        let funds = [Fund::new("TLT", Category::Style, &SPY)];
        // Changes of -0.1, 0.2, -0.3 and 0.1: minus ten times the returns.
        let study = study(&funds, yields(Maturity::Ust10Y, &[4.0, 3.9, 4.1, 3.8, 3.9]));
        let of = |maturity| {
            let categories = [Category::Style];
            unobserved(|progress| rate_sensitivity(&study, &categories, &[maturity], &[], Method::Pearson, progress))
        };
        let found = of(Maturity::Ust10Y).unwrap();
        assert_eq!((found.columns[0].as_str(), found.rows[0].values[0].n), ("UST10Y", 4));
        near(found.rows[0].values[0].r.unwrap(), -1.0);
        assert_eq!(of(Maturity::Ust3M), None);
    }
}
