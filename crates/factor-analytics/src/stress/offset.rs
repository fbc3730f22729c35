//! What offsets a loss in its own scenario: the best hedge, the best that is only bought, bonds, the market sold short, and
//! selling some of it all.
//!
//! Ratios rest on a year of days before the scenario; where what is held has none, on the newest year, and then it is said that
//! they come after the event. A hedge earns sum h (c - rf): what is bought is paid for out of cash, what is sold earns it.

use chrono::NaiveDate;
use factor_types::{Ticker, closed_set};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    hedge::{
        ScenarioResult,
        signed::{DAILY_ROWS, Rule, share_sold},
    },
    stats,
};

closed_set! {
    /// A way to offset a loss.
    pub enum Offset: "an offset" {
        /// Up to three funds, bought or sold short.
        BestHedge = "best_hedge",
        /// The fund that moves most against it, bought.
        Bought = "bought",
        /// IEF, bought.
        Bonds = "bonds_bought",
        /// SPY, sold short.
        Market = "market_sold_short",
        /// As much of it all sold as leaves the variance that the best hedge leaves.
        Reduce = "reduce",
    }
}

/// What the bonds to buy are, and the market to sell.
const BONDS: &str = "IEF";
const MARKET: &str = "SPY";

/// A fund that might offset it.
#[derive(Debug, Clone, Copy)]
pub struct OffsetCandidate<'a> {
    /// Its ticker; equals are taken in the order of the candidates.
    pub ticker: &'a Ticker,
    /// Its returns on days.
    pub returns: &'a [f64],
    /// Its return in the scenario less what cash earned; one without is no candidate.
    pub excess: Option<f64>,
}

/// What is to be offset, on rows of days.
#[derive(Debug, Clone, Copy)]
pub struct OffsetQuestion<'a> {
    /// The days, rising.
    pub dates: &'a [NaiveDate],
    /// The returns of what is held, `NaN` where missing.
    pub returns: &'a [f64],
    /// The last day that was known when the scenario began.
    pub known: NaiveDate,
    /// What it loses there: its return, and the same less what cash earned.
    pub lost: f64,
    /// That over cash.
    pub excess: f64,
}

/// A member of an offset.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OffsetLeg {
    /// Which fund.
    pub ticker: Ticker,
    /// Units of it per unit of the portfolio; below 0 what is sold short.
    pub ratio: f64,
    /// Its return over cash in the scenario.
    pub scenario_excess_return: f64,
}

/// What an offset did, or is to be expected to do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OffsetResult {
    /// Which one.
    pub offset: Offset,
    /// Its members, what takes most away first; none of what is sold of it all.
    pub legs: Vec<OffsetLeg>,
    /// Of `reduce`, the share of it all that is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_sold: Option<f64>,
    /// What it gained there, per unit of the portfolio, over cash and before costs.
    pub result: f64,
    /// The portfolio's return with it.
    pub hedged_return: f64,
    /// Whether it gained and the loss is smaller with it; null where nothing was lost.
    pub held: Option<bool>,
    /// The 90% interval of the hedged return, of a shock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// Share of the variance that it takes away on the rows of its ratios, so more than is to be expected.
    pub in_sample: f64,
    /// Days that its ratios rest on.
    pub rows: usize,
    /// The first of them.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
    /// True where those lie after the event: what is known now, tried on then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ratios_after_the_event: bool,
}

/// What offsets it, or why that is not known.
pub type Offsets = Result<Vec<OffsetResult>, String>;

/// What each way to offset it did in the scenario.
///
/// # Errors
/// In words: there are no days on which ratios could rest.
pub fn offsets(question: &OffsetQuestion<'_>, candidates: &[OffsetCandidate<'_>]) -> Offsets {
    let asked = Asked::of(question, candidates)?;
    let rule = Rule::default();
    let best = asked.by(Offset::BestHedge, rule, |_| true);
    let share = best.as_ref().map(|best| share_sold(best.in_sample));
    let reduce = best.as_ref().zip(share).filter(|(_, share)| *share > 0.0).map(|(best, share)| OffsetResult {
        share_sold: Some(share),
        ..asked.result((Offset::Reduce, Vec::new()), -share * question.excess, best.in_sample)
    });
    let others = [
        asked.by(Offset::Bought, rule.of_purchases(), |_| true),
        asked.by(Offset::Bonds, rule.of_purchases(), |ticker| ticker == BONDS),
        asked.by(Offset::Market, rule, |ticker| ticker == MARKET).filter(|found| found.legs[0].ratio < 0.0),
    ];
    Ok(best.into_iter().chain(others.into_iter().flatten()).chain(reduce).collect())
}

/// Each candidate by itself, with the days that ratios rest on; one that is no hedge on them, or has no prices, is not among them.
#[derive(Debug, Clone, PartialEq)]
pub struct EachAlone {
    /// By ticker, in its order.
    pub results: Vec<(Ticker, ScenarioResult)>,
    /// Days that the ratios rest on.
    pub rows: usize,
    /// The first of them.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
    /// True where those lie after the event.
    pub ratios_after_the_event: bool,
}

