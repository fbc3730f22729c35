use proptest::prelude::*;

use super::*;
use crate::observer::tests::{stops, unobserved};

const NAN: f64 = f64::NAN;

fn matrix_by(method: Method, columns: &[NamedSeries<'_>], min_rows: usize) -> CorrelationMatrix {
    unobserved(|progress| method.matrix(columns, min_rows, progress))
}

fn near(got: Option<f64>, expected: f64) -> bool {
    got.is_some_and(|got| (got - expected).abs() <= 1e-12)
}

const X: [f64; 11] = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
const Y: [f64; 11] = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];

/// `scipy.stats.spearmanr` of two series with ties on both sides.
#[test]
fn spearman_with_ties_as_scipy_has_it() {
    let u = [1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0, 8.0, 9.0, 10.0, -1.0, 0.5];
    let v = [2.0, 1.0, 3.0, 3.0, 3.0, 6.0, 7.0, 1.0, 8.0, 8.0, 0.0, -2.0];
    assert!(near(Method::Spearman.pair(&u, &v, 12).r, 0.775_402_301_408_100_2));
    // By hand: ranks 1 2.5 2.5 4 and 1 2 3 4, centred -1.5 0 0 1.5 and -1.5 -.5 .5 1.5: 4.5 / sqrt(4.5 x 5).
    assert!(near(Method::Spearman.pair(&[1.0, 2.0, 2.0, 9.0], &[0.1, 0.2, 0.3, 0.4], 2).r, 0.9_f64.sqrt()));
}

#[test]
fn ranks_are_taken_on_the_common_rows() {
    // On the four common rows y falls as x rises; ranked before the rows are chosen, it would not be quite so.
    let x = [1.0, 2.0, 100.0, 3.0, 4.0, NAN];
    let y = [9.0, 8.0, NAN, 7.0, -5.0, 8.5];
    assert_eq!(Method::Spearman.pair(&x, &y, 4), PairCorrelation { r: Some(-1.0), n: 4 });
    assert_eq!(Method::Spearman.pair(&x, &y, 5), PairCorrelation { r: None, n: 4 });
    assert_eq!(Method::Spearman.pair(&[0.0, -0.0, 0.0], &[1.0, 2.0, 3.0], 2).r, None);
}

/// `numpy.cov(x, y, aweights=0.5 ** (age / 4))`; its n_eff is 8.5757.
#[test]
fn ewma_as_numpy_has_it() {
    let method = Method::Ewma { half_life: 4.0 };
    assert!(near(method.pair(&X, &Y, 8).r, 0.855_333_824_811_523_9));
    assert_eq!(method.pair(&X, &Y, 9), PairCorrelation { r: None, n: 11 }, "n_eff is held against the floor");
    let columns = [NamedSeries { name: "x", values: &X }, NamedSeries { name: "y", values: &Y }];
    let Estimate::Weighted(rows) = matrix_by(method, &columns, 8).estimate else { panic!("no weights") };
    assert!(rows.iter().all(|rows| (rows - 8.575_688_958_702_871).abs() < 1e-12), "{rows}");
}

#[test]
fn ages_are_rows_of_the_panel() {
    // A missing row ages the rows before it all the same: it is not closed up.
    let (holed, short) = ([1.0, 5.0, NAN, 2.0, 4.0], [1.0, 5.0, 2.0, 4.0]);
    let (other, other_short) = ([2.0, 1.0, 9.0, 4.0, 3.0], [2.0, 1.0, 4.0, 3.0]);
    let method = Method::Ewma { half_life: 1.0 };
    let (kept, closed) = (method.pair(&holed, &other, 2), method.pair(&other_short, &short, 2));
    assert!((kept.r.unwrap() - closed.r.unwrap()).abs() > 0.01 && kept.n == 4);
    // Weights 1, 1/2, 1/8, 1/16: (27/16)^2 / (1 + 1/4 + 1/64 + 1/256) = 2.2440.
    let columns = [NamedSeries { name: "x", values: &holed }];
    let Estimate::Weighted(rows) = matrix_by(method, &columns, 2).estimate else { panic!("no weights") };
    assert!((rows[(0, 0)] - (27.0_f64 / 16.0).powi(2) / (1.0 + 0.25 + 1.0 / 64.0 + 1.0 / 256.0)).abs() < 1e-14);
}

