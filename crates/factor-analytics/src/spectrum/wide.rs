//! Eigenvalues and vectors of wide symmetric matrices, in steps between which the observer is asked.
//!
//! A library's decomposition is one call that takes many seconds from some thousand columns on. Here the matrix is made
//! tridiagonal by Householder's reflections, one column a step, and that one diagonal by the implicit QL method
//! (R. Martin and J. Wilkinson, Numerische Mathematik 12, 1968).

use faer::{Mat, MatRef};
use pulp::{Arch, NullaryFnOnce};

use super::Decomposed;
use crate::observer::{Progress, Stopped};

/// Iterations of QL for one eigenvalue; some two are usual.
const MOST_ITERATIONS: usize = 60;

/// The eigenvalues, in no particular order; `None` when they do not converge. Only the lower triangle is read.
pub(super) fn eigenvalues(matrix: &Mat<f64>, progress: &mut Progress<'_>) -> Result<Option<Vec<f64>>, Stopped> {
    let Tridiagonal { mut diagonal, mut off, .. } = Tridiagonal::of(matrix, progress)?;
    let converged = implicit_ql(&mut diagonal, &mut off, &mut [], progress)?;
    Ok(converged.then_some(diagonal))
}

/// Eigenvectors by column, and their eigenvalues; `None` when they do not converge. Only the lower triangle is read.
pub(super) fn decomposed(matrix: &Mat<f64>, progress: &mut Progress<'_>) -> Result<Option<Decomposed>, Stopped> {
    let n = matrix.nrows();
    let tridiagonal = Tridiagonal::of(matrix, progress)?;
    let mut vectors = tridiagonal.reflections(progress)?;
    let Tridiagonal { mut diagonal, mut off, .. } = tridiagonal;
    if !implicit_ql(&mut diagonal, &mut off, &mut vectors, progress)? {
        return Ok(None);
    }
    Ok(Some((MatRef::from_column_major_slice(&vectors, n, n).to_owned(), diagonal)))
}

/// A matrix A = Q T Q' with T tridiagonal and Q the product of reflections I - b v v'.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// One entry less than the diagonal, and a zero.
    off: Vec<f64>,
    /// v of each step below the diagonal, column by column.
    columns: Vec<f64>,
    /// b of each step.
    scales: Vec<f64>,
}

impl Tridiagonal {
    fn of(matrix: &Mat<f64>, progress: &Progress<'_>) -> Result<Self, Stopped> {
        let n = matrix.nrows();
        let mut columns = Vec::with_capacity(n * n);
        for j in 0..n {
            columns.extend((0..n).map(|i| matrix[(i.max(j), i.min(j))]));
        }
        let (mut diagonal, mut off, mut scales) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        // The update A - v w' - w v' of the step before is made on the way, when a column is in the cache anyway.
        let (mut v, mut w) = (vec![0.0; n], vec![0.0; n]);
        let mut next = vec![0.0; n];
        for k in 0..n {
            progress.check()?;
            let own = &mut columns[k * n + k..(k + 1) * n];
            update(own, &v[k..], &w[k..]);
            diagonal[k] = own[0];
            let Some(below) = own.get_mut(1..).filter(|below| !below.is_empty()) else { break };
            (off[k], scales[k]) = reflect(below);
            next.fill(0.0);
            next[k + 1..].copy_from_slice(below);
            let mut products = vec![0.0; n];
            Arch::new().dispatch(Step {
                n,
                k,
                columns: &mut columns,
                v: &v,
                w: &w,
                next: &next,
                products: &mut products,
            });
            let scale = scales[k];
            let half = scale * scale * dot(&products[k + 1..], &next[k + 1..]) / 2.0;
            w.iter_mut().zip(&products).zip(&next).for_each(|((w, product), v)| *w = scale * product - half * v);
            std::mem::swap(&mut v, &mut next);
        }
        Ok(Self { diagonal, off, columns, scales })
    }

    /// Q, column by column.
    fn reflections(&self, progress: &Progress<'_>) -> Result<Vec<f64>, Stopped> {
        let n = self.diagonal.len();
        let mut q = vec![0.0; n * n];
        (0..n).for_each(|at| q[at * n + at] = 1.0);
        // From the last: the columns before a reflection's own are still those of the identity.
        for k in (0..n.saturating_sub(1)).rev() {
            progress.check()?;
            let v = &self.columns[k * n + k + 1..(k + 1) * n];
            Arch::new().dispatch(Reflection { n, v, scale: self.scales[k], q: &mut q });
        }
        Ok(q)
    }
}

