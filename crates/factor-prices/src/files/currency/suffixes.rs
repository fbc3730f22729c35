//! What the prices of an exchange are in, by the suffix that vendors give its tickers: `SAP.DE`, `7203.T`.

use factor_types::Ticker;

/// Suffixes of Yahoo and Reuters by currency. Those of one letter that name classes of shares of America (`BRK.B`) are no
/// exchange here.
const OF_CURRENCY: &[(&str, &[&str])] = &[
    (
        "EUR",
        &[
            "DE", "BE", "DU", "HM", "HA", "MU", "SG", "PA", "AS", "BR", "LS", "MI", "MC", "MA", "HE", "VI", "IR", "AT",
            "RG", "TL", "VS",
        ],
    ),
    // London quotes shares in pence, and some funds in pounds or dollars.
    ("GBX, GBP or USD", &["L", "IL"]),
    ("JPY", &["T"]),
    ("CHF", &["SW", "VX", "S"]),
    ("CAD", &["TO", "NE", "CN"]),
    ("AUD", &["AX", "XA"]),
    ("NZD", &["NZ"]),
    ("HKD", &["HK"]),
    ("SGD", &["SI"]),
    ("CNY", &["SS", "SZ"]),
    ("TWD", &["TW", "TWO"]),
    ("KRW", &["KS", "KQ"]),
    ("INR", &["NS", "BO"]),
    ("THB", &["BK"]),
    ("IDR", &["JK"]),
    ("MYR", &["KL"]),
    ("SEK", &["ST"]),
    ("NOK", &["OL"]),
    ("DKK", &["CO"]),
    ("ISK", &["IC"]),
    ("PLN", &["WA"]),
    ("CZK", &["PR"]),
    ("HUF", &["BD"]),
    ("TRY", &["IS"]),
    ("ILA", &["TA"]),
    ("ZAC", &["JO"]),
    ("SAR", &["SR", "SAU"]),
    ("QAR", &["QA"]),
    ("BRL", &["SA"]),
    ("MXN", &["MX"]),
    ("ARS", &["BA"]),
    ("CLP", &["SN"]),
];

/// The currency that a ticker's suffix means, where it is that of an exchange outside the United States.
pub(in crate::files) fn of_suffix(ticker: &Ticker) -> Option<&'static str> {
    let (symbol, suffix) = ticker.as_str().rsplit_once('.')?;
    let found = OF_CURRENCY.iter().find(|(_, suffixes)| suffixes.contains(&suffix));
    found.map(|(currency, _)| *currency).filter(|_| !symbol.is_empty() && !ticker.is_currency())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_suffix_of_an_exchange_abroad_means_its_currency() {
        let of = |ticker: &str| of_suffix(&ticker.parse().unwrap());
        for (ticker, currency) in [("SAP.DE", "EUR"), ("7203.T", "JPY"), ("0700.HK", "HKD"), ("NESN.SW", "CHF")] {
            assert_eq!(of(ticker), Some(currency), "{ticker}");
        }
        for ticker in ["SPY", "BRK.B", "BF.A", "SPY.US", "SPAC.U", "CUR:EUR"] {
            assert_eq!(of(ticker), None, "{ticker}");
        }
        let all: Vec<_> = OF_CURRENCY.iter().flat_map(|(_, suffixes)| *suffixes).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "a suffix is of one exchange");
    }
}
