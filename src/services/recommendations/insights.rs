//! What stands out of the figures, in words and by name, and what was left out.

use std::borrow::Cow;

use factor_analytics::hedge::{BestShort, CandidateExclusion, HedgeReport, MIN_EFFECTIVENESS, SortBy};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Recommended, hedge_rows,
    rows::{first_move, in_letters},
    scenario,
};
use crate::answer::markdown::{in_words, in_words_or_dash};

/// What stands out, and what was left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Insights<'a> {
    sentences: Vec<String>,
    /// What the answer cannot know.
    not_known: String,
    /// Null where it could not be tested.
    nothing_offsets: Option<bool>,
    best_out_of_sample: Option<f64>,
    /// The candidate whose short sale takes most away.
    #[serde(skip_serializing_if = "Option::is_none")]
    best_short: Option<Option<&'a BestShort>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection_in_sample: Option<bool>,
    /// Candidates that were not looked at, by why.
    left_out: IndexMap<CandidateExclusion, Names<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yields_unknown: Option<Names<'a>>,
}

/// Names, or how many there are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Names<'a> {
    /// All of them.
    Listed(Vec<Cow<'a, str>>),
    /// Their number.
    Counted(usize),
}

impl Names<'_> {
    /// Only how many there are.
    fn count(&mut self) {
        if let Self::Listed(names) = self {
            *self = Self::Counted(names.len());
        }
    }
}

impl<'a> Insights<'a> {
    /// Everything, with the names of what was left out.
    pub(super) fn of(all: &'a Recommended) -> Self {
        let report = &all.report;
        let mut left_out = IndexMap::<CandidateExclusion, Vec<Cow<'_, str>>>::new();
        for one in &report.left_out {
            let name = in_letters(one.ticker.as_ref(), &one.factor);
            left_out.entry(one.reason).or_default().push(name.into());
        }
        Self {
            sentences: sentences(all),
            not_known: not_known(all),
            nothing_offsets: report.nothing_offsets,
            best_out_of_sample: report.best_out_of_sample,
            best_short: Some(report.best_short.as_ref()),
            selection_in_sample: Some(report.selection_in_sample),
            left_out: left_out.into_iter().map(|(why, names)| (why, Names::Listed(names))).collect(),
            yields_unknown: Some(Names::Listed(report.yields_unknown.iter().map(Cow::from).collect())),
        }
    }

    /// As a summary has it: what a decision turns on, and names are counted.
    pub(super) fn short(all: &'a Recommended) -> Self {
        let mut insights = Self {
            sentences: in_short(all),
            best_short: None,
            selection_in_sample: None,
            yields_unknown: None,
            ..Self::of(all)
        };
        insights.left_out.values_mut().for_each(Names::count);
        insights
    }
}

