//! Series prepared for matrix products: centred, of unit norm, zero where missing.

use std::ops::Range;

use faer::MatRef;
use pulp::{Arch, NullaryFnOnce};

use super::{column_stats::ColumnStats, missingness::Missingness};
use crate::parallel;

/// Series that one thread prepares at a time.
const BATCH: usize = 64;

/// At least so many entries, their values left to be written. Not `resize`: fresh pages come zeroed, and are not
/// written twice.
pub(super) fn scratch<T: Clone + Default>(entries: &mut Vec<T>, len: usize) -> &mut [T] {
    if entries.len() < len {
        *entries = vec![T::default(); len];
    }
    &mut entries[..len]
}

/// Some neighbouring series, each prepared for products; column by column.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    first: usize,
    rows: usize,
    /// z: centred, of unit norm, 0 where missing.
    z: Vec<f64>,
    /// z squared; with scattered rows.
    squares: Vec<f64>,
    /// 1 where present, else 0; with scattered rows.
    mask: Vec<f64>,
    /// Sums of z and of its squares over the rows from each mark on; with spans.
    after: Vec<[f64; 2]>,
    marks: usize,
}

impl Prepared {
    /// Memory per cell of the panel.
    pub(super) fn bytes_per_cell(missingness: &Missingness) -> usize {
        if matches!(missingness, Missingness::Complete { .. }) { 8 } else { 24 }
    }

    /// Prepares some series, some of them by each thread.
    pub(super) fn fill(
        &mut self,
        columns: &[&[f64]],
        stats: &[ColumnStats],
        missingness: &Missingness,
        range: Range<usize>,
        threads: usize,
    ) {
        let (rows, count) = (columns.first().map_or(0, |column| column.len()), range.len());
        (self.first, self.rows) = (range.start, rows);
        let of = |wanted: bool| if wanted { rows * count } else { 0 };
        let scattered = matches!(missingness, Missingness::Scattered { .. });
        let marks: &[usize] = if let Missingness::Spans { marks, .. } = missingness { marks } else { &[] };
        self.marks = marks.len();
        let batch = |per_column: usize| (BATCH * per_column).max(1);
        let mut z = scratch(&mut self.z, of(true)).chunks_mut(batch(rows));
        let mut squares = scratch(&mut self.squares, of(scattered)).chunks_mut(batch(rows));
        let mut mask = scratch(&mut self.mask, of(scattered)).chunks_mut(batch(rows));
        let mut after = scratch(&mut self.after, count * marks.len()).chunks_mut(batch(marks.len()));
        let parts =
            columns[range.clone()].chunks(BATCH).zip(stats[range].chunks(BATCH)).map(|(columns, stats)| Filling {
                columns,
                stats,
                marks,
                z: z.next().unwrap_or_default(),
                squares: squares.next().unwrap_or_default(),
                mask: mask.next().unwrap_or_default(),
                after: after.next().unwrap_or_default(),
            });
        parallel::for_each(threads, parts, || (), |(), part| Arch::new().dispatch(part));
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn z(&self, range: Range<usize>) -> MatRef<'_, f64> {
        self.matrix(&self.z, range)
    }

    pub(super) fn squares(&self, range: Range<usize>) -> MatRef<'_, f64> {
        self.matrix(&self.squares, range)
    }

    pub(super) fn mask(&self, range: Range<usize>) -> MatRef<'_, f64> {
        self.matrix(&self.mask, range)
    }

    /// The running sums of one series: those over the rows from each mark on.
    pub(super) fn after(&self, column: usize) -> &[[f64; 2]] {
        let at = (column - self.first) * self.marks;
        &self.after[at..at + self.marks]
    }

    fn matrix<'a>(&self, cells: &'a [f64], range: Range<usize>) -> MatRef<'a, f64> {
        let (from, to) = (range.start - self.first, range.end - self.first);
        MatRef::from_column_major_slice(&cells[from * self.rows..to * self.rows], self.rows, to - from)
    }
}

/// Some neighbouring series to be prepared; what is not wanted of them is empty.
struct Filling<'a> {
    columns: &'a [&'a [f64]],
    stats: &'a [ColumnStats],
    marks: &'a [usize],
    z: &'a mut [f64],
    squares: &'a mut [f64],
    mask: &'a mut [f64],
    after: &'a mut [[f64; 2]],
}

// A named call, and not a closure: only so are the loops compiled for the wide registers that `Arch` found.
impl NullaryFnOnce for Filling<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (at, (column, stats)) in self.columns.iter().zip(self.stats).enumerate() {
            let (from, to) = (at * column.len(), (at + 1) * column.len());
            let z = &mut self.z[from..to];
            stats.scaled(column, z);
            if !self.marks.is_empty() {
                running(
                    z,
                    stats.span.start,
                    self.marks,
                    &mut self.after[at * self.marks.len()..(at + 1) * self.marks.len()],
                );
            }
            if !self.mask.is_empty() {
                for (out, z) in self.squares[from..to].iter_mut().zip(z.iter()) {
                    *out = z * z;
                }
                for (out, x) in self.mask[from..to].iter_mut().zip(*column) {
                    *out = if x.is_finite() { 1.0 } else { 0.0 };
                }
            }
        }
    }
}

/// From the last row back: where all series end there, a sum over common rows is one of these, and none a difference.
#[inline(always)]
fn running(z: &[f64], start: usize, marks: &[usize], after: &mut [[f64; 2]]) {
    let (mut so_far, mut to) = ([0.0; 2], z.len());
    let missing = marks.partition_point(|mark| *mark < start);
    for (mark, after) in marks[missing..].iter().zip(&mut after[missing..]).rev() {
        // Summed apart: additions to the sum so far would wait for each other.
        let mut part = [0.0; 2];
        for z in &z[*mark..to] {
            part = [part[0] + z, part[1] + z * z];
        }
        so_far = [so_far[0] + part[0], so_far[1] + part[1]];
        (*after, to) = (so_far, *mark);
    }
    after[..missing].fill(so_far);
}
