//! What was read or done differently than asked, and what is missing from the data.

use std::fmt;

use factor_analytics::{
    hedge::{
        HedgeReport, Recommendation, SortBy,
        signed::{BestHedgeExclusion, NotInBestHedge},
    },
    report::Undefined,
};
use factor_types::Ticker;
use indexmap::IndexMap;

use super::{
    HeldFactor,
    daily_reset::is_reset_daily,
    hedged::Hedged,
    request::{Request, Section},
    scenario::InScenario,
};
use crate::{
    analysis::Report,
    answer::Frame,
    services::{
        analysis::context::AnalysisContext,
        holdings_warning::Warning,
        portfolio::{answer, factor::Resolved, summary::of_holdings},
    },
};

/// A note of this answer.
#[derive(Debug, PartialEq)]
enum Note<'a> {
    /// There is no portfolio.
    NoPortfolio,
    /// The portfolio does not hold the factor.
    NotHeld { factor: &'a str },
    /// It is short of it.
    Short { factor: &'a str, weight: f64 },
    /// It holds only some of the factor's ETFs.
    HeldInPart { factor: &'a str, etfs: usize, held: usize },
    /// The filters leave no candidate.
    NoCandidate,
    /// No candidate passes the threshold.
    NonePasses { threshold: f64 },
    /// None offsets the factor when bought, and others are listed.
    NoneIsBought { factor: &'a str, by_move: bool },
    /// What the call names and cannot be a candidate, or no member of the best hedge.
    NotUsable(Vec<String>),
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPortfolio => f.write_str(
                "no portfolio: recommendations only; give holdings or portfolio_name, or save CURRENT_PORTFOLIO, for \
                 exposures and weights to move",
            ),
            Self::NotHeld { factor } => {
                write!(f, "the portfolio holds no {factor}: hedge ratios only, no weights to move")
            }
            Self::Short { factor, weight } => write!(
                f,
                "the portfolio is short of {factor} ({weight:.4}): hedge ratios only, no weights to move out of it"
            ),
            Self::HeldInPart { factor, etfs, held } => write!(
                f,
                "{factor} is followed as all of its {etfs} ETFs, of which the portfolio holds {held}: weights to move \
                 are out of something broader than what is held"
            ),
            Self::NoCandidate => {
                f.write_str("no candidate is left after the filters: insights.left_out says why each is not")
            }
            Self::NonePasses { threshold } => write!(
                f,
                "no offset passes correlation_threshold {threshold}; the lowest correlations are listed with meets_threshold false"
            ),
            Self::NoneIsBought { factor, by_move } => write!(
                f,
                "no candidate offsets {factor} when bought (direction long); those listed {}",
                if *by_move {
                    "leave least of the portfolio's variance after the move"
                } else {
                    "have the lowest correlations"
                }
            ),
            Self::NotUsable(each) => write!(f, "of candidates: {}", each.join("; ")),
        }
    }
}

/// What stands around an answer: its notes, and the sections that are not there.
pub(super) fn frame(
    (request, context): (&Request, &AnalysisContext),
    factor: &Resolved,
    portfolio: Option<&HeldFactor>,
    (report, hedged, scenario): (&HedgeReport, &Hedged, Option<&Result<InScenario, String>>),
) -> Frame {
    let mut notes = context.common().notes.clone();
    notes.extend(portfolio.iter().flat_map(|portfolio| portfolio.held.notes.iter().cloned()));
    notes.extend(factor.note.clone());
    let held = portfolio.map(|portfolio| (&portfolio.held.weights, portfolio.weight));
    let unusable = not_usable(request, context, (report, hedged));
    let own = [of_portfolio(factor, held), of_candidates(report, (request, factor)), unusable].into_iter().flatten();
    notes.extend(own.map(|note| note.to_string()));
    notes.extend(request.order_note.map(str::to_owned));
    answer::frame(&request.include, not_computed(request, portfolio, (report, hedged, scenario)), notes)
}

/// Sections that are not there, with what to do.
pub(super) fn not_computed(
    request: &Request,
    portfolio: Option<&HeldFactor>,
    (report, hedged, scenario): (&HedgeReport, &Hedged, Option<&Result<InScenario, String>>),
) -> IndexMap<&'static str, String> {
    let mut reasons = IndexMap::new();
    if let Some(why) = scenario.and_then(|found| found.as_ref().err()) {
        reasons.insert("scenario", format!("{why}; the list is by sort_by"));
    } else if scenario.is_none() && request.include.names(Section::Scenario) {
        reasons.insert("scenario", "give scenario: \"covid\", or dates".to_owned());
    }
    if let Some(why) = hedged.best.as_ref().err().filter(|_| request.include.wants(Section::BestHedge)) {
        reasons.insert("best_hedge", why.clone());
    }
    if let Err(why) = &hedged.scorecard
        && request.include.names(Section::Scorecard)
    {
        reasons.insert("scorecard", why.clone());
    }
    if portfolio.is_none() && request.include.wants(Section::Exposures) {
        reasons.insert("exposures", "give holdings or portfolio_name".to_owned());
    }
    if let Some(why) = report.no_basket.as_ref().filter(|_| request.include.wants(Section::Basket)) {
        reasons.insert("basket", why.clone());
    }
    reasons
}

