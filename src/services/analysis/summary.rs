//! The summary: what a reader needs first, in at most a few thousand characters.

use chrono::NaiveDate;
use factor_types::Frequency;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::AnalysisAnswer,
    arguments::ListSizes,
    regime,
    sections::{Section, placed},
};
use crate::{
    analysis::{Analysis, Plan, Report},
    answer::{Fields, Rounding},
};

/// How a summary is rounded.
pub(super) const ROUNDING: Rounding = Rounding::Decimals(4);

/// A summary for which no list length was asked takes at most this many characters.
const LONGEST: usize = 8_000;

/// Room for what stands around a summary: status, analysis type, a note.
const FRAME: usize = 300;

/// The summary of an analysis, rounded. Lists whose length the call left open are shortened until it fits.
pub(super) fn of(answer: &AnalysisAnswer) -> Fields {
    let mut lists = answer.query.lists;
    loop {
        let summary = with_lists(answer, lists);
        if lists.asked || lists.top <= 1 || summary.chars() + FRAME <= LONGEST {
            return summary;
        }
        lists.top -= 1;
        lists.per_matrix = lists.per_matrix.min(lists.top);
    }
}

fn with_lists(answer: &AnalysisAnswer, lists: ListSizes) -> Fields {
    let analysis = &answer.analysis;
    let mut fields = Fields::rounded(ROUNDING);
    match analysis.report() {
        Report::Correlations(_) => {}
        Report::Performance(_) => {
            if let Plan::Performance(plan) = &answer.query.request.plan {
                fields.put("sorted_by", plan.sort_by.field());
                fields.put_some("sort_order", plan.sort_by.is_ascending().then_some("asc"));
            }
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
    fields.put("period", &Period::of(analysis));
    fields.put("as_of", &analysis.study.panel().as_of());
    fields.put_parts("data_quality", &answer.quality.short());
    fields.put_whole("more", &format!("include: {}", more(analysis).join(", ")));
    fields
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
    from: NaiveDate,
    to: Option<&'a NaiveDate>,
    frequency: Frequency,
    periods: usize,
    price_source: &'a str,
}

impl<'a> Period<'a> {
    fn of(analysis: &'a Analysis) -> Self {
        let panel = analysis.study.panel();
        Self {
            from: panel.base(),
            to: panel.labels().last(),
            frequency: panel.frequency(),
            periods: panel.rows(),
            price_source: analysis.source.name,
        }
    }
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
