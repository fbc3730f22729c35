//! The lens against `fixtures/oracle/lens_cases.json`, which numpy wrote (`fixtures/oracle/lens.py`): every period's
//! weighted least squares solved anew, with factors that start late and returns that are missing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use std::{fs, path::Path};

use factor_analytics::lens::{Lens, LensFactor, LensRule};
use serde_json::Value;

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

#[track_caller]
fn close(what: &str, ours: f64, theirs: f64) {
    let same = (ours - theirs).abs() <= 1e-12 + 1e-9 * theirs.abs();
    assert!(same || ours.is_nan() && theirs.is_nan(), "{what}: {ours} is not {theirs}");
}

#[test]
fn values_and_slopes_are_numpys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/oracle/lens_cases.json");
    let all: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut compared = 0;
    for (number, case) in all["cases"].as_array().unwrap().iter().enumerate() {
        let raw = case["raw"].as_array().unwrap().iter().map(numbers);
        let lens = Lens::of(LensFactor::ALL.into_iter().zip(raw).collect(), LensRule::of(12.0));
        for (at, column) in lens.columns.iter().enumerate() {
            let expected = numbers(&case["values"][at]);
            assert_eq!(column.values.len(), expected.len());
            for (row, (ours, theirs)) in column.values.iter().zip(&expected).enumerate() {
                close(&format!("case {number}, {}, row {row}", column.factor), *ours, *theirs);
                compared += 1;
            }
            let next = &case["next_slopes"][column.factor.as_str()];
            let ours = column.slopes(expected.len());
            assert_eq!(ours.is_some(), next.is_object(), "case {number}, {}", column.factor);
            for (before, slope) in ours.unwrap_or_default().iter().enumerate() {
                close("slope", *slope, next[before.to_string()].as_f64().unwrap_or(0.0));
                compared += 1;
            }
        }
    }
    assert!(compared > 5_000, "{compared}");
}
