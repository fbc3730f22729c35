use std::{collections::BTreeMap, path::Path, time::Instant};

use factor_types::Calendar;

use super::{calendar::first_day, *};
use crate::FilePrices;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn sample(until: &str) -> Sample {
    Sample::new(day(until))
}

fn series<'a>(sample: &'a Sample, ticker: &str) -> &'a PriceSeries {
    &sample.prices[&ticker.parse::<Ticker>().unwrap()]
}

type Months = BTreeMap<NaiveDate, f64>;

fn returns(sample: &Sample, ticker: &str) -> Months {
    let series = series(sample, ticker);
    let ends: Months =
        series.dates().iter().map(|date| date.month_end()).zip(series.prices().iter().copied()).collect();
    ends.iter().zip(ends.iter().skip(1)).map(|((_, before), (month, price))| (*month, price / before - 1.0)).collect()
}

fn changes(sample: &Sample, maturity: Maturity) -> Months {
    let ends: Months = sample.yields.get(maturity).iter().map(|(date, value)| (date.month_end(), *value)).collect();
    ends.iter().zip(ends.iter().skip(1)).map(|((_, before), (month, value))| (*month, value - before)).collect()
}

fn correlation(a: &Months, b: &Months) -> f64 {
    let pairs: Vec<(f64, f64)> = a.iter().filter_map(|(month, x)| Some((*x, *b.get(month)?))).collect();
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| f(x - mx, y - my)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

fn volatility(months: &Months) -> f64 {
    let n = months.len() as f64;
    let mean = months.values().sum::<f64>() / n;
    (months.values().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0) * 12.0).sqrt()
}

fn worst_drawdown(series: &PriceSeries) -> f64 {
    let mut peak = f64::MIN;
    series.prices().iter().fold(0.0, |worst: f64, price| {
        peak = peak.max(*price);
        worst.min(price / peak - 1.0)
    })
}

/// The bounds hold over the 168 months to the end of 2024, the span of the real data they were taken from, and over
/// the whole sample.
#[test]
fn it_looks_like_markets() {
    for until in ["2024-12-31", "2026-06-30"] {
        let sample = sample(until);
        let spy = series(&sample, "SPY");
        assert!(worst_drawdown(spy) < -0.20, "{}", worst_drawdown(spy));
        for (ticker, low, high) in [
            ("SPY", 0.12, 0.20),
            ("TLT", 0.10, 0.18),
            ("IEF", 0.03, 0.09),
            ("SHY", 0.003, 0.025),
            ("BIL", 0.0, 0.01),
            ("SGOV", 0.0, 0.01),
            ("HYG", 0.05, 0.12),
            ("LQD", 0.05, 0.12),
            ("GLD", 0.10, 0.20),
            ("XLU", 0.10, 0.18),
            ("XOP", 0.28, 0.48),
            ("IBIT", 0.40, 0.90),
        ] {
            let got = volatility(&returns(&sample, ticker));
            assert!((low..=high).contains(&got), "volatility of {ticker} until {until}: {got}");
        }
        for (a, b, low, high) in [
            ("SPY", "TLT", -0.6, 0.1),
            ("SPY", "XLK", 0.8, 1.0),
            ("SPY", "XLU", 0.2, 0.7),
            ("SPY", "GLD", -0.2, 0.3),
            ("SPY", "HYG", 0.5, 0.9),
            ("SPY", "IWM", 0.8, 0.97),
            ("SPY", "EFA", 0.75, 0.95),
            ("SPY", "EEM", 0.55, 0.9),
            ("SPY", "VNQ", 0.55, 0.9),
            ("OIH", "XOP", 0.75, 1.0),
            ("GDX", "GLD", 0.6, 0.95),
            ("SLV", "GLD", 0.5, 0.9),
            ("KRE", "XLF", 0.7, 0.97),
            ("GLD", "TLT", 0.05, 0.5),
            ("LQD", "TLT", 0.5, 0.9),
            ("USO", "XLE", 0.3, 0.8),
        ] {
            let got = correlation(&returns(&sample, a), &returns(&sample, b));
            assert!((low..=high).contains(&got), "{a} and {b} until {until}: {got}");
        }
        for (ticker, low, high) in [
            ("TLT", -1.0, -0.8),
            ("IEF", -1.0, -0.95),
            ("SHY", -1.0, -0.6),
            ("KRE", 0.02, 0.5),
            ("XLF", 0.02, 0.5),
            ("XLU", -0.6, 0.05),
            ("VNQ", -0.6, 0.05),
            ("GLD", -0.6, 0.0),
        ] {
            let got = correlation(&returns(&sample, ticker), &changes(&sample, Maturity::Ust10Y));
            assert!((low..=high).contains(&got), "{ticker} and UST10Y until {until}: {got}");
        }
    }
}

#[test]
fn yields_stay_above_the_floor_on_every_trading_day() {
    let sample = sample("2026-06-30");
    for maturity in Maturity::ALL {
        let rows = sample.yields.get(maturity);
        assert_eq!(rows.len(), series(&sample, "SPY").len());
        assert!(rows.iter().all(|(_, value)| (0.02..9.0).contains(value)));
    }
}

