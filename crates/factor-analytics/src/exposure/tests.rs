use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::{
    ols::{MultipleRegression, OlsError},
    *,
};
use crate::{
    observer::{Progress, Silent, Stopped, tests::StopAt},
    regression::Regression,
    sections::performance::{PerformanceProfile, ProfileInputs},
};

const NAN: f64 = f64::NAN;

fn held(weight: f64, returns: &[f64]) -> Position<'_> {
    Position { weight, returns: Some(returns) }
}

fn fitted(
    p: &[f64],
    risk_free: &[f64],
    factors: &[ExposureFactor<'_>],
    min_rows: usize,
    per_year: f64,
) -> Result<Exposures, ExposureError> {
    Exposures::fit(p, risk_free, factors, min_rows, per_year, &Progress::new(&mut Silent, ""))
}

fn state(returns: &[f64], inputs: &ExposureInputs<'_>) -> ExposureState {
    ExposureState::of(returns, inputs, &Progress::new(&mut Silent, ""))
}

fn compared(before: &[f64], after: &[f64], inputs: &ExposureInputs<'_>) -> WhatIf {
    WhatIf::of(before, after, inputs, &Progress::new(&mut Silent, ""))
}

fn near(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!((a - b).abs() < 1e-15 || (a.is_nan() && b.is_nan()), "{found:?} is not {wanted:?}");
    }
}

fn labels(rows: usize) -> (NaiveDate, Vec<NaiveDate>) {
    let base = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    (base, (1..=rows).map(|at| base + Days::new(at as u64)).collect())
}

fn wave(step: usize, rows: usize) -> Vec<f64> {
    (0..rows).map(|t| 0.01 * (((t * step) % 13) as f64 - 6.0)).collect()
}

#[test]
fn returns_from_weights_by_hand() {
    let (a, b) = ([0.10, 0.10, NAN, NAN], [0.02, NAN, 0.02, NAN]);
    // 0.6 and 0.2, a fifth in cash: 0.06 + 0.004 + 0.2 * 0.01. Without either of them there is no such portfolio.
    let found = PortfolioReturns::of(&[held(0.6, &a), held(0.2, &b)], &[0.01; 4]).unwrap();
    near(&found.values, &[0.066, NAN, NAN, NAN]);
    assert!((found.cash_weight - 0.2).abs() < 1e-15);
    assert_eq!(found.unexplained_weight, 0.0);
    // Borrowed: 0.9 + 0.6, half of it at the rate.
    let found = PortfolioReturns::of(&[held(0.9, &a), held(0.6, &b)], &[0.01; 4]).unwrap();
    near(&found.values[..1], &[0.09 + 0.012 - 0.005]);
    // Whole: the rate is not needed. With cash it is.
    let found = PortfolioReturns::of(&[held(0.5, &a), held(0.5, &b)], &[NAN; 4]).unwrap();
    near(&found.values, &[0.06, NAN, NAN, NAN]);
    let found = PortfolioReturns::of(&[held(0.5, &a)], &[NAN, 0.0, 0.0, 0.0]).unwrap();
    near(&found.values, &[NAN, 0.05, NAN, NAN]);
}

