//! Factor groups over standard input and output: every rule, and a group's life from one process to the next.

use std::{collections::HashMap, fmt::Write as _, fs, net::TcpListener, path::Path};

use chrono::NaiveDate;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::Process;

/// A server with a data folder of its own, whose every answer is held against the tool's output schema.
pub(crate) struct Session {
    process: Process,
    schemas: HashMap<String, Validator>,
}

impl Session {
    /// A server on the data folder, with the sample's prices unless the environment says otherwise.
    pub(crate) async fn start(data: &Path, more: &[(&str, &str)]) -> Self {
        let folder = data.display().to_string();
        let mut environment = vec![("FACTOR_DATA_DIR", folder.as_str())];
        environment.extend(more);
        let mut process = Process::legacy(&environment).await;
        let tools = process.request("tools/list", json!({})).await["result"]["tools"].clone();
        let schemas = tools.as_array().unwrap().iter().map(|tool| {
            let name = tool["name"].as_str().unwrap().to_owned();
            (name, jsonschema::validator_for(&tool["outputSchema"]).unwrap())
        });
        Self { schemas: schemas.collect(), process }
    }

    /// A server on files with these lines as `prices.csv`.
    pub(crate) async fn on_prices(data: &Path, csv: &str) -> Self {
        let path = data.join("prices.csv");
        fs::write(&path, csv).unwrap();
        Self::start(data, &[("FACTOR_PRICE_FILES", &path.display().to_string())]).await
    }

    /// What a call gives in any format, a report's text beside it, or its error.
    pub(crate) async fn structured(&mut self, tool: &str, arguments: Value) -> Value {
        self.process.call(tool, arguments).await["structuredContent"].clone()
    }

    async fn ask(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.process.call(tool, arguments.clone()).await;
        let structured = result["structuredContent"].clone();
        let errors: Vec<_> = self.schemas[tool].iter_errors(&structured).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{tool} {arguments}: {structured}");
        assert_eq!(result["content"][0]["text"].as_str().unwrap(), structured.to_string(), "{tool}");
        assert_eq!(result["isError"].as_bool().unwrap_or(false), structured["status"] == "error", "{result}");
        structured
    }

    /// The answer of a call that succeeds.
    pub(crate) async fn answer(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask(tool, arguments).await;
        assert_eq!(answer["status"], "success", "{tool}: {answer}");
        answer
    }

    /// The answer of a call that is refused.
    pub(crate) async fn refusal(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask(tool, arguments.clone()).await;
        assert_eq!(answer["status"], "error", "{tool} {arguments}: {answer}");
        answer
    }

    /// The error of a call that fails with this code.
    pub(crate) async fn error(&mut self, tool: &str, arguments: Value, code: &str) -> Value {
        let answer = self.ask(tool, arguments.clone()).await;
        assert_eq!(answer["error"]["code"], code, "{tool} {arguments}: {answer}");
        answer["error"].clone()
    }

    /// The rules broken by a call, as `field: rule: hint`.
    pub(crate) async fn problems(&mut self, tool: &str, arguments: Value) -> Vec<String> {
        let error = self.error(tool, arguments, "invalid_argument").await;
        let line = |problem: &Value| {
            let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            format!("{}: {}: {}", text("field"), text("rule"), text("hint"))
        };
        error["problems"].as_array().unwrap().iter().map(line).collect()
    }

    /// Ends the process, so that the next one finds what was acknowledged.
    pub(crate) async fn end(mut self) {
        self.process.close();
        let (code, _, log) = self.process.end().await;
        assert_eq!(code, Some(0), "{log}");
    }
}

/// The month ends of 30 months to May 2026: 29 returns before the tests' today.
fn month_ends() -> Vec<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2023, 12, 1).unwrap();
    let after = |month: u32| first.checked_add_months(chrono::Months::new(month + 1)).unwrap().pred_opt().unwrap();
    (0..30).map(after).collect()
}

/// The monthly returns of AAA and BBB, in turn.
const AAA: [f64; 3] = [0.10, -0.05, 0.02];
const BBB: [f64; 3] = [0.04, 0.01, -0.06];

