use std::io::Write;

use factor_types::{Maturity, PriceKind, PriceSeries};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;
use crate::files::content::Content;

mod dates;
mod exports;
mod long;
mod numbers;
mod rows;
mod words;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn parsed(name: &str, text: impl AsRef<[u8]>) -> Result<Content, FileError> {
    parse(Path::new(name), text.as_ref(), day("2024-12-31"))?.finish()
}

fn series<'a>(content: &'a Content, ticker: &str) -> &'a PriceSeries {
    content.prices.iter().find(|series| series.ticker().as_str() == ticker).unwrap()
}

fn dates_of<'a>(content: &'a Content, ticker: &str) -> &'a [NaiveDate] {
    series(content, ticker).dates()
}

#[test]
fn wide() {
    let text = "\u{feff}Date,\"SPY\",tlt\r\n2024-01-02,100,\r\n2024-01-03,\"101.5\",NaN\r\n\r\n2024-01-04,102,90\r\n";
    let content = parsed("prices.csv", text).unwrap();
    assert_eq!(series(&content, "SPY").prices(), [100.0, 101.5, 102.0]);
    assert_eq!(series(&content, "SPY").kind(), PriceKind::Adjusted);
    assert_eq!(series(&content, "TLT").dates(), [day("2024-01-04")]);
    assert_eq!(series(&content, "TLT").bad_prices(), 0);
    assert_eq!(content.warnings, [""; 0]);
}

#[test]
fn long_takes_the_close_only_where_no_adjusted_price_is() {
    let text = "date,ticker,adj_close,close,dividend\n2024-01-02,SPY,99,100,0\n2024-01-02,GLD,,50,\n2024-01-03,SPY,,101,0\n\
                2024-01-03, gld ,null,51,\n2024-01-04,TLT,,,\n";
    let content = parsed("prices.csv", text).unwrap();
    assert_eq!(series(&content, "SPY").kind(), PriceKind::Adjusted);
    // The close of 3 January is no adjusted price and is not mixed in.
    assert_eq!(series(&content, "SPY").prices(), [99.0]);
    assert_eq!(series(&content, "GLD").kind(), PriceKind::Close);
    assert_eq!(series(&content, "GLD").prices(), [50.0, 51.0]);
    assert!(series(&content, "TLT").is_empty());
    assert_eq!(content.prices.len(), 3);
}

fn dividends(content: &Content, ticker: &str) -> Vec<(String, f64)> {
    let ticker: factor_types::Ticker = ticker.parse().unwrap();
    content.dividends[&ticker].iter().map(|one| (one.ex_date.to_string(), one.amount)).collect()
}

#[test]
fn dividends_are_read_with_the_prices() {
    let text = "date,ticker,close,dividend\n2024-01-03,SPY,100,0.5\n2024-01-02,SPY,99,0\n2024-01-02,GLD,50,\n\
                2024-01-05,SPY,101,1\n2024-01-05,SPY,101,1.5\n2024-01-06,SPY,,0.25\n";
    let content = parsed("prices.csv", text).unwrap();
    // Sorted; a date's last row counts; a dividend needs no price of its own.
    let expected = [("2024-01-03".to_owned(), 0.5), ("2024-01-05".to_owned(), 1.5), ("2024-01-06".to_owned(), 0.25)];
    assert_eq!(dividends(&content, "SPY"), expected);
    assert_eq!(dividends(&content, "GLD"), [], "the column is there, so none were paid");
    assert_eq!(series(&content, "SPY").prices(), [99.0, 100.0, 101.0]);
    let own = parsed("spy.csv", "Date,Close,Dividends,Stock Splits\n2024-01-02,100,0.7,0\n").unwrap();
    assert_eq!(dividends(&own, "SPY"), [("2024-01-02".to_owned(), 0.7)]);
    assert!(parsed("p.csv", "date,ticker,close\n2024-01-02,SPY,99\n").unwrap().dividends.is_empty());
    assert!(parsed("p.csv", "date,SPY\n2024-01-02,99\n").unwrap().dividends.is_empty());
}

