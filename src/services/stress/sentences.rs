//! What the figures say in words. Their numbers are the fields' numbers, to four decimals.

use factor_analytics::stress::{
    ShockResponse,
    offset::{Offset, OffsetResult, Offsets},
};
use indexmap::IndexMap;

use super::{ReplayedEpisode, Reversed, Shocked, Stressed};
use crate::answer::markdown::in_words;

/// Scenarios that have a sentence.
const SENTENCES: usize = 3;

/// What stands out.
pub(super) fn insights(all: &Stressed) -> Vec<String> {
    let mut said = Vec::new();
    let tested = all.worst_first();
    said.extend(tested.iter().take(SENTENCES).map(|one| of_episode(one)));
    said.extend(what_held(&tested));
    let unit = all.context.common().frequency.periods();
    said.extend(all.shock.as_ref().map(|shock| of_shock(all, shock, unit)));
    said.extend(all.shock.as_ref().map(|shock| how_far_out(&shock.response, all.request.horizon, unit)));
    said.extend(all.reverse.as_ref().map(|reverse| of_reverse(all, reverse, unit)));
    said
}

fn of_episode(one: &ReplayedEpisode) -> String {
    let episode = &one.episode;
    let total = episode.total_return.unwrap_or(0.0);
    let fall = episode.max_drawdown.map(|fall| format!(", at worst {}", in_words(fall))).unwrap_or_default();
    let back = match (episode.recovery_days, episode.not_recovered_by) {
        (Some(0), _) => String::new(),
        (Some(days), _) => format!("; regained {days} trading days later"),
        (None, Some(last)) => format!("; not regained by {last}"),
        (None, None) => String::new(),
    };
    let hedge = best(&one.offsets).map(|hedge| format!(" {}", of_hedge(hedge, "came to"))).unwrap_or_default();
    format!("{} ({} to {}): {}{fall}{back}.{hedge}", episode.scenario, episode.from, episode.to, in_words(total))
}

fn best(offsets: &Offsets) -> Option<&OffsetResult> {
    offsets.iter().flatten().find(|one| one.offset == Offset::BestHedge)
}

/// `The best hedge (VTI -0.61) came to 0.12 and held: -0.03 with it.`
fn of_hedge(hedge: &OffsetResult, did: &str) -> String {
    let legs: Vec<String> = hedge.legs.iter().map(|leg| format!("{} {}", leg.ticker, in_words(leg.ratio))).collect();
    let held = match hedge.held {
        Some(true) => " and held",
        Some(false) => " and did not hold",
        None => "",
    };
    let when = if hedge.ratios_after_the_event { ", by ratios from after the event" } else { "" };
    format!(
        "The best hedge ({}) {did} {}{held}: {} with it{when}.",
        legs.join(", "),
        in_words(hedge.result),
        in_words(hedge.hedged_return)
    )
}

/// In how many of the losses each way held.
fn what_held(tested: &[&ReplayedEpisode]) -> Option<String> {
    let mut counts = IndexMap::<Offset, (usize, usize)>::new();
    for one in tested.iter().flat_map(|one| one.offsets.iter().flatten()) {
        let Some(held) = one.held else { continue };
        let count = counts.entry(one.offset).or_default();
        count.0 += usize::from(held);
        count.1 += 1;
    }
    let most = counts.values().map(|(_, all)| *all).max().filter(|all| *all > 1)?;
    let each: Vec<String> = counts.iter().map(|(offset, (held, all))| format!("{offset} {held} of {all}")).collect();
    Some(format!("Of {most} losses with hedges, these held: {}.", each.join(", ")))
}

fn of_shock(all: &Stressed, shock: &Shocked, unit: &str) -> String {
    let response = &shock.response;
    let moves: Vec<String> =
        response.sensitivities.iter().map(|(name, one)| format!("{name} {}", in_words(one.shock))).collect();
    let periods = so_many(all.request.horizon, unit);
    let hedge = best(&shock.offsets).map(|hedge| format!(" {}", of_hedge(hedge, "would come to"))).unwrap_or_default();
    format!(
        "With {} over {periods} {} is to be expected to make {} (90% interval {} to {}, {} {unit}).{hedge}",
        moves.join(", "),
        all.subject.name(),
        in_words(response.response),
        in_words(response.interval[0]),
        in_words(response.interval[1]),
        response.observations
    )
}

