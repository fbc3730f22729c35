use std::time::Duration;

use super::*;
use factor_types::DateRange;

/// A clock at `today` and a configuration without waiting.
pub(super) fn config(base: &str, today: &str) -> VendorConfig {
    let timeout = Duration::from_secs(5);
    VendorConfig { timeout, ..VendorConfig::new(base, 1_000, VendorDates::fixed(day(today))) }
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn range(from: &str, to: &str) -> DateRange {
    DateRange::new(day(from), day(to)).unwrap()
}

pub(super) fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

#[test]
fn a_share_class_has_a_dash_and_an_exchange_keeps_its_dot() {
    let dashed = |text| dashed(&ticker(text));
    assert_eq!([dashed("BRK.B"), dashed("VOD.L"), dashed("0700.HK")], ["BRK-B", "VOD.L", "0700.HK"]);
    assert_eq!([dashed("SPY"), dashed("BF-B"), dashed("CUR:USD")], ["SPY", "BF-B", "CUR:USD"]);
}
