use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

use super::*;
use crate::observer::tests::unobserved;

fn nearest_to(matrix: &Mat<f64>) -> Nearest {
    unobserved(|progress| Nearest::to(matrix, progress)).unwrap()
}

/// The slow way: alternating projections onto the semidefinite matrices and those with a diagonal of ones, with Dykstra's
/// correction (Higham 2002, algorithm 3.3), until nothing moves.
fn by_projections(matrix: &Mat<f64>) -> Mat<f64> {
    let n = matrix.nrows();
    let mut current = matrix.clone();
    let mut correction = Mat::<f64>::zeros(n, n);
    for _ in 0..200_000 {
        let shifted = &current - &correction;
        let decomposed = shifted.self_adjoint_eigen(faer::Side::Lower).unwrap();
        let values: Vec<f64> = decomposed.S().column_vector().iter().copied().collect();
        let mut next = part(decomposed.U(), &values);
        correction = &next - &shifted;
        (0..n).for_each(|i| next[(i, i)] = 1.0);
        let moved = (&next - &current).norm_max();
        current = next;
        if moved < 1e-14 {
            break;
        }
    }
    current
}

/// Pairwise correlations of series that share some driver and begin at different times: what late starts make of a matrix.
fn with_late_starts(n: usize, rows: usize, seed: u64) -> Mat<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = || f64::from(random.next_u32()) / 2.0_f64.powi(31) - 1.0;
    let drivers: Vec<f64> = (0..rows).map(|_| uniform()).collect();
    let series: Vec<Vec<f64>> =
        (0..n).map(|k| drivers.iter().map(|driver| driver * (k % 3) as f64 + uniform()).collect()).collect();
    let first: Vec<usize> = (0..n).map(|k| k * 7 % (rows - 6)).collect();
    Mat::from_fn(n, n, |i, j| {
        let from = first[i].max(first[j]);
        let (x, y) = (&series[i][from..], &series[j][from..]);
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let (mx, my) = (mean(x), mean(y));
        let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(x - mx, y - my)).sum::<f64>();
        if i == j { 1.0 } else { sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt() }
    })
}

/// By hand: of a matrix with -1 everywhere but the diagonal, n = 3, the nearest has -1/2.
#[test]
fn as_by_hand() {
    let matrix = Mat::from_fn(3, 3, |i, j| if i == j { 1.0 } else { -1.0 });
    let nearest = nearest_to(&matrix);
    let expected = Mat::from_fn(3, 3, |i, j| if i == j { 1.0 } else { -0.5 });
    assert!((&nearest.matrix() - &expected).norm_max() < 1e-12);
    let mut values = nearest.eigenvalues();
    values.sort_by(f64::total_cmp);
    assert!(values.iter().zip([0.0, 1.5, 1.5]).all(|(found, expected)| (found - expected).abs() < 1e-11), "{values:?}");
}

/// What is a correlation matrix is its own nearest.
#[test]
fn a_correlation_matrix_stays_as_it_is() {
    let matrix = Mat::from_fn(4, 4, |i, j| if i == j { 1.0 } else { 0.3 });
    assert!((&nearest_to(&matrix).matrix() - &matrix).norm_max() < 1e-14);
    let single = Mat::from_fn(1, 1, |_, _| 1.0);
    assert_eq!(nearest_to(&single).eigenvalues(), [1.0]);
}

#[test]
fn as_by_projections_with_late_starts() {
    for (n, rows, seed) in [(12, 20, 1), (30, 24, 2), (60, 40, 3)] {
        let matrix = with_late_starts(n, rows, seed);
        assert!(matrix.self_adjoint_eigenvalues(faer::Side::Lower).unwrap()[0] < -1e-3);
        let (found, expected) = (nearest_to(&matrix).matrix(), by_projections(&matrix));
        let apart = (&found - &expected).norm_max();
        assert!(apart < 1e-9, "{n}: {apart:e}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Of any entries: ones on the diagonal, no negative eigenvalue, and the conditions that only the nearest fulfils: G - X has,
    /// but for its diagonal, no part in X and none that is positive.
    #[test]
    fn of_anything_it_is_the_nearest(n in 2_usize..16, entries in prop::collection::vec(-1.0..=1.0f64, 16 * 16)) {
        let matrix = Mat::from_fn(n, n, |i, j| if i == j { 1.0 } else { entries[i.max(j) * 16 + i.min(j)] });
        let nearest = nearest_to(&matrix);
        let x = nearest.matrix();
        let least = x.self_adjoint_eigenvalues(faer::Side::Lower).unwrap()[0];
        prop_assert!(least > -1e-12, "{}", least);
        // As its own eigenvalues say.
        let mut told = nearest.eigenvalues();
        told.sort_by(f64::total_cmp);
        for (told, found) in told.iter().zip(x.self_adjoint_eigenvalues(faer::Side::Lower).unwrap()) {
            prop_assert!((told - found).abs() < 1e-10);
        }
        // X = (G + Diag(y))+, so that Z = X - G - Diag(y) is semidefinite and X Z = 0. Where X Z = 0, diag(X Z) = 0 gives y.
        let y: Vec<f64> = (0..n).map(|i| (0..n).map(|k| x[(i, k)] * (x[(k, i)] - matrix[(k, i)])).sum()).collect();
        let z = Mat::from_fn(n, n, |i, j| x[(i, j)] - matrix[(i, j)] - if i == j { y[i] } else { 0.0 });
        prop_assert!((&x * &z).norm_max() < 1e-9, "{}", (&x * &z).norm_max());
        prop_assert!(z.self_adjoint_eigenvalues(faer::Side::Lower).unwrap()[0] > -1e-9);
    }
}
