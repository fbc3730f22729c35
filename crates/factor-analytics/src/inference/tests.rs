use proptest::prelude::*;

use super::*;
use crate::{
    correlation::{Method, NamedSeries},
    observer::tests::{stops, unobserved},
};

fn near(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= 1e-15 + 1e-11 * expected.abs()
}

/// scipy 1.x: `pearsonr(x, y)` on Anscombe's first quartet, its p-value and `confidence_interval(0.95)`.
#[test]
fn anscombes_quartet_as_scipy_has_it() {
    let r = 0.816_420_516_344_839_5;
    assert!(near(p_value(r, 11).unwrap(), 0.002_169_628_873_078_815_2));
    let (low, high) = interval(r, 11, Coefficient::Pearson).unwrap();
    assert!(near(low, 0.424_391_213_393_215_2) && near(high, 0.950_693_253_786_560_4), "{low} {high}");
}

/// `2 * scipy.stats.t.sf(|t|, n - 2)`.
#[test]
fn p_values_as_scipy_has_them() {
    for (r, n, expected) in [
        (0.0, 24, 1.0),
        (0.3, 24, 0.154_363_009_136_010_78),
        (-0.3, 120, 0.000_871_708_743_975_612_6),
        (0.9, 600, 8.059_766_552_634_681e-218),
        (0.05, 2520, 0.012_062_695_692_869_864),
        (-0.999, 12, 7.861_883_435_039_361e-15),
        (1e-9, 40, 0.999_999_995_113_757_8),
    ] {
        let p = p_value(r, n).unwrap();
        assert!((p - expected).abs() <= 1e-12 + 1e-9 * expected && (p / expected - 1.0).abs() < 1e-9, "{r} {n}: {p}");
    }
}

#[test]
fn a_perfect_correlation_and_too_few_rows() {
    for of in [Coefficient::Pearson, Coefficient::Spearman] {
        assert_eq!(interval(1.0, 12, of), Some((1.0, 1.0)));
        assert_eq!(interval(-1.0, 4, of), Some((-1.0, -1.0)));
        assert_eq!(interval(0.5, 3, of), None);
        assert!(interval(0.5, 4, of).is_some());
    }
    assert_eq!((p_value(1.0, 12), p_value(-1.0, 4), p_value(0.5, 3)), (Some(0.0), Some(0.0), None));
    assert_eq!((p_value(f64::NAN, 20), interval(f64::NAN, 20, Coefficient::Pearson)), (None, None));
}

/// By hand: z = atanh 0.5 = 0.549306, se = sqrt(1.125 / 25) = 0.212132, z -+ 0.415771: 0.133535 and 0.965077; their
/// hyperbolic tangents are 0.132747 and 0.746533.
#[test]
fn the_interval_of_a_rank_correlation_by_hand() {
    let (low, high) = interval(0.5, 28, Coefficient::Spearman).unwrap();
    assert!((low - 0.132_747).abs() < 2e-6 && (high - 0.746_533).abs() < 2e-6, "{low} {high}");
}

/// Seven p-values by hand, sorted .005 .01 .04 .04 .04 .5 .9: m p / k = .035 .035 .0933 .07 .056 .5833 .9, then the
/// running minimum from the largest.
#[test]
fn benjamini_and_hochberg_by_hand() {
    let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.005, 0.5, 0.04, 0.9]);
    let expected = [0.035, 0.056, 0.056, 0.035, 0.5 * 7.0 / 6.0, 0.056, 0.9];
    assert!(adjusted.iter().zip(expected).all(|(got, expected)| near(*got, expected)), "{adjusted:?}");
    assert!(benjamini_hochberg(&[]).is_empty());
}

#[test]
fn a_matrix_is_adjusted_over_its_defined_pairs_alone() {
    let wave = |step: usize| (0..40).map(|t| ((t * step) % 23) as f64).collect::<Vec<_>>();
    let (a, b, c) = (wave(3), wave(5), wave(7));
    let flat = vec![1.0; 40];
    let columns: Vec<NamedSeries<'_>> =
        [("A", &a), ("B", &b), ("C", &c), ("FLAT", &flat)].map(|(name, values)| NamedSeries { name, values }).to_vec();
    let matrix = unobserved(|progress| Method::Pearson.matrix(&columns, 12, progress));
    let of = unobserved(|progress| MatrixStatistics::of(&matrix, Coefficient::Pearson, progress));
    assert_eq!(stops(|progress| MatrixStatistics::of(&matrix, Coefficient::Pearson, progress)), 3 * matrix.size() + 1);
    assert_eq!((of.tests.pairs, of.tests.fewest_rows, of.tests.on_few_rows), (3, Some(40), 0));
    let upper = [(0, 1), (0, 2), (1, 2)];
    let p = upper.map(|at| of.p(&matrix, at).unwrap());
    assert_eq!(upper.map(|at| of.adjusted(at).unwrap()).to_vec(), benjamini_hochberg(&p));
    let undefined = |at| of.p(&matrix, at).or(of.adjusted(at)).or(of.interval(&matrix, at).map(|(low, _)| low));
    assert!((0..4).all(|i| undefined((i, 3)).is_none() && undefined((3, i)).is_none()));
    let diagonal = (of.interval(&matrix, (1, 1)), of.p(&matrix, (1, 1)), of.adjusted((1, 1)));
    assert_eq!(diagonal, (Some((1.0, 1.0)), Some(0.0), Some(0.0)));
    assert_eq!(
        (of.adjusted((2, 0)), of.interval(&matrix, (0, 1))),
        (of.adjusted((0, 2)), of.interval(&matrix, (1, 0)))
    );
    assert_eq!(of.tests.and(of.tests).pairs, 6);
    assert!((of.tests.expected_by_chance() - 0.15).abs() < 1e-15);
}

