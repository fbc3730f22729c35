//! A portfolio's risk, and what a trade changes.

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{ExposureFactor, Exposures};
use crate::{
    observer::Progress,
    panel::DailyWealth,
    sections::performance::{DailyDrawdownTimes, Drawdown, DrawdownTimes, NO_DAILY, PerformanceProfile, ProfileInputs},
};

/// What a portfolio is measured against: one value per panel row in each slice, `NaN` where missing.
#[derive(Debug, Clone, Copy)]
pub struct ExposureInputs<'a> {
    /// The risk-free rate per period.
    pub risk_free: &'a [f64],
    /// False where there is no source of one: the rate is 0 then, and what is a return over cash is left out.
    pub rate_known: bool,
    /// The rows that the portfolio lacks for want of a rate alone ([`super::PortfolioReturns::without_rate`]).
    pub without_rate: usize,
    /// The benchmark's returns; `None` when it has no prices.
    pub benchmark: Option<&'a [f64]>,
    /// What to regress on.
    pub factors: &'a [ExposureFactor<'a>],
    /// Whether the factors were asked for by name; else the young and the stopped among them are left out.
    pub named: bool,
    /// The label of each row.
    pub labels: &'a [NaiveDate],
    /// The label before the first row.
    pub base: NaiveDate,
    /// Periods of a year.
    pub per_year: f64,
    /// The fewest complete rows of the regression.
    pub min_observations: usize,
}

/// The risk of a portfolio, by the definitions of [`PerformanceProfile`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Risk {
    /// Periods with a return: what every figure here rests on.
    pub observations: usize,
    /// Label of the first.
    pub first: Option<NaiveDate>,
    /// Label of the last.
    pub last: Option<NaiveDate>,
    /// prod(1 + r) - 1.
    pub total_return: Option<f64>,
    /// (1 + total_return)^(P / T) - 1.
    pub annual_return: Option<f64>,
    /// sd(r), divisor n - 1, times sqrt(P).
    pub volatility: Option<f64>,
    /// mean(r - rf) / sd(r - rf) * sqrt(P).
    pub sharpe_ratio: Option<f64>,
    /// mean(r) / sd(r) * sqrt(P), in place of sharpe_ratio where there is no source of a risk-free rate at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_to_risk: Option<f64>,
    /// Slope of r - rf on the benchmark's (of r on it where there is no source of rf at all); null under 12 common periods.
    pub beta: Option<f64>,
    /// Lowest wealth / running maximum - 1 on period ends.
    pub max_drawdown: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown: DrawdownTimes,
    /// The same on daily prices between those period ends, the weights restored at each of them.
    pub max_drawdown_daily: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown_daily: DailyDrawdownTimes,
    /// 5% quantile of r, per period; negative is a loss.
    pub var_95: Option<f64>,
    /// Mean of r at or below var_95.
    pub cvar_95: Option<f64>,
    /// By holding w cov(r, p) / var(p), its share of the portfolio's variance, on the portfolio's periods: negative where it
    /// dampens, null where it has no returns. They sum to 1. Absent where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_contribution: Option<IndexMap<String, Option<f64>>>,
    /// How many periods those figures rest on that rest on fewer than `observations`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub observations_of: IndexMap<&'static str, usize>,
    /// Each null figure and why.
    #[serde(skip)]
    pub undefined: Vec<(&'static str, &'static str)>,
}

const NO_RETURNS: &str = "the portfolio has no return in the window";

