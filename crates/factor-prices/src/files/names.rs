//! What one header or the name of a file says.

use factor_types::{Maturity, Ticker};

use super::{currency, notes::excerpt, tenor::Tenor};

/// What a column is, by its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// The date.
    Date,
    /// The date if nothing else is: `index`.
    PerhapsDate,
    /// The ticker of a row.
    Tickers,
    /// What the prices of a row are in.
    Currency,
    /// A field of a price export, of the ticker named with it or of the file's own.
    Field(Field, Option<Ticker>),
    /// `value`: the price, if nothing else is.
    Value,
    /// The prices of a ticker.
    Prices(Ticker),
    /// A yield.
    Yield(Maturity),
    /// Nothing to say: no header, a row number, a yield that no tool uses.
    Nothing,
    /// Nothing known.
    Unknown,
}

/// A field of a price export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The price adjusted for splits and dividends, and said to be.
    Adjusted,
    /// The close.
    Close,
    /// A dividend per share.
    Dividend,
    /// One that is not read: open, high, low, volume, change.
    Other,
}

const DATE: [&str; 15] = [
    "date",
    "dates",
    "datetime",
    "timestamp",
    "observationdate",
    "tradedate",
    "tradingdate",
    "pricedate",
    "pricingdate",
    "valuedate",
    "asofdate",
    "exchangedate",
    "indexlevel0",
    "datum",
    "fecha",
];
const TICKERS: [&str; 5] = ["ticker", "symbol", "tickersymbol", "instrument", "ric"];
/// Headers of columns of Reuters codes, which end with their exchange.
const RICS: [&str; 2] = ["instrument", "ric"];
const CURRENCY: [&str; 4] = ["currency", "ccy", "currencycode", "crncy"];
const ADJUSTED: [&str; 9] = [
    "adjclose",
    "adjustedclose",
    "adjcloseprice",
    "adjustedcloseprice",
    "closeadj",
    "closeadjusted",
    "adjprice",
    "adjusted",
    "adjustedprice",
];
const CLOSE: [&str; 12] = [
    "close",
    "closeprice",
    "closingprice",
    "closelast",
    "price",
    "priceclose",
    "last",
    "latest",
    "lastprice",
    "pxlast",
    "trdprc1",
    "schlusskurs",
];
const DIVIDEND: [&str; 5] = ["dividend", "dividends", "dividendamount", "divcash", "cashdividend"];
const OTHER: [&str; 32] = [
    "open",
    "high",
    "low",
    "volume",
    "vol",
    "change",
    "change%",
    "changepercent",
    "%change",
    "chg",
    "chg%",
    "pctchange",
    "openprice",
    "highprice",
    "lowprice",
    "adjopen",
    "adjhigh",
    "adjlow",
    "adjvolume",
    "pxopen",
    "pxhigh",
    "pxlow",
    "pxvolume",
    "stocksplits",
    "splits",
    "splitfactor",
    "capitalgains",
    "openint",
    "openinterest",
    "unadjustedvolume",
    "repaired?",
    "trades",
];

/// A header without case, spaces and the signs that stand in headers: `Adj. Close**` is `adjclose`, `<CLOSE>` is `close`.
pub(super) fn plain(header: &str) -> String {
    let letters = header.trim_start_matches('\u{feff}').chars();
    let is_sign = |c: char| c.is_whitespace() || matches!(c, '_' | '.' | '-' | '*' | '/' | '<' | '>');
    letters.filter(|c| !is_sign(*c)).flat_map(char::to_lowercase).collect()
}

impl Field {
    /// The field of this name. Its words are never tickers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let name = plain(text);
        let is = |words: &[&str]| words.contains(&name.as_str());
        match () {
            () if is(&ADJUSTED) => Some(Self::Adjusted),
            () if is(&CLOSE) => Some(Self::Close),
            () if is(&DIVIDEND) => Some(Self::Dividend),
            () if is(&OTHER) => Some(Self::Other),
            () => None,
        }
    }

    /// True for a price.
    pub(super) fn is_price(self) -> bool {
        matches!(self, Self::Adjusted | Self::Close)
    }
}

/// The longest header that may say something, in bytes.
const LONGEST: usize = 200;