/// Makes x the v of the reflection that turns x into a multiple of the first unit vector; gives that multiple, and
/// b = 2 / v'v, which is 0 where nothing is to be turned.
fn reflect(x: &mut [f64]) -> (f64, f64) {
    if x[1..].iter().all(|entry| *entry == 0.0) {
        let first = x[0];
        x.fill(0.0);
        return (first, 0.0);
    }
    // Away from the first entry, so that nothing cancels.
    let multiple = -dot(x, x).sqrt().copysign(x[0]);
    x[0] -= multiple;
    (multiple, 2.0 / dot(x, x))
}

/// Subtracts the part of v w' + w v' in one column, whose first row is that of the slices.
#[inline(always)]
fn update(column: &mut [f64], v: &[f64], w: &[f64]) {
    let (first_v, first_w) = (v[0], w[0]);
    for ((entry, v), w) in column.iter_mut().zip(v).zip(w) {
        *entry -= v * first_w + w * first_v;
    }
}

#[inline(always)]
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let (x, rest_x) = x.as_chunks::<8>();
    let (y, rest_y) = y.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (x, y) in x.iter().zip(y) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest_x.iter().zip(rest_y).map(|(x, y)| x * y).sum::<f64>()
}

/// Updates the columns after `k` and multiplies the matrix of their rows by the next v.
struct Step<'a> {
    n: usize,
    k: usize,
    columns: &'a mut [f64],
    v: &'a [f64],
    w: &'a [f64],
    next: &'a [f64],
    products: &'a mut [f64],
}

// Named calls, and not closures: only so are the loops compiled for the wide registers that `Arch` found.
impl NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { n, k, columns, v, w, next, products } = self;
        for j in k + 1..n {
            let column = &mut columns[j * n + j..(j + 1) * n];
            update(column, &v[j..], &w[j..]);
            let (factor, below) = (next[j], &column[1..]);
            for (product, entry) in products[j + 1..].iter_mut().zip(below) {
                *product += entry * factor;
            }
            products[j] += column[0] * factor + dot(below, &next[j + 1..]);
        }
    }
}

/// Applies a reflection to the columns that it changes.
struct Reflection<'a> {
    n: usize,
    v: &'a [f64],
    scale: f64,
    q: &'a mut [f64],
}

impl NullaryFnOnce for Reflection<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { n, v, scale, q } = self;
        let first = n - v.len();
        for column in q.chunks_exact_mut(n).skip(first) {
            let along = scale * dot(v, &column[first..]);
            column[first..].iter_mut().zip(v).for_each(|(entry, v)| *entry -= along * v);
        }
    }
}

/// Turns a tridiagonal matrix into its eigenvalues, and the columns of `vectors` (or none) along with it. False when an
/// eigenvalue does not converge.
fn implicit_ql(
    diagonal: &mut [f64],
    off: &mut [f64],
    vectors: &mut [f64],
    progress: &Progress<'_>,
) -> Result<bool, Stopped> {
    let n = diagonal.len();
    for at in 0..n {
        let mut iterations = 0;
        loop {
            let is_small = |i: &usize| off[*i].abs() <= f64::EPSILON * (diagonal[*i].abs() + diagonal[*i + 1].abs());
            let end = (at..n - 1).find(is_small).unwrap_or(n - 1);
            if end == at {
                break;
            }
            iterations += 1;
            if iterations > MOST_ITERATIONS {
                return Ok(false);
            }
            progress.check()?;
            Arch::new().dispatch(Sweep { at, end, diagonal, off, vectors });
        }
    }
    Ok(true)
}

/// One implicit step of QL on the block from `at` to `end`.
struct Sweep<'a> {
    at: usize,
    end: usize,
    diagonal: &'a mut [f64],
    off: &'a mut [f64],
    vectors: &'a mut [f64],
}

