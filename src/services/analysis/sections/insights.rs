//! What stands out: extreme pairs, standouts, independent bets, blocks.

use std::fmt::Write as _;

use factor_analytics::{
    sections::insights::{ClusterBlock, Insights},
    spectrum::MOST_COLUMNS,
};
use indexmap::IndexMap;
use serde::Serialize;

use super::{
    matrices, schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Report},
    answer::{
        Fields, Part,
        markdown::{decimal, title},
    },
    services::analysis::{answer::AnalysisAnswer, note::Note, summary},
};

pub(super) const SPEC: Spec = Spec {
    summary: at(40, |answer, lists, fields| {
        // Of a few factors the pairs say it all.
        let mut shown = matrices::shown(answer).into_iter().flatten().map(|(_, matrix)| matrix).peekable();
        let say_all = answer.query.common.picked.is_some()
            && shown.peek().is_some()
            && shown.all(|matrix| matrices::is_of_few(answer, matrix));
        if let Some(insights) = insights(&answer.analysis).filter(|_| !say_all) {
            fields.put_filled("insights", in_short(insights, lists.top));
        }
    }),
    report: at(70, write_report),
    convention: at(70, |analysis| {
        insights(analysis).is_some_and(|insights| insights.blocks.is_some()).then_some((
            "clusters",
            "average linkage on sqrt(0.5 (1 - correlation)), null as correlation 0; blocks: cut at distance 0.5, which is correlation 0.5",
        ))
    }),
    notes: at(40, notes),
    goes: at(30, &["insights"]),
    ..Spec::of(
        Some(AnalysisKind::Correlations),
        40,
        |answer, fields| {
            if let Some(insights) = insights(&answer.analysis) {
                fields.put_parts("insights", insights);
            }
        },
        |generator| schemas::field::<Insights>("insights", generator),
    )
};

/// That a matrix is too wide for its eigenvalues.
fn notes(analysis: &Analysis) -> Vec<Note> {
    let Report::Correlations(report) = analysis.report() else { return Vec::new() };
    let wide = report.matrices.iter().filter(|(_, matrix)| matrix.size() > MOST_COLUMNS);
    let wide: Vec<String> = wide.map(|(name, _)| name.clone()).collect();
    let asked = report.computed.iter().any(|name| name == "spectra") && !wide.is_empty();
    if asked { vec![Note::TooWideForComponents { matrices: wide, most: MOST_COLUMNS }] } else { Vec::new() }
}

fn insights(analysis: &Analysis) -> Option<&Insights> {
    match analysis.report() {
        Report::Correlations(report) => report.insights.as_ref(),
        Report::Performance(_) | Report::Returns(_) => None,
    }
}

/// How many independent bets a category is, as its principal components have it.
#[derive(Serialize)]
struct Bets {
    effective_bets: f64,
    first_component_share: Option<f64>,
}

/// How many blocks a matrix has, and the largest of them that are more than one factor.
#[derive(Serialize)]
struct Blocks<'a> {
    blocks: usize,
    largest: Vec<&'a ClusterBlock>,
}

fn in_short(insights: &Insights, size: usize) -> Fields {
    let mut brief = Fields::rounded(summary::ROUNDING);
    brief.put_some("best_diversifier", insights.best_diversifier.as_ref());
    brief.put_some("most_negative_to_ust10y", insights.most_negative_to_ust10y.as_ref());
    brief.put_some("most_negative_to_ust10y_all", insights.most_negative_to_ust10y_all.as_ref());
    let bets = insights.components.iter().map(|(name, components)| {
        let first_component_share = components.explained.first().copied();
        (name, Bets { effective_bets: components.effective_bets, first_component_share })
    });
    let bets: IndexMap<_, _> = bets.collect();
    brief.put_some("components", Some(&bets).filter(|bets| !bets.is_empty()));
    if let Some(blocks) = &insights.blocks {
        let of_matrix = |(name, blocks): (&'_ String, &'_ Vec<ClusterBlock>)| {
            let mut largest: Vec<&ClusterBlock> = blocks.iter().filter(|block| block.members.len() > 1).collect();
            largest.sort_by_key(|block| std::cmp::Reverse(block.members.len()));
            largest.truncate(size);
            (name.clone(), summary::ROUNDING.write(&Blocks { blocks: blocks.len(), largest }))
        };
        brief.put_part("blocks", Part::Fields(blocks.iter().map(of_matrix).collect::<Fields>().into_table()));
    }
    brief
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let Some(insights) = insights(&answer.analysis) else { return };
    let _ = write!(text, "\n## Insights\n\n");
    for (name, blocks) in insights.blocks.iter().flatten() {
        let several = blocks.iter().filter(|block| block.members.len() > 1);
        let joined: Vec<String> = several.map(|block| block.members.join(" ")).collect();
        let alone = blocks.len() - joined.len();
        let _ = writeln!(text, "- {}, blocks: {}; {alone} alone", title(name), joined.join(" | "));
    }
    for (what, found) in [
        ("Least correlated with", &insights.best_diversifier),
        ("Of equities the most negative to a rise of", &insights.most_negative_to_ust10y),
        ("Of all factors the most negative to a rise of", &insights.most_negative_to_ust10y_all),
    ] {
        if let Some(found) = found {
            let _ = writeln!(
                text,
                "- {what} {}: {} ({}), {} over {} periods",
                found.against,
                found.ticker,
                if found.composite { "a composite" } else { &found.label },
                decimal(Some(found.correlation), 2),
                found.n
            );
        }
    }
    for (name, components) in &insights.components {
        let _ = writeln!(
            text,
            "- {}: {} factors are as {:.1} independent bets",
            title(name),
            components.factors,
            components.effective_bets
        );
    }
}
