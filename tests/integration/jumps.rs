//! The rules of the gate on market data: what they find of faults put in, and what they raise where there is none.
//!
//! One round in the tests; `scripts/long.sh jumps` repeats it (`JUMP_ROUNDS`) and prints the table.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Instant};

use chrono::NaiveDate;
use factor_analytics::findings::{Finding, FindingKind, YieldUnit, examine, examine_yields};
use factor_prices::{FilePrices, PriceProvider, YieldProvider};
use factor_types::{DateRange, Maturity, PriceKind, PriceSeries, Ticker, YieldTable};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows at either end in which nothing is put: a split in the last five is unconfirmed.
const MARGIN: usize = 6;

/// The dates from which a price is changed, by what factor, and for how many rows; `None` for all that follow.
type Fault = (FindingKind, f64, Option<usize>);

fn faults() -> Vec<(&'static str, Fault)> {
    use FindingKind::{Spike, SplitLike, UnitJump};
    vec![
        ("spike x1.5", (Spike, 1.5, Some(1))),
        ("spike /1.5", (Spike, 1.0 / 1.5, Some(1))),
        ("spike x3, three rows", (Spike, 3.0, Some(3))),
        ("spike x100", (Spike, 100.0, Some(1))),
        ("spike /100", (Spike, 0.01, Some(1))),
        ("split 3:2", (SplitLike, 2.0 / 3.0, None)),
        ("split 2:1", (SplitLike, 0.5, None)),
        ("split 4:1", (SplitLike, 0.25, None)),
        ("split 8:1", (SplitLike, 0.125, None)),
        ("split 20:1", (SplitLike, 0.05, None)),
        ("reverse 1:2", (SplitLike, 2.0, None)),
        ("reverse 1:10", (SplitLike, 10.0, None)),
        ("pence", (UnitJump, 100.0, None)),
        ("pounds", (UnitJump, 0.01, None)),
    ]
}

