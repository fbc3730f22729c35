//! Returns per category and window.

use std::fmt::Write as _;

use factor_analytics::sections::returns::CategoryReturns;
use factor_types::Category;
use indexmap::IndexMap;
use serde::Serialize;

use super::{
    rankings, schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::AnalysisKind,
    answer::{
        Fields,
        markdown::{percent, table},
    },
    services::analysis::{answer::AnalysisAnswer, arguments::ListSizes, summary},
};

/// Per category and window.
type Categories = IndexMap<Category, IndexMap<String, CategoryReturns>>;

pub(super) const SPEC: Spec = Spec {
    summary: at(20, put_summary),
    report: at(20, write_report),
    ..Spec::of(
        Some(AnalysisKind::Returns),
        40,
        |answer, fields| {
            fields.put_some("by_category", answer.returns().and_then(|report| report.by_category.as_ref()));
        },
        |generator| schemas::field::<Categories>("by_category", generator),
    )
};

/// A category over one window.
#[derive(Serialize)]
struct CategoryLine<A, B, C> {
    avg_return: A,
    best: B,
    worst: C,
    /// Factors that the mean is of.
    count: usize,
}

fn put_summary(answer: &AnalysisAnswer, _: ListSizes, fields: &mut Fields) {
    // A table of all returns needs no means.
    let Some(report) = answer.returns().filter(|report| !rankings::all_fit(answer, report)) else { return };
    let mut by_category = Fields::rounded(summary::ROUNDING);
    for (category, windows) in report.by_category.iter().flatten() {
        let windows = windows.iter().map(|(window, entry)| {
            let (avg_return, best, worst) = (&entry.avg_return, &entry.best, &entry.worst);
            (window, CategoryLine { avg_return, best, worst, count: entry.count })
        });
        by_category.put(category.to_string(), &windows.collect::<IndexMap<_, _>>());
    }
    fields.put_filled("by_category", by_category.into_table());
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let Some(report) = answer.returns() else { return };
    let Some(by_category) = &report.by_category else { return };
    let _ = write!(text, "\n## Mean return by category\n\n");
    let windows: Vec<&str> = report.windows.keys().map(String::as_str).collect();
    let header: Vec<&str> = std::iter::once("category").chain(windows.iter().copied()).collect();
    let row = |(category, entries): (&Category, &IndexMap<String, CategoryReturns>)| {
        let cells = windows.iter().map(|window| percent(entries.get(*window).and_then(|entry| entry.avg_return)));
        std::iter::once(category.to_string()).chain(cells).collect()
    };
    table(text, &header, 1, by_category.iter().map(row).collect());
}
