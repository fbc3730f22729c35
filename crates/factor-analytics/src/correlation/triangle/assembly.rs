//! Correlations from a block's products, or the mark that a pair is to be computed row by row.

use std::ops::Range;

use pulp::NullaryFnOnce;

use super::products::Products;
use crate::correlation::{missingness::Missingness, prepare::scratch};

/// Variance about the mean of a pair's rows as a share of their squares: under this too many digits are lost.
const LOST: f64 = 0.01;
/// The same as a share of all the column's squares, for differences of running sums.
const LOST_OF_ALL: f64 = 0.05;
/// From here on r is within rounding of 1, and rounding must not decide whether it is 1.
const NEAR_ONE: f64 = 1.0 - 1e-13;
/// Marks an entry that is to be computed row by row.
pub(super) const RECOMPUTE: f64 = f64::INFINITY;

/// The correlations of column `i` with others, from the products that begin at `at`; [`RECOMPUTE`] where those do not do.
/// Gives true when they do everywhere.
pub(super) struct Row<'a> {
    pub(super) missingness: &'a Missingness,
    /// Fewest common rows, at least 2.
    pub(super) min_rows: usize,
    /// Noise of each series, see [`ColumnStats`](crate::correlation::column_stats::ColumnStats).
    pub(super) noise: &'a [f64],
    pub(super) products: &'a mut Products,
    pub(super) at: usize,
    pub(super) i: usize,
    pub(super) others: Range<usize>,
    pub(super) out: &'a mut [f64],
}

// A named call, and not a closure: only so are the loops compiled for the wide registers that `Arch` found.
impl NullaryFnOnce for Row<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let Self { missingness, min_rows, noise, products, at, i, others, out } = self;
        let least = match missingness {
            Missingness::Complete { rows } if *rows < min_rows => {
                out.fill(f64::NAN);
                return true;
            }
            Missingness::Complete { .. } => {
                of_complete(&products.p[at..at + out.len()], out);
                return all_found(out);
            }
            Missingness::Spans { open: false, .. } => LOST_OF_ALL,
            Missingness::Spans { open: true, .. } | Missingness::Scattered { .. } => 0.0,
        };
        let n = scratch(&mut products.n, out.len());
        missingness.common_rows(i, others.clone(), n);
        let limits = Limits { min_rows: min_rows as f64, least, noise: noise[i], noise_other: &noise[others] };
        of_common_rows(products, at, &limits, out);
        all_found(out)
    }
}

/// What a pair must reach to be computed from products.
struct Limits<'a> {
    min_rows: f64,
    /// Of the squares about the mean, in units of all the column's squares.
    least: f64,
    /// The same, times n - 1, for the rule on constant series.
    noise: f64,
    noise_other: &'a [f64],
}

#[inline(always)]
fn all_found(entries: &[f64]) -> bool {
    let mut all = true;
    for entry in entries {
        all &= *entry != RECOMPUTE;
    }
    all
}

#[inline(always)]
fn of_common_rows(products: &Products, at: usize, limits: &Limits<'_>, out: &mut [f64]) {
    let len = out.len();
    let (p, s, q) = (&products.p[at..at + len], &products.s[at..at + len], &products.q[at..at + len]);
    let (s_other, q_other) = (&products.s_other[at..at + len], &products.q_other[at..at + len]);
    let (n, noise_other) = (&products.n[..len], &limits.noise_other[..len]);
    let Limits { min_rows, least, noise, .. } = *limits;
    for at in 0..len {
        let each = 1.0 / n[at];
        let x = q[at] - s[at] * s[at] * each;
        let y = q_other[at] - s_other[at] * s_other[at] * each;
        let r = (p[at] - s[at] * s_other[at] * each) / (x * y).sqrt();
        let freedom = n[at] - 1.0;
        // One mask and no branches: the loop stays in wide registers.
        let good = (x > noise * freedom)
            & (y > noise_other[at] * freedom)
            & (x >= LOST * q[at])
            & (y >= LOST * q_other[at])
            & (x > least)
            & (y > least)
            & (r.abs() < NEAR_ONE);
        let found = if good { r } else { RECOMPUTE };
        out[at] = if n[at] >= min_rows { found } else { f64::NAN };
    }
}

/// The products of columns of unit norm are correlations.
#[inline(always)]
fn of_complete(products: &[f64], out: &mut [f64]) {
    for (out, r) in out.iter_mut().zip(products) {
        *out = if r.abs() < NEAR_ONE { *r } else { RECOMPUTE };
    }
}