/// `one month`, `3 months`.
fn so_many(periods: usize, unit: &str) -> String {
    if periods == 1 { format!("one {}", unit.trim_end_matches('s')) } else { format!("{periods} {unit}") }
}

/// `SPY -0.2 is 4.6 sd of a month, 2.7 of a quarter.`
fn how_far_out(response: &ShockResponse, horizon: usize, unit: &str) -> String {
    let one = unit.trim_end_matches('s');
    let three = if unit == "months" { "a quarter".to_owned() } else { format!("three {unit}") };
    let each: Vec<String> = response
        .sensitivities
        .iter()
        .map(|(name, of)| {
            let (a, b) = (of.deviations.abs(), of.deviations_of_three.abs());
            format!("{name} {} is {a:.1} sd of a {one}, {b:.1} of {three}", in_words(of.shock))
        })
        .collect();
    let plausibility = &response.plausibility;
    let tail = plausibility.tail_under_normality.map(|tail| {
        let often = if tail < 0.0001 { "under 0.0001".to_owned() } else { in_words(tail) };
        format!("; a move as far out over {} has a probability of {often} under normality", so_many(horizon, unit))
    });
    let seen = &plausibility.as_far_out;
    let dates: Vec<String> = seen.furthest.iter().map(|date| date.format("%Y-%m").to_string()).collect();
    let dates = if dates.is_empty() { String::new() } else { format!(" ({})", dates.join(", ")) };
    format!(
        "{}{}, and {} of {} {unit} of the window were as far out, up or down{dates}.",
        each.join("; "),
        tail.unwrap_or_default(),
        seen.count,
        seen.rows
    )
}

fn of_reverse(all: &Stressed, reverse: &Reversed, unit: &str) -> String {
    let found = &reverse.found;
    let worst = found.moves.first().map(|one| {
        format!(
            "; {} would lose most of it ({} at {})",
            one.holding,
            in_words(one.contribution),
            in_words(one.total_return)
        )
    });
    let hedge =
        best(&reverse.offsets).map(|hedge| format!(" {}", of_hedge(hedge, "would come to"))).unwrap_or_default();
    format!(
        "A loss of {} over {} is {:.1} sd of {}{}; {} of {} {unit} lost as much in one.{hedge}",
        in_words(found.loss),
        so_many(all.request.horizon, unit),
        found.distance,
        all.subject.name(),
        worst.unwrap_or_default(),
        found.as_bad,
        found.observations
    )
}

/// What the answer cannot know.
pub(super) fn not_known(all: &Stressed) -> String {
    let own = if all.episodes.is_empty() {
        "Not known here: whether the betas of the window hold in a crash."
    } else {
        "Not known here: what was really held then: today's weights are taken for the first day; and whether the next crash is like \
         one of these."
    };
    format!(
        "{own} Hedges are before borrow, margin, trading costs and taxes; short proceeds earn less than cash, shorting may not be \
         permitted, and a hedge also removes the return of what it sells."
    )
}

/// By which conventions.
pub(super) fn conventions() -> IndexMap<&'static str, &'static str> {
    IndexMap::from([
        (
            "scenarios",
            "weights of the first day, held; closes on or before both ends, at most 7 days older; contribution is weight times return",
        ),
        (
            "stand_ins",
            "betas to the factors of the lens that had prices and 36 months by then, by a regression on all months of both (36 at least); \
             their excess returns less last month's slopes on those before them, plus what cash earned",
        ),
        (
            "shock",
            "least squares with an intercept on the shocked variables alone, zero drift; half width 1.81 max(residual sd, residual sd of \
             half-life 12) sqrt(H (1 + 1/n + d2/(n - 1))), d2 = x'(H S)^-1 x",
        ),
        ("reverse", "x = -L S w / (w' S w), S the covariance of what is held"),
        (
            "hedges",
            "members and ratios by the rule of best_hedge on the 252 days before the scenario (of a shock and a loss the newest), out of the \
             universe less cash and what is held; result is sum h (c - cash); held: result above 0 and the loss smaller",
        ),
    ])
}
