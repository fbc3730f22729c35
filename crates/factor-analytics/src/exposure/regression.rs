//! A portfolio's excess returns on those of several factors.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::ols::{MultipleRegression, OlsError, Slope};
use crate::{
    exposure::defaults::is_young,
    hedge::figures::{common_rows, picked},
    observer::{Progress, Stopped},
    sections::performance::NO_RATE,
    stats,
};

/// A factor to regress on.
#[derive(Debug, Clone, Copy)]
pub struct ExposureFactor<'a> {
    /// Its name in the answer: a ticker or a composite.
    pub name: &'a str,
    /// Its returns, one per row, `NaN` where missing.
    pub returns: &'a [f64],
    /// True where those are over cash already, as the lens's are: nothing is taken from them.
    pub is_excess: bool,
}

impl<'a> ExposureFactor<'a> {
    /// A factor by its returns.
    pub fn new(name: &'a str, returns: &'a [f64]) -> Self {
        Self { name, returns, is_excess: false }
    }

    /// One by its returns over cash.
    pub fn of_excess(name: &'a str, returns: &'a [f64]) -> Self {
        Self { name, returns, is_excess: true }
    }
}

/// How much of a portfolio goes with one factor, the others held still.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct FactorExposure {
    /// Change of the portfolio's excess return per unit of the factor's.
    pub beta: f64,
    /// Newey-West t-value of beta; null under 12 rows or without residual variation.
    pub t: Option<f64>,
    /// Variance inflation factor: 1 where the other factors say nothing of this one; above 10 beta is hardly its own.
    pub vif: f64,
    /// beta cov(factor, portfolio) / var(portfolio): its share of the portfolio's variance, which may be negative. The
    /// shares and `residual_share` sum to 1.
    pub variance_share: f64,
}

/// Why a factor is not in the regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// No default, since it has returns on under 60% of the window's rows: with it the others would lose theirs.
    Young,
    /// No default, since it ended before the window did.
    Stopped,
    /// With it too few periods are complete.
    ThinHistory,
    /// Its excess returns do not vary.
    Constant,
    /// The factors before it say all of it.
    Collinear,
}

/// A factor that is not in the regression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DroppedFactor {
    /// Which one.
    pub factor: String,
    /// Why, in one word.
    pub reason: DropReason,
    /// Why, in a sentence with the figures.
    pub detail: String,
}

/// Factors with returns on under 60% of the window's rows, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct YoungFactors {
    /// Which ones.
    pub factors: Vec<String>,
    /// Complete periods without them.
    pub observations_without: usize,
}

/// A portfolio's exposures to several factors at once, from a regression of excess returns (over the risk-free rate) on
/// both sides, over the periods on which all have a value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Exposures {
    /// Excess return that no factor explains, per year: the intercept times the periods in a year. Null where there is no
    /// source of a risk-free rate, and returns are taken as they are.
    pub alpha: Option<f64>,
    /// Its Newey-West t-value; null under 12 rows or without residual variation.
    pub alpha_t: Option<f64>,
    /// Share of the variance that the factors explain together, 1 - residual_share.
    pub r_squared: f64,
    /// Complete periods.
    pub observations: usize,
    /// By factor, in the order given.
    pub factors: IndexMap<String, FactorExposure>,
    /// Share of the variance that no factor explains: the unexplained part.
    pub residual_share: f64,
    /// Factors left out, and why.
    pub dropped: Vec<DroppedFactor>,
    /// Factors asked for by name that leave the others with fewer periods. Absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub young_factors: Option<YoungFactors>,
    /// Each null figure and why.
    #[serde(skip)]
    pub undefined: Vec<(String, String)>,
}

/// Why there is no regression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExposureError {
    /// The portfolio has too little history.
    #[error(
        "the portfolio has {rows} periods with a return and a risk-free rate, {needed} needed; choose \
         earlier dates or a lower min_observations"
    )]
    ThinHistory {
        /// Periods present.
        rows: usize,
        /// The floor.
        needed: usize,
    },
    /// The portfolio does not vary.
    #[error("the portfolio's excess returns do not vary on the {rows} periods used, so there is nothing to explain")]
    Constant {
        /// Periods used.
        rows: usize,
    },
    /// No factor is left.
    #[error("no factor is left to regress on: {}", listed(.dropped))]
    NoFactors {
        /// Why each one is not.
        dropped: Vec<DroppedFactor>,
    },
    /// The observer said stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

fn listed(dropped: &[DroppedFactor]) -> String {
    if dropped.is_empty() {
        return "none of them has returns in the window".to_owned();
    }
    dropped.iter().map(|one| format!("{} ({})", one.factor, one.detail)).collect::<Vec<_>>().join("; ")
}

const NO_ERROR: &str = "fewer than 12 periods, or no residual variation";