impl NullaryFnOnce for Sweep<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { at, end, diagonal, off, vectors } = self;
        let n = diagonal.len();
        // Wilkinson's shift: the eigenvalue of the first two rows that is nearer to the first entry.
        let half = (diagonal[at + 1] - diagonal[at]) / (2.0 * off[at]);
        let mut bulge = diagonal[end] - diagonal[at] + off[at] / (half + half.hypot(1.0).copysign(half));
        let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
        for i in (at..end).rev() {
            let (pushed, kept) = (sine * off[i], cosine * off[i]);
            let length = pushed.hypot(bulge);
            off[i + 1] = length;
            if length == 0.0 {
                diagonal[i + 1] -= shift;
                off[end] = 0.0;
                return;
            }
            (sine, cosine) = (pushed / length, bulge / length);
            let lower = diagonal[i + 1] - shift;
            let turned = (diagonal[i] - lower) * sine + 2.0 * cosine * kept;
            shift = sine * turned;
            diagonal[i + 1] = lower + shift;
            bulge = cosine * turned - kept;
            if let Some(two) = vectors.get_mut(i * n..(i + 2) * n) {
                let (first, second) = two.split_at_mut(n);
                for (x, y) in first.iter_mut().zip(second) {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                }
            }
        }
        diagonal[at] -= shift;
        off[at] = bulge;
        off[end] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use faer::Side;
    use proptest::prelude::*;

    use super::{super::nearest::part, *};
    use crate::observer::tests::{stops, unobserved};

    fn symmetric(n: usize, entry: impl Fn(usize, usize) -> f64) -> Mat<f64> {
        Mat::from_fn(n, n, |i, j| entry(i.max(j), i.min(j)))
    }

    fn sorted(mut values: Vec<f64>) -> Vec<f64> {
        values.sort_by(f64::total_cmp);
        values
    }

    fn values_of(matrix: &Mat<f64>) -> Vec<f64> {
        sorted(unobserved(|progress| eigenvalues(matrix, progress)).unwrap())
    }

    /// The part of the positive eigenvalues.
    fn part_of(matrix: &Mat<f64>) -> Mat<f64> {
        let (vectors, values) = unobserved(|progress| decomposed(matrix, progress)).unwrap();
        part(vectors.as_ref(), &values)
    }

    #[test]
    fn by_hand() {
        // (1 - r) I + r J with n = 3 and r = 0.5: 2, 0.5, 0.5. Positive, so it is its own nearest.
        let equal = symmetric(3, |i, j| if i == j { 1.0 } else { 0.5 });
        let found = values_of(&equal);
        assert!(
            found.iter().zip([0.5, 0.5, 2.0]).all(|(found, expected)| (found - expected).abs() < 4e-15),
            "{found:?}"
        );
        let part = part_of(&equal);
        assert!((&part - &equal).norm_max() < 4e-15);
        // [0 1; 1 0] has 1 and -1; its positive part is [1 1; 1 1] / 2.
        let swap = symmetric(2, |i, j| if i == j { 0.0 } else { 1.0 });
        assert!(values_of(&swap).iter().zip([-1.0, 1.0]).all(|(found, expected)| (found - expected).abs() < 4e-15));
        let part = part_of(&swap);
        assert!((&part - &Mat::from_fn(2, 2, |_, _| 0.5)).norm_max() < 4e-15);
        assert_eq!(values_of(&symmetric(1, |_, _| 7.0)), [7.0]);
        assert_eq!(values_of(&symmetric(0, |_, _| 7.0)), Vec::<f64>::new());
        // Diagonal already, zeros among it.
        assert_eq!(
            values_of(&symmetric(4, |i, j| if i == j { [3.0, 0.0, -1.0, 0.0][i] } else { 0.0 })),
            [-1.0, 0.0, 0.0, 3.0]
        );
    }

    #[test]
    fn a_step_a_column_may_be_the_last() {
        let matrix = symmetric(40, |i, j| ((7 * i + 3 * j) % 11) as f64 - 5.0);
        assert!(stops(|progress| eigenvalues(&matrix, progress)) > 40);
        assert!(stops(|progress| decomposed(&matrix, progress)) > 80);
    }

    proptest! {
        #[test]
        fn as_faer_has_them(n in 1_usize..40, entries in prop::collection::vec(-1.0..1.0f64, 40 * 40), rank in 1_usize..60) {
            // Of low rank where `rank` is under n: many eigenvalues are zero.
            let of = |i: usize, j: usize| (0..rank.min(n)).map(|k| entries[i * 40 + k] * entries[j * 40 + k] * if k % 3 == 0 { -1.0 } else { 1.0 }).sum();
            let matrix = symmetric(n, of);
            let theirs = sorted(matrix.self_adjoint_eigenvalues(Side::Lower).unwrap());
            for (ours, theirs) in values_of(&matrix).iter().zip(&theirs) {
                prop_assert!((ours - theirs).abs() < 1e-12, "{} {}", ours, theirs);
            }
            let decomposed = matrix.self_adjoint_eigen(Side::Lower).unwrap();
            let (vectors, values) = (decomposed.U(), decomposed.S().column_vector());
            let scaled = Mat::from_fn(n, n, |i, j| vectors[(i, j)] * values[j].max(0.0));
            let expected = &scaled * vectors.transpose();
            let part = part_of(&matrix);
            prop_assert!((&part - &expected).norm_max() < 1e-12);
        }
    }
}
