//! Weighted regressions that move on by a row at a time.
//!
//! The moments of a window are those of the one before it, aged by a row, with the newest row added and the oldest taken
//! away. Rounding does not pile up: what was wrong ages like the rest, and the row that is taken away weighs a tenth.

use super::LensRule;

/// A series of which less than this share of its variance is independent of those before it has no slope.
const DEPENDENT: f64 = 1e-8;

/// What of a second moment is rounding: a series that does not vary.
const ROUNDING: f64 = 1e-13;

/// The regressions of the last of some series on those before it, row after row.
pub(super) struct Fits<'a> {
    series: &'a [&'a [f64]],
    /// Of each row, which series have a value.
    present: Vec<u32>,
    is_whole: bool,
    rule: LensRule,
    /// What one more row of age does to a weight, and what a whole window does.
    aged: f64,
    out_of_window: f64,
    /// The series that are taken out, as bits.
    taken: u32,
    /// For each series before the last, rows of the window on which it is there with all that is taken before it; for the last
    /// its own.
    counts: Vec<usize>,
    moments: Option<Moments>,
    /// The row that the state is about.
    row: usize,
}

impl<'a> Fits<'a> {
    /// `is_whole` is a series of which nothing is taken away.
    pub(super) fn new(series: &'a [&'a [f64]], is_whole: bool, rule: LensRule) -> Self {
        let rows = series.iter().map(|values| values.len()).max().unwrap_or(0);
        let bit = |at: usize, row: usize| u32::from(series[at].get(row).is_some_and(|value| value.is_finite())) << at;
        let present = (0..rows).map(|row| (0..series.len()).fold(0, |bits, at| bits | bit(at, row))).collect();
        let aged = (-1.0 / rule.half_life).exp2();
        let out_of_window = (-(rule.window as f64) / rule.half_life).exp2();
        let counts = vec![0; series.len()];
        Self { series, present, is_whole, rule, aged, out_of_window, taken: 0, counts, moments: None, row: 0 }
    }

    /// The slopes by the rows before `row`, which is the one after that of the call before (the first is 0); `None` where the
    /// last series has too few.
    pub(super) fn before(&mut self, row: usize) -> Option<Vec<f64>> {
        self.row = row;
        let last = self.series.len() - 1;
        if let Some(added) = row.checked_sub(1) {
            self.count(added, 1);
            self.age(added);
        }
        if let Some(gone) = row.checked_sub(self.rule.window + 1) {
            self.count(gone, -1);
            self.forget(gone);
        }
        if self.counts[last] < self.rule.least {
            self.moments = None;
            return None;
        }
        if self.is_whole {
            return Some(vec![0.0; last]);
        }
        self.choose();
        if self.moments.is_none() {
            self.moments = Some(self.anew());
        }
        let taken: Vec<usize> = (0..last).filter(|at| self.taken >> at & 1 == 1).collect();
        let found = self.moments.as_ref().map(Moments::slopes).unwrap_or_default();
        let mut slopes = vec![0.0; last];
        taken.iter().zip(found).for_each(|(at, slope)| slopes[*at] = slope);
        Some(slopes)
    }

    /// The series that have to be there on a row for it to count for the series at `at`.
    fn needed(&self, at: usize) -> u32 {
        let last = self.series.len() - 1;
        let before = self.taken & ((1 << at) - 1);
        (1 << last) | (1 << at) | if at == last { 0 } else { before }
    }

    fn is_there(&self, row: usize, needed: u32) -> bool {
        self.present.get(row).is_some_and(|bits| bits & needed == needed)
    }

    fn count(&mut self, row: usize, by: isize) {
        for at in 0..self.series.len() {
            if self.is_there(row, self.needed(at)) {
                self.counts[at] = self.counts[at].saturating_add_signed(by);
            }
        }
    }

    fn window(&self) -> std::ops::Range<usize> {
        self.row.saturating_sub(self.rule.window)..self.row
    }

    /// Decides which series are taken out: in their order, each that leaves enough rows. Counts are kept as long as nothing
    /// changes.
    fn choose(&mut self) {
        let last = self.series.len() - 1;
        for at in 0..last {
            let (was, is) = (self.taken >> at & 1 == 1, self.counts[at] >= self.rule.least);
            if was == is {
                continue;
            }
            self.taken ^= 1 << at;
            self.moments = None;
            for later in at + 1..last {
                let needed = self.needed(later);
                self.counts[later] = self.window().filter(|row| self.is_there(*row, needed)).count();
            }
        }
    }

    /// The values of what is taken out and of the last, where all of them are there.
    fn values(&self, row: usize) -> Option<Vec<f64>> {
        let last = self.series.len() - 1;
        let all = self.taken | 1 << last;
        let of = |at: usize| self.series[at][row];
        self.is_there(row, all).then(|| (0..=last).filter(|at| all >> at & 1 == 1).map(of).collect())
    }

    fn age(&mut self, added: usize) {
        let values = self.values(added);
        if let Some(moments) = &mut self.moments {
            moments.scale(self.aged);
            if let Some(values) = values {
                moments.add(&values, 1.0);
            }
        }
    }

    fn forget(&mut self, gone: usize) {
        let (values, weight) = (self.values(gone), self.out_of_window);
        if let Some((moments, values)) = self.moments.as_mut().zip(values) {
            moments.add(&values, -weight);
        }
    }

    fn anew(&self) -> Moments {
        let size = (self.taken.count_ones() + 1) as usize;
        let mut moments = Moments { weight: 0.0, first: vec![0.0; size], second: vec![0.0; size * size] };
        for row in self.window() {
            moments.scale(self.aged);
            if let Some(values) = self.values(row) {
                moments.add(&values, 1.0);
            }
        }
        moments
    }
}

