//! REST through the real server: every route of the first design, its names, statuses, tags and conditions, and that it answers
//! what MCP answers.

use factor_mcp::{
    app::App,
    mcp::{catalog::ToolFilter, server::Server, tools::TOOLS},
};
use factor_store::{NewUser, UserTier};
use serde_json::{Map, Value, json};

use crate::support::{Http, Response, app, server};

/// What a route says beside the content of its tool.
const OF_SEED: [&str; 7] = [
    "success",
    "factor_list",
    "correlation_matrix",
    "strongest_correlations",
    "performance_profiles",
    "composite_performance",
    "formatted_table",
];
/// What changes though the figures do not.
const PASSING: [&str; 6] = ["performance", "cache", "lifecycle", "analysis_date", "stale_days", "receipt"];
const BODY: (&str, &str) = ("Content-Type", "application/json");

/// A server on the sample with a folder of its own.
struct Shop {
    http: Http,
    _folder: tempfile::TempDir,
}

fn on_sample(filter: &ToolFilter) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let app = app(&[("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", "2026-01-15"), ("FACTOR_DATA_DIR", data)]);
    (Server::new(app, TOOLS, filter).unwrap(), folder)
}

impl Shop {
    async fn open() -> Self {
        let (server, folder) = on_sample(&ToolFilter::default());
        Self { http: Http::with(server).await, _folder: folder }
    }

    async fn ask(&self, verb: &str, path: &str, body: &Value) -> Response {
        self.ask_with(verb, path, &[], body).await
    }

    async fn ask_with(&self, verb: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Response {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.http.send(verb, &format!("/api{path}"), &[&[BODY], headers].concat(), &text).await
    }

    async fn get(&self, path: &str) -> Response {
        self.http.send("GET", &format!("/api{path}"), &[], "").await
    }
}

fn read(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap_or_else(|error| panic!("{error}: {response:?}"))
}

/// An answer of this status with all that every answer has.
fn is_answer(response: &Response, status: u16) -> Value {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("Content-Type"), Some("application/json"), "{}", response.head);
    assert_eq!(response.header("Cache-Control"), Some("private, no-store"), "{}", response.head);
    let answer = read(response);
    assert_eq!((&answer["success"], &answer["status"]), (&json!(true), &json!("success")), "{answer}");
    answer
}

/// A problem with this status, code and seed's word for it.
fn is_problem(response: &Response, status: u16, code: &str, error_code: &str, endpoint: &str) -> Value {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("Content-Type"), Some("application/problem+json"), "{}", response.head);
    let problem = read(response);
    let told = ["code", "error_code", "endpoint"].map(|name| problem[name].as_str().unwrap_or_default());
    assert_eq!(told, [code, error_code, endpoint], "{problem}");
    assert_eq!((&problem["status"], &problem["type"]), (&json!(status), &json!(format!("/api/docs#{code}"))));
    assert!(
        problem["title"].is_string() && problem["detail"].as_str().is_some_and(|words| words.len() > 20),
        "{problem}"
    );
    problem
}

fn tag(response: &Response) -> String {
    let tag = response.header("ETag").unwrap_or_else(|| panic!("no tag: {response:?}")).to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34, "{tag}");
    tag
}

/// What an answer says of its question, the same whoever carries it and whenever.
fn canonical(mut answer: Value) -> Value {
    let Some(fields) = answer.as_object_mut() else { return answer };
    fields.retain(|name, _| !OF_SEED.contains(&name.as_str()) && !PASSING.contains(&name.as_str()));
    for (within, names) in [
        ("analysis_metadata", &PASSING[..]),
        ("data_quality", &["excluded_factors"]),
        ("truncated", &["how_to_get_the_rest"]),
    ] {
        if let Some(inner) = fields.get_mut(within).and_then(Value::as_object_mut) {
            inner.retain(|name, _| !names.contains(&name.as_str()));
        }
    }
    answer
}

/// The document, and a check of answers against its schemas.
async fn document(http: &Http) -> Value {
    let response = http.send("GET", "/api/openapi.json", &[], "").await;
    assert_eq!((response.status, response.header("Content-Type")), (200, Some("application/json")));
    read(&response)
}

fn is_as_described(document: &Value, verb: &str, path: &str, response: &Response) {
    let operation = &document["paths"][path][verb.to_lowercase()];
    assert!(operation.is_object(), "{verb} {path} is not described");
    let described = &operation["responses"][response.status.to_string()]["content"];
    let kind = response.header("Content-Type").unwrap();
    let mut schema = described[kind]["schema"].clone();
    assert!(schema.is_object(), "{verb} {path}: {} as {kind} is not described", response.status);
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let answer = read(response);
    let errors: Vec<String> =
        validator.iter_errors(&answer).map(|error| format!("{:.400}", error.to_string())).collect();
    assert!(errors.is_empty(), "{verb} {path}: {errors:?}");
}

