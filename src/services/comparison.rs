//! Two to six factors next to each other: how each pair goes together, whether that differs between periods, what happened when
//! something was below or above a bound, and the performance of each.
//!
//! Arguments (`request`) -> the analysis that prices them -> the figures (`figures`) -> the answer in its shapes (`answer`).

mod answer;
mod chart;
mod figures;
mod report;
pub(crate) mod request;
mod sentences;

#[cfg(test)]
mod tests;

use std::{mem, sync::Arc};

use factor_analytics::compare::CompareReport;
use schemars::Schema;

use self::{answer::ComparisonAnswer, request::Request};
use super::{
    analysis::{context::AnalysisContext, quality::DataQuality},
    portfolio,
    portfolios::as_factors,
    repeats::Asked,
};
use crate::{
    answer::Rendered,
    app::{App, Basis},
    arguments::Args,
    services::Call,
    tool_error::ToolError,
};

/// Everything an answer is made of.
struct Comparison {
    request: Request,
    context: AnalysisContext,
    /// What is compared, in the call's order.
    names: Vec<String>,
    report: CompareReport,
    /// Why there is nothing under the condition, where one was given.
    no_condition: Option<String>,
    quality: DataQuality,
}

/// The full schema of an answer.
pub fn answer_schema() -> Schema {
    portfolio::answer::schema_of::<ComparisonAnswer<'static>>()
}

/// Runs a call and renders its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn answer(app: &Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let basis = as_factors::basis(app, &call).await;
    answer_on(app, call, basis).await
}

/// [`answer`] of a call that is read against what is known already, such as holdings that are saved nowhere.
///
/// # Errors
/// As [`answer`].
pub(crate) async fn answer_on(app: &Arc<App>, mut call: Call, basis: Basis) -> Result<Rendered, ToolError> {
    let asked = Asked::of(app, "compare_factors", &call, basis.clone());
    if let Some(answer) = asked.answered(app) {
        return Ok(answer);
    }
    let args = Args::new(mem::take(&mut call.arguments));
    let caller = call.caller(app.clock());
    let (request, common) = Request::read(args, basis)?;
    let context = AnalysisContext::of_comparison(common, app, request.lead_months(), &caller).await?;
    let watch = app.analyzer.watch(&caller);
    let compared = portfolio::off_thread(move || figures::compute(request, context, &mut watch())).await??;
    portfolio::answer::render(compared, app, &call, asked).await
}
