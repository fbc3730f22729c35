//! The report for people.

use factor_analytics::stress::offset::{OffsetResult, Offsets};

use super::{ReplayedEpisode, Reversed, Shocked, Stressed, sentences};
use crate::{
    answer::markdown::{self, decimal, percent},
    services::portfolio::{answer::add_caveats, summary::heading},
};

/// Rows of a table.
const ROWS: usize = 30;

impl Stressed {
    /// The report for people.
    pub(super) fn text(&self) -> String {
        let name = markdown::capitalised(self.subject.name());
        let mut text = format!("# {name} under stress\n\n{}\n", heading(&self.context, &self.quality));
        add_caveats(&mut text, sentences::not_known(self), &self.quality);
        markdown::list(&mut text, "In short", &sentences::insights(self));
        if !self.episodes.is_empty() {
            add_episodes(&mut text, &self.episodes);
        }
        if let Some(shock) = &self.shock {
            add_shock(&mut text, shock);
        }
        if let Some(reverse) = &self.reverse {
            add_reverse(&mut text, reverse);
        }
        markdown::list(&mut text, "How to read it", &legend());
        text
    }
}

fn add_episodes(text: &mut String, episodes: &[ReplayedEpisode]) {
    let row = |one: &ReplayedEpisode| {
        let episode = &one.episode;
        let worst = episode.worst_day;
        vec![
            episode.scenario.clone(),
            episode.from.to_string(),
            episode.to.to_string(),
            percent(episode.total_return),
            episode.half_width.map_or_else(|| "-".to_owned(), |half| percent(Some(half))),
            percent(Some(episode.covered_weight)),
            percent(episode.max_drawdown),
            worst.map_or_else(|| "-".to_owned(), |day| format!("{} ({})", percent(Some(day.total_return)), day.date)),
            episode.recovery_days.map_or_else(|| "-".to_owned(), |days| days.to_string()),
        ]
    };
    const HEAD: [&str; 9] = [
        "scenario",
        "from",
        "to",
        "return",
        "+- by stand-ins",
        "covered",
        "max drawdown",
        "worst day",
        "days to recover",
    ];
    markdown::titled_table(text, "Scenarios", &HEAD, 3, &episodes.iter().map(row).collect::<Vec<_>>());
    let each = episodes.iter().flat_map(|one| one.episode.holdings.iter().map(move |held| (one, held)));
    let rows: Vec<Vec<String>> = each
        .take(4 * ROWS)
        .map(|(one, held)| {
            let how = match (&held.stand_in, &held.not_testable) {
                (Some(stand_in), _) => {
                    let betas: Vec<String> =
                        stand_in.betas.iter().map(|(name, beta)| format!("{name} {:.2}", beta.beta)).collect();
                    format!("stand-in: {} ({} months)", betas.join(", "), stand_in.observations)
                }
                (None, Some(why)) => format!("not testable: {why}"),
                (None, None) => "prices".to_owned(),
            };
            vec![
                one.episode.scenario.clone(),
                held.holding.clone(),
                how,
                percent(Some(held.weight)),
                percent(held.total_return),
                percent(held.contribution),
                percent(held.max_drawdown),
                held.recovery_days.map_or_else(|| "-".to_owned(), |days| days.to_string()),
            ]
        })
        .collect();
    let head = ["scenario", "holding", "by", "weight", "return", "contribution", "max drawdown", "days to recover"];
    markdown::titled_table(text, "Holdings", &head, 3, &rows);
    let rows: Vec<Vec<String>> =
        episodes.iter().flat_map(|one| hedge_rows(&one.episode.scenario, &one.offsets)).take(4 * ROWS).collect();
    markdown::titled_table(text, "What offset it", &HEDGES, 3, &rows);
}

const HEDGES: [&str; 7] = ["scenario", "hedge", "members", "result", "return with it", "held", "in sample"];