/// What is to be said of a portfolio of these weights, so much of it in the factor.
fn of_portfolio<'a>(factor: &'a Resolved, portfolio: Option<(&IndexMap<Ticker, f64>, f64)>) -> Option<Note<'a>> {
    let Some((weights, weight)) = portfolio else { return Some(Note::NoPortfolio) };
    let (factor, members) = (factor.name.as_str(), &factor.members);
    let some = members.iter().filter(|member| weights.contains_key(*member)).count();
    if weight == 0.0 {
        Some(Note::NotHeld { factor })
    } else if weight < 0.0 {
        Some(Note::Short { factor, weight })
    } else if (1..members.len()).contains(&some) {
        Some(Note::HeldInPart { factor, etfs: members.len(), held: some })
    } else {
        None
    }
}

fn of_candidates<'a>(report: &HedgeReport, (request, factor): (&Request, &'a Resolved)) -> Option<Note<'a>> {
    if report.candidates_scanned == 0 {
        return Some(Note::NoCandidate);
    }
    if report.recommendations.iter().any(|one| one.in_scenario.is_some()) {
        return None;
    }
    if request.sort_by != SortBy::Effectiveness {
        let none_passes = report.candidates_meeting_threshold == 0;
        return none_passes.then_some(Note::NonePasses { threshold: request.correlation_threshold });
    }
    let is_listed = report.recommendations.iter().any(|one| one.figures.is_bought());
    let by_move = report.recommendations.iter().any(|one| one.swap.is_some());
    (!is_listed && request.allow_short != Some(true)).then_some(Note::NoneIsBought { factor: &factor.name, by_move })
}

/// What the call names in `candidates` and cannot be one, or no member of the best hedge, each with why.
fn not_usable(
    request: &Request,
    context: &AnalysisContext,
    (report, hedged): (&HedgeReport, &Hedged),
) -> Option<Note<'static>> {
    let study = &context.analysis.study;
    let unusable = |ticker: &Ticker| -> Option<String> {
        if let Some(lost) = study.excluded.iter().find(|one| one.ticker == *ticker) {
            return Some(format!("{ticker} is not analysed ({})", lost.detail));
        }
        let name = ticker.is_composed().then(|| ticker.to_string());
        let is_it = |known: Option<&Ticker>, factor: &str| known == Some(ticker) || name.as_deref() == Some(factor);
        if let Some(one) = report.left_out.iter().find(|one| is_it(one.ticker.as_ref(), &one.factor)) {
            return Some(format!("{ticker} is left out: {}", one.detail));
        }
        if let Some(one) = hedged.left_out.iter().find(|one| is_it(one.etf_ticker.as_ref(), &one.factor)) {
            return Some(format!("{ticker} is no member of best_hedge: {}", why_no_member(one)));
        }
        if ticker.is_composed() {
            return Some(format!("{ticker} is no member of best_hedge: a group cannot be bought or sold as one"));
        }
        let is_looked_at =
            study.factors.iter().any(|one| one.factor.ticker == *ticker && context.is_of_call(&one.factor));
        (!is_looked_at).then(|| format!("{ticker} is left out by categories or asset_class_filters"))
    };
    let each: Vec<String> = request.candidates.iter().flatten().filter_map(unusable).collect();
    (!each.is_empty()).then_some(Note::NotUsable(each))
}

fn why_no_member(one: &NotInBestHedge) -> String {
    match one.reason {
        BestHedgeExclusion::PartOfOverexposed => "it is the factor itself or a part of it".to_owned(),
        BestHedgeExclusion::Cash => "cash hedges nothing, it dilutes".to_owned(),
        BestHedgeExclusion::Stopped => "it has no prices up to the end".to_owned(),
        BestHedgeExclusion::Young => {
            "it is too young, or lacks returns on some of the rows that the hedge rests on".to_owned()
        }
        BestHedgeExclusion::NearCopy => {
            let correlation = one.correlation_to_overexposed.map(|r| format!(" (correlation {r:.4})"));
            format!("it is the factor under another name{}", correlation.unwrap_or_default())
        }
        BestHedgeExclusion::Constant => "its returns do not vary".to_owned(),
        BestHedgeExclusion::HighExpenseRatio => "it costs more than max_expense_ratio".to_owned(),
        BestHedgeExclusion::LowDailyValue => "less of it is traded than min_average_daily_value".to_owned(),
    }
}

