//! What has to be known of the sections that were asked for, put into words last.

use std::fmt::{self, Display};

use chrono::{Datelike, NaiveDate};
use factor_analytics::{regime::Regime, sections::macro_etf::MAX_COLUMNS};
use factor_types::{Calendar, Frequency, Ticker, exchange::last_trading_day};

use super::sections::Section;
use crate::analysis::{Analysis, Plan, Report};

/// A note on what was computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// The matrix of ETFs would have too many of them.
    TooManyEtfs(usize),
    /// The end that was asked for has not been yet.
    EndAfterToday { asked: NaiveDate, today: NaiveDate },
    /// Trailing windows end before the newest month that is over by the calendar.
    WindowsEndEarly { label: NaiveDate, over: NaiveDate, newest: NaiveDate },
    /// `ytd` is of the year of the newest whole month, which is not this one.
    YearBefore { label: NaiveDate, today: NaiveDate, newest: NaiveDate },
    /// What the factors were to be sorted by is null for all of them; what they are sorted by instead.
    SortedOtherwise { asked: &'static str, by: &'static str },
    /// What they are sorted by is a loss, so that the highest is the smallest.
    SortedByLosses { by: &'static str, ascending: bool },
    /// The slopes of yields are another section's.
    SlopesApart,
    /// The correlations that statistics are of are another section's.
    CorrelationsApart,
    /// A figure against the benchmark of the benchmark itself.
    AgainstItself(Ticker),
    /// The correlations are of some periods only.
    Regime { regime: Regime, periods: usize, of: usize },
    /// Those over moving windows are not.
    RollingOfAllPeriods,
    /// They know one method.
    RollingIsPearson,
    /// Matrices without eigenvalues.
    TooWideForComponents { matrices: Vec<String>, most: usize },
    /// Of so many pairs some are given.
    LeastStableOf { matrix: String, kept: usize, of: usize },
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

    /// That windows without an end_date end earlier than their reader may think: the source is late, or the year is new.
    pub(super) fn on_late_windows(analysis: &Analysis) -> Vec<Self> {
        let Report::Returns(report) = analysis.report() else { return Vec::new() };
        let window = analysis.window();
        let (today, newest) = (analysis.today, window.newest);
        let Some(label) = analysis.study.panel().labels().last().copied() else { return Vec::new() };
        if window.asked_end.is_some() || window.frequency != Frequency::Monthly {
            return Vec::new();
        }
        let over = today.month_end_back(1);
        let early = (label < over).then_some(Self::WindowsEndEarly { label, over, newest });
        let new_year = report.windows.contains_key("ytd") && label.year() < today.year();
        early.into_iter().chain(new_year.then_some(Self::YearBefore { label, today, newest })).collect()
    }

    /// That the factors are sorted by something else than was asked.
    pub(super) fn on_the_order(analysis: &Analysis, plan: &Plan) -> Option<Self> {
        let (Plan::Performance(plan), Report::Performance(report)) = (plan, analysis.report()) else { return None };
        let (asked, by) = (plan.sort_by.field(), report.sorted_by.field());
        (asked != by && report.per_factor.is_some()).then_some(Self::SortedOtherwise { asked, by })
    }

    /// Which end stands on top where the factors are sorted by losses, which are below 0.
    pub(super) fn on_losses(analysis: &Analysis) -> Option<Self> {
        const LOSSES: [&str; 5] = ["max_drawdown", "max_drawdown_daily", "worst_period", "var_95", "cvar_95"];
        let Report::Performance(report) = analysis.report() else { return None };
        let by = report.sorted_by.field();
        let several = report.per_factor.as_ref().is_some_and(|factors| factors.len() > 1);
        (several && LOSSES.contains(&by))
            .then_some(Self::SortedByLosses { by, ascending: report.sorted_by.is_ascending() })
    }

    /// That what a reader expects of a section named alone is in another.
    pub(super) fn on_sections_apart(included: &[Section]) -> impl Iterator<Item = Self> {
        let names = |one: Section| included.contains(&one);
        let slopes = names(Section::RateSensitivity) && !names(Section::Statistics);
        let correlations = names(Section::Statistics) && !names(Section::Matrices);
        slopes.then_some(Self::SlopesApart).into_iter().chain(correlations.then_some(Self::CorrelationsApart))
    }

    /// That the benchmark, asked for by name, has no figures against itself.
    pub(super) fn on_the_benchmark(analysis: &Analysis, benchmark: &Ticker) -> Option<Self> {
        let Report::Performance(report) = analysis.report() else { return None };
        let is_shown = report.per_factor.as_ref().is_some_and(|factors| factors.contains_key(benchmark));
        is_shown.then(|| Self::AgainstItself(benchmark.clone()))
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
            // Some have prices of the later months: too few of what was asked for.
            Self::WindowsEndEarly { label, over, newest } if last_trading_day(*over) <= *newest => write!(
                f,
                "windows end with {}, not with {}: under half of the factors asked for have a price in later months; \
                 end_date {over} is for those that have",
                label.format("%B %Y"),
                over.format("%B %Y")
            ),
            Self::WindowsEndEarly { label, over, newest } => write!(
                f,
                "windows end with {}, not with {}: the newest price is of {newest}, so later months are not whole; frequency \
                 daily goes up to {newest}",
                label.format("%B %Y"),
                over.format("%B %Y")
            ),
            Self::YearBefore { label, today, newest } => {
                write!(f, "ytd is of {}: no month of {} is whole yet; ", label.year(), today.year())?;
                if newest.year() == today.year() {
                    write!(f, "frequency daily has its days up to {newest}")
                } else {
                    write!(f, "the source has no price of {} either, its newest is of {newest}", today.year())
                }
            }
            Self::SortedOtherwise { asked, by } => {
                write!(f, "{asked} is null for every factor: they are sorted by {by} (data_quality.undefined says why)")
            }
            Self::SortedByLosses { by, ascending: false } => write!(
                f,
                "{by} is sorted highest first: losses are below 0, so the smallest stands on top; sort_order asc puts the largest there"
            ),
            Self::SortedByLosses { by, ascending: true } => {
                write!(f, "{by} is sorted lowest first: losses are below 0, so the largest stands on top")
            }
            Self::SlopesApart => f.write_str(
                "rate_sensitivity holds correlations with changes of yields; returns per 100bp with errors, n and p are in section statistics",
            ),
            Self::CorrelationsApart => f.write_str("statistics are of the correlations in section matrices"),
            Self::AgainstItself(benchmark) => {
                write!(f, "{benchmark} is the benchmark itself: beta, alpha and what else is taken against it are null")
            }
            Self::Regime { regime, periods, of } => write!(
                f,
                "correlations are of the {periods} of {of} periods of regime {regime}; picking turbulent periods raises correlations by itself: a higher one is no proof that the relation changed"
            ),
            Self::RollingOfAllPeriods => {
                f.write_str("rolling correlations are of all periods: those of a regime make no windows")
            }
            Self::RollingIsPearson => f.write_str("rolling correlations are Pearson's"),
            Self::TooWideForComponents { matrices, most } => write!(
                f,
                "insights.components and min_eigenvalue leave {} out: they are of matrices of up to {most} columns; name categories or tickers",
                matrices.join(", ")
            ),
            Self::LeastStableOf { matrix, kept, of } => write!(
                f,
                "rolling of {matrix} lists the {kept} least stable of {of} pairs of each window, and counts all of them; name tickers for others"
            ),
            Self::NoWholeWindow { longest, periods } => {
                write!(f, "no rolling window of {longest} periods is whole: there are {periods}; move start_date back")
            }
            Self::NoSeries { a, b, missing } => {
                write!(f, "rolling_series leaves {a}/{b} out: {missing} has no data here")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_end_early_say_why() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let note = |newest: &str| {
            let (label, over) = (day("2024-09-30"), day("2024-12-31"));
            Note::WindowsEndEarly { label, over, newest: day(newest) }.to_string()
        };
        assert!(note("2024-12-20").contains("so later months are not whole"), "the source is late");
        let stopped = note("2024-12-31");
        assert!(stopped.contains("under half of the factors") && stopped.contains("end_date 2024-12-31"), "{stopped}");
    }
}
