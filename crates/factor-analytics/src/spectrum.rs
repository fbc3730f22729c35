//! Eigenvalues of correlation matrices, and the nearest one that is a correlation matrix.

use faer::{Mat, Side};

use crate::correlation::CorrelationMatrix;

/// What the eigenvalues of a correlation matrix say.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Smallest eigenvalue of the matrix as computed; pairwise deletion can push it below zero.
    pub min_eigenvalue: f64,
    /// The columns it was taken over: the largest set found without an undefined pair.
    pub columns: usize,
    /// True when the matrix was replaced by the nearest correlation matrix before the shares were taken.
    pub repaired: bool,
    /// Share of the total variance of each principal component, largest first; the sum is 1.
    pub explained: Vec<f64>,
    /// exp(-sum p ln p) over the shares: the number of equal, independent bets with the same entropy
    /// (A. Meucci, "Managing Diversification", Risk 22, 2009).
    pub effective_bets: f64,
}

/// Below this an eigenvalue is negative beyond rounding, and the matrix is repaired.
const NEGATIVE: f64 = -1e-10;

impl Spectrum {
    /// The spectrum of a matrix over its largest set of columns without undefined pairs: the column with most
    /// undefined pairs is dropped (the last of equals) until none is left.
    ///
    /// `None` when no column remains, or the decomposition does not converge.
    pub fn of(matrix: &CorrelationMatrix) -> Option<Self> {
        let kept = without_undefined(matrix);
        if kept.is_empty() {
            return None;
        }
        let whole = Mat::from_fn(kept.len(), kept.len(), |i, j| matrix.values[(kept[i], kept[j])]);
        let mut eigenvalues = eigenvalues(&whole)?;
        let min_eigenvalue = eigenvalues.iter().copied().fold(f64::INFINITY, f64::min);
        let repaired = min_eigenvalue < NEGATIVE;
        if repaired {
            eigenvalues = self::eigenvalues(&nearest_correlation(&whole)?)?;
        }
        eigenvalues.iter_mut().for_each(|value| *value = value.max(0.0));
        eigenvalues.sort_by(|a, b| b.total_cmp(a));
        let total: f64 = eigenvalues.iter().sum();
        let explained: Vec<f64> = eigenvalues.iter().map(|value| value / total).collect();
        let entropy: f64 = explained.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        Some(Self { min_eigenvalue, columns: kept.len(), repaired, explained, effective_bets: entropy.exp() })
    }
}

fn without_undefined(matrix: &CorrelationMatrix) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..matrix.size()).collect();
    loop {
        let undefined = |i: usize| kept.iter().filter(|j| matrix.get(i, **j).is_none()).count();
        let Some((at, worst)) = kept.iter().map(|i| undefined(*i)).enumerate().max_by_key(|(_, count)| *count) else {
            return kept;
        };
        if worst == 0 {
            return kept;
        }
        kept.remove(at);
    }
}

fn eigenvalues(matrix: &Mat<f64>) -> Option<Vec<f64>> {
    matrix.self_adjoint_eigenvalues(Side::Lower).ok()
}

/// The nearest correlation matrix in the Frobenius norm: alternating projections onto the positive semidefinite
/// matrices and those with unit diagonal, with Dykstra's correction (N. Higham, IMA J. Numer. Anal. 22, 2002,
/// algorithm 3.3).
///
/// `None` when an eigendecomposition does not converge.
pub fn nearest_correlation(matrix: &Mat<f64>) -> Option<Mat<f64>> {
    const STEPS: usize = 200;
    const SETTLED: f64 = 1e-12;
    let n = matrix.nrows();
    let mut current = matrix.clone();
    let mut correction = Mat::<f64>::zeros(n, n);
    for _ in 0..STEPS {
        let shifted = &current - &correction;
        let decomposed = shifted.self_adjoint_eigen(Side::Lower).ok()?;
        let (vectors, values) = (decomposed.U(), decomposed.S().column_vector());
        let scaled = Mat::from_fn(n, n, |i, j| vectors[(i, j)] * values[j].max(0.0));
        let semidefinite = &scaled * vectors.transpose();
        correction = &semidefinite - &shifted;
        let mut next = semidefinite;
        for i in 0..n {
            next[(i, i)] = 1.0;
        }
        let moved = (&next - &current).norm_max();
        current = next;
        if moved < SETTLED {
            break;
        }
    }
    Some(current)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn matrix(entries: &[&[f64]]) -> CorrelationMatrix {
        let size = entries.len();
        CorrelationMatrix {
            names: (0..size).map(|i| i.to_string()).collect(),
            values: Array2::from_shape_fn((size, size), |(i, j)| entries[i][j]),
            rows: Array2::from_elem((size, size), 30),
            undefined_pairs: 0,
            estimate: crate::correlation::Estimate::Pairwise,
        }
    }

    #[test]
    fn an_equicorrelated_matrix_by_hand() {
        // Eigenvalues of (1 - r) I + r J, n = 3, r = 0.5: 2, 0.5, 0.5.
        let spectrum = Spectrum::of(&matrix(&[&[1.0, 0.5, 0.5], &[0.5, 1.0, 0.5], &[0.5, 0.5, 1.0]])).unwrap();
        assert!((spectrum.min_eigenvalue - 0.5).abs() < 1e-14);
        assert!((spectrum.explained[0] - 2.0 / 3.0).abs() < 1e-14);
        let entropy = -(2.0_f64 / 3.0 * (2.0_f64 / 3.0).ln() + 2.0 / 6.0 * (1.0_f64 / 6.0).ln());
        assert!((spectrum.effective_bets - entropy.exp()).abs() < 1e-13);
        assert!(!spectrum.repaired);
    }

    #[test]
    fn independent_columns_are_as_many_bets() {
        let spectrum = Spectrum::of(&matrix(&[&[1.0, 0.0], &[0.0, 1.0]])).unwrap();
        assert!((spectrum.effective_bets - 2.0).abs() < 1e-14);
    }

    #[test]
    fn columns_with_undefined_pairs_are_left_out() {
        let nan = f64::NAN;
        let holed = matrix(&[&[1.0, 0.2, nan], &[0.2, 1.0, nan], &[nan, nan, nan]]);
        let spectrum = Spectrum::of(&holed).unwrap();
        assert_eq!(spectrum.columns, 2);
        assert!((spectrum.min_eigenvalue - 0.8).abs() < 1e-14);
        assert_eq!(Spectrum::of(&matrix(&[&[1.0, nan], &[nan, nan]])).map(|spectrum| spectrum.columns), Some(1));
        assert_eq!(Spectrum::of(&matrix(&[&[nan]])), None);
    }

    /// Higham 2002, section 4: the nearest correlation matrix of [1 1 0; 1 1 1; 0 1 1] is
    /// [1 .7607 .1573; .7607 1 .7607; .1573 .7607 1] to four digits.
    #[test]
    fn highams_example() {
        let entries: [[f64; 3]; 3] = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]];
        let nearest = nearest_correlation(&Mat::from_fn(3, 3, |i, j| entries[i][j])).unwrap();
        assert!((nearest[(0, 1)] - 0.7607).abs() < 5e-5 && (nearest[(0, 2)] - 0.1573).abs() < 5e-5);
        let spectrum = Spectrum::of(&matrix(&[&entries[0], &entries[1], &entries[2]])).unwrap();
        assert!(spectrum.repaired && (spectrum.min_eigenvalue - (1.0 - 2.0_f64.sqrt())).abs() < 1e-14);
    }
}
