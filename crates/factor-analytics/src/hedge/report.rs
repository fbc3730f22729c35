//! The answer to "what offsets this factor".

use factor_types::{Category, Ratio, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Basket, Candidate, ExcludedCandidate, HedgeError, HedgeFigures, HedgePlan, HedgeQuestion, Portfolio,
    ScenarioResult, ScoreParts, Swap, UndefinedField,
    basket::{BasketInputs, SHORTLIST},
    figures::{common_rows, picked},
    ranking::Ranking,
    scan::{BestShort, Looked, scan},
    score::ScoreInputs,
};
use crate::{
    inference::{SIGNIFICANCE_LEVEL, benjamini_hochberg},
    observer::{Observer, Progress, Stopped},
    report::{Undefined, run::Sections},
    stats,
};

/// Under this share of the variance taken away out of sample, nothing is called an offset.
pub const MIN_EFFECTIVENESS: f64 = 0.05;

/// One offset and its figures. Decimals; returns and volatilities in the panel's currency.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Recommendation {
    /// 1 for the first in the order asked for.
    pub rank: usize,
    /// What it stands for.
    pub factor: String,
    /// Its ETF; null for a composite.
    pub etf_ticker: Option<Ticker>,
    /// Its category.
    pub category: Category,
    /// True where it has returns on under half of the window's rows: it is ranked after all others and in no basket.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub young: bool,
    /// Correlation, hedge ratio and effectiveness.
    #[serde(flatten)]
    pub figures: HedgeFigures,
    /// What it did in the scenario asked about, alone. Absent where none is asked, or it has no ratio or no prices there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_scenario: Option<ScenarioResult>,
    /// Its weight in the portfolio today, as a share. Absent without a portfolio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_portfolio_exposure: Option<f64>,
    /// The move into it. Absent without a portfolio that holds the factor.
    #[serde(flatten)]
    pub swap: Option<Swap>,
    /// Over the window, annualised; it informs and excludes nobody.
    pub sharpe_ratio: Option<f64>,
    /// Deepest fall over the window, at or under 0.
    pub max_drawdown: Option<f64>,
    /// Null when unknown.
    pub dividend_yield: Option<f64>,
    /// Its costs in a year, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expense_ratio: Option<f64>,
    /// US dollars traded of it on a usual day, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_daily_value: Option<u64>,
    /// Whether the correlation is at or under the threshold.
    pub meets_threshold: bool,
    /// Whether the correlation differs from 0 at 5% after Benjamini-Hochberg over all candidates scanned.
    pub significant: bool,
    /// 0.5 (-correlation) + 0.2 rank(Sharpe) + 0.2 rank(drawdown) + 0.1 rank(yield), ranks 0 to 1 over the candidates.
    pub score: f64,
    /// The points that make it up.
    pub score_parts: ScoreParts,
}

/// The offsets found, best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct HedgeReport {
    /// In the order asked for, ties by ticker; the young after all others.
    pub recommendations: Vec<Recommendation>,
    /// The best two or three together.
    pub basket: Option<Basket>,
    /// Why there is no basket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_basket: Option<String>,
    /// Candidates whose correlation was looked at: all of them stand behind `significant` and the ranks of the score.
    pub candidates_scanned: usize,
    /// Of those, how many are at or under the threshold. By correlation and score, with none the lowest are recommended all the same.
    pub candidates_meeting_threshold: usize,
    /// The candidates were chosen on the whole window, the part that evaluates out of sample included.
    pub selection_in_sample: bool,
    /// The best `hedge_effectiveness.out_of_sample` of all candidates that offset when bought, and of the basket. So it does not
    /// depend on how few are shown.
    pub best_out_of_sample: Option<f64>,
    /// True where that is under 0.05: nothing here offsets the factor out of sample. Null where it could not be tested.
    pub nothing_offsets: Option<bool>,
    /// Of all candidates scanned but the young, the one whose short sale takes most away: out of sample, or in sample where
    /// none could be tested. Null where none has a hedge ratio below 0.
    pub best_short: Option<BestShort>,
    /// Candidates that were not looked at, and why.
    pub left_out: Vec<ExcludedCandidate>,
    /// Recommended candidates whose dividend yield is not known: scored as one in the middle, and not held to a minimum.
    pub yields_unknown: Vec<String>,
    /// Null figures and why.
    #[serde(skip)]
    pub undefined: Vec<Undefined>,
    /// Parts that the observer stopped: `basket`. Without the others there is no report.
    #[serde(skip)]
    pub skipped: Vec<String>,
}

