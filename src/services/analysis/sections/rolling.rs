//! Correlations over moving windows: what the pairs of each matrix come to, and the series of pairs asked for by name.

use std::fmt::Write as _;

use chrono::NaiveDate;
use factor_analytics::{
    correlation::Method,
    report::CorrelationReport,
    rolling::summary_of,
    sections::rolling::{RollingPair, RollingPairs, RollingSeries, RollingTable},
};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::{
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Report},
    answer::{
        Fields, Part, Rounding,
        markdown::{decimal, table, title},
    },
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::{ListSizes, Query},
        note::Note,
        summary,
    },
};

pub(super) const SPEC: Spec = Spec {
    summary: at(50, put_summary),
    report: at(80, |answer, text| {
        if let Some(report) = answer.correlations() {
            write_tables(text, report, answer.query.lists);
            write_series(text, report);
        }
    }),
    metadata: at(10, put_metadata),
    convention: at(60, |analysis| {
        let report = report(analysis)?;
        let there = !report.rolling.is_empty() || !report.rolling_series.is_empty();
        there.then_some(("rolling", CONVENTION))
    }),
    timings: at(60, put_timings),
    notes: at(90, notes),
    not_computed: at(10, |analysis| {
        let report = report(analysis)?;
        let none = report.rolling.is_empty() && report.skipped.is_empty();
        none.then_some("no matrix is asked for whose pairs it could follow; name categories")
    }),
    more: |analysis| report(analysis).is_some_and(|report| !report.rolling.is_empty()),
    goes: at(50, &["rolling_series", "rolling"]),
    ..Spec::of(Some(AnalysisKind::Correlations), 50, put_full, schema)
};

/// How the figures are made.
const CONVENTION: &str = "Pearson over every whole window of that many periods (a value needs each of them on both sides); latest: of the newest such window; sd with ddof 1 and stability = max(0, 1 - sd) from 12 windows on; least stable pairs first";

fn report(analysis: &Analysis) -> Option<&CorrelationReport> {
    match analysis.report() {
        Report::Correlations(report) => Some(report),
        Report::Performance(_) | Report::Returns(_) => None,
    }
}

fn schema(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
    let pairs = schemas::map_of(&schemas::map_of(&generator.subschema_for::<Vec<Pair<'_>>>()));
    vec![("rolling", pairs), ("rolling_series", schemas::map_of(&schemas::table()))]
}

/// What has to be known of them.
fn notes(analysis: &Analysis) -> Vec<Note> {
    let mut notes = Vec::new();
    let Some(report) = report(analysis) else { return notes };
    if report.rolling.is_empty() && report.rolling_series.is_empty() {
        return notes;
    }
    if analysis.study.slice().is_some() {
        notes.push(Note::RollingOfAllPeriods);
    }
    if report.method != Method::Pearson {
        notes.push(Note::RollingIsPearson);
    }
    let held = report.rolling.iter().filter_map(|(name, table)| Some((name, table.held()?)));
    notes.extend(held.map(|(matrix, (kept, of))| Note::LeastStableOf { matrix: matrix.clone(), kept, of }));
    let (lengths, periods) =
        (report.rolling.values().flat_map(|table| table.windows.keys()), analysis.study.panel().rows());
    if let Some(longest) = lengths.copied().max().filter(|longest| *longest > periods) {
        notes.push(Note::NoWholeWindow { longest, periods });
    }
    for series in &report.rolling_series {
        if let Err(missing) = &series.windows {
            notes.push(Note::NoSeries { a: series.a.clone(), b: series.b.clone(), missing: missing.clone() });
        }
    }
    notes
}

/// Every pair summed up, and the series of those asked for by name.
fn put_full(answer: &AnalysisAnswer, fields: &mut Fields) {
    let Some(report) = answer.correlations() else { return };
    let (labels, rounding, room) = (answer.analysis.study.panel().labels(), answer.query.rounding(), fields.room());
    let tables = report.rolling.iter().map(|(name, table)| {
        let of_window = |(window, of): (&usize, &RollingPairs)| {
            let pairs = of.pairs.iter().map(|pair| Pair::of(table, pair, labels));
            (window.to_string(), Part::list((of.pairs.len(), pairs), rounding, room))
        };
        (name.clone(), Part::Fields(table.windows.iter().map(of_window).collect()))
    });
    fields.put_filled("rolling", tables.collect());
    let series = report.rolling_series.iter().filter_map(|one| series_in_full(one, labels, rounding));
    fields.put_filled("rolling_series", series.collect());
}

/// The least stable pairs of each matrix, and what the pairs asked for by name come to.
fn put_summary(answer: &AnalysisAnswer, lists: ListSizes, fields: &mut Fields) {
    let Some(report) = answer.correlations() else { return };
    let labels = answer.analysis.study.panel().labels();
    let mut tables = Fields::rounded(summary::ROUNDING);
    for (name, table) in &report.rolling {
        if let Some(least) = LeastStable::of(table, labels, lists.per_matrix) {
            tables.put_parts(name.as_str(), &least);
        }
    }
    fields.put_filled("rolling", tables);
    let mut pairs = Fields::rounded(summary::ROUNDING);
    for series in &report.rolling_series {
        if let Ok(windows) = &series.windows {
            let windows = windows.iter().map(|(window, values)| (window, PairBrief::of(values, labels)));
            pairs.put_parts(format!("{}/{}", series.a, series.b), &windows.collect::<IndexMap<_, _>>());
        }
    }
    fields.put_filled("rolling_series", pairs);
}

fn put_metadata(_: &Analysis, query: &Query, metadata: &mut Fields) {
    if let crate::analysis::Plan::Correlations(plan) = &query.request.plan
        && let Some(rolling) = &plan.rolling
    {
        metadata.put("rolling_windows", &rolling.windows);
    }
}

fn put_timings(analysis: &Analysis, _: &Query, fields: &mut Fields) {
    if report(analysis).is_some_and(|report| !report.rolling.is_empty()) {
        let rolling = analysis.timings().iter().filter(|(name, _)| name.starts_with("rolling"));
        fields.put("rolling_ms", &rolling.map(|(_, took)| took).sum::<f64>());
    }
}

/// One pair and window.
#[derive(Serialize, JsonSchema)]
struct Pair<'a> {
    a: &'a str,
    b: &'a str,
    latest: Option<f64>,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    sd: Option<f64>,
    stability: Option<f64>,
    windows: usize,
    /// Only where the newest whole window is not the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_date: Option<NaiveDate>,
}

impl<'a> Pair<'a> {
    fn of(table: &'a RollingTable, pair: &RollingPair, labels: &[NaiveDate]) -> Self {
        let (of, [a, b]) = (&pair.summary, pair.names(table));
        Self {
            a,
            b,
            latest: of.latest,
            mean: of.mean,
            min: of.min,
            max: of.max,
            sd: of.sd,
            stability: of.stability,
            windows: of.windows,
            latest_date: old_label(of.latest_row, labels),
        }
    }
}

/// The label of a row that is not the last.
fn old_label(row: Option<usize>, labels: &[NaiveDate]) -> Option<NaiveDate> {
    row.filter(|row| row + 1 < labels.len()).and_then(|row| labels.get(row).copied())
}

/// Per window length {last period of a window: r or null}, from the first that could be whole.
fn series_in_full(series: &RollingSeries, labels: &[NaiveDate], rounding: Rounding) -> Option<(String, Part)> {
    let windows = series.windows.as_ref().ok()?.iter().map(|(window, values)| {
        let whole = labels.iter().zip(values).skip(window.saturating_sub(1));
        (window.to_string(), rounding.write(&whole.collect::<IndexMap<_, _>>()))
    });
    Some((format!("{}/{}", series.a, series.b), Part::Fields(windows.collect())))
}

/// The least stable pairs of a matrix by the longest window at which they have one.
#[derive(Serialize)]
struct LeastStable<'a> {
    window: usize,
    pairs: usize,
    median_stability: Option<f64>,
    least_stable: Vec<Pair<'a>>,
}

