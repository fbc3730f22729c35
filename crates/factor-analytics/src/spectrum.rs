//! Eigenvalues of correlation matrices, and the nearest one that is a correlation matrix.

mod nearest;
mod wide;

use faer::{Mat, Side};

use self::nearest::Nearest;
use crate::{
    correlation::CorrelationMatrix,
    observer::{Progress, Stopped},
};

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

/// Wider matrices are decomposed in steps that can be stopped, which takes two (values) to four times (vectors) as long as the
/// library's one call. Up to here that call ends within 0.3 s.
const WIDE: usize = 1024;

/// Reports have no spectra of wider matrices: those of three thousand columns, and the nearest correlation matrix where they are
/// indefinite, would take all the time that a call has.
pub const MOST_COLUMNS: usize = WIDE;

/// Below this an eigenvalue is negative beyond rounding, and the matrix is repaired.
const NEGATIVE: f64 = -1e-10;

impl Spectrum {
    /// The spectrum of a matrix over its largest set of columns without undefined pairs: the column with most
    /// undefined pairs is dropped (the last of equals) until none is left.
    ///
    /// `None` when no column remains, or the decomposition does not converge.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop.
    pub fn of(matrix: &CorrelationMatrix, progress: &mut Progress<'_>) -> Result<Option<Self>, Stopped> {
        let kept = without_undefined(matrix, progress)?;
        if kept.is_empty() {
            return Ok(None);
        }
        let whole = Mat::from_fn(kept.len(), kept.len(), |i, j| matrix.values[(kept[i], kept[j])]);
        let Some(mut eigenvalues) = eigenvalues(&whole, progress)? else { return Ok(None) };
        let min_eigenvalue = eigenvalues.iter().copied().fold(f64::INFINITY, f64::min);
        let repaired = min_eigenvalue < NEGATIVE;
        if repaired {
            let Some(nearest) = Nearest::to(&whole, progress)? else { return Ok(None) };
            eigenvalues = nearest.eigenvalues();
        }
        // Zero but for rounding: a logarithm would not take a negative one.
        eigenvalues.iter_mut().for_each(|value| *value = value.max(0.0));
        eigenvalues.sort_by(|a, b| b.total_cmp(a));
        let total: f64 = eigenvalues.iter().sum();
        let explained: Vec<f64> = eigenvalues.iter().map(|value| value / total).collect();
        let entropy: f64 = explained.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let columns = kept.len();
        Ok(Some(Self { min_eigenvalue, columns, repaired, explained, effective_bets: entropy.exp() }))
    }
}

/// The columns that are left when the one with most undefined pairs (the last of equals) is dropped until there are none.
fn without_undefined(matrix: &CorrelationMatrix, progress: &Progress<'_>) -> Result<Vec<usize>, Stopped> {
    let mut kept: Vec<usize> = (0..matrix.size()).collect();
    let mut undefined = Vec::with_capacity(kept.len());
    for i in &kept {
        progress.check()?;
        undefined.push(kept.iter().filter(|j| matrix.get(*i, **j).is_none()).count());
    }
    loop {
        let worst = undefined.iter().copied().enumerate().max_by_key(|(_, count)| *count);
        let Some((at, _)) = worst.filter(|(_, count)| *count > 0) else { return Ok(kept) };
        progress.check()?;
        undefined.remove(at);
        let dropped = kept.remove(at);
        for (count, i) in undefined.iter_mut().zip(&kept) {
            *count -= usize::from(matrix.get(*i, dropped).is_none());
        }
    }
}

fn eigenvalues(matrix: &Mat<f64>, progress: &mut Progress<'_>) -> Result<Option<Vec<f64>>, Stopped> {
    if matrix.nrows() > WIDE {
        return wide::eigenvalues(matrix, progress);
    }
    progress.check()?;
    Ok(matrix.self_adjoint_eigenvalues(Side::Lower).ok())
}

/// Eigenvectors by column, and their eigenvalues.
type Decomposed = (Mat<f64>, Vec<f64>);

