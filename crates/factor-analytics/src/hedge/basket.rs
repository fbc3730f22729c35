//! The best two or three offsets together.
//!
//! Sets of two and three of the first ten ranked candidates are tried, each on the rows on which its own members, the
//! factor and the portfolio have values: a candidate outside a set never shortens its window. So objectives are of
//! different rows, and what compares is the share that is left: the sample's variance after over that before on the same
//! rows. With a portfolio that holds the factor the variance is that of p + sum w_i (c_i - f), w >= 0 and sum w at most the
//! cap of a single swap, solved exactly on the sample covariance, so that in sample no basket is worse than its best
//! member alone, and none raises the volatility; the cap keeps the estimates in bounds. Without, it is that of f + sum h_i
//! c_i, h >= 0, which no cap holds back: non-negative least squares ([`nnls`]) on the covariance of factor and members
//! shrunk towards constant correlation.

mod solve;

use factor_types::Ticker;
use schemars::JsonSchema;
use serde::Serialize;

use self::solve::Trial;
use super::{
    Candidate, Effectiveness, Relation, UndefinedField, VolatilityChange,
    figures::{NOT_VARYING, common_rows, out_of_sample, reduction},
    swap,
};
use crate::{
    nnls,
    observer::{Progress, Stopped},
    stats,
};

/// Sets are taken from so many of the best ranked.
pub const SHORTLIST: usize = 10;

const WOULD_NOT_REDUCE: &str = "would_not_reduce: no two or three of the first candidates lower the variance";

/// What a basket's weights minimise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MinimizedVariance {
    /// var(p + sum w_i (c_i - f)) of the sample, divisor n - 1: a swap within a portfolio.
    PortfolioVariance,
    /// var(f + sum h_i c_i) by the shrunk covariance: a hedge of the factor alone.
    FactorVariance,
}

/// The variance that was minimised, per period.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Objective {
    /// Which variance.
    pub minimised: MinimizedVariance,
    /// Without any offset.
    pub before: f64,
    /// With the basket.
    pub after: f64,
    /// With the best of its members alone, on the same rows.
    pub best_single: f64,
    /// Which one that is.
    pub best_single_factor: String,
}

/// One part of a basket.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BasketMember {
    /// What it stands for.
    pub factor: String,
    /// Its ETF; null for a composite.
    pub etf_ticker: Option<Ticker>,
    /// Units of it per unit of the factor, not negative: the hedge of the factor alone by all members together.
    pub hedge_ratio: f64,
    /// The weight to move into it, as a share of the portfolio. Absent without a portfolio that holds the factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested_additional_allocation: Option<f64>,
}

/// Two or three offsets together.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Basket {
    /// Its members, best ranked first.
    pub members: Vec<BasketMember>,
    /// How their mix goes together with the factor: mixed by the suggested weights, without a portfolio by the hedge
    /// ratios.
    #[serde(flatten)]
    pub relation: Relation,
    /// What the hedge ratios take away of the factor's variance; out of sample they are estimated again on the first two
    /// thirds of the rows.
    pub hedge_effectiveness: Effectiveness,
    /// What the suggested weights do to the portfolio. Absent without a portfolio that holds the factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portfolio_volatility: Option<VolatilityChange>,
    /// What was minimised, and what the best single offset comes to.
    pub objective: Objective,
    /// The weight of constant correlation in the covariance of the hedge ratios, 0 to 1.
    pub shrinkage_intensity: f64,
    /// Of the candidates sets are taken from, those in no set that could be tried: too few rows in common with the others,
    /// or no variation on them.
    pub dropped: Vec<String>,
    /// Sets tried.
    pub sets_tried: usize,
    /// Each null figure and why.
    #[serde(skip)]
    pub undefined: Vec<UndefinedField>,
}

/// What a basket is found for.
#[derive(Debug, Clone, Copy)]
pub struct BasketInputs<'a> {
    /// The factor's returns.
    pub overexposed: &'a [f64],
    /// The portfolio's returns and the most that may move in it ([`super::Portfolio::cap`]).
    pub portfolio: Option<(&'a [f64], f64)>,
    /// Periods of a year.
    pub per_year: f64,
    /// The fewest complete rows.
    pub min_rows: usize,
}

