use factor_types::{Category, FundFacts, Ratio};
use ndarray::array;
use proptest::prelude::*;

use super::{basket::BasketInputs, *};
use crate::{
    observer::{
        Silent,
        tests::{StopAt, unobserved},
    },
    study::Standing,
    test_study,
};

const NAN: f64 = f64::NAN;

/// An industry's fund of which nothing else is known but its profile.
pub(super) fn candidate<'a>(factor: &'a str, returns: &'a [f64]) -> Candidate<'a> {
    Candidate {
        factor,
        ticker: None,
        category: Category::Industry,
        returns,
        part_of_overexposed: false,
        is_cash: false,
        standing: Standing::default(),
        portfolio_weight: None,
        sharpe_ratio: Some(0.5),
        max_drawdown: Some(-0.2),
        dividend_yield: Some(0.02),
        facts: FundFacts::default(),
    }
}

fn best(inputs: &BasketInputs<'_>, ranked: &[&Candidate<'_>]) -> Result<Basket, String> {
    unobserved(|progress| Basket::best(inputs, ranked, progress))
}

fn question(overexposed: &[f64]) -> HedgeQuestion<'_> {
    HedgeQuestion { overexposed, portfolio: None, per_year: 12.0, min_observations: 12, expense_ratio: None }
}

#[test]
fn what_is_known_to_cost_too_much_or_to_be_traded_too_little_is_left_out_and_the_unknown_is_not() {
    let (f, other) = squares(48);
    let known = |name, costs: Option<f64>, traded: Option<u64>| {
        let facts = FundFacts {
            expense_ratio: costs.and_then(Ratio::new),
            average_daily_value: traded,
            ..FundFacts::default()
        };
        Candidate { facts, ..candidate(name, &other) }
    };
    let candidates = [
        known("dear", Some(0.0051), Some(9_000_000)),
        known("at both bounds", Some(0.005), Some(5_000_000)),
        known("quiet", Some(0.001), Some(4_999_999)),
        known("unknown", None, None),
    ];
    let plan = HedgePlan { max_expense_ratio: Some(0.005), min_average_daily_value: Some(5e6), ..HedgePlan::default() };
    let portfolio = Portfolio { returns: &f, weight_of_overexposed: 0.5 };
    let held = HedgeQuestion { portfolio: Some(portfolio), expense_ratio: Some(0.001), ..question(&f) };
    let report = HedgeReport::compute(&held, &candidates, &plan, &mut Silent).unwrap();
    let out: Vec<_> =
        report.left_out.iter().map(|one| (one.factor.as_str(), one.reason, one.detail.as_str())).collect();
    assert_eq!(
        out,
        [
            ("dear", CandidateExclusion::HighExpenseRatio, "its expense ratio 0.0051 is above max_expense_ratio 0.005"),
            (
                "quiet",
                CandidateExclusion::LowDailyValue,
                "4999999 US dollars of it are traded on a usual day, min_average_daily_value is 5000000"
            ),
        ]
    );
    let of = |name: &str| report.recommendations.iter().find(|one| one.factor == name).unwrap();
    // A tenth moves, at four tenths of a percent more.
    let moved = of("at both bounds");
    assert_eq!(moved.swap.as_ref().unwrap().suggested_additional_allocation, Some(0.1));
    assert!((moved.cost_per_year.unwrap() - 0.0004).abs() < 1e-15);
    assert_eq!((of("unknown").expense_ratio, of("unknown").cost_per_year), (None, None));
}

/// a and b: uncorrelated, mean 0, the same variance.
fn squares(rows: usize) -> (Vec<f64>, Vec<f64>) {
    let a = (0..rows).map(|t| if t % 4 < 2 { 0.02 } else { -0.02 }).collect();
    let b = (0..rows).map(|t| if t % 2 == 0 { 0.02 } else { -0.02 }).collect();
    (a, b)
}

fn mixed(parts: &[(f64, &[f64])]) -> Vec<f64> {
    (0..parts[0].1.len()).map(|row| parts.iter().map(|(weight, values)| weight * values[row]).sum()).collect()
}

