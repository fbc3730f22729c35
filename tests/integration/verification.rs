//! The fifteen verification calls of the returns-and-include plan, through a real client over stdio.

use rmcp::{
    RoleClient, ServiceExt, model::CallToolRequestParams, service::RunningService, transport::TokioChildProcess,
};
use serde_json::{Value, json};

use crate::support::command;

struct Client {
    service: RunningService<RoleClient, ()>,
    _folder: tempfile::TempDir,
}

impl Client {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = command(folder.path());
        server.envs([("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", "2026-01-15")]);
        let service = ().serve(TokioChildProcess::new(server).unwrap()).await.unwrap();
        Self { service, _folder: folder }
    }

    /// The structured content of a successful call; its text block repeats it, or sums it up where it is long.
    async fn analysis(&mut self, arguments: Value) -> Value {
        let arguments = arguments.as_object().unwrap().clone();
        let params = CallToolRequestParams::new("get_factor_analysis").with_arguments(arguments);
        let result = self.service.call_tool(params).await.unwrap();
        assert_ne!(result.is_error, Some(true), "{result:?}");
        let structured = result.structured_content.unwrap();
        assert_eq!(structured["status"], "success");
        let text = &result.content[0].as_text().unwrap().text;
        let read: Value = serde_json::from_str(text).unwrap();
        if structured.to_string().chars().count() <= 40_000 {
            assert_eq!(read, structured);
        } else {
            assert!(read["note"].as_str().unwrap().contains("summary"), "{}", read["note"]);
        }
        structured
    }
}

/// The names of an answer's sections and of what stands around them, without what every answer by name has: what the
/// sections are of, and warnings.
fn sections(answer: &Value) -> Vec<&str> {
    assert!(answer["as_of"].is_string() && answer["period"]["periods"].is_u64(), "{answer}");
    let all = keys(answer).into_iter();
    all.filter(|name| !["as_of", "period", "window_dates", "warnings"].contains(name)).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test]
async fn three_month_returns_of_all_factors() {
    let mut client = Client::start().await;
    let answer = client.analysis(json!({"analysis_type": "returns", "windows": ["3m"]})).await;
    assert_eq!(answer["windows"], json!(["3m"]));
    assert_eq!(keys(&answer["top_performers"]), ["3m"]);
    let (top, bottom) = (&answer["top_performers"]["3m"], &answer["bottom_performers"]["3m"]);
    assert_eq!((top.as_array().unwrap().len(), bottom.as_array().unwrap().len()), (10, 10));
    assert!(number(&top[0]["total_return"]) >= number(&top[4]["total_return"]));
    assert!(number(&bottom[0]["total_return"]) <= number(&bottom[4]["total_return"]));
    assert!(number(&top[4]["total_return"]) > number(&bottom[4]["total_return"]));
    assert!(answer["factors_analyzed"].as_u64().unwrap() >= 90);
    // The summary's figures are those of the whole.
    let full = client
        .analysis(json!({"analysis_type": "returns", "windows": ["3m"], "include": ["factors", "rankings"]}))
        .await;
    let best = full["rankings"]["3m"][0].clone();
    assert_eq!(best["ticker"], top[0]["ticker"]);
    let of_best = &full["factors"][best["ticker"].as_str().unwrap()]["windows"]["3m"];
    assert_eq!(of_best["total_return"], best["total_return"]);
    assert!((number(&of_best["total_return"]) - number(&top[0]["total_return"])).abs() <= 0.5e-4);
    let annualised = (1.0 + number(&of_best["total_return"])).powi(4) - 1.0;
    assert!((number(&of_best["annualized_return"]) - annualised).abs() < 1e-4, "{of_best}");
    assert_eq!(of_best["annualized_short"], true);
}

