use super::*;

fn found(text: &str) -> Result<Header, String> {
    let lines: Vec<Line> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    Header::find(&lines)
}

fn field(field: Field, ticker: &str) -> Name {
    Name::Field(field, Some(ticker.parse().unwrap()))
}

#[test]
fn three_lines_of_yfinance_and_xbbg() {
    let (spy, tlt) = (field(Field::Close, "SPY"), field(Field::Close, "TLT"));
    for text in [
        "Price,Close,Close\nTicker,SPY,TLT\nDate,,\n2024-01-02,1,2",
        "Ticker,SPY,TLT\nPrice,Close,Close\nDate,,\n2024-01-02,1,2",
        "Attributes,Close,Close\nSymbols,SPY,TLT\nDate,,\n2024-01-02,1,2",
        ",Close,Close\n,SPY,TLT\nDate,,\n2024-01-02,1,2",
        "ticker,SPY US Equity,TLT US Equity\nfield,PX_LAST,PX_LAST\ndate,,\n2024-01-02,1,2",
    ] {
        let header = found(text).unwrap();
        assert_eq!((header.names, header.lines), (vec![Name::Date, spy.clone(), tlt.clone()], 3), "{text}");
    }
    let header = found(",Close,Close\n,SPY,TLT\n2024-01-02,1,2").unwrap();
    assert_eq!((header.names, header.lines), (vec![Name::Date, spy, tlt], 2), "without a name of the index");
}

#[test]
fn a_ticker_that_is_a_field_s_word() {
    let low = found("Price,Close,High,Low\nTicker,LOW,LOW,LOW\nDate,,,\n2024-01-02,1,2,3").unwrap();
    assert_eq!(low.names[1..], [field(Field::Close, "LOW"), field(Field::Other, "LOW"), field(Field::Other, "LOW")]);
    let unlabelled = found(",Close,High,Low\n,LOW,LOW,LOW\nDate,,,\n2024-01-02,1,2,3").unwrap();
    assert_eq!(unlabelled.names, low.names);
    let error = found(",Close,Open\n,OPEN,CLOSE\nDate,,\n2024-01-02,1,2").unwrap_err();
    assert!(error.contains("which one names the tickers cannot be told"), "{error}");
}

#[test]
fn beside_tickers_a_word_in_capitals_is_one() {
    let names = |line: &str| found(&format!("{line}\n2024-01-02,1,2,3")).unwrap().names;
    let prices = |ticker: &str| Name::Prices(ticker.parse().unwrap());
    assert_eq!(names("date,SPLIT,MKT"), [Name::Date, prices("SPLIT"), prices("MKT")]);
    assert_eq!(names("date,SPY,LOW,OPEN,TLT")[2..4], [prices("LOW"), prices("OPEN")]);
    let other = Name::Field(Field::Other, None);
    for header in [
        "date,SPY,Low",
        "date,SPY,LOW",
        "date,SPY,SPY,LOW",
        "date,SPY,VOL",
        "date,SPY,VOLUME",
        "date,SPY,OPEN,HIGH,LOW",
        "date,CLOSE,LOW",
        "date,spy,low",
    ] {
        assert!(names(header).contains(&other), "{header}");
    }
}

#[test]
fn levels_flattened_into_one_header() {
    let header = |cells: &[&str]| Header::find(&[cells.iter().map(|cell| (*cell).to_owned()).collect()]).unwrap().names;
    let expected = [Name::Date, field(Field::Adjusted, "SPY"), field(Field::Other, "SPY")];
    assert_eq!(header(&["Date", "('Adj Close', 'SPY')", "('Volume', 'SPY')"]), expected);
    assert_eq!(header(&["('Date', '')", "('SPY', 'Adj Close')", "('SPY', 'Volume')"]), expected);
}

#[test]
fn lines_before_the_header() {
    let header = found("Security,SPY US Equity\nStart Date,01/02/2024\nPeriod,D\nDate,PX_LAST\n01/02/2024,1").unwrap();
    assert_eq!((header.names, header.lines), (vec![Name::Date, field(Field::Close, "SPY")], 4));
    let header = found(",SPY US Equity,,TLT US Equity\nDates,PX_LAST,PX_VOLUME,PX_LAST\n2024-01-02,1,2,3").unwrap();
    assert_eq!(header.names[1..], [field(Field::Close, "SPY"), field(Field::Other, "SPY"), field(Field::Close, "TLT")]);
    let header = found("SPDR S&P 500 ETF Trust (SPY)\nDownloaded,2024-02-01\nDate,Close\n2024-01-02,1").unwrap();
    assert_eq!((header.names[1].clone(), header.lines), (Name::Field(Field::Close, None), 3));
    assert_eq!(header.ticker, Some("SPY".parse().unwrap()));
    // A currency and a period are no tickers of the columns.
    let header = found("Currency,USD\nDate,Close\n2024-01-02,1").unwrap();
    assert_eq!((header.names[1].clone(), header.ticker), (Name::Field(Field::Close, None), None));
}

#[test]
fn r_s_row_names_have_no_header() {
    let header = found("SPY.Open,SPY.Adjusted\n2024-01-02,1,2").unwrap();
    assert_eq!(header.names, [Name::Nothing, field(Field::Other, "SPY"), field(Field::Adjusted, "SPY")]);
}
