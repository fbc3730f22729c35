//! Eight pairs at a time: one series against the eight of a group, through all windows.
//!
//! Sums over a window are never made by subtracting the row that leaves, which would let errors pile up and an outlier
//! leave its rounding behind. Rows are cut into blocks as long as a window: each window is the end of one block and the
//! beginning of the next, and its sum that of a sum from a row to its block's end and one from a block's beginning to a
//! row (M. van Herk, Pattern Recognition Letters 13, 1992, for maxima). Two additions per row, each window as good as
//! summed afresh.

use pulp::{Arch, Simd, WithSimd};

use crate::{correlation::pearson, stats};

/// Series in a group.
pub(super) const LANES: usize = 8;

/// One number per series of a group.
pub(super) type Lanes = [f64; LANES];

/// Sums of squares about the window's mean that have lost more than this to cancellation are not used.
const LOST: f64 = 0.01;

/// Outside these, products of sums of squares leave the range of f64.
const RANGE: std::ops::Range<f64> = 1e-140..1e140;

/// The series of a panel, eight by eight, with what their windows share among all pairs.
pub(super) struct Groups {
    window: usize,
    /// The values as given, `NaN` where missing.
    values: Vec<Vec<f64>>,
    groups: Vec<Group>,
}

/// Eight series; all arrays run over rows.
struct Group {
    /// Deviations from the mean of each whole series, 0 where missing.
    deviations: Vec<Lanes>,
    scales: Scales,
    /// Windows (end row, lane) that vary, but whose variance about their own mean is lost in rounding here.
    weak: Vec<(usize, usize)>,
}

/// What the windows' products of deviations d are scaled by: r = sum(d_x d_y) i_x i_y - m_x m_y; one entry per window.
struct Scales {
    /// i = 1 / sqrt(sum of (d - mean d)^2); `NaN` for a window without a value, and for a weak one.
    inverse: Vec<Lanes>,
    /// m = sum(d) i / sqrt(window).
    mean: Vec<Lanes>,
}

/// One series, taken out of its group to stand against others.
pub(super) struct Side {
    series: usize,
    deviations: Vec<f64>,
    inverse: Vec<f64>,
    mean: Vec<f64>,
    weak: Vec<usize>,
}

impl Side {
    pub(super) fn of(groups: &Groups, series: usize) -> Self {
        let (group, lane) = (&groups.groups[series / LANES], series % LANES);
        Self {
            series,
            deviations: group.deviations.iter().map(|row| row[lane]).collect(),
            inverse: group.scales.inverse.iter().map(|window| window[lane]).collect(),
            mean: group.scales.mean.iter().map(|window| window[lane]).collect(),
            weak: group.weak.iter().filter(|(_, at)| *at == lane).map(|(end, _)| *end).collect(),
        }
    }
}

impl Groups {
    pub(super) fn of(values: Vec<Vec<f64>>, window: usize) -> Self {
        let window = window.max(2);
        let groups = values.chunks(LANES).map(|columns| Group::of(columns, window)).collect();
        Self { window, values, groups }
    }

    /// The row at which the first window ends.
    pub(super) fn first_end(&self) -> usize {
        self.window - 1
    }

    /// Fills `values` with one entry per window: the correlations of a series with those of a group, `NaN` where undefined.
    pub(super) fn correlate(&self, side: &Side, group: usize, values: &mut Vec<Lanes>) {
        let (at, group) = (group * LANES, &self.groups[group]);
        values.resize(group.scales.mean.len(), [f64::NAN; LANES]);
        Arch::new().dispatch(Pass { window: self.window, side, group, values });
        let mut afresh = |end: usize, lane: usize| {
            let from = end - self.first_end();
            let Some(y) = self.values.get(at + lane) else { return };
            let r = pearson(&self.values[side.series][from..=end], &y[from..=end], self.window).r;
            values[from][lane] = r.unwrap_or(f64::NAN);
        };
        group.weak.iter().for_each(|(end, lane)| afresh(*end, *lane));
        for end in &side.weak {
            (0..LANES).for_each(|lane| afresh(*end, lane));
        }
    }
}

