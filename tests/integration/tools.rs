//! What the tools answer, and what they say of wrong arguments.

use factor_mcp::{
    answer::Rendered,
    mcp::{server::Server, tools::TOOLS},
    results::{Media, ResultLink},
    services::Call,
};
use rmcp::{ServerHandler, model::CallToolResult};
use serde_json::{Value, json};

use crate::support::{server, structured};

/// Calls a tool and checks what holds for every answer: valid against its schema, the same facts as text.
async fn call(server: &Server, name: &str, arguments: Value) -> Value {
    let entry = TOOLS.iter().find(|entry| entry.name == name).unwrap();
    let call = Call { arguments: arguments.as_object().unwrap().clone(), ..Call::default() };
    let result: CallToolResult = server.run(name, entry.call, call).await;
    let structured = structured(&result);
    let schema = server.get_tool(name).unwrap().output_schema.unwrap();
    let validator = jsonschema::validator_for(&Value::Object(schema.as_ref().clone())).unwrap();
    let errors: Vec<_> = validator.iter_errors(&structured).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0], "{structured}");
    assert_eq!(result.is_error, Some(structured["status"] == "error"));
    assert_eq!(result.content[0].as_text().unwrap().text, structured.to_string());
    structured
}

fn tickers(answer: &Value) -> Vec<&str> {
    answer["factors"].as_array().unwrap().iter().map(|factor| factor["ticker"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn factors_are_found_by_any_of_their_names() {
    let server = server(&[], TOOLS);
    let all = call(&server, "list_factors", json!({"limit": 100})).await;
    assert_eq!(all["next_cursor"], Value::Null);
    let total = all["total"].as_u64().unwrap();
    assert!(total > 50, "{total}");
    let counted: u64 = all["counts_by_category"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(counted, total);
    assert_eq!(all.as_object().unwrap().keys().next().unwrap(), "status");

    let found = call(&server, "list_factors", json!({"query": "ust10y"})).await;
    assert_eq!(tickers(&found), ["IEF"]);
    let none = call(&server, "list_factors", json!({"query": "no such thing"})).await;
    assert_eq!((tickers(&none).len(), none["total"].as_u64()), (0, Some(0)));
}

#[tokio::test]
async fn arguments_are_read_tolerantly() {
    let server = server(&[], TOOLS);
    let expected = call(&server, "list_factors", json!({"categories": ["fixed_income", "cash"]})).await;
    for categories in [json!("fixed_income, cash"), json!("[\"Fixed Income\", \"CASH\"]"), json!(["bond", "cash"])] {
        let answer = call(&server, "list_factors", json!({"categories": categories, "query": null})).await;
        assert_eq!(answer, expected, "{categories}");
    }
}

#[tokio::test]
async fn all_problems_are_told_at_once() {
    let server = server(&[], TOOLS);
    let wrong = json!({"categories": ["stile", "market"], "cursor": "abc", "querry": "SPY"});
    let error = call(&server, "list_factors", wrong).await["error"].clone();
    assert_eq!(error["code"], "invalid_argument");
    assert!(error["message"].as_str().unwrap().starts_with("3 problems: "), "{error}");
    let problems = error["problems"].as_array().unwrap();
    let field = |at: usize| (problems[at]["field"].as_str().unwrap(), problems[at]["hint"].as_str().unwrap());
    assert_eq!(field(0), ("categories[0]", "did you mean `style`?"));
    assert_eq!(field(1).0, "cursor");
    assert_eq!(field(2), ("querry", "did you mean `query`?"));
}

#[tokio::test]
async fn the_status_tells_of_every_part() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&[("FACTOR_DATA_DIR", folder.path().to_str().unwrap())], TOOLS);
    call(&server, "list_factors", json!({"nonsense": true})).await;
    let status = call(&server, "get_server_status", json!({})).await;
    assert_eq!(status["health"], "ok", "{status:#}");
    assert_eq!(status["today"], crate::support::TODAY);
    assert_eq!(status["parts"]["prices"]["source"], "sample");
    for part in ["store", "universe", "prices", "yields"] {
        assert_eq!(status["parts"][part]["status"], "ok");
        assert!(status["parts"][part]["last_success"].is_string());
    }
    assert_eq!((status["calls"]["calls"].as_u64(), status["calls"]["errors"].as_u64()), (Some(1), Some(1)));
    assert_eq!(status["configuration"]["FACTOR_TODAY"]["value"], crate::support::TODAY);
    assert!(status["warnings"].as_array().unwrap().iter().any(|text| text.as_str().unwrap().contains("simulated")));
    #[cfg(target_os = "linux")]
    assert!(status["memory"]["peak_bytes"].as_u64().unwrap() > 1_000_000);
}

/// The lists clients see are a contract: a change shows in review.
#[test]
fn definitions_are_as_agreed() {
    let server = server(&[], TOOLS);
    let mut size = 0;
    for tool in server.tools() {
        let json = serde_json::to_value(tool).unwrap();
        size += json.to_string().len();
        insta::assert_json_snapshot!(format!("tool_{}", tool.name), json);
    }
    // About four characters a token: tests/clients/tokens.cjs counts the tokens themselves.
    assert!(size < 29_000, "{size} characters of tool definitions");
}

#[test]
fn an_answer_may_carry_links() {
    let link = ResultLink {
        uri: "factor://result/1".to_owned(),
        title: "r".to_owned(),
        description: "r, whole".to_owned(),
        bytes: Some(2),
        media: Media::Json,
    };
    let answer = Rendered::json(&json!({"status": "success"})).link(link);
    assert_eq!(answer.text, "{\"status\":\"success\"}");
    assert_eq!(answer.links.len(), 1);
}