impl Name {
    /// Reads a header.
    pub(super) fn parse(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self::Unknown;
        }
        let name = plain(text);
        if DATE.contains(&name.as_str()) {
            return Self::Date;
        }
        if TICKERS.contains(&name.as_str()) {
            return Self::Tickers;
        }
        if CURRENCY.contains(&name.as_str()) {
            return Self::Currency;
        }
        match name.as_str() {
            // Barchart calls it `Time`.
            "index" | "time" => return Self::PerhapsDate,
            "value" => return Self::Value,
            // pandas names a column of row numbers like this.
            name if name.is_empty() || name.starts_with("unnamed:") => return Self::Nothing,
            _ => {}
        }
        if let Some(field) = Field::parse(text) {
            return Self::Field(field, None);
        }
        match Tenor::parse(text) {
            Some(Tenor::Used(maturity)) => return Self::Yield(maturity),
            Some(Tenor::Other) => return Self::Nothing,
            None => {}
        }
        if let Some((field, ticker)) = field_of(text) {
            return Self::Field(field, Some(ticker));
        }
        // `<PER>`: stooq puts its fields in brackets.
        if text.trim().starts_with('<') {
            return Self::Nothing;
        }
        ticker_of(text).map_or(Self::Unknown, Self::Prices)
    }
}

/// `SPY.Adjusted` (quantmod), `SPY_Close`, `Adj Close SPY`: a field and its ticker, which is in capitals.
fn field_of(text: &str) -> Option<(Field, Ticker)> {
    let capitals = |text: &str| {
        let has_letters = text.bytes().any(|b| b.is_ascii_uppercase());
        let in_capitals = has_letters && !text.bytes().any(|b| b.is_ascii_lowercase());
        of_bloomberg(text).or_else(|| ticker_of(text).filter(|_| in_capitals))
    };
    let text = text.trim();
    text.char_indices().filter(|(_, c)| matches!(c, '.' | '_' | ' ' | '|' | ':')).find_map(|(at, separator)| {
        let (left, right) = (&text[..at], &text[at + 1..]);
        // `LOW.Close` is quantmod's; in `Low Price` neither word is a ticker.
        let may_be_word = |ticker: &str| separator == '.' || Field::parse(ticker).is_none();
        let after = || Field::parse(right).zip(capitals(left).filter(|_| may_be_word(left)));
        let before = || Field::parse(left).zip(capitals(right).filter(|_| separator != '.' && may_be_word(right)));
        after().or_else(before)
    })
}

/// The ticker that a text names: `SPY`, `SPY US Equity` (Bloomberg), `spy.us` (stooq), `SPDR S&P 500 ETF Trust (SPY)`.
pub(super) fn ticker_of(text: &str) -> Option<Ticker> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(ticker) = text.parse::<Ticker>() {
        let symbol = ticker.as_str().strip_suffix(".US").and_then(|symbol| symbol.parse().ok());
        return Some(symbol.unwrap_or(ticker));
    }
    let named = || currency::in_header(text).map(|(ticker, _)| ticker).or_else(|| currency::rates_of(text));
    of_bloomberg(text).or_else(named).or_else(|| in_brackets(text))
}

/// True for the header of a column of Reuters codes.
pub(super) fn names_rics(header: &str) -> bool {
    RICS.contains(&plain(header).as_str())
}

/// The ticker of a Reuters code of an exchange of the United States: `SPY.P` is SPY, and `VOD.L` stays what it is.
pub(super) fn ticker_of_ric(text: &str) -> Option<Ticker> {
    const EXCHANGES: [&str; 8] = ["O", "OQ", "N", "P", "K", "A", "Z", "PK"];
    let ticker = ticker_of(text)?;
    let american = ticker.as_str().split_once('.').filter(|(_, exchange)| EXCHANGES.contains(exchange));
    Some(american.and_then(|(symbol, _)| symbol.parse().ok()).unwrap_or(ticker))
}

/// `SPY US Equity`, of an exchange of the United States.
fn of_bloomberg(text: &str) -> Option<Ticker> {
    const EXCHANGES: [&str; 9] = ["US", "UN", "UW", "UQ", "UP", "UA", "UR", "UF", "UV"];
    let mut words = text.split_whitespace();
    let (symbol, exchange, sector) = (words.next()?, words.next()?, words.next()?);
    let known = EXCHANGES.contains(&exchange) && sector.eq_ignore_ascii_case("equity") && words.next().is_none();
    symbol.replace('/', ".").parse().ok().filter(|_| known)
}

