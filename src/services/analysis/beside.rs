//! What the tools over offsets and exposures share with this one: the common arguments, an analysis of performance under
//! them with what it rests on.

use std::{collections::BTreeSet, sync::Arc};

use factor_types::{Category, FactorUniverse, Ticker};
use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

use super::{
    arguments::{self, Format, Query},
    full, metadata,
    quality::DataQuality,
    tool_error,
};
use crate::{
    analysis::{Analysis, AssetClassFilter, Caller, UserGroups},
    answer::{Fields, Rounding},
    app::{App, UniverseSnapshot},
    arguments::Args,
    tool_error::ToolError,
};

/// The arguments that mean the same in every analysis, beside `categories`.
pub(crate) const SHARED: [&str; 8] = [
    "start_date",
    "end_date",
    "frequency",
    "asset_class_filters",
    "factor_universe",
    "industry_granularity",
    "format",
    "max_chars",
];

/// The fields of `advanced` that do, read at the top level too.
pub(crate) const SHARED_ADVANCED: [&str; 3] = ["min_observations", "precision", "include_user_groups"];

/// How an answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Summary,
    Full,
    Report,
}

/// The common arguments of a call, settled.
#[derive(Debug)]
pub(crate) struct CommonArgs {
    query: Query,
    snapshot: Arc<UniverseSnapshot>,
    /// Taken out of the analysis: the tools over a portfolio need all classes and filter later.
    pub(crate) asset_classes: AssetClassFilter,
}

/// An analysis and what it rests on.
#[derive(Debug)]
pub(crate) struct AnalysisContext {
    pub(crate) analysis: Analysis,
    pub(crate) common: CommonArgs,
    quality: DataQuality,
}

impl CommonArgs {
    /// Reads the common arguments out of a call's. `own` is what the tool found of its own: the mistakes of both are
    /// told together.
    ///
    /// # Errors
    /// Every argument that breaks its rule.
    pub(crate) fn read(
        given: &JsonObject,
        own: Result<(), ToolError>,
        snapshot: &Arc<UniverseSnapshot>,
        groups: UserGroups,
    ) -> Result<Self, ToolError> {
        let passed = SHARED.iter().chain(&SHARED_ADVANCED).chain(&["advanced", "categories"]);
        let mut inner: JsonObject =
            passed.filter_map(|name| Some(((*name).to_owned(), given.get(*name)?.clone()))).collect();
        // The name that the seeds have.
        if let Some(named) = given.get("factor_categories").filter(|_| !inner.contains_key("categories")) {
            inner.insert("categories".to_owned(), named.clone());
        }
        inner.insert("analysis_type".to_owned(), json!("performance"));
        for composites in ["include_macro_composite_performance", "include_factor_composite_performance"] {
            inner.insert(composites.to_owned(), json!(false));
        }
        let read = arguments::read(inner, snapshot, groups);
        let mut problems = Vec::new();
        for error in [own.err(), read.as_ref().err().cloned()].into_iter().flatten() {
            if error.problems.is_empty() {
                return Err(error);
            }
            problems.extend(error.problems);
        }
        let mut fields = BTreeSet::new();
        problems.retain(|problem| fields.insert(problem.field.clone()));
        for problem in &mut problems {
            plain_words(&mut problem.rule, &mut problem.hint);
        }
        match read {
            Ok(mut query) if problems.is_empty() => {
                let asset_classes = std::mem::take(&mut query.request.asset_classes);
                Ok(Self { query, snapshot: Arc::clone(snapshot), asset_classes })
            }
            _ => Err(ToolError::invalid(problems)),
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        match self.query.format {
            Format::Summary => Shape::Summary,
            Format::Full => Shape::Full,
            Format::Report => Shape::Report,
        }
    }

    /// The longest answer, in characters.
    pub(crate) fn max_chars(&self) -> Option<usize> {
        self.query.max_chars
    }

    /// How full answers are rounded.
    pub(crate) fn rounding(&self) -> Rounding {
        full::rounding(&self.query)
    }

    /// What was read differently than written.
    pub(crate) fn notes(&self) -> &[String] {
        &self.query.notes
    }

    /// The categories picked; `None` for all.
    pub(crate) fn categories(&self) -> Option<&BTreeSet<Category>> {
        self.query.request.categories.as_ref()
    }

    /// The universe of the call: its own, or the one in force.
    pub(crate) fn universe(&self) -> &FactorUniverse {
        self.query.request.universe.as_ref().unwrap_or(&self.snapshot.loaded.universe)
    }

    /// The universe in force, whatever the call brings.
    pub(crate) fn loaded(&self) -> &FactorUniverse {
        &self.snapshot.loaded.universe
    }

    /// The caller's groups that take part.
    pub(crate) fn groups(&self) -> &UserGroups {
        &self.query.request.groups
    }

    /// Runs the analysis of performance, with the prices of further tickers beside the universe.
    ///
    /// # Errors
    /// Why nothing could be analysed.
    pub(crate) async fn analyze(
        mut self,
        app: &App,
        also_priced: impl IntoIterator<Item = Ticker>,
        caller: &Caller<'_>,
    ) -> Result<AnalysisContext, ToolError> {
        self.query.request.also_priced.extend(also_priced);
        let found = app.analyzer.analyze(&self.query.request, &self.snapshot.loaded.universe, caller).await;
        let analysis = found.map_err(|error| {
            let mut error = tool_error(&error, &self.query);
            if error.problems.is_empty() {
                return error;
            }
            error.problems.iter_mut().for_each(|problem| plain_words(&mut problem.rule, &mut problem.hint));
            ToolError { message: ToolError::invalid(error.problems.clone()).message, ..error }
        })?;
        let quality = DataQuality::of(&analysis, &self.query);
        Ok(AnalysisContext { analysis, common: self, quality })
    }
}

impl AnalysisContext {
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
        metadata::of(&self.analysis, &self.common.query, app)
    }

    /// `performance`: timings and sizes.
    pub(crate) fn timings(&self) -> Fields {
        metadata::performance(&self.analysis, self.common.rounding())
    }
}

/// Ends a tool's own reading: unknown names, those of `advanced` too, are told. Known are its `own` and the [`SHARED`] ones
/// but for `without`.
///
/// # Errors
/// When anything was wrong.
pub(crate) fn finish(args: &Args, own: &[&'static str], without: &[&str]) -> Result<(), ToolError> {
    if let Some(advanced) = args.object("advanced") {
        advanced.only(&SHARED_ADVANCED);
    }
    let shared = SHARED.into_iter().filter(|name| !without.contains(name));
    let known: Vec<&str> = own.iter().copied().chain(shared).chain(SHARED_ADVANCED).chain(["advanced"]).collect();
    args.finish(&known)
}

/// Rules speak of a kind of analysis that these tools do not have.
fn plain_words(rule: &mut String, hint: &mut Option<String>) {
    *rule = rule.replace(" for performance", "").replace("performance needs", "the analysis needs");
    if hint.as_ref().is_some_and(|hint| hint.contains("analysis_type")) {
        *hint = Some("give an earlier start_date".to_owned());
    }
}

/// The fields of an object.
pub(crate) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