impl Group {
    fn of(columns: &[Vec<f64>], window: usize) -> Self {
        let rows = columns.first().map_or(0, |column| column.len());
        let (mut deviations, mut present) = (vec![[0.0; LANES]; rows], vec![[0.0; LANES]; rows]);
        let mut noise = [0.0; LANES];
        for (lane, column) in columns.iter().enumerate() {
            let (sum, count) = column.iter().filter(|x| x.is_finite()).fold((0.0, 0), |(sum, n), x| (sum + x, n + 1));
            let (centre, mut largest) = (sum / f64::from(count.max(1)), 1e-8_f64);
            for (row, x) in column.iter().enumerate().filter(|(_, x)| x.is_finite()) {
                deviations[row][lane] = x - centre;
                present[row][lane] = 1.0;
                largest = largest.max(x.abs());
            }
            // The squares at which the rule on constant series comes near.
            noise[lane] = (1e-11 * largest).powi(2) * (window - 1) as f64;
        }
        let windows = (rows + 1).saturating_sub(window);
        let undefined = || vec![[f64::NAN; LANES]; windows];
        let mut scales = Scales { inverse: undefined(), mean: undefined() };
        let group = Scaling { window, deviations: &deviations, present: &present, noise: &noise, scales: &mut scales };
        Arch::new().dispatch(group);
        let mut weak = Vec::new();
        for (at, inverse) in scales.inverse.iter().enumerate() {
            for (lane, column) in columns.iter().enumerate().filter(|(lane, _)| inverse[*lane].is_nan()) {
                let rows = at..at + window;
                let whole = present[rows.clone()].iter().all(|row| row[lane] == 1.0);
                if whole && !stats::is_constant(&column[rows]) {
                    weak.push((at + window - 1, lane));
                }
            }
        }
        Self { deviations, scales, weak }
    }
}

/// Finds the scales of a group's windows.
struct Scaling<'a> {
    window: usize,
    deviations: &'a [Lanes],
    present: &'a [Lanes],
    noise: &'a Lanes,
    scales: &'a mut Scales,
}

impl WithSimd for Scaling<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match LANES / S::F64_LANES {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            4 => self.run::<S, 4>(simd),
            _ => self.run::<S, LANES>(simd),
        }
    }
}

impl Scaling<'_> {
    #[inline(always)]
    fn run<S: Simd, const P: usize>(self, simd: S) {
        let Self { window, deviations, present, noise, scales } = self;
        let (deviations, present) = (registers::<S, P>(deviations), registers::<S, P>(present));
        let noise = registers::<S, P>(std::slice::from_ref(noise))[0];
        let inverses = registers_mut::<S, P>(&mut scales.inverse);
        let means = registers_mut::<S, P>(&mut scales.mean);
        let splat = |x: f64| simd.splat_f64s(x);
        let (n, each, each_root) = (window as f64, 1.0 / window as f64, 1.0 / (window as f64).sqrt());
        let mut to_end = vec![[splat(0.0); P]; window];
        let mut counts = vec![[splat(0.0); P]; inverses.len()];
        let mut sums = counts.clone();
        window_sums(
            simd,
            &mut to_end,
            present.len(),
            #[inline(always)]
            |row| present[row],
            #[inline(always)]
            |at, count| counts[at] = count,
        );
        window_sums(
            simd,
            &mut to_end,
            deviations.len(),
            #[inline(always)]
            |row| deviations[row],
            #[inline(always)]
            |at, sum| sums[at] = sum,
        );
        window_sums(
            simd,
            &mut to_end,
            deviations.len(),
            #[inline(always)]
            |row| {
                let mut squares = deviations[row];
                for square in &mut squares {
                    *square = simd.mul_f64s(*square, *square);
                }
                squares
            },
            #[inline(always)]
            |at, squares| {
                for part in 0..P {
                    let (count, sum, square) = (counts[at][part], sums[at][part], squares[part]);
                    let about_mean = simd.sub_f64s(square, simd.mul_f64s(simd.mul_f64s(sum, sum), splat(each)));
                    let inverse = simd.div_f64s(splat(1.0), simd.sqrt_f64s(about_mean));
                    let mut good = inverse;
                    for mask in [
                        simd.equal_f64s(count, splat(n)),
                        simd.greater_than_or_equal_f64s(about_mean, simd.mul_f64s(splat(LOST), square)),
                        simd.greater_than_f64s(about_mean, noise[part]),
                        simd.greater_than_f64s(about_mean, splat(RANGE.start)),
                        simd.less_than_f64s(about_mean, splat(RANGE.end)),
                    ] {
                        good = simd.select_f64s(mask, good, splat(f64::NAN));
                    }
                    inverses[at][part] = good;
                    means[at][part] = simd.mul_f64s(simd.mul_f64s(sum, inverse), splat(each_root));
                }
            },
        );
    }
}

