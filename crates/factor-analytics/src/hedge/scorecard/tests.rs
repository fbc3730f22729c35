mod estimators;
mod expected;
mod swaps;

use std::num::NonZeroUsize;

use chrono::{Datelike, NaiveDate, Weekday};
use proptest::{prelude::ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::{
    Threads,
    observer::{
        Progress,
        tests::{stops, unobserved},
    },
    test_study,
};

const NAN: f64 = f64::NAN;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The weekdays from one date to another: the dates of a source that does not know holidays.
fn weekdays(from: &str, to: &str) -> Vec<NaiveDate> {
    let is_weekday = |date: &NaiveDate| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    day(from).iter_days().take_while(|date| *date <= day(to)).filter(is_weekday).collect()
}

#[test]
fn quarters_end_on_their_last_trading_day() {
    let ends = |dates: &[NaiveDate]| -> Vec<(NaiveDate, NaiveDate)> {
        let found = quarters_of(dates, &TradingCalendar::NewYork);
        found.iter().map(|rows| (dates[rows.end], dates[rows.evaluated_to])).collect()
    };
    let dates = weekdays("2023-11-06", "2024-06-28");
    // Good Friday, 29 March 2024, is a weekday without trade.
    let all = [(day("2023-12-29"), day("2024-03-28")), (day("2024-03-28"), day("2024-06-28"))];
    assert_eq!(ends(&dates), all);
    // One day less, and the second quarter is not whole.
    assert_eq!(ends(&dates[..dates.len() - 1]), all[..1]);
    // A day that lacks is no row: the one before it ends the quarter, and a quarter without rows ends none.
    let holes: Vec<NaiveDate> = dates.iter().copied().filter(|date| *date != day("2024-03-28")).collect();
    assert_eq!(ends(&holes)[0].1, day("2024-03-27"));
    let missing: Vec<NaiveDate> = dates.into_iter().filter(|date| date.year() == 2023 || date.month() > 3).collect();
    assert_eq!(ends(&missing), []);
    assert_eq!(ends(&[]), []);
}

/// Seeded noise, about 1% a day.
fn noise(seed: u64, rows: usize) -> Vec<f64> {
    let mut next = test_study::noise(seed);
    (0..rows).map(|_| 0.02 * (next() + next() + next())).collect()
}

/// A market, and funds that are each a part of it and of their own.
struct Market {
    dates: Vec<NaiveDate>,
    names: Vec<String>,
    returns: Vec<Vec<f64>>,
}

impl Market {
    fn new(dates: Vec<NaiveDate>, seed: u64, betas: &[f64]) -> Self {
        let whole = noise(seed, dates.len());
        let fund = |(at, beta): (usize, &f64)| -> Vec<f64> {
            noise(seed + 1 + at as u64, dates.len()).iter().zip(&whole).map(|(own, all)| beta * all + own).collect()
        };
        let returns = betas.iter().enumerate().map(fund).collect();
        Self { names: (0..betas.len()).map(|at| format!("F{at}")).collect(), returns, dates }
    }

    fn columns(&self, rows: usize) -> Vec<ScoredColumn<'_>> {
        (self.names.iter().zip(&self.returns))
            .map(|(symbol, returns)| ScoredColumn { symbol, returns: &returns[..rows], role: Role::Fund, made_of: &[] })
            .collect()
    }

    /// The scorecard of all columns on the first rows.
    fn scorecard(&self, rows: usize, plan: ScorecardPlan) -> Scorecard {
        let columns = self.columns(rows);
        scorecard(&self.dates[..rows], &columns, None, plan, Threads::ONE)
    }
}

fn scorecard(
    dates: &[NaiveDate],
    columns: &[ScoredColumn<'_>],
    risk_free: Option<&[f64]>,
    plan: ScorecardPlan,
    threads: Threads,
) -> Scorecard {
    let graded: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].role != Role::Cash).collect();
    let calendar = &TradingCalendar::NewYork;
    let question = ScorecardQuestion { dates, columns, graded: &graded, risk_free, calendar, plan };
    unobserved(|progress| Scorecard::compute(&question, threads, progress))
}

const SHORT: Estimator = Estimator::Days(40);