/// Seeded noise.
fn noise(seed: u64, rows: usize) -> Vec<f64> {
    let mut next = test_study::noise(seed);
    (0..rows).map(|_| 0.1 * (next() + next() + next())).collect()
}

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
    let against = mixed(&[(-1.0, &f)]);
    let swap = Swap::of(&f, &f, &against, 0.1, 12, 12.0);
    assert!((swap.unbounded.unwrap() - 0.5).abs() < 1e-12);
    assert_eq!((swap.suggested_additional_allocation, swap.reason), (Some(0.1), None));
    let change = swap.portfolio_volatility.unwrap();
    assert!((change.after / change.before - 0.8).abs() < 1e-12);
    // Twice f adds risk: w* = -1. f itself changes nothing.
    for other in [mixed(&[(2.0, &f)]), f.clone()] {
        let swap = Swap::of(&f, &f, &other, 0.1, 12, 12.0);
        assert_eq!((swap.suggested_additional_allocation, swap.reason), (Some(0.0), Some(NoSwap::WouldNotReduce)));
        let change = swap.portfolio_volatility.unwrap();
        assert_eq!(change.before, change.after);
    }
    let short = Swap::of(&f[..11], &f, &against, 0.1, 12, 12.0);
    assert_eq!((short.suggested_additional_allocation, short.undefined.len()), (None, 2));
    assert_eq!(Portfolio { returns: &f, weight_of_overexposed: 0.05 }.cap(0.1), Some(0.05));
    assert_eq!(Portfolio { returns: &f, weight_of_overexposed: 0.0 }.cap(0.1), None);
}

#[test]
fn a_basket_by_hand() {
    // f = a + b is the whole portfolio, c = -a, -b. Moving w into each leaves (1 - 3w) f; under the cap of 0.5 w =
    // 0.25, so a quarter of the volatility stays. One alone moves 0.5: 0 a + 0.5 b, of variance 0.25 against 2.
    let (a, b) = squares(48);
    let f = mixed(&[(1.0, &a), (1.0, &b)]);
    let (not_a, not_b) = (mixed(&[(-1.0, &a)]), mixed(&[(-1.0, &b)]));
    let wobble = noise(3, 48);
    let (first, second, third) = (candidate("-a", &not_a), candidate("-b", &not_b), candidate("noise", &wobble));
    let inputs = BasketInputs { overexposed: &f, portfolio: Some((&f, 0.5)), per_year: 12.0, min_rows: 12 };
    let basket = best(&inputs, &[&first, &second]).unwrap();
    let moved: Vec<f64> = basket.members.iter().filter_map(|m| m.suggested_additional_allocation).collect();
    assert!(moved.iter().all(|weight| (weight - 0.25).abs() < 1e-12), "{moved:?}");
    let change = basket.portfolio_volatility.unwrap();
    assert!((change.after / change.before - 0.25).abs() < 1e-12);
    assert!((basket.objective.best_single / basket.objective.before - 0.125).abs() < 1e-12);
    assert!((basket.objective.after / basket.objective.before - 0.0625).abs() < 1e-12);
    assert!((basket.relation.correlation_to_overexposed.unwrap() + 1.0).abs() < 1e-12);
    assert_eq!(basket.sets_tried, 1);
    let three = best(&inputs, &[&first, &second, &third]).unwrap();
    assert_eq!(three.sets_tried, 4);
    assert!(three.objective.after <= basket.objective.after);
    // One candidate is no basket, nor are two of which one does nothing.
    assert!(best(&inputs, &[&first]).unwrap_err().contains("two candidates"));
    let same = candidate("-a again", &not_a);
    assert!(best(&inputs, &[&first, &same]).unwrap_err().contains("-a alone"));
    let alone = BasketInputs { portfolio: None, ..inputs };
    let up = candidate("f", &f);
    let twice = mixed(&[(2.0, &f), (0.1, &wobble)]);
    let more = candidate("2f", &twice);
    assert!(best(&alone, &[&up, &more]).unwrap_err().starts_with("would_not_reduce"));
}