/// What stands out, the warnings among it first.
pub(super) fn sentences(all: &Recommended) -> Vec<String> {
    let report = &all.report;
    let of = &all.factor.name;
    let mut said: Vec<String> = scenario::sentence(all).into_iter().chain(hedge_rows::sentences(all)).collect();
    said.extend(nothing(report, of));
    said.extend(report.best_short.as_ref().map(|best| sold_short(best, of)));
    said.extend(young(report));
    said.extend(untested(report, of));
    said.extend(none_passes(all));
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
        said.extend(report.recommendations.first().and_then(|one| first_move(one, of)));
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

/// The same for a summary.
fn in_short(all: &Recommended) -> Vec<String> {
    let (report, of) = (&all.report, &all.factor.name);
    let mut said: Vec<String> = scenario::sentence(all).into_iter().chain(hedge_rows::sentences(all)).collect();
    let moved = report.recommendations.first().and_then(|one| first_move(one, of));
    let others = [nothing(report, of), moved, young(report), untested(report, of)];
    said.extend(others.into_iter().flatten());
    if all.hedged.best.is_err() || all.request.allow_short == Some(false) {
        said.extend(report.best_short.as_ref().map(|best| sold_short(best, of)));
    }
    said
}

/// That the threshold lets nothing through.
fn none_passes(all: &Recommended) -> Option<String> {
    let report = &all.report;
    let is_cut = all.request.sort_by != SortBy::Effectiveness && report.candidates_meeting_threshold == 0;
    (is_cut && !report.recommendations.is_empty()).then(|| {
        format!(
            "None of the {} candidates scanned has a correlation with {} at or under {}: those listed have the lowest, and \
             meets_threshold is false.",
            report.candidates_scanned, all.factor.name, all.request.correlation_threshold
        )
    })
}

/// What the answer cannot know.
pub(super) fn not_known(all: &Recommended) -> String {
    let panel = all.context.analysis.study.panel();
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    format!(
        "Not known here: whether correlations of {} to {last} go on, what borrow, margin, trading and taxes cost, and what you may \
         or want to hold{}.",
        panel.base(),
        if all.portfolio.is_some() { "" } else { "; without holdings, how much to move" }
    )
}

/// What the best short sale is worth.
fn sold_short(best: &BestShort, of: &str) -> String {
    let ticker = best.etf_ticker.as_ref().map(|ticker| format!(" ({ticker})")).unwrap_or_default();
    let worth = &best.hedge_effectiveness;
    let tested = match worth.out_of_sample {
        Some(share) => format!("{} out of sample", in_words(share)),
        None => "untested out of sample".to_owned(),
    };
    let figures = format!(
        "{} in sample, {tested} (hedge ratio {})",
        in_words_or_dash(worth.in_sample),
        in_words(best.hedge_ratio)
    );
    const MOST: f64 = 0.5;
    match worth.out_of_sample.or(worth.in_sample).unwrap_or_default() {
        share if share < MIN_EFFECTIVENESS => format!(
            "Nothing here takes away much of {of}'s variance when sold short either: the best would be {}{ticker}, {figures}.",
            best.factor
        ),
        share => format!(
            "Sold short, {}{ticker} takes {} of {of}'s variance away: {figures}; before what borrowing it costs, and where \
             short sales are allowed.",
            best.factor,
            if share >= MOST { "most" } else { "a part" }
        ),
    }
}

/// That what is listed rests on too little to be tested, or on little.
fn untested(report: &HedgeReport, of: &str) -> Option<String> {
    const FEW: usize = 36;
    if report.best_out_of_sample.is_none() && report.recommendations.iter().any(|one| one.figures.is_bought()) {
        return Some(format!(
            "None of them could be tested out of sample, the common history is too short: whether anything here offsets {of} is \
             not known."
        ));
    }
    let short: Vec<&str> = report
        .recommendations
        .iter()
        .filter(|one| one.figures.relation.n < FEW)
        .map(|one| one.factor.as_str())
        .collect();
    (!short.is_empty()).then(|| format!("Fewer than {FEW} periods stand behind {}.", short.join(", ")))
}

/// That funds without much history are recommended, and whether nothing else is.
fn young(report: &HedgeReport) -> Option<String> {
    let young = report.recommendations.iter().filter(|one| one.young);
    let named: Vec<String> = young
        .map(|one| match &one.etf_ticker {
            Some(ticker) => format!("{} ({ticker})", one.factor),
            None => one.factor.clone(),
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    let lead = if named.len() == report.recommendations.len() { "Only young funds are left" } else { "Young" };
    Some(format!(
        "{lead}, with returns on under half of the window's periods, ranked after all others and in no basket: {}.",
        named.join(", ")
    ))
}

/// That nothing offsets the factor, where that is so.
fn nothing(report: &HedgeReport, of: &str) -> Option<String> {
    if report.nothing_offsets != Some(true) {
        return None;
    }
    Some(match report.best_out_of_sample {
        Some(best) => {
            let (least, shown) = (in_words(MIN_EFFECTIVENESS), in_words(best));
            // Rounded to the least it would read as if it reached it.
            let does = if shown == least {
                format!("takes away a little less than {least} of its variance out of sample")
            } else if best < 0.0 {
                format!("adds to its variance out of sample ({shown} taken away)")
            } else {
                format!("takes away {shown} of its variance out of sample, under {least}")
            };
            format!("Nothing here offsets {of} when bought: the best of those tested {does}.")
        }
        None if report.recommendations.is_empty() => {
            format!("Nothing here offsets {of} when bought: no candidate is left to look at.")
        }
        None => format!("Nothing here offsets {of} when bought: none of those looked at moves against it."),
    })
}

#[cfg(test)]
mod tests {
    use factor_analytics::hedge::{Effectiveness, HedgeFigures, Recommendation, Relation};
    use serde_json::json;

    use super::{
        super::tests::{ranked, recommendation, recommended},
        *,
    };

    fn bought(factor: &str, hedge_ratio: Option<f64>, n: usize) -> Recommendation {
        let figures =
            HedgeFigures { hedge_ratio, relation: Relation { n, ..Relation::default() }, ..HedgeFigures::default() };
        Recommendation { factor: factor.to_owned(), figures, ..recommendation(0.5, None) }
    }

    #[test]
    fn that_nothing_offsets_says_why() {
        let said = |best_out_of_sample, recommendations: Vec<Recommendation>| {
            let report = HedgeReport {
                nothing_offsets: Some(true),
                best_out_of_sample,
                recommendations,
                ..HedgeReport::default()
            };
            nothing(&report, "VNQ").unwrap()
        };
        assert!(said(None, Vec::new()).starts_with("Nothing here offsets VNQ when bought: "));
        assert!(said(Some(0.03), ranked(1)).ends_with("takes away 0.03 of its variance out of sample, under 0.05."));
        let rounded = said(Some(0.049_99), ranked(1));
        assert!(rounded.ends_with("takes away a little less than 0.05 of its variance out of sample."), "{rounded}");
        assert!(said(None, Vec::new()).ends_with("no candidate is left to look at."));
        assert!(said(None, ranked(1)).ends_with("none of those looked at moves against it."));
        let something = HedgeReport { best_out_of_sample: Some(0.03), ..HedgeReport::default() };
        assert_eq!(nothing(&something, "VNQ"), None);
    }

    #[test]
    fn the_best_short_is_named_with_its_worth() {
        let mut best = BestShort {
            factor: "REIT".to_owned(),
            etf_ticker: "IYR".parse().ok(),
            hedge_ratio: -0.75,
            hedge_effectiveness: Effectiveness { in_sample: Some(0.7), out_of_sample: Some(0.65) },
            n: 120,
        };
        assert_eq!(
            sold_short(&best, "VNQ"),
            "Sold short, REIT (IYR) takes most of VNQ's variance away: 0.7 in sample, 0.65 out of sample (hedge ratio -0.75); \
             before what borrowing it costs, and where short sales are allowed."
        );
        for (share, part) in
            [(0.2, "takes a part of VNQ's variance away: 0.7 in sample, 0.2 out of"), (0.5, "takes most of")]
        {
            best.hedge_effectiveness.out_of_sample = Some(share);
            assert!(sold_short(&best, "VNQ").contains(part), "{}", sold_short(&best, "VNQ"));
        }
        for share in [0.04, -0.2] {
            best.hedge_effectiveness.out_of_sample = Some(share);
            let said = sold_short(&best, "VNQ");
            assert!(
                said.starts_with("Nothing here takes away much of VNQ's variance when sold short either: "),
                "{said}"
            );
            assert!(
                said.ends_with(&format!("REIT (IYR), 0.7 in sample, {share} out of sample (hedge ratio -0.75).")),
                "{said}"
            );
        }
        best.hedge_effectiveness.out_of_sample = None;
        best.etf_ticker = None;
        assert!(
            sold_short(&best, "VNQ").contains("REIT takes most of VNQ's variance away: 0.7 in sample, untested out of")
        );
    }

    #[test]
    fn offsets_that_rest_on_little_are_named() {
        let said = |best_out_of_sample, recommendations: Vec<Recommendation>| {
            let report = HedgeReport { best_out_of_sample, recommendations, ..HedgeReport::default() };
            untested(&report, "VNQ")
        };
        let young = vec![bought("young", Some(0.5), 35), bought("old", Some(0.5), 36), bought("new", None, 12)];
        assert_eq!(super::young(&HedgeReport { recommendations: young.clone(), ..HedgeReport::default() }), None);
        let marked = |count: usize| {
            let mut recommendations = young.clone();
            recommendations.iter_mut().take(count).for_each(|one| one.young = true);
            super::young(&HedgeReport { recommendations, ..HedgeReport::default() }).unwrap()
        };
        assert!(
            marked(1).starts_with("Young, with returns on under half of") && marked(1).contains("no basket: young")
        );
        assert!(marked(3).starts_with("Only young funds are left, with"), "{}", marked(3));
        assert_eq!(said(Some(0.1), young.clone()).unwrap(), "Fewer than 36 periods stand behind young, new.");
        assert!(said(None, young).unwrap().starts_with("None of them could be tested out of sample"));
        // What is sold short or has no ratio is not tested anyway.
        let unbought = vec![bought("short", Some(-0.5), 36), bought("flat", Some(0.0), 36), bought("none", None, 36)];
        assert_eq!(said(None, unbought), None);
        assert_eq!(said(None, Vec::new()), None);
    }

    #[tokio::test]
    async fn insights_count_what_is_significant_and_say_when_nothing_passes() {
        let asked = json!({"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.3, "SPY": 0.7}, "sort_by": "score"});
        let mut all = recommended(asked).await;
        let mut listed = ranked(3);
        listed[1].significant = true;
        all.report = HedgeReport {
            recommendations: listed,
            candidates_scanned: 12,
            best_out_of_sample: Some(0.2),
            ..HedgeReport::default()
        };
        all.hedged.best = Err("none".to_owned());
        let said = sentences(&all);
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
        assert_eq!(sentences(&all).len(), 3, "one passes, and a short position is not moved out of");
        all.report.recommendations.clear();
        all.portfolio = None;
        let alone = sentences(&all);
        assert!(alone.len() == 1 && alone[0].starts_with("Cash offsets nothing"), "{alone:#?}");
        assert!(not_known(&all).ends_with("; without holdings, how much to move."), "{}", not_known(&all));
    }
}