/// What each candidate alone did in the scenario, `bought_only` or also sold short.
///
/// # Errors
/// In words: there are no days on which ratios could rest.
pub fn each_alone(
    question: &OffsetQuestion<'_>,
    candidates: &[OffsetCandidate<'_>],
    bought_only: bool,
) -> Result<EachAlone, String> {
    let asked = Asked::of(question, candidates)?;
    let rule = Rule::default();
    let rule = if bought_only { rule.of_purchases() } else { rule };
    let alone = |(one, returns, excess): &(&OffsetCandidate<'_>, &[f64], f64)| {
        let found = rule.hedge_of(asked.f, &[returns])?;
        let (_, ratio) = *found.members.first()?;
        let result = ratio * excess;
        let (hedged_return, held) = asked.outcome(result);
        let result = ScenarioResult { ratio, scenario_excess_return: *excess, result, hedged_return, held };
        Some((one.ticker.clone(), result))
    };
    let (first, last) = asked.rows.dates(question);
    Ok(EachAlone {
        results: asked.usable.iter().filter_map(alone).collect(),
        rows: asked.rows.to - asked.rows.from,
        first,
        last,
        ratios_after_the_event: asked.rows.after_the_event,
    })
}

/// The days that ratios rest on.
struct Rows {
    from: usize,
    to: usize,
    after_the_event: bool,
}

impl Rows {
    fn dates(&self, question: &OffsetQuestion<'_>) -> (NaiveDate, NaiveDate) {
        (question.dates[self.from], question.dates[self.to - 1])
    }

    fn of(question: &OffsetQuestion<'_>) -> Option<Self> {
        let last_year = |to: usize| {
            let from = to.checked_sub(DAILY_ROWS)?;
            let f = question.returns.get(from..to)?;
            (f.iter().all(|r| r.is_finite()) && !stats::is_constant(f)).then_some((from, to))
        };
        let known = question.dates.partition_point(|date| *date <= question.known);
        let before = last_year(known).map(|(from, to)| Self { from, to, after_the_event: false });
        let newest = || last_year(question.dates.len()).map(|(from, to)| Self { from, to, after_the_event: true });
        before.or_else(newest)
    }
}

struct Asked<'a> {
    question: &'a OffsetQuestion<'a>,
    rows: Rows,
    f: &'a [f64],
    /// Candidates with all that is needed of them, by ticker, to which ties go: their returns on the rows, and in the scenario.
    usable: Vec<(&'a OffsetCandidate<'a>, &'a [f64], f64)>,
}

impl<'a> Asked<'a> {
    fn of(question: &'a OffsetQuestion<'a>, candidates: &'a [OffsetCandidate<'a>]) -> Result<Self, String> {
        let rows = Rows::of(question).ok_or_else(|| {
            format!(
                "what is held has no {DAILY_ROWS} days of returns in a row on which the ratios of hedges could rest"
            )
        })?;
        let f = &question.returns[rows.from..rows.to];
        let mut usable: Vec<(&OffsetCandidate<'_>, &[f64], f64)> = candidates
            .iter()
            .filter_map(|one| Some((one, one.returns.get(rows.from..rows.to)?, one.excess?)))
            .filter(|(_, returns, _)| returns.iter().all(|r| r.is_finite()) && !stats::is_constant(returns))
            .collect();
        usable.sort_by_key(|(one, ..)| one.ticker.as_str());
        Ok(Self { question, rows, f, usable })
    }

    /// The return with an offset that gained so much, and whether it held.
    fn outcome(&self, result: f64) -> (f64, Option<bool>) {
        let lost = self.question.lost;
        (lost + result, (lost < 0.0).then_some(result > 0.0 && lost + result > lost))
    }

    fn by(&self, offset: Offset, rule: Rule, is_asked: impl Fn(&str) -> bool) -> Option<OffsetResult> {
        let among: Vec<_> = self.usable.iter().filter(|(one, ..)| is_asked(one.ticker.as_str())).collect();
        let returns: Vec<&[f64]> = among.iter().map(|(_, returns, _)| *returns).collect();
        let found = rule.hedge_of(self.f, &returns)?;
        let leg = |(at, ratio): &(usize, f64)| OffsetLeg {
            ticker: among[*at].0.ticker.clone(),
            ratio: *ratio,
            scenario_excess_return: among[*at].2,
        };
        let legs: Vec<OffsetLeg> = found.members.iter().map(leg).collect();
        let result = stats::sum(legs.iter().map(|leg| leg.ratio * leg.scenario_excess_return));
        Some(self.result((offset, legs), result, found.in_sample))
    }

    fn result(&self, (offset, legs): (Offset, Vec<OffsetLeg>), result: f64, in_sample: f64) -> OffsetResult {
        let (hedged_return, held) = self.outcome(result);
        let (first, last) = self.rows.dates(self.question);
        OffsetResult {
            offset,
            legs,
            share_sold: None,
            result,
            hedged_return,
            held,
            interval: None,
            in_sample,
            rows: self.rows.to - self.rows.from,
            first,
            last,
            ratios_after_the_event: self.rows.after_the_event,
        }
    }
}
