//! The summary: what a reader needs first, in at most a few thousand characters.

use chrono::NaiveDate;
use factor_analytics::sections::windows::WindowSpan;
use factor_types::Frequency;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::AnalysisAnswer,
    arguments::{ListSizes, Query},
    regime,
    sections::{Section, placed},
};
use crate::{
    analysis::{Analysis, Report},
    answer::{Fields, Limit, Rounding},
};

/// How a summary is rounded.
pub(super) const ROUNDING: Rounding = Rounding::Decimals(4);

/// How p-values and what they rest on are rounded.
pub(super) const P_VALUES: Rounding = Rounding::Significant(3);

/// The longest label in a list of a summary, in characters.
pub(super) const LONGEST_LABEL: usize = 60;

/// A summary for which no list length was asked takes at most this many characters, with all that stands around it.
const LONGEST: usize = 8_000;

/// What the caller's groups may add to it: lists do not shrink because groups were saved.
const FOR_GROUPS: usize = 2_000;

/// The summary of an analysis, rounded. Lists whose length the call left open are shortened until it fits.
pub(super) fn of(answer: &AnalysisAnswer) -> Fields {
    let (frame, mut lists) = (answer.frame(), answer.query.lists);
    let longest = longest(&answer.query);
    loop {
        let summary = with_lists(answer, lists);
        if lists.asked || lists.top <= 1 || frame.around(summary.clone()).chars() <= longest {
            return summary;
        }
        lists.top -= 1;
        lists.per_matrix = lists.per_matrix.min(lists.top);
    }
}

/// How long a summary may be: what its call allows, and no longer than is usual where that names no length.
pub(super) fn limit(query: &Query) -> Limit {
    let longest = longest(query);
    match query.common.max_chars {
        Some(most) if query.lists.asked || most <= longest => Limit::MaxChars(most),
        None if query.lists.asked => Limit::None,
        _ => Limit::Summary(longest),
    }
}

fn longest(query: &Query) -> usize {
    LONGEST + if query.request.groups.groups.is_empty() { 0 } else { FOR_GROUPS }
}

fn with_lists(answer: &AnalysisAnswer, lists: ListSizes) -> Fields {
    let analysis = &answer.analysis;
    let mut fields = Fields::rounded(ROUNDING);
    match analysis.report() {
        Report::Correlations(_) => {}
        Report::Performance(report) => {
            fields.put("sorted_by", report.sorted_by.field());
            fields.put_some("sort_order", report.sorted_by.is_ascending().then_some("asc"));
        }
        Report::Returns(report) => fields.put_whole("windows", &report.windows.keys().collect::<Vec<_>>()),
    }
    for (section, put) in placed(|spec| spec.summary.filter(|_| spec.parent.is_none())) {
        if section.spec().kind.is_none_or(|kind| kind == analysis.kind()) {
            put(answer, lists, &mut fields);
        }
    }
    match analysis.report() {
        Report::Correlations(_) => fields.put_some("regime", regime::summary(analysis).as_ref()),
        Report::Performance(report) => fields.put("risk_free_source", &report.risk_free.source),
        Report::Returns(_) => {}
    }
    fields.put("factors_analyzed", &answer.quality.factors_analyzed);
    put_dates(answer, &mut fields);
    fields.put_parts("data_quality", &answer.quality.short());
    fields.put_whole("more", &format!("include: {}", more(analysis).join(", ")));
    fields
}

/// Puts in what the figures are of: the newest price used, the window, and in returns the dates of each window.
pub(super) fn put_dates(answer: &AnalysisAnswer, fields: &mut Fields) {
    fields.put_whole("as_of", &answer.analysis.study.panel().as_of());
    fields.put_whole("period", &Period::of(&answer.analysis));
    put_window_dates(answer, fields);
}

/// Puts in the dates of each window of returns: of the prices that it lies between.
pub(super) fn put_window_dates(answer: &AnalysisAnswer, fields: &mut Fields) {
    if let Report::Returns(report) = answer.analysis.report() {
        let dates = report.windows.iter().map(|(name, span)| (name, WindowDates::of(answer, span)));
        fields.put("window_dates", &dates.collect::<IndexMap<_, _>>());
    }
}

