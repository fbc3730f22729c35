//! How an answer on a portfolio leaves: in the shape asked for, with what was asked for by name, notes, and the text block.

use factor_types::{ClosedSet, UserId};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    answer::{Fields, Frame, Limit, NotAnalysed, NotePlace, Rendered, Rounding, markdown},
    app::App,
    arguments::Include,
    services::{
        analysis::{gone_first, quality::DataQuality},
        answer_schema,
        common_args::{CommonArgs, Format},
    },
};

/// A summary has so many characters at most.
const SUMMARY: usize = 8_000;

/// How summaries and what goes with reports are rounded.
pub(crate) const SHORT: Rounding = Rounding::Decimals(4);

/// The answer to a question on a portfolio.
pub(crate) trait PortfolioAnswer: Sync {
    /// The sections that can be asked for by name.
    type Section: ClosedSet + PartialEq + Sync;
    /// The one that is the report.
    const REPORT: Self::Section;
    /// Characters of a summary that are kept free.
    const ROOM: usize;

    /// The common arguments.
    fn common(&self) -> &CommonArgs;
    /// The sections asked for by name.
    fn include(&self) -> &Include<Self::Section>;
    /// What it rests on.
    fn quality(&self) -> &DataQuality;
    /// What stands around it, but for what the quality of the data has to say.
    fn frame(&self) -> Frame;
    /// The fields of the full answer that are a section.
    fn fields_of(section: Self::Section) -> &'static [&'static str];
    /// Every section, rounded to the precision asked for.
    fn full(&self, app: &App) -> Fields;
    /// The most entries of a list of a summary.
    fn entries(&self) -> usize;
    /// The answer in short, its lists with `shown` entries at most.
    fn summary(&self, shown: usize) -> Fields;
    /// What goes with the report.
    fn with_report(&self) -> Fields;
    /// The report for people.
    fn report(&self) -> String;
}

/// An answer with what stands around it, for its schema: the frame is put around the fields part by part.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("unevaluatedProperties" = false))]
struct Framed<T> {
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
    answer_schema::<Framed<T>>()
}

/// The answer in the shape asked for, no longer than asked for.
pub(crate) async fn render(answer: &impl PortfolioAnswer, app: &App, user: UserId) -> Rendered {
    let (common, named) = (answer.common(), answer.include().sections.as_deref());
    let quality = answer.quality();
    let frame = Frame { not_analysed: quality.not_analysed(), warnings: quality.warnings(), ..answer.frame() };
    let (body, report) = match (named, common.format) {
        (Some(sections), _) => (included(answer, sections, app), None),
        (None, Format::Full) => (answer.full(app), None),
        (None, Format::Summary) => (summary(answer, &frame), None),
        (None, Format::Report) => {
            let (mut body, report) = (answer.with_report(), answer.report());
            body.put("formatted_report", &report);
            (body, Some(report))
        }
    };
    let kept = (&app.results, user);
    // A text block that is too long to read becomes the summary, which fits the frame as it was.
    let around = frame.clone();
    let is_summary = named.is_none() && common.format == Format::Summary;
    let limit = match common.max_chars {
        Some(most) if most <= SUMMARY => Limit::MaxChars(most),
        _ if is_summary => Limit::Summary(SUMMARY),
        most => Limit::of(most),
    };
    let fitted = frame.fitting(body, limit, gone_first(), kept).await;
    match report {
        Some(report) => fitted.reported(&report),
        None => fitted.with_json_text(|| summary(answer, &around)),
    }
}

/// The summary that fits: with as many entries as it may have, and fewer until it has no more than [`SUMMARY`] characters.
fn summary<T: PortfolioAnswer>(answer: &T, frame: &Frame) -> Fields {
    let mut shown = answer.entries();
    loop {
        let summary = answer.summary(shown);
        if shown <= 1 || frame.around(summary.clone()).chars() + T::ROOM <= SUMMARY {
            return summary;
        }
        shown -= 1;
    }
}

/// The end of a report: what is not known, and the warnings.
pub(crate) fn add_caveats(text: &mut String, not_known: String, quality: &DataQuality) {
    markdown::list(text, "Caveats", &std::iter::once(not_known).chain(quality.warnings()).collect::<Vec<_>>());
}

/// What stands around an answer on a portfolio.
pub(crate) fn frame<S>(
    include: &Include<S>,
    not_computed: IndexMap<&'static str, String>,
    notes: Vec<String>,
) -> Frame {
    Frame {
        notes,
        notes_at: NotePlace::Last,
        invalid_sections: include.invalid.clone(),
        not_computed: not_computed.into_iter().map(|(name, why)| (name.to_owned(), why)).collect(),
        ..Frame::default()
    }
}

/// The sections asked for, in full.
fn included<T: PortfolioAnswer>(answer: &T, sections: &[T::Section], app: &App) -> Fields {
    let mut kept = Fields::rounded(Rounding::None);
    if sections.is_empty() {
        return kept;
    }
    let mut full = answer.full(app);
    for section in sections {
        if *section == T::REPORT {
            kept.put("formatted_report", &answer.report());
        }
        for name in T::fields_of(*section) {
            if let Some(part) = full.take(name) {
                kept.put_part(*name, part);
            }
        }
    }
    kept
}