/// Weighted sums of some series and of their products.
struct Moments {
    weight: f64,
    first: Vec<f64>,
    /// By rows; the lower triangle.
    second: Vec<f64>,
}

impl Moments {
    fn scale(&mut self, by: f64) {
        self.weight *= by;
        self.first.iter_mut().chain(&mut self.second).for_each(|sum| *sum *= by);
    }

    fn add(&mut self, values: &[f64], weight: f64) {
        let size = values.len();
        self.weight += weight;
        for (at, value) in values.iter().enumerate() {
            self.first[at] += weight * value;
            for (other, with) in values[..=at].iter().enumerate() {
                self.second[at * size + other] += weight * value * with;
            }
        }
    }

    /// The slopes of the last series on the others and a constant, by Cholesky's decomposition of their covariances; 0 for one
    /// that does not vary or that those before it say all of.
    fn slopes(&self) -> Vec<f64> {
        let size = self.first.len();
        let covariance = |a: usize, b: usize| self.second[a * size + b] - self.first[a] * self.first[b] / self.weight;
        // Rows of L, the last of them L^-1 times the covariances with the last series.
        let mut lower = vec![0.0; size * size];
        for a in 0..size {
            for b in 0..=a {
                let inner: f64 = (0..b).map(|at| lower[a * size + at] * lower[b * size + at]).sum();
                let left = covariance(a, b) - inner;
                if a == b {
                    let own = covariance(a, a);
                    let is_used = left > DEPENDENT * own && own > ROUNDING * self.second[a * size + a];
                    lower[a * size + a] = if is_used { left.sqrt() } else { 0.0 };
                } else if lower[b * size + b] > 0.0 {
                    lower[a * size + b] = left / lower[b * size + b];
                }
            }
        }
        let last = size - 1;
        let mut slopes = vec![0.0; last];
        for a in (0..last).rev().filter(|a| lower[a * size + a] > 0.0) {
            let known: f64 = (a + 1..last).map(|b| lower[b * size + a] * slopes[b]).sum();
            slopes[a] = (lower[last * size + a] - known) / lower[a * size + a];
        }
        slopes
    }
}
