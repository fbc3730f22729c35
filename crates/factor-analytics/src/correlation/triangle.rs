//! Pearson's r of every pair of a panel, block by block.
//!
//! A pair is computed over the rows both sides have, in the cheapest way the panel allows:
//! - complete panels: centred columns of unit norm, one triangular matrix product;
//! - late starts and early ends: the same product with zeros where rows are missing, and the sums over common rows from
//!   running sums, two look-ups each;
//! - any holes: z the scaled column with zeros, m its mask of ones and zeros; P = z'z, S = z'm, Q = (z z)'m, and
//!   r = (P - S S' / n) / sqrt((Q - S S / n) (Q' - S' S' / n)).
//!
//! Where such sums lose digits (a pair's rows vary far less than the columns do, or r is within rounding of 1 or -1), and
//! where the rule on constant series comes near, the pair is computed row by row as [`pearson`](super::pearson) does.
//!
//! Series that start late are put in the order of their starts: then the rows in which a whole block of them is missing
//! need no product.
//!
//! The pieces it is cut into depend on nothing but the panel, and each is computed by one thread.

mod assembly;
mod blocked;
mod products;

use std::{cmp::Reverse, ops::Range};

use self::blocked::{Blocked, Piece};
use super::{column_stats::ColumnStats, missingness::Missingness, prepare::Prepared};
use crate::{
    observer::{Progress, Stopped},
    parallel::{self, Threads},
};

/// Rows of the triangle, and columns off the diagonal, that one thread computes at a time, at most: matrix products
/// are the faster the larger they are.
const BLOCK: usize = 512;
/// Rows where the series are prepared for each block: their copies are scratch space.
const PREPARED_BLOCK: usize = 256;
/// Rows for series in the order of their starts: shorter blocks have more rows in common that are missing.
const ORDERED_BLOCK: usize = 128;
/// From this much work on (N^2 T) there are pieces enough for several threads.
const WORK_TO_SHARE: f64 = 1e8;
/// Panels that take more than this when prepared are prepared block by block, over and over.
const PREPARED_BYTES: usize = 96 << 20;

/// The correlations of all pairs: a lower triangle, and how many rows each rests on.
#[derive(Debug, Clone)]
pub struct Triangle {
    size: usize,
    values: Vec<f64>,
    missingness: Missingness,
}

impl Triangle {
    /// Pearson's r of every pair of some columns of one length, by the rules of [`pearson`](super::pearson). The
    /// diagonal is 1 for a column with `min_rows` (at least 2) values that vary.
    ///
    /// Beside the columns and the triangle (8 bytes an entry) it takes at most about 100 MB, or, where the panel is
    /// larger than that, 10 kB per row and thread.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked after every row of a block, and between a block's products.
    pub fn pearson(
        columns: &[&[f64]],
        min_rows: usize,
        threads: Threads,
        progress: &mut Progress<'_>,
    ) -> Result<Self, Stopped> {
        Self::within(PREPARED_BYTES, columns, min_rows, threads, progress)
    }

    /// As [`Triangle::pearson`]; the columns are prepared once if that takes no more than `bytes`.
    pub(super) fn within(
        bytes: usize,
        columns: &[&[f64]],
        min_rows: usize,
        threads: Threads,
        progress: &mut Progress<'_>,
    ) -> Result<Self, Stopped> {
        let size = columns.len();
        // Columns of different lengths have only the shortest in common.
        let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        let columns: Vec<&[f64]> = columns.iter().map(|column| &column[..rows]).collect();
        let work = size as f64 * size as f64 * rows as f64;
        let threads = threads.for_work(work);
        let stats = ColumnStats::of_all(&columns, threads);
        let missingness = Missingness::of(&columns, &stats);
        let fits = Prepared::bytes_per_cell(&missingness) * rows * size + 8 * triangular_number(size) <= bytes;
        // Few columns are one block anyway: an order would cost a copy and save no product.
        let order = if fits && size > ORDERED_BLOCK { missingness.order() } else { None };
        let Some(order) = order else {
            let panel = Blocked::of(bytes, &columns, stats, missingness, min_rows, threads);
            let cut = if panel.is_prepared() { Cut::squares(size, work) } else { Cut::rows(PREPARED_BLOCK) };
            let values = compute(&panel, &cut, threads, progress)?;
            return Ok(Self { size, values, missingness: panel.missingness });
        };
        let stats: Vec<ColumnStats> = order.iter().map(|at| stats[*at].clone()).collect();
        let columns: Vec<&[f64]> = order.iter().map(|at| columns[*at]).collect();
        let ordered = Missingness::of(&columns, &stats);
        let panel = Blocked::of(bytes, &columns, stats, ordered, min_rows, threads);
        let values = compute(&panel, &Cut::rows(ORDERED_BLOCK), threads, progress)?;
        Ok(Self { size, values: in_given_order(&values, &order), missingness })
    }

