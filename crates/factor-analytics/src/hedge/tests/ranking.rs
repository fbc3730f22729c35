//! Which candidates are listed, in which order, and what is said of all of them.

use super::*;

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

/// Names in the order of the list.
fn order(report: &HedgeReport) -> Vec<&str> {
    report.recommendations.iter().map(|one| one.factor.as_str()).collect()
}

#[test]
fn by_effectiveness_those_to_buy_come_by_what_they_take_away_out_of_sample() {
    // On the last 20 of 60 rows f + h c leaves (1 - h k)^2 of f: h is what the first forty say, k what the last twenty have.
    let (f, _) = squares(60);
    let turned = |early: f64, late: f64| -> Vec<f64> {
        f.iter().enumerate().map(|(row, r)| if row < 40 { early * r } else { late * r }).collect()
    };
    // h = 1 for each to buy; k 0.9, 0.5 and 2.2, so 0.99, 0.75 and -0.44 are taken away. Two are sold: h = -1, and h = -1 with k 0.8.
    let all = [turned(-1.0, -0.5), turned(-1.0, -0.9), turned(-1.0, -2.2), turned(1.0, 1.0), turned(1.0, 0.8)];
    let names = ["half", "most", "too much", "sold", "sold, less"];
    let candidates: Vec<Candidate<'_>> = names.iter().zip(&all).map(|(name, r)| candidate(name, r)).collect();
    let ask = |plan: HedgePlan| HedgeReport::compute(&question(&f), &candidates, &plan, &mut Silent).unwrap();
    let bought = ask(HedgePlan::default());
    assert_eq!(order(&bought), ["most", "half", "too much"]);
    let taken: Vec<f64> =
        bought.recommendations.iter().filter_map(|one| one.figures.hedge_effectiveness.out_of_sample).collect();
    let wanted = [0.99, 0.75, -0.44];
    assert!(taken.iter().zip(wanted).all(|(taken, wanted)| (taken - wanted).abs() < 1e-12), "{taken:?}");
    assert!((bought.best_out_of_sample.unwrap() - 0.99).abs() < 1e-12 && bought.nothing_offsets == Some(false));
    let both = ask(HedgePlan { allow_short: true, ..HedgePlan::default() });
    assert_eq!(order(&both), ["sold", "most", "sold, less", "half", "too much"]);
    // The threshold is for the other two orders.
    let cut = HedgePlan { correlation_threshold: -1.0, ..HedgePlan::default() };
    assert_eq!(order(&ask(cut)), order(&bought));
    let passes: Vec<bool> = ask(cut).recommendations.iter().map(|one| one.meets_threshold).collect();
    assert_eq!(passes, [false; 3]);
    let lowest = ask(HedgePlan { sort_by: SortBy::Correlation, correlation_threshold: -0.9, ..HedgePlan::default() });
    let correlations: Vec<f64> =
        lowest.recommendations.iter().filter_map(|one| one.figures.relation.correlation_to_overexposed).collect();
    assert!(correlations.is_sorted() && correlations.len() == 3, "{correlations:?}");
}

