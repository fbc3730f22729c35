//! Series made ready for products: centred, of unit norm, zero where missing.

use std::ops::Range;

use faer::MatRef;
use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};

use super::presence::Presence;
use crate::{parallel, stats};

/// Series whose facts are gathered, or that are made ready, at a time.
const BATCH: usize = 64;

/// Where sums of squares and their products stay within the range of f64.
const RANGE: Range<f64> = 1e-280..1e280;

/// What is known of one series beside its values.
#[derive(Debug, Clone)]
pub(super) struct ColumnStats {
    /// From the first to the last row present.
    pub(super) span: Range<usize>,
    /// Rows present.
    pub(super) count: usize,
    /// How its pairs are computed.
    pub(super) way: Way,
    /// True when it is not constant on its rows ([`stats::is_constant`]), and its squares are in the range of f64.
    pub(super) varies: bool,
    /// Mean of the rows present, and what its rounding left over.
    centre: (f64, f64),
    /// 1 / norm of the deviations; 0 unless products are used.
    scale: f64,
    /// A variance, in units of the scaled series, at which the rule on constant series comes near.
    pub(super) noise: f64,
}

/// How the pairs of a series are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By products.
    Products,
    /// Row by row: it hardly varies against its level, or its squares leave the range of f64.
    Afresh,
    /// Not at all: no rows of it vary.
    Nothing,
}

impl ColumnStats {
    /// Those of a series without rows.
    const EMPTY: Self =
        Self { span: 0..0, count: 0, way: Way::Nothing, varies: false, centre: (0.0, 0.0), scale: 0.0, noise: 0.0 };

    /// Those of each column.
    pub(super) fn of_all(columns: &[&[f64]], threads: usize) -> Vec<Self> {
        let mut facts = vec![Self::EMPTY; columns.len()];
        parallel::for_each(
            threads,
            facts.chunks_mut(BATCH).zip(columns.chunks(BATCH)),
            || (),
            |(), (facts, columns)| Arch::new().dispatch(Gathering { facts, columns }),
        );
        facts
    }

    #[inline(always)]
    fn of<S: Simd>(simd: S, values: &[f64]) -> Self {
        let first = values.iter().position(|value| value.is_finite()).unwrap_or(0);
        let last = values.iter().rposition(|value| value.is_finite()).map_or(0, |last| last + 1);
        let extent = Extent::of(simd, &values[first..last.max(first)]);
        let (count, n) = (extent.count as usize, extent.count.max(1.0));
        let centre = extent.sum / n;
        let (left, squares) = deviations(simd, values, centre);
        let left = left / n;
        let squares = squares - n * left * left;
        let largest = extent.max.abs().max(extent.min.abs()).max(1e-8);
        let near = (1e-11 * largest).powi(2);
        let plain = RANGE.contains(&squares) && squares > near * (n - 1.0);
        let varies = plain || (squares.is_finite() && !stats::is_constant(&present(values)));
        let same = count < 2 || extent.min == extent.max;
        let way = match () {
            () if same || (count == values.len() && !varies) => Way::Nothing,
            () if plain => Way::Products,
            () => Way::Afresh,
        };
        let scale = if way == Way::Products { 1.0 / squares.sqrt() } else { 0.0 };
        let span = first..last.max(first);
        Self { span, count, way, varies, centre: (centre, left), scale, noise: near * scale * scale }
    }

    /// Writes the series as it enters products.
    #[inline(always)]
    fn scaled(&self, values: &[f64], out: &mut [f64]) {
        let ((centre, left), scale) = (self.centre, self.scale);
        if self.way != Way::Products {
            return out.fill(0.0);
        }
        let Range { start, end } = self.span;
        out[..start].fill(0.0);
        out[end..].fill(0.0);
        for (out, x) in out[start..end].iter_mut().zip(&values[start..end]) {
            *out = if x.is_finite() { ((x - centre) - left) * scale } else { 0.0 };
        }
    }
}

struct Gathering<'a> {
    facts: &'a mut [ColumnStats],
    columns: &'a [&'a [f64]],
}

impl WithSimd for Gathering<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (facts, column) in self.facts.iter_mut().zip(self.columns) {
            *facts = ColumnStats::of(simd, column);
        }
    }
}

fn present(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| value.is_finite()).collect()
}

