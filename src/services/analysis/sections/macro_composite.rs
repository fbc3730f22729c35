//! Correlations of macro composites.

use std::fmt::Write as _;

use factor_analytics::correlation::CorrelationMatrix;
use indexmap::IndexMap;

use super::{
    matrices::{self, laid_out, write_whole},
    overlays::{self, part},
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, Report},
    answer::{Layout, Matrix, Part},
    services::analysis::{answer::AnalysisAnswer, summary},
};

const FIELD: &str = "macro_composite_matrix";

pub(super) const SPEC: Spec = Spec {
    summary: at(30, |answer, _, fields| {
        if let Some(of) = matrix(&answer.analysis) {
            let whole = Matrix::of(&of.names, Layout::Nested, summary::ROUNDING, |i, j| of.get(i, j));
            fields.put_part(FIELD, Part::Matrix(whole));
            let fewer = fewer_periods(of);
            if !fewer.is_empty() {
                fields.put("macro_composite_fewer_periods", &fewer);
            }
        }
    }),
    report: at(50, write_report),
    metadata: at(30, |analysis, query, metadata| {
        if let Some(matrix) = matrix(analysis) {
            matrices::put_overlay_metadata(FIELD, matrix, query, metadata);
        }
    }),
    timings: at(40, |analysis, _, fields| overlays::put_timing(analysis, "macro_composite", fields)),
    ..part(
        30,
        |answer, fields| {
            if let Some(matrix) = matrix(&answer.analysis) {
                fields.put_part(FIELD, laid_out(answer, matrix));
            }
        },
        |_| vec![(FIELD, schemas::matrix())],
    )
};

fn matrix(analysis: &Analysis) -> Option<&CorrelationMatrix> {
    match analysis.report() {
        Report::Correlations(report) => report.macro_composite.as_ref(),
        Report::Performance(_) | Report::Returns(_) => None,
    }
}

/// The periods of the composites that have fewer than others: their pairs rest on these at most.
fn fewer_periods(of: &CorrelationMatrix) -> IndexMap<&str, usize> {
    let own = || of.names.iter().enumerate().map(|(at, name)| (name.as_str(), of.rows[(at, at)]));
    let most = own().map(|(_, rows)| rows).max().unwrap_or_default();
    own().filter(|(_, rows)| *rows < most).collect()
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    if let Some(matrix) = matrix(&answer.analysis) {
        let _ = write!(text, "\n## Macro composites\n\n");
        write_whole(text, matrix);
        let fewer: Vec<String> =
            fewer_periods(matrix).into_iter().map(|(name, rows)| format!("{name} {rows}")).collect();
        if !fewer.is_empty() {
            let _ = writeln!(text, "\nOn fewer periods than the others: {}.", fewer.join(", "));
        }
    }
}
