//! Past crises with today's weights, and what offset each.

use factor_analytics::stress::Episode;
use factor_types::ClosedSet;
use indexmap::{IndexMap, IndexSet};

use super::{NONE, or_why};
use crate::{
    answer::markdown::{decimal, percent},
    services::client_report::{
        answers::{Offset, Scenario, Stress},
        asked::Part,
        html::{Html, Table},
    },
};

/// Episodes whose holdings are shown.
const MOST_BY_HOLDING: usize = 3;
/// Holdings of that table.
const MOST_HOLDINGS: usize = 20;
/// Reasons why something cannot be tested.
const MOST_REASONS: usize = 12;

/// What a crisis is called by people; dates of a call's own are themselves.
pub(super) fn called(scenario: &str) -> String {
    let Ok(episode) = <Episode as ClosedSet>::read(scenario) else { return scenario.to_owned() };
    let name = match episode {
        Episode::Gfc => "Financial crisis 2007-09",
        Episode::Lehman => "Lehman 2008",
        Episode::Flash2010 => "Flash crash 2010",
        Episode::Eurozone2011 => "Euro crisis 2011",
        Episode::TaperEquity => "Taper tantrum 2013, shares",
        Episode::TaperRates => "Taper tantrum 2013, rates",
        Episode::China2015 => "Yuan devaluation 2015",
        Episode::ChinaOil2016 => "China and oil 2015-16",
        Episode::Volmageddon2018 => "Volatility shock 2018",
        Episode::Q42018 => "Fourth quarter 2018",
        Episode::Covid => "Pandemic 2020",
        Episode::Rates2022 => "Inflation and rates 2022",
        Episode::Banks2023 => "Regional banks 2023",
        Episode::Carry2024 => "Yen carry trade 2024",
        Episode::Tariffs2025 => "Tariffs 2025",
        Episode::Early2026 => "Early 2026",
    };
    name.to_owned()
}

impl Stress {
    /// The episodes that could be tested, the worst first.
    pub(super) fn worst_first(&self) -> Vec<&Scenario> {
        let known = self.scenarios.iter().filter_map(|of| Some((of.total_return?, of)));
        let mut known: Vec<(f64, &Scenario)> = known.collect();
        known.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        known.into_iter().map(|(_, of)| of).collect()
    }
}

pub(super) fn write(page: &mut Html, part: &Part<Stress>) {
    let Some(answered) = or_why(page, part) else { return };
    let stress = &answered.figures;
    let worst = stress.worst_first();
    if worst.is_empty() {
        page.paragraph(
            "No past crisis could be tested: something held had neither prices nor a stand-in in any of them.",
        );
    }
    if let Some(picture) = answered.svg() {
        page.picture(picture);
    }
    page.table("Today's weights through past crises, the worst first", &episodes(&worst));
    by_holding(page, &worst);
    offsets(page, &worst);
    not_tested(page, stress);
}

fn episodes<'a>(worst: &[&Scenario]) -> Table<'a> {
    let row = |of: &&Scenario| {
        let about = of.half_width.map(|half| format!(" ± {}", percent(Some(half)))).unwrap_or_default();
        vec![
            called(&of.scenario),
            format!("{} to {}", of.from, of.to),
            percent(of.total_return) + &about,
            percent(of.max_drawdown),
            of.recovery_days.map_or_else(|| "not yet".to_owned(), |days| days.to_string()),
        ]
    };
    let head = &["crisis", "dates", "return", "deepest fall in it", "trading days to regain"];
    Table { head, words: 2, rows: worst.iter().map(row).collect() }
}

/// What each holding contributed to the worst of them.
fn by_holding(page: &mut Html, worst: &[&Scenario]) {
    let shown: Vec<&&Scenario> = worst.iter().take(MOST_BY_HOLDING).collect();
    let names: IndexSet<&str> =
        shown.iter().flat_map(|of| of.holdings.iter().map(|held| held.holding.as_str())).collect();
    let share = |of: &Scenario, name: &str| of.holdings.iter().find(|held| held.holding == name)?.contribution;
    let mut names: Vec<&str> = names.into_iter().collect();
    if let Some(first) = shown.first() {
        names.sort_by(|a, b| share(first, a).unwrap_or(0.0).total_cmp(&share(first, b).unwrap_or(0.0)));
    }
    let count = names.len();
    names.truncate(MOST_HOLDINGS);
    let row = |name: &&str| {
        let shares = shown.iter().map(|of| percent(share(of, name)));
        std::iter::once((*name).to_owned()).chain(shares).collect()
    };
    let rows: Vec<Vec<String>> = names.iter().map(row).collect();
    let titles: Vec<String> = shown.iter().map(|of| called(&of.scenario)).collect();
    let head: Vec<&str> = std::iter::once("holding").chain(titles.iter().map(String::as_str)).collect();
    let caption = match count {
        count if count > MOST_HOLDINGS => format!("What holdings contributed, {MOST_HOLDINGS} of {count}"),
        _ => "What each holding contributed".to_owned(),
    };
    page.table(&caption, &Table { head: &head, words: 1, rows });
}

