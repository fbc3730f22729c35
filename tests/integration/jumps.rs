//! The rules of the gate on market data: what they find of faults put in, and what they raise where there is none.
//!
//! One round over six years in the tests; `scripts/long.sh jumps` repeats it over all of them (`JUMP_ROUNDS`) and prints the table.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Instant};

use chrono::{Datelike, NaiveDate};
use factor_analytics::findings::{
    Finding, FindingKind, OddKind, Shifted, YieldUnit, copies, examine, examine_yields, frozen, odd_yields, repeated,
    shifted,
};
use factor_prices::{FilePrices, PriceProvider, YieldProvider};
use factor_types::{DateRange, Maturity, PriceKind, PriceSeries, Ticker, YieldTable};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows at either end in which nothing is put: a split in the last five is unconfirmed.
const MARGIN: usize = 6;

/// Funds of bonds and bills, which hardly move.
const CALM: [&str; 8] = ["BIL", "SGOV", "SHY", "IEI", "IEF", "LQD", "TIP", "MUB"];

/// What is put into a fund's prices, and what has to be said of it at the row from which they are changed.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    /// The kinds that are right.
    kinds: &'static [FindingKind],
    factor: f64,
    /// For how many rows; `None` for all that follow.
    rows: Option<usize>,
    place: Place,
    /// True where it is put into calm funds alone, and where each fund is examined without the others.
    calm: bool,
    alone: bool,
    /// The least share, in percent, that is found by its kind, and that is said at all.
    least: [f64; 2],
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// On a day of its own for each fund.
    Anywhere,
    /// On the worst day of the crash of 2020, on which no fund of stocks stood still.
    Crash,
    First,
    Last,
}

/// Faults, and what is found of them at least: a step under what long runs find.
fn faults() -> Vec<Fault> {
    use FindingKind::{Jump, Level, Spike, SplitLike, Unconfirmed, UnitJump};
    let of = |name, kinds, factor, rows, least| {
        let place = Place::Anywhere;
        Fault { name, kinds, factor, rows, place, calm: false, alone: false, least }
    };
    let calm = |fault| Fault { calm: true, ..fault };
    let alone = |fault| Fault { alone: true, ..fault };
    let at = |place, fault| Fault { place, ..fault };
    let stands: &[FindingKind] = &[Level, Jump];
    let at_the_end: &[FindingKind] = &[Unconfirmed];
    vec![
        of("spike x1.5", &[Spike], 1.5, Some(1), [92.0, 95.0]),
        of("spike /1.5", &[Spike], 1.0 / 1.5, Some(1), [92.0, 95.0]),
        of("spike x1.3, three rows", &[Spike], 1.3, Some(3), [85.0, 88.0]),
        of("spike x3, five rows", &[Spike], 3.0, Some(5), [92.0, 95.0]),
        of("spike x100", &[Spike], 100.0, Some(1), [92.0, 95.0]),
        of("spike /100", &[Spike], 0.01, Some(1), [92.0, 95.0]),
        of("spike +10%", &[Spike], 1.1, Some(1), [60.0, 60.0]),
        alone(of("spike -10%, alone", &[Spike], 0.9, Some(1), [45.0, 45.0])),
        calm(of("spike +4%, calm", &[Spike], 1.04, Some(1), [80.0, 80.0])),
        calm(of("spike -4%, calm", &[Spike], 0.96, Some(1), [80.0, 80.0])),
        calm(alone(of("spike +4%, calm, alone", &[Spike], 1.04, Some(1), [75.0, 75.0]))),
        of("split 5:4", &[SplitLike], 0.8, None, [70.0, 82.0]),
        of("split 4:3", &[SplitLike], 0.75, None, [70.0, 90.0]),
        of("split 7:5", &[SplitLike], 5.0 / 7.0, None, [70.0, 90.0]),
        of("split 3:2", &[SplitLike], 2.0 / 3.0, None, [92.0, 95.0]),
        alone(of("split 3:2, alone", &[SplitLike], 2.0 / 3.0, None, [88.0, 92.0])),
        of("split 5:3", &[SplitLike], 0.6, None, [70.0, 95.0]),
        of("split 2:1", &[SplitLike], 0.5, None, [92.0, 95.0]),
        of("split 9:4", &[SplitLike], 4.0 / 9.0, None, [70.0, 95.0]),
        of("split 4:1", &[SplitLike], 0.25, None, [92.0, 95.0]),
        of("split 8:1", &[SplitLike], 0.125, None, [92.0, 95.0]),
        of("split 9:1", &[SplitLike], 1.0 / 9.0, None, [92.0, 95.0]),
        of("split 11:1", &[SplitLike], 1.0 / 11.0, None, [92.0, 95.0]),
        of("split 20:1", &[SplitLike], 0.05, None, [92.0, 95.0]),
        of("reverse 4:5", &[SplitLike], 1.25, None, [65.0, 82.0]),
        of("reverse 1:2", &[SplitLike], 2.0, None, [92.0, 95.0]),
        of("reverse 1:10", &[SplitLike], 10.0, None, [92.0, 95.0]),
        at(Place::Crash, of("split 5:4 in a crash", &[SplitLike], 0.8, None, [25.0, 75.0])),
        at(Place::Crash, of("split 3:2 in a crash", &[SplitLike], 2.0 / 3.0, None, [75.0, 90.0])),
        at(Place::Crash, of("split 2:1 in a crash", &[SplitLike], 0.5, None, [80.0, 92.0])),
        of("pence", &[UnitJump], 100.0, None, [92.0, 95.0]),
        of("pounds", &[UnitJump], 0.01, None, [92.0, 95.0]),
        of("x0.7 for 30 rows", &[Level], 0.7, Some(30), [85.0, 88.0]),
        of("split 2:1 for 59 rows", &[Level], 0.5, Some(59), [88.0, 92.0]),
        calm(of("+10% for 30 rows, calm", &[Level], 1.1, Some(30), [80.0, 80.0])),
        calm(of("+10% that stands, calm", &[Level], 1.1, None, [85.0, 85.0])),
        of("+20% that stands", stands, 1.2, None, [60.0, 70.0]),
        at(Place::Last, of("last price +14%", at_the_end, 1.14, None, [80.0, 80.0])),
        calm(at(Place::Last, of("last price +5%, calm", at_the_end, 1.05, None, [95.0, 95.0]))),
        at(Place::First, of("first price +14%", at_the_end, 1.14, Some(1), [75.0, 85.0])),
    ]
}