fn prices() -> String {
    let mut csv = "date,AAA,BBB,LATE\n".to_owned();
    let (mut a, mut b) = (100.0, 50.0);
    for (row, day) in month_ends().into_iter().enumerate() {
        if row > 0 {
            a *= 1.0 + AAA[row % 3];
            b *= 1.0 + BBB[row % 3];
        }
        let late = if row >= 20 { format!("{}", 10 + row % 4) } else { String::new() };
        writeln!(csv, "{day},{a},{b},{late}").unwrap();
    }
    csv
}

fn close(a: &Value, b: f64) {
    let a = a.as_f64().unwrap();
    assert!((a - b).abs() <= 1e-5 * b.abs(), "{a} is not {b}");
}

/// annual_return, volatility, return_to_risk (there is no risk-free rate) and max_drawdown of monthly returns, by their definitions.
fn by_hand(returns: &[f64]) -> [f64; 4] {
    let n = returns.len() as f64;
    let (mut wealth, mut high, mut drawdown) = (1.0_f64, 1.0_f64, 0.0_f64);
    for r in returns {
        wealth *= 1.0 + r;
        high = high.max(wealth);
        drawdown = drawdown.min(wealth / high - 1.0);
    }
    let mean = returns.iter().sum::<f64>() / n;
    let variance = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let deviation = variance.sqrt();
    [wealth.powf(12.0 / n) - 1.0, deviation * 12_f64.sqrt(), mean / deviation * 12_f64.sqrt(), drawdown]
}

fn check_performance(answer: &Value, weights: [f64; 2]) {
    let returns: Vec<f64> = (1..30).map(|row| weights[0] * AAA[row % 3] + weights[1] * BBB[row % 3]).collect();
    let expected = by_hand(&returns);
    let figures = &answer["performance"];
    // Without yields and cash funds there is no Sharpe ratio, and the ratio without a rate has a name of its own.
    assert!(figures["sharpe_ratio"].is_null());
    for (name, expected) in ["annual_return", "volatility", "return_to_risk", "max_drawdown"].iter().zip(expected) {
        close(&figures[*name], expected);
    }
    assert_eq!(figures["risk_free_source"], "none");
    assert_eq!(answer["validation_metadata"]["data_points"], 29);
    assert_eq!(answer["validation_metadata"]["date_range"], "2024-01-31 to 2026-05-31");
}

#[tokio::test]
async fn the_figures_of_a_group_are_those_of_its_weights() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &prices()).await;
    let equal = json!({"group_name": "Half and half", "tickers": ["aaa", "BBB"], "description": "two"});
    let answer = server.answer("create_factor_group", equal).await;
    assert_eq!(answer["proxy_identifier"], "USER:Half_and_half");
    assert_eq!(answer["tickers"], json!(["AAA", "BBB"]));
    assert_eq!(answer["validation_metadata"]["final_weights"], json!({"AAA": 0.5, "BBB": 0.5}));
    assert_eq!(answer["validation_metadata"]["source"], "files");
    assert!(answer["validation_metadata"].get("lookahead").is_none());
    assert_eq!((&answer["is_valid"], &answer["created"]), (&json!(true), &json!(true)));
    check_performance(&answer, [0.5, 0.5]);

    // As a list, as an object and as a string of one; within 0.001 of 1, and settled to 1.
    for (at, weights) in [
        json!([{"ticker": "BBB", "weight": 0.3}, {"ticker": "AAA", "weight": "0.7"}]),
        json!({"AAA": 0.7, "bbb": 0.3}),
        json!("{\"AAA\": 0.6999, \"BBB\": 0.2996}"),
    ]
    .into_iter()
    .enumerate()
    {
        let group = json!({
            "group_name": format!("custom {at}"), "tickers": "AAA, BBB", "weighting_method": "Custom", "weights": weights,
        });
        let answer = server.answer("create_factor_group", group).await;
        let settled = &answer["validation_metadata"]["final_weights"];
        let (a, b) = (settled["AAA"].as_f64().unwrap(), settled["BBB"].as_f64().unwrap());
        assert!((a + b - 1.0).abs() < 1e-12 && (a - 0.7).abs() < 1e-3, "{settled}");
        check_performance(&answer, [a, b]);
    }

    // The group as a factor has the figures of the group.
    let analysis = json!({
        "analysis_type": "performance", "categories": ["user"], "include": ["per_factor"], "benchmark_ticker": "AAA",
    });
    let factor = server.answer("get_factor_analysis", analysis).await["per_factor"]["USER:Half_and_half"].clone();
    for name in ["annual_return", "volatility", "return_to_risk", "max_drawdown"] {
        close(&factor[name], answer["performance"][name].as_f64().unwrap());
    }
    assert_eq!(factor["observations"], 29);
}

