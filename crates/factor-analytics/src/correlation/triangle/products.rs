//! The products and sums of a block of columns with others.

use std::ops::Range;

use faer::{
    Accum, MatMut, MatRef, Par,
    linalg::matmul::{
        matmul,
        triangular::{self, BlockStructure},
    },
};

use crate::correlation::{
    missingness::{Missingness, shared},
    prepare::{Prepared, scratch},
};
use crate::{observer::Stopped, parallel::Checkpoint};

/// Products of a block's columns (i) with others (j), each row by row of i.
#[derive(Default)]
pub(super) struct Products {
    /// sum z_i z_j
    pub(super) p: Vec<f64>,
    /// sum of z_i over j's rows, and of its squares.
    pub(super) s: Vec<f64>,
    pub(super) q: Vec<f64>,
    /// sum of z_j over i's rows, and of its squares.
    pub(super) s_other: Vec<f64>,
    pub(super) q_other: Vec<f64>,
    /// Columns j.
    pub(super) width: usize,
    /// Common rows, of one row i.
    pub(super) n: Vec<f64>,
}

impl Products {
    pub(super) fn multiply(
        &mut self,
        missingness: &Missingness,
        (left, right): (&Prepared, &Prepared),
        (block, others): (&Range<usize>, &Range<usize>),
        checkpoint: &mut Checkpoint<'_, '_>,
    ) -> Result<(), Stopped> {
        let of = |range: &Range<usize>| range.clone();
        self.width = others.len();
        // Rows in which one of the two sides is missing completely would add zeros.
        let rows = shared(&missingness.extent(block, left.rows()), &missingness.extent(others, left.rows()));
        times(&mut self.p, in_rows(left.z(of(block)), &rows), in_rows(right.z(of(others)), &rows));
        match missingness {
            Missingness::Complete { .. } => {}
            Missingness::Spans { places, .. } => {
                let (i, j) = (&places[of(block)], &places[of(others)]);
                over_spans(&mut self.s, &mut self.q, left, block, i, j);
                over_spans_of_others(&mut self.s_other, &mut self.q_other, right, others, i);
            }
            Missingness::Scattered { .. } => {
                // A product of long series takes a good part of a tenth of a second.
                checkpoint.check()?;
                times(&mut self.s, left.z(of(block)), right.mask(of(others)));
                checkpoint.check()?;
                times(&mut self.q, left.squares(of(block)), right.mask(of(others)));
                checkpoint.check()?;
                times(&mut self.s_other, left.mask(of(block)), right.z(of(others)));
                checkpoint.check()?;
                times(&mut self.q_other, left.mask(of(block)), right.squares(of(others)));
            }
        }
        Ok(())
    }

    pub(super) fn multiply_within(
        &mut self,
        missingness: &Missingness,
        prepared: &Prepared,
        block: &Range<usize>,
        checkpoint: &mut Checkpoint<'_, '_>,
    ) -> Result<(), Stopped> {
        let size = block.len();
        let (z, rows) = (prepared.z(block.clone()), missingness.extent(block, prepared.rows()));
        let z_there = in_rows(z, &rows);
        self.width = size;
        let lower = BlockStructure::TriangularLower;
        let whole = BlockStructure::Rectangular;
        let out = MatMut::from_row_major_slice_mut(scratch(&mut self.p, size * size), size, size);
        triangular::matmul(out, lower, Accum::Replace, z_there.transpose(), whole, z_there, whole, 1.0, Par::Seq);
        match missingness {
            Missingness::Complete { .. } => return Ok(()),
            Missingness::Spans { places, .. } => {
                let own = &places[block.clone()];
                over_spans(&mut self.s, &mut self.q, prepared, block, own, own);
            }
            Missingness::Scattered { .. } => {
                checkpoint.check()?;
                times(&mut self.s, z, prepared.mask(block.clone()));
                checkpoint.check()?;
                times(&mut self.q, prepared.squares(block.clone()), prepared.mask(block.clone()));
            }
        }
        transposed(&self.s, &mut self.s_other, size);
        transposed(&self.q, &mut self.q_other, size);
        Ok(())
    }
}

fn in_rows<'a>(cells: MatRef<'a, f64>, rows: &Range<usize>) -> MatRef<'a, f64> {
    cells.subrows(rows.start, rows.len())
}

/// left' right, row by row.
fn times(out: &mut Vec<f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>) {
    let (rows, width) = (left.ncols(), right.ncols());
    let out = MatMut::from_row_major_slice_mut(scratch(out, rows * width), rows, width);
    matmul(out, Accum::Replace, left.transpose(), right, 1.0, Par::Seq);
}

fn transposed(matrix: &[f64], out: &mut Vec<f64>, size: usize) {
    let out = scratch(out, size * size);
    // Eight numbers are a cache line: each line written is written whole.
    for tile in (0..size).step_by(8) {
        for (i, row) in matrix.chunks_exact(size).take(size).enumerate() {
            for j in tile..size.min(tile + 8) {
                out[j * size + i] = row[j];
            }
        }
    }
}

/// Sums of each column i of a block, and of its squares, over the rows of each span j, given by its places among the
/// marks; `own` are the spans of the block.
fn over_spans(
    s: &mut Vec<f64>,
    q: &mut Vec<f64>,
    prepared: &Prepared,
    block: &Range<usize>,
    own: &[Range<usize>],
    spans: &[Range<usize>],
) {
    let width = spans.len();
    let (s, q) = (scratch(s, block.len() * width), scratch(q, block.len() * width));
    let latest = spans.iter().map(|span| span.start).max().unwrap_or(0);
    let first_end = spans.iter().map(|span| span.end).min().unwrap_or(0);
    let rows = s.chunks_exact_mut(width).zip(q.chunks_exact_mut(width));
    for ((i, own), (s, q)) in block.clone().zip(own).zip(rows) {
        let after = prepared.after(i);
        if latest <= own.start && own.end <= first_end {
            // All the others have every row of this one.
            let [sum, squares] = after[own.start];
            s.fill(sum);
            q.fill(squares);
            continue;
        }
        for (span, (s, q)) in spans.iter().zip(s.iter_mut().zip(q)) {
            let (from, to) = (after[span.start], after[span.end]);
            (*s, *q) = (from[0] - to[0], from[1] - to[1]);
        }
    }
}

/// The same with the sides exchanged: sums of each column j over the rows of each span i, row by row of i.
fn over_spans_of_others(
    s: &mut Vec<f64>,
    q: &mut Vec<f64>,
    prepared: &Prepared,
    others: &Range<usize>,
    spans: &[Range<usize>],
) {
    let width = others.len();
    let (s, q) = (scratch(s, spans.len() * width), scratch(q, spans.len() * width));
    // Eight columns at a time: their running sums stay in the cache while all spans pass.
    for start in others.clone().step_by(8) {
        let after: Vec<&[[f64; 2]]> = (start..others.end.min(start + 8)).map(|j| prepared.after(j)).collect();
        for (i, span) in spans.iter().enumerate() {
            let at = i * width + (start - others.start);
            for (after, (s, q)) in after.iter().zip(s[at..].iter_mut().zip(&mut q[at..])) {
                let (from, to) = (after[span.start], after[span.end]);
                (*s, *q) = (from[0] - to[0], from[1] - to[1]);
            }
        }
    }
}
