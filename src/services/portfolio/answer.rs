//! How an answer on a portfolio leaves: in the shape asked for, with what was asked for by name, notes, and the text block.

use std::sync::Arc;

use factor_pictures::Picture;
use factor_types::{ClosedSet, UserId};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{
    cancelled, off_thread,
    summary::{More, Period},
};
use crate::{
    answer::{Fields, Frame, Limit, NotAnalysed, NotePlace, Part, Rendered, Rounding, Version, markdown},
    app::App,
    arguments::Include,
    charts,
    services::{
        Call,
        analysis::{
            context::AnalysisContext,
            gone_first,
            quality::{DataQuality, Quality},
        },
        answer_schema,
        common_args::Format,
        receipts,
        repeats::Asked,
    },
    tool_error::ToolError,
};

/// A summary has so many characters at most, unless its question says another number.
const SUMMARY: usize = 8_000;

/// How summaries and what goes with reports are rounded.
pub(crate) const SHORT: Rounding = Rounding::Decimals(4);

/// The answer to a question on a portfolio. What every such answer has (the quality of the data, timings, metadata) is put
/// in by [`render`].
pub(crate) trait PortfolioAnswer: Sync {
    /// The sections that can be asked for by name.
    type Section: ClosedSet + PartialEq + Sync;
    /// A summary has so many characters at most.
    const SUMMARY: usize = SUMMARY;
    /// Characters of a summary that are kept free.
    const ROOM: usize;
    /// What a summary says can be asked for.
    const MORE: &'static [&'static str];

    /// The analysis that it rests on.
    fn context(&self) -> &AnalysisContext;
    /// What that rests on, and what has to be known of it.
    fn quality(&self) -> &DataQuality;
    /// Whether what something held or traded is worth is not known, for now.
    fn lacks_prices(&self) -> bool {
        false
    }
    /// The sections asked for by name.
    fn include(&self) -> &Include<Self::Section>;
    /// What stands around it, but for what the quality of the data has to say.
    fn frame(&self) -> Frame;
    /// The fields that are a section, in the order in which it is shown by itself.
    fn fields_of(section: Self::Section) -> &'static [&'static str];
    /// The sections wanted, whole, rounded to the precision asked for.
    fn whole(&self) -> Fields;
    /// What was done, on what and by which conventions.
    fn metadata(&self, app: &App) -> Fields;
    /// The most entries of a list of a summary.
    fn entries(&self) -> usize;
    /// The answer in short, its lists with `shown` entries at most.
    fn summary(&self, shown: usize) -> Fields;
    /// What goes with the report.
    fn with_report(&self) -> Fields;
    /// The report for people.
    fn report(&self) -> String;
    /// The digest of what it rests on besides the analysis and its prices, where there is such a thing.
    fn facts(&self) -> Option<Version> {
        None
    }
    /// The picture that goes with it, or why there is none.
    ///
    /// # Errors
    /// Why there is none, for a note.
    fn picture(&self) -> Result<Picture, String>;
}

/// An answer with what stands around it, for its schema: the frame is put around the fields part by part.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("unevaluatedProperties" = false))]
struct Framed<'a, T> {
    status: Status,
    /// What was named one by one and could not be analysed.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_analysed: Option<Vec<NotAnalysed>>,
    /// What has to be known before the figures are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
    /// Names in `include` that no section has.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_sections: Option<Vec<String>>,
    /// Sections that are not there, with what to do about each.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_computed: Option<IndexMap<String, String>>,
    #[serde(flatten)]
    answer: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_quality: Option<Quality<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<More>,
    /// Timings and sizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    performance: Option<Map<String, Value>>,
    /// What was done, on what and by which conventions.
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis_metadata: Option<Map<String, Value>>,
    /// Text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    formatted_report: Option<String>,
    /// What was left out to keep to `max_chars`, and where the whole is.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<Map<String, Value>>,
    /// What was read or done differently than asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// An answer is a success: what fails is an error.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Status {
    Success,
}

/// The full schema of an answer.
pub(crate) fn schema_of<T: JsonSchema>() -> Schema {
    answer_schema::<Framed<'static, T>>()
}

/// The answer in the shape asked for, no longer than asked for.
///
/// # Errors
/// When the call was given up meanwhile.
pub(crate) async fn render(
    answer: impl PortfolioAnswer + Send + 'static,
    app: &Arc<App>,
    call: &Call,
    asked: Asked,
) -> Result<Rendered, ToolError> {
    let (app, cancel, user) = (Arc::clone(app), call.cancel.clone(), call.user);
    // As an analysis is, it is written off the async threads.
    let written = move || {
        let rendered = rendered(&answer, &app, (&cancel, user), Some(&asked))?;
        if is_kept(&answer) {
            asked.keep(&app, &rendered);
        }
        Ok(rendered)
    };
    off_thread(written).await?
}

/// True for a summary or a report, which have no timings, where no price is missing that a later call may get.
fn is_kept<T: PortfolioAnswer>(answer: &T) -> bool {
    let is_short = answer.include().sections.is_none() && answer.context().common().format != Format::Full;
    is_short && answer.context().analysis.prepared.complete && !answer.lacks_prices()
}

