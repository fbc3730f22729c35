//! Moves of weight within a portfolio.

use super::*;

#[test]
fn swaps_are_graded_apart() {
    // p is half f and half g, c is g's opposite.
    let (dates, f, _) = turning();
    let up = |row: usize, of: usize| if row & of == 0 { 0.01 } else { -0.01 };
    let p: Vec<f64> = (0..dates.len()).map(|row| 0.5 * up(row, 1) + 0.5 * up(row, 2)).collect();
    let c: Vec<f64> = (0..dates.len()).map(|row| -up(row, 2)).collect();
    let of = |symbol, returns, role, made_of| ScoredColumn { symbol, returns, role, made_of };
    let columns = [
        of("P", &p[..], Role::Asked, &[][..]),
        of("F", &f[..], Role::Fund, &[]),
        of("C", &c[..], Role::Fund, &[]),
        // As bad as f.
        of("D", &f[..], Role::Fund, &[]),
    ];
    let calendar = &TradingCalendar::NewYork;
    let question =
        ScorecardQuestion { dates: &dates, columns: &columns, graded: &[], risk_free: None, calendar, plan: plan() };
    let of_cap = |cap: f64| {
        let swap = SwapQuestion { portfolio: 0, overexposed: 1, cap };
        unobserved(|progress| SwapGrades::compute(&question, &swap, progress)).unwrap()
    };
    // (0.3 f + 0.5 g - 0.2 g) leaves 0.18 of 0.5, and cash in its place 0.3 f + 0.5 g, 0.34.
    let found = of_cap(0.2);
    assert_eq!((found.quarters, found.no_trade, found.first, found.last), (2, 0, day("2021-06-30"), day("2021-09-30")));
    assert!((found.into_fund.mean - 0.64).abs() < 0.01 && (found.into_cash.mean - 0.32).abs() < 0.02, "{found:?}");
    assert!((found.into_fund.worst - 0.64).abs() < 0.01 && found.into_fund.helped == Some(1.0));
    assert!(found.into_fund.median >= found.into_fund.percentile_10 && found.into_cash.worst <= found.into_cash.median);
    // Nothing may move.
    let none = of_cap(0.0);
    assert_eq!((none.no_trade, none.into_fund.mean, none.into_cash.worst, none.into_fund.helped), (2, 0.0, 0.0, None));
}
