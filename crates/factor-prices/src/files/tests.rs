use std::fs;

use factor_types::{Maturity, PriceKind};
use tempfile::TempDir;

use super::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 12, 31).unwrap()
}

fn all() -> DateRange {
    DateRange::new(NaiveDate::MIN, NaiveDate::MAX).unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn open(folder: &TempDir, name: &str) -> FilePrices {
    FilePrices::open(&folder.path().join(name), None, today).unwrap()
}

async fn prices(source: &FilePrices, ticker: &str) -> Result<Vec<f64>, PriceError> {
    Ok(source.history(&ticker.parse().unwrap(), all()).await?.series.prices().to_vec())
}

/// Forgets the last look at the files, as if a second had passed.
fn later(source: &FilePrices) {
    source.inner.state().look = None;
}

#[tokio::test]
async fn a_folder_merges_its_files() {
    let folder = folder(&[
        ("a.csv", "date,SPY,TLT\n2024-01-02,100,90\n"),
        ("b.csv", "date,ticker,close\n2024-01-02,SPY,500\n2024-01-03,SPY,501\n2024-01-02,GLD,50\n"),
        ("c.csv", "date,TLT\n2024-01-02,91\n2024-01-03,92\n"),
        ("rates.csv", "date,UST10Y\n2024-01-02,4.1\n"),
        ("notes.txt", "not read"),
        (".c.csv", "not read"),
        ("broken.parquet", "PAR1"),
    ]);
    let source = open(&folder, "");
    assert_eq!(source.about().warnings, [""; 0]);
    // Adjusted wins over the longer close; the longer of two adjusted wins.
    assert_eq!(prices(&source, "SPY").await, Ok(vec![100.0]));
    assert_eq!(prices(&source, "TLT").await, Ok(vec![91.0, 92.0]));
    let gld = source.history(&"GLD".parse().unwrap(), all()).await.unwrap().series;
    assert_eq!(gld.kind(), PriceKind::Close);
    let tickers = source.tickers().await.unwrap();
    assert_eq!(tickers.iter().map(Ticker::as_str).collect::<Vec<_>>(), ["GLD", "SPY", "TLT"]);
    assert_eq!(source.yields(all()).await.unwrap().get(Maturity::Ust10Y).len(), 1);

    let warnings = source.about().warnings;
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
    assert_eq!(warnings[0], "SPY is in a.csv and in b.csv: a.csv is used");
    assert!(warnings[1].contains("broken.parquet: not a sound Parquet file"), "{warnings:#?}");
    let differ = "TLT is in a.csv and in c.csv, which differ on 1 of 1 common dates, as on 2024-01-02 with 90 and 91: c.csv \
                  is used; delete the wrong one";
    assert_eq!(warnings[2], differ);
}

#[tokio::test]
async fn dividends_follow_the_prices() {
    use crate::FundamentalsProvider;
    let folder = folder(&[
        ("a.csv", "date,SPY\n2024-01-02,100\n2024-01-03,101\n"),
        // A close, so a.csv's adjusted prices win for SPY; TLT is only here.
        ("b.csv", "date,ticker,close,dividend\n2024-01-02,SPY,500,9\n2024-01-02,TLT,90,0.3\n2024-06-03,TLT,91,0.4\n"),
        // The longer adjusted history wins for GLD, whatever the order.
        ("c.csv", "date,GLD\n2024-01-02,50\n"),
        ("d.csv", "date,ticker,adj_close,dividend\n2024-01-02,GLD,50,\n2024-01-03,GLD,51,\n"),
    ]);
    let source = open(&folder, "");
    let paid = async |ticker: &str, range| {
        let all = source.dividends(&ticker.parse().unwrap(), range).await?;
        Ok::<_, PriceError>(all.iter().map(|one| one.amount).collect::<Vec<f64>>())
    };
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(paid("TLT", all()).await, Ok(vec![0.3, 0.4]));
    assert_eq!(paid("TLT", DateRange::new(day("2024-01-03"), day("2024-06-03")).unwrap()).await, Ok(vec![0.4]));
    assert_eq!(paid("GLD", all()).await, Ok(vec![]));
    let no_data = |text: &str| Err(PriceError::NoData(text.to_owned()));
    assert_eq!(paid("SPY", all()).await, no_data("the file of its prices has no dividend column"));
    let Err(PriceError::NoData(unknown)) = paid("SPX", all()).await else { panic!("no data") };
    assert!(unknown.starts_with("SPX is not among the 3 tickers of "), "{unknown}");
    let wide = self::folder(&[("a.csv", "date,SPY\n2024-01-02,100\n")]);
    let source = open(&wide, "a.csv");
    let spy: Ticker = "SPY".parse().unwrap();
    assert_eq!(
        source.dividends(&spy, all()).await,
        Err(PriceError::NoData("these files have no dividend column".to_owned()))
    );
    assert!(matches!(source.market_caps(std::slice::from_ref(&spy)).await, Err(PriceError::NoData(_))));
    assert!(matches!(source.profile(&spy).await, Err(PriceError::NoData(_))));
}

#[tokio::test]
async fn closes_stand_beside_the_adjusted_prices_of_the_same_file() {
    use crate::FundamentalsProvider;
    let folder = folder(&[
        ("a.csv", "date,ticker,adj_close,close\n2024-01-02,SPY,95,100\n2024-01-04,SPY,96,101\n2024-01-02,TLT,80,90\n"),
        // The longer adjusted history wins for TLT, and has no closes.
        ("b.csv", "date,TLT\n2024-01-02,81\n2024-01-03,82\n"),
        ("c.csv", "date,ticker,close\n2024-01-02,GLD,50\n"),
    ]);
    let source = open(&folder, "");
    let close = async |ticker: &str, on: &str| source.close(&ticker.parse().unwrap(), on.parse().unwrap()).await;
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    assert_eq!(close("SPY", "2024-01-03").await, Some((day("2024-01-02"), 100.0)));
    assert_eq!(close("SPY", "2024-02-03").await, Some((day("2024-01-04"), 101.0)));
    assert_eq!((close("SPY", "2024-01-01").await, close("TLT", "2024-02-03").await), (None, None));
    assert_eq!(close("GLD", "2024-02-03").await, None, "its prices are closes themselves");
}

#[tokio::test]
async fn an_unknown_ticker_is_named_with_the_place_and_a_near_one() {
    let folder = folder(&[("p.csv", "date,SPY,TLT\n2024-01-02,100,90\n")]);
    let source = open(&folder, "p.csv");
    let Err(PriceError::NoData(message)) = prices(&source, "SPX").await else { panic!("no data") };
    assert!(
        message.starts_with("SPX is not among the 2 tickers of ") && message.ends_with("p.csv; did you mean SPY?"),
        "{message}"
    );
    let Err(PriceError::NoData(message)) = prices(&source, "QQQ").await else { panic!("no data") };
    assert!(message.ends_with("p.csv"), "{message}");
    assert_eq!(source.known().iter().map(Ticker::as_str).collect::<Vec<_>>(), ["SPY", "TLT"]);
}

#[tokio::test]
async fn yields_are_next_to_a_single_file_or_at_the_given_path() {
    let folder = folder(&[
        ("p.csv", "date,SPY\n2024-01-02,100\n"),
        ("treasury_yields.csv", "date,UST2Y\n2024-01-02,4\n"),
        ("other.csv", "date,DGS2,SPY\n2024-01-02,5,1\n"),
        ("none.csv", "date,SPY\n2024-01-02,5\n"),
    ]);
    let two_years = async |source: &FilePrices| Ok(source.yields(all()).await?.get(Maturity::Ust2Y).to_vec());
    let date = today() - chrono::Days::new(364);
    assert_eq!(two_years(&open(&folder, "p.csv")).await, Ok::<_, PriceError>(vec![(date, 4.0)]));
    for place in ["p.csv", ""] {
        let explicit = folder.path().join("other.csv");
        let source = FilePrices::open(&folder.path().join(place), Some(&explicit), today).unwrap();
        assert_eq!(two_years(&source).await, Ok(vec![(date, 5.0)]));
        // The prices in the file of yields are not read.
        assert_eq!(prices(&source, "SPY").await.unwrap().len(), 1);
    }
    let source = FilePrices::open(&folder.path().join("p.csv"), Some(&folder.path().join("none.csv")), today).unwrap();
    assert_eq!(prices(&source, "SPY").await, Ok(vec![100.0]));
    let Err(PriceError::Failed { why: message, .. }) = two_years(&source).await else { panic!("failed") };
    assert!(message.contains("none.csv: no yield column: name one UST3M"), "{message}");

    let alone = self::folder(&[("p.csv", "date,SPY\n2024-01-02,100\n")]);
    assert!(open(&alone, "p.csv").yields(all()).await.unwrap().is_empty());
}

#[test]
fn opening_says_what_is_not_there() {
    let folder = folder(&[("readme.md", "")]);
    let error = |path: &Path, yields| FilePrices::open(path, yields, today).unwrap_err();
    let missing = folder.path().join("no.csv");
    assert!(matches!(error(&missing, None), FileError::Unreadable { path, .. } if path == missing));
    let text = error(folder.path(), None).to_string();
    assert!(text.contains("no .csv, .tsv, .txt or .parquet file"), "{text}");
    fs::write(folder.path().join("p.csv"), "").unwrap();
    assert!(matches!(error(folder.path(), Some(&missing)), FileError::Unreadable { .. }));
}

#[tokio::test]
async fn a_file_without_use_fails_every_ticker_with_the_reason() {
    let folder = folder(&[("p.csv", "")]);
    for _ in 0..2 {
        let Err(PriceError::Failed { why: message, .. }) = prices(&open(&folder, "p.csv"), "SPY").await else {
            panic!("failed")
        };
        assert!(message.contains("p.csv: the file is empty"), "{message}");
    }
}

#[tokio::test]
async fn a_change_is_read_and_a_bad_one_leaves_the_last_good_data() {
    let folder = folder(&[("a.csv", "date,SPY\n2024-01-02,100\n"), ("b.csv", "date,TLT\n2024-01-02,90\n")]);
    let path = |name| folder.path().join(name);
    let source = open(&folder, "");
    assert_eq!(prices(&source, "SPY").await, Ok(vec![100.0]));
    let first = source.revision();

    fs::write(path("a.csv"), "date,SPY\n2024-01-02,100\n2024-01-03,101\n").unwrap();
    assert_eq!(source.revision(), first, "looked at once a second at most");
    later(&source);
    let second = source.revision();
    assert_ne!(second, first);
    assert_eq!(prices(&source, "SPY").await, Ok(vec![100.0, 101.0]));

    fs::write(path("a.csv"), "damaged").unwrap();
    later(&source);
    assert_ne!(source.revision(), second);
    assert_eq!(prices(&source, "SPY").await, Ok(vec![100.0, 101.0]));
    assert!(source.about().warnings[0].contains("what was read from it before is still used"));

    fs::write(path("a.csv"), "date,SPY\n2024-01-02,7\n").unwrap();
    fs::write(path("c.csv"), "date,GLD\n2024-01-02,50\n").unwrap();
    fs::remove_file(path("b.csv")).unwrap();
    later(&source);
    assert_eq!(prices(&source, "SPY").await, Ok(vec![7.0]));
    assert_eq!(prices(&source, "GLD").await, Ok(vec![50.0]));
    assert!(matches!(prices(&source, "TLT").await, Err(PriceError::NoData(_))));
    assert_eq!(source.about().warnings, [""; 0]);

    fs::remove_file(path("a.csv")).unwrap();
    fs::remove_file(path("c.csv")).unwrap();
    later(&source);
    assert_eq!(prices(&source, "SPY").await, Ok(vec![7.0]));
    assert!(source.about().warnings[0].contains("the data read before is still used"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_at_once_share_one_reading() {
    let folder = folder(&[("p.csv", "date,SPY\n2024-01-02,100\n")]);
    let source = open(&folder, "p.csv");
    let spy: Ticker = "SPY".parse().unwrap();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (source, spy) = (source.clone(), spy.clone());
            tokio::spawn(async move { source.history(&spy, all()).await.unwrap().series })
        })
        .collect();
    let mut got = Vec::new();
    for caller in callers {
        got.push(caller.await.unwrap());
    }
    assert!(got.iter().all(|series| Arc::ptr_eq(series, &got[0])));
}

#[tokio::test]
async fn it_is_said_how_a_file_was_read() {
    let folder = folder(&[
        ("SPY.csv", "\u{feff}Date;Close\r\n13/12/2024;1.234,50 €\r\n16/12/2024;1.240,00 €\r\n"),
        ("long.csv", "date,ticker,adj_close\n2024-12-02,TLT,90\n2024-12-02,GLD,240\n2024-12-03,TLT,91\n"),
    ]);
    let held = open(&folder, "").held().await.unwrap();
    let [own, long] = held.readings.as_slice() else { panic!("{held:?}") };
    assert_eq!((own.columns.as_str(), own.tickers.as_str()), ("2 `Close` (close)", "named by the file"));
    assert_eq!(own.dates, "day first, as line 2 `13/12/2024` shows");
    assert!(own.numbers.starts_with("decimal comma, as in line 2 `1.234,50"), "{}", own.numbers);
    assert!(own.numbers.contains("; thousands separated, as in line 2"), "{}", own.numbers);
    assert_eq!((own.fields.as_deref(), own.currency.as_deref(), own.lines), (Some(";"), Some("€"), 2));
    assert_eq!(
        (long.columns.as_str(), long.tickers.as_str(), long.dates.as_str(), long.numbers.as_str()),
        ("3 `adj_close` (adjusted price)", "named in column 2 `ticker`", "each has one reading", "without separators")
    );
    assert_eq!((long.lines, long.currency.as_deref()), (3, None));
    let from: Vec<&str> = held.prices.iter().map(|(_, file)| file.as_str()).collect();
    assert_eq!(from, ["long.csv", "SPY.csv", "long.csv"], "in order of the tickers");
    assert_eq!(held.remarks.iter().map(|remark| remark.kind).collect::<Vec<_>>(), [RemarkKind::Currency]);
}

#[tokio::test]
async fn the_line_of_a_price_is_that_of_its_file() {
    let folder = folder(&[
        ("a.csv", "date,SPY\r\n\r\n2024-12-02,1\r\n2024-12-03,2\r\n2024-12-03,3\r\n"),
        ("long.csv", "date,ticker,close\n2024-12-02,TLT,90\n2024-12-02,GLD,240\n2024-12-03,TLT,91\n"),
    ]);
    let day = |day: u32| NaiveDate::from_ymd_opt(2024, 12, day).unwrap();
    let wanted = [("SPY", 2), ("SPY", 3), ("SPY", 4), ("GLD", 2), ("GLD", 3), ("TLT", 3), ("XLF", 2)];
    let wanted = wanted.map(|(ticker, at)| (ticker.parse().unwrap(), day(at))).to_vec();
    let lines = open(&folder, "").lines(wanted).await;
    assert_eq!(lines, [Some(3), Some(5), None, Some(3), None, Some(4), None]);
}

#[tokio::test]
async fn of_broken_files_five_are_named_and_the_others_counted() {
    let names: Vec<String> = (1..=7).map(|at| format!("f{at}.csv")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "nothing,here\n1,2\n")).collect();
    let failed = open(&folder(&files), "").tickers().await.unwrap_err().to_string();
    for at in 1..=5 {
        assert!(failed.contains(&format!("f{at}.csv: no date column")), "{failed}");
    }
    assert!(!failed.contains("f6.csv") && failed.ends_with("; and 2 more files that cannot be used"), "{failed}");
}

/// Real prices, where there are some next to the checkout.
#[tokio::test]
async fn real_prices_give_the_known_years() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/prices");
    if !folder.is_dir() {
        println!("skipped: no real prices at ../shared/data/prices");
        return;
    }
    let start = Instant::now();
    let source = FilePrices::open(&folder, None, today).unwrap();
    let spy = source.history(&"SPY".parse().unwrap(), all()).await.unwrap().series;
    println!("read in {:?}", start.elapsed());
    assert_eq!(source.tickers().await.unwrap().len(), 92);
    assert_eq!(source.about().warnings, [""; 0]);
    assert_eq!(source.yields(all()).await.unwrap().maturities().count(), 5);
    assert_eq!(spy.len(), 3796);
    let last_of = |year: i32| {
        let end = NaiveDate::from_ymd_opt(year, 12, 31).unwrap();
        spy.prices()[spy.dates().partition_point(|date| *date <= end) - 1]
    };
    for (year, expected) in [(2017, 0.217), (2018, -0.046), (2019, 0.312), (2022, -0.182)] {
        let got = last_of(year) / last_of(year - 1) - 1.0;
        assert!((got - expected).abs() < 0.0006, "{year}: {got}");
    }
}