#[tokio::test]
async fn every_route_of_the_seed_answers_as_it_is_described() {
    let shop = Shop::open().await;
    let document = document(&shop.http).await;
    let holdings =
        json!([{"ticker": "VNQ", "weight": 0.35}, {"ticker": "SPY", "weight": 0.4}, {"ticker": "IEF", "weight": 0.25}]);
    let basket = json!({"group_name": "My Tech", "tickers": ["XLK", "SOXX"], "description": "Technology"});
    let calls = [
        ("POST", "/factor-intelligence/correlations", json!({"format": "json", "categories": ["style"]}), 200),
        ("POST", "/factor-intelligence/correlations", json!({}), 200),
        ("POST", "/factor-intelligence/correlations", json!({"format": "table", "max_factors": 20}), 200),
        ("POST", "/factor-intelligence/performance", json!({"format": "json", "factor_categories": ["market"]}), 200),
        ("POST", "/factor-intelligence/performance", json!({"sort_by": "volatility"}), 200),
        ("POST", "/factor-intelligence/returns", json!({"windows": ["3m", "2022"], "format": "both"}), 200),
        ("POST", "/portfolios", json!({"portfolio_name": "CURRENT_PORTFOLIO", "holdings": holdings}), 201),
        (
            "POST",
            "/factor-intelligence/recommendations",
            json!({"portfolio_name": "CURRENT_PORTFOLIO", "overexposed_factor": "Real Estate", "target_allocation_reduction": 0.1, "correlation_threshold": -0.2}),
            200,
        ),
        ("POST", "/factor-intelligence/exposures", json!({"format": "json"}), 200),
        ("POST", "/factor-intelligence/compare", json!({"tickers": ["SPY", "TLT"], "periods": ["2018", "2022"]}), 200),
        ("POST", "/factor-groups", basket.clone(), 201),
        ("POST", "/factor-groups", basket, 200),
        ("GET", "/factor-groups", Value::Null, 200),
        ("GET", "/factor-groups/My%20Tech", Value::Null, 200),
        ("GET", "/factor-groups/my_tech", Value::Null, 200),
        ("PUT", "/factor-groups/My%20Tech", json!({"description": "Chips"}), 200),
        ("POST", "/factor-groups/My%20Tech/validate", Value::Null, 200),
        ("GET", "/portfolios", Value::Null, 200),
        ("GET", "/portfolios/CURRENT_PORTFOLIO", Value::Null, 200),
        ("PUT", "/portfolios/CURRENT_PORTFOLIO", json!({"holdings": {"SPY": 0.5, "USER:My_Tech": 0.5}}), 200),
        ("PUT", "/portfolios/Second", json!({"holdings": [{"ticker": "SPY", "shares": 3}]}), 201),
        ("POST", "/portfolios/Second/validate", Value::Null, 200),
        ("DELETE", "/portfolios/Second", Value::Null, 200),
        ("DELETE", "/factor-groups/My%20Tech", Value::Null, 200),
    ];
    for (verb, path, body, status) in &calls {
        let response = shop.ask(verb, path, body).await;
        is_answer(&response, *status);
        let described = path.replace("My%20Tech", "{group_name}").replace("my_tech", "{group_name}");
        let described =
            described.replace("CURRENT_PORTFOLIO", "{portfolio_name}").replace("Second", "{portfolio_name}");
        is_as_described(&document, verb, &format!("/api{described}"), &response);
        let has_tag = response.header("ETag").is_some();
        let is_list = ["/portfolios", "/factor-groups"].contains(path) && *verb == "GET";
        let plain = is_list || *verb == "DELETE" || path.ends_with("/validate");
        assert_eq!(has_tag, !plain, "{verb} {path}: {}", response.head);
    }
    for path in [
        "/factors?query=semiconductor",
        "/factor-intelligence/correlations?tickers=SPY&tickers=TLT",
        "/factor-intelligence/performance?start_date=2018-01-01&end_date=2024-12-31&benchmark_ticker=ACWX&categories=style",
    ] {
        let response = shop.get(path).await;
        is_answer(&response, 200);
        is_as_described(&document, "GET", &format!("/api{}", path.split('?').next().unwrap()), &response);
    }
    // Every operation was asked for.
    let asked = |verb: &str, path: &str| {
        path == "/api/results/{id}"
            || calls.iter().any(|(of, called, ..)| {
                of.eq_ignore_ascii_case(verb)
                    && called.split('/').count() + 1 == path.split('/').count()
                    && path.starts_with(&format!("/api/{}", called.split('/').nth(1).unwrap()))
            })
            || verb == "get"
    };
    for (path, operations) in document["paths"].as_object().unwrap() {
        for verb in operations.as_object().unwrap().keys() {
            assert!(asked(verb, path), "{verb} {path} is not asked for here");
        }
    }
}