/// How often each kind of fault is put into every fund, where that is said.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests and not of the server")]
fn rounds() -> Option<usize> {
    std::env::var("JUMP_ROUNDS").ok().and_then(|rounds| rounds.parse().ok())
}

/// The prices from 2019 on, the crash of 2020 among them: a sixth of the work.
fn of_late(series: &Arc<PriceSeries>) -> Arc<PriceSeries> {
    let rows = series.dates().iter().copied().zip(series.prices().iter().copied());
    let late = rows.filter(|(date, _)| date.year() >= 2019).collect::<Vec<_>>();
    Arc::new(PriceSeries::new(series.ticker().clone(), series.kind(), late))
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
    examine(series)
}

fn line(found: &Finding) -> String {
    format!("{:11} {} {}", found.kind.as_str(), found.ticker, found.date)
}

/// The series with a fault, and the date at which it has to be found; `None` for one without a price there.
fn with_fault(series: &PriceSeries, fault: Fault, random: &mut ChaCha8Rng) -> Option<(Arc<PriceSeries>, NaiveDate)> {
    let crash = NaiveDate::from_ymd_opt(2020, 3, 16).unwrap();
    let at = match fault.place {
        // One that is undone has its sixty rows.
        Place::Anywhere => random.random_range(1..series.len() - MARGIN - fault.rows.unwrap_or(0)),
        Place::Crash => series.dates().binary_search(&crash).ok().filter(|at| *at > 0)?,
        Place::First => 0,
        Place::Last => series.len() - 1,
    };
    let until = fault.rows.map_or(series.len(), |rows| at + rows);
    let price = |(row, price): (usize, &f64)| if (at..until).contains(&row) { price * fault.factor } else { *price };
    let rows = series.dates().iter().copied().zip(series.prices().iter().enumerate().map(price));
    let faulty = PriceSeries::new(series.ticker().clone(), PriceKind::Adjusted, rows);
    Some((Arc::new(faulty), series.dates()[at.max(1)]))
}