impl Basket {
    /// The best set of two or three of the first [`SHORTLIST`] of `ranked`.
    ///
    /// A set's rows: those on which the factor, the portfolio and its members have a value; with fewer than `min_rows` of
    /// them it is not tried. A set in which a member has no part and two others have stands for nothing: the smaller set is
    /// tried as well, on its own rows. Of sets that come to the same share within rounding the smaller counts, then the one that
    /// hedges the factor better, then the one ranked first.
    ///
    /// Within it a sentence, where there is no basket: too few candidates or rows, or none in which two members have a part.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked after every set.
    pub fn best(
        inputs: &BasketInputs<'_>,
        ranked: &[&Candidate<'_>],
        progress: &mut Progress<'_>,
    ) -> Result<Result<Self, String>, Stopped> {
        let shortlist = &ranked[..ranked.len().min(SHORTLIST)];
        let sets: Vec<Vec<usize>> = sets(shortlist.len()).collect();
        let trials = progress.each(sets.into_iter(), |set| Trial::of(inputs, shortlist, set))?;
        Ok(Self::of(inputs, shortlist, trials.into_iter().flatten().collect()))
    }

    /// The best of some trials.
    fn of(inputs: &BasketInputs<'_>, shortlist: &[&Candidate<'_>], trials: Vec<Trial>) -> Result<Self, String> {
        let own: Vec<&[f64]> = [inputs.overexposed].into_iter().chain(inputs.portfolio.map(|(p, _)| p)).collect();
        let common = common_rows(&own).len();
        if common < inputs.min_rows {
            return Err(format!(
                "a basket needs {} periods that the factor and the portfolio have in common; there are {common}",
                inputs.min_rows
            ));
        }
        let (sets_tried, mut in_a_set) = (trials.len(), vec![false; shortlist.len()]);
        trials.iter().flat_map(|trial| &trial.set).for_each(|at| in_a_set[*at] = true);
        if trials.is_empty() {
            return Err(format!(
                "a basket needs two candidates with {} common periods that vary; no two of {} have them",
                inputs.min_rows,
                shortlist.len()
            ));
        }
        let stands = |trial: &Trial| trial.stands_for_itself(inputs, shortlist);
        let trial = trials.into_iter().filter(stands).reduce(Trial::better).ok_or(WOULD_NOT_REDUCE)?;
        match trial.active().as_slice() {
            [] => return Err(WOULD_NOT_REDUCE.to_owned()),
            // A basket of one is a single offset under another name.
            [one] => return Err(format!("{} alone does as well as any two or three", shortlist[*one].factor)),
            _ => {}
        }
        let members: Vec<&Candidate<'_>> = trial.set.iter().map(|at| shortlist[*at]).collect();
        let (alone, best_single) = trial.best_single().ok_or("no member's weight could be found")?;
        let left_out = in_a_set.iter().zip(shortlist).filter(|(is_in, _)| !**is_in);
        let basket = Self {
            members: Vec::new(),
            relation: Relation::default(),
            hedge_effectiveness: Effectiveness::default(),
            portfolio_volatility: None,
            objective: Objective {
                minimised: trial.problem.minimised(),
                before: trial.problem.before,
                after: trial.value,
                best_single,
                best_single_factor: members[alone].factor.to_owned(),
            },
            shrinkage_intensity: trial.problem.shrinkage_intensity,
            dropped: left_out.map(|(_, candidate)| candidate.factor.to_owned()).collect(),
            sets_tried,
            undefined: Vec::new(),
        };
        basket.with_figures(inputs, &trial, &members)
    }

    fn with_figures(
        mut self,
        inputs: &BasketInputs<'_>,
        trial: &Trial,
        members: &[&Candidate<'_>],
    ) -> Result<Self, String> {
        let (problem, rows) = (&trial.problem, &trial.rows);
        let chosen: Vec<&[f64]> = problem.offsets.iter().map(Vec::as_slice).collect();
        let mut weights = None;
        if let Some((p, moves)) = problem.portfolio.as_ref().zip(trial.moves.as_ref()) {
            let differences: Vec<Vec<f64>> =
                chosen.iter().map(|c| c.iter().zip(&problem.factor).map(|(c, f)| c - f).collect()).collect();
            let differences: Vec<&[f64]> = differences.iter().map(Vec::as_slice).collect();
            let (moved, volatility) = swap::change(&p.0, &differences, moves, inputs.per_year);
            if moved.iter().all(|weight| *weight == 0.0) {
                return Err("would_not_reduce: what a basket takes away is less than rounding".to_owned());
            }
            self.portfolio_volatility = volatility;
            weights = Some(moved);
        }
        self.members = members
            .iter()
            .enumerate()
            .map(|(at, candidate)| BasketMember {
                factor: candidate.factor.to_owned(),
                etf_ticker: candidate.ticker.cloned(),
                hedge_ratio: trial.ratios[at],
                suggested_additional_allocation: weights.as_ref().map(|weights| weights[at]),
            })
            .collect();
        // Beside missing rows, so that windows of rows in a row stay what they are.
        let mix = combined(&chosen, weights.as_ref().unwrap_or(&trial.ratios));
        let mut spread = vec![f64::NAN; inputs.overexposed.len()];
        rows.iter().zip(&mix).for_each(|(row, value)| spread[*row] = *value);
        let (relation, undefined) = Relation::of(inputs.overexposed, &spread, inputs.min_rows);
        self.relation = relation;
        self.undefined = undefined;
        let hedged = |ratios: &[f64], from: usize| -> Vec<f64> {
            problem.factor.iter().zip(combined(&chosen, ratios)).skip(from).map(|(f, mix)| f + mix).collect()
        };
        self.hedge_effectiveness = Effectiveness {
            in_sample: reduction(&problem.factor, &hedged(&trial.ratios, 0)),
            out_of_sample: out_of_sample(&problem.factor, |rows| Some(hedged(&problem.first(rows)?.ratios()?, rows))),
        };
        self.hedge_effectiveness.note_missing(rows.len(), NOT_VARYING, &mut self.undefined);
        Ok(self)
    }
}

/// sum x_i series_i.
fn combined(series: &[&[f64]], weights: &[f64]) -> Vec<f64> {
    let rows = series.first().map_or(0, |values| values.len());
    (0..rows).map(|row| stats::sum(series.iter().zip(weights).map(|(values, x)| x * values[row]))).collect()
}

/// The sets of two, then of three, of so many candidates, best ranked first.
fn sets(candidates: usize) -> impl Iterator<Item = Vec<usize>> {
    let pairs = (0..candidates).flat_map(move |i| (i + 1..candidates).map(move |j| vec![i, j]));
    pairs.clone().chain(pairs.flat_map(move |pair| (pair[1] + 1..candidates).map(move |k| vec![pair[0], pair[1], k])))
}
