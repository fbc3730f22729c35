//! Risk and return of macro and category composites.

use std::fmt::Write as _;

use factor_analytics::{
    composite::Composite,
    report::{CapWeights, CompositeProfile, CompositeReport},
};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;

use super::{
    per_factor::{Brief, FIGURES, figures},
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Report},
    answer::{Fields, markdown::table},
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::{ListSizes, Query},
    },
};

pub(super) const SPEC: Spec = Spec {
    summary: at(20, put_summary),
    report: at(20, write_report),
    metadata: at(20, put_metadata),
    timings: at(20, |analysis, _, fields| {
        fields.put("composite_performance_ms", &analysis.timings().get("composites"));
    }),
    ..Spec::of(
        Some(AnalysisKind::Performance),
        20,
        |answer, fields| {
            if let Some(composites) = composites(&answer.analysis) {
                fields.put_parts("composites", composites);
            }
        },
        |generator| schemas::field::<CompositeReport>("composites", generator),
    )
};

fn composites(analysis: &Analysis) -> Option<&CompositeReport> {
    match analysis.report() {
        Report::Performance(report) => report.composites.as_ref(),
        Report::Correlations(_) | Report::Returns(_) => None,
    }
}

#[derive(Serialize)]
struct CompositeLine {
    members: usize,
    #[serde(flatten)]
    figures: Brief,
}

fn put_summary(answer: &AnalysisAnswer, _: ListSizes, fields: &mut Fields) {
    let Some(composites) = composites(&answer.analysis) else { return };
    let rows = answer.analysis.study.panel().rows();
    let macros = composites.macro_groups.iter().map(|(name, entry)| {
        let figures = Brief::of(&entry.profile, &entry.history, rows);
        (name, CompositeLine { members: entry.members.len(), figures })
    });
    fields.put("macro_composites", &macros.collect::<IndexMap<_, _>>());
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let Some(composites) = composites(&answer.analysis) else { return };
    let header: Vec<&str> = ["composite", "members"].into_iter().chain(FIGURES).collect();
    let row = |(name, entry): (String, &CompositeProfile)| {
        [name, entry.members.len().to_string()].into_iter().chain(figures(&entry.profile)).collect()
    };
    let macros = composites.macro_groups.iter().map(|(name, entry)| (format!("macro: {name}"), entry));
    let categories = composites.category.iter().flat_map(|(category, entries)| {
        entries.iter().map(move |(name, entry)| (format!("{category}: {name}"), entry))
    });
    let _ = write!(text, "\n## Composites\n\n");
    table(text, &header, 1, macros.chain(categories).map(row).collect());
}

fn put_metadata(analysis: &Analysis, _: &Query, metadata: &mut Fields) {
    let Report::Performance(report) = analysis.report() else { return };
    metadata.put("macro_composites", &starts(&report.macro_composites));
    if let Some(weights) = &report.cap_weights {
        metadata.put("composite_weighting", &composite_weighting(weights, analysis));
    }
}

/// What the composites' weights by market capitalisation rest on.
fn composite_weighting(weights: &CapWeights, analysis: &Analysis) -> impl Serialize {
    json!({
        "method": "cap",
        "source": analysis.source.name,
        "as_of": weights.as_of,
        "lookahead": true,
        "without_cap": weights.without_cap,
    })
}

/// When each member of a composite starts.
pub(in crate::services::analysis) fn starts(composites: &[Composite]) -> IndexMap<&str, impl Serialize> {
    composites.iter().map(|composite| (composite.name.as_str(), &composite.starts)).collect()
}
