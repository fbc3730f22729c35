//! What is asked of an offset.

use factor_types::closed_set;

use super::{Portfolio, Screens};
use crate::observer::Stopped;

closed_set! {
    /// What candidates are ranked by.
    #[derive(Default)]
    pub enum SortBy: "an order" {
        /// Those to buy by what they take away out of sample; in a portfolio that holds the factor by what is left of its variance
        /// after the move.
        #[default]
        Effectiveness = "effectiveness",
        /// Those at or under the threshold by their correlation, lowest first.
        Correlation = "correlation",
        /// Those at or under the threshold by their score.
        Score = "score",
    }
}

/// What is to be offset.
#[derive(Debug, Clone, Copy)]
pub struct HedgeQuestion<'a> {
    /// The returns of the factor of which there is too much, one per row, `NaN` where missing.
    pub overexposed: &'a [f64],
    /// The portfolio it is in.
    pub portfolio: Option<Portfolio<'a>>,
    /// The risk-free rate of each row, which cash earns.
    pub risk_free: Option<&'a [f64]>,
    /// Periods of a year.
    pub per_year: f64,
    /// The fewest common rows a figure may rest on.
    pub min_observations: usize,
    /// What the factor costs in a year, where known.
    pub expense_ratio: Option<f64>,
}

/// How it is to be offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HedgePlan {
    /// The most weight to move, as a share of the portfolio.
    pub target_allocation_reduction: f64,
    /// What candidates are ranked by.
    pub sort_by: SortBy,
    /// Whether those with a [`ScenarioResult`](super::ScenarioResult) are ranked by it, what held first, whatever `sort_by` says.
    pub by_scenario: bool,
    /// By effectiveness, whether those to sell short are listed beside those to buy.
    pub allow_short: bool,
    /// A candidate passes at or under this correlation; by effectiveness it decides nothing.
    pub correlation_threshold: f64,
    /// The longest list of recommendations.
    pub max_recommendations: usize,
    /// Whether the dividend yield has three times its weight in the score.
    pub prefer_income: bool,
    /// Candidates with a known yield below this are left out.
    pub min_dividend_yield: Option<f64>,
    /// What is asked of the facts of a candidate.
    pub screens: Screens,
    /// Whether cash may be a candidate.
    pub include_cash: bool,
    /// Whether sets of two and three are tried.
    pub basket: bool,
}

impl Default for HedgePlan {
    fn default() -> Self {
        Self {
            target_allocation_reduction: 0.10,
            sort_by: SortBy::default(),
            by_scenario: false,
            allow_short: false,
            correlation_threshold: -0.2,
            max_recommendations: 10,
            prefer_income: false,
            min_dividend_yield: None,
            screens: Screens::default(),
            include_cash: false,
            basket: true,
        }
    }
}

/// Why nothing can be said of any offset. With [`HedgeError::Stopped`] there is nothing yet: a part of the candidates has no
/// ranks among all of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HedgeError {
    /// The factor has too little history.
    #[error(
        "the overexposed factor has {rows} returns in the window, {needed} needed; choose earlier dates or a \
         lower min_observations"
    )]
    ThinHistory {
        /// Returns present.
        rows: usize,
        /// The floor.
        needed: usize,
    },
    /// The factor does not vary.
    #[error(
        "the returns of the overexposed factor do not vary in the window, so nothing can offset them; choose \
         other dates"
    )]
    Constant,
    /// The observer said stop before all candidates were looked at.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}
