//! The full schemas of answers, made from the types they are written from.

use schemars::{JsonSchema, Schema, generate::SchemaSettings, json_schema};

use crate::tool_error::Failure;

/// The full schema of what a question may answer: `T`, or a failure. Clients are shown a short one, since they keep every
/// schema in mind all the time.
pub fn answer_schema<T: JsonSchema>() -> Schema {
    // As things are written, not as they would be read: what may be left out is not required.
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let either = [generator.subschema_for::<T>(), generator.subschema_for::<Failure<'_>>()];
    let definitions = generator.take_definitions(true);
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "anyOf": either,
        "$defs": definitions,
    })
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::tool_error::ToolError;

    #[derive(Serialize, JsonSchema)]
    struct Example {
        status: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        count: Option<u8>,
    }

    #[test]
    fn an_answer_is_its_type_or_a_failure() {
        let schema = answer_schema::<Example>();
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        let example = |note| json!(Example { status: "success", note, count: None });
        assert!(validator.is_valid(&example(None)) && validator.is_valid(&example(Some("n".to_owned()))));
        assert!(validator.is_valid(&ToolError::internal().structured().value()));
        assert!(!validator.is_valid(&json!({"status": "success"})), "count is null, never absent");
        assert!(
            !validator.is_valid(&json!({"status": "error", "error": {"code": "odd", "message": "", "problems": []}}))
        );
    }
}