/// A symmetric matrix taken apart; `None` when that does not converge.
fn decomposed(matrix: &Mat<f64>, progress: &mut Progress<'_>) -> Result<Option<Decomposed>, Stopped> {
    if matrix.nrows() > WIDE {
        return wide::decomposed(matrix, progress);
    }
    progress.check()?;
    let Ok(decomposed) = matrix.self_adjoint_eigen(Side::Lower) else { return Ok(None) };
    let values = decomposed.S().column_vector().iter().copied().collect();
    Ok(Some((decomposed.U().to_owned(), values)))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::observer::tests::{stops, unobserved};

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

    fn spectrum_of(matrix: &CorrelationMatrix) -> Option<Spectrum> {
        unobserved(|progress| Spectrum::of(matrix, progress))
    }

    #[test]
    fn an_equicorrelated_matrix_by_hand() {
        // Eigenvalues of (1 - r) I + r J, n = 3, r = 0.5: 2, 0.5, 0.5.
        let spectrum = spectrum_of(&matrix(&[&[1.0, 0.5, 0.5], &[0.5, 1.0, 0.5], &[0.5, 0.5, 1.0]])).unwrap();
        assert!((spectrum.min_eigenvalue - 0.5).abs() < 1e-14);
        assert!((spectrum.explained[0] - 2.0 / 3.0).abs() < 1e-14);
        let entropy = -(2.0_f64 / 3.0 * (2.0_f64 / 3.0).ln() + 2.0 / 6.0 * (1.0_f64 / 6.0).ln());
        assert!((spectrum.effective_bets - entropy.exp()).abs() < 1e-13);
        assert!(!spectrum.repaired);
    }

    #[test]
    fn independent_columns_are_as_many_bets() {
        let spectrum = spectrum_of(&matrix(&[&[1.0, 0.0], &[0.0, 1.0]])).unwrap();
        assert!((spectrum.effective_bets - 2.0).abs() < 1e-14);
    }

    #[test]
    fn columns_with_undefined_pairs_are_left_out() {
        let nan = f64::NAN;
        let holed = matrix(&[&[1.0, 0.2, nan], &[0.2, 1.0, nan], &[nan, nan, nan]]);
        let spectrum = spectrum_of(&holed).unwrap();
        assert_eq!(spectrum.columns, 2);
        assert!((spectrum.min_eigenvalue - 0.8).abs() < 1e-14);
        assert_eq!(spectrum_of(&matrix(&[&[1.0, nan], &[nan, nan]])).map(|spectrum| spectrum.columns), Some(1));
        assert_eq!(spectrum_of(&matrix(&[&[nan]])), None);
    }

    /// Higham 2002, section 4: the nearest correlation matrix of [1 1 0; 1 1 1; 0 1 1] is
    /// [1 .7607 .1573; .7607 1 .7607; .1573 .7607 1] to four digits.
    #[test]
    fn highams_example() {
        let entries: [[f64; 3]; 3] = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]];
        let entries_of = Mat::from_fn(3, 3, |i, j| entries[i][j]);
        let nearest = unobserved(|progress| Nearest::to(&entries_of, progress)).unwrap().matrix();
        assert!((nearest[(0, 1)] - 0.7607).abs() < 5e-5 && (nearest[(0, 2)] - 0.1573).abs() < 5e-5);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/published/nearest_correlation.json");
        let published: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut differences = crate::differences::Differences::default();
        for (i, j) in [(0, 1), (0, 2), (1, 2)] {
            differences.add(nearest[(i, j)], published["nearest"][i][j].as_f64().unwrap());
        }
        differences.hold("nearest_correlation");
        let spectrum = spectrum_of(&matrix(&[&entries[0], &entries[1], &entries[2]])).unwrap();
        assert!(spectrum.repaired && (spectrum.min_eigenvalue - (1.0 - 2.0_f64.sqrt())).abs() < 1e-14);
    }

    #[test]
    fn dropping_and_repairing_stop_between_steps() {
        // Higham's matrix, next to columns of which every pair is undefined.
        let entry = |i: usize, j: usize| match (i, j) {
            (0..3, 0..3) => [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]][i][j],
            _ => f64::NAN,
        };
        let rows: Vec<Vec<f64>> = (0..9).map(|i| (0..9).map(|j| entry(i, j)).collect()).collect();
        let holed = matrix(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let asked = stops(|progress| Spectrum::of(&holed, progress));
        // Nine rows, six columns dropped, a decomposition for the values and some of Newton's steps.
        assert!(asked > 9 + 6 + 8, "{asked}");
    }
}
