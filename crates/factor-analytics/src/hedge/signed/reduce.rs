//! Selling some of the factor instead of hedging it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    best::{BestHedge, BestHedgeQuestion, LastRows, is_complete},
    moments::Moments,
};
use crate::{hedge::Candidate, stats};

/// Why no share of the factor that could be sold comes to the same variance as the hedge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoReduction {
    /// The hedge itself does not lower the variance of the portfolio.
    HedgeDoesNotReduce,
    /// Selling all of the factor lowers the variance of the portfolio by less than the hedge does.
    AllIsTooLittle,
    /// The portfolio has no return on one of the rows.
    PortfolioHasGaps,
}

/// What is held after one way or another, over the same rows. Gross, net and turnover are in units of the factor that was held;
/// return and volatility are the portfolio's, without a portfolio the factor's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Position {
    /// Compound return of a year, proceeds of sales earning the risk-free rate and purchases paying it, restored to the same
    /// ratios each period; before borrow, margin, trading costs and taxes. Null without a risk-free rate on each row.
    pub annual_return: Option<f64>,
    /// Annualised volatility.
    pub volatility: Option<f64>,
    /// The factor and the sizes of all that is bought or sold beside it.
    pub gross: f64,
    /// The factor and what is bought, less what is sold.
    pub net: f64,
    /// What is traded to come there.
    pub turnover: f64,
    /// The annual return of what is left as it is, less this one; null where one of them is.
    pub return_given_up: Option<f64>,
}

/// How much of the factor to sell into cash for the variance that the hedge leaves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Reduce {
    /// The share s of the factor: 1 - sqrt(1 - E), E the hedge's effectiveness in sample; with a portfolio that holds the factor
    /// with weight w the smallest s at which var(p - s w f) = var(p + w sum h c) on the same rows.
    pub share: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoReduction>,
    /// 1 - sqrt(1 - E) for the E to be expected, the median of the factor's past hedges; null where that is not known.
    pub share_expected: Option<f64>,
    /// The share times the factor's weight: what leaves it, as a share of the portfolio. Absent without a portfolio that holds
    /// the factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<f64>,
    /// As it is.
    pub unchanged: Position,
    /// With the hedge.
    pub hedged: Position,
    /// With the share sold; null without one.
    pub reduced: Option<Position>,
}

/// What is looked at: f alone, or the portfolio with its weight of f.
struct Base<'a> {
    returns: &'a [f64],
    weight: f64,
}

/// What is added to the base per unit of f and row, and what it comes to in units of f.
struct Way {
    moved: Vec<f64>,
    gross: f64,
    net: f64,
    turnover: f64,
}

/// The share of f to be sold for the variance that a hedge of this effectiveness leaves: 1 - sqrt(1 - E), and 0 where it
/// takes nothing away.
pub fn share_sold(effectiveness: f64) -> f64 {
    1.0 - (1.0 - effectiveness.clamp(0.0, 1.0)).sqrt()
}

impl Reduce {
    /// The share for a hedge that was found among these candidates, and `expected`, the effectiveness to be expected of it.
    /// `None` where the hedge is not one of this question.
    pub fn compute(
        question: &BestHedgeQuestion<'_>,
        candidates: &[Candidate<'_>],
        hedge: &BestHedge,
        expected: Option<f64>,
    ) -> Option<Self> {
        let rows = LastRows::of(question).ok()?;
        let legs = hedge.legs(&rows, candidates)?;
        let held = question.portfolio.filter(|portfolio| portfolio.weight_of_overexposed > 0.0);
        let base = held.map_or(Base { returns: rows.f, weight: 1.0 }, |portfolio| Base {
            returns: rows.of_series(portfolio.returns),
            weight: portfolio.weight_of_overexposed,
        });
        let share = match held {
            None => Ok(share_sold(hedge.effectiveness.in_sample)),
            Some(_) if !base.has_all() => Err(NoReduction::PortfolioHasGaps),
            Some(_) => base.share_for(rows.f, &legs),
        };
        let rates = question.risk_free.map(|rates| rows.of_series(rates));
        let after = |way: &Way| base.after(way, rates, question.per_year);
        let selling = |share: f64| Way {
            moved: rows.f.iter().map(|f| -share * f).collect(),
            gross: 1.0 - share,
            net: 1.0 - share,
            turnover: share,
        };
        let hedging = Way { moved: legs, gross: 1.0 + hedge.gross, net: 1.0 + hedge.net, turnover: hedge.gross };
        let unchanged = after(&selling(0.0));
        let beside = |position: Position| Position {
            return_given_up: unchanged.annual_return.zip(position.annual_return).map(|(before, after)| before - after),
            ..position
        };
        Some(Self {
            share: share.ok(),
            reason: share.err(),
            share_expected: expected.map(share_sold),
            change: held.and_then(|portfolio| Some(-share.ok()? * portfolio.weight_of_overexposed)),
            unchanged: beside(unchanged),
            hedged: beside(after(&hedging)),
            reduced: share.ok().map(|share| beside(after(&selling(share)))),
        })
    }
}

impl Base<'_> {
    fn has_all(&self) -> bool {
        !self.returns.is_empty() && is_complete(self.returns)
    }

    /// The smallest s >= 0 at which var(p - s w f) is var(p + w l), l being sum h c: with a = w^2 var(f), b = w cov(p, f) and the
    /// cut c = var(p) - var(p + w l) that of a s^2 - 2 b s + c = 0.
    fn share_for(&self, f: &[f64], legs: &[f64]) -> Result<f64, NoReduction> {
        let moments = Moments::of([self.returns, f, legs].into_iter());
        let (of_p, weight) = (moments.row(0), self.weight);
        let cut = -weight * (2.0 * of_p[2] + weight * moments.variance(2));
        let (a, b) = (weight * weight * moments.variance(1), weight * of_p[1]);
        if cut <= 0.0 {
            return Err(NoReduction::HedgeDoesNotReduce);
        }
        let inside = b * b - a * cut;
        if b <= 0.0 || inside < 0.0 {
            return Err(NoReduction::AllIsTooLittle);
        }
        // The smaller root, written so that nothing cancels.
        let share = cut / (b + inside.sqrt());
        if share <= 1.0 { Ok(share) } else { Err(NoReduction::AllIsTooLittle) }
    }

    fn after(&self, way: &Way, rates: Option<&[f64]>, per_year: f64) -> Position {
        let moved = |(row, own): (usize, &f64)| own + self.weight * way.moved[row];
        let returns: Vec<f64> = self.returns.iter().enumerate().map(moved).collect();
        let volatility = self.has_all().then(|| stats::standard_deviation(&returns)).flatten();
        // What is bought is paid for out of cash, and what is sold goes into it.
        let into_cash = self.weight * (1.0 - way.net);
        let known = rates.filter(|rates| rates.len() == returns.len() && is_complete(rates) && self.has_all());
        let with_cash = |(own, rate): (&f64, &f64)| own + into_cash * rate;
        let earned = known.map(|rates| returns.iter().zip(rates).map(with_cash).collect::<Vec<f64>>());
        Position {
            annual_return: earned.and_then(|returns| stats::compound_over(&returns, per_year)),
            volatility: volatility.map(|deviation| deviation * per_year.sqrt()),
            gross: way.gross,
            net: way.net,
            turnover: way.turnover,
            return_given_up: None,
        }
    }
}