proptest! {
    #[test]
    fn an_interval_contains_its_correlation_and_narrows_with_rows(r in -1.0..=1.0f64, n in 4usize..3000, of_ranks: bool) {
        let of = if of_ranks { Coefficient::Spearman } else { Coefficient::Pearson };
        let (low, high) = interval(r, n, of).unwrap();
        prop_assert!((-1.0..=1.0).contains(&low) && (-1.0..=1.0).contains(&high) && low <= r && r <= high);
        let (longer_low, longer_high) = interval(r, n + 1, of).unwrap();
        prop_assert!(longer_high - longer_low <= high - low + 1e-15);
        let (mirror_low, mirror_high) = interval(-r, n, of).unwrap();
        prop_assert_eq!((-mirror_high, -mirror_low), (low, high));
        let p = p_value(r, n).unwrap();
        prop_assert!((0.0..=1.0).contains(&p) && p_value(-r, n) == Some(p));
    }

    #[test]
    fn adjusting_raises_p_values_and_keeps_their_order(p in prop::collection::vec(0.0..=1.0f64, 1..60)) {
        let adjusted = benjamini_hochberg(&p);
        for (i, (own, raised)) in p.iter().zip(&adjusted).enumerate() {
            prop_assert!(raised >= own && *raised <= 1.0);
            for (j, other) in p.iter().enumerate() {
                if own <= other {
                    prop_assert!(*raised <= adjusted[j], "{i} {j}");
                }
            }
        }
        let reversed: Vec<f64> = p.iter().rev().copied().collect();
        let mut back = benjamini_hochberg(&reversed);
        back.reverse();
        prop_assert_eq!(back, adjusted);
    }
}

#[test]
fn a_difference_of_correlations_by_hand() {
    // r1 = 0.6, n1 = 28 and r2 = 0.2, n2 = 19. atanh: 0.693147 and 0.202733; errors 1/5 and 1/4, halves of the intervals
    // 0.391993 and 0.489991. Ends: tanh(0.301154) = 0.292369, tanh(1.085140) = 0.795097; tanh(-0.287258) = -0.279610,
    // tanh(0.692724) = 0.599729. Below: sqrt(0.307631^2 + 0.399729^2) = 0.504401; above: sqrt(0.195097^2 + 0.479610^2) =
    // 0.517772.
    let (first, second) = ((0.6, 28), (0.2, 19));
    let sure = |(r, n): (f64, usize)| (r, interval(r, n, Coefficient::Pearson).unwrap());
    let (low, high) = difference_interval(sure(first), sure(second));
    assert!((low - (0.4 - 0.504_401)).abs() < 2e-6 && (high - (0.4 + 0.517_772)).abs() < 2e-6, "{low} {high}");
    // z = 0.490415 / sqrt(1/25 + 1/16) = 0.490415 / 0.320156 = 1.531798; p = 0.125572.
    let p = difference_p(first, second).unwrap();
    assert!((p - 0.125_572).abs() < 2e-6, "{p}");
    // The other way round it is the mirror image.
    let (from, to) = difference_interval(sure(second), sure(first));
    assert!((from + high).abs() < 1e-15 && (to + low).abs() < 1e-15);
    assert_eq!(difference_p(second, first), Some(p));
}

#[test]
fn a_difference_at_the_ends_of_the_scale() {
    assert_eq!(difference_p((1.0, 12), (0.5, 12)), Some(0.0));
    assert_eq!(difference_p((1.0, 12), (1.0, 12)), None, "nothing tells them apart, and nothing says how far");
    assert_eq!(difference_p((0.1, 3), (0.5, 12)), None);
    assert_eq!(difference_p((0.3, 20), (0.3, 40)), Some(1.0));
    assert_eq!(difference_interval((1.0, (1.0, 1.0)), (1.0, (1.0, 1.0))), (0.0, 0.0));
}

#[test]
fn means_and_shares_have_intervals() {
    // Mean 2, sd 1, n 3: t with two degrees of freedom is 4.302653 (tables), half 2.484138.
    let (low, high) = mean_interval(&[1.0, 2.0, 3.0]).unwrap();
    assert!((low + 0.484_138).abs() < 1e-6 && (high - 4.484_138).abs() < 1e-6, "{low} {high}");
    // One degree of freedom: tan(0.475 pi) = 12.706205; of 2,500 scipy.stats.t.ppf.
    assert!((t_975(1.0).unwrap() - (0.475 * std::f64::consts::PI).tan()).abs() < 1e-11);
    assert!((t_975(2500.0).unwrap() - 1.960_913_344_795_567).abs() < 1e-11);
    assert_eq!((mean_interval(&[1.0]), mean_interval(&[0.5; 4])), (None, Some((0.5, 0.5))));
    // Wilson's own form, 7 of 10: (0.7 + 0.192073 -+ 1.959964 sqrt(0.021 + 0.009604)) / 1.384146 = 0.644493 -+ 0.247715.
    let (low, high) = share_interval(7, 10).unwrap();
    assert!((low - 0.396_778).abs() < 2e-6 && (high - 0.892_209).abs() < 2e-6, "{low} {high}");
    assert_eq!(
        (share_interval(0, 5).unwrap().0, share_interval(5, 5).unwrap().1, share_interval(0, 0)),
        (0.0, 1.0, None)
    );
}