#[test]
fn bad_dividends_are_dropped_and_named_and_cost_no_price() {
    let text = "date,ticker,adj_close,dividend\n2024-01-02,SPY,100,-0.5\n2024-01-03,SPY,101,abc\n2024-01-04,SPY,102,NaN\n\
                2024-01-05,SPY,103,0.5\n";
    let content = parsed("prices.csv", text).unwrap();
    assert_eq!(dividends(&content, "SPY"), [("2024-01-05".to_owned(), 0.5)]);
    assert_eq!((series(&content, "SPY").len(), series(&content, "SPY").bad_prices()), (4, 0));
    assert_eq!(
        content.warnings,
        [
            "prices.csv: line 3, column 4 `dividend`: `abc` is no number; dropped (2024-01-03)",
            "prices.csv: line 2: the dividend -0.5 is no amount of zero or more; dropped",
        ]
    );
}

#[test]
fn sec_yields_are_decimals_or_have_a_percent_sign() {
    let of = |rows: &str| parsed("p.csv", format!("date,ticker,adj_close,sec_yield\n{rows}")).unwrap();
    let yields = |content: &Content| {
        content.sec_yields.get(&"SPY".parse::<factor_types::Ticker>().unwrap()).map(|found| found.to_vec())
    };
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let plain = of("2024-01-02,SPY,100,\n2024-01-03,SPY,101,0.012\n2024-01-04,SPY,102,0.013\n");
    assert_eq!(yields(&plain), Some(vec![(day("2024-01-03"), 0.012), (day("2024-01-04"), 0.013)]));
    assert_eq!((series(&plain, "SPY").len(), plain.warnings.len()), (3, 0));
    let percent = of("2024-01-02,SPY,100,1.25%\n2024-01-03,SPY,101,\n");
    assert_eq!(yields(&percent), Some(vec![(day("2024-01-02"), 0.0125)]));
    // 1.25 without its sign may be 125% or 1.25%.
    let unsaid = of("2024-01-02,SPY,100,1.25\n2024-01-03,SPY,101,x\n");
    assert_eq!((yields(&unsaid), series(&unsaid, "SPY").bad_prices()), (Some(Vec::new()), 0));
    assert_eq!(
        unsaid.warnings,
        [
            "p.csv: line 3, column 4 `sec_yield`: `x` is no number; dropped (2024-01-03)",
            "p.csv: line 2: the SEC yield 1.25 is none from -0.5 to 0.5: 4.3% is written 0.043 or 4.3%; dropped",
        ]
    );
    assert!(parsed("p.csv", "date,ticker,close,sec_yield\n2024-01-02,SPY,99,1%\n2024-01-03,SPY,99,0.01\n").is_err());
}

#[test]
fn a_ticker_s_own_file() {
    let text = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,1,2,0.5,100,98,1000\n";
    let content = parsed("spy.csv", text).unwrap();
    assert_eq!(series(&content, "SPY").prices(), [98.0]);
    let content = parsed("GLD.csv.gz", "Date,Close\n2024-01-02,100\n").unwrap();
    assert_eq!(series(&content, "GLD").kind(), PriceKind::Close);
}

#[test]
fn yields_under_either_name() {
    let content =
        parsed("yields.csv", "observation_date,DGS10,DGS3MO,DGS7\n2024-01-02,4.1,5.2,4\n2024-01-03,.,5.3,4\n").unwrap();
    assert!(content.prices.is_empty());
    assert_eq!(content.yields[0], (Maturity::Ust10Y, vec![(day("2024-01-02"), 4.1)]));
    assert_eq!(content.yields[1].1.len(), 2);
}

#[test]
fn semicolons_and_tabs() {
    for text in ["date;SPY\n20240102;100\n", "date\tSPY\n2024/01/02\t100\n"] {
        assert_eq!(series(&parsed("p.csv", text).unwrap(), "SPY").dates(), [day("2024-01-02")]);
    }
}

