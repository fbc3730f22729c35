//! Risk and return per factor.

use std::fmt::Write as _;

use chrono::NaiveDate;
use factor_analytics::{
    report::{FactorProfile, SortBy},
    sections::performance::{DrawdownTimes, PerformanceProfile},
    study::History,
};
use factor_types::{Category, Ticker};
use indexmap::IndexMap;
use serde::Serialize;

use super::{
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Report},
    answer::{
        Fields,
        markdown::{decimal, percent, table},
        shortened,
    },
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::ListSizes,
        summary::{LONGEST_LABEL, first_and_last},
    },
};

/// What a sorted table of factors has.
type Profiles = IndexMap<Ticker, FactorProfile>;

/// The columns of a report's tables of profiles, after the names.
pub(super) const FIGURES: [&str; 10] = [
    "annual return",
    "volatility",
    "Sharpe",
    "Sortino",
    "drawdown",
    "peak, trough, regained",
    "daily",
    "beta",
    "alpha",
    "up/down",
];

pub(super) const SPEC: Spec = Spec {
    summary: at(10, put_summary),
    report: at(10, write_report),
    timings: at(10, |analysis, _, fields| {
        fields.put("performance_profiles_ms", &analysis.timings().get("per_factor"));
    }),
    ..Spec::of(
        Some(AnalysisKind::Performance),
        10,
        |answer, fields| fields.put_some("per_factor", profiles(&answer.analysis)),
        |generator| schemas::field::<Profiles>("per_factor", generator),
    )
};

fn profiles(analysis: &Analysis) -> Option<&Profiles> {
    match analysis.report() {
        Report::Performance(report) => report.per_factor.as_ref(),
        Report::Correlations(_) | Report::Returns(_) => None,
    }
}

/// By what the table is sorted.
fn sort_by(answer: &AnalysisAnswer) -> Option<SortBy> {
    match answer.analysis.report() {
        Report::Performance(report) => Some(report.sorted_by),
        Report::Correlations(_) | Report::Returns(_) => None,
    }
}

/// The factors that have not stopped and have what the table is sorted by, in its order: one without is neither first nor
/// last.
fn ranked<'a>(answer: &AnalysisAnswer, profiles: &'a Profiles) -> Vec<(&'a Ticker, &'a FactorProfile)> {
    let ranks =
        |entry: &FactorProfile| sort_by(answer).is_none_or(|by| by.value(&entry.history, &entry.profile).is_some());
    let alive = profiles.iter().filter(|(_, entry)| entry.history.stopped.is_none());
    alive.filter(|(_, entry)| ranks(entry)).collect()
}

/// Those that stopped before the window's end.
fn stopped(profiles: &Profiles) -> impl Iterator<Item = (&Ticker, &FactorProfile)> {
    profiles.iter().filter(|(_, entry)| entry.history.stopped.is_some())
}

/// The figures of a profile that a summary has.
#[derive(Serialize)]
pub(super) struct Brief {
    annual_return: Option<f64>,
    volatility: Option<f64>,
    sharpe_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to_risk: Option<f64>,
    max_drawdown: Option<f64>,
    beta: Option<f64>,
    #[serde(flatten)]
    fewer: Option<Fewer>,
}

/// The rows that figures rest on, where they are fewer than the window's.
#[derive(Serialize)]
struct Fewer {
    observations: usize,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
}

impl Brief {
    /// The figures of a profile in a window of so many rows.
    pub(super) fn of(profile: &PerformanceProfile, history: &History, rows: usize) -> Self {
        let fewer = || Fewer { observations: history.observations, first: history.first, last: history.last };
        Self {
            fewer: (history.observations < rows).then(fewer),
            annual_return: profile.annual_return,
            volatility: profile.volatility,
            sharpe_ratio: profile.sharpe_ratio,
            return_to_risk: profile.return_to_risk,
            max_drawdown: profile.max_drawdown,
            beta: profile.beta,
        }
    }
}

#[derive(Serialize)]
struct FactorLine<'a> {
    ticker: &'a Ticker,
    label: String,
    category: Category,
    /// The date of its last price, where it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<NaiveDate>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    young: bool,
    #[serde(flatten)]
    figures: Brief,
}

