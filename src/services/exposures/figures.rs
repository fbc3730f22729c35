//! The figures of a portfolio: returns, regression, risk, and the same after a trade.

use std::sync::Arc;

use factor_analytics::{
    Observer, Study,
    exposure::{ExposureFactor, ExposureInputs, ExposureState, Exposures, PortfolioReturns, WhatIf, where_both},
    lens::{LensColumn, LensFactor},
    observer::Progress,
    report::Undefined,
    sections::calendar_years::calendar_years,
    study::{Exclusion, ExclusionReason},
};
use factor_types::{Frequency, Ticker};
use indexmap::IndexMap;

use super::{
    Exposed, LensUsed, Traded,
    request::{Request, Unnamed},
    trade::changed,
};
use crate::{
    analysis::AllPrices,
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        holdings_warning::Warning,
        portfolio::{self, factor::Resolved, held::Held, lookthrough::Classifications, summary::of_holdings},
    },
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// A factor's name and its returns, one per row of the panel.
type NamedReturns = (String, Vec<f64>);

/// Computes everything that the answer shows; `all` classifies what is held and what is traded.
///
/// # Errors
/// The portfolio, before or after the trade, cannot be analysed.
pub(super) fn compute(
    request: Request,
    context: AnalysisContext,
    held: Held,
    all: &Classifications,
    factors: Option<Vec<Resolved>>,
    observer: &mut dyn Observer,
) -> Result<Exposed, ToolError> {
    let study = Arc::clone(&context.analysis.study);
    let panel = study.panel();
    let risk_free = study.risk_free();
    let returns = portfolio::returns(&study, &held.weights, &risk_free.per_period)?;
    let named = factors.is_some();
    let lens = if factors.is_none() && request.unnamed == Unnamed::Lens {
        of_lens(&study, &context.analysis.prepared.all_prices)
    } else {
        None
    };
    let too_young = factors.is_none() && request.unnamed == Unnamed::Lens && lens.is_none();
    let of_lens = lens.is_some();
    let (factors, without) = match (factors, &lens) {
        (Some(named), _) => returns_of(named, &study),
        (None, Some((_, factors))) => (factors.clone(), Vec::new()),
        (None, None) => (portfolio::macro_factors(&study), Vec::new()),
    };
    let factors: Vec<ExposureFactor<'_>> = factors
        .iter()
        .map(|(name, returns)| ExposureFactor { is_excess: of_lens, ..ExposureFactor::new(name, returns) })
        .collect();
    let benchmark = panel.position(&Ticker::spy()).map(|at| panel.column(at));
    let inputs = ExposureInputs {
        risk_free: &risk_free.per_period,
        rate_known: risk_free.known().is_some(),
        without_rate: returns.without_rate.len(),
        benchmark,
        factors: &factors,
        named,
        labels: panel.labels(),
        base: panel.base(),
        per_year: panel.periods_per_year(),
        min_observations: study.min_observations,
    };
    let daily = |values: &[f64], of: &PortfolioReturns, weights: &IndexMap<Ticker, f64>| {
        portfolio::daily_wealth(&study, weights, of, values, &risk_free.per_period)
    };
    let progress = Progress::new(observer, "regression");
    let mut state = ExposureState::of(&returns.values, &inputs, &progress);
    state.risk = state.risk.with_daily(daily(&returns.values, &returns, &held.weights).as_ref());
    state.risk.risk_contribution =
        portfolio::risk_contributions(&study, &held.weights, &returns, &risk_free.per_period);
    if factors.is_empty() && !without.is_empty() {
        let each: Vec<String> = without.iter().map(|(name, why)| format!("{name} ({why})")).collect();
        state.no_regression = Some(format!("no factor is left to regress on: {}", each.join("; ")));
    }
    if state.risk.risk_contribution.is_none() {
        state.risk.undefined.push(("risk_contribution", "the portfolio does not vary"));
    }
    let what_if = match &request.what_if {
        Some(changes) => {
            let (weights, how) = changed(&held.weights, changes, request.balance)
                .map_err(|(what, way_out)| refused(changes.len(), what, way_out))?;
            let after = portfolio::returns(&study, &weights, &risk_free.per_period)
                .map_err(|error| not_after(&error, changes.len()))?;
            let inputs = ExposureInputs { without_rate: returns.without_rate_of_either(&after), ..inputs };
            let mut figures = WhatIf::of(&returns.values, &after.values, &inputs, &progress);
            let before = daily(&where_both(&returns.values, &after.values), &returns, &held.weights);
            figures.before.risk = figures.before.risk.with_daily(before.as_ref());
            let bought = daily(&where_both(&after.values, &returns.values), &after, &weights);
            figures.after.risk = figures.after.risk.with_daily(bought.as_ref());
            Some(Traded { figures, how, classifications: all.weighing(&weights), weights })
        }
        None => None,
    };
    let years = calendar_years(panel, &returns.values, benchmark);
    let risk_free_source = risk_free.source.clone();
    let classifications = all.weighing(&held.weights);
    let mut warnings =
        of_holdings(&context, held.weights.keys().chain(request.traded()), &classifications, &held, &returns);
    warnings.extend(not_regressed(&without, state.regression.as_ref()));
    warnings.extend(young_factors(state.regression.as_ref()));
    if too_young {
        warnings.push(Warning::NoLens);
    }
    let lens = lens.map(|(used, _)| used);
    let undefined = undefined(&state, what_if.as_ref(), &without);
    let quality = DataQuality::of_portfolio(context.analysed(), undefined, warnings);
    Ok(Exposed {
        request,
        context,
        held,
        classifications,
        returns,
        state,
        lens,
        what_if,
        years,
        risk_free_source,
        quality,
    })
}