#[tokio::test]
async fn tickers_without_enough_history_are_left_out_with_their_reasons() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &prices()).await;
    let mixed = json!({
        "group_name": "Mixed", "tickers": ["AAA", "LATE", "NONE", "BBB"], "weighting_method": "custom",
        "weights": {"AAA": 0.3, "LATE": 0.2, "NONE": 0.2, "BBB": 0.3},
    });
    let answer = server.answer("create_factor_group", mixed).await;
    let metadata = &answer["validation_metadata"];
    assert_eq!(metadata["tickers_included"], json!(["AAA", "BBB"]));
    assert_eq!(metadata["final_weights"], json!({"AAA": 0.5, "BBB": 0.5}), "renormalised over those included");
    let excluded = metadata["tickers_excluded"].as_array().unwrap();
    let reasons: HashMap<&str, &str> =
        excluded.iter().map(|one| (one["ticker"].as_str().unwrap(), one["reason"].as_str().unwrap())).collect();
    assert_eq!(reasons, HashMap::from([("LATE", "thin_history"), ("NONE", "no_data")]));
    assert!(excluded.iter().any(|one| one["detail"].as_str().unwrap().contains("9 monthly returns")), "{metadata}");
    let warned = answer["warnings"].to_string();
    assert!(warned.contains("LATE is left out: ") && warned.contains("NONE is left out: "), "{warned}");
    check_performance(&answer, [0.5, 0.5]);
    let kept = server.answer("get_factor_group", json!({"group_name": "mixed"})).await;
    assert_eq!(kept["tickers"], json!(["AAA", "LATE", "NONE", "BBB"]));
    assert_eq!(kept["validation_metadata"]["final_weights"], metadata["final_weights"]);
    assert_eq!(kept["validation_metadata"]["tickers_excluded"].as_array().unwrap().len(), 2);

    let thin = json!({"group_name": "Thin", "tickers": ["AAA", "LATE", "NONE"]});
    let error = server.error("create_factor_group", thin, "insufficient_data").await;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("LATE: ") && message.contains("NONE: "), "{message}");
    assert_eq!(error["problems"].as_array().unwrap().len(), 2);
    server.error("get_factor_group", json!({"group_name": "Thin"}), "not_found").await;
    // Files know no capitalisation: never equal weights in disguise.
    let caps = json!({"group_name": "Caps", "tickers": ["AAA", "BBB"], "weighting_method": "market_cap"});
    let error = server.error("create_factor_group", caps, "insufficient_data").await;
    assert!(error["message"].as_str().unwrap().contains("use weighting_method equal"), "{error}");

    // What was saved unchecked can be checked later, and says that it is not valid.
    let unchecked = json!({"group_name": "Thin", "tickers": ["AAA", "LATE"], "validate": false});
    let saved = server.answer("create_factor_group", unchecked).await;
    assert_eq!((&saved["is_valid"], &saved["validation_metadata"]["final_weights"]), (&Value::Null, &Value::Null));
    let checked = server.answer("validate_factor_group", json!({"group_name": "Thin"})).await;
    assert_eq!(checked["is_valid"], false);
    assert!(checked["issues"][0].as_str().unwrap().contains("LATE: "), "{checked}");
    let checked = server.answer("validate_factor_group", json!({"group_name": "USER:Mixed"})).await;
    assert_eq!((&checked["is_valid"], &checked["issues"]), (&json!(true), &json!([])));
    assert_eq!(checked["validation_metadata"], answer["validation_metadata"]);
    assert!(checked["warnings"][0].as_str().unwrap().starts_with("LATE is left out: 9 monthly"), "{checked}");
}

