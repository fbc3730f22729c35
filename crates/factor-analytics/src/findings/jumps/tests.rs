use factor_types::PriceKind;

use super::*;
use crate::findings::examine;

const ROWS_IN_ALL: usize = 300;

/// Daily prices around 100 that move by 1% up and down, with `change` made to them.
fn fund(name: &str, change: impl Fn(usize, &mut f64)) -> Arc<PriceSeries> {
    fund_every(1, name, change)
}

fn fund_every(days: usize, name: &str, change: impl Fn(usize, &mut f64)) -> Arc<PriceSeries> {
    let dates = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap().iter_days().step_by(days);
    let rows = dates.enumerate().take(ROWS_IN_ALL).map(|(at, date)| {
        let mut price = if at % 2 == 0 { 100.0 } else { 101.0 };
        change(at, &mut price);
        (date, price)
    });
    Arc::new(PriceSeries::new(name.parse().unwrap(), PriceKind::Adjusted, rows.collect::<Vec<_>>()))
}

fn quiet(name: &str) -> Arc<PriceSeries> {
    fund(name, |_, _| {})
}

/// From a row on times a factor.
fn from(row: usize, factor: f64) -> impl Fn(usize, &mut f64) {
    move |at, price| *price *= if at >= row { factor } else { 1.0 }
}

/// For some rows times a factor.
fn during(rows: std::ops::Range<usize>, factor: f64) -> impl Fn(usize, &mut f64) {
    move |at, price| *price *= if rows.contains(&at) { factor } else { 1.0 }
}

fn kinds(series: &[Arc<PriceSeries>]) -> Vec<(String, FindingKind)> {
    let found = examine(series);
    found.into_iter().map(|found| (found.ticker.to_string(), found.kind)).collect()
}

/// What is found in a fund beside one that it follows move by move.
fn kind_of(change: impl Fn(usize, &mut f64)) -> Vec<FindingKind> {
    kinds(&[quiet("SPY"), fund("A", change)]).into_iter().map(|(_, kind)| kind).collect()
}