impl HedgeReport {
    /// Looks at every candidate and recommends some.
    ///
    /// Recommended are by default the candidates that offset when bought, by what they take away out of sample, with a portfolio
    /// that holds the factor by what the move into each leaves of its variance ([`HedgePlan::sort_by`]). Scores and significance
    /// are taken over all candidates that pass the filters, whatever the order and the threshold.
    ///
    /// # Errors
    /// [`HedgeError`] when the factor itself has too little history or does not vary, and when the observer says stop before
    /// all candidates were looked at; a basket that it stops is left out ([`HedgeReport::skipped`]).
    pub fn compute(
        question: &HedgeQuestion<'_>,
        candidates: &[Candidate<'_>],
        plan: &HedgePlan,
        observer: &mut dyn Observer,
    ) -> Result<Self, HedgeError> {
        check(question)?;
        let mut sections = Sections::new(observer);
        let scanned = sections.run("candidates", |progress| scan(question, candidates, plan, progress));
        let (looked, left_out) = scanned.ok_or(Stopped)?;
        let scored: Vec<ScoreInputs> = looked.iter().map(Looked::scored).collect();
        let parts = ScoreParts::of(&scored, plan.prefer_income);
        // A pair without a p-value counts as a test that showed nothing.
        let p: Vec<f64> = looked.iter().map(|one| one.figures.relation.p.unwrap_or(1.0)).collect();
        let adjusted = benjamini_hochberg(&p);
        let ranking = Ranking { looked: &looked, parts: &parts, plan };
        let mut report = Self {
            candidates_scanned: looked.len(),
            candidates_meeting_threshold: ranking.meeting(),
            selection_in_sample: true,
            left_out,
            ..Self::default()
        };
        let recommended = |(rank, at): (usize, usize)| Recommendation {
            rank: rank + 1,
            meets_threshold: ranking.passes(at),
            significant: adjusted[at] < SIGNIFICANCE_LEVEL,
            score: parts[at].score(),
            score_parts: parts[at],
            ..Recommendation::of(&looked[at], question)
        };
        let shown = ranking.first(plan.max_recommendations);
        let chosen = shown.iter().copied().enumerate();
        report.recommendations =
            sections.run("recommendations", |progress| progress.each(chosen, recommended)).ok_or(Stopped)?;
        let mut undefined = Vec::new();
        // At least the shortlist, so that the basket does not change with the length of the list shown.
        let purchases = HedgePlan { allow_short: false, ..*plan };
        let ranked = Ranking { plan: &purchases, ..ranking }.first(plan.max_recommendations.max(SHORTLIST));
        if plan.basket {
            let old = ranked.iter().map(|at| &looked[*at]).filter(|one| !one.is_young());
            let first: Vec<&Candidate<'_>> = old.map(|one| one.candidate).collect();
            let found = sections.run("basket", |progress| basket_of(question, plan, &first, progress));
            match found.unwrap_or_else(|| Err(Stopped.to_string())) {
                Ok(basket) => {
                    note_missing(&mut undefined, "basket", "basket", &basket.undefined);
                    report.basket = Some(basket);
                }
                Err(reason) => report.no_basket = Some(reason),
            }
        }
        for (at, recommendation) in shown.iter().zip(&report.recommendations) {
            note_missing(&mut undefined, "recommendations", looked[*at].name(), &recommendation.missing());
        }
        report.sum_up(looked.iter().map(|one| &one.figures));
        report.best_short = BestShort::among(&looked);
        report.undefined = Undefined::grouped(undefined);
        report.skipped = sections.skipped;
        Ok(report)
    }

    fn sum_up<'a>(&mut self, looked: impl Iterator<Item = &'a HedgeFigures>) {
        let bought = looked.filter(|one| one.is_bought());
        // A basket's ratios are never negative.
        let effectiveness: Vec<_> = (bought.map(|one| &one.hedge_effectiveness))
            .chain(self.basket.iter().map(|basket| &basket.hedge_effectiveness))
            .collect();
        self.best_out_of_sample = effectiveness.iter().filter_map(|one| one.out_of_sample).reduce(f64::max);
        let untested = !effectiveness.is_empty() && self.best_out_of_sample.is_none();
        let is_least = || self.best_out_of_sample.is_none_or(|best| best < MIN_EFFECTIVENESS);
        self.nothing_offsets = (!untested).then(is_least);
        self.yields_unknown = (self.recommendations.iter())
            .filter(|one| one.dividend_yield.is_none())
            .map(|one| one.factor.clone())
            .collect();
    }
}

