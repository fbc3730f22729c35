//! Correlations with benchmarks.

use factor_analytics::{report::CorrelationReport, sections::overlays::Overlay};

use super::{
    overlay_parts::{Sensitivity, sensitivity},
    spec::Spec,
};

pub(super) const SPEC: Spec = sensitivity::<Benchmarks>(20);

struct Benchmarks;

impl Sensitivity for Benchmarks {
    const FIELD: &'static str = "market_sensitivity";
    const TITLE: &'static str = "Market sensitivity";
    const ABSENT: &'static str = "the benchmark has no prices in the window; name another one";

    fn of(report: &CorrelationReport) -> Option<&Overlay> {
        report.market_sensitivity.as_ref()
    }
}
