//! What is to be known of the Treasury yields and the risk-free rate that figures rest on.

use std::fmt::{self, Display};

use chrono::NaiveDate;
use factor_analytics::{
    panel::Spacing,
    report::{CorrelationReport, FactorProfile, PerformanceReport},
    sections::dividends::year_before,
    yields::{STALE_YIELD_DAYS, runs},
};
use factor_types::{AssetClass, Frequency, Maturity, Ticker};
use indexmap::IndexMap;

use super::warning::a_few;
use crate::{
    analysis::{Analysis, Plan, Report},
    answer::markdown::{percent, stretches},
};

/// What is wrong with the rates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RateWarning {
    /// There is no source of a risk-free rate; there may be yields that do not serve.
    None { rare: Option<RareYields> },
    /// Periods that no source covers: so many of so many, by the first and last label of each run.
    Missing { rows: usize, of: usize, runs: Vec<(NaiveDate, NaiveDate)> },
    /// Maturities that were asked for and have no yield in the window, and those that have.
    NoYields { maturities: Vec<Maturity>, there: Vec<Maturity>, rare: Option<RareYields> },
    /// Changes of yields are missing on so many of so many periods, by the first and last label of each run.
    ChangesMissing { maturities: Vec<Maturity>, rows: usize, of: usize, runs: Vec<(NaiveDate, NaiveDate)> },
    /// Dividend yields of cash funds that are no short rate's, beside the mean of UST3M over the year in which they were paid.
    CashYields { funds: Vec<(Ticker, f64)>, mean: f64 },
    /// Yields end so early that figures lack them, or rest on another source of the risk-free rate.
    YieldsEnd { maturities: Vec<Maturity>, last: NaiveDate, window: NaiveDate, risk_free: Option<String> },
}

impl RateWarning {
    /// True where more than one period in twenty, or the last two months, have no yield of their own: figures against them are
    /// of another window.
    pub(super) fn is_of_lacking_rows(&self) -> bool {
        const ONE_IN: usize = 20;
        const DAYS: i64 = 62;
        match self {
            Self::Missing { rows, of, .. } | Self::ChangesMissing { rows, of, .. } => rows * ONE_IN > *of,
            Self::YieldsEnd { last, window, .. } => (*window - *last).num_days() > DAYS,
            Self::None { .. } | Self::NoYields { .. } | Self::CashYields { .. } => false,
        }
    }
}

impl Display for RateWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None { rare } => {
                const THEN: &str = "sharpe_ratio, sortino_ratio and alpha are null, return_to_risk is the ratio without one, beta and r_squared are of plain returns";
                match rare {
                    None => write!(
                        f,
                        "no risk-free rate: neither UST3M yields nor prices of BIL or SGOV in the window; {THEN}; give the server yields (FACTOR_YIELD_FILE) or prices of BIL"
                    ),
                    // First what is less known.
                    Some(rare) => {
                        write!(
                            f,
                            "no risk-free rate: {rare}: give daily ones (FACTOR_YIELD_FILE) or prices of BIL; {THEN}"
                        )
                    }
                }
            }
            Self::Missing { rows, of, runs } => {
                write!(
                    f,
                    "no risk-free rate on {rows} of {of} periods ({}): sharpe_ratio, alpha, beta and their kin rest on the others (observations_of says on how many)",
                    stretches(runs)
                )
            }
            Self::NoYields { maturities, there, rare } => {
                let maturities = listed(maturities);
                match rare {
                    Some(rare) => write!(f, "no changes of {maturities}: {rare}: ")?,
                    None => {
                        write!(f, "no yields of {maturities} in the window, so there is no correlation with them: ")?
                    }
                }
                match there.as_slice() {
                    [] if rare.is_some() => f.write_str("give the server daily yields (FACTOR_YIELD_FILE)"),
                    [] => f.write_str("give the server yields (FACTOR_YIELD_FILE), or dates that have some"),
                    there => write!(
                        f,
                        "give the server theirs (FACTOR_YIELD_FILE), or name in rate_maturities those that there are: {}",
                        listed(there)
                    ),
                }
            }
            Self::ChangesMissing { maturities, rows, of, runs } => write!(
                f,
                "yields of {} are missing for {rows} of {of} periods ({}): correlations with them rest on the others",
                listed(maturities),
                stretches(runs)
            ),
            Self::CashYields { funds, mean } => {
                let funds = funds.iter().map(|(ticker, found)| format!("{ticker} {}", percent(Some(*found))));
                write!(
                    f,
                    "dividend yields of cash funds over {CASH_POINTS} points from the mean of UST3M in the same year ({}): {}; \
                     look at their dividends and closes",
                    percent(Some(mean / 100.0)),
                    a_few(funds.collect::<Vec<_>>(), CASH_NAMED)
                )
            }
            Self::YieldsEnd { maturities, last, window, risk_free } => {
                write!(f, "yields of {} end {last}, the window {window}: ", listed(maturities))?;
                match risk_free {
                    Some(source) => write!(f, "the risk-free rate is {source}"),
                    None => f.write_str("what is measured against them rests on the periods before"),
                }
            }
        }
    }
}

