//! What a question on a portfolio rests on: an analysis of performance under the common arguments.

use factor_types::{Factor, Ticker};

use super::{arguments::Query, metadata, refusal::refused};
use crate::{
    analysis::{Analysis, Caller},
    answer::{Fields, Rounding},
    app::App,
    services::common_args::CommonArgs,
    tool_error::ToolError,
};

/// An analysis of performance and the arguments it was run with.
#[derive(Debug)]
pub(crate) struct AnalysisContext {
    pub(crate) analysis: Analysis,
    query: Query,
}

impl AnalysisContext {
    /// Runs the analysis of performance, with the prices of some holdings as well.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn of(
        common: CommonArgs,
        app: &App,
        holdings: Vec<Ticker>,
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        Self::run(Query::for_portfolio(common, &holdings), app, caller).await
    }

    /// The same with the prices of the lens, and all prices there are before the window, for a scenario.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn of_scenario(
        common: CommonArgs,
        app: &App,
        holdings: Vec<Ticker>,
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        Self::run(Query::for_scenario(common, &holdings), app, caller).await
    }

    /// The same with the prices of the lens, and those of ten years before the window, on which its factors rest.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn of_lens(
        common: CommonArgs,
        app: &App,
        holdings: Vec<Ticker>,
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        Self::run(Query::for_lens(common, &holdings), app, caller).await
    }

    /// Runs the analysis that a comparison rests on, with prices of so many months before the window as well.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn of_comparison(
        common: CommonArgs,
        app: &App,
        months: u32,
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        Self::run(Query::for_comparison(common, months), app, caller).await
    }

    /// Runs the analysis that a factor model rests on, with the prices of further tickers, all from so many months before the window on.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn of_model(
        common: CommonArgs,
        app: &App,
        (also_priced, months): (Vec<Ticker>, u32),
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        Self::run(Query::for_model(common, &also_priced, months), app, caller).await
    }

    /// Runs the analysis that a stress test rests on: no table of its own, with the prices of some holdings and of the lens, and
    /// all prices there are before the window.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn of_stress(
        common: CommonArgs,
        app: &App,
        holdings: Vec<Ticker>,
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        Self::run(Query::for_stress(common, &holdings), app, caller).await
    }

    async fn run(query: Query, app: &App, caller: &Caller<'_>) -> Result<Self, ToolError> {
        let found = app.analyzer.analyze(&query.request, &query.common.snapshot.loaded.universe, caller).await;
        let analysis = found.map_err(|error| refused(app, &error, &query.common))?;
        Ok(Self { analysis, query })
    }

    /// The analysis with the call that it answers.
    pub(crate) fn analysed(&self) -> (&Analysis, &Query) {
        (&self.analysis, &self.query)
    }

    /// Whether the call's categories and asset classes let a factor through.
    pub(crate) fn is_of_call(&self, factor: &Factor) -> bool {
        let is_selected = self.analysis.selected.contains(&factor.category);
        is_selected && self.query.common.asset_classes.lets_through(factor.asset_class)
    }

    /// The common arguments.
    pub(crate) fn common(&self) -> &CommonArgs {
        &self.query.common
    }

    /// How full answers are rounded.
    pub(crate) fn rounding(&self) -> Rounding {
        self.query.rounding()
    }

    /// `analysis_metadata`.
    pub(crate) fn metadata(&self, app: &App) -> Fields {
        metadata::of(&self.analysis, &self.query, &app.sources.choice.why)
    }

    /// `performance`: timings and sizes.
    pub(crate) fn timings(&self) -> Fields {
        metadata::timings(&self.analysis, &self.query)
    }
}