#[tokio::test]
async fn weights_by_market_cap_are_those_of_the_source() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    // The sample states assets of 70, 45 and 36 billions; PEJ stopped in 2023 and has none any more.
    let group = json!({
        "group_name": "By size", "tickers": ["XLK", "XLF", "XLE", "PEJ"], "weighting_method": "market_cap",
    });
    let answer = server.answer("create_factor_group", group).await;
    let metadata = &answer["validation_metadata"];
    for (ticker, billions) in [("XLK", 70.0), ("XLF", 45.0), ("XLE", 36.0)] {
        close(&metadata["final_weights"][ticker], billions / 151.0);
    }
    assert_eq!(metadata["tickers_excluded"][0]["ticker"], "PEJ");
    assert_eq!(metadata["tickers_excluded"][0]["reason"], "no_market_cap");
    assert_eq!((&metadata["lookahead"], &metadata["source"]), (&json!(true), &json!("sample")));
    assert_eq!(metadata["weights_as_of"], "2026-06-12", "the last weekday before the tests' today");
    let warnings = answer["warnings"].to_string();
    assert!(warnings.contains("look-ahead") && warnings.contains("simulated"), "{warnings}");
    let kept = server.answer("get_factor_group", json!({"group_name": "By size"})).await;
    assert_eq!(kept["validation_metadata"]["lookahead"], true);
    // One member with a capitalisation is no group.
    let one = json!({"group_name": "One", "tickers": ["XLK", "PEJ"], "weighting_method": "market_cap"});
    server.error("create_factor_group", one, "insufficient_data").await;
}

#[tokio::test]
async fn a_group_is_a_factor_before_and_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    for (name, tickers) in [("My Tech", json!(["XLK", "IGV", "FDN"])), ("Hard assets", json!(["GLD", "XLE"]))] {
        server.answer("create_factor_group", json!({"group_name": name, "tickers": tickers})).await;
    }
    let mut seen = Vec::new();
    for _ in 0..2 {
        let listed = server.answer("list_factors", json!({"categories": ["user"]})).await;
        let factors = listed["factors"].as_array().unwrap().iter();
        let named: Vec<&str> = factors.map(|factor| factor["ticker"].as_str().unwrap()).collect();
        assert_eq!(named.len(), 2, "{listed}");
        assert!(named.contains(&"USER:My_Tech") && named.contains(&"USER:Hard_assets"), "{listed}");
        let asked = json!({"analysis_type": "correlations", "include": ["matrices"], "categories": ["user"]});
        let matrix = server.answer("get_factor_analysis", asked).await["matrices"]["user"].clone();
        let rho = matrix["USER:My_Tech"]["USER:Hard_assets"].as_f64().unwrap();
        assert!(rho.abs() < 1.0 && matrix["USER:My_Tech"]["USER:My_Tech"] == 1.0, "{matrix}");
        let groups = server.answer("list_factor_groups", json!({})).await;
        seen.push((matrix, groups));
        server.end().await;
        server = Session::start(data.path(), &[]).await;
    }
    assert_eq!(seen[0], seen[1]);
    let groups = &seen[0].1;
    assert_eq!(groups["count"], 2);
    let tech = groups["factor_groups"].as_array().unwrap().iter().find(|one| one["group_name"] == "My Tech").unwrap();
    assert_eq!((&tech["ticker_count"], &tech["is_valid"]), (&json!(3), &json!(true)));
    assert_eq!(tech["weighting_method"], "equal");
    assert!(tech["created_at"].as_str().unwrap().ends_with('Z'), "{tech}");
}

