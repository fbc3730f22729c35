//! By what offsets are ranked.

use schemars::JsonSchema;
use serde::Serialize;

/// The points that make up a score; their sum is the score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct ScoreParts {
    /// Of the negative of the correlation; weight 0.5.
    pub correlation: Option<f64>,
    /// Of the rank of the Sharpe ratio among the candidates, 0 (lowest) to 1; weight 0.2.
    pub sharpe_ratio: Option<f64>,
    /// Of the rank of the deepest fall, the shallowest 1; weight 0.2.
    pub max_drawdown: Option<f64>,
    /// Of the rank of the dividend yield; weight 0.1, or 0.3 where income is preferred (the others scaled to 0.7).
    /// A yield of 0 ranks 0, however many have none: no income earns no points. One that is not known ranks in the middle,
    /// 0.5.
    pub dividend_yield: Option<f64>,
}

/// What a candidate is scored by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScoreInputs {
    /// Its correlation to the factor.
    pub correlation: Option<f64>,
    /// Its Sharpe ratio.
    pub sharpe_ratio: Option<f64>,
    /// Its deepest fall, at or under 0.
    pub max_drawdown: Option<f64>,
    /// Its dividend yield.
    pub dividend_yield: Option<f64>,
}

/// Weights of correlation, Sharpe ratio, drawdown and yield.
const WEIGHTS: [f64; 4] = [0.5, 0.2, 0.2, 0.1];

/// The weight of the yield where income is preferred.
const INCOME_WEIGHT: f64 = 0.3;

/// The rank of a yield that is not known: neither none nor a high one.
const UNKNOWN_YIELD: f64 = 0.5;

impl ScoreParts {
    /// The parts of each candidate, their ranks taken over all of them.
    ///
    /// A Sharpe ratio or drawdown that is not known is not scored: its part is null, and the weights of the others are
    /// scaled so that they sum to 1. A yield that is not known counts as one in the middle, since many have none.
    pub fn of(candidates: &[ScoreInputs], prefer_income: bool) -> Vec<Self> {
        let mut weights = WEIGHTS;
        if prefer_income {
            let others = (1.0 - INCOME_WEIGHT) / (1.0 - WEIGHTS[3]);
            weights = [WEIGHTS[0] * others, WEIGHTS[1] * others, WEIGHTS[2] * others, INCOME_WEIGHT];
        }
        let ranked =
            |figure: fn(&ScoreInputs) -> Option<f64>| ranks(&candidates.iter().map(figure).collect::<Vec<_>>());
        let sharpe_ratios = ranked(|candidate| candidate.sharpe_ratio);
        let drawdowns = ranked(|candidate| candidate.max_drawdown);
        let mut yields = ranked(|candidate| candidate.dividend_yield);
        for (rank, candidate) in yields.iter_mut().zip(candidates) {
            match candidate.dividend_yield {
                None => *rank = Some(UNKNOWN_YIELD),
                // Half of the candidates may pay nothing: they would share a middle rank.
                Some(0.0) => *rank = Some(0.0),
                Some(_) => {}
            }
        }
        (0..candidates.len())
            .map(|at| {
                let values = [candidates[at].correlation.map(|r| -r), sharpe_ratios[at], drawdowns[at], yields[at]];
                let known: f64 = values.iter().zip(weights).filter_map(|(value, weight)| value.map(|_| weight)).sum();
                let points = |part: usize| values[part].map(|value| value * weights[part] / known);
                Self {
                    correlation: points(0),
                    sharpe_ratio: points(1),
                    max_drawdown: points(2),
                    dividend_yield: points(3),
                }
            })
            .collect()
    }

    /// The sum of the parts that are known.
    pub fn score(&self) -> f64 {
        [self.correlation, self.sharpe_ratio, self.max_drawdown, self.dividend_yield].into_iter().flatten().sum()
    }
}

/// The rank of each known value among the known ones, 0 for the lowest and 1 for the highest; equal values share the
/// mean of their ranks, and a value alone is in the middle.
pub fn ranks(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let rank = |value: f64| {
        let below = known.iter().filter(|other| **other < value).count();
        let equal = known.iter().filter(|other| **other == value).count();
        let others = known.len() - 1;
        if others == 0 { 0.5 } else { (below as f64 + (equal as f64 - 1.0) / 2.0) / others as f64 }
    };
    values.iter().map(|value| value.map(rank)).collect()
}
