//! Published known answers: the test values of empyrical-reloaded where its conventions are ours
//! (`fixtures/published/empyrical.json` says which and why), the months of Bacon's book, NIST's regression.

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

#[path = "published/differences.rs"]
mod differences;

use differences::Differences;

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
    let mut differences = Differences::default();
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
            "downside_deviation" => profile(&other, None).downside_deviation,
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
        // Where ours is null by a rule of its own, nothing is compared.
        if case["field"] != "down_capture_of_two_rows" {
            differences.add(got, expected);
        }
    }
    differences.hold("empyrical");
    assert!(cases.len() >= 50);
}

/// The months of Bacon's book: what the documentation of R's PerformanceAnalytics expects of them, and statsmodels'
/// regression (`fixtures/published/bacon.json` says with which settings).
#[test]
fn the_months_of_bacons_book() {
    let book = read("bacon.json");
    let numbers =
        |value: &Value| -> Vec<f64> { value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    let (returns, benchmark) = (numbers(&book["portfolio"]), numbers(&book["benchmark"]));
    let start: NaiveDate = "2000-01-31".parse().unwrap();
    let labels: Vec<NaiveDate> = (1..=returns.len() as u32).map(|n| start + Months::new(n)).collect();
    let over = |rate: f64| {
        let rates = vec![rate; returns.len()];
        let alone = ProfileInputs::new(&returns, &labels, start, 12.0);
        PerformanceProfile::compute(&ProfileInputs { risk_free: Some(&rates), benchmark: Some(&benchmark), ..alone })
    };
    let published = book["published"].as_array().unwrap();
    let mut differences = Differences::default();
    for one in published {
        let profile = serde_json::to_value(over(one["risk_free"].as_f64().unwrap())).unwrap();
        let ours = profile[one["field"].as_str().unwrap()].as_f64().unwrap() * one["times"].as_f64().unwrap();
        assert!((ours - one["expected"].as_f64().unwrap()).abs() <= one["within"].as_f64().unwrap(), "{one}: {ours}");
        differences.add(ours, one["expected"].as_f64().unwrap());
    }
    differences.hold("bacon");
    assert_eq!(published.len(), 4);
    let profile = serde_json::to_value(over(0.0)).unwrap();
    let mut differences = Differences::default();
    let mut close = |ours: &Value, theirs: &Value, what: &str| {
        let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
        differences.add(ours, theirs);
        assert!((ours - theirs).abs() <= 1e-12 + 1e-9 * theirs.abs(), "{what}: {ours} is not {theirs}");
    };
    let regression = book["regression"].as_object().unwrap();
    for (name, theirs) in regression.iter().filter(|(name, _)| *name != "beta_p") {
        match theirs {
            Value::Array(ends) => (0..2).for_each(|end| close(&profile[name][end], &ends[end], name)),
            theirs => close(&profile[name], theirs, name),
        }
    }
    assert_eq!(regression.len(), 12);
    for side in ["up_months", "down_months"] {
        let theirs = book[side].as_object().unwrap();
        assert_eq!(profile[side].as_object().unwrap().len(), theirs.len());
        for (name, theirs) in theirs {
            if theirs.is_null() {
                assert!(profile[side][name].is_null(), "{side}.{name}");
            } else {
                close(&profile[side][name], theirs, name);
            }
        }
    }
    differences.hold("bacon_regression");
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
    let certified = norris["certified"]["residual_sd"].as_f64().unwrap();
    assert!((fit.residual_deviation.unwrap() / certified - 1.0).abs() < 1e-12);
    let mut differences = Differences::default();
    differences.add(fit.slope, norris["certified"]["slope"].as_f64().unwrap());
    differences.add(fit.intercept, norris["certified"]["intercept"].as_f64().unwrap());
    differences.add(fit.residual_deviation.unwrap(), certified);
    differences.hold("nist_norris");
}
