use factor_types::PriceKind;

use super::*;

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
    let found = examine(series, Some(&"SPY".parse().unwrap()));
    found.into_iter().map(|found| (found.ticker.to_string(), found.kind)).collect()
}

fn kind_of(change: impl Fn(usize, &mut f64)) -> Vec<FindingKind> {
    kinds(&[quiet("SPY"), fund("A", change)]).into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn each_fault_has_its_kind_once() {
    use FindingKind::{Jump, Spike, SplitLike, Unconfirmed, UnitJump};
    assert_eq!(kind_of(|_, _| {}), []);
    for factor in [100.0, 0.01, 1.3, 0.7] {
        assert_eq!(kind_of(during(150..151, factor)), [Spike], "{factor}");
    }
    assert_eq!(kind_of(during(150..155, 3.0)), [Spike], "back after five rows");
    assert_eq!(kind_of(during(150..156, 3.0)), [SplitLike, SplitLike], "after six it stood");
    for ratio in [2.0, 1.5, 4.0, 8.0, 20.0, 50.0] {
        assert_eq!(kind_of(from(150, 1.0 / ratio)), [SplitLike], "{ratio} for 1");
        assert_eq!(kind_of(from(150, ratio)), [SplitLike], "1 for {ratio}");
    }
    assert_eq!(kind_of(from(150, 100.0)), [UnitJump]);
    assert_eq!(kind_of(from(150, 0.01)), [UnitJump]);
    assert_eq!(kind_of(from(150, 0.8)), [Jump]);
    assert_eq!(kind_of(from(150, 1.75)), [Jump], "near no ratio");
    assert_eq!(kind_of(from(ROWS_IN_ALL - 5, 0.5)), [Unconfirmed]);
    assert_eq!(kind_of(from(ROWS_IN_ALL - 6, 0.5)), [SplitLike]);
    assert_eq!(kind_of(from(150, 0.87)), [], "under 15%");
}

#[test]
fn a_finding_names_dates_and_figures() {
    let found = &examine(&[fund("A", during(150..152, 100.0))], None)[0];
    let day = |row| NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::Days::new(row);
    assert_eq!((found.date, found.until), (day(150), Some(day(152))));
    assert_eq!((found.before, found.price), (101.0, 10_000.0));
    assert!((found.factor - 10_000.0 / 101.0).abs() < 1e-12);
    let written = serde_json::to_value(found).unwrap();
    assert_eq!((&written["kind"], &written["until"]), (&"spike".into(), &"2020-06-01".into()));
}

#[test]
fn what_moves_with_others_is_the_market_s() {
    let spy = |factor| fund("SPY", from(150, factor));
    let name = |found: Vec<(String, FindingKind)>| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    // The benchmark falls by 10%, nine of its usual moves.
    assert_eq!(name(kinds(&[spy(0.9), fund("A", from(150, 0.8))])), Vec::<String>::new());
    assert_eq!(kinds(&[spy(0.9), fund("A", from(150, 0.5))]).len(), 1, "a ratio within 1%");
    assert_eq!(name(kinds(&[spy(0.9), fund("A", from(150, 0.48))])), Vec::<String>::new(), "not within 1%");
    assert_eq!(kinds(&[spy(0.9), fund("A", during(150..151, 90.0))]).len(), 1, "a misprint on a day of the market");
    // Another fund moves half as far, or an inverse one.
    for peer in [0.88, 1.15] {
        assert_eq!(
            name(kinds(&[quiet("SPY"), fund("A", from(150, 0.8)), fund("B", from(150, peer))])),
            Vec::<String>::new()
        );
    }
    assert_eq!(name(kinds(&[quiet("SPY"), fund("A", from(150, 0.8)), fund("B", from(150, 0.95))])), ["A"]);
}

#[test]
fn a_fault_of_several_series_is_no_market() {
    let split = |name: &str| fund(name, from(150, 0.5));
    let found = kinds(&[split("SPY"), split("A"), split("B")]);
    assert_eq!(found.len(), 3, "{found:?}");
    let pence = |name: &str| fund(name, during(150..151, 100.0));
    assert_eq!(kinds(&[pence("SPY"), pence("A")]).len(), 2);
    // A misprint of the benchmark explains nobody else's.
    assert_eq!(kinds(&[fund("SPY", during(150..151, 3.7)), fund("A", from(150, 0.8))]).len(), 2);
}

#[test]
fn the_bound_follows_the_series() {
    // A fund that moves by 6% a day: 8 sd are 71%.
    let wild = |change: f64| {
        fund("A", move |at, price| {
            *price = if at % 2 == 0 { 100.0 } else { 106.0 } * if at >= 150 { change } else { 1.0 };
        })
    };
    assert_eq!(kinds(&[quiet("SPY"), wild(0.6)]), []);
    assert_eq!(kinds(&[quiet("SPY"), wild(0.25)]).len(), 1);
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
    let found = examine(&[alternating], None);
    assert!((40..=MOST).contains(&found.len()), "{}", found.len());
    for count in 0..4 {
        let days = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap().iter_days().take(count);
        let rows: Vec<_> =
            days.enumerate().map(|(at, day)| (day, 10.0_f64.powi(300 * (at as i32 % 2) - 150))).collect();
        let tiny = Arc::new(PriceSeries::new("A".parse().unwrap(), PriceKind::Close, rows));
        assert!(examine(&[tiny, quiet("SPY")], Some(&"SPY".parse().unwrap())).len() < 3);
    }
}
