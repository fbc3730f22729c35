//! Which column of a table is what, judged by the headers alone.

use std::collections::HashSet;

use factor_types::{Maturity, Ticker};

use super::{
    cells::{Tenor, plain},
    notes::{Notes, excerpt},
};

/// A table's layout: where the date is and what the other columns hold.
#[derive(Debug)]
pub(super) struct Layout {
    /// The date's column.
    pub(super) date: usize,
    /// The other columns.
    pub(super) shape: TableShape,
    /// Columns left aside because their header says nothing known.
    pub(super) ignored: Notes,
}

/// What the columns other than the date hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TableShape {
    /// One column per ticker (adjusted prices) or per maturity (percent).
    Wide {
        /// Columns of tickers.
        tickers: Vec<(usize, Ticker)>,
        /// Columns of yields.
        maturities: Vec<(usize, Maturity)>,
    },
    /// One line per date and ticker.
    Long {
        /// The column of the ticker.
        ticker: usize,
        /// The column of the price adjusted for splits and dividends.
        adjusted: Option<usize>,
        /// The column of the raw close.
        close: Option<usize>,
        /// The column of the dividend per share, on its ex-date.
        dividend: Option<usize>,
    },
    /// One ticker's file, named after it.
    Single {
        /// The ticker, from the file's name.
        ticker: Ticker,
        /// The column of the price adjusted for splits and dividends.
        adjusted: Option<usize>,
        /// The column of the raw close.
        close: Option<usize>,
        /// The column of the dividend per share, on its ex-date.
        dividend: Option<usize>,
    },
}

const DATE: [&str; 8] =
    ["date", "datetime", "timestamp", "observationdate", "tradedate", "pricedate", "indexlevel0", "index"];
const TICKER: [&str; 3] = ["ticker", "symbol", "tickersymbol"];
const ADJUSTED: [&str; 6] =
    ["adjclose", "adjustedclose", "adjcloseprice", "adjustedcloseprice", "closeadj", "adjprice"];
const DIVIDEND: [&str; 5] = ["dividend", "dividends", "dividendamount", "divcash", "cashdividend"];
const CLOSE: [&str; 3] = ["close", "closeprice", "closingprice"];
/// Names of a raw close that might also be a ticker, so they count only where no ticker is expected.
const VAGUE_CLOSE: [&str; 3] = ["price", "last", "value"];

impl Layout {
    /// Judges a table by its headers and the name of its file without the extensions.
    ///
    /// # Errors
    /// The rule that the headers break and the way out, without the file's name.
    pub(super) fn of(headers: &[String], stem: &str) -> Result<Self, String> {
        let names: Vec<String> = headers.iter().map(|header| plain(header)).collect();
        let find = |known: &[&str]| known.iter().find_map(|name| names.iter().position(|have| have == name));
        // pandas writes an unnamed index as a first column without a header.
        let unnamed = || names.first().is_some_and(|name| name.is_empty() || is_index(name)).then_some(0);
        let date = find(&DATE[..7])
            .or_else(unnamed)
            .or_else(|| find(&DATE[7..]))
            .ok_or_else(|| format!("no date column among {}: name one `date`", listed(headers)))?;

        let mut ignored = Notes::default();
        let adjusted = find(&ADJUSTED);
        let close = find(&CLOSE);
        let dividend = find(&DIVIDEND);
        let shape = if let Some(ticker) = find(&TICKER) {
            let close = close.or_else(|| find(&VAGUE_CLOSE));
            if adjusted.is_none() && close.is_none() {
                return Err(format!(
                    "a ticker column but no price column among {}: name one `adj_close` or `close`",
                    listed(headers)
                ));
            }
            TableShape::Long { ticker, adjusted, close, dividend }
        } else if let Some((adjusted, close)) = single(headers.len(), adjusted, close, find(&VAGUE_CLOSE)) {
            let ticker = stem.parse().map_err(|_| {
                format!(
                    "one ticker's prices, but the file's name `{}` is no ticker: name the file after the ticker \
                     (SPY.csv) or add a `ticker` column",
                    excerpt(stem)
                )
            })?;
            TableShape::Single { ticker, adjusted, close, dividend }
        } else {
            wide(headers, date, &mut ignored)?
        };
        Ok(Self { date, shape, ignored })
    }

    /// Every column that is read, the date's first.
    pub(super) fn columns(&self) -> Vec<usize> {
        let mut columns = vec![self.date];
        match &self.shape {
            TableShape::Wide { tickers, maturities } => {
                columns.extend(tickers.iter().map(|(at, _)| *at));
                columns.extend(maturities.iter().map(|(at, _)| *at));
            }
            TableShape::Long { ticker, adjusted, close, dividend } => {
                columns.push(*ticker);
                columns.extend(adjusted.iter().chain(close).chain(dividend));
            }
            TableShape::Single { adjusted, close, dividend, .. } => {
                columns.extend(adjusted.iter().chain(close).chain(dividend));
            }
        }
        columns
    }
}

