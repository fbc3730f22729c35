//! What an answer says of the regime its correlations are of, in each of its places.

use chrono::NaiveDate;
use factor_analytics::regime::{MIN_ROWS, Regime, RegimeError, Slice};
use serde::Serialize;

use super::refusal::with_prices;
use crate::{
    analysis::{Analysis, PricesRun},
    tool_error::{ErrorCode, Mend, Problem, Refusal, ToolError},
};

/// The rows a regime picked, as a summary has it.
#[derive(Serialize)]
pub(super) struct Picked {
    name: String,
    periods: usize,
    of: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    small_sample: bool,
}

pub(super) fn summary(analysis: &Analysis) -> Option<Picked> {
    let slice = analysis.study.slice()?;
    Some(Picked {
        name: slice.regime.to_string(),
        periods: slice.rows,
        of: analysis.study.panel().rows(),
        small_sample: slice.is_small(),
    })
}

/// Which rows the correlations are of.
#[derive(Serialize)]
pub(super) struct RegimeMetadata {
    name: String,
    periods: usize,
    of: usize,
    judged: usize,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
    threshold: Option<f64>,
    min_observations: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    small_sample: bool,
}

impl RegimeMetadata {
    pub(super) fn of(slice: &Slice, analysis: &Analysis) -> Self {
        let labels = analysis.study.panel().labels();
        let kept = || labels.iter().zip(&*slice.keep).filter(|(_, kept)| **kept).map(|(label, _)| *label);
        Self {
            name: slice.regime.to_string(),
            periods: slice.rows,
            of: labels.len(),
            judged: slice.judged,
            first: kept().next(),
            last: kept().next_back(),
            threshold: slice.threshold,
            min_observations: analysis.study.pair_floor(),
            small_sample: slice.is_small(),
        }
    }
}

/// The regime's definition.
pub(super) fn definition(regime: Regime) -> &'static str {
    match regime {
        Regime::RateShock => {
            "periods whose |change of UST10Y| is at or above its 90th percentile over the window; threshold in percentage points"
        }
        Regime::EquityDrawdown => {
            "periods at whose end SPY's wealth is at most 0.90 of its running maximum, both 1 at the window's start"
        }
        Regime::HighVol => {
            "periods with a standard deviation of SPY's returns over the 6 months (26 weeks, 126 days) ending there, those before the window included, at or above its 75th percentile over the window; threshold per period"
        }
        Regime::Dates { .. } => "periods labelled within these days, both included",
    }
}

/// What is missing of a regime: what defines it, or enough rows.
pub(super) fn refused(error: &RegimeError, message: String, prices: Option<&PricesRun>) -> ToolError {
    let mut daily = None;
    let (code, regime, rule, way_out) = match error {
        RegimeError::NoData { regime, needs } => {
            let way_out = match regime {
                Regime::RateShock => "set FACTOR_YIELD_FILE, or name dates such as 2022-01/2023-12",
                _ => "take a price source that has SPY, or name dates such as 2022-01/2023-12",
            };
            (ErrorCode::NoData, regime, format!("needs {needs} within the window"), way_out.to_owned())
        }
        RegimeError::TooFewRows { regime, rows, frequency, first, last, .. } => {
            let rule = format!("has {rows} periods in the window, at least {MIN_ROWS} are needed");
            daily = Mend::daily(*frequency, *rows, MIN_ROWS);
            let finer = if daily.is_some() { ", or take frequency daily" } else { "" };
            let way_out = match regime {
                Regime::Dates { .. } => {
                    format!("name longer dates within the window ({first} to {last}), move start_date back{finer}")
                }
                _ => format!("move start_date back{finer}"),
            };
            (ErrorCode::InsufficientData, regime, rule, with_prices(&way_out, prices))
        }
    };
    let problem = Problem::new("regime", regime.to_string(), Refusal::new(rule, &way_out).mended_by(daily));
    ToolError::new(code, message, way_out).with_problem(problem)
}

#[cfg(test)]
mod tests {
    use factor_types::Frequency;

    use super::*;

    fn few(regime: &str) -> ToolError {
        let day = |text: &str| text.parse().unwrap();
        let error = RegimeError::TooFewRows {
            regime: regime.parse().unwrap(),
            rows: 7,
            of: 120,
            frequency: Frequency::Monthly,
            first: day("2016-01-31"),
            last: day("2025-12-31"),
        };
        refused(&error, error.to_string(), None)
    }

    #[test]
    fn a_regime_without_its_measure_says_where_to_get_it() {
        let none = |regime: Regime, needs: &'static str| {
            let error = RegimeError::NoData { regime, needs };
            let refused = refused(&error, "the source has none".to_owned(), None);
            assert_eq!((refused.code, refused.problems.len()), (ErrorCode::NoData, 1));
            (refused.message, refused.problems[0].to_string())
        };
        let (message, problem) = none(Regime::RateShock, "UST10Y");
        assert_eq!(message, "The source has none. Set FACTOR_YIELD_FILE, or name dates such as 2022-01/2023-12.");
        assert_eq!(
            problem,
            "`regime` (got rate_shock) needs UST10Y within the window: set FACTOR_YIELD_FILE, or name dates such as \
             2022-01/2023-12"
        );
        for regime in [Regime::HighVol, Regime::EquityDrawdown] {
            let (message, problem) = none(regime, "SPY");
            assert!(message.contains("Take a price source that has SPY"), "{message}");
            assert!(problem.starts_with(&format!("`regime` (got {regime}) needs SPY")), "{problem}");
        }
    }

    #[test]
    fn a_regime_of_few_periods_says_how_to_get_more() {
        let dates = few("2022-01/2022-07");
        assert_eq!(dates.code, ErrorCode::InsufficientData);
        assert_eq!(
            dates.problems[0].to_string(),
            "`regime` (got 2022-01/2022-07) has 7 periods in the window, at least 12 are needed: name longer dates within \
             the window (2016-01-31 to 2025-12-31), move start_date back, or take frequency daily"
        );
        assert!(dates.message.contains("7 of the window's 120 monthly periods"), "{}", dates.message);
        // Longer dates are no way out where the regime is not one of dates.
        let named = few("high_vol");
        assert!(named.message.ends_with("needed. Move start_date back, or take frequency daily."));
        assert_eq!(named.problems[0].got(), "high_vol");
    }
}
