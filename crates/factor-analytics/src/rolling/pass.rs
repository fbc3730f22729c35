//! Some series against the eight of a group, through all windows, and the moments of what comes out.

use std::ops::Range;

use pulp::Simd;

use super::{
    group::Group,
    lanes::{self, Job, LANES, Lanes, lanes, registers, several, several_mut, splat, splats, window_sums},
};

/// `K` series of a group against the eight of another. Sums of several series do not wait for each other.
pub(super) struct Pass<'a, const K: usize> {
    pub(super) own: &'a Group<'a>,
    /// The first of the series has the lane `K * chunk`.
    pub(super) chunk: usize,
    pub(super) group: &'a Group<'a>,
    /// The windows that can have a value; one at least.
    pub(super) windows: Range<usize>,
    /// One entry per window, to be filled for those; values can be past 1 by rounding.
    pub(super) values: &'a mut [[Lanes; K]],
    /// As many entries as a window has rows: scratch space.
    pub(super) to_end: &'a mut [[Lanes; K]],
}

/// What has been seen of values on the way.
pub(super) struct Seen<const K: usize> {
    count: [Lanes; K],
    sum: [Lanes; K],
    min: [Lanes; K],
    max: [Lanes; K],
}

impl<const K: usize> Seen<K> {
    /// Whether rounding has taken a value past 1 or -1.
    pub(super) fn past_one(&self) -> bool {
        self.max.iter().flatten().any(|r| *r > 1.0) || self.min.iter().flatten().any(|r| *r < -1.0)
    }

    /// Whether every window has a value: one that has none makes a pass' sum none.
    pub(super) fn whole(&self) -> bool {
        !self.sum.iter().flatten().sum::<f64>().is_nan()
    }
}

impl<const K: usize> Job for Pass<'_, K> {
    type Output = Seen<K>;

    #[inline(always)]
    fn run<S: Simd, const P: usize>(self, simd: S) -> Seen<K> {
        let Self { own, chunk, group, windows, values, to_end } = self;
        // Sums are of blocks as long as a window, counted from the panel's first row: whatever a pair begins with, its
        // values are the same to the bit.
        let first = windows.start / to_end.len() * to_end.len();
        let (rows, before) = (first..windows.end - 1 + to_end.len(), windows.start - first);
        let within = first..windows.end;
        let (values, to_end) = (several_mut::<S, P, K>(&mut values[within.clone()]), several_mut::<S, P, K>(to_end));
        let (own_deviations, others) =
            (&own.deviations[rows.clone()], registers::<S, P>(&group.deviations[rows.clone()]));
        let (inverse, inverses) =
            (&own.scales.inverse[within.clone()], registers::<S, P>(&group.scales.inverse[within.clone()]));
        let (mean, means) = (&own.scales.mean[within.clone()], registers::<S, P>(&group.scales.mean[within]));
        let [mut sums, mut lowest, mut highest] =
            [0.0, f64::INFINITY, f64::NEG_INFINITY].map(|x| splat::<S, P, K>(simd, x));
        window_sums(
            simd,
            to_end,
            rows.len(),
            #[inline(always)]
            |row| {
                let (x, y) = (splats::<S, K>(simd, &own_deviations[row], chunk), others[row]);
                let mut products = [y; K];
                for side in 0..K {
                    for part in 0..P {
                        products[side][part] = simd.mul_f64s(x[side], y[part]);
                    }
                }
                products
            },
            #[inline(always)]
            |at, products| {
                if at < before {
                    return;
                }
                let inverse = splats::<S, K>(simd, &inverse[at], chunk);
                let mean = splats::<S, K>(simd, &mean[at], chunk);
                let (inverses, means, found) = (&inverses[at], &means[at], &mut values[at]);
                for side in 0..K {
                    for part in 0..P {
                        let scale = simd.mul_f64s(inverse[side], inverses[part]);
                        let scaled = simd.mul_f64s(products[side][part], scale);
                        let r = simd.sub_f64s(scaled, simd.mul_f64s(mean[side], means[part]));
                        found[side][part] = r;
                        sums[side][part] = simd.add_f64s(sums[side][part], r);
                        let (low, high) = (lowest[side][part], highest[side][part]);
                        lowest[side][part] = simd.select_f64s(simd.less_than_f64s(r, low), r, low);
                        highest[side][part] = simd.select_f64s(simd.greater_than_f64s(r, high), r, high);
                    }
                }
            },
        );
        Seen {
            count: [[windows.len() as f64; LANES]; K],
            sum: lanes::<S, P, K>(sums),
            min: lanes::<S, P, K>(lowest),
            max: lanes::<S, P, K>(highest),
        }
    }
}

