use factor_types::{FactorUniverse, SourceTier};

use super::*;
use crate::{analysis::UserGroups, tool_error::ErrorCode};

fn universe() -> FactorUniverse {
    let factor =
        |ticker: &str, label: &str, category| Factor::new(ticker.parse().unwrap(), label, category, SourceTier::Yaml);
    let mut vnq = factor("VNQ", "REIT - Diversified", Category::Industry);
    vnq.sector_group = Some("cyclical".to_owned());
    vnq.description = Some("The whole US real estate sector".to_owned());
    let mut xlk = factor("XLK", "Information Technology Services", Category::Industry);
    xlk.aliases = vec!["Consumer Electronics".to_owned()];
    xlk.sector_group = Some("sensitive".to_owned());
    let rez = factor("REZ", "REIT - Residential", Category::Industry);
    let ief = factor("IEF", "UST10Y", Category::FixedIncome);
    FactorUniverse::new([vnq, xlk, rez, ief, factor("SPY", "us_large", Category::Market)])
}

fn found(query: &str) -> (String, &'static str, &'static str) {
    let held = ["NVDA".parse().unwrap()];
    let found = resolve("f", query, &universe(), &UserGroups::default(), &held).unwrap();
    (found.name, found.kind.as_str(), found.matched_by.as_str())
}

fn refused(query: &str) -> String {
    let error = resolve("f", query, &universe(), &UserGroups::default(), &[]).unwrap_err();
    assert_eq!((error.code, error.problems[0].field()), (ErrorCode::UnknownFactor, "f"));
    error.message
}

#[test]
fn a_factor_is_found_by_any_of_its_names() {
    for (query, name, kind, by) in [
        ("vnq", "VNQ", "etf", "ticker"),
        ("nvda", "NVDA", "holding", "holding"),
        ("REIT - Diversified", "VNQ", "etf", "label"),
        ("reit diversified", "VNQ", "etf", "label"),
        ("US Large", "SPY", "etf", "label"),
        ("consumer electronics", "XLK", "etf", "alias"),
        ("bonds", "fixed_income", "category_composite", "category"),
        ("Fixed Income", "fixed_income", "category_composite", "category"),
        ("Cyclical", "cyclical", "sector_group_composite", "sector_group"),
        ("cyclicals", "cyclical", "sector_group_composite", "sector_group"),
        ("equity", "equity", "asset_class_composite", "asset_class"),
        ("residential", "REZ", "etf", "part of a name"),
        ("whole US real", "VNQ", "etf", "description"),
        ("Real Estate", "Real Estate composite", "sector_composite", "sector"),
        ("tech composite", "Technology composite", "sector_composite", "sector"),
    ] {
        assert_eq!(found(query), (name.to_owned(), kind, by), "{query}");
    }
}

#[test]
fn what_no_name_has_and_is_written_as_a_ticker_is_one_of_the_source() {
    for (query, ticker) in
        [("QQQ", "QQQ"), ("qqq", "QQQ"), ("BRK.B", "BRK.B"), ("vnk", "VNK"), ("ESID", "ESID"), ("REI", "REI")]
    {
        assert_eq!(found(query), (ticker.to_owned(), "ticker", "ticker"), "{query}");
    }
    // A word of a name, not letters within one.
    assert_eq!(found("WHOLE"), ("VNQ".to_owned(), "etf", "description"));
    assert_eq!(found("esid").0, "REZ", "small letters are a part of a name");
    let unknown = found_unknown("VNK");
    assert!(unknown.contains("VNQ (REIT - Diversified)"), "{unknown}");
    assert!(refused("NOSUCHWORD").contains("list_factors"), "too long for a ticker");
}

/// What is said of a ticker that the price source does not know either.
fn found_unknown(query: &str) -> String {
    let found = resolve("f", query, &universe(), &UserGroups::default(), &[]).unwrap();
    found.unknown("f", (&universe(), &UserGroups::default())).message
}

#[test]
fn none_or_several_list_the_nearest() {
    let several = refused("rei");
    assert!(several.contains("fits 2 factors") && several.contains("VNQ (REIT - Diversified)"), "{several}");
    // By a word of what an ETF is, by a sector group and by a category.
    for (query, near) in
        [("estaet", "VNQ"), ("cyclcal", "cyclical (sector group)"), ("fixed incom", "fixed_income (category)")]
    {
        assert!(refused(query).contains(&format!("The nearest are {near}")), "{}", refused(query));
    }
    assert!(refused("zzzzzz").contains("list_factors"));
    assert!(refused("!?").contains("must name a factor"));
}
