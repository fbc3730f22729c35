//! The prompts, played: every call that they name is made with the arguments that they name.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::support::Process;

/// A call that a step of a prompt names, with the arguments whose values it gives.
#[derive(Debug)]
struct Named {
    tool: String,
    arguments: Map<String, Value>,
    /// Arguments it names without a value.
    open: Vec<String>,
}

/// The arguments of every tool.
async fn arguments_of(process: &mut Process) -> HashMap<String, Vec<String>> {
    let tools = process.request("tools/list", json!({})).await["result"]["tools"].clone();
    let named = |tool: &Value| {
        let names = tool["inputSchema"]["properties"].as_object().unwrap().keys().cloned().collect();
        (tool["name"].as_str().unwrap().to_owned(), names)
    };
    tools.as_array().unwrap().iter().map(named).collect()
}

async fn text(process: &mut Process, name: &str, arguments: Value) -> String {
    let filled = process.request("prompts/get", json!({"name": name, "arguments": arguments})).await;
    filled["result"]["messages"][0]["content"]["text"].as_str().unwrap_or_else(|| panic!("{filled}")).to_owned()
}

/// The value that text begins with: a list, a word in backquotes, or a number.
fn value(text: &str) -> Option<Value> {
    if text.starts_with('[') {
        let end = text.find(']')?;
        return serde_json::from_str(&text[..=end]).ok();
    }
    if let Some(rest) = text.strip_prefix('`') {
        return Some(json!(rest[..rest.find('`')?]));
    }
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u64>().ok().map(|number| json!(number))
}

/// The calls of the numbered steps, in their order.
fn calls(text: &str, tools: &HashMap<String, Vec<String>>) -> Vec<Named> {
    let is_step = |line: &&str| line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
    let mut found = Vec::new();
    for step in text.lines().filter(is_step) {
        let words: Vec<&str> = step.split([' ', '.', ',']).collect();
        for tool in words.iter().filter(|word| tools.contains_key(**word)) {
            let mut named = Named { tool: (*tool).to_owned(), arguments: Map::new(), open: Vec::new() };
            for name in &tools[*tool] {
                let plain = step.find(&format!(" {name} ")).map(|at| at + name.len() + 2);
                let Some(at) = plain else {
                    if step.contains(name.as_str()) && words.iter().any(|word| word.trim_matches(['`', ':']) == name) {
                        named.open.push(name.clone());
                    }
                    continue;
                };
                let rest = &step[at..];
                // Categories are named without quotes, up to the end of the sentence.
                let names = (name == "categories").then(|| json!(rest.split([':', '.']).next().unwrap_or_default()));
                match value(rest).or(names) {
                    Some(value) => drop(named.arguments.insert(name.clone(), value)),
                    None => named.open.push(name.clone()),
                }
            }
            found.push(named);
        }
        // What looks like a tool is one.
        for word in words.iter().filter(|word| word.starts_with("get_") || word.starts_with("list_")) {
            assert!(tools.contains_key(*word), "no tool {word}: {step}");
        }
    }
    found
}

async fn answer(process: &mut Process, tool: &str, arguments: Value) -> Value {
    let answer = process.call(tool, arguments.clone()).await["structuredContent"].clone();
    assert_eq!(answer["status"], "success", "{tool} {arguments}: {answer}");
    answer
}

#[tokio::test]
async fn a_check_up_leads_through_the_three_analyses() {
    let mut process = Process::legacy(&[]).await;
    let tools = arguments_of(&mut process).await;
    for given in [json!({}), json!({"categories": "industry, style", "benchmark_ticker": "VTI"})] {
        let text = text(&mut process, "factor_check_up", given.clone()).await;
        let named = calls(&text, &tools);
        let kinds: Vec<&Value> = named.iter().map(|call| &call.arguments["analysis_type"]).collect();
        assert_eq!(kinds, ["returns", "performance", "correlations"], "{text}");
        for call in named {
            assert_eq!(call.tool, "get_factor_analysis");
            assert_eq!(call.arguments.contains_key("categories"), given.get("categories").is_some(), "{call:?}");
            let arguments = call.arguments;
            let answer = answer(&mut process, &call.tool, Value::Object(arguments.clone())).await;
            // Step 4 takes up what `more` names.
            let more = answer["more"].as_str().and_then(|more| more.strip_prefix("include: "));
            let sections: Vec<&str> = more.unwrap_or_else(|| panic!("{answer}")).split(", ").collect();
            assert!(answer.get("note").is_none(), "{answer}");
            let mut again = arguments.clone();
            again.insert("include".to_owned(), json!(sections));
            let again = self::answer(&mut process, &call.tool, Value::Object(again)).await;
            assert!(again.get("invalid_sections").is_none(), "{again}");
        }
    }
}

