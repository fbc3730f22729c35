//! What a question on a portfolio rests on: an analysis of performance under the common arguments.

use factor_types::{FactorUniverse, Ticker};
use serde_json::{Map, Value, json};

use super::{arguments::Query, metadata, quality::DataQuality, refusal::tool_error};
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
    quality: DataQuality,
}

impl AnalysisContext {
    /// Runs the analysis of performance, with the prices of further tickers than the universe's.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn of(
        common: CommonArgs,
        app: &App,
        also_priced: impl IntoIterator<Item = Ticker>,
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        let query = Query::for_portfolio(common, also_priced);
        let found = app.analyzer.analyze(&query.request, &query.common.snapshot.loaded.universe, caller).await;
        let analysis = found.map_err(|error| tool_error(&error, &query.common))?;
        let quality = DataQuality::of(&analysis, &query);
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

    /// `data_quality` in full.
    pub(crate) fn quality(&self) -> Map<String, Value> {
        fields(json!(self.quality))
    }

    /// What a summary shows of it.
    pub(crate) fn short_quality(&self) -> Map<String, Value> {
        fields(json!(self.quality.short()))
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

/// The fields of an object.
pub(crate) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
