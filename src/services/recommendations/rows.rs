//! The rows of an answer, whole and in short, each with what its figures say in words: the numbers of the sentences are
//! those of the fields, to four decimals.

use factor_analytics::hedge::{
    Direction, Effectiveness, NoSwap, Recommendation, ScenarioResult, Swap, VolatilityChange,
    basket::{Basket, BasketMember},
};
use factor_types::{Category, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::markdown::{in_words, in_words_or_dash};

/// An offset.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RecommendationRow<'a> {
    /// With every figure.
    Whole(Explained<'a, Recommendation>),
    /// What it offsets and how far, and the move.
    Short(Box<ShortRecommendation<'a>>),
}

/// The best offsets together.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum BasketRow<'a> {
    /// With every figure.
    Whole(Explained<'a, Basket>),
    /// What it offsets and how far, and the moves.
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
    n: usize,
    hedge_ratio: Option<f64>,
    direction: Option<Direction>,
    hedge_effectiveness: Effectiveness,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_scenario: Option<ScenarioResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_portfolio_exposure: Option<f64>,
    #[serde(flatten)]
    swap: Option<ShortSwap>,
    sharpe_ratio: Option<f64>,
    max_drawdown: Option<f64>,
    meets_threshold: bool,
    significant: bool,
}

/// A move in a summary; the fields are those of [`Swap`].
#[derive(Debug, Serialize, JsonSchema)]
struct ShortSwap {
    suggested_additional_allocation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NoSwap>,
    portfolio_volatility: Option<VolatilityChange>,
    volatility_into_cash: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_per_year: Option<f64>,
}

/// A basket in a summary; the fields are those of [`Basket`].
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortBasket<'a> {
    members: &'a [BasketMember],
    correlation_to_overexposed: Option<f64>,
    n: usize,
    hedge_effectiveness: Effectiveness,
    #[serde(skip_serializing_if = "Option::is_none")]
    portfolio_volatility: Option<VolatilityChange>,
}

/// What something is called in a few letters: its ticker, or its name where it has none.
pub(super) fn in_letters<'a>(ticker: Option<&'a Ticker>, factor: &'a str) -> &'a str {
    ticker.map_or(factor, Ticker::as_str)
}

impl<'a> RecommendationRow<'a> {
    /// With every figure; `of` is what it is to offset.
    pub(super) fn whole(figures: &'a Recommendation, of: &str) -> Self {
        Self::Whole(Explained { rationale: rationale(figures, of), figures })
    }

    /// As a summary has it.
    pub(super) fn short(one: &'a Recommendation) -> Self {
        let (figures, relation) = (&one.figures, &one.figures.relation);
        Self::Short(Box::new(ShortRecommendation {
            rank: one.rank,
            factor: &one.factor,
            etf_ticker: one.etf_ticker.as_ref(),
            category: one.category,
            young: one.young,
            correlation_to_overexposed: relation.correlation_to_overexposed,
            n: relation.n,
            hedge_ratio: figures.hedge_ratio,
            direction: figures.direction,
            hedge_effectiveness: figures.hedge_effectiveness,
            in_scenario: one.in_scenario,
            current_portfolio_exposure: one.current_portfolio_exposure,
            swap: one.swap.as_ref().map(ShortSwap::of),
            sharpe_ratio: one.sharpe_ratio,
            max_drawdown: one.max_drawdown,
            meets_threshold: one.meets_threshold,
            significant: one.significant,
        }))
    }
}

impl ShortSwap {
    fn of(swap: &Swap) -> Self {
        Self {
            suggested_additional_allocation: swap.suggested_additional_allocation,
            reason: swap.reason,
            portfolio_volatility: swap.portfolio_volatility,
            volatility_into_cash: swap.volatility_into_cash,
            cost_per_year: swap.cost_per_year,
        }
    }
}

impl<'a> BasketRow<'a> {
    /// With every figure.
    pub(super) fn whole(figures: &'a Basket, of: &str) -> Self {
        Self::Whole(Explained { rationale: of_basket(figures, of), figures })
    }

    /// As a summary has it.
    pub(super) fn short(basket: &'a Basket) -> Self {
        Self::Short(Box::new(ShortBasket {
            members: &basket.members,
            correlation_to_overexposed: basket.relation.correlation_to_overexposed,
            n: basket.relation.n,
            hedge_effectiveness: basket.hedge_effectiveness,
            portfolio_volatility: basket.portfolio_volatility,
        }))
    }
}

/// One sentence on a recommendation.
pub(super) fn rationale(one: &Recommendation, of: &str) -> String {
    let relation = &one.figures.relation;
    let interval = relation
        .correlation_interval
        .map(|[low, high]| format!(" (95% interval {} to {})", in_words(low), in_words(high)));
    let mut said = format!(
        "Correlation {} with {of} over {} periods{}",
        in_words_or_dash(relation.correlation_to_overexposed),
        relation.n,
        interval.unwrap_or_default()
    );
    let worth = &one.figures.hedge_effectiveness;
    match one.figures.hedge_ratio {
        Some(ratio) if ratio > 0.0 => {
            said += &format!(
                "; {} of it per unit of {of} takes away {} of the variance in sample",
                in_words(ratio),
                in_words_or_dash(worth.in_sample)
            );
            said += &out_of_sample(worth.out_of_sample);
        }
        Some(ratio) if ratio < 0.0 => {
            said += &format!(
                "; sell short (hedge ratio {} per unit of {of}) to take away {} of the variance in sample",
                in_words(ratio),
                in_words_or_dash(worth.in_sample)
            );
            said += &out_of_sample(worth.out_of_sample);
            said += "; bought it is no offset";
        }
        Some(_) => said += "; it offsets nothing, bought or sold short (hedge ratio 0)",
        None => {}
    }
    if let Some(did) = one.in_scenario {
        said += &format!(
            "; in the scenario, at {} per unit from before it, it came to {}: {} with it",
            in_words(did.ratio),
            in_words(did.result),
            in_words(did.hedged_return)
        );
    }
    if let Some(swap) = &one.swap
        && let (Some(weight), Some(change)) = (swap.suggested_additional_allocation, swap.portfolio_volatility)
    {
        said += &if weight > 0.0 {
            format!(
                "; moving {} of the portfolio into it takes volatility from {} to {}{}{}",
                in_words(weight),
                in_words(change.before),
                in_words(change.after),
                from_selling(swap, of).unwrap_or_default(),
                match swap.cost_per_year {
                    Some(cost) => format!("; it costs {} of the portfolio a year more", in_words(cost)),
                    None => String::new(),
                }
            )
        } else {
            format!("; no move into it lowers the portfolio's volatility of {}", in_words(change.before))
        };
    }
    said + "."
}

/// How much of a move's fall in volatility comes from selling the factor, as the same weight in cash shows.
fn from_selling(swap: &Swap, of: &str) -> Option<String> {
    let (change, in_cash) = swap.portfolio_volatility.zip(swap.volatility_into_cash)?;
    let fall = swap.fall_from_selling?;
    Some(if in_cash <= change.after {
        format!(", all of it from selling {of}: in cash the same weight takes it to {}", in_words(in_cash))
    } else if fall <= 0.0 {
        format!(", none of it from selling {of}: in cash the same weight takes it to {}", in_words(in_cash))
    } else {
        format!(
            ", {} of that from selling {of}: in cash the same weight takes it to {}",
            in_words(fall),
            in_words(in_cash)
        )
    })
}

/// One sentence on the first move, for a summary, whose rows have none.
pub(super) fn first_move(one: &Recommendation, of: &str) -> Option<String> {
    let swap = one.swap.as_ref()?;
    let weight = swap.suggested_additional_allocation.filter(|weight| *weight > 0.0)?;
    let change = swap.portfolio_volatility?;
    Some(format!(
        "Moving {} of the portfolio out of {of} into {} takes its volatility from {} to {}{}.",
        in_words(weight),
        in_letters(one.etf_ticker.as_ref(), &one.factor),
        in_words(change.before),
        in_words(change.after),
        from_selling(swap, of)?
    ))
}

/// One sentence on the basket.
pub(super) fn of_basket(basket: &Basket, of: &str) -> String {
    let moved = basket.portfolio_volatility.map(|change| {
        let into = |member: &BasketMember| {
            format!("{} into {}", in_words_or_dash(member.suggested_additional_allocation), member.factor)
        };
        let weights: Vec<String> = basket.members.iter().map(into).collect();
        let (before, after) = (in_words(change.before), in_words(change.after));
        format!("Moving {} takes the portfolio's volatility from {before} to {after}; ", weights.join(", "))
    });
    let ratios: Vec<String> = basket
        .members
        .iter()
        .filter(|member| member.hedge_ratio > 0.0)
        .map(|member| format!("{} of {}", in_words(member.hedge_ratio), member.factor))
        .collect();
    let moved = moved.unwrap_or_default();
    if ratios.is_empty() {
        return format!("{moved}bought, none of them offsets {of} itself.");
    }
    let worth = &basket.hedge_effectiveness;
    let in_sample = in_words_or_dash(worth.in_sample);
    let out_of_sample = out_of_sample(worth.out_of_sample);
    format!(
        "{moved}{} per unit of {of} take away {in_sample} of its variance in sample{out_of_sample}.",
        ratios.join(", ")
    )
}

/// What is left of an offset on rows that did not set its ratio.
fn out_of_sample(worth: Option<f64>) -> String {
    match worth {
        Some(share) if share < 0.0 => format!(" and {} out of sample: it added to it", in_words(share)),
        Some(share) => format!(" and {} out of sample", in_words(share)),
        None => ", untested out of sample".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use factor_analytics::hedge::{
        Relation,
        basket::{MinimizedVariance, Objective},
    };
    use serde_json::{Value, json};

    use super::{super::tests::recommendation, *};

    /// The names of `whole` that `short` leaves out; the others must be the same.
    fn left_out(whole: &Value, short: &Value) -> Vec<String> {
        let (whole, short) = (whole.as_object().unwrap(), short.as_object().unwrap());
        assert!(short.iter().all(|(name, value)| whole.get(name) == Some(value)), "{whole:#?} {short:#?}");
        whole.keys().filter(|name| !short.contains_key(*name)).cloned().collect()
    }

    #[test]
    fn a_short_row_has_what_it_offsets_and_the_move_as_the_whole_one_has_them() {
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
        let (whole, short) = (RecommendationRow::whole(&one, "VNQ"), RecommendationRow::short(&one));
        let said = [
            "correlation_interval",
            "down_market_correlation",
            "rolling_36",
            "fall_from_selling",
            "cost_per_year",
            "dividend_yield",
            "score",
            "score_parts",
            "rationale",
        ];
        assert_eq!(left_out(&json!(whole), &json!(short)), said);
        // Without a portfolio there is nothing to move, and nothing says so with a null.
        let bare = recommendation(0.5, None);
        let short = json!(RecommendationRow::short(&bare));
        for name in ["suggested_additional_allocation", "portfolio_volatility"] {
            assert!(short.get(name).is_none(), "{name}: {short}");
        }
        assert_eq!(short["etf_ticker"], Value::Null, "null, not absent");
    }

    #[test]
    fn what_is_sold_short_is_called_so() {
        let said = rationale(&recommendation(-0.5, None), "VNQ");
        let wanted = "; sell short (hedge ratio -0.5 per unit of VNQ) to take away 0.0625 of the variance in sample and -0.01 out of \
                      sample: it added to it; bought it is no offset.";
        assert!(said.ends_with(wanted), "{said}");
        assert!(
            rationale(&recommendation(0.0, None), "VNQ")
                .ends_with("it offsets nothing, bought or sold short (hedge ratio 0).")
        );
    }

    /// A basket of members with their ratios and weights to move, and what is left out of sample.
    fn basket(members: &[(&str, f64, Option<f64>)], moved: bool, left: Option<f64>) -> Basket {
        let member = |(factor, hedge_ratio, weight): &(&str, f64, Option<f64>)| BasketMember {
            factor: (*factor).to_owned(),
            etf_ticker: None,
            hedge_ratio: *hedge_ratio,
            suggested_additional_allocation: *weight,
        };
        Basket {
            members: members.iter().map(member).collect(),
            relation: Relation::default(),
            hedge_effectiveness: Effectiveness { in_sample: Some(0.3), out_of_sample: left },
            portfolio_volatility: moved.then_some(VolatilityChange { before: 0.15, after: 0.12 }),
            objective: Objective {
                minimised: MinimizedVariance::FactorVariance,
                before: 0.2,
                after: 0.1,
                best_single: 0.15,
                best_single_factor: "gold".to_owned(),
            },
            shrinkage_intensity: 0.0,
            dropped: Vec::new(),
            sets_tried: 1,
            undefined: Vec::new(),
        }
    }

    #[test]
    fn a_basket_names_only_the_members_that_offset_when_bought() {
        let two = basket(&[("gold", 0.5, None), ("bonds", 0.25, None)], false, Some(0.1));
        assert_eq!(
            of_basket(&two, "VNQ"),
            "0.5 of gold, 0.25 of bonds per unit of VNQ take away 0.3 of its variance in sample and 0.1 out of sample."
        );
        let moved = basket(&[("gold", 0.5, Some(0.06)), ("bonds", 0.0, Some(0.04))], true, None);
        assert_eq!(
            of_basket(&moved, "VNQ"),
            "Moving 0.06 into gold, 0.04 into bonds takes the portfolio's volatility from 0.15 to 0.12; 0.5 of gold per \
             unit of VNQ take away 0.3 of its variance in sample, untested out of sample."
        );
        let none = basket(&[("gold", -0.5, None), ("bonds", 0.0, None)], false, Some(0.1));
        assert_eq!(of_basket(&none, "VNQ"), "bought, none of them offsets VNQ itself.");
    }
}