fn plan() -> ScorecardPlan {
    ScorecardPlan { estimator: SHORT, intervals: false, bonds: Some(1), market: Some(0), ..ScorecardPlan::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Neither what was chosen, nor what it came to, nor what was to be expected rests on anything later; and what moves the
    /// future alone moves nothing that was chosen before.
    #[test]
    fn cutting_the_future_off_changes_nothing(seed in 1..10_000_u64, cut in 300..640_usize, late in 0..4_usize) {
        let mut market = Market::new(weekdays("2020-01-02", "2022-09-30"), seed, &[1.0, -0.5, 1.5, 0.8, 0.0, 1.2]);
        market.returns[late][..200].fill(NAN);
        let plan = ScorecardPlan { intervals: seed % 4 == 0, ..plan() };
        let (whole, part) = (market.scorecard(market.dates.len(), plan), market.scorecard(cut, plan));
        let until = market.dates[cut - 1];
        let known: Vec<&FundQuarter> = whole.results.iter().filter(|result| result.evaluated_to <= until).collect();
        prop_assert!(!known.is_empty());
        prop_assert_eq!(known, part.results.iter().collect::<Vec<_>>());
        for column in 0..6 {
            prop_assert_eq!(whole.next_quarter(column, until), part.next_quarter(column, until));
        }
        let legs = |card: &Scorecard| -> Vec<Vec<(usize, f64)>> {
            let before = card.results.iter().filter(|result| result.end <= until);
            before.flat_map(|result| result.trades.iter().filter(|trade| trade.strategy != Strategy::Hindsight)).map(|trade| trade.legs.clone()).collect()
        };
        market.returns.iter_mut().for_each(|returns| returns[cut..].reverse());
        prop_assert_eq!(legs(&market.scorecard(market.dates.len(), plan)), legs(&whole));
    }

    /// Threads, the order of the columns and series that are no candidates change nothing.
    #[test]
    fn the_same_whatever_else_there_is(seed in 1..10_000_u64) {
        let market = Market::new(weekdays("2021-01-04", "2021-12-31"), seed, &[1.0, -0.5, 1.5, 0.8]);
        let plan = ScorecardPlan { bonds: None, market: None, ..plan() };
        let columns = market.columns(market.dates.len());
        let of = |columns: &[ScoredColumn<'_>], threads| scorecard(&market.dates, columns, None, plan, threads);
        let whole = of(&columns, Threads::ONE);
        prop_assert_eq!(&of(&columns, Threads::Exactly(NonZeroUsize::new(3).unwrap())), &whole);
        let cash = noise(seed + 50, market.dates.len());
        let mut others: Vec<ScoredColumn<'_>> = columns.iter().rev().copied().collect();
        others.push(ScoredColumn { symbol: "CASH", returns: &cash, role: Role::Cash, made_of: &[] });
        let again = of(&others, Threads::ONE);
        let by_name = |card: &Scorecard, columns: &[ScoredColumn<'_>]| {
            let mut all: Vec<_> = card.results.iter().flat_map(|result| {
                let legs = |trade: &Trade| trade.legs.iter().map(|(leg, ratio)| (columns[*leg].symbol.to_owned(), *ratio)).collect::<Vec<_>>();
                let fund = columns[result.column].symbol.to_owned();
                result.trades.iter().map(move |trade| (fund.clone(), result.end, trade.strategy, format!("{:?} {:?}", legs(trade), trade.effectiveness)))
            }).collect();
            all.sort();
            all
        };
        prop_assert_eq!(by_name(&again, &others), by_name(&whole, &columns));
    }
}

#[test]
fn it_stops_when_it_is_told_to() {
    let market = Market::new(weekdays("2021-01-04", "2021-12-31"), 7, &[1.0, -0.5, 1.5, 0.8]);
    let columns = market.columns(market.dates.len());
    let calendar = &TradingCalendar::NewYork;
    let (dates, graded) = (&market.dates[..], [0, 1, 2, 3]);
    let question =
        ScorecardQuestion { dates, columns: &columns, graded: &graded, risk_free: None, calendar, plan: plan() };
    let kernel = |progress: &mut Progress<'_>| Scorecard::compute(&question, Threads::ONE, progress);
    // Three quarters with a quarter after them; each asks before every fund and at its end.
    assert_eq!(stops(kernel), 15);
}

/// f and c move together by a and apart by b, until the end of June 2021; from then on c moves against f.
fn turning() -> (Vec<NaiveDate>, Vec<f64>, Vec<f64>) {
    let dates = weekdays("2021-03-01", "2021-12-31");
    let up = |row: usize, of: usize| if row & of == 0 { 0.01 } else { -0.01 };
    let f: Vec<f64> = (0..dates.len()).map(|row| up(row, 1)).collect();
    let c = dates.iter().enumerate().map(|(row, date)| {
        let turned = if *date > day("2021-06-30") { -1.0 } else { 1.0 };
        turned * up(row, 1) + up(row, 2)
    });
    let c = c.collect();
    (dates, f, c)
}

#[test]
fn a_hedge_that_turned_by_hand() {
    let (dates, f, c) = turning();
    let rates = vec![0.0; dates.len()];
    let of = |symbol, returns| ScoredColumn { symbol, returns, role: Role::Fund, made_of: &[] };
    let columns = [of("F", &f[..]), of("C", &c[..])];
    let plan = ScorecardPlan { market: Some(1), bonds: Some(1), ..plan() };
    let card = scorecard(&dates, &columns, Some(&rates), plan, Threads::ONE);
    let quarters: Vec<&FundQuarter> = card.of_column(0).collect();
    let ends: Vec<(NaiveDate, NaiveDate)> = quarters.iter().map(|one| (one.end, one.evaluated_to)).collect();
    assert_eq!(ends, [(day("2021-06-30"), day("2021-09-30")), (day("2021-09-30"), day("2021-12-31"))]);
    // On 40 rows cov is 1 and var(c) 2, so half of c is sold and half of the variance goes; then f - c / 2 is 1.5 a - 0.5 b.
    let turned = quarters[0].trade(Strategy::BestHedge).unwrap();
    assert_eq!(turned.legs.len(), 1);
    assert!((turned.legs[0].1 + 0.5).abs() < 1e-12 && (turned.in_sample.unwrap() - 0.5).abs() < 1e-12);
    // The quarter has 66 rows, no whole number of a's and b's rounds: a hundredth off.
    assert!((turned.effectiveness.unwrap() - (1.0 - 2.25 - 0.25)).abs() < 0.03, "{turned:?}");
    let sold = quarters[0].trade(Strategy::MarketSold).unwrap();
    assert!((sold.legs[0].1 + 0.5).abs() < 1e-12 && sold.legs[0].0 == 1);
    assert!((sold.effectiveness.unwrap() - turned.effectiveness.unwrap()).abs() < 1e-12);
    // Buying it is no trade, and afterwards it is the other way round.
    let bought = |at: usize| quarters[at].trade(Strategy::BondsBought).unwrap();
    assert_eq!((bought(0).legs.len(), bought(0).effectiveness, bought(0).is_made()), (0, Some(0.0), false));
    assert!((bought(1).legs[0].1 - 0.5).abs() < 1e-12 && (bought(1).effectiveness.unwrap() - 0.5).abs() < 0.03);
    assert_eq!(quarters[1].trade(Strategy::MarketSold).unwrap().legs, []);
    assert_eq!(quarters[1].trade(Strategy::ClosestRelativeSold).unwrap().legs, []);
    // Of F half is sold for half of the variance: 1 - 1 / sqrt 2 of it.
    let cash = quarters[0].trade(Strategy::Cash).unwrap();
    assert!((cash.effectiveness.unwrap() - 0.5).abs() < 1e-12);
    assert!((cash.gross() - (1.0 - 0.5_f64.sqrt())).abs() < 1e-12 && cash.net() == -cash.gross());
    // F alternates, so that a quarter's return is (1 - 0.01^2)^33.
    let held = quarters[0].trade(Strategy::NoHedge).unwrap();
    assert!((held.total_return.unwrap() - ((1.0 - 1e-4_f64).powi(33) - 1.0)).abs() < 1e-12);
    assert_eq!(held.effectiveness, Some(0.0));
    let hindsight = quarters[0].trade(Strategy::Hindsight).unwrap();
    assert!((hindsight.legs[0].1 - 0.5).abs() < 0.03 && hindsight.in_sample.is_none());
    // Over both quarters.
    let grades = card.report(0).of_factor.unwrap();
    assert_eq!((grades.fund_quarters, grades.first, grades.last), (2, day("2021-06-30"), day("2021-09-30")));
    let best = grades.strategy(Strategy::BestHedge).unwrap();
    assert_eq!((best.taken.helped, best.no_trade, best.turnover, best.quarters), (Some(0.5), 0, Some(0.0), 2));
    assert!(
        best.taken.worst < -1.4
            && (best.taken.mean - (best.taken.worst + 0.5) / 2.0).abs() < 0.02
            && (best.taken.median - best.taken.mean).abs() < 1e-12
    );
    assert!((best.taken.percentile_10 - (0.9 * best.taken.worst + 0.1 * 0.5)).abs() < 0.02);
    let bonds = grades.strategy(Strategy::BondsBought).unwrap();
    assert_eq!((bonds.no_trade, bonds.taken.helped), (1, Some(1.0)));
}

#[test]
fn who_may_hedge_whom() {
    // A is made of B; CASH and the group are nobody's hedge; Y has too few rows at first.
    let market = Market::new(weekdays("2021-01-04", "2021-12-31"), 3, &[1.0, 1.0, 1.0, 1.0, 1.0]);
    let mut young = market.returns[3].clone();
    young[..70].fill(NAN);
    let of = |symbol, returns, role, made_of| ScoredColumn { symbol, returns, role, made_of };
    let columns = [
        of("A", &market.returns[0][..], Role::Fund, &[1][..]),
        of("B", &market.returns[1][..], Role::Fund, &[]),
        of("CASH", &market.returns[2][..], Role::Cash, &[]),
        of("Y", &young[..], Role::Fund, &[]),
        of("GROUP", &market.returns[4][..], Role::Asked, &[0]),
    ];
    let card = scorecard(&market.dates, &columns, None, plan(), Threads::ONE);
    let names = |column: usize, quarter: usize| -> Vec<usize> {
        let result = card.of_column(column).find(|result| result.quarter == quarter).unwrap();
        let mut legs: Vec<usize> = (result.trades.iter().filter(|trade| trade.strategy != Strategy::Hindsight))
            .flat_map(|trade| trade.legs.iter().map(|(leg, _)| *leg))
            .collect();
        legs.sort_unstable();
        legs.dedup();
        legs
    };
    assert_eq!((names(0, 0), names(1, 0), names(4, 0)), (vec![], vec![0], vec![1]));
    assert_eq!((names(0, 1), names(1, 1), names(4, 1)), (vec![3], vec![0, 3], vec![1, 3]));
    let quarters = |column: usize| card.of_column(column).map(|result| result.quarter).collect::<Vec<_>>();
    assert_eq!((quarters(3), quarters(2), quarters(4)), (vec![1, 2], vec![], vec![0, 1, 2]));
    // Without a candidate nothing is traded, and cash has nothing to match.
    let first = card.of_column(0).next().unwrap();
    assert_eq!(first.effectiveness(), Some(0.0));
    assert_eq!(card.universe, [0, 1, 3]);
    let grades = card.report(4);
    assert_eq!((grades.of_factor.unwrap().fund_quarters, grades.over_universe.unwrap().fund_quarters), (3, 8));
}

#[test]
fn what_stops_is_graded_on_the_rows_that_it_has() {
    let mut market = Market::new(weekdays("2021-01-04", "2021-12-31"), 5, &[1.0, 1.0]);
    let whole = market.scorecard(market.dates.len(), plan());
    let row = market.dates.iter().position(|date| *date > day("2021-06-30")).unwrap();
    // Eleven rows are too few.
    for (rows, graded) in [(11, false), (12, true)] {
        market.returns[1][row + rows..].fill(NAN);
        let card = market.scorecard(market.dates.len(), plan());
        let quarter = card.of_column(0).nth(1).unwrap();
        let trade = quarter.trade(Strategy::BestHedge).unwrap();
        let before = whole.of_column(0).nth(1).unwrap().trade(Strategy::BestHedge).unwrap();
        assert_eq!((&trade.legs, trade.effectiveness.is_some(), trade.total_return), (&before.legs, graded, None));
        market.returns[1] = Market::new(market.dates.clone(), 5, &[1.0, 1.0]).returns[1].clone();
    }
}