#[test]
fn a_short_history_leaves_the_basket_and_is_named() {
    let (f, one, two) = (noise(4, 60), noise(5, 60), noise(6, 60));
    let against: Vec<f64> = mixed(&[(-0.5, &f), (1.0, &one)]);
    let other: Vec<f64> = mixed(&[(-0.5, &f), (1.0, &two)]);
    let young: Vec<f64> = (0..60).map(|row| if row < 30 { NAN } else { -f[row] }).collect();
    let (against, other, young) = (candidate("old", &against), candidate("older", &other), candidate("young", &young));
    let inputs = BasketInputs { overexposed: &f, portfolio: None, per_year: 12.0, min_rows: 48 };
    let basket = best(&inputs, &[&against, &young, &other]).unwrap();
    assert_eq!((basket.dropped, basket.relation.n), (vec!["young".to_owned()], 60));
}

#[test]
fn a_basket_has_the_rows_of_its_own_members() {
    // The third goes with the factor, so that it has no part in any set, and has half of the rows: the two keep all sixty.
    let (a, b) = squares(60);
    let f = mixed(&[(1.0, &a), (1.0, &b)]);
    let (one, two) = (mixed(&[(-1.0, &a), (0.1, &noise(21, 60))]), mixed(&[(-1.0, &b), (0.1, &noise(22, 60))]));
    let with = mixed(&[(1.0, &f), (0.5, &noise(23, 60))]);
    let short: Vec<f64> = with.iter().enumerate().map(|(row, r)| if row < 30 { NAN } else { *r }).collect();
    let (one, two, short) = (candidate("one", &one), candidate("two", &two), candidate("short", &short));
    for portfolio in [None, Some((f.as_slice(), 0.5))] {
        let inputs = BasketInputs { overexposed: &f, portfolio, per_year: 12.0, min_rows: 12 };
        let with = best(&inputs, &[&one, &short, &two]).unwrap();
        let without = best(&inputs, &[&one, &two]).unwrap();
        let names: Vec<&str> = with.members.iter().map(|member| member.factor.as_str()).collect();
        assert_eq!((names, with.relation.n, with.sets_tried), (vec!["one", "two"], 60, 4));
        // What stands outside changes no figure of it, to the last bit.
        assert_eq!(Basket { sets_tried: 1, ..with }, without);
    }
}

#[test]
fn the_young_come_last_and_are_in_no_basket() {
    let f = noise(31, 90);
    let against = |seed: u64, share: f64| mixed(&[(-share, &f), (1.0, &noise(seed, 90))]);
    let (weak, other, strong) = (against(32, 0.5), against(33, 0.6), against(34, 3.0));
    let young = Candidate { standing: Standing { young: true, stopped: None }, ..candidate("young", &strong) };
    let candidates = [young, candidate("weak", &weak), candidate("other", &other)];
    let report = HedgeReport::compute(&question(&f), &candidates, &HedgePlan::default(), &mut Silent).unwrap();
    let last = report.recommendations.last().unwrap();
    assert_eq!((last.factor.as_str(), last.rank, last.young), ("young", 3, true));
    assert!(report.recommendations.iter().all(|one| one.score <= last.score), "the best score, and still last");
    assert!(report.basket.unwrap().members.iter().all(|member| member.factor != "young"));
    // Where none passes the lowest correlations are listed: its own is the lowest, and it comes last again.
    let plan = HedgePlan { correlation_threshold: -1.0, max_recommendations: 2, ..HedgePlan::default() };
    let report = HedgeReport::compute(&question(&f), &candidates, &plan, &mut Silent).unwrap();
    assert!(report.recommendations.iter().all(|one| !one.young), "two others were to be had");
}

#[test]
fn equals_stand_in_order_of_their_tickers() {
    let f = noise(35, 60);
    let same = mixed(&[(-1.0, &f), (1.0, &noise(36, 60))]);
    let [vnq, agg]: [factor_types::Ticker; 2] = ["VNQ", "AGG"].map(|name| name.parse().unwrap());
    let estate = Candidate { ticker: Some(&vnq), ..candidate("a: real estate", &same) };
    let bonds = Candidate { ticker: Some(&agg), ..candidate("b: bonds", &same) };
    let report = HedgeReport::compute(&question(&f), &[estate, bonds], &HedgePlan::default(), &mut Silent).unwrap();
    let order: Vec<&str> = report.recommendations.iter().map(|one| one.factor.as_str()).collect();
    assert_eq!(order, ["b: bonds", "a: real estate"]);
}

