//! What is to be known of the Treasury yields and the risk-free rate that figures rest on.

use std::fmt::{self, Display};

use chrono::NaiveDate;
use factor_analytics::report::{CorrelationReport, PerformanceReport};
use factor_types::Maturity;
use indexmap::IndexMap;

use crate::analysis::{Analysis, Report};

/// The runs of periods without a rate that a warning names.
const NAMED: usize = 6;

/// What is wrong with the rates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RateWarning {
    /// There is no source of a risk-free rate.
    None,
    /// Periods that no source covers: so many of so many, by the first and last label of each run.
    Missing { rows: usize, of: usize, runs: Vec<(NaiveDate, NaiveDate)> },
    /// Yields end so early that figures lack them, or rest on another source of the risk-free rate.
    YieldsEnd { maturities: Vec<Maturity>, last: NaiveDate, window: NaiveDate, risk_free: Option<String> },
}

impl Display for RateWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str(
                "no risk-free rate: neither UST3M yields nor prices of BIL or SGOV in the window; sharpe_ratio, sortino_ratio and alpha are null, \
                 return_to_risk is the ratio without one, beta and r_squared are of plain returns; give the server yields (FACTOR_YIELD_FILE) or prices of BIL",
            ),
            Self::Missing { rows, of, runs } => {
                let run = |(first, last): &(NaiveDate, NaiveDate)| {
                    if first == last { first.to_string() } else { format!("{first} to {last}") }
                };
                let named: Vec<String> = runs.iter().take(NAMED).map(run).collect();
                let more = match runs.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more stretches"),
                };
                write!(
                    f,
                    "no risk-free rate on {rows} of {of} periods ({}{more}): sharpe_ratio, alpha, beta and their kin rest on the others (observations_of says on how many)",
                    named.join(", ")
                )
            }
            Self::YieldsEnd { maturities, last, window, risk_free } => {
                let named: Vec<&str> = maturities.iter().map(|maturity| maturity.as_str()).collect();
                write!(f, "yields of {} end {last}, the window {window}: ", named.join(", "))?;
                match risk_free {
                    Some(source) => write!(f, "the risk-free rate is {source}"),
                    None => f.write_str("what is measured against them rests on the periods before"),
                }
            }
        }
    }
}

/// The warnings on the rates of an analysis.
pub(super) fn warnings(analysis: &Analysis) -> Vec<RateWarning> {
    let mut said = ends(analysis);
    if let Report::Performance(report) = analysis.report() {
        said.extend(on_the_risk_free_rate(report));
    }
    said
}

fn on_the_risk_free_rate(report: &PerformanceReport) -> Option<RateWarning> {
    let risk_free = &report.risk_free;
    let (rows, of) = (risk_free.rows(), risk_free.per_period.len());
    match risk_free.known() {
        None => Some(RateWarning::None),
        Some(_) if rows < of => Some(RateWarning::Missing { rows: of - rows, of, runs: risk_free.uncovered.clone() }),
        Some(_) => None,
    }
}

/// The yields that end early, those of one date together.
fn ends(analysis: &Analysis) -> Vec<RateWarning> {
    let study = &analysis.study;
    let Some(window) = study.panel().labels().last().copied() else { return Vec::new() };
    let mut early = IndexMap::<NaiveDate, Vec<Maturity>>::new();
    for (maturity, last) in study.yields_that_end_early(&used(analysis)) {
        early.entry(last).or_default().push(maturity);
    }
    let risk_free = match analysis.report() {
        Report::Performance(report) => Some(report.risk_free.source.clone()),
        Report::Correlations(_) | Report::Returns(_) => None,
    };
    let warning =
        |(last, maturities)| RateWarning::YieldsEnd { maturities, last, window, risk_free: risk_free.clone() };
    early.into_iter().map(warning).collect()
}

/// The maturities whose yields the figures of an analysis rest on.
pub(super) fn used(analysis: &Analysis) -> Vec<Maturity> {
    match analysis.report() {
        Report::Performance(_) => vec![Maturity::Ust3M],
        Report::Correlations(report) => of_correlations(report),
        Report::Returns(_) => Vec::new(),
    }
}

/// Those of the overlay and of the matrix of yield changes.
fn of_correlations(report: &CorrelationReport) -> Vec<Maturity> {
    let overlay = report.rate_sensitivity.iter().flat_map(|overlay| &overlay.columns);
    let matrix = report.matrices.get("rate").into_iter().flat_map(|matrix| &matrix.names);
    let mut found: Vec<Maturity> = overlay.chain(matrix).filter_map(|name| name.parse().ok()).collect();
    found.sort();
    found.dedup();
    found
}

/// The date of the newest yield that the figures rest on.
pub(crate) fn yields_as_of(analysis: &Analysis) -> Option<NaiveDate> {
    used(analysis).into_iter().filter_map(|maturity| analysis.study.yields_as_of(maturity)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn warnings_name_the_dates_and_the_way_out() {
        let missing = RateWarning::Missing {
            rows: 3,
            of: 120,
            runs: vec![(date("2020-03-31"), date("2020-04-30")), (date("2021-07-31"), date("2021-07-31"))],
        };
        assert_eq!(
            missing.to_string(),
            "no risk-free rate on 3 of 120 periods (2020-03-31 to 2020-04-30, 2021-07-31): sharpe_ratio, alpha, beta and their kin rest on the others (observations_of says on how many)"
        );
        let day = date("2020-01-31");
        let many = RateWarning::Missing { rows: 9, of: 120, runs: vec![(day, day); 9] };
        assert!(many.to_string().contains("2020-01-31 and 3 more stretches)"), "{many}");
        let end = |risk_free: Option<&str>| RateWarning::YieldsEnd {
            maturities: vec![Maturity::Ust3M],
            last: date("2026-02-27"),
            window: date("2026-06-30"),
            risk_free: risk_free.map(str::to_owned),
        };
        assert_eq!(
            end(Some("UST3M 115 rows to 2026-02, BIL 5 rows")).to_string(),
            "yields of UST3M end 2026-02-27, the window 2026-06-30: the risk-free rate is UST3M 115 rows to 2026-02, BIL 5 rows"
        );
        assert!(end(None).to_string().ends_with("rests on the periods before"));
        assert!(RateWarning::None.to_string().contains("FACTOR_YIELD_FILE"));
    }
}