/// What is said of each faulty series at its date. Where all are at fault on one day, so is one series in six at a time.
fn said_of(clean: &[Arc<PriceSeries>], fault: Fault, random: &mut ChaCha8Rng) -> Vec<Option<FindingKind>> {
    let turns = if fault.place == Place::Anywhere { 1 } else { 6 };
    let takes_part = |series: &PriceSeries| !fault.calm || CALM.contains(&series.ticker().as_str());
    let parts: Vec<usize> = (0..clean.len()).filter(|at| takes_part(&clean[*at])).collect();
    let mut said = Vec::new();
    for turn in 0..turns {
        let mut series = clean.to_vec();
        let mut days = BTreeMap::<Ticker, NaiveDate>::new();
        for at in parts.iter().skip(turn).step_by(turns) {
            let Some((faulty, day)) = with_fault(&clean[*at], fault, random) else { continue };
            days.insert(faulty.ticker().clone(), day);
            series[*at] = faulty;
        }
        let found: Vec<Finding> = match fault.alone {
            true => {
                let alone = |one: &&Arc<PriceSeries>| days.contains_key(one.ticker());
                series.iter().filter(alone).flat_map(|one| raised(std::slice::from_ref(one))).collect()
            }
            false => raised(&series),
        };
        let at: BTreeMap<(Ticker, NaiveDate), FindingKind> =
            found.into_iter().map(|found| ((found.ticker, found.date), found.kind)).collect();
        said.extend(days.into_iter().map(|day| at.get(&day).copied()));
    }
    said
}

#[tokio::test]
async fn faults_put_into_market_data_are_found() {
    let Some(source) = market("prices") else { return };
    let clean = prices(&source).await;
    let clean = if rounds().is_some() { clean } else { clean.iter().map(of_late).collect() };
    let mut random = ChaCha8Rng::seed_from_u64(15);
    let mut short = Vec::new();
    println!("{:26} {:>6} {:>8} {:>8}", "fault", "put in", "found", "raised");
    for fault in faults() {
        let said: Vec<_> = (0..rounds().unwrap_or(1)).flat_map(|_| said_of(&clean, fault, &mut random)).collect();
        let share = |is: &dyn Fn(FindingKind) -> bool| {
            100.0 * said.iter().filter(|kind| kind.is_some_and(is)).count() as f64 / said.len() as f64
        };
        let (found, raised) = (share(&|kind| fault.kinds.contains(&kind)), share(&|_| true));
        println!("{:26} {:>6} {found:>7.1}% {raised:>7.1}%", fault.name, said.len());
        // Of eight funds over six years one or two are a matter of luck.
        let luck = if rounds().is_none() && said.len() < 20 { 25.0 } else { 0.0 };
        if found < fault.least[0] - luck || raised < fault.least[1] - luck {
            short.push(fault.name);
        }
    }
    assert!(short.is_empty(), "found less often than they were: {short:?}");
}

/// Two faults of one day in two funds that move together: neither is the other's excuse.
#[tokio::test]
async fn faults_of_one_day_do_not_hide_each_other() {
    let Some(source) = market("prices") else { return };
    let mut series = prices(&source).await;
    let day = NaiveDate::from_ymd_opt(2017, 5, 9).unwrap();
    for (ticker, factor) in [("SPY", 1.2), ("VTI", 1.25)] {
        let one = series.iter_mut().find(|one| one.ticker().as_str() == ticker).unwrap();
        let prices = one.dates().iter().zip(one.prices()).map(|(date, price)| {
            let factor = if *date == day { factor } else { 1.0 };
            (*date, price * factor)
        });
        *one = Arc::new(PriceSeries::new(one.ticker().clone(), PriceKind::Adjusted, prices.collect::<Vec<_>>()));
    }
    let found: Vec<String> = raised(&series).iter().filter(|one| one.date == day).map(line).collect();
    assert_eq!(found, ["spike       SPY 2017-05-09", "spike       VTI 2017-05-09"]);
}

