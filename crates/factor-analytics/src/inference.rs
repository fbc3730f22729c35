//! How sure a correlation is: intervals, p-values, and what many of them at once amount to.

use statrs::function::{beta::checked_beta_reg, gamma::checked_gamma_ur};

use crate::{
    correlation::{Coefficient, CorrelationMatrix},
    observer::{Progress, Stopped},
    parallel::{self, Checkpoint, Threads},
    sort::sort_by,
    stats,
};

/// The 97.5% quantile of the standard normal distribution: half the width of a 95% interval in standard errors.
pub(crate) const Z_975: f64 = 1.959_963_984_540_054;

/// The 95% quantile: half the width of a 90% interval.
pub(crate) const Z_95: f64 = 1.644_853_626_951_472_2;

/// At and under this many rows neither an interval nor a p-value is given.
pub const TOO_FEW_ROWS: usize = 3;

/// A p-value below this is called significant.
pub const SIGNIFICANCE_LEVEL: f64 = 0.05;

/// The 95% interval of a correlation by Fisher's z: tanh(atanh r -+ 1.96 se).
///
/// [r, r] for |r| = 1; `None` at and under [`TOO_FEW_ROWS`] rows. Always contains r.
pub fn interval(r: f64, n: usize, of: Coefficient) -> Option<(f64, f64)> {
    if n <= TOO_FEW_ROWS || !r.is_finite() {
        return None;
    }
    if r.abs() >= 1.0 {
        return Some((r, r));
    }
    // Ranks vary more than values from sample to sample.
    let inflation = match of {
        Coefficient::Pearson => 1.0,
        Coefficient::Spearman => 1.0 + r * r / 2.0,
    };
    let half = Z_975 * (inflation / (n - 3) as f64).sqrt();
    // Of -r it is the mirror image to the bit, which atanh alone does not promise.
    let (size, z) = (r.abs(), r.abs().atanh());
    let (near, far) = ((z - half).tanh().min(size), (z + half).tanh().max(size));
    Some(if r < 0.0 { (-far, -near) } else { (near, far) })
}

/// Two-sided p-value of a correlation: t = r sqrt((n - 2) / (1 - r^2)) against Student's t with n - 2 degrees of
/// freedom, which is the regularised incomplete beta function I(1 - r^2; (n - 2) / 2, 1 / 2).
///
/// 0 for |r| = 1, and of no other r, however small it is; `None` at and under [`TOO_FEW_ROWS`] rows.
pub fn p_value(r: f64, n: usize) -> Option<f64> {
    if n <= TOO_FEW_ROWS || !r.is_finite() {
        return None;
    }
    if r.abs() >= 1.0 {
        return Some(0.0);
    }
    let freedom = (n - 2) as f64;
    // Where r is so small that 1 - r^2 loses it, p is large, and its complement in terms of r^2 loses nothing.
    let p = if r * r * freedom < 1.0 {
        1.0 - checked_beta_reg(0.5, freedom / 2.0, r * r).ok()?
    } else {
        checked_beta_reg(freedom / 2.0, 0.5, (1.0 - r) * (1.0 + r)).ok()?
    };
    Some(p.clamp(f64::MIN_POSITIVE, 1.0))
}

/// The two-sided p-value of a standard normal z: erfc(|z| / sqrt 2); 0 of no finite z, however far out it is.
pub fn normal_p(z: f64) -> Option<f64> {
    // The incomplete gamma function is not defined at its ends.
    if z == 0.0 || z.is_infinite() {
        return Some(if z == 0.0 { 1.0 } else { 0.0 });
    }
    // As one of those: statrs' erfc has ten digits alone.
    checked_gamma_ur(0.5, z * z / 2.0).ok().filter(|p| p.is_finite()).map(|p| p.clamp(f64::MIN_POSITIVE, 1.0))
}

/// The two-sided p-value of Student's t: I(f / (f + t^2); f / 2, 1 / 2), f the degrees of freedom.
pub(crate) fn student_p(t: f64, freedom: f64) -> Option<f64> {
    if t.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        return None;
    }
    let square = t * t;
    // As for a correlation: where t is small its complement loses nothing.
    let p = if square < 1.0 {
        1.0 - checked_beta_reg(0.5, freedom / 2.0, square / (freedom + square)).ok()?
    } else {
        checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + square)).ok()?
    };
    p.is_finite().then(|| p.clamp(f64::MIN_POSITIVE, 1.0))
}

/// The upper tail of the chi-square distribution with so many degrees of freedom: the regularised incomplete gamma function
/// Q(k / 2, d / 2). `None` for a d that is no number.
pub fn chi_squared_tail(d: f64, degrees: usize) -> Option<f64> {
    if d <= 0.0 {
        return (d == 0.0).then_some(1.0);
    }
    let tail = checked_gamma_ur(degrees as f64 / 2.0, d / 2.0).ok().filter(|p| p.is_finite());
    tail.map(|p| p.clamp(f64::MIN_POSITIVE, 1.0))
}

