use chrono::{Days, NaiveDate};
use factor_types::{FundFacts, Ratio, Ticker};
use proptest::prelude::*;

use super::{estimate::Estimate, *};
use crate::{
    hedge::{Candidate, Portfolio, Screens, tests::candidate},
    observer::{Silent, tests::StopAt},
    study::Standing,
};

const ROWS: usize = 256;

/// Walsh's functions: of mean 0, of equal variance, and each without correlation to the others.
fn walsh(which: usize) -> Vec<f64> {
    (0..ROWS).map(|row| if (row & which).count_ones().is_multiple_of(2) { 0.01 } else { -0.01 }).collect()
}

/// A mixture of them, with a mean of its own that nothing may depend on.
fn mixed(parts: &[(usize, f64)]) -> Vec<f64> {
    let parts: Vec<(Vec<f64>, f64)> = parts.iter().map(|(which, weight)| (walsh(*which), *weight)).collect();
    (0..ROWS).map(|row| 0.001 + parts.iter().map(|(values, weight)| weight * values[row]).sum::<f64>()).collect()
}

fn dates(rows: usize) -> Vec<NaiveDate> {
    let first: NaiveDate = "2024-01-01".parse().unwrap();
    (0..rows).map(|row| first.checked_add_days(Days::new(row as u64)).unwrap()).collect()
}

fn question<'a>(dates: &'a [NaiveDate], overexposed: &'a [f64]) -> BestHedgeQuestion<'a> {
    let (portfolio, risk_free, rule, screens) = (None, None, Rule::default(), Screens::default());
    BestHedgeQuestion { dates, overexposed, portfolio, risk_free, per_year: 252.0, rows: dates.len(), rule, screens }
}

/// The best hedge of f among some series, by name.
fn hedge(f: &[f64], others: &[(&str, Vec<f64>)]) -> Result<BestHedge, BestHedgeError> {
    let candidates: Vec<Candidate<'_>> = others.iter().map(|(name, values)| candidate(name, values)).collect();
    let dates = dates(f.len());
    BestHedge::compute(&question(&dates, f), &candidates, &mut Silent)
}

