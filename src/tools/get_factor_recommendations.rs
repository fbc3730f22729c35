//! `get_factor_recommendations`: what offsets a factor, how much of it, and whether that worked out of sample.

mod arguments;
mod compute;
mod definition;
mod sentences;
mod shape;
mod text;

use std::sync::Arc;

use futures::future::FutureExt;

use self::{arguments::Ask, compute::Found};
use super::{
    Answer, ToolCall, ToolEntry,
    get_factor_analysis::beside::{self, Common, Ground},
    positions::{
        self,
        factor::{Resolved, resolve},
        held::Held,
        lookthrough::Standings,
    },
};
use crate::{analysis::Caller, app::App, args::Args, tool_error::ToolError};

/// The tool.
pub const ENTRY: ToolEntry = ToolEntry {
    definition: definition::definition,
    call: |app, call| async move { call_tool(&app, call).await }.boxed(),
};

/// Everything an answer is made of.
struct Recommended {
    ask: Ask,
    ground: Ground,
    factor: Resolved,
    /// The portfolio, what its holdings stand for and how much of it is in the factor.
    portfolio: Option<(Held, Standings, f64)>,
    found: Found,
}

/// Runs a call and shapes its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn call_tool(app: &Arc<App>, call: ToolCall) -> Result<Answer, ToolError> {
    let fetch_until = call.fetch_until();
    let in_force = app.reference.current().await;
    let groups = app.groups_of(call.user, &in_force.loaded.universe).await;
    let args = Args::new(call.arguments.clone());
    let ask = Ask::read(&args);
    let common = Common::read(&call.arguments, beside::finish(&args, &arguments::NAMES, &[]), &in_force, groups)?;
    let caller = Caller { today: app.today(), cancel: &call.cancel, progress: &call.progress, fetch_until };

    let held = ask.source.clone().weigh(app, call.user, &caller).await?;
    let tickers: Vec<_> = held.iter().flat_map(Held::priced).collect();
    let factor = resolve("overexposed_factor", &ask.overexposed, common.universe(), common.groups(), &tickers)?;
    let ground = common.analyze(app, tickers, &caller).await?;
    // Prices come first: a vendor may refuse everything after a profile.
    let portfolio = match held {
        Some(held) => {
            let universes = [ground.common.universe(), ground.common.loaded()];
            let standings = Standings::of(app, &held.weights, &universes, &caller).await?;
            let weight = standings.weight_in(&factor.members);
            Some((held, standings, weight))
        }
        None => None,
    };
    let found = compute::run(&ask, &ground, &factor, portfolio.as_ref()).await?;
    if call.cancel.is_cancelled() {
        return Err(positions::cancelled());
    }
    let user = call.user;
    let recommended = Recommended { ask, ground, factor, portfolio, found };
    Ok(positions::answer::answer(&recommended, app, user).await)
}
