//! Correlations, performance or windowed returns of factor ETFs.

mod answer;
mod arguments;
pub(crate) mod choices;
pub(crate) mod context;
mod metadata;
mod note;
pub(crate) mod preset;
pub(crate) mod quality;
mod refusal;
mod regime;
mod schema;
mod sections;
mod summary;
mod text;

use std::sync::Arc;

use serde_json::Value;

pub use self::schema::{answer_schema, schema};
pub(crate) use self::sections::gone_first;
use self::{answer::AnalysisAnswer, refusal::refused};
use crate::{
    analysis::Caller,
    answer::Rendered,
    app::{AnswerKey, App, Basis},
    services::Call,
    tool_error::ToolError,
};

/// Runs a call and renders its answer. Summaries and reports are kept: what they rest on is asked for often.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing could be analysed.
pub async fn answer(app: &Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let basis = app.basis(call.user).await;
    let question = AnswerKey {
        user: call.user,
        arguments: Value::Object(call.arguments.clone()).to_string(),
        clock: app.clock(),
        revision: app.sources.prices.revision(),
    };
    if let Some(answer) = app.answers.get(&question, &basis) {
        return Ok(answer);
    }
    let user = call.user;
    let answer = run(app, call, &basis).await?;
    let rendered = answer.rendered(&app.results, user).await;
    if answer.is_short() && answer.is_whole() {
        app.answers.keep(question, basis, &rendered);
    }
    Ok(rendered)
}

/// Runs a call.
///
/// # Errors
/// As [`answer`].
async fn run(app: &App, call: Call, basis: &Basis) -> Result<AnalysisAnswer, ToolError> {
    let fetch_until = call.fetch_until();
    let query = arguments::read(call.arguments, basis.clone())?;
    let caller = Caller { clock: app.clock(), cancel: &call.cancel, progress: &call.progress, fetch_until };
    let found = app.analyzer.analyze(&query.request, &basis.snapshot.loaded.universe, &caller).await;
    let analysis = found.map_err(|error| refused(app, &error, &query.common))?;
    Ok(AnalysisAnswer::new(analysis, query, app.sources.choice.why.clone()))
}

#[cfg(test)]
mod tests;
