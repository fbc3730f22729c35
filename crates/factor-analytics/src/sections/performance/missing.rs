//! Which figures of a profile are missing, and why.

use super::{MarketSide, OF_REGRESSION, PerformanceProfile};

/// What decides why a figure is missing.
pub(super) struct Undefinable {
    /// There is a benchmark to be relative to.
    pub(super) benchmark: bool,
    /// There is a source of the risk-free rate.
    pub(super) risk_free: bool,
    /// Enough periods have a rate.
    pub(super) over_cash: bool,
}

pub(super) const NO_BENCHMARK: &str = "relative to the benchmark itself, or the benchmark has no prices in the window";
const NO_REGRESSION: &str = "fewer than 12 common periods, or one side does not vary";
pub(super) const NO_VARIATION: &str = "its denominator is zero: the series it divides by does not vary or is missing";
const TOO_FEW_CAPTURE: &str = "fewer than 3 periods with the benchmark on that side, or its mean return there is zero";
const NO_SIDE: &str = "no period with the benchmark on that side";
const TOO_FEW_ON_SIDE: &str = "fewer than 12 periods with the benchmark on that side, or one side does not vary";
const TOO_FEW_FOR_T: &str = "fewer than 12 common periods, or no residual variation";
pub(super) const NO_DRAWDOWN: &str = "there was no drawdown";
const NO_SHAPE: &str = "too few periods, or the returns do not vary";
pub(crate) const NO_DAILY: &str = "no daily prices of it, or of all that it is made of";
pub(crate) const NO_RATE: &str = "no risk-free rate: neither UST3M yields nor prices of BIL or SGOV; give the server \
    yields (FACTOR_YIELD_FILE) or prices of BIL";
pub(super) const FEW_RATES: &str =
    "under 12 or under half of its periods have a risk-free rate that is not its own return";

impl PerformanceProfile {
    /// Names each figure that is missing and why.
    pub(super) fn missing(&self, of: &Undefinable) -> Vec<(&'static str, &'static str)> {
        let over_cash = |reason| match of {
            Undefinable { risk_free: false, .. } => NO_RATE,
            Undefinable { over_cash: false, .. } => FEW_RATES,
            _ => reason,
        };
        let against = |reason| if of.benchmark { reason } else { NO_BENCHMARK };
        let regressed = |field: &str| match field {
            _ if !of.benchmark => NO_BENCHMARK,
            _ if !of.over_cash => FEW_RATES,
            "alpha" | "alpha_t" | "alpha_se" | "alpha_interval" if !of.risk_free => NO_RATE,
            "beta_t" | "beta_se" | "beta_interval" | "alpha_t" | "alpha_se" | "alpha_interval" => TOO_FEW_FOR_T,
            _ => NO_REGRESSION,
        };
        let of_regression = [
            self.beta.is_none(),
            self.alpha.is_none(),
            self.r_squared.is_none(),
            self.adjusted_r_squared.is_none(),
            self.beta_t.is_none(),
            self.alpha_t.is_none(),
            self.beta_se.is_none(),
            self.alpha_se.is_none(),
            self.beta_interval.is_none(),
            self.alpha_interval.is_none(),
            self.specific_risk.is_none(),
        ];
        let of_regression =
            OF_REGRESSION.into_iter().zip(of_regression).map(|(field, missing)| (field, missing, regressed(field)));
        let lacks = |side: &Option<MarketSide>, of: fn(&MarketSide) -> Option<f64>| {
            side.as_ref().is_some_and(|side| of(side).is_none())
        };
        let figures: [(&'static str, bool, &'static str); 22] = [
            ("volatility", self.volatility.is_none(), NO_SHAPE),
            ("sharpe_ratio", self.sharpe_ratio.is_none(), over_cash(NO_VARIATION)),
            ("sortino_ratio", self.sortino_ratio.is_none(), over_cash(NO_VARIATION)),
            ("downside_deviation", self.downside_deviation.is_none(), over_cash(NO_VARIATION)),
            ("calmar_ratio", self.calmar_ratio.is_none(), NO_DRAWDOWN),
            ("tracking_error", self.tracking_error.is_none(), against(NO_VARIATION)),
            ("information_ratio", self.information_ratio.is_none(), against(NO_VARIATION)),
            ("up_capture", self.up_capture.is_none(), against(TOO_FEW_CAPTURE)),
            ("down_capture", self.down_capture.is_none(), against(TOO_FEW_CAPTURE)),
            ("up_months", self.up_months.is_none(), NO_BENCHMARK),
            ("down_months", self.down_months.is_none(), NO_BENCHMARK),
            ("up_months.mean_return", lacks(&self.up_months, |side| side.mean_return), NO_SIDE),
            ("up_months.hit_rate", lacks(&self.up_months, |side| side.hit_rate), NO_SIDE),
            ("up_months.correlation", lacks(&self.up_months, |side| side.correlation), TOO_FEW_ON_SIDE),
            ("down_months.mean_return", lacks(&self.down_months, |side| side.mean_return), NO_SIDE),
            ("down_months.hit_rate", lacks(&self.down_months, |side| side.hit_rate), NO_SIDE),
            ("down_months.correlation", lacks(&self.down_months, |side| side.correlation), TOO_FEW_ON_SIDE),
            ("skewness", self.skewness.is_none(), NO_SHAPE),
            ("excess_kurtosis", self.excess_kurtosis.is_none(), NO_SHAPE),
            ("var_95", self.var_95.is_none(), NO_SHAPE),
            ("cvar_95", self.cvar_95.is_none(), NO_SHAPE),
            ("max_drawdown_daily", self.max_drawdown_daily.is_none(), NO_DAILY),
        ];
        let missing = figures.into_iter().chain(of_regression).filter(|(_, missing, _)| *missing);
        missing.map(|(field, _, reason)| (field, reason)).collect()
    }
}
