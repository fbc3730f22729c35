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

#[cfg(test)]
mod tests {
    use factor_analytics::hedge::{
        Effectiveness, HedgeFigures, Relation, VolatilityChange,
        basket::{MinimizedVariance, Objective},
    };
    use serde_json::json;

    use super::{
        super::tests::{ranked, recommendation, recommended},
        *,
    };

    /// A basket of members with their ratios and weights to move, and what is left out of sample.
    fn basket(members: &[(&str, f64, Option<f64>)], moved: bool, left: Option<f64>) -> Basket {
        let member = |(factor, hedge_ratio, weight): &(&str, f64, Option<f64>)| BasketMember {
            factor: (*factor).to_owned(),
            etf_ticker: None,
            hedge_ratio: *hedge_ratio,
            suggested_additional_allocation: *weight,
        };
        Basket {
            members: members.iter().map(member).collect(),
            relation: Relation::default(),
            hedge_effectiveness: Effectiveness { in_sample: Some(0.3), out_of_sample: left },
            portfolio_volatility: moved.then_some(VolatilityChange { before: 0.15, after: 0.12 }),
            objective: Objective {
                minimised: MinimizedVariance::FactorVariance,
                before: 0.2,
                after: 0.1,
                best_single: 0.15,
                best_single_factor: "gold".to_owned(),
            },
            shrinkage_intensity: 0.0,
            dropped: Vec::new(),
            sets_tried: 1,
            undefined: Vec::new(),
        }
    }

    fn bought(factor: &str, hedge_ratio: Option<f64>, n: usize) -> Recommendation {
        let figures =
            HedgeFigures { hedge_ratio, relation: Relation { n, ..Relation::default() }, ..HedgeFigures::default() };
        Recommendation { factor: factor.to_owned(), figures, ..recommendation(0.5, None) }
    }

    #[test]
    fn a_basket_names_only_the_members_that_offset_when_bought() {
        let two = basket(&[("gold", 0.5, None), ("bonds", 0.25, None)], false, Some(0.1));
        assert_eq!(
            of_basket(&two, "VNQ"),
            "0.5 of gold, 0.25 of bonds per unit of VNQ take away 0.3 of its variance in sample and 0.1 out of sample."
        );
        let moved = basket(&[("gold", 0.5, Some(0.06)), ("bonds", 0.0, Some(0.04))], true, None);
        assert_eq!(
            of_basket(&moved, "VNQ"),
            "Moving 0.06 into gold, 0.04 into bonds takes the portfolio's volatility from 0.15 to 0.12; 0.5 of gold per \
             unit of VNQ take away 0.3 of its variance in sample, untested out of sample."
        );
        let none = basket(&[("gold", -0.5, None), ("bonds", 0.0, None)], false, Some(0.1));
        assert_eq!(of_basket(&none, "VNQ"), "bought, none of them offsets VNQ itself.");
    }

    #[test]
    fn that_nothing_offsets_says_why() {
        let said = |best_out_of_sample, recommendations: Vec<Recommendation>| {
            let report =
                HedgeReport { nothing_offsets: true, best_out_of_sample, recommendations, ..HedgeReport::default() };
            nothing(&report, "VNQ").unwrap()
        };
        assert!(said(Some(0.03), ranked(1)).ends_with("takes away 0.03 of its variance out of sample, under 0.05."));
        assert!(said(None, Vec::new()).ends_with("no candidate is left to look at."));
        assert!(said(None, ranked(1)).ends_with("none of those looked at moves against it."));
        let something = HedgeReport { best_out_of_sample: Some(0.03), ..HedgeReport::default() };
        assert_eq!(nothing(&something, "VNQ"), None);
    }

    #[test]
    fn offsets_that_rest_on_little_are_named() {
        let said = |best_out_of_sample, recommendations: Vec<Recommendation>| {
            let report = HedgeReport { best_out_of_sample, recommendations, ..HedgeReport::default() };
            untested(&report, "VNQ")
        };
        let young = vec![bought("young", Some(0.5), 35), bought("old", Some(0.5), 36), bought("new", None, 12)];
        assert_eq!(said(Some(0.1), young.clone()).unwrap(), "Fewer than 36 periods stand behind young, new.");
        assert!(said(None, young).unwrap().starts_with("None of them could be tested out of sample"));
        // What is sold short or has no ratio is not tested anyway.
        let unbought = vec![bought("short", Some(-0.5), 36), bought("flat", Some(0.0), 36), bought("none", None, 36)];
        assert_eq!(said(None, unbought), None);
        assert_eq!(said(None, Vec::new()), None);
    }

    #[tokio::test]
    async fn insights_count_what_is_significant_and_say_when_nothing_passes() {
        let mut all = recommended(json!({"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.3, "SPY": 0.7}})).await;
        let mut listed = ranked(3);
        listed[1].significant = true;
        all.report = HedgeReport {
            recommendations: listed,
            candidates_scanned: 12,
            best_out_of_sample: Some(0.2),
            ..HedgeReport::default()
        };
        let said = insights(&all);
        let starts = [
            "None of the 12 candidates scanned has a correlation with VNQ at or under -0.2: ",
            "Correlations listed that differ from 0 ",
            "The candidates were chosen on the whole window",
            "A move out of VNQ into anything calm lowers volatility",
            "Cash offsets nothing",
        ];
        assert_eq!(said.len(), starts.len(), "{said:#?}");
        assert!(said.iter().zip(starts).all(|(said, start)| said.starts_with(start)), "{said:#?}");
        assert!(said[1].ends_with("over all 12 candidates scanned): 1 of 3."), "{}", said[1]);
        assert!(not_known(&all).ends_with("what you may or want to hold."), "{}", not_known(&all));

        all.report.candidates_meeting_threshold = 1;
        all.portfolio.as_mut().unwrap().weight = -0.1;
        assert_eq!(insights(&all).len(), 3, "one passes, and a short position is not moved out of");
        all.report.recommendations.clear();
        all.portfolio = None;
        let alone = insights(&all);
        assert!(alone.len() == 1 && alone[0].starts_with("Cash offsets nothing"), "{alone:#?}");
        assert!(not_known(&all).ends_with("; without holdings, how much to move."), "{}", not_known(&all));
    }
}
