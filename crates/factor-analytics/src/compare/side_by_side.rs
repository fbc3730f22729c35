//! The performance of some series next to each other, over the same dates, and year by year.

use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::report::Compared;
use crate::{
    Study,
    panel::Period,
    sections::{
        performance::{DailyDrawdownTimes, DrawdownTimes, PerformanceProfile, profile_over},
        windows::ended,
    },
    yields::RiskFree,
};

/// The performance of each series over the dates that all have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct SideBySide {
    /// The label before the first period.
    pub from: Option<NaiveDate>,
    /// Label of the last period.
    pub to: Option<NaiveDate>,
    /// Periods between.
    pub periods: usize,
    /// By series.
    pub series: IndexMap<String, SideFigures>,
    /// Each null figure and why: its row, its field.
    #[serde(skip)]
    pub(super) missing: Vec<(String, String, String)>,
}

/// The performance of one, by the definitions of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct SideFigures {
    /// Returns.
    pub n: usize,
    /// From the first price to the last.
    pub total_return: Option<f64>,
    /// The same a year.
    pub annual_return: Option<f64>,
    /// Standard deviation of the returns, a year.
    pub volatility: Option<f64>,
    /// Mean return over cash by its standard deviation, a year.
    pub sharpe_ratio: Option<f64>,
    /// In place of it where there is no risk-free rate at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_to_risk: Option<f64>,
    /// The deepest fall from a high, on period ends.
    pub max_drawdown: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown: DrawdownTimes,
    /// The same on daily prices.
    pub max_drawdown_daily: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown_daily: DailyDrawdownTimes,
}

/// A calendar year, or the part of it that the window has. A period is of the year in which its last trading day lies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CalendarYear {
    /// The year.
    pub year: i32,
    /// The label before its first period.
    pub from: Option<NaiveDate>,
    /// Label of its last period.
    pub to: Option<NaiveDate>,
    /// Its periods.
    pub periods: usize,
    /// True of the first and the last year of a window where it has a part of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// By series; null where it lacks a period of the year.
    pub series: IndexMap<String, OfYear>,
}

/// One series in one year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct OfYear {
    /// From the price before the year to the last one in it.
    pub total_return: Option<f64>,
    /// Standard deviation of the returns, a year.
    pub volatility: Option<f64>,
    /// The deepest fall from a high within it, on period ends.
    pub max_drawdown: Option<f64>,
}

impl SideBySide {
    /// Over the rows from the first to the last that all series have returns on; empty where there is none.
    pub(super) fn of(study: &Study, series: &[Compared], risk_free: &RiskFree) -> Self {
        let panel = study.panel();
        let present = |column: usize, row: usize| panel.column(column)[row].is_finite();
        let common = |row: &usize| series.iter().all(|one| present(one.column, *row));
        let first = (0..panel.rows()).find(common);
        let Some((first, last)) = first.zip((0..panel.rows()).rev().find(common)) else { return Self::default() };
        let rows = first..last + 1;
        let mut found = Self {
            from: Some(panel.label_before(first)),
            to: Some(panel.label_before(last + 1)),
            periods: rows.len(),
            ..Self::default()
        };
        for one in series {
            let profile = profile(study, one, rows.clone(), risk_free);
            let n = rows.clone().filter(|row| present(one.column, *row)).count();
            let figures = SideFigures::of(profile, n);
            for (field, why) in &figures.1 {
                found.missing.push((one.ticker.to_string(), (*field).to_owned(), (*why).to_owned()));
            }
            found.series.insert(one.ticker.to_string(), figures.0);
        }
        found
    }
}

impl SideFigures {
    /// The figures of a profile, and of those that are null why.
    fn of(profile: PerformanceProfile, n: usize) -> (Self, Vec<(&'static str, &'static str)>) {
        const OWN: [&str; 6] =
            ["total_return", "annual_return", "volatility", "sharpe_ratio", "max_drawdown", "max_drawdown_daily"];
        let missing = profile.undefined.iter().filter(|(field, _)| OWN.contains(field)).copied().collect();
        let figures = Self {
            n,
            total_return: profile.total_return,
            annual_return: profile.annual_return,
            volatility: profile.volatility,
            sharpe_ratio: profile.sharpe_ratio,
            return_to_risk: profile.return_to_risk,
            max_drawdown: profile.max_drawdown,
            drawdown: profile.drawdown,
            max_drawdown_daily: profile.max_drawdown_daily,
            drawdown_daily: profile.drawdown_daily,
        };
        (figures, missing)
    }
}

impl CalendarYear {
    /// The years of a study's window, in order.
    pub(super) fn all(study: &Study, series: &[Compared], risk_free: &RiskFree) -> Vec<Self> {
        let panel = study.panel();
        let year = |row: usize| ended(panel, panel.labels()[row]).year();
        let mut years: Vec<Range<usize>> = Vec::new();
        for row in 0..panel.rows() {
            match years.last_mut().filter(|last| year(last.start) == year(row)) {
                Some(last) => last.end = row + 1,
                None => years.push(row..row + 1),
            }
        }
        years.into_iter().map(|rows| Self::of(study, year(rows.start), rows, series, risk_free)).collect()
    }

    fn of(study: &Study, year: i32, rows: Range<usize>, series: &[Compared], risk_free: &RiskFree) -> Self {
        let panel = study.panel();
        let figures = |one: &Compared| {
            let whole = panel.column(one.column)[rows.clone()].iter().all(|r| r.is_finite());
            let profile =
                if whole { profile(study, one, rows.clone(), risk_free) } else { PerformanceProfile::default() };
            let PerformanceProfile { total_return, volatility, max_drawdown, .. } = profile;
            (one.ticker.to_string(), OfYear { total_return, volatility, max_drawdown })
        };
        Self {
            year,
            from: Some(panel.label_before(rows.start)),
            to: Some(panel.label_before(rows.end)),
            periods: rows.len(),
            partial: is_partial(study, year, &rows),
            series: series.iter().map(figures).collect(),
        }
    }
}

/// True where the window begins within the year, or ends before its last period.
fn is_partial(study: &Study, year: i32, rows: &Range<usize>) -> bool {
    let panel = study.panel();
    let starts_within = ended(panel, panel.label_before(rows.start)).year() == year;
    let of_year =
        NaiveDate::from_ymd_opt(year, 12, 31).map(|last| panel.window().calendar.last_day(Period::month_of(last)));
    let last = panel.label_before(rows.end);
    let goes_on = match Period::of(panel.frequency(), last) {
        Some(period) => panel.window().calendar.last_day(period.next()).year() == year,
        None => of_year.is_some_and(|of_year| last < of_year),
    };
    let ends_within = rows.end == panel.rows() && goes_on;
    starts_within || ends_within
}

fn profile(study: &Study, one: &Compared, rows: Range<usize>, risk_free: &RiskFree) -> PerformanceProfile {
    profile_over(study.panel(), one.column, rows, (risk_free.over(&one.ticker), None))
}
