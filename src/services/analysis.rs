//! Correlations, performance or windowed returns of factor ETFs.

mod arguments;
pub(crate) mod context;
mod fit;
mod full;
mod metadata;
pub(crate) mod preset;
pub(crate) mod quality;
mod refusal;
mod regime;
mod rolling;
mod sections;
pub(crate) mod shaped;
mod summary;
mod text;

use std::sync::Arc;

use factor_types::UserId;
use indexmap::IndexMap;
use serde_json::Value;

use self::{
    arguments::Query,
    quality::DataQuality,
    refusal::tool_error,
    sections::Section,
    shaped::{Shaped, add_notes},
};
use crate::{
    analysis::{Analysis, Caller, Report},
    answer::Rendered,
    answer::{Fields, Rounding},
    app::{AnswerKey, App, Basis},
    services::{Call, common_args::Format},
    tool_error::ToolError,
};

/// Runs a call and shapes its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing could be analysed.
pub async fn answer(app: &Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let fetch_until = call.fetch_until();
    let snapshot = app.universe_watcher.current().await;
    let groups = app.groups_of(call.user, &snapshot.loaded.universe).await;
    let question = AnswerKey {
        user: call.user,
        arguments: Value::Object(call.arguments.clone()).to_string(),
        today: app.today(),
        revision: app.sources.prices.revision(),
    };
    let basis = Basis { snapshot: Arc::clone(&snapshot), groups };
    if let Some(answer) = app.answers.get(&question, &basis) {
        return Ok(answer);
    }
    let query = arguments::read(call.arguments, &snapshot, basis.groups.clone())?;
    let caller = Caller { today: question.today, cancel: &call.cancel, progress: &call.progress, fetch_until };
    let analysis = app
        .analyzer
        .analyze(&query.request, &snapshot.loaded.universe, &caller)
        .await
        .map_err(|error| tool_error(&error, &query.common))?;
    let quality = DataQuality::of(&analysis, &query);
    let shaper = Shaper { analysis: &analysis, quality, query: &query, app, user: call.user };
    let answer = shaper.answer().await;
    let short = query.include.is_none() && query.common.format != Format::Full;
    if short && analysis.prepared.complete && analysis.report().skipped().is_empty() {
        app.answers.keep(question, basis, &answer);
    }
    Ok(answer)
}

struct Shaper<'a> {
    analysis: &'a Analysis,
    query: &'a Query,
    quality: DataQuality,
    app: &'a App,
    /// Whose answer it is.
    user: UserId,
}

impl Shaper<'_> {
    async fn answer(&self) -> Rendered {
        let body = match (&self.query.include, self.query.common.format) {
            (Some(include), _) => self.included(include),
            (None, Format::Full) => self.full(),
            (None, Format::Summary) => self.summary(),
            (None, Format::Report) => self.report(),
        };
        let shaped = Shaped::fitting(self.app, self.user, self.framed(body), self.query.common.max_chars).await;
        match (&self.query.include, self.query.common.format) {
            (None, Format::Report) => shaped.reported(),
            _ => shaped.told(|| self.framed(self.summary())),
        }
    }

    /// Every computed section, rounded to `precision`.
    fn full(&self) -> Fields {
        full::sections(self.analysis, self.query, &self.quality, self.app)
    }

    fn included(&self, include: &[Section]) -> Fields {
        let mut full = self.full();
        if include.contains(&Section::FormattedReport) {
            let report = text::report(self.analysis, self.query, &self.quality);
            full.put("formatted_report", &report);
        }
        fit::only(full, include)
    }

    fn summary(&self) -> Fields {
        summary::of(self.analysis, self.query, &self.quality)
    }

    fn report(&self) -> Fields {
        let mut body = Fields::rounded(Rounding::Decimals(4));
        body.put("as_of", &self.analysis.study.panel().as_of());
        body.put("data_quality", &self.quality.short());
        body.put("formatted_report", &text::report(self.analysis, self.query, &self.quality));
        body
    }

    /// A body with what stands around it.
    fn framed(&self, body: Fields) -> Fields {
        let mut answer = Fields::rounded(Rounding::None);
        answer.put("status", "success");
        answer.put("analysis_type", self.query.request.kind.as_str());
        let notes: Vec<String> = self.query.common.notes.iter().cloned().chain(full::notes(self.analysis)).collect();
        add_notes(&mut answer, &notes);
        if !self.query.invalid_sections.is_empty() {
            answer.put("invalid_sections", &self.query.invalid_sections);
        }
        let not_computed = self.not_computed();
        if !not_computed.is_empty() {
            answer.put("not_computed", &not_computed);
        }
        answer.extend(body);
        answer
    }

    /// Sections asked for and not given, with what to do about each.
    fn not_computed(&self) -> IndexMap<String, String> {
        let mut reasons: IndexMap<String, String> =
            self.query.sections.not_computed.iter().map(|(name, why)| ((*name).to_owned(), why.clone())).collect();
        for name in self.analysis.report().skipped() {
            reasons.insert(name.clone(), "the time for computing was used up; ask for fewer sections".to_owned());
        }
        if let Report::Correlations(report) = self.analysis.report() {
            let wanted = |section| self.query.sections.has(section);
            if wanted(Section::Rolling) && report.rolling.is_empty() && report.skipped.is_empty() {
                let reason = "no matrix is asked for whose pairs it could follow; name categories".to_owned();
                reasons.entry("rolling".to_owned()).or_insert(reason);
            }
            if wanted(Section::RateSensitivity) && report.rate_sensitivity.is_none() {
                let reason = "the price source has no Treasury yields in the window; set FACTOR_YIELD_FILE";
                reasons.entry("rate_sensitivity".to_owned()).or_insert_with(|| reason.to_owned());
            }
            if wanted(Section::MarketSensitivity) && report.market_sensitivity.is_none() {
                let reason = "the benchmark has no prices in the window; name another one";
                reasons.entry("market_sensitivity".to_owned()).or_insert_with(|| reason.to_owned());
            }
        }
        reasons
    }
}