#[test]
fn text_for_a_number_is_dropped_counted_and_named() {
    let mut text = "date,SPY,TLT\n".to_owned();
    for day in 1..=7 {
        text.push_str(&format!("2024-01-0{day},n.m.,9{day}\n"));
    }
    text.push_str("2024-01-08,100,-1\n");
    let content = parsed("p.csv", text).unwrap();
    assert_eq!((series(&content, "SPY").bad_prices(), series(&content, "SPY").len()), (7, 1));
    assert_eq!((series(&content, "TLT").bad_prices(), series(&content, "TLT").len()), (1, 7));
    assert_eq!(content.warnings.len(), 6);
    assert_eq!(content.warnings[0], "p.csv: line 2, column 2 `SPY`: `n.m.` is no number; dropped (2024-01-01)");
    assert_eq!(content.warnings[5], "p.csv: and 2 more cells dropped");
}

#[test]
fn bad_lines_are_skipped_and_named() {
    let text =
        "date,SPY,TLT\nyesterday,100,90\n2024-01-02,100\n2024-01-03,1,2,3\n2024-01-04,100,90,,\n2024-01-05,101,9";
    let content = parsed("p.csv", text).unwrap();
    assert_eq!(series(&content, "SPY").dates(), [day("2024-01-04"), day("2024-01-05")]);
    assert_eq!(
        content.warnings,
        [
            "p.csv: line 3: 2 fields where the header has 3; skipped",
            "p.csv: line 4: 4 fields where the header has 3; skipped",
            "p.csv: line 2: `yesterday` is no date; skipped",
        ]
    );
    let content = parsed("p.csv", "date,ticker,close\n2024-01-02,S PY,1\n2024-01-02,SPY,1\n").unwrap();
    assert_eq!(content.warnings, ["p.csv: line 2: `S PY` is no ticker; skipped"]);
}

#[test]
fn disorder_and_the_future_are_one_warning_each() {
    let text = "date,SPY\n2024-01-03,103\n2024-01-02,102\n2024-01-03,104\n2025-06-01,1\n2025-06-02,1\n";
    let content = parsed("p.csv", text).unwrap();
    assert_eq!(series(&content, "SPY").prices(), [102.0, 104.0, 1.0, 1.0]);
    assert_eq!(
        content.warnings,
        [
            "p.csv: 1 lines out of date order, 1 repeating a date (sorted; a date's last line is used)",
            "p.csv: line 2 and line 4: SPY is 103 and 104 on 2024-01-03; the last is used",
            "p.csv: 2 lines dated after today, from 2025-06-01 on (not used before then)",
        ]
    );
    // In long form the same date for two tickers is no repetition.
    let content = parsed("p.csv", "date,ticker,close\n2024-01-03,SPY,1\n2024-01-03,TLT,1\n2024-01-02,IEF,1\n").unwrap();
    assert_eq!(content.warnings, [""; 0]);
}

