//! Funds that promise a multiple of an index's return, or its opposite, for one day at a time.

use factor_types::{Factor, Ticker};

/// Some that are traded much, as symbols: a call may name a fund of which nothing but its symbol is known.
const KNOWN: [&str; 61] = [
    "SH", "SDS", "SPXU", "SPXS", "SPXL", "UPRO", "SSO", "SPDN", "PSQ", "QID", "SQQQ", "TQQQ", "QLD", "DOG", "DXD",
    "SDOW", "UDOW", "DDM", "RWM", "TWM", "TZA", "TNA", "UWM", "URTY", "SRTY", "EUM", "EEV", "EDZ", "EDC", "EFZ", "TBF",
    "TBT", "TBX", "TTT", "TMV", "TMF", "UBT", "UST", "PST", "TYO", "TYD", "SJB", "FAZ", "FAS", "SKF", "UYG", "SRS",
    "URE", "DRV", "DRN", "REK", "SOXS", "SOXL", "TECS", "TECL", "ERX", "ERY", "LABU", "LABD", "NUGT", "DUST",
];

/// Words that the names of such funds have. Not `ultra short`, which bonds of a few months are.
const WORDS: [&str; 10] = ["inverse", "leveraged", "ultrapro", "ultrashort", "2x", "3x", "-1x", "-2x", "-3x", "1.5x"];

/// Whether a fund is one of them, by its symbol or by what it is called.
pub(super) fn is_reset_daily(ticker: &Ticker, factor: Option<&Factor>) -> bool {
    let named = |text: &str| {
        let text = text.to_lowercase();
        let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.'));
        words.any(|word| WORDS.contains(&word.trim_end_matches('.')))
    };
    let texts = factor.map(|factor| [Some(factor.label.as_str()), factor.description.as_deref()]);
    KNOWN.contains(&ticker.as_str()) || texts.into_iter().flatten().flatten().any(named)
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, SourceTier};

    use super::*;

    #[test]
    fn such_a_fund_is_known_by_its_symbol_or_its_name() {
        let is = |ticker: &str, label: &str, description: Option<&str>| {
            let mut factor = Factor::new(ticker.parse().unwrap(), label, Category::Custom, SourceTier::Yaml);
            factor.description = description.map(str::to_owned);
            is_reset_daily(&factor.ticker, Some(&factor))
        };
        assert!(is_reset_daily(&"SH".parse().unwrap(), None) && !is_reset_daily(&"SPY".parse().unwrap(), None));
        assert!(is("XYZ", "Inverse oil", None) && is("XYZ", "oil", Some("Daily Bull 2X Shares")));
        assert!(is("XYZ", "Bear (-1x)", None));
        assert!(!is("JPST", "Ultra-short bonds", Some("Ultra short income")) && !is("SPY", "US large", None));
    }
}
