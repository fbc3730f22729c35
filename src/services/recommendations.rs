//! What offsets a factor, how much of it, and whether that worked out of sample.
//!
//! Arguments (`request`) -> holdings -> the factor meant -> the analysis of performance -> what the holdings stand for ->
//! the figures of every candidate (`candidates`) -> the answer in its shapes (`answer`).

mod answer;
mod candidates;
mod notes;
mod report;
mod request;
mod rows;
mod sentences;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use factor_analytics::{
    exposure::{Exposures, PortfolioReturns},
    hedge::HedgeReport,
};
use schemars::Schema;

use self::answer::RecommendationsAnswer;
use self::request::Request;
use super::{
    analysis::{context::AnalysisContext, quality::DataQuality},
    portfolio::{
        self,
        factor::{Resolved, resolve},
        lookthrough::Classifications,
        source::Held,
    },
};
use crate::{analysis::Caller, answer::Rendered, app::App, arguments::Args, services::Call, tool_error::ToolError};

/// Everything an answer is made of.
struct Recommended {
    request: Request,
    context: AnalysisContext,
    factor: Resolved,
    portfolio: Option<HeldFactor>,
    report: HedgeReport,
    quality: DataQuality,
}

/// A portfolio that may hold the factor.
struct HeldFactor {
    held: Held,
    /// What its holdings stand for.
    classifications: Classifications,
    /// How much of it is in the factor.
    weight: f64,
    returns: PortfolioReturns,
    /// Its exposures to macro composites, or why there are none.
    exposures: Result<Exposures, String>,
}

/// The full schema of an answer.
pub fn answer_schema() -> Schema {
    portfolio::answer::schema_of::<RecommendationsAnswer<'static>>()
}

/// Runs a call and renders its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn answer(app: &Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let fetch_until = call.fetch_until();
    let snapshot = app.universe_watcher.current().await;
    let groups = app.groups_of(call.user, &snapshot.loaded.universe).await;
    let (request, common) = Request::read(Args::new(call.arguments), &snapshot, groups)?;
    let caller = Caller { clock: app.clock(), cancel: &call.cancel, progress: &call.progress, fetch_until };

    let held = request.source.weigh(app, call.user, &caller).await?;
    let tickers: Vec<_> = held.iter().flat_map(Held::priced).collect();
    let factor = resolve("overexposed_factor", &request.overexposed, common.universe(), &common.groups, &tickers)?;
    let context = AnalysisContext::of(common, app, tickers, &caller).await?;
    // Prices come first: a vendor may refuse everything after a profile.
    let held = match held {
        Some(held) => {
            let classifications = Classifications::of(app, &held.weights, &context.universes(), &caller).await?;
            Some((held, classifications))
        }
        None => None,
    };
    let recommended = candidates::look_at(request, context, factor, held).await?;
    if call.cancel.is_cancelled() {
        return Err(portfolio::cancelled());
    }
    Ok(portfolio::answer::render(&recommended, app, call.user).await)
}
