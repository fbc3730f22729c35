//! Hedges, baskets and exposures against `fixtures/oracle/hedge_cases.json`, which numpy, scipy and statsmodels wrote
//! (`fixtures/oracle/hedge_reference.py`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use std::{fs, path::Path};

use chrono::{Days, NaiveDate};
use factor_analytics::{
    exposure::{ExposureFactor, ExposureInputs, Exposures, PortfolioReturns, Position, Risk},
    hedge::{Basket, Candidate, HedgePlan, HedgeQuestion, HedgeReport, NoSwap, Portfolio, Recommendation, SortBy},
    nnls,
    observer::{Progress, Silent},
    stats,
    study::Standing,
};
use factor_types::{Category, FundFacts};
use ndarray::Array2;
use serde_json::Value;

fn cases() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/oracle/hedge_cases.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

#[track_caller]
fn close(what: &str, ours: Option<f64>, theirs: &Value) {
    match (ours, theirs.as_f64()) {
        (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-12 + 1e-9 * b.abs(), "{what}: {a} is not {b}"),
        (a, b) => assert_eq!(a, b, "{what}"),
    }
}

fn per_year(case: &Value) -> f64 {
    if case["frequency"] == "weekly" { 52.0 } else { 12.0 }
}

fn floor(case: &Value) -> usize {
    usize::try_from(case["floor"].as_u64().unwrap()).unwrap()
}

