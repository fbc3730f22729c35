//! One regression of excess returns on factors, with errors and diagnostics.

use factor_types::closed_set;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    diagnostics::{BreuschPagan, breusch_pagan, condition_number, durbin_watson},
    huber::Huber,
};
use crate::{
    exposure::ols::{self, Design, LeastSquares, OlsError, dot, newey_west_error},
    inference::{Z_975, normal_p, student_p, t_975},
    regression::{MIN_ROWS_FOR_ERRORS, newey_west_lag},
    stats,
};

closed_set! {
    /// How the coefficients and their errors are estimated.
    #[derive(Default)]
    pub enum Estimator: "an estimator" {
        /// Least squares, errors that hold for residuals of one size without memory; t with n - k degrees of freedom.
        Ols = "ols",
        /// Least squares, errors of Newey and West; normal.
        #[default]
        Hac = "hac" | "newey_west",
        /// Huber's M-estimator, which large residuals pull less; his H1 errors; normal.
        Huber = "huber" | "robust",
    }
}

/// A factor of a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelFactor<'a> {
    /// Its name in the answer.
    pub name: &'a str,
    /// Its excess return per period.
    pub returns: &'a [f64],
}

/// The part of one factor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct FactorEstimate {
    /// Change of the excess return per unit of the factor's, the others held still.
    pub beta: f64,
    /// Its standard error by the estimator; null under 12 rows.
    pub se: Option<f64>,
    /// beta / se; null without residual variation.
    pub t: Option<f64>,
    /// Two-sided p-value of beta = 0.
    pub p: Option<f64>,
    /// 95% interval of beta.
    pub interval: Option<[f64; 2]>,
    /// beta times the factor's mean times the periods in a year: what the factor gave per year.
    pub annual_contribution: f64,
    /// beta cov(factor, y) / var(y). May be negative; with `residual_share` the shares sum to 1.
    pub variance_share: f64,
    /// Variance inflation factor: 1 where the other factors say nothing of this one; above 10 beta is hardly its own.
    pub vif: f64,
}

/// The return that no factor explains, per year: the constant times the periods in a year.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Alpha {
    /// Per year.
    pub annual: f64,
    /// Its standard error, per year; null under 12 rows.
    pub se: Option<f64>,
    /// annual / se; null without residual variation.
    pub t: Option<f64>,
    /// Two-sided p-value of alpha = 0.
    pub p: Option<f64>,
    /// 95% interval, per year.
    pub interval: Option<[f64; 2]>,
}

/// A model fitted to the excess returns of one series.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ModelFit {
    /// How it was estimated.
    pub estimator: Estimator,
    /// Rows.
    pub n: usize,
    /// What no factor explains.
    pub alpha: Alpha,
    /// By factor, in the model's order.
    pub factors: IndexMap<String, FactorEstimate>,
    /// Share of the variance of y that goes with no factor.
    pub residual_share: f64,
    /// 1 - SSR / SST; that of `huber` may be under that of least squares, and below 0.
    pub r_squared: f64,
    /// 1 - (1 - R^2)(n - 1) / (n - k - 1).
    pub adjusted_r_squared: Option<f64>,
    /// sd of the residuals (divisor n - k - 1) times the root of the periods in a year.
    pub residual_volatility: Option<f64>,
    /// 2 where neighbouring residuals have nothing to do with each other.
    pub durbin_watson: Option<f64>,
    /// Koenker's form, against the factors and a constant.
    pub breusch_pagan: Option<BreuschPagan>,
    /// Of the matrix of a constant and the factors in decimals.
    pub condition_number: Option<f64>,
    /// The lags that the Newey-West errors look back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<usize>,
    /// The constant, per period.
    #[serde(skip)]
    pub intercept: f64,
    /// y less what the model makes of it, per row.
    #[serde(skip)]
    pub residuals: Vec<f64>,
}

/// Why a model cannot be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// Fewer rows than the coefficients need.
    #[error("{rows} complete periods are too few for {factors} factors: {needed} are needed")]
    TooFewRows {
        /// Complete rows.
        rows: usize,
        /// Factors.
        factors: usize,
        /// The fewest.
        needed: usize,
    },
    /// Nothing to explain.
    #[error("its excess returns do not vary on the {rows} periods used, so there is nothing to explain")]
    ConstantTarget {
        /// Rows.
        rows: usize,
    },
    /// A factor that does not vary.
    #[error("the factor {0} does not vary on the periods used")]
    Constant(String),
    /// A factor that the others make up.
    #[error("the factor {0} is a linear combination of those before it, so its beta is not its own")]
    Collinear(String),
    /// Huber's estimator found no resting place.
    #[error("the robust estimator does not settle on these periods")]
    Unsettled,
}

/// A coefficient's error and what follows from it.
struct Tested {
    se: Option<f64>,
    t: Option<f64>,
    p: Option<f64>,
    interval: Option<[f64; 2]>,
}

