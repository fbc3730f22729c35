//! Performance figures of one return series, alone, over cash and against a benchmark.
//!
//! Returns are simple and per period; figures are decimals; P is the number of periods in a year. A figure is `None`
//! where its denominator is zero or missing, and [`PerformanceProfile::undefined`] says so by name.

use chrono::NaiveDate;
use factor_types::Frequency;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    regression::{MIN_ROWS_FOR_ERRORS, Regression},
    stats::{self, ratio},
};

/// Fewest rows on one side of the market for a capture ratio.
const MIN_CAPTURE_ROWS: usize = 3;

/// What a profile is computed from: one value per panel row in each slice, `NaN` where missing.
#[derive(Debug, Clone, Copy)]
pub struct ProfileInputs<'a> {
    /// The returns.
    pub returns: &'a [f64],
    /// The risk-free rate per period.
    pub risk_free: &'a [f64],
    /// The benchmark's returns; `None` for the benchmark itself, or when it has no prices.
    pub benchmark: Option<&'a [f64]>,
    /// The label of each row.
    pub labels: &'a [NaiveDate],
    /// The label before the first row.
    pub base: NaiveDate,
    /// How often returns are measured.
    pub frequency: Frequency,
}

/// The performance of one series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct PerformanceProfile {
    /// prod(1 + r) - 1 over the periods present.
    pub total_return: Option<f64>,
    /// (1 + total_return)^(P / T) - 1.
    pub annual_return: Option<f64>,
    /// sd(r), divisor T - 1, times sqrt(P).
    pub volatility: Option<f64>,
    /// mean(r - rf) / sd(r - rf) * sqrt(P) (W. Sharpe, J. Portfolio Management 21, 1994).
    pub sharpe_ratio: Option<f64>,
    /// mean(r - rf) / sqrt(mean of min(r - rf, 0)^2 over all periods) * sqrt(P).
    pub sortino_ratio: Option<f64>,
    /// Lowest wealth / running maximum - 1 on period ends, wealth starting at 1.
    pub max_drawdown: Option<f64>,
    /// Label of the maximum before the deepest drawdown.
    pub drawdown_peak: Option<NaiveDate>,
    /// Label of its lowest point.
    pub drawdown_trough: Option<NaiveDate>,
    /// Label at which the maximum was regained; null while it is not.
    pub drawdown_recovery: Option<NaiveDate>,
    /// The same on daily prices, which show what period ends hide.
    pub max_drawdown_daily: Option<f64>,
    /// annual_return / |max_drawdown|.
    pub calmar_ratio: Option<f64>,
    /// Slope of r - rf on b - rf; like alpha and r_squared null under 12 common periods.
    pub beta: Option<f64>,
    /// Intercept of r - rf on b - rf, times P.
    pub alpha: Option<f64>,
    /// Share of the variance of r - rf explained by b - rf.
    pub r_squared: Option<f64>,
    /// Newey-West t-value of beta.
    pub beta_t: Option<f64>,
    /// Newey-West t-value of alpha.
    pub alpha_t: Option<f64>,
    /// sd(r - b) sqrt(P).
    pub tracking_error: Option<f64>,
    /// mean(r - b) / sd(r - b) sqrt(P).
    pub information_ratio: Option<f64>,
    /// Geometric mean return over that of the benchmark, periods with b > 0.
    pub up_capture: Option<f64>,
    /// The same, periods with b < 0.
    pub down_capture: Option<f64>,
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
    /// Lowest r.
    pub worst_period: Option<f64>,
    /// Share of periods with r > 0.
    pub hit_rate: Option<f64>,
    /// Trailing twelve months' dividends / latest close, of today (see [`super::dividends`]; not filled here); 0 when none
    /// were paid, null when unknown. Of a composite the weighted mean of its members' known yields.
    pub dividend_yield: Option<f64>,
    /// Each missing figure and why.
    #[serde(skip)]
    pub undefined: Vec<(&'static str, &'static str)>,
}

