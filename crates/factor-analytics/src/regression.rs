//! Simple linear regression with Newey-West standard errors.

use crate::{inference::normal_p, stats};

/// y = intercept + slope x + e by ordinary least squares, with heteroskedasticity- and autocorrelation-consistent
/// t-values.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// The constant.
    pub intercept: f64,
    /// The coefficient of x.
    pub slope: f64,
    /// 1 - SSR / SST; `None` when y does not vary.
    pub r_squared: Option<f64>,
    /// Newey-West standard error of the constant; `None` under [`MIN_ROWS_FOR_ERRORS`] rows.
    pub intercept_error: Option<f64>,
    /// Newey-West standard error of the slope; `None` under [`MIN_ROWS_FOR_ERRORS`] rows.
    pub slope_error: Option<f64>,
    /// Standard deviation of the residuals, divisor n - 2; `None` under three rows.
    pub residual_deviation: Option<f64>,
    /// Rows used.
    pub n: usize,
}

/// Under this many rows no standard error is given.
pub const MIN_ROWS_FOR_ERRORS: usize = 12;

impl Regression {
    /// Regresses y on x over rows where both are given (the slices are aligned and complete).
    ///
    /// Standard errors: W. Newey and K. West, Econometrica 55 (1987): S = G_0 + sum_l w_l (G_l + G_l'), Bartlett
    /// weights w_l = 1 - l / (L + 1), L = floor(4 (n / 100)^(2/9)), G_l = sum_t e_t e_(t-l) z_t z_(t-l)', z = (1, x);
    /// covariance (Z'Z)^-1 S (Z'Z)^-1 without a small-sample correction.
    ///
    /// What is rounding noise of the size of y ([`stats::is_residue`]) is zero: the residuals of a copy of x, and with them
    /// its errors; the slope of a y that does not vary.
    ///
    /// `None` under two rows or when x does not vary.
    pub fn fit(x: &[f64], y: &[f64]) -> Option<Self> {
        let n = x.len().min(y.len());
        if n < 2 || stats::is_constant(&x[..n]) {
            return None;
        }
        let (x, y) = (&x[..n], &y[..n]);
        let (centre_x, centre_y) = (stats::mean(x)?, stats::mean(y)?);
        let xx = stats::sum(x.iter().map(|a| (a - centre_x).powi(2)));
        let xy = stats::sum(x.iter().zip(y).map(|(a, b)| (a - centre_x) * (b - centre_y)));
        let varies = !stats::is_constant(y);
        let slope = if varies { xy / xx } else { 0.0 };
        let intercept = Some(centre_y - slope * centre_x)
            .filter(|intercept| !stats::is_residue(*intercept, centre_y.abs().max((slope * centre_x).abs())))
            .unwrap_or(0.0);
        // From centred data: a level far above the variation would cancel here.
        let mut residuals: Vec<f64> = x.iter().zip(y).map(|(a, b)| (b - centre_y) - slope * (a - centre_x)).collect();
        let mut unexplained = stats::sum(residuals.iter().map(|e| e * e));
        if stats::is_residue((unexplained / n as f64).sqrt(), stats::largest(y.iter().copied())) {
            residuals.fill(0.0);
            unexplained = 0.0;
        }
        let total = stats::sum(y.iter().map(|b| (b - centre_y).powi(2)));
        // A constant y leaves 0 / 0.
        let r_squared = varies.then(|| (1.0 - unexplained / total).clamp(0.0, 1.0));
        let errors = (n >= MIN_ROWS_FOR_ERRORS).then(|| newey_west(x, &residuals, centre_x, xx));
        Some(Self {
            intercept,
            slope,
            r_squared,
            intercept_error: errors.map(|(intercept, _)| intercept),
            slope_error: errors.map(|(_, slope)| slope),
            residual_deviation: (n > 2).then(|| (unexplained / (n - 2) as f64).sqrt()),
            n,
        })
    }

    /// 1 - (1 - R^2)(n - 1) / (n - 2); `None` under three rows or without an R^2.
    pub fn adjusted_r_squared(&self) -> Option<f64> {
        let r_squared = self.r_squared.filter(|_| self.n > 2)?;
        Some(1.0 - (1.0 - r_squared) * (self.n - 1) as f64 / (self.n - 2) as f64)
    }

    /// The two-sided p-value of the slope's t, normal as that of the estimator in large samples; `None` without a t.
    pub fn slope_p(&self) -> Option<f64> {
        self.slope_t().and_then(normal_p)
    }

    /// intercept / its error.
    pub fn intercept_t(&self) -> Option<f64> {
        stats::ratio(Some(self.intercept), self.intercept_error)
    }

    /// slope / its error.
    pub fn slope_t(&self) -> Option<f64> {
        stats::ratio(Some(self.slope), self.slope_error)
    }
}