#[tokio::test]
async fn default_windows_in_one_call() {
    let answer = Client::start().await.analysis(json!({"analysis_type": "returns"})).await;
    assert_eq!(answer["windows"], json!(["1m", "3m", "6m", "1y"]));
    for part in ["top_performers", "bottom_performers"] {
        assert_eq!(keys(&answer[part]), ["1m", "1y", "3m", "6m"]);
    }
    assert!(!answer["by_category"]["industry"]["1y"]["best"]["ticker"].as_str().unwrap().is_empty());
    for absent in ["factors", "rankings", "analysis_metadata", "note"] {
        assert!(answer.get(absent).is_none(), "{absent}");
    }
    assert!(answer.to_string().len() <= 8_000, "{} characters", answer.to_string().len());
}

#[tokio::test]
async fn industries_only() {
    let answer = Client::start()
        .await
        .analysis(json!({"analysis_type": "returns", "categories": ["industry"], "windows": ["1m", "3m"]}))
        .await;
    assert_eq!(keys(&answer["by_category"]), ["industry"]);
    for line in answer["top_performers"]["1m"].as_array().unwrap() {
        assert_eq!(line["category"], "industry");
    }
    assert_eq!(answer["data_quality"]["factors_requested"], 66);
}

#[tokio::test]
async fn one_month_is_enough_for_one_month() {
    let mut client = Client::start().await;
    let answer = client
        .analysis(json!({"analysis_type": "returns", "windows": ["1m"], "include": ["factors", "metadata"]}))
        .await;
    let own = &answer["factors"]["SPY"]["windows"]["1m"];
    assert!(number(&own["total_return"]).abs() < 0.3);
    assert!(own.get("annualized_return").is_none() && own.get("volatility").is_none());
    let window = &answer["analysis_metadata"]["windows"]["1m"];
    assert_eq!(
        (&window["start"], &window["end"], &window["periods"]),
        (&json!("2025-11-30"), &json!("2025-12-31"), &json!(1))
    );
}

#[tokio::test]
async fn start_date_is_ignored_with_the_note_as_written() {
    const NOTE: &str = "start_date is ignored for returns mode; use windows to specify lookback periods";
    let mut client = Client::start().await;
    let with = client.analysis(json!({"analysis_type": "returns", "start_date": "2024-01-01"})).await;
    let without = client.analysis(json!({"analysis_type": "returns"})).await;
    assert_eq!(with["note"], NOTE);
    assert_eq!(with["top_performers"], without["top_performers"]);
    // All four windows of 97 factors are some 41,000 characters.
    let question =
        json!({"analysis_type": "returns", "start_date": "2024-01-01", "include": ["rankings"], "max_chars": 0});
    let included = client.analysis(question).await;
    assert_eq!(included["note"], NOTE);
    assert_eq!(sections(&included), ["analysis_type", "note", "rankings", "status"]);
}

#[tokio::test]
async fn matrices_alone() {
    let answer =
        Client::start().await.analysis(json!({"include": ["matrices"], "categories": ["style", "market"]})).await;
    assert_eq!(sections(&answer), ["analysis_type", "matrices", "status"]);
    assert_eq!(keys(&answer["matrices"]), ["market", "style"]);
    let market = &answer["matrices"]["market"];
    assert_eq!(market["SPY"]["SPY"], 1.0);
    assert_eq!(market["SPY"]["EFA"], market["EFA"]["SPY"]);
    assert!(number(&market["SPY"]["VTI"]) > 0.9);
}

#[tokio::test]
async fn rate_sensitivity_comes_back_nested() {
    let answer = Client::start().await.analysis(json!({"include": ["rate_sensitivity"]})).await;
    assert_eq!(sections(&answer), ["analysis_type", "overlays", "status"]);
    assert_eq!(keys(&answer["overlays"]), ["rate_sensitivity"]);
    let rates = &answer["overlays"]["rate_sensitivity"];
    assert_eq!(keys(&rates["TLT"]), ["UST10Y", "UST2Y", "UST30Y", "UST5Y"]);
    assert!(number(&rates["TLT"]["UST30Y"]) < -0.8, "long bonds fall when their yield rises");
    for row in ["cyclical", "defensive", "sensitive", "XLF", "SPY", "BIL"] {
        assert!(rates.get(row).is_some(), "{row}");
    }
    assert!(rates.get("MTUM").is_none(), "style is not among the default categories");
}