/// What a hedge, what is only bought and a sale would have left of each loss.
fn offsets(page: &mut Html, worst: &[&Scenario]) {
    let lost: Vec<&&Scenario> = worst.iter().filter(|of| of.total_return.is_some_and(|total| total < 0.0)).collect();
    let of = |scenario: &Scenario, name: &str| -> String {
        let found = scenario.hedges.iter().find(|offset| offset.offset == name);
        let Some(Offset { hedged_return: Some(left), held, .. }) = found else { return NONE.to_owned() };
        let held = match held {
            Some(true) => " (held)",
            Some(false) => " (did not hold)",
            None => "",
        };
        percent(Some(*left)) + held
    };
    let row = |scenario: &&&Scenario| {
        let best = scenario.hedges.iter().find(|offset| offset.offset == "best_hedge");
        let sold = scenario.hedges.iter().find_map(|offset| offset.share_sold);
        let after = scenario.hedges.iter().any(|offset| offset.ratios_after_the_event);
        vec![
            called(&scenario.scenario),
            best.map_or_else(|| NONE.to_owned(), legs) + if after { " *" } else { "" },
            percent(scenario.total_return),
            of(scenario, "best_hedge"),
            of(scenario, "bought"),
            of(scenario, "reduce"),
            percent(sold),
        ]
    };
    let rows: Vec<Vec<String>> = lost.iter().map(row).collect();
    let any_after = lost.iter().any(|of| of.hedges.iter().any(|offset| offset.ratios_after_the_event));
    let head = [
        "loss",
        "best hedge, per unit of the portfolio",
        "without",
        "with it",
        "with what is only bought",
        "with some of it all sold",
        "share sold",
    ];
    page.table("What offset each loss", &Table { head: &head, words: 2, rows });
    if lost.is_empty() {
        return;
    }
    page.paragraph(
        "Ratios are those of the year of days before each loss; below 0 a fund is sold short. Held: it gained, and the loss is smaller \
         with it. Before borrowing, margin, trading costs and taxes; a hedge also takes away the return of what it sells.",
    );
    if any_after {
        page.paragraph(
            "* There were no prices of the year before: these ratios are from after the event, and prove nothing.",
        );
    }
}

fn legs(offset: &Offset) -> String {
    let each: Vec<String> =
        offset.legs.iter().map(|leg| format!("{} {}", leg.ticker, decimal(Some(leg.ratio), 2))).collect();
    if each.is_empty() { NONE.to_owned() } else { each.join(", ") }
}

/// What could not be tested, and why: each reason once.
fn not_tested(page: &mut Html, stress: &Stress) {
    let untested: Vec<&Scenario> = stress.scenarios.iter().filter(|of| of.total_return.is_none()).collect();
    if untested.is_empty() {
        return;
    }
    let names: Vec<String> = untested
        .iter()
        .map(|of| match of.covered_weight.filter(|share| *share > 0.0) {
            Some(share) => format!("{} ({} of the weight could be)", called(&of.scenario), percent(Some(share))),
            None => called(&of.scenario),
        })
        .collect();
    page.element("h3", "", "What could not be tested");
    page.paragraph(&format!("{}.", names.join(", ")));
    let mut reasons = IndexMap::<&str, IndexSet<&str>>::new();
    for held in untested.iter().flat_map(|of| &of.holdings) {
        if let Some(why) = &held.not_testable {
            reasons.entry(why).or_default().insert(&held.holding);
        }
    }
    let more = reasons.len().saturating_sub(MOST_REASONS);
    let said = |(why, holdings): (&&str, &IndexSet<&str>)| {
        let named: Vec<&str> = holdings.iter().take(MOST_HOLDINGS).copied().collect();
        let rest = holdings.len().saturating_sub(MOST_HOLDINGS);
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        format!("{}{rest}: {why}", named.join(", "))
    };
    let mut reasons: Vec<String> = reasons.iter().take(MOST_REASONS).map(said).collect();
    if more > 0 {
        reasons.push(format!("and {more} more reasons"));
    }
    page.list(&reasons);
}
