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
//! Blocks of [`BLOCK`] rows depend on nothing but the panel's width, and each is computed by one thread.

use std::ops::Range;

use faer::{
    Accum, MatMut, MatRef, Par,
    linalg::matmul::{
        matmul,
        triangular::{self, BlockStructure},
    },
};
use pulp::{Arch, NullaryFnOnce};

use super::{
    CommonRows,
    prepare::{BATCH, Facts, Ready, Way, room},
    presence::{Presence, shared},
};
use crate::{
    Observer,
    observer::Silent,
    parallel::{self, Threads},
};

/// Rows of the triangle that one thread computes at a time.
const BLOCK: usize = 256;
/// Columns multiplied with a block at a time: when all series are ready, and when they are made ready for it.
const WIDTHS: (usize, usize) = (1024, 256);
/// Panels that take more than this when made ready are made ready block by block, over and over.
const READY_BYTES: usize = 96 << 20;
/// Variance about the mean of a pair's rows as a share of their squares: under this too many digits are lost.
const LOST: f64 = 0.01;
/// The same as a share of all the column's squares, for differences of running sums.
const LOST_OF_ALL: f64 = 0.05;
/// From here on r is within rounding of 1, and rounding must not decide whether it is 1.
const NEAR_ONE: f64 = 1.0 - 1e-13;
/// Marks an entry that is to be computed row by row.
const AFRESH: f64 = f64::INFINITY;

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
    /// larger than that, 12 kB per row and thread.
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
        let threads = threads.for_work(size as f64 * size as f64 * rows as f64);
        let panel = Panel::of(bytes, &columns, min_rows.max(2), threads);

        let mut values = vec![0.0; triangular_number(size)];
        let mut blocks = Vec::new();
        let mut rest = values.as_mut_slice();
        for start in (0..size).step_by(BLOCK) {
            let block = start..size.min(start + BLOCK);
            let (entries, after) = rest.split_at_mut(triangular_number(block.end) - triangular_number(start));
            rest = after;
            blocks.push((block, entries));
        }
        let go_on = go_on(blocks.len());
        // The longest block first: the last to be done are short.
        let all = parallel::observed(
            threads,
            blocks.into_iter().rev(),
            Scratch::default,
            |scratch, (block, entries)| panel.block(scratch, block, entries),
            go_on,
        );
        let presence = panel.presence;
        all.then_some(Self { size, values, presence })
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

/// What all blocks share.
struct Panel<'a> {
    columns: &'a [&'a [f64]],
    facts: Vec<Facts>,
    presence: Presence,
    min_rows: usize,
    /// Products do for every series.
    plain: bool,
    /// All series made ready, unless they would take too much memory.
    ready: Option<Ready>,
}

/// What one thread needs for a block.
#[derive(Default)]
struct Scratch {
    left: Ready,
    right: Ready,
    products: Products,
    common: CommonRows,
}

/// Products of a block's columns (i) with others (j), each row by row of i.
#[derive(Default)]
struct Products {
    /// sum z_i z_j
    p: Vec<f64>,
    /// sum of z_i over j's rows, and of its squares.
    s: Vec<f64>,
    q: Vec<f64>,
    /// sum of z_j over i's rows, and of its squares.
    s_other: Vec<f64>,
    q_other: Vec<f64>,
    /// Columns j.
    width: usize,
    /// Common rows, of one row i.
    n: Vec<f64>,
    noise: Vec<f64>,
}