impl Risk {
    /// The risk of some returns, but for what daily prices say ([`Risk::with_daily`]).
    pub fn of(returns: &[f64], inputs: &ExposureInputs<'_>) -> Self {
        let profile = PerformanceProfile::compute(&ProfileInputs {
            risk_free: inputs.rate_known.then_some(inputs.risk_free),
            benchmark: inputs.benchmark,
            without_rate: inputs.without_rate,
            ..ProfileInputs::new(returns, inputs.labels, inputs.base, inputs.per_year)
        });
        let PerformanceProfile {
            total_return,
            annual_return,
            volatility,
            sharpe_ratio,
            return_to_risk,
            beta,
            max_drawdown,
            drawdown,
            var_95,
            cvar_95,
            ..
        } = profile;
        let known = |field: &str| profile.undefined.iter().find(|(name, _)| *name == field).map(|(_, why)| *why);
        let fields: [(&'static str, Option<f64>); 8] = [
            ("total_return", total_return),
            ("annual_return", annual_return),
            ("volatility", volatility),
            ("sharpe_ratio", sharpe_ratio),
            ("beta", beta),
            ("max_drawdown", max_drawdown),
            ("var_95", var_95),
            ("cvar_95", cvar_95),
        ];
        let missing = fields.iter().filter(|(_, value)| value.is_none());
        let undefined = missing.map(|(field, _)| (*field, known(field).unwrap_or(NO_RETURNS))).collect();
        let present = || returns.iter().zip(inputs.labels).filter(|(r, _)| r.is_finite()).map(|(_, label)| *label);
        let shown = |figure: &&'static str| fields.iter().any(|(name, _)| name == figure);
        Self {
            observations: present().count(),
            first: present().next(),
            last: present().next_back(),
            observations_of: profile
                .observations_of
                .iter()
                .filter(|(figure, _)| shown(figure))
                .map(|(f, n)| (*f, *n))
                .collect(),
            total_return,
            annual_return,
            volatility,
            sharpe_ratio,
            return_to_risk,
            beta,
            max_drawdown,
            drawdown,
            max_drawdown_daily: None,
            drawdown_daily: DailyDrawdownTimes::default(),
            var_95,
            cvar_95,
            risk_contribution: None,
            undefined,
        }
    }

    /// The same with the deepest fall on daily prices, where all that is held has some.
    #[must_use]
    pub fn with_daily(mut self, wealth: Option<&DailyWealth>) -> Self {
        match wealth {
            Some(wealth) => {
                let fall = Drawdown::of(wealth.days());
                (self.max_drawdown_daily, self.drawdown_daily) = (Some(fall.depth), fall.into());
            }
            None if self.observations == 0 => self.undefined.push(("max_drawdown_daily", NO_RETURNS)),
            None => self.undefined.push(("max_drawdown_daily", NO_DAILY)),
        }
        self
    }
}

/// What a trade does to the figures of the risk: each after it less before, null where one of the two is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct RiskChange {
    /// Of total_return.
    pub total_return: Option<f64>,
    /// Of annual_return.
    pub annual_return: Option<f64>,
    /// Of volatility; below 0 it is less.
    pub volatility: Option<f64>,
    /// Of sharpe_ratio.
    pub sharpe_ratio: Option<f64>,
    /// Of return_to_risk, where there is no source of a risk-free rate at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_to_risk: Option<f64>,
    /// Of beta.
    pub beta: Option<f64>,
    /// Of max_drawdown; above 0 the deepest fall is less deep.
    pub max_drawdown: Option<f64>,
    /// Of max_drawdown_daily.
    pub max_drawdown_daily: Option<f64>,
    /// Of var_95; above 0 the loss is smaller.
    pub var_95: Option<f64>,
    /// Of cvar_95.
    pub cvar_95: Option<f64>,
}

impl RiskChange {
    /// From one risk to another.
    pub fn between(before: &Risk, after: &Risk) -> Self {
        let of = |figure: fn(&Risk) -> Option<f64>| Some(figure(after)? - figure(before)?);
        Self {
            total_return: of(|risk| risk.total_return),
            annual_return: of(|risk| risk.annual_return),
            volatility: of(|risk| risk.volatility),
            sharpe_ratio: of(|risk| risk.sharpe_ratio),
            return_to_risk: of(|risk| risk.return_to_risk),
            beta: of(|risk| risk.beta),
            max_drawdown: of(|risk| risk.max_drawdown),
            max_drawdown_daily: of(|risk| risk.max_drawdown_daily),
            var_95: of(|risk| risk.var_95),
            cvar_95: of(|risk| risk.cvar_95),
        }
    }
}

/// A portfolio's risk and exposures.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExposureState {
    /// Its risk.
    pub risk: Risk,
    /// Its exposures; null where `no_regression` says why.
    pub regression: Option<Exposures>,
    /// Why there is no regression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_regression: Option<String>,
}

impl ExposureState {
    /// The state of a portfolio with these returns. A regression that the observer stops is none; the risk is there.
    pub fn of(returns: &[f64], inputs: &ExposureInputs<'_>, progress: &Progress<'_>) -> Self {
        let ExposureInputs { risk_free, factors, labels, min_observations, per_year, .. } = *inputs;
        let fit = if inputs.named {
            Exposures::fit(returns, risk_free, factors, min_observations, per_year, progress)
        } else {
            Exposures::of_defaults(returns, risk_free, factors, labels, min_observations, per_year, progress)
        };
        let (regression, no_regression) = match fit {
            Ok(exposures) if inputs.rate_known => (Some(exposures), None),
            Ok(exposures) => (Some(exposures.without_alpha()), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self { risk: Risk::of(returns, inputs), regression, no_regression }
    }
}

/// What a trade changes: the same figures before and after, on the same periods.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WhatIf {
    /// Periods on which both portfolios have a return: what every figure here rests on.
    pub observations: usize,
    /// As it is.
    pub before: ExposureState,
    /// With the changed weights.
    pub after: ExposureState,
}

impl WhatIf {
    /// Compares two series of returns of one length on the rows where both are present, so that a holding with a
    /// shorter history does not make a difference by its dates alone.
    pub fn of(before: &[f64], after: &[f64], inputs: &ExposureInputs<'_>, progress: &Progress<'_>) -> Self {
        let (before, after) = (where_both(before, after), where_both(after, before));
        Self {
            observations: before.iter().filter(|r| r.is_finite()).count(),
            before: ExposureState::of(&before, inputs, progress),
            after: ExposureState::of(&after, inputs, progress),
        }
    }
}

/// Returns on the rows on which another series has one too, `NaN` on the others.
pub fn where_both(own: &[f64], other: &[f64]) -> Vec<f64> {
    own.iter().zip(other).map(|(own, other)| if other.is_finite() { *own } else { f64::NAN }).collect()
}
