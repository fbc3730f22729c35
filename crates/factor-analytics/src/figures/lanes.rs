//! Eight series at a time through all rows.

use pulp::{Arch, Simd, WithSimd};

/// Series followed together.
pub(super) const LANES: usize = 8;

/// One number per series.
type Lanes = [f64; LANES];

/// Rows brought into lanes at a time: they stay in the nearest cache.
const ROWS: usize = 64;

/// Squares about the mean as a share of those about the pivot: under this too many digits are lost.
const LOST: f64 = 1e-4;

/// Sums of eight series over the rows that each has.
#[derive(Default)]
pub(super) struct Sums {
    /// r.
    pub(super) own: Power,
    /// r - rf.
    pub(super) excess: Power,
    /// r - rf on the rows that have b - rf too.
    pub(super) common: Power,
    /// b - rf on the rows that have r - rf too.
    pub(super) market: Power,
    /// Products of the last two.
    pub(super) products: Lanes,
    /// prod(1 + r).
    pub(super) wealth: Lanes,
    /// Lowest wealth / running maximum.
    pub(super) lowest: Lanes,
    highest: Lanes,
}

/// Sums of the deviations from a pivot and of their squares.
#[derive(Default)]
pub(super) struct Power {
    pub(super) count: Lanes,
    pub(super) sum: Lanes,
    squares: Lanes,
    pivot: Lanes,
    largest: Lanes,
}

/// Mean, and squares about it.
pub(super) struct Moments {
    pub(super) n: f64,
    pub(super) mean: f64,
    pub(super) squares: f64,
}

impl Power {
    fn about(pivot: Lanes) -> Self {
        Self { pivot, ..Self::default() }
    }

    /// `None` under two values, for a series that hardly varies against its level, and where digits are lost.
    pub(super) fn moments(&self, lane: usize) -> Option<Moments> {
        let (n, sum, about_pivot) = (self.count[lane], self.sum[lane], self.squares[lane]);
        let squares = about_pivot - sum * sum / n;
        let near = 1e-11 * self.largest[lane].max(1e-8);
        let good = n >= 2.0 && squares.is_normal() && squares > LOST * about_pivot && squares > near * near * (n - 1.0);
        good.then(|| Moments { n, mean: self.pivot[lane] + sum / n, squares })
    }
}

impl Sums {
    /// The sums of at most eight columns of one length; `market` is b - rf.
    pub(super) fn of(columns: &[&[f64]], risk_free: &[f64], market: &[f64]) -> Self {
        let first = |values: &[f64]| values.iter().copied().find(|x| x.is_finite()).unwrap_or(0.0);
        let each = |of: &dyn Fn(&[f64]) -> f64| -> Lanes {
            std::array::from_fn(|lane| columns.get(lane).map_or(0.0, |column| of(column)))
        };
        let pivot = each(&first);
        let excess =
            each(&|column| column.iter().zip(risk_free).map(|(r, rf)| r - rf).find(|x| x.is_finite()).unwrap_or(0.0));
        let mut sums = Self {
            own: Power::about(pivot),
            excess: Power::about(excess),
            common: Power::about(excess),
            market: Power::about([first(market); LANES]),
            wealth: [1.0; LANES],
            lowest: [1.0; LANES],
            highest: [1.0; LANES],
            ..Self::default()
        };
        let mut rows = [[f64::NAN; LANES]; ROWS];
        for start in (0..market.len()).step_by(ROWS) {
            let block = start..market.len().min(start + ROWS);
            for (lane, column) in columns.iter().enumerate() {
                rows.iter_mut().zip(&column[block.clone()]).for_each(|(row, x)| row[lane] = *x);
            }
            let (risk_free, market) = (&risk_free[block.clone()], &market[block.clone()]);
            Arch::new().dispatch(Taking { sums: &mut sums, rows: &rows[..block.len()], risk_free, market });
        }
        sums
    }
}

/// A [`Power`] of some neighbouring series while rows are taken.
#[derive(Clone, Copy)]
struct Running<S: Simd> {
    count: S::f64s,
    sum: S::f64s,
    squares: S::f64s,
    pivot: S::f64s,
    largest: S::f64s,
}

impl<S: Simd> Running<S> {
    #[inline(always)]
    fn of(power: &Power, part: usize) -> Self {
        let at = |lanes: &Lanes| S::as_simd_f64s(lanes).0[part];
        let Power { count, sum, squares, pivot, largest } = power;
        Self { count: at(count), sum: at(sum), squares: at(squares), pivot: at(pivot), largest: at(largest) }
    }