/// How often each kind of fault is put into every fund.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests and not of the server")]
fn rounds() -> usize {
    std::env::var("JUMP_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn market(name: &str) -> Option<FilePrices> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(FilePrices::open(&folder, None, || NaiveDate::MAX).unwrap())
}

async fn prices(source: &FilePrices) -> Vec<Arc<PriceSeries>> {
    let mut all = Vec::new();
    for ticker in source.tickers().await.unwrap() {
        all.push(source.history(&ticker, DateRange::day(NaiveDate::MIN)).await.unwrap().series);
    }
    all
}

fn raised(series: &[Arc<PriceSeries>]) -> Vec<Finding> {
    examine(series, Some(&Ticker::spy()))
}

fn line(found: &Finding) -> String {
    format!("{:11} {} {}", found.kind.as_str(), found.ticker, found.date)
}

/// The series with a fault from a random row on, and that row's date.
fn with_fault(
    series: &PriceSeries,
    (_, factor, rows): Fault,
    random: &mut ChaCha8Rng,
) -> (Arc<PriceSeries>, NaiveDate) {
    let at = random.random_range(1..series.len() - MARGIN);
    let until = rows.map_or(series.len(), |rows| at + rows);
    let price = |(row, price): (usize, &f64)| if (at..until).contains(&row) { price * factor } else { *price };
    let rows = series.dates().iter().copied().zip(series.prices().iter().enumerate().map(price));
    (Arc::new(PriceSeries::new(series.ticker().clone(), PriceKind::Adjusted, rows)), series.dates()[at])
}

#[tokio::test]
async fn faults_put_into_market_data_are_found() {
    let Some(source) = market("prices") else { return };
    let clean = prices(&source).await;
    let rounds = rounds();
    let mut random = ChaCha8Rng::seed_from_u64(15);
    println!("{:22} {:>6} {:>8} {:>8}", "fault", "put in", "found", "raised");
    for (name, fault) in faults() {
        let (mut put, mut found, mut said) = (0, 0, 0);
        for _ in 0..rounds {
            // Every fund at once, each on a day of its own.
            let (faulty, days): (Vec<_>, Vec<_>) =
                clean.iter().map(|series| with_fault(series, fault, &mut random)).unzip();
            let mut at = BTreeMap::<(Ticker, NaiveDate), FindingKind>::new();
            at.extend(raised(&faulty).into_iter().map(|found| ((found.ticker, found.date), found.kind)));
            for (series, day) in faulty.iter().zip(days) {
                let kind = at.get(&(series.ticker().clone(), day));
                put += 1;
                found += usize::from(kind == Some(&fault.0));
                said += usize::from(kind.is_some());
            }
        }
        let share = |count: usize| 100.0 * count as f64 / put as f64;
        println!("{name:22} {put:>6} {:>7.1}% {:>7.1}%", share(found), share(said));
        assert!(share(found) >= 92.0 && share(said) >= 95.0, "{name}: {found} and {said} of {put}");
    }
}

/// Three moves of one fund alone, none a misprint: Fukushima, and two days of a fund that hardly traded.
#[tokio::test]
async fn nothing_is_called_a_misprint_in_ninety_two_funds_over_fifteen_years() {
    let Some(source) = market("prices") else { return };
    let (series, began) = (prices(&source).await, Instant::now());
    let found: Vec<String> = raised(&series).iter().map(line).collect();
    println!("raised on {} funds, in {} ms:\n{}", series.len(), began.elapsed().as_millis(), found.join("\n"));
    assert_eq!(found, ["jump        IMTM 2015-02-12", "jump        IMTM 2015-02-13", "jump        URA 2011-03-14"]);
}

/// Each of these is true or a misprint: SVXY's collapse; ETHE's first days and GBTC's in an empty market; two closes of CPER and
/// one of BTAL that were gone the day after; natural gas. None on the days of the market in 2018, 2020 and 2024.
#[tokio::test]
async fn geared_inverse_volatility_and_coin_funds_raise_no_false_alarm() {
    let Some(source) = market("odd") else { return };
    let found: Vec<String> = raised(&prices(&source).await).iter().map(line).collect();
    println!("raised on odd funds:\n{}", found.join("\n"));
    let expected = [
        "spike       BTAL 2015-04-29",
        "spike       CPER 2014-12-04",
        "spike       CPER 2015-02-02",
        "split_like  ETHE 2019-06-20",
        "split_like  ETHE 2019-06-21",
        "jump        ETHE 2019-06-24",
        "spike       ETHE 2019-06-25",
        "jump        GBTC 2015-05-15",
        "jump        GBTC 2015-05-18",
        "split_like  SVXY 2018-02-06",
        "jump        UNG 2018-11-15",
    ];
    assert_eq!(found, expected);
}

/// Windows of a month to all fifteen years, years of rates near zero among them; and each in decimals and basis points.
#[tokio::test]
async fn yields_in_percent_are_never_refused_and_others_are() {
    let Some(source) = market("prices") else { return };
    let table = source.yields(DateRange::day(NaiveDate::MIN)).await.unwrap();
    let cut = |maturity: Maturity, rows: std::ops::Range<usize>, scale: f64| {
        let mut cut = YieldTable::default();
        cut.insert(maturity, table.get(maturity)[rows].iter().map(|(date, value)| (*date, value * scale)));
        examine_yields(&cut).first().map(|found| found.unit)
    };
    let (mut windows, mut found) = (0, [0, 0]);
    for maturity in table.maturities() {
        let rows = table.get(maturity).len();
        for length in [30, 60, 250, 750, rows] {
            for start in (0..=rows - length).step_by(21) {
                let window = start..start + length;
                // A short window may be of zeros but for a few days.
                let refused = cut(maturity, window.clone(), 1.0).filter(|unit| *unit != YieldUnit::Unverified);
                assert_eq!(refused, None, "{maturity} {window:?}");
                windows += 1;
                found[0] += usize::from(cut(maturity, window.clone(), 0.01) == Some(YieldUnit::Decimals));
                found[1] += usize::from(cut(maturity, window, 100.0) == Some(YieldUnit::BasisPoints));
            }
        }
    }
    let share = |count: usize| 100.0 * f64::from(u32::try_from(count).unwrap()) / f64::from(windows);
    println!(
        "{windows} windows of yields: no refusal; decimals {:.1}%, basis points {:.1}% found",
        share(found[0]),
        share(found[1])
    );
    assert!(windows > 3_000 && share(found[0]) > 90.0 && share(found[1]) > 90.0, "{found:?} of {windows}");
}
