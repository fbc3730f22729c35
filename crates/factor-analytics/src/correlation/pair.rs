//! One pair of series: Pearson's r over their common rows.

use crate::stats;

/// One column to correlate: its name in the answer and its values, `NaN` where missing.
#[derive(Debug, Clone, Copy)]
pub struct NamedSeries<'a> {
    /// The row and column name: a ticker, a group, a maturity.
    pub name: &'a str,
    /// One value per period.
    pub values: &'a [f64],
}

/// A correlation and the number of common rows it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairCorrelation {
    /// The correlation in [-1, 1]; `None` with fewer common rows than asked for, or when either side does not vary on them.
    pub r: Option<f64>,
    /// Rows on which both sides have a value.
    pub n: usize,
}

/// Pearson correlation of two columns over the rows where both are present.
///
/// r = sum (x - mx)(y - my) / sqrt(sum (x - mx)^2 sum (y - my)^2), means over the common rows: what
/// `pandas.DataFrame.corr(min_periods=...)` gives for the pair. Symmetric to the bit in its arguments.
///
/// Undefined with fewer than `min_rows` (at least 2) common rows, when a side is constant on them
/// ([`stats::is_constant`]), or when its squares leave the range of f64.
pub fn pearson(x: &[f64], y: &[f64], min_rows: usize) -> PairCorrelation {
    let mut pairs = CommonRows::default();
    pairs.correlate(x, y, min_rows)
}

/// Scratch space for many pairs of one length.
#[derive(Debug, Default)]
pub(super) struct CommonRows {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl CommonRows {
    pub(super) fn correlate(&mut self, x: &[f64], y: &[f64], min_rows: usize) -> PairCorrelation {
        self.x.clear();
        self.y.clear();
        for (&a, &b) in x.iter().zip(y) {
            if a.is_finite() && b.is_finite() {
                self.x.push(a);
                self.y.push(b);
            }
        }
        let n = self.x.len();
        PairCorrelation { r: (n >= min_rows.max(2)).then(|| self.r()).flatten(), n }
    }