/// All of a file times one factor from a day on, and on one day: the funds are no excuse for each other.
/// One fund at a time late or early throughout, or for two years, among all and among twelve: found with its rows, and others are
/// hardly ever named for it.
#[tokio::test]
async fn funds_that_slip_are_found_and_hardly_any_others() {
    let Some(source) = market("prices") else { return };
    let all = prices(&source).await;
    let few = ["SPY", "XLK", "XLE", "XLU", "EEM", "TLT", "LQD", "GLD", "USO", "BIL", "IWM", "EFA"];
    let few: Vec<_> = all.iter().filter(|one| few.contains(&one.ticker().as_str())).cloned().collect();
    let years = |date: NaiveDate| (2016..2018).contains(&date.year());
    let slipped = |one: &PriceSeries, rows: isize, when: &dyn Fn(NaiveDate) -> bool| {
        let prices = one.dates().iter().enumerate().filter_map(|(row, date)| {
            let row = if when(*date) { row.checked_add_signed(-rows)? } else { row };
            Some((*date, *one.prices().get(row)?))
        });
        Arc::new(PriceSeries::new(one.ticker().clone(), PriceKind::Adjusted, prices.collect::<Vec<_>>()))
    };
    println!("{:10} {:>5} {:>10} {:>6} {:>6} {:>6}", "among", "rows", "when", "put in", "found", "others");
    for (name, clean, every, least) in [("all", &all, 16, 80), ("twelve", &few, 1, 60)] {
        for (rows, throughout) in [(1, true), (-5, true), (21, true), (5, false), (-21, false)] {
            let (mut put, mut right, mut others) = (0, 0, 0);
            for at in (0..clean.len()).step_by(every) {
                let mut series = clean.clone();
                let when = |date| throughout || years(date);
                series[at] = slipped(&clean[at], rows, &when);
                let found = shifted(&series);
                let is_it = |one: &&Shifted| one.ticker == *clean[at].ticker();
                put += 1;
                right += usize::from(found.iter().filter(is_it).any(|one| one.rows == i64::try_from(rows).unwrap()));
                others += found.iter().filter(|one| !is_it(one)).count();
            }
            let when = if throughout { "throughout" } else { "two years" };
            println!("{name:10} {rows:>5} {when:>10} {put:>6} {right:>6} {others:>6}");
            // Where the one that slips is what another moves with, that other may be named too.
            assert!(
                100 * right >= least * put && 6 * others <= put,
                "{name} {rows} {when}: {right} of {put}, {others} others"
            );
        }
    }
}

