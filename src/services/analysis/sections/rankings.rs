//! Factors by their returns, per window.

use std::fmt::Write as _;

use chrono::NaiveDate;
use factor_analytics::{
    report::ReturnsReport,
    sections::returns::{FactorReturns, RankedFactor, WindowReturn},
};
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

/// True where the call picks what it asks for, and a summary has room for the returns of all of it.
pub(super) fn all_fit(answer: &AnalysisAnswer, report: &ReturnsReport) -> bool {
    answer.query.common.picked.is_some() && report.factors.len() <= answer.query.lists.top
}

/// One table of what was picked, where it has room for all; else the first and the last of each window.
fn put_summary(answer: &AnalysisAnswer, lists: ListSizes, fields: &mut Fields) {
    let Some(report) = answer.returns() else { return };
    if all_fit(answer, report) {
        fields.put_filled("returns", all_returns(report));
        let partial = price_dates(answer, report);
        fields.put_some("price_dates", Some(&partial).filter(|partial| !partial.is_empty()));
        return;
    }
    let (mut best, mut worst) = (Fields::rounded(summary::ROUNDING), Fields::rounded(summary::ROUNDING));
    for (window, ranked) in report.rankings.iter().flatten().filter(|(_, ranked)| !ranked.is_empty()) {
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
        if !bottom.is_empty() {
            worst.put(window.as_str(), &bottom);
        }
    }
    fields.put_filled("top_performers", best);
    fields.put_filled("bottom_performers", worst);
}

/// The first and last price of what has no return over some window that others have one over.
fn price_dates<'a>(answer: &AnalysisAnswer, report: &'a ReturnsReport) -> IndexMap<&'a Ticker, FirstAndLast> {
    let panel = answer.analysis.study.panel();
    let lacks_one = |own: &FactorReturns| {
        let missing = own.windows.iter().filter(|(_, of)| of.is_none());
        missing.map(|(name, _)| name).any(|name| report.windows.get(name).is_some_and(|span| span.reason.is_none()))
    };
    let dates = |ticker: &Ticker| {
        let dates = panel.columns()[panel.position(ticker)?].series.dates();
        Some(FirstAndLast { first: *dates.first()?, last: *dates.last()? })
    };
    let partial = report.factors.iter().filter(|(_, own)| lacks_one(own));
    partial.filter_map(|(ticker, _)| Some((ticker, dates(ticker)?))).collect()
}

/// The dates of the first and the last price that were loaded.
#[derive(Serialize)]
struct FirstAndLast {
    first: NaiveDate,
    last: NaiveDate,
}

/// Per ticker its label and its return over each window, `null` where it has none; the best of the first window first.
fn all_returns(report: &ReturnsReport) -> Fields {
    let rank = |ticker: &Ticker| {
        let first = report.rankings.iter().flatten().next();
        first.and_then(|(_, ranked)| ranked.iter().position(|one| one.ticker == *ticker)).unwrap_or(usize::MAX)
    };
    let mut rows: Vec<(&Ticker, &FactorReturns)> = report.factors.iter().collect();
    rows.sort_by_key(|(ticker, _)| rank(ticker));
    let mut returns = Fields::rounded(summary::ROUNDING);
    for (ticker, own) in rows {
        let mut row = Fields::rounded(summary::ROUNDING);
        row.put_whole("label", &shortened(&own.label, LONGEST_LABEL));
        for (window, of) in &own.windows {
            row.put(window.as_str(), &of.as_ref().map(|of| of.total_return));
        }
        returns.put_part(ticker.as_str(), Part::Fields(row));
    }
    returns.into_table()
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