impl<'a> LeastStable<'a> {
    /// `None` where no pair has a stability.
    fn of(table: &'a RollingTable, labels: &[NaiveDate], size: usize) -> Option<Self> {
        let (window, of) = table.longest_window()?;
        let least = of.pairs.iter().take(size.min(of.with_stability));
        Some(Self {
            window,
            pairs: of.with_stability,
            median_stability: of.median_stability,
            least_stable: least.map(|pair| Pair::of(table, pair, labels)).collect(),
        })
    }
}

/// What a pair's rolling correlation comes to.
#[derive(Serialize)]
struct PairBrief {
    windows: usize,
    /// Only where the newest whole window is not the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_date: Option<NaiveDate>,
    latest: Option<f64>,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    sd: Option<f64>,
}

impl PairBrief {
    fn of(values: &[Option<f64>], labels: &[NaiveDate]) -> Self {
        let of = summary_of(values);
        let latest_date = old_label(of.latest_row, labels);
        Self { windows: of.windows, latest_date, latest: of.latest, mean: of.mean, min: of.min, max: of.max, sd: of.sd }
    }
}

/// The pairs whose rolling correlation varies most.
fn write_tables(text: &mut String, report: &CorrelationReport, lists: ListSizes) {
    for (name, table) in &report.rolling {
        let Some((window, of)) = table.longest_window() else { continue };
        let _ = write!(text, "\n## {}: least stable over {window} periods\n\n", title(name));
        let row = |pair: &RollingPair| {
            let of = &pair.summary;
            let figures = [of.latest, of.mean, of.min, of.max, of.sd, of.stability].map(|value| decimal(value, 2));
            pair.names(table).map(str::to_owned).into_iter().chain(figures).chain([of.windows.to_string()]).collect()
        };
        let known = of.pairs.iter().filter(|pair| pair.summary.stability.is_some());
        let rows = known.take(lists.per_matrix).map(row).collect();
        crate::answer::markdown::table(
            text,
            &["a", "b", "latest", "mean", "lowest", "highest", "sd", "stability", "windows"],
            2,
            rows,
        );
    }
}

/// The pairs whose rolling correlation was asked for by name.
fn write_series(text: &mut String, report: &CorrelationReport) {
    let found = report.rolling_series.iter().filter_map(|series| Some((series, series.windows.as_ref().ok()?)));
    let row = |series: &RollingSeries, window: usize, values: &[Option<f64>]| {
        let of = summary_of(values);
        let figures = [of.latest, of.mean, of.min, of.max, of.sd].map(|value| decimal(value, 2));
        let named = [format!("{}/{}", series.a, series.b), window.to_string()];
        named.into_iter().chain(figures).chain([of.windows.to_string()]).collect()
    };
    let rows: Vec<Vec<String>> = found
        .flat_map(|(series, windows)| windows.iter().map(move |(window, values)| row(series, *window, values)))
        .collect();
    if !rows.is_empty() {
        let _ = write!(text, "\n## Rolling correlations of pairs\n\n");
        table(text, &["pair", "periods", "latest", "mean", "lowest", "highest", "sd", "windows"], 1, rows);
    }
}