#[test]
fn the_best_short_is_named_and_is_neither_young_nor_bought() {
    let f = noise(41, 90);
    let with = |seed: u64, share: f64| mixed(&[(share, &f), (1.0, &noise(seed, 90))]);
    let (near, far, twin, against) = (with(42, 2.0), with(43, 0.5), with(44, 9.0), with(45, -1.0));
    let young = Candidate { standing: Standing { young: true, stopped: None }, ..candidate("twin", &twin) };
    let candidates = [candidate("far", &far), candidate("near", &near), young, candidate("against", &against)];
    let report = HedgeReport::compute(&question(&f), &candidates, &HedgePlan::default(), &mut Silent).unwrap();
    let best = report.best_short.unwrap();
    let figures = HedgeFigures::of(&f, &near, 12);
    assert_eq!((best.factor.as_str(), best.n), ("near", 90));
    assert_eq!((Some(best.hedge_ratio), best.hedge_effectiveness), (figures.hedge_ratio, figures.hedge_effectiveness));
    assert!(best.hedge_ratio < 0.0);
    let none = HedgeReport::compute(&question(&f), &candidates[3..], &HedgePlan::default(), &mut Silent).unwrap();
    assert_eq!(none.best_short, None);
}

#[test]
fn every_candidate_left_out_has_its_reason() {
    let f = noise(7, 48);
    let other = mixed(&[(-1.0, &f)]);
    let flat = vec![0.01; 48];
    let young: Vec<f64> = (0..48).map(|row| if row < 40 { NAN } else { other[row] }).collect();
    let named = |name, change: fn(&mut Candidate<'_>)| {
        let mut made = candidate(name, &other);
        change(&mut made);
        made
    };
    let candidates = [
        named("itself", |c| c.part_of_overexposed = true),
        named("bills", |c| c.is_cash = true),
        named("gone", |c| c.standing.stopped = "2022-03-04".parse().ok()),
        named("as heavy", |c| c.portfolio_weight = Some(0.15)),
        named("low yield", |c| c.dividend_yield = Some(0.005)),
        named("unknown yield", |c| c.dividend_yield = None),
        named("light", |c| c.portfolio_weight = Some(0.14)),
        candidate("flat", &flat),
        candidate("young", &young),
    ];
    let portfolio = Portfolio { returns: &f, weight_of_overexposed: 0.15 };
    let held = HedgeQuestion { portfolio: Some(portfolio), ..question(&f) };
    let plan = HedgePlan { min_dividend_yield: Some(0.01), ..HedgePlan::default() };
    let report = HedgeReport::compute(&held, &candidates, &plan, &mut Silent).unwrap();
    let reasons: Vec<_> = report.left_out.iter().map(|one| (one.factor.as_str(), one.reason)).collect();
    assert_eq!(
        reasons,
        [
            ("itself", CandidateExclusion::PartOfOverexposed),
            ("bills", CandidateExclusion::Cash),
            ("gone", CandidateExclusion::Stopped),
            ("as heavy", CandidateExclusion::HeavyHolding),
            ("low yield", CandidateExclusion::LowDividendYield),
            ("flat", CandidateExclusion::Constant),
            ("young", CandidateExclusion::ThinHistory),
        ]
    );
    assert_eq!((report.candidates_scanned, report.yields_unknown), (2, vec!["unknown yield".to_owned()]));
    assert!(report.undefined.iter().any(|one| one.field == "dividend_yield" && one.row == ["unknown yield"]));
    // Where the factor is not held, only what is heavy by itself is left out.
    let gone = report.left_out.iter().find(|one| one.factor == "gone").unwrap();
    assert_eq!(gone.detail, "it stopped: its last price is of 2022-03-04");
    let elsewhere = Portfolio { weight_of_overexposed: 0.0, ..portfolio };
    let not_held = HedgeQuestion { portfolio: Some(elsewhere), ..question(&f) };
    let heavy = named("heavy", |c| c.portfolio_weight = Some(0.21));
    let report = HedgeReport::compute(&not_held, &[candidates[3], heavy], &HedgePlan::default(), &mut Silent).unwrap();
    assert_eq!((report.candidates_scanned, report.left_out.len()), (1, 1));
    assert!(report.recommendations[0].swap.is_none() && report.recommendations[0].current_portfolio_exposure.is_some());
    let asked = HedgePlan { include_cash: true, ..HedgePlan::default() };
    assert_eq!(
        HedgeReport::compute(&question(&f), &candidates[1..2], &asked, &mut Silent).unwrap().candidates_scanned,
        1
    );
}

