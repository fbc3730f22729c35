//! Elementary statistics over slices without missing values.
//!
//! Every function takes the values that are present; choosing them (the common rows of a pair, the rows with a
//! risk-free rate) is the caller's. `None` is "undefined", and each function says when.

/// A residue at or under this share of the scale of what it was computed from is rounding noise: prices with sixteen
/// digits give returns that are off by 1e-16, and ratios over such a residue (the tracking error of a copy of the
/// benchmark) are figures of nothing (ffn#317, #346).
pub const NOISE: f64 = 1e-10;

/// A scale is taken for this one at least: a return is a price ratio less 1, so its noise does not shrink with it.
pub const SMALLEST_SCALE: f64 = 1e-5;

/// True when what is left of inputs of this scale (their largest size) is rounding noise: residue <= 1e-10 max(1e-5,
/// scale).
pub fn is_residue(residue: f64, scale: f64) -> bool {
    residue.abs() <= NOISE * scale.max(SMALLEST_SCALE)
}

/// The largest |x|; 0 without values.
pub fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// Sum with Neumaier's compensation (A. Neumaier, ZAMM 54, 1974): the error does not grow with the length.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        // What the smaller of the two has lost.
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    total + lost
}

/// Arithmetic mean; `None` without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values.iter().copied()) / values.len() as f64)
}

/// Sample standard deviation (divisor n - 1) around the mean; `None` under two values.
///
/// A constant series (see [`is_constant`]) gives exactly 0, not the rounding noise of its mean.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    deviation_at(values, largest(values.iter().copied()))
}

/// The standard deviation of a - b over aligned, complete slices; exactly 0 where it is noise of the size of a and b: a
/// copy has no deviation from its original. `None` under two values.
pub fn deviation_of_difference(a: &[f64], b: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    deviation_at(&differences, largest(a.iter().chain(b).copied()))
}

fn deviation_at(values: &[f64], scale: f64) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values)?;
    let squares = sum(values.iter().map(|value| (value - centre).powi(2)));
    let deviation = (squares / (values.len() - 1) as f64).sqrt();
    Some(if is_residue(deviation, scale) { 0.0 } else { deviation })
}

/// True when the values do not vary: their standard deviation [`is_residue`] of their largest size. Under two values
/// nothing varies.
pub fn is_constant(values: &[f64]) -> bool {
    standard_deviation(values).is_none_or(|deviation| deviation == 0.0)
}

/// `numerator / denominator`, `None` when the denominator is zero or either is missing or not finite.
pub fn ratio(numerator: Option<f64>, denominator: Option<f64>) -> Option<f64> {
    let quotient = numerator? / denominator.filter(|value| *value != 0.0)?;
    quotient.is_finite().then_some(quotient)
}

/// The q-quantile, 0 <= q <= 1, by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996;
/// the default of numpy and R); `None` without values.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// The same of values that rise.
pub fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    Some(below + (above - below) * position.fract())
}

/// Bias-corrected sample skewness G1 = g1 sqrt(n (n - 1)) / (n - 2) (Joanes and Gill, The Statistician 47, 1998);
/// `None` under three values or for a constant series.
pub fn skewness(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < 3 || is_constant(values) {
        return None;
    }
    let (second, third) = (central_moment(values, 2)?, central_moment(values, 3)?);
    Some(third / second.powf(1.5) * (n * (n - 1.0)).sqrt() / (n - 2.0))
}

/// Bias-corrected excess kurtosis G2 = (n - 1) / ((n - 2)(n - 3)) ((n + 1) g2 + 6) (Joanes and Gill, 1998);
/// `None` under four values or for a constant series.
pub fn excess_kurtosis(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < 4 || is_constant(values) {
        return None;
    }
    let (second, fourth) = (central_moment(values, 2)?, central_moment(values, 4)?);
    let biased = fourth / (second * second) - 3.0;
    Some((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * biased + 6.0))
}

fn central_moment(values: &[f64], power: i32) -> Option<f64> {
    let centre = mean(values)?;
    Some(sum(values.iter().map(|value| (value - centre).powi(power))) / values.len() as f64)
}

/// Compound return prod(1 + r) - 1; 0 without values.
pub fn compound(returns: &[f64]) -> f64 {
    returns.iter().fold(1.0, |wealth, r| wealth * (1.0 + r)) - 1.0
}

/// The compound return of returns brought to `periods` periods: prod(1 + r)^(periods / n) - 1, n the number of returns.
///
/// Through logarithms, so that a small return is not what 1 leaves of its digits. `None` without values or when one is
/// below -1.
pub fn compound_over(returns: &[f64], periods: f64) -> Option<f64> {
    if returns.iter().any(|r| *r <= -1.0) {
        // All is lost whatever comes after; below that there is no root.
        return returns.iter().all(|r| *r >= -1.0).then_some(-1.0);
    }
    let logs = sum(returns.iter().map(|r| r.ln_1p()));
    (!returns.is_empty()).then(|| (periods / returns.len() as f64 * logs).exp_m1())
}

