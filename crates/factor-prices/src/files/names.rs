//! What one header or the name of a file says.

use factor_types::{Maturity, Ticker};

use super::{
    currency,
    symbols::{of_bloomberg, ticker_of},
    tenor::Tenor,
};

/// What a column is, by its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// The date.
    Date,
    /// The date if nothing else is: `index`, `month`.
    PerhapsDate,
    /// The ticker of a row.
    Tickers,
    /// The ticker of a row where a price stands beside it: `Fund`, `Name`, with tickers below.
    PerhapsTickers,
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
    /// The SEC's yield of thirty days.
    SecYield,
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
const CLOSE: [&str; 32] = [
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
    "schlußkurs",
    "kurs",
    "rücknahmepreis",
    "quote",
    "shareprice",
    "marketprice",
    "cours",
    "dernier",
    "clôture",
    "cloture",
    "cierre",
    "último",
    "ultimo",
    "chiusura",
    "fechamento",
    "slotkoers",
    "slutkurs",
    "closingvalue",
    "lasttradeprice",
    "closingquote",
];
const DIVIDEND: [&str; 5] = ["dividend", "dividends", "dividendamount", "divcash", "cashdividend"];
const SEC_YIELD: [&str; 4] = ["secyield", "secyield30d", "30dsecyield", "30daysecyield"];
const OTHER: [&str; 65] = [
    "bid",
    "ask",
    "splitcoefficient",
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
    "split",
    "splitratio",
    "prevclose",
    "previousclose",
    "ltp",
    "vwap",
    "series",
    "52wh",
    "52wl",
    "nooftrades",
    "sharesoutstanding",
    "totalnetassets",
    "eröffnung",
    "eröffnungskurs",
    "höchstkurs",
    "tiefstkurs",
    "ouverture",
    "plushaut",
    "plusbas",
    "apertura",
    "abertura",
    "openingskoers",
    "variation",
    "tijd",
    "zeit",
    "uhrzeit",
    "beurs",
    "börse",
    "börsenplatz",
    "handelsplatz",
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

/// True for a header, as [`plain`] gives it, that says date and no more: of several dates it is the one meant.
pub(super) fn is_word_for_date(plain: &str) -> bool {
    matches!(plain, "date" | "dates" | "datum" | "fecha")
}

/// True for a header, as [`plain`] gives it, that may name the tickers of rows, or be a ticker itself (`FUND`). `variable` is
/// what pandas calls the names in a table that it melted.
pub(super) fn may_name_tickers(plain: &str) -> bool {
    const WORDS: [&str; 10] =
        ["variable", "asset", "security", "fund", "code", "name", "stock", "etf", "isin", "instrument"];
    WORDS.contains(&plain)
}

/// `5. adjusted close` (Alpha Vantage) without its number.
fn without_number(header: &str) -> &str {
    let numbered = header.split_once(". ");
    numbered
        .filter(|(number, _)| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
        .map_or(header, |(_, name)| name)
}

impl Field {
    /// The field of this name. Its words are never tickers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // `Price (USD)` says what the price is in.
        let text = currency::in_brackets(text).map_or(text, |(before, _)| before);
        // Copied from Yahoo: `Close   Close price adjusted for splits.`
        let explained = || text.trim().split_once("  ").and_then(|(word, _)| Self::of_word(word));
        Self::of_word(text).or_else(explained)
    }

    fn of_word(text: &str) -> Option<Self> {
        let name = plain(without_number(text));
        let is = |words: &[&str]| words.contains(&name.as_str());
        match () {
            () if is(&ADJUSTED) => Some(Self::Adjusted),
            () if is(&CLOSE) => Some(Self::Close),
            () if is(&DIVIDEND) => Some(Self::Dividend),
            () if is(&SEC_YIELD) => Some(Self::SecYield),
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
            "index" | "time" | "month" => return Self::PerhapsDate,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker(text: &str) -> Ticker {
        text.parse().unwrap()
    }

    #[test]
    fn words_for_a_price_are_never_tickers() {
        for header in [
            "Quote",
            "Kurs",
            "Schlu\u{df}kurs",
            "Cours",
            "Dernier",
            "Cl\u{f4}ture",
            "Cierre",
            "\u{da}ltimo",
            "Ultimo",
            "Chiusura",
            "Slotkoers",
            "Slutkurs",
            "Fechamento",
            "Share Price",
            "Market Price",
            "Last",
            "Price (USD)",
            "Close (EUR)",
            "Share Price [GBp]",
            "Close   Close price adjusted for splits.",
        ] {
            assert_eq!(Name::parse(header), Name::Field(Field::Close, None), "{header}");
        }
        let adjusted =
            "Adj Close   Adjusted close price adjusted for splits and dividend and/or capital gain distributions.";
        assert_eq!(Name::parse(adjusted), Name::Field(Field::Adjusted, None));
        for header in [
            "Split",
            "Stock Splits",
            "Change",
            "PREV. CLOSE ",
            "ltp ",
            "vwap ",
            "series ",
            "H\u{f6}chstkurs",
            "Open (USD)",
        ] {
            assert_eq!(Name::parse(header), Name::Field(Field::Other, None), "{header}");
        }
        // What stands in brackets is no ticker where it is a currency.
        for header in ["iShares Core S&P 500 UCITS ETF (USD)", "iShares 20+ (EUR)"] {
            assert_eq!(Name::parse(header), Name::Unknown, "{header}");
        }
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
        assert_eq!(Name::parse("Fair Price"), Name::Unknown, "a word in small letters is no ticker");
        assert_eq!(Name::parse("<PER>"), Name::Nothing);
        for header in ["spy", "SPY US Equity", "SPY.US", "SPDR S&P 500 ETF Trust (SPY)"] {
            assert_eq!(Name::parse(header), Name::Prices(ticker("SPY")), "{header}");
        }
        for header in ["SPY LN Equity", "SPX Index", "two words", "Fund (acc)"] {
            assert_eq!(Name::parse(header), Name::Unknown, "{header}");
        }
    }
}