#[test]
fn where_none_passes_the_lowest_come_and_it_is_said() {
    let f = noise(8, 90);
    let names: Vec<String> = (0..15).map(|at| format!("n{at:02}")).collect();
    let returns: Vec<Vec<f64>> = (0..15)
        .map(|at| {
            let own = noise(100 + at, 90);
            mixed(&[(0.3 + 0.05 * at as f64, &f), (1.0, &own)])
        })
        .collect();
    let candidates: Vec<Candidate<'_>> = names.iter().zip(&returns).map(|(name, r)| candidate(name, r)).collect();
    let plan = HedgePlan { max_recommendations: 3, ..HedgePlan::default() };
    let report = HedgeReport::compute(&question(&f), &candidates, &plan, &mut Silent).unwrap();
    assert_eq!((report.candidates_meeting_threshold, report.recommendations.len()), (0, 3));
    assert!(report.recommendations.iter().all(|one| !one.meets_threshold));
    let shown = report.recommendations.iter().filter_map(|one| one.figures.relation.correlation_to_overexposed);
    let worst = shown.fold(f64::MIN, f64::max);
    let lower = candidates
        .iter()
        .filter(|c| HedgeFigures::of(&f, c.returns, 12).relation.correlation_to_overexposed < Some(worst));
    assert_eq!(lower.count(), 2);
    // All would have to be sold short: nothing offsets by being bought.
    assert!(report.nothing_offsets == Some(true) && report.best_out_of_sample.is_none());
    assert!(report.no_basket.unwrap().starts_with("would_not_reduce"));
}

#[test]
fn scores_by_hand() {
    let scored = |correlation, sharpe_ratio, max_drawdown, dividend_yield| score::ScoreInputs {
        correlation: Some(correlation),
        sharpe_ratio: Some(sharpe_ratio),
        max_drawdown: Some(max_drawdown),
        dividend_yield,
    };
    let candidates =
        [scored(-0.5, 0.1, -0.3, Some(0.02)), scored(-0.2, 0.3, -0.1, None), scored(0.1, 0.2, -0.1, Some(0.04))];
    // Ranks: Sharpe 0, 1, 0.5; drawdown 0, 0.75, 0.75; yield 0, 1, and the unknown one in the middle of the two.
    let parts = score::ScoreParts::of(&candidates, false);
    let scores: Vec<f64> = parts.iter().map(score::ScoreParts::score).collect();
    let wanted = [0.25, 0.1 + 0.2 + 0.15 + 0.05, -0.05 + 0.1 + 0.15 + 0.1];
    for (score, wanted) in scores.iter().zip(wanted) {
        assert!((score - wanted).abs() < 1e-15, "{score} {wanted}");
    }
    assert!((parts[1].dividend_yield.unwrap() - 0.05).abs() < 1e-15);
    // With income preferred 0.3 for the yield, the others times 0.7 / 0.9.
    let income = score::ScoreParts::of(&candidates, true);
    assert!((income[2].score() - ((-0.05 + 0.1 + 0.15) * 0.7 / 0.9 + 0.3)).abs() < 1e-15);
    assert!((income[1].score() - ((0.1 + 0.2 + 0.15) * 0.7 / 0.9 + 0.15)).abs() < 1e-15);
    // A known 0 ranks 0, under the unknown, also where nobody is known to pay.
    let unknown = score::ScoreParts::of(&[None, Some(0.0)].map(|paid| scored(-0.2, 0.1, -0.1, paid)), false);
    assert!((unknown[0].dividend_yield.unwrap() - 0.05).abs() < 1e-15 && unknown[1].dividend_yield == Some(0.0));
    assert_eq!(score::ranks(&[Some(3.0), None]), [Some(0.5), None]);
    // Where nobody pays, nobody has points for it.
    let unpaid = [scored(-0.5, 0.1, -0.3, Some(0.0)), scored(-0.2, 0.3, -0.1, Some(0.0))];
    assert!(score::ScoreParts::of(&unpaid, true).iter().all(|parts| parts.dividend_yield == Some(0.0)));
}

