//! Schemas of what has no type of its own.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

/// A matrix of numbers or null, nested or as a triangle.
pub(super) fn matrix() -> Schema {
    let cell = json!({"type": ["number", "null"]});
    let nested = json!({
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": cell},
        "not": {"required": ["labels", "rows"], "properties": {"rows": {"type": "array"}}},
    });
    json_schema!({
        "description": "{row: {column: cell}}, or {labels, rows: lower triangle}",
        "anyOf": [
            nested,
            {
                "type": "object",
                "properties": {
                    "labels": {"type": "array", "items": {"type": "string"}},
                    "rows": {"type": "array", "items": {"type": "array", "items": cell}},
                },
                "required": ["labels", "rows"],
                "additionalProperties": false,
            },
        ],
    })
}

/// Rows and columns of numbers or null.
pub(super) fn table() -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
    })
}

/// An object with one kind of value under any name.
pub(super) fn map_of(value: &Schema) -> Schema {
    json_schema!({"type": "object", "additionalProperties": value})
}

/// A section that is one field of one type.
pub(super) fn field<T: JsonSchema>(name: &'static str, generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
    vec![(name, generator.subschema_for::<T>())]
}

/// The schema of a section whose profiles may be cut down to some of their fields.
pub(super) fn or_some_fields(whole: &Schema, some: &Schema) -> Schema {
    json_schema!({"anyOf": [whole, some]})
}
