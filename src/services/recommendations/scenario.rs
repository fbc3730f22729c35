//! What each candidate did for the factor in a scenario: the factor's own return there, and each fund's at a ratio from before it.

use chrono::NaiveDate;
use factor_analytics::{
    Study,
    hedge::ScenarioResult,
    stress::{EpisodeReturn, Scenario, offset::EachAlone},
};
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Recommended, rows::in_letters};
use crate::{
    analysis::AllPrices,
    answer::markdown::{in_words, in_words_or_dash},
    services::stress::hedges::Ground,
};

/// The factor in a scenario, and each fund alone against it.
#[derive(Debug)]
pub(super) struct InScenario {
    pub(super) episode: EpisodeReturn,
    pub(super) each: EachAlone,
    /// Candidates that have a ratio and prices there.
    pub(super) tested: usize,
    /// Of those, how many gained and made the loss smaller.
    pub(super) held: usize,
}

/// A scenario of an answer. What each fund did is with its recommendation.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScenarioSection<'a> {
    /// Its name, or its dates.
    scenario: &'a str,
    /// The close that it starts from.
    from: NaiveDate,
    /// The close that it ends with.
    to: NaiveDate,
    /// What the factor returned.
    total_return: Option<f64>,
    /// Half of the 90% interval, where a fund without prices then is stood in for.
    #[serde(skip_serializing_if = "Option::is_none")]
    half_width: Option<f64>,
    /// Its deepest fall inside.
    max_drawdown: Option<f64>,
    /// Candidates that have a ratio and prices there.
    tested: usize,
    /// Of those, how many gained and made the loss smaller.
    held: usize,
    /// Days that the ratios rest on.
    ratio_rows: usize,
    /// The first of them.
    ratios_from: NaiveDate,
    /// The last.
    ratios_to: NaiveDate,
    /// True where those lie after the event: what is known now, tried on then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ratios_after_the_event: bool,
}

impl InScenario {
    /// What becomes of the factor, which is what `weights` hold, and of each fund.
    ///
    /// # Errors
    /// In words: there are no daily prices, the factor is not testable there, or there is no year of days for ratios.
    pub(super) fn of(
        scenario: &Scenario,
        (study, all_prices): (&Study, &AllPrices),
        (weights, bought_only): (&IndexMap<Ticker, f64>, bool),
        is_candidate: impl Fn(&Ticker) -> bool,
    ) -> Result<Self, String> {
        let daily = all_prices.daily(study).ok_or("there are no daily prices to look at it with")?;
        let ground = Ground::new(daily, weights);
        ground.replayed(&all_prices.months(study), weights, |replay| {
            let replayed = replay.in_episode(scenario);
            let episode = replayed.replayed();
            if let Some((_, why)) = episode.not_testable().next() {
                return Err(why.to_owned());
            }
            let each = ground.each_in_episode(&replayed, (episode.total_return, bought_only))?;
            let tested = || each.results.iter().filter(|(ticker, _)| is_candidate(ticker));
            let (count, held) = (tested().count(), tested().filter(|(_, one)| one.held == Some(true)).count());
            Ok(Self { episode, each, tested: count, held })
        })
    }

    /// What each fund did, by its ticker.
    pub(super) fn by_ticker(&self) -> impl Iterator<Item = (&Ticker, ScenarioResult)> {
        self.each.results.iter().map(|(ticker, result)| (ticker, *result))
    }
}

impl<'a> ScenarioSection<'a> {
    /// The scenario of an answer; `None` where none is asked or it cannot be looked at.
    pub(super) fn of(all: &'a Recommended) -> Option<Self> {
        let InScenario { episode, each, tested, held } = all.scenario.as_ref()?.as_ref().ok()?;
        Some(Self {
            scenario: &episode.scenario,
            from: episode.from,
            to: episode.to,
            total_return: episode.total_return,
            half_width: episode.half_width,
            max_drawdown: episode.max_drawdown,
            tested: *tested,
            held: *held,
            ratio_rows: each.rows,
            ratios_from: each.first,
            ratios_to: each.last,
            ratios_after_the_event: each.ratios_after_the_event,
        })
    }
}

/// What held, in a sentence.
pub(super) fn sentence(all: &Recommended) -> Option<String> {
    let InScenario { episode, each, tested, held } = all.scenario.as_ref()?.as_ref().ok()?;
    let of = &all.factor.name;
    let span = format!("{} ({} to {})", episode.scenario, episode.from, episode.to);
    let returned = in_words_or_dash(episode.total_return);
    if *tested == 0 {
        return Some(format!(
            "In {span} {of} returned {returned}; no candidate was an offset before it with prices in it, so the list is by sort_by."
        ));
    }
    let first = all.report.recommendations.first().and_then(|one| Some((one, one.in_scenario?)));
    let first = first.map(|(one, did)| {
        let name = in_letters(one.etf_ticker.as_ref(), &one.factor);
        let (ratio, result, left) = (in_words(did.ratio), in_words(did.result), in_words(did.hedged_return));
        format!(" {name} at {ratio} per unit came to {result}: {left} with it.")
    });
    let when = if each.ratios_after_the_event {
        "after the event, since there is no year before it"
    } else {
        "the year before"
    };
    let direction = if all.request.allow_short == Some(true) { "" } else { "bought " };
    let counted = match episode.total_return {
        Some(total) if total < 0.0 => format!("{held} of {tested} candidates {direction}at ratios from {when} held"),
        _ => format!(
            "nothing was lost; {tested} candidates {direction}at ratios from {when} are ranked by what they gained"
        ),
    };
    Some(format!("In {span} {of} returned {returned}; {counted}.{}", first.unwrap_or_default()))
}