impl ModelFit {
    /// Fits y = alpha + sum beta_i factor_i + e over complete rows: excess returns on both sides, aligned, without missing values.
    ///
    /// `ols`: errors from s^2 (Z'Z)^-1, s^2 = SSR / (n - k - 1), Student's t with n - k - 1. `hac`: W. Newey and K. West
    /// (Econometrica 55, 1987), Bartlett, lag floor(4 (n / 100)^(2/9)), no small-sample correction, normal. `huber`: HuberT(1.345),
    /// MAD about 0, H1 errors, normal. Under 12 rows there are no errors.
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit(y: &[f64], factors: &[ModelFactor<'_>], estimator: Estimator, per_year: f64) -> Result<Self, FitError> {
        let (n, size) = (y.len(), factors.len());
        let x: Vec<&[f64]> = factors.iter().map(|factor| factor.returns).collect();
        let named = |error| of_ols(error, factors, n);
        ols::check(size, y).map_err(named)?;
        let design = Design::of(&x, n).map_err(named)?;
        let found = design.regress(y);
        let robust = match estimator {
            Estimator::Huber => Some(Huber::fit(&design, &x, y, &found).ok_or(FitError::Unsettled)?),
            Estimator::Ols | Estimator::Hac => None,
        };
        let LeastSquares { mut intercept, mut slopes, mut residuals, target, total } = found;
        let mut variance = dot(&residuals, &residuals) / (n - size - 1) as f64;
        if let Some(huber) = robust {
            (intercept, slopes, residuals, variance) = (huber.intercept, huber.slopes, huber.residuals, huber.variance);
        }
        let unexplained = dot(&residuals, &residuals);
        let freedom = (n - size - 1) as f64;
        let tested = |value: f64, influence: &[f64]| {
            let se = (n >= MIN_ROWS_FOR_ERRORS).then(|| match estimator {
                Estimator::Hac => newey_west_error(&residuals, influence),
                Estimator::Ols | Estimator::Huber => (variance * dot(influence, influence)).sqrt(),
            });
            Tested::of(value, se, (estimator == Estimator::Ols).then_some(freedom))
        };
        let of_factor = |at: usize| {
            let Tested { se, t, p, interval } = tested(slopes[at], &design.influences[at]);
            FactorEstimate {
                beta: slopes[at],
                se,
                t,
                p,
                interval,
                annual_contribution: slopes[at] * design.centres[at] * per_year,
                variance_share: slopes[at] * dot(&design.columns[at], &target) / total,
                vif: design.vifs[at],
            }
        };
        let estimates: Vec<FactorEstimate> = (0..size).map(of_factor).collect();
        let Tested { se, t, p, interval } = tested(intercept, &design.level);
        let alpha = Alpha {
            annual: intercept * per_year,
            se: se.map(|se| se * per_year),
            t,
            p,
            interval: interval.map(|ends| ends.map(|end| end * per_year)),
        };
        let r_squared = 1.0 - unexplained / total;
        Ok(Self {
            estimator,
            n,
            alpha,
            residual_share: 1.0 - stats::sum(estimates.iter().map(|one| one.variance_share)),
            factors: factors.iter().map(|factor| factor.name.to_owned()).zip(estimates).collect(),
            r_squared,
            adjusted_r_squared: Some(1.0 - (1.0 - r_squared) * (n - 1) as f64 / freedom),
            residual_volatility: Some((unexplained / freedom * per_year).sqrt()),
            durbin_watson: durbin_watson(&residuals),
            breusch_pagan: breusch_pagan(&design, &residuals),
            condition_number: condition_number(&x, n),
            lag: (estimator == Estimator::Hac).then(|| newey_west_lag(n)),
            intercept,
            residuals,
        })
    }

    /// The betas, in the model's order.
    pub fn betas(&self) -> Vec<f64> {
        self.factors.values().map(|one| one.beta).collect()
    }
}

impl Tested {
    /// `freedom`: of Student's t; `None` for the normal distribution.
    fn of(value: f64, se: Option<f64>, freedom: Option<f64>) -> Self {
        let t = stats::ratio(Some(value), se);
        let p = t.and_then(|t| match freedom {
            Some(freedom) => student_p(t, freedom),
            None => normal_p(t),
        });
        let half = match freedom {
            Some(freedom) => t_975(freedom),
            None => Some(Z_975),
        };
        let half = half.zip(se).map(|(half, se)| half * se);
        Self { se, t, p, interval: half.map(|half| [value - half, value + half]) }
    }
}

/// The same with the factor's name.
fn of_ols(error: OlsError, factors: &[ModelFactor<'_>], rows: usize) -> FitError {
    let name = |at: usize| factors.get(at).map_or_else(String::new, |factor| factor.name.to_owned());
    match error {
        OlsError::TooFewRows => FitError::TooFewRows { rows, factors: factors.len(), needed: factors.len() + 2 },
        OlsError::ConstantTarget => FitError::ConstantTarget { rows },
        OlsError::Constant(at) => FitError::Constant(name(at)),
        OlsError::Collinear(at) => FitError::Collinear(name(at)),
    }
}