/// The same on this thread.
///
/// # Errors
/// As [`render`].
pub(crate) fn rendered<T: PortfolioAnswer>(
    answer: &T,
    app: &App,
    (cancel, user): (&CancellationToken, UserId),
    asked: Option<&Asked>,
) -> Result<Rendered, ToolError> {
    if cancel.is_cancelled() {
        return Err(cancelled());
    }
    let (common, named) = (answer.context().common(), answer.include().sections.as_deref());
    // Notes and reasons are known before any part is written, and count for the length of a summary.
    let mut frame = answer.frame();
    let has_metadata = named.map_or(common.format == Format::Full, |sections| {
        sections.iter().any(|section| T::fields_of(*section).contains(&"analysis_metadata"))
    });
    frame.receipt = asked
        .filter(|_| has_metadata || app.audit.is_some())
        .map(|asked| receipts::draft(app, asked, &answer.context().analysis, answer.facts()));
    let picture = match common.chart.map(|chart| charts::drawn(chart, answer.picture())).transpose() {
        Ok(picture) => picture,
        Err(note) => {
            frame.notes.push(note);
            None
        }
    };
    if named.is_none_or(|sections| !sections.is_empty()) {
        (frame.not_analysed, frame.warnings) = (answer.quality().not_analysed(), answer.quality().warnings());
    }
    let (body, report) = match (named, common.format) {
        (Some(sections), _) => (included(answer, sections, app), None),
        (None, Format::Full) => (full(answer, app), None),
        (None, Format::Summary) => (summary(answer, &frame), None),
        (None, Format::Report) => {
            let (mut body, report) = (answer.with_report(), report_of(answer));
            body.put_parts("data_quality", &Quality::Short(answer.quality().short()));
            body.put("formatted_report", &report);
            (body, Some(report))
        }
    };
    let kept = (&app.results, user);
    // A text block that is too long to read becomes the summary, which fits the frame as it was.
    let around = frame.clone();
    let is_summary = named.is_none() && common.format == Format::Summary;
    let limit = match common.max_chars {
        Some(most) if most <= T::SUMMARY => Limit::MaxChars(most),
        _ if is_summary => Limit::Summary(T::SUMMARY),
        most => Limit::of(most),
    };
    let fitted = frame.fitting(body, limit, gone_first(), kept, None);
    let rendered = match report {
        Some(report) => fitted.reported(&report),
        None => fitted.with_json_text(|| summary(answer, &around)),
    };
    Ok(rendered.with_picture(picture))
}

/// The report, with what was named and could not be analysed before its first section.
fn report_of<T: PortfolioAnswer>(answer: &T) -> String {
    let mut report = answer.report();
    if let Some(missing) = answer.quality().not_analysed_in_words() {
        let at = report.find("\n## ").unwrap_or(report.len());
        report.insert_str(at, &format!("\n{missing}\n"));
    }
    report
}

/// Everything, or of it what belongs to the sections asked for by name.
fn full<T: PortfolioAnswer>(answer: &T, app: &App) -> Fields {
    let named = answer.include().sections.as_deref();
    let wanted =
        |name: &str| named.is_none_or(|sections| sections.iter().any(|section| T::fields_of(*section).contains(&name)));
    let mut body = answer.whole();
    // In the order of the fields of the answer's schema.
    if wanted("data_quality") {
        body.put_parts("data_quality", &Quality::Whole(answer.quality()));
    }
    if wanted("performance") {
        body.put_part("performance", Part::Fields(answer.context().timings()));
    }
    if wanted("analysis_metadata") {
        body.put_part("analysis_metadata", Part::Fields(answer.metadata(app)));
    }
    body
}

/// The sections asked for by name, in full and in the caller's order.
fn included<T: PortfolioAnswer>(answer: &T, sections: &[T::Section], app: &App) -> Fields {
    let mut kept = Fields::rounded(Rounding::None);
    if sections.is_empty() {
        return kept;
    }
    let panel = answer.context().analysis.study.panel();
    kept.put_whole("as_of", &panel.as_of());
    kept.put_whole("period", &Period::of(answer.context()));
    let mut full = full(answer, app);
    for name in sections.iter().flat_map(|section| T::fields_of(*section)) {
        match *name {
            "formatted_report" => kept.put(*name, &report_of(answer)),
            name => full.take(name).into_iter().for_each(|part| kept.put_part(name, part)),
        }
    }
    kept
}

/// The summary that fits: with as many entries as it may have, and fewer until it is no longer than it may be.
fn summary<T: PortfolioAnswer>(answer: &T, frame: &Frame) -> Fields {
    let mut last = Fields::rounded(SHORT);
    last.put_parts("data_quality", &Quality::Short(answer.quality().short()));
    last.put_whole("more", &More { include: T::MORE });
    // Once: whatever the length of the lists, this stays the same.
    let mut shown = answer.entries();
    loop {
        let mut summary = answer.summary(shown);
        summary.extend(last.clone());
        if shown <= 1 || frame.around(summary.clone()).chars() + T::ROOM <= T::SUMMARY {
            return summary;
        }
        shown -= 1;
    }
}

/// What has to be known before a report is read: the warnings, and what is not known.
pub(crate) fn add_caveats(text: &mut String, not_known: String, quality: &DataQuality) {
    markdown::list(text, "Caveats", &quality.warnings().into_iter().chain([not_known]).collect::<Vec<_>>());
}

/// What stands around an answer on a portfolio.
pub(crate) fn frame<S: ClosedSet + PartialEq>(
    include: &Include<S>,
    not_computed: IndexMap<&'static str, String>,
    notes: Vec<String>,
) -> Frame {
    Frame {
        notes: include.said_of_unknown().into_iter().chain(notes).collect(),
        notes_at: NotePlace::Last,
        invalid_sections: include.invalid.clone(),
        not_computed: not_computed.into_iter().map(|(name, why)| (name.to_owned(), why)).collect(),
        ..Frame::default()
    }
}
