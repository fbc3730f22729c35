//! How sure the correlations of a report are: statistics of its matrices, and durations for its rate overlay.

use factor_types::Maturity;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    composite::Composite,
    correlation::{Coefficient, CorrelationMatrix},
    inference::{MatrixStatistics, TestCounts},
    observer::{Progress, Stopped},
    regression::Regression,
    sections::overlays::{Overlay, OverlayRow},
    study::Study,
};

/// The maturity whose slopes order the rows.
const LEADING: &str = Maturity::Ust10Y.as_str();

/// The section.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// Per matrix, under its name.
    pub matrices: IndexMap<String, MatrixStatistics>,
    /// Per row and maturity of the rate overlay, in the order of the slope at UST10Y (at the first maturity without it):
    /// what loses most when yields rise stands first. `None` without that overlay.
    pub rate_sensitivity: Option<IndexMap<String, IndexMap<String, RateStatistics>>>,
}

/// One cell of the rate overlay.
///
/// The slope is of the return on the change of one yield alone, and all that is said of it rests on its Newey-West error:
/// one inference for one slope. All but `n` are `None` where the correlation is; `t` and `p` also where the fit is exact.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct RateStatistics {
    /// Periods with both a return and a yield change.
    pub n: usize,
    /// Return (decimal) that goes with a yield one percentage point higher: the least-squares slope.
    pub return_per_100bp: Option<f64>,
    /// Newey-West standard error of `return_per_100bp`.
    pub standard_error: Option<f64>,
    /// `return_per_100bp` / `standard_error`.
    pub t: Option<f64>,
    /// Two-sided p-value of t, normal.
    pub p: Option<f64>,
    /// -100 x `return_per_100bp`: years, as of a bond with this sensitivity.
    pub effective_duration: Option<f64>,
}

impl Statistics {
    /// The tests of all matrices together.
    pub fn tests(&self) -> TestCounts {
        self.matrices.values().fold(TestCounts::default(), |sum, matrix| sum.and(matrix.tests))
    }
}

/// The statistics of matrices and of a rate overlay whose composites are `composites`.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn statistics(
    study: &Study,
    matrices: &IndexMap<String, CorrelationMatrix>,
    rate: Option<&Overlay>,
    composites: &[Composite],
    of: Coefficient,
    progress: &mut Progress<'_>,
) -> Result<Statistics, Stopped> {
    let parts = matrices.len() + 1;
    let of_matrix = |(at, (name, matrix)): (usize, (&String, &CorrelationMatrix))| {
        Ok((name.clone(), MatrixStatistics::of(matrix, of, &mut progress.part(at, parts))?))
    };
    let matrices = matrices.iter().enumerate().map(of_matrix).collect::<Result<_, Stopped>>()?;
    let durations = rate.map(|overlay| durations(study, overlay, composites, &mut progress.part(parts - 1, parts)));
    Ok(Statistics { matrices, rate_sensitivity: durations.transpose()? })
}

fn durations(
    study: &Study,
    overlay: &Overlay,
    composites: &[Composite],
    progress: &mut Progress<'_>,
) -> Result<IndexMap<String, IndexMap<String, RateStatistics>>, Stopped> {
    let changes: Vec<Vec<f64>> = overlay
        .columns
        .iter()
        .map(|name| name.parse().map_or_else(|_| Vec::new(), |maturity: Maturity| study.yield_changes(maturity)))
        .collect();
    let of_row = |(at, row): (usize, &OverlayRow)| {
        progress.advance(at, overlay.rows.len())?;
        let values = values(study, row, composites).unwrap_or_default();
        let cells = overlay.columns.iter().zip(&row.values).zip(&changes).map(|((name, pair), changes)| {
            let cell = match pair.r {
                Some(_) => cell(values, changes, pair.n),
                None => RateStatistics { n: pair.n, ..RateStatistics::default() },
            };
            (name.clone(), cell)
        });
        Ok((row.name.clone(), cells.collect()))
    };
    let mut rows = overlay.rows.iter().enumerate().map(of_row).collect::<Result<IndexMap<_, _>, Stopped>>()?;
    let leading = overlay.columns.iter().find(|name| *name == LEADING).or(overlay.columns.first());
    let slope = |row: &IndexMap<String, RateStatistics>| row.get(leading?).and_then(|cell| cell.return_per_100bp);
    rows.sort_by(|a, x, b, y| match (slope(x), slope(y)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (x, y) => y.is_some().cmp(&x.is_some()).then_with(|| a.cmp(b)),
    });
    Ok(rows)
}

fn values<'a>(study: &'a Study, row: &OverlayRow, composites: &'a [Composite]) -> Option<&'a [f64]> {
    if row.composite {
        return composites.iter().find(|composite| composite.name == row.name).map(|found| found.values.as_slice());
    }
    study.panel().named(&row.name).map(|column| study.panel().column(column))
}