#[test]
fn whether_anything_offsets_does_not_depend_on_how_many_are_shown() {
    let f = noise(1, 90);
    let names: Vec<String> = (0..15).map(|at| format!("candidate {at:02}")).collect();
    let returns: Vec<Vec<f64>> = (0..15)
        .map(|at| {
            let own = noise(100 + at, 90);
            mixed(&[(-0.05 * at as f64, &f), (1.0, &own)])
        })
        .collect();
    let candidates: Vec<Candidate<'_>> = names.iter().zip(&returns).map(|(name, r)| candidate(name, r)).collect();
    let with = |max_recommendations: usize, basket: bool| {
        let plan = HedgePlan { max_recommendations, basket, correlation_threshold: -0.05, ..HedgePlan::default() };
        HedgeReport::compute(&question(&f), &candidates, &plan, &mut Silent).unwrap()
    };
    let ten = with(10, false);
    let shown = ten.recommendations.iter().filter(|one| one.figures.hedge_ratio > Some(0.0));
    let best = shown.filter_map(|one| one.figures.hedge_effectiveness.out_of_sample).reduce(f64::max);
    assert!(best.is_some() && ten.best_out_of_sample == best);
    for few in [1, 3] {
        assert_eq!(with(few, false).best_out_of_sample, best, "{few}");
    }
    // The basket counts too, and here it is better than any one.
    let basket = with(1, true);
    let together = basket.basket.unwrap().hedge_effectiveness.out_of_sample;
    assert!(together > best && basket.best_out_of_sample == together);
}

#[test]
fn the_answer_has_the_fields_of_the_contract() {
    let f = noise(9, 60);
    let (one, two) = (noise(10, 60), noise(11, 60));
    let (against, other) = (mixed(&[(-0.8, &f), (0.5, &one)]), mixed(&[(-0.5, &f), (0.5, &two)]));
    let candidates = [candidate("against", &against), candidate("other", &other)];
    let keys = |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let portfolio = Some(Portfolio { returns: &f, weight_of_overexposed: 1.0 });
    let plan = HedgePlan { target_allocation_reduction: 0.5, ..HedgePlan::default() };
    let report =
        HedgeReport::compute(&HedgeQuestion { portfolio, ..question(&f) }, &candidates, &plan, &mut Silent).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let own = [
        "rank",
        "factor",
        "etf_ticker",
        "category",
        "correlation_to_overexposed",
        "correlation_interval",
        "n",
        "down_market_correlation",
        "rolling_36",
        "hedge_ratio",
        "direction",
        "hedge_effectiveness",
        "current_portfolio_exposure",
        "suggested_additional_allocation",
        "portfolio_volatility",
        "sharpe_ratio",
        "max_drawdown",
        "dividend_yield",
        "meets_threshold",
        "significant",
        "score",
        "score_parts",
    ];
    assert_eq!(keys(&json["recommendations"][0]), own);
    assert!(json["basket"]["members"][0]["suggested_additional_allocation"].is_number());
    let without = HedgeReport::compute(&question(&f), &candidates, &plan, &mut Silent).unwrap();
    let json = serde_json::to_value(&without).unwrap();
    let absent = ["current_portfolio_exposure", "suggested_additional_allocation", "portfolio_volatility"];
    let left: Vec<&str> = own.into_iter().filter(|key| !absent.contains(key)).collect();
    assert_eq!(keys(&json["recommendations"][0]), left);
    let schema = serde_json::to_string(&schemars::schema_for!(HedgeReport)).unwrap();
    assert!(own.iter().all(|key| schema.contains(&format!("\"{key}\""))));
}