fn put_summary<'a>(answer: &'a AnalysisAnswer, lists: ListSizes, fields: &mut Fields) {
    let Some(per_factor) = profiles(&answer.analysis) else { return };
    let window = answer.analysis.study.panel().rows();
    let line = |(ticker, entry): (&'a Ticker, &'a FactorProfile)| FactorLine {
        ticker,
        label: shortened(&entry.label, LONGEST_LABEL),
        category: entry.category,
        stopped: entry.history.stopped,
        young: entry.history.young,
        figures: Brief::of(&entry.profile, &entry.history, window),
    };
    let rows: Vec<FactorLine<'_>> = ranked(answer, per_factor).into_iter().map(line).collect();
    let (top, bottom) = first_and_last(&rows, lists.top);
    fields.put("top", &top);
    fields.put("bottom", &bottom);
    let stopped: Vec<_> = stopped(per_factor).take(lists.top).map(line).collect();
    if !stopped.is_empty() {
        fields.put("stopped", &stopped);
    }
}

/// The cells of a profile in a report.
pub(super) fn figures(profile: &PerformanceProfile) -> Vec<String> {
    vec![
        percent(profile.annual_return),
        percent(profile.volatility),
        decimal(profile.sharpe_ratio, 2),
        decimal(profile.sortino_ratio, 2),
        percent(profile.max_drawdown),
        times(&profile.drawdown),
        percent(profile.max_drawdown_daily),
        decimal(profile.beta, 2),
        percent(profile.alpha),
        format!("{}/{}", decimal(profile.up_capture, 2), decimal(profile.down_capture, 2)),
    ]
}

/// The months of a drawdown's peak, of its trough, and of the return to the peak's height.
fn times(drawdown: &DrawdownTimes) -> String {
    let month = |date: Option<NaiveDate>| date.map_or_else(|| "-".to_owned(), |date| date.format("%Y-%m").to_string());
    match drawdown.drawdown_trough {
        None => "-".to_owned(),
        trough => {
            let [peak, regained] = [drawdown.drawdown_peak, drawdown.drawdown_recovery].map(month);
            format!("{peak}, {}, {regained}", month(trough))
        }
    }
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let (Some(sort_by), Some(per_factor)) = (sort_by(answer), profiles(&answer.analysis)) else { return };
    let size = answer.query.lists.top;
    let row = |(ticker, entry): (&Ticker, &FactorProfile)| {
        let names = [ticker.to_string(), entry.label.clone(), entry.category.to_string()];
        names.into_iter().chain(figures(&entry.profile)).collect()
    };
    let all: Vec<Vec<String>> = ranked(answer, per_factor).into_iter().map(row).collect();
    let (top, bottom) = (size.min(all.len().div_ceil(2)), size.min(all.len() / 2));
    let header: Vec<&str> = ["ticker", "label", "category"].into_iter().chain(FIGURES).collect();
    let (first, last) = if sort_by.is_ascending() { ("Lowest", "Highest") } else { ("Highest", "Lowest") };
    let _ = write!(text, "\n## {first} {}\n\n", sort_by.field());
    table(text, &header, 3, all[..top].to_vec());
    let _ = write!(text, "\n## {last} {}\n\n", sort_by.field());
    table(text, &header, 3, all[all.len() - bottom..].to_vec());
    let named = stopped(per_factor).take(size).filter_map(|(ticker, entry)| Some((ticker, entry.history.stopped?)));
    let named: Vec<String> = named.map(|(ticker, last)| format!("{ticker} (last price {last})")).collect();
    if !named.is_empty() {
        let _ = write!(text, "\nNot ranked, stopped before the window's end: {}.\n", named.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawdown_that_is_not_regained_says_so() {
        let day = |text: &str| Some(text.parse().unwrap());
        let fall = DrawdownTimes {
            drawdown_peak: day("2021-12-31"),
            drawdown_trough: day("2022-09-30"),
            ..DrawdownTimes::default()
        };
        assert_eq!(times(&fall), "2021-12, 2022-09, -");
        assert_eq!(times(&DrawdownTimes { drawdown_recovery: day("2023-12-31"), ..fall }), "2021-12, 2022-09, 2023-12");
        assert_eq!(times(&DrawdownTimes::default()), "-");
    }
}
