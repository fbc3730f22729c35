//! What offsets a loss in its own scenario: the funds that might, on days, and their returns there.

use std::sync::Arc;

use factor_analytics::{
    Panel, Study,
    stress::{
        InEpisode, Months, Move, Replay, ReverseStress, Scenario, Shock, ShockResponse, StressedHolding,
        offset::{EachAlone, OffsetCandidate, OffsetQuestion, OffsetResult, Offsets, each_alone, offsets},
    },
};
use factor_types::{AssetClass, Category, Factor, Ticker};
use indexmap::IndexMap;

use crate::services::portfolio::{self, CASH};

/// Everything that hedges rest on: days over all prices that are held.
pub(crate) struct Ground {
    pub(super) daily: Arc<Study>,
    /// The risk-free rate of each day.
    pub(super) rates: Vec<f64>,
    /// What is held on days; why there is nothing.
    returns: Result<Vec<f64>, String>,
    /// The columns of funds that may be members.
    candidates: Vec<(Ticker, usize)>,
}

impl Ground {
    /// `daily` are the days, `weights` what is held, which is no candidate.
    pub(crate) fn new(daily: Arc<Study>, weights: &IndexMap<Ticker, f64>) -> Self {
        let rates = daily.risk_free().per_period;
        let returns = portfolio::returns(&daily, weights, &rates);
        let returns = returns.map(|of| of.values).map_err(|error| error.message);
        let candidates = candidates(&daily, weights);
        Self { daily, rates, returns, candidates }
    }

    /// Tells what becomes of what is held, with the months of which stand-ins are made.
    pub(crate) fn replayed<T>(
        &self,
        months: &Months,
        weights: &IndexMap<Ticker, f64>,
        tell: impl FnOnce(&Replay<'_>) -> T,
    ) -> T {
        let (days, stand_ins) = (self.daily.panel(), months);
        let months = months.panel();
        let invested = || weights.iter().filter(|(ticker, _)| ticker.as_str() != CASH);
        let holding = |(ticker, weight): (&'_ Ticker, &f64)| {
            (ticker.to_string(), *weight, days.position(ticker), months.position(ticker))
        };
        let known: Vec<_> = invested().map(holding).collect();
        let holdings: Vec<StressedHolding<'_>> = known
            .iter()
            .map(|(name, weight, day, month)| StressedHolding {
                name,
                weight: *weight,
                column: day.filter(|at| !is_empty(days, *at)),
                months: month.map(|at| months.column(at)),
            })
            .collect();
        // What the weights leave, below 0 what is borrowed.
        let cash = 1.0 - invested().map(|(_, weight)| weight).sum::<f64>();
        tell(&Replay {
            panel: days,
            rates: &self.rates,
            months: stand_ins,
            holdings: &holdings,
            cash: if cash.abs() < 1e-9 { 0.0 } else { cash },
            cash_name: CASH,
        })
    }

    /// What offset an episode.
    pub(super) fn of_episode(&self, episode: &InEpisode<'_>, lost: Option<f64>) -> Offsets {
        self.in_episode(episode, lost, offsets)
    }

    /// What each fund alone did in an episode, `bought_only` or also sold short.
    ///
    /// # Errors
    /// In words: what is held has no return there, or no days on which ratios could rest.
    pub(crate) fn each_in_episode(
        &self,
        episode: &InEpisode<'_>,
        (lost, bought_only): (Option<f64>, bool),
    ) -> Result<EachAlone, String> {
        self.in_episode(episode, lost, |question, candidates| each_alone(question, candidates, bought_only))
    }

    fn in_episode<T>(
        &self,
        episode: &InEpisode<'_>,
        lost: Option<f64>,
        answer: impl FnOnce(&OffsetQuestion<'_>, &[OffsetCandidate<'_>]) -> Result<T, String>,
    ) -> Result<T, String> {
        let lost = lost.ok_or("the return of the whole is not known")?;
        let cash = episode.cash_return().unwrap_or(0.0);
        let excess = |column: usize| Some(episode.return_of(column)? - cash);
        self.ask((lost, lost - cash), Some(episode.scenario()), excess, answer)
    }

    /// What is to be expected to offset a shock, by the rows of the window: `study` is its study, `p` what is held on it.
    pub(super) fn of_shock(
        &self,
        (study, rates, p): (&Study, &[f64], &[f64]),
        shock: &Shock<'_>,
        response: &ShockResponse,
    ) -> Offsets {
        let over = Over { study, rates };
        let own = response.of_part(&over.cash(p)).unwrap_or(response.response);
        let excess = |column: usize| response.of_part(&over.excess(self, column)?);
        let mut found = self.ask((response.response, own), None, excess, offsets)?;
        for one in &mut found {
            one.interval = over.with(p, one).and_then(|hedged| Some(ShockResponse::of(&hedged, shock).ok()?.interval));
        }
        Ok(found)
    }