/// The 95% interval of r1 - r2, the difference of the correlations of two samples that share nothing, each given with its own
/// interval: r1 - r2 - sqrt((r1 - low1)^2 + (high2 - r2)^2) to r1 - r2 + sqrt((high1 - r1)^2 + (r2 - low2)^2)
/// (G. Zou, Psychological Methods 12, 2007).
pub fn difference_interval((r1, of_r1): (f64, (f64, f64)), (r2, of_r2): (f64, (f64, f64))) -> (f64, f64) {
    let difference = r1 - r2;
    let below = (r1 - of_r1.0).hypot(of_r2.1 - r2);
    let above = (of_r1.1 - r1).hypot(r2 - of_r2.0);
    (difference - below, difference + above)
}

/// The two-sided p-value of r1 = r2 for the correlations of two samples that share nothing, each given with its number of
/// rows: z = (atanh r1 - atanh r2) / sqrt(1 / (n1 - 3) + 1 / (n2 - 3)) against the normal distribution (R. Fisher, 1921).
///
/// `None` at and under [`TOO_FEW_ROWS`] rows of either, and where both are the same 1 or -1.
pub fn difference_p((r1, n1): (f64, usize), (r2, n2): (f64, usize)) -> Option<f64> {
    if n1.min(n2) <= TOO_FEW_ROWS {
        return None;
    }
    let error = (1.0 / (n1 - 3) as f64 + 1.0 / (n2 - 3) as f64).sqrt();
    let z = (r1.atanh() - r2.atanh()) / error;
    if z.is_nan() { None } else { normal_p(z) }
}

/// The 95% interval of a mean: mean -+ t sd / sqrt(n), t the 97.5% quantile of Student's t with n - 1 degrees of freedom.
///
/// `None` under two values.
pub fn mean_interval(values: &[f64]) -> Option<(f64, f64)> {
    let (mean, sd) = (stats::mean(values)?, stats::standard_deviation(values)?);
    let half = t_975((values.len() - 1) as f64)? * sd / (values.len() as f64).sqrt();
    Some((mean - half, mean + half))
}

/// The 95% interval of a share by E. Wilson (J. Am. Stat. Assoc. 22, 1927), which stays within 0 and 1; `None` of nothing.
pub fn share_interval(hits: usize, n: usize) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let (n, share, z2) = (n as f64, hits as f64 / n as f64, Z_975 * Z_975);
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_975 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

/// The 97.5% quantile of Student's t: where I(f / (f + t^2); f / 2, 1 / 2), its two-sided p-value, is 5%.
pub(crate) fn t_975(freedom: f64) -> Option<f64> {
    // For one degree of freedom it is 12.7, for many that of the normal distribution.
    let (mut low, mut high) = (1.9, 13.0);
    // Halved until nothing lies between: statrs' own quantile has nine digits.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let p = checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + middle * middle)).ok()?;
        if p > SIGNIFICANCE_LEVEL { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

/// Adjusts p-values for their number by the step-up rule of Benjamini and Hochberg (J. R. Stat. Soc. B 57, 1995): the
/// k-th smallest of m becomes min over j >= k of m p_j / j, at most 1. In the order of the input.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut falling: Vec<usize> = (0..p.len()).collect();
    falling.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
    let mut adjusted = p.to_vec();
    step_up(&mut adjusted, falling.into_iter());
    adjusted
}

/// Adjusts the p-values at these places of `p`, from the largest to the smallest.
fn step_up(p: &mut [f64], falling: impl ExactSizeIterator<Item = usize>) {
    let tests = falling.len();
    let mut smallest = 1.0_f64;
    for (passed, at) in falling.enumerate() {
        let rank = tests - passed;
        // The division first would push a p at its own bound below it.
        smallest = smallest.min((p[at] * tests as f64 / rank as f64).max(p[at]));
        p[at] = smallest;
    }
}

/// Intervals and p-values of every pair of a matrix. What follows from a pair alone is worked out for those who ask: of a wide
/// matrix few do.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixStatistics {
    /// What the matrix holds.
    pub of: Coefficient,
    /// The p-values of the defined pairs, adjusted for their number: the lower triangle row by row with its diagonal, `NaN`
    /// where undefined. A defined diagonal is no test: r = 1, [1, 1] and 0.
    pub p_adjusted: Vec<f64>,
    /// What the tests of this matrix amount to.
    pub tests: TestCounts,
}

/// What many tests at once amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TestCounts {
    /// Pairs with a p-value.
    pub pairs: usize,
    /// Those with p < [`SIGNIFICANCE_LEVEL`].
    pub significant: usize,
    /// Those with adjusted p < [`SIGNIFICANCE_LEVEL`].
    pub after_adjustment: usize,
    /// Fewest rows under a pair with a p-value.
    pub fewest_rows: Option<usize>,
    /// Pairs with a p-value that rest on fewer than [`SMALL_SAMPLE`] rows.
    pub on_few_rows: usize,
}

