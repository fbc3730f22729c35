//! Factors by their returns, per window.

use std::fmt::Write as _;

use factor_analytics::sections::returns::{RankedFactor, WindowReturn};
use factor_types::{Category, Ticker};
use indexmap::IndexMap;
use serde::Serialize;

use super::{
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::AnalysisKind,
    answer::{
        Fields, Part,
        markdown::{percent, table},
        shortened,
    },
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::ListSizes,
        summary::{self, LONGEST_LABEL, first_and_last},
    },
};

pub(super) const SPEC: Spec = Spec {
    summary: at(10, put_summary),
    report: at(10, write_report),
    ..Spec::of(
        Some(AnalysisKind::Returns),
        30,
        |answer, fields| {
            if let Some(rankings) = answer.returns().and_then(|report| report.rankings.as_ref()) {
                fields.put_parts("rankings", rankings);
            }
        },
        |generator| schemas::field::<IndexMap<String, Vec<RankedFactor>>>("rankings", generator),
    )
};

#[derive(Serialize)]
struct RankedLine<'a> {
    ticker: &'a Ticker,
    label: String,
    category: Category,
    total_return: f64,
}

fn put_summary(answer: &AnalysisAnswer, lists: ListSizes, fields: &mut Fields) {
    let Some(report) = answer.returns() else { return };
    let (mut best, mut worst) = (Fields::rounded(summary::ROUNDING), Fields::rounded(summary::ROUNDING));
    for (window, ranked) in report.rankings.iter().flatten() {
        let lines: Vec<RankedLine<'_>> = ranked
            .iter()
            .map(|one| RankedLine {
                ticker: &one.ticker,
                label: shortened(&one.label, LONGEST_LABEL),
                category: one.category,
                total_return: one.total_return,
            })
            .collect();
        let (top, bottom) = first_and_last(&lines, lists.top);
        best.put(window.as_str(), &top);
        worst.put(window.as_str(), &bottom);
    }
    fields.put_part("top_performers", Part::Fields(best));
    fields.put_part("bottom_performers", Part::Fields(worst));
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let Some(report) = answer.returns() else { return };
    for (window, ranked) in report.rankings.iter().flatten() {
        let span = report.windows.get(window);
        let dates = span.and_then(|span| Some((span.start?, span.end?)));
        let _ = match dates {
            Some((start, end)) => write!(text, "\n## {window} ({start} to {end})\n\n"),
            None => write!(text, "\n## {window}\n\n"),
        };
        if let Some(reason) = span.and_then(|span| span.reason.as_ref()) {
            let _ = writeln!(text, "Not available: {reason}.");
            continue;
        }
        let (top, bottom) =
            (answer.query.lists.top.min(ranked.len().div_ceil(2)), answer.query.lists.top.min(ranked.len() / 2));
        let row = |line: &RankedFactor| {
            let own = report.factors.get(&line.ticker).and_then(|entry| entry.windows.get(window)?.as_ref());
            vec![
                line.rank.to_string(),
                line.ticker.to_string(),
                line.label.clone(),
                line.category.to_string(),
                percent(Some(line.total_return)),
                percent(own.and_then(|own: &WindowReturn| own.volatility)),
            ]
        };
        let rows = ranked[..top].iter().chain(&ranked[ranked.len() - bottom..]).map(row).collect();
        table(text, &["rank", "ticker", "label", "category", "return", "volatility"], 4, rows);
    }
}
