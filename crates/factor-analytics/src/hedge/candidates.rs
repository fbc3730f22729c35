//! Which candidates are looked at, and why the others are not.

use factor_types::{Category, FundFacts, Ratio, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use crate::study::Standing;

/// A holding above this share of the portfolio is heavy itself.
pub const HEAVY_WEIGHT: f64 = 0.20;

/// Something that might offset the factor, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// What it stands for; the name in the answer, and what ties are ordered by.
    pub factor: &'a str,
    /// Its ETF; `None` for a composite.
    pub ticker: Option<&'a Ticker>,
    /// Its category.
    pub category: Category,
    /// Its returns, on the rows of the factor's.
    pub returns: &'a [f64],
    /// True when the factor is this or is made of it.
    pub part_of_overexposed: bool,
    /// True for cash and its like.
    pub is_cash: bool,
    /// Whether it is too young to rank with the others, or has stopped.
    pub standing: Standing,
    /// Its weight in the portfolio, as a share, with what stands for it; `None` without a portfolio.
    pub portfolio_weight: Option<f64>,
    /// The weight of the fund itself, which can be sold; 0 without a portfolio.
    pub held_itself: f64,
    /// Its Sharpe ratio over the window.
    pub sharpe_ratio: Option<f64>,
    /// Its deepest fall over the window, at or under 0.
    pub max_drawdown: Option<f64>,
    /// Its dividend yield, a decimal; `None` when unknown.
    pub dividend_yield: Option<f64>,
    /// What it costs and how much of it is traded, where known.
    pub facts: FundFacts,
    /// What it did for the factor in the scenario asked about; `None` where it has no ratio or no prices there, or none is asked.
    pub in_scenario: Option<ScenarioResult>,
}

/// What one fund did for what it was to offset, in a scenario and alone. Decimals; before costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct ScenarioResult {
    /// Units of it per unit of the factor, on the days that the scenario's ratios rest on; below 0 what is sold short.
    pub ratio: f64,
    /// Its return over cash in the scenario.
    pub scenario_excess_return: f64,
    /// The product: what it gained there, per unit of the factor.
    pub result: f64,
    /// The factor's return with it.
    pub hedged_return: f64,
    /// Whether it gained and the loss is smaller with it; null where nothing was lost.
    pub held: Option<bool>,
}

impl Candidate<'_> {
    /// Whether a portfolio that holds so much of the factor holds as much of this, or over [`HEAVY_WEIGHT`]: nothing moves into it.
    pub fn is_heavy(&self, weight_of_overexposed: f64) -> bool {
        self.heaviness(Some(weight_of_overexposed)).is_some()
    }

    /// What makes it a heavy holding.
    fn heaviness(&self, weight_of_overexposed: Option<f64>) -> Option<String> {
        let weight = self.portfolio_weight.filter(|weight| *weight > 0.0)?;
        if let Some(factor) = weight_of_overexposed.filter(|factor| *factor > 0.0 && weight >= *factor) {
            return Some(format!("its weight {weight:.4} in the portfolio is no less than the factor's {factor:.4}"));
        }
        (weight > HEAVY_WEIGHT).then(|| format!("its weight {weight:.4} in the portfolio is above {HEAVY_WEIGHT}"))
    }
}

/// Why a candidate is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidateExclusion {
    /// The factor is this, or is made of it.
    PartOfOverexposed,
    /// Cash offsets nothing; it dilutes.
    Cash,
    /// It has no prices up to the window's end: it cannot be bought or sold.
    Stopped,
    /// The portfolio holds as much of it as of the factor, or over 20%.
    HeavyHolding,
    /// Its dividend yield is known and below the minimum asked for.
    LowDividendYield,
    /// Its costs are known and above the most asked for.
    HighExpenseRatio,
    /// What is traded of it on a usual day is known and below the least asked for.
    LowDailyValue,
    /// Too few periods in common with the factor.
    ThinHistory,
    /// Its returns do not vary.
    Constant,
}

/// A candidate that is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExcludedCandidate {
    /// What it stands for.
    pub factor: String,
    /// Its ETF.
    pub ticker: Option<Ticker>,
    /// Why, in one word.
    pub reason: CandidateExclusion,
    /// Why, in a sentence with the figures.
    pub detail: String,
}

/// What is asked of a fund's facts. What is not known passes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Screens {
    /// Funds known to cost more in a year are none.
    pub max_expense_ratio: Option<f64>,
    /// Nor are those of which less is known to be traded on a usual day, in US dollars.
    pub min_average_daily_value: Option<f64>,
}

/// What decides which candidates are looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Filter {
    pub(super) include_cash: bool,
    pub(super) min_dividend_yield: Option<f64>,
    pub(super) screens: Screens,
    /// What the portfolio holds of the factor; `None` without a portfolio.
    pub(super) weight_of_overexposed: Option<f64>,
}

impl Filter {
    /// The first reason not to look at a candidate, before its returns are looked at.
    ///
    /// A yield, costs or a daily value that is not known is no reason. Where the factor is not held, a holding can only be heavy by itself.
    pub(super) fn against(&self, candidate: &Candidate<'_>) -> Option<(CandidateExclusion, String)> {
        if candidate.part_of_overexposed {
            return Some((
                CandidateExclusion::PartOfOverexposed,
                "the factor to offset is this or is made of it".to_owned(),
            ));
        }
        if candidate.is_cash && !self.include_cash {
            let detail = "cash dilutes a factor and does not offset it; ask for category cash to include it";
            return Some((CandidateExclusion::Cash, detail.to_owned()));
        }
        if let Some(last) = candidate.standing.stopped {
            return Some((CandidateExclusion::Stopped, format!("it stopped: its last price is of {last}")));
        }
        if let Some(detail) = candidate.heaviness(self.weight_of_overexposed) {
            return Some((CandidateExclusion::HeavyHolding, detail));
        }
        self.screens.against(&candidate.facts).or_else(|| self.too_low_a_yield(candidate))
    }

    fn too_low_a_yield(&self, candidate: &Candidate<'_>) -> Option<(CandidateExclusion, String)> {
        let (known, least) = candidate.dividend_yield.zip(self.min_dividend_yield)?;
        let detail = || format!("its dividend yield {known:.4} is below min_dividend_yield {least}");
        (known < least).then(|| (CandidateExclusion::LowDividendYield, detail()))
    }
}

impl Screens {
    /// The first screen that a fund fails by what is known of it.
    pub fn against(&self, facts: &FundFacts) -> Option<(CandidateExclusion, String)> {
        let costs = facts.expense_ratio.map(Ratio::decimal);
        if let Some((known, most)) = costs.zip(self.max_expense_ratio).filter(|(known, most)| known > most) {
            let detail = format!("its expense ratio {known} is above max_expense_ratio {most}");
            return Some((CandidateExclusion::HighExpenseRatio, detail));
        }
        let traded = facts.average_daily_value.map(|dollars| dollars as f64);
        let (known, least) = traded.zip(self.min_average_daily_value).filter(|(known, least)| known < least)?;
        let detail = format!("{known} US dollars of it are traded on a usual day, min_average_daily_value is {least}");
        Some((CandidateExclusion::LowDailyValue, detail))
    }
}

impl ExcludedCandidate {
    pub(super) fn new(candidate: &Candidate<'_>, reason: CandidateExclusion, detail: String) -> Self {
        Self { factor: candidate.factor.to_owned(), ticker: candidate.ticker.cloned(), reason, detail }
    }
}
