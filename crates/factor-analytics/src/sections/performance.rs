//! Performance figures of one return series, alone, over cash and against a benchmark.
//!
//! Returns are simple and per period; figures are decimals; P is the number of periods in a year. A figure is `None`
//! where its denominator is missing or zero, noise of the size of its inputs included ([`stats::is_residue`]), and
//! [`PerformanceProfile::undefined`] says so by name.

mod drawdown;
mod figures;
mod missing;
mod over_rows;
mod relative;

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::{
    drawdown::{DailyDrawdownTimes, Drawdown, DrawdownTimes},
    figures::Figure,
    relative::MarketSide,
};
use self::{missing::Undefinable, relative::OF_REGRESSION};
pub(crate) use self::{
    missing::{NO_DAILY, NO_RATE},
    over_rows::profile_over,
};
use crate::{
    panel::DailyWealth,
    regime::MIN_ROWS,
    stats::{self, ratio},
};

/// What a profile is computed from: one value per panel row in each slice, `NaN` where missing.
#[derive(Debug, Clone, Copy)]
pub struct ProfileInputs<'a> {
    /// The returns.
    pub returns: &'a [f64],
    /// The price of each period, that before the first row first: what a missing return hides lies between two of them.
    /// Empty for a series that has none: a composite, a group, a portfolio.
    pub prices: &'a [Option<f64>],
    /// Daily prices from the first to the last of these.
    pub daily: DailyPrices<'a>,
    /// The risk-free rate per period; `None` where there is no source of one.
    pub risk_free: Option<&'a [f64]>,
    /// Rows that the series lacks for want of a rate alone: so a portfolio with cash. They count among those of which half
    /// must have a rate.
    pub without_rate: usize,
    /// The benchmark's returns; `None` for the benchmark itself, or when it has no prices.
    pub benchmark: Option<&'a [f64]>,
    /// The label of each row.
    pub labels: &'a [NaiveDate],
    /// The label before the first row.
    pub base: NaiveDate,
    /// Periods in a year.
    pub per_year: f64,
}

/// Daily prices and their dates; both empty where the source has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct DailyPrices<'a> {
    /// The dates.
    pub dates: &'a [NaiveDate],
    /// The price of each.
    pub prices: &'a [f64],
}

