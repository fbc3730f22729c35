//! No answer is longer than its call allows, whatever the call, failures too; what was left out is kept under a link.

use std::fs;

use serde_json::{Map, Value, json};

use crate::support::Process;

const USUAL: usize = 40_000;
const SHORTEST: usize = 2_000;

/// A server whose answers are held to their length.
struct Measured(Process);

impl Measured {
    async fn start(environment: &[(&str, &str)]) -> Self {
        Self(Process::legacy(environment).await)
    }

    /// What a call gives, no longer than `most`.
    async fn call(&mut self, tool: &str, arguments: Value, most: usize) -> Value {
        let asked: String = arguments.to_string().chars().take(300).collect();
        let result = self.0.call(tool, arguments).await;
        let structured = result["structuredContent"].clone();
        let (content, text) = (structured.to_string(), result["content"][0]["text"].as_str().unwrap());
        for (what, length) in [("content", content.chars().count()), ("text", text.chars().count())] {
            assert!(length <= most, "{tool} {asked}: {length} characters of {what}, not {most}");
        }
        if let Some(how) = structured["truncated"]["how_to_get_the_rest"].as_str() {
            let links = result["content"].as_array().unwrap().iter().filter(|block| block["type"] == "resource_link");
            let uris: Vec<&str> = links.map(|link| link["uri"].as_str().unwrap()).collect();
            assert!(uris.iter().any(|uri| how.contains(uri)), "{tool} {asked}: {how} and {uris:?}");
        }
        structured
    }

    /// The same of the usual length and of the shortest, and in each with arguments that clients add by themselves.
    async fn at_all_lengths(&mut self, tool: &str, arguments: Value) {
        for (length, most) in [(None, USUAL), (Some(SHORTEST), SHORTEST), (Some(7_000), 7_000)] {
            let mut asked = arguments.clone();
            if let Some(length) = length {
                asked["max_chars"] = json!(length);
            }
            self.call(tool, asked.clone(), most).await;
            asked["toolCallId"] = json!("call_1");
            let noted = self.call(tool, asked, most).await;
            assert!(noted["note"].as_str().is_some_and(|note| note.contains("toolCallId")), "{tool}: {noted}");
        }
    }
}

/// As many factors as a call may name, with names that take room in JSON.
fn wordy(count: usize) -> Value {
    let labels = (0..count).map(|at| (format!("a \"name\"\u{1} that goes on and on, and then some more: {at}"), at));
    labels
        .map(|(label, at)| json!({"label": label, "ticker": if at == 0 { "SPY".to_owned() } else { format!("T{at}") }}))
        .collect()
}

#[tokio::test]
async fn an_analysis_keeps_to_its_length_in_every_form() {
    let mut server = Measured::start(&[("FACTOR_PRICE_SOURCE", "sample")]).await;
    let unknown: Vec<String> = (0..900).map(|at| format!("no \"such\" section {at}")).collect();
    for kind in ["correlations", "performance", "returns"] {
        for more in [
            json!({"format": "full"}),
            json!({"format": "report"}),
            json!({"include": unknown}),
            json!({"factor_universe": wordy(500), "format": "full"}),
            json!({"factor_universe": wordy(500)}),
        ] {
            let mut arguments = json!({"analysis_type": kind});
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            server.at_all_lengths("get_factor_analysis", arguments).await;
        }
    }
}

#[tokio::test]
async fn a_portfolios_answers_keep_to_their_length() {
    let mut server = Measured::start(&[("FACTOR_PRICE_SOURCE", "sample")]).await;
    let mut held: Map<String, Value> = (0..350).map(|at| (format!("UNKNOWN{at}.X"), json!(0.001))).collect();
    held.insert("SPY".to_owned(), json!(0.65));
    for format in ["full", "summary", "report"] {
        let arguments = json!({"holdings": held, "format": format});
        server.at_all_lengths("get_portfolio_exposures", arguments).await;
        let arguments = json!({"holdings": held, "format": format, "overexposed_factor": "SPY"});
        server.at_all_lengths("get_factor_recommendations", arguments).await;
    }
}