/// Moments of the values of `K` times eight pairs; those that are `NaN` do not count.
pub(super) struct Moments<const K: usize> {
    pub(super) count: [Lanes; K],
    pub(super) mean: [Lanes; K],
    /// Sum of squares about the mean.
    pub(super) squares: [Lanes; K],
    pub(super) min: [Lanes; K],
    pub(super) max: [Lanes; K],
}

/// The moments of values of which some may be missing.
pub(super) fn moments<const K: usize>(values: &[[Lanes; K]]) -> Moments<K> {
    moments_of_seen(values, lanes::run(Summing(values)))
}

/// The moments of values that have been seen, whole ones by a pass.
pub(super) fn moments_of_seen<const K: usize>(values: &[[Lanes; K]], seen: Seen<K>) -> Moments<K> {
    let Seen { count, sum: mut mean, min, max } = seen;
    let extremes = min.as_flattened().iter().zip(max.as_flattened());
    for ((mean, count), (min, max)) in mean.as_flattened_mut().iter_mut().zip(count.as_flattened()).zip(extremes) {
        // A mean of equal values can round past them.
        *mean = (*mean / count).max(*min).min(*max);
    }
    let squares = lanes::run(Squares { values, mean: &mean });
    Moments { count, mean, squares, min, max }
}

/// Counts, sums and extremes of values that are there.
struct Summing<'a, const K: usize>(&'a [[Lanes; K]]);

impl<const K: usize> Job for Summing<'_, K> {
    type Output = Seen<K>;

    #[inline(always)]
    fn run<S: Simd, const P: usize>(self, simd: S) -> Seen<K> {
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let [mut counts, mut sums, mut lowest, mut highest] =
            [0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY].map(|x| splat::<S, P, K>(simd, x));
        for row in several::<S, P, K>(self.0) {
            for side in 0..K {
                for part in 0..P {
                    let (r, min, max) = (row[side][part], lowest[side][part], highest[side][part]);
                    let there = simd.equal_f64s(r, r);
                    counts[side][part] = simd.add_f64s(counts[side][part], simd.select_f64s(there, one, zero));
                    sums[side][part] = simd.add_f64s(sums[side][part], simd.select_f64s(there, r, zero));
                    lowest[side][part] = simd.select_f64s(simd.less_than_f64s(r, min), r, min);
                    highest[side][part] = simd.select_f64s(simd.greater_than_f64s(r, max), r, max);
                }
            }
        }
        Seen {
            count: lanes::<S, P, K>(counts),
            sum: lanes::<S, P, K>(sums),
            min: lanes::<S, P, K>(lowest),
            max: lanes::<S, P, K>(highest),
        }
    }
}

/// Sums of squares about means, of the values that are there.
struct Squares<'a, const K: usize> {
    values: &'a [[Lanes; K]],
    mean: &'a [Lanes; K],
}

impl<const K: usize> Job for Squares<'_, K> {
    type Output = [Lanes; K];

    #[inline(always)]
    fn run<S: Simd, const P: usize>(self, simd: S) -> [Lanes; K] {
        let zero = simd.splat_f64s(0.0);
        let means = several::<S, P, K>(std::slice::from_ref(self.mean))[0];
        let mut squares = splat::<S, P, K>(simd, 0.0);
        for row in several::<S, P, K>(self.values) {
            for side in 0..K {
                for part in 0..P {
                    let r = row[side][part];
                    let d = simd.sub_f64s(r, means[side][part]);
                    let d = simd.select_f64s(simd.equal_f64s(r, r), d, zero);
                    squares[side][part] = simd.add_f64s(squares[side][part], simd.mul_f64s(d, d));
                }
            }
        }
        lanes::<S, P, K>(squares)
    }
}
