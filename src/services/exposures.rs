//! What a portfolio is exposed to, by weight and by regression, its risk, and what trades change.
//!
//! Arguments (`request`) -> holdings -> the factors meant -> the analysis of performance -> what the holdings stand for ->
//! the figures (`figures`) -> the answer in its shapes (`answer`).

mod answer;
mod chart;
mod figures;
mod report;
pub(crate) mod request;
mod sentences;
mod trade;

#[cfg(test)]
mod tests;

use std::{mem, sync::Arc};

use factor_analytics::{
    exposure::{ExposureState, PortfolioReturns, WhatIf},
    lens::LensPair,
    sections::calendar_years::CalendarYear,
};
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use self::answer::ExposuresAnswer;
use self::request::Request;
use super::{
    analysis::{context::AnalysisContext, quality::DataQuality},
    common_args::CommonArgs,
    portfolio::{
        self, CASH,
        factor::{Kind, Resolved, resolve},
        held::{Held, Holdings},
        lookthrough::Classifications,
    },
    portfolios::as_factors,
};
use crate::{
    answer::Rendered,
    app::App,
    arguments::Args,
    services::{Call, repeats::Asked},
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// Everything an answer is made of.
struct Exposed {
    request: Request,
    context: AnalysisContext,
    held: Held,
    classifications: Classifications,
    returns: PortfolioReturns,
    state: ExposureState,
    /// The lens, where that is what it is regressed on.
    lens: Option<LensUsed>,
    what_if: Option<Traded>,
    /// The portfolio's calendar years beside the benchmark's.
    years: Vec<CalendarYear>,
    risk_free_source: String,
    quality: DataQuality,
}

/// The lens that a portfolio is regressed on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct LensUsed {
    /// The fund or funds of each factor; equity and rates are their returns over cash, the others less what those before them say.
    factors: IndexMap<&'static str, String>,
    /// The two that correlate most in size on the window's rows; null where no two have enough.
    most_correlated: Option<LensPair>,
}

/// What a trade changes.
struct Traded {
    figures: WhatIf,
    /// What balanced it, in a sentence.
    how: String,
    /// The weights after it.
    weights: IndexMap<Ticker, f64>,
    /// What they stand for.
    classifications: Classifications,
}

/// The full schema of an answer.
pub fn answer_schema() -> Schema {
    portfolio::answer::schema_of::<ExposuresAnswer<'static>>()
}

/// Runs a call and renders its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn answer(app: &Arc<App>, mut call: Call) -> Result<Rendered, ToolError> {
    let basis = as_factors::basis(app, &call).await;
    let asked = Asked::of(app, "get_portfolio_exposures", &call, basis.clone());
    let args = Args::new(mem::take(&mut call.arguments));
    let caller = call.caller(app.clock());
    let (mut request, mut common) = Request::read(args, basis)?;
    request.trade_own_groups(&common.groups)?;

    let Some(holdings) = Holdings::of(&request.source, app, call.user).await? else {
        return Err(no_portfolio());
    };
    let asked = asked.about(holdings.saved());
    if let Some(answer) = asked.answered(app) {
        return Ok(answer);
    }
    let held = holdings.weighed(app, &common.groups, &caller).await?;
    let mut tickers: Vec<Ticker> = held.priced().collect();
    let is_of_lens = request.is_of_lens(&common);
    let factors = resolved(request.regressed_on(&mut common), &common, &tickers)?;
    tickers.extend(factors.iter().flatten().flat_map(|(_, factor)| factor.priced_besides()).cloned());
    tickers.extend(request.traded().filter(|ticker| ticker.as_str() != CASH).cloned());
    let context = match is_of_lens {
        true => AnalysisContext::of_lens(common, app, tickers, &caller).await?,
        false => AnalysisContext::of(common, app, tickers, &caller).await?,
    };
    let factors = known(factors, &context)?;
    // Prices come first: a vendor may refuse everything after a profile.
    let mut all = held.weights.clone();
    for ticker in request.traded().cloned().chain(CASH.parse()) {
        all.entry(ticker).or_default();
    }
    let (universes, groups) = (context.common().universes(), &context.common().groups);
    let classifications = Classifications::of(app, &all, (&universes, groups), &caller).await?;
    let watch = app.analyzer.watch(&caller);
    let figures = move || figures::compute(request, context, held, &classifications, factors, &mut watch());
    let exposed = portfolio::off_thread(figures).await??;
    portfolio::answer::render(exposed, app, &call, asked).await
}

/// The factors named; `None` for the lens or the macro composites.
///
/// # Errors
/// Every name that is none, at once.
fn resolved(
    names: Option<(&str, Vec<String>)>,
    common: &CommonArgs,
    held: &[Ticker],
) -> Result<Option<Vec<(String, Resolved)>>, ToolError> {
    let Some((argument, names)) = names else { return Ok(None) };
    let (mut found, mut problems) = (Vec::<(String, Resolved)>::new(), Vec::new());
    let mut code = ErrorCode::UnknownFactor;
    for (at, name) in names.iter().enumerate() {
        let field = format!("{argument}[{at}]");
        match resolve(&field, name, common.universe(), &common.groups, held) {
            Ok(one) if found.iter().all(|(_, known)| known.name != one.name) => found.push((field, one)),
            Ok(_) => {}
            Err(error) => {
                code = error.code;
                problems.extend(error.problems);
            }
        }
    }
    if problems.is_empty() {
        return Ok(Some(found));
    }
    Err(coded(code, problems))
}

/// The factors, those that were taken for tickers of the price source among them where it has prices of them.
///
/// # Errors
/// Every name that is none, at once.
fn known(
    factors: Option<Vec<(String, Resolved)>>,
    context: &AnalysisContext,
) -> Result<Option<Vec<Resolved>>, ToolError> {
    let Some(factors) = factors else { return Ok(None) };
    let (common, study) = (context.common(), &context.analysis.study);
    let unknown = |(field, factor): &(String, Resolved)| {
        let is_unknown = factor.kind == Kind::Ticker && factor.returns(study).is_err();
        is_unknown.then(|| factor.unknown(field, (common.universe(), &common.groups)).problems)
    };
    let problems: Vec<Problem> = factors.iter().filter_map(unknown).flatten().collect();
    if !problems.is_empty() {
        return Err(coded(ErrorCode::UnknownFactor, problems));
    }
    Ok(Some(factors.into_iter().map(|(_, factor)| factor).collect()))
}

fn coded(code: ErrorCode, problems: Vec<Problem>) -> ToolError {
    ToolError { code, ..ToolError::invalid(problems) }
}

fn no_portfolio() -> ToolError {
    let rule = "is required, or portfolio_name: no CURRENT_PORTFOLIO is saved";
    let hint = "give holdings such as [{\"ticker\": \"SPY\", \"weight\": 0.6}], or save_portfolio first";
    ToolError::invalid(vec![Problem::new("holdings", "nothing", Refusal::new(rule, hint))])
}
