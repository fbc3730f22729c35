//! How a file was read: what was decided, and by what.

use factor_types::PriceKind;
use serde::Serialize;

use super::{
    content::ColumnKind,
    layout::{Layout, TableShape, TickersFrom},
    notes::excerpt,
};

/// Columns and decisions that a sentence names.
const NAMED: usize = 5;

/// How one file was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The file's name.
    pub file: String,
    /// Lines with a date, of all tickers.
    pub lines: usize,
    /// Which columns are read, and as what.
    pub columns: String,
    /// What names the tickers.
    pub tickers: String,
    /// In which order dates are written, or in which zone, and what decided it.
    pub dates: String,
    /// Which separators numbers have.
    pub numbers: String,
    /// What stands between the fields of a line; a Parquet file has no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<String>,
    /// The signs of currency that stand by the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// Which columns of a table are read, and as what.
pub(super) fn columns(layout: &Layout, headers: &[String]) -> String {
    let read: Vec<(usize, &str)> = match &layout.shape {
        TableShape::Fixed(fixed) => fixed.iter().map(|(at, kind)| (*at, meaning(kind))).collect(),
        TableShape::Long { columns, .. } => {
            let [adjusted, close, dividend, sec_yield] = columns.columns();
            let all =
                [(adjusted, "adjusted price"), (close, "close"), (dividend, "dividend"), (sec_yield, "SEC yield")];
            all.into_iter().filter_map(|(at, what)| Some((at?, what))).collect()
        }
    };
    let one = |(at, what): &(usize, &str)| {
        let header = excerpt(headers.get(*at).map_or("", |header| header.trim()));
        format!("{} `{header}` ({what})", at + 1)
    };
    let named: Vec<String> = read.iter().take(NAMED).map(one).collect();
    format!("{}{}", named.join(", "), more(read.len(), NAMED))
}

fn meaning(kind: &ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Price(_, PriceKind::Adjusted) => "adjusted price",
        ColumnKind::Price(_, PriceKind::Close) => "close",
        ColumnKind::Yield(_) => "yield",
        ColumnKind::Dividend(_) => "dividend",
        ColumnKind::SecYield(_) => "SEC yield",
    }
}

/// What names a file's tickers.
pub(super) fn tickers(layout: &Layout, headers: &[String]) -> String {
    if let TableShape::Fixed(fixed) = &layout.shape
        && fixed.iter().all(|(_, kind)| matches!(kind, ColumnKind::Yield(_)))
    {
        return "none, yields alone".to_owned();
    }
    match layout.tickers {
        TickersFrom::Header => "named by the header".to_owned(),
        TickersFrom::Title => "named by the lines before the header".to_owned(),
        TickersFrom::FileName => "named by the file".to_owned(),
        TickersFrom::Column(at) => {
            let header = excerpt(headers.get(at).map_or("", |header| header.trim()));
            format!("named in column {} `{header}`", at + 1)
        }
    }
}

/// What decided the dates, with the zone that the file notes.
pub(super) fn dates(how: &[String], zone: Option<&str>) -> String {
    let zone = zone.map(|zone| format!("zone {}", excerpt(zone)));
    let all: Vec<&str> = how.iter().map(String::as_str).chain(zone.as_deref()).collect();
    if all.is_empty() { "each has one reading".to_owned() } else { all.join("; ") }
}

/// What stands between fields, as people call it, and the text's encoding where that is an old one.
pub(super) fn delimiter(byte: u8, is_ansi: bool) -> String {
    let between = match byte {
        b'\t' => "tab".to_owned(),
        byte => char::from(byte).to_string(),
    };
    if is_ansi { format!("{between} (the text is no UTF-8 and is read as Windows-1252)") } else { between }
}

fn more(all: usize, named: usize) -> String {
    let more = all.saturating_sub(named);
    if more > 0 { format!(" and {more} more") } else { String::new() }
}