/// One series against a group, through all windows.
struct Pass<'a> {
    window: usize,
    side: &'a Side,
    group: &'a Group,
    values: &'a mut [Lanes],
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match LANES / S::F64_LANES {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            4 => self.run::<S, 4>(simd),
            _ => self.run::<S, LANES>(simd),
        }
    }
}

impl Pass<'_> {
    #[inline(always)]
    fn run<S: Simd, const P: usize>(self, simd: S) {
        let Self { window, side, group, values } = self;
        let (rows, windows) = (group.deviations.len(), values.len());
        let values = registers_mut::<S, P>(values);
        let (own, others) = (&side.deviations[..rows], registers::<S, P>(&group.deviations));
        let (inverse, inverses) = (&side.inverse[..windows], registers::<S, P>(&group.scales.inverse));
        let (mean, means) = (&side.mean[..windows], registers::<S, P>(&group.scales.mean));
        let (most, least) = (simd.splat_f64s(1.0), simd.splat_f64s(-1.0));
        window_sums(
            simd,
            &mut vec![[simd.splat_f64s(0.0); P]; window],
            rows,
            #[inline(always)]
            |row| {
                let (x, mut products) = (simd.splat_f64s(own[row]), others[row]);
                for product in &mut products {
                    *product = simd.mul_f64s(x, *product);
                }
                products
            },
            #[inline(always)]
            |at, products| {
                let (inverse, mean) = (simd.splat_f64s(inverse[at]), simd.splat_f64s(mean[at]));
                let (inverses, means, found) = (&inverses[at], &means[at], &mut values[at]);
                for part in 0..P {
                    let scaled = simd.mul_f64s(products[part], simd.mul_f64s(inverse, inverses[part]));
                    let r = simd.sub_f64s(scaled, simd.mul_f64s(mean, means[part]));
                    let r = simd.select_f64s(simd.greater_than_f64s(r, most), most, r);
                    found[part] = simd.select_f64s(simd.less_than_f64s(r, least), least, r);
                }
            },
        );
    }
}

/// Rows of eight lanes as the `P` registers that hold them.
#[inline(always)]
fn registers<S: Simd, const P: usize>(rows: &[Lanes]) -> &[[S::f64s; P]] {
    S::as_simd_f64s(rows.as_flattened()).0.as_chunks().0
}

#[inline(always)]
fn registers_mut<S: Simd, const P: usize>(rows: &mut [Lanes]) -> &mut [[S::f64s; P]] {
    S::as_mut_simd_f64s(rows.as_flattened_mut()).0.as_chunks_mut().0
}