/// stooq writes `.txt`; a text without prices is a note beside other files.
#[tokio::test]
async fn texts_are_read_where_they_hold_prices() {
    let folder = tempfile::tempdir().unwrap();
    let stooq = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\nSPY.US,D,20240102,0,1,1,1,470.5,9,0\n";
    std::fs::write(folder.path().join("spy.us.txt"), stooq).unwrap();
    let open = || FilePrices::open(folder.path(), None, || NaiveDate::from_ymd_opt(2024, 12, 31).unwrap()).unwrap();
    assert_eq!(open().tickers().await.unwrap(), ["SPY".parse().unwrap()]);
    std::fs::write(folder.path().join("tlt.csv"), "date,TLT\n2024-01-02,90\n").unwrap();
    std::fs::write(folder.path().join("readme.txt"), "Prices of 2024.\n\nBought from a vendor.\n").unwrap();
    std::fs::write(folder.path().join("log.txt"), "date,message\n2024-01-02,downloaded\n").unwrap();
    std::fs::write(folder.path().join("XLE.csv"), "Date,Bid,Ask\n2024-01-02,89,91\n").unwrap();
    let source = open();
    let both: Vec<Ticker> = ["SPY", "TLT"].iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(source.tickers().await.unwrap(), both);
    let remarks = source.held().await.unwrap().remarks;
    let kinds: Vec<&str> = remarks.iter().map(|remark| remark.kind.as_str()).collect();
    assert_eq!(kinds, ["broken_file", "left_aside", "left_aside"], "{remarks:?}");
    assert_eq!(source.about().warnings.len(), 1, "notes are no fault");
    let missing = source.history(&"XLE".parse().unwrap(), all()).await.unwrap_err().to_string();
    assert!(missing.ends_with("; nothing was read from XLE.csv, log.txt, readme.txt"), "{missing}");
}

