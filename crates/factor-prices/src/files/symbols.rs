//! The tickers that texts name, in the ways of exchanges and vendors.

use factor_types::Ticker;

use super::{currency, names::plain};

/// The ticker that a text names: `SPY`, `SPY US Equity` (Bloomberg), `spy.us` (stooq), `SPDR S&P 500 ETF Trust (SPY)`.
pub(super) fn ticker_of(text: &str) -> Option<Ticker> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(ticker) = text.parse::<Ticker>() {
        let symbol = ticker.as_str().strip_suffix(".US").and_then(|symbol| symbol.parse().ok());
        return Some(symbol.unwrap_or(ticker));
    }
    let named = || currency::in_header(text).map(|(ticker, _)| ticker).or_else(|| currency::rates_of(text));
    of_bloomberg(text).or_else(named).or_else(|| in_brackets(text)).or_else(|| on_exchange(text))
}

/// `NYSEARCA:XLE` (Google, TradingView), `XLE US` (Bloomberg in short), `$XLE`.
fn on_exchange(text: &str) -> Option<Ticker> {
    const EXCHANGES: [&str; 11] =
        ["NYSEARCA", "NYSE", "NASDAQ", "AMEX", "BATS", "ARCA", "CBOE", "NYSEAMERICAN", "ARCX", "XNAS", "XNYS"];
    let named = text.split_once(':').filter(|(exchange, _)| EXCHANGES.contains(exchange)).map(|(_, symbol)| symbol);
    let symbol = named.or_else(|| text.strip_suffix(" US")).or_else(|| text.strip_prefix('$'))?;
    symbol.parse().ok().filter(|_| symbol == symbol.to_ascii_uppercase())
}

/// True for the header of a column of Reuters codes, which end with their exchange.
pub(super) fn names_rics(header: &str) -> bool {
    matches!(plain(header).as_str(), "instrument" | "ric")
}

/// The ticker of a Reuters code of an exchange of the United States: `SPY.P` is SPY, and `VOD.L` stays what it is.
pub(super) fn ticker_of_ric(text: &str) -> Option<Ticker> {
    const EXCHANGES: [&str; 8] = ["O", "OQ", "N", "P", "K", "A", "Z", "PK"];
    let ticker = ticker_of(text)?;
    let american = ticker.as_str().split_once('.').filter(|(_, exchange)| EXCHANGES.contains(exchange));
    Some(american.and_then(|(symbol, _)| symbol.parse().ok()).unwrap_or(ticker))
}

/// `SPY US Equity`, of an exchange of the United States.
pub(super) fn of_bloomberg(text: &str) -> Option<Ticker> {
    const EXCHANGES: [&str; 9] = ["US", "UN", "UW", "UQ", "UP", "UA", "UR", "UF", "UV"];
    let mut words = text.split_whitespace();
    let (symbol, exchange, sector) = (words.next()?, words.next()?, words.next()?);
    let known = EXCHANGES.contains(&exchange) && sector.eq_ignore_ascii_case("equity") && words.next().is_none();
    symbol.replace('/', ".").parse().ok().filter(|_| known)
}

/// `a name (SPY)`, and not `a name (USD)`.
fn in_brackets(text: &str) -> Option<Ticker> {
    if currency::in_brackets(text).is_some() {
        return None;
    }
    let (_, inside) = text.strip_suffix(')')?.rsplit_once('(')?;
    inside
        .parse()
        .ok()
        .filter(|_| inside.bytes().any(|b| b.is_ascii_uppercase()) && inside == inside.to_ascii_uppercase())
}

/// The ticker that a title over a table names beyond doubt.
pub(super) fn ticker_of_title(text: &str) -> Option<Ticker> {
    of_bloomberg(text.trim()).or_else(|| in_brackets(text.trim()))
}

/// The ticker that a line over a table names after a label: `Ticker Symbol:, XLE`, `RIC: XLE.P`.
pub(super) fn ticker_of_label(line: &[String]) -> Option<Ticker> {
    let mut cells = line.iter().map(|cell| cell.trim_start_matches('\u{feff}').trim()).filter(|cell| !cell.is_empty());
    let (first, second) = (cells.next()?, cells.next());
    let (label, value) = match second {
        Some(value) => (first.trim_end_matches(':'), value),
        None => first.split_once(':')?,
    };
    let read = match plain(label).as_str() {
        "ticker" | "symbol" | "tickersymbol" => ticker_of,
        "ric" => ticker_of_ric,
        _ => return None,
    };
    read(value.trim()).filter(|_| cells.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticker_with_its_exchange_is_that_ticker() {
        for text in ["XLE", "NYSEARCA:XLE", "XLE US", "$XLE", "XLE US Equity", "Energy (XLE)", "xle.us"] {
            assert_eq!(ticker_of(text).as_ref().map(Ticker::as_str), Some("XLE"), "{text}");
        }
        for text in ["LSE:VOD", "contact us", "about US", "$xle", "$"] {
            assert_eq!(ticker_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_label_names_the_ticker_of_the_table_below() {
        let of = |cells: &[&str]| ticker_of_label(&cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        for cells in [&["Ticker Symbol:", "XLE"][..], &["RIC: XLE.P"], &["Symbol", "XLE", ""], &["Ticker: XLE"]] {
            assert_eq!(of(cells).as_ref().map(Ticker::as_str), Some("XLE"), "{cells:?}");
        }
        for cells in [&["Fund Name:", "XLE"][..], &["Ticker", "XLE", "XLK"], &["Ticker"], &["Source: XLE"]] {
            assert_eq!(of(cells), None, "{cells:?}");
        }
    }
}
