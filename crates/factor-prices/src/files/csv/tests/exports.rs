//! Exports as the programs and sites write them, each a small made-up file.

use factor_types::PriceKind;

use super::{dates_of, day, parsed, series};

/// The adjusted prices and closes of the file, by ticker, with their first date.
fn read(name: &str, text: impl AsRef<[u8]>) -> Vec<(String, PriceKind, String, Vec<f64>)> {
    let content = parsed(name, text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(content.warnings, [""; 0], "{name}");
    let all = content.prices.iter();
    all.map(|one| (one.ticker().to_string(), one.kind(), one.dates()[0].to_string(), one.prices().to_vec())).collect()
}

fn one(ticker: &str, kind: PriceKind, first: &str, prices: &[f64]) -> Vec<(String, PriceKind, String, Vec<f64>)> {
    vec![(ticker.to_owned(), kind, first.to_owned(), prices.to_vec())]
}

use PriceKind::{Adjusted, Close};

#[test]
fn investing_com() {
    let head = "\u{feff}\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n";
    for (newest, before) in
        [("12/31/2024", "12/30/2024"), ("31/12/2024", "30/12/2024"), ("Dec 31, 2024", "Dec 30, 2024")]
    {
        let text = format!(
            "{head}\"{newest}\",\"1,003.62\",\"999.00\",\"1,009.10\",\"998.20\",\"56.58M\",\"-0.36%\"\n\
             \"{before}\",\"999.50\",\"1,000.10\",\"1,001.00\",\"990.00\",\"1.2K\",\"0.10%\"\n"
        );
        assert_eq!(
            read("SPY Historical Data.csv", text),
            one("SPY", Close, "2024-12-30", &[999.5, 1003.62]),
            "{newest}"
        );
    }
    // The fund of Lowe's is no column of lows.
    let low = "Date,Price,Open,High,Low\n2024-12-30,250,249,251,248\n";
    assert_eq!(read("LOW.csv", low), one("LOW", Close, "2024-12-30", &[250.0]));
}

#[test]
fn nasdaq() {
    let text = "Date,Close/Last,Volume,Open,High,Low\n12/31/2024,$601.20,4321,$600.00,$602.00,$599.00\n\
                12/30/2024,$1,N/A,$1,$1,$1\n";
    assert_eq!(read("SPY.csv", text), one("SPY", Close, "2024-12-30", &[1.0, 601.2]));
    let error = parsed("HistoricalData_1735689600.csv", text).unwrap_err().to_string();
    assert!(error.contains("names no ticker: name the file after the ticker (SPY.csv)"), "{error}");
}

#[test]
fn yfinance() {
    let plain =
        "Date,Open,High,Low,Close,Adj Close,Volume\n2024-12-30,1,2,0.5,100,98,1000\n2024-12-31,1,2,0.5,101,99,1000\n";
    assert_eq!(read("SPY.csv", plain), one("SPY", Adjusted, "2024-12-30", &[98.0, 99.0]));
    let zoned = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits,Capital Gains\n\
                 2024-12-30 00:00:00-05:00,1,2,0.5,100.5,10,0.0,0.0,0.0\n";
    assert_eq!(read("SPY.csv", zoned), one("SPY", Close, "2024-12-30", &[100.5]));
    let two = [one("TLT", Close, "2024-12-30", &[90.5]), one("SPY", Close, "2024-12-30", &[100.0])].concat();
    let three_lines = "Price,Close,Close,Volume,Volume\nTicker,TLT,SPY,TLT,SPY\nDate,,,,\n2024-12-30,90.5,100,5,6\n";
    assert_eq!(read("prices.csv", three_lines), two);
    let flat = "Date,\"('Close', 'TLT')\",\"('Close', 'SPY')\",\"('Volume', 'TLT')\"\n2024-12-30,90.5,100,5\n";
    assert_eq!(read("prices.csv", flat), two);
    let one_ticker = "Price,Adj Close,Close\nTicker,SPY,SPY\nDate,,\n2024-12-30,98,100\n";
    assert_eq!(read("prices.csv", one_ticker), one("SPY", Adjusted, "2024-12-30", &[98.0]));
    let stacked = ",Date,Ticker,Close,Volume\n0,2024-12-30,TLT,90.5,5\n1,2024-12-30,SPY,100,6\n";
    assert_eq!(read("prices.csv", stacked), two);
}

#[test]
fn quantmod() {
    let fields = "\"SPY.Open\",\"SPY.High\",\"SPY.Low\",\"SPY.Close\",\"SPY.Volume\",\"SPY.Adjusted\"";
    let row = "\"2024-12-30\",1,2,0.5,100,1000,98.5";
    let expected = one("SPY", Adjusted, "2024-12-30", &[98.5]);
    // write.csv of a data frame, write.zoo, and write.table, whose row names have no header.
    for head in [format!("\"\",{fields}"), format!("\"Index\",{fields}"), fields.to_owned()] {
        assert_eq!(read("x.csv", format!("{head}\n{row}\n")), expected, "{head}");
    }
}

#[test]
fn stooq() {
    let daily = "Date,Open,High,Low,Close,Volume\n2024-12-30,1,2,0.5,100,1000\n";
    assert_eq!(read("spy_us_d.csv", daily), one("SPY", Close, "2024-12-30", &[100.0]));
    let bulk = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n\
                SPY.US,D,20241230,000000,1,2,0.5,100,1000,0\n";
    assert_eq!(read("bulk.csv", bulk), one("SPY", Close, "2024-12-30", &[100.0]));
}

#[test]
fn bloomberg() {
    let expected = one("SPY", Close, "2024-12-30", &[588.22, 586.08]);
    let lines = "Security,SPY US Equity\nStart Date,12/30/2024\nEnd Date,12/31/2024\nPeriod,D\nCurrency,USD\n,\n\
                 Date,PX_LAST\n12/30/2024,588.22\n12/31/2024,586.08\n";
    assert_eq!(read("grid1.csv", lines), expected);
    let above = ",SPY US Equity\nDates,PX_LAST\n12/30/2024,588.22\n12/31/2024,586.08\n";
    assert_eq!(read("grid1.csv", above), expected);
    let xbbg = "ticker,SPY US Equity\nfield,PX_LAST\ndate,\n2024-12-30,588.22\n2024-12-31,586.08\n";
    assert_eq!(read("grid1.csv", xbbg), expected);
    let wide = "Date,SPY US Equity,TLT US Equity\n2024-12-30,588.22,#N/A N/A\n";
    let read = parsed("grid1.csv", wide).unwrap();
    assert_eq!((series(&read, "SPY").prices(), series(&read, "TLT").len()), (&[588.22][..], 0));
}

#[test]
fn portfolio_visualizer() {
    let growth = "Portfolio Growth\nJan 2020 - Dec 2024\n\nDate,SPDR S&P 500 ETF Trust (SPY)\n11/30/2024,\"$10,250\"\n\
                  12/31/2024,\"$10,020.50\"\n";
    assert_eq!(read("growth.csv", growth), one("SPY", Adjusted, "2024-11-30", &[10_250.0, 10_020.5]));
    let returns = "Date,SPDR S&P 500 ETF Trust (SPY)\n11/30/2024,5.96%\n12/31/2024,-2.41%\n";
    let error = parsed("returns.csv", returns).unwrap_err().to_string();
    assert!(error.contains("column 2 `SPDR S&P 500 ETF Trust (SPY)` has a percentage in line 2"), "{error}");
}

#[test]
fn spreadsheets() {
    let expected = one("SPY", Adjusted, "2024-12-30", &[1422.4, 999.0]);
    let german = "sep=;\r\nDate;SPY;;\r\n30.12.2024;1.422,40;;\r\n31.12.2024;999,00;;\r\n";
    assert_eq!(read("Mappe1.csv", german), expected);
    let unicode_text: Vec<u8> = "\u{feff}Date\tSPY\r\n30.12.2024\t1.422,40\r\n31.12.2024\t999,00\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(read("Mappe1.csv", unicode_text), expected);
    let old_mac = "Date,SPY\r12/30/2024,1422.40\r12/31/2024,999\r";
    assert_eq!(read("Book1.csv", old_mac), expected);
    // Monday 2024-12-30 is day 45656.
    let mut counted = "Date,SPY\n".to_owned();
    for (at, day) in [45_649, 45_650, 45_652, 45_653, 45_656, 45_657].iter().enumerate() {
        counted += &format!("{day},{}.5\n", 100 + at);
    }
    let content = parsed("Book1.csv", counted).unwrap();
    assert_eq!(dates_of(&content, "SPY")[4..], [day("2024-12-30"), day("2024-12-31")]);
}

#[test]
fn two_readings_are_refused_with_both() {
    for (text, expected) in [
        ("Date,SPY\n03/04/2024,1\n", "line 2: `03/04/2024` is 2024-03-04 with the month first or 2024-04-03"),
        ("Date,SPY\n2024-01-02,\"1,234\"\n", "line 2: `1,234` is 1234 with a separator of thousands or 1.234"),
        (
            "Date,SPY\n2024-01-02,1.5\n\n2024-01-03,\"1,5\"\n",
            "line 2 `1.5` has a decimal point and line 4 `1,5` a decimal comma",
        ),
        ("Date,SPY\n2024-01-02,$1.5\n2024-01-03,€1.5\n", "column 2 `SPY` has `$` in line 2 and `€` in line 3"),
        ("Date,Close,Price\n2024-01-02,1,2\n", "columns 2 `Close` and 3 `Price` could both be meant"),
    ] {
        let error = parsed("SPY.csv", text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("SPY.csv: {expected}")), "{error}");
    }
    let euros = parsed("SPY.csv", "Date,Close\n2024-01-02,\"1,50 €\"\n").unwrap();
    assert_eq!(series(&euros, "SPY").prices(), [1.5]);
    assert_eq!(euros.warnings, [""; 0], "what becomes of it is said with all files");
    assert_eq!(euros.currencies[&euros.prices[0].ticker().clone()].as_ref(), "EUR");
}

