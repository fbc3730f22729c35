//! Risk and return of macro and category composites.

use std::fmt::Write as _;

use factor_analytics::{
    composite::Composite,
    report::{CapWeights, CompositeProfile, CompositeReport},
};
use indexmap::IndexMap;
use schemars::json_schema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    per_factor::{FIGURES, fields_in_summary, figures, in_short},
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Report},
    answer::{Fields, markdown::table},
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::{ListSizes, Query},
        profile_fields::{picked, schema_of_some},
    },
};

pub(super) const SPEC: Spec = Spec {
    summary: at(20, put_summary),
    report: at(20, write_report),
    metadata: at(20, put_metadata),
    timings: at(20, |analysis, _, fields| {
        fields.put("composite_performance_ms", &analysis.timings().get("composites"));
    }),
    ..Spec::of(Some(AnalysisKind::Performance), 20, put_full, |generator| {
        let some = schemas::map_of(&schema_of_some());
        let some = json_schema!({
            "type": "object",
            "properties": {"macro": some, "category": {"type": "object", "additionalProperties": some}},
            "additionalProperties": false,
        });
        vec![("composites", schemas::or_some_fields(&generator.subschema_for::<CompositeReport>(), &some))]
    })
};

fn composites(analysis: &Analysis) -> Option<&CompositeReport> {
    match analysis.report() {
        Report::Performance(report) => report.composites.as_ref(),
        Report::Correlations(_) | Report::Returns(_) => None,
    }
}

/// The macro composites: of what a call picks by ticker nobody asks for the mean of each group.
fn put_summary(answer: &AnalysisAnswer, _: ListSizes, fields: &mut Fields) {
    let Some(composites) = composites(&answer.analysis).filter(|_| answer.query.common.picked.is_none()) else {
        return;
    };
    let rows = answer.analysis.study.panel().rows();
    let shown = fields_in_summary(answer);
    let macros = composites.macro_groups.iter().map(|(name, entry)| {
        let mut line = Map::from_iter([("members".to_owned(), json!(entry.members.len()))]);
        line.extend(in_short(entry, &shown, &entry.history, rows));
        (name, line)
    });
    let macros: IndexMap<_, _> = macros.collect();
    if !macros.is_empty() {
        fields.put("macro_composites", &macros);
    }
}

/// The composites in full: whole profiles, or their members and of each what is asked for.
fn put_full(answer: &AnalysisAnswer, fields: &mut Fields) {
    let Some(composites) = composites(&answer.analysis) else { return };
    let Some(named) = &answer.query.fields.named else { return fields.put_parts("composites", composites) };
    let shown: Vec<&str> = ["members"].into_iter().chain(named.iter().copied()).collect();
    let of = |entries: &IndexMap<String, CompositeProfile>| -> IndexMap<String, Map<String, Value>> {
        entries.iter().map(|(name, entry)| (name.clone(), picked(entry, &shown))).collect()
    };
    let categories: IndexMap<_, _> =
        composites.category.iter().map(|(category, entries)| (category, of(entries))).collect();
    fields.put_parts("composites", &json!({"macro": of(&composites.macro_groups), "category": categories}));
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