const NO_BENCHMARK: &str = "relative to the benchmark itself, or the benchmark has no prices in the window";
const NO_REGRESSION: &str = "fewer than 12 common periods, or one side does not vary";
const NO_VARIATION: &str = "its denominator is zero: the series it divides by does not vary or is missing";
const TOO_FEW_CAPTURE: &str = "fewer than 3 periods with the benchmark on that side, or its mean return there is zero";
const TOO_FEW_FOR_T: &str = "fewer than 12 common periods, or no residual variation";
const NO_DRAWDOWN: &str = "there was no drawdown";
const NO_SHAPE: &str = "too few periods, or the returns do not vary";

impl PerformanceProfile {
    /// Computes every figure the inputs allow. `daily_prices` runs from the price under the first return to that under
    /// the last, empty where the source has no daily prices.
    pub fn compute(inputs: &ProfileInputs<'_>, daily_prices: &[f64]) -> Self {
        let mut profile = Self::default();
        let returns: Vec<f64> = inputs.returns.iter().copied().filter(|r| r.is_finite()).collect();
        if returns.is_empty() {
            return profile;
        }
        profile.own_figures(inputs, &returns, daily_prices);
        profile.over_cash(inputs);
        profile.against_benchmark(inputs);
        profile.undefined = profile.missing(inputs.benchmark.is_some());
        profile
    }

    fn own_figures(&mut self, inputs: &ProfileInputs<'_>, returns: &[f64], daily_prices: &[f64]) {
        let per_year = inputs.frequency.periods_per_year();
        let total = stats::compound(returns);
        self.total_return = Some(total);
        self.annual_return = Some((1.0 + total).powf(per_year / returns.len() as f64) - 1.0);
        self.volatility = stats::standard_deviation(returns).map(|sd| sd * per_year.sqrt());
        self.var_95 = stats::quantile(returns, 0.05);
        self.cvar_95 = self
            .var_95
            .and_then(|limit| stats::mean(&returns.iter().copied().filter(|r| *r <= limit).collect::<Vec<_>>()));
        self.skewness = stats::skewness(returns);
        self.excess_kurtosis = stats::excess_kurtosis(returns);
        self.best_period = returns.iter().copied().reduce(f64::max);
        self.worst_period = returns.iter().copied().reduce(f64::min);
        let gains = returns.iter().filter(|r| **r > 0.0).count();
        self.hit_rate = Some(gains as f64 / returns.len() as f64);

        // Before the first row wealth is 1, so that a loss in it is a drawdown.
        let drawdown = Drawdown::on_period_ends(inputs);
        self.max_drawdown = Some(drawdown.depth);
        (self.drawdown_peak, self.drawdown_trough, self.drawdown_recovery) =
            (drawdown.peak, drawdown.trough, drawdown.recovery);
        self.max_drawdown_daily = (daily_prices.len() > 1).then(|| deepest(daily_prices));
        self.calmar_ratio = ratio(self.annual_return, self.max_drawdown.map(f64::abs));
    }

    fn over_cash(&mut self, inputs: &ProfileInputs<'_>) {
        let excess: Vec<f64> =
            inputs.returns.iter().zip(inputs.risk_free).map(|(r, rf)| r - rf).filter(|x| x.is_finite()).collect();
        let yearly = inputs.frequency.periods_per_year().sqrt();
        let mean = stats::mean(&excess);
        self.sharpe_ratio = ratio(mean, stats::standard_deviation(&excess)).map(|ratio| ratio * yearly);
        let shortfall = stats::sum(excess.iter().map(|x| x.min(0.0).powi(2))) / excess.len().max(1) as f64;
        self.sortino_ratio = ratio(mean, Some(shortfall.sqrt())).map(|ratio| ratio * yearly);
    }

    fn against_benchmark(&mut self, inputs: &ProfileInputs<'_>) {
        let Some(benchmark) = inputs.benchmark else { return };
        let per_year = inputs.frequency.periods_per_year();
        let common: Vec<(f64, f64)> = inputs
            .returns
            .iter()
            .zip(benchmark)
            .filter(|(r, b)| r.is_finite() && b.is_finite())
            .map(|(r, b)| (*r, *b))
            .collect();
        let (x, y): (Vec<f64>, Vec<f64>) = inputs
            .returns
            .iter()
            .zip(benchmark)
            .zip(inputs.risk_free)
            .map(|((r, b), rf)| (b - rf, r - rf))
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .unzip();
        if let Some(fit) = Regression::fit(&x, &y).filter(|fit| fit.n >= MIN_ROWS_FOR_ERRORS) {
            self.beta = Some(fit.slope);
            self.alpha = Some(fit.intercept * per_year);
            self.r_squared = fit.r_squared;
            self.beta_t = fit.slope_t();
            self.alpha_t = fit.intercept_t();
        }
        // Not excess over cash on both sides: it would cancel.
        let active: Vec<f64> = common.iter().map(|(r, b)| r - b).collect();
        let deviation = stats::standard_deviation(&active);
        self.tracking_error = deviation.map(|sd| sd * per_year.sqrt());
        self.information_ratio = ratio(stats::mean(&active), deviation).map(|ratio| ratio * per_year.sqrt());
        self.up_capture = capture(&common, |b| b > 0.0);
        self.down_capture = capture(&common, |b| b < 0.0);
    }