#[test]
fn lines_are_those_of_the_file_whatever_their_ends() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = [
            "date,\"S",
            "PY\"",
            "",
            "2024-01-02,1",
            "2024-01-03,\"n",
            "m\"",
            "2024-01-04,x",
            "",
            "bad,3",
            "2024-01-05,y",
        ];
        let error = parsed("p.csv", lines.join(end)).unwrap_err().to_string();
        assert!(error.contains("no usable column"), "{error}");
        let lines =
            ["date,SPY", "", "2024-01-02,1", "2024-01-03,\"n", "m\"", "2024-01-04,x", "", "bad,3", "2024-01-05,y"];
        let content = parsed("p.csv", lines.join(end)).unwrap();
        assert_eq!(
            content.warnings,
            [
                "p.csv: line 8: `bad` is no date; skipped",
                "p.csv: line 4, column 2 `SPY`: `n m` is no number; dropped (2024-01-03)",
                "p.csv: line 6, column 2 `SPY`: `x` is no number; dropped (2024-01-04)",
                "p.csv: line 9, column 2 `SPY`: `y` is no number; dropped (2024-01-05)",
            ],
            "{end:?}"
        );
    }
}

#[test]
fn a_shifted_week_is_refused() {
    let mut text = "Date,SPY\n".to_owned();
    for at in 0..40_u64 {
        // Weekdays of January and February 2024, each written as the evening before in UTC.
        let date = day("2024-01-01") + chrono::Days::new(at);
        if !factor_types::exchange::is_weekend(date) {
            text += &format!("{}T23:00:00Z,1\n", date.pred_opt().unwrap());
        }
    }
    let error = parsed("p.csv", text).unwrap_err().to_string();
    assert!(error.contains("dates fall on Sundays and hardly one on a Friday: they are a day early"), "{error}");
}

