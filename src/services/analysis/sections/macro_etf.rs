//! Correlations of a few ETFs per macro group.

use std::fmt::Write as _;

use factor_analytics::{
    correlation::CorrelationMatrix,
    report::CorrelationReport,
    sections::macro_etf::{MAX_COLUMNS, MacroEtfs},
};
use serde_json::json;

use super::{
    matrices::{MatrixSummary, put_overlay_metadata, write_pairs},
    overlay_parts::{OverlayMatrix, matrix, overlay_matrix},
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, Report},
    services::analysis::{answer::AnalysisAnswer, note::Note},
};

pub(super) const SPEC: Spec = Spec {
    summary: at(40, |answer, lists, fields| {
        if let Some(matrix) = matrix::<Etfs>(&answer.analysis) {
            fields.put(Etfs::FIELD, &MatrixSummary::of("macro_etf", matrix, lists.per_matrix));
        }
    }),
    report: at(60, write_report),
    metadata: at(40, |analysis, query, metadata| {
        if let Some(matrix) = matrix::<Etfs>(analysis) {
            put_overlay_metadata(Etfs::FIELD, matrix, query, metadata);
        }
        if let Some(section) = section(analysis).filter(|section| !section.excluded.is_empty()) {
            metadata.put("macro_etf", &json!({ "excluded": section.excluded }));
        }
    }),
    notes: at(10, |analysis| too_many(analysis).map(Note::TooManyEtfs).into_iter().collect()),
    ..overlay_matrix::<Etfs>(40)
};

struct Etfs;

impl OverlayMatrix for Etfs {
    const FIELD: &'static str = "macro_etf_matrix";
    const SECTION: &'static str = "macro_etf";

    fn of(report: &CorrelationReport) -> Option<&CorrelationMatrix> {
        report.macro_etf.as_ref()?.matrix.as_ref()
    }
}

fn section(analysis: &Analysis) -> Option<&MacroEtfs> {
    let Report::Correlations(report) = analysis.report() else { return None };
    report.macro_etf.as_ref()
}

/// How many ETFs there are, where they are too many for a matrix.
fn too_many(analysis: &Analysis) -> Option<usize> {
    let section = section(analysis).filter(|section| section.matrix.is_none())?;
    Some(section.used).filter(|used| *used > MAX_COLUMNS)
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    if let Some(matrix) = matrix::<Etfs>(&answer.analysis) {
        let _ = write!(text, "\n## Macro ETFs ({})\n\n", matrix.size());
        write_pairs(text, "macro_etf", matrix, (None, answer.query.lists.per_matrix));
    }
}