#[test]
fn faults_name_the_file_the_rule_and_the_way_out() {
    for (text, expected) in [
        (&b""[..], "p.csv: the file is empty: write a header and one line per date"),
        (b"\n\n", "p.csv: the file is empty"),
        (b"date,SPY\n", "p.csv: a header but no line below it"),
        (
            b"date,SPY\nx,1\n",
            "p.csv: no line could be used (write dates as YYYY-MM-DD): line 2: `x` is no date; skipped",
        ),
        (b"day,SPY\n2024-01-02,1\n", "p.csv: no date column among `day`, `SPY`: name one `date`"),
        (b"date,two words\n2024-01-02,1\n", "p.csv: no usable column among `date`, `two words`"),
        (b"date,SPY\n31/12/2023,1\n12/31/2023,1\n", "p.csv: line 3 `12/31/2023` has its month first and line 2"),
        (b"\xff\xfed\0a\0", "p.csv: no date column among `da`"),
    ] {
        let error = parsed("p.csv", text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn gzip_is_known_by_its_bytes_and_a_cut_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.csv");
    let mut text = "date,SPY\n".to_owned();
    for n in 0..2000u32 {
        text.push_str(&format!(
            "{},{}\n",
            day("2010-01-01") + chrono::Days::new(n.into()),
            f64::from(n * 7919 % 997) + 1.25
        ));
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(series(&read(&path, day("2024-01-01")).unwrap().finish().unwrap(), "SPY").len(), 2000);
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = read(&path, day("2024-01-01")).unwrap_err().to_string();
    assert!(error.contains("breaks off or is damaged"), "{error}");
}

/// Files of every kind, to be damaged.
const WHOLE: [&str; 6] = [
    "\u{feff}\"Date\",\"Price\",\"Open\",\"Change %\"\n\"12/31/2024\",\"1,003.62\",\"999.00\",\"-0.36%\"\n\"12/30/2024\",\"999.50\",\"1\",\"2%\"\n",
    "Price,Close,Close\nTicker,TLT,SPY\nDate,,\n2024-12-30,90.5,100\n2024-12-31 00:00:00-05:00,91,101\n",
    "sep=;\r\nDate;SPY;UST10Y\r\n30.12.2024;1.422,40;4,1%\r\n31.12.2024;999,00 €;4,2%\r\n",
    "Security,SPY US Equity\nPeriod,D\n,\nDate,PX_LAST\n12/30/2024,$588.22\n12/31/2024,#N/A N/A\n",
    "<TICKER>,<PER>,<DATE>,<CLOSE>\nSPY.US,D,20241230,100\nTLT.US,D,45656,1.234\n",
    "Date,\"('Close', 'TLT')\",\"('Close', 'SPY')\"\n\"Dec 30, 2024\",90.5,1 234,5\n",
];

/// A reading takes no longer than the text is long: what is hostile in one line is in every other, too.
#[test]
fn hostile_text_is_read_in_linear_time() {
    let (lines, cells) = (40_000, 10_000);
    let dots = ".".repeat(1 << 20);
    for text in [
        format!("date,SPY\n{}", "2024-01-02,\"1,234\"\n".repeat(lines)),
        format!("date,SPY\n{}", "03/04/2024,1.234\n".repeat(lines)),
        format!(
            "date,ticker,close\n{}",
            (0..lines).map(|n| format!("2024-01-02,{}SPY,1\n", " ".repeat(n % 9))).collect::<String>()
        ),
        format!("date{}\n2024-01-02{}\n", ",SPY.Close,SPY.Adjusted".repeat(cells), ",1,2".repeat(cells)),
        format!("date{}\n", (0..cells).map(|n| format!(",T{n},T{n}.Close")).collect::<String>()),
        format!("{}date,{dots}\n2024-01-02,{dots}\n", format!("{dots},{dots}\n").repeat(4)),
        format!("date,SPY\n2024-01-02,\"{}", "\n".repeat(lines)),
        "\n".repeat(lines * 20),
    ] {
        let started = std::time::Instant::now();
        let _ = parsed("SPY.csv", &text);
        assert!(
            started.elapsed().as_secs() < 20,
            "{:?} for {} bytes of {}",
            started.elapsed(),
            text.len(),
            &text[..40]
        );
    }
}

proptest! {
    #[test]
    fn damaged_files_do_not_panic(
        file in 0..WHOLE.len(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
        wide in any::<bool>(),
    ) {
        let mut bytes = WHOLE[file].as_bytes().to_vec();
        for (at, other, damage, byte) in damages {
            if bytes.is_empty() {
                break;
            }
            let (at, other) = (at.index(bytes.len()), other.index(bytes.len()));
            match damage {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at.min(other)..at.max(other))),
                _ => bytes.extend_from_within(at.min(other)..at.max(other)),
            }
        }
        if wide {
            bytes = bytes.into_iter().flat_map(|byte| [byte, 0]).collect();
        }
        if let Ok(content) = parsed("SPY.csv", bytes) {
            prop_assert!(content.prices.iter().all(|series| series.prices().iter().all(|price| price.is_finite())));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parsed("p.csv", bytes);
    }

    #[test]
    fn no_text_panics(head in "(date|ticker|close|SPY|,|UST2Y|\"|;){0,8}", body in "[0-9/T:,\"\r\n .a-]{0,200}") {
        let _ = parsed("SPY.csv", format!("date,{head}\n{body}"));
    }

    #[test]
    fn what_was_written_is_read_bit_for_bit(prices in prop::collection::vec(1e-6f64..1e9, 1..50)) {
        let mut text = "date,SPY\n".to_owned();
        for (n, price) in prices.iter().enumerate() {
            text.push_str(&format!("{},{price}\n", day("2020-01-01") + chrono::Days::new(n as u64)));
        }
        let content = parsed("p.csv", text).unwrap();
        prop_assert_eq!(series(&content, "SPY").prices(), &prices[..]);
    }
}