    /// The same of the most plausible loss.
    pub(super) fn of_reverse(&self, (study, rates, p): (&Study, &[f64], &[f64]), reverse: &ReverseStress) -> Offsets {
        let over = Over { study, rates };
        let own = reverse.of_other(&over.cash(p), p).unwrap_or(-reverse.loss);
        let excess = |column: usize| reverse.of_other(&over.excess(self, column)?, p);
        self.ask((-reverse.loss, own), None, excess, offsets)
    }

    fn ask<T>(
        &self,
        (lost, excess): (f64, f64),
        scenario: Option<&Scenario>,
        of: impl Fn(usize) -> Option<f64>,
        answer: impl FnOnce(&OffsetQuestion<'_>, &[OffsetCandidate<'_>]) -> Result<T, String>,
    ) -> Result<T, String> {
        let returns = self.returns.as_ref().map_err(Clone::clone)?;
        let panel = self.daily.panel();
        let last = panel.labels().last().copied().unwrap_or_default();
        let known = scenario.map_or(last, |scenario| scenario.from);
        let question = OffsetQuestion { dates: panel.labels(), returns, known, lost, excess };
        let candidates: Vec<OffsetCandidate<'_>> = self
            .candidates
            .iter()
            .map(|(ticker, column)| OffsetCandidate { ticker, returns: panel.column(*column), excess: of(*column) })
            .collect();
        answer(&question, &candidates)
    }
}

/// Returns over cash on the rows of the window.
struct Over<'a> {
    study: &'a Study,
    rates: &'a [f64],
}

impl Over<'_> {
    fn cash(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(self.rates).map(|(r, rate)| if rate.is_finite() { r - rate } else { *r }).collect()
    }

    /// Those of a column of the days, by its ticker.
    fn excess(&self, ground: &Ground, column: usize) -> Option<Vec<f64>> {
        let ticker = ground.daily.panel().columns().get(column)?.series.ticker().clone();
        self.of(&ticker)
    }

    fn of(&self, ticker: &Ticker) -> Option<Vec<f64>> {
        let panel = self.study.panel();
        Some(self.cash(panel.column(panel.position(ticker)?)))
    }

    /// What is held with an offset, on the rows of the window.
    fn with(&self, p: &[f64], offset: &OffsetResult) -> Option<Vec<f64>> {
        let mut all = p.to_vec();
        if let Some(share) = offset.share_sold {
            all.iter_mut().zip(self.cash(p)).for_each(|(sum, own)| *sum -= share * own);
        }
        for leg in &offset.legs {
            let own = self.of(&leg.ticker)?;
            all.iter_mut().zip(own).for_each(|(sum, own)| *sum += leg.ratio * own);
        }
        Some(all)
    }
}

fn is_empty(panel: &Panel, at: usize) -> bool {
    let column = &panel.columns()[at];
    column.series.dates().is_empty() && column.members.is_empty()
}

/// The funds of the universe that are neither cash nor held, nor in what is held.
fn candidates(daily: &Study, weights: &IndexMap<Ticker, f64>) -> Vec<(Ticker, usize)> {
    let panel = daily.panel();
    let held_in = |ticker: &Ticker| {
        let members = |at: usize| panel.columns()[at].members.iter().map(|(member, _)| *member);
        panel.position(ticker).into_iter().flat_map(move |at| std::iter::once(at).chain(members(at)))
    };
    let held: Vec<usize> = weights.keys().flat_map(held_in).collect();
    let is_cash = |factor: &Factor| factor.category == Category::Cash || factor.asset_class == Some(AssetClass::Cash);
    let is_candidate =
        |factor: &Factor, column: usize| !factor.ticker.is_composed() && !is_cash(factor) && !held.contains(&column);
    let funds = daily.factors.iter().filter(|one| is_candidate(&one.factor, one.column));
    funds.map(|one| (one.factor.ticker.clone(), one.column)).collect()
}

/// The moves of a shock as the kernel takes them.
pub(super) fn moves<'a>(named: &'a [(String, f64, Vec<f64>)]) -> Vec<Move<'a>> {
    named.iter().map(|(name, size, series)| Move { name, size: *size, series }).collect()
}
