//! Schemas that several tools have: frames of arguments and answers, and arguments that mean the same everywhere.

use serde_json::{Map, Value, json};

use crate::services::groups::LONGEST_DESCRIPTION;

/// The schema of a tool's arguments.
pub(super) fn input(properties: Value, required: &[&str]) -> Value {
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Value::Object(fields), false) = (&mut schema, required.is_empty()) {
        fields.insert("required".to_owned(), json!(required));
    }
    schema
}

/// The schema of an answer with the types of the main fields: what they hold is in the description and the examples,
/// since clients keep every schema in mind all the time. The full one is the entry's `full_answer`.
pub(super) fn output(fields: &[(&str, &str)]) -> Value {
    let mut properties = Map::new();
    properties.insert("status".to_owned(), json!({"type": "string", "enum": ["success", "error"]}));
    properties.extend(fields.iter().map(|(name, kind)| ((*name).to_owned(), json!({"type": kind}))));
    json!({"type": "object", "properties": properties, "required": ["status"]})
}

/// Adds properties to a schema's.
pub(super) fn add(properties: &mut Value, more: &[(&'static str, Value)]) {
    if let Value::Object(fields) = properties {
        fields.extend(more.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    }
}

/// `holdings` and `portfolio_name`, where a tool takes either.
pub(super) fn portfolio_source() -> [(&'static str, Value); 2] {
    let name = json!({"type": "string", "description": "Default CURRENT_PORTFOLIO."});
    let holdings = json!({
        "type": "array",
        "items": {"type": "object"},
        "description": "As in save_portfolio, or {ticker: weight}.",
        "examples": [[{"ticker": "SPY", "weight": 0.6}]]
    });
    [("holdings", holdings), ("portfolio_name", name)]
}

/// The arguments that mean the same in every analysis of a portfolio; `include` says which sections there are.
pub(super) fn portfolio_analysis(include: &str) -> [(&'static str, Value); 8] {
    let text = |description: &str| json!({"type": "string", "description": description});
    [
        ("start_date", text("Default: 120 months back.")),
        ("end_date", text("Default: newest whole period.")),
        ("frequency", text("monthly, weekly or daily.")),
        ("include", json!({"type": "array", "items": {"type": "string"}, "description": include})),
        ("format", text("summary, full or report.")),
        ("max_chars", json!({"type": "integer", "description": "0: no limit."})),
        ("chart", chart()),
        ("advanced", json!({"type": "object", "description": "min_observations, precision, include_user_groups."})),
    ]
}

/// Takes out what other tools of portfolios say already: tools/list is read at every start.
pub(super) fn slim(properties: &mut Value) {
    properties.get_mut("holdings").and_then(Value::as_object_mut).map(|holdings| holdings.shift_remove("examples"));
    properties["chart"]["description"] = json!("png or svg.");
}

/// Whether a picture goes with the answer.
pub(super) fn chart() -> Value {
    json!({"type": "string", "description": "png or svg: a picture."})
}

/// The name of a saved portfolio.
pub(super) fn portfolio_name() -> Value {
    json!({"type": "string", "description": "Default CURRENT_PORTFOLIO."})
}

/// The name of a saved group.
pub(super) fn group_name() -> Value {
    json!({"type": "string", "description": "The group."})
}

/// What a group is for.
pub(super) fn group_description() -> Value {
    json!({"type": "string", "maxLength": LONGEST_DESCRIPTION, "description": "What it is for."})
}
