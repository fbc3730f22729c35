//! One offset by hand: its ratio, what it takes away, and the move into it.

use super::*;

#[test]
fn one_offset_by_hand() {
    // Means 0; sum fc = -6, sum cc = 4, sum ff = 10: h = 1.5, effectiveness 36 / 40.
    let figures = HedgeFigures::of(&[1.0, -1.0, 2.0, -2.0, NAN], &[-1.0, 1.0, -1.0, 1.0, 9.0], 4);
    assert_eq!(figures.hedge_ratio, Some(1.5));
    assert!((figures.hedge_effectiveness.in_sample.unwrap() - 0.9).abs() < 1e-15);
    assert!((figures.relation.correlation_to_overexposed.unwrap() + 0.9_f64.sqrt()).abs() < 1e-15);
    assert_eq!((figures.relation.n, figures.hedge_effectiveness.out_of_sample), (4, None));
    let fields: Vec<&str> = figures.undefined.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, ["down_market_correlation", "rolling_36", "hedge_effectiveness.out_of_sample"]);
    let none = HedgeFigures::of(&[1.0, -1.0, 2.0], &[-1.0, 1.0, -1.0], 4);
    assert_eq!((none.hedge_ratio, none.relation.correlation_to_overexposed), (None, None));
    assert!(none.undefined.iter().any(|(field, why)| *field == "hedge_ratio" && why == "3 common periods, 4 needed"));
}

#[test]
fn a_factor_is_hedged_fully_by_itself() {
    let f = noise(1, 60);
    let figures = HedgeFigures::of(&f, &f, 12);
    assert_eq!(figures.hedge_ratio, Some(-1.0));
    assert_eq!(figures.hedge_effectiveness, Effectiveness { in_sample: Some(1.0), out_of_sample: Some(1.0) });
    assert_eq!(figures.relation.rolling_36.windows, 25);
    assert!(figures.undefined.is_empty(), "{:?}", figures.undefined);
}

#[test]
fn what_worked_and_then_did_not_is_negative_out_of_sample() {
    // 36 rows: c = -f on the first 24, which gives h = 1; c = f on the last 12, where f + c = 2f: 1 - 4.
    let (f, _) = squares(36);
    let c: Vec<f64> = f.iter().enumerate().map(|(row, r)| if row < 24 { -r } else { *r }).collect();
    let found = HedgeFigures::of(&f, &c, 12).hedge_effectiveness.out_of_sample.unwrap();
    assert!((found + 3.0).abs() < 1e-12, "{found}");
    // 33 rows leave 11 to evaluate on, 34 leave 12.
    assert_eq!(HedgeFigures::of(&f[..33], &c[..33], 12).hedge_effectiveness.out_of_sample, None);
    assert!(HedgeFigures::of(&f[..34], &c[..34], 12).hedge_effectiveness.out_of_sample.is_some());
}

#[test]
fn an_offset_is_bought_or_sold_and_is_tested_as_that() {
    // 60 rows: c = f on the first 40 (h = -1), c = -2f on the last 20: sum fc = 40 - 40 = 0 but for a row that tips it.
    let (f, _) = squares(60);
    let turned = |from: usize| -> Vec<f64> {
        f.iter().enumerate().map(|(row, r)| if row < from { *r } else { -2.0 * r }).collect()
    };
    let direction = |c: &[f64]| HedgeFigures::of(&f, c, 12).direction;
    assert_eq!((direction(&turned(60)), direction(&turned(0))), (Some(Direction::Short), Some(Direction::Long)));
    // sum fc = 32 - 2 * 28 < 0: bought over all rows, sold by the first forty (32 - 16 > 0), so nothing was tested.
    let found = HedgeFigures::of(&f, &turned(32), 12);
    assert_eq!((found.direction, found.hedge_effectiveness.out_of_sample), (Some(Direction::Long), None));
    let why = &found.undefined.iter().find(|(field, _)| *field == "hedge_effectiveness.out_of_sample").unwrap().1;
    assert!(why.contains("has the other sign"), "{why}");
    // Sold on both: 1 - (1 - 1)^2 on the rows that follow.
    let sold = HedgeFigures::of(&f, &f, 12);
    assert_eq!((sold.direction, sold.hedge_effectiveness.out_of_sample), (Some(Direction::Short), Some(1.0)));
}

#[test]
fn falling_markets_need_twelve_periods() {
    let (f, c) = squares(24);
    assert_eq!(f.iter().filter(|r| **r < 0.0).count(), 12);
    // On the falling rows f is -0.02 throughout: enough rows, and no variation.
    let (relation, undefined) = Relation::of(&f, &c, 12);
    assert_eq!(relation.down_market_correlation, None);
    assert!(undefined.iter().any(|(_, why)| why.contains("does not vary")), "{undefined:?}");
    let (relation, undefined) = Relation::of(&f[..20], &c[..20], 12);
    assert_eq!(relation.down_market_correlation, None);
    assert!(undefined.iter().any(|(_, why)| why.contains("10 common periods, 12 needed")), "{undefined:?}");
}

#[test]
fn a_swap_by_hand() {
    // The whole portfolio is f and c = -f: c - f = -2f, w* = 2 / 4. A tenth of it moved leaves 0.8 f.
    let f = noise(2, 40);
    let (against, rates) = (mixed(&[(-1.0, &f)]), [0.001; 40]);
    let swap = Swap::of(&f, (&f, &against), Some(&rates), (0.1, 12), 12.0);
    assert!((swap.unbounded.unwrap() - 0.5).abs() < 1e-12);
    assert_eq!((swap.suggested_additional_allocation, swap.reason), (Some(0.1), None));
    let change = swap.portfolio_volatility.unwrap();
    assert!((change.after / change.before - 0.8).abs() < 1e-12 && (swap.variance_left().unwrap() - 0.64).abs() < 1e-12);
    // The same tenth in cash leaves 0.9 f.
    assert!((swap.volatility_into_cash.unwrap() / change.before - 0.9).abs() < 1e-12);
    // Twice f adds risk: w* = -1. f itself changes nothing.
    for other in [mixed(&[(2.0, &f)]), f.clone()] {
        let swap = Swap::of(&f, (&f, &other), None, (0.1, 12), 12.0);
        assert_eq!((swap.suggested_additional_allocation, swap.reason), (Some(0.0), Some(NoSwap::WouldNotReduce)));
        let change = swap.portfolio_volatility.unwrap();
        assert_eq!(change.before, change.after);
    }
    let short = Swap::of(&f[..11], (&f, &against), None, (0.1, 12), 12.0);
    assert_eq!((short.suggested_additional_allocation, short.undefined.len()), (None, 4));
    assert_eq!(Portfolio { returns: &f, weight_of_overexposed: 0.05 }.cap(0.1), Some(0.05));
    assert_eq!(Portfolio { returns: &f, weight_of_overexposed: 0.0 }.cap(0.1), None);
}
