//! What an error says of a ticker that no file has.

use factor_types::Ticker;

use super::folder::Data;

impl Data {
    /// The ticker that may have been meant: the same with its exchange (`XLE.P`), else the one nearest to it.
    pub(super) fn nearest(&self, ticker: &Ticker) -> Option<&str> {
        let with_exchange = |known: &&str| known.split_once('.').is_some_and(|(symbol, _)| symbol == ticker.as_str());
        let known = || self.prices.keys().map(Ticker::as_str);
        known().find(with_exchange).or_else(|| crate::nearest(ticker, known()))
    }

    /// The files of which nothing was read, for an error about a ticker: those first that are named like it.
    pub(super) fn not_read(&self, ticker: &Ticker) -> String {
        const NAMED: usize = 3;
        let is_like = |name: &str| name.to_ascii_uppercase().contains(ticker.as_str());
        let (mut named, others): (Vec<&str>, Vec<&str>) =
            self.not_read.iter().map(String::as_str).partition(|name| is_like(name));
        named.extend(others);
        let more = named.len().saturating_sub(NAMED);
        named.truncate(NAMED);
        match (named.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!("; nothing was read from {}", named.join(", ")),
            (false, _) => format!("; nothing was read from {} and {more} more files", named.join(", ")),
        }
    }
}