/// Median, the mean of the two in the middle of an even number; `None` without values. It leaves them in another order: a whole
/// sort is not needed for it.
pub fn median(values: &mut [f64]) -> Option<f64> {
    let (count, middle) = (values.len(), values.len() / 2);
    if count == 0 {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(match count % 2 {
        1 => *upper,
        _ => {
            let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            lower + (*upper - lower) * 0.5
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-12 + 1e-9 * b.abs(), "{a} is not {b}");
    }

    /// NIST StRD, univariate summary statistics: certified mean and standard deviation.
    #[test]
    fn nist_numacc() {
        // NumAcc1: 10000001, 10000003, 10000002.
        let values = [10_000_001.0, 10_000_003.0, 10_000_002.0];
        assert_eq!(mean(&values), Some(10_000_002.0));
        assert_eq!(standard_deviation(&values), Some(1.0));
        // NumAcc3: 1000000.2, then 1000000.1 and 1000000.3 in turn 500 times; mean 1000000.2, sd 0.1.
        let values: Vec<f64> =
            std::iter::once(1_000_000.2).chain([1_000_000.1, 1_000_000.3].into_iter().cycle().take(1000)).collect();
        close(mean(&values).unwrap(), 1_000_000.2);
        assert!((standard_deviation(&values).unwrap() - 0.1).abs() < 1e-10);
    }

    #[test]
    fn quantiles_as_numpy() {
        // numpy.quantile([1, 2, 3, 4], 0.05) = 1.15; numpy.median = 2.5.
        close(quantile(&[4.0, 1.0, 3.0, 2.0], 0.05).unwrap(), 1.15);
        close(median(&mut [4.0, 1.0, 3.0, 2.0]).unwrap(), 2.5);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.05), Some(7.0));
    }

    #[test]
    fn shape_as_scipy() {
        // scipy.stats.skew/kurtosis([2, 8, 0, 4, 1, 9, 9, 0], bias=False): 0.3305821804079746, -2.0984806258120917...
        let values = [2.0, 8.0, 0.0, 4.0, 1.0, 9.0, 9.0, 0.0];
        close(skewness(&values).unwrap(), 0.330_582_180_407_974_6);
        // By hand: m2 = 13.859375, m4 = 259.72..., n = 8.
        let g2 = central_moment(&values, 4).unwrap() / 13.859_375_f64.powi(2) - 3.0;
        close(excess_kurtosis(&values).unwrap(), 7.0 / 30.0 * (9.0 * g2 + 6.0));
        assert_eq!(skewness(&[1.0, 2.0]), None);
        assert_eq!(skewness(&[0.1; 30]), None);
    }

    #[test]
    fn a_constant_series_has_no_variation_at_any_level() {
        assert!(is_constant(&[0.1; 50]));
        assert!(is_constant(&[1e6 + 0.1; 50]));
        assert!(is_constant(&[3.0]));
        assert!(!is_constant(&[0.1, 0.100_001]));
        // A money-market index that gains a hundredth of a basis point a day, from prices of sixteen digits.
        let prices: Vec<f64> = (0..250).map(|at| 100.0 * (1.0 + 1e-6_f64).powi(at)).collect();
        let returns: Vec<f64> = prices.windows(2).map(|two| two[1] / two[0] - 1.0).collect();
        assert!(returns.windows(2).any(|two| two[0] != two[1]) && is_constant(&returns));
        // A bill whose yield moves by a basis point varies: 1e-4 / 252 a day.
        assert!(!is_constant(&[4e-7, 8e-7, 4e-7, 8e-7]));
    }

    #[test]
    fn a_copy_does_not_deviate_from_its_original() {
        let original = [0.031, -0.052, 0.017, 0.008];
        let copy = original.map(|r| ((1.0 + r) * 3.7) / 3.7 - 1.0);
        assert!(original.iter().zip(&copy).any(|(a, b)| a != b));
        assert_eq!(deviation_of_difference(&original, &copy), Some(0.0));
        // A real difference of a millionth is one.
        let near = [0.031, -0.052, 0.017, 0.008_001];
        assert!(deviation_of_difference(&original, &near).is_some_and(|deviation| deviation > 1e-7));
        assert_eq!(deviation_of_difference(&[0.1], &[0.1]), None);
    }

    #[test]
    fn a_compound_return_is_brought_to_other_periods() {
        // 10% and 21% in two periods: 1.1 x 1.21 = 1.1^3, so 1.1^1.5 - 1 a period; over two, 33.1%.
        close(compound_over(&[0.1, 0.21], 1.0).unwrap(), 1.1_f64.powf(1.5) - 1.0);
        close(compound_over(&[0.1, 0.21], 2.0).unwrap(), 0.331);
        // 1 + r would have no digit of it left: ln(1 + x) = x - x^2 / 2.
        close(compound_over(&[1e-17, 3e-17], 1.0).unwrap() * 1e17, 2.0);
        assert_eq!(compound_over(&[-1.0, 0.5], 12.0), Some(-1.0));
        assert_eq!((compound_over(&[], 12.0), compound_over(&[-1.5], 12.0)), (None, None));
    }

    proptest! {
        #[test]
        fn the_mean_lies_between_the_extremes(values in prop::collection::vec(-1e3..1e3f64, 1..50)) {
            let centre = mean(&values).unwrap();
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(low - 1e-9 <= centre && centre <= high + 1e-9);
        }

        #[test]
        fn deviation_ignores_a_shift_and_follows_a_scale(values in prop::collection::vec(-1.0..1.0f64, 2..50), shift in -5.0..5.0f64, scale in 0.1..10.0f64) {
            let moved: Vec<f64> = values.iter().map(|v| v * scale + shift).collect();
            let (a, b) = (standard_deviation(&values).unwrap(), standard_deviation(&moved).unwrap());
            prop_assert!((a * scale - b).abs() < 1e-9);
        }
    }
}
