//! What happens to a portfolio, a group or a factor in a crash, and what offsets it there: past episodes replayed, shocks, and
//! the most plausible way to a loss.
//!
//! Arguments (`request`) -> what is held (`subject`) -> the analysis that prices it, with prices long before the window -> the
//! figures (`figures`, `hedges`) -> the answer in its shapes (`answer`).

mod answer;
mod chart;
mod figures;
pub(crate) mod hedges;
mod report;
pub(crate) mod request;
mod sentences;
pub(crate) mod subject;

#[cfg(test)]
mod tests;

use std::{mem, sync::Arc};

use factor_analytics::stress::{EpisodeReturn, ReverseStress, ShockResponse, offset::Offsets};
use factor_types::Ticker;
use schemars::Schema;

use self::{
    answer::StressAnswer,
    request::Request,
    subject::{Subject, named},
};
use super::{
    analysis::{context::AnalysisContext, quality::DataQuality},
    portfolio::{self, CASH},
    portfolios::as_factors,
    repeats::Asked,
};
use crate::{answer::Rendered, app::App, arguments::Args, services::Call, tool_error::ToolError};

/// Everything an answer is made of.
struct Stressed {
    request: Request,
    context: AnalysisContext,
    subject: Subject,
    /// The episodes, in the call's order.
    episodes: Vec<ReplayedEpisode>,
    shock: Option<Shocked>,
    reverse: Option<Reversed>,
    risk_free_source: String,
    quality: DataQuality,
}

/// An episode, and what offset it.
struct ReplayedEpisode {
    episode: EpisodeReturn,
    offsets: Offsets,
}

/// A shock, what each holding has of it, and what offsets it.
struct Shocked {
    response: ShockResponse,
    /// Weight, response and their product by holding.
    holdings: Vec<HoldingResponse>,
    offsets: Offsets,
}

/// What a holding is to be expected to do in a shock.
#[derive(Debug, Clone, PartialEq, serde::Serialize, schemars::JsonSchema)]
struct HoldingResponse {
    /// Which one.
    holding: String,
    weight: f64,
    /// What it is to be expected to do itself; null where it has no return on some of the periods.
    response: Option<f64>,
    /// Weight times response: they sum to the portfolio's.
    contribution: Option<f64>,
}

/// The most plausible way to a loss, and what offsets it.
struct Reversed {
    found: ReverseStress,
    offsets: Offsets,
}

/// The full schema of an answer.
pub fn answer_schema() -> Schema {
    portfolio::answer::schema_of::<StressAnswer<'static>>()
}

/// Runs a call and renders its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn answer(app: &Arc<App>, mut call: Call) -> Result<Rendered, ToolError> {
    let basis = as_factors::basis(app, &call).await;
    let asked = Asked::of(app, "stress_test", &call, basis.clone());
    let args = Args::new(mem::take(&mut call.arguments));
    let caller = call.caller(app.clock());
    let (request, common) = Request::read(args, basis)?;
    let (saved, subject) = Subject::of(&request, &common, app, &call, &caller).await?;
    let asked = asked.about(&saved);
    if let Some(answer) = asked.answered(app) {
        return Ok(answer);
    }
    let moved = named(&request, &common, &subject)?;
    let mut tickers: Vec<Ticker> = subject.weights.keys().filter(|held| held.as_str() != CASH).cloned().collect();
    tickers.extend(moved.iter().flat_map(|one| one.priced_besides()).cloned());
    let context = AnalysisContext::of_stress(common, app, tickers, &caller).await?;
    let watch = app.analyzer.watch(&caller);
    let stressed = portfolio::off_thread(move || figures::compute(request, context, subject, moved, &mut watch()));
    portfolio::answer::render(stressed.await??, app, &call, asked).await
}