#[test]
fn the_holding_that_costs_rows_is_known() {
    let (old, young) = ([0.1, 0.2, 0.3, 0.1], [NAN, NAN, 0.3, 0.1]);
    let of = |positions: &[Position<'_>]| PortfolioReturns::of(positions, &[0.0; 4]).unwrap().lost_rows;
    let lost =
        |rows, positions: &[usize], rows_without| Some(LostRows { rows, positions: positions.to_vec(), rows_without });
    assert_eq!(of(&[held(0.5, &old), held(0.5, &old)]), None);
    assert_eq!(of(&[held(0.9, &old), held(0.1, &young)]), lost(2, &[1], 4));
    // Two of one age: without one of them alone nothing is gained.
    assert_eq!(of(&[held(0.1, &young), held(0.8, &old), held(0.1, &young)]), lost(2, &[0, 2], 4));
    // Without the younger one row is gained, and it is the one to name.
    let younger = [NAN, NAN, NAN, 0.1];
    assert_eq!(of(&[held(0.1, &young), held(0.1, &younger), held(0.8, &old)]), lost(1, &[1], 2));
    // One that ended before the other began: they are never both there.
    let ended = [0.1, NAN, NAN, NAN];
    assert_eq!(of(&[held(0.5, &young), held(0.5, &ended)]), lost(0, &[1], 2));
    assert_eq!(of(&[held(1.0, &young)]), None, "alone it costs nobody anything");
}

#[test]
fn weight_without_any_return_is_spread_over_its_own_side() {
    let (a, b) = ([0.10, 0.10], [0.04, NAN]);
    let unknown = |weight: f64| Position { weight, returns: None };
    // 1.0 + 0.2 long of which a stands for all, -0.2 short.
    let found = PortfolioReturns::of(&[held(1.0, &a), unknown(0.2), held(-0.2, &b)], &[0.0; 2]).unwrap();
    near(&found.values, &[0.12 - 0.008, NAN]);
    assert!((found.gross_weight - 1.4).abs() < 1e-15 && (found.unexplained_weight - 0.2 / 1.4).abs() < 1e-15);
    // Nothing of the short side is known: nothing can stand for it.
    let found = PortfolioReturns::of(&[held(1.0, &a), unknown(-0.2)], &[0.0; 2]).unwrap();
    near(&found.values, &[NAN, NAN]);
}

#[test]
fn contributions_to_risk_by_hand() {
    // a and b of mean 0, uncorrelated, the same variance v: p = 0.6 a + 0.2 b varies by (0.36 + 0.04) v, and a's part of
    // that is 0.6 * 0.6 v. The rate varies as a does, a tenth of it: cov(rf, p) = 0.06 v + 0.2 * 0.01 v.
    let (a, b) = ([0.02, 0.02, -0.02, -0.02], [0.02, -0.02, 0.02, -0.02]);
    let of = |positions: &[Position<'_>], rates: &[f64]| {
        PortfolioReturns::of(positions, rates).unwrap().risk_contributions(positions, rates)
    };
    let still = of(&[held(0.6, &a), held(0.2, &b)], &[0.001; 4]);
    assert!((still.0[0].unwrap() - 0.9).abs() < 1e-12 && (still.0[1].unwrap() - 0.1).abs() < 1e-12, "{still:?}");
    assert!(still.1.unwrap().abs() < 1e-12);
    // p = 0.62 a + 0.2 b: var 0.4244 v; a: 0.6 * 0.62, b: 0.2 * 0.2, cash: 0.2 * 0.1 * 0.62.
    let (each, cash) = of(&[held(0.6, &a), held(0.2, &b)], &a.map(|r| 0.1 * r));
    let found = [each[0].unwrap(), each[1].unwrap(), cash.unwrap()];
    for (found, wanted) in found.iter().zip([0.372, 0.04, 0.0124]) {
        assert!((found - wanted / 0.4244).abs() < 1e-12, "{found} {wanted}");
    }
    assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    // What is spread counts where it went; what is not known has no share of its own.
    let unknown = Position { weight: 0.4, returns: None };
    let (each, cash) = of(&[held(0.6, &a), unknown], &[0.0; 4]);
    assert_eq!((each[1], cash), (None, Some(0.0)));
    assert!((each[0].unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(of(&[held(1.0, &[0.01; 4])], &[0.0; 4]), (vec![None], None), "nothing varies");
}

#[test]
fn weights_that_make_no_portfolio_are_refused() {
    let a = [0.1, 0.2];
    let of = |positions: &[Position<'_>]| PortfolioReturns::of(positions, &[0.0; 2]);
    assert_eq!(of(&[]), Err(PortfolioError::NoWeight));
    assert_eq!(of(&[held(0.5, &a), held(-0.5, &a)]), Err(PortfolioError::NoWeight));
    assert_eq!(of(&[held(0.5, &a), held(NAN, &a)]), Err(PortfolioError::BadWeight { at: 1 }));
    let unknown = Position { weight: 0.6, returns: None };
    assert_eq!(of(&[held(0.4, &a), unknown]), Err(PortfolioError::MostlyUnknown { share: 0.6 }));
    let half = of(&[held(0.5, &a), held(0.5, &[NAN, NAN])]).unwrap();
    near(&half.values, &a);
    assert_eq!((half.unexplained_weight, half.lost_rows), (0.5, None));
}

#[test]
fn as_many_short_as_long_is_a_portfolio_when_cash_is_held() {
    let (a, b) = ([0.10, 0.02, NAN], [0.04, NAN, 0.04]);
    let found = PortfolioReturns::with_cash(&[held(0.5, &a), held(-0.5, &b)], 1.0, &[0.01; 3]).unwrap();
    // 0.05 - 0.02 + 0.01; then one of the sides is missing, and nothing stands in for it.
    near(&found.values, &[0.04, NAN, NAN]);
    assert_eq!((found.net_weight, found.gross_weight, found.cash_weight), (0.0, 1.0, 1.0));
    let all = PortfolioReturns::with_cash(&[], 1.0, &[0.01, NAN, 0.02]).unwrap();
    near(&all.values, &[0.01, NAN, 0.02]);
    assert_eq!((all.net_weight, all.gross_weight, all.unexplained_weight), (0.0, 0.0, 0.0));
    let nothing_known = [Position { weight: 0.5, returns: None }, held(-0.5, &[NAN; 3])];
    let refused = PortfolioReturns::with_cash(&nothing_known, 1.0, &[0.0; 3]);
    assert_eq!(refused, Err(PortfolioError::MostlyUnknown { share: 1.0 }));
}

#[test]
fn one_factor_is_the_simple_regression() {
    let (x, e) = (wave(5, 60), wave(7, 60));
    let y: Vec<f64> = x.iter().zip(&e).map(|(x, e)| 0.002 + 1.5 * x + 0.3 * e).collect();
    let simple = Regression::fit(&x, &y).unwrap();
    let fit = MultipleRegression::fit(&[&x], &y).unwrap();
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} {b}");
    close(fit.intercept, simple.intercept);
    close(fit.slopes[0].value, simple.slope);
    close(fit.slopes[0].error.unwrap(), simple.slope_error.unwrap());
    close(fit.intercept_error.unwrap(), simple.intercept_error.unwrap());
    close(1.0 - fit.residual_share, simple.r_squared.unwrap());
    close(fit.slopes[0].vif, 1.0);
    assert_eq!(MultipleRegression::fit(&[&x[..11]], &y[..11]).unwrap().slopes[0].error, None);
}

#[test]
fn what_no_regression_can_be_made_of() {
    let (x, y) = (wave(5, 20), wave(7, 20));
    let fit = |x: &[&[f64]], y: &[f64]| MultipleRegression::fit(x, y).unwrap_err();
    assert_eq!(fit(&[&x[..2]], &y[..2]), OlsError::TooFewRows);
    assert_eq!(fit(&[&x], &[0.1; 20]), OlsError::ConstantTarget);
    assert_eq!(fit(&[&x, &[0.1; 20]], &y), OlsError::Constant(1));
    let shifted: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
    assert_eq!(fit(&[&x, &wave(3, 20), &shifted], &y), OlsError::Collinear(2));
}

#[test]
fn a_portfolio_that_is_a_factor_has_all_of_it() {
    let x = wave(5, 48);
    let other = wave(7, 48);
    let factors = [ExposureFactor::new("own", &x), ExposureFactor::new("other", &other)];
    let fit = fitted(&x, &[0.001; 48], &factors, 24, 12.0).unwrap();
    assert!((fit.factors["own"].beta - 1.0).abs() < 1e-12 && fit.factors["other"].beta.abs() < 1e-12);
    assert!((fit.factors["own"].variance_share - 1.0).abs() < 1e-12);
    assert_eq!((fit.residual_share, fit.r_squared), (0.0, 1.0));
    // Nothing is left over to measure an error by.
    assert_eq!((fit.alpha_t, fit.factors["own"].t), (None, None));
    assert_eq!(fit.undefined.len(), 3);
}

#[test]
fn factors_that_cannot_be_used_are_dropped_and_named() {
    let (p, x, z) = (wave(2, 48), wave(5, 48), wave(7, 48));
    let young: Vec<f64> = (0..48).map(|row| if row < 30 { NAN } else { z[row] }).collect();
    let sum: Vec<f64> = x.iter().zip(&z).map(|(x, z)| 0.4 * x + 0.6 * z).collect();
    let rates = [0.001; 48];
    let factor = |name, returns| ExposureFactor::new(name, returns);
    let factors =
        [factor("x", &x), factor("young", &young), factor("cash", &rates), factor("z", &z), factor("sum", &sum)];
    let fit = fitted(&p, &rates, &factors, 24, 12.0).unwrap();
    let dropped: Vec<_> = fit.dropped.iter().map(|one| (one.factor.as_str(), one.reason)).collect();
    assert_eq!(
        dropped,
        [("young", DropReason::ThinHistory), ("cash", DropReason::Constant), ("sum", DropReason::Collinear)]
    );
    assert_eq!(fit.dropped[0].detail, "18 periods in common with the portfolio; with it 18 are complete, 24 needed");
    assert_eq!(fit.dropped[2].detail, "a linear combination of x, z");
    assert_eq!((fit.observations, fit.factors.len()), (48, 2));
    let none = fitted(&p, &rates, &factors[2..3], 24, 12.0).unwrap_err();
    assert!(none.to_string().contains("cash (its excess returns do not vary"), "{none}");
    // One that three factors leave is tried four times, and a stop is heard before each.
    for question in 1..=4 {
        let mut observer = StopAt::question(question);
        let stopped = Exposures::fit(&p, &rates, &factors, 24, 12.0, &Progress::new(&mut observer, ""));
        assert_eq!((stopped, observer.asked.get()), (Err(ExposureError::Stopped(Stopped)), question));
    }
    let few = fitted(&p[..10], &rates, &factors, 24, 12.0).unwrap_err();
    assert_eq!(few, ExposureError::ThinHistory { rows: 10, needed: 24 });
    let flat = fitted(&rates, &rates, &factors, 24, 12.0).unwrap_err();
    assert_eq!(flat, ExposureError::Constant { rows: 48 });
    // More factors than the rows bear: twelve rows leave room for ten.
    let many: Vec<Vec<f64>> = (0..12).map(|at| wave(at + 1, 12).iter().map(|r| r * r + 0.01 * r).collect()).collect();
    let names: Vec<String> = (0..12).map(|at| at.to_string()).collect();
    let many: Vec<_> = names.iter().zip(&many).map(|(name, returns)| factor(name, returns.as_slice())).collect();
    let fit = fitted(&p[..12], &rates[..12], &many, 12, 12.0).unwrap();
    assert!(fit.factors.len() <= 10 && fit.factors.len() + fit.dropped.len() == 12);
}

fn inputs<'a>(
    benchmark: &'a [f64],
    risk_free: &'a [f64],
    factors: &'a [ExposureFactor<'a>],
    base: NaiveDate,
    labels: &'a [NaiveDate],
) -> ExposureInputs<'a> {
    ExposureInputs {
        risk_free,
        rate_known: true,
        without_rate: 0,
        benchmark: Some(benchmark),
        factors,
        named: true,
        labels,
        base,
        per_year: 12.0,
        min_observations: 24,
    }
}