#[tokio::test]
async fn creating_twice_is_once_and_other_content_is_a_conflict() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &prices()).await;
    let group = json!({"group_name": "My Pair", "tickers": ["AAA", "BBB"]});
    let first = server.answer("create_factor_group", group.clone()).await;
    let again = server.answer("create_factor_group", json!({"group_name": "My Pair", "tickers": ["BBB", "AAA"]})).await;
    assert_eq!((&first["created"], &again["created"]), (&json!(true), &json!(false)));
    assert!(again["note"].as_str().unwrap().contains("was there already"), "{again}");
    for field in ["group_name", "created_at", "updated_at", "performance"] {
        assert_eq!(again[field], first[field]);
    }
    assert_eq!(again["validation_metadata"]["final_weights"], first["validation_metadata"]["final_weights"]);
    assert_eq!(server.answer("list_factor_groups", json!({})).await["count"], 1);
    for other in [
        json!({"group_name": "my_pair", "tickers": ["AAA", "BBB"], "description": "other"}),
        json!({"group_name": "MY PAIR", "tickers": ["AAA", "BBB", "LATE"]}),
    ] {
        let error = server.error("create_factor_group", other, "already_exists").await;
        assert!(error["message"].as_str().unwrap().contains("update_factor_group"), "{error}");
    }
    // Saved without a check, created again with one: then it has its weights.
    let unchecked = json!({"group_name": "Later", "tickers": ["AAA", "BBB"], "validate": false});
    assert_eq!(server.answer("create_factor_group", unchecked).await["is_valid"], Value::Null);
    let checked = server.answer("create_factor_group", json!({"group_name": "Later", "tickers": ["AAA", "BBB"]})).await;
    assert_eq!((&checked["created"], &checked["is_valid"]), (&json!(false), &json!(true)));
    let kept = server.answer("get_factor_group", json!({"group_name": "Later"})).await;
    assert_eq!(kept["validation_metadata"]["final_weights"], json!({"AAA": 0.5, "BBB": 0.5}));
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &prices()).await;
    let group = json!({"group_name": "Pair", "tickers": ["AAA", "BBB"], "description": "first"});
    let created = server.answer("create_factor_group", group).await;
    server.answer("create_factor_group", json!({"group_name": "Other", "tickers": ["AAA", "BBB"]})).await;
    let renamed = json!({"group_name": "pair", "new_name": "USER:My_Pair", "validate": false});
    let answer = server.answer("update_factor_group", renamed).await;
    assert_eq!((&answer["group_name"], &answer["description"]), (&json!("My_Pair"), &json!("first")));
    assert_eq!(answer["created_at"], created["created_at"]);
    assert_eq!(answer["is_valid"], true, "what the weights rest on did not change");
    assert!(answer["note"].as_str().unwrap().contains("it was Pair"), "{answer}");
    server.error("get_factor_group", json!({"group_name": "Pair"}), "not_found").await;

    let custom = json!({"group_name": "My Pair", "weighting_method": "custom", "weights": {"AAA": 0.25, "BBB": 0.75}});
    let answer = server.answer("update_factor_group", custom).await;
    assert_eq!(answer["weights"], json!({"AAA": 0.25, "BBB": 0.75}));
    check_performance(&answer, [0.25, 0.75]);
    // Weights alone, while the method is custom; a description alone leaves them.
    let other = json!({"group_name": "My Pair", "weights": {"AAA": 0.4, "BBB": 0.6}, "validate": "false"});
    assert_eq!(server.answer("update_factor_group", other).await["is_valid"], Value::Null);
    let said = server.answer("update_factor_group", json!({"group_name": "My Pair", "description": ""})).await;
    assert_eq!((&said["description"], &said["weights"]), (&json!(""), &json!({"AAA": 0.4, "BBB": 0.6})));
    check_performance(&said, [0.4, 0.6]);
    // Other members need weights of their own.
    let members = json!({"group_name": "My Pair", "tickers": ["AAA", "BBB", "LATE"]});
    let problems = server.problems("update_factor_group", members).await;
    assert!(problems[0].starts_with("weights: is required"), "{problems:?}");
    let equal = json!({"group_name": "My Pair", "tickers": ["AAA", "BBB", "LATE"], "weighting_method": "equal"});
    let answer = server.answer("update_factor_group", equal).await;
    assert_eq!(answer["validation_metadata"]["tickers_excluded"][0]["ticker"], "LATE");
    assert!(answer.get("weights").is_none(), "{answer}");
    check_performance(&answer, [0.5, 0.5]);

    let taken = json!({"group_name": "My Pair", "new_name": "other"});
    server.error("update_factor_group", taken, "already_exists").await;
    let none = json!({"group_name": "My Pear", "description": "x"});
    let error = server.error("update_factor_group", none, "not_found").await;
    assert!(error["message"].as_str().unwrap().contains("Did you mean `My_Pair`"), "{error}");
}