    /// Names each figure that is missing and why.
    fn missing(&self, has_benchmark: bool) -> Vec<(&'static str, &'static str)> {
        let against = |reason| if has_benchmark { reason } else { NO_BENCHMARK };
        let figures: [(&'static str, bool, &'static str); 18] = [
            ("volatility", self.volatility.is_none(), NO_SHAPE),
            ("sharpe_ratio", self.sharpe_ratio.is_none(), NO_VARIATION),
            ("sortino_ratio", self.sortino_ratio.is_none(), NO_VARIATION),
            ("calmar_ratio", self.calmar_ratio.is_none(), NO_DRAWDOWN),
            ("beta", self.beta.is_none(), against(NO_REGRESSION)),
            ("alpha", self.alpha.is_none(), against(NO_REGRESSION)),
            ("r_squared", self.r_squared.is_none(), against(NO_REGRESSION)),
            ("beta_t", self.beta_t.is_none(), against(TOO_FEW_FOR_T)),
            ("alpha_t", self.alpha_t.is_none(), against(TOO_FEW_FOR_T)),
            ("tracking_error", self.tracking_error.is_none(), against(NO_VARIATION)),
            ("information_ratio", self.information_ratio.is_none(), against(NO_VARIATION)),
            ("up_capture", self.up_capture.is_none(), against(TOO_FEW_CAPTURE)),
            ("down_capture", self.down_capture.is_none(), against(TOO_FEW_CAPTURE)),
            ("skewness", self.skewness.is_none(), NO_SHAPE),
            ("excess_kurtosis", self.excess_kurtosis.is_none(), NO_SHAPE),
            ("var_95", self.var_95.is_none(), NO_SHAPE),
            ("cvar_95", self.cvar_95.is_none(), NO_SHAPE),
            ("max_drawdown_daily", self.max_drawdown_daily.is_none(), "no daily prices"),
        ];
        figures.into_iter().filter(|(_, missing, _)| *missing).map(|(field, _, reason)| (field, reason)).collect()
    }
}

/// g(r) / g(b) over the rows whose benchmark return `counts`, g(x) = prod(1 + x)^(1/n) - 1.
fn capture(common: &[(f64, f64)], counts: impl Fn(f64) -> bool) -> Option<f64> {
    let (r, b): (Vec<f64>, Vec<f64>) = common.iter().copied().filter(|(_, b)| counts(*b)).unzip();
    if r.len() < MIN_CAPTURE_ROWS {
        return None;
    }
    let geometric = |returns: &[f64]| (1.0 + stats::compound(returns)).powf(1.0 / returns.len() as f64) - 1.0;
    ratio(Some(geometric(&r)), Some(geometric(&b)))
}

/// The deepest fall of wealth below its running maximum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// Zero or negative.
    pub depth: f64,
    /// Label of the maximum before it; `None` when there was no fall.
    pub peak: Option<NaiveDate>,
    /// Label of the lowest point.
    pub trough: Option<NaiveDate>,
    /// Label at which the maximum was regained.
    pub recovery: Option<NaiveDate>,
}