/// The lag length of the Newey-West estimator for n rows: floor(4 (n / 100)^(2/9)).
pub fn newey_west_lag(n: usize) -> usize {
    (4.0 * (n as f64 / 100.0).powf(2.0 / 9.0)).floor() as usize
}

/// Errors of (intercept, slope). In z = (1, x - mx) the matrix Z'Z is diagonal (n, Sxx), which keeps the arithmetic on
/// centred data; the intercept at x = 0 is a - mx b.
fn newey_west(x: &[f64], residuals: &[f64], centre: f64, xx: f64) -> (f64, f64) {
    let n = x.len();
    let lag = newey_west_lag(n).min(n - 1);
    // u = e, v = e (x - mx): S has the long-run (co)variances of both.
    let scores: Vec<(f64, f64)> = x.iter().zip(residuals).map(|(a, e)| (*e, e * (a - centre))).collect();
    let (mut uu, mut uv, mut vv) = (0.0, 0.0, 0.0);
    for step in 0..=lag {
        let weight = 1.0 - step as f64 / (lag as f64 + 1.0);
        for (now, before) in scores[step..].iter().zip(&scores) {
            let double = if step == 0 { 1.0 } else { 2.0 };
            uu += weight * double * now.0 * before.0;
            vv += weight * double * now.1 * before.1;
            uv += weight * double / 2.0 * (now.0 * before.1 + now.1 * before.0);
        }
    }
    let rows = n as f64;
    let (level, slope, cross) = (uu / (rows * rows), vv / (xx * xx), uv / (rows * xx));
    let intercept = level - 2.0 * centre * cross + centre * centre * slope;
    // Rounding can take a variance of nearly 0 below it.
    (intercept.max(0.0).sqrt(), slope.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// NIST StRD "Norris" (linear regression, lower level of difficulty): ozone monitors, certified values.
    #[test]
    fn nist_norris() {
        let rows = [
            (0.2, 0.1),
            (337.4, 338.8),
            (118.2, 118.1),
            (884.6, 888.0),
            (10.1, 9.2),
            (226.5, 228.1),
            (666.3, 668.5),
            (996.3, 998.5),
            (448.6, 449.1),
            (777.0, 778.9),
            (558.2, 559.2),
            (0.4, 0.3),
            (0.6, 0.1),
            (775.5, 778.1),
            (666.9, 668.8),
            (338.0, 339.3),
            (447.5, 448.9),
            (11.6, 10.8),
            (556.0, 557.7),
            (228.1, 228.3),
            (995.8, 998.0),
            (887.6, 888.8),
            (120.2, 119.6),
            (0.3, 0.3),
            (0.3, 0.6),
            (556.8, 557.6),
            (339.1, 339.3),
            (887.2, 888.0),
            (999.0, 998.5),
            (779.0, 778.9),
            (11.1, 10.2),
            (118.3, 117.6),
            (229.2, 228.9),
            (669.1, 668.4),
            (448.9, 449.2),
            (0.5, 0.2),
        ];
        let (x, y): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
        let fit = Regression::fit(&x, &y).unwrap();
        assert!((fit.intercept - -0.262_323_073_774_029).abs() < 1e-11, "{}", fit.intercept);
        assert!((fit.slope - 1.002_116_818_020_45).abs() < 1e-13, "{}", fit.slope);
        assert!((fit.r_squared.unwrap() - 0.999_993_745_883_712).abs() < 1e-13);
    }

    #[test]
    fn newey_west_by_hand_with_two_lags() {
        // n = 12 gives lag floor(4 * 0.12^(2/9)) = 2. x alternates -1, 1, so mx = 0 and Sxx = 12; y = x + e with
        // e = (1, 1, -1, -1) three times, which is orthogonal to 1 and to x: intercept 0, slope 1, residuals e.
        let x: Vec<f64> = (0..12).map(|t| if t % 2 == 0 { -1.0 } else { 1.0 }).collect();
        let e: Vec<f64> = (0..12).map(|t| if t % 4 < 2 { 1.0 } else { -1.0 }).collect();
        let y: Vec<f64> = x.iter().zip(&e).map(|(a, b)| a + b).collect();
        let fit = Regression::fit(&x, &y).unwrap();
        assert_eq!(newey_west_lag(12), 2);
        assert!(fit.intercept.abs() < 1e-15 && (fit.slope - 1.0).abs() < 1e-15);
        // Sums of e_t e_(t-l): 12, 1, -10; S = 12 + 2 (2/3 * 1 + 1/3 * -10) = 20/3; variance of the intercept S / 144.
        assert!((fit.intercept_error.unwrap() - (20.0_f64 / 3.0 / 144.0).sqrt()).abs() < 1e-15);
        // v = e x = (-1, 1, 1, -1, ...): sums 12, -1, -10; S = 12 + 2 (-2/3 - 10/3) = 4.
        assert!((fit.slope_error.unwrap() - (4.0_f64 / 144.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn undefined_cases() {
        assert_eq!(Regression::fit(&[1.0; 20], &[2.0; 20]), None);
        assert_eq!(Regression::fit(&[1.0], &[2.0]), None);
        let short = Regression::fit(&[1.0, 2.0, 4.0], &[2.0, 1.0, 7.0]).unwrap();
        assert!(short.slope_error.is_none() && short.slope_t().is_none());
        let flat = Regression::fit(&[1.0, 2.0, 4.0], &[2.0; 3]).unwrap();
        assert_eq!((flat.slope, flat.r_squared, flat.adjusted_r_squared()), (0.0, None, None));
        assert_eq!(Regression::fit(&[1.0, 2.0], &[2.0, 1.0]).unwrap().residual_deviation, None);
    }

    /// Prices of a fund and of 3.7 of it, as a file of sixteen digits has them: the returns differ by rounding alone.
    #[test]
    fn a_copy_leaves_no_residuals() {
        let prices: Vec<f64> = (0..40).map(|at| 400.0 + f64::from(at * at * 7 % 31) * 1.7).collect();
        let returns = |scale: f64| -> Vec<f64> {
            let scaled: Vec<f64> = prices.iter().map(|price| price * scale).collect();
            scaled.windows(2).map(|two| two[1] / two[0] - 1.0).collect()
        };
        let (x, y) = (returns(1.0), returns(3.7));
        assert!(x.iter().zip(&y).any(|(a, b)| a != b), "they differ in their last bits");
        let fit = Regression::fit(&x, &y).unwrap();
        assert!((fit.slope - 1.0).abs() < 1e-12 && fit.intercept == 0.0);
        assert_eq!((fit.r_squared, fit.residual_deviation), (Some(1.0), Some(0.0)));
        assert_eq!((fit.slope_error, fit.slope_t(), fit.intercept_t(), fit.slope_p()), (Some(0.0), None, None, None));
        // A steady grower does not vary, whatever its last bits say.
        let steady: Vec<f64> = (0..40).map(|at| 100.0 * 1.001_f64.powi(at)).collect();
        let steady: Vec<f64> = steady.windows(2).map(|two| two[1] / two[0] - 1.0).collect();
        let fit = Regression::fit(&x, &steady).unwrap();
        assert_eq!((fit.slope, fit.r_squared, fit.slope_t(), fit.intercept_t()), (0.0, None, None, None));
    }

    #[test]
    fn further_figures_of_a_fit() {
        // NIST certifies the residual standard deviation of Norris; here three points by hand: x 0, 1, 2, y 0, 2, 1:
        // slope 0.5, fitted 0.5, 1, 1.5, residuals -0.5, 1, -0.5, SSR 1.5, SST 2.
        let fit = Regression::fit(&[0.0, 1.0, 2.0], &[0.0, 2.0, 1.0]).unwrap();
        assert!((fit.residual_deviation.unwrap() - 1.5_f64.sqrt()).abs() < 1e-15);
        assert!(
            (fit.r_squared.unwrap() - 0.25).abs() < 1e-15 && (fit.adjusted_r_squared().unwrap() + 0.5).abs() < 1e-15
        );
        // The normal distribution beyond 1.96 on both sides.
        let at = |t: f64| Regression { slope: t, slope_error: Some(1.0), ..fit.clone() }.slope_p().unwrap();
        let found = (at(1.959_963_984_540_054), at(-3.0));
        assert!((found.0 - 0.05).abs() < 1e-12 && (found.1 - 0.002_699_796_063_260_19).abs() < 1e-12, "{found:?}");
        // scipy.stats.norm.sf, twice: 1e-6, 0.1, 6, 12 and 37 standard deviations out.
        for (t, expected) in [
            (1e-6, 0.999_999_202_115_439_2),
            (0.1, 0.920_344_325_445_942),
            (6.0, 1.973_175_290_075_4e-9),
            (12.0, 3.552_964_224_155_36e-33),
            (37.0, 1.145_114_244_505_028e-299),
        ] {
            assert!((at(t) / expected - 1.0).abs() < 1e-9, "{t}: {}", at(t));
        }
    }

    proptest! {
        #[test]
        fn equivariant(x in prop::collection::vec(-1.0..1.0f64, 20), e in prop::collection::vec(-0.1..0.1f64, 20), a in -2.0..2.0f64, b in -2.0..2.0f64) {
            let y: Vec<f64> = x.iter().zip(&e).map(|(x, e)| a + b * x + e).collect();
            let noise = Regression::fit(&x, &e).unwrap();
            let fit = Regression::fit(&x, &y).unwrap();
            prop_assert!((fit.slope - noise.slope - b).abs() < 1e-9);
            prop_assert!((fit.intercept - noise.intercept - a).abs() < 1e-9);
            prop_assert!((fit.slope_error.unwrap() - noise.slope_error.unwrap()).abs() < 1e-9);
        }
    }
}
