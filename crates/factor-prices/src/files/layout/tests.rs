use factor_types::Maturity;

use super::*;
use crate::files::notes::RemarkKind;

fn layout(line: &str, stem: &str) -> Result<Layout, String> {
    let line: Vec<String> = line.split(',').map(str::to_owned).collect();
    Layout::of(&Header::find(&[line])?, stem)
}

/// The columns read, as `column ticker kind`.
fn columns(line: &str, stem: &str) -> Vec<String> {
    match layout(line, stem).unwrap().shape {
        TableShape::Fixed(fixed) => fixed.iter().map(|(at, kind)| format!("{at} {}", shown(kind))).collect(),
        TableShape::Long { ticker, columns } => vec![format!("{ticker} {:?}", columns.columns())],
    }
}

fn shown(kind: &ColumnKind) -> String {
    match kind {
        ColumnKind::Price(ticker, PriceKind::Adjusted) => format!("{ticker} adjusted"),
        ColumnKind::Price(ticker, PriceKind::Close) => format!("{ticker} close"),
        ColumnKind::Dividend(ticker) => format!("{ticker} dividend"),
        ColumnKind::SecYield(ticker) => format!("{ticker} SEC yield"),
        ColumnKind::Yield(maturity) => maturity.to_string(),
    }
}

fn ignored(line: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    layout(line, "x").unwrap().ignored.finish("x.csv", (RemarkKind::IgnoredColumn, "columns"), &mut warnings);
    warnings.into_iter().map(|remark| remark.text).collect()
}

#[test]
fn long_headers_without_regard_to_spelling() {
    for (line, dividend) in [
        ("Date,Symbol,Adj Close,Close,Dividend", "Some(4)"),
        ("date,ticker,adj_close,close", "None"),
        ("DATE,SYMBOL,AdjustedClose,CLOSE,volume,DIVIDENDS", "Some(5)"),
    ] {
        assert_eq!(columns(line, "prices"), [format!("1 [Some(2), Some(3), {dividend}, None]")], "{line}");
    }
    assert!(layout("date,ticker,volume", "x").unwrap_err().contains("name one `adj_close`"));
}

#[test]
fn a_ticker_s_own_file_is_named_after_it() {
    assert_eq!(columns("Date,Open,High,Low,Close,Adj Close,Volume", "spy"), ["5 SPY adjusted", "4 SPY close"]);
    assert_eq!(columns("Date,Price", "GLD"), ["1 GLD close"]);
    assert_eq!(columns("DATE,VALUE", "GLD"), ["1 GLD close"]);
    assert_eq!(columns("Date,Close,Dividends,Stock Splits", "TLT"), ["1 TLT close", "2 TLT dividend"]);
    assert_eq!(columns("Date,Open,High,Low,Close,Volume,VWAP", "LOW"), ["4 LOW close"], "a column of the export's own");
    assert!(layout("Date,Close", "my prices").unwrap_err().contains("`my prices` names no ticker"));
}

#[test]
fn two_prices_that_could_be_meant_are_asked() {
    for (line, named) in [
        ("Date,Close,Price", "columns 2 `Close` and 3 `Price` could both be meant"),
        ("Date,Adj Close,Adjusted Close", "columns 2 `Adj Close` and 3 `Adjusted Close`"),
        ("date,ticker,close,last", "columns 3 `close` and 4 `last`"),
        ("Date,SPY,SPY.Close", "columns 2 `SPY` and 3 `SPY.Close`"),
        ("Date,Close,SPY", "column 2 `Close` names no ticker, beside column 3 `SPY`"),
        ("Date,SPY.Close,Close", "column 3 `Close` names no ticker, beside column 2 `SPY.Close`"),
        ("Date,SPY,Date,TLT", "columns 1 and 3 are both called `Date`"),
    ] {
        let error = layout(line, "SPY").unwrap_err();
        assert!(error.starts_with(named), "{line}: {error}");
    }
}

#[test]
fn wide_headers_may_mix_tickers_and_yields() {
    let line = "\u{feff}Date,spy,LOW,UST10Y,DGS7,two words,SPY,Unnamed: 7";
    assert_eq!(columns(line, "x"), ["1 SPY adjusted", &format!("3 {}", Maturity::Ust10Y)]);
    assert_eq!(
        ignored(line),
        [
            "x.csv: column 3 `LOW` has a word of price exports for a header and is left aside (a ticker of that name needs a \
             file named after it, or a `ticker` column)",
            "x.csv: column 6 `two words` is no ticker and is left aside",
            "x.csv: column 7 `SPY` comes twice; the first is used"
        ]
    );
}

#[test]
fn fields_of_several_tickers() {
    let line = "Date,SPY.Open,SPY.Close,SPY.Volume,SPY.Adjusted,TLT.Close";
    assert_eq!(columns(line, "x"), ["4 SPY adjusted", "2 SPY close", "5 TLT close"]);
    assert_eq!(ignored(line), [""; 0]);
}

#[test]
fn without_a_date_or_a_use_it_is_refused() {
    assert!(layout("a,b", "x").unwrap_err().contains("no date column among `a`, `b`"));
    assert!(layout("date", "x").unwrap_err().contains("no usable column"));
    assert!(layout("Date,Open,High,Low,Volume", "x").unwrap_err().contains("no usable column"));
    assert_eq!(layout(",SPY", "x").unwrap().date, 0);
    assert_eq!(layout(",date,SPY", "x").unwrap().date, 1);
}