impl<'a> Panel<'a> {
    fn of(bytes: usize, columns: &'a [&'a [f64]], min_rows: usize, threads: usize) -> Self {
        let mut facts = vec![Facts::EMPTY; columns.len()];
        parallel::for_each(
            threads,
            facts.chunks_mut(BATCH).zip(columns.chunks(BATCH)),
            || (),
            |(), (facts, columns)| Facts::gather(facts, columns),
        );
        let presence = Presence::of(columns, &facts);
        let rows = columns.first().map_or(0, |column| column.len());
        let fits = Ready::bytes_per_cell(&presence) * rows * columns.len() <= bytes;
        let ready = fits.then(|| {
            let mut ready = Ready::default();
            ready.fill(columns, &facts, &presence, 0..columns.len(), threads);
            ready
        });
        let plain = facts.iter().all(|facts| facts.way == Way::Products);
        Self { columns, facts, presence, min_rows, plain, ready }
    }

    /// Fills some rows of the triangle.
    fn block(&self, scratch: &mut Scratch, block: Range<usize>, entries: &mut [f64]) {
        let Scratch { left, right, products, common } = scratch;
        let left = self.ready(left, &block);
        let before = triangular_number(block.start);
        let width = if self.ready.is_some() { WIDTHS.0 } else { WIDTHS.1 };
        for from in (0..block.start).step_by(width) {
            let others = from..block.start.min(from + width);
            let right = self.ready(right, &others);
            products.multiply(&self.presence, left, right, &block, &others);
            for i in block.clone() {
                let at = triangular_number(i) - before;
                self.row(products, common, &block, i, others.clone(), &mut entries[at + others.start..at + others.end]);
            }
        }
        products.multiply_within(&self.presence, left, &block);
        for i in block.clone() {
            let at = triangular_number(i) - before;
            self.row(products, common, &block, i, block.start..i, &mut entries[at + block.start..at + i]);
            let defined = self.facts[i].varies && self.facts[i].count >= self.min_rows;
            entries[at + i] = if defined { 1.0 } else { f64::NAN };
        }
    }

    fn ready<'b>(&'b self, scratch: &'b mut Ready, range: &Range<usize>) -> &'b Ready {
        if let Some(ready) = &self.ready {
            return ready;
        }
        scratch.fill(self.columns, &self.facts, &self.presence, range.clone(), 1);
        scratch
    }

    /// The correlations of column `i` with some columns of the products at hand.
    fn row(
        &self,
        products: &mut Products,
        common: &mut CommonRows,
        block: &Range<usize>,
        i: usize,
        others: Range<usize>,
        out: &mut [f64],
    ) {
        let facts = &self.facts[i];
        if facts.way == Way::Nothing {
            return out.fill(f64::NAN);
        }
        let at = (i - block.start) * products.width;
        let done = Arch::new().dispatch(Row { panel: self, products, at, i, others: others.clone(), out });
        if done && self.plain {
            return;
        }
        for (j, r) in others.zip(out) {
            let (x, y) = (facts, &self.facts[j]);
            *r = match (x.way, y.way) {
                (Way::Nothing, _) | (_, Way::Nothing) => f64::NAN,
                (Way::Products, Way::Products) if *r != AFRESH => continue,
                _ => {
                    let rows = shared(&x.span, &y.span);
                    let pair = common.correlate(&self.columns[i][rows.clone()], &self.columns[j][rows], self.min_rows);
                    pair.r.unwrap_or(f64::NAN)
                }
            };
        }
    }
}

/// The correlations of column `i` with others, from the products that begin at `at`; [`AFRESH`] where those do not do.
/// Gives true when they do everywhere.
struct Row<'a> {
    panel: &'a Panel<'a>,
    products: &'a mut Products,
    at: usize,
    i: usize,
    others: Range<usize>,
    out: &'a mut [f64],
}

// A named call, and not a closure: only so are the loops compiled for the wide registers that `Arch` found.
impl NullaryFnOnce for Row<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let Self { panel, products, at, i, others, out } = self;
        let Panel { facts, presence, min_rows, .. } = panel;
        let least = match presence {
            Presence::All { rows } if rows < min_rows => {
                out.fill(f64::NAN);
                return true;
            }
            Presence::All { .. } => {
                of_complete(&products.p[at..at + out.len()], out);
                return none_afresh(out);
            }
            Presence::Spans { .. } => LOST_OF_ALL,
            Presence::Scattered { .. } => 0.0,
        };
        let (n, noise) = (room(&mut products.n, out.len()), room(&mut products.noise, out.len()));
        for ((j, n), noise) in others.zip(n).zip(noise) {
            *n = presence.common(i, j) as f64;
            *noise = facts[j].noise;
        }
        products.of_common_rows(at, facts[i].noise, *min_rows as f64, least, out);
        none_afresh(out)
    }
}

#[inline(always)]
fn none_afresh(entries: &[f64]) -> bool {
    let mut none = true;
    for entry in entries {
        none &= *entry != AFRESH;
    }
    none
}

impl Products {
    fn multiply(
        &mut self,
        presence: &Presence,
        left: &Ready,
        right: &Ready,
        block: &Range<usize>,
        others: &Range<usize>,
    ) {
        let of = |range: &Range<usize>| range.clone();
        self.width = others.len();
        times(&mut self.p, left.z(of(block)), right.z(of(others)));
        match presence {
            Presence::All { .. } => {}
            Presence::Spans { places, .. } => {
                let (i, j) = (&places[of(block)], &places[of(others)]);
                over_spans(&mut self.s, &mut self.q, left, block, j);
                over_spans_of_others(&mut self.s_other, &mut self.q_other, right, others, i);
            }
            Presence::Scattered { .. } => {
                times(&mut self.s, left.z(of(block)), right.mask(of(others)));
                times(&mut self.q, left.squares(of(block)), right.mask(of(others)));
                times(&mut self.s_other, left.mask(of(block)), right.z(of(others)));
                times(&mut self.q_other, left.mask(of(block)), right.squares(of(others)));
            }
        }
    }