/// The performance of one series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct PerformanceProfile {
    /// p_last / p_first - 1 over the prices of the window's periods, so that a missing one takes no move with it; of a
    /// series without prices prod(1 + r) - 1.
    pub total_return: Option<f64>,
    /// (1 + total_return)^(P / T) - 1, T the periods between those two prices.
    pub annual_return: Option<f64>,
    /// sd(r), divisor T - 1, times sqrt(P).
    pub volatility: Option<f64>,
    /// mean(r - rf) / sd(r - rf) * sqrt(P) (W. Sharpe, J. Portfolio Management 21, 1994).
    pub sharpe_ratio: Option<f64>,
    /// mean(r) / sd(r) * sqrt(P), in place of sharpe_ratio where there is no source of a risk-free rate at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_to_risk: Option<f64>,
    /// mean(r - rf) / sqrt(mean of min(r - rf, 0)^2 over all periods) * sqrt(P).
    pub sortino_ratio: Option<f64>,
    /// sqrt(mean of min(r - rf, 0)^2 over all periods) * sqrt(P).
    pub downside_deviation: Option<f64>,
    /// Lowest price / running maximum - 1 on the period ends that have a price; of a series without prices on the wealth
    /// that its returns make, starting at 1.
    pub max_drawdown: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown: DrawdownTimes,
    /// The same on daily prices, which show what period ends hide.
    pub max_drawdown_daily: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown_daily: DailyDrawdownTimes,
    /// annual_return / |max_drawdown|.
    pub calmar_ratio: Option<f64>,
    /// Slope of r - rf on b - rf (of r on b where there is no source of rf at all); like all figures of this regression
    /// null under 12 common periods.
    pub beta: Option<f64>,
    /// Newey-West t-value of beta.
    pub beta_t: Option<f64>,
    /// Newey-West standard error of beta.
    pub beta_se: Option<f64>,
    /// 95% interval of beta, normal.
    pub beta_interval: Option<[f64; 2]>,
    /// Intercept of r - rf on b - rf, times P.
    pub alpha: Option<f64>,
    /// Newey-West t-value of alpha.
    pub alpha_t: Option<f64>,
    /// Newey-West standard error of alpha.
    pub alpha_se: Option<f64>,
    /// 95% interval of alpha, normal.
    pub alpha_interval: Option<[f64; 2]>,
    /// Share of the variance of r - rf explained by b - rf.
    pub r_squared: Option<f64>,
    /// 1 - (1 - r_squared)(n - 1) / (n - 2).
    pub adjusted_r_squared: Option<f64>,
    /// sd of the residuals, divisor n - 2, times sqrt(P).
    pub specific_risk: Option<f64>,
    /// sd(r - b) sqrt(P).
    pub tracking_error: Option<f64>,
    /// mean(r - b) / sd(r - b) sqrt(P).
    pub information_ratio: Option<f64>,
    /// g(r) / g(b) over the periods with b > 0, g(x) = prod(1 + x)^(P/n) - 1: annual returns. Null under 3 periods.
    pub up_capture: Option<f64>,
    /// The same over the periods with b < 0.
    pub down_capture: Option<f64>,
    /// The periods with b > 0.
    pub up_months: Option<MarketSide>,
    /// The periods with b < 0.
    pub down_months: Option<MarketSide>,
    /// 5% quantile of r, per period; negative is a loss.
    pub var_95: Option<f64>,
    /// Mean of r at or below var_95.
    pub cvar_95: Option<f64>,
    /// Bias-corrected skewness (G1).
    pub skewness: Option<f64>,
    /// Bias-corrected excess kurtosis (G2).
    pub excess_kurtosis: Option<f64>,
    /// Highest r.
    pub best_period: Option<f64>,
    /// The label of its row, of equals the first.
    pub best_period_date: Option<NaiveDate>,
    /// Lowest r.
    pub worst_period: Option<f64>,
    /// The label of its row, of equals the first.
    pub worst_period_date: Option<NaiveDate>,
    /// Share of periods with r > 0.
    pub hit_rate: Option<f64>,
    /// Trailing twelve months' dividends / latest close, of today (see [`super::dividends`]; not filled here); 0 when none
    /// were paid, null when unknown. Of a composite the weighted mean of its members' known yields.
    pub dividend_yield: Option<f64>,
    /// How many periods those figures rest on that rest on fewer than the series has.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub observations_of: IndexMap<&'static str, usize>,
    /// Each missing figure and why.
    #[serde(skip)]
    pub undefined: Vec<(&'static str, &'static str)>,
}

impl<'a> DailyPrices<'a> {
    /// The wealth of a series without prices of its own.
    pub fn of(wealth: &'a DailyWealth) -> Self {
        Self { dates: &wealth.dates, prices: &wealth.values }
    }
}

impl<'a> ProfileInputs<'a> {
    /// Returns alone: without prices, a risk-free rate or a benchmark.
    pub fn new(returns: &'a [f64], labels: &'a [NaiveDate], base: NaiveDate, per_year: f64) -> Self {
        let (prices, daily) = (&[][..], DailyPrices::default());
        Self { returns, prices, daily, risk_free: None, without_rate: 0, benchmark: None, labels, base, per_year }
    }

    /// The first and the last price of the periods that have one, and the periods between.
    fn ends(&self) -> Option<(f64, f64, usize)> {
        let priced = || self.prices.iter().enumerate().filter_map(|(at, price)| Some((at, (*price)?)));
        let ((from, first), (to, last)) = (priced().next()?, priced().next_back()?);
        (from < to).then_some((first, last, to - from))
    }

    /// The deepest fall on period ends: of the prices, or of the wealth that the returns make.
    fn drawdown(&self) -> Drawdown {
        if self.prices.is_empty() {
            return Drawdown::of_returns(self.returns, self.labels, self.base);
        }
        let labels = std::iter::once(&self.base).chain(self.labels);
        Drawdown::of(labels.zip(self.prices).filter_map(|(label, price)| Some((*label, (*price)?))))
    }
}

impl PerformanceProfile {
    /// Computes every figure the inputs allow.
    pub fn compute(inputs: &ProfileInputs<'_>) -> Self {
        let mut profile = Self::default();
        let returns: Vec<f64> = inputs.returns.iter().copied().filter(|r| r.is_finite()).collect();
        if returns.is_empty() {
            return profile;
        }
        profile.own_figures(inputs, &returns);
        let over_cash = profile.over_cash(inputs, &returns);
        profile.against_benchmark(inputs, returns.len(), over_cash);
        profile.undefined = profile.missing(&Undefinable {
            benchmark: inputs.benchmark.is_some(),
            risk_free: inputs.risk_free.is_some(),
            over_cash,
        });
        profile
    }