impl Recommendation {
    fn of(looked: &Looked<'_>, question: &HedgeQuestion<'_>) -> Self {
        let candidate = looked.candidate;
        Self {
            rank: 0,
            factor: candidate.factor.to_owned(),
            etf_ticker: candidate.ticker.cloned(),
            category: candidate.category,
            young: candidate.standing.young,
            figures: looked.figures.clone(),
            in_scenario: candidate.in_scenario,
            current_portfolio_exposure: question.portfolio.map(|_| candidate.portfolio_weight.unwrap_or(0.0)),
            swap: looked.swap.clone(),
            sharpe_ratio: candidate.sharpe_ratio,
            max_drawdown: candidate.max_drawdown,
            dividend_yield: candidate.dividend_yield,
            expense_ratio: candidate.facts.expense_ratio.map(Ratio::decimal),
            average_daily_value: candidate.facts.average_daily_value,
            meets_threshold: false,
            significant: false,
            score: 0.0,
            score_parts: ScoreParts::default(),
        }
    }

    fn missing(&self) -> Vec<UndefinedField> {
        let own = self.figures.undefined.iter().chain(self.swap.iter().flat_map(|swap| &swap.undefined)).cloned();
        let unknown = [
            ("sharpe_ratio", self.sharpe_ratio.is_none(), "not given: see the performance of the candidate"),
            ("max_drawdown", self.max_drawdown.is_none(), "not given: see the performance of the candidate"),
            ("dividend_yield", self.dividend_yield.is_none(), "not known; scored as one in the middle"),
        ];
        own.chain(unknown.into_iter().filter(|(_, missing, _)| *missing).map(|(field, _, why)| (field, why.to_owned())))
            .collect()
    }
}

/// The best basket, or why there is none.
fn basket_of(
    question: &HedgeQuestion<'_>,
    plan: &HedgePlan,
    ranked: &[&Candidate<'_>],
    progress: &mut Progress<'_>,
) -> Result<Result<Basket, String>, Stopped> {
    let within = |portfolio: Portfolio<'_>| portfolio.cap(plan.target_allocation_reduction);
    let inputs = BasketInputs {
        overexposed: question.overexposed,
        portfolio: question.portfolio.and_then(|portfolio| Some((portfolio.returns, within(portfolio)?))),
        per_year: question.per_year,
        min_rows: question.min_observations,
    };
    Basket::best(&inputs, ranked, progress)
}

/// Whether anything can be said of the factor itself.
fn check(question: &HedgeQuestion<'_>) -> Result<(), HedgeError> {
    let f = question.overexposed;
    let present = picked(f, &common_rows(&[f]));
    if present.len() < question.min_observations {
        return Err(HedgeError::ThinHistory { rows: present.len(), needed: question.min_observations });
    }
    if stats::is_constant(&present) { Err(HedgeError::Constant) } else { Ok(()) }
}

fn note_missing(
    into: &mut Vec<(String, String, String, String)>,
    section: &str,
    row: &str,
    missing: &[UndefinedField],
) {
    let each =
        |(field, reason): &UndefinedField| (section.to_owned(), row.to_owned(), (*field).to_owned(), reason.clone());
    into.extend(missing.iter().map(each));
}
