mod basket;
mod figures;
mod ranking;

use factor_types::{Category, FundFacts, Ratio};
use proptest::prelude::*;

use super::*;
use crate::{
    observer::{Silent, tests::StopAt},
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
        held_itself: 0.0,
        sharpe_ratio: Some(0.5),
        max_drawdown: Some(-0.2),
        dividend_yield: Some(0.02),
        facts: FundFacts::default(),
        in_scenario: None,
    }
}

fn question(overexposed: &[f64]) -> HedgeQuestion<'_> {
    HedgeQuestion {
        overexposed,
        portfolio: None,
        risk_free: None,
        per_year: 12.0,
        min_observations: 12,
        expense_ratio: None,
    }
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
    let screens = Screens { max_expense_ratio: Some(0.005), min_average_daily_value: Some(5e6) };
    let plan = HedgePlan { screens, ..HedgePlan::default() };
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
    assert!((moved.swap.as_ref().unwrap().cost_per_year.unwrap() - 0.0004).abs() < 1e-15);
    let unknown = of("unknown").swap.as_ref().unwrap();
    assert_eq!((of("unknown").expense_ratio, unknown.cost_per_year), (None, None));
    assert!(unknown.undefined.contains(&("cost_per_year", "its expense ratio is not known".to_owned())));
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
        "volatility_into_cash",
        "fall_from_selling",
        "cost_per_year",
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
    let absent = [
        "current_portfolio_exposure",
        "suggested_additional_allocation",
        "portfolio_volatility",
        "volatility_into_cash",
        "fall_from_selling",
        "cost_per_year",
    ];
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
        let plan = HedgePlan { sort_by: SortBy::Score, ..HedgePlan::default() };
        let report = HedgeReport::compute(&question(&series[0]), &candidates, &plan, &mut Silent).unwrap();
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
    let plan = HedgePlan { correlation_threshold: 1.0, sort_by: SortBy::Score, ..HedgePlan::default() };
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