/// What the caller should know of the data.
pub(super) fn warnings(
    request: &Request,
    context: &AnalysisContext,
    factor: &Resolved,
    portfolio: Option<&HeldFactor>,
    (report, hedged): (&HedgeReport, &Hedged),
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(HeldFactor { held, classifications, returns, .. }) = portfolio {
        warnings = of_holdings(context, held.weights.keys(), classifications, held, returns);
        if classifications.looked_through(&factor.members) {
            warnings.push(Warning::LookedThrough { factor: factor.name.clone() });
        }
    }
    if !report.skipped.is_empty() {
        warnings.push(Warning::OutOfTime(report.skipped.clone()));
    }
    let count = report.yields_unknown.len();
    if let Some(least) = request.min_dividend_yield.filter(|_| count > 0) {
        warnings.push(Warning::YieldsUnknown { count, least });
    }
    let unknown = |known: fn(&Recommendation) -> bool| report.recommendations.iter().filter(|one| !known(one)).count();
    let screens = [
        (
            "expense ratio",
            "max_expense_ratio",
            request.screens.max_expense_ratio,
            unknown(|one| one.expense_ratio.is_some()),
        ),
        (
            "average daily value",
            "min_average_daily_value",
            request.screens.min_average_daily_value,
            unknown(|one| one.average_daily_value.is_some()),
        ),
    ];
    for (what, screen, bound, count) in screens {
        if let Some(bound) = bound.filter(|_| count > 0) {
            warnings.push(Warning::FactsUnknown { what, count, screen, bound });
        }
    }
    let of_hedge = hedged.best.iter().flat_map(|best| &best.members).filter_map(|leg| leg.etf_ticker.as_ref());
    let listed = report.recommendations.iter().filter_map(|one| one.etf_ticker.as_ref());
    let in_basket = report.basket.iter().flat_map(|basket| &basket.members).filter_map(|one| one.etf_ticker.as_ref());
    let mut resetting: Vec<Ticker> = of_hedge.chain(listed).chain(in_basket).cloned().collect();
    resetting.retain(|ticker| is_reset_daily(ticker, context.common().universe().get(ticker)));
    resetting.sort();
    resetting.dedup();
    if !resetting.is_empty() {
        warnings.push(Warning::ResetDaily(resetting));
    }
    warnings
}

/// The null figures of the answer: the reason of a missing yield is the analysis' own.
pub(super) fn undefined(
    context: &AnalysisContext,
    portfolio: Option<&HeldFactor>,
    recommendations: &[Recommendation],
    own: &[Undefined],
) -> Vec<Undefined> {
    const YIELD: &str = "dividend_yield";
    let mut all: Vec<Undefined> = own.iter().filter(|one| one.field != YIELD).cloned().collect();
    if let Report::Performance(report) = context.analysis.report() {
        for one in report.undefined.iter().filter(|one| one.field == YIELD) {
            // There rows are tickers, here what is recommended is named by its factor.
            let concerned = |r: &&Recommendation| {
                r.etf_ticker.as_ref().is_some_and(|ticker| one.row.iter().any(|row| row == ticker.as_str()))
            };
            let row: Vec<String> = recommendations.iter().filter(concerned).map(|r| r.factor.clone()).collect();
            if !row.is_empty() {
                all.push(Undefined { section: "recommendations".to_owned(), row, ..one.clone() });
            }
        }
    }
    if let Some(Ok(fit)) = portfolio.map(|portfolio| portfolio.exposures.as_ref()) {
        all.extend(fit.undefined.iter().map(|(field, why)| Undefined {
            section: "exposures".to_owned(),
            row: vec!["portfolio".to_owned()],
            field: format!("regression_exposures.{field}"),
            reason: why.clone(),
        }));
    }
    if let Some(why) = portfolio.and_then(|portfolio| portfolio.exposures.as_ref().err()) {
        all.push(Undefined {
            section: "exposures".to_owned(),
            row: vec!["portfolio".to_owned()],
            field: "regression_exposures".to_owned(),
            reason: why.clone(),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::portfolio::factor::{Kind, MatchedBy};

    #[test]
    fn a_note_says_how_the_portfolio_holds_the_factor() {
        let [xlk, soxx, spy]: [Ticker; 3] = ["XLK", "SOXX", "SPY"].map(|name| name.parse().unwrap());
        let factor = Resolved {
            query: "tech".to_owned(),
            name: "tech".to_owned(),
            label: None,
            kind: Kind::SectorGroup,
            members: vec![xlk.clone(), soxx.clone()],
            matched_by: MatchedBy::SectorGroup,
            note: None,
        };
        let note = |held: &[&Ticker], weight: f64| {
            let weights = held.iter().map(|ticker| ((*ticker).clone(), 0.5)).collect();
            of_portfolio(&factor, Some((&weights, weight))).map(|note| note.to_string())
        };
        assert_eq!(of_portfolio(&factor, None), Some(Note::NoPortfolio));
        assert_eq!(note(&[&spy], 0.0).unwrap(), "the portfolio holds no tech: hedge ratios only, no weights to move");
        assert!(note(&[&xlk, &soxx], -0.25).unwrap().starts_with("the portfolio is short of tech (-0.2500): "));
        assert!(note(&[&xlk, &spy], 0.5).unwrap().contains("all of its 2 ETFs, of which the portfolio holds 1: "));
        assert_eq!(note(&[&xlk, &soxx], 1.0), None);
        // Shares that stand for its ETFs: none of the ETFs themselves is held.
        assert_eq!(note(&[&spy], 0.3), None);
    }
}