/// Yields of the window that are not daily and do not reach the periods' ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RareYields {
    maturity: Maturity,
    spacing: Spacing,
    newest: NaiveDate,
}

impl Display for RareYields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { maturity, spacing, newest } = self;
        write!(
            f,
            "yields of {maturity} are {} (newest {newest}; FRED's of a 1st are means of months), and a period's end takes one at most \
             {STALE_YIELD_DAYS} days old",
            spacing.as_str()
        )
    }
}

/// The first of some maturities whose yields within the window are rarer than daily.
fn rare(analysis: &Analysis, maturities: &[Maturity]) -> Option<RareYields> {
    let (panel, yields) = (analysis.study.panel(), &analysis.prepared.yields);
    let last = *panel.labels().last()?;
    maturities.iter().find_map(|maturity| {
        let within = yields.get(*maturity).iter().map(|(date, _)| *date);
        let dates: Vec<NaiveDate> = within.filter(|date| *date >= panel.base() && *date <= last).collect();
        let spacing = Spacing::of(&dates);
        (spacing != Spacing::Daily).then_some(RareYields { maturity: *maturity, spacing, newest: *dates.last()? })
    })
}

fn listed(maturities: &[Maturity]) -> String {
    maturities.iter().map(|maturity| maturity.as_str()).collect::<Vec<_>>().join(", ")
}

/// So far may the dividend yield of a cash fund lie from the mean of UST3M over the year in which it was paid, in percentage
/// points. From the present UST3M it may lie further when rates move: honest ones would have in nine months of 2022, from the
/// mean none by more than 0.4 (2011 to 2024).
const CASH_POINTS: f64 = 2.0;
/// Cash funds that are named.
const CASH_NAMED: usize = 5;
/// Fewer yields in the year say nothing of it.
const FEWEST_OF_A_YEAR: usize = 100;

/// Of daily rows a smaller share than this may lack yields unsaid: the days on which only bonds do not trade.
const BOND_HOLIDAYS: f64 = 0.03;

/// The warnings on the rates of an analysis.
pub(super) fn warnings(analysis: &Analysis, plan: &Plan) -> Vec<RateWarning> {
    let mut said = ends(analysis);
    match analysis.report() {
        Report::Performance(report) => {
            said.extend(on_the_risk_free_rate(analysis, report));
            said.extend(cash_yields(analysis, report));
        }
        Report::Correlations(_) => said.extend(holes(analysis, plan)),
        Report::Returns(_) => {}
    }
    said
}

/// The maturities that were asked for and have no yields, and the periods on which others have none, but for those after a
/// last yield that [`ends`] tells.
fn holes(analysis: &Analysis, plan: &Plan) -> Vec<RateWarning> {
    let Plan::Correlations(plan) = plan else { return Vec::new() };
    let asked = plan.rate_sensitivity.iter().flat_map(|(_, maturities)| maturities.iter().copied());
    let mut maturities: Vec<Maturity> = asked.chain(used(analysis)).collect();
    maturities.sort();
    maturities.dedup();
    let (study, panel) = (&analysis.study, analysis.study.panel());
    let early = study.yields_that_end_early(&maturities);
    let (mut without, mut there) = (Vec::new(), Vec::new());
    let mut missing = IndexMap::<Vec<(NaiveDate, NaiveDate)>, (usize, Vec<Maturity>)>::new();
    for maturity in maturities {
        let changes = study.yield_changes(maturity);
        let Some(last) = changes.iter().rposition(|change| change.is_finite()) else {
            without.push(maturity);
            continue;
        };
        there.push(maturity);
        let until = if early.iter().any(|(known, _)| *known == maturity) { last } else { changes.len() };
        let rows: Vec<usize> = (0..until).filter(|row| !changes[*row].is_finite()).collect();
        let few = panel.frequency() == Frequency::Daily && (rows.len() as f64) < BOND_HOLIDAYS * panel.rows() as f64;
        if !rows.is_empty() && !few {
            let count = rows.len();
            missing.entry(runs(rows, panel.labels())).or_insert((count, Vec::new())).1.push(maturity);
        }
    }
    let rare = rare(analysis, &without);
    let none = (!without.is_empty()).then_some(RateWarning::NoYields { maturities: without, there, rare });
    let of = panel.rows();
    let missing = missing.into_iter().map(|(runs, (rows, maturities))| RateWarning::ChangesMissing {
        maturities,
        rows,
        of,
        runs,
    });
    none.into_iter().chain(missing).collect()
}

