//! Eight series of a panel with what their windows share among all pairs.

use std::ops::Range;

use pulp::Simd;

use super::lanes::{self, Job, LANES, Lanes, Row, registers, registers_mut, several_mut, splat, window_sums};
use crate::stats;

/// Sums of squares about the window's mean that have lost more than this to cancellation are not used.
const LOST: f64 = 0.01;

/// Outside these, products of sums of squares leave the range of f64.
const RANGE: std::ops::Range<f64> = 1e-140..1e140;

/// Eight series; all arrays run over rows. What is missing of the eight has deviations and scales of 0.
pub(super) struct Group<'a> {
    /// The series as given, `NaN` where missing.
    pub(super) columns: Vec<&'a [f64]>,
    /// From the first to after the last value of each.
    spans: Vec<Range<usize>>,
    /// Deviations from the mean of each whole series, 0 where missing.
    pub(super) deviations: Vec<Lanes>,
    pub(super) scales: Scales,
    /// Windows (first row, lane) that vary, but whose variance about their own mean is lost in rounding here.
    pub(super) weak: Vec<(usize, usize)>,
}

/// What the windows' products of deviations d are scaled by: r = sum(d_x d_y) i_x i_y - m_x m_y; one entry per window.
pub(super) struct Scales {
    /// i = 1 / sqrt(sum of (d - mean d)^2); `NaN` for a window without a value, and for a weak one.
    pub(super) inverse: Vec<Lanes>,
    /// m = sum(d) i / sqrt(window).
    pub(super) mean: Vec<Lanes>,
}

impl<'a> Group<'a> {
    pub(super) fn of(columns: &[&'a [f64]], window: usize) -> Self {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut values = vec![[f64::NAN; LANES]; rows];
        for (lane, column) in columns.iter().enumerate() {
            values.iter_mut().zip(*column).for_each(|(row, x)| row[lane] = *x);
        }
        let windows = (rows + 1).saturating_sub(window);
        let empty = |rows| vec![[0.0; LANES]; rows];
        let (mut deviations, mut present) = (empty(rows), empty(rows));
        let mut scales = Scales { inverse: empty(windows), mean: empty(windows) };
        lanes::run(Scaling {
            window,
            values: &values,
            deviations: &mut deviations,
            present: &mut present,
            scales: &mut scales,
        });
        // Only now: the kernel has marked the windows that need a closer look with NaN.
        let spans = columns.iter().map(|column| span(column)).collect();
        let mut group = Self { columns: columns.to_vec(), spans, deviations, scales, weak: Vec::new() };
        for at in 0..windows {
            let inverse = &mut group.scales.inverse[at];
            // One that is not a number makes the sum none: most windows need no closer look.
            if !inverse.iter().sum::<f64>().is_nan() {
                continue;
            }
            // What is missing of the eight shall not look like holes, which take longer.
            inverse[columns.len()..].fill(0.0);
            group.scales.mean[at][columns.len()..].fill(0.0);
            for lane in (0..columns.len()).filter(|lane| group.scales.inverse[at][*lane].is_nan()) {
                let whole = present[at..at + window].iter().all(|row| row[lane] == 1.0);
                if whole && !stats::is_constant(group.window(at, lane, window)) {
                    group.weak.push((at, lane));
                }
            }
        }
        group
    }

    /// One series in one window.
    pub(super) fn window(&self, at: usize, lane: usize, window: usize) -> &'a [f64] {
        &self.columns[lane][at..at + window]
    }

    /// The rows outside of which none of these lanes has a value.
    pub(super) fn span(&self, lanes: Range<usize>) -> Range<usize> {
        let spans = || self.spans.iter().skip(lanes.start).take(lanes.len()).filter(|span| !span.is_empty());
        let (first, end) = (spans().map(|span| span.start).min(), spans().map(|span| span.end).max());
        first.unwrap_or_default()..end.unwrap_or_default()
    }
}

/// From the first to after the last value of a series.
pub(super) fn span(series: &[f64]) -> Range<usize> {
    let is_there = |x: &f64| x.is_finite();
    let first = series.iter().position(is_there);
    first.map_or(0..0, |first| first..series.iter().rposition(is_there).map_or(first, |last| last + 1))
}

