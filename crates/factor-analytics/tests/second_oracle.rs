//! Our statistics against those of `ndarray-stats`, which shares no code with them.
//!
//! It stands here and not in the product. Its quantiles need ordered elements (a panic for `NaN`) and take their pivots from
//! a thread's random generator, where this crate has neither panics nor chance; its moments and weighted sums are plain
//! sums, whose last bits are not those of the compensated sums that every answer is made of.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use factor_analytics::{
    correlation::{CorrelationMatrix, Method, NamedSeries},
    observer::{Progress, Silent},
    sections::dividends,
    stats,
};
use ndarray::{Array1, Array2};
use ndarray_stats::{CorrelationExt, Quantile1dExt, SummaryStatisticsExt, interpolate::Linear};
use noisy_float::types::n64;
use proptest::prelude::*;

fn near(ours: Option<f64>, theirs: f64) -> bool {
    ours.is_some_and(|ours| (ours - theirs).abs() <= 1e-12 + 1e-9 * theirs.abs())
}

fn returns(rows: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-0.3..0.3f64, rows)
}

fn matrix(method: Method, columns: &[Vec<f64>]) -> CorrelationMatrix {
    let columns: Vec<NamedSeries<'_>> = columns.iter().map(|values| NamedSeries { name: "", values }).collect();
    method.matrix(&columns, 2, &mut Progress::new(&mut Silent, "")).unwrap()
}

proptest! {
    #[test]
    fn quantiles(values in returns(1..60), q in 0.0..=1.0f64) {
        let mut ordered: Array1<_> = values.iter().map(|value| n64(*value)).collect();
        let theirs = ordered.quantile_mut(n64(q), &Linear).unwrap().raw();
        prop_assert!(near(stats::quantile(&values, q), theirs));
        let theirs = ordered.quantile_mut(n64(0.5), &Linear).unwrap().raw();
        prop_assert!(near(stats::median(&mut values.clone()), theirs));
    }

    #[test]
    fn moments(values in returns(4..80)) {
        let (array, n) = (Array1::from(values.clone()), values.len() as f64);
        prop_assert!(near(stats::mean(&values), SummaryStatisticsExt::mean(&*array).unwrap()));
        let variance = array.central_moment(2).unwrap() * n / (n - 1.0);
        prop_assert!(near(stats::standard_deviation(&values), variance.sqrt()));
        // Theirs are of the sample as it is: g1, and m4 / m2^2 without 3 taken off.
        let (g1, g2) = (array.skewness().unwrap(), array.kurtosis().unwrap() - 3.0);
        prop_assert!(near(stats::skewness(&values), g1 * (n * (n - 1.0)).sqrt() / (n - 2.0)));
        let corrected = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * g2 + 6.0);
        prop_assert!(near(stats::excess_kurtosis(&values), corrected));
    }

    #[test]
    fn correlations(columns in prop::collection::vec(returns(24), 2..12)) {
        let ours = matrix(Method::Pearson, &columns);
        let theirs = Array2::from_shape_fn((columns.len(), 24), |(i, row)| columns[i][row]).pearson_correlation().unwrap();
        for (i, j) in (0..columns.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
            prop_assert!(near(ours.get(i, j), theirs[(i, j)]), "{} {}", i, j);
        }
    }

    /// 2 cov(x, y) = var(x + y) - var(x) - var(y), all by weight.
    #[test]
    fn weighted_correlations(x in returns(36), y in returns(36), half_life in 6.0..60.0f64) {
        let weights: Array1<f64> = (0..36).rev().map(|age| (-f64::from(age) / half_life).exp2()).collect();
        let variance = |values: Array1<f64>| values.weighted_var(&weights, 0.0).unwrap();
        let (a, b) = (Array1::from(x.clone()), Array1::from(y.clone()));
        let (of_x, of_y) = (variance(a.clone()), variance(b.clone()));
        let theirs = (variance(&a + &b) - of_x - of_y) / (2.0 * (of_x * of_y).sqrt());
        let ours = matrix(Method::Ewma { half_life }, &[x, y]).get(0, 1);
        prop_assert!(near(ours, theirs));
    }

    #[test]
    fn weighted_means(members in prop::collection::vec((0.1..10.0f64, 0.0..0.2f64), 1..9)) {
        let (weights, yields): (Vec<f64>, Vec<f64>) = members.iter().copied().unzip();
        let known: Vec<Result<f64, String>> = yields.iter().copied().map(Ok).collect();
        let weighed: Vec<_> = weights.iter().copied().zip(&known).collect();
        let theirs = Array1::from(yields).weighted_mean(&Array1::from(weights)).unwrap();
        prop_assert!(near(dividends::composite_yield(&weighed).ok(), theirs));
    }
}