impl Drawdown {
    /// On period ends: wealth is 1 before the first row that has a return and is multiplied by 1 + r. Of several falls
    /// of the same depth the first counts.
    pub fn on_period_ends(inputs: &ProfileInputs<'_>) -> Self {
        let rows = || inputs.returns.iter().enumerate().filter(|(_, r)| r.is_finite());
        let start = rows().next().map_or(inputs.base, |(row, _)| match row {
            0 => inputs.base,
            row => inputs.labels[row - 1],
        });
        let (mut wealth, mut highest, mut highest_at) = (1.0, 1.0, start);
        let mut deepest = Self { depth: 0.0, peak: None, trough: None, recovery: None };
        let mut to_regain = 1.0;
        for (row, r) in rows() {
            wealth *= 1.0 + r;
            if wealth > highest {
                (highest, highest_at) = (wealth, inputs.labels[row]);
            }
            if deepest.trough.is_some() && deepest.recovery.is_none() && wealth >= to_regain {
                deepest.recovery = Some(inputs.labels[row]);
            }
            let depth = wealth / highest - 1.0;
            if depth < deepest.depth {
                deepest = Self { depth, peak: Some(highest_at), trough: Some(inputs.labels[row]), recovery: None };
                to_regain = highest;
            }
        }
        deepest
    }
}

/// Lowest price / running maximum - 1.
fn deepest(prices: &[f64]) -> f64 {
    let mut highest = f64::MIN_POSITIVE;
    prices.iter().fold(0.0_f64, |lowest, price| {
        highest = highest.max(*price);
        lowest.min(price / highest - 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::{month_end, near};

    const NAN: f64 = f64::NAN;

    fn profile(returns: &[f64], benchmark: Option<&[f64]>, daily: &[f64]) -> PerformanceProfile {
        let labels: Vec<NaiveDate> = (1..=returns.len()).map(month_end).collect();
        let risk_free = vec![0.0; returns.len()];
        let inputs = ProfileInputs {
            returns,
            risk_free: &risk_free,
            benchmark,
            labels: &labels,
            base: month_end(0),
            frequency: Frequency::Monthly,
        };
        PerformanceProfile::compute(&inputs, daily)
    }

    #[test]
    fn a_drawdown_has_its_dates() {
        // Wealth 1.1, 0.99, 0.891, 1.1138 (regained), 1.0024: the deepest fall is from 1.1 to 0.891.
        let found = profile(&[0.1, -0.1, -0.1, 0.25, -0.1], None, &[100.0, 110.0, 77.0, 120.0]);
        near(found.max_drawdown.unwrap(), -0.19);
        assert_eq!((found.drawdown_peak, found.drawdown_trough), (Some(month_end(1)), Some(month_end(3))));
        assert_eq!(found.drawdown_recovery, Some(month_end(4)));
        near(found.max_drawdown_daily.unwrap(), -0.3);
        near(found.hit_rate.unwrap(), 0.4);
        // A maximum before the first row lies at the base.
        let falling = profile(&[-0.1, 0.05, 0.01], None, &[]);
        assert_eq!((falling.drawdown_peak, falling.drawdown_recovery), (Some(month_end(0)), None));
    }

    #[test]
    fn missing_rows_count_for_nothing_and_null_figures_have_reasons() {
        let found = profile(&[NAN, 0.1, NAN, 0.1], None, &[]);
        near(found.total_return.unwrap(), 0.21);
        near(found.annual_return.unwrap(), 1.21_f64.powf(6.0) - 1.0);
        assert_eq!((found.volatility, found.sharpe_ratio, found.max_drawdown), (Some(0.0), None, Some(0.0)));
        let reason = |name: &str| found.undefined.iter().find(|(field, _)| *field == name).map(|(_, reason)| *reason);
        assert_eq!((reason("sharpe_ratio"), reason("calmar_ratio")), (Some(NO_VARIATION), Some(NO_DRAWDOWN)));
        assert_eq!((reason("beta"), reason("volatility")), (Some(NO_BENCHMARK), None));
        assert_eq!(profile(&[NAN; 4], None, &[]), PerformanceProfile::default());
    }

    #[test]
    fn captures_are_of_the_rows_on_one_side_of_the_market() {
        let benchmark = [0.1, 0.1, 0.1, -0.1, -0.1, 0.0];
        let returns = [0.2, 0.2, 0.2, -0.05, -0.05, 0.3];
        let found = profile(&returns, Some(&benchmark), &[]);
        near(found.up_capture.unwrap(), 2.0);
        // Two rows are under three; six are under the twelve of a regression.
        assert_eq!((found.down_capture, found.beta, found.alpha_t), (None, None, None));
        assert!(found.tracking_error.is_some());
    }
}
