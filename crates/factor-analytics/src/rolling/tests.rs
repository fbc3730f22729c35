use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::{
    correlation::pearson,
    observer::tests::{stops, unobserved},
    test_study::noise,
};

const NAN: f64 = f64::NAN;

/// Each window on its own, by two passes over its rows.
fn slowly(x: &[f64], y: &[f64], window: usize) -> Vec<Option<f64>> {
    let ending = |end: usize| {
        let from = (end + 1).checked_sub(window)?;
        pearson(&x[from..=end], &y[from..=end], window).r
    };
    (0..x.len()).map(ending).collect()
}

fn agree(fast: &[Option<f64>], slow: &[Option<f64>], bound: f64) {
    assert_eq!(fast.len(), slow.len());
    for (row, (a, b)) in fast.iter().zip(slow).enumerate() {
        match (a, b) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= bound, "row {row}: {a} is not {b}"),
            _ => assert_eq!(a, b, "row {row}"),
        }
    }
}

fn panel(rows: usize, columns: usize, missing: f64, seed: u64) -> Array2<f64> {
    let mut next = noise(seed);
    Array2::from_shape_fn((rows, columns), |_| {
        let (x, hole) = (next(), next() + 0.5);
        if hole < missing { NAN } else { 0.1 * x }
    })
}

#[test]
fn by_hand() {
    // Windows of three: (1 2 3 | 1 3 2) r = 1/2; (2 3 5 | 3 2 4): deviations (-4 -1 5)/3 and (0 -1 1): 2 / sqrt(42/9 x 2).
    let values = series(&[1.0, 2.0, 3.0, 5.0], &[1.0, 3.0, 2.0, 4.0], 3);
    agree(&values, &[None, None, Some(0.5), Some(2.0 / (84.0_f64 / 9.0).sqrt())], 1e-15);
    let summary = summary_of(&values);
    assert_eq!((summary.windows, summary.latest_row, summary.sd, summary.stability), (2, Some(3), None, None));
    assert_eq!((summary.latest, summary.min, summary.max), (values[3], values[2], values[3]));
}

/// Twelve values 0, 1, 0, 1, ...: mean 0.5, sum of squares 3, sd sqrt(3/11).
#[test]
fn how_much_values_vary_is_given_from_twelve_on() {
    let alternating = |n: usize| (0..n).map(|i| Some((i % 2) as f64)).collect::<Vec<_>>();
    assert_eq!(summary_of(&alternating(11)).sd, None);
    let summary = summary_of(&alternating(12));
    assert_eq!((summary.mean, summary.min, summary.max), (Some(0.5), Some(0.0), Some(1.0)));
    assert!((summary.sd.unwrap() - (3.0_f64 / 11.0).sqrt()).abs() < 1e-15);
    assert!((summary.stability.unwrap() - (1.0 - (3.0_f64 / 11.0).sqrt())).abs() < 1e-15);
    assert_eq!(summary_of(&[None, None]), RollingSummary::default());
    // Equal values do not vary at all, however they add up.
    assert_eq!(summary_of(&[Some(0.1); 12]).sd, Some(0.0));
}

#[test]
fn a_window_needs_every_row_and_variation() {
    let x = [1.0, 2.0, NAN, 4.0, 6.0, 5.0, 5.0, 5.0, 8.0];
    let y = [2.0, 1.0, 5.0, 4.0, 7.0, 6.0, 9.0, 1.0, 3.0];
    let defined: Vec<bool> = series(&x, &y, 3).iter().map(Option::is_some).collect();
    assert_eq!(defined, [false, false, false, false, false, true, true, false, true]);
    assert_eq!(series(&x, &y, 10), [None; 9]);
    assert!(series(&[], &[], 3).is_empty());
}

#[test]
fn an_outlier_leaves_nothing_behind() {
    let (mut a, mut b) = (noise(3), noise(5));
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = (0..400).map(|_| (a(), b())).unzip();
    (x[100], y[101]) = (1e9, -3e8);
    agree(&series(&x, &y, 12), &slowly(&x, &y, 12), 1e-12);
}

#[test]
fn levels_and_tiny_and_huge_values_keep_their_digits() {
    let (mut a, mut b) = (noise(7), noise(11));
    let (x, y): (Vec<f64>, Vec<f64>) = (0..200).map(|row| (a() + 0.3 * f64::from(row), b())).unzip();
    for (scale, shift) in [(1.0, 1e6), (1e-170, 0.0), (1e150, 0.0), (1.0, -4096.0)] {
        let moved: Vec<f64> = x.iter().map(|v| v * scale + shift).collect();
        agree(&series(&moved, &y, 24), &slowly(&moved, &y, 24), 1e-12);
    }
}

/// With holes; without; without, but with levels that leave windows weak, flat stretches, copies and mirror images; and that
/// with series that begin late, end early or are empty.
fn panels() -> [Array2<f64>; 4] {
    let (holes, whole) = (panel(90, 19, 0.02, 17), panel(90, 19, 0.0, 19));
    let mut odd = whole.clone();
    odd.column_mut(1).mapv_inplace(|x| 1e6 + x);
    odd.column_mut(6).indexed_iter_mut().for_each(|(row, x)| *x += 40.0 * row as f64);
    odd.column_mut(17).indexed_iter_mut().for_each(|(row, x)| *x -= 70.0 * row as f64);
    odd.column_mut(10).iter_mut().skip(30).take(20).for_each(|x| *x = 0.3);
    for (to, sign) in [(4, 1.0), (12, -1.0), (18, 3.0)] {
        let from = odd.column(3).mapv(|x| sign * x);
        odd.column_mut(to).assign(&from);
    }
    let mut late = odd.clone();
    for (at, mut column) in late.columns_mut().into_iter().enumerate() {
        let (begins, ends) = (if at % 3 == 0 { 0 } else { 11 * at % 71 }, if at % 5 == 1 { 70 + at % 7 } else { 90 });
        column.indexed_iter_mut().filter(|(row, _)| !(begins..ends).contains(row)).for_each(|(_, x)| *x = NAN);
    }
    late.column_mut(8).fill(NAN);
    [holes, whole, odd, late]
}

