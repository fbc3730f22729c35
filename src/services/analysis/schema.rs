//! The schemas of whole answers, put together from those of their sections.
//!
//! They hold for answers that were not cut. `tools/list` goes on advertising the short ones.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{
    quality::ShortQuality,
    sections::Section,
    summary::{Period, WindowDates},
};
use crate::analysis::AnalysisKind;

/// The schema of an answer to any analysis.
pub fn schema() -> Schema {
    let mut generator = generator();
    let kinds = [AnalysisKind::Correlations, AnalysisKind::Performance, AnalysisKind::Returns];
    let forms: Vec<Value> = kinds.into_iter().flat_map(|kind| forms(kind, &mut generator)).collect();
    whole("get_factor_analysis", forms, &mut generator)
}

/// The schema of an answer to an analysis of this kind.
pub fn answer_schema(kind: AnalysisKind) -> Schema {
    let mut generator = generator();
    let forms = forms(kind, &mut generator);
    whole(kind.as_str(), forms.to_vec(), &mut generator)
}

/// Of what is written, not of what would be read: a field that may be left out is not required.
fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

fn whole(title: &str, forms: Vec<Value>, generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "anyOf": forms,
        "$defs": generator.take_definitions(true),
    })
}

/// In full or with some sections by name; the summary; the report.
fn forms(kind: AnalysisKind, generator: &mut SchemaGenerator) -> [Value; 3] {
    let mut full = frame(kind);
    let dates = dates(kind, generator);
    full.extend(dates.clone());
    if kind == AnalysisKind::Returns {
        full.insert("windows".to_owned(), json!({"type": "array", "items": {"type": "string"}}));
    }
    for section in Section::ALL {
        let spec = section.spec();
        if spec.parent.is_none() && spec.kind.is_none_or(|of| of == kind) {
            let fields = (spec.schema)(generator).into_iter();
            full.extend(fields.map(|(name, schema)| (name.to_owned(), Value::from(schema))));
        }
    }
    let mut report = frame(kind);
    report.extend(dates.iter().filter(|(name, _)| *name == "as_of").map(|(name, of)| (name.clone(), of.clone())));
    report.insert("data_quality".to_owned(), generator.subschema_for::<ShortQuality<'static>>().into());
    let mut summary = report.clone();
    report.insert("formatted_report".to_owned(), json!({"type": "string"}));
    summary.insert("factors_analyzed".to_owned(), json!({"type": "integer"}));
    summary.extend(dates);
    summary.insert("more".to_owned(), json!({"type": "string"}));
    [
        json!({
            "title": "full, or with include",
            "type": "object",
            "properties": full,
            "required": ["status", "analysis_type"],
            "additionalProperties": false,
        }),
        json!({
            "title": "summary",
            "type": "object",
            "properties": summary,
            "required": ["status", "analysis_type", "factors_analyzed", "period", "as_of", "data_quality", "more"],
        }),
        json!({
            "title": "report",
            "type": "object",
            "properties": report,
            "required": ["status", "analysis_type", "as_of", "data_quality", "formatted_report"],
            "additionalProperties": false,
        }),
    ]
}

/// What figures are of.
fn dates(kind: AnalysisKind, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut dates = Map::new();
    dates.insert("as_of".to_owned(), json!({"type": "string", "format": "date"}));
    dates.insert("period".to_owned(), generator.subschema_for::<Period<'static>>().into());
    if kind == AnalysisKind::Returns {
        let of_windows = generator.subschema_for::<WindowDates<'static>>();
        dates.insert("window_dates".to_owned(), json!({"type": "object", "additionalProperties": of_windows}));
    }
    dates
}

/// What stands around every body.
fn frame(kind: AnalysisKind) -> Map<String, Value> {
    let loss = json!({
        "section": {"type": "string"},
        "shown": {"type": "integer"},
        "total": {"type": "integer"},
    });
    let mut truncated = loss.clone();
    truncated["how_to_get_the_rest"] = json!({"type": "string"});
    truncated["sections_cut"] = json!({"type": "integer"});
    truncated["also"] = json!({"type": "array", "items": {"type": "object", "properties": loss}});
    let fields = [
        ("status", json!({"const": "success"})),
        ("analysis_type", json!({"const": kind.as_str()})),
        (
            "not_analysed",
            json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"ticker": {"type": "string"}, "reason": {"type": "string"}},
                    "required": ["ticker", "reason"],
                    "additionalProperties": false,
                },
            }),
        ),
        ("warnings", json!({"type": "array", "items": {"type": "string"}})),
        ("note", json!({"type": "string"})),
        ("invalid_sections", json!({"type": "array", "items": {"type": "string"}})),
        ("invalid_fields", json!({"type": "array", "items": {"type": "string"}})),
        ("not_computed", json!({"type": "object", "additionalProperties": {"type": "string"}})),
        (
            "truncated",
            json!({
                "type": "object",
                "properties": truncated,
                "required": ["section", "shown", "total", "how_to_get_the_rest"],
                "additionalProperties": false,
            }),
        ),
    ];
    fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