    /// How many columns.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The entries (0, 0), (1, 0), (1, 1), (2, 0), ...; `NaN` where undefined.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One row up to the diagonal: the entries (i, 0), ..., (i, i); `NaN` where undefined.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[triangular_number(i)..triangular_number(i + 1)]
    }

    /// One correlation, `None` where undefined.
    pub fn get(&self, i: usize, j: usize) -> Option<f64> {
        Some(self.row(i.max(j))[i.min(j)]).filter(|r| r.is_finite())
    }

    /// Rows that columns `i` and `j` share.
    pub fn rows(&self, i: usize, j: usize) -> usize {
        self.missingness.common(i, j)
    }
}

/// n (n + 1) / 2: the entries before row n.
fn triangular_number(n: usize) -> usize {
    n * (n + 1) / 2
}

/// How a triangle is cut into pieces.
struct Cut {
    /// Rows of a block.
    rows: usize,
    /// Whether the columns of a block are cut in the same strategy, or are one piece.
    squares: bool,
}

impl Cut {
    fn rows(rows: usize) -> Self {
        Self { rows, squares: false }
    }

    /// Into squares as large as can be, of one size. Two blocks make a square and two triangles: either is half the work.
    fn squares(size: usize, work: f64) -> Self {
        let least = if work < WORK_TO_SHARE { 1 } else { 2 };
        let rows = size.div_ceil(size.div_ceil(BLOCK).max(least)).max(1);
        Self { rows, squares: true }
    }
}

/// The lower triangle of a panel, piece by piece.
fn compute(panel: &Blocked<'_>, cut: &Cut, threads: usize, progress: &mut Progress<'_>) -> Result<Vec<f64>, Stopped> {
    let size = panel.columns.len();
    let mut values = vec![0.0; triangular_number(size)];
    let pieces = pieces(&mut values, size, cut);
    parallel::observed(
        threads,
        (pieces.len(), pieces.into_iter()),
        Default::default,
        |scratch, piece, checkpoint| panel.compute(scratch, piece, checkpoint),
        progress,
    )?;
    Ok(values)
}

/// The pieces of a triangle, the largest first: the last to be done are small.
fn pieces<'a>(values: &'a mut [f64], size: usize, cut: &Cut) -> Vec<Piece<'a>> {
    let blocks: Vec<Range<usize>> = (0..size).step_by(cut.rows).map(|from| from..size.min(from + cut.rows)).collect();
    let mut pieces = Vec::new();
    let mut rest = values;
    for (at, block) in blocks.iter().enumerate() {
        let columns = if cut.squares { blocks[..=at].to_vec() } else { std::iter::once(0..block.end).collect() };
        let mut own: Vec<Piece<'a>> = columns.into_iter().map(|columns| Piece::new(block.clone(), columns)).collect();
        // Rows are handed out in order, so that each piece gets its own slices and no two can meet.
        for i in block.clone() {
            let (mut row, after) = rest.split_at_mut(i + 1);
            rest = after;
            for piece in &mut own {
                let (entries, further) = row.split_at_mut(row.len().min(piece.columns.len()));
                piece.rows.push(entries);
                row = further;
            }
        }
        pieces.extend(own);
    }
    pieces.sort_by_key(|piece| Reverse(piece.rows.iter().map(|row| row.len()).sum::<usize>()));
    pieces
}

/// The triangle of columns from that of the same columns in another order, of which `order` names them.
fn in_given_order(ordered: &[f64], order: &[usize]) -> Vec<f64> {
    let mut places = vec![0; order.len()];
    for (place, at) in order.iter().enumerate() {
        places[*at] = place;
    }
    let mut values = Vec::with_capacity(ordered.len());
    for (i, own) in places.iter().enumerate() {
        let row = triangular_number(*own);
        values.extend(places[..=i].iter().map(|other| {
            let at = if other <= own { row + other } else { triangular_number(*other) + own };
            ordered[at]
        }));
    }
    values
}