/// Every pair through windows of twelve.
fn of_all(panel: &Array2<f64>, threads: Threads) -> Vec<RollingSummary> {
    let columns: Vec<Vec<f64>> = panel.columns().into_iter().map(|column| column.to_vec()).collect();
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    unobserved(|progress| in_order(&columns, 12, threads, progress))
}

#[test]
fn every_group_of_columns_may_be_the_last() {
    let panel = panel(40, 90, 0.01, 29);
    let columns: Vec<Vec<f64>> = panel.columns().into_iter().map(|column| column.to_vec()).collect();
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let asked = stops(|progress| in_order(&columns, 12, Threads::ONE, progress));
    // Twelve groups, and the 23 fours against those that are not before them.
    assert!(asked >= 12 + 12 * 13, "{asked}");
}

#[test]
fn one_pair_or_all_and_one_thread_or_more_give_the_same_bits() {
    for panel in panels() {
        let all = of_all(&panel, Threads::ONE);
        let two = of_all(&panel, Threads::Exactly(2.try_into().unwrap()));
        let pairs: Vec<(usize, usize)> = (0..19).flat_map(|i| (i + 1..19).map(move |j| (i, j))).collect();
        assert!(all == two);
        for (at, (i, j)) in pairs.iter().enumerate() {
            let (x, y) = (panel.column(*i).to_vec(), panel.column(*j).to_vec());
            let alone = series(&x, &y, 12);
            assert_eq!(all[at], summary_of(&alone));
            assert_eq!(alone, series(&y, &x, 12));
            agree(&alone, &slowly(&x, &y, 12), 1e-12);
        }
    }
    assert!(of_all(&Array2::zeros((5, 1)), Threads::Auto).is_empty());
}

/// A series may begin after the last window does, at every place of a group and beside one that ends before that.
#[test]
fn what_begins_after_the_last_window_has_no_value() {
    for size in [2, 5, 9] {
        for late in 0..size {
            let panel = panel(20, size, 0.0, 7);
            let mut owned: Vec<Vec<f64>> = panel.columns().into_iter().map(|column| column.to_vec()).collect();
            owned[late][..15].fill(NAN);
            owned[(late + 1) % size][12..].fill(NAN);
            let columns: Vec<&[f64]> = owned.iter().map(Vec::as_slice).collect();
            let found = unobserved(|progress| in_order(&columns, 10, Threads::ONE, progress));
            let pairs = (0..size).flat_map(|i| (i + 1..size).map(move |j| (i, j)));
            for ((i, j), summary) in pairs.zip(&found) {
                let alone = summary_of(&slowly(columns[i], columns[j], 10));
                assert_eq!(summary.windows, alone.windows, "{late} of {size}: {i}, {j}");
                assert_eq!(summary.windows == 0, i == late || j == late, "{late} of {size}: {i}, {j}");
                assert_eq!(summary.latest_row, alone.latest_row);
            }
        }
    }
}

#[test]
fn no_rounding_takes_a_copy_past_one() {
    let [_, _, panel, _] = panels();
    for (i, j, sign) in [(3, 4, 1.0), (3, 12, -1.0), (4, 18, 1.0), (12, 18, -1.0)] {
        let summary = summary_of(&series(&panel.column(i).to_vec(), &panel.column(j).to_vec(), 12));
        let (min, max) = (summary.min.unwrap(), summary.max.unwrap());
        assert!((-1.0..=1.0).contains(&min) && (-1.0..=1.0).contains(&max));
        assert!((summary.mean.unwrap() - sign).abs() < 1e-14 && summary.sd.unwrap() < 1e-14);
    }
}

proptest! {
    #[test]
    fn as_each_window_on_its_own(
        seed in 1_u64..1_000_000, rows in 1_usize..130, window in 2_usize..40, holes in 0.0..0.05f64, flat in 0_usize..130,
    ) {
        let panel = panel(rows, 2, holes, seed);
        let (mut x, y) = (panel.column(0).to_vec(), panel.column(1).to_vec());
        x.iter_mut().skip(flat).take(window + 3).for_each(|v| *v = 0.1);
        let fast = series(&x, &y, window);
        agree(&fast, &slowly(&x, &y, window), 1e-12);
        prop_assert!(fast.iter().flatten().all(|r| (-1.0..=1.0).contains(r)));
    }

    #[test]
    fn blind_to_scale_and_shift(seed in 1_u64..1_000_000, scale in 0.01..100.0f64, shift in -1.0..1.0f64) {
        let panel = panel(60, 2, 0.01, seed);
        let (x, y) = (panel.column(0).to_vec(), panel.column(1).to_vec());
        let moved: Vec<f64> = x.iter().map(|v| v * scale + shift).collect();
        agree(&series(&moved, &y, 12), &series(&x, &y, 12), 1e-9);
    }
}
