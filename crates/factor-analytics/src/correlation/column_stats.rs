//! What the kernels must know of each series before its pairs are computed: where it has values, how far they vary,
//! and by which strategy its correlations can be computed without losing digits.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::{parallel, stats};

/// Series whose statistics one thread gathers at a time.
const BATCH: usize = 64;

/// Where sums of squares and their products stay within the range of f64.
const RANGE: Range<f64> = 1e-280..1e280;

/// What is known of one series apart from its values.
#[derive(Debug, Clone)]
pub(super) struct ColumnStats {
    /// From the first to the last row present.
    pub(super) span: Range<usize>,
    /// Rows present.
    pub(super) count: usize,
    /// How its pairs are computed.
    pub(super) strategy: Strategy,
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
pub(super) enum Strategy {
    /// By products.
    Gemm,
    /// Row by row: it hardly varies against its level, or its squares leave the range of f64.
    Pairwise,
    /// Not at all: no rows of it vary.
    Undefined,
}

impl ColumnStats {
    /// Those of a series without rows.
    const EMPTY: Self = Self {
        span: 0..0,
        count: 0,
        strategy: Strategy::Undefined,
        varies: false,
        centre: (0.0, 0.0),
        scale: 0.0,
        noise: 0.0,
    };

    /// Those of each column.
    pub(super) fn of_all(columns: &[&[f64]], threads: usize) -> Vec<Self> {
        let mut stats = vec![Self::EMPTY; columns.len()];
        parallel::for_each(
            threads,
            stats.chunks_mut(BATCH).zip(columns.chunks(BATCH)),
            || (),
            |(), (stats, columns)| Arch::new().dispatch(Gathering { stats, columns }),
        );
        stats
    }

    #[inline(always)]
    fn of<S: Simd>(simd: S, values: &[f64]) -> Self {
        let first = values.iter().position(|value| value.is_finite()).unwrap_or(0);
        let last = values.iter().rposition(|value| value.is_finite()).map_or(0, |last| last + 1);
        let extent = Extent::of(simd, &values[first..last.max(first)]);
        let (count, n) = (extent.count as usize, extent.count.max(1.0));
        let centre = extent.sum / n;
        let (left, squares) = deviations(simd, values, centre);
        // The mean is rounded, so deviations from it have a mean of their own; taken out in a second step.
        let left = left / n;
        let squares = squares - n * left * left;
        let largest = extent.max.abs().max(extent.min.abs()).max(stats::SMALLEST_SCALE);
        // Ten times the threshold: what comes near it is looked at again, without the kernel's rounding.
        let near = (10.0 * stats::NOISE * largest).powi(2);
        let plain = RANGE.contains(&squares) && squares > near * (n - 1.0);
        let varies = plain || (squares.is_finite() && !stats::is_constant(&present(values)));
        // Equal extremes are a constant series without any arithmetic that could blur it.
        let same = count < 2 || extent.min == extent.max;
        let strategy = match () {
            () if same || (count == values.len() && !varies) => Strategy::Undefined,
            () if plain => Strategy::Gemm,
            () => Strategy::Pairwise,
        };
        // Of unit norm, so that the product of two columns is their correlation.
        let scale = if strategy == Strategy::Gemm { 1.0 / squares.sqrt() } else { 0.0 };
        let span = first..last.max(first);
        Self { span, count, strategy, varies, centre: (centre, left), scale, noise: near * scale * scale }
    }

    /// Writes the series as it enters products.
    #[inline(always)]
    pub(super) fn scaled(&self, values: &[f64], out: &mut [f64]) {
        let ((centre, left), scale) = (self.centre, self.scale);
        if self.strategy != Strategy::Gemm {
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
    stats: &'a mut [ColumnStats],
    columns: &'a [&'a [f64]],
}

impl WithSimd for Gathering<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (stats, column) in self.stats.iter_mut().zip(self.columns) {
            *stats = ColumnStats::of(simd, column);
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
        // Two accumulators: an addition need not wait for the one before it.
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
