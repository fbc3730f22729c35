//! Treasury yields at both ends of each window of returns.

use std::fmt::Write as _;

use chrono::NaiveDate;
use factor_analytics::sections::yield_changes::{YieldChange, YieldChanges};
use indexmap::IndexMap;

use super::{
    Section, schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Report},
    answer::{
        Fields,
        markdown::{decimal, table},
    },
    services::analysis::{answer::AnalysisAnswer, summary},
};

pub(super) const SPEC: Spec = Spec {
    summary: at(30, |answer, _, fields| put(answer, fields, Fields::rounded(summary::ROUNDING))),
    report: at(40, write_report),
    timings: at(20, |analysis, _, fields| fields.put("yields_ms", &analysis.timings().get("yields"))),
    not_computed: at(10, |analysis| {
        yields(analysis)
            .is_none_or(IndexMap::is_empty)
            .then_some("the price source has no Treasury yields at the ends of these windows; set FACTOR_YIELD_FILE")
    }),
    ..Spec::of(
        Some(AnalysisKind::Returns),
        50,
        |answer, fields| put(answer, fields, Fields::rounded(answer.query.rounding())),
        |generator| schemas::field::<YieldChanges>("yields", generator),
    )
};

fn yields(analysis: &Analysis) -> Option<&YieldChanges> {
    match analysis.report() {
        Report::Returns(report) => report.yields.as_ref(),
        Report::Correlations(_) | Report::Performance(_) => None,
    }
}

fn put(answer: &AnalysisAnswer, fields: &mut Fields, mut table: Fields) {
    if !answer.query.sections.has(Section::Yields) {
        return;
    }
    for (maturity, windows) in yields(&answer.analysis).into_iter().flatten() {
        table.put(maturity.as_str(), windows);
    }
    fields.put_filled("yields", table.into_table());
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let Some(yields) = yields(&answer.analysis).filter(|yields| !yields.is_empty()) else { return };
    let _ = write!(text, "\n## Treasury yields (%)\n\n");
    let row = |maturity: &str, window: &str, of: Option<&YieldChange>| {
        let date = |of: Option<NaiveDate>| of.map_or_else(|| "-".to_owned(), |date| date.to_string());
        let levels = [of.map(|of| of.start), of.map(|of| of.end), of.map(|of| of.change)];
        let names = [maturity.to_owned(), window.to_owned(), date(of.map(|of| of.from)), date(of.map(|of| of.to))];
        names.into_iter().chain(levels.map(|level| decimal(level, 2))).collect()
    };
    let rows = yields.iter().flat_map(|(maturity, windows)| {
        windows.iter().map(move |(window, of)| row(maturity.as_str(), window, of.as_ref()))
    });
    table(text, &["maturity", "window", "from", "to", "start", "end", "change"], 4, rows.collect());
}
