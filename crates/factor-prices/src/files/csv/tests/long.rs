//! Files with a line for each date and ticker, by whatever word names the tickers.

use super::*;

#[test]
fn a_column_of_tickers_by_another_word_beside_a_price_is_long_form() {
    let rows = "2021-11-30,SPY,427.14\n2021-11-30,TLT,128.41\n2021-12-01,SPY,422.4\n2021-12-01,TLT,129.2\n";
    for header in [
        "Date,variable,value",
        "Date,Asset,Price",
        "Date,Security,Close",
        "Date,Fund,Price",
        "Date,Code,value",
        "Date,Name,close",
        "Date,Stock,Adj Close",
        "Date,ETF,Close",
        "Date,ISIN,Close",
        "Date,Instrument,Close",
        "Date,Fund,NAV",
        "Date,Ticker,NAV",
    ] {
        let content = parsed("px.csv", format!("{header}\n{rows}")).unwrap();
        assert_eq!(series(&content, "TLT").prices(), [128.41, 129.2], "{header}");
        assert_eq!((content.prices.len(), content.warnings.len()), (2, 0), "{header}");
    }
    let kaggle = "date,open,high,low,close,volume,Name\n2021-11-30,1,2,0.5,427.14,1000,SPY\n";
    assert_eq!(series(&parsed("all_stocks_5yr.csv", kaggle).unwrap(), "SPY").prices(), [427.14]);
}

#[test]
fn a_ticker_of_such_a_name_stays_one_and_a_fund_s_name_is_none() {
    let wide = parsed("px.csv", "Date,FUND,CODE\n2021-11-30,n/a,1\n2021-12-01,11.5,2\n").unwrap();
    assert_eq!((series(&wide, "FUND").prices(), series(&wide, "CODE").prices()), (&[11.5][..], &[1.0, 2.0][..]));
    let own = parsed("SPY.csv", "Date,Name,Close\n2021-11-30,S&P 500 ETF Trust,427.14\n").unwrap();
    assert_eq!(series(&own, "SPY").prices(), [427.14]);
    let both = "Date,Code,Name,Close\n2021-11-30,SPY,SPDR,427.14\n";
    let error = parsed("px.csv", both).unwrap_err().to_string();
    let expected = "px.csv: columns 2 `Code` and 3 `Name` could both name the tickers: call the one that does `ticker`";
    assert_eq!(error, expected);
}

#[test]
fn rows_of_several_fields_or_exchanges_of_one_ticker_are_refused_by_their_column() {
    let fields = "date,ticker,field,value\n2021-11-30,TLT,close,128.41\n2021-12-01,TLT,nav,129.2\n";
    let error = parsed("px.csv", fields).unwrap_err().to_string();
    let expected =
        "px.csv: column 3 `field` has `close` in line 2 and `nav` in line 3 of the same ticker: keep the rows of one";
    assert!(error.starts_with(expected), "{error}");
    let exchanges = "date,ticker,exchange,close\n2021-11-30,TLT,NASDAQ,128.41\n2021-12-01,TLT,XETRA,118.86\n";
    let error = parsed("px.csv", exchanges).unwrap_err().to_string();
    assert!(error.contains("column 3 `exchange` has `NASDAQ` in line 2 and `XETRA` in line 3"), "{error}");
    // One field, one exchange a ticker, and a fund that moved from one of New York's to another.
    for text in [
        "date,ticker,field,value\n2021-11-30,TLT,PX_LAST,128.41\n2021-12-01,TLT,px_last,129.2\n",
        "date,ticker,exchange,close\n2021-11-30,TLT,NASDAQ,128.41\n2021-11-30,SAP,XETRA,1\n2021-12-01,TLT,,129.2\n",
        "date,ticker,exchange,close\n2021-11-30,TLT,NYSE Arca,128.41\n2021-12-01,TLT,NasdaqGM,129.2\n",
    ] {
        assert_eq!(series(&parsed("px.csv", text).unwrap(), "TLT").prices(), [128.41, 129.2], "{text}");
    }
}
