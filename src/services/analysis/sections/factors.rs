//! Returns per factor and window.

use factor_analytics::sections::returns::FactorReturns;
use factor_types::Ticker;
use indexmap::IndexMap;

use super::{
    Section, schemas,
    spec::{Spec, at},
};
use crate::analysis::AnalysisKind;

pub(super) const SPEC: Spec = Spec {
    timings: at(10, |analysis, _, fields| fields.put("returns_ms", &analysis.timings().get("factors"))),
    ..Spec::of(
        Some(AnalysisKind::Returns),
        10,
        |answer, fields| {
            // They are always computed: all else is made of them.
            if let Some(report) = answer.returns().filter(|_| answer.query.sections.has(Section::Factors)) {
                fields.put("factors", &report.factors);
            }
        },
        |generator| schemas::field::<IndexMap<Ticker, FactorReturns>>("factors", generator),
    )
};