#[tokio::test]
async fn the_whole_overlays() {
    let answer = Client::start().await.analysis(json!({"include": ["overlays"]})).await;
    assert_eq!(sections(&answer), ["analysis_type", "overlays", "status"]);
    assert_eq!(keys(&answer["overlays"]), ["macro_composite_matrix", "market_sensitivity", "rate_sensitivity"]);
    let market = &answer["overlays"]["market_sensitivity"];
    assert!(market.get("SPY").is_none() && number(&market["XLK"]["SPY"]) > 0.5);
    assert_eq!(answer["overlays"]["macro_composite_matrix"]["equity"]["equity"], 1.0);
}

#[tokio::test]
async fn rankings_alone() {
    let answer = Client::start()
        .await
        .analysis(json!({"analysis_type": "returns", "include": ["rankings"], "max_chars": 0}))
        .await;
    assert_eq!(sections(&answer), ["analysis_type", "rankings", "status"]);
    let ranked = answer["rankings"]["1m"].as_array().unwrap();
    for (at, line) in ranked.iter().enumerate() {
        assert_eq!(line["rank"], at + 1);
    }
    assert!(ranked.windows(2).all(|pair| number(&pair[0]["total_return"]) >= number(&pair[1]["total_return"])));
    assert!(!ranked.iter().any(|line| line["ticker"] == "PEJ"), "a stopped fund is not ranked");
}

#[tokio::test]
async fn an_unknown_section_is_named_and_the_others_answer() {
    let mut client = Client::start().await;
    let answer =
        client.analysis(json!({"analysis_type": "returns", "windows": ["1m"], "include": ["rankings", "bogus"]})).await;
    assert_eq!(answer["invalid_sections"], json!(["bogus"]));
    let expected = [
        "analysis_type",
        "as_of",
        "invalid_sections",
        "note",
        "period",
        "rankings",
        "status",
        "warnings",
        "window_dates",
    ];
    assert_eq!(keys(&answer), expected);
    let only = client.analysis(json!({"analysis_type": "returns", "include": ["bogus"]})).await;
    assert_eq!(keys(&only), ["analysis_type", "invalid_sections", "note", "status"]);
}

#[tokio::test]
async fn per_factor_alone() {
    let answer = Client::start()
        .await
        .analysis(json!({"analysis_type": "performance", "include": ["per_factor"], "max_chars": 0}))
        .await;
    assert_eq!(sections(&answer), ["analysis_type", "per_factor", "status"]);
    let spy = &answer["per_factor"]["SPY"];
    assert_eq!(
        (&spy["label"], &spy["category"], &spy["asset_class"]),
        (&json!("US large caps (S&P 500)"), &json!("market"), &json!("equity"))
    );
    assert_eq!(spy["observations"], 120);
    assert!(spy["beta"].is_null() && spy["tracking_error"].is_null(), "relative to itself");
    assert!((0.10..0.25).contains(&number(&spy["volatility"])));
    let xlk = &answer["per_factor"]["XLK"];
    assert!(number(&xlk["beta"]) > 0.5 && number(&xlk["beta_t"]) > 5.0);
    assert!((0.001..0.05).contains(&number(&xlk["dividend_yield"])));
    assert!(number(&answer["per_factor"]["HYG"]["dividend_yield"]) > number(&spy["dividend_yield"]));
    assert_eq!(answer["per_factor"]["GLD"]["dividend_yield"], 0.0, "commodities pay nothing");
    assert!(answer["per_factor"]["PEJ"]["dividend_yield"].is_null(), "it stopped, and has no yield of today");
}

#[tokio::test]
async fn macro_etfs_when_asked_for() {
    let answer = Client::start().await.analysis(json!({"include": ["macro_etf"], "include_macro_etf": true})).await;
    assert_eq!(sections(&answer), ["analysis_type", "overlays", "status"]);
    assert_eq!(keys(&answer["overlays"]), ["macro_etf_matrix"]);
    let matrix = answer["overlays"]["macro_etf_matrix"].as_object().unwrap();
    assert!((8..=25).contains(&matrix.len()), "{:?}", matrix.keys().collect::<Vec<_>>());
    assert!(matrix.contains_key("SPY") && !matrix.contains_key("VTI"), "VTI is nearly SPY");
}

