//! Correlations, performance or windowed returns of factor ETFs.

mod answer;
pub(crate) mod arguments;
mod chart;
pub(crate) mod choices;
pub(crate) mod context;
mod metadata;
mod note;
pub(crate) mod preset;
mod profile_fields;
pub(crate) mod quality;
mod refusal;
mod regime;
mod schema;
mod sections;
mod summary;
mod text;

use std::{mem, sync::Arc};

pub use self::schema::{answer_schema, schema};
pub(crate) use self::sections::gone_first;
use self::{answer::AnalysisAnswer, arguments::Query, refusal::refused};
use crate::{
    analysis::{Analysis, AnalysisKind, off_thread},
    answer::Rendered,
    app::{App, Basis},
    services::{Call, portfolios::as_factors, receipts, repeats::Asked},
    tool_error::ToolError,
};

/// Runs a call and renders its answer. Summaries and reports are kept: what they rest on is asked for often.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing could be analysed.
pub async fn answer(app: &Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let basis = as_factors::basis(app, &call).await;
    answer_on(app, call, basis).await
}

/// [`answer`] of a call that is read against what is known already, such as holdings that are saved nowhere.
///
/// # Errors
/// As [`answer`].
pub(crate) async fn answer_on(app: &Arc<App>, call: Call, basis: Basis) -> Result<Rendered, ToolError> {
    let asked = Asked::of(app, "get_factor_analysis", &call, basis.clone());
    if let Some(answer) = asked.answered(app) {
        return Ok(answer);
    }
    let (user, cancel) = (call.user, call.cancel.clone());
    let (analysis, query) = run(app, call, &basis).await?;
    let (why, on) = (app.sources.choice.why.clone(), Arc::clone(app));
    // Megabytes may be written: like computing, that is no work for an async thread.
    let written = off_thread(move || {
        let mut answer = AnalysisAnswer::new(analysis, query, why, cancel);
        if answer.has_metadata() || on.audit.is_some() {
            answer.receipt = Some(receipts::draft(&on, &asked, &answer.analysis, None));
        }
        let picture = answer.drawn();
        let answer = Arc::new(answer);
        let rendered = answer.rendered(&on.results, user)?.with_picture(picture);
        if answer.is_short() && answer.is_whole() {
            asked.keep(&on, &rendered);
        }
        Ok(rendered)
    });
    written.await.map_err(|_| ToolError::cancelled())?
}

/// Runs a call.
///
/// # Errors
/// As [`answer`].
async fn run(app: &App, mut call: Call, basis: &Basis) -> Result<(Analysis, Query), ToolError> {
    let query = arguments::read(mem::take(&mut call.arguments), basis.clone())?;
    let caller = call.caller(app.clock());
    let found = app.analyzer.analyze(&query.request, &basis.snapshot.loaded.universe, &caller).await;
    let analysis = found.map_err(|error| refused(app, &error, &query.common))?;
    // What was computed for somebody else was warned of then.
    if !analysis.report_cached && query.request.kind == AnalysisKind::Correlations {
        app.thresholds.correlations(analysis.timings());
    }
    Ok((analysis, query))
}

#[cfg(test)]
mod tests;