#[test]
fn every_trading_day_has_a_price_and_there_are_180_months() {
    let sample = sample("2026-06-30");
    let days: Vec<NaiveDate> = first_day()
        .iter_days()
        .take_while(|date| *date <= day("2026-06-30"))
        .filter(|date| is_trading_day(*date))
        .collect();
    assert_eq!(series(&sample, "SPY").dates(), days);
    assert_eq!(series(&sample, "SPY").prices()[0], BASE);
    assert!(returns(&sample, "SPY").len() >= 180);
    assert!(sample.prices.values().all(|series| series.bad_prices() == 0 && series.duplicate_dates() == 0));
}

#[test]
fn late_starters_and_the_stopped_fund() {
    let sample = sample("2025-06-30");
    let first = |ticker| series(&sample, ticker).dates()[0];
    assert_eq!(first("XLC"), day("2018-06-01"));
    assert_eq!(first("IBIT"), day("2024-01-02"));
    assert_eq!(first("KBWP"), day("2010-12-31"));
    let pej = series(&sample, "PEJ");
    assert_eq!((pej.dates()[0], *pej.dates().last().unwrap()), (day("2010-12-31"), day("2023-06-15")));
    assert_eq!(series(&Sample::new(day("2012-01-01")), "IBIT").len(), 0);
}

#[test]
fn a_longer_sample_begins_with_the_shorter_one() {
    let (short, long) = (sample("2020-03-10"), sample("2026-06-30"));
    for (ticker, shorter) in &short.prices {
        let longer = &long.prices[ticker];
        assert_eq!(shorter.dates(), &longer.dates()[..shorter.len()]);
        assert_eq!(shorter.prices(), &longer.prices()[..shorter.len()], "{ticker}");
    }
    for maturity in Maturity::ALL {
        let shorter = short.yields.get(maturity);
        assert_eq!(shorter, &long.yields.get(maturity)[..shorter.len()]);
    }
}

#[test]
fn every_fund_has_a_sound_row() {
    let tickers = SamplePrices::new(day("2024-01-01")).tickers();
    assert_eq!(tickers.len(), funds().count());
    assert!(tickers.is_sorted_by(|a, b| a < b), "each ticker once");
    for ticker in tickers {
        assert!((0.0..0.15).contains(&dividend_yield(&ticker).unwrap()));
        assert!(market_cap(&ticker).unwrap() > 1e6);
    }
    assert_eq!(dividend_yield(&"GLD".parse().unwrap()), Some(0.0));
    assert_eq!(market_cap(&"ZZZ".parse().unwrap()), None);
}

/// The proposed universe, where there is one next to the checkout.
#[test]
fn the_whole_universe_is_covered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/universe-proposal.yaml");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no universe at ../shared/data/universe-proposal.yaml");
        return;
    };
    let mut named = 0;
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or(line);
        let is_ticker = |word: &&str| (3..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
        let of =
            |key: &str| line.split_once(key).and_then(|(_, rest)| rest.trim().split([',', '}']).next()).map(str::trim);
        let inception = of("inception:").map(|month| month.trim_matches('"').replace('-', ""));
        for key in ["proxy:", "etf:", "market:", "momentum:", "value:"] {
            let Some(ticker) = of(key).filter(is_ticker) else { continue };
            let fund = funds().find(|fund| fund.ticker == ticker);
            assert!(fund.is_some(), "{ticker} has no row");
            if let (Some(month), Some(fund)) = (&inception, fund) {
                let month: u32 = month.parse().unwrap();
                assert_eq!(fund.start.max(201_012), month.max(201_012), "{ticker}");
            }
            named += 1;
        }
    }
    assert!(named > 90, "{named}");
}

#[tokio::test]
async fn it_answers_as_a_source() {
    let start = Instant::now();
    let source = SamplePrices::new(day("2026-11-21"));
    assert!(source.about().simulated);
    let range = DateRange::day(day("2020-01-02"));
    let spy = source.history(&"SPY".parse().unwrap(), range).await.unwrap().series;
    println!("simulated in {:?}", start.elapsed());
    assert_eq!(spy.dates().last(), Some(&day("2026-11-20")));
    assert_eq!(source.yields(range).await.unwrap().maturities().count(), 5);
    let Err(PriceError::NoData(message)) = source.history(&"SPX".parse().unwrap(), range).await else {
        panic!("no data")
    };
    assert!(message.contains("SPX is not among the") && message.ends_with("did you mean SPY?"), "{message}");
}

/// What the export writes is read back bit for bit, stopped and late funds included.
#[tokio::test]
async fn written_as_a_file_it_reads_back_the_same() {
    let source = SamplePrices::new(day("2026-11-21"));
    let all = DateRange::new(NaiveDate::MIN, NaiveDate::MAX).unwrap();
    let folder = tempfile::tempdir().unwrap();
    crate::export::write(&source, folder.path()).await.unwrap();
    let files = FilePrices::open(folder.path(), None, || NaiveDate::MAX).unwrap();
    assert_eq!(files.tickers().await.unwrap(), source.tickers());
    for ticker in source.tickers() {
        let (made, read) =
            (source.history(&ticker, all).await.unwrap().series, files.history(&ticker, all).await.unwrap().series);
        assert_eq!(made, read, "{ticker}");
    }
    assert_eq!(source.yields(all).await.unwrap(), files.yields(all).await.unwrap());
    assert!(files.about().warnings.is_empty());
}
