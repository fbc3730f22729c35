//! What is to be expected of the next quarter.

use super::*;

#[test]
fn next_quarter_by_hand() {
    // Medians 0.6 and 0.2; deviations -0.2, -0.1, 0, 0.1, 0.2 and -0.4, 0, 0.4: sorted -0.4 -0.2 -0.1 0 0 0.1 0.2 0.4, whose 5%
    // quantile lies at 0.35: -0.4 + 0.35 x 0.2 = -0.33, and the 95% at 6.65: 0.2 + 0.65 x 0.2 = 0.33.
    let (own, other) = ([0.5, 0.4, 0.6, 0.8, 0.7], [0.2, -0.2, 0.6]);
    let universe = || [&own[..], &other[..]].into_iter();
    let found = NextQuarter::of(&own, universe()).unwrap();
    assert!((found.low - 0.27).abs() < 1e-12 && (found.high - 0.93).abs() < 1e-12, "{found:?}");
    assert_eq!((found.median, found.quarters, found.pooled, found.level), (0.6, 5, 8, 0.9));
    assert_eq!(NextQuarter::of(&other, universe()), None, "three quarters");
    assert_eq!(NextQuarter::of(&own, std::iter::empty()), None);
    // Nothing takes more away than all.
    assert_eq!(NextQuarter::of(&[0.9; 4], universe()).unwrap().high, 1.0);
}

#[test]
fn what_is_expected_is_what_was_known() {
    let market = Market::new(weekdays("2020-01-02", "2022-09-30"), 11, &[1.0, 0.9, 1.1]);
    let card = market.scorecard(market.dates.len(), plan());
    for result in &card.results {
        let past = |column: usize| -> Vec<f64> {
            let known = card.of_column(column).filter(|one| one.evaluated_to <= result.end);
            known.map(|one| one.effectiveness().unwrap()).collect()
        };
        let universe = [past(0), past(1), past(2)];
        let by_hand = NextQuarter::of(&past(result.column), universe.iter().map(Vec::as_slice));
        assert_eq!(result.expected, by_hand);
    }
    let coverage = card.report(0).over_universe.unwrap().coverage;
    // Ten quarters a fund, of which the first four, and the fifth that begins before the fourth is known, have nothing before.
    assert_eq!((coverage.expectations, coverage.estimates, coverage.estimate), (18, 0, None));
}

#[test]
fn what_is_no_fund_is_expected_by_what_hedges_of_funds_did() {
    let market = Market::new(weekdays("2020-01-02", "2022-09-30"), 11, &[1.0, 0.9, 1.1, 0.7]);
    let mut columns = market.columns(market.dates.len());
    columns[3].role = Role::Asked;
    let universe = scorecard(&market.dates, &columns[..3], None, plan(), Threads::ONE);
    let calendar = &TradingCalendar::NewYork;
    let (dates, graded) = (&market.dates[..], [3]);
    let question =
        ScorecardQuestion { dates, columns: &columns, graded: &graded, risk_free: None, calendar, plan: plan() };
    let alone = unobserved(|progress| Scorecard::compute(&question, Threads::ONE, progress));
    assert!(alone.results.iter().all(|result| result.expected.is_none()), "no fund is graded beside it");
    let card = alone.expecting_by(&universe);
    for result in &card.results {
        let past = |card: &Scorecard, column: usize| -> Vec<f64> {
            let known = card.of_column(column).filter(|one| one.evaluated_to <= result.end);
            known.map(|one| one.effectiveness().unwrap()).collect()
        };
        let funds = [0, 1, 2].map(|column| past(&universe, column));
        let by_hand = NextQuarter::of(&past(&card, 3), funds.iter().map(Vec::as_slice));
        assert_eq!(result.expected, by_hand);
    }
    assert_eq!(card.report(3).of_factor.unwrap().coverage.expectations, 6);
}