/// Sum, count and extremes of the values present.
struct Extent {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Extent {
    #[inline(always)]
    fn of<S: Simd>(simd: S, values: &[f64]) -> Self {
        let (whole, rest) = S::as_simd_f64s(values);
        let (zero, one, infinite) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0), simd.splat_f64s(f64::INFINITY));
        let lowest = simd.splat_f64s(f64::NEG_INFINITY);
        let (mut count, mut sum) = ([zero; 2], [zero; 2]);
        let (mut min, mut max) = ([infinite; 2], [lowest; 2]);
        for pair in whole.chunks(2) {
            for (lane, x) in pair.iter().enumerate() {
                let there = simd.less_than_f64s(simd.abs_f64s(*x), infinite);
                count[lane] = simd.add_f64s(count[lane], simd.select_f64s(there, one, zero));
                sum[lane] = simd.add_f64s(sum[lane], simd.select_f64s(there, *x, zero));
                min[lane] = simd.min_f64s(min[lane], simd.select_f64s(there, *x, infinite));
                max[lane] = simd.max_f64s(max[lane], simd.select_f64s(there, *x, lowest));
            }
        }
        let mut extent = Self {
            count: simd.reduce_sum_f64s(simd.add_f64s(count[0], count[1])),
            sum: simd.reduce_sum_f64s(simd.add_f64s(sum[0], sum[1])),
            min: simd.reduce_min_f64s(simd.min_f64s(min[0], min[1])),
            max: simd.reduce_max_f64s(simd.max_f64s(max[0], max[1])),
        };
        for x in rest.iter().filter(|x| x.is_finite()) {
            extent.count += 1.0;
            extent.sum += x;
            extent.min = extent.min.min(*x);
            extent.max = extent.max.max(*x);
        }
        extent
    }
}

/// Sums of the deviations from `centre` and of their squares, over the values present.
#[inline(always)]
fn deviations<S: Simd>(simd: S, values: &[f64], centre: f64) -> (f64, f64) {
    let (whole, rest) = S::as_simd_f64s(values);
    let (zero, infinite, centres) = (simd.splat_f64s(0.0), simd.splat_f64s(f64::INFINITY), simd.splat_f64s(centre));
    let (mut sum, mut squares) = ([zero; 2], [zero; 2]);
    for pair in whole.chunks(2) {
        for (lane, x) in pair.iter().enumerate() {
            let there = simd.less_than_f64s(simd.abs_f64s(*x), infinite);
            let d = simd.select_f64s(there, simd.sub_f64s(*x, centres), zero);
            sum[lane] = simd.add_f64s(sum[lane], d);
            squares[lane] = simd.add_f64s(squares[lane], simd.mul_f64s(d, d));
        }
    }
    let mut sum = simd.reduce_sum_f64s(simd.add_f64s(sum[0], sum[1]));
    let mut squares = simd.reduce_sum_f64s(simd.add_f64s(squares[0], squares[1]));
    for d in rest.iter().filter(|x| x.is_finite()).map(|x| x - centre) {
        sum += d;
        squares += d * d;
    }
    (sum, squares)
}

/// At least so many entries, their values left to be written. Not `resize`: fresh pages come zeroed, and are not
/// written twice.
pub(super) fn room<T: Clone + Default>(entries: &mut Vec<T>, len: usize) -> &mut [T] {
    if entries.len() < len {
        *entries = vec![T::default(); len];
    }
    &mut entries[..len]
}

/// Some neighbouring series, each ready for products; column by column.
#[derive(Debug, Default)]
pub(super) struct Ready {
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

impl Ready {
    /// Memory per cell of the panel.
    pub(super) fn bytes_per_cell(presence: &Presence) -> usize {
        if matches!(presence, Presence::All { .. }) { 8 } else { 24 }
    }

    /// Makes some series ready, some of them by each thread.
    pub(super) fn fill(
        &mut self,
        columns: &[&[f64]],
        facts: &[ColumnStats],
        presence: &Presence,
        range: Range<usize>,
        threads: usize,
    ) {
        let (rows, count) = (columns.first().map_or(0, |column| column.len()), range.len());
        (self.first, self.rows) = (range.start, rows);
        let of = |wanted: bool| if wanted { rows * count } else { 0 };
        let scattered = matches!(presence, Presence::Scattered { .. });
        let marks: &[usize] = if let Presence::Spans { marks, .. } = presence { marks } else { &[] };
        self.marks = marks.len();
        let batch = |per_column: usize| (BATCH * per_column).max(1);
        let mut z = room(&mut self.z, of(true)).chunks_mut(batch(rows));
        let mut squares = room(&mut self.squares, of(scattered)).chunks_mut(batch(rows));
        let mut mask = room(&mut self.mask, of(scattered)).chunks_mut(batch(rows));
        let mut after = room(&mut self.after, count * marks.len()).chunks_mut(batch(marks.len()));
        let parts =
            columns[range.clone()].chunks(BATCH).zip(facts[range].chunks(BATCH)).map(|(columns, facts)| Filling {
                columns,
                facts,
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

/// Some neighbouring series to be made ready; what is not wanted of them is empty.
struct Filling<'a> {
    columns: &'a [&'a [f64]],
    facts: &'a [ColumnStats],
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
        for (at, (column, facts)) in self.columns.iter().zip(self.facts).enumerate() {
            let (from, to) = (at * column.len(), (at + 1) * column.len());
            let z = &mut self.z[from..to];
            facts.scaled(column, z);
            if !self.marks.is_empty() {
                running(
                    z,
                    facts.span.start,
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