#[tokio::test]
async fn what_moved_leads_from_the_returns_to_what_a_factor_is() {
    let mut process = Process::legacy(&[]).await;
    let tools = arguments_of(&mut process).await;
    let text = text(&mut process, "what_moved_this_month", json!({"categories": "industry"})).await;
    let named = calls(&text, &tools);
    assert_eq!(
        named.iter().map(|call| call.tool.as_str()).collect::<Vec<_>>(),
        ["get_factor_analysis", "list_factors"]
    );
    let first = answer(&mut process, &named[0].tool, Value::Object(named[0].arguments.clone())).await;
    assert_eq!(named[0].arguments["windows"], json!(["1m", "3m", "1y"]));
    let best = first["top_performers"]["1m"].as_array().unwrap();
    assert_eq!(best.len(), 5);
    assert!(first["as_of"].is_string());
    // Step 2: the same for one category, and its sections.
    assert!(text.contains("include [\"by_category\", \"rankings\"]"), "{text}");
    let mut again = named[0].arguments.clone();
    again.extend([
        ("categories".to_owned(), json!(["industry"])),
        ("include".to_owned(), json!(["by_category", "rankings"])),
    ]);
    let again = answer(&mut process, "get_factor_analysis", Value::Object(again)).await;
    assert!(again["by_category"]["industry"]["1m"].is_object() && again["rankings"]["1m"].is_array(), "{again}");
    // Step 3: what the strongest stands for.
    assert_eq!(named[1].open, ["query"]);
    let found = answer(&mut process, "list_factors", json!({"query": best[0]["ticker"]})).await;
    assert!(found["factors"].as_array().unwrap().iter().any(|one| one["ticker"] == best[0]["ticker"]), "{found}");
}

#[tokio::test]
async fn a_hedge_leads_from_the_exposures_to_the_trade() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().display().to_string();
    let mut process = Process::legacy(&[("FACTOR_DATA_DIR", &folder)]).await;
    let tools = arguments_of(&mut process).await;
    for given in [json!({}), json!({"overexposed_factor": "TLT", "portfolio_name": "Mine", "categories": "commodity"})]
    {
        let text = text(&mut process, "hedge_my_portfolio", given.clone()).await;
        let named = calls(&text, &tools);
        let order: Vec<&str> = named.iter().map(|call| call.tool.as_str()).collect();
        let expected = [
            "get_portfolio_exposures",
            "save_portfolio",
            "get_factor_recommendations",
            "get_portfolio_exposures",
            "get_factor_analysis",
        ];
        assert_eq!(order, expected, "{text}");
        let name = given["portfolio_name"].as_str().unwrap_or("CURRENT_PORTFOLIO");
        assert_eq!(named[0].arguments["portfolio_name"], name);
        // Without such a portfolio the first step's error says so, and step 1 saves one.
        let missing = process.call("get_portfolio_exposures", Value::Object(named[0].arguments.clone())).await;
        assert_eq!(missing["structuredContent"]["error"]["code"], "not_found", "{missing}");
        let holdings = json!({"VNQ": 0.4, "TLT": 0.3, "SPY": 0.3});
        answer(&mut process, "save_portfolio", json!({"portfolio_name": name, "holdings": holdings})).await;
        let exposures = answer(&mut process, &named[0].tool, Value::Object(named[0].arguments.clone())).await;

        // Step 2: what the prompt names, or the heaviest that is no broad market fund.
        let mut arguments = named[2].arguments.clone();
        arguments.insert("portfolio_name".to_owned(), json!(name));
        if given.get("overexposed_factor").is_none() {
            assert_eq!(named[2].open, ["overexposed_factor"], "{text}");
            let heaviest = exposures["by_industry"].as_object().unwrap().keys().next().unwrap();
            arguments.insert("overexposed_factor".to_owned(), json!(heaviest));
        } else {
            assert_eq!(
                (&arguments["overexposed_factor"], &arguments["categories"]),
                (&json!("TLT"), &json!("commodity"))
            );
        }
        arguments.insert("correlation_threshold".to_owned(), json!(0));
        arguments.insert("asset_class_filters".to_owned(), json!({"exclude": ["crypto"]}));
        let offsets = answer(&mut process, &named[2].tool, Value::Object(arguments)).await;
        assert!(offsets["insights"]["not_known"].is_string() && offsets["insights"]["nothing_offsets"].is_boolean());

        // Step 3: the suggested weight out of the factor's holding into the offset.
        assert_eq!(named[3].open, ["what_if"], "{text}");
        // Over the same periods as the trade: an offset with a shorter history is worked out on that alone.
        let rows = offsets["recommendations"].as_array().unwrap();
        let row = rows.iter().find(|row| row["n"] == 120).unwrap_or_else(|| panic!("{offsets}"));
        let moved = row["suggested_additional_allocation"].as_f64().unwrap();
        let held = offsets["overexposed_factor"]["members"][0].clone();
        let trade = json!([{"ticker": held, "change": -moved}, {"ticker": row["etf_ticker"], "change": moved}]);
        let traded = answer(&mut process, &named[3].tool, json!({"portfolio_name": name, "what_if": trade})).await;
        for (when, figure) in [("before", "before"), ("after", "after")] {
            let got = traded["what_if"][when]["risk"]["volatility"].as_f64().unwrap();
            let said = row["portfolio_volatility"][figure].as_f64().unwrap();
            assert!((got - said).abs() < 2e-4, "{when}: {got}, where the offset said {said}");
        }

        // Step 4: the history of an offset.
        let history = json!({"analysis_type": "performance", "categories": [row["category"]]});
        answer(&mut process, "get_factor_analysis", history).await;
    }
}