#[tokio::test]
async fn a_deletion_says_what_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &prices()).await;
    let nothing = server.error("delete_factor_group", json!({"group_name": "Pair"}), "not_found").await;
    assert!(nothing["message"].as_str().unwrap().contains("There are none yet"), "{nothing}");
    let group = json!({
        "group_name": "Pair", "tickers": ["AAA", "BBB"], "weighting_method": "custom",
        "weights": {"AAA": 0.25, "BBB": 0.75},
    });
    server.answer("create_factor_group", group).await;
    let deleted = server.answer("delete_factor_group", json!({"group_name": " pair "})).await["deleted"].clone();
    assert_eq!((&deleted["group_name"], &deleted["tickers"]), (&json!("Pair"), &json!(["AAA", "BBB"])));
    assert_eq!(deleted["weights"], json!({"AAA": 0.25, "BBB": 0.75}));
    server.error("delete_factor_group", json!({"group_name": "Pair"}), "not_found").await;
    assert_eq!(server.answer("list_factor_groups", json!({})).await["count"], 0);
}

#[tokio::test]
async fn every_wrong_argument_is_told_with_its_rule() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), &prices()).await;
    let wrong = json!({
        "group_name": "a/b", "tickers": ["AAA", "B B", "AAA"], "description": "x".repeat(501),
        "weighting_method": "by size", "weights": {"AAA": 60, "BBB": 0}, "validate": "perhaps", "owner": "me",
    });
    let problems = server.problems("create_factor_group", wrong).await;
    let has = |start: &str, text: &str| {
        assert!(
            problems.iter().any(|one| one.starts_with(start) && one.contains(text)),
            "{start} {text}: {problems:#?}"
        );
    };
    has("group_name: ", "1 to 100 letters");
    has("tickers[1]: ", "`B B` is not a ticker");
    has("tickers: ", "no ticker twice: AAA");
    has("description: ", "at most 500 characters");
    has("weighting_method: ", "one of equal, market_cap, custom");
    has("weights.AAA: ", "write 0.6 for 60%");
    has("weights.BBB: ", "above 0");
    has("validate: ", "true or false");
    has("owner: ", "is not a known argument");

    let create = |tickers: Value, more: Value| {
        let mut call = json!({"group_name": "Pair", "tickers": tickers});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let many: Vec<String> = (0..51).map(|n| format!("T{n}")).collect();
    for (call, rule) in [
        (json!({}), "group_name: is required"),
        (json!({"group_name": "Pair"}), "tickers: is required"),
        (create(json!(["AAA"]), json!({})), "tickers: must be 2 to 50 tickers: they are 1"),
        (create(json!(many), json!({})), "tickers: must be 2 to 50 tickers: they are 51"),
        (create(json!(["AAA", "USER:Other"]), json!({})), "tickers[1]: cannot be read: `USER:Other` is not a ticker"),
        (
            create(json!(["AAA", "BBB"]), json!({"weights": {"AAA": 0.5, "BBB": 0.5}})),
            "weights: is for weighting_method",
        ),
        (create(json!(["AAA", "BBB"]), json!({"weighting_method": "custom"})), "weights: is required"),
        (custom(json!({"AAA": 0.5, "BBB": 0.4})), "weights: must sum to 1 within 0.001: they sum to 0.9"),
        (custom(json!({"AAA": 0.5, "BBB": 0.4989})), "weights: must sum to 1"),
        (custom(json!({"AAA": 1.0})), "weights: must have a weight for every ticker: BBB"),
        (custom(json!({"AAA": 0.5, "BBB": 0.4, "CCC": 0.1})), "weights.CCC: names CCC, which is not among tickers"),
        (custom(json!({"AAA": 1.5, "BBB": -0.5})), "weights.AAA: must be a share from 0 to 1"),
        (
            custom(json!([{"ticker": "AAA", "weight": 0.5}, {"ticker": "AAA", "weight": 0.5}])),
            "weights[1].ticker: names AAA",
        ),
    ] {
        let problems = server.problems("create_factor_group", call.clone()).await;
        assert!(problems.iter().any(|one| one.starts_with(rule)), "{call}: {problems:#?}");
    }
    server.answer("create_factor_group", custom(json!({"AAA": 0.5, "BBB": 0.499}))).await;
    for tool in ["get_factor_group", "update_factor_group", "delete_factor_group", "validate_factor_group"] {
        assert_eq!(server.problems(tool, json!({})).await, ["group_name: is required: "]);
        server.error(tool, json!({"group_name": "Pear tree"}), "not_found").await;
    }
}

