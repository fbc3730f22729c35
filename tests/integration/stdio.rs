//! Standard input and output, both eras.

use rmcp::{ServiceExt, model::CallToolRequestParams, transport::TokioChildProcess};
use serde_json::{Value, json};

use crate::support::{LEGACY, MODERN, Process, command, modern};

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_older_era() {
    let mut process = Process::start(&[], &[]);
    let params = crate::support::initialize_params();
    let reply = process.request("initialize", params).await;
    let result = &reply["result"];
    assert_eq!(result["protocolVersion"], LEGACY);
    assert_eq!(result["serverInfo"]["name"], "factor-mcp");
    let instructions = result["instructions"].as_str().unwrap();
    assert!(instructions.chars().count() <= 2_048 && instructions.contains("list_factors"));
    process.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;

    let list = process.request("tools/list", json!({})).await;
    let tools = names(&list["result"]["tools"]);
    assert!(tools.is_sorted() && tools.contains(&"list_factors") && tools.contains(&"get_server_status"), "{tools:?}");
    assert!(list["result"].get("resultType").is_none());

    let answer = process.call("list_factors", json!({"query": "SPY"})).await;
    assert_eq!(answer["structuredContent"]["status"], "success");
    assert_eq!(answer["structuredContent"]["factors"][0]["ticker"], "SPY");
    let text: Value = serde_json::from_str(answer["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, answer["structuredContent"]);
}

#[tokio::test]
async fn the_newer_era() {
    let mut process = Process::start(&[], &[]);
    let reply = process.request("server/discover", modern(json!({}))).await;
    let versions = reply["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!(MODERN)) && versions.contains(&json!(LEGACY)), "{reply}");

    let list = process.request("tools/list", modern(json!({}))).await;
    let result = &list["result"];
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["cacheScope"], "public");
    assert!(result["ttlMs"].as_u64().unwrap() > 0);

    let params = modern(json!({"name": "list_factors", "arguments": {"categories": ["style"]}}));
    let answer = process.request("tools/call", params).await;
    let factors = answer["result"]["structuredContent"]["factors"].as_array().unwrap();
    assert!(!factors.is_empty() && factors.iter().all(|factor| factor["category"] == "style"));
}

#[tokio::test]
async fn a_client_of_the_sdk() {
    let folder = tempfile::tempdir().unwrap();
    let client = ().serve(TokioChildProcess::new(command(folder.path())).unwrap()).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| tool.output_schema.is_some() && tool.annotations.is_some()));
    let answer = client.call_tool(CallToolRequestParams::new("get_server_status")).await.unwrap();
    assert_eq!(answer.is_error, Some(false));
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn unknown_tools_and_resources_are_errors_of_the_protocol() {
    let mut process = Process::legacy(&[]).await;
    let tool = process.request("tools/call", json!({"name": "list_factor", "arguments": {}})).await;
    assert_eq!(tool["error"]["code"], -32602);
    assert_eq!(tool["error"]["message"], "unknown tool `list_factor`: did you mean `list_factors`?");
    let resource = process.request("resources/read", json!({"uri": "factor://nothing"})).await;
    assert_eq!(resource["error"]["code"], -32002);
    let prompt = process.request("prompts/get", json!({"name": "nothing"})).await;
    assert_eq!(prompt["error"]["code"], -32602);

    let mut process = Process::start(&[], &[]);
    let resource = process.request("resources/read", modern(json!({"uri": "factor://nothing"}))).await;
    assert_eq!(resource["error"]["code"], -32602);
}

#[tokio::test]
async fn resources_prompts_and_completions() {
    let mut process = Process::legacy(&[]).await;
    let list = process.request("resources/list", json!({})).await;
    for resource in list["result"]["resources"].as_array().unwrap() {
        let read = process.request("resources/read", json!({"uri": resource["uri"]})).await;
        let contents = &read["result"]["contents"][0];
        assert_eq!(contents["mimeType"], resource["mimeType"]);
        assert!(contents["text"].as_str().unwrap().len() > 1_000, "{read}");
    }
    let templates = process.request("resources/templates/list", json!({})).await;
    assert_eq!(templates["result"]["resourceTemplates"].as_array().unwrap().len(), 4);
    let schema = process.request("resources/read", json!({"uri": "factor://schema/list_factors"})).await;
    let schema: Value = serde_json::from_str(schema["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(schema["input_schema"]["properties"]["query"]["type"], "string");

    let tools = process.request("tools/list", json!({})).await;
    let listed = tools["result"]["tools"].as_array().unwrap();
    let prompts = process.request("prompts/list", json!({})).await;
    for prompt in prompts["result"]["prompts"].as_array().unwrap() {
        let params = json!({"name": prompt["name"], "arguments": {"categories": "style"}});
        let filled = process.request("prompts/get", params).await;
        let text = filled["result"]["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(listed.iter().any(|tool| text.contains(tool["name"].as_str().unwrap())), "it calls no tool: {text}");
        let takes =
            prompt["arguments"].as_array().into_iter().flatten().any(|argument| argument["name"] == "categories");
        assert!(!takes || text.contains("get_factor_analysis") && text.contains("categories style"), "{text}");
    }

    let cases = [
        (json!({"type": "ref/prompt", "name": "factor_check_up"}), "benchmark_ticker", "sp", "SPY"),
        (json!({"type": "ref/prompt", "name": "factor_check_up"}), "categories", "style, ma", "style, market"),
        (json!({"type": "ref/resource", "uri": "factor://schema/{tool}"}), "tool", "list", "list_factors"),
    ];
    for (reference, argument, typed, expected) in cases {
        let params = json!({"ref": reference, "argument": {"name": argument, "value": typed}});
        let reply = process.request("completion/complete", params).await;
        let values = reply["result"]["completion"]["values"].as_array().unwrap();
        assert!(values.contains(&json!(expected)), "{reply}");
    }
    let params = json!({"ref": {"type": "ref/prompt", "name": "nothing"}, "argument": {"name": "a", "value": "b"}});
    let reply = process.request("completion/complete", params).await;
    assert_eq!(reply["result"]["completion"]["values"], json!([]));
}

#[tokio::test]
async fn stdout_carries_the_protocol_and_nothing_else() {
    let mut process = Process::legacy(&[("RUST_LOG", "trace")]).await;
    process.send(&json!("no request")).await;
    process.call("list_factors", json!({"nonsense": 1})).await;
    process.close();
    let (code, lines, log) = process.end().await;
    assert_eq!(code, Some(0));
    for line in lines {
        let message: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["jsonrpc"], "2.0");
    }
    assert!(!log.is_empty() && !log.contains('\u{1b}'), "no colours when nobody looks: {log}");
}

#[tokio::test]
async fn the_log_is_quiet_about_what_the_sdk_does() {
    let mut process = Process::legacy(&[]).await;
    process.call("list_factors", json!({})).await;
    process.close();
    let (_, _, log) = process.end().await;
    assert!(!log.contains("rmcp"), "{log}");
}

#[tokio::test]
async fn the_server_ends_when_its_client_does() {
    let mut idle = Process::start(&[], &[]);
    idle.close();
    assert_eq!(idle.end().await.0, Some(0), "before the first message");
    let mut used = Process::legacy(&[]).await;
    used.close();
    assert_eq!(used.end().await.0, Some(0), "after it");
}

#[cfg(unix)]
#[tokio::test]
async fn the_server_ends_when_it_is_told_to() {
    for signal in ["TERM", "INT"] {
        let process = Process::legacy(&[]).await;
        process.signal(signal);
        assert_eq!(process.end().await.0, Some(0), "{signal}");
    }
}