    fn own_figures(&mut self, inputs: &ProfileInputs<'_>, returns: &[f64]) {
        let (total, periods) = match inputs.ends() {
            Some((first, last, periods)) => (last / first - 1.0, periods),
            // What has lost all has lost it for good: a second loss of more than all must not bring anything back.
            None if returns.iter().any(|r| *r <= -1.0) => (-1.0, returns.len()),
            None => (stats::compound(returns), returns.len()),
        };
        self.total_return = Some(total);
        self.annual_return = Some((1.0 + total).powf(inputs.per_year / periods as f64) - 1.0);
        self.volatility = stats::standard_deviation(returns).map(|sd| sd * inputs.per_year.sqrt());
        self.var_95 = stats::quantile(returns, 0.05);
        self.cvar_95 = self
            .var_95
            .and_then(|limit| stats::mean(&returns.iter().copied().filter(|r| *r <= limit).collect::<Vec<_>>()));
        self.skewness = stats::skewness(returns);
        self.excess_kurtosis = stats::excess_kurtosis(returns);
        self.best_period = returns.iter().copied().reduce(f64::max);
        self.worst_period = returns.iter().copied().reduce(f64::min);
        let label_of = |value: Option<f64>| {
            let at = inputs.returns.iter().position(|r| Some(*r) == value)?;
            inputs.labels.get(at).copied()
        };
        self.best_period_date = label_of(self.best_period);
        self.worst_period_date = label_of(self.worst_period);
        let gains = returns.iter().filter(|r| **r > 0.0).count();
        self.hit_rate = Some(gains as f64 / returns.len() as f64);

        let drawdown = inputs.drawdown();
        self.max_drawdown = Some(drawdown.depth);
        self.drawdown = drawdown.into();
        let DailyPrices { dates, prices } = inputs.daily;
        if prices.len() > 1 {
            let daily = Drawdown::of(dates.iter().copied().zip(prices.iter().copied()));
            self.max_drawdown_daily = Some(daily.depth);
            self.drawdown_daily = daily.into();
        }
        self.calmar_ratio = ratio(self.annual_return, self.max_drawdown.map(f64::abs));
    }

    /// Fills what is measured over cash. False where too few of the periods have a risk-free rate for anything that needs
    /// one: some are without, and those left are under 12 or under half.
    fn over_cash(&mut self, inputs: &ProfileInputs<'_>, returns: &[f64]) -> bool {
        let yearly = inputs.per_year.sqrt();
        let Some(rates) = inputs.risk_free else {
            let to_risk = ratio(stats::mean(returns), stats::standard_deviation(returns));
            self.return_to_risk = to_risk.map(|ratio| ratio * yearly);
            return true;
        };
        let known = inputs.returns.iter().zip(rates).filter(|(r, rf)| r.is_finite() && rf.is_finite());
        let (r, rf): (Vec<f64>, Vec<f64>) = known.map(|(r, rf)| (*r, *rf)).unzip();
        let (n, own) = (r.len(), returns.len());
        self.note_rows(&["sharpe_ratio", "sortino_ratio", "downside_deviation"], n, own);
        let all = own + inputs.without_rate;
        if n < all && (n < MIN_ROWS || 2 * n < all) {
            return false;
        }
        let excess: Vec<f64> = r.iter().zip(&rf).map(|(r, rf)| r - rf).collect();
        let mean = stats::mean(&excess);
        self.sharpe_ratio = ratio(mean, stats::deviation_of_difference(&r, &rf)).map(|ratio| ratio * yearly);
        let shortfall = (stats::sum(excess.iter().map(|x| x.min(0.0).powi(2))) / n.max(1) as f64).sqrt();
        let noise = stats::is_residue(shortfall, stats::largest(r.iter().chain(&rf).copied()));
        let shortfall = if noise { 0.0 } else { shortfall };
        self.downside_deviation = Some(shortfall * yearly);
        self.sortino_ratio = ratio(mean, Some(shortfall)).map(|ratio| ratio * yearly);
        true
    }

    /// Notes the rows of some figures where they are fewer than the series has.
    fn note_rows(&mut self, figures: &[&'static str], rows: usize, own: usize) {
        if rows < own {
            self.observations_of.extend(figures.iter().map(|figure| (*figure, rows)));
        }
    }
}

#[cfg(test)]
mod tests;