#[test]
fn a_factor_without_history_or_variation_is_an_error() {
    let short = HedgeReport::compute(&question(&[0.01, 0.02]), &[], &HedgePlan::default(), &mut Silent).unwrap_err();
    assert_eq!(short, HedgeError::ThinHistory { rows: 2, needed: 12 });
    let flat = HedgeReport::compute(&question(&[0.01; 24]), &[], &HedgePlan::default(), &mut Silent).unwrap_err();
    assert_eq!(flat, HedgeError::Constant);
    let empty = HedgeReport::compute(&question(&noise(12, 24)), &[], &HedgePlan::default(), &mut Silent).unwrap();
    assert_eq!((empty.candidates_scanned, empty.recommendations.len()), (0, 0));
}

#[test]
fn a_weight_that_rounding_makes_negative_is_none() {
    // The free optimum of both is (0.5, 0.5) over the cap; on it the second has no room: G = I, d = (1, 0.2), cap 0.5.
    // w = d - l: l = (1.2 - 0.5) / 2 = 0.35 gives (0.65, -0.15), outside; the first alone at the cap is the best.
    let gram = array![[1.0, 0.0], [0.0, 1.0]];
    assert_eq!(capped::minimise(gram.view(), &[1.0, 0.2], 0.5), [0.5, 0.0]);
    assert_eq!(capped::minimise(gram.view(), &[-1.0, -0.2], 0.5), [0.0, 0.0]);
}

