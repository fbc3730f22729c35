//! Correlations with benchmarks.

use factor_analytics::{correlation::CorrelationMatrix, report::CorrelationReport, sections::overlays::Overlay};

use super::{
    matrices,
    overlay_parts::{Sensitivity, sensitivity},
    spec::Spec,
};
use crate::services::analysis::answer::AnalysisAnswer;

pub(super) const SPEC: Spec = sensitivity::<Benchmarks>(20);

struct Benchmarks;

impl Sensitivity for Benchmarks {
    const FIELD: &'static str = "market_sensitivity";
    const TITLE: &'static str = "Market sensitivity";
    const ABSENT: &'static str = "the benchmark has no prices in the window; name another one";

    fn of(report: &CorrelationReport) -> Option<&Overlay> {
        report.market_sensitivity.as_ref()
    }

    /// Of a few factors every pair is in their matrix, the benchmark's too where it is one of them.
    fn is_shown_already(answer: &AnalysisAnswer, overlay: &Overlay) -> bool {
        let of_few = |matrix: &CorrelationMatrix| {
            matrices::is_of_few(answer, matrix) && overlay.columns.iter().all(|column| matrix.names.contains(column))
        };
        answer.query.common.picked.is_some()
            && matrices::shown(answer).is_some_and(|mut all| all.any(|(_, matrix)| of_few(matrix)))
    }
}