#[tokio::test]
async fn a_ticker_with_its_exchange_is_offered() {
    let folder = folder(&[("p.csv", "date,XLE.P,XLK\n2024-01-02,90,80\n")]);
    let source = open(&folder, "");
    let missing = source.history(&"XLE".parse().unwrap(), all()).await.unwrap_err().to_string();
    assert!(missing.contains("did you mean XLE.P?"), "{missing}");
}

#[tokio::test]
async fn a_ticker_in_two_files_is_joined_or_the_dates_on_which_they_differ_are_said() {
    let parts = folder(&[
        ("new.csv", "date,SPY\n2024-01-03,101\n2024-01-04,102\n2024-01-05,103\n"),
        ("old.csv", "date,SPY\n2024-01-02,100\n2024-01-03,101\n"),
    ]);
    let joined = open(&parts, "");
    assert_eq!(prices(&joined, "SPY").await, Ok(vec![100.0, 101.0, 102.0, 103.0]));
    assert_eq!(joined.about().warnings, [""; 0]);
    let remarks = joined.held().await.unwrap().remarks;
    assert_eq!(remarks, ["SPY is in new.csv and in old.csv: joined, with 1 common dates alike"]);
    let apart = folder(&[
        ("new.csv", "date,SPY\n2024-01-03,101\n2024-01-04,102\n2024-01-05,103\n"),
        ("old.csv", "date,SPY\n2024-01-02,100\n2024-01-03,102\n"),
    ]);
    let differ = open(&apart, "");
    let series = differ.history(&"SPY".parse().unwrap(), all()).await.unwrap().series;
    assert_eq!((series.prices(), series.conflicting().map(|of| of.days)), (&[101.0, 102.0, 103.0][..], Some(1)));
}
