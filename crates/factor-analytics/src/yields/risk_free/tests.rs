use super::*;
use crate::test_study::{month_end, near, panel, yields};

const NAN: f64 = f64::NAN;

/// Twelve months of 2010 with A, and BIL where it is given.
fn of(bill: &[f64], percent: &[f64]) -> RiskFree {
    let mut series: Vec<(&str, &[f64])> = vec![("A", &[0.001; 12])];
    if !bill.is_empty() {
        series.push(("BIL", bill));
    }
    RiskFree::of(&panel(&series), &yields(Maturity::Ust3M, percent))
}

#[test]
fn each_row_takes_the_first_source_that_knows_it() {
    let found = of(&[0.002; 12], &[2.4; 13]);
    assert_eq!((found.source.as_str(), found.rows()), ("UST3M 12 rows", 12));
    near(found.per_period[0], 0.002);
    // Yields to July's end serve the periods to August; from then on BIL does.
    let found = of(&[0.003; 12], &[2.4; 8]);
    assert_eq!(found.source, "UST3M 8 rows to 2010-08, BIL 4 rows");
    near(found.per_period[7], 0.002);
    near(found.per_period[8], 0.003);
    let part = |at: usize| (found.parts[at].rows, found.parts[at].from, found.parts[at].to);
    assert_eq!((part(0), part(1)), ((8, month_end(1), month_end(8)), (4, month_end(9), month_end(12))));
    assert!(found.uncovered.is_empty());
    assert_eq!(of(&[0.003; 12], &[]).source, "BIL 12 rows");
}

#[test]
fn a_hole_is_filled_by_the_next_and_what_nothing_covers_is_named() {
    // No yields of March and April: the rates of April and May come from BIL.
    let mut table = YieldTable::default();
    let known = (0..13).filter(|at| ![3, 4].contains(at)).map(|at| (month_end(at), 2.4));
    table.insert(Maturity::Ust3M, known);
    let bill = [0.003; 12];
    let whole = panel(&[("A", &[0.001; 12]), ("BIL", &bill)]);
    let found = RiskFree::of(&whole, &table);
    assert_eq!(found.source, "UST3M 10 rows, BIL 2 rows from 2010-04 to 2010-05");
    near(found.per_period[4], 0.003);
    // Without BIL nothing covers them.
    let found = RiskFree::of(&panel(&[("A", &[0.001; 12])]), &table);
    assert_eq!(found.source, "UST3M 10 rows, none 2 rows from 2010-04 to 2010-05");
    assert!(found.per_period[3].is_nan() && found.per_period[4].is_nan() && found.per_period[5].is_finite());
    assert_eq!(found.uncovered, [(month_end(4), month_end(5))]);
    assert_eq!(found.rows(), 10);
    // BIL starts in July: the first six rows have no rate.
    let late = [NAN, NAN, NAN, NAN, NAN, NAN, 0.003, 0.003, 0.003, 0.003, 0.003, 0.003];
    assert_eq!(of(&late, &[]).source, "BIL 6 rows from 2010-07, none 6 rows to 2010-06");
}

#[test]
fn without_any_source_cash_earns_nothing() {
    let found = of(&[], &[]);
    assert_eq!((found.source.as_str(), found.rows(), found.known()), ("none", 0, None));
    assert_eq!((found.per_period, found.uncovered), (vec![0.0; 12], Vec::new()));
}

#[test]
fn a_fund_is_not_measured_over_itself() {
    let found = of(&[0.003; 12], &[2.4; 8]);
    let ticker = |name: &str| name.parse::<Ticker>().unwrap();
    let known = |fund: &str| found.over(&ticker(fund)).unwrap().iter().filter(|rate| rate.is_finite()).count();
    assert_eq!((known("A"), known("BIL")), (12, 8));
    assert!(of(&[], &[]).over(&ticker("A")).is_none());
}
