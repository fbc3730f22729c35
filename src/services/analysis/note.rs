//! What has to be known of the sections that were asked for, put into words last.

use std::fmt::{self, Display};

use chrono::NaiveDate;
use factor_analytics::{regime::Regime, sections::macro_etf::MAX_COLUMNS};

use crate::analysis::{Analysis, Plan, Report};

/// A note on what was computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// The matrix of ETFs would have too many of them.
    TooManyEtfs(usize),
    /// The end that was asked for has not been yet.
    EndAfterToday { asked: NaiveDate, today: NaiveDate },
    /// What the factors were to be sorted by is null for all of them; what they are sorted by instead.
    SortedOtherwise { asked: &'static str, by: &'static str },
    /// The correlations are of some periods only.
    Regime { regime: Regime, periods: usize, of: usize },
    /// Those over moving windows are not.
    RollingOfAllPeriods,
    /// They know one method.
    RollingIsPearson,
    /// No window is long enough.
    NoWholeWindow { longest: usize, periods: usize },
    /// A pair asked for by name is not there.
    NoSeries { a: String, b: String, missing: String },
}

impl Note {
    /// That an end after today is today.
    pub(crate) fn on_the_end(analysis: &Analysis) -> Option<Self> {
        let (asked, today) = (analysis.window().asked_end?, analysis.today);
        (asked > today).then_some(Self::EndAfterToday { asked, today })
    }

    /// That the factors are sorted by something else than was asked.
    pub(super) fn on_the_order(analysis: &Analysis, plan: &Plan) -> Option<Self> {
        let (Plan::Performance(plan), Report::Performance(report)) = (plan, analysis.report()) else { return None };
        let (asked, by) = (plan.sort_by.field(), report.sorted_by.field());
        (asked != by && report.per_factor.is_some()).then_some(Self::SortedOtherwise { asked, by })
    }

    /// That the correlations are of a regime's periods.
    pub(super) fn on_regime(analysis: &Analysis) -> Option<Self> {
        let slice = analysis.study.slice()?;
        Some(Self::Regime { regime: slice.regime, periods: slice.rows, of: analysis.study.panel().rows() })
    }
}

impl Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyEtfs(used) => write!(
                f,
                "macro_etf_matrix is left out: {used} ETFs, at most {MAX_COLUMNS}; lower macro_max_per_group or name macro_groups"
            ),
            Self::EndAfterToday { asked, today } => {
                write!(f, "end_date {asked} has not been yet: the window ends today, {today}")
            }
            Self::SortedOtherwise { asked, by } => {
                write!(f, "{asked} is null for every factor: they are sorted by {by} (data_quality.undefined says why)")
            }
            Self::Regime { regime, periods, of } => write!(
                f,
                "correlations are of the {periods} of {of} periods of regime {regime}; picking turbulent periods raises correlations by itself: a higher one is no proof that the relation changed"
            ),
            Self::RollingOfAllPeriods => {
                f.write_str("rolling correlations are of all periods: those of a regime make no windows")
            }
            Self::RollingIsPearson => f.write_str("rolling correlations are Pearson's"),
            Self::NoWholeWindow { longest, periods } => {
                write!(f, "no rolling window of {longest} periods is whole: there are {periods}; move start_date back")
            }
            Self::NoSeries { a, b, missing } => {
                write!(f, "rolling_series leaves {a}/{b} out: {missing} has no data here")
            }
        }
    }
}
