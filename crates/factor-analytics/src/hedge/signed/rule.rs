//! The rule by which the members of the best hedge are chosen.
//!
//! Forward selection: the candidate whose returns correlate most, up or down, with what the members before it leave of the
//! factor is next, and all ratios are found anew by least squares. A second or third member has to earn its place.

use std::borrow::Cow;

use super::moments::{Basket, Moments};
use crate::stats;

/// The most members a hedge may have.
pub const MAX_MEMBERS: usize = 3;

/// Correlations closer than this are equal: rounding must not decide between two machines.
const SAME: f64 = 1e-12;

/// What is left of the factor's variance at or under this share of it is rounding noise, and correlates with nothing.
const NOTHING_LEFT: f64 = 1e-13;

/// How a hedge is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// A candidate with a higher correlation to the factor is the factor under another name, and none.
    pub max_correlation: f64,
    /// The most members, at most [`MAX_MEMBERS`].
    pub max_members: usize,
    /// A second or third member stays if it cuts the variance left before it by this share.
    pub min_gain: f64,
    /// The most that sum |h| may come to; of a single member its ratio is cut to it.
    pub max_gross: f64,
    /// Whether only a purchase will do: one member, whose correlation to the factor is below 0.
    pub bought_only: bool,
    /// Least squares is charged this share of each member's variance per squared ratio; 0 for none.
    pub ridge: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            max_correlation: 0.97,
            max_members: MAX_MEMBERS,
            min_gain: 0.05,
            max_gross: 2.0,
            bought_only: false,
            ridge: 0.0,
        }
    }
}

/// What the rule chose.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::hedge) struct Pick {
    /// Places among the moments' series, in the order chosen.
    pub(in crate::hedge) members: Vec<usize>,
    /// The ratio of each.
    pub(in crate::hedge) ratios: Vec<f64>,
    /// 1 - var(f + sum h c) / var(f) by the moments it was chosen on.
    pub(in crate::hedge) in_sample: f64,
}

/// A hedge by the rule, of returns that are complete.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenHedge {
    /// Places among the candidates, in the order chosen, each with its ratio.
    pub members: Vec<(usize, f64)>,
    /// 1 - var(f + sum h c) / var(f) on the rows it was chosen on.
    pub in_sample: f64,
}

/// Members and what they come to while they are chosen.
struct Chosen<'a> {
    members: Vec<usize>,
    rows: Vec<Cow<'a, [f64]>>,
    ratios: Vec<f64>,
    left: f64,
}

impl Rule {
    /// The same for one who may not sell short: the fund with the lowest correlation, bought. It is what a scorecard grades as
    /// [`Strategy::LeastCorrelatedBought`](crate::hedge::scorecard::Strategy::LeastCorrelatedBought).
    #[must_use]
    pub fn of_purchases(self) -> Self {
        Self { bought_only: true, max_members: 1, ..self }
    }

    /// The hedge of the returns `f` out of candidates with complete returns on the same rows, of equals the first. `None` where
    /// none of them may be a member.
    pub fn hedge_of(&self, f: &[f64], candidates: &[&[f64]]) -> Option<ChosenHedge> {
        let moments = Moments::of(std::iter::once(f).chain(candidates.iter().copied()));
        let Pick { members, ratios, in_sample } = self.choose(&moments, 0, |_| true)?;
        Some(ChosenHedge { members: members.into_iter().map(|at| at - 1).zip(ratios).collect(), in_sample })
    }

    /// Whether a candidate with this correlation to the factor may be a member.
    pub(in crate::hedge) fn admits(&self, correlation: f64) -> bool {
        correlation <= self.max_correlation
    }

    /// The hedge of series `f` out of the others that `allowed` names and that vary, of equals the first. `None` where there
    /// is no candidate that correlates with f at all.
    pub(in crate::hedge) fn choose(
        &self,
        moments: &Moments,
        f: usize,
        allowed: impl Fn(usize) -> bool,
    ) -> Option<Pick> {
        let (variance, of_factor) = (moments.variance(f), moments.row(f));
        let correlations = moments.correlations(f);
        // Of what does not vary it is NaN, which nothing admits.
        let is_bought = |at: &usize| !self.bought_only || correlations[*at] < 0.0;
        let usable = |at: &usize| *at != f && allowed(*at) && self.admits(correlations[*at]) && is_bought(at);
        let candidates: Vec<usize> = (0..moments.size()).filter(usable).collect();
        let mut chosen = Chosen { members: vec![], rows: vec![], ratios: vec![], left: variance };
        while chosen.members.len() < self.max_members.min(MAX_MEMBERS) && chosen.left > NOTHING_LEFT * variance {
            let Some(next) = chosen.most_like_what_is_left(moments, &of_factor, &candidates) else { break };
            let (members, rows) = chosen.with(next, moments);
            let basket = Basket::of(variance, &of_factor, &members, &rows);
            let Some(ratios) = basket.ratios(self.ridge) else { break };
            let left = basket.left(&ratios);
            if !chosen.members.is_empty() && left > (1.0 - self.min_gain) * chosen.left {
                break;
            }
            let ratios = ratios[..members.len()].to_vec();
            chosen = Chosen { members, rows, ratios, left };
        }
        self.within_gross(chosen, variance, &of_factor)
    }

    /// Drops the last members until the ratios are small enough, and cuts that of a single one.
    fn within_gross(&self, chosen: Chosen<'_>, variance: f64, of_factor: &[f64]) -> Option<Pick> {
        let Chosen { mut members, mut rows, mut ratios, .. } = chosen;
        while members.len() > 1 && gross(&ratios) > self.max_gross {
            members.pop();
            rows.pop();
            let basket = Basket::of(variance, of_factor, &members, &rows);
            ratios = basket.ratios(self.ridge)?[..members.len()].to_vec();
        }
        if let [only] = ratios.as_mut_slice() {
            *only = self.cut(*only);
        }
        let basket = Basket::of(variance, of_factor, &members, &rows);
        let in_sample = basket.effectiveness(&ratios);
        (!members.is_empty()).then_some(Pick { members, ratios, in_sample })
    }

    /// The ratio of a single member.
    pub(in crate::hedge) fn cut(&self, ratio: f64) -> f64 {
        ratio.clamp(-self.max_gross, self.max_gross)
    }
}

impl<'a> Chosen<'a> {
    /// The candidate with the largest |corr(f + sum h c, candidate)|; `None` where nothing correlates with what is left.
    fn most_like_what_is_left(&self, moments: &Moments, of_factor: &[f64], candidates: &[usize]) -> Option<usize> {
        let mut best = (None, SAME);
        for at in candidates.iter().filter(|at| !self.members.contains(at)) {
            let hedged: f64 = self.rows.iter().zip(&self.ratios).map(|(row, ratio)| row[*at] * ratio).sum();
            let size = (of_factor[*at] + hedged).abs() / (self.left * moments.variance(*at)).sqrt();
            if size > best.1 + SAME {
                best = (Some(*at), size);
            }
        }
        best.0
    }

    fn with(&self, next: usize, moments: &'a Moments) -> (Vec<usize>, Vec<Cow<'a, [f64]>>) {
        let members = self.members.iter().copied().chain([next]).collect();
        let rows = self.rows.iter().cloned().chain([moments.row(next)]).collect();
        (members, rows)
    }
}

/// sum |h|.
pub(in crate::hedge) fn gross(ratios: &[f64]) -> f64 {
    stats::sum(ratios.iter().map(|ratio| ratio.abs()))
}