/// What is found in a fund that stands alone.
fn kind_alone(change: impl Fn(usize, &mut f64)) -> Vec<FindingKind> {
    kinds(&[fund("A", change)]).into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn each_fault_has_its_kind_once() {
    use FindingKind::{Level, Spike, SplitLike, Unconfirmed, UnitJump};
    assert_eq!(kind_of(|_, _| {}), []);
    for factor in [100.0, 0.01, 1.3, 0.7, 1.07, 0.93] {
        assert_eq!(kind_of(during(150..151, factor)), [Spike], "{factor}");
    }
    assert_eq!(kind_of(during(150..155, 3.0)), [Spike], "back after five rows");
    for rows in [6, 60] {
        assert_eq!(kind_of(during(150..150 + rows, 3.0)), [Level], "undone after {rows}");
        assert_eq!(kind_of(during(150..150 + rows, 1.1)), [Level], "undone after {rows}");
    }
    assert_eq!(kind_of(during(150..211, 3.0)), [SplitLike, SplitLike], "after 61 it stood");
    for ratio in [2.0, 1.5, 4.0, 8.0, 20.0, 50.0, 9.0, 11.0, 5.0 / 4.0, 4.0 / 3.0, 7.0 / 5.0, 5.0 / 3.0, 9.0 / 4.0] {
        assert_eq!(kind_of(from(150, 1.0 / ratio)), [SplitLike], "{ratio} for 1");
        assert_eq!(kind_of(from(150, ratio)), [SplitLike], "1 for {ratio}");
    }
    assert_eq!(kind_of(from(150, 100.0)), [UnitJump]);
    assert_eq!(kind_of(from(150, 0.01)), [UnitJump]);
    assert_eq!(kind_of(from(150, 1.85)), [Level], "near no ratio, and its like did not move");
    assert_eq!(kind_of(from(150, 0.87)), [Level]);
    assert_eq!(kind_of(from(ROWS_IN_ALL - 5, 0.5)), [Unconfirmed]);
    assert_eq!(kind_of(from(ROWS_IN_ALL - 6, 0.5)), [SplitLike]);
    assert_eq!(kind_of(from(ROWS_IN_ALL - 1, 1.07)), [Unconfirmed], "the last price alone");
    assert_eq!(kind_of(during(0..1, 1.07)), [Unconfirmed], "the first alone");
    // Rows that differ in what is wrong with them, and two misprints side by side.
    let three = |at: usize, price: &mut f64| *price *= [1.3, 1.5, 1.2].get(at.wrapping_sub(150)).unwrap_or(&1.0);
    assert_eq!(kind_of(three), [Spike]);
    let two = |at: usize, price: &mut f64| *price *= if at == 150 || at == 152 { 1.5 } else { 1.0 };
    assert_eq!(kind_of(two), [Spike, Spike]);
}

#[test]
fn a_fund_alone_is_judged_by_its_own_moves() {
    use FindingKind::{Jump, Level, Spike, SplitLike, Unconfirmed};
    // It moves by 1% a day: 8 usual moves are 11.8%.
    assert_eq!(kind_alone(during(150..151, 1.3)), [Spike]);
    assert_eq!(kind_alone(from(150, 0.85)), [Jump]);
    assert_eq!(kind_alone(from(150, 0.8)), [Jump], "near 5:4, as such a fund's own moves may be");
    assert_eq!(kind_alone(from(150, 0.875)), [], "under 15%");
    assert_eq!(kind_alone(from(150, 0.5)), [SplitLike]);
    assert_eq!(kind_alone(from(ROWS_IN_ALL - 2, 0.85)), [Unconfirmed]);
    assert_eq!(kind_alone(during(150..190, 1.5)), [Level]);
    // A fund of bills: a basis point a day.
    let bills = |at: usize, price: &mut f64, change: f64| {
        *price = 100.0 + 0.01 * at as f64;
        *price *= if at == 150 { change } else { 1.0 };
    };
    assert_eq!(kind_alone(|at, price| bills(at, price, 1.04)), [Spike]);
    assert_eq!(kind_alone(|at, price| bills(at, price, 0.99)), [Spike]);
    assert_eq!(kind_alone(|at, price| bills(at, price, 1.004)), [], "a dividend");
    assert_eq!(
        kind_alone(|at, price| *price = (100.0 + 0.01 * at as f64) * if at >= 150 { 1.1 } else { 1.0 }),
        [Level]
    );
}

#[test]
fn a_finding_names_dates_and_figures() {
    let found = &examine(&[fund("A", during(150..152, 100.0))])[0];
    let day = |row| NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::Days::new(row);
    assert_eq!((found.date, found.until), (day(150), Some(day(152))));
    assert_eq!((found.before, found.price), (101.0, 10_000.0));
    assert!((found.factor - 10_000.0 / 101.0).abs() < 1e-12);
    let written = serde_json::to_value(found).unwrap();
    assert_eq!((&written["kind"], &written["until"]), (&"spike".into(), &"2020-06-01".into()));
}

#[test]
fn what_moves_with_others_is_the_market_s() {
    let name = |found: Vec<(String, FindingKind)>| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let none = Vec::<String>::new();
    // A crash of 28%, of which another has two thirds, or takes the other side.
    let inverse =
        |change: f64| fund("B", move |at, price| *price = 10_000.0 / *price * if at >= 150 { change } else { 1.0 });
    assert_eq!(name(kinds(&[fund("A", from(150, 0.72)), fund("B", from(150, 0.8))])), none);
    assert_eq!(name(kinds(&[fund("A", from(150, 0.72)), inverse(1.3)])), none);
    // One that moved a tenth of it says nothing, nor one that is not known to move with it.
    assert!(name(kinds(&[fund("A", from(150, 0.7)), fund("B", from(150, 0.965))])).contains(&"A".to_owned()));
    let unrelated =
        fund("B", |at, price| *price = [100.0, 100.0, 101.0, 101.0][at % 4] * if at >= 150 { 0.7 } else { 1.0 });
    assert_eq!(name(kinds(&[fund("A", from(150, 0.7)), unrelated])).len(), 2);
    // A split on the day of a crash: what the others leave of it is the ratio.
    let crash = |name: &str| fund(name, from(150, 0.88));
    for ratio in [1.25, 1.5, 2.0] {
        let found = kinds(&[crash("SPY"), crash("QQQ"), fund("A", from(150, 0.88 / ratio))]);
        assert_eq!(found, [("A".to_owned(), FindingKind::SplitLike)], "{ratio}");
    }
}

#[test]
fn a_fault_of_several_series_is_no_market() {
    let split = |name: &str| fund(name, from(150, 0.5));
    let found = kinds(&[split("SPY"), split("A"), split("B")]);
    assert_eq!(found.len(), 3, "{found:?}");
    let pence = |name: &str| fund(name, during(150..151, 100.0));
    assert_eq!(kinds(&[pence("SPY"), pence("A")]).len(), 2);
    // Two misprints on one day, of any size, neither of which is the other's excuse.
    let wrong = |name: &str, factor: f64| fund(name, during(150..151, factor));
    assert_eq!(kinds(&[wrong("SPY", 3.7), wrong("A", 1.4), quiet("B")]).len(), 2);
    assert_eq!(kinds(&[wrong("A", 0.8), wrong("B", 0.85)]).len(), 2);
    // Three that are right outvote one that moved along.
    assert_eq!(kinds(&[quiet("SPY"), quiet("B"), fund("A", from(150, 0.87)), fund("C", from(150, 0.87))]).len(), 2);
}

#[test]
fn the_bound_follows_the_series() {
    // A fund that moves by 6% a day: 8 sd are 71%.
    let wild = |change: f64| {
        fund("A", move |at, price| {
            *price = if at % 2 == 0 { 100.0 } else { 106.0 } * if at >= 150 { change } else { 1.0 };
        })
    };
    assert_eq!(kinds(&[wild(0.6)]), []);
    assert_eq!(kinds(&[wild(0.25)]).len(), 1);
}

#[test]
fn bars_that_are_not_daily_are_looked_at_for_large_factors_alone() {
    let weekly = |factor| kinds(&[fund_every(7, "A", from(150, factor))]);
    assert_eq!(weekly(0.6), [], "under 1.9");
    assert_eq!(weekly(0.5), [("A".to_owned(), FindingKind::SplitLike)]);
}

#[test]
fn findings_are_bounded_and_odd_series_harmless() {
    let alternating = fund("A", |at, price| *price *= if (at / 6) % 2 == 0 { 1.0 } else { 2.0 });
    let found = examine(&[alternating]);
    assert!((20..=MOST).contains(&found.len()), "{}", found.len());
    for count in 0..4 {
        let days = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap().iter_days().take(count);
        let rows: Vec<_> =
            days.enumerate().map(|(at, day)| (day, 10.0_f64.powi(300 * (at as i32 % 2) - 150))).collect();
        let tiny = Arc::new(PriceSeries::new("A".parse().unwrap(), PriceKind::Close, rows));
        assert!(examine(&[tiny, quiet("SPY")]).len() < 3);
    }
}

#[test]
fn it_ends_between_two_days_where_nobody_waits_for_it() {
    use crate::{
        findings::Examined,
        observer::{Silent, tests::StopAt},
    };

    // Large moves on many days, each on its own: a question after each.
    let funds: Vec<_> = (0..8).map(|at| fund(&format!("F{at}"), during(100 + 20 * at..101 + 20 * at, 1.5))).collect();
    let today = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let of = |observer: &mut dyn crate::Observer| {
        Examined::of(&funds, &factor_types::YieldTable::default(), today, observer)
    };
    let mut counting = StopAt::default();
    assert_eq!(of(&mut counting).unwrap(), of(&mut Silent).unwrap());
    let questions = counting.asked.get();
    assert!(questions > 16, "{questions}");
    for question in [1, questions / 2, questions - 1] {
        assert_eq!(of(&mut StopAt::question(question)), Err(Stopped), "{question} of {questions}");
    }
}