#[test]
fn barchart_lseg_and_the_wall_street_journal() {
    let barchart = "Time,Open,High,Low,Latest,Change,%Change,Volume\n12/31/2024,1,2,0.5,601.2,1,0.1%,5\n12/30/2024,1,2,0.5,600,1,0.1%,5\n";
    assert_eq!(read("SPY_price-history.csv", barchart), one("SPY", Close, "2024-12-30", &[600.0, 601.2]));
    // A Reuters code names its exchange: those of New York fall away, others stay.
    let lseg = "Instrument,Date,Price Close\nSPY.P,2024-12-30T00:00:00Z,600\nTLT.O,2024-12-30T00:00:00Z,90\nVOD.L,2024-12-30T00:00:00Z,70\n";
    let tickers: Vec<String> = read("data.csv", lseg).into_iter().map(|(ticker, ..)| ticker).collect();
    assert_eq!(tickers, ["SPY", "TLT", "VOD.L"]);
    let wsj = "Date, Open, High, Low, Close, Volume\n12/31/24, 1, 1, 1, 601.2, 5\n12/30/24, 1, 1, 1, 600, 5\n";
    assert_eq!(read("SPY.csv", wsj), one("SPY", Close, "2024-12-30", &[600.0, 601.2]));
}

#[test]
fn spreadsheets_in_other_languages_and_words_for_nothing() {
    let german = "Datum;SPY;TLT\n30.12.2024;1.234,56;90,00\n31.12.2024;1.240,00;–\n";
    let both = [one("SPY", Adjusted, "2024-12-30", &[1234.56, 1240.0]), one("TLT", Adjusted, "2024-12-30", &[90.0])];
    assert_eq!(read("kurse.csv", german), both.concat());
    let words = ["#N/A", "null", "-", "n/a", "NaN", "—", "(blank)", "n.a.", "."];
    for word in words {
        let text = format!("date,SPY,TLT\n2024-12-30,1,{word}\n2024-12-31,2,5\n");
        let content = parsed("p.csv", &text).unwrap();
        let tlt = series(&content, "TLT");
        assert_eq!((tlt.prices(), tlt.bad_prices()), (&[5.0][..], 0), "{word}");
    }
}