fn custom(weights: Value) -> Value {
    json!({"group_name": "Pair", "tickers": ["AAA", "BBB"], "weighting_method": "custom", "weights": weights})
}

#[tokio::test]
async fn the_bounds_of_a_group_are_settings() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("prices.csv");
    fs::write(&path, prices()).unwrap();
    let files = path.display().to_string();
    let settings =
        [("FACTOR_PRICE_FILES", files.as_str()), ("FACTOR_GROUP_MIN_TICKERS", "3"), ("FACTOR_GROUP_MAX_TICKERS", "3")];
    let mut server = Session::start(data.path(), &settings).await;
    let pair = json!({"group_name": "Pair", "tickers": ["AAA", "BBB"]});
    assert_eq!(server.problems("create_factor_group", pair).await, ["tickers: must be 3 to 3 tickers: they are 2"]);
    let three = json!({"group_name": "Three", "tickers": ["AAA", "BBB", "LATE"]});
    server.answer("create_factor_group", three).await;
}

#[tokio::test]
async fn a_source_that_is_down_is_no_reason_to_lose_a_group() {
    let data = tempfile::tempdir().unwrap();
    // A port that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (fmp, yields) = (format!("http://127.0.0.1:{port}/stable"), format!("http://127.0.0.1:{port}/yields"));
    let settings = [
        ("FACTOR_PRICE_SOURCE", "fmp"),
        ("FMP_API_KEY", "abc"),
        ("FMP_BASE_URL", fmp.as_str()),
        ("TREASURY_BASE_URL", yields.as_str()),
        ("FRED_BASE_URL", yields.as_str()),
        ("FACTOR_PRICE_MAX_RETRIES", "0"),
    ];
    let mut server = Session::start(data.path(), &settings).await;
    let group = json!({"group_name": "Pair", "tickers": ["XLK", "XLF"], "weighting_method": "market_cap"});
    let error = server.error("create_factor_group", group.clone(), "upstream_unavailable").await;
    assert!(error["message"].as_str().unwrap().contains("validate: false"), "{error}");
    assert_eq!(server.answer("list_factor_groups", json!({})).await["count"], 0, "nothing was saved");
    let mut unchecked = group;
    unchecked["validate"] = json!(false);
    let saved = server.answer("create_factor_group", unchecked).await;
    assert_eq!((&saved["is_valid"], &saved["validation_metadata"]["final_weights"]), (&Value::Null, &Value::Null));
    assert_eq!(
        server.answer("get_factor_group", json!({"group_name": "pair"})).await["tickers"],
        json!(["XLK", "XLF"])
    );
    let error = server.error("validate_factor_group", json!({"group_name": "Pair"}), "upstream_unavailable").await;
    assert!(!error["message"].as_str().unwrap().contains("validate: false"), "{error}");
}

#[tokio::test]
async fn hidden_tools_are_not_there() {
    let names = async |arguments: &[&str]| {
        let mut process = Process::start(arguments, &[]);
        process.request("initialize", crate::support::initialize_params()).await;
        process.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        let tools = process.request("tools/list", json!({})).await["result"]["tools"].clone();
        let mut names: Vec<String> =
            tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&["serve", "--read-only", "--toolsets", "groups,portfolios"]).await,
        ["get_factor_group", "get_portfolio", "list_factor_groups", "list_portfolios", "validate_factor_group"]
    );
    let analysis = [
        "analyze_factor_model",
        "compare_factors",
        "get_factor_analysis",
        "get_factor_recommendations",
        "get_portfolio_exposures",
        "list_factors",
        "stress_test",
    ];
    assert_eq!(names(&["serve", "--toolsets", "analysis"]).await, analysis);
}
