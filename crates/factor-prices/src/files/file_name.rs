//! The ticker after which a file is named.

use factor_types::Ticker;

use super::{notes::excerpt, symbols::ticker_of};

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
    // stooq and Investing.com; Barchart, which goes on with the day.
    let export = ["_us_d", "_us_w", "_us_m", " historical data"].iter().find(|end| lower.ends_with(**end));
    let begins = ["_price-history-", "_daily_historical-data-", "_daily-historical-data-"];
    let end = export.map(|end| name.len() - end.len()).or_else(|| begins.iter().find_map(|part| lower.find(part)));
    let own = end.and_then(|end| name.get(..end)).or_else(|| of_chart(name)).unwrap_or(name);
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

/// TradingView's `AMEX_DLY_XLE, 1D`: the exchange, the ticker and the length of a bar.
fn of_chart(name: &str) -> Option<&str> {
    let (symbol, bar) = name.split_once(", ")?;
    let bar = bar.split('_').next()?;
    let length = bar.trim_end_matches(['D', 'W', 'M', 'S']);
    let is_bar = bar.len() <= length.len() + 1 && length.len() <= 4 && length.bytes().all(|b| b.is_ascii_digit());
    symbol.rsplit('_').next().filter(|_| is_bar && !bar.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker(text: &str) -> Ticker {
        text.parse().unwrap()
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
            ("AMEX_DLY_XLE, 1D", "XLE"),
            ("BATS_SPY, 1W_3f2a1", "SPY"),
            ("NASDAQ_QQQ, 60", "QQQ"),
            ("xle_price-history-12-31-2024", "XLE"),
        ] {
            assert_eq!(ticker_of_file(stem), Ok(ticker(expected)), "{stem}");
        }
        for (stem, why) in [
            ("my prices", "names no ticker"),
            ("prices", "names no ticker"),
            ("HistoricalData_1699999999999", "names no ticker"),
            ("SPY, TLT", "names more than one (SPY, TLT)"),
            ("SPY vs TLT", "names more than one (SPY, TLT)"),
            ("", "names no ticker"),
        ] {
            let error = ticker_of_file(stem).unwrap_err();
            assert!(error.contains(why), "{stem}: {error}");
        }
    }
}
