use faer::linalg::solvers::SolveLstsq;
use ndarray::{Array2, array};
use proptest::prelude::*;

use super::*;

/// Another way to the same: x >= 0 with the smallest sum of squares of `target` - sum x_j `columns[j]`, whose subproblems
/// are solved by QR decomposition of the columns themselves, not of their products.
fn least_squares(columns: &[&[f64]], target: &[f64]) -> Option<Vec<f64>> {
    let rows = columns.iter().map(|column| column.len()).chain([target.len()]).min()?;
    let norm = |values: &[f64]| stats::sum(values[..rows].iter().map(|value| value * value)).sqrt();
    let size = norm(target);
    let noise: Vec<f64> = columns.iter().map(|column| NO_GAIN * norm(column) * size).collect();
    let gain = |x: &[f64]| -> Vec<f64> {
        let residual: Vec<f64> =
            (0..rows).map(|row| target[row] - stats::sum(columns.iter().zip(x).map(|(c, x)| c[row] * x))).collect();
        columns.iter().map(|column| stats::sum(column.iter().zip(&residual).map(|(c, e)| c * e))).collect()
    };
    let solve = |used: &[usize]| -> Option<Vec<f64>> {
        if used.len() > rows {
            return None;
        }
        let design = Mat::from_fn(rows, used.len(), |row, at| columns[used[at]][row]);
        let decomposed = design.qr();
        let root = DEPENDENT.sqrt();
        if (0..used.len()).any(|at| decomposed.thin_R()[(at, at)].abs() <= root * norm(columns[used[at]])) {
            return None;
        }
        let found = decomposed.solve_lstsq(Mat::from_fn(rows, 1, |row, _| target[row]));
        Some((0..used.len()).map(|at| found[(at, 0)]).collect())
    };
    active_set(&noise, gain, solve)
}

fn products(columns: &[Vec<f64>], target: &[f64]) -> (Array2<f64>, Vec<f64>) {
    let dot = |x: &[f64], y: &[f64]| stats::sum(x.iter().zip(y).map(|(a, b)| a * b));
    let gram = Array2::from_shape_fn((columns.len(), columns.len()), |(i, j)| dot(&columns[i], &columns[j]));
    (gram, columns.iter().map(|column| dot(column, target)).collect())
}

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}

#[test]
fn worked_by_hand() {
    // Orthogonal columns: each coefficient stands for itself, and the negative one becomes 0.
    let x = least_squares(&[&[1.0, 0.0, 0.0], &[0.0, 2.0, 0.0]], &[3.0, -4.0, 5.0]).unwrap();
    assert_eq!(x, [3.0, 0.0]);
    // G = [2 1; 1 2], d = (3, -1): unconstrained (7/3, -5/3); with x2 = 0, x1 = 3/2, gradient of x2: 3/2 + 1 > 0.
    let x = quadratic(array![[2.0, 1.0], [1.0, 2.0]].view(), &[3.0, -1.0]).unwrap();
    assert!((x[0] - 1.5).abs() < 1e-15 && x[1] == 0.0, "{x:?}");
    // Nothing helps.
    assert_eq!(quadratic(array![[2.0, 1.0], [1.0, 2.0]].view(), &[-3.0, -1.0]).unwrap(), [0.0, 0.0]);
    assert_eq!(least_squares(&[&[1.0, 1.0]], &[-1.0, -1.0]).unwrap(), [0.0]);
}

#[test]
fn a_column_twice_is_used_once() {
    let column: &[f64] = &[1.0, 2.0, 3.0];
    let x = least_squares(&[column, column, &[0.0; 3]], &[2.0, 4.0, 6.0]).unwrap();
    assert!((x[0] + x[1] - 2.0).abs() < 1e-14 && x[0] * x[1] == 0.0 && x[2] == 0.0, "{x:?}");
    let x = quadratic(array![[1.0, 1.0], [1.0, 1.0]].view(), &[0.5, 0.5]).unwrap();
    assert!((x[0] + x[1] - 0.5).abs() < 1e-15 && x[0] * x[1] == 0.0, "{x:?}");
}

#[test]
fn shapes_that_do_not_fit_have_no_answer() {
    assert_eq!(quadratic(array![[1.0, 0.0], [0.0, 1.0]].view(), &[1.0]), None);
    assert_eq!(least_squares(&[], &[1.0, 2.0]).unwrap(), Vec::<f64>::new());
}

proptest! {
    #[test]
    fn the_conditions_of_karush_kuhn_and_tucker_hold(
        columns in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 12), 1..7),
        target in prop::collection::vec(-1.0..1.0f64, 12),
        unit in 1e-4..1e4f64,
    ) {
        let mut columns = columns;
        // Units differ between the columns.
        columns[0].iter_mut().for_each(|value| *value *= unit);
        let (gram, linear) = products(&columns, &target);
        for x in [least_squares(&slices(&columns), &target).unwrap(), quadratic(gram.view(), &linear).unwrap()] {
            for i in 0..columns.len() {
                let left = linear[i] - (0..x.len()).map(|j| gram[(i, j)] * x[j]).sum::<f64>();
                let bound = 1e-10 * gram[(i, i)].sqrt();
                prop_assert!(x[i] >= 0.0 && left <= bound, "{} {}", x[i], left);
                prop_assert!(x[i] == 0.0 || left.abs() <= bound, "{} {}", x[i], left);
            }
        }
    }

    #[test]
    fn non_negative_coefficients_are_found_again(
        columns in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 15), 1..6),
        truth in prop::collection::vec(prop_oneof![Just(0.0), 0.01..2.0f64], 6),
    ) {
        let target: Vec<f64> = (0..15).map(|row| columns.iter().zip(&truth).map(|(c, x)| c[row] * x).sum()).collect();
        let x = least_squares(&slices(&columns), &target).unwrap();
        for (found, wanted) in x.iter().zip(&truth) {
            prop_assert!((found - wanted).abs() < 1e-7, "{} {}", found, wanted);
        }
    }
}
