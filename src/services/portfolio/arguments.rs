//! Arguments and schemas that both tools have.

use serde_json::{Value, json};

use crate::arguments::Args;

/// The sections named in `include` that a tool has, and the names that it has not.
pub(crate) fn sections(args: &Args, known: &[&'static str]) -> (Option<Vec<&'static str>>, Vec<String>) {
    let Some(names) = args.strings("include").filter(|names| !names.is_empty()) else { return (None, Vec::new()) };
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match known.iter().find(|known| known.eq_ignore_ascii_case(&name)) {
            Some(known) if !found.contains(known) => found.push(*known),
            Some(_) => {}
            None => invalid.push(name),
        }
    }
    (Some(found), invalid)
}

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
