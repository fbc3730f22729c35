use proptest::prelude::*;

use super::*;
use crate::{
    Threads,
    observer::tests::{stops, unobserved},
    test_study::{month_end, near, noise},
};

fn factors<'a>(names: &'a [&'a str], x: &'a [Vec<f64>]) -> Vec<ModelFactor<'a>> {
    names.iter().zip(x).map(|(name, returns)| ModelFactor { name, returns }).collect()
}

/// So many columns of so many rows.
fn columns(seed: u64, size: usize, rows: usize) -> Vec<Vec<f64>> {
    let mut next = noise(seed);
    (0..size).map(|_| (0..rows).map(|_| next() * 0.1).collect()).collect()
}

#[test]
fn one_factor_by_hand() {
    // x = 1..4, y = 2, 2, 4, 4: slope 0.8, constant 1, residuals 0.2, -0.6, 0.6, -0.2, SSR 0.8, SST 4.
    let x = [vec![1.0, 2.0, 3.0, 4.0]];
    let fit = ModelFit::fit(&[2.0, 2.0, 4.0, 4.0], &factors(&["x"], &x), Estimator::Ols, 12.0).unwrap();
    let beta = fit.factors["x"];
    near(beta.beta, 0.8);
    near(fit.alpha.annual, 12.0);
    near(fit.r_squared, 0.8);
    near(fit.adjusted_r_squared.unwrap(), 0.7);
    // 0.8 x 2.5 x 12.
    near(beta.annual_contribution, 24.0);
    near(beta.variance_share + fit.residual_share, 1.0);
    // Steps -0.8, 1.2, -0.8: (0.64 + 1.44 + 0.64) / 0.8.
    near(fit.durbin_watson.unwrap(), 3.4);
    assert_eq!((beta.se, fit.alpha.t, beta.vif), (None, None, 1.0), "four rows have no errors");
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let rows = 20;
    let x = columns(1, 2, rows);
    let y = columns(2, 1, rows).remove(0);
    let fit = |x: &[Vec<f64>], y: &[f64]| ModelFit::fit(y, &factors(&["a", "b"], x), Estimator::Hac, 12.0).unwrap_err();
    let copy = vec![x[0].clone(), x[0].iter().map(|v| 2.0 * v + 0.01).collect()];
    assert_eq!(fit(&copy, &y), FitError::Collinear("b".to_owned()));
    assert_eq!(fit(&[x[0].clone(), vec![0.01; rows]], &y), FitError::Constant("b".to_owned()));
    assert_eq!(fit(&x, &vec![0.01; rows]), FitError::ConstantTarget { rows });
    let short: Vec<Vec<f64>> = x.iter().map(|column| column[..3].to_vec()).collect();
    assert_eq!(fit(&short, &y[..3]), FitError::TooFewRows { rows: 3, factors: 2, needed: 4 });
}

#[test]
fn an_exact_fit_has_no_error_and_no_test() {
    let x = columns(3, 2, 40);
    let y: Vec<f64> = (0..40).map(|row| 0.001 + 0.5 * x[0][row] - 0.2 * x[1][row]).collect();
    for estimator in Estimator::ALL {
        let fit = ModelFit::fit(&y, &factors(&["a", "b"], &x), estimator, 12.0).unwrap();
        near(fit.factors["a"].beta, 0.5);
        near(fit.factors["b"].beta, -0.2);
        assert_eq!((fit.factors["a"].se, fit.factors["a"].t, fit.durbin_watson), (Some(0.0), None, None));
        assert_eq!(fit.breusch_pagan, None);
    }
}

#[test]
fn huber_is_not_pulled_by_one_wild_row() {
    let x = columns(4, 1, 60);
    let mut wild = noise(5);
    let mut y: Vec<f64> = x[0].iter().map(|x| 0.9 * x + 0.001 * wild()).collect();
    y[7] += 3.0;
    let beta = |estimator| ModelFit::fit(&y, &factors(&["x"], &x), estimator, 12.0).unwrap().factors["x"].beta;
    assert!((beta(Estimator::Huber) - 0.9).abs() < 0.01, "{}", beta(Estimator::Huber));
    assert!((beta(Estimator::Ols) - 0.9).abs() > 0.1, "{}", beta(Estimator::Ols));
}

#[test]
fn a_window_is_the_model_on_its_rows() {
    let x = columns(6, 3, 80);
    let mut y = columns(7, 1, 80).remove(0);
    let names = ["a", "b", "c"];
    let of = factors(&names, &x);
    y[50] = f64::NAN;
    for estimator in Estimator::ALL {
        let plan = RollingPlan { factors: &of, window: 20, estimator, per_year: 12.0 };
        let found = unobserved(|progress| plan.fit(&[&y, &y], Threads::Auto, progress));
        assert_eq!(found[0], found[1]);
        assert!(found[0][..19].iter().all(Option::is_none) && found[0][50..70].iter().all(Option::is_none));
        let window = found[0][40].as_ref().unwrap();
        let within: Vec<Vec<f64>> = x.iter().map(|column| column[21..41].to_vec()).collect();
        let whole = ModelFit::fit(&y[21..41], &factors(&names, &within), estimator, 12.0).unwrap();
        near(window.betas[1], whole.factors["b"].beta);
        near(window.intervals.as_ref().unwrap()[2][0], whole.factors["c"].interval.unwrap()[0]);
        near(window.alpha, whole.alpha.annual);
        near(window.r_squared, whole.r_squared);
    }
    let plan = RollingPlan { factors: &of, window: 20, estimator: Estimator::Ols, per_year: 12.0 };
    assert!(stops(|progress| plan.fit(&[&y], Threads::ONE, progress)) > 50);
}