#[test]
fn risk_is_that_of_the_performance_profile() {
    let (base, labels) = labels(48);
    let (p, b, rates) = (wave(2, 48), wave(5, 48), [0.001; 48]);
    let inputs = inputs(&b, &rates, &[], base, &labels);
    let risk = Risk::of(&p, &inputs);
    let profile = PerformanceProfile::compute(&ProfileInputs {
        risk_free: Some(&rates),
        benchmark: Some(&b),
        ..ProfileInputs::new(&p, &labels, base, 12.0)
    });
    assert_eq!((risk.volatility, risk.beta), (profile.volatility, profile.beta));
    assert_eq!((risk.annual_return, risk.sharpe_ratio), (profile.annual_return, profile.sharpe_ratio));
    assert_eq!((risk.max_drawdown, risk.var_95, risk.cvar_95), (profile.max_drawdown, profile.var_95, profile.cvar_95));
    assert_eq!(risk.drawdown, profile.drawdown);
    assert!(risk.drawdown.drawdown_trough.is_some());
    assert!(risk.volatility.is_some() && risk.beta.is_some() && risk.undefined.is_empty());
    assert_eq!((risk.observations, risk.first, risk.last), (48, Some(labels[0]), Some(labels[47])));
    let without = Risk::of(&p, &ExposureInputs { benchmark: None, ..inputs });
    assert!(without.undefined.iter().any(|(field, why)| *field == "beta" && why.contains("benchmark")));
    assert_eq!(risk.total_return, profile.total_return);
    assert_eq!(Risk::of(&[NAN; 48], &inputs).undefined.len(), 8);
}

