//! The skills, played from their own text: every call that one names is made, and answers.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::Process;

const SKILLS: [&str; 4] = ["review-a-portfolio", "hedge-a-position", "stress-before-a-decision", "explain-a-fund"];
const MOST_LINES: usize = 150;

fn skill(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("skills").join(name).join("SKILL.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The calls of its blocks, in their order.
fn calls(text: &str) -> Vec<(String, Value)> {
    let blocks = text.split("```call\n").skip(1).map(|rest| rest.split("```").next().unwrap().trim());
    let call = |block: &str| {
        let (tool, arguments) = block.split_once(' ').unwrap_or_else(|| panic!("no arguments: {block}"));
        (tool.to_owned(), serde_json::from_str(arguments).unwrap_or_else(|error| panic!("{block}: {error}")))
    };
    blocks.map(call).collect()
}

/// Of a tool that does not exist a skill may not speak; these are tools of this program that a build may be without.
const MAY_BE_AWAY: [&str; 2] = ["stress_test", "analyze_factor_model"];

#[tokio::test]
async fn every_call_of_a_skill_answers() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let mut process = Process::legacy(&[("FACTOR_DATA_DIR", &data)]).await;
    let listed = process.request("tools/list", json!({})).await["result"]["tools"].clone();
    let on_offer = |tool: &str| listed.as_array().unwrap().iter().any(|listed| listed["name"] == tool);
    // What the first lines of two skills ask for.
    let holdings = json!({"SPY": 0.4, "TLT": 0.3, "VNQ": 0.3});
    let saved =
        process.call("save_portfolio", json!({"portfolio_name": "CURRENT_PORTFOLIO", "holdings": holdings})).await;
    assert_eq!(saved["structuredContent"]["status"], "success", "{saved}");
    for name in SKILLS {
        let text = skill(name);
        let named = calls(&text);
        assert!(named.len() >= 5, "{name} names {} calls", named.len());
        for (tool, arguments) in named {
            if !on_offer(&tool) {
                assert!(MAY_BE_AWAY.contains(&tool.as_str()), "{name}: there is no tool {tool}");
                continue;
            }
            let answer = process.call(&tool, arguments.clone()).await["structuredContent"].clone();
            assert_eq!(answer["status"], "success", "{name}: {tool} {arguments}: {answer}");
            // A note says that an argument is of no use there: no skill should give one.
            let note = answer["note"].as_str().unwrap_or_default();
            assert!(
                note.is_empty() || note == "the saved portfolio CURRENT_PORTFOLIO is used",
                "{name}: {tool} {arguments}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_skill_is_served_as_the_prompt_of_its_name() {
    let mut process = Process::legacy(&[]).await;
    let listed = process.request("prompts/list", json!({})).await["result"]["prompts"].clone();
    for name in SKILLS {
        let text = skill(name);
        let (head, body) = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
        assert!(text.lines().count() <= MOST_LINES, "{name} has more than {MOST_LINES} lines");
        assert!(head.starts_with(&format!("name: {name}\ndescription: ")), "{head}");
        for part in [
            "## Before the first call",
            "## The calls, in this order",
            "## What to say",
            "## About uncertainty",
            "## Never",
        ] {
            assert!(body.contains(part), "{name} has no part {part}");
        }
        let prompt = listed.as_array().unwrap().iter().find(|prompt| prompt["name"] == name).unwrap();
        let argument = prompt["arguments"][0]["name"].as_str().unwrap().to_owned();
        let mut said = async |arguments: Value| {
            let filled = process.request("prompts/get", json!({"name": name, "arguments": arguments})).await;
            filled["result"]["messages"][0]["content"]["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(said(json!({})).await, body.trim());
        let with = said(json!({ argument: "GIVEN" })).await;
        assert!(with.lines().next().unwrap().ends_with("`GIVEN`.") && with.ends_with(body.trim()), "{with}");
    }
}
