//! The contract as examples: `fixtures/contract` holds a call and its answer for every mode and format, and the server
//! must answer just that. `UPDATE_CONTRACT=1` writes the answers anew; what changed then is a change for users.

use std::{fs, path::PathBuf};

use factor_mcp::{mcp::tools::TOOLS, services::Call};
use serde_json::{Value, json};

use crate::support;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/contract")
}

/// What differs from run to run: times, and what is counted since the start.
fn settled(mut answer: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        name if name.ends_with("_ms") && value.is_number() => *value = json!(0.0),
                        "per_category_corr_ms" => {
                            value.as_object_mut().into_iter().flatten().for_each(|(_, v)| *v = json!(0.0))
                        }
                        "analysis_date" | "last_universe_refresh" | "last_success" | "created_at" | "updated_at" => {
                            *value = json!("2026-01-15T00:00:00Z")
                        }
                        // Of this version, and of what the tests' settings are.
                        "receipt" => *value = json!("fr1..."),
                        "peak_memory_mb" | "uptime_seconds" => *value = json!(0),
                        _ => walk(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut answer);
    answer
}

fn call_of(arguments: &Value) -> Call {
    Call { arguments: arguments.as_object().unwrap().clone(), ..Call::default() }
}

#[expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the server")]
fn update() -> bool {
    std::env::var_os("UPDATE_CONTRACT").is_some()
}

#[tokio::test]
async fn every_example_is_answered_as_written() {
    let mut names: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    names.sort();
    assert!(names.len() >= 12, "{} examples", names.len());
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let example: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let tool = example["tool"].as_str().unwrap();
        let entry = TOOLS.iter().find(|entry| entry.name == tool).unwrap();
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().display().to_string();
        let settings =
            [("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", "2026-01-15"), ("FACTOR_DATA_DIR", folder.as_str())];
        let server = support::server(&settings, TOOLS);
        // What has to be there before: `before` names the calls that make it.
        for earlier in example["before"].as_array().into_iter().flatten() {
            let entry = TOOLS.iter().find(|entry| *entry.name == *earlier["tool"].as_str().unwrap()).unwrap();
            let result = server.run("before", entry.call, call_of(&earlier["arguments"])).await;
            assert_ne!(result.is_error, Some(true), "{name}: {result:?}");
        }
        let result = server.run(tool, entry.call, call_of(&example["arguments"])).await;
        let answer = settled(support::structured(&result));
        if update() {
            let mut written = json!({"tool": tool, "about": example["about"]});
            if let Some(before) = example.get("before") {
                written["before"] = before.clone();
            }
            written["arguments"] = example["arguments"].clone();
            written["answer"] = answer;
            fs::write(&path, serde_json::to_string_pretty(&written).unwrap() + "\n").unwrap();
        } else {
            let (got, expected) = (
                serde_json::to_string_pretty(&answer).unwrap(),
                serde_json::to_string_pretty(&example["answer"]).unwrap(),
            );
            assert!(got == expected, "{name} is answered differently:\n{}", first_difference(&expected, &got));
        }
    }
}

/// The full schema of an analysis holds for every example that was not cut; the errors have one of their own.
#[test]
fn every_analysis_is_as_its_full_schema_says() {
    let validator = jsonschema::validator_for(&Value::from(factor_mcp::services::analysis::schema())).unwrap();
    let mut checked = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let example: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let answer = &example["answer"];
        if example["tool"] != "get_factor_analysis" || answer["status"] != "success" || !answer["truncated"].is_null() {
            continue;
        }
        let errors: Vec<String> =
            validator.iter_errors(answer).map(|error| format!("{:.300}", error.to_string())).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        checked += 1;
        let mut broken = answer.clone();
        broken["analysis_type"] = json!("none");
        assert!(!validator.is_valid(&broken), "{name}");
    }
    assert!(checked >= 12, "{checked}");
}

fn first_difference(expected: &str, got: &str) -> String {
    expected
        .lines()
        .zip(got.lines())
        .find(|(a, b)| a != b)
        .map_or_else(|| "one is longer".to_owned(), |(a, b)| format!("  written: {a}\n  answered: {b}"))
}
