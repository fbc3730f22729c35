//! Schemas of arguments that both tools have.

use serde_json::{Value, json};

/// Adds properties to a schema's.
pub(crate) fn add(properties: &mut Value, more: &[(&'static str, Value)]) {
    if let Value::Object(fields) = properties {
        fields.extend(more.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    }
}

/// The arguments that mean the same in every tool over a portfolio.
pub(crate) fn shared(include: &str) -> [(&'static str, Value); 7] {
    let text = |description: &str| json!({"type": "string", "description": description});
    [
        ("start_date", text("Default: 120 months before end_date.")),
        ("end_date", text("Default: newest whole month.")),
        ("frequency", text("monthly, weekly or daily.")),
        ("include", json!({"type": "array", "items": {"type": "string"}, "description": include})),
        ("format", text("summary, full or report.")),
        ("max_chars", json!({"type": "integer", "description": "0: no limit."})),
        ("advanced", json!({"type": "object", "description": "min_observations, precision, include_user_groups."})),
    ]
}