/// Gives `window_ends` the number of each window, in order, and the sum of `row` over it. A window has as many rows as
/// `to_end`.
#[inline(always)]
fn window_sums<S: Simd, const P: usize>(
    simd: S,
    to_end: &mut [[S::f64s; P]],
    rows: usize,
    row: impl Fn(usize) -> [S::f64s; P],
    mut window_ends: impl FnMut(usize, [S::f64s; P]),
) {
    let window = to_end.len();
    // A window that begins a block has nothing of the block before; of that, to_end[k] sums the rows k.. .
    let zero = [simd.splat_f64s(0.0); P];
    to_end.fill(zero);
    let mut start = 0;
    while start < rows {
        let end = rows.min(start + window);
        let mut sum = zero;
        if start == 0 {
            for at in 0..end {
                sum = add(simd, sum, row(at));
            }
            if end == window {
                window_ends(0, sum);
            }
        } else {
            for (at, before) in (start..end).zip(&to_end[1..]) {
                sum = add(simd, sum, row(at));
                window_ends(at + 1 - window, add(simd, *before, sum));
            }
            if end == start + window {
                window_ends(start, add(simd, sum, row(end - 1)));
            }
        }
        if end < rows {
            let mut sum = zero;
            for (inside, to_end) in to_end.iter_mut().enumerate().rev() {
                sum = add(simd, sum, row(start + inside));
                *to_end = sum;
            }
        }
        start = end;
    }
}

#[inline(always)]
fn add<S: Simd, const P: usize>(simd: S, mut a: [S::f64s; P], b: [S::f64s; P]) -> [S::f64s; P] {
    for part in 0..P {
        a[part] = simd.add_f64s(a[part], b[part]);
    }
    a
}

/// Moments of eight pairs' values; those that are `NaN` do not count.
#[derive(Default)]
pub(super) struct Moments {
    pub(super) count: Lanes,
    pub(super) mean: Lanes,
    /// Sum of squares about the mean.
    pub(super) squares: Lanes,
    pub(super) min: Lanes,
    pub(super) max: Lanes,
}

pub(super) fn moments(values: &[Lanes]) -> Moments {
    Arch::new().dispatch(Summing(values))
}

struct Summing<'a>(&'a [Lanes]);

impl WithSimd for Summing<'_> {
    type Output = Moments;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Moments {
        let parts = LANES / S::F64_LANES;
        let values = S::as_simd_f64s(self.0.as_flattened()).0;
        let mut moments = Moments::default();
        let Moments { count: counts, mean: means, squares: all_squares, min: lowest, max: highest } = &mut moments;
        let counts = S::as_mut_simd_f64s(counts).0;
        let means = S::as_mut_simd_f64s(means).0;
        let all_squares = S::as_mut_simd_f64s(all_squares).0;
        let lowest = S::as_mut_simd_f64s(lowest).0;
        let highest = S::as_mut_simd_f64s(highest).0;
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        for part in 0..parts {
            let (mut count, mut sum) = (zero, zero);
            let (mut min, mut max) = (simd.splat_f64s(f64::INFINITY), simd.splat_f64s(f64::NEG_INFINITY));
            for r in values.get(part..).unwrap_or_default().iter().copied().step_by(parts) {
                let there = simd.equal_f64s(r, r);
                count = simd.add_f64s(count, simd.select_f64s(there, one, zero));
                sum = simd.add_f64s(sum, simd.select_f64s(there, r, zero));
                min = simd.select_f64s(simd.less_than_f64s(r, min), r, min);
                max = simd.select_f64s(simd.greater_than_f64s(r, max), r, max);
            }
            // A mean of equal values can round past them.
            let mean = simd.div_f64s(sum, count);
            let mean = simd.select_f64s(simd.less_than_f64s(mean, min), min, mean);
            let mean = simd.select_f64s(simd.greater_than_f64s(mean, max), max, mean);
            let mut squares = zero;
            for r in values.get(part..).unwrap_or_default().iter().copied().step_by(parts) {
                let d = simd.select_f64s(simd.equal_f64s(r, r), simd.sub_f64s(r, mean), zero);
                squares = simd.add_f64s(squares, simd.mul_f64s(d, d));
            }
            (counts[part], means[part], all_squares[part]) = (count, mean, squares);
            (lowest[part], highest[part]) = (min, max);
        }
        moments
    }
}
