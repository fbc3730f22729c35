//! Correlations of a few ETFs per macro group.

use std::fmt::Write as _;

use factor_analytics::{correlation::CorrelationMatrix, sections::macro_etf::MAX_COLUMNS};

use super::{
    matrices::{self, MatrixSummary, laid_out, write_pairs},
    overlays::{self, part},
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, Report},
    services::analysis::{answer::AnalysisAnswer, note::Note},
};

const FIELD: &str = "macro_etf_matrix";

pub(super) const SPEC: Spec = Spec {
    summary: at(40, |answer, lists, fields| {
        if let Some(matrix) = matrix(&answer.analysis) {
            fields.put(FIELD, &MatrixSummary::of("macro_etf", matrix, lists.per_matrix));
        }
    }),
    report: at(60, write_report),
    metadata: at(40, |analysis, query, metadata| {
        if let Some(matrix) = matrix(analysis) {
            matrices::put_overlay_metadata(FIELD, matrix, query, metadata);
        }
    }),
    timings: at(50, |analysis, _, fields| overlays::put_timing(analysis, "macro_etf", fields)),
    notes: at(10, |analysis| too_many(analysis).map(Note::TooManyEtfs).into_iter().collect()),
    ..part(
        40,
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
        Report::Correlations(report) => report.macro_etf.as_ref()?.matrix.as_ref(),
        Report::Performance(_) | Report::Returns(_) => None,
    }
}

/// How many ETFs there are, where they are too many for a matrix.
fn too_many(analysis: &Analysis) -> Option<usize> {
    let Report::Correlations(report) = analysis.report() else { return None };
    let section = report.macro_etf.as_ref().filter(|section| section.matrix.is_none())?;
    Some(section.used).filter(|used| *used > MAX_COLUMNS)
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    if let Some(matrix) = matrix(&answer.analysis) {
        let _ = write!(text, "\n## Macro ETFs ({})\n\n", matrix.size());
        write_pairs(text, "macro_etf", matrix, (None, answer.query.lists.per_matrix));
    }
}
