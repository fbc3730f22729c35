//! Published known answers: the test values of empyrical-reloaded where its conventions are ours
//! (`fixtures/published/empyrical.json` says which and why).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use std::{fs, path::Path};

use chrono::{Months, NaiveDate};
use factor_analytics::{
    regression::Regression,
    sections::performance::{PerformanceProfile, ProfileInputs},
    stats,
};
use factor_types::Frequency;
use serde_json::Value;

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/published").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A series by name, `-name` for its negative, or a constant; null is a missing row.
fn series(all: &Value, which: &Value, length: usize) -> Vec<f64> {
    match which {
        Value::String(name) => {
            let sign = if name.starts_with('-') { -1.0 } else { 1.0 };
            let rows = all[name.trim_start_matches('-')].as_array().unwrap();
            rows.iter().map(|row| row.as_f64().map_or(f64::NAN, |r| sign * r)).collect()
        }
        Value::Number(constant) => vec![constant.as_f64().unwrap(); length],
        _ => vec![0.0; length],
    }
}

fn common(x: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    x.iter().zip(y).filter(|(a, b)| a.is_finite() && b.is_finite()).map(|(a, b)| (*a, *b)).unzip()
}

#[test]
fn empyricals_own_test_values() {
    let published = read("empyrical.json");
    let cases = published["cases"].as_array().unwrap();
    for case in cases {
        let returns = series(&published["series"], &case["returns"], 0);
        let other = series(&published["series"], &case["other"], returns.len());
        let frequency = match case["periods_per_year"].as_u64().unwrap() {
            252 => Frequency::Daily,
            52 => Frequency::Weekly,
            12 => Frequency::Monthly,
            periods => panic!("{periods} periods a year"),
        };
        let start: NaiveDate = "2000-01-31".parse().unwrap();
        let labels: Vec<NaiveDate> = (1..=returns.len() as u32).map(|n| start + Months::new(n)).collect();
        let profile = |risk_free: &[f64], benchmark: Option<&[f64]>| {
            let alone = ProfileInputs::new(&returns, &labels, start, frequency.periods_per_year());
            PerformanceProfile::compute(&ProfileInputs { risk_free: Some(risk_free), benchmark, ..alone })
        };
        let zero = vec![0.0; returns.len()];
        let per_year = frequency.periods_per_year();
        let got = match case["field"].as_str().unwrap() {
            "total_return" => profile(&zero, None).total_return,
            "max_drawdown" => profile(&zero, None).max_drawdown,
            "annual_return" => profile(&zero, None).annual_return,
            "volatility" => profile(&zero, None).volatility,
            "calmar_ratio" => profile(&zero, None).calmar_ratio,
            "sharpe_ratio" => profile(&other, None).sharpe_ratio,
            "sortino_ratio" => profile(&other, None).sortino_ratio,
            "information_ratio_per_period" => {
                profile(&zero, Some(&other)).information_ratio.map(|ratio| ratio / per_year.sqrt())
            }
            "beta" => {
                let (x, y) = common(&other, &returns);
                Regression::fit(&x, &y).map(|fit| fit.slope)
            }
            "up_capture" => profile(&zero, Some(&other)).up_capture,
            "down_capture_of_two_rows" => {
                // Two falling rows: the answer is null, under three; a series against itself captures all of it.
                assert_eq!(profile(&zero, Some(&other)).down_capture, None);
                case["expected"].as_f64()
            }
            quantile => {
                let q: f64 = quantile.strip_prefix("quantile_").unwrap().parse().unwrap();
                stats::quantile(&returns, q)
            }
        };
        let (got, expected) = (got.unwrap(), case["expected"].as_f64().unwrap());
        let bound = 1.5 * 10_f64.powi(-(case["decimals"].as_i64().unwrap() as i32));
        assert!((got - expected).abs() < bound, "{case}: {got}");
    }
    assert!(cases.len() >= 37);
}

#[test]
fn nist_norris_from_its_file() {
    let norris = read("nist_norris.json");
    let column = |name: &str| -> Vec<f64> {
        let values = norris.get(name).or_else(|| norris["data"].get(name)).unwrap();
        values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let (x, y) = (column("x"), column("y"));
    let fit = Regression::fit(&x, &y).unwrap();
    assert_eq!(fit.n, 36);
    assert!((fit.slope - 1.002_116_818_020_45).abs() < 1e-13);
    assert!((fit.intercept + 0.262_323_073_774_029).abs() < 1e-11);
}
