//! The full schemas of answers: every example of the contract is valid against its tool's, and holds nothing more.

use std::{fs, path::PathBuf};

use factor_mcp::mcp::tools::TOOLS;
use serde_json::{Value, json};

/// The schema with no fields allowed but those it names, in every type of its own.
fn strict(mut schema: Value) -> Value {
    let definitions = schema["$defs"].as_object_mut().unwrap();
    for (_, definition) in definitions {
        if definition.get("properties").is_some() && definition.get("additionalProperties").is_none() {
            definition["unevaluatedProperties"] = json!(false);
        }
    }
    schema
}

/// Tools whose answers have the fields that `format` and `include` ask for: none of them is in every answer.
const SHAPED: [&str; 5] =
    ["analyze_factor_model", "compare_factors", "get_factor_recommendations", "get_portfolio_exposures", "stress_test"];

fn examples(tool: &str) -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/contract");
    let read = |path: PathBuf| {
        let example: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), example)
    };
    let all = fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap().path()));
    let of_tool = all.filter(|(_, example)| example["tool"] == tool);
    of_tool.map(|(name, example)| (name, example["answer"].clone())).collect()
}

#[test]
fn every_example_is_valid_against_the_full_schema_of_its_tool() {
    let mut checked = 0;
    for tool in TOOLS {
        let schema = strict((tool.full_answer)().to_value());
        let validator = jsonschema::validator_for(&schema).unwrap();
        for (name, answer) in examples(tool.name) {
            let errors: Vec<String> = validator.iter_errors(&answer).map(|error| error.to_string()).collect();
            assert_eq!(errors, [""; 0], "{name}: {schema:#}");
            checked += 1;
            // An analysis has sections by choice: its forms have tests of their own beside the service.
            if tool.name == "get_factor_analysis" {
                continue;
            }
            // A schema that takes anything would pass as well.
            let mut more = answer.clone();
            more["no_such_field"] = json!(1);
            assert!(!validator.is_valid(&more), "{name}: a field too many is valid");
            if SHAPED.contains(&tool.name) {
                continue;
            }
            let required = |name: &String| {
                let mut less = answer.clone();
                less.as_object_mut().unwrap().shift_remove(name);
                !validator.is_valid(&less)
            };
            let names = answer.as_object().unwrap().keys();
            assert!(names.filter(|name| *name != "status").any(required), "{name}: it is valid without any field");
        }
    }
    assert!(checked >= 50, "{checked} examples");
}
