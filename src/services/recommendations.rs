//! What offsets a factor, how much of it, and whether that worked out of sample.

mod arguments;
mod compute;
mod sentences;
mod shape;
mod text;

use std::sync::Arc;

use self::{arguments::Ask, compute::Found};
use super::{
    analysis::context::AnalysisContext,
    common_args::CommonArgs,
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
    ask: Ask,
    context: AnalysisContext,
    factor: Resolved,
    /// The portfolio, what its holdings stand for and how much of it is in the factor.
    portfolio: Option<(Held, Classifications, f64)>,
    found: Found,
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
    let common = CommonArgs::read(&mut args, (&arguments::NAMES, &[]), &snapshot, groups)?;
    let caller = Caller { today: app.today(), cancel: &call.cancel, progress: &call.progress, fetch_until };

    let held = ask.source.clone().weigh(app, call.user, &caller).await?;
    let tickers: Vec<_> = held.iter().flat_map(Held::priced).collect();
    let factor = resolve("overexposed_factor", &ask.overexposed, common.universe(), &common.groups, &tickers)?;
    let context = AnalysisContext::of(common, app, tickers, &caller).await?;
    // Prices come first: a vendor may refuse everything after a profile.
    let portfolio = match held {
        Some(held) => {
            let classifications = Classifications::of(app, &held.weights, &context.universes(), &caller).await?;
            let weight = classifications.weight_in(&factor.members);
            Some((held, classifications, weight))
        }
        None => None,
    };
    let found = compute::run(&ask, &context, &factor, portfolio.as_ref()).await?;
    if call.cancel.is_cancelled() {
        return Err(portfolio::cancelled());
    }
    let user = call.user;
    let recommended = Recommended { ask, context, factor, portfolio, found };
    Ok(portfolio::answer::answer(&recommended, app, user).await)
}