#[tokio::test]
async fn the_seeds_names_stand_beside_ours() {
    let shop = Shop::open().await;
    let universe = json!({"Real estate": "VNQ", "Bonds": "TLT", "Stocks": "SPY", "New": "IBIT"});
    let with = |more: Value| {
        let mut body = json!({"factor_universe": universe});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let correlations =
        async |more: Value| is_answer(&shop.ask("POST", "/factor-intelligence/correlations", &with(more)).await, 200);
    let json_form = correlations(json!({"format": "json"})).await;
    assert_eq!(json_form["factor_list"], json!(["VNQ", "TLT", "SPY"]));
    assert_eq!(json_form["correlation_matrix"]["VNQ"]["SPY"], json_form["matrices"]["custom"]["VNQ"]["SPY"]);
    assert_eq!(json_form["correlation_matrix"]["SPY"]["SPY"], 1.0);
    let strongest = json_form["strongest_correlations"].as_array().unwrap();
    let sizes: Vec<f64> = strongest.iter().map(|pair| pair["correlation"].as_f64().unwrap().abs()).collect();
    assert!(sizes.len() == 3 && sizes.is_sorted_by(|a, b| a >= b), "{strongest:?}");
    assert!(
        strongest[0]["factor1"].is_string()
            && strongest[0]["factor2"].is_string()
            && strongest[0]["strength"].is_string()
    );
    let quality = &json_form["data_quality"];
    assert_eq!(
        (&quality["excluded_factors"], quality["excluded_factors"][0]["ticker"].as_str()),
        (&quality["excluded_factor_list"], Some("IBIT"))
    );
    assert!(json_form.get("formatted_table").is_none() && json_form.get("truncated").is_none());

    let over = correlations(json!({"format": "json", "correlation_threshold": sizes[1]})).await;
    assert_eq!(over["strongest_correlations"].as_array().unwrap().len(), 2);
    assert_eq!(over["insights"], json_form["insights"], "ours is as it was");

    let table = correlations(json!({"format": "table"})).await;
    assert_eq!(table["formatted_table"], table["formatted_report"]);
    assert!(
        table["formatted_table"].as_str().unwrap().starts_with("# Factor correlations")
            && table.get("matrices").is_none()
    );
    let both = correlations(json!({"format": "both"})).await;
    for (name, value) in json_form.as_object().unwrap() {
        assert!(
            both.get(name).is_some()
                && (PASSING.contains(&name.as_str()) || name == "analysis_metadata" || both[name] == *value),
            "{name}"
        );
    }
    assert!(both["formatted_table"].as_str().unwrap().starts_with("# Factor correlations"));
    let triangle = correlations(json!({"format": "json", "matrix_format": "triangle"})).await;
    assert_eq!(triangle["correlation_matrix"], json_form["correlation_matrix"]);

    let profiles = shop.ask("POST", "/factor-intelligence/performance", &with(json!({"format": "both"}))).await;
    let profiles = is_answer(&profiles, 200);
    let vnq = &profiles["performance_profiles"]["VNQ"];
    assert_eq!(
        (&vnq["beta_vs_benchmark"], &vnq["sharpe_ratio"]),
        (&profiles["per_factor"]["VNQ"]["beta"], &profiles["per_factor"]["VNQ"]["sharpe_ratio"])
    );
    assert!(vnq["beta_vs_benchmark"].is_f64() && profiles["per_factor"]["VNQ"].get("beta_vs_benchmark").is_none());
    assert_eq!(profiles["composite_performance"], profiles["composites"]);
    assert!(profiles["composite_performance"].is_object() && profiles["formatted_table"].is_string());

    // What there is none of in a summary has no name there.
    let summary = correlations(json!({})).await;
    assert!(summary.get("correlation_matrix").is_none() && summary["matrices"].is_object());
    for (path, body) in [
        (
            "/recommendations",
            json!({"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.4, "SPY": 0.6}, "format": "both"}),
        ),
        ("/exposures", json!({"holdings": {"VNQ": 0.4, "SPY": 0.6}, "format": "both"})),
        ("/compare", json!({"tickers": ["SPY", "TLT"], "format": "both"})),
        ("/returns", json!({"tickers": ["SPY", "TLT"], "format": "both"})),
    ] {
        let answer = is_answer(&shop.ask("POST", &format!("/factor-intelligence{path}"), &body).await, 200);
        assert!(
            answer["formatted_table"].is_string() && answer["data_quality"]["excluded_factors"].is_array(),
            "{path}"
        );
        assert!(answer.get("invalid_sections").is_none() && answer.get("truncated").is_none(), "{path}: {answer:.500}");
    }
}

/// A hundred questions and more, of every kind, with mistakes among them.
fn questions() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let mut all = Vec::new();
    let analysis = |kind: &'static str, mut arguments: Value| {
        let path = match kind {
            "correlations" => "/factor-intelligence/correlations",
            "performance" => "/factor-intelligence/performance",
            _ => "/factor-intelligence/returns",
        };
        arguments["analysis_type"] = json!(kind);
        ("POST", path, "get_factor_analysis", arguments)
    };
    for kind in ["correlations", "performance", "returns"] {
        for format in ["summary", "full", "report"] {
            for more in [
                json!({}),
                json!({"max_chars": 2000}),
                json!({"tickers": ["SPY", "TLT", "GLD"]}),
                json!({"categories": ["style", "market"], "frequency": "weekly"}),
                json!({"categories": "commodity", "end_date": "2024-12", "top_n": "3"}),
                json!({"asset_class_filters": {"exclude": ["crypto"]}, "categories": ["cash", "fixed_income"], "max_chars": 0}),
                json!({"factor_universe": {"Stocks": "SPY", "Bonds": "TLT", "New": "IBIT"}}),
                json!({"tickers": ["NOPE9"], "windos": ["3m"]}),
            ] {
                let mut arguments = more;
                arguments["format"] = json!(format);
                all.push(analysis(kind, arguments));
            }
        }
    }
    all.push(analysis("correlations", json!({"include": ["rate_sensitivity", "metadata", "rolling"]})));
    all.push(analysis(
        "correlations",
        json!({"regime": "rate_shock", "include_statistics": true, "tickers": ["SPY", "TLT"]}),
    ));
    all.push(analysis("correlations", json!({"include": ["matrices"], "matrix_format": "triangle"})));
    all.push(analysis(
        "performance",
        json!({"include": ["per_factor"], "fields": ["sharpe_ratio"], "sort_by": "bogus"}),
    ));
    all.push(analysis("returns", json!({"windows": ["2022", "ytd", "2020-02-19/2020-03-23"], "categories": ["rate"]})));
    for frequency in ["monthly", "weekly", "daily"] {
        let pair = json!({"tickers": ["XLE", "XLK"], "frequency": frequency, "start_date": "2019-01"});
        all.push(analysis("correlations", pair.clone()));
        all.push(analysis("performance", pair));
    }
    let holdings = json!({"VNQ": 0.4, "SPY": 0.35, "XLK": 0.25});
    for format in ["summary", "full", "report"] {
        let mut offsets = json!({"overexposed_factor": "Real Estate", "holdings": holdings, "format": format});
        all.push(("POST", "/factor-intelligence/recommendations", "get_factor_recommendations", offsets.clone()));
        offsets["correlation_threshold"] = json!(0.4);
        all.push(("POST", "/factor-intelligence/recommendations", "get_factor_recommendations", offsets));
        let exposures = json!({"holdings": holdings, "format": format, "what_if": {"VNQ": -0.1, "GLD": 0.1}});
        all.push(("POST", "/factor-intelligence/exposures", "get_portfolio_exposures", exposures));
        let compared = json!({"tickers": ["SPY", "TLT", "GLD"], "periods": ["2018", "2022"], "format": format});
        all.push(("POST", "/factor-intelligence/compare", "compare_factors", compared));
        let modelled = json!({"ticker": "XLK", "factors": ["SPY", "IEF"], "rolling": 36, "format": format});
        all.push(("POST", "/factor-intelligence/model", "analyze_factor_model", modelled));
        let stressed =
            json!({"holdings": holdings, "scenarios": ["covid", "2022"], "shocks": {"SPY": -0.2}, "format": format});
        all.push(("POST", "/factor-intelligence/stress", "stress_test", stressed));
    }
    for (path, tool, arguments) in [
        ("/factors", "list_factors", json!({})),
        ("/factors?query=gold", "list_factors", json!({"query": "gold"})),
        ("/factors?categories=style&categories=market", "list_factors", json!({"categories": ["style", "market"]})),
        ("/factors?odd=1", "list_factors", json!({"odd": "1"})),
        ("/factor-groups", "list_factor_groups", json!({})),
        ("/factor-groups/Pair", "get_factor_group", json!({"group_name": "Pair"})),
        ("/factor-groups/None", "get_factor_group", json!({"group_name": "None"})),
        ("/portfolios", "list_portfolios", json!({})),
        ("/portfolios/Core", "get_portfolio", json!({"portfolio_name": "Core"})),
        ("/portfolios/None", "get_portfolio", json!({"portfolio_name": "None"})),
    ] {
        all.push(("GET", path, tool, arguments));
    }
    all
}

#[tokio::test]
async fn rest_and_mcp_answer_the_same() {
    let shop = Shop::open().await;
    let pair = json!({"group_name": "Pair", "tickers": ["XLK", "XLF"], "validate": false});
    is_answer(&shop.ask("POST", "/factor-groups", &pair).await, 201);
    let core = json!({"portfolio_name": "Core", "holdings": [{"ticker": "SPY", "shares": 2}, {"ticker": "IEF", "value": 100}]});
    is_answer(&shop.ask("POST", "/portfolios", &core).await, 201);
    let (mut same, mut failed) = (0, 0);
    for (verb, path, tool, arguments) in questions() {
        let over_mcp = shop.http.modern("tools/call", json!({"name": tool, "arguments": arguments})).await;
        let over_mcp = over_mcp["result"]["structuredContent"].clone();
        let body = if verb == "GET" { Value::Null } else { arguments.clone() };
        let response = shop.ask(verb, path, &body).await;
        let over_rest = read(&response);
        if over_mcp["status"] == "error" {
            failed += 1;
            let error = &over_mcp["error"];
            let told = |name: &str| {
                over_rest.get(name).cloned().unwrap_or_else(|| if name == "problems" { json!([]) } else { Value::Null })
            };
            for (ours, name) in [("code", "code"), ("message", "detail"), ("problems", "problems"), ("try", "try")] {
                assert_eq!(error[ours], told(name), "{path} {arguments}");
            }
            assert!(response.status >= 400, "{path} {arguments}");
        } else {
            assert_eq!(response.status, 200, "{path} {arguments}: {response:?}");
            assert_eq!(canonical(over_rest), canonical(over_mcp), "{path} {arguments}");
            same += 1;
        }
    }
    assert!(same >= 80 && same + failed >= 100 && failed >= 10, "{same} same, {failed} failed");
}

#[tokio::test]
async fn mistakes_are_problems_of_their_status() {
    let shop = Shop::open().await;
    let post = async |path: &str, body: &str, kind: &str| {
        shop.http.send("POST", &format!("/api{path}"), &[("Content-Type", kind)], body).await
    };
    let performance = "/factor-intelligence/performance";
    let of_performance = "factor-intelligence/performance";
    let ask = async |path: &str, body: Value| shop.ask("POST", path, &body).await;

    let bad = ask(performance, json!({"benchmark_ticker": "bad ticker", "top_n": 0})).await;
    let problem = is_problem(&bad, 400, "invalid_argument", "FACTOR_ANALYSIS_ERROR", of_performance);
    assert_eq!(problem["problems"].as_array().unwrap().len(), 2, "{problem}");
    let wrong_kind = ask(performance, json!({"analysis_type": "returns"})).await;
    is_problem(&wrong_kind, 400, "invalid_argument", "FACTOR_ANALYSIS_ERROR", of_performance);
    for body in ["{", "[]", "null", "7", "\u{feff}", "{\"a\":1}}"] {
        let refused = post(performance, body, "application/json; charset=utf-8").await;
        is_problem(&refused, 400, "invalid_argument", "FACTOR_ANALYSIS_ERROR", of_performance);
    }
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    is_problem(
        &post(performance, &deep, "application/json").await,
        400,
        "invalid_argument",
        "FACTOR_ANALYSIS_ERROR",
        of_performance,
    );
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let refused = post(performance, "{}", kind).await;
        is_problem(&refused, 415, "unsupported_media_type", "UNSUPPORTED_MEDIA_TYPE", of_performance);
    }
    let long = post(performance, &format!("{{\"a\":\"{}\"}}", "x".repeat(300_000)), "application/json").await;
    is_problem(&long, 413, "long_body", "LONG_BODY", of_performance);
    let asked_in_query = shop.ask("POST", &format!("{performance}?top_n=3"), &json!({})).await;
    is_problem(&asked_in_query, 400, "invalid_argument", "FACTOR_ANALYSIS_ERROR", of_performance);
    let threshold = ask("/factor-intelligence/correlations", json!({"correlation_threshold": "much"})).await;
    is_problem(&threshold, 400, "invalid_argument", "FACTOR_ANALYSIS_ERROR", "factor-intelligence/correlations");

    let offset = ask("/factor-intelligence/recommendations", json!({})).await;
    is_problem(&offset, 400, "invalid_argument", "OFFSET_RECOMMENDATION_ERROR", "factor-intelligence/recommendations");
    let unknown = ask(
        "/factor-intelligence/recommendations",
        json!({"overexposed_factor": "Unobtainium", "holdings": {"SPY": 1}}),
    )
    .await;
    is_problem(&unknown, 422, "unknown_factor", "OFFSET_RECOMMENDATION_ERROR", "factor-intelligence/recommendations");
    let young = ask("/factor-groups", json!({"group_name": "Young", "tickers": ["SPY", "IBIT"]})).await;
    is_problem(&young, 422, "insufficient_data", "FACTOR_GROUP_VALIDATION_ERROR", "factor-groups");
    let none = shop.get("/factor-groups/Nothing").await;
    is_problem(&none, 404, "not_found", "NOT_FOUND", "factor-groups");
    is_problem(&shop.get("/results/00000000000000000000000000000000").await, 404, "not_found", "NOT_FOUND", "results");
    let pair = json!({"group_name": "Pair", "tickers": ["XLK", "XLF"], "validate": false});
    is_answer(&ask("/factor-groups", pair).await, 201);
    let other = ask("/factor-groups", json!({"group_name": "pair", "tickers": ["XLK", "XLE"]})).await;
    is_problem(&other, 409, "already_exists", "ALREADY_EXISTS", "factor-groups");

    is_problem(&shop.get("/nowhere").await, 404, "no_such_route", "NO_SUCH_ROUTE", "nowhere");
    is_problem(&shop.get("").await, 404, "no_such_route", "NO_SUCH_ROUTE", "");
    let patched = shop.ask("PATCH", "/factor-groups/Pair", &json!({})).await;
    is_problem(&patched, 405, "method_not_allowed", "METHOD_NOT_ALLOWED", "factor-groups");
    assert_eq!(patched.header("Allow"), Some("GET, PUT, DELETE"));
    is_problem(&shop.get("/factor-groups/%ff").await, 400, "invalid_argument", "INVALID_ARGUMENT", "factor-groups");
    for name in ["a%2Fb", "%00", "%F0%9F%8D%8E", "..", ".", &"x".repeat(200)] {
        let refused = shop.get(&format!("/factor-groups/{name}")).await;
        assert!([400, 404].contains(&refused.status), "{name}: {refused:?}");
    }
    // HEAD is GET without its body.
    let head = shop.http.send("HEAD", "/api/factor-groups", &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    // Nothing of it was the server's fault.
    let status = shop.http.modern("tools/call", json!({"name": "list_factors", "arguments": {}})).await;
    assert_eq!(status["result"]["structuredContent"]["status"], "success");
}

#[tokio::test]
async fn a_store_that_is_away_is_a_bad_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let http = Http::with(server(&[("FACTOR_DATA_DIR", file.join("data").to_str().unwrap())], TOOLS)).await;
    let away = http.send("GET", "/api/portfolios", &[], "").await;
    is_problem(&away, 502, "upstream_unavailable", "UPSTREAM_UNAVAILABLE", "portfolios");
}

