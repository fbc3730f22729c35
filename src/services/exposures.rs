//! What a portfolio is exposed to, by weight and by regression, its risk, and what trades change.

mod arguments;
mod sentences;
mod shape;
mod text;

use std::sync::Arc;

use factor_analytics::exposure::{ExposureFactor, ExposureInputs, ExposureState, PortfolioReturns, WhatIf};
use factor_types::Ticker;
use indexmap::IndexMap;

use self::arguments::Ask;
use super::{
    analysis::context::AnalysisContext,
    common_args::CommonArgs,
    portfolio::{
        self, CASH,
        factor::{Resolved, resolve},
        lookthrough::Classifications,
        source::Held,
    },
};
use crate::{
    analysis::Caller,
    answer::Rendered,
    app::App,
    arguments::Args,
    services::Call,
    tool_error::{ErrorCode, Problem, ToolError},
};

/// Everything an answer is made of.
struct Exposed {
    ask: Ask,
    context: AnalysisContext,
    held: Held,
    classifications: Classifications,
    returns: PortfolioReturns,
    state: ExposureState,
    what_if: Option<Traded>,
    /// Factors that were asked for and have no returns, with the reason.
    without: Vec<(String, String)>,
    risk_free_source: String,
}

/// What a trade changes.
struct Traded {
    figures: WhatIf,
    /// The weights after it.
    weights: IndexMap<Ticker, f64>,
    /// What they stand for.
    classifications: Classifications,
}

/// Runs a call and shapes its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn answer(app: &Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let fetch_until = call.fetch_until();
    let snapshot = app.universe_watcher.current().await;
    let groups = app.groups_of(call.user, &snapshot.loaded.universe).await;
    let mut args = Args::new(call.arguments);
    let ask = Ask::read(&args);
    let common = CommonArgs::read(&mut args, (&arguments::NAMES, &arguments::NOT_HERE), &snapshot, groups)?;
    let caller = Caller { today: app.today(), cancel: &call.cancel, progress: &call.progress, fetch_until };

    let Some(held) = ask.source.clone().weigh(app, call.user, &caller).await? else { return Err(no_portfolio()) };
    let mut tickers: Vec<Ticker> = held.priced().collect();
    let factors = resolved(&ask, &common, &tickers)?;
    tickers.extend(ask.what_if.iter().flat_map(|changes| changes.keys()).filter(|t| t.as_str() != CASH).cloned());
    let context = AnalysisContext::of(common, app, tickers, &caller).await?;
    // Prices come first: a vendor may refuse everything after a profile.
    let mut all = held.weights.clone();
    let changed = ask.what_if.iter().flat_map(|changes| changes.keys()).cloned();
    for ticker in changed.chain(CASH.parse()) {
        all.entry(ticker).or_default();
    }
    let classifications = Classifications::of(app, &all, &context.universes(), &caller).await?;

    let user = call.user;
    let found = portfolio::off_thread(move || computed(ask, context, held, classifications, factors)).await??;
    if call.cancel.is_cancelled() {
        return Err(portfolio::cancelled());
    }
    Ok(portfolio::answer::answer(&found, app, user).await)
}

fn computed(
    ask: Ask,
    context: AnalysisContext,
    held: Held,
    all: Classifications,
    factors: Option<Vec<Resolved>>,
) -> Result<Exposed, ToolError> {
    let study = Arc::clone(&context.analysis.study);
    let panel = study.panel();
    let risk_free = study.risk_free();
    let returns = portfolio::returns(&study, &held.weights, &risk_free.per_period)?;
    let mut without = Vec::new();
    let factors: Vec<(String, Vec<f64>)> = match factors {
        None => portfolio::macro_factors(&study),
        Some(named) => {
            let found = named.into_iter().filter_map(|factor| match factor.returns(&study) {
                Ok(returns) => Some((factor.name, returns)),
                Err(why) => {
                    without.push((factor.name, why));
                    None
                }
            });
            found.collect()
        }
    };
    let factors: Vec<ExposureFactor<'_>> =
        factors.iter().map(|(name, returns)| ExposureFactor { name, returns }).collect();
    let benchmark = panel.position(&Ticker::spy()).map(|at| panel.column(at));
    let inputs = ExposureInputs {
        risk_free: &risk_free.per_period,
        benchmark,
        factors: &factors,
        labels: panel.labels(),
        base: panel.base(),
        frequency: panel.frequency(),
        min_observations: study.min_observations,
    };
    let state = ExposureState::of(&returns.values, &inputs);
    let what_if = match &ask.what_if {
        None => None,
        Some(changes) => {
            let weights = changed(&held.weights, changes);
            let after = portfolio::returns(&study, &weights, &risk_free.per_period).map_err(|error| {
                let rule = format!("leaves a portfolio that cannot be analysed: {}", error.message);
                ToolError::new(error.code, format!("what_if {rule}")).with_problem(Problem {
                    field: "what_if".to_owned(),
                    got: format!("{} changes", changes.len()),
                    rule,
                    hint: None,
                })
            })?;
            let figures = WhatIf::of(&returns.values, &after.values, &inputs);
            Some(Traded { figures, classifications: all.weighing(&weights), weights })
        }
    };
    let risk_free_source = risk_free.source.clone();
    let classifications = all.weighing(&held.weights);
    Ok(Exposed { ask, context, held, classifications, returns, state, what_if, without, risk_free_source })
}

/// The weights after some changes; what they do not balance comes from or goes to cash.
fn changed(weights: &IndexMap<Ticker, f64>, changes: &IndexMap<Ticker, f64>) -> IndexMap<Ticker, f64> {
    let mut after = weights.clone();
    let mut cash = 0.0;
    for (ticker, change) in changes {
        *after.entry(ticker.clone()).or_default() += change;
        cash -= change;
    }
    if cash != 0.0
        && let Ok(ticker) = CASH.parse()
    {
        *after.entry(ticker).or_default() += cash;
    }
    // Selling all of 0.3 leaves nothing, not 5e-17.
    after.retain(|_, weight| weight.abs() > 1e-12);
    after
}

/// The factors named, told all at once where some are none; `None` for the macro composites.
fn resolved(ask: &Ask, common: &CommonArgs, held: &[Ticker]) -> Result<Option<Vec<Resolved>>, ToolError> {
    let Some(names) = &ask.factors else { return Ok(None) };
    let (mut found, mut problems) = (Vec::<Resolved>::new(), Vec::new());
    let mut code = ErrorCode::UnknownFactor;
    for (at, name) in names.iter().enumerate() {
        match resolve(&format!("factors[{at}]"), name, common.universe(), &common.groups, held) {
            Ok(one) if found.iter().all(|known| known.name != one.name) => found.push(one),
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
    let ToolError { message, problems, .. } = ToolError::invalid(problems);
    Err(ToolError { code, message, problems })
}

fn no_portfolio() -> ToolError {
    let rule = "is required, or portfolio_name: no CURRENT_PORTFOLIO is saved";
    let hint = "give holdings such as [{\"ticker\": \"SPY\", \"weight\": 0.6}], or save_portfolio first";
    ToolError::invalid(vec![Problem {
        field: "holdings".to_owned(),
        got: "nothing".to_owned(),
        rule: rule.to_owned(),
        hint: Some(hint.to_owned()),
    }])
}
