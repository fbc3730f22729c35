//! A fund, a group or a portfolio on the factors of a model: what it moves with, what that gave, and what is left.
//!
//! Arguments (`subject`, `request`) -> the model's factor files (`french`) -> the analysis that prices everything -> the factors on its
//! rows (`rows`) -> the figures (`figures`) -> the answer in its shapes (`answer`).

mod answer;
mod chart;
mod figures;
mod french;
mod report;
pub(crate) mod request;
mod rows;
mod sentences;
mod short;
pub(crate) mod subject;

#[cfg(test)]
mod tests;

use std::{mem, sync::Arc};

use factor_analytics::models::{Attribution, ModelFit, Style};
use factor_types::{Category, Ticker};
use indexmap::IndexMap;
use schemars::Schema;

use self::{
    answer::ModelAnswer,
    figures::Rolling,
    request::{Model, Request},
    rows::ModelRows,
};
use super::{
    analysis::{context::AnalysisContext, quality::DataQuality},
    portfolio,
    repeats::Asked,
};
use crate::{answer::Rendered, app::App, arguments::Args, services::Call, tool_error::ToolError};

/// Everything an answer is made of.
struct Modelled {
    request: Request,
    context: AnalysisContext,
    rows: ModelRows,
    fitted: Vec<Fitted>,
    /// What could not be fitted, and why.
    not_fitted: IndexMap<String, String>,
    quality: DataQuality,
}

/// What the model says of one series.
struct Fitted {
    ticker: Ticker,
    label: String,
    category: Category,
    /// The labels of the first and the last row used.
    span: (chrono::NaiveDate, chrono::NaiveDate),
    fit: ModelFit,
    alpha_p_adjusted: Option<f64>,
    rolling: Option<Rolling>,
    attribution: Option<Attribution>,
    style: Option<Result<Style, String>>,
}

/// The full schema of an answer.
pub fn answer_schema() -> Schema {
    portfolio::answer::schema_of::<ModelAnswer<'static>>()
}

/// Runs a call and renders its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn answer(app: &Arc<App>, mut call: Call) -> Result<Rendered, ToolError> {
    let given = call.arguments.clone();
    let (basis, notes) = subject::settle(app, &mut call).await?;
    let asked = Asked::of(app, "analyze_factor_model", &call, basis.clone()).by(given);
    if let Some(answer) = asked.answered(app) {
        return Ok(answer);
    }
    let args = Args::new(mem::take(&mut call.arguments));
    let caller = call.caller(app.clock());
    let (request, mut common) = Request::read(args, basis)?;
    common.notes.extend(notes);
    let files = french::load(app, &request, common.frequency).await?;
    request.settle_dates(&mut common, files.as_ref());
    let priced = (request.also_priced(), request.lead_months());
    let context = AnalysisContext::of_model(common, app, priced, &caller).await?;
    let watch = app.analyzer.watch(&caller);
    let modelled = portfolio::off_thread(move || figures::compute(request, context, files, &mut watch())).await??;
    portfolio::answer::render(modelled, app, &call, asked).await
}

impl Model {
    /// For people: `Fama-French five factors`.
    fn in_words(self) -> &'static str {
        match self {
            Self::Lens => "the ETF lens",
            Self::Capm => "the capital asset pricing model",
            Self::Ff3 => "Fama and French's three factors",
            Self::Carhart => "Carhart's four factors",
            Self::Ff5 => "Fama and French's five factors",
            Self::Ff6 => "Fama and French's five factors and momentum",
            Self::Custom => "factors of the call",
        }
    }
}
