//! The numeric fields of a profile, by the names that they have in answers.

use std::str::FromStr;

use super::{MarketSide, PerformanceProfile};
use crate::study::History;

/// Where a field's value is found.
type Value = fn(&History, &PerformanceProfile) -> Option<f64>;

/// A numeric field of a profile.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Its name; that of a part after its whole's: `up_months.n`.
    pub name: &'static str,
    value: Value,
}

impl Figure {
    /// Every numeric field, in the order of the answer.
    pub const ALL: [Self; NAMED.len()] = NAMED;

    /// Their names, in the same order.
    pub const NAMES: [&'static str; NAMED.len()] = {
        let (mut names, mut at) = ([""; NAMED.len()], 0);
        while at < NAMED.len() {
            names[at] = NAMED[at].name;
            at += 1;
        }
        names
    };

    /// The field of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.name == name)
    }

    /// Its value in an entry.
    pub fn of(self, history: &History, profile: &PerformanceProfile) -> Option<f64> {
        (self.value)(history, profile)
    }
}

impl FromStr for Figure {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::named(name)
            .ok_or_else(|| format!("`{name}` is no number of a profile: write one of {}", Self::NAMES.join(", ")))
    }
}

const fn figure(name: &'static str, value: Value) -> Figure {
    Figure { name, value }
}

/// A field that the profile has under its own name.
macro_rules! own {
    ($field:ident) => {
        figure(stringify!($field), |_, profile| profile.$field)
    };
    ($name:ident in $times:ident) => {
        figure(stringify!($name), |_, profile| profile.$times.$name.map(f64::from))
    };
}

/// One number of a side of the market.
macro_rules! of_side {
    ($side:ident, $name:literal, $of:expr) => {
        figure($name, |_, profile| profile.$side.as_ref().and_then($of))
    };
}

const NAMED: [Figure; 45] = [
    figure("observations", |history, _| Some(history.observations as f64)),
    figure("gaps", |history, _| Some(history.gaps as f64)),
    own!(total_return),
    own!(annual_return),
    own!(volatility),
    own!(sharpe_ratio),
    own!(return_to_risk),
    own!(sortino_ratio),
    own!(downside_deviation),
    own!(max_drawdown),
    own!(drawdown_months_to_trough in drawdown),
    own!(drawdown_months_to_recovery in drawdown),
    own!(max_drawdown_daily),
    own!(drawdown_daily_months_to_trough in drawdown_daily),
    own!(drawdown_daily_months_to_recovery in drawdown_daily),
    own!(calmar_ratio),
    own!(beta),
    own!(beta_t),
    own!(beta_se),
    own!(alpha),
    own!(alpha_t),
    own!(alpha_se),
    own!(r_squared),
    own!(adjusted_r_squared),
    own!(specific_risk),
    own!(tracking_error),
    own!(information_ratio),
    own!(up_capture),
    own!(down_capture),
    of_side!(up_months, "up_months.n", |side: &MarketSide| Some(side.n as f64)),
    of_side!(up_months, "up_months.mean_return", |side: &MarketSide| side.mean_return),
    of_side!(up_months, "up_months.hit_rate", |side: &MarketSide| side.hit_rate),
    of_side!(up_months, "up_months.correlation", |side: &MarketSide| side.correlation),
    of_side!(down_months, "down_months.n", |side: &MarketSide| Some(side.n as f64)),
    of_side!(down_months, "down_months.mean_return", |side: &MarketSide| side.mean_return),
    of_side!(down_months, "down_months.hit_rate", |side: &MarketSide| side.hit_rate),
    of_side!(down_months, "down_months.correlation", |side: &MarketSide| side.correlation),
    own!(var_95),
    own!(cvar_95),
    own!(skewness),
    own!(excess_kurtosis),
    own!(best_period),
    own!(worst_period),
    own!(hit_rate),
    own!(dividend_yield),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use serde_json::Value as Json;

    use super::*;
    use crate::{
        sections::performance::{DailyPrices, ProfileInputs},
        test_study::month_end,
    };

    /// The numbers of an object and of the objects in it, by their names.
    fn numbers(object: &Json, within: &str, found: &mut BTreeMap<String, f64>) {
        for (name, value) in object.as_object().unwrap() {
            if let Some(number) = value.as_f64() {
                found.insert(format!("{within}{name}"), number);
            } else if value.is_object() && name != "observations_of" {
                numbers(value, &format!("{name}."), found);
            }
        }
    }

    #[test]
    fn every_number_of_a_profile_has_its_name_here() {
        let labels: Vec<NaiveDate> = (1..=40).map(month_end).collect();
        let returns: Vec<f64> = (0..40).map(|at| f64::from(at * at * 7 % 31) / 500.0 - 0.02).collect();
        let benchmark: Vec<f64> = (0..40).map(|at| f64::from(at * at * 5 % 29) / 500.0 - 0.02).collect();
        let (days, prices) = ([month_end(0), month_end(1), month_end(2)], [1.0, 0.5, 1.0]);
        let rates = vec![0.001; 40];
        let inputs = ProfileInputs {
            risk_free: Some(&rates),
            benchmark: Some(&benchmark),
            daily: DailyPrices { dates: &days, prices: &prices },
            ..ProfileInputs::new(&returns, &labels, month_end(0), 12.0)
        };
        let history = History::of(&returns, &labels);
        let profile = PerformanceProfile { dividend_yield: Some(0.01), ..PerformanceProfile::compute(&inputs) };
        let mut written = BTreeMap::new();
        numbers(&serde_json::to_value(&history).unwrap(), "", &mut written);
        numbers(&serde_json::to_value(&profile).unwrap(), "", &mut written);
        let named = |figure: Figure| Some((figure.name.to_owned(), figure.of(&history, &profile)?));
        assert_eq!(written, Figure::ALL.into_iter().filter_map(named).collect());
        // All but the one that is there only where there is no risk-free rate.
        assert_eq!(written.len(), Figure::ALL.len() - 1);
        assert_eq!(Figure::named("beta").map(|figure| figure.name), Some("beta"));
        assert!(Figure::named("drawdown_peak").is_none());
        assert!("drawdown_peak".parse::<Figure>().is_err_and(|why| why.contains("write one of observations, ")));
    }
}
