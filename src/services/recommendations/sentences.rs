//! What the figures say in words. Their numbers are the fields' numbers, to four decimals.

use factor_analytics::hedge::{
    HedgeReport, Recommendation,
    basket::{Basket, BasketMember},
};

use super::Recommended;
use crate::answer::markdown::{in_words, in_words_or_dash};

/// One sentence on a recommendation.
pub(super) fn rationale(one: &Recommendation, of: &str) -> String {
    let relation = &one.figures.relation;
    let interval = relation
        .correlation_interval
        .map(|[low, high]| format!(" (95% interval {} to {})", in_words(low), in_words(high)));
    let mut said = format!(
        "Correlation {} with {of} over {} periods{}",
        in_words_or_dash(relation.correlation_to_overexposed),
        relation.n,
        interval.unwrap_or_default()
    );
    let worth = &one.figures.hedge_effectiveness;
    match one.figures.hedge_ratio {
        Some(ratio) if ratio > 0.0 => {
            said += &format!(
                "; {} of it per unit of {of} takes away {} of the variance in sample",
                in_words(ratio),
                in_words_or_dash(worth.in_sample)
            );
            said += &out_of_sample(worth.out_of_sample);
        }
        Some(ratio) => said += &format!("; no offset when bought (hedge ratio {})", in_words(ratio)),
        None => {}
    }
    if let Some(swap) = &one.swap
        && let (Some(weight), Some(change)) = (swap.suggested_additional_allocation, swap.portfolio_volatility)
    {
        said += &if weight > 0.0 {
            format!(
                "; moving {} of the portfolio into it takes volatility from {} to {}",
                in_words(weight),
                in_words(change.before),
                in_words(change.after)
            )
        } else {
            format!("; no move into it lowers the portfolio's volatility of {}", in_words(change.before))
        };
    }
    said + "."
}

/// One sentence on the basket.
pub(super) fn of_basket(basket: &Basket, of: &str) -> String {
    let moved = basket.portfolio_volatility.map(|change| {
        let into = |member: &BasketMember| {
            format!("{} into {}", in_words_or_dash(member.suggested_additional_allocation), member.factor)
        };
        let weights: Vec<String> = basket.members.iter().map(into).collect();
        let (before, after) = (in_words(change.before), in_words(change.after));
        format!("Moving {} takes the portfolio's volatility from {before} to {after}; ", weights.join(", "))
    });
    let ratios: Vec<String> = basket
        .members
        .iter()
        .filter(|member| member.hedge_ratio > 0.0)
        .map(|member| format!("{} of {}", in_words(member.hedge_ratio), member.factor))
        .collect();
    let moved = moved.unwrap_or_default();
    if ratios.is_empty() {
        return format!("{moved}bought, none of them offsets {of} itself.");
    }
    let worth = &basket.hedge_effectiveness;
    let in_sample = in_words_or_dash(worth.in_sample);
    let out_of_sample = out_of_sample(worth.out_of_sample);
    format!(
        "{moved}{} per unit of {of} take away {in_sample} of its variance in sample{out_of_sample}.",
        ratios.join(", ")
    )
}

/// What is left of an offset on rows that did not set its ratio.
fn out_of_sample(worth: Option<f64>) -> String {
    match worth {
        Some(share) if share < 0.0 => format!(" and {} out of sample: it added to it", in_words(share)),
        Some(share) => format!(" and {} out of sample", in_words(share)),
        None => ", untested out of sample".to_owned(),
    }
}

/// What stands out, the warnings among it first.
pub(super) fn insights(all: &Recommended) -> Vec<String> {
    let report = &all.report;
    let of = &all.factor.name;
    let mut said = Vec::new();
    said.extend(nothing(report, of));
    said.extend(untested(report, of));
    if report.candidates_meeting_threshold == 0 && !report.recommendations.is_empty() {
        said.push(format!(
            "None of the {} candidates scanned has a correlation with {of} at or under {}: those listed have the lowest, and \
             meets_threshold is false.",
            report.candidates_scanned, all.request.correlation_threshold
        ));
    }
    if !report.recommendations.is_empty() {
        let significant = report.recommendations.iter().filter(|one| one.significant).count();
        said.push(format!(
            "Correlations listed that differ from 0 by more than chance (5%, Benjamini-Hochberg over all {} candidates scanned): \
             {significant} of {}.",
            report.candidates_scanned,
            report.recommendations.len()
        ));
        said.push(
            "The candidates were chosen on the whole window, its last third included: the figures out of sample flatter them."
                .to_owned(),
        );
    }
    if all.portfolio.as_ref().is_some_and(|portfolio| portfolio.weight > 0.0) {
        said.push(format!(
            "A move out of {of} into anything calm lowers volatility, whatever its correlation: short bonds and their like gain \
             by diluting. Their hedge_effectiveness says whether they offset."
        ));
    }
    said.push(format!(
        "Cash offsets nothing, it dilutes; holding less of {of} is the one reduction that needs no correlation to last."
    ));
    said
}

/// What the answer cannot know.
pub(super) fn not_known(all: &Recommended) -> String {
    let panel = all.context.analysis.study.panel();
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    format!(
        "Not known here: whether correlations of {} to {last} go on, what trading and taxes cost, and what you may or want to \
         hold{}.",
        panel.base(),
        if all.portfolio.is_some() { "" } else { "; without holdings, how much to move" }
    )
}

/// That what is listed rests on too little to be tested, or on little.
fn untested(report: &HedgeReport, of: &str) -> Option<String> {
    const FEW: usize = 36;
    if report.best_out_of_sample.is_none() && report.recommendations.iter().any(|one| one.figures.is_bought()) {
        let said = "None of them could be tested out of sample, the common history is too short: nothing here is shown to offset";
        return Some(format!("{said} {of}."));
    }
    let short: Vec<&str> = report
        .recommendations
        .iter()
        .filter(|one| one.figures.relation.n < FEW)
        .map(|one| one.factor.as_str())
        .collect();
    (!short.is_empty()).then(|| format!("Fewer than {FEW} periods stand behind {}.", short.join(", ")))
}

/// That nothing offsets the factor, where that is so.
fn nothing(report: &HedgeReport, of: &str) -> Option<String> {
    if !report.nothing_offsets {
        return None;
    }
    Some(match report.best_out_of_sample {
        Some(best) => format!(
            "Nothing here offsets {of}: the best of those tested takes away {} of its variance out of sample, under 0.05.",
            in_words(best)
        ),
        None if report.recommendations.is_empty() => {
            format!("Nothing here offsets {of}: no candidate is left to look at.")
        }
        None => format!("Nothing here offsets {of}: none of those looked at moves against it."),
    })
}