#[test]
fn rows_that_cash_lacks_a_rate_for_count_among_those_of_a_sharpe_ratio() {
    let (base, labels) = labels(48);
    let (a, b) = (wave(2, 48), wave(5, 48));
    // A rate on the last 20 of 48 rows: a portfolio with cash has no others.
    let rates: Vec<f64> = (0..48).map(|row| if row < 28 { NAN } else { 0.001 }).collect();
    let with_cash = PortfolioReturns::of(&[held(0.6, &a)], &rates).unwrap();
    assert_eq!((with_cash.without_rate.len(), with_cash.without_rate.first()), (28, Some(&0)));
    let all_in = PortfolioReturns::of(&[held(1.0, &a)], &rates).unwrap();
    assert!(all_in.without_rate.is_empty() && all_in.values.iter().all(|r| r.is_finite()));
    assert_eq!(all_in.without_rate_of_either(&with_cash), 28);
    let measured = |of: &PortfolioReturns, without_rate: usize| {
        let inputs = ExposureInputs { without_rate, ..inputs(&b, &rates, &[], base, &labels) };
        Risk::of(&of.values, &inputs)
    };
    let risk = measured(&with_cash, 28);
    assert_eq!((risk.observations, risk.first, risk.last), (20, Some(labels[28]), Some(labels[47])));
    assert!(risk.sharpe_ratio.is_none() && risk.beta.is_none() && risk.volatility.is_some(), "20 of 48 are under half");
    assert!(risk.undefined.iter().any(|(field, why)| *field == "sharpe_ratio" && why.contains("under half")));
    // Half of 40 are enough.
    assert!(measured(&with_cash, 20).sharpe_ratio.is_some());
    let whole = measured(&all_in, 0);
    assert_eq!((whole.observations, whole.observations_of.get("sharpe_ratio")), (48, Some(&20)));
}

