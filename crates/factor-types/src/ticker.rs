//! Ticker symbols.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A ticker symbol, trimmed and upper-cased: `XLF`, `BRK.B`, `BF-B`, or a currency `CUR:USD`.
///
/// The rule is `^[A-Z0-9]{1,10}([.-][A-Z0-9]{1,4})?$` or `^CUR:[A-Z]{3}$`. [`FromStr`] is the only
/// way in; JSON, YAML and file headers all go through it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Ticker(Arc<str>);

/// Text that is no ticker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a ticker: write 1 to 10 letters or digits, optionally `.` or `-` and up to 4 more (BRK.B), or CUR:USD for a currency"
)]
pub struct TickerError(pub String);

impl Ticker {
    /// The symbol as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ticker of the S&P 500 fund that is the benchmark where none is named.
    pub fn spy() -> Self {
        Self("SPY".into())
    }

    /// The funds of Treasury bills whose returns stand for the risk-free rate where no yields are known, first one
    /// first.
    pub fn cash_proxies() -> [Self; 2] {
        ["BIL", "SGOV"].map(|symbol| Self(symbol.into()))
    }

    /// A name that no text reads as, for what only this crate may put among tickers.
    pub(crate) fn reserved(name: String) -> Self {
        Self(name.into())
    }

    /// True for a currency proxy such as `CUR:USD`.
    pub fn is_currency(&self) -> bool {
        self.0.starts_with("CUR:")
    }
}

impl FromStr for Ticker {
    type Err = TickerError;

    fn from_str(text: &str) -> Result<Self, TickerError> {
        let symbol = text.trim().to_ascii_uppercase();
        if is_currency(&symbol) || is_symbol(&symbol) {
            Ok(Self(symbol.into()))
        } else {
            // Long input is cut so that an error message cannot be used to echo a document back.
            Err(TickerError(crate::shortened(text, 40)))
        }
    }
}

fn is_currency(symbol: &str) -> bool {
    symbol.strip_prefix("CUR:").is_some_and(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()))
}

fn is_symbol(symbol: &str) -> bool {
    let part = |text: &str, longest: usize| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    match symbol.split_once(['.', '-']) {
        Some((root, suffix)) => part(root, 10) && part(suffix, 4),
        None => part(symbol, 10),
    }
}

impl TryFrom<String> for Ticker {
    type Error = TickerError;

    fn try_from(text: String) -> Result<Self, TickerError> {
        text.parse()
    }
}

impl From<Ticker> for String {
    fn from(ticker: Ticker) -> Self {
        ticker.0.as_ref().to_owned()
    }
}

impl Borrow<str> for Ticker {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let read = text.parse::<Ticker>().ok();
        assert_eq!(read.as_ref().map(Ticker::as_str), expected, "{text:?}");
    }

    #[test]
    fn reads_the_symbols_of_the_contract() {
        check("XLF", Some("XLF"));
        check("  xlf\n", Some("XLF"));
        check("BRK.B", Some("BRK.B"));
        check("bf-b", Some("BF-B"));
        check("CUR:usd", Some("CUR:USD"));
        check("0700.HK", Some("0700.HK"));
    }

    #[test]
    fn refuses_what_is_no_symbol() {
        for text in
            ["", " ", "ABCDEFGHIJK", "A B", "A.", ".A", "A.B.C", "A.ABCDE", "CUR:US", "CUR:US1", "É", "../A", "A;B"]
        {
            check(text, None);
        }
    }

    #[test]
    fn json_goes_through_the_same_door() {
        assert_eq!(serde_json::from_str::<Ticker>("\"spy\"").unwrap().as_str(), "SPY");
        let error = serde_json::from_str::<Ticker>("\"S PY\"").unwrap_err().to_string();
        assert!(error.contains("`S PY` is not a ticker"), "{error}");
    }

    proptest! {
        #[test]
        fn what_was_read_reads_back_the_same(text in ".{0,16}") {
            if let Ok(ticker) = text.parse::<Ticker>() {
                prop_assert_eq!(ticker.as_str().parse::<Ticker>().unwrap(), ticker);
            }
        }
    }
}
