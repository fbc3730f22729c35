//! Risk and return per factor.

use std::fmt::Write as _;

use chrono::NaiveDate;
use factor_analytics::{
    report::{FactorProfile, SortBy},
    sections::performance::{DrawdownTimes, PerformanceProfile},
    study::History,
};
use factor_types::Ticker;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};

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
        profile_fields::{picked, schema_of_some},
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
    ..Spec::of(Some(AnalysisKind::Performance), 10, put_full, |generator| {
        let some = schemas::map_of(&schema_of_some());
        vec![("per_factor", schemas::or_some_fields(&generator.subschema_for::<Profiles>(), &some))]
    })
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

/// What a summary shows of a profile in a window of so many rows: these fields, and the rows that they rest on where those are
/// fewer.
pub(super) fn in_short(
    profile: &impl Serialize,
    fields: &[&str],
    history: &History,
    rows: usize,
) -> Map<String, Value> {
    let mut short = picked(profile, fields);
    if history.observations < rows {
        short.extend(picked(history, &["observations", "first", "last"]));
    }
    short
}

/// A factor as a list or a table of a summary has it. Whether it has stopped or is young stands before its figures.
fn line(answer: &AnalysisAnswer, entry: &FactorProfile, fields: &[&str]) -> Map<String, Value> {
    let mut line = Map::from_iter([("label".to_owned(), json!(shortened(&entry.label, LONGEST_LABEL)))]);
    if answer.query.fields.named.is_none() {
        line.extend(picked(entry, &["category", "stopped", "young"]));
    }
    line.extend(in_short(entry, fields, &entry.history, answer.analysis.study.panel().rows()));
    line
}

/// True where the call picks what it asks for, and a summary has room for all of it.
fn all_fit(answer: &AnalysisAnswer, profiles: &Profiles) -> bool {
    answer.query.common.picked.is_some() && profiles.len() <= answer.query.lists.top
}

/// What a summary shows of profiles.
pub(super) fn fields_in_summary(answer: &AnalysisAnswer) -> Vec<&'static str> {
    let all_fit = profiles(&answer.analysis).is_some_and(|profiles| all_fit(answer, profiles));
    let sorted_by = sort_by(answer).unwrap_or_default().field();
    answer.query.fields.in_summary(all_fit, sorted_by)
}

/// One table of what was picked, where it has room for all, by ticker and sorted; else the first and the last.
fn put_summary(answer: &AnalysisAnswer, lists: ListSizes, fields: &mut Fields) {
    let Some(per_factor) = profiles(&answer.analysis).filter(|profiles| !profiles.is_empty()) else { return };
    let shown = fields_in_summary(answer);
    if all_fit(answer, per_factor) {
        let rows = per_factor.iter().map(|(ticker, entry)| (ticker, line(answer, entry, &shown)));
        fields.put("per_factor", &rows.collect::<IndexMap<_, _>>());
        return;
    }
    let listed = |(ticker, entry): (&Ticker, &FactorProfile)| {
        let mut listed = Map::from_iter([("ticker".to_owned(), json!(ticker))]);
        listed.extend(line(answer, entry, &shown));
        listed
    };
    let ranked = ranked(answer, per_factor);
    let (top, bottom) = first_and_last(&ranked, lists.top);
    let stopped: Vec<_> = stopped(per_factor).take(lists.top).collect();
    for (name, rows) in [("top", top), ("bottom", bottom), ("stopped", stopped.iter().collect())] {
        if !rows.is_empty() {
            fields.put(name, &rows.into_iter().copied().map(listed).collect::<Vec<_>>());
        }
    }
}

/// The table in full: whole profiles, or of each what is asked for.
fn put_full(answer: &AnalysisAnswer, fields: &mut Fields) {
    let Some(per_factor) = profiles(&answer.analysis) else { return };
    match &answer.query.fields.named {
        None => fields.put("per_factor", per_factor),
        Some(named) => {
            let rows = per_factor.iter().map(|(ticker, entry)| (ticker, picked(entry, named)));
            fields.put("per_factor", &rows.collect::<IndexMap<_, _>>());
        }
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
