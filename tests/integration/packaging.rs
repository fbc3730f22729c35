//! What packages say of the program: the bundle's manifest names its tools and prompts, and everything is of one version.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::Process;

fn read(path: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packaging").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_bundle_names_every_tool_and_prompt() {
    let manifest = read("mcpb/manifest.json");
    let mut process = Process::legacy(&[]).await;
    for kind in ["tools", "prompts"] {
        let listed = process.request(&format!("{kind}/list"), json!({})).await;
        assert_eq!(
            names(&manifest[kind]),
            names(&listed["result"][kind]),
            "{kind}: run `python3 packaging/pack.py manifest --server PROGRAM`"
        );
    }
    for prompt in manifest["prompts"].as_array().unwrap() {
        let got = process.request("prompts/get", json!({ "name": prompt["name"] })).await;
        let text = &got["result"]["messages"][0]["content"]["text"];
        assert_eq!(
            *text, prompt["text"],
            "{}: run `python3 packaging/pack.py manifest --server PROGRAM`",
            prompt["name"]
        );
    }
}

#[test]
fn every_package_is_of_this_version_and_knows_settings_that_there_are() {
    let version = env!("CARGO_PKG_VERSION");
    let (manifest, registry) = (read("mcpb/manifest.json"), read("server.json"));
    assert_eq!(manifest["version"], version);
    assert_eq!(registry["version"], version);
    assert_eq!(read("npm/factor-mcp/package.json")["version"], version);
    let is_setting = |name: &str| factor_mcp::settings::SETTINGS.iter().any(|setting| setting.variable == name);
    let of_bundle = manifest["server"]["mcp_config"]["env"].as_object().unwrap();
    assert!(of_bundle.keys().all(|name| is_setting(name)), "{of_bundle:?}");
    for package in registry["packages"].as_array().unwrap() {
        let variables = names(&package["environmentVariables"]);
        assert!(variables.iter().all(|name| is_setting(name)), "{variables:?}");
    }
    // What is filled in stands for what is asked for.
    for value in of_bundle.values() {
        let asked = value.as_str().unwrap().strip_prefix("${user_config.").unwrap().trim_end_matches('}');
        assert!(manifest["user_config"][asked]["title"].is_string(), "{asked}");
    }
}