/// The sections that can be asked for by name.
fn more(analysis: &Analysis) -> Vec<&'static str> {
    let named = Section::ALL.into_iter().filter(|section| {
        let spec = section.spec();
        spec.kind.is_none_or(|kind| kind == analysis.kind()) && (spec.more)(analysis)
    });
    named.map(Section::as_str).collect()
}

/// The first and the last rows of a sorted table, the last one first; no row is in both.
pub(super) fn first_and_last<T>(rows: &[T], size: usize) -> (Vec<&T>, Vec<&T>) {
    let top = size.min(rows.len().div_ceil(2));
    let bottom = size.min(rows.len() / 2);
    (rows.iter().take(top).collect(), rows.iter().rev().take(bottom).collect())
}

/// What the figures are of.
#[derive(Serialize, JsonSchema)]
pub(super) struct Period<'a> {
    pub(super) from: NaiveDate,
    pub(super) to: Option<&'a NaiveDate>,
    frequency: Frequency,
    periods: usize,
    price_source: &'a str,
}

impl<'a> Period<'a> {
    pub(super) fn of(analysis: &'a Analysis) -> Self {
        let panel = analysis.study.panel();
        // In returns the windows, not the prices that were loaded for them.
        let windows = match analysis.report() {
            Report::Returns(report) => report.windows.values().filter(|span| span.periods > 0).collect(),
            Report::Correlations(_) | Report::Performance(_) => Vec::new(),
        };
        let rows = windows.iter().filter_map(|span| span.rows()).reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
        let days = windows.iter().filter(|span| span.is_of_days()).map(|span| span.periods).max();
        Self {
            from: windows.iter().filter_map(|span| span.start).min().unwrap_or(panel.base()),
            to: windows.iter().filter_map(|span| span.end.as_ref()).max().or(panel.labels().last()),
            frequency: panel.frequency(),
            periods: rows.map(|rows| rows.len()).or(days).unwrap_or(panel.rows()),
            price_source: analysis.source.name,
        }
    }
}

/// The rows of one window of returns.
#[derive(Serialize, JsonSchema)]
pub(super) struct WindowDates<'a> {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    periods: usize,
    /// Why nothing has a return over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> WindowDates<'a> {
    fn of(answer: &AnalysisAnswer, span: &'a WindowSpan) -> Self {
        let of_days = span.is_of_days();
        let of = |label: Option<NaiveDate>| label.map(|label| if of_days { label } else { price_date(answer, label) });
        Self { from: of(span.start), to: of(span.end), periods: span.periods, reason: span.reason.as_deref() }
    }
}

/// The date of the price that a period with this label ends with: of the benchmark, or of the factor with the newest one
/// where that has none.
fn price_date(answer: &AnalysisAnswer, label: NaiveDate) -> NaiveDate {
    let panel = answer.analysis.study.panel();
    let of_benchmark = panel.position(&answer.query.request.benchmark).and_then(|at| panel.price_date(at, label));
    let of_others = || (0..panel.columns().len()).filter_map(|at| panel.price_date(at, label)).max();
    of_benchmark.or_else(of_others).unwrap_or(label)
}

#[cfg(test)]
mod tests {
    use super::first_and_last;

    #[test]
    fn no_row_is_among_the_first_and_the_last() {
        let of = |rows: &[u32], size: usize| {
            let (first, last) = first_and_last(rows, size);
            (first.into_iter().copied().collect::<Vec<_>>(), last.into_iter().copied().collect::<Vec<_>>())
        };
        assert_eq!(of(&[1, 2, 3, 4, 5], 2), (vec![1, 2], vec![5, 4]));
        assert_eq!(of(&[1, 2, 3], 5), (vec![1, 2], vec![3]));
        assert_eq!(of(&[1], 5), (vec![1], vec![]));
        assert_eq!(of(&[], 5), (vec![], vec![]));
    }
}