#[tokio::test]
async fn a_call_out_of_time_is_a_gateway_timeout() {
    let http = Http::with(server(&[("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_CALL_DEADLINE", "1")], TOOLS)).await;
    let body = json!({"tickers": ["SPY", "TLT", "GLD", "XLK", "XLF", "XLE"], "frequency": "daily", "periods": ["2015", "2016", "2017", "2018", "2019", "2020"], "format": "full"});
    let asked = http.send("POST", "/api/factor-intelligence/compare", &[BODY], &body.to_string()).await;
    // A fast machine may be done in time; what is not is said so.
    if asked.status != 200 {
        is_problem(&asked, 504, "timeout", "TIMEOUT", "factor-intelligence/compare");
    }
}

#[tokio::test]
async fn equal_figures_have_one_tag_and_are_not_sent_twice() {
    let shop = Shop::open().await;
    let performance = |more: Value| {
        let mut body = json!({"tickers": ["SPY", "XLK"], "format": "full"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let ask = async |body: Value| shop.ask("POST", "/factor-intelligence/performance", &body).await;
    let (first, second) = (ask(performance(json!({}))).await, ask(performance(json!({}))).await);
    assert_eq!(tag(&first), tag(&second));
    assert_ne!(
        read(&first)["analysis_metadata"]["cache"],
        read(&second)["analysis_metadata"]["cache"],
        "the cache is no part of it"
    );
    assert_ne!(tag(&first), tag(&ask(performance(json!({"end_date": "2024-12"}))).await));
    // A link to the rest is another one each time.
    let (cut, again) =
        (ask(performance(json!({"max_chars": 3000}))).await, ask(performance(json!({"max_chars": 3000}))).await);
    assert_ne!(read(&cut)["truncated"], read(&again)["truncated"]);
    assert_eq!(tag(&cut), tag(&again));

    let path = "/factor-intelligence/correlations?tickers=SPY,TLT";
    let known = tag(&shop.get(path).await);
    let same = shop.ask_with("GET", path, &[("If-None-Match", &known)], &Value::Null).await;
    assert_eq!((same.status, same.body.as_str(), tag(&same)), (304, "", known.clone()));
    let other = shop
        .ask_with(
            "GET",
            "/factor-intelligence/correlations?tickers=SPY,GLD",
            &[("If-None-Match", &known)],
            &Value::Null,
        )
        .await;
    is_answer(&other, 200);

    // The whole of what was cut, by the link in the header.
    let link = cut.header("Link").unwrap().to_owned();
    let whole = link.split(['<', '>']).nth(1).unwrap().to_owned();
    assert!(whole.starts_with("/api/results/") && link.contains("rel=\"related\""), "{link}");
    let id = whole.rsplit('/').next().unwrap();
    assert!(read(&cut)["truncated"]["how_to_get_the_rest"].as_str().unwrap().contains(id));
    let all = shop.http.send("GET", &whole, &[], "").await;
    assert_eq!((all.status, all.header("Cache-Control")), (200, Some("private, no-store")));
    assert_eq!(read(&all)["per_factor"], read(&first)["per_factor"]);
    for (condition, status) in
        [(tag(&all), 304), (format!("W/{}", tag(&all)), 304), ("*".to_owned(), 304), ("\"other\"".to_owned(), 200)]
    {
        let again = shop.http.send("GET", &whole, &[("If-None-Match", &condition)], "").await;
        assert_eq!((again.status, again.body.is_empty()), (status, status == 304), "{condition}");
    }
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_put_over() {
    let shop = Shop::open().await;
    let group = json!({"group_name": "R&D 2.0", "tickers": ["XLK", "XLF"], "validate": false});
    let made = shop.ask("POST", "/factor-groups", &group).await;
    is_answer(&made, 201);
    let place = made.header("Location").unwrap().to_owned();
    assert_eq!(place, "/api/factor-groups/R%26D%202.0");
    let path = place.strip_prefix("/api").unwrap();
    let portfolio = json!({"portfolio_name": "Core", "holdings": {"SPY": 0.6, "IEF": 0.4}});
    let saved = shop.ask("POST", "/portfolios", &portfolio).await;
    is_answer(&saved, 201);
    assert_eq!(saved.header("Location"), Some("/api/portfolios/Core"));
    for (path, made, bodies, endpoint) in [
        (
            path,
            &made,
            [json!({"description": "one", "validate": false}), json!({"description": "two", "validate": false})],
            "factor-groups",
        ),
        (
            "/portfolios/Core",
            &saved,
            [json!({"holdings": {"SPY": 0.5, "IEF": 0.5}}), json!({"holdings": {"SPY": 1.0}})],
            "portfolios",
        ),
    ] {
        let put =
            async |condition: &str, body: &Value| shop.ask_with("PUT", path, &[("If-Match", condition)], body).await;
        let first = tag(made);
        assert_eq!(tag(&shop.get(path).await), first, "what is kept is what was made");
        let changed = put(&first, &bodies[0]).await;
        is_answer(&changed, 200);
        let second = tag(&changed);
        assert_ne!(first, second);
        for stale in [first.as_str(), "\"00\"", "W/\"00\"", &format!("W/{second}")] {
            is_problem(&put(stale, &bodies[1]).await, 412, "conflict", "CONFLICT", endpoint);
        }
        assert_eq!(tag(&shop.get(path).await), second, "nothing was written");
        // Of many who saw the same state one writes.
        let bodies: Vec<Value> = (0..8)
            .map(|at| match endpoint {
                "portfolios" => json!({"holdings": {"SPY": 1, "GLD": at}}),
                _ => json!({"description": format!("by {at}"), "validate": false}),
            })
            .collect();
        let all = futures::future::join_all(bodies.iter().map(|body| put(&second, body))).await;
        let mut statuses: Vec<u16> = all.iter().map(|response| response.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
        is_answer(&put("*", &bodies[0]).await, 200);
        is_answer(&shop.ask("PUT", path, &bodies[1]).await, 200);
        // Where it is not heeded it is refused, so that nothing is lost by it.
        let deleting = shop.ask_with("DELETE", path, &[("If-Match", &second)], &Value::Null).await;
        assert_eq!(deleting.status, 400, "{deleting:?}");
    }
    let none = shop.ask_with("PUT", "/portfolios/None", &[("If-Match", "*")], &json!({"holdings": {"SPY": 1}})).await;
    is_problem(&none, 412, "conflict", "CONFLICT", "portfolios");
    let only_new = [("If-None-Match", "*")];
    let taken = shop.ask_with("PUT", "/portfolios/Core", &only_new, &json!({"holdings": {"TLT": 1}})).await;
    is_problem(&taken, 412, "already_exists", "ALREADY_EXISTS", "portfolios");
    is_answer(&shop.ask_with("PUT", "/portfolios/New", &only_new, &json!({"holdings": {"TLT": 1}})).await, 201);

    // What is posted takes nobody's place.
    let taken = shop.ask("POST", "/portfolios", &json!({"portfolio_name": "core", "holdings": {"TLT": 1}})).await;
    is_problem(&taken, 409, "already_exists", "ALREADY_EXISTS", "portfolios");
    is_answer(&shop.ask("POST", "/portfolios", &json!({"portfolio_name": "New", "holdings": {"TLT": 1}})).await, 200);
    let missing = shop.ask_with("PUT", "/factor-groups/None", &[("If-Match", "*")], &json!({"description": "x"})).await;
    is_problem(&missing, 404, "not_found", "NOT_FOUND", "factor-groups");
}

#[tokio::test]
async fn links_are_below_the_url_that_clients_know() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("FACTOR_DATA_DIR", folder.path().to_str().unwrap()),
        ("FACTOR_PRICE_SOURCE", "sample"),
        ("FACTOR_PUBLIC_URL", "https://factors.example/b/"),
    ];
    let http = Http::with(server(&settings, TOOLS)).await;
    let headers = [BODY, ("Host", "factors.example")];
    let body = json!({"portfolio_name": "Core", "holdings": {"SPY": 1}}).to_string();
    let saved = http.send("POST", "/api/portfolios", &headers, &body).await;
    assert_eq!(saved.header("Location"), Some("https://factors.example/b/api/portfolios/Core"), "{saved:?}");
    let body = json!({"format": "full", "max_chars": 5000}).to_string();
    let cut = http.send("POST", "/api/factor-intelligence/performance", &headers, &body).await;
    assert!(cut.header("Link").unwrap().starts_with("<https://factors.example/b/api/results/"), "{}", cut.head);
    let document = http.send("GET", "/api/openapi.json", &headers, "").await;
    assert_eq!(read(&document)["servers"][0]["url"], "https://factors.example/b");
}

#[tokio::test]
async fn names_that_paths_need_are_taken_by_nobody() {
    let shop = Shop::open().await;
    let members = json!(["XLK", "XLF"]);
    for name in ["health", ".", ".."] {
        for (verb, path, body) in [
            ("POST", "/factor-groups", json!({"group_name": name, "tickers": members, "validate": false})),
            ("POST", "/portfolios", json!({"portfolio_name": name, "holdings": {"SPY": 1}})),
        ] {
            let refused = shop.ask(verb, path, &body).await;
            assert_eq!(refused.status, 400, "{name}: {refused:?}");
        }
        let put = shop
            .ask("PUT", &format!("/portfolios/{}", name.replace('.', "%2E")), &json!({"holdings": {"SPY": 1}}))
            .await;
        assert_eq!(put.status, 400, "{name}: {put:?}");
    }
    is_answer(
        &shop
            .ask("POST", "/factor-groups", &json!({"group_name": "Health", "tickers": members, "validate": false}))
            .await,
        201,
    );
    is_answer(&shop.get("/factor-groups/Health").await, 200);
    let renamed = shop.ask("PUT", "/factor-groups/Health", &json!({"new_name": "health", "validate": false})).await;
    let problem = is_problem(&renamed, 400, "invalid_argument", "FACTOR_GROUP_VALIDATION_ERROR", "factor-groups");
    assert_eq!(problem["problems"][0]["field"], "new_name");
    let moved = shop.ask("PUT", "/factor-groups/Health", &json!({"new_name": "Care", "validate": false})).await;
    is_answer(&moved, 200);
    // A name in the body is that of the path.
    let other = shop.ask("PUT", "/factor-groups/Care", &json!({"group_name": "Other", "description": "x"})).await;
    assert_eq!(other.status, 400, "{other:?}");
    is_answer(
        &shop
            .ask("PUT", "/factor-groups/Care", &json!({"group_name": "care", "description": "x", "validate": false}))
            .await,
        200,
    );
}

#[tokio::test]
async fn a_portfolio_is_valid_where_all_of_it_has_a_price() {
    let shop = Shop::open().await;
    let save = async |name: &str, holdings: Value| {
        shop.ask("PUT", &format!("/portfolios/{name}"), &json!({"holdings": holdings})).await
    };
    let check = async |name: &str| {
        is_answer(&shop.ask("POST", &format!("/portfolios/{name}/validate"), &Value::Null).await, 200)
    };
    save("Good", json!({"SPY": 0.6, "TLT": 0.3})).await;
    let good = check("Good").await;
    assert_eq!((&good["is_valid"], &good["issues"], &good["holding_count"]), (&json!(true), &json!([]), &json!(2)));
    assert_eq!(good["weights"]["CUR:USD"], 0.1);
    save("Odd", json!({"SPY": 0.6, "ZZZZ9": 0.4})).await;
    let odd = check("Odd").await;
    assert_eq!(odd["is_valid"], false);
    assert!(odd["issues"][0].as_str().unwrap().starts_with("ZZZZ9 has no price"), "{odd}");
    assert_eq!(odd["weights"]["ZZZZ9"], 0.4, "its weight is known all the same");
    assert_eq!(shop.ask("POST", "/portfolios/None/validate", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn what_a_server_does_not_offer_is_not_there() {
    let (server, _folder) = on_sample(&ToolFilter { read_only: true, ..ToolFilter::default() });
    let http = Http::with(server).await;
    let body = json!({"group_name": "Pair", "tickers": ["XLK", "XLF"]}).to_string();
    let refused = http.send("POST", "/api/factor-groups", &[BODY], &body).await;
    is_problem(&refused, 404, "not_offered", "NOT_OFFERED", "factor-groups");
    assert_eq!(http.send("GET", "/api/factor-groups", &[], "").await.status, 200);
}

async fn user(app: &App) -> String {
    let (_, key) = app.store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
    key.reveal()
}

#[tokio::test]
async fn the_door_is_that_of_mcp() {
    let (server, _folder) = on_sample(&ToolFilter::default());
    let (ann, bob) = (user(server.app()).await, user(server.app()).await);
    let http = Http::open_to_others(server, false).await.unwrap();
    let ask = async |verb: &str, path: &str, key: &str, body: &str| {
        http.send(verb, path, &[BODY, ("X-API-Key", key)], body).await
    };
    for (verb, path) in [
        ("GET", "/api/factors"),
        ("POST", "/api/factor-intelligence/returns"),
        ("GET", "/api/nowhere"),
        ("DELETE", "/api/portfolios/x"),
    ] {
        let refused = http.send(verb, path, &[BODY], "").await;
        let endpoint = match path {
            "/api/factor-intelligence/returns" => "factor-intelligence/returns",
            path => path.split('/').nth(2).unwrap(),
        };
        is_problem(&refused, 401, "key_required", "KEY_REQUIRED", endpoint);
        assert!(refused.header("WWW-Authenticate").unwrap().starts_with("Bearer"), "{}", refused.head);
    }
    let wrong = ask("GET", "/api/factors", "fie_7_0011", "").await;
    is_problem(&wrong, 401, "wrong_key", "WRONG_KEY", "factors");
    assert_eq!(ask("GET", "/api/factors", &ann, "").await.status, 200);

    // A group, a portfolio and a result are their user's alone.
    let group = json!({"group_name": "Mine", "tickers": ["XLK", "XLF"], "validate": false}).to_string();
    is_answer(&ask("POST", "/api/factor-groups", &ann, &group).await, 201);
    assert_eq!(ask("GET", "/api/factor-groups/Mine", &ann, "").await.status, 200);
    assert_eq!(ask("GET", "/api/factor-groups/Mine", &bob, "").await.status, 404);
    assert_eq!(read(&ask("GET", "/api/factor-groups", &bob, "").await)["count"], 0);
    let cut =
        ask("POST", "/api/factor-intelligence/performance", &ann, r#"{"format": "full", "max_chars": 5000}"#).await;
    let whole = cut.header("Link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    assert_eq!(ask("GET", &whole, &ann, "").await.status, 200);
    assert_eq!(ask("GET", &whole, &bob, "").await.status, 404);

    // What the routes are is no secret.
    let document = document(&http).await;
    assert_eq!(document["security"].as_array().unwrap().len(), 2, "a key or a token, and never neither");
    assert!(!document.to_string().contains(&ann));
}

#[tokio::test]
async fn a_quota_is_one_over_rest_and_mcp_and_what_is_known_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("FACTOR_DATA_DIR", folder.path().to_str().unwrap()),
        ("FACTOR_PRICE_SOURCE", "sample"),
        ("FACTOR_CORRELATIONS_RATE_LIMIT", "1 per day;2 per day;3 per day"),
    ];
    let server = server(&settings, TOOLS);
    let key = user(server.app()).await;
    let http = Http::open_to_others(server, false).await.unwrap();
    let ask = async |pair: &str, condition: &str| {
        let path = format!("/api/factor-intelligence/correlations?tickers={pair}");
        http.send("GET", &path, &[("X-API-Key", &key), ("If-None-Match", condition)], "").await
    };
    let first = ask("SPY,TLT", "").await;
    assert_eq!(first.status, 200, "{first:?}");
    for _ in 0..3 {
        assert_eq!(ask("SPY,TLT", &tag(&first)).await.status, 304);
    }
    let over_mcp = json!({"name": "get_factor_analysis", "arguments": {"tickers": ["SPY", "GLD"]}});
    let second = http.modern_with(&[("X-API-Key", &key)], "tools/call", over_mcp).await.reply();
    assert_eq!(second["result"]["structuredContent"]["status"], "success", "{second}");
    let third = ask("SPY,XLE", "").await;
    is_problem(&third, 429, "rate_limited", "RATE_LIMITED", "factor-intelligence/correlations");
    assert!(third.header("Retry-After").is_some_and(|seconds| seconds.parse::<u64>().is_ok()), "{}", third.head);
}

#[tokio::test]
async fn strange_hosts_and_pages_reach_no_route() {
    let shop = Shop::open().await;
    let ask = async |headers: &[(&str, &str)]| shop.http.send("GET", "/api/factors", headers, "").await;
    for host in ["evil.example", "localhost.evil.example:80"] {
        is_problem(&ask(&[("Host", host)]).await, 403, "strange_host", "STRANGE_HOST", "factors");
    }
    for origin in ["http://evil.example", "null", "https://localhost:1"] {
        is_problem(&ask(&[("Origin", origin)]).await, 403, "strange_origin", "STRANGE_ORIGIN", "factors");
    }
    let two = ask(&[("Host", "localhost"), ("Host", "evil.example")]).await;
    is_problem(&two, 400, "two_hosts", "TWO_HOSTS", "factors");
    let page = ask(&[("Origin", "http://localhost:5173")]).await;
    assert_eq!((page.status, page.header("Access-Control-Allow-Origin")), (200, Some("http://localhost:5173")));
    assert!(page.header("Access-Control-Expose-Headers").unwrap().contains("etag"), "{}", page.head);
    let asked = [
        ("Origin", "http://localhost:5173"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "if-match"),
    ];
    let preflight = shop.http.send("OPTIONS", "/api/portfolios/Core", &asked, "").await;
    assert!(
        preflight.status < 300 && preflight.header("Access-Control-Allow-Methods").unwrap().contains("PUT"),
        "{preflight:?}"
    );
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let shop = Shop::open().await;
    let page = shop.get("/docs").await;
    assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("Content-Security-Policy").unwrap().starts_with("default-src 'none'"));
    for foreign in ["<script", "src=", "@import", "url(", "http://", "https://"] {
        assert!(!page.body.contains(foreign), "{foreign}");
    }
    let document = document(&shop.http).await;
    assert_eq!(document["openapi"], "3.1.0");
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.body.contains(path.as_str()), "{path}");
    }
    // Fields are those of the full schemas, which tools/list does not show.
    assert!(
        page.body.contains("max_drawdown_daily")
            || page.body.contains("excluded_factor_list")
            || page.body.contains("validation_metadata")
    );
}

#[tokio::test]
async fn the_table_of_names_is_in_the_documentation() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/REST.md")).unwrap();
    for name in OF_SEED.iter().chain(&[
        "excluded_factors",
        "beta_vs_benchmark",
        "error_code",
        "endpoint",
        "correlation_threshold",
    ]) {
        assert!(text.contains(&format!("| `{name}`")), "docs/REST.md has no row for `{name}`");
    }
    let shop = Shop::open().await;
    let document = document(&shop.http).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for verb in operations.as_object().unwrap().keys() {
            assert!(
                text.contains(&format!("| `{} {path}`", verb.to_uppercase())),
                "docs/REST.md has no row for {verb} {path}"
            );
        }
    }
}

#[tokio::test]
async fn no_body_makes_it_fail() {
    let shop = Shop::open().await;
    let odd = [
        json!(null),
        json!(-1),
        json!(1e300),
        json!("\u{0}"),
        json!([]),
        json!([[]]),
        json!({"a": {}}),
        json!("x".repeat(5_000)),
    ];
    let names = [
        "format",
        "include",
        "tickers",
        "holdings",
        "max_chars",
        "advanced",
        "correlation_threshold",
        "group_name",
        "analysis_type",
        "odd\u{0}",
    ];
    for path in
        ["/factor-intelligence/correlations", "/factor-intelligence/recommendations", "/factor-groups", "/portfolios"]
    {
        for name in names {
            let mut body = Map::new();
            for value in &odd {
                body.insert(name.to_owned(), value.clone());
                let response = shop.ask("POST", path, &Value::Object(body.clone())).await;
                assert!(response.status < 500, "{path} {name} {value:.60}: {response:?}");
            }
        }
    }
}