#[test]
fn without_a_rate_nothing_is_a_return_over_cash() {
    let (base, labels) = labels(48);
    let (p, b, zeros) = (wave(2, 48), wave(5, 48), [0.0; 48]);
    let factors = [ExposureFactor::new("b", &b)];
    let known = inputs(&b, &zeros, &factors, base, &labels);
    let unknown = ExposureInputs { rate_known: false, ..known };
    let (over_zero, state) = (state(&p, &known), state(&p, &unknown));
    assert_eq!((state.risk.sharpe_ratio, state.risk.return_to_risk), (None, over_zero.risk.sharpe_ratio));
    assert_eq!((state.risk.beta, over_zero.risk.return_to_risk), (over_zero.risk.beta, None));
    let (fit, other) = (state.regression.unwrap(), over_zero.regression.unwrap());
    assert_eq!((fit.alpha, fit.alpha_t, &fit.factors), (None, None, &other.factors));
    assert!(
        other.alpha.is_some() && fit.undefined.iter().any(|(field, why)| field == "alpha" && why.contains("UST3M"))
    );
    assert!(state.risk.undefined.iter().any(|(field, why)| *field == "sharpe_ratio" && why.contains("UST3M")));
}

#[test]
fn a_trade_is_compared_on_the_same_periods() {
    let (base, labels) = labels(60);
    let (p, b, x, rates) = (wave(2, 60), wave(5, 60), wave(7, 60), [0.001; 60]);
    let factors = [ExposureFactor::new("x", &x)];
    let inputs = inputs(&b, &rates, &factors, base, &labels);
    let after: Vec<f64> = (0..60).map(|row| if row < 20 { NAN } else { 0.5 * p[row] + 0.0005 }).collect();
    let what_if = compared(&p, &after, &inputs);
    assert_eq!(what_if.observations, 40);
    let beta = |state: &ExposureState| state.regression.as_ref().unwrap().factors["x"].beta;
    assert!((beta(&what_if.after) - 0.5 * beta(&what_if.before)).abs() < 1e-14);
    let volatility = |state: &ExposureState| state.risk.volatility.unwrap();
    assert!((volatility(&what_if.after) - 0.5 * volatility(&what_if.before)).abs() < 1e-14);
    // Stopped before the second of two regressions, the risk is there all the same.
    let stopped = WhatIf::of(&p, &after, &inputs, &Progress::new(&mut StopAt::question(2), ""));
    assert_eq!((&stopped.before, &stopped.after.risk), (&what_if.before, &what_if.after.risk));
    assert!(stopped.after.no_regression.unwrap().starts_with("not computed for want of time"));
    let unchanged = compared(&p, &p, &inputs);
    assert_eq!((unchanged.observations, &unchanged.before), (60, &unchanged.after));
    let too_short: Vec<f64> = (0..60).map(|row| if row < 40 { NAN } else { p[row] }).collect();
    let what_if = compared(&p, &too_short, &inputs);
    assert!(what_if.before.regression.is_none() && what_if.before.no_regression.unwrap().contains("20 periods"));
}