fn cell(returns: &[f64], changes: &[f64], n: usize) -> RateStatistics {
    let common = changes.iter().zip(returns).filter(|(dy, r)| dy.is_finite() && r.is_finite());
    let (changes, returns): (Vec<f64>, Vec<f64>) = common.map(|(dy, r)| (*dy, *r)).unzip();
    let fit = Regression::fit(&changes, &returns);
    let slope = fit.as_ref().map(|fit| fit.slope);
    RateStatistics {
        n,
        return_per_100bp: slope,
        standard_error: fit.as_ref().and_then(|fit| fit.slope_error),
        t: fit.as_ref().and_then(Regression::slope_t),
        p: fit.as_ref().and_then(Regression::slope_p),
        effective_duration: slope.map(|slope| -100.0 * slope),
    }
}

#[cfg(test)]
mod tests {
    use factor_types::Category;

    use super::*;
    use crate::{
        correlation::Method,
        observer::tests::unobserved,
        sections::overlays,
        test_study::{Fund, near, study, yields},
    };

    #[test]
    fn a_duration_is_minus_a_hundred_times_the_slope() {
        // Twelve changes, and returns of -0.07 per point.
        let percent: Vec<f64> = (0..13).map(|at| 4.0 + [0.0, 0.1, -0.1, 0.3][at % 4]).collect();
        let returns: Vec<f64> = percent.windows(2).map(|two| -0.07 * (two[1] - two[0])).collect();
        let study = study(&[Fund::new("TLT", Category::Style, &returns)], yields(Maturity::Ust10Y, &percent));
        let maturities = [Maturity::Ust10Y, Maturity::Ust3M];
        let overlay = unobserved(|progress| {
            overlays::rate_sensitivity(&study, &[Category::Style], &maturities, &[], Method::Pearson, progress)
        });
        let found = unobserved(|progress| {
            statistics(&study, &IndexMap::new(), overlay.as_ref(), &[], Coefficient::Pearson, progress)
        });
        let rates = &found.rate_sensitivity.as_ref().unwrap()["TLT"];
        near(rates["UST10Y"].return_per_100bp.unwrap(), -0.07);
        near(rates["UST10Y"].effective_duration.unwrap(), 7.0);
        assert_eq!((rates["UST10Y"].n, rates["UST3M"].n, rates["UST3M"].effective_duration), (12, 0, None));
        // An exact fit has no error, and nothing to divide by.
        assert_eq!((rates["UST10Y"].standard_error, rates["UST10Y"].t, rates["UST10Y"].p), (Some(0.0), None, None));
        assert_eq!(found.tests(), TestCounts::default());
    }

    #[test]
    fn one_inference_for_one_slope_and_rows_in_its_order() {
        // Changes of -0.1 and 0.1 in turn; returns of slope -0.07 (TLT), -0.02 (IEF) and 0.01 (FLT) and what is added to
        // them by hand, e = (1, 1, -1, -1) / 1000 three times: orthogonal to the changes, as in regression.rs, where the
        // error of a slope on x = (-1, 1, ..) is sqrt(4 / 144) for e of size 1: here 0.001 / 0.1 of it.
        let percent: Vec<f64> = (0..13).map(|at| 4.0 + if at % 2 == 0 { 0.1 } else { 0.0 }).collect();
        let returns = |slope: f64| -> Vec<f64> {
            let noise = (0..12).map(|at| if at % 4 < 2 { 0.001 } else { -0.001 });
            percent.windows(2).zip(noise).map(|(two, noise)| slope * (two[1] - two[0]) + noise).collect()
        };
        let (tlt, ief, flt) = (returns(-0.07), returns(-0.02), returns(0.01));
        let fund = |name, returns| Fund::new(name, Category::Style, returns);
        let funds = [fund("FLT", &flt), fund("GONE", &[f64::NAN; 12]), fund("TLT", &tlt), fund("IEF", &ief)];
        let study = study(&funds, yields(Maturity::Ust10Y, &percent));
        let overlay = unobserved(|progress| {
            overlays::rate_sensitivity(&study, &[Category::Style], &[Maturity::Ust10Y], &[], Method::Pearson, progress)
        });
        let found = unobserved(|progress| {
            statistics(&study, &IndexMap::new(), overlay.as_ref(), &[], Coefficient::Pearson, progress)
        });
        let rows = found.rate_sensitivity.unwrap();
        assert_eq!(rows.keys().collect::<Vec<_>>(), ["TLT", "IEF", "FLT"]);
        let of = &rows["IEF"]["UST10Y"];
        near(of.standard_error.unwrap(), 0.01 * (4.0_f64 / 144.0).sqrt());
        // -0.02 / 0.001666.. = -12; both tails of the normal distribution beyond it (scipy.stats.norm.sf).
        assert!((of.t.unwrap() + 12.0).abs() < 1e-9 && (of.p.unwrap() / 3.552_964_224_155e-33 - 1.0).abs() < 1e-6);
    }
}