    fn r(&self) -> Option<f64> {
        let (centre_x, centre_y) = (stats::mean(&self.x)?, stats::mean(&self.y)?);
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        // What the rounding of the means leaves: it counts where the level is a million times the variation.
        let (mut left_x, mut left_y) = (0.0, 0.0);
        let (mut largest_x, mut largest_y) = (0.0_f64, 0.0_f64);
        for (&a, &b) in self.x.iter().zip(&self.y) {
            let (dx, dy) = (a - centre_x, b - centre_y);
            left_x += dx;
            left_y += dy;
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
            largest_x = largest_x.max(a.abs());
            largest_y = largest_y.max(b.abs());
        }
        let n = self.x.len() as f64;
        xx -= left_x * left_x / n;
        yy -= left_y * left_y / n;
        xy -= left_x * left_y / n;
        let freedom = n - 1.0;
        let varies =
            |squares: f64, largest: f64| squares.is_finite() && !stats::is_residue((squares / freedom).sqrt(), largest);
        let r = xy / root_of_product(xx, yy);
        (varies(xx, largest_x) && varies(yy, largest_y) && r.is_finite()).then(|| r.clamp(-1.0, 1.0))
    }
}

/// One root of the product makes r of a series with itself exactly 1; two roots where the product of tiny or huge sums
/// would leave the range of f64.
pub(super) fn root_of_product(xx: f64, yy: f64) -> f64 {
    let product = xx * yy;
    if product.is_normal() { product.sqrt() } else { xx.sqrt() * yy.sqrt() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{correlation::CorrelationMatrix, observer::tests::unobserved};

    const NAN: f64 = f64::NAN;

    fn pairwise(columns: &[NamedSeries<'_>], min_rows: usize) -> CorrelationMatrix {
        unobserved(|progress| CorrelationMatrix::pairwise(columns, min_rows, progress))
    }

    fn r(x: &[f64], y: &[f64]) -> Option<f64> {
        pearson(x, y, 2).r
    }

    #[test]
    fn by_hand() {
        assert_eq!(r(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Some(1.0));
        assert_eq!(r(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        // Deviations (-1, 0, 1) and (-1, 1, 0): 1 / (sqrt 2 sqrt 2) = 0.5.
        assert!((r(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]).unwrap() - 0.5).abs() < 1e-15);
        // Anscombe's first quartet (American Statistician 27, 1973): r = 0.81642 to five digits.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        assert!((r(&x, &y).unwrap() - 0.816_42).abs() < 5e-6);
    }

    #[test]
    fn only_common_rows_count() {
        let x = [1.0, NAN, 2.0, 3.0, 50.0];
        let y = [2.0, 9.0, 4.0, 6.0, NAN];
        assert_eq!(pearson(&x, &y, 3), PairCorrelation { r: Some(1.0), n: 3 });
        assert_eq!(pearson(&x, &y, 4), PairCorrelation { r: None, n: 3 });
    }

    #[test]
    fn what_does_not_vary_has_no_correlation() {
        assert_eq!(r(&[0.1; 30], &[0.2; 30]), None);
        // Varies, but not on the common rows.
        assert_eq!(r(&[1.0, 1.0, 1.0, 7.0], &[1.0, 2.0, 3.0, NAN]), None);
        let columns =
            [NamedSeries { name: "A", values: &[1.0, 2.0, 3.0] }, NamedSeries { name: "B", values: &[5.0; 3] }];
        let matrix = pairwise(&columns, 2);
        assert_eq!((matrix.get(0, 0), matrix.get(1, 1), matrix.get(0, 1)), (Some(1.0), None, None));
        assert_eq!(matrix.undefined_pairs, 1);
    }

    #[test]
    fn a_large_offset_does_not_hurt() {
        let x: Vec<f64> = (0..200).map(|n| f64::from(n % 17) * 0.01).collect();
        let y: Vec<f64> = (0..200).map(|n| f64::from(n % 13) * 0.01).collect();
        let lifted = |values: &[f64]| values.iter().map(|v| v + 1024.0).collect::<Vec<_>>();
        assert!((r(&x, &y).unwrap() - r(&lifted(&x), &lifted(&y)).unwrap()).abs() < 1e-10);
    }

    fn series() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![4 => -0.3..0.3f64, 1 => Just(NAN)], 24)
    }

    proptest! {
        #[test]
        fn symmetric_bounded_and_blind_to_scale_and_shift(x in series(), y in series(), scale in 0.1..10.0f64, shift in -1.0..1.0f64) {
            let forward = pearson(&x, &y, 5);
            prop_assert_eq!(forward, pearson(&y, &x, 5));
            if let Some(r) = forward.r {
                prop_assert!((-1.0..=1.0).contains(&r));
                let moved: Vec<f64> = x.iter().map(|v| v * scale + shift).collect();
                prop_assert!((pearson(&moved, &y, 5).r.unwrap() - r).abs() < 1e-9);
                let flipped: Vec<f64> = x.iter().map(|v| -v).collect();
                prop_assert!((pearson(&flipped, &y, 5).r.unwrap() + r).abs() < 1e-12);
            }
        }

        #[test]
        fn the_order_of_rows_and_of_columns_does_not_matter(x in series(), y in series(), z in series(), turn in 0usize..24) {
            let rotate = |values: &[f64]| { let mut v = values.to_vec(); v.rotate_left(turn); v };
            match (pearson(&x, &y, 5).r, pearson(&rotate(&x), &rotate(&y), 5).r) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12),
                (a, b) => prop_assert_eq!(a, b),
            }
            let column = |name, values| NamedSeries { name, values };
            let one = pairwise(&[column("x", &x), column("y", &y), column("z", &z)], 5);
            let two = pairwise(&[column("z", &z), column("x", &x), column("y", &y)], 5);
            prop_assert_eq!(one.get(0, 2), two.get(1, 0));
            prop_assert_eq!(one.get(0, 1), two.get(1, 2));
        }
    }
}
