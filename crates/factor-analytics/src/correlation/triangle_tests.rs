use proptest::prelude::*;

use super::*;
use crate::{
    Threads,
    observer::{
        Progress,
        tests::{stops, unobserved},
    },
    test_study::noise,
};

const NAN: f64 = f64::NAN;
const TWO: Threads = Threads::Exactly(std::num::NonZeroUsize::MIN.saturating_add(1));

#[derive(Debug, Clone, Copy, PartialEq)]
enum Holes {
    None,
    Starts,
    Ends,
    Anywhere(f64),
}

/// Series with a common part, so that correlations differ from 0.
fn series(rows: usize, size: usize, holes: Holes, seed: u64) -> Vec<Vec<f64>> {
    let mut next = noise(seed);
    let market: Vec<f64> = (0..rows).map(|_| next()).collect();
    let one = |_| {
        let mut values: Vec<f64> = market.iter().map(|m| 0.01 + 0.05 * (next() + m)).collect();
        match holes {
            Holes::None => {}
            Holes::Starts | Holes::Ends => {
                let at = |share: f64| (share * rows as f64) as usize;
                let (late, early) = (at((next() + 0.3).max(0.0)), at((next() - 0.2).max(0.0)));
                values[..late].fill(NAN);
                if holes == Holes::Ends {
                    values[rows - early..].fill(NAN);
                }
            }
            Holes::Anywhere(share) => values.iter_mut().filter(|_| next() + 0.5 < share).for_each(|v| *v = NAN),
        }
        values
    };
    (0..size).map(one).collect()
}

fn slices(series: &[Vec<f64>]) -> Vec<&[f64]> {
    series.iter().map(Vec::as_slice).collect()
}

fn of(series: &[Vec<f64>], min_rows: usize) -> Triangle {
    unobserved(|progress| Triangle::pearson(&slices(series), min_rows, Threads::ONE, progress))
}

/// Every pair against two passes over its rows.
fn as_pair_by_pair(series: &[Vec<f64>], min_rows: usize, bound: f64) {
    let triangle = of(series, min_rows);
    for i in 0..series.len() {
        for j in 0..=i {
            let pair = pearson(&series[i], &series[j], min_rows);
            assert_eq!(triangle.rows(i, j), pair.n, "rows of {i}, {j}");
            match (triangle.get(i, j), pair.r) {
                (Some(a), Some(_)) if i == j => assert_eq!(a, 1.0),
                (Some(a), Some(b)) => assert!((a - b).abs() <= bound, "{i}, {j}: {a} is not {b}"),
                (a, b) => assert_eq!(a, b, "{i}, {j}"),
            }
        }
    }
}

/// r of whole numbers over their common rows, in whole numbers: (n sum xy - sum x sum y) / sqrt(...).
fn exactly(x: &[Option<i64>], y: &[Option<i64>]) -> f64 {
    let (mut n, mut sx, mut sy, mut sxx, mut syy, mut sxy) = (0_i128, 0_i128, 0_i128, 0_i128, 0_i128, 0_i128);
    for (x, y) in x.iter().zip(y).filter_map(|(x, y)| Some((i128::from((*x)?), i128::from((*y)?)))) {
        n += 1;
        sx += x;
        sy += y;
        sxx += x * x;
        syy += y * y;
        sxy += x * y;
    }
    let (xx, yy) = ((n * sxx - sx * sx) as f64, (n * syy - sy * sy) as f64);
    (n * sxy - sx * sy) as f64 / (xx.sqrt() * yy.sqrt())
}

