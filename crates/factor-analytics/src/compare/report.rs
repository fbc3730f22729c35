//! The report: the sections that a plan names, over a study.

use factor_types::Ticker;

use super::{
    condition::{Condition, ConditionReport},
    difference::{PeriodsReport, Side},
    pair::{PairReport, rates_of},
    periods::{Period, PeriodError, PeriodName},
    side_by_side::{CalendarYear, SideBySide},
};
use crate::{Study, observer::Observer, report::Undefined, report::run::Sections};

/// A series to compare: a fund or a group, and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name.
    pub ticker: Ticker,
    /// Its panel column.
    pub column: usize,
}

/// What to compute.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparePlan {
    /// What is compared, in the caller's order: two at least.
    pub series: Vec<Compared>,
    /// The pairs over the whole window.
    pub pairs: bool,
    /// Lengths of their moving windows, in periods.
    pub rolling_windows: Vec<usize>,
    /// The periods to compare; none for no such section.
    pub periods: Vec<PeriodName>,
    /// The periods to look at by themselves.
    pub condition: Option<Condition>,
    /// The performance of each.
    pub side_by_side: bool,
    /// The same year by year.
    pub calendar_years: bool,
}

/// The sections that were computed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CompareReport {
    /// Every pair over the whole window, in the order of the series.
    pub pairs: Option<Vec<PairReport>>,
    /// Every pair in every period.
    pub periods: Option<PeriodsReport>,
    /// What happened where the condition holds.
    pub condition: Option<ConditionReport>,
    /// The performance of each.
    pub side_by_side: Option<SideBySide>,
    /// The same year by year.
    pub calendar_years: Option<Vec<CalendarYear>>,
    /// Null figures and why.
    pub undefined: Vec<Undefined>,
    /// The sections that were computed, in order.
    pub computed: Vec<String>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl CompareReport {
    /// Computes what the plan names.
    ///
    /// # Errors
    /// [`PeriodError`]: the periods cannot be compared.
    pub fn compute(study: &Study, plan: &ComparePlan, observer: &mut dyn Observer) -> Result<Self, PeriodError> {
        let periods = Period::resolve(study, &plan.periods)?;
        let series: Vec<Side<'_>> = plan.series.iter().map(|one| (one.ticker.as_str(), one.column)).collect();
        let pairs: Vec<(Side<'_>, Side<'_>)> = (0..series.len())
            .flat_map(|a| (a + 1..series.len()).map(move |b| (a, b)))
            .map(|(a, b)| (series[a], series[b]))
            .collect();
        let risk_free = study.risk_free();
        let mut sections = Sections::new(observer);
        let mut report = Self::default();
        if plan.pairs {
            report.pairs = sections.run("pairs", |progress| {
                progress.each(pairs.iter(), |(a, b)| {
                    let funds = [a.1, b.1].map(|column| study.panel().columns()[column].series.ticker());
                    let rates = rates_of(&risk_free, funds);
                    PairReport::of(study, *a, *b, rates.as_deref(), &plan.rolling_windows)
                })
            });
        }
        if !periods.is_empty() {
            report.periods = sections.run("periods", |progress| PeriodsReport::of(study, &pairs, periods, progress));
        }
        if let Some(condition) = &plan.condition {
            report.condition = sections.run("condition", |progress| {
                progress.check().map(|()| ConditionReport::of(study, condition, &series, &pairs))
            });
        }
        if plan.side_by_side {
            report.side_by_side = sections.run("side_by_side", |progress| {
                progress.check().map(|()| SideBySide::of(study, &plan.series, &risk_free))
            });
        }
        if plan.calendar_years {
            report.calendar_years = sections.run("calendar_years", |progress| {
                progress.check().map(|()| CalendarYear::all(study, &plan.series, &risk_free))
            });
        }
        (report.computed, report.skipped) = (sections.computed, sections.skipped);
        report.undefined = Undefined::grouped(report.missing());
        Ok(report)
    }

    /// (section, row, field, reason) of every null figure.
    fn missing(&self) -> Vec<(String, String, String, String)> {
        let mut all = Vec::new();
        let mut add = |section: &str, row: String, field: &str, why: &str| {
            all.push((section.to_owned(), row, field.to_owned(), why.to_owned()));
        };
        for pair in self.pairs.iter().flatten() {
            for (field, why) in &pair.missing {
                add("pairs", format!("{}/{}", pair.a, pair.b), field, why);
            }
        }
        if let Some(report) = &self.periods {
            for one in &report.correlations {
                if let Some(why) = &one.missing {
                    add("periods.correlations", format!("{}/{} {}", one.a, one.b, one.period), "correlation", why);
                }
            }
            for one in &report.differences {
                for (field, why) in &one.missing {
                    let row = format!("{}/{} {} less {}", one.a, one.b, one.first, one.second);
                    add("periods.differences", row, field, why);
                }
            }
        }
        for (row, (field, why)) in self.condition.iter().flat_map(|report| &report.missing) {
            add("condition", row.clone(), field, why);
        }
        for (row, field, why) in self.side_by_side.iter().flat_map(|report| &report.missing) {
            add("side_by_side", row.clone(), field, why);
        }
        for year in self.calendar_years.iter().flatten() {
            for (row, _) in year.series.iter().filter(|(_, figures)| figures.total_return.is_none()) {
                add("calendar_years", row.clone(), &year.year.to_string(), "it lacks a period of the year");
            }
        }
        all
    }
}
