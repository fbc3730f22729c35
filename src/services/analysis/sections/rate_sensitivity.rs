//! Correlations with yield changes.

use factor_analytics::sections::overlays::Overlay;

use super::{
    overlays::{self, Rows, extremes, part},
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, Report},
    services::analysis::answer::AnalysisAnswer,
};

pub(super) const SPEC: Spec = Spec {
    summary: at(10, |answer, lists, fields| {
        if let Some(overlay) = overlay(&answer.analysis) {
            fields.put("rate_sensitivity", &extremes(overlay, lists.top));
        }
    }),
    report: at(20, write_report),
    convention: at(10, |_| {
        Some((
            "rate_sensitivity",
            "correlation of the return with the yield change of the same period; a correlation, not a duration",
        ))
    }),
    timings: at(20, |analysis, _, fields| overlays::put_timing(analysis, "rate_sensitivity", fields)),
    not_computed: at(20, |analysis| {
        overlay(analysis)
            .is_none()
            .then_some("the price source has no Treasury yields in the window; set FACTOR_YIELD_FILE")
    }),
    ..part(
        10,
        |answer, fields| {
            if let Some(overlay) = overlay(&answer.analysis) {
                fields.put("rate_sensitivity", &Rows(overlay));
            }
        },
        |_| vec![("rate_sensitivity", schemas::table())],
    )
};

fn overlay(analysis: &Analysis) -> Option<&Overlay> {
    match analysis.report() {
        Report::Correlations(report) => report.rate_sensitivity.as_ref(),
        Report::Performance(_) | Report::Returns(_) => None,
    }
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    if let Some(overlay) = overlay(&answer.analysis) {
        overlays::write_table(text, "Rate sensitivity", overlay, &answer.query);
    }
}