#[test]
fn a_windows_figures_are_the_same_by_any_number_of_threads_and_beside_any_series() {
    let x = columns(8, 5, 300);
    let y = columns(9, 4, 300);
    let of = factors(&["a", "b", "c", "d", "e"], &x);
    let plan = RollingPlan { factors: &of, window: 60, estimator: Estimator::Hac, per_year: 252.0 };
    let all: Vec<&[f64]> = y.iter().map(Vec::as_slice).collect();
    let run = |series: &[&[f64]], threads| unobserved(|progress| plan.fit(series, threads, progress));
    let (one, three) = (run(&all, Threads::ONE), run(&all, Threads::Exactly(3.try_into().unwrap())));
    assert_eq!(one, three);
    assert_eq!(run(&all[2..3], Threads::ONE)[0], one[2]);
}

#[test]
fn a_style_that_is_a_mix_is_found_at_once() {
    let x = columns(10, 4, 60);
    let labels: Vec<_> = (1..=60).map(month_end).collect();
    let of = factors(&["a", "b", "c", "d"], &x);
    let mix: Vec<f64> = (0..60).map(|row| 0.6 * x[0][row] + 0.4 * x[2][row] + 0.001).collect();
    let style = unobserved(|progress| match Style::of(&labels, &mix, &of, Some(36), 12.0, progress) {
        Ok(style) => Ok(style),
        Err(error) => panic!("{error}"),
    });
    near(style.weights["a"].weight, 0.6);
    near(style.weights["c"].weight, 0.4);
    near(style.r_squared, 1.0);
    near(style.annual_selection_return, 0.012);
    assert_eq!(style.rolling.len(), 25);
    assert!(style.rolling.iter().all(|window| (window.weights.values().sum::<f64>() - 1.0).abs() < 1e-12));
    let only = unobserved(|progress| Ok(Style::of(&labels, &x[1], &of, None, 12.0, progress).unwrap()));
    assert_eq!(only.weights["b"], StyleWeight { weight: 1.0, interval: Some([1.0, 1.0]) });
}

proptest! {
    #[test]
    fn an_attribution_adds_up(seed in 1_u64..1_000_000, rows in 8_usize..200, size in 1_usize..6, level in -0.02..0.02f64) {
        let x = columns(seed, size, rows);
        let mut next = noise(seed ^ 77);
        let returns: Vec<f64> = (0..rows).map(|row| (x[0][row] + level + 0.05 * next()).max(-0.9)).collect();
        let risk_free: Vec<f64> = (0..rows).map(|_| 0.002 + 0.001 * next()).collect();
        let y: Vec<f64> = returns.iter().zip(&risk_free).map(|(r, rf)| r - rf).collect();
        let names = ["a", "b", "c", "d", "e", "f"];
        let of = factors(&names[..size], &x);
        let fit = ModelFit::fit(&y, &of, Estimator::Hac, 12.0).unwrap();
        let years: Vec<i32> = (0..rows).map(|row| 2000 + row as i32 / 12).collect();
        let rows_of = Attributed { returns: &returns, risk_free: &risk_free, factors: &of, years: &years };
        let found = Attribution::of(&rows_of, &fit).unwrap();
        for share in std::iter::once(&found.whole).chain(found.years.values()) {
            let sum = share.risk_free + share.factors.values().sum::<f64>() + share.alpha + share.residual;
            prop_assert!((sum - share.total_return).abs() <= 1e-12 * share.total_return.abs().max(1.0), "{share:?}");
        }
    }

    /// The conditions of Karush, Kuhn and Tucker: no index outside would lower the variance, and those inside are level.
    #[test]
    fn style_weights_are_the_best_there_are(seed in 1_u64..1_000_000, size in 2_usize..9) {
        let (x, r) = (columns(seed, size, 48), columns(seed ^ 5, 1, 48).remove(0));
        let indices: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
        let r: Vec<f64> = (0..48).map(|row| 0.4 * r[row] + 0.5 * x[0][row] + 0.3 * x[1][row]).collect();
        let fit = StyleFit::of(&r, &indices).unwrap();
        prop_assert!((fit.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12 && fit.weights.iter().all(|w| *w >= 0.0));
        let e: Vec<f64> = (0..48).map(|row| r[row] - x.iter().zip(&fit.weights).map(|(x, w)| w * x[row]).sum::<f64>()).collect();
        let mean = e.iter().sum::<f64>() / 48.0;
        let gain: Vec<f64> = x.iter().map(|x| x.iter().zip(&e).map(|(x, e)| x * (e - mean)).sum()).collect();
        let level: f64 = gain.iter().zip(&fit.weights).map(|(gain, w)| gain * w).sum();
        for (gain, weight) in gain.iter().zip(&fit.weights) {
            prop_assert!(*gain <= level + 1e-9, "{gain} over {level}");
            prop_assert!(*weight == 0.0 || (gain - level).abs() < 1e-9);
        }
    }
}

#[test]
fn nothing_compounds_after_a_total_loss() {
    let x = columns(11, 1, 20);
    let y: Vec<f64> = x[0].iter().map(|x| 0.5 * x).collect();
    let of = factors(&["x"], &x);
    let fit = ModelFit::fit(&y, &of, Estimator::Ols, 12.0).unwrap();
    let mut returns = y.clone();
    returns[3] = -1.0;
    let (risk_free, years) = (vec![0.0; 20], vec![2020; 20]);
    let rows = |returns| Attributed { returns, risk_free: &risk_free, factors: &of, years: &years };
    assert_eq!(Attribution::of(&rows(&returns), &fit), None);
    assert!(Attribution::of(&rows(&y), &fit).is_some());
}
