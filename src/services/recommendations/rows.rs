//! The rows of an answer, whole and in short.

use std::borrow::Cow;

use factor_analytics::hedge::{
    Direction, Effectiveness, Recommendation, Swap, VolatilityChange,
    basket::{Basket, BasketMember},
};
use factor_types::{Category, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use super::sentences;

/// An offset.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RecommendationRow<'a> {
    /// With every figure.
    Whole(Explained<'a, Recommendation>),
    /// Without rolling correlations and the parts of the score.
    Short(Box<ShortRecommendation<'a>>),
}

/// The best offsets together.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum BasketRow<'a> {
    /// With every figure.
    Whole(Explained<'a, Basket>),
    /// Without rolling correlations and how it was found.
    Short(Box<ShortBasket<'a>>),
}

/// Figures, and in a sentence what they say.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Explained<'a, T> {
    #[serde(flatten)]
    figures: &'a T,
    /// What they say.
    rationale: String,
}

/// An offset in a summary; the fields are those of [`Recommendation`].
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortRecommendation<'a> {
    rank: usize,
    factor: &'a str,
    etf_ticker: Option<&'a Ticker>,
    category: Category,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    young: bool,
    correlation_to_overexposed: Option<f64>,
    correlation_interval: Option<[f64; 2]>,
    n: usize,
    down_market_correlation: Option<f64>,
    rationale: String,
    hedge_ratio: Option<f64>,
    direction: Option<Direction>,
    hedge_effectiveness: Effectiveness,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_portfolio_exposure: Option<f64>,
    #[serde(flatten)]
    swap: Option<&'a Swap>,
    sharpe_ratio: Option<f64>,
    max_drawdown: Option<f64>,
    dividend_yield: Option<f64>,
    meets_threshold: bool,
    significant: bool,
    score: f64,
}

/// A basket in a summary; the fields are those of [`Basket`].
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortBasket<'a> {
    members: &'a [BasketMember],
    correlation_to_overexposed: Option<f64>,
    correlation_interval: Option<[f64; 2]>,
    n: usize,
    down_market_correlation: Option<f64>,
    rationale: String,
    hedge_effectiveness: Effectiveness,
    #[serde(skip_serializing_if = "Option::is_none")]
    portfolio_volatility: Option<VolatilityChange>,
}

/// An offset in a line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Further<'a> {
    rank: usize,
    factor: &'a str,
    etf_ticker: Option<&'a Ticker>,
    correlation_to_overexposed: Option<f64>,
    score: f64,
}

/// Names, or how many there are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Names<'a> {
    /// All of them.
    Listed(Vec<Cow<'a, str>>),
    /// Their number.
    Counted(usize),
}

impl Names<'_> {
    /// Only how many there are.
    pub(super) fn count(&mut self) {
        if let Self::Listed(names) = self {
            *self = Self::Counted(names.len());
        }
    }
}

impl<'a> RecommendationRow<'a> {
    /// With every figure; `of` is what it is to offset.
    pub(super) fn whole(figures: &'a Recommendation, of: &str) -> Self {
        Self::Whole(Explained { rationale: sentences::rationale(figures, of), figures })
    }

    /// As a summary has it.
    pub(super) fn short(one: &'a Recommendation, of: &str) -> Self {
        let (figures, relation) = (&one.figures, &one.figures.relation);
        Self::Short(Box::new(ShortRecommendation {
            rank: one.rank,
            factor: &one.factor,
            etf_ticker: one.etf_ticker.as_ref(),
            category: one.category,
            young: one.young,
            correlation_to_overexposed: relation.correlation_to_overexposed,
            correlation_interval: relation.correlation_interval,
            n: relation.n,
            down_market_correlation: relation.down_market_correlation,
            rationale: sentences::rationale(one, of),
            hedge_ratio: figures.hedge_ratio,
            direction: figures.direction,
            hedge_effectiveness: figures.hedge_effectiveness,
            current_portfolio_exposure: one.current_portfolio_exposure,
            swap: one.swap.as_ref(),
            sharpe_ratio: one.sharpe_ratio,
            max_drawdown: one.max_drawdown,
            dividend_yield: one.dividend_yield,
            meets_threshold: one.meets_threshold,
            significant: one.significant,
            score: one.score,
        }))
    }
}

impl<'a> BasketRow<'a> {
    /// With every figure.
    pub(super) fn whole(figures: &'a Basket, of: &str) -> Self {
        Self::Whole(Explained { rationale: sentences::of_basket(figures, of), figures })
    }

    /// As a summary has it.
    pub(super) fn short(basket: &'a Basket, of: &str) -> Self {
        Self::Short(Box::new(ShortBasket {
            members: &basket.members,
            correlation_to_overexposed: basket.relation.correlation_to_overexposed,
            correlation_interval: basket.relation.correlation_interval,
            n: basket.relation.n,
            down_market_correlation: basket.relation.down_market_correlation,
            rationale: sentences::of_basket(basket, of),
            hedge_effectiveness: basket.hedge_effectiveness,
            portfolio_volatility: basket.portfolio_volatility,
        }))
    }
}

impl<'a> Further<'a> {
    pub(super) fn of(one: &'a Recommendation) -> Self {
        Self {
            rank: one.rank,
            factor: &one.factor,
            etf_ticker: one.etf_ticker.as_ref(),
            correlation_to_overexposed: one.figures.relation.correlation_to_overexposed,
            score: one.score,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::tests::recommendation, *};

    /// The names of `whole` that `short` leaves out; the others must be the same.
    fn left_out(whole: &Value, short: &Value) -> Vec<String> {
        let (whole, short) = (whole.as_object().unwrap(), short.as_object().unwrap());
        assert!(short.iter().all(|(name, value)| whole.get(name) == Some(value)), "{whole:#?} {short:#?}");
        whole.keys().filter(|name| !short.contains_key(*name)).cloned().collect()
    }

    #[test]
    fn a_short_row_has_the_whole_ones_figures_but_rolling_ones_and_parts_of_the_score() {
        let swap = Swap {
            suggested_additional_allocation: Some(0.0),
            portfolio_volatility: Some(VolatilityChange { before: 0.15, after: 0.15 }),
            ..Swap::default()
        };
        let one = Recommendation {
            current_portfolio_exposure: Some(0.0),
            etf_ticker: "GLD".parse().ok(),
            dividend_yield: Some(0.02),
            ..recommendation(0.5, Some(swap))
        };
        let (whole, short) = (RecommendationRow::whole(&one, "VNQ"), RecommendationRow::short(&one, "VNQ"));
        assert_eq!(left_out(&json!(whole), &json!(short)), ["rolling_36", "score_parts"]);
        // Without a portfolio there is nothing to move, and nothing says so with a null.
        let bare = recommendation(0.5, None);
        let short = json!(RecommendationRow::short(&bare, "VNQ"));
        for name in ["current_portfolio_exposure", "suggested_additional_allocation", "portfolio_volatility"] {
            assert!(short.get(name).is_none(), "{name}: {short}");
        }
        assert_eq!((&short["etf_ticker"], &short["sharpe_ratio"]), (&Value::Null, &Value::Null), "null, not absent");
    }
}
