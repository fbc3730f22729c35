//! What was read or done differently than asked, and what is missing from the data.

use std::fmt;

use factor_analytics::{
    hedge::{HedgeReport, Recommendation},
    report::Undefined,
};
use factor_types::Ticker;
use indexmap::IndexMap;

use super::{
    HeldFactor,
    hedged::Hedged,
    request::{Request, Section},
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
        }
    }
}

/// What stands around an answer: its notes, and the sections that are not there.
pub(super) fn frame(
    (request, context): (&Request, &AnalysisContext),
    factor: &Resolved,
    portfolio: Option<&HeldFactor>,
    (report, hedged): (&HedgeReport, &Hedged),
) -> Frame {
    let mut notes = context.common().notes.clone();
    notes.extend(portfolio.iter().flat_map(|portfolio| portfolio.held.notes.iter().cloned()));
    notes.extend(factor.note.clone());
    let held = portfolio.map(|portfolio| (&portfolio.held.weights, portfolio.weight));
    let own = [of_portfolio(factor, held), of_candidates(report, request)].into_iter().flatten();
    notes.extend(own.map(|note| note.to_string()));
    answer::frame(&request.include, not_computed(request, portfolio, (report, hedged)), notes)
}

/// Sections that are not there, with what to do.
pub(super) fn not_computed(
    request: &Request,
    portfolio: Option<&HeldFactor>,
    (report, hedged): (&HedgeReport, &Hedged),
) -> IndexMap<&'static str, String> {
    let mut reasons = IndexMap::new();
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

fn of_candidates(report: &HedgeReport, request: &Request) -> Option<Note<'static>> {
    if report.candidates_scanned == 0 {
        Some(Note::NoCandidate)
    } else if report.candidates_meeting_threshold == 0 {
        Some(Note::NonePasses { threshold: request.correlation_threshold })
    } else {
        None
    }
}

/// What the caller should know of the data.
pub(super) fn warnings(
    request: &Request,
    context: &AnalysisContext,
    factor: &Resolved,
    portfolio: Option<&HeldFactor>,
    report: &HedgeReport,
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
        ("expense ratio", "max_expense_ratio", request.max_expense_ratio, unknown(|one| one.expense_ratio.is_some())),
        (
            "average daily value",
            "min_average_daily_value",
            request.min_average_daily_value,
            unknown(|one| one.average_daily_value.is_some()),
        ),
    ];
    for (what, screen, bound, count) in screens {
        if let Some(bound) = bound.filter(|_| count > 0) {
            warnings.push(Warning::FactsUnknown { what, count, screen, bound });
        }
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