#[tokio::test]
async fn macro_etfs_that_were_not_asked_for_are_absent_but_not_invalid() {
    let answer = Client::start().await.analysis(json!({"include": ["macro_etf"]})).await;
    assert_eq!(sections(&answer), ["analysis_type", "not_computed", "status"]);
    assert_eq!(answer["not_computed"]["macro_etf"], "set include_macro_etf: true");
}

#[tokio::test]
async fn correlations_by_default() {
    let mut client = Client::start().await;
    let answer = client.analysis(json!({"analysis_type": "correlations"})).await;
    assert_eq!(keys(&answer["overlays"]), ["macro_composite_matrix", "market_sensitivity", "rate_sensitivity"]);
    let style = &answer["matrices"]["style"];
    assert_eq!(style["size"], 9);
    for pair in style["strongest"].as_array().unwrap() {
        assert!(pair["n"].as_u64().unwrap() >= 24);
    }
    assert!(answer["matrices"].get("cash").is_none(), "cash is in no matrix unless asked for");
    assert_eq!(answer["insights"]["best_diversifier"]["against"], "SPY");
    assert!(answer.to_string().len() <= 8_000, "{} characters", answer.to_string().len());
    // Without an analysis_type it is the same.
    let default = client.analysis(json!({})).await;
    assert_eq!(default["matrices"], answer["matrices"]);
}

#[tokio::test]
async fn performance_by_default() {
    let answer = Client::start().await.analysis(json!({"analysis_type": "performance"})).await;
    assert_eq!(answer["sorted_by"], "sharpe_ratio");
    assert_eq!((answer["top"].as_array().unwrap().len(), answer["bottom"].as_array().unwrap().len()), (10, 10));
    assert!(number(&answer["top"][0]["sharpe_ratio"]) > number(&answer["bottom"][0]["sharpe_ratio"]));
    assert_eq!(answer["risk_free_source"], "UST3M 120 rows");
    let equity = &answer["macro_composites"]["equity"];
    assert!(equity["members"].as_u64().unwrap() > 60 && number(&equity["beta"]) > 0.6);
    assert!(answer.to_string().len() <= 8_000, "{} characters", answer.to_string().len());
}

#[tokio::test]
async fn include_pays_only_for_what_it_names() {
    let mut client = Client::start().await;
    let computed = async |client: &mut Client, arguments: Value| {
        client.analysis(arguments).await["performance"]["sections_computed"].clone()
    };
    let rates = computed(&mut client, json!({"include": ["rate_sensitivity", "performance"]})).await;
    assert_eq!(rates, json!(["rate_sensitivity"]));
    let rankings =
        computed(&mut client, json!({"analysis_type": "returns", "include": ["rankings", "performance"]})).await;
    assert_eq!(rankings, json!(["factors", "rankings"]));
    let profiles = computed(
        &mut client,
        json!({"analysis_type": "performance", "include": ["per_factor", "performance"], "max_chars": 0}),
    )
    .await;
    assert_eq!(profiles, json!(["per_factor"]));
}

#[tokio::test]
async fn an_included_section_is_the_full_answers() {
    let mut client = Client::start().await;
    let full = client.analysis(json!({"format": "full", "include_macro_etf": true, "max_chars": 0})).await;
    for (section, path) in [
        ("matrices", ["matrices", ""]),
        ("insights", ["insights", ""]),
        ("rate_sensitivity", ["overlays", "rate_sensitivity"]),
        ("macro_composite", ["overlays", "macro_composite_matrix"]),
        ("macro_etf", ["overlays", "macro_etf_matrix"]),
        ("data_quality", ["data_quality", ""]),
    ] {
        let alone = client.analysis(json!({"include": [section], "include_macro_etf": true, "max_chars": 0})).await;
        let at = |answer: &Value| {
            if path[1].is_empty() { answer[path[0]].clone() } else { answer[path[0]][path[1]].clone() }
        };
        assert!(!at(&alone).is_null(), "{section}");
        assert_eq!(at(&alone), at(&full), "{section}");
    }
}