fn count(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// The panel's columns by name.
struct Columns(Vec<(String, Vec<f64>)>);

impl Columns {
    fn of(case: &Value, all: &Value) -> Self {
        let panel = all["panels"][count(&case["panel"])].as_object().unwrap();
        Self(panel.iter().map(|(name, values)| (name.clone(), numbers(values))).collect())
    }

    fn get(&self, name: &str) -> Option<&[f64]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    fn portfolio(&self, weights: &Value) -> PortfolioReturns {
        let positions: Vec<Position<'_>> = (weights.as_object().unwrap().iter())
            .map(|(name, weight)| Position { weight: weight.as_f64().unwrap(), returns: self.get(name) })
            .collect();
        PortfolioReturns::of(&positions, self.get("rf").unwrap()).unwrap()
    }
}

fn report(case: &Value, columns: &Columns, sort_by: SortBy, max_recommendations: usize) -> HedgeReport {
    report_in_order(case, columns, (sort_by, false), max_recommendations)
}

fn report_in_order(
    case: &Value,
    columns: &Columns,
    (sort_by, allow_short): (SortBy, bool),
    max_recommendations: usize,
) -> HedgeReport {
    let portfolio = case["weights"].is_object().then(|| columns.portfolio(&case["weights"]));
    let candidates: Vec<Candidate<'_>> = (columns.0.iter())
        .filter(|(name, _)| name.starts_with('c'))
        .map(|(name, returns)| {
            let fact = |field: &str| case["facts"][name][field].as_f64();
            Candidate {
                factor: name,
                ticker: None,
                category: Category::Industry,
                returns,
                part_of_overexposed: false,
                is_cash: false,
                standing: Standing::default(),
                // The oracle filters nothing: what is held is not given here.
                portfolio_weight: None,
                held_itself: 0.0,
                sharpe_ratio: fact("sharpe_ratio"),
                max_drawdown: fact("max_drawdown"),
                dividend_yield: fact("dividend_yield"),
                facts: FundFacts::default(),
                in_scenario: None,
            }
        })
        .collect();
    let question = HedgeQuestion {
        overexposed: columns.get("f").unwrap(),
        portfolio: portfolio.as_ref().map(|portfolio| Portfolio {
            returns: &portfolio.values,
            weight_of_overexposed: case["weights"]["f"].as_f64().unwrap(),
        }),
        risk_free: columns.get("rf"),
        per_year: per_year(case),
        min_observations: floor(case),
        expense_ratio: None,
    };
    let plan = HedgePlan {
        sort_by,
        allow_short,
        target_allocation_reduction: case["target"].as_f64().unwrap(),
        correlation_threshold: case["threshold"].as_f64().unwrap(),
        max_recommendations,
        prefer_income: case["prefer_income"].as_bool().unwrap(),
        ..HedgePlan::default()
    };
    HedgeReport::compute(&question, &candidates, &plan, &mut Silent).unwrap()
}

#[test]
fn every_offset_as_numpy_and_scipy_have_it() {
    let all = cases();
    let mut compared = 0;
    for case in all["reports"].as_array().unwrap() {
        let columns = Columns::of(case, &all);
        let found = report(case, &columns, SortBy::Score, 10);
        assert_eq!(found.candidates_meeting_threshold, count(&case["passing"]));
        assert_eq!(found.candidates_scanned, case["pairs"].as_object().unwrap().len());
        assert_eq!(serde_json::json!(names(&found)), case["ranked"]);
        // All candidates, not only those that pass: with a threshold of 0 beyond reach the lowest come.
        for one in &found.recommendations {
            compare_offset(one, &case["pairs"][&one.factor]);
            assert_eq!(one.meets_threshold, case["passing"] != 0);
            compared += 1;
        }
    }
    assert!(compared > 25, "{compared}");
}

fn names(report: &HedgeReport) -> Vec<&str> {
    report.recommendations.iter().map(|one| one.factor.as_str()).collect()
}

#[test]
fn the_orders_as_pandas_sorts_them() {
    let all = cases();
    for case in all["reports"].as_array().unwrap() {
        let columns = Columns::of(case, &all);
        for (sort_by, allow_short, theirs) in [
            (SortBy::Effectiveness, false, "by_effectiveness"),
            (SortBy::Effectiveness, true, "with_shorts"),
            (SortBy::Correlation, false, "by_correlation"),
        ] {
            let found = report_in_order(case, &columns, (sort_by, allow_short), 10);
            assert_eq!(serde_json::json!(names(&found)), case[theirs], "{theirs}");
            for one in &found.recommendations {
                compare_offset(one, &case["pairs"][&one.factor]);
                assert_eq!(
                    one.meets_threshold,
                    one.figures.relation.correlation_to_overexposed <= case["threshold"].as_f64()
                );
            }
        }
    }
}

fn compare_offset(one: &Recommendation, theirs: &Value) {
    let (relation, name) = (&one.figures.relation, &one.factor);
    assert_eq!(relation.n, count(&theirs["n"]), "{name}");
    close("correlation", relation.correlation_to_overexposed, &theirs["correlation"]);
    close("interval", relation.correlation_interval.map(|both| both[0]), &theirs["interval"][0]);
    close("interval", relation.correlation_interval.map(|both| both[1]), &theirs["interval"][1]);
    close("p", relation.p, &theirs["p"]);
    close("hedge ratio", one.figures.hedge_ratio, &theirs["hedge_ratio"]);
    close("in sample", one.figures.hedge_effectiveness.in_sample, &theirs["in_sample"]);
    close("out of sample", one.figures.hedge_effectiveness.out_of_sample, &theirs["out_of_sample"]);
    close("down", relation.down_market_correlation, &theirs["down"]);
    let rolling = &theirs["rolling"];
    assert_eq!(relation.rolling_36.windows, count(&rolling["windows"]));
    close("min", relation.rolling_36.min, &rolling["min"]);
    close("max", relation.rolling_36.max, &rolling["max"]);
    close("latest", relation.rolling_36.latest, &rolling["latest"]);
    assert_eq!(one.significant, theirs["significant"], "{name}");
    close("score", Some(one.score), &theirs["score"]);
    let swap = &theirs["swap"];
    assert_eq!(one.swap.is_some(), swap.is_object());
    let Some(ours) = &one.swap else { return };
    close("w*", ours.unbounded, &swap["unbounded"]);
    close("weight", ours.suggested_additional_allocation, &swap["weight"]);
    assert_eq!(ours.rows, count(&swap["rows"]));
    close("into cash", ours.volatility_into_cash, &swap["into_cash"]);
    // Of the optimiser the objective: its weight is only as good as the square root of that.
    let volatility = ours.portfolio_volatility.unwrap();
    close("before", Some(volatility.before), &swap["before"]);
    close("after", Some(volatility.after), &swap["after"]);
    assert_eq!(ours.reason, (swap["weight"] == 0.0).then_some(NoSwap::WouldNotReduce));
}

#[test]
fn baskets_as_a_general_optimiser_finds_them() {
    let all = cases();
    let (mut found_some, mut found_none) = (0, 0);
    for case in all["reports"].as_array().unwrap() {
        let columns = Columns::of(case, &all);
        let found = report(case, &columns, SortBy::Score, 3);
        let theirs = &case["basket"];
        if theirs["none"] == true {
            assert!(found.no_basket.unwrap().starts_with(theirs["best_single_factor"].as_str().unwrap()));
            found_none += 1;
        } else {
            compare_basket(&found.basket.unwrap(), theirs);
            found_some += 1;
        }
    }
    assert!(found_some >= 4 && found_none >= 1, "{found_some} {found_none}");
}

fn compare_basket(ours: &Basket, theirs: &Value) {
    let members: Vec<&str> = ours.members.iter().map(|member| member.factor.as_str()).collect();
    assert_eq!(serde_json::json!(members), theirs["members"]);
    assert_eq!(serde_json::json!(ours.dropped), theirs["dropped"]);
    assert_eq!(ours.relation.n, count(&theirs["rows"]));
    assert_eq!(ours.sets_tried, count(&theirs["sets"]));
    close("intensity", Some(ours.shrinkage_intensity), &theirs["intensity"]);
    close("before", Some(ours.objective.before), &theirs["before"]);
    close("after", Some(ours.objective.after), &theirs["after"]);
    close("best single", Some(ours.objective.best_single), &theirs["best_single"]);
    assert_eq!(ours.objective.best_single_factor, theirs["best_single_factor"].as_str().unwrap());
    for (member, ratio) in ours.members.iter().zip(theirs["ratios"].as_array().unwrap()) {
        close("ratio", Some(member.hedge_ratio), ratio);
    }
    close("in sample", ours.hedge_effectiveness.in_sample, &theirs["in_sample"]);
    close("out of sample", ours.hedge_effectiveness.out_of_sample, &theirs["out_of_sample"]);
    let correlation = ours.relation.correlation_to_overexposed.unwrap();
    // Their mix is as exact as their optimiser's weights.
    assert!((correlation - theirs["correlation"].as_f64().unwrap()).abs() < 1e-6);
    let Some(volatility) = ours.portfolio_volatility else {
        close("scipy's nnls", Some(ours.objective.after), &theirs["nnls_objective"]);
        return close("SLSQP", Some(ours.objective.after), &theirs["general_objective"]);
    };
    close("volatility before", Some(volatility.before), &theirs["volatility"][0]);
    close("volatility after", Some(volatility.after), &theirs["volatility"][1]);
    let moved: f64 = ours.members.iter().filter_map(|member| member.suggested_additional_allocation).sum();
    assert!((moved - theirs["moves_total"].as_f64().unwrap()).abs() < 1e-6);
}

/// The share of a holding in the portfolio's variance, or of `cash`.
fn risk_contributions(case: &Value, columns: &Columns, name: &str) -> Option<f64> {
    let weights = case["weights"].as_object().unwrap();
    let positions: Vec<Position<'_>> = weights
        .iter()
        .map(|(name, weight)| Position { weight: weight.as_f64().unwrap(), returns: columns.get(name) })
        .collect();
    let risk_free = columns.get("rf").unwrap();
    let (each, cash) = PortfolioReturns::of(&positions, risk_free).unwrap().risk_contributions(&positions, risk_free);
    if name == "cash" { cash } else { each[weights.keys().position(|known| known == name).unwrap()] }
}

#[test]
fn non_negative_least_squares_as_scipy() {
    let all = cases();
    for case in all["nnls"].as_array().unwrap() {
        let columns: Vec<Vec<f64>> = case["columns"].as_array().unwrap().iter().map(numbers).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let target = numbers(&case["target"]);
        let dot = |x: &[f64], y: &[f64]| stats::sum(x.iter().zip(y).map(|(a, b)| a * b));
        let gram = Array2::from_shape_fn((columns.len(), columns.len()), |(i, j)| dot(columns[i], columns[j]));
        let linear: Vec<f64> = columns.iter().map(|column| dot(column, &target)).collect();
        let x = nnls::quadratic(gram.view(), &linear).unwrap();
        for (ours, theirs) in x.iter().zip(case["x"].as_array().unwrap()) {
            close("x", Some(*ours), theirs);
        }
    }
}

#[test]
fn exposures_as_statsmodels() {
    let all = cases();
    for case in all["exposures"].as_array().unwrap() {
        let columns = Columns::of(case, &all);
        let portfolio = columns.portfolio(&case["weights"]);
        for (ours, theirs) in portfolio.values.iter().zip(case["returns"].as_array().unwrap()) {
            close("return", Some(*ours).filter(|r| r.is_finite()), theirs);
        }
        let missing = portfolio.values.iter().filter(|r| !r.is_finite()).count();
        assert_eq!(missing, count(&case["missing"]));
        let (c0, c3) = (columns.get("c0").unwrap(), columns.get("c3").unwrap());
        let combined: Vec<f64> = c0.iter().zip(c3).map(|(a, b)| 0.5 * a + 0.5 * b).collect();
        let factors: Vec<ExposureFactor<'_>> = (case["factors"].as_array().unwrap().iter())
            .map(|name| name.as_str().unwrap())
            .map(|name| ExposureFactor::new(name, columns.get(name).unwrap_or(&combined)))
            .collect();
        let risk_free = columns.get("rf").unwrap();
        let fit = Exposures::fit(
            &portfolio.values,
            risk_free,
            &factors,
            floor(case),
            per_year(case),
            &Progress::new(&mut Silent, ""),
        )
        .unwrap();
        let dropped: Vec<_> = fit.dropped.iter().map(|one| (one.factor.clone(), one.reason)).collect();
        assert_eq!(serde_json::json!(dropped), case["dropped"]);
        assert_eq!(fit.observations, count(&case["observations"]));
        close("alpha", fit.alpha, &case["alpha"]);
        close("alpha_t", fit.alpha_t, &case["alpha_t"]);
        close("r_squared", Some(fit.r_squared), &case["r_squared"]);
        let theirs = case["exposures"].as_object().unwrap();
        assert!(fit.factors.keys().eq(theirs.keys()));
        for (name, ours) in &fit.factors {
            close("beta", Some(ours.beta), &theirs[name]["beta"]);
            close("t", ours.t, &theirs[name]["t"]);
            close("vif", Some(ours.vif), &theirs[name]["vif"]);
            close("share", Some(ours.variance_share), &theirs[name]["variance_share"]);
        }
        let first = NaiveDate::from_ymd_opt(2020, 1, 31).unwrap();
        let labels: Vec<NaiveDate> = (0..risk_free.len()).map(|at| first + Days::new(at as u64)).collect();
        let risk = Risk::of(
            &portfolio.values,
            &ExposureInputs {
                risk_free,
                rate_known: true,
                without_rate: 0,
                benchmark: columns.get("b"),
                factors: &factors,
                named: true,
                labels: &labels,
                base: first - Days::new(1),
                per_year: per_year(case),
                min_observations: floor(case),
            },
        );
        close("annual_return", risk.annual_return, &case["risk"]["annual_return"]);
        close("sharpe_ratio", risk.sharpe_ratio, &case["risk"]["sharpe_ratio"]);
        let share = |name: &str| risk_contributions(case, &columns, name);
        for (name, theirs) in case["risk"]["risk_contribution"].as_object().unwrap() {
            close(name, share(name), theirs);
        }
        close("volatility", risk.volatility, &case["risk"]["volatility"]);
        close("beta", risk.beta, &case["risk"]["beta"]);
        close("max_drawdown", risk.max_drawdown, &case["risk"]["max_drawdown"]);
        close("var_95", risk.var_95, &case["risk"]["var_95"]);
        close("cvar_95", risk.cvar_95, &case["risk"]["cvar_95"]);
    }
}
