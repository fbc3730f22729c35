//! Correlations, performance or windowed returns of factor ETFs.

mod arguments;
pub(crate) mod choices;
pub(crate) mod context;
mod full;
mod metadata;
pub(crate) mod preset;
pub(crate) mod quality;
mod refusal;
mod regime;
mod rolling;
mod sections;
mod summary;
mod text;

use std::sync::Arc;

use factor_types::UserId;
use indexmap::IndexMap;
use serde_json::Value;

use self::{arguments::Query, quality::DataQuality, refusal::tool_error, sections::Section};
use crate::{
    analysis::{Analysis, Caller, Report},
    answer::{Fields, Frame, NotePlace, Part, Rendered, Rounding},
    app::{AnswerKey, App, Basis},
    services::{Call, common_args::Format},
    tool_error::ToolError,
};

/// The fields that go when an answer is cut and shorter lists are not enough.
pub(crate) const GONE_FIRST: [&str; 6] =
    ["performance", "analysis_metadata", "insights", "data_quality", "rolling_series", "rolling"];

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
        let report = || text::report(self.analysis, self.query, &self.quality);
        let (body, report) = match (&self.query.include, self.query.common.format) {
            (Some(include), _) => (self.included(include), None),
            (None, Format::Full) => (self.full(), None),
            (None, Format::Summary) => (self.summary(), None),
            (None, Format::Report) => {
                let report = report();
                (self.report(&report), Some(report))
            }
        };
        let kept = (&self.app.results, self.user);
        let fitted = self.frame().fitting(body, self.query.common.max_chars, GONE_FIRST.to_vec(), kept).await;
        match report {
            Some(report) => fitted.reported(&report),
            None => fitted.with_json_text(|| self.summary()),
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
        only(full, include)
    }

    fn summary(&self) -> Fields {
        summary::of(self.analysis, self.query, &self.quality)
    }

    fn report(&self, report: &str) -> Fields {
        let mut body = Fields::rounded(Rounding::Decimals(4));
        body.put("as_of", &self.analysis.study.panel().as_of());
        body.put_parts("data_quality", &self.quality.short());
        body.put("formatted_report", report);
        body
    }

    /// What stands around the body.
    fn frame(&self) -> Frame {
        Frame {
            analysis_type: Some(self.query.request.kind.as_str()),
            notes: self.query.common.notes.iter().cloned().chain(full::notes(self.analysis)).collect(),
            notes_at: NotePlace::First,
            invalid_sections: self.query.invalid_sections.clone(),
            not_computed: self.not_computed(),
        }
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

/// The sections named, out of the full answer; parts of `overlays` come back nested in one `overlays` object.
fn only(mut full: Fields, include: &[Section]) -> Fields {
    let mut kept = Fields::rounded(Rounding::None);
    for section in include {
        match section.path() {
            [key] => {
                // The series of pairs asked for by name are a part of the section that sums them up.
                let beside = (*section == Section::Rolling).then_some("rolling_series");
                for key in std::iter::once(*key).chain(beside) {
                    if let Some(part) = full.take(key) {
                        kept.put_part(key, part);
                    }
                }
            }
            [parent, child] => {
                let found = match full.get_mut(parent) {
                    Some(Part::Fields(parent)) => parent.get(child).cloned(),
                    _ => None,
                };
                let Some(part) = found else { continue };
                let mut holder = match kept.take(parent) {
                    Some(Part::Fields(holder)) => holder,
                    _ => Fields::rounded(Rounding::None),
                };
                holder.put_part(*child, part);
                kept.put_part(*parent, Part::Fields(holder));
            }
            _ => {}
        }
    }
    kept
}
