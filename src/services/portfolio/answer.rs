//! The frame of an answer over a portfolio: its shape, what was asked for by name, notes, and the text block.

use factor_types::UserId;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::markdown;
use crate::{
    answer::{Fields, Frame, NotePlace, Rendered, Rounding},
    app::App,
    services::{
        analysis::{context::AnalysisContext, gone_first},
        common_args::Format,
    },
};

/// A summary has so many characters at most.
const SUMMARY: usize = 8_000;

/// What an answer is put together from.
pub(crate) trait PortfolioAnswer: Sync {
    /// The analysis below it, with the common arguments.
    fn context(&self) -> &AnalysisContext;
    /// The sections asked for by name.
    fn include(&self) -> Option<&[&'static str]>;
    /// Names in `include` that no section has.
    fn invalid_sections(&self) -> &[String];
    /// Sections that are not there, with what to do.
    fn not_computed(&self) -> IndexMap<&'static str, String>;
    /// What was read or done differently than asked.
    fn notes(&self) -> Vec<String>;
    /// The fields of a section that has others than one of its own name.
    fn fields_of(section: &str) -> Option<&'static [&'static str]>;
    /// Every section, rounded to the precision asked for, without the frame.
    fn full(&self, app: &App) -> Fields;
    /// The answer in short.
    fn summary(&self) -> Map<String, Value>;
    /// What goes with the report, beside it.
    fn report_body(&self) -> Map<String, Value>;
    /// The report for people.
    fn report(&self) -> String;
    /// What the answer cannot know, in a sentence.
    fn not_known(&self) -> String;
    /// Puts into the warnings of an analysis what concerns the portfolio, and takes out what is said better there.
    fn mend_warnings(&self, quality: &mut Map<String, Value>);
}

/// How summaries and what goes with reports are rounded.
const SHORT: Rounding = Rounding::Decimals(4);

/// The answer in the shape asked for, no longer than asked for.
pub(crate) async fn answer(told: &impl PortfolioAnswer, app: &App, user: UserId) -> Rendered {
    let common = &told.context().common();
    let report = || told.report();
    let (body, report) = match (told.include(), common.format) {
        (Some(include), _) => (included(told, include, app), None),
        (None, Format::Full) => (told.full(app), None),
        (None, Format::Summary) => (short(&told.summary()), None),
        (None, Format::Report) => {
            let (mut body, report) = (short(&told.report_body()), report());
            body.put("formatted_report", &report);
            (body, Some(report))
        }
    };
    let kept = (&app.results, user);
    let fitted = frame(told).fitting(body, common.max_chars, gone_first(), kept).await;
    match report {
        Some(report) => fitted.reported(&report),
        None => fitted.with_json_text(|| short(&told.summary())),
    }
}

/// What is shown in short, rounded.
fn short(fields: &Map<String, Value>) -> Fields {
    let mut body = Fields::rounded(SHORT);
    for (name, value) in fields {
        match name.as_str() {
            "insights" | "data_quality" => body.put_parts(name, value),
            "more" => body.put_whole(name, value),
            _ => body.put(name, value),
        }
    }
    body
}

/// The summary that fits: with so many entries at most, and fewer until it has no more than [`SUMMARY`] characters, `room` of
/// them kept free. `of` gives it with so many.
pub(crate) fn fitting<T: PortfolioAnswer>(
    told: &T,
    most: usize,
    room: usize,
    of: impl Fn(usize) -> Map<String, Value>,
) -> Map<String, Value> {
    let mut shown = most;
    loop {
        let answer = of(shown);
        if shown <= 1 || frame(told).around(short(&answer)).chars() + room <= SUMMARY {
            return answer;
        }
        shown -= 1;
    }
}

/// The data quality in short, with the answer's own warnings.
pub(crate) fn short_quality(told: &impl PortfolioAnswer) -> Map<String, Value> {
    let mut quality = told.context().short_quality();
    told.mend_warnings(&mut quality);
    quality
}

/// The end of a report: what is not known, and the warnings.
pub(crate) fn add_mind(text: &mut String, told: &impl PortfolioAnswer) {
    let quality = short_quality(told);
    let warnings = quality["warnings"].as_array().into_iter().flatten();
    let warnings = warnings.filter_map(Value::as_str).map(str::to_owned);
    markdown::list(text, "Caveats", &std::iter::once(told.not_known()).chain(warnings).collect::<Vec<_>>());
}

/// What stands around an answer.
fn frame(told: &impl PortfolioAnswer) -> Frame {
    Frame {
        analysis_type: None,
        notes: told.notes(),
        notes_at: NotePlace::Last,
        invalid_sections: told.invalid_sections().to_vec(),
        not_computed: told.not_computed().into_iter().map(|(name, why)| (name.to_owned(), why)).collect(),
    }
}

/// The sections asked for, in full.
fn included<T: PortfolioAnswer>(told: &T, include: &[&'static str], app: &App) -> Fields {
    let mut kept = Fields::rounded(Rounding::None);
    if include.is_empty() {
        return kept;
    }
    let mut full = told.full(app);
    for section in include {
        let keys = match *section {
            "formatted_report" => {
                kept.put("formatted_report", &told.report());
                continue;
            }
            "metadata" => &["analysis_metadata"],
            other => T::fields_of(other).unwrap_or(std::slice::from_ref(section)),
        };
        for key in keys {
            if let Some(part) = full.take(key) {
                kept.put_part(*key, part);
            }
        }
    }
    kept
}
