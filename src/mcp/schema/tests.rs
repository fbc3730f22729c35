use rmcp::schemars::{JsonSchema, schema_for};
use serde::Serialize;

use super::*;

fn rewritten(schema: Value, side: Side) -> Value {
    Value::Object(portable(&object(schema), side).unwrap())
}

/// Every form that some client cannot read, wherever it stands in a schema.
pub(crate) fn forbidden(schema: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(schema) = schema else {
        return found.push(format!("{at}: {schema} for a schema"));
    };
    for (key, value) in schema {
        let here = format!("{at}/{key}");
        match key.as_str() {
            "$ref" | "$defs" | "$schema" | "definitions" | "const" | "title" | "prefixItems" => found.push(here),
            "type" if !value.is_string() => found.push(here),
            "format" if !value.as_str().is_some_and(|format| FORMATS.contains(&format)) => found.push(here),
            "properties" => {
                for (name, property) in value.as_object().unwrap() {
                    forbidden(property, &format!("{here}/{name}"), found);
                }
            }
            "additionalProperties" if value == &json!(false) => {}
            "items" | "additionalProperties" | "not" => forbidden(value, &here, found),
            "anyOf" | "oneOf" | "allOf" => {
                for branch in value.as_array().unwrap() {
                    forbidden(branch, &here, found);
                }
            }
            _ => {}
        }
    }
}

/// A kind.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is looked at")]
enum Kind {
    /// The first one.
    First,
    /// The second one.
    Second,
}

#[derive(Serialize, JsonSchema)]
struct Part {
    kind: Kind,
    pair: (u32, u32),
}

#[derive(Serialize, JsonSchema)]
struct Whole {
    /// How many.
    count: Option<u32>,
    /// Which kind.
    kind: Option<Kind>,
    /// One part.
    part: Part,
    share: f64,
    anything: Value,
    parts: Vec<Part>,
    day: chrono::NaiveDate,
    by_name: std::collections::BTreeMap<String, Option<f64>>,
}

#[test]
fn what_schemars_writes_becomes_readable_everywhere() {
    let written = serde_json::to_value(schema_for!(Whole)).unwrap();
    for side in [Side::Input, Side::Output] {
        let schema = rewritten(written.clone(), side);
        let mut found = Vec::new();
        forbidden(&schema, "", &mut found);
        assert_eq!(found, [""; 0], "{schema:#}");
        assert_eq!(schema["properties"]["day"]["format"], "date");
        assert_eq!(schema["properties"]["part"]["description"], "One part.");
        assert_eq!(schema["properties"]["parts"]["items"]["properties"]["kind"]["enum"], json!(["first", "second"]));
    }
}

#[test]
fn an_optional_argument_is_not_nullable_but_a_field_of_an_answer_is() {
    let schema = json!({"type": "object", "properties": {
        "n": {"type": ["integer", "null"], "format": "uint32", "minimum": 1, "default": null, "description": "How many."},
        "k": {"anyOf": [{"$ref": "#/$defs/K"}, {"type": "null"}], "description": "Which."},
    }, "$defs": {"K": {"oneOf": [{"const": "a", "description": "The first."}, {"const": "b"}], "description": "A kind."}}});
    assert_eq!(
        rewritten(schema.clone(), Side::Input)["properties"],
        json!({
            "n": {"minimum": 1, "description": "How many.", "type": "integer"},
            "k": {"description": "Which.", "type": "string", "enum": ["a", "b"]},
        })
    );
    assert_eq!(
        rewritten(schema, Side::Output)["properties"],
        json!({
            "n": {"description": "How many.", "anyOf": [{"minimum": 1, "type": "integer"}, {"type": "null"}]},
            "k": {
                "anyOf": [
                    {"description": "A kind. `a`: The first", "type": "string", "enum": ["a", "b"]},
                    {"type": "null"}
                ],
                "description": "Which."
            },
        })
    );
}

#[test]
fn boolean_schemas_and_closed_objects() {
    let schema = json!({"type": "object", "properties": {"any": true, "list": {"type": "array", "items": true}},
                        "additionalProperties": false});
    let input = rewritten(schema.clone(), Side::Input);
    assert_eq!(input["properties"]["any"], json!({"type": "object"}));
    assert_eq!(input["additionalProperties"], json!(false));
    assert_eq!(rewritten(schema, Side::Output)["properties"], json!({"any": {}, "list": {"type": "array"}}));
    assert_eq!(rewritten(json!({"type": "object"}), Side::Input), json!({"type": "object", "properties": {}}));
}

#[test]
fn a_property_may_be_called_like_a_keyword() {
    let schema = json!({"type": "object", "properties": {
        "title": {"type": "string"}, "const": {"type": "string"}, "format": {"type": "string", "enum": ["summary"]}}});
    assert_eq!(rewritten(schema.clone(), Side::Input), schema);
}

#[test]
fn what_cannot_be_written_inline_is_an_error() {
    let refused = |schema: Value| portable(&object(schema), Side::Output).unwrap_err();
    let own = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}},
                     "$defs": {"N": {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}}}});
    assert_eq!(refused(own), SchemaError::Recursive("N".into()));
    let nothing = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}});
    assert_eq!(refused(nothing), SchemaError::Dangling("#/$defs/A".into()));
    assert_eq!(refused(json!({"type": "string"})), SchemaError::NotAnObject);
}