impl Exposures {
    /// Regresses p - rf on the factors less rf (but for those that are over it already), over the rows on which p, rf and every factor are present.
    ///
    /// While there are fewer such rows than `min_rows` (at least two more than factors), the factor with the fewest
    /// values in common with the portfolio (the last of equals) is dropped. A factor that does not vary, and one that is a
    /// linear combination of those before it (variance inflation above 10^8), are dropped too; each is listed.
    ///
    /// # Errors
    /// [`ExposureError`]: the portfolio has fewer than `min_rows` rows, does not vary, no factor is left, or the observer says
    /// stop, which is asked before every regression that is tried.
    pub fn fit(
        p: &[f64],
        risk_free: &[f64],
        factors: &[ExposureFactor<'_>],
        min_rows: usize,
        per_year: f64,
        progress: &Progress<'_>,
    ) -> Result<Self, ExposureError> {
        let own = common_rows(&[p, risk_free]);
        if own.len() < min_rows {
            return Err(ExposureError::ThinHistory { rows: own.len(), needed: min_rows });
        }
        let mut kept = factors.to_vec();
        let mut dropped = Vec::new();
        loop {
            progress.check()?;
            if kept.is_empty() {
                return Err(ExposureError::NoFactors { dropped });
            }
            let series: Vec<&[f64]> = [p, risk_free].into_iter().chain(kept.iter().map(|f| f.returns)).collect();
            let rows = common_rows(&series);
            // Two rows more than coefficients leave something to estimate an error from.
            let needed = min_rows.max(kept.len() + 2);
            if rows.len() < needed {
                let in_common =
                    |factor: &ExposureFactor<'_>| picked(factor.returns, &own).iter().filter(|r| r.is_finite()).count();
                let shortest = kept.iter().map(in_common).enumerate().rev().min_by_key(|(_, length)| *length);
                // The last of equals: what was named first is wanted most.
                let Some((at, length)) = shortest else { continue };
                let detail = format!(
                    "{length} periods in common with the portfolio; with it {} are complete, {needed} needed",
                    rows.len()
                );
                dropped.push(DroppedFactor::new(kept.remove(at).name, DropReason::ThinHistory, detail));
                continue;
            }
            let excess =
                |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row] - risk_free[*row]).collect() };
            let of_factor = |factor: &ExposureFactor<'_>| match factor.is_excess {
                true => picked(factor.returns, &rows),
                false => excess(factor.returns),
            };
            let columns: Vec<Vec<f64>> = kept.iter().map(of_factor).collect();
            let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            match MultipleRegression::fit(&columns, &excess(p)) {
                Ok(fit) => {
                    let young_factors = YoungFactors::among(&kept, &[p, risk_free], rows.len());
                    return Ok(Self { young_factors, ..Self::new(&fit, &kept, dropped, per_year) });
                }
                Err(OlsError::ConstantTarget | OlsError::TooFewRows) => {
                    return Err(ExposureError::Constant { rows: rows.len() });
                }
                Err(OlsError::Constant(at)) => {
                    let detail = format!("its excess returns do not vary on the {} complete periods", rows.len());
                    dropped.push(DroppedFactor::new(kept.remove(at).name, DropReason::Constant, detail));
                }
                Err(OlsError::Collinear(at)) => {
                    let before: Vec<&str> = kept[..at].iter().map(|factor| factor.name).collect();
                    let detail = format!("a linear combination of {}", before.join(", "));
                    dropped.push(DroppedFactor::new(kept.remove(at).name, DropReason::Collinear, detail));
                }
            }
        }
    }

    /// The same where returns are not over any rate: what no factor explains of them is no return over cash.
    #[must_use]
    pub fn without_alpha(mut self) -> Self {
        (self.alpha, self.alpha_t) = (None, None);
        self.undefined.retain(|(field, _)| field != "alpha_t");
        self.undefined.extend(["alpha", "alpha_t"].map(|field| (field.to_owned(), NO_RATE.to_owned())));
        self
    }

    fn new(fit: &MultipleRegression, kept: &[ExposureFactor<'_>], dropped: Vec<DroppedFactor>, per_year: f64) -> Self {
        let alpha_t = stats::ratio(Some(fit.intercept), fit.intercept_error);
        let exposure = |slope: &Slope| FactorExposure {
            beta: slope.value,
            t: stats::ratio(Some(slope.value), slope.error),
            vif: slope.vif,
            variance_share: slope.variance_share,
        };
        let factors: IndexMap<String, FactorExposure> =
            kept.iter().zip(&fit.slopes).map(|(factor, slope)| (factor.name.to_owned(), exposure(slope))).collect();
        let mut undefined = Vec::new();
        if alpha_t.is_none() {
            undefined.push(("alpha_t".to_owned(), NO_ERROR.to_owned()));
        }
        let without = factors.iter().filter(|(_, exposure)| exposure.t.is_none());
        undefined.extend(without.map(|(name, _)| (format!("factors.{name}.t"), NO_ERROR.to_owned())));
        Self {
            alpha: Some(fit.intercept * per_year),
            alpha_t,
            r_squared: 1.0 - fit.residual_share,
            observations: fit.n,
            factors,
            residual_share: fit.residual_share,
            dropped,
            young_factors: None,
            undefined,
        }
    }
}

impl YoungFactors {
    /// Those among the factors that a regression over so many rows was left with.
    fn among(kept: &[ExposureFactor<'_>], own: &[&[f64]], observations: usize) -> Option<Self> {
        let (young, others): (Vec<ExposureFactor<'_>>, Vec<ExposureFactor<'_>>) =
            kept.iter().copied().partition(|factor| is_young(factor.returns));
        let series: Vec<&[f64]> = own.iter().copied().chain(others.iter().map(|factor| factor.returns)).collect();
        let observations_without = common_rows(&series).len();
        (observations_without > observations).then(|| Self {
            factors: young.iter().map(|factor| factor.name.to_owned()).collect(),
            observations_without,
        })
    }
}

impl DroppedFactor {
    pub(super) fn new(name: &str, reason: DropReason, detail: String) -> Self {
        Self { factor: name.to_owned(), reason, detail }
    }
}
