//! The full answer: every section that was computed, in the words of the contract.

use chrono::NaiveDate;
use factor_analytics::{
    correlation::CorrelationMatrix,
    report::{CorrelationReport, PerformanceReport, ReturnsReport},
    sections::{
        macro_etf::MAX_COLUMNS,
        overlays::{Overlay, OverlayRow},
        statistics::Statistics,
    },
};
use serde::{Serialize, Serializer};

use super::{arguments::Query, metadata, quality::DataQuality, regime, rolling, sections::Section};
use crate::{
    analysis::{Analysis, Report},
    answer::{Fields, Layout, Matrix, Part, Rounding},
    app::App,
};

/// How full answers to a query are rounded.
pub(super) fn rounding(query: &Query) -> Rounding {
    Rounding::Significant(query.common.precision)
}

/// The sections that hold an analysis' figures, rounded.
pub(super) fn sections(analysis: &Analysis, query: &Query, quality: &DataQuality, app: &App) -> Fields {
    let rounding = rounding(query);
    let mut answer = match analysis.report() {
        Report::Correlations(report) => correlations(report, query, analysis.study.panel().labels(), rounding),
        Report::Performance(report) => performance(report, rounding),
        Report::Returns(report) => returns(report, query, rounding),
    };
    answer.put_parts("data_quality", quality);
    answer.put_part("performance", Part::Fields(metadata::performance(analysis, rounding)));
    answer.put_part("analysis_metadata", Part::Fields(metadata::of(analysis, query, app)));
    answer
}

/// Notes on sections that were asked for and could not be given.
pub(super) fn notes(analysis: &Analysis) -> Vec<String> {
    let Report::Correlations(report) = analysis.report() else { return Vec::new() };
    let too_wide = report.macro_etf.as_ref().filter(|section| section.matrix.is_none() && section.used > MAX_COLUMNS);
    let too_wide = too_wide.map(|section| {
        format!(
            "macro_etf_matrix is left out: {} ETFs, at most {MAX_COLUMNS}; lower macro_max_per_group or name macro_groups",
            section.used
        )
    });
    too_wide.into_iter().chain(regime::note(analysis)).chain(rolling::notes(analysis, report)).collect()
}

fn correlations(report: &CorrelationReport, query: &Query, labels: &[NaiveDate], rounding: Rounding) -> Fields {
    let mut answer = Fields::rounded(rounding);
    let layout = if query.triangle { Layout::Triangle } else { Layout::Nested };
    let matrix = |of: &CorrelationMatrix| Part::Matrix(Matrix::of(&of.names, layout, rounding, |i, j| of.get(i, j)));
    if query.sections.has(Section::Matrices) {
        let matrices = report.matrices.iter().map(|(name, of)| (name.clone(), matrix(of)));
        answer.put_part("matrices", Part::Fields(matrices.collect()));
    }
    let macro_etf = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref());
    let overlay = |of: &Overlay| rounding.write(&Rows(of));
    let overlays = [
        ("rate_sensitivity", report.rate_sensitivity.as_ref().map(overlay)),
        ("market_sensitivity", report.market_sensitivity.as_ref().map(overlay)),
        ("macro_composite_matrix", report.macro_composite.as_ref().map(matrix)),
        ("macro_etf_matrix", macro_etf.map(matrix)),
    ];
    let overlays = overlays.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?)));
    answer.put_filled("overlays", overlays.collect());
    if let Some(of) = &report.statistics {
        answer.put_part("statistics", Part::Fields(statistics(of, report, layout, rounding)));
    }
    if let Some(insights) = &report.insights {
        answer.put_parts("insights", insights);
    }
    answer.extend(rolling::sections(report, labels, rounding));
    answer
}

fn performance(report: &PerformanceReport, rounding: Rounding) -> Fields {
    let mut answer = Fields::rounded(rounding);
    answer.put_some("per_factor", report.per_factor.as_ref());
    if let Some(composites) = &report.composites {
        answer.put_parts("composites", composites);
    }
    answer
}

fn returns(report: &ReturnsReport, query: &Query, rounding: Rounding) -> Fields {
    let mut answer = Fields::rounded(rounding);
    answer.put_whole("windows", &report.windows.keys().collect::<Vec<_>>());
    if query.sections.has(Section::Factors) {
        answer.put("factors", &report.factors);
    }
    answer.put_some("industry_groups", report.industry_groups.as_ref());
    if let Some(rankings) = &report.rankings {
        answer.put_parts("rankings", rankings);
    }
    answer.put_some("by_category", report.by_category.as_ref());
    answer
}

/// Per matrix the number of rows, the interval and the p-values, each laid out like the matrix; then the rate overlay's.
fn statistics(statistics: &Statistics, report: &CorrelationReport, layout: Layout, rounding: Rounding) -> Fields {
    let of_matrices = statistics.matrices.iter().filter_map(|(name, of)| {
        let matrix = report.matrices.get(name)?;
        let measure = |value: &dyn Fn((usize, usize)) -> f64| {
            let cell = |i: usize, j: usize| Some(value((i, j))).filter(|value| value.is_finite());
            Part::Matrix(Matrix::of(&matrix.names, layout, rounding, cell))
        };
        let rows = Part::Matrix(Matrix::of(&matrix.names, layout, rounding, |i, j| matrix.rows[(i, j)]));
        let measures = [
            ("n", rows),
            ("interval_low", measure(&|at| of.interval_low[at])),
            ("interval_high", measure(&|at| of.interval_high[at])),
            ("p", measure(&|at| of.p[at])),
            ("p_adjusted", measure(&|at| of.p_adjusted[at])),
        ];
        let measures = measures.into_iter().map(|(name, part)| (name.to_owned(), part));
        Some((name.clone(), Part::Fields(measures.collect())))
    });
    let of_rates = statistics.rate_sensitivity.iter();
    let of_rates = of_rates.map(|rows| ("rate_sensitivity".to_owned(), rounding.write(rows)));
    of_matrices.chain(of_rates).collect()
}

/// The rows of an overlay as {row: {column: r}}.
struct Rows<'a>(&'a Overlay);

impl<'a> Serialize for Rows<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = &self.0.columns;
        let row = |row: &'a OverlayRow| Mapped(move || columns.iter().zip(row.values.iter().map(|pair| pair.r)));
        serializer.collect_map(self.0.rows.iter().map(|of| (&of.name, row(of))))
    }
}

/// What an iterator gives, as a map.
struct Mapped<F>(F);

impl<K: Serialize, T: Serialize, I: Iterator<Item = (K, T)>, F: Fn() -> I> Serialize for Mapped<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)())
    }
}
