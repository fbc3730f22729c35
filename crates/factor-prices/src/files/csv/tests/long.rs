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