#[test]
fn the_currency_of_a_column_is_said_in_one_way() {
    let of = |text: &str, ticker: &str| {
        let content = parsed("p.csv", text).unwrap_or_else(|error| panic!("{error}"));
        content.currencies.iter().find(|(known, _)| known.as_str() == ticker).map(|(_, currency)| currency.to_string())
    };
    let long = "date,ticker,close,currency\n2024-12-30,SAP,100,EUR\n2024-12-30,SPY,600,USD\n2024-12-30,VOD,70,GBp\n2024-12-31,SAP,101,\n";
    assert_eq!(
        (of(long, "SAP").as_deref(), of(long, "SPY"), of(long, "VOD").as_deref()),
        (Some("EUR"), None, Some("GBX"))
    );
    let wide = "date,SAP (EUR),SPY,CUR:EUR\n2024-12-30,100,600,1.04\n";
    assert_eq!((of(wide, "SAP").as_deref(), of(wide, "SPY"), of(wide, "CUR:EUR")), (Some("EUR"), None, None));
    // Of all columns of a wide file.
    let all = "date,SAP,BMW,currency\n2024-12-30,100,80,EUR\n";
    assert_eq!((of(all, "SAP"), of(all, "BMW")), (Some("EUR".to_owned()), Some("EUR".to_owned())));
    for (text, expected) in [
        (
            "date,ticker,close,currency\n2024-12-30,SAP,1,EUR\n2024-12-31,SAP,1,USD\n",
            "line 2 has prices in EUR, and line 3 prices in USD of the same ticker",
        ),
        ("date,ticker,close,currency\n2024-12-30,SAP,1,Euro\n", "line 2: `Euro` is no currency: write its code"),
        ("date,SAP (EUR)\n2024-12-30,£1.50\n", "column 2 `SAP (EUR)` is in EUR and in GBP: say one currency"),
    ] {
        let error = parsed("p.csv", text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("p.csv: {expected}")), "{error}");
    }
}
