//! `funds.csv`: what is known of funds besides their prices, and what the answers make of it.

use std::{fmt::Write as _, fs, path::Path};

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::groups::Session;

const ANALYSIS: &str = "get_factor_analysis";
const OFFSETS: &str = "get_factor_recommendations";

/// A server whose folder of mappings has nothing but these facts of funds, and that folder.
async fn session(data: &Path, funds: &str) -> (Session, TempDir) {
    let proxies = tempdir().unwrap();
    fs::write(proxies.path().join("funds.csv"), funds).unwrap();
    let folder = proxies.path().display().to_string();
    let server = Session::start(data, &[("FACTOR_TODAY", "2026-01-15"), ("FACTOR_PROXIES_DIR", folder.as_str())]).await;
    (server, proxies)
}

fn warnings(answer: &Value) -> String {
    answer["warnings"].to_string() + &answer["data_quality"]["warnings"].to_string()
}

#[tokio::test]
async fn offsets_are_screened_by_costs_and_trade_and_what_is_not_known_is_said() {
    let data = tempdir().unwrap();
    let funds = "ticker,expense_ratio,average_daily_value\nSPY,0.09%,\nTLT,0.0015,2e9\nIEF,0.02,1e9\nLQD,0.0014,400\n";
    let (mut server, _proxies) = session(data.path(), funds).await;
    let question = json!({"overexposed_factor": "SPY", "holdings": {"SPY": 0.8, "GLD": 0.2}, "categories": ["fixed_income"],
        "max_expense_ratio": 0.005, "min_average_daily_value": 5e8, "sort_by": "score", "correlation_threshold": -1, "max_recommendations": 50,
        "format": "full", "max_chars": 0});
    let answer = server.answer(OFFSETS, question).await;
    let left_out = &answer["insights"]["left_out"];
    // TLT is within the bounds, and of the others nothing is known.
    assert_eq!(*left_out, json!({"high_expense_ratio": ["IEF"], "low_daily_value": ["LQD"]}));
    let offsets = answer["recommendations"].as_array().unwrap();
    let of = |ticker: &str| offsets.iter().find(|one| one["etf_ticker"] == ticker).unwrap();
    let tlt = of("TLT");
    assert_eq!((&tlt["expense_ratio"], &tlt["average_daily_value"]), (&json!(0.0015), &json!(2_000_000_000_u64)));
    let moved = tlt["suggested_additional_allocation"].as_f64().unwrap();
    assert!(moved > 0.0 && (tlt["cost_per_year"].as_f64().unwrap() - moved * (0.0015 - 0.0009)).abs() < 1e-9, "{tlt}");
    assert_eq!(of("TIP").get("expense_ratio"), None);
    let (unknown, said) = (offsets.len() - 1, warnings(&answer));
    for screen in ["expense ratio", "average daily value"] {
        assert!(said.contains(&format!("the {screen} of {unknown} recommended is not known")), "{said}");
    }
    let percent = json!({"overexposed_factor": "SPY", "max_expense_ratio": 0.5});
    let problem = server.refusal(OFFSETS, percent).await["error"]["problems"][0].clone();
    assert_eq!(problem["field"], "max_expense_ratio", "{problem}");
}

#[tokio::test]
async fn the_yields_that_a_file_tells_stand_beside_those_of_dividends() {
    let data = tempdir().unwrap();
    let (mut server, proxies) = session(data.path(), "ticker,sec_yield,pays_income\nHYG,7.1%,yes\nGLD,,no\n").await;
    let question = json!({"analysis_type": "performance", "categories": ["fixed_income", "commodity"],
        "include": ["per_factor", "data_quality", "metadata"], "max_chars": 0});
    // Not as text as well: that is a summary of so long an answer.
    let answer = server.structured(ANALYSIS, question.clone()).await;
    let profiles = &answer["per_factor"];
    assert_eq!(profiles["HYG"]["sec_yield"], 0.071);
    assert!(profiles["HYG"]["dividend_yield"].as_f64().is_some_and(|found| found > 0.0 && found != 0.071));
    assert_eq!(profiles["TLT"].get("sec_yield"), None);
    // The sample lists no dividends of either; of GLD it is known that there are none.
    assert_eq!((&profiles["GLD"]["dividend_yield"], &profiles["SLV"]["dividend_yield"]), (&json!(0.0), &Value::Null));
    let undefined = answer["data_quality"]["undefined"].to_string();
    assert!(undefined.contains("funds.csv may tell, pays_income yes or no"), "{undefined}");
    let conventions = &answer["analysis_metadata"]["conventions"];
    assert!(conventions["currency"].as_str().unwrap().starts_with("US dollars"), "{conventions}");
    assert!(
        conventions["composites"].as_str().unwrap().starts_with("equal weights, rebalanced at the end of each period")
    );
    assert!(conventions["dividend_yield"].as_str().unwrap().contains("trailing twelve months"), "{conventions}");

    // A file that cannot be meant leaves what it said before; one that is mended is read.
    let path = proxies.path().join("funds.csv");
    fs::write(&path, "ticker,sec_yield\nHYG,7.1\n").unwrap();
    let broken = server.structured(ANALYSIS, question.clone()).await;
    assert_eq!(broken["per_factor"]["HYG"]["sec_yield"], 0.071);
    let said = warnings(&broken);
    assert!(
        said.contains("funds.csv: line 2: `7.1` is no sec_yield") && said.contains("what it said before"),
        "{said}"
    );
    fs::write(&path, "ticker,sec_yield\nHYG,0.068\n").unwrap();
    assert_eq!(server.structured(ANALYSIS, question).await["per_factor"]["HYG"]["sec_yield"], 0.068);
}