/// Finds the deviations of a group and the scales of its windows.
struct Scaling<'a> {
    window: usize,
    values: &'a [Lanes],
    deviations: &'a mut [Lanes],
    /// 1 where a value is present, else 0.
    present: &'a mut [Lanes],
    scales: &'a mut Scales,
}

impl Job for Scaling<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const P: usize>(self, simd: S) {
        let Self { window, values, deviations, present, scales } = self;
        let rows = values.len();
        let values = registers::<S, P>(values);
        let (deviations, present) = (registers_mut::<S, P>(deviations), registers_mut::<S, P>(present));
        let (inverses, means) = (registers_mut::<S, P>(&mut scales.inverse), registers_mut::<S, P>(&mut scales.mean));
        let [one, none] = [1.0, f64::NAN].map(|x| simd.splat_f64s(x));
        let largest = centre::<S, P>(simd, values, deviations, present);
        let (n, rest) = (window as f64, (window - 1) as f64);
        let [n, each, each_root, rest] = [n, 1.0 / n, 1.0 / n.sqrt(), rest].map(|x| simd.splat_f64s(x));
        let [lost, noise, low, high] = [LOST, 10.0 * stats::NOISE, RANGE.start, RANGE.end].map(|x| simd.splat_f64s(x));
        let mut to_end = vec![[[0.0; LANES]; 3]; window];
        window_sums(
            simd,
            several_mut::<S, P, 3>(&mut to_end),
            rows,
            #[inline(always)]
            |row| {
                let mut squares = deviations[row];
                for square in &mut squares {
                    *square = simd.mul_f64s(*square, *square);
                }
                [present[row], deviations[row], squares]
            },
            #[inline(always)]
            |at, [counts, sums, squares]| {
                for part in 0..P {
                    let (count, sum, square) = (counts[part], sums[part], squares[part]);
                    let about_mean = simd.sub_f64s(square, simd.mul_f64s(simd.mul_f64s(sum, sum), each));
                    let inverse = simd.div_f64s(one, simd.sqrt_f64s(about_mean));
                    // The squares at which the rule on constant series comes near.
                    let noise = simd.mul_f64s(noise, largest[part]);
                    let noise = simd.mul_f64s(simd.mul_f64s(noise, noise), rest);
                    let mut good = inverse;
                    for mask in [
                        simd.equal_f64s(count, n),
                        simd.greater_than_or_equal_f64s(about_mean, simd.mul_f64s(lost, square)),
                        simd.greater_than_f64s(about_mean, noise),
                        simd.greater_than_f64s(about_mean, low),
                        simd.less_than_f64s(about_mean, high),
                    ] {
                        good = simd.select_f64s(mask, good, none);
                    }
                    inverses[at][part] = good;
                    means[at][part] = simd.mul_f64s(simd.mul_f64s(sum, inverse), each_root);
                }
            },
        );
    }
}

/// Writes where a row is present and how far it is from its series' mean; gives the largest size of each series.
#[inline(always)]
fn centre<S: Simd, const P: usize>(
    simd: S,
    values: &[Row<S, P>],
    deviations: &mut [Row<S, P>],
    present: &mut [Row<S, P>],
) -> Row<S, P> {
    let rows = values.len();
    let [zero, one, infinite] = [0.0, 1.0, f64::INFINITY].map(|x| simd.splat_f64s(x));
    let [[mut sums], [mut counts], [mut largest]] =
        [0.0, 0.0, stats::SMALLEST_SCALE].map(|x| splat::<S, P, 1>(simd, x));
    for row in 0..rows {
        for part in 0..P {
            let x = values[row][part];
            let size = simd.abs_f64s(x);
            let there = simd.less_than_f64s(size, infinite);
            sums[part] = simd.add_f64s(sums[part], simd.select_f64s(there, x, zero));
            present[row][part] = simd.select_f64s(there, one, zero);
            counts[part] = simd.add_f64s(counts[part], present[row][part]);
            let larger = simd.select_f64s(simd.greater_than_f64s(size, largest[part]), size, largest[part]);
            largest[part] = simd.select_f64s(there, larger, largest[part]);
        }
    }
    for row in 0..rows {
        for part in 0..P {
            let centre = simd.div_f64s(sums[part], counts[part]);
            let there = simd.equal_f64s(present[row][part], one);
            deviations[row][part] = simd.select_f64s(there, simd.sub_f64s(values[row][part], centre), zero);
        }
    }
    largest
}