/// The factors of the lens on the window's rows; `None` where equity or rates are too young to be regressed on.
fn of_lens(study: &Study, all_prices: &AllPrices) -> Option<(LensUsed, Vec<NamedReturns>)> {
    let whole = all_prices.lens(study)?;
    let (lens, labels) = (&whole.lens, study.panel().labels());
    let found: Vec<NamedReturns> =
        lens.columns.iter().map(|one| (one.factor.as_str().to_owned(), whole.on(one, labels))).collect();
    let is_old = |factor: LensFactor| {
        let values = found.iter().find(|(name, _)| name == factor.as_str()).map(|(_, values)| values);
        values.is_some_and(|values| {
            let present = values.iter().filter(|value| value.is_finite()).count();
            present >= study.min_observations && 10 * present >= 6 * values.len()
        })
    };
    if !is_old(LensFactor::Equity) || !is_old(LensFactor::Rates) {
        return None;
    }
    let funds = |column: &LensColumn| {
        let (long, short) = column.factor.funds();
        (column.factor.as_str(), short.map_or_else(|| long.to_owned(), |short| format!("{long} - {short}")))
    };
    let used = LensUsed {
        factors: lens.columns.iter().map(funds).collect(),
        most_correlated: whole.most_correlated_from(*labels.first()?, study.min_observations),
    };
    Some((used, found))
}

/// The returns of the factors named, and why others have none.
fn returns_of(named: Vec<Resolved>, study: &Study) -> (Vec<NamedReturns>, Vec<(String, String)>) {
    let (mut found, mut without) = (Vec::new(), Vec::new());
    for factor in named {
        match factor.returns(study) {
            Ok(returns) => found.push((factor.name, returns)),
            Err(why) => {
                let thin = |lost: &Exclusion| {
                    lost.ticker.as_str() == factor.name && lost.reason == ExclusionReason::ThinHistory
                };
                let daily = study.panel().frequency() != Frequency::Daily && study.excluded.iter().any(thin);
                let more = if daily { "; with frequency daily it has more" } else { "" };
                without.push((factor.name, format!("{why}{more}")));
            }
        }
    }
    (found, without)
}

/// The factors that are not in the regression: those without returns, and those that it leaves out.
fn not_regressed(without: &[(String, String)], fit: Option<&Exposures>) -> Vec<Warning> {
    let warning = |factor: &str, why: &str| Warning::NotRegressed { factor: factor.to_owned(), why: why.to_owned() };
    let dropped = fit.into_iter().flat_map(|fit| &fit.dropped);
    let dropped = dropped.map(|one| warning(&one.factor, &one.detail));
    without.iter().map(|(name, why)| warning(name, why)).chain(dropped).collect()
}

/// The factors named that leave the others with fewer periods.
fn young_factors(fit: Option<&Exposures>) -> Option<Warning> {
    let fit = fit?;
    let young = fit.young_factors.as_ref()?;
    let factors = young.factors.clone();
    Some(Warning::YoungFactors { factors, with: fit.observations, without: young.observations_without })
}

fn not_after(error: &ToolError, changes: usize) -> ToolError {
    let rule = format!("leaves a portfolio that cannot be analysed: {}", error.message);
    let way_out = "make the changes smaller, or of other tickers";
    ToolError::new(error.code, format!("what_if {rule}"), way_out).with_problem(Problem::new(
        "what_if",
        format!("{changes} changes"),
        Refusal::new(rule, way_out),
    ))
}

/// A trade that cannot be made.
fn refused(changes: usize, what: String, way_out: &str) -> ToolError {
    let error = ToolError::new(ErrorCode::InvalidArgument, format!("what_if {what}"), way_out);
    error.with_problem(Problem::new("what_if", format!("{changes} changes"), Refusal::new(what, way_out)))
}

/// The null figures and why.
fn undefined(state: &ExposureState, traded: Option<&Traded>, without: &[(String, String)]) -> Vec<Undefined> {
    let entry = |section: String, row: &str, field: &str, reason: &str| Undefined {
        section,
        row: vec![row.to_owned()],
        field: field.to_owned(),
        reason: reason.to_owned(),
    };
    let mut all = Vec::new();
    let mut add = |within: &str, state: &ExposureState| {
        let risk = state.risk.undefined.iter();
        all.extend(risk.map(|(field, why)| entry(format!("{within}risk"), "portfolio", field, why)));
        let regression = state.regression.iter().flat_map(|fit| &fit.undefined);
        all.extend(regression.map(|(field, why)| entry(format!("{within}regression"), "portfolio", field, why)));
    };
    add("", state);
    if let Some(traded) = traded {
        add("what_if.before.", &traded.figures.before);
        add("what_if.after.", &traded.figures.after);
    }
    all.extend(without.iter().map(|(name, why)| entry("regression".to_owned(), name, "factors", why)));
    all
}