#[tokio::test]
async fn a_file_that_was_changed_as_a_whole_is_found() {
    let Some(source) = market("prices") else { return };
    let clean = prices(&source).await;
    let of = ["SPY", "TLT", "GLD", "BIL", "XLE", "IWM"];
    let clean: Vec<_> = clean.iter().filter(|one| of.contains(&one.ticker().as_str())).collect();
    let day = NaiveDate::from_ymd_opt(2017, 5, 9).unwrap();
    for (stands, factor) in [(true, 1.25), (true, 0.5), (false, 1.4)] {
        let changed: Vec<_> = clean
            .iter()
            .map(|one| {
                let prices = one.dates().iter().zip(one.prices()).map(|(date, price)| {
                    let touched = if stands { *date >= day } else { *date == day };
                    (*date, if touched { price * factor } else { *price })
                });
                Arc::new(PriceSeries::new(one.ticker().clone(), PriceKind::Adjusted, prices.collect::<Vec<_>>()))
            })
            .collect();
        let found = raised(&changed);
        let on_the_day = found.iter().filter(|one| one.date == day).count();
        assert_eq!(on_the_day, of.len(), "{stands} {factor}: {found:?}");
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
    assert_eq!(copies(&series), []);
    let began = Instant::now();
    let others = (shifted(&series), repeated(&series), frozen(&series));
    println!("slips, repeated rows and still prices in {} ms", began.elapsed().as_millis());
    assert_eq!(others, (vec![], vec![], vec![]));
}

/// Each of these is true or a misprint: SVXY's collapse, and UVXY's close of that evening, 40% off the futures that VIXY closed at;
/// ETHE's first days and GBTC's in an empty market; two closes of CPER and one of BTAL that were gone the day after. None on the
/// days of the market in 2018, 2020 and 2024.
#[tokio::test]
async fn geared_inverse_volatility_and_coin_funds_raise_no_false_alarm() {
    let Some(source) = market("odd") else { return };
    let series = prices(&source).await;
    assert_eq!(
        (copies(&series), shifted(&series), repeated(&series), frozen(&series)),
        (vec![], vec![], vec![], vec![])
    );
    let found: Vec<String> = raised(&series).iter().map(line).collect();
    println!("raised on odd funds:\n{}", found.join("\n"));
    let expected = [
        "spike       BTAL 2015-04-29",
        "spike       CPER 2014-12-04",
        "spike       CPER 2015-02-02",
        "split_like  ETHE 2019-06-20",
        "split_like  ETHE 2019-06-24",
        "jump        GBTC 2015-05-15",
        "jump        GBTC 2015-05-18",
        "split_like  SVXY 2018-02-06",
        "split_like  UVXY 2018-02-06",
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

/// A change of a yield, by the row and the value.
type Change = fn(usize, f64) -> f64;

/// Faults inside one column, from row 100 of a window of 500 days on; and nothing in any window without one.
#[tokio::test]
async fn faults_inside_columns_of_yields_are_found() {
    let Some(source) = market("prices") else { return };
    let table = source.yields(DateRange::day(NaiveDate::MIN)).await.unwrap();
    let rows = table.get(Maturity::Ust10Y).len();
    let window = |start: usize, length: usize, changed: Option<(Maturity, Change)>| {
        let mut window = YieldTable::default();
        for maturity in table.maturities() {
            let rows = table.get(maturity)[start..start + length].iter().enumerate().map(|(at, (date, value))| {
                let changed = changed.filter(|(wrong, _)| *wrong == maturity);
                (*date, changed.map_or(*value, |(_, change)| change(at, *value)))
            });
            window.insert(maturity, rows.collect::<Vec<_>>());
        }
        window
    };
    let mut windows = 0;
    for length in [60, 250, 750, rows] {
        for start in (0..=rows - length).step_by(21) {
            assert_eq!(odd_yields(&window(start, length, None)), [], "{length} rows from {start}");
            windows += 1;
        }
    }
    println!("{windows} windows of five columns of yields: nothing found");
    let faults: [(&str, OddKind, Change, f64); 6] = [
        ("basis points from a day on", OddKind::UnitChange, |at, y| if at >= 100 { 100.0 * y } else { y }, 95.0),
        ("decimals from a day on", OddKind::UnitChange, |at, y| if at >= 100 { y / 100.0 } else { y }, 95.0),
        ("a day times ten", OddKind::BadDays, |at, y| if at == 100 { 10.0 * y } else { y }, 80.0),
        ("a day of zero", OddKind::BadDays, |at, y| if at == 100 { 0.0 } else { y }, 80.0),
        ("a day below zero", OddKind::BadDays, |at, y| if at == 100 { -y } else { y }, 80.0),
        ("stands still for 60 days", OddKind::Still, |at, y| if (100..160).contains(&at) { 2.5 } else { y }, 99.0),
    ];
    println!("{:28} {:>6} {:>8}", "fault of yields", "put in", "found");
    for (name, kind, change, least) in faults {
        let (mut put, mut found) = (0, 0);
        for maturity in table.maturities() {
            for start in (0..=rows - 500).step_by(40) {
                let odd = odd_yields(&window(start, 500, Some((maturity, change))));
                put += 1;
                found += usize::from(odd.iter().any(|one| one.kind == kind && one.maturity == maturity));
            }
        }
        let share = 100.0 * found as f64 / put as f64;
        println!("{name:28} {put:>6} {share:>7.1}%");
        assert!(share >= least, "{name}: {found} of {put}");
    }
    let mut swapped = (0, 0);
    for start in (0..=rows - 500).step_by(100) {
        let right = window(start, 500, None);
        for (a, b) in [
            (Maturity::Ust3M, Maturity::Ust2Y),
            (Maturity::Ust2Y, Maturity::Ust10Y),
            (Maturity::Ust10Y, Maturity::Ust30Y),
        ] {
            let mut wrong = right.clone();
            wrong.insert(a, right.get(b).to_vec());
            wrong.insert(b, right.get(a).to_vec());
            let found = odd_yields(&wrong);
            swapped.0 += 1;
            swapped.1 += usize::from(found.iter().any(|one| (one.maturity, one.with) == (a, Some(b))));
        }
    }
    println!("{:28} {:>6} {:>7.1}%", "two columns exchanged", swapped.0, 100.0 * swapped.1 as f64 / swapped.0 as f64);
    assert_eq!(swapped.0, swapped.1);
}