fn of_sixteen() -> [Vec<f64>; 4] {
    let rows = || (0..16_u32).map(f64::from);
    let turn = |step: f64, plus: f64| rows().map(|i| (step * i + plus) % 16.0).collect::<Vec<_>>();
    let squares: Vec<f64> = rows().map(|i| (3.0 * i * i) % 16.0).collect();
    let (a, b, d) = (turn(7.0, 0.0), turn(5.0, 3.0), turn(11.0, 0.0));
    [
        a.iter().map(|v| v / 10.0).collect(),
        b.iter().zip(&a).map(|(v, w)| v / 10.0 + w / 20.0).collect(),
        squares.iter().map(|v| v / 10.0).collect(),
        d.iter().zip(&squares).map(|(v, w)| v / 30.0 + w / 20.0).collect(),
    ]
}

fn shrinkage(matrix: &CorrelationMatrix) -> &Shrinkage {
    let Estimate::Shrunk(shrinkage) = &matrix.estimate else { panic!("not shrunk") };
    shrinkage
}

/// An independent numpy writing of the paper's appendices (`fixtures/oracle`, `ledoit_wolf_2004`).
#[test]
fn ledoit_and_wolf_as_numpy_has_it() {
    let values = of_sixteen();
    let columns: Vec<NamedSeries<'_>> =
        ["a", "b", "c", "d"].into_iter().zip(&values).map(|(name, values)| NamedSeries { name, values }).collect();
    let matrix = matrix_by(Method::LedoitWolf, &columns, 12);
    let shrunk = shrinkage(&matrix);
    assert!(near(shrunk.kappa, 11.177_975_340_110_313) && near(Some(shrunk.intensity), 0.698_623_458_756_894_6));
    assert!(near(shrunk.mean_correlation, 0.252_514_758_756_095_6) && shrunk.rows == 16 && shrunk.dropped.is_empty());
    for (at, expected) in [
        ((0, 1), 0.298_236_980_485_487_63),
        ((0, 2), 0.217_884_132_972_843_95),
        ((0, 3), 0.218_608_033_388_136_84),
        ((1, 2), 0.157_413_738_839_191_2),
        ((1, 3), 0.182_330_274_137_988_4),
        ((2, 3), 0.440_615_392_712_925_44),
    ] {
        assert!(near(matrix.get(at.0, at.1), expected), "{at:?}");
    }
}

#[test]
fn the_shortest_history_leaves_until_enough_rows_are_complete() {
    let mut values = of_sixteen();
    values[1][..6].fill(NAN);
    values[2][..2].fill(NAN);
    let columns: Vec<NamedSeries<'_>> =
        ["a", "b", "c", "d"].into_iter().zip(&values).map(|(name, values)| NamedSeries { name, values }).collect();
    let names = |matrix: &CorrelationMatrix| matrix.names.join("");
    let all = matrix_by(Method::LedoitWolf, &columns, 10);
    assert_eq!((names(&all).as_str(), shrinkage(&all).rows), ("abcd", 10));
    let three = matrix_by(Method::LedoitWolf, &columns, 12);
    assert_eq!((names(&three).as_str(), shrinkage(&three).rows), ("acd", 14));
    assert_eq!(shrinkage(&three).dropped, ["b"]);
    let two = matrix_by(Method::LedoitWolf, &columns, 15);
    assert_eq!(
        (names(&two).as_str(), shrinkage(&two).rows, shrinkage(&two).dropped.join("")),
        ("ad", 16, "bc".to_owned())
    );
    // Two columns are their own target: nothing is shrunk, and nothing made up.
    assert_eq!((shrinkage(&two).kappa, shrinkage(&two).intensity), (None, 0.0));
    assert!(near(two.get(0, 1), pearson(&values[0], &values[3], 15).r.unwrap()));
}

#[test]
fn a_constant_column_takes_no_part() {
    let mut values = of_sixteen();
    let without: Vec<NamedSeries<'_>> =
        ["a", "b", "c"].into_iter().zip(&values).map(|(name, values)| NamedSeries { name, values }).collect();
    let expected = matrix_by(Method::LedoitWolf, &without, 12);
    values[3] = vec![0.5; 16];
    let columns: Vec<NamedSeries<'_>> =
        ["a", "b", "c", "flat"].into_iter().zip(&values).map(|(name, values)| NamedSeries { name, values }).collect();
    let matrix = matrix_by(Method::LedoitWolf, &columns, 12);
    assert_eq!(matrix.undefined_pairs, 3);
    assert_eq!((matrix.get(3, 3), matrix.get(0, 3)), (None, None));
    assert_eq!((matrix.get(0, 1), matrix.get(1, 2)), (expected.get(0, 1), expected.get(1, 2)));
    for method in [Method::Spearman, Method::Ewma { half_life: 30.0 }] {
        assert_eq!(method.pair(&values[0], &values[3], 12).r, None);
    }
}

