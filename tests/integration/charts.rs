//! Pictures beside answers: in the form asked for, of the figures that are answered, and nothing of the answer depends on them.

use factor_mcp::{
    mcp::{server::Server, tools::TOOLS},
    services::Call,
};
use serde_json::{Value, json};

use crate::support::server;

/// The result of a call, as a client reads it.
async fn result(server: &Server, tool: &str, arguments: Value) -> Value {
    let entry = TOOLS.iter().find(|entry| entry.name == tool).unwrap();
    let call = Call { arguments: arguments.as_object().unwrap().clone(), ..Call::default() };
    let result = server.run(tool, entry.call, call).await;
    let mut read = serde_json::to_value(&result).unwrap();
    // As text: the content is written as it is.
    read["structuredContent"] = crate::support::structured(&result);
    read
}

/// The blocks of a result besides its text.
fn pictures(result: &Value) -> Vec<&Value> {
    result["content"].as_array().unwrap().iter().filter(|block| block["type"] != "text").collect()
}

fn holdings() -> Value {
    json!([{"ticker": "SPY", "weight": 0.5}, {"ticker": "TLT", "weight": 0.3}, {"ticker": "GLD", "weight": 0.2}])
}

#[tokio::test]
async fn every_analysis_has_its_picture() {
    let server = server(&[], TOOLS);
    let few = json!(["SPY", "TLT", "GLD"]);
    let calls = [
        ("get_factor_analysis", json!({"tickers": few}), "Correlations of the factors named", "SPY"),
        ("get_factor_analysis", json!({"categories": ["style"]}), "Correlations: style", "Highest"),
        ("get_factor_analysis", json!({}), "Correlations of macro composites", "Highest"),
        ("get_factor_analysis", json!({"analysis_type": "performance"}), "Risk and return", "Highest return"),
        (
            "get_factor_analysis",
            json!({"analysis_type": "performance", "tickers": few}),
            "Worth and drawdown",
            "1 became",
        ),
        ("get_factor_analysis", json!({"analysis_type": "returns"}), "Best and worst returns", "best"),
        ("compare_factors", json!({"tickers": few}), "Correlations over 36 months", "SPY and TLT"),
        ("get_portfolio_exposures", json!({"holdings": holdings()}), "What the portfolio holds", "Largest weight"),
        (
            "get_factor_recommendations",
            json!({"overexposed_factor": "SPY", "holdings": holdings()}),
            "What offsets SPY",
            "First",
        ),
    ];
    for (tool, arguments, title, finding) in calls {
        let plain = result(&server, tool, arguments.clone()).await;
        assert!(pictures(&plain).is_empty(), "{tool}");
        for (chart, kind) in [(json!(true), "image"), (json!("svg dark"), "resource")] {
            let mut asked = arguments.clone();
            asked["chart"] = chart;
            let drawn = result(&server, tool, asked.clone()).await;
            assert_eq!(drawn["structuredContent"], plain["structuredContent"], "{tool} {asked}");
            let blocks = pictures(&drawn);
            let block = blocks.first().unwrap_or_else(|| panic!("{tool} {asked}: no picture: {drawn}"));
            let meta = if kind == "image" { &block["_meta"] } else { &block["resource"]["_meta"] };
            // An SVG of many pairs is longer than a result may be.
            if block["type"] == "resource_link" {
                assert!(kind == "resource" && block["mimeType"] == "image/svg+xml", "{tool} {asked}");
                continue;
            }
            assert_eq!(block["type"], kind, "{tool} {asked}");
            let alt = meta["alt"].as_str().unwrap();
            assert!(alt.contains(title) && alt.contains(finding), "{tool} {asked}: {alt}");
            // The sample's prices are no market's, and pictures say so first.
            assert!(alt.starts_with("SIMULATED"), "{alt}");
            assert!(drawn.to_string().len() < 145_000, "{tool} {asked}");
            match kind {
                "image" => {
                    assert_eq!(block["mimeType"], "image/png");
                    assert!(block["data"].as_str().unwrap().starts_with("iVBORw0KGgo"));
                }
                _ => assert!(block["resource"]["text"].as_str().unwrap().starts_with("<svg ")),
            }
        }
    }
}

#[tokio::test]
async fn a_picture_has_the_figures_of_its_answer() {
    let server = server(&[], TOOLS);
    let asked = json!({"tickers": ["SPY", "TLT"], "include": ["matrices"], "chart": "svg"});
    let drawn = result(&server, "get_factor_analysis", asked).await;
    let r = drawn["structuredContent"]["matrices"]["selected"]["SPY"]["TLT"].as_f64().unwrap();
    let blocks = pictures(&drawn);
    let svg = blocks[0]["resource"]["text"].as_str().unwrap();
    let written = format!("{:.2}", r.abs());
    assert!(svg.contains(&format!("SPY and TLT {}{written}", if r < 0.0 { "\u{2212}" } else { "" })), "{r}: {svg}");
}

#[tokio::test]
async fn where_there_is_no_picture_a_note_says_why() {
    let server = server(&[], TOOLS);
    for (arguments, why) in [
        (json!({"analysis_type": "returns", "chart": "wealth"}), "wealth is no picture of returns"),
        (json!({"include": ["metadata"], "chart": "sensitivity"}), "chart: no picture"),
    ] {
        let answer = result(&server, "get_factor_analysis", arguments).await;
        assert!(pictures(&answer).is_empty());
        let note = answer["structuredContent"]["note"].as_str().unwrap_or_default();
        assert!(note.contains(why), "{note}");
    }
    let refused = result(&server, "get_factor_analysis", json!({"chart": "pie"})).await;
    assert_eq!(refused["isError"], true);
    assert!(refused["structuredContent"].to_string().contains("heat_map"), "{refused}");
}

#[tokio::test]
async fn the_same_question_has_the_same_picture() {
    let server = server(&[], TOOLS);
    let asked = json!({"analysis_type": "returns", "windows": ["1y"], "chart": true});
    let first = result(&server, "get_factor_analysis", asked.clone()).await;
    let again = result(&server, "get_factor_analysis", asked).await;
    assert_eq!(pictures(&first), pictures(&again));
}