/// `a name (SPY)`.
fn in_brackets(text: &str) -> Option<Ticker> {
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

/// Words of file names that are no tickers.
const FILE_WORDS: [&str; 38] = [
    "adj",
    "adjusted",
    "book1",
    "close",
    "closes",
    "csv",
    "daily",
    "data",
    "download",
    "etf",
    "etfs",
    "export",
    "file",
    "history",
    "historical",
    "historicaldata",
    "historicalquotes",
    "hist",
    "max",
    "monthly",
    "ohlc",
    "ohlcv",
    "output",
    "portfolio",
    "price",
    "prices",
    "quote",
    "quotes",
    "series",
    "sheet1",
    "stock",
    "stocks",
    "table",
    "tickers",
    "us",
    "usd",
    "weekly",
    "yahoo",
];

/// The ticker after which a file is named, by whole words: `SPY`, `SPY Historical Data (1)`, `spy_us_d`.
///
/// # Errors
/// When no word of the name is a ticker, or more than one.
pub(super) fn ticker_of_file(stem: &str) -> Result<Ticker, String> {
    let is_word = |text: &str| FILE_WORDS.contains(&text.to_ascii_lowercase().as_str());
    // A browser numbers what it saves again.
    let numbered = stem.trim_end().strip_suffix(')').and_then(|cut| cut.rsplit_once('('));
    let name = match numbered {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => name.trim(),
        _ => stem.trim(),
    };
    let lower = name.to_ascii_lowercase();
    let export = ["_us_d", "_us_w", "_us_m", " historical data"].iter().find(|end| lower.ends_with(**end));
    let own = export.map_or(name, |end| &name[..name.len() - end.len()]);
    if let Some(ticker) = ticker_of(own).filter(|_| !is_word(own)) {
        return Ok(ticker);
    }
    let capitals =
        |word: &&str| word.bytes().any(|b| b.is_ascii_uppercase()) && !word.bytes().any(|b| b.is_ascii_lowercase());
    let words = name.split(|c: char| c.is_whitespace() || matches!(c, '_' | '(' | ')' | ',' | '[' | ']'));
    let mut tickers: Vec<Ticker> =
        words.filter(capitals).filter(|word| !is_word(word)).filter_map(|word| word.parse().ok()).collect();
    tickers.dedup();
    match <[Ticker; 1]>::try_from(tickers) {
        Ok([ticker]) => Ok(ticker),
        Err(tickers) => {
            let named: Vec<&str> = tickers.iter().take(4).map(Ticker::as_str).collect();
            let what = if named.is_empty() {
                "names no ticker".to_owned()
            } else {
                format!("names more than one ({})", named.join(", "))
            };
            Err(format!(
                "one ticker's prices, but the file's name `{}` {what}: name the file after the ticker (SPY.csv) or add a \
                 `ticker` column",
                excerpt(stem)
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker(text: &str) -> Ticker {
        text.parse().unwrap()
    }

    #[test]
    fn fields_and_tickers_in_one_header() {
        for (header, field, of) in [
            ("SPY.Open", Field::Other, "SPY"),
            ("SPY.Adjusted", Field::Adjusted, "SPY"),
            ("BRK.B.Close", Field::Close, "BRK.B"),
            ("LOW.Low", Field::Other, "LOW"),
            ("LOW.Close", Field::Close, "LOW"),
            ("Adj Close SPY", Field::Adjusted, "SPY"),
            ("Close_SPY", Field::Close, "SPY"),
            ("SPY US Equity PX_LAST", Field::Close, "SPY"),
        ] {
            assert_eq!(Name::parse(header), Name::Field(field, Some(ticker(of))), "{header}");
        }
        for header in
            ["Open", "HIGH", "Low", "Price", "Close/Last", "Close*", "Adj Close**", "Vol.", "Change %", "<CLOSE>"]
        {
            assert!(matches!(Name::parse(header), Name::Field(_, None)), "{header}");
        }
        assert_eq!(Name::parse("Market Price"), Name::Unknown, "a word in small letters is no ticker");
        assert_eq!(Name::parse("<PER>"), Name::Nothing);
        for header in ["spy", "SPY US Equity", "SPY.US", "SPDR S&P 500 ETF Trust (SPY)"] {
            assert_eq!(Name::parse(header), Name::Prices(ticker("SPY")), "{header}");
        }
        for header in ["SPY LN Equity", "SPX Index", "two words", "Fund (acc)"] {
            assert_eq!(Name::parse(header), Name::Unknown, "{header}");
        }
    }

    #[test]
    fn files_are_named_after_their_ticker_by_whole_words() {
        for (stem, expected) in [
            ("SPY", "SPY"),
            ("low", "LOW"),
            ("BRK-B", "BRK-B"),
            ("SPY Historical Data", "SPY"),
            ("spy historical data (2)", "SPY"),
            ("spy_us_d", "SPY"),
            ("brk-b_us_d", "BRK-B"),
            ("spy.us", "SPY"),
            ("SPY (1)", "SPY"),
            ("SPY ETF Stock Price History", "SPY"),
            ("SPY_daily_2024", "SPY"),
        ] {
            assert_eq!(ticker_of_file(stem), Ok(ticker(expected)), "{stem}");
        }
        for (stem, why) in [
            ("my prices", "names no ticker"),
            ("prices", "names no ticker"),
            ("HistoricalData_1699999999999", "names no ticker"),
            ("SPY vs TLT", "names more than one (SPY, TLT)"),
            ("", "names no ticker"),
        ] {
            let error = ticker_of_file(stem).unwrap_err();
            assert!(error.contains(why), "{stem}: {error}");
        }
    }
}