fn series() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(
        prop_oneof![6 => -0.3..0.3f64, 2 => (-3i8..3).prop_map(|v| f64::from(v) / 10.0), 1 => Just(NAN)],
        24,
    )
}

proptest! {
    #[test]
    fn every_method_is_symmetric_and_bounded(x in series(), y in series(), z in series(), half_life in 1.0..60.0f64) {
        for method in [Method::Pearson, Method::Spearman, Method::Ewma { half_life }, Method::LedoitWolf] {
            let columns = [("x", &x), ("y", &y), ("z", &z)].map(|(name, values)| NamedSeries { name, values });
            let matrix = matrix_by(method, &columns, 3);
            for i in 0..matrix.size() {
                for j in 0..matrix.size() {
                    prop_assert_eq!(matrix.values[(i, j)].to_bits(), matrix.values[(j, i)].to_bits());
                    prop_assert!(matrix.get(i, j).is_none_or(|r| (-1.0..=1.0).contains(&r)));
                }
                prop_assert!(matrix.get(i, i).is_none_or(|r| r == 1.0));
            }
            prop_assert_eq!(method.pair(&x, &y, 5), method.pair(&y, &x, 5));
            if method != Method::LedoitWolf {
                let alone = method.pair(&x, &y, 3).r;
                match (matrix.get(0, 1), alone) {
                    (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-14),
                    (a, b) => prop_assert_eq!(a, b),
                }
            }
        }
    }

    #[test]
    fn spearman_knows_only_the_order_of_values(x in series(), y in series(), turn in 0usize..24) {
        let before = Method::Spearman.pair(&x, &y, 5);
        let bent: Vec<f64> = x.iter().map(|v| (3.0 * v).exp() + v.powi(3)).collect();
        prop_assert_eq!(Method::Spearman.pair(&bent, &y, 5), before);
        let rotate = |values: &[f64]| { let mut v = values.to_vec(); v.rotate_left(turn); v };
        prop_assert_eq!(Method::Spearman.pair(&rotate(&x), &rotate(&y), 5), before);
        let fallen: Vec<f64> = x.iter().map(|v| -v).collect();
        prop_assert_eq!(Method::Spearman.pair(&fallen, &y, 5).r, before.r.map(|r| -r));
    }

    #[test]
    fn a_very_long_half_life_is_pearson(x in series(), y in series()) {
        match (Method::Ewma { half_life: 1e12 }.pair(&x, &y, 5).r, pearson(&x, &y, 5).r) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9),
            (a, b) => prop_assert_eq!(a, b),
        }
    }

    #[test]
    fn a_large_offset_does_not_hurt_weights_or_shrinkage(x in prop::collection::vec(0i32..1000, 24), y in prop::collection::vec(0i32..1000, 24), z in prop::collection::vec(0i32..1000, 24)) {
        // Whole numbers over 1024 keep their bits under an offset of 2^20.
        let column = |v: &[i32], plus: f64| v.iter().map(|v| f64::from(*v) / 1024.0 + plus).collect::<Vec<f64>>();
        for method in [Method::Ewma { half_life: 12.0 }, Method::LedoitWolf] {
            let correlate = |plus: f64| {
                let values = [&x, &y, &z].map(|v| column(v, plus));
                let columns = [0, 1, 2].map(|i| NamedSeries { name: "c", values: &values[i] });
                matrix_by(method, &columns, 5)
            };
            let (near, far) = (correlate(0.0), correlate(1_048_576.0));
            for (a, b) in near.values.iter().zip(&far.values) {
                prop_assert!((a - b).abs() < 1e-8 || (a.is_nan() && b.is_nan()), "{} {}", a, b);
            }
        }
    }
}

#[test]
fn every_method_stops_between_pairs() {
    let series: Vec<Vec<f64>> = (0..130_u32)
        .map(|at| (0..24_u32).map(|row| f64::from((row * row + 7 * at + at * row) % 23)).collect())
        .collect();
    let columns: Vec<NamedSeries<'_>> = series.iter().map(|values| NamedSeries { name: "", values }).collect();
    for method in [Method::Pearson, Method::Spearman, Method::Ewma { half_life: 6.0 }, Method::LedoitWolf] {
        let asked = stops(|progress| method.matrix(&columns, 12, progress));
        // At each row at least, and by the slow ones every 64 pairs.
        assert!(asked >= if method == Method::Pearson { 260 } else { 160 }, "{method:?}: {asked}");
    }
}