/// A pair on fewer rows than this has an interval too wide to be read without it: about 0.7 for r = 0.
pub const SMALL_SAMPLE: usize = 30;

impl TestCounts {
    /// How many of the pairs would have p < [`SIGNIFICANCE_LEVEL`] if no pair were correlated at all.
    pub fn expected_by_chance(&self) -> f64 {
        SIGNIFICANCE_LEVEL * self.pairs as f64
    }

    /// Both taken together; each matrix was adjusted for itself.
    pub fn and(self, other: Self) -> Self {
        Self {
            pairs: self.pairs + other.pairs,
            significant: self.significant + other.significant,
            after_adjustment: self.after_adjustment + other.after_adjustment,
            fewest_rows: self.fewest_rows.into_iter().chain(other.fewest_rows).min(),
            on_few_rows: self.on_few_rows + other.on_few_rows,
        }
    }
}

impl MatrixStatistics {
    /// The statistics of a matrix of Pearson's or Spearman's coefficients.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked at each row.
    pub fn of(matrix: &CorrelationMatrix, of: Coefficient, progress: &mut Progress<'_>) -> Result<Self, Stopped> {
        let size = matrix.size();
        let mut p = p_values(matrix, progress)?;
        let (mut tested, mut tests): (Vec<u32>, _) = (Vec::new(), TestCounts::default());
        for i in 0..size {
            progress.check()?;
            // The diagonal is no test and must not count among them.
            for j in (0..i).filter(|j| p[place(i, *j)].is_finite()) {
                let (value, n) = (p[place(i, j)], matrix.rows[(i, j)]);
                // A matrix of more than 90,000 columns fits no memory.
                tested.extend(u32::try_from(place(i, j)));
                tests.pairs += 1;
                tests.significant += usize::from(value < SIGNIFICANCE_LEVEL);
                tests.on_few_rows += usize::from(n < SMALL_SAMPLE);
                tests.fewest_rows = tests.fewest_rows.into_iter().chain([n]).min();
            }
        }
        sort_by(&mut tested, |a, b| p[*b as usize].total_cmp(&p[*a as usize]), progress)?;
        step_up(&mut p, tested.iter().map(|at| *at as usize));
        tests.after_adjustment = tested.iter().filter(|at| p[**at as usize] < SIGNIFICANCE_LEVEL).count();
        Ok(Self { of, p_adjusted: p, tests })
    }

    /// The 95% interval of a pair of the matrix that these are of; `None` where undefined.
    pub fn interval(&self, matrix: &CorrelationMatrix, (i, j): (usize, usize)) -> Option<(f64, f64)> {
        interval(matrix.get(i, j)?, matrix.rows[(i, j)], self.of)
    }

    /// The two-sided p-value of a pair of the matrix that these are of; `None` where undefined.
    pub fn p(&self, matrix: &CorrelationMatrix, (i, j): (usize, usize)) -> Option<f64> {
        p_value(matrix.get(i, j)?, matrix.rows[(i, j)])
    }

    /// The adjusted p-value of a pair; `None` where undefined.
    pub fn adjusted(&self, (i, j): (usize, usize)) -> Option<f64> {
        self.p_adjusted.get(place(i.max(j), i.min(j))).copied().filter(|p| p.is_finite())
    }
}

/// The p-values of the pairs j <= i of a matrix, row by row, `NaN` where undefined.
fn p_values(matrix: &CorrelationMatrix, progress: &mut Progress<'_>) -> Result<Vec<f64>, Stopped> {
    /// A p-value is a continued fraction: some five hundred operations.
    const OPERATIONS: f64 = 500.0;
    let size = matrix.size();
    let mut p = vec![f64::NAN; place(size, 0)];
    let mut rest = p.as_mut_slice();
    let rows = (0..size).map(|i| {
        let (row, after) = std::mem::take(&mut rest).split_at_mut(i + 1);
        rest = after;
        (i, row)
    });
    // The longest first: the last to be done are short.
    let rows: Vec<(usize, &mut [f64])> = rows.collect();
    let threads = Threads::Auto.for_work(OPERATIONS * place(size, 0) as f64);
    let work = |(): &mut (), (i, row): (usize, &mut [f64]), checkpoint: &mut Checkpoint<'_, '_>| {
        checkpoint.check()?;
        for (j, cell) in row.iter_mut().enumerate() {
            let value = matrix.get(i, j).and_then(|r| p_value(r, matrix.rows[(i, j)]));
            *cell = value.unwrap_or(f64::NAN);
        }
        Ok(())
    };
    parallel::observed(threads, (size, rows.into_iter().rev()), || (), work, progress)?;
    Ok(p)
}

/// Where a pair j <= i stands in a lower triangle.
fn place(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

#[cfg(test)]
mod tests;