#[tokio::test]
async fn as_shipped_it_is_known_which_commodities_and_coins_pay_nothing() {
    let data = tempdir().unwrap();
    let mut server = Session::start(data.path(), &[("FACTOR_TODAY", "2026-01-15")]).await;
    let question = json!({"analysis_type": "performance", "tickers": ["GLD", "SLV", "USO"], "include": ["per_factor"]});
    let profiles = server.answer(ANALYSIS, question).await["per_factor"].clone();
    for ticker in ["GLD", "SLV", "USO"] {
        assert_eq!(profiles[ticker]["dividend_yield"], 0.0, "{ticker}");
    }
}

/// Three years of weekdays at 100 up to 2026-06-12, SPY a little on its way; BIL pays `monthly` on the first of each month.
fn files(folder: &Path, monthly: f64) {
    let (mut prices, mut yields) = ("date,ticker,close,dividend\n".to_owned(), "date,UST3M\n".to_owned());
    let mut day = NaiveDate::from_ymd_opt(2023, 6, 1).unwrap();
    let mut month = 0;
    while day <= NaiveDate::from_ymd_opt(2026, 6, 12).unwrap() {
        if day.weekday().number_from_monday() <= 5 {
            let paid = if day.month() == month { 0.0 } else { monthly };
            month = day.month();
            let spy = 100.0 + f64::from(day.ordinal() % 17);
            let _ = writeln!(prices, "{day},BIL,100,{paid}\n{day},SPY,{spy},0");
            let _ = writeln!(yields, "{day},4.1");
        }
        day = day + Days::new(1);
    }
    fs::write(folder.join("prices.csv"), prices).unwrap();
    fs::write(folder.join("yields.csv"), yields).unwrap();
}

#[tokio::test]
async fn a_cash_fund_whose_yield_is_no_short_rate_is_a_finding() {
    // Against a mean of 4.1%: 0.3 a month is 3.6%, 0.52 is 6.24%, 0.17 is 2.04%.
    for (monthly, off) in [(0.3, None), (0.52, Some("BIL 6.24%")), (0.17, Some("BIL 2.04%"))] {
        let data = tempdir().unwrap();
        files(data.path(), monthly);
        let folder = data.path().display().to_string();
        let mut server = Session::start(data.path(), &[("FACTOR_PRICE_FILES", folder.as_str())]).await;
        let question = json!({"analysis_type": "performance", "tickers": ["BIL", "SPY"], "start_date": "2024-06-01"});
        let said = warnings(&server.answer(ANALYSIS, question).await);
        match off {
            Some(named) => assert!(
                said.contains("over 2 points from the mean of UST3M in the same year (4.10%)") && said.contains(named),
                "{monthly}: {said}"
            ),
            None => assert!(!said.contains("mean of UST3M"), "{monthly}: {said}"),
        }
    }
}

#[tokio::test]
async fn sec_yields_in_a_price_file_are_those_of_the_window_and_funds_csv_comes_first() {
    let data = tempdir().unwrap();
    let mut prices = "date,ticker,close,sec_yield\n".to_owned();
    let days = NaiveDate::from_ymd_opt(2023, 6, 1).unwrap().iter_days();
    let until = NaiveDate::from_ymd_opt(2026, 6, 12).unwrap();
    for day in days.take_while(|day| *day <= until).filter(|day| day.weekday().number_from_monday() <= 5) {
        let price = 100.0 + f64::from(day.ordinal() % 17);
        // Of the last day of 2025 and of the newest whole month; VNQ's was last written long ago, GLD has none.
        let written = |old: &str, new: &str| match day.to_string().as_str() {
            "2023-07-03" => "2.2%".to_owned(),
            "2025-12-31" => old.to_owned(),
            "2026-05-20" => new.to_owned(),
            _ => String::new(),
        };
        let (spy, hyg) = (written("1.1%", "1.2%"), written("7.1%", "6.8%"));
        let vnq = written("", "");
        let _ = writeln!(
            prices,
            "{day},SPY,{price},{spy}\n{day},HYG,{price},{hyg}\n{day},VNQ,{price},{vnq}\n{day},GLD,{price},"
        );
    }
    fs::write(data.path().join("prices.csv"), prices).unwrap();
    let (folder, proxies) = (data.path().display().to_string(), tempdir().unwrap());
    fs::write(proxies.path().join("funds.csv"), "ticker,sec_yield\nHYG,7.5%\n").unwrap();
    let mappings = proxies.path().display().to_string();
    let settings = [("FACTOR_PRICE_FILES", folder.as_str()), ("FACTOR_PROXIES_DIR", mappings.as_str())];
    let mut server = Session::start(data.path(), &settings).await;
    let mut of = async |end: &str| {
        let question = json!({"analysis_type": "performance", "tickers": ["SPY", "HYG", "VNQ", "GLD"], "end_date": end,
            "include": ["per_factor"], "max_chars": 0});
        let answer = server.structured(ANALYSIS, question).await;
        ["SPY", "HYG", "VNQ", "GLD"].map(|ticker| answer["per_factor"][ticker]["sec_yield"].as_f64())
    };
    assert_eq!(of("2026-06-12").await, [Some(0.012), Some(0.075), None, None]);
    assert_eq!(of("2025-12-31").await, [Some(0.011), Some(0.075), None, None]);
}