    #[inline(always)]
    fn into(self, power: &mut Power, part: usize) {
        S::as_mut_simd_f64s(&mut power.count).0[part] = self.count;
        S::as_mut_simd_f64s(&mut power.sum).0[part] = self.sum;
        S::as_mut_simd_f64s(&mut power.squares).0[part] = self.squares;
        S::as_mut_simd_f64s(&mut power.largest).0[part] = self.largest;
    }

    /// Counts `x` in where it is there, and gives its deviation from the pivot, 0 where it is not.
    #[inline(always)]
    fn take(&mut self, simd: S, x: S::f64s, there: S::m64s) -> S::f64s {
        let zero = simd.splat_f64s(0.0);
        let d = simd.select_f64s(there, simd.sub_f64s(x, self.pivot), zero);
        self.count = simd.add_f64s(self.count, simd.select_f64s(there, simd.splat_f64s(1.0), zero));
        self.sum = simd.add_f64s(self.sum, d);
        self.squares = simd.add_f64s(self.squares, simd.mul_f64s(d, d));
        self.largest = simd.max_f64s(self.largest, simd.select_f64s(there, simd.abs_f64s(x), zero));
        d
    }
}

/// Takes some rows into sums.
struct Taking<'a> {
    sums: &'a mut Sums,
    rows: &'a [Lanes],
    risk_free: &'a [f64],
    market: &'a [f64],
}

impl WithSimd for Taking<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let parts = LANES / S::F64_LANES;
        for part in 0..parts {
            let rows = S::as_simd_f64s(self.rows.as_flattened()).0[part..].iter().copied().step_by(parts);
            own_rows(simd, self.sums, part, rows.clone());
            excess_rows(simd, &mut self.sums.excess, part, rows.clone().zip(self.risk_free));
            common_rows(simd, self.sums, part, rows.zip(self.risk_free).zip(self.market));
        }
    }
}

#[inline(always)]
fn own_rows<S: Simd>(simd: S, sums: &mut Sums, part: usize, rows: impl Iterator<Item = S::f64s>) {
    let (one, infinite) = (simd.splat_f64s(1.0), simd.splat_f64s(f64::INFINITY));
    let mut own = Running::<S>::of(&sums.own, part);
    let Sums { wealth: all_wealth, highest: all_highest, lowest: all_lowest, .. } = sums;
    let all_wealth = &mut S::as_mut_simd_f64s(all_wealth).0[part];
    let all_highest = &mut S::as_mut_simd_f64s(all_highest).0[part];
    let all_lowest = &mut S::as_mut_simd_f64s(all_lowest).0[part];
    let (mut wealth, mut highest, mut lowest) = (*all_wealth, *all_highest, *all_lowest);
    for r in rows {
        let there = simd.less_than_f64s(simd.abs_f64s(r), infinite);
        own.take(simd, r, there);
        wealth = simd.mul_f64s(wealth, simd.select_f64s(there, simd.add_f64s(r, one), one));
        highest = simd.max_f64s(highest, wealth);
        lowest = simd.min_f64s(lowest, simd.div_f64s(wealth, highest));
    }
    (*all_wealth, *all_highest, *all_lowest) = (wealth, highest, lowest);
    own.into(&mut sums.own, part);
}

#[inline(always)]
fn excess_rows<'a, S: Simd>(simd: S, excess: &mut Power, part: usize, rows: impl Iterator<Item = (S::f64s, &'a f64)>) {
    let infinite = simd.splat_f64s(f64::INFINITY);
    let mut running = Running::<S>::of(excess, part);
    for (r, rf) in rows {
        let x = simd.sub_f64s(r, simd.splat_f64s(*rf));
        running.take(simd, x, simd.less_than_f64s(simd.abs_f64s(x), infinite));
    }
    running.into(excess, part);
}

#[inline(always)]
fn common_rows<'a, S: Simd>(
    simd: S,
    sums: &mut Sums,
    part: usize,
    rows: impl Iterator<Item = ((S::f64s, &'a f64), &'a f64)>,
) {
    let infinite = simd.splat_f64s(f64::INFINITY);
    let (mut common, mut other) = (Running::<S>::of(&sums.common, part), Running::<S>::of(&sums.market, part));
    let mut products = S::as_simd_f64s(&sums.products).0[part];
    for ((r, rf), market) in rows {
        // A row without the market's return is none of its: whatever is added to NaN is not there.
        let (x, b) = (simd.sub_f64s(r, simd.splat_f64s(*rf)), simd.splat_f64s(*market));
        let there = simd.less_than_f64s(simd.add_f64s(simd.abs_f64s(x), simd.abs_f64s(b)), infinite);
        let product = simd.mul_f64s(common.take(simd, x, there), other.take(simd, b, there));
        products = simd.add_f64s(products, product);
    }
    S::as_mut_simd_f64s(&mut sums.products).0[part] = products;
    common.into(&mut sums.common, part);
    other.into(&mut sums.market, part);
}
