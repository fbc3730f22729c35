//! The figures against values that were not computed here: series worked out on paper (`fixtures/hand`), and the Python
//! oracle's answers on the bundled sample (`fixtures/expected`).

use std::{collections::HashSet, fs, path::Path};

use factor_mcp::{services::Call, services::analysis};
use serde_json::{Value, json};

use crate::support;

fn fixtures(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut read: Vec<(String, Value)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    read.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!read.is_empty(), "{} is empty", folder.display());
    read
}

async fn answer(settings: &[(&'static str, &str)], arguments: &Value) -> Value {
    let mut arguments = arguments.as_object().unwrap().clone();
    for (name, value) in [("format", json!("full")), ("max_chars", json!(0)), ("precision", json!(17))] {
        arguments.insert(name.to_owned(), value);
    }
    let call = Call { arguments, ..Call::default() };
    analysis::answer(&support::app(settings), call).await.unwrap().structured.value()
}

fn close(got: f64, expected: f64, loose: bool) -> bool {
    let bound = if loose { 1e-6 } else { 1e-12 + 1e-9 * expected.abs() };
    (got - expected).abs() <= bound
}

/// A dotted path; `#len` is a length, `#count` the sum of the counts of an object.
fn at(answer: &Value, path: &str) -> Option<Value> {
    let (path, of) = path.split_once('#').map_or((path, ""), |(path, of)| (path, of));
    let found = path.split('.').try_fold(answer, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    })?;
    Some(match of {
        "len" => json!(found.as_array().map(Vec::len).or_else(|| found.as_object().map(serde_json::Map::len))),
        "count" => json!(found.as_object()?.values().filter_map(Value::as_u64).sum::<u64>()),
        _ => found.clone(),
    })
}

#[tokio::test]
async fn series_worked_out_on_paper() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (name, case) in fixtures("hand") {
        let folder = tempfile::tempdir().unwrap();
        let dividends = case["dividends"].as_object();
        let column = if dividends.is_some() { ",dividend" } else { "" };
        let mut csv = format!("date,ticker,adj_close{column}\n");
        for (ticker, rows) in case["prices"].as_object().unwrap() {
            let paid = dividends.and_then(|all| all.get(ticker)).and_then(Value::as_array);
            for row in rows.as_array().unwrap() {
                let amount = paid.into_iter().flatten().find(|one| one[0] == row[0]).map(|one| one[1].to_string());
                let cell = dividends.map(|_| format!(",{}", amount.unwrap_or_default())).unwrap_or_default();
                csv += &format!("{},{ticker},{}{cell}\n", row[0].as_str().unwrap(), row[1]);
            }
        }
        fs::write(folder.path().join("prices.csv"), csv).unwrap();
        if let Some(yields) = case["yields"].as_object() {
            for (maturity, rows) in yields {
                let mut csv = format!("date,{maturity}\n");
                for row in rows.as_array().unwrap() {
                    csv += &format!("{},{}\n", row[0].as_str().unwrap(), row[1]);
                }
                fs::write(folder.path().join(format!("yields_{maturity}.csv")), csv).unwrap();
            }
        }
        let settings = [
            ("FACTOR_PRICE_FILES", folder.path().to_str().unwrap()),
            ("FACTOR_TODAY", case["today"].as_str().unwrap()),
        ];
        let got = answer(&settings, &case["arguments"]).await;
        for (path, expected) in case["expected"].as_object().unwrap() {
            compared += 1;
            let found = at(&got, path);
            let same = match (expected, &found) {
                (Value::String(absent), None) => absent == "absent",
                (expected, Some(found)) => as_on_paper(found, expected),
                (_, None) => false,
            };
            if !same {
                wrong.push(format!("{name}: {path} is {found:?}, on paper {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 200, "only {compared} values were compared");
}

/// Numbers within the bound, those of lists too (the ends of an interval); everything else exactly.
fn as_on_paper(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => {
            close(found.as_f64().unwrap(), expected.as_f64().unwrap(), false)
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, expected)| as_on_paper(found, expected))
        }
        (found, expected) => found == expected,
    }
}

/// How the parts of an expected answer are compared.
struct Rules {
    partial: HashSet<String>,
    by_ticker: HashSet<String>,
    ranked: HashSet<String>,
    any_order: HashSet<String>,
    loose: Vec<String>,
}

#[derive(Default)]
struct Outcome {
    numbers: usize,
    wrong: Vec<String>,
}

impl Rules {
    fn of(case: &Value) -> Self {
        let paths = |name: &str| -> Vec<String> { serde_json::from_value(case[name].clone()).unwrap() };
        let set = |name: &str| paths(name).into_iter().collect();
        Self {
            partial: set("partial"),
            by_ticker: set("by_ticker"),
            ranked: set("ranked"),
            any_order: set("any_order"),
            loose: paths("loose"),
        }
    }

    fn compare(&self, path: &str, expected: &Value, got: &Value, outcome: &mut Outcome) {
        let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                for (key, value) in expected {
                    match got.get(key) {
                        Some(found) => self.compare(&inner(key), value, found, outcome),
                        None => outcome.wrong.push(format!("{} is missing", inner(key))),
                    }
                }
                if !self.partial.contains(path) {
                    // The oracle leaves out what no series of its kind has; null there says the same.
                    let more = got.keys().filter(|key| !expected.contains_key(*key) && !got[*key].is_null());
                    outcome.wrong.extend(more.map(|key| format!("{} is not expected", inner(key))));
                }
            }
            (Value::Array(expected), Value::Array(got)) if self.any_order.contains(path) => {
                let sorted = |items: &[Value]| {
                    let mut names: Vec<String> = items.iter().map(Value::to_string).collect();
                    names.sort();
                    names
                };
                if sorted(expected) != sorted(got) {
                    outcome.wrong.push(format!("{path}: {got:?}, expected {expected:?}"));
                }
            }
            (Value::Array(expected), Value::Array(got)) => {
                let ticker = |item: &Value| item["ticker"].as_str().unwrap_or_default().to_owned();
                let (mut expected, mut got) = (expected.clone(), got.clone());
                if self.by_ticker.contains(path) {
                    expected.sort_by_key(ticker);
                    got.sort_by_key(ticker);
                }
                if self.ranked.contains(path) {
                    expected.truncate(got.len());
                    got.truncate(expected.len());
                }
                if expected.len() != got.len() {
                    outcome.wrong.push(format!("{path} has {} entries, expected {}", got.len(), expected.len()));
                }
                for (at, (expected, got)) in expected.iter().zip(&got).enumerate() {
                    self.compare(&inner(&at.to_string()), expected, got, outcome);
                }
            }
            (Value::Number(expected), Value::Number(got)) => {
                outcome.numbers += 1;
                let loose = self.loose.iter().any(|loose| path.starts_with(loose.as_str()));
                if !close(got.as_f64().unwrap(), expected.as_f64().unwrap(), loose) {
                    outcome.wrong.push(format!("{path} is {got}, expected {expected}"));
                }
            }
            (expected, got) if expected == got => {}
            (expected, got) => outcome.wrong.push(format!("{path} is {got}, expected {expected}")),
        }
    }
}

#[tokio::test]
async fn the_bundled_sample_as_the_python_oracle_has_it() {
    let mut numbers = 0;
    let mut wrong = Vec::new();
    for (name, case) in fixtures("expected") {
        let settings = [("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", case["today"].as_str().unwrap())];
        let got = answer(&settings, &case["arguments"]).await;
        let mut outcome = Outcome::default();
        Rules::of(&case).compare("", &case["expected"], &got, &mut outcome);
        numbers += outcome.numbers;
        wrong.extend(outcome.wrong.into_iter().take(20).map(|line| format!("{name}: {line}")));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(numbers >= 2_500, "only {numbers} numbers were compared");
}
