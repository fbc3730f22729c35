//! Factor models against `fixtures/oracle/model_cases.json`, which statsmodels, scipy and numpy wrote (`model_reference.py`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use std::path::Path;

use chrono::NaiveDate;
use factor_analytics::{
    Threads,
    models::{Attributed, Attribution, Estimator, ModelFactor, ModelFit, RollingPlan, Style},
    observer::{Progress, Silent},
};
use serde_json::Value;

/// How many numbers agreed.
#[derive(Debug, Default)]
struct Compared(usize);

impl Compared {
    /// Every number of `expected` is there in `found`, within `tolerance` of its size or 1e-12.
    #[track_caller]
    fn same(&mut self, at: &str, found: &Value, expected: &Value, tolerance: f64) {
        match expected {
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.same(&format!("{at}.{name}"), &found[name], value, tolerance);
                }
            }
            Value::Array(items) => {
                assert_eq!(found.as_array().map(Vec::len), Some(items.len()), "{at}");
                for (place, value) in items.iter().enumerate() {
                    self.same(&format!("{at}[{place}]"), &found[place], value, tolerance);
                }
            }
            Value::Number(number) => {
                let (expected, found) = (number.as_f64().unwrap(), found.as_f64().unwrap_or(f64::NAN));
                let near = (found - expected).abs() <= 1e-12 + tolerance * expected.abs();
                assert!(near, "{at}: {found} is not {expected}");
                self.0 += 1;
            }
            other => assert_eq!(found, other, "{at}"),
        }
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}

#[test]
fn models_are_those_of_statsmodels() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/oracle/model_cases.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut compared = Compared::default();
    for (at, case) in file["cases"].as_array().unwrap().iter().enumerate() {
        let (y, rf) = (numbers(&case["y"]), numbers(&case["rf"]));
        let x: Vec<Vec<f64>> = case["x"].as_array().unwrap().iter().map(numbers).collect();
        let per_year = case["per_year"].as_f64().unwrap();
        let names: Vec<String> = (0..x.len()).map(|at| format!("f{at}")).collect();
        let factors: Vec<ModelFactor<'_>> =
            names.iter().zip(&x).map(|(name, returns)| ModelFactor { name, returns }).collect();
        for estimator in Estimator::ALL {
            let fit = ModelFit::fit(&y, &factors, estimator, per_year).unwrap();
            let tolerance = if estimator == Estimator::Huber { 1e-6 } else { 1e-9 };
            let found = serde_json::to_value(&fit).unwrap();
            compared.same(&format!("{at}.{estimator}"), &found, &case["fits"][estimator.as_str()], tolerance);
        }
        let ols = ModelFit::fit(&y, &factors, Estimator::Ols, per_year).unwrap();
        let returns: Vec<f64> = y.iter().zip(&rf).map(|(y, rf)| y + rf).collect();
        let years = vec![2020; y.len()];
        let rows = Attributed { returns: &returns, risk_free: &rf, factors: &factors, years: &years };
        let whole = serde_json::to_value(Attribution::of(&rows, &ols).unwrap().whole).unwrap();
        compared.same(&format!("{at}.attribution"), &whole, &case["attribution"], 1e-9);
        for (estimator, windows) in case["rolling"].as_object().into_iter().flatten() {
            let estimator: Estimator = estimator.parse().unwrap();
            let plan = RollingPlan { factors: &factors, window: 24, estimator, per_year };
            let fits = plan.fit(&[&y], Threads::ONE, &mut Progress::new(&mut Silent, "")).unwrap().remove(0);
            let tolerance = if estimator == Estimator::Huber { 1e-6 } else { 1e-9 };
            for window in windows.as_array().unwrap() {
                let row = window["row"].as_u64().unwrap();
                let one = fits[row as usize].as_ref().unwrap();
                let found = serde_json::json!({"row": row, "betas": one.betas, "intervals": one.intervals,
                    "alpha": one.alpha, "alpha_interval": one.alpha_interval, "r_squared": one.r_squared});
                compared.same(&format!("{at}.{estimator}.rolling.{row}"), &found, window, tolerance);
            }
        }
        if case["style"].is_object() {
            let total: Vec<Vec<f64>> = x.iter().map(|x| x.iter().zip(&rf).map(|(x, rf)| x + rf).collect()).collect();
            let indices: Vec<ModelFactor<'_>> =
                names.iter().zip(&total).map(|(name, returns)| ModelFactor { name, returns }).collect();
            let labels: Vec<NaiveDate> = case["labels"]
                .as_array()
                .unwrap()
                .iter()
                .map(|label| label.as_str().unwrap().parse().unwrap())
                .collect();
            let style =
                Style::of(&labels, &returns, &indices, None, per_year, &mut Progress::new(&mut Silent, "")).unwrap();
            for (name, weight) in case["style"]["weights"].as_object().unwrap() {
                let (found, expected) = (style.weights[name].weight, weight.as_f64().unwrap());
                assert!((found - expected).abs() <= 1e-6, "{at}.style.{name}: {found} is not {expected}");
                compared.0 += 1;
            }
            let mut figures = case["style"].clone();
            figures.as_object_mut().unwrap().remove("weights");
            compared.same(&format!("{at}.style"), &serde_json::to_value(&style).unwrap(), &figures, 1e-9);
            for (one, ends) in style.weights.values().zip(case["style_intervals"].as_array().into_iter().flatten()) {
                let ends = numbers(ends);
                let near = one.interval.unwrap().iter().zip(&ends).all(|(a, b)| (a - b).abs() <= 1e-6);
                assert!(near, "{at}.style interval: {:?} is not {ends:?}", one.interval);
                compared.0 += 2;
            }
        }
    }
    println!("{} numbers", compared.0);
    assert!(compared.0 > 1_500, "{} numbers", compared.0);
}
