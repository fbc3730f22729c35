//! The full answer: every section that was computed, in the words of the contract.

use chrono::NaiveDate;
use factor_analytics::{
    correlation::CorrelationMatrix,
    report::{CorrelationReport, PerformanceReport, ReturnsReport},
    sections::{macro_etf::MOST_COLUMNS, overlays::Overlay, statistics::Statistics},
};
use serde_json::{Map, Value, json};

use super::{arguments::Query, metadata, quality::DataQuality, regime, rolling, sections::Section};
use crate::{
    analysis::{Analysis, Report},
    app::App,
};

/// The sections that hold an analysis' figures.
pub(super) fn sections(analysis: &Analysis, query: &Query, quality: &DataQuality, app: &App) -> Map<String, Value> {
    let mut answer = match analysis.report() {
        Report::Correlations(report) => correlations(report, query, analysis.study.panel().labels()),
        Report::Performance(report) => performance(report),
        Report::Returns(report) => returns(report, query),
    };
    answer.insert("data_quality".to_owned(), json!(quality));
    answer.insert("performance".to_owned(), metadata::performance(analysis));
    answer.insert("analysis_metadata".to_owned(), metadata::of(analysis, query, app));
    answer
}

/// Notes on sections that were asked for and could not be given.
pub(super) fn notes(analysis: &Analysis) -> Vec<String> {
    let Report::Correlations(report) = analysis.report() else { return Vec::new() };
    let too_wide = report.macro_etf.as_ref().filter(|section| section.matrix.is_none() && section.used > MOST_COLUMNS);
    let too_wide = too_wide.map(|section| {
        format!(
            "macro_etf_matrix is left out: {} ETFs, at most {MOST_COLUMNS}; lower macro_max_per_group or name macro_groups",
            section.used
        )
    });
    too_wide.into_iter().chain(regime::note(analysis)).chain(rolling::notes(analysis, report)).collect()
}

fn correlations(report: &CorrelationReport, query: &Query, labels: &[NaiveDate]) -> Map<String, Value> {
    let mut answer = Map::new();
    if query.sections.has(Section::Matrices) {
        let matrices = report.matrices.iter().map(|(name, matrix)| (name.clone(), matrix_json(matrix, query.triangle)));
        answer.insert("matrices".to_owned(), Value::Object(matrices.collect()));
    }
    let mut overlays = Map::new();
    let mut put = |name: &str, section: Option<Value>| {
        if let Some(section) = section {
            overlays.insert(name.to_owned(), section);
        }
    };
    put("rate_sensitivity", report.rate_sensitivity.as_ref().map(overlay_json));
    put("market_sensitivity", report.market_sensitivity.as_ref().map(overlay_json));
    let matrix = |matrix: &CorrelationMatrix| matrix_json(matrix, query.triangle);
    put("macro_composite_matrix", report.macro_composite.as_ref().map(matrix));
    let macro_etf = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref());
    put("macro_etf_matrix", macro_etf.map(matrix));
    if !overlays.is_empty() {
        answer.insert("overlays".to_owned(), Value::Object(overlays));
    }
    if let Some(statistics) = &report.statistics {
        answer.insert("statistics".to_owned(), statistics_json(statistics, report, query.triangle));
    }
    if let Some(insights) = &report.insights {
        answer.insert("insights".to_owned(), json!(insights));
    }
    answer.extend(rolling::sections(report, labels));
    answer
}

fn performance(report: &PerformanceReport) -> Map<String, Value> {
    let mut answer = Map::new();
    if let Some(per_factor) = &report.per_factor {
        answer.insert("per_factor".to_owned(), json!(per_factor));
    }
    if let Some(composites) = &report.composites {
        answer.insert("composites".to_owned(), json!(composites));
    }
    answer
}

fn returns(report: &ReturnsReport, query: &Query) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("windows".to_owned(), json!(report.windows.keys().collect::<Vec<_>>()));
    if query.sections.has(Section::Factors) {
        answer.insert("factors".to_owned(), json!(report.factors));
    }
    let mut put = |name: &str, section: Option<Value>| {
        if let Some(section) = section {
            answer.insert(name.to_owned(), section);
        }
    };
    put("industry_groups", report.industry_groups.as_ref().map(|section| json!(section)));
    put("rankings", report.rankings.as_ref().map(|section| json!(section)));
    put("by_category", report.by_category.as_ref().map(|section| json!(section)));
    answer
}

/// A matrix as {row: {column: r}}, or as {labels, rows: lower triangle}.
pub(super) fn matrix_json(matrix: &CorrelationMatrix, triangle: bool) -> Value {
    if triangle { json!({ "labels": matrix.names, "rows": matrix.lower_triangle() }) } else { json!(matrix.nested()) }
}

/// Per matrix the number of rows, the interval and the p-values, each laid out like the matrix; then the rate overlay's.
fn statistics_json(statistics: &Statistics, report: &CorrelationReport, triangle: bool) -> Value {
    let of_matrices = statistics.matrices.iter().filter_map(|(name, of)| {
        let matrix = report.matrices.get(name)?;
        let defined = |value: f64| Some(value).filter(|value| value.is_finite());
        let figures = json!({
            "n": laid_out(matrix, triangle, |at| json!(matrix.rows[at])),
            "interval_low": laid_out(matrix, triangle, |at| json!(defined(of.interval_low[at]))),
            "interval_high": laid_out(matrix, triangle, |at| json!(defined(of.interval_high[at]))),
            "p": laid_out(matrix, triangle, |at| json!(defined(of.p[at]))),
            "p_adjusted": laid_out(matrix, triangle, |at| json!(defined(of.p_adjusted[at]))),
        });
        Some((name.clone(), figures))
    });
    let of_rates = statistics.rate_sensitivity.iter().map(|rows| ("rate_sensitivity".to_owned(), json!(rows)));
    Value::Object(of_matrices.chain(of_rates).collect())
}

fn laid_out(matrix: &CorrelationMatrix, triangle: bool, entry: impl Fn((usize, usize)) -> Value) -> Value {
    if triangle {
        json!({ "labels": matrix.names, "rows": matrix.triangle_of(|i, j| entry((i, j))) })
    } else {
        json!(matrix.nested_of(|i, j| entry((i, j))))
    }
}

fn overlay_json(overlay: &Overlay) -> Value {
    let row = |row: &factor_analytics::sections::overlays::OverlayRow| {
        let cells = overlay.columns.iter().zip(&row.values).map(|(column, pair)| (column.clone(), json!(pair.r)));
        (row.name.clone(), Value::Object(cells.collect()))
    };
    Value::Object(overlay.rows.iter().map(row).collect())
}