#[test]
fn by_hand() {
    // Deviations: a (-1.5 -.5 .5 1.5), b (1 -1 1 -1), c over its last three rows (0 1 -1) against a's (-1 0 1).
    let panel = [vec![1.0, 2.0, 3.0, 4.0], vec![3.0, 1.0, 3.0, 1.0], vec![NAN, 5.0, 6.0, 4.0]];
    let triangle = of(&panel, 3);
    let near = |i, j, expected: f64| assert!((triangle.get(i, j).unwrap() - expected).abs() < 1e-15, "{i}, {j}");
    near(1, 0, -2.0 / 20.0_f64.sqrt());
    near(2, 0, -0.5);
    // b's last three (1 3 1): deviations (-2/3 4/3 -2/3); with (0 1 -1): 2 / sqrt(8/3 x 2).
    near(2, 1, 2.0 / (16.0_f64 / 3.0).sqrt());
    assert_eq!((triangle.rows(1, 0), triangle.rows(2, 1), triangle.rows(2, 2)), (4, 3, 3));
    assert_eq!(triangle.values().len(), 6);
    let strict = of(&panel, 4);
    assert_eq!((strict.get(2, 0), strict.get(2, 2), strict.get(1, 1)), (None, None, Some(1.0)));
    assert_eq!(of(&[], 2).size(), 0);
    assert!(of(&[vec![], vec![]], 2).values().iter().all(|r| r.is_nan()));
}

#[test]
fn wide_panels_agree_with_pairs() {
    for holes in [Holes::None, Holes::Starts, Holes::Ends, Holes::Anywhere(0.3)] {
        as_pair_by_pair(&series(40, 530, holes, 3), 12, 1e-13);
    }
    // Three squares off the diagonal.
    as_pair_by_pair(&series(20, 1030, Holes::Anywhere(0.05), 3), 12, 1e-13);
}

#[test]
fn neither_threads_nor_memory_change_a_bit() {
    for holes in [Holes::None, Holes::Starts, Holes::Ends, Holes::Anywhere(0.1)] {
        let panel = series(70, 600, holes, 5);
        let bits = |bytes: usize, threads: Threads| -> Vec<u64> {
            let triangle = unobserved(|progress| Triangle::within(bytes, &slices(&panel), 12, threads, progress));
            triangle.values().iter().map(|r| r.to_bits()).collect()
        };
        let one = bits(usize::MAX, Threads::ONE);
        assert!(one == bits(usize::MAX, TWO), "two threads, {holes:?}");
        assert!(one == bits(0, Threads::ONE), "prepared block by block, {holes:?}");
        assert!(one == bits(0, TWO), "block by block and two threads, {holes:?}");
    }
}

#[test]
fn other_columns_and_their_order_hardly_matter() {
    let mut panel = series(120, 300, Holes::None, 7);
    let alone = of(&panel[..20], 12);
    for holes in [Holes::None, Holes::Starts, Holes::Ends, Holes::Anywhere(0.2)] {
        panel.truncate(20);
        panel.extend(series(120, 280, holes, 11));
        let joined = of(&panel, 12);
        panel.reverse();
        let turned = of(&panel, 12);
        panel.reverse();
        for (i, j) in (0..20).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let expected = alone.get(i, j).unwrap();
            assert!((joined.get(i, j).unwrap() - expected).abs() <= 1e-13);
            assert!((turned.get(299 - i, 299 - j).unwrap() - expected).abs() <= 1e-13);
        }
    }
}

#[test]
fn levels_of_a_million_keep_twelve_digits() {
    for holes in [Holes::None, Holes::Starts, Holes::Ends, Holes::Anywhere(0.3)] {
        // Multiples of 2^-10 around a million: f64 holds them, and whole numbers hold their sums.
        let whole: Vec<Vec<Option<i64>>> = series(300, 30, holes, 13)
            .iter()
            .map(|column| column.iter().map(|v| v.is_finite().then(|| 1_024_000_000 + (v * 20_480.0) as i64)).collect())
            .collect();
        let value = |x: &Option<i64>| x.map_or(NAN, |x| x as f64 / 1024.0);
        let panel: Vec<Vec<f64>> = whole.iter().map(|column| column.iter().map(value).collect()).collect();
        let triangle = of(&panel, 12);
        for (i, j) in (0..30).flat_map(|i| (0..i).map(move |j| (i, j))) {
            if let Some(r) = triangle.get(i, j) {
                let expected = exactly(&whole[i], &whole[j]);
                assert!((r - expected).abs() < 1e-12, "{holes:?}: {r} is not {expected}");
                assert!((pearson(&panel[i], &panel[j], 12).r.unwrap() - expected).abs() < 1e-12);
            } else {
                assert!(holes == Holes::Ends && triangle.rows(i, j) < 12);
            }
        }
    }
}

