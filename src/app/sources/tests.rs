use super::*;

/// What is picked under these settings: the source and the scope of prices, and the source of yields.
fn picked(settings: &[(&'static str, &str)]) -> (String, String, String) {
    let sources = Sources::pick(&Settings::with(settings).unwrap()).unwrap();
    (sources.choice.name, sources.scope, sources.yield_choice.name)
}

fn names(prices: &str, scope: &str, yields: &str) -> (String, String, String) {
    (prices.to_owned(), scope.to_owned(), yields.to_owned())
}

const KEY: (&str, &str) = ("FMP_API_KEY", "planted");

#[test]
fn without_a_setting_prices_are_simulated_and_a_key_or_a_folder_changes_that() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("SPY.csv"), "date,close\n2026-01-02,1\n").unwrap();
    let files = ("FACTOR_PRICE_FILES", folder.path().to_str().unwrap());
    assert_eq!(picked(&[]), names("sample", "sample", "sample"));
    assert_eq!(picked(&[KEY]), names("fmp", "fmp", "treasury, then fred, then fmp"));
    assert_eq!(picked(&[KEY, files]), names("files", "files", "files"), "files win over a key");
    assert_eq!(picked(&[KEY, files, ("FACTOR_PRICE_SOURCE", "sample")]), names("sample", "sample", "sample"));
    assert_eq!(picked(&[("FACTOR_PRICE_SOURCE", "yahoo")]), names("yahoo", "yahoo", "treasury, then fred"));
}

#[test]
fn yields_come_from_the_source_that_is_named() {
    let yields = |settings: &[_]| picked(settings).2;
    for source in ["treasury", "fred", "fmp"] {
        assert_eq!(yields(&[KEY, ("FACTOR_YIELD_SOURCE", source), ("FACTOR_PRICE_SOURCE", "sample")]), source);
        assert_eq!(yields(&[KEY, ("FACTOR_YIELD_SOURCE", source)]), source);
    }
}

#[test]
fn what_another_address_gave_is_kept_apart() {
    let (_, scope, _) = picked(&[KEY, ("FMP_BASE_URL", "http://proxy:81/stable")]);
    assert_eq!(scope, "fmp at http://proxy:81/stable");
}

#[test]
fn only_a_vendors_prices_are_kept_and_its_counts_shown() {
    let pick = |settings: &[_]| Sources::pick(&Settings::with(settings).unwrap()).unwrap();
    let sample = pick(&[]);
    assert!(sample.cached.is_none() && sample.vendors().is_empty());
    let fmp = pick(&[KEY]);
    assert!(fmp.cached.is_some());
    let watched: Vec<_> = fmp.vendors().into_iter().map(|stats| stats.vendor).collect();
    assert_eq!(watched, ["Financial Modeling Prep", "The US Treasury", "FRED", "Kenneth French's library"]);
}

#[test]
fn a_set_date_is_taken_at_its_end() {
    let now = clock(NaiveDate::from_ymd_opt(2026, 1, 30));
    assert_eq!(now().to_rfc3339(), "2026-01-30T23:59:59+00:00");
}