    fn multiply_within(&mut self, presence: &Presence, ready: &Ready, block: &Range<usize>) {
        let size = block.len();
        let z = ready.z(block.clone());
        self.width = size;
        let lower = BlockStructure::TriangularLower;
        let whole = BlockStructure::Rectangular;
        let out = MatMut::from_row_major_slice_mut(room(&mut self.p, size * size), size, size);
        triangular::matmul(out, lower, Accum::Replace, z.transpose(), whole, z, whole, 1.0, Par::Seq);
        match presence {
            Presence::All { .. } => return,
            Presence::Spans { places, .. } => {
                over_spans(&mut self.s, &mut self.q, ready, block, &places[block.clone()]);
            }
            Presence::Scattered { .. } => {
                times(&mut self.s, z, ready.mask(block.clone()));
                times(&mut self.q, ready.squares(block.clone()), ready.mask(block.clone()));
            }
        }
        transposed(&self.s, &mut self.s_other, size);
        transposed(&self.q, &mut self.q_other, size);
    }

    #[inline(always)]
    fn of_common_rows(&self, at: usize, noise: f64, min_rows: f64, least: f64, out: &mut [f64]) {
        let len = out.len();
        let (p, s, q) = (&self.p[at..at + len], &self.s[at..at + len], &self.q[at..at + len]);
        let (s_other, q_other) = (&self.s_other[at..at + len], &self.q_other[at..at + len]);
        let (n, noise_other) = (&self.n[..len], &self.noise[..len]);
        for at in 0..len {
            let each = 1.0 / n[at];
            let x = q[at] - s[at] * s[at] * each;
            let y = q_other[at] - s_other[at] * s_other[at] * each;
            let r = (p[at] - s[at] * s_other[at] * each) / (x * y).sqrt();
            let freedom = n[at] - 1.0;
            let good = (x > noise * freedom)
                & (y > noise_other[at] * freedom)
                & (x >= LOST * q[at])
                & (y >= LOST * q_other[at])
                & (x > least)
                & (y > least)
                & (r.abs() < NEAR_ONE);
            let found = if good { r } else { AFRESH };
            out[at] = if n[at] >= min_rows { found } else { f64::NAN };
        }
    }
}

/// The products of columns of unit norm are correlations.
#[inline(always)]
fn of_complete(products: &[f64], out: &mut [f64]) {
    for (out, r) in out.iter_mut().zip(products) {
        *out = if r.abs() < NEAR_ONE { *r } else { AFRESH };
    }
}

/// left' right, row by row.
fn times(out: &mut Vec<f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>) {
    let (rows, width) = (left.ncols(), right.ncols());
    let out = MatMut::from_row_major_slice_mut(room(out, rows * width), rows, width);
    matmul(out, Accum::Replace, left.transpose(), right, 1.0, Par::Seq);
}

fn transposed(matrix: &[f64], out: &mut Vec<f64>, size: usize) {
    let out = room(out, size * size);
    for tile in (0..size).step_by(8) {
        for (i, row) in matrix.chunks_exact(size).take(size).enumerate() {
            for j in tile..size.min(tile + 8) {
                out[j * size + i] = row[j];
            }
        }
    }
}

/// Sums of each column i of a block, and of its squares, over the rows of each span j, given by its places among the
/// marks.
fn over_spans(s: &mut Vec<f64>, q: &mut Vec<f64>, ready: &Ready, block: &Range<usize>, spans: &[Range<usize>]) {
    let width = spans.len();
    let (s, q) = (room(s, block.len() * width), room(q, block.len() * width));
    for (i, (s, q)) in block.clone().zip(s.chunks_exact_mut(width).zip(q.chunks_exact_mut(width))) {
        let before = ready.before(i);
        for (span, (s, q)) in spans.iter().zip(s.iter_mut().zip(q)) {
            let (from, to) = (before[span.start], before[span.end]);
            (*s, *q) = (to[0] - from[0], to[1] - from[1]);
        }
    }
}

/// The same with the sides exchanged: sums of each column j over the rows of each span i, row by row of i.
fn over_spans_of_others(
    s: &mut Vec<f64>,
    q: &mut Vec<f64>,
    ready: &Ready,
    others: &Range<usize>,
    spans: &[Range<usize>],
) {
    let width = others.len();
    let (s, q) = (room(s, spans.len() * width), room(q, spans.len() * width));
    // Eight columns at a time: their running sums stay in the cache while all spans pass.
    for start in others.clone().step_by(8) {
        let before: Vec<&[[f64; 2]]> = (start..others.end.min(start + 8)).map(|j| ready.before(j)).collect();
        for (i, span) in spans.iter().enumerate() {
            let at = i * width + (start - others.start);
            for (before, (s, q)) in before.iter().zip(s[at..].iter_mut().zip(&mut q[at..])) {
                let (from, to) = (before[span.start], before[span.end]);
                (*s, *q) = (to[0] - from[0], to[1] - from[1]);
            }
        }
    }
}