fn single(
    columns: usize,
    adjusted: Option<usize>,
    close: Option<usize>,
    vague: Option<usize>,
) -> Option<(Option<usize>, Option<usize>)> {
    match (adjusted, close) {
        (None, None) => vague.filter(|_| columns == 2).map(|close| (None, Some(close))),
        known => Some(known),
    }
}

fn wide(headers: &[String], date: usize, ignored: &mut Notes) -> Result<TableShape, String> {
    let (mut tickers, mut maturities) = (Vec::new(), Vec::new());
    let (mut seen, mut seen_yields) = (HashSet::new(), HashSet::new());
    for (at, header) in headers.iter().enumerate().filter(|(at, _)| *at != date) {
        let again = || format!("column {} `{}` comes twice; the first is used", at + 1, excerpt(header.trim()));
        match (Tenor::parse(header), header.trim_start_matches('\u{feff}').parse::<Ticker>()) {
            (Some(Tenor::Other), _) => {}
            (Some(Tenor::Used(maturity)), _) => match seen_yields.insert(maturity) {
                true => maturities.push((at, maturity)),
                false => ignored.add(again),
            },
            (None, Ok(ticker)) => match seen.insert(ticker.clone()) {
                true => tickers.push((at, ticker)),
                false => ignored.add(again),
            },
            // A row number or a trailing comma; nothing is lost.
            (None, Err(_)) if plain(header).is_empty() || is_index(&plain(header)) => {}
            (None, Err(_)) => {
                ignored.add(|| format!("column {} `{}` is no ticker and is left aside", at + 1, excerpt(header.trim())))
            }
        }
    }
    if tickers.is_empty() && maturities.is_empty() {
        return Err(format!(
            "no usable column among {}: give one column per ticker, or `ticker` and `adj_close` columns",
            listed(headers)
        ));
    }
    Ok(TableShape::Wide { tickers, maturities })
}

/// True for the names that pandas gives to a column of row numbers.
fn is_index(name: &str) -> bool {
    name.starts_with("unnamed:") || name == "indexlevel0"
}

fn listed(headers: &[String]) -> String {
    let names: Vec<String> = headers.iter().take(8).map(|header| format!("`{}`", excerpt(header.trim()))).collect();
    let more = if headers.len() > 8 { ", ..." } else { "" };
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(line: &str, stem: &str) -> Result<Layout, String> {
        Layout::of(&line.split(',').map(str::to_owned).collect::<Vec<_>>(), stem)
    }

    #[test]
    fn long_headers_without_regard_to_spelling() {
        for (line, dividend) in [
            ("Date,Symbol,Adj Close,Close,Dividend", Some(4)),
            ("date,ticker,adj_close,close", None),
            ("DATE,SYMBOL,AdjustedClose,CLOSE,volume,DIVIDENDS", Some(5)),
        ] {
            let shape = layout(line, "prices").unwrap().shape;
            assert_eq!(shape, TableShape::Long { ticker: 1, adjusted: Some(2), close: Some(3), dividend }, "{line}");
        }
        assert!(layout("date,ticker,volume", "x").unwrap_err().contains("name one `adj_close`"));
    }

    #[test]
    fn a_ticker_s_own_file_is_named_after_it() {
        let single = |ticker: &str, adjusted, close, dividend| {
            let ticker = ticker.parse().unwrap();
            TableShape::Single { ticker, adjusted, close, dividend }
        };
        let shape = layout("Date,Open,High,Low,Close,Adj Close,Volume", "spy").unwrap().shape;
        assert_eq!(shape, single("SPY", Some(5), Some(4), None));
        let shape = layout("Date,Price", "GLD").unwrap().shape;
        assert_eq!(shape, single("GLD", None, Some(1), None));
        let shape = layout("Date,Close,Dividends,Stock Splits", "TLT").unwrap().shape;
        assert_eq!(shape, single("TLT", None, Some(1), Some(2)));
        assert!(layout("Date,Close", "my prices").unwrap_err().contains("`my prices` is no ticker"));
    }

    #[test]
    fn wide_headers_may_mix_tickers_and_yields() {
        let layout = layout("\u{feff}Date,spy,LOW,UST10Y,DGS7,two words,SPY,Unnamed: 7", "x").unwrap();
        let TableShape::Wide { tickers, maturities } = layout.shape else { panic!("wide") };
        assert_eq!(tickers, [(1, "SPY".parse().unwrap()), (2, "LOW".parse().unwrap())]);
        assert_eq!(maturities, [(3, Maturity::Ust10Y)]);
        let mut warnings = Vec::new();
        layout.ignored.finish("x.csv", "columns", &mut warnings);
        assert_eq!(
            warnings,
            [
                "x.csv: column 6 `two words` is no ticker and is left aside",
                "x.csv: column 7 `SPY` comes twice; the first is used"
            ]
        );
    }

    #[test]
    fn without_a_date_or_a_use_it_is_refused() {
        assert!(layout("a,b", "x").unwrap_err().contains("no date column among `a`, `b`"));
        assert!(layout("date", "x").unwrap_err().contains("no usable column"));
        assert_eq!(layout(",SPY", "x").unwrap().date, 0);
        assert_eq!(layout(",date,SPY", "x").unwrap().date, 1);
    }
}