fn matrix() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<f64>)> {
    (2usize..5, 20usize..60).prop_flat_map(|(assets, rows)| {
        let series = prop::collection::vec(prop::collection::vec(-0.2..0.2f64, rows), assets + 1);
        (series, prop::collection::vec(0.01..1.0f64, assets + 1))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// A hundred portfolios of random weights and returns, the first asset being the factor.
    #[test]
    fn no_suggestion_raises_the_volatility_in_sample((series, weights) in matrix(), target in 0.01..0.5f64) {
        let total: f64 = weights.iter().sum();
        let parts: Vec<(f64, &[f64])> =
            weights.iter().zip(&series).map(|(weight, values)| (weight / total, values.as_slice())).collect();
        let p = mixed(&parts);
        let names: Vec<String> = (1..series.len()).map(|at| format!("c{at}")).collect();
        let candidates: Vec<Candidate<'_>> =
            names.iter().zip(&series[1..]).map(|(name, returns)| candidate(name, returns)).collect();
        let portfolio = Portfolio { returns: &p, weight_of_overexposed: weights[0] / total };
        let plan = HedgePlan { target_allocation_reduction: target, ..HedgePlan::default() };
        let asked = HedgeQuestion { portfolio: Some(portfolio), ..question(&series[0]) };
        let report = HedgeReport::compute(&asked, &candidates, &plan, &mut Silent).unwrap();
        let cap = portfolio.cap(target).unwrap();
        prop_assert!(!report.recommendations.is_empty());
        let mut lowest = f64::INFINITY;
        for one in &report.recommendations {
            let swap = one.swap.as_ref().unwrap();
            let change = swap.portfolio_volatility.unwrap();
            let weight = swap.suggested_additional_allocation.unwrap();
            prop_assert!(change.after <= change.before && (0.0..=cap).contains(&weight));
            prop_assert_eq!(swap.reason.is_some(), weight == 0.0);
            lowest = lowest.min(change.after);
            let sum = one.score_parts.score();
            prop_assert_eq!(one.score, sum);
        }
        if let Some(basket) = &report.basket {
            let change = basket.portfolio_volatility.unwrap();
            let moved: f64 = basket.members.iter().filter_map(|member| member.suggested_additional_allocation).sum();
            prop_assert!(change.after < change.before && moved <= cap * (1.0 + 1e-12));
            prop_assert!(basket.objective.after <= basket.objective.best_single * (1.0 + 1e-12));
            // Every candidate is recommended here, on the same rows: the best of them alone is no better.
            prop_assert!(change.after <= lowest * (1.0 + 1e-9));
        }
    }

    #[test]
    fn without_a_portfolio_the_basket_is_no_worse_than_its_best_member((series, _) in matrix()) {
        let names: Vec<String> = (1..series.len()).map(|at| format!("c{at}")).collect();
        let candidates: Vec<Candidate<'_>> =
            names.iter().zip(&series[1..]).map(|(name, returns)| candidate(name, returns)).collect();
        let report = HedgeReport::compute(&question(&series[0]), &candidates, &HedgePlan::default(), &mut Silent).unwrap();
        if let Some(basket) = report.basket {
            prop_assert!(basket.objective.after <= basket.objective.best_single * (1.0 + 1e-12));
            prop_assert!(basket.objective.after < basket.objective.before);
            prop_assert!(basket.members.len() > 1 && basket.members.iter().all(|member| member.hedge_ratio > 0.0));
        }
    }

    #[test]
    fn the_order_and_the_number_of_candidates_change_no_offset((series, _) in matrix()) {
        let alone = HedgeFigures::of(&series[0], &series[1], 12);
        let candidates: Vec<Candidate<'_>> = series[1..].iter().rev().map(|returns| candidate("c", returns)).collect();
        let report = HedgeReport::compute(&question(&series[0]), &candidates, &HedgePlan::default(), &mut Silent).unwrap();
        let same = report.recommendations.iter().any(|one| one.figures == alone);
        prop_assert!(same || report.candidates_meeting_threshold > 0);
    }

    #[test]
    fn no_weights_within_the_bounds_are_better(
        (series, _) in matrix(),
        tried in prop::collection::vec(0.0..1.0f64, 3),
        cap in 0.01..1.0f64,
    ) {
        let size = series.len().min(4) - 1;
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>();
        let gram = ndarray::Array2::from_shape_fn((size, size), |(i, j)| dot(&series[i + 1], &series[j + 1]));
        let linear: Vec<f64> = (0..size).map(|i| -dot(&series[i + 1], &series[0])).collect();
        let best = capped::minimise(gram.view(), &linear, cap);
        prop_assert!(best.iter().all(|weight| *weight >= 0.0) && best.iter().sum::<f64>() <= cap * (1.0 + 1e-15));
        let total: f64 = tried[..size].iter().sum::<f64>().max(1e-9);
        let other: Vec<f64> = tried[..size].iter().map(|weight| weight * cap * tried[0] / total).collect();
        let value = |weights: &[f64]| capped::objective(gram.view(), &linear, weights);
        prop_assert!(value(&best) <= value(&other) + 1e-15);
        // Without a cap that binds it is the non-negative least squares.
        let free = crate::nnls::quadratic(gram.view(), &linear).unwrap();
        let wide = capped::minimise(gram.view(), &linear, 1e6);
        prop_assert!((value(&free) - value(&wide)).abs() <= 1e-12);
    }
}

#[test]
fn stopped_among_the_candidates_nothing_is_there_and_stopped_later_all_but_the_basket() {
    let series: Vec<Vec<f64>> = (0..5).map(|at| noise(7 * at + 3, 48)).collect();
    let candidates: Vec<Candidate<'_>> =
        ["a", "b", "c", "d"].iter().zip(&series[1..]).map(|(name, returns)| candidate(name, returns)).collect();
    let plan = HedgePlan { correlation_threshold: 1.0, ..HedgePlan::default() };
    let run = |observer: &mut StopAt| HedgeReport::compute(&question(&series[0]), &candidates, &plan, observer);
    let mut whole = StopAt::default();
    let report = run(&mut whole).unwrap();
    assert_eq!((report.recommendations.len(), report.skipped.len()), (4, 0));
    // Before each of three parts, then for each of 4 candidates, 4 recommendations and 6 + 4 sets of two and three.
    let (ranked, all) = (1 + 4 + 1 + 4, 1 + 4 + 1 + 4 + 1 + 10);
    assert_eq!(whole.asked.get(), all);
    for at in 1..=all {
        let mut observer = StopAt::question(at);
        let stopped = run(&mut observer);
        assert_eq!(observer.asked.get(), at, "nothing is asked after a stop");
        if at <= ranked {
            assert!(matches!(stopped, Err(HedgeError::Stopped(_))), "at {at}");
            continue;
        }
        let stopped = stopped.unwrap();
        assert_eq!((&stopped.recommendations, &stopped.basket), (&report.recommendations, &None), "at {at}");
        assert_eq!(stopped.skipped, ["basket"]);
        assert!(stopped.no_basket.unwrap().starts_with("not computed for want of time"));
    }
}