#[tokio::test]
async fn a_comparison_keeps_to_its_length() {
    let mut server = Measured::start(&[("FACTOR_PRICE_SOURCE", "sample")]).await;
    for format in ["full", "summary", "report"] {
        let arguments = json!({
            "tickers": ["SPY", "TLT", "GLD", "XLE", "XLK", "HYG"], "periods": ["2019..2023", "other"], "rolling_windows": [12, 24, 36],
            "condition": {"ticker": "QQQ", "below": -0.01}, "format": format,
        });
        server.at_all_lengths("compare_factors", arguments).await;
    }
}

#[tokio::test]
async fn a_model_keeps_to_its_length() {
    let mut server = Measured::start(&[("FACTOR_PRICE_SOURCE", "sample")]).await;
    for format in ["full", "summary", "report"] {
        let alone = json!({"ticker": "XLK", "rolling": 36, "style_indices": ["SPY", "IEF", "GLD"], "format": format});
        server.at_all_lengths("analyze_factor_model", alone).await;
        let all = json!({"categories": ["industry", "style"], "factors": ["SPY", "IEF", "GLD"], "rolling": 24, "format": format});
        server.at_all_lengths("analyze_factor_model", all).await;
    }
}

#[tokio::test]
async fn a_stress_test_keeps_to_its_length() {
    let mut server = Measured::start(&[("FACTOR_PRICE_SOURCE", "sample")]).await;
    let mut held: Map<String, Value> = (0..30).map(|at| (format!("UNKNOWN{at}.X"), json!(0.01))).collect();
    held.insert("SPY".to_owned(), json!(0.7));
    for format in ["full", "summary", "report"] {
        let all = json!({"holdings": {"SPY": 0.6, "TLT": 0.2, "GLD": 0.2}, "scenarios": ["all"], "shocks": {"SPY": -0.2, "UST10Y": 1},
            "reverse_loss": 0.1, "format": format});
        server.at_all_lengths("stress_test", all).await;
        server.at_all_lengths("stress_test", json!({"holdings": held, "format": format})).await;
    }
}

#[tokio::test]
async fn what_is_kept_is_listed_within_the_length() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().display().to_string();
    let environment = [
        ("FACTOR_DATA_DIR", folder.as_str()),
        ("FACTOR_PRICE_SOURCE", "sample"),
        ("FACTOR_GROUP_MAX_TICKERS", "500"),
        ("FACTOR_USER_MAX_GROUPS", "300"),
    ];
    let mut server = Measured::start(&environment).await;
    let members: Vec<String> = (0..499).map(|at| format!("TICKER{at:04}.XXXX")).chain(["SPY".to_owned()]).collect();
    let weights: Map<String, Value> = members.iter().map(|ticker| (ticker.clone(), json!(0.002))).collect();
    for at in 0..12 {
        let group = json!({"group_name": format!("Group {at}"), "tickers": members, "description": "é\"".repeat(240),
            "weighting_method": "custom", "weights": weights, "validate": at == 0});
        server.call("create_factor_group", group, USUAL).await;
    }
    let listed = server.call("list_factor_groups", json!({}), USUAL).await;
    assert!(listed["count"].as_u64().unwrap() >= 11, "{}", listed["count"]);
    assert_eq!(listed["truncated"]["section"], "factor_groups", "{}", listed["truncated"]);
    for tool in ["get_factor_group", "validate_factor_group", "update_factor_group", "delete_factor_group"] {
        server.call(tool, json!({"group_name": "Group 1"}), USUAL).await;
    }

    let holdings: Vec<Value> = (0..1_000)
        .map(|at| json!({"ticker": format!("TICKER{at:04}.XXXX"), "shares": 1_234.5 + f64::from(at)}))
        .collect();
    for at in 0..3 {
        let name = format!("{at} {}", "a name of a portfolio ".repeat(4));
        server.call("save_portfolio", json!({"portfolio_name": name, "holdings": holdings}), USUAL).await;
        server.call("get_portfolio", json!({"portfolio_name": name}), USUAL).await;
    }
    for at in 0..250 {
        let name = format!("{at} {}", "a name of a portfolio ".repeat(4));
        server.call("save_portfolio", json!({"portfolio_name": name, "holdings": {"SPY": 1}}), USUAL).await;
    }
    let listed = server.call("list_portfolios", json!({}), USUAL).await;
    assert_eq!((&listed["count"], &listed["truncated"]["section"]), (&json!(250), &json!("portfolios")));
    let gone = server
        .call("delete_portfolio", json!({"portfolio_name": format!("1 {}", "a name of a portfolio ".repeat(4))}), USUAL)
        .await;
    assert_eq!(gone["status"], "success", "{gone}");
}

