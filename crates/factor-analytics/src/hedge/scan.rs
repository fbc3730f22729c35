//! Looking at the candidates: which pass the filters, their figures, the move into each, and the best one to sell short.

use factor_types::{Ratio, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Candidate, CandidateExclusion, Direction, Effectiveness, ExcludedCandidate, HedgeFigures, HedgePlan, HedgeQuestion,
    Swap, candidates::Filter, score::ScoreInputs,
};
use crate::observer::{Progress, Stopped};

/// A candidate that passes the filters, and its figures.
pub(super) struct Looked<'a> {
    pub(super) candidate: &'a Candidate<'a>,
    pub(super) figures: HedgeFigures,
    pub(super) correlation: f64,
    /// The move into it; `None` without a portfolio that holds the factor.
    pub(super) swap: Option<Swap>,
}

/// The candidate that takes most away when it is sold short.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BestShort {
    /// What it stands for.
    pub factor: String,
    /// Its ETF; null for a composite.
    pub etf_ticker: Option<Ticker>,
    /// Units of it per unit of the factor; below 0, since it is sold.
    pub hedge_ratio: f64,
    /// What selling it takes away.
    pub hedge_effectiveness: Effectiveness,
    /// Common rows.
    pub n: usize,
}

impl Looked<'_> {
    pub(super) fn name(&self) -> &str {
        self.candidate.factor
    }

    /// What ties are ordered by.
    pub(super) fn symbol(&self) -> &str {
        self.candidate.ticker.map_or(self.candidate.factor, Ticker::as_str)
    }

    pub(super) fn is_young(&self) -> bool {
        self.candidate.standing.young
    }

    pub(super) fn scored(&self) -> ScoreInputs {
        ScoreInputs {
            correlation: Some(self.correlation),
            sharpe_ratio: self.candidate.sharpe_ratio,
            max_drawdown: self.candidate.max_drawdown,
            dividend_yield: self.candidate.dividend_yield,
        }
    }
}

impl BestShort {
    /// The best of those looked at, the young apart: those tested out of sample before those that are not.
    pub(super) fn among(looked: &[Looked<'_>]) -> Option<Self> {
        let worth = |one: &Looked<'_>| {
            let Effectiveness { in_sample, out_of_sample } = one.figures.hedge_effectiveness;
            out_of_sample.map_or((false, in_sample.unwrap_or(f64::MIN)), |share| (true, share))
        };
        let short = looked.iter().filter(|one| one.figures.direction == Some(Direction::Short) && !one.is_young());
        let best = short.max_by(|a, b| {
            let ((tested, share), (other_tested, other)) = (worth(a), worth(b));
            // Of equals the first by its symbol.
            tested.cmp(&other_tested).then_with(|| share.total_cmp(&other)).then_with(|| b.symbol().cmp(a.symbol()))
        })?;
        Some(Self {
            factor: best.name().to_owned(),
            etf_ticker: best.candidate.ticker.cloned(),
            hedge_ratio: best.figures.hedge_ratio?,
            hedge_effectiveness: best.figures.hedge_effectiveness,
            n: best.figures.relation.n,
        })
    }
}

/// The candidates that pass the filters, with their figures, and the others.
///
/// # Errors
/// [`Stopped`] when the observer says stop; it is asked before every candidate.
pub(super) fn scan<'a>(
    question: &HedgeQuestion<'_>,
    candidates: &'a [Candidate<'a>],
    plan: &HedgePlan,
    progress: &mut Progress<'_>,
) -> Result<(Vec<Looked<'a>>, Vec<ExcludedCandidate>), Stopped> {
    let filter = Filter {
        include_cash: plan.include_cash,
        min_dividend_yield: plan.min_dividend_yield,
        screens: plan.screens,
        weight_of_overexposed: question.portfolio.map(|portfolio| portfolio.weight_of_overexposed),
    };
    let (mut looked, mut left_out) = (Vec::new(), Vec::new());
    for (at, candidate) in candidates.iter().enumerate() {
        progress.advance(at, candidates.len())?;
        if let Some((reason, detail)) = filter.against(candidate) {
            left_out.push(ExcludedCandidate::new(candidate, reason, detail));
            continue;
        }
        let figures = HedgeFigures::of(question.overexposed, candidate.returns, question.min_observations);
        let (n, needed) = (figures.relation.n, question.min_observations.max(2));
        match figures.relation.correlation_to_overexposed {
            Some(correlation) => {
                let swap = swap(question, candidate, plan);
                looked.push(Looked { candidate, figures, correlation, swap });
            }
            None if n < needed => {
                let detail = format!("{n} periods in common with the factor, {needed} needed");
                left_out.push(ExcludedCandidate::new(candidate, CandidateExclusion::ThinHistory, detail));
            }
            None => {
                let detail = format!("its returns or the factor's do not vary on their {n} common periods");
                left_out.push(ExcludedCandidate::new(candidate, CandidateExclusion::Constant, detail));
            }
        }
    }
    Ok((looked, left_out))
}

/// The move out of the factor and into a candidate; `None` without a portfolio that holds the factor.
fn swap(question: &HedgeQuestion<'_>, candidate: &Candidate<'_>, plan: &HedgePlan) -> Option<Swap> {
    let portfolio = question.portfolio?;
    let within = (portfolio.cap(plan.target_allocation_reduction)?, question.min_observations);
    let both = (question.overexposed, candidate.returns);
    let swap = Swap::of(portfolio.returns, both, question.risk_free, within, question.per_year);
    Some(swap.with_cost(question.expense_ratio, candidate.facts.expense_ratio.map(Ratio::decimal)))
}
