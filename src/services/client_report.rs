//! A report on a portfolio for the person whose money it is: one HTML file with everything in it, for a screen and for paper.
//!
//! Nothing is computed here. The questions that there are, are asked about the portfolio (`asked`), their answers are read for what
//! the report shows (`answers`), and written down (`sections`, by `html`): every figure is one that a tool would give. The same
//! prices, holdings and date give the same bytes.

mod answers;
mod asked;
mod html;
mod sections;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value};

use self::{asked::Asked, html::Html};
use crate::{
    app::App,
    progress::Progress,
    tool_error::{ErrorCode, ToolError},
};

/// No report is longer: it goes by mail.
pub const LONGEST: usize = 2_000_000;
/// Characters of a title; what is longer is cut.
const LONGEST_TITLE: usize = 120;
/// The arguments that a report takes: those that all of its questions share, and the factor to offset.
pub const ARGUMENTS: [&str; 6] =
    ["holdings", "portfolio_name", "start_date", "end_date", "frequency", "overexposed_factor"];

/// What a report is asked for.
#[derive(Debug, Clone, Default)]
pub struct ReportRequest {
    /// The arguments, of [`ARGUMENTS`].
    pub arguments: Map<String, Value>,
    /// What stands at its head; else the portfolio's name.
    pub title: Option<String>,
    /// Where progress goes.
    pub progress: Progress,
}

/// The report as one HTML file.
///
/// # Errors
/// When what the portfolio is exposed to cannot be said: the holdings are wrong, or there are no prices. What else cannot be
/// answered is said in its place in the report.
pub async fn html(app: &Arc<App>, request: ReportRequest) -> Result<String, ToolError> {
    let title = request.title.as_deref().map(|title| title.chars().take(LONGEST_TITLE).collect::<String>());
    let asked = Asked::of(app, request.arguments, &request.progress).await?;
    let name = title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
    let name =
        name.or_else(|| asked.exposures.figures.portfolio_name.clone()).unwrap_or_else(|| "Portfolio".to_owned());
    let mut page = Html::begin(&name, asked.exposures.said.analysis_metadata.price_source.simulated);
    sections::write(&mut page, &asked, &name, app.today());
    let text = page.end();
    if text.len() > LONGEST {
        let (message, way_out) = (
            format!("The report has {} bytes, more than {LONGEST}", text.len()),
            "join the smallest holdings and ask again",
        );
        return Err(ToolError::new(ErrorCode::InvalidArgument, message, way_out));
    }
    Ok(text)
}
