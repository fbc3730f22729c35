use factor_types::{PriceKind, exchange::trading_days};

use super::*;

const DAYS: usize = 1_001;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Prices of these moves, each day that of so many rows before (or after) where `is_beside` says so.
fn fund(name: &str, moves: &[f64], rows: i64, is_beside: impl Fn(usize) -> bool) -> Arc<PriceSeries> {
    let mut level = 0.0_f64;
    let levels: Vec<f64> = std::iter::once(0.0)
        .chain(moves.iter().map(|step| {
            level += step;
            level
        }))
        .collect();
    let row = |at: usize| if is_beside(at) { i64::try_from(at).unwrap() - rows } else { i64::try_from(at).unwrap() };
    let rows = trading_days(day("2018-12-31"), day("2025-12-31"))
        .take(DAYS)
        .enumerate()
        .filter_map(|(at, date)| Some((date, 100.0 * levels.get(usize::try_from(row(at)).ok()?)?.exp())));
    Arc::new(PriceSeries::new(name.parse().unwrap(), PriceKind::Close, rows))
}

/// Moves of a market and, to a quarter of its variance, of each of five funds.
fn moves() -> Vec<Vec<f64>> {
    // Knuth's linear congruence, of which the upper bits are even.
    let mut state = 4_u64;
    let mut of_a_day = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 0.03
    };
    let market: Vec<f64> = (1..DAYS).map(|_| of_a_day()).collect();
    (0..5).map(|_| market.iter().map(|step| step + of_a_day() / 3.0_f64.sqrt()).collect()).collect()
}

fn five(rows: i64, is_beside: impl Fn(usize) -> bool) -> Vec<Shifted> {
    let moves = moves();
    let mut series: Vec<_> =
        moves.iter().zip(["A", "B", "C", "D"]).map(|(moves, name)| fund(name, moves, 0, |_| false)).collect();
    series.push(fund("LATE", &moves[4], rows, is_beside));
    shifted(&series)
}

#[test]
fn a_series_that_is_rows_late_or_early_is_found_with_its_rows_and_no_other() {
    assert_eq!(five(0, |_| true), []);
    for rows in [1, 5, 21, -1, -5, -21] {
        let found = five(rows, |_| true);
        assert_eq!(found.iter().map(|one| (one.ticker.as_str(), one.rows)).collect::<Vec<_>>(), [("LATE", rows)]);
        // Each is the market's to three quarters, and so correlated by 0.75 with another.
        assert!((found[0].correlation - 0.75).abs() < 0.1 && found[0].throughout, "{found:?}");
    }
    assert_eq!(five(26, |_| true), [], "beyond what is looked at");
}

#[test]
fn a_stretch_is_named_to_its_blocks() {
    let found = five(5, |at| (251..=500).contains(&at));
    assert_eq!(found.len(), 1, "{found:?}");
    let days: Vec<NaiveDate> = trading_days(day("2018-12-31"), day("2025-12-31")).take(DAYS).collect();
    assert_eq!((found[0].rows, found[0].from, found[0].to), (5, days[251], days[500]));
    assert!(!found[0].throughout);
}

#[test]
fn of_two_series_and_of_short_ones_nothing_is_said() {
    let moves = moves();
    let pair = [fund("A", &moves[0], 0, |_| false), fund("B", &moves[1], 1, |_| true)];
    assert_eq!(shifted(&pair), []);
    // A third that moves with neither says nothing either.
    let alone: Vec<f64> = moves[0].iter().zip(&moves[1]).map(|(a, b)| a - b).rev().collect();
    assert_eq!(shifted(&[pair.to_vec(), vec![fund("C", &alone, 0, |_| false)]].concat()), []);
    let short = |one: &Arc<PriceSeries>| {
        let rows = one.dates().iter().copied().zip(one.prices().iter().copied()).take(250);
        Arc::new(PriceSeries::new(one.ticker().clone(), PriceKind::Close, rows))
    };
    let three = [pair.to_vec(), vec![fund("D", &moves[2], 0, |_| false)]].concat();
    assert_eq!(shifted(&three).len(), 1, "the two others agree");
    assert_eq!(shifted(&three.iter().map(short).collect::<Vec<_>>()), []);
}