fn on_the_risk_free_rate(analysis: &Analysis, report: &PerformanceReport) -> Option<RateWarning> {
    let risk_free = &report.risk_free;
    let (rows, of) = (risk_free.rows(), risk_free.per_period.len());
    match risk_free.known() {
        None => Some(RateWarning::None { rare: rare(analysis, &[Maturity::Ust3M]) }),
        Some(_) if rows < of => Some(RateWarning::Missing { rows: of - rows, of, runs: risk_free.uncovered.clone() }),
        Some(_) => None,
    }
}

/// The cash funds whose dividend yield is no short rate's; the whole year must be in their history.
fn cash_yields(analysis: &Analysis, report: &PerformanceReport) -> Option<RateWarning> {
    let as_of = analysis.study.panel().as_of();
    let after = year_before(as_of);
    let rows = analysis.prepared.yields.get(Maturity::Ust3M).iter();
    let year: Vec<f64> =
        rows.filter(|(date, _)| *date > after && *date <= as_of).map(|(_, percent)| *percent).collect();
    if year.len() < FEWEST_OF_A_YEAR {
        return None;
    }
    let mean = year.iter().sum::<f64>() / year.len() as f64;
    let is_off = |entry: &FactorProfile| {
        let found = entry.profile.dividend_yield.filter(|_| entry.asset_class == Some(AssetClass::Cash))?;
        let whole_year = entry.history.first.is_some_and(|first| first <= after);
        (whole_year && (100.0 * found - mean).abs() > CASH_POINTS).then_some(found)
    };
    let all = report.per_factor.iter().flatten();
    let funds: Vec<(Ticker, f64)> =
        all.filter_map(|(ticker, entry)| is_off(entry).map(|found| (ticker.clone(), found))).collect();
    (!funds.is_empty()).then_some(RateWarning::CashYields { funds, mean })
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
        Report::Returns(report) => report.yields.iter().flat_map(|yields| yields.keys().copied()).collect(),
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
        let none = |there: &[Maturity]| {
            let (maturities, there) = (vec![Maturity::Ust2Y, Maturity::Ust30Y], there.to_vec());
            RateWarning::NoYields { maturities, there, rare: None }.to_string()
        };
        assert!(none(&[Maturity::Ust10Y]).starts_with("no yields of UST2Y, UST30Y in the window, so"));
        assert!(none(&[Maturity::Ust10Y]).ends_with("name in rate_maturities those that there are: UST10Y"));
        assert!(none(&[]).ends_with("or dates that have some"));
        let holes = RateWarning::ChangesMissing {
            maturities: vec![Maturity::Ust10Y],
            rows: 7,
            of: 120,
            runs: vec![(date("2018-01-31"), date("2018-07-31"))],
        };
        assert_eq!(
            holes.to_string(),
            "yields of UST10Y are missing for 7 of 120 periods (2018-01-31 to 2018-07-31): correlations with them rest on the others"
        );
        assert!(RateWarning::None { rare: None }.to_string().contains("FACTOR_YIELD_FILE"));
        let (maturity, newest) = (Maturity::Ust3M, date("2026-01-01"));
        let rare = RareYields { maturity, spacing: Spacing::Monthly, newest };
        let said = RateWarning::None { rare: Some(rare) }.to_string();
        assert!(said.contains("yields of UST3M are monthly (newest 2026-01-01;"), "{said}");
        assert!(said.contains("give daily ones") && said.chars().count() < 340, "{said}");
    }
}