fn hedge_rows(scenario: &str, offsets: &Offsets) -> Vec<Vec<String>> {
    let found = match offsets {
        Ok(found) => found,
        Err(why) => {
            return vec![vec![scenario.to_owned(), "none".to_owned(), why.clone(), dash(), dash(), dash(), dash()]];
        }
    };
    found.iter().map(|one| hedge_row(scenario, one)).collect()
}

fn hedge_row(scenario: &str, one: &OffsetResult) -> Vec<String> {
    let mut members: Vec<String> =
        one.legs.iter().map(|leg| format!("{} {}", leg.ticker, decimal(Some(leg.ratio), 2))).collect();
    members.extend(one.share_sold.map(|share| format!("{} sold", percent(Some(share)))));
    let after = if one.ratios_after_the_event { " (ratios after the event)" } else { "" };
    vec![
        scenario.to_owned(),
        one.offset.to_string(),
        format!("{}{after}", members.join(", ")),
        percent(Some(one.result)),
        percent(Some(one.hedged_return)),
        one.held.map_or_else(dash, |held| if held { "yes".to_owned() } else { "no".to_owned() }),
        percent(Some(one.in_sample)),
    ]
}

fn dash() -> String {
    "-".to_owned()
}

fn add_shock(text: &mut String, shock: &Shocked) {
    let response = &shock.response;
    let rows: Vec<Vec<String>> = response
        .sensitivities
        .iter()
        .map(|(name, one)| {
            vec![
                name.clone(),
                decimal(Some(one.shock), 4),
                decimal(Some(one.beta), 4),
                one.interval.map_or_else(dash, |[low, high]| format!("{low:.4} to {high:.4}")),
                decimal(Some(one.deviations), 1),
            ]
        })
        .collect();
    let title = format!(
        "Shock: {} (90% interval {} to {})",
        percent(Some(response.response)),
        percent(Some(response.interval[0])),
        percent(Some(response.interval[1]))
    );
    markdown::titled_table(text, &title, &["variable", "move", "beta", "95% interval", "sd"], 1, &rows);
    let rows = shock.holdings.iter().take(ROWS).map(|one| {
        vec![one.holding.clone(), percent(Some(one.weight)), percent(one.response), percent(one.contribution)]
    });
    let head = ["holding", "weight", "response", "contribution"];
    markdown::titled_table(text, "Shock by holding", &head, 1, &rows.collect::<Vec<_>>());
    markdown::titled_table(text, "What would offset the shock", &HEDGES, 3, &hedge_rows("shock", &shock.offsets));
}

fn add_reverse(text: &mut String, reverse: &Reversed) {
    let found = &reverse.found;
    let rows = found.moves.iter().take(ROWS).map(|one| {
        vec![
            one.holding.clone(),
            percent(Some(one.weight)),
            percent(Some(one.total_return)),
            percent(Some(one.contribution)),
            decimal(Some(one.deviations), 1),
        ]
    });
    let title = format!("The most plausible loss of {}: {:.1} sd", percent(Some(found.loss)), found.distance);
    let head = ["holding", "weight", "return", "contribution", "sd"];
    markdown::titled_table(text, &title, &head, 1, &rows.collect::<Vec<_>>());
    markdown::titled_table(text, "What would offset the loss", &HEDGES, 3, &hedge_rows("loss", &reverse.offsets));
}

fn legend() -> Vec<String> {
    vec![
        "scenario: past closes, with today's weights on the first day; a holding without prices then is stood in for by its betas to \
         the lens, which says so, or is not testable, and then the whole is not known either."
            .to_owned(),
        "days to recover: trading days after the end until the start's worth was regained; 0: it was at the end; -: not yet.".to_owned(),
        "hedge: per unit of the portfolio, over cash and before costs; held: it gained, and the loss is smaller with it; in sample: the \
         share of variance it took away on the year that its ratios rest on."
            .to_owned(),
        "interval of a shock: where nine of ten outcomes lie, were the window's betas to hold; sd: standard deviations of one period."
            .to_owned(),
        "Sentences have shares as decimals, like the fields: 0.1 is 10%.".to_owned(),
    ]
}