#[test]
fn what_does_not_vary_is_undefined_wherever_it_hides() {
    for holes in [Holes::None, Holes::Starts, Holes::Ends, Holes::Anywhere(0.1)] {
        let mut panel = series(60, 24, holes, 17);
        panel[3].iter_mut().filter(|v| v.is_finite()).for_each(|v| *v = 0.1);
        // Varies only where others may be missing, against a level, by rounding alone, and not at all because it has no values.
        panel[5][..58].fill(0.1);
        panel[7].iter_mut().for_each(|v| *v = 1e6 + *v * 1e-3);
        panel[9].iter_mut().enumerate().for_each(|(row, v)| *v = if row % 2 == 0 { 0.1 } else { 0.1 + 1e-17 });
        panel[11].fill(NAN);
        panel[13].iter_mut().for_each(|v| *v *= 1e-170);
        panel[15].iter_mut().for_each(|v| *v *= 1e200);
        panel[17][30] = 1e12;
        // Its own rows vary, those it shares with column 21 do not.
        (panel[19], panel[21]) = (vec![0.2; 60], vec![NAN; 60]);
        panel[19][..20].iter_mut().enumerate().for_each(|(row, v)| *v = row as f64);
        panel[21][20..].iter_mut().enumerate().for_each(|(row, v)| *v = (row % 7) as f64);
        let triangle = of(&panel, 12);
        assert_eq!(
            (triangle.get(3, 3), triangle.get(3, 0), triangle.get(11, 11), triangle.get(21, 19)),
            (None, None, None, None)
        );
        assert_eq!((triangle.get(19, 19), triangle.rows(21, 19)), (Some(1.0), 40));
        as_pair_by_pair(&panel, 12, 1e-12);
    }
}

#[test]
fn the_same_series_twice_is_correlated_by_exactly_one() {
    for holes in [Holes::None, Holes::Starts, Holes::Ends, Holes::Anywhere(0.1)] {
        let mut panel = series(77, 20, holes, 19);
        panel[4] = panel[2].clone();
        panel[6] = panel[2].iter().map(|v| -2.0 * v).collect();
        let triangle = of(&panel, 12);
        assert_eq!((triangle.get(4, 2), triangle.get(6, 2), triangle.get(2, 6)), (Some(1.0), Some(-1.0), Some(-1.0)));
    }
}

#[test]
fn every_row_of_a_block_may_be_the_last() {
    for holes in [Holes::None, Holes::Starts, Holes::Ends, Holes::Anywhere(0.2)] {
        let panel = series(20, 700, holes, 23);
        for bytes in [0, usize::MAX] {
            let kernel =
                |progress: &mut Progress<'_>| Triangle::within(bytes, &slices(&panel), 2, Threads::ONE, progress);
            let asked = stops(kernel);
            assert!(asked >= 700, "{holes:?}: {asked} questions");
        }
    }
}

fn holes() -> impl Strategy<Value = Holes> {
    prop_oneof![Just(Holes::None), Just(Holes::Starts), Just(Holes::Ends), (0.01..0.9f64).prop_map(Holes::Anywhere)]
}

proptest! {
    #[test]
    fn any_panel_agrees_with_pairs(
        rows in 0_usize..90, size in 1_usize..20, holes in holes(), seed in 1_u64..1_000_000, min_rows in 0_usize..15,
        flat in 0_usize..20,
    ) {
        let mut panel = series(rows, size, holes, seed);
        if let Some(column) = panel.get_mut(flat) {
            column.iter_mut().skip(rows / 3).for_each(|v| *v = 0.1);
        }
        as_pair_by_pair(&panel, min_rows, 1e-12);
        prop_assert!(of(&panel, min_rows).values().iter().all(|r| r.is_nan() || r.abs() <= 1.0));
    }

    #[test]
    fn blind_to_scale_and_shift(holes in holes(), seed in 1_u64..1_000_000, scale in 0.01..100.0f64, shift in -1.0..1.0f64) {
        let panel = series(60, 12, holes, seed);
        let moved: Vec<Vec<f64>> =
            panel.iter().map(|column| column.iter().map(|v| v * scale + shift).collect()).collect();
        for (a, b) in of(&panel, 12).values().iter().zip(of(&moved, 12).values()) {
            prop_assert!((a - b).abs() < 1e-9 || (a.is_nan() && b.is_nan()));
        }
    }
}
