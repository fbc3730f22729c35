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
mod panel;
mod products;

use std::{cmp::Reverse, ops::Range};

use self::panel::{Panel, Piece};
use super::{
    prepare::{ColumnStats, Ready},
    presence::Presence,
};
use crate::{
    Observer,
    observer::Silent,
    parallel::{self, Threads},
};

/// Rows of the triangle, and columns beside the diagonal, that one thread computes at a time, at most: matrix products
/// are the faster the larger they are.
const BLOCK: usize = 512;
/// Rows where the series are made ready for each block: their copies are scratch space.
const MADE_READY_BLOCK: usize = 256;
/// Rows for series in the order of their starts: shorter blocks have more rows in common that are missing.
const ORDERED_BLOCK: usize = 128;
/// From this much work on (N^2 T) there are pieces enough for several threads.
const WORK_TO_SHARE: f64 = 1e8;
/// Panels that take more than this when made ready are made ready block by block, over and over.
const READY_BYTES: usize = 96 << 20;

/// The correlations of all pairs: a lower triangle, and how many rows each rests on.
#[derive(Debug, Clone)]
pub struct Triangle {
    size: usize,
    values: Vec<f64>,
    presence: Presence,
}

impl Triangle {
    /// Pearson's r of every pair of some columns of one length, by the rules of [`pearson`](super::pearson). The
    /// diagonal is 1 for a column with `min_rows` (at least 2) values that vary.
    pub fn pearson(columns: &[&[f64]], min_rows: usize, threads: Threads) -> Self {
        let whole = Self::observed(columns, min_rows, threads, &mut Silent, "correlation");
        whole.unwrap_or_else(|| Self { size: 0, values: Vec::new(), presence: Presence::All { rows: 0 } })
    }

    /// As [`Triangle::pearson`]; tells an observer, under the name of a section, how far it is, and gives `None` when that
    /// says stop.
    ///
    /// Beside the columns and the triangle (8 bytes an entry) it takes at most about 100 MB, or, where the panel is
    /// larger than that, 10 kB per row and thread.
    pub fn observed(
        columns: &[&[f64]],
        min_rows: usize,
        threads: Threads,
        observer: &mut dyn Observer,
        section: &str,
    ) -> Option<Self> {
        Self::within(READY_BYTES, columns, min_rows, threads, |items| parallel::reporting(observer, section, items))
    }

    /// As [`Triangle::observed`]; the columns are made ready once if that takes no more than `bytes`.
    pub(super) fn within<F: FnMut(usize) -> bool>(
        bytes: usize,
        columns: &[&[f64]],
        min_rows: usize,
        threads: Threads,
        go_on: impl FnOnce(usize) -> F,
    ) -> Option<Self> {
        let size = columns.len();
        let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        let columns: Vec<&[f64]> = columns.iter().map(|column| &column[..rows]).collect();
        let work = size as f64 * size as f64 * rows as f64;
        let threads = threads.for_work(work);
        let facts = ColumnStats::of_all(&columns, threads);
        let presence = Presence::of(&columns, &facts);
        let fits = Ready::bytes_per_cell(&presence) * rows * size + 8 * triangular_number(size) <= bytes;
        let order = if fits && size > ORDERED_BLOCK { presence.order() } else { None };
        let Some(order) = order else {
            let panel = Panel::of(bytes, &columns, facts, presence, min_rows, threads);
            let cut = if panel.is_ready() { Cut::squares(size, work) } else { Cut::rows(MADE_READY_BLOCK) };
            let values = compute(&panel, &cut, threads, go_on)?;
            return Some(Self { size, values, presence: panel.presence });
        };
        let facts: Vec<ColumnStats> = order.iter().map(|at| facts[*at].clone()).collect();
        let columns: Vec<&[f64]> = order.iter().map(|at| columns[*at]).collect();
        let ordered = Presence::of(&columns, &facts);
        let panel = Panel::of(bytes, &columns, facts, ordered, min_rows, threads);
        let values = compute(&panel, &Cut::rows(ORDERED_BLOCK), threads, go_on)?;
        Some(Self { size, values: in_given_order(&values, &order), presence })
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
        self.presence.common(i, j)
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
    /// Whether the columns of a block are cut in the same way, or are one piece.
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
fn compute<F: FnMut(usize) -> bool>(
    panel: &Panel<'_>,
    cut: &Cut,
    threads: usize,
    go_on: impl FnOnce(usize) -> F,
) -> Option<Vec<f64>> {
    let size = panel.columns.len();
    let mut values = vec![0.0; triangular_number(size)];
    let pieces = pieces(&mut values, size, cut);
    let go_on = go_on(pieces.len());
    let all = parallel::observed(
        threads,
        pieces.into_iter(),
        Default::default,
        |scratch, piece| panel.compute(scratch, piece),
        go_on,
    );
    all.then_some(values)
}

/// The pieces of a triangle, the largest first: the last to be done are small.
fn pieces<'a>(values: &'a mut [f64], size: usize, cut: &Cut) -> Vec<Piece<'a>> {
    let blocks: Vec<Range<usize>> = (0..size).step_by(cut.rows).map(|from| from..size.min(from + cut.rows)).collect();
    let mut pieces = Vec::new();
    let mut rest = values;
    for (at, block) in blocks.iter().enumerate() {
        let columns = if cut.squares { blocks[..=at].to_vec() } else { std::iter::once(0..block.end).collect() };
        let mut own: Vec<Piece<'a>> = columns.into_iter().map(|columns| Piece::new(block.clone(), columns)).collect();
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
