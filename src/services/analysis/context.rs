//! What a question on a portfolio rests on: an analysis of performance under the common arguments.

use factor_analytics::report::Undefined;
use factor_types::{FactorUniverse, Ticker};

use super::{
    arguments::Query,
    metadata,
    quality::{self, DataQuality},
    refusal::tool_error,
};
use crate::{
    analysis::{Analysis, Caller},
    answer::{Fields, Rounding},
    app::App,
    services::{common_args::CommonArgs, holdings_warning::Warning},
    tool_error::ToolError,
};

/// An analysis of performance and the arguments it was run with.
#[derive(Debug)]
pub(crate) struct AnalysisContext {
    pub(crate) analysis: Analysis,
    query: Query,
    quality: DataQuality,
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
        let query = Query::for_portfolio(common, &holdings);
        let found = app.analyzer.analyze(&query.request, &query.common.snapshot.loaded.universe, caller).await;
        let analysis = found.map_err(|error| tool_error(&error, &query.common))?;
        let quality = DataQuality::of(&analysis, &query).without_holdings(&holdings);
        Ok(Self { analysis, query, quality })
    }

    /// The common arguments.
    pub(crate) fn common(&self) -> &CommonArgs {
        &self.query.common
    }

    /// Where holdings are looked up: the universe of the call, then the one in force.
    pub(crate) fn universes(&self) -> [&FactorUniverse; 2] {
        [self.common().universe(), &self.common().snapshot.loaded.universe]
    }

    /// How full answers are rounded.
    pub(crate) fn rounding(&self) -> Rounding {
        self.query.rounding()
    }

    /// The quality of the data, with an answer's own null figures and warnings.
    pub(crate) fn quality(&self, undefined: Vec<Undefined>, warnings: Vec<Warning>) -> DataQuality {
        self.quality.with(undefined, warnings.into_iter().map(quality::Warning::Portfolio))
    }

    /// One line on the sample, for a report.
    pub(crate) fn quality_line(&self) -> String {
        self.quality.line()
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