#[track_caller]
fn is(found: &BestHedge, members: &[(&str, f64)], in_sample: f64) {
    let names: Vec<&str> = found.members.iter().map(|leg| leg.factor.as_str()).collect();
    assert_eq!(names, members.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let ratios = found.members.iter().zip(members);
    assert!(ratios.clone().all(|(leg, (_, ratio))| (leg.ratio - ratio).abs() < 1e-12), "{found:?}");
    assert!((found.effectiveness.in_sample - in_sample).abs() < 1e-12, "{}", found.effectiveness.in_sample);
    let (gross, net) = members.iter().fold((0.0, 0.0), |sums, (_, ratio)| (sums.0 + ratio.abs(), sums.1 + ratio));
    assert!((found.gross - gross).abs() < 1e-12 && (found.net - net).abs() < 1e-12);
}

#[test]
fn three_members_by_hand() {
    // f = a - b / 2 + d / 10 is all of it: a first (correlation 1 / sqrt 1.26), then b, then d.
    let f = mixed(&[(1, 1.0), (2, -0.5), (4, 0.1)]);
    let found = hedge(&f, &[("D", mixed(&[(4, 1.0)])), ("B", mixed(&[(2, 1.0)])), ("A", mixed(&[(1, 1.0)]))]).unwrap();
    is(&found, &[("A", -1.0), ("B", 0.5), ("D", -0.1)], 1.0);
    let directions: Vec<LegDirection> = found.members.iter().map(|leg| leg.direction).collect();
    assert_eq!(directions, [LegDirection::SellShort, LegDirection::Buy, LegDirection::SellShort]);
    assert!((found.members[0].correlation_to_overexposed - 1.0 / 1.26_f64.sqrt()).abs() < 1e-12);
    assert_eq!((found.rows, found.first, found.last), (ROWS, dates(1)[0], dates(ROWS)[ROWS - 1]));
}

#[test]
fn a_member_that_cuts_less_than_a_twentieth_of_what_is_left_ends_the_search() {
    // Without a and b what is left is 0.09 + d^2 of what nobody has: d cuts 0.0025 / 0.0925, 2.7%, or 0.0064 / 0.0964, 6.6%.
    let others = || ["A", "B", "D"].into_iter().zip([1, 2, 4]).map(|(name, which)| (name, mixed(&[(which, 1.0)])));
    let others: Vec<(&str, Vec<f64>)> = others().collect();
    let of = |d: f64| hedge(&mixed(&[(1, 1.0), (2, 0.3), (4, d), (8, 0.3)]), &others).unwrap();
    is(&of(0.05), &[("A", -1.0), ("B", -0.3)], 1.09 / 1.1825);
    is(&of(0.08), &[("A", -1.0), ("B", -0.3), ("D", -0.08)], 1.0964 / 1.1864);
}

#[test]
fn the_first_member_stays_whatever_it_cuts() {
    let found = hedge(&mixed(&[(1, 1.0), (2, 0.1)]), &[("B", mixed(&[(2, 1.0)]))]).unwrap();
    is(&found, &[("B", -0.1)], 0.01 / 1.01);
}

#[test]
fn candidates_are_taken_as_they_are_and_not_less_the_members_before() {
    // After a, b / 2 + 0.3 d is left. Of it X = b - 3 a has 0.27 and D 0.51, though X less a is b and would have 0.86.
    let f = mixed(&[(1, 1.0), (2, 0.5), (4, 0.3)]);
    let others = [("A", mixed(&[(1, 1.0)])), ("X", mixed(&[(2, 1.0), (1, -3.0)])), ("D", mixed(&[(4, 1.0)]))];
    // f - 0.3 d = a + b / 2 = 2.5 a + X / 2: gross is 3.3, so X leaves.
    is(&hedge(&f, &others).unwrap(), &[("A", -1.0), ("D", -0.3)], 1.09 / 1.34);
    let wide = Rule { max_gross: 4.0, ..Rule::default() };
    let dates = dates(ROWS);
    let candidates: Vec<Candidate<'_>> = others.iter().map(|(name, values)| candidate(name, values)).collect();
    let wide = BestHedgeQuestion { rule: wide, ..question(&dates, &f) };
    is(&BestHedge::compute(&wide, &candidates, &mut Silent).unwrap(), &[("A", -2.5), ("D", -0.3), ("X", -0.5)], 1.0);
}

#[test]
fn ratios_are_kept_small() {
    // Two halves of a: 1 / 0.6 of each are 3.3 together, so the second leaves; of equals the first by name comes first.
    let halves = [("C2", mixed(&[(1, 0.3), (2, -0.3)])), ("C1", mixed(&[(1, 0.3), (2, 0.3)]))];
    is(&hedge(&mixed(&[(1, 1.0)]), &halves).unwrap(), &[("C1", -1.0 / 0.6)], 0.5);
    // Of one alone -5 becomes -2: a - 2 (a + b) / 10 is 0.8 a - 0.2 b.
    let small = [("C", mixed(&[(1, 0.1), (2, 0.1)]))];
    is(&hedge(&mixed(&[(1, 1.0)]), &small).unwrap(), &[("C", -2.0)], 1.0 - 0.64 - 0.04);
}

#[test]
fn who_is_no_candidate_and_why() {
    let f = mixed(&[(1, 1.0)]);
    let (copy, opposite) = (mixed(&[(1, 2.0), (2, 0.4)]), mixed(&[(1, -1.0), (2, 0.1)]));
    let mut young = mixed(&[(1, 1.0), (2, 1.0)]);
    young[3] = f64::NAN;
    let (other, flat) = (mixed(&[(1, 1.0), (4, 1.0)]), vec![0.001; ROWS]);
    let stopped = Standing { stopped: Some(dates(1)[0]), ..Standing::default() };
    let candidates = [
        Candidate { part_of_overexposed: true, ..candidate("F", &f) },
        Candidate { is_cash: true, ..candidate("CASH", &other) },
        Candidate { standing: stopped, ..candidate("GONE", &other) },
        candidate("YOUNG", &young),
        candidate("FLAT", &flat),
        candidate("COPY", &copy),
        candidate("OPPOSITE", &opposite),
    ];
    let dates = dates(ROWS);
    let found = BestHedge::compute(&question(&dates, &f), &candidates, &mut Silent).unwrap();
    let out: Vec<(&str, BestHedgeExclusion)> =
        found.left_out.iter().map(|one| (one.factor.as_str(), one.reason)).collect();
    let expected = [
        ("F", BestHedgeExclusion::PartOfOverexposed),
        ("CASH", BestHedgeExclusion::Cash),
        ("GONE", BestHedgeExclusion::Stopped),
        ("YOUNG", BestHedgeExclusion::Young),
        ("FLAT", BestHedgeExclusion::Constant),
        ("COPY", BestHedgeExclusion::NearCopy),
    ];
    assert_eq!(out, expected);
    // 2 / sqrt(4.16) is 0.981; what moves the other way as closely is no copy.
    assert!((found.left_out[5].correlation_to_overexposed.unwrap() - 2.0 / 4.16_f64.sqrt()).abs() < 1e-12);
    assert_eq!((found.members.len(), found.members[0].factor.as_str()), (1, "OPPOSITE"));
    assert_eq!(found.members[0].direction, LegDirection::Buy);
    let only = BestHedge::compute(&question(&dates, &f), &candidates[..6], &mut Silent);
    let left_out = found.left_out.clone();
    assert_eq!(only, Err(BestHedgeError::NoCandidate { candidates: 6, left_out }));
    // A fund that costs too much, or of which too little is traded, as far as that is known.
    let facts = |costs, traded| FundFacts {
        expense_ratio: Ratio::new(costs),
        average_daily_value: Some(traded),
        ..FundFacts::default()
    };
    let screened = [
        Candidate { facts: facts(0.01, 9_000_000), ..candidate("DEAR", &opposite) },
        Candidate { facts: facts(0.001, 10), ..candidate("QUIET", &opposite) },
        candidate("UNKNOWN", &opposite),
    ];
    let screens = Screens { max_expense_ratio: Some(0.005), min_average_daily_value: Some(1e6) };
    let found =
        BestHedge::compute(&BestHedgeQuestion { screens, ..question(&dates, &f) }, &screened, &mut Silent).unwrap();
    assert_eq!(found.members[0].factor, "UNKNOWN");
    let out: Vec<BestHedgeExclusion> = found.left_out.iter().map(|one| one.reason).collect();
    assert_eq!(out, [BestHedgeExclusion::HighExpenseRatio, BestHedgeExclusion::LowDailyValue]);
}

#[test]
fn one_who_may_only_buy_buys_what_moves_against_the_factor_most() {
    // f = a + b. X = -a + 2 c takes (1/5)^2 * 5 = 0.2 of 2 away at h = 0.2, Y = -b + 3 d 0.1 at 0.1; selling Z = a takes 1.
    let f = mixed(&[(1, 1.0), (2, 1.0)]);
    let series = [mixed(&[(1, -1.0), (4, 2.0)]), mixed(&[(2, -1.0), (8, 3.0)]), mixed(&[(1, 1.0)])];
    let candidates: Vec<Candidate<'_>> =
        ["X", "Y", "Z"].iter().zip(&series).map(|(name, values)| candidate(name, values)).collect();
    let dates = dates(ROWS);
    let rule = Rule::default().of_purchases();
    let of = |candidates: &[Candidate<'_>]| {
        BestHedge::compute(&BestHedgeQuestion { rule, ..question(&dates, &f) }, candidates, &mut Silent)
    };
    let found = of(&candidates).unwrap();
    is(&found, &[("X", 0.2)], 0.1);
    // Selling Z, then buying X against what it leaves, does not count: X has a in it. Z and Y: f - a - h b.
    let whole = BestHedge::compute(&question(&dates, &f), &candidates, &mut Silent).unwrap();
    assert_eq!(
        (found.effectiveness.with_short_sales, whole.effectiveness.with_short_sales),
        (Some(whole.effectiveness.in_sample), None)
    );
    assert!(whole.effectiveness.in_sample > 0.5);
    let nothing = of(&candidates[2..]).unwrap_err();
    assert!(
        nothing.to_string().starts_with("none of the 1 candidates moved against the factor on the last 256 rows"),
        "{nothing}"
    );
    assert!(nothing.to_string().ends_with("selling short as well takes 0.5000 of its variance away"), "{nothing}");
}

#[test]
fn the_factor_needs_every_row() {
    let dates = dates(ROWS);
    let mut f = mixed(&[(1, 1.0)]);
    let other = mixed(&[(1, 1.0), (2, 1.0)]);
    let others = [candidate("C", &other)];
    let of =
        |f: &[f64], rows| BestHedge::compute(&BestHedgeQuestion { rows, ..question(&dates, f) }, &others, &mut Silent);
    assert_eq!(of(&f, 400), Err(BestHedgeError::InsufficientData { present: ROWS, needed: 400 }));
    f[4] = f64::NAN;
    assert_eq!(of(&f, ROWS), Err(BestHedgeError::InsufficientData { present: ROWS - 1, needed: ROWS }));
    // On the last 251 it has them all, and nothing before them counts.
    let found = of(&f, ROWS - 5).unwrap();
    assert_eq!((found.rows, found.first), (ROWS - 5, dates[5]));
    assert_eq!(of(&[0.01; ROWS], ROWS), Err(BestHedgeError::Constant { rows: ROWS }));
    let mut observer = StopAt::question(1);
    let stopped = BestHedge::compute(&question(&dates, &mixed(&[(1, 1.0)])), &others, &mut observer);
    assert!(matches!(stopped, Err(BestHedgeError::Stopped(_))));
}

#[test]
fn held_members_are_sold_before_anything_is_sold_short() {
    // A third of the portfolio is f; 1.2 of a is sold per unit of f, 0.4 of the portfolio.
    let f = mixed(&[(1, 1.2), (2, 0.4)]);
    let (a, dates) = (mixed(&[(1, 1.0)]), dates(ROWS));
    let sold = |held: f64| {
        let candidates = [Candidate { held_itself: held, ..candidate("A", &a) }];
        let portfolio = Some(Portfolio { returns: &f, weight_of_overexposed: 1.0 / 3.0 });
        let found =
            BestHedge::compute(&BestHedgeQuestion { portfolio, ..question(&dates, &f) }, &candidates, &mut Silent);
        let leg = found.unwrap().members[0].clone();
        let moved = leg.in_portfolio.unwrap();
        assert!((moved.change + 0.4).abs() < 1e-12 && (moved.from_holding + moved.sold_short - 0.4).abs() < 1e-12);
        (leg.direction, moved.from_holding)
    };
    let (direction, from_holding) = sold(0.25);
    assert!(direction == LegDirection::SellShort && (from_holding - 0.25).abs() < 1e-12);
    assert_eq!(sold(0.5).0, LegDirection::Sell);
}

/// The series of `fixtures/oracle`'s working of the intervals, whole numbers made fractions.
fn series(rows: usize) -> [Vec<f64>; 3] {
    let part = |row: usize, times: usize, plus: usize, of: usize| ((row * times + plus) % of) as f64 / of as f64 - 0.5;
    let f: Vec<f64> = (0..rows).map(|row| part(row, 37, 11, 101)).collect();
    let c = f.iter().enumerate().map(|(row, f)| part(row, 53, 29, 97) - 0.5 * f).collect();
    let d = f.iter().enumerate().map(|(row, f)| part(row, 71, 5, 89) + 0.25 * f).collect();
    [f, c, d]
}

#[test]
fn intervals_are_those_of_another_program() {
    // Python: the draws by `fixtures/oracle/resample.py`, ratios by Cramer's rule on the rows drawn, quantiles by
    // statistics.quantiles(n=20, method="inclusive").
    let [f, c, d] = series(40);
    let near = |found: Interval, (low, high): (f64, f64)| {
        assert!((found.low - low).abs() < 1e-12 && (found.high - high).abs() < 1e-12, "{found:?} {low} {high}");
        assert_eq!(found.level, 0.9);
    };
    let found = Estimate::of(&dates(40), &f, &[&c, &d], &Rule::default()).unwrap();
    near(found.effectiveness, (0.188_232_010_905_347_14, 0.539_187_718_342_534_8));
    near(found.ratios[0], (0.306_107_138_290_062_9, 0.545_727_963_620_736_5));
    near(found.ratios[1], (-0.370_877_218_173_758_8, 0.028_557_733_677_992_525));
    let one = Estimate::of(&dates(40), &f, &[&c], &Rule::default()).unwrap();
    near(one.effectiveness, (0.125_621_965_364_668_35, 0.501_351_944_514_324));
    near(one.ratios[0], (0.334_124_917_710_517_67, 0.553_764_546_379_895));
    assert_eq!(Estimate::of_effectiveness(&dates(40), &f, &[&c], &Rule::default()), Some(one.effectiveness));
    // Two equal members: every draw leaves open how much of each.
    assert_eq!(Estimate::of(&dates(40), &f, &[&c, &c], &Rule::default()), None);
}

#[test]
fn a_share_sold_by_hand() {
    // E 0.75 leaves a quarter of the variance, which half of f has.
    assert_eq!((share_sold(0.75), share_sold(0.0), share_sold(-3.0), share_sold(1.0)), (0.5, 0.0, 0.0, 1.0));
}

/// a + b / sqrt 3 of variance 4/3, of which a is 3/4, and its hedge by a.
fn three_quarters() -> (Vec<f64>, Vec<f64>) {
    (mixed(&[(1, 1.0), (2, 1.0 / 3.0_f64.sqrt())]), mixed(&[(1, 1.0)]))
}

#[test]
fn selling_half_by_hand() {
    let ((f, a), dates) = (three_quarters(), dates(ROWS));
    let (candidates, rates) = ([candidate("A", &a)], [0.0001; ROWS]);
    let question = BestHedgeQuestion { risk_free: Some(&rates), ..question(&dates, &f) };
    let found = BestHedge::compute(&question, &candidates, &mut Silent).unwrap();
    let reduce = Reduce::compute(&question, &candidates, &found, Some(0.51)).unwrap();
    let reduced = reduce.reduced.unwrap();
    assert!((reduce.share.unwrap() - 0.5).abs() < 1e-12 && (reduce.share_expected.unwrap() - 0.3).abs() < 1e-12);
    assert_eq!((reduce.reason, reduce.change), (None, None));
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    near(reduced.volatility.unwrap(), reduce.hedged.volatility.unwrap());
    near(reduced.volatility.unwrap(), 0.5 * reduce.unchanged.volatility.unwrap());
    [(reduced, [0.5, 0.5, 0.5]), (reduce.hedged, [2.0, 0.0, 1.0]), (reduce.unchanged, [1.0, 1.0, 0.0])]
        .iter()
        .for_each(|(position, [gross, net, turnover])| {
            near(position.gross, *gross);
            near(position.net, *net);
            near(position.turnover, *turnover);
        });
    // Hedged: b / sqrt 3 and the rate of the sale, on half of the days each sign; f's own mean and a's cancel.
    let b = 0.01 / 3.0_f64.sqrt();
    near(reduce.hedged.annual_return.unwrap(), (1.0001 + b).powf(126.0) * (1.0001 - b).powf(126.0) - 1.0);
    let given_up = reduce.hedged.return_given_up.unwrap();
    near(given_up, reduce.unchanged.annual_return.unwrap() - reduce.hedged.annual_return.unwrap());
    assert_eq!(reduce.unchanged.return_given_up, Some(0.0));
    let unknown =
        Reduce::compute(&BestHedgeQuestion { risk_free: None, ..question }, &candidates, &found, None).unwrap();
    assert_eq!((unknown.hedged.annual_return, unknown.share_expected), (None, None));
}

#[test]
fn in_a_portfolio_a_share_may_not_be_enough() {
    let ((f, a), dates) = (three_quarters(), dates(ROWS));
    let candidates = [candidate("A", &a)];
    let of = |p: &[f64], weight: f64| {
        let portfolio = Some(Portfolio { returns: p, weight_of_overexposed: weight });
        let question = BestHedgeQuestion { portfolio, ..question(&dates, &f) };
        let found = BestHedge::compute(&question, &candidates, &mut Silent).unwrap();
        Reduce::compute(&question, &candidates, &found, None).unwrap()
    };
    // p = f is as without a portfolio.
    let whole = of(&f, 1.0);
    assert!((whole.share.unwrap() - 0.5).abs() < 1e-12 && (whole.change.unwrap() + 0.5).abs() < 1e-12);
    // p has ten times a of its own: selling a tenth of a takes away more than all of f's tenth does of b.
    let of_a = mixed(&[(1, 10.0), (2, -1.0)]);
    assert_eq!((of(&of_a, 0.1).reason, of(&of_a, 0.1).share), (Some(NoReduction::AllIsTooLittle), None));
    // p moves against a already.
    let against = mixed(&[(1, -1.0), (2, 1.0)]);
    assert_eq!(of(&against, 0.5).reason, Some(NoReduction::HedgeDoesNotReduce));
    let mut gaps = f.clone();
    gaps[7] = f64::NAN;
    let gaps = of(&gaps, 0.5);
    assert_eq!((gaps.reason, gaps.unchanged.volatility), (Some(NoReduction::PortfolioHasGaps), None));
}

#[test]
fn what_is_written_has_the_field_names_of_an_answer() {
    let ((f, a), dates) = (three_quarters(), dates(ROWS));
    let (ticker, rates): (Ticker, _) = ("A".parse().unwrap(), [0.0; ROWS]);
    let candidates = [Candidate { ticker: Some(&ticker), ..candidate("a fund", &a) }];
    let question = BestHedgeQuestion { risk_free: Some(&rates), ..question(&dates, &f) };
    let found = BestHedge::compute(&question, &candidates, &mut Silent).unwrap();
    let written = serde_json::to_value(&found).unwrap();
    assert_eq!(written["members"][0]["direction"], "sell short");
    assert_eq!(written["members"][0]["etf_ticker"], "A");
    assert!(written["effectiveness"]["estimate"]["low"].as_f64() < written["effectiveness"]["in_sample"].as_f64());
    assert!(written["next_quarter"].is_null());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// No basket of the same members takes more away, and what is sold instead leaves the same variance and no less would.
    #[test]
    fn ratios_are_the_best_and_the_share_the_smallest(
        values in prop::collection::vec(prop::array::uniform5(-0.03..0.03f64), 60),
        weight in 0.05..1.0f64,
        nudge in -0.2..0.2f64,
    ) {
        let column = |at: usize| values.iter().map(|row| row[at]).collect::<Vec<f64>>();
        let f: Vec<f64> = values.iter().map(|row| row[0] + row[1] + 0.5 * row[2]).collect();
        let (names, columns) = (["A", "B", "C"], [column(1), column(2), column(3)]);
        let p: Vec<f64> = f.iter().zip(column(4)).map(|(f, other)| weight * f + (1.0 - weight) * other).collect();
        let candidates: Vec<Candidate<'_>> = names.iter().zip(&columns).map(|(name, values)| candidate(name, values)).collect();
        let dates = dates(60);
        let portfolio = Some(Portfolio { returns: &p, weight_of_overexposed: weight });
        let question = BestHedgeQuestion { portfolio, ..question(&dates, &f) };
        let found = BestHedge::compute(&question, &candidates, &mut Silent).unwrap();
        let variance = |values: &[f64]| crate::stats::standard_deviation(values).unwrap().powi(2);
        let legs = |nudged: Option<usize>| -> Vec<f64> {
            (0..60).map(|row| found.members.iter().enumerate().map(|(at, leg)| {
                let member = names.iter().position(|name| *name == leg.factor).unwrap();
                (leg.ratio + if nudged == Some(at) { nudge } else { 0.0 }) * columns[member][row]
            }).sum()).collect()
        };
        let left = |nudged: Option<usize>| variance(&f.iter().zip(legs(nudged)).map(|(f, l)| f + l).collect::<Vec<_>>());
        prop_assert!((found.effectiveness.in_sample - (1.0 - left(None) / variance(&f))).abs() < 1e-9);
        prop_assert!((0..found.members.len()).all(|at| left(Some(at)) >= left(None) - 1e-12));
        let after = |s: f64| variance(&p.iter().zip(&f).map(|(p, f)| p - s * weight * f).collect::<Vec<_>>());
        let target = variance(&p.iter().zip(legs(None)).map(|(p, l)| p + weight * l).collect::<Vec<_>>());
        let reduce = Reduce::compute(&question, &candidates, &found, None).unwrap();
        match reduce.share {
            Some(share) => {
                prop_assert!((after(share) - target).abs() < 1e-12);
                prop_assert!((0..100).all(|step| after(share * f64::from(step) / 100.0) > target - 1e-12));
            }
            None if reduce.reason == Some(NoReduction::AllIsTooLittle) => {
                prop_assert!((0..=100).all(|step| after(f64::from(step) / 100.0) > target - 1e-12));
            }
            None => prop_assert!(target > variance(&p) - 1e-12),
        }
        // Another order and a fund that is no candidate change nothing.
        let mut others = candidates.clone();
        others.reverse();
        let copy = candidate("F", &f);
        others.push(Candidate { part_of_overexposed: true, ..copy });
        let again = BestHedge::compute(&question, &others, &mut Silent).unwrap();
        prop_assert_eq!(again.members, found.members);
        prop_assert_eq!(again.effectiveness, found.effectiveness);
    }
}
