//! Correlations of macro composites.

use std::fmt::Write as _;

use factor_analytics::{correlation::CorrelationMatrix, report::CorrelationReport};
use indexmap::IndexMap;

use super::{
    matrices::write_whole,
    overlay_parts::{OverlayMatrix, matrix, overlay_matrix},
    spec::{Spec, at},
};
use crate::{
    answer::{Layout, Matrix, Part},
    services::analysis::{answer::AnalysisAnswer, summary},
};

pub(super) const SPEC: Spec = Spec {
    summary: at(30, |answer, _, fields| {
        // Of what a call picks nobody asks for the mean of each group.
        let is_asked = answer.query.common.picked.is_none() && answer.query.overlays_of.is_none();
        if let Some(of) = matrix::<Composites>(&answer.analysis).filter(|of| is_asked && of.size() > 0) {
            let whole = Matrix::of(&of.names, Layout::Nested, summary::ROUNDING, |i, j| of.get(i, j));
            fields.put_part(Composites::FIELD, Part::Matrix(whole));
            let fewer = fewer_periods(of);
            if !fewer.is_empty() {
                fields.put("macro_composite_fewer_periods", &fewer);
            }
        }
    }),
    report: at(50, write_report),
    ..overlay_matrix::<Composites>(30)
};

struct Composites;

impl OverlayMatrix for Composites {
    const FIELD: &'static str = "macro_composite_matrix";
    const SECTION: &'static str = "macro_composite";

    fn of(report: &CorrelationReport) -> Option<&CorrelationMatrix> {
        report.macro_composite.as_ref()
    }
}

/// The periods of the composites that have fewer than others: their pairs rest on these at most.
fn fewer_periods(of: &CorrelationMatrix) -> IndexMap<&str, usize> {
    let own = || of.names.iter().enumerate().map(|(at, name)| (name.as_str(), of.rows[(at, at)]));
    let most = own().map(|(_, rows)| rows).max().unwrap_or_default();
    own().filter(|(_, rows)| *rows < most).collect()
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    if let Some(matrix) = matrix::<Composites>(&answer.analysis) {
        let _ = write!(text, "\n## Macro composites\n\n");
        write_whole(text, matrix);
        let fewer: Vec<String> =
            fewer_periods(matrix).into_iter().map(|(name, rows)| format!("{name} {rows}")).collect();
        if !fewer.is_empty() {
            let _ = writeln!(text, "\nOn fewer periods than the others: {}.", fewer.join(", "));
        }
    }
}