#[test]
fn in_a_portfolio_those_to_buy_come_by_what_the_move_leaves() {
    // p = f. Out of a tenth of f into -f / 2 + noise 0.85 f stays, into -f / 10 0.89 f, into cash 0.9 f.
    let f = noise(51, 60);
    let (calm, against) = (mixed(&[(-0.1, &f)]), mixed(&[(-0.5, &f)]));
    let with = mixed(&[(0.3, &f)]);
    let candidates = [candidate("calm", &calm), candidate("against", &against), candidate("with", &with)];
    let rates = [0.001; 60];
    let portfolio = Some(Portfolio { returns: &f, weight_of_overexposed: 1.0 });
    let held = HedgeQuestion { portfolio, risk_free: Some(&rates), ..question(&f) };
    let ask = |candidates: &[Candidate<'_>], plan| HedgeReport::compute(&held, candidates, &plan, &mut Silent).unwrap();
    let report = ask(&candidates, HedgePlan::default());
    assert_eq!(order(&report), ["against", "calm"], "what goes with f is no offset");
    let swap = |at: usize| report.recommendations[at].swap.clone().unwrap();
    for (at, left) in [(0, 0.85_f64), (1, 0.89)] {
        let (swap, volatility) = (swap(at), swap(at).portfolio_volatility.unwrap());
        assert!((swap.variance_left().unwrap() - left * left).abs() < 1e-12, "{swap:?}");
        // Of the 15% and the 11% that it falls by 10% are the selling's.
        assert!((swap.volatility_into_cash.unwrap() / volatility.before - 0.9).abs() < 1e-12);
        assert!((swap.fall_from_selling.unwrap() / volatility.before - 0.1).abs() < 1e-12);
    }
    // What nothing is to be moved into comes by what it takes away: in a portfolio that moves against f no move lowers anything.
    let (half, most) = (mixed(&[(-0.5, &f), (1.0, &noise(52, 60))]), mixed(&[(-1.0, &f), (0.2, &noise(53, 60))]));
    let candidates_of_none = [candidate("a: half", &half), candidate("b: most", &most)];
    let opposite = mixed(&[(-1.0, &f)]);
    let portfolio = Some(Portfolio { returns: &opposite, weight_of_overexposed: 1.0 });
    let none = HedgeQuestion { portfolio, ..held };
    let none = HedgeReport::compute(&none, &candidates_of_none, &HedgePlan::default(), &mut Silent).unwrap();
    assert!(none.recommendations.iter().all(|one| one.swap.as_ref().unwrap().reason.is_some()));
    assert_eq!(order(&none), ["b: most", "a: half"]);
    // Where none offsets, what leaves least stands in: into what moves a third as far 0.93 f stays.
    let report = ask(&candidates[2..], HedgePlan::default());
    let only = &report.recommendations[0];
    assert!((only.swap.as_ref().unwrap().variance_left().unwrap() - 0.93 * 0.93).abs() < 1e-12);
    assert_eq!((report.nothing_offsets, only.figures.direction), (Some(true), Some(Direction::Short)));
}

#[test]
fn whether_anything_offsets_is_asked_of_all_that_were_looked_at() {
    // Passes no threshold, and takes half away out of sample.
    let f = noise(61, 90);
    let good = mixed(&[(-1.0, &f), (0.5, &noise(62, 90))]);
    let low = mixed(&[(-1.0, &f), (9.0, &noise(63, 90))]);
    let candidates = [candidate("good", &good), candidate("low", &low)];
    let plan = HedgePlan { sort_by: SortBy::Score, max_recommendations: 1, basket: false, ..HedgePlan::default() };
    let report = HedgeReport::compute(&question(&f), &candidates, &plan, &mut Silent).unwrap();
    let own = HedgeFigures::of(&f, &good, 12).hedge_effectiveness.out_of_sample;
    assert!(report.best_out_of_sample == own && own > Some(0.5), "{own:?}");
}

#[test]
fn by_a_scenario_what_held_comes_first_and_then_what_gained_most() {
    let f = noise(71, 60);
    let all: Vec<Vec<f64>> = (72..77).map(|seed| mixed(&[(-0.4, &f), (0.3, &noise(seed, 60))])).collect();
    let did = |result: f64, held: Option<bool>| {
        Some(ScenarioResult { ratio: 1.0, scenario_excess_return: result, result, hedged_return: result - 0.3, held })
    };
    let of = |at: usize, name, in_scenario| Candidate { in_scenario, ..candidate(name, &all[at]) };
    let candidates = [
        of(0, "a: lost", did(-0.1, Some(false))),
        of(1, "b: gained", did(0.05, Some(true))),
        of(2, "c: not there then", None),
        of(3, "d: gained most", did(0.2, Some(true))),
        of(4, "e: lost less", did(-0.02, Some(false))),
    ];
    let ask = |plan: HedgePlan| HedgeReport::compute(&question(&f), &candidates, &plan, &mut Silent).unwrap();
    let by_scenario = HedgePlan { by_scenario: true, ..HedgePlan::default() };
    let report = ask(by_scenario);
    assert_eq!(order(&report), ["d: gained most", "b: gained", "e: lost less", "a: lost"]);
    assert_eq!(report.recommendations[0].in_scenario, did(0.2, Some(true)));
    assert_eq!(
        order(&ask(HedgePlan { sort_by: SortBy::Score, ..by_scenario })),
        order(&report),
        "whatever sort_by says"
    );
    assert_eq!(order(&ask(HedgePlan::default())).len(), 5, "else all that offset");
}
