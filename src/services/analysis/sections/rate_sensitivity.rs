//! Correlations with yield changes.

use factor_analytics::{
    report::CorrelationReport,
    sections::{overlays::Overlay, statistics::RateStatistics},
};
use indexmap::IndexMap;

use super::{
    overlay_parts::{Sensitivity, sensitivity},
    spec::{Spec, at},
};

pub(super) const SPEC: Spec = Spec {
    convention: at(10, |_| {
        Some((
            Rates::FIELD,
            "correlation of the return with the yield change of the same period; a correlation, not a duration",
        ))
    }),
    ..sensitivity::<Rates>(10)
};

struct Rates;

impl Sensitivity for Rates {
    const FIELD: &'static str = "rate_sensitivity";
    const TITLE: &'static str = "Rate sensitivity";
    const ABSENT: &'static str = "the price source has no Treasury yields in the window; set FACTOR_YIELD_FILE";

    fn of(report: &CorrelationReport) -> Option<&Overlay> {
        report.rate_sensitivity.as_ref()
    }

    fn slopes(report: &CorrelationReport) -> Option<&IndexMap<String, IndexMap<String, RateStatistics>>> {
        report.statistics.as_ref()?.rate_sensitivity.as_ref()
    }
}
