//! What a call named one by one and could not be analysed.

use factor_analytics::study::MIN_FLOOR;
use factor_types::Ticker;

use super::{Warning, score::Findings};
use crate::{
    analysis::{Analysis, AnalysisKind},
    answer::{NotAnalysed, shortened},
    services::common_args::{Named, Role},
};

/// The most tickers that stand in an answer's first lines.
const LISTED: usize = 8;

/// The longest reason there, in characters.
const LONGEST: usize = 120;

/// Those among `named`, in its order.
pub(super) fn of(analysis: &Analysis, named: &Named) -> Vec<NotAnalysed> {
    let missing = named.iter().filter_map(|(ticker, role)| {
        let reason = why_not(analysis, ticker, role)?;
        Some(NotAnalysed { ticker: ticker.clone(), reason })
    });
    missing.collect()
}

/// That there are more of them than the first lines hold.
pub(super) fn too_many(found: &Findings) -> Option<Warning> {
    let (missing, named) = (found.not_analysed, found.named);
    (missing > LISTED).then_some(Warning::ManyNotAnalysed { missing, named })
}

/// The first of them, with their reasons in short.
pub(super) fn first_of(all: &[NotAnalysed]) -> Vec<NotAnalysed> {
    let short = |one: &NotAnalysed| NotAnalysed { ticker: one.ticker.clone(), reason: shortened(&one.reason, LONGEST) };
    all.iter().take(LISTED).map(short).collect()
}

fn why_not(analysis: &Analysis, ticker: &Ticker, role: Role) -> Option<String> {
    let study = &analysis.study;
    if study.factors.iter().any(|studied| studied.factor.ticker == *ticker) {
        return None;
    }
    let excluded = study.excluded.iter().find(|one| one.ticker == *ticker).map(|one| one.detail.clone());
    if role == Role::Factor {
        return Some(excluded.unwrap_or_else(|| "it is no factor of this analysis: the universe, asset_class_filters or include_user_groups leave it out".to_owned()));
    }
    let column = study.panel().position(ticker).map(|at| &study.panel().columns()[at]);
    let rows = column.map_or(0, |column| column.observations);
    let needed = if role == Role::Benchmark && analysis.kind() != AnalysisKind::Returns { MIN_FLOOR } else { 1 };
    if rows >= needed {
        return None;
    }
    let prepared = &analysis.prepared;
    let outside = prepared.also_missing.iter().find(|(missing, _)| missing == ticker).map(|(_, why)| why.clone());
    let lost = || prepared.lost.iter().find(|lost| lost.ticker == *ticker).map(|lost| lost.detail.clone());
    let dates = column.map(|column| column.series.dates()).and_then(|dates| Some((dates.first()?, dates.last()?)));
    let run = || {
        dates.map(|(first, last)| {
            format!("{rows} returns in the window, {needed} needed; its prices run from {first} to {last}")
        })
    };
    let unsupported = || column.and_then(|column| column.unsupported.clone());
    outside
        .or(excluded)
        .or_else(lost)
        .or_else(unsupported)
        .or_else(run)
        .or_else(|| Some("the source has no price of it".to_owned()))
}
