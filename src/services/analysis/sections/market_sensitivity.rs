//! Correlations with benchmarks.

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
    summary: at(20, |answer, lists, fields| {
        if let Some(overlay) = overlay(&answer.analysis) {
            fields.put("market_sensitivity", &extremes(overlay, lists.top));
        }
    }),
    report: at(30, write_report),

    timings: at(30, |analysis, _, fields| overlays::put_timing(analysis, "market_sensitivity", fields)),
    not_computed: at(30, |analysis| {
        overlay(analysis).is_none().then_some("the benchmark has no prices in the window; name another one")
    }),
    ..part(
        20,
        |answer, fields| {
            if let Some(overlay) = overlay(&answer.analysis) {
                fields.put("market_sensitivity", &Rows(overlay));
            }
        },
        |_| vec![("market_sensitivity", schemas::table())],
    )
};

fn overlay(analysis: &Analysis) -> Option<&Overlay> {
    match analysis.report() {
        Report::Correlations(report) => report.market_sensitivity.as_ref(),
        Report::Performance(_) | Report::Returns(_) => None,
    }
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    if let Some(overlay) = overlay(&answer.analysis) {
        overlays::write_table(text, "Market sensitivity", overlay, &answer.query);
    }
}