/// Files with one factor of the universe, and hundreds that are none.
#[tokio::test]
async fn the_status_and_the_list_keep_to_their_length_whatever_the_files_lack() {
    let folder = tempfile::tempdir().unwrap();
    for at in 0..300 {
        let lines: String = (1..40).map(|day| format!("2024-01-{:02},\"oops {day}\"\n", day % 28 + 1)).collect();
        fs::write(
            folder.path().join(format!("a file with a long name that is no price file {at}.csv")),
            format!("date,T{at}\n{lines}"),
        )
        .unwrap();
    }
    let path = folder.path().display().to_string();
    let mut server = Measured::start(&[("FACTOR_PRICE_FILES", path.as_str())]).await;
    let listed = server.call("list_factors", json!({}), USUAL).await;
    assert_eq!(
        listed["count"],
        listed["factors"].as_array().unwrap().len().max(listed["truncated"]["total"].as_u64().unwrap_or(0) as usize)
    );
    let analysed = server.call("get_factor_analysis", json!({}), USUAL).await;
    assert_eq!(analysed["status"], "error");
    server.call("get_server_status", json!({}), USUAL).await;
}

/// Arguments in which everything is wrong.
fn wrong(tool: &str) -> Vec<Value> {
    let nasty = || "\u{1}\"\\é".repeat(30);
    let names: Map<String, Value> = (0..250).map(|at| (format!("{at}{}", nasty()), json!(nasty()))).collect();
    let list: Vec<Value> = (0..250).map(|at| json!(format!("{at}{}", nasty()))).collect();
    let objects: Vec<Value> =
        (0..250).map(|_| json!({"ticker": nasty(), "label": 5, "weight": nasty(), "other": []})).collect();
    let mut each = Map::new();
    for name in ["categories", "windows", "include", "factors", "tickers", "asset_class_filters"] {
        each.insert(name.to_owned(), json!(list));
    }
    for name in ["holdings", "factor_universe", "what_if"] {
        each.insert(name.to_owned(), json!(objects));
    }
    for name in ["group_name", "portfolio_name", "description", "overexposed_factor", "query", "cursor", "start_date"] {
        each.insert(name.to_owned(), json!(nasty()));
    }
    each.insert("weights".to_owned(), Value::Object(names.clone()));
    each.insert("advanced".to_owned(), Value::Object(names.clone()));
    let mut named = names;
    named.insert("analysis_type".to_owned(), json!(tool));
    vec![
        Value::Object(each),
        Value::Object(named),
        json!({"holdings": "x".repeat(200_000), "group_name": nasty(), "tickers": "[".repeat(5_000)}),
    ]
}

#[tokio::test]
async fn every_failure_of_every_tool_keeps_to_its_length() {
    let mut server = Measured::start(&[("FACTOR_PRICE_SOURCE", "sample")]).await;
    let list = server.0.request("tools/list", json!({})).await;
    let tools: Vec<String> = list["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(tools.len() > 10);
    for tool in &tools {
        for arguments in wrong(tool) {
            for most in [USUAL, SHORTEST] {
                let mut asked = arguments.clone();
                if most != USUAL {
                    asked["max_chars"] = json!(most);
                }
                let failure = server.call(tool, asked, most).await;
                assert_eq!(failure["error"]["code"], "invalid_argument", "{tool}: {failure}");
                assert!(!failure["error"]["message"].as_str().unwrap().is_empty());
            }
        }
    }
    // What is no call at all is answered in a few words as well.
    let unknown = server.0.request("tools/call", json!({"name": "x".repeat(100_000)})).await.to_string();
    assert!(unknown.len() < 2_000, "{}", unknown.len());
}
