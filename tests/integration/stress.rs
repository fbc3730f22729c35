//! What happens in a crash, over standard input and output: on market data, where its folder is there, and on the sample.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::groups::Session;

const TOOL: &str = "stress_test";

/// The folder with prices of the market, which is no part of the project.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn market() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/prices");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder.canonicalize().unwrap())
}

async fn on_market(data: &Path) -> Option<Session> {
    let folder = market()?;
    let prices = folder.join("etf_daily_adjclose.csv.gz").display().to_string();
    let yields = folder.join("treasury_yields.csv").display().to_string();
    let settings = [
        ("FACTOR_PRICE_SOURCE", "files"),
        ("FACTOR_PRICE_FILES", prices.as_str()),
        ("FACTOR_YIELD_FILE", yields.as_str()),
        ("FACTOR_TODAY", "2025-01-15"),
    ];
    Some(Session::start(data, &settings).await)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[tokio::test]
async fn sixty_forty_is_nearly_nine_tenths_equity_and_the_lens_hardly_correlates() {
    let data = tempfile::tempdir().unwrap();
    let Some(mut server) = on_market(data.path()).await else { return };
    let asked =
        json!({"holdings": {"SPY": 0.6, "IEF": 0.4}, "include": ["regression"], "precision": 17, "max_chars": 0});
    let answer = server.answer("get_portfolio_exposures", asked).await;
    let factors = &answer["regression"]["factors"];
    let share = |name: &str| number(&factors[name]["variance_share"]);
    // fixtures/oracle/lens.py has 0.8747 and 0.1219 on the 101 months that all twelve have.
    assert!((share("equity") - 0.8747).abs() < 5e-5, "{factors}");
    assert!((share("rates") - 0.1219).abs() < 5e-5, "{factors}");
    assert_eq!((factors.as_object().unwrap().len(), &answer["regression"]["observations"]), (12, &json!(101)));
    let most = &answer["lens"]["most_correlated"];
    let size = number(&most["correlation"]).abs();
    assert!(0.15 < size && size < 0.30, "{most}");
    assert_eq!(answer["lens"]["factors"]["value"], "IVE - IVW");
}

#[tokio::test]
async fn episodes_have_the_returns_of_the_market() {
    let data = tempfile::tempdir().unwrap();
    let Some(mut server) = on_market(data.path()).await else { return };
    let asked = json!({"ticker": "SPY", "include": ["scenarios"], "precision": 17, "max_chars": 0});
    let answer = server.answer(TOOL, asked).await;
    let of = |name: &str| {
        answer["scenarios"].as_array().unwrap().iter().find(|one| one["scenario"] == name).unwrap().clone()
    };
    // From high to low SPY lost 33.7% in 2020 and 24.5% in 2022 (dividends in), as was widely published.
    assert!((number(&of("covid")["total_return"]) + 0.3372).abs() < 2e-3, "{}", of("covid"));
    assert!((number(&of("rates_2022")["total_return"]) + 0.2450).abs() < 2e-3, "{}", of("rates_2022"));
    assert_eq!(of("covid")["worst_day"]["date"], "2020-03-16");
    assert_eq!(of("gfc")["total_return"], Value::Null, "there are no prices of 2007");
    let why = of("gfc")["holdings"][0]["not_testable"].as_str().unwrap().to_owned();
    assert!(why.starts_with("its first price is of 2009-12-01"), "{why}");
    assert_eq!(of("tariffs_2025")["covered_weight"], 0.0);
    // MTUM has no price before April 2013; VTI and IEF have three years by May 2013.
    let asked = json!({"ticker": "QUAL", "scenarios": ["taper_rates"], "include": ["scenarios"]});
    let young = server.answer(TOOL, asked).await["scenarios"][0].clone();
    let betas = &young["holdings"][0]["stand_in"]["betas"];
    assert!((number(&betas["equity"]["beta"]) - 1.0).abs() < 0.1, "{young}");
    assert!(number(&young["half_width"]) > 0.0 && young["stand_in_weight"] == 1.0, "{young}");
}

#[tokio::test]
async fn a_summary_of_every_episode_is_short() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[("FACTOR_TODAY", "2026-01-15")]).await;
    let answer = server.answer(TOOL, json!({"holdings": {"SPY": 0.5, "TLT": 0.2, "XLC": 0.2, "GLD": 0.1}})).await;
    assert!(answer.to_string().chars().count() <= 6_000, "{answer}");
    assert!(answer["scenarios"].as_array().is_some_and(|all| !all.is_empty()), "{answer}");
    let refused = server.refusal(TOOL, json!({"ticker": "SPY", "scenarios": ["covif"]})).await;
    assert_eq!(refused["error"]["try"]["arguments"]["scenarios"], json!(["covid"]), "{refused}");
}
