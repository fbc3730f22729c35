//! The questions, asked one after the other: the later ones find the panel of the first.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::answers::{Answer, Comparison, Correlations, Exposures, Model, Performance, Recommendations, Stress};
use crate::{
    answer::Rendered,
    app::App,
    charts::{Drawn, DrawnContent},
    progress::Progress,
    services::{
        Call, analysis, comparison, exposures,
        factor_model::{self, subject},
        portfolio::CASH,
        recommendations, stress,
    },
    tool_error::{ErrorCode, ToolError},
};

/// What the portfolio is compared with, as in every answer on a portfolio.
pub(super) const BENCHMARK: &str = "SPY";
/// A heat map of more holdings cannot be read on paper.
const MOST_IN_HEAT_MAP: usize = 30;
/// A picture that is longer is left out: the report stays one that can be sent.
const LONGEST_PICTURE: usize = 250_000;

/// An answer with its picture, or why there is none.
pub(super) type Part<T> = Result<Answered<T>, String>;

/// An answer, read, and its picture.
pub(super) struct Answered<T> {
    pub(super) said: super::answers::Said,
    pub(super) figures: T,
    pub(super) picture: Option<Arc<Drawn>>,
}

/// Everything that a report is made of.
pub(super) struct Asked {
    pub(super) exposures: Answered<Exposures>,
    pub(super) model: Part<Model>,
    pub(super) comparison: Part<Comparison>,
    pub(super) performance: Part<Performance>,
    pub(super) stress: Part<Stress>,
    pub(super) offsets: Part<Recommendations>,
    pub(super) correlations: Part<Correlations>,
}

impl Asked {
    /// Asks everything about the holdings or the saved portfolio that `arguments` name.
    ///
    /// # Errors
    /// When the exposures cannot be had.
    pub(super) async fn of(
        app: &Arc<App>,
        mut arguments: Map<String, Value>,
        progress: &Progress,
    ) -> Result<Self, ToolError> {
        let factor = arguments.remove("overexposed_factor");
        let ask = |more: Value| {
            let mut all = arguments.clone();
            // The whole of an answer: what is left out is left out here.
            let shape = [("format", json!("full")), ("max_chars", json!(0)), ("chart", json!("svg"))];
            all.extend(shape.map(|(name, value)| (name.to_owned(), value)));
            all.extend(more.as_object().cloned().unwrap_or_default());
            Call { arguments: all, progress: progress.clone(), ..Call::default() }
        };
        let exposures: Answered<Exposures> = read(exposures::answer(app, ask(json!({}))).await?)?;
        let model = part(factor_model::answer(app, ask(json!({}))).await);
        let comparison = {
            let mut call = ask(json!({"tickers": [BENCHMARK]}));
            let (basis, _) = subject::settle(app, &mut call).await?;
            part(comparison::answer_on(app, call, basis).await)
        };
        let performance = {
            let mut call = ask(json!({"analysis_type": "performance", "tickers": [BENCHMARK], "chart": "svg wealth"}));
            let (basis, _) = subject::settle(app, &mut call).await?;
            part(analysis::answer_on(app, call, basis).await)
        };
        let stress = part(stress::answer(app, ask(json!({}))).await);
        let heaviest = exposures.figures.heaviest().filter(|held| held.weight > 0.0);
        let factor = factor.or_else(|| heaviest.map(|held| json!(held.ticker)));
        let offsets = match factor {
            Some(factor) => part(recommendations::answer(app, ask(json!({"overexposed_factor": factor}))).await),
            None => Err("nothing is held long but cash: there is nothing to offset by buying".to_owned()),
        };
        let held: Vec<&str> = exposures.figures.holdings.iter().map(|held| held.ticker.as_str()).collect();
        let held: Vec<&str> = held.into_iter().filter(|ticker| *ticker != CASH).collect();
        let correlations = match held.len() {
            0 | 1 => Err("it takes two holdings besides cash".to_owned()),
            2..=MOST_IN_HEAT_MAP => {
                let mut call = ask(json!({"analysis_type": "correlations", "tickers": held, "chart": "svg heat_map"}));
                call.arguments.retain(|name, _| !["holdings", "portfolio_name"].contains(&name.as_str()));
                part(analysis::answer(app, call).await)
            }
            count => Err(format!("{count} holdings are more than the {MOST_IN_HEAT_MAP} that a map on paper can show")),
        };
        Ok(Self { exposures, model, comparison, performance, stress, offsets, correlations })
    }
}

/// An answer or, in words, why there is none.
fn part<T: DeserializeOwned>(answered: Result<Rendered, ToolError>) -> Part<T> {
    answered.and_then(read).map_err(|error| error.message)
}

/// An answer, read for what the report shows of it.
///
/// # Errors
/// It is another answer than the report was written for.
fn read<T: DeserializeOwned>(answer: Rendered) -> Result<Answered<T>, ToolError> {
    let Answer { said, figures } = serde_json::from_str(answer.structured.as_str()).map_err(|error| {
        tracing::error!(%error, "a report cannot read an answer");
        ToolError::new(
            ErrorCode::Internal,
            "An answer could not be read for the report",
            "tell whoever runs the server",
        )
    })?;
    let picture = answer.picture.filter(|picture| picture.bytes() <= LONGEST_PICTURE);
    Ok(Answered { said, figures, picture })
}

impl<T> Answered<T> {
    /// The picture as SVG.
    pub(super) fn svg(&self) -> Option<&str> {
        match &self.picture.as_deref()?.content {
            DrawnContent::Svg(svg) => Some(svg),
            DrawnContent::Png(_) => None,
        }
    }
}