#[test]
fn a_change_is_after_less_before() {
    let risk =
        |volatility, sharpe_ratio| Risk { volatility, sharpe_ratio, max_drawdown: Some(-0.25), ..Risk::default() };
    let found = RiskChange::between(&risk(Some(0.15), Some(0.5)), &risk(Some(0.125), None));
    assert!((found.volatility.unwrap() + 0.025).abs() < 1e-15);
    assert_eq!((found.max_drawdown, found.sharpe_ratio, found.beta), (Some(0.0), None, None));
}

fn panel() -> impl Strategy<Value = (Vec<f64>, Vec<Vec<f64>>)> {
    (30usize..80, 1usize..6).prop_flat_map(|(rows, factors)| {
        let series = prop::collection::vec(prop::collection::vec(-0.1..0.1f64, rows), factors);
        (prop::collection::vec(-0.1..0.1f64, rows), series)
    })
}

proptest! {
    #[test]
    fn the_shares_sum_to_one(
        (noise, series) in panel(),
        loads in prop::collection::vec(-2.0..2.0f64, 6),
        quiet in 0.01..1.0f64,
    ) {
        let p: Vec<f64> = (0..noise.len())
            .map(|row| quiet * noise[row] + series.iter().zip(&loads).map(|(x, load)| load * x[row]).sum::<f64>())
            .collect();
        let x: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
        let fit = MultipleRegression::fit(&x, &p).unwrap();
        let total = fit.residual_share + fit.slopes.iter().map(|slope| slope.variance_share).sum::<f64>();
        prop_assert!((total - 1.0).abs() < 1e-12, "{}", total);
        prop_assert!(fit.slopes.iter().all(|slope| slope.vif >= 1.0 - 1e-12));
    }

    #[test]
    fn scaling_the_portfolio_scales_its_exposures(
        (own, series) in panel(),
        scale in 0.1..3.0f64,
        weight in 0.1..0.9f64,
    ) {
        let rates = vec![0.002; own.len()];
        let positions = |k: f64| [held(k * weight, &own), held(k * (1.0 - weight), &series[0])];
        let of = |k: f64| {
            let p = PortfolioReturns::of(&positions(k), &rates).unwrap();
            let names = ["a", "b", "c", "d", "e", "f"];
            let factors: Vec<ExposureFactor<'_>> =
                names.iter().zip(&series[1..]).map(|(name, returns)| ExposureFactor::new(name, returns)).collect();
            fitted(&p.values, &rates, &factors, 24, 12.0)
        };
        prop_assume!(series.len() > 1);
        let (one, scaled) = (of(1.0).unwrap(), of(scale).unwrap());
        prop_assert!((scaled.alpha.unwrap() - scale * one.alpha.unwrap()).abs() < 1e-12);
        prop_assert!((scaled.residual_share - one.residual_share).abs() < 1e-10);
        for (name, exposure) in &one.factors {
            let other = &scaled.factors[name];
            prop_assert!((other.beta - scale * exposure.beta).abs() < 1e-12);
            prop_assert!((other.variance_share - exposure.variance_share).abs() < 1e-10);
            prop_assert!((other.t.unwrap() - exposure.t.unwrap()).abs() < 1e-8);
        }
    }
}
