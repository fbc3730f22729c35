//! The frame of an answer over a portfolio: its shape, what was asked for by name, notes, and the text block.

use factor_types::UserId;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    tools::{
        Answer,
        get_factor_analysis::beside::{self, Ground, Shape},
        positions::words,
    },
};

/// A summary has so many characters at most.
const SUMMARY: usize = 8_000;
/// A text block longer than this is the summary instead.
const LONGEST_TEXT: usize = 40_000;

/// What an answer is put together from.
pub(in crate::tools) trait Told: Sync {
    /// The analysis below it, with the common arguments.
    fn ground(&self) -> &Ground;
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
    fn full(&self, app: &App) -> Map<String, Value>;
    /// The answer in short.
    fn summary(&self) -> Map<String, Value>;
    /// What goes with the report.
    fn report_body(&self) -> Map<String, Value>;
    /// The report for people.
    fn report(&self) -> String;
    /// What the answer cannot know, in a sentence.
    fn not_known(&self) -> String;
    /// Puts into the warnings of an analysis what concerns the portfolio, and takes out what is said better there.
    fn mend_warnings(&self, quality: &mut Map<String, Value>);
}

/// The answer in the shape asked for, no longer than asked for.
pub(in crate::tools) async fn answer(told: &impl Told, app: &App, user: UserId) -> Answer {
    let common = &told.ground().common;
    let (body, is_report) = match (told.include(), common.shape()) {
        (Some(include), _) => (included(told, include, app), false),
        (None, Shape::Full) => (told.full(app), false),
        (None, Shape::Summary) => (told.summary(), false),
        (None, Shape::Report) => (told.report_body(), true),
    };
    let (structured, link) = beside::fitted(app, user, framed(told, body), common.max_chars()).await;
    let text = if is_report {
        let shown = structured["formatted_report"].as_str().unwrap_or_default().to_owned();
        let notes = structured["note"].as_str().map(|note| format!("\nNote: {note}\n")).unwrap_or_default();
        shown + &notes
    } else if beside::length(&structured) > LONGEST_TEXT {
        let mut short = framed(told, told.summary());
        let said = "this text is the summary; all sections asked for are in the structured content of this result";
        beside::noted(&mut short, &[said.to_owned()]);
        short.to_string()
    } else {
        structured.to_string()
    };
    let answer = Answer::with_text(structured, text);
    match link {
        Some(link) => answer.link(link),
        None => answer,
    }
}

/// The summary that fits: with so many entries at most, and fewer until it has no more than [`SUMMARY`] characters, `room` of
/// them kept free. `of` gives it with so many.
pub(in crate::tools) fn fitting<T: Told>(
    told: &T,
    most: usize,
    room: usize,
    of: impl Fn(usize) -> Map<String, Value>,
) -> Map<String, Value> {
    let mut shown = most;
    loop {
        let answer = of(shown);
        if shown <= 1 || beside::length(&framed(told, answer.clone())) + room <= SUMMARY {
            return answer;
        }
        shown -= 1;
    }
}

/// The data quality in short, with the answer's own warnings.
pub(in crate::tools) fn short_quality(told: &impl Told) -> Map<String, Value> {
    let mut quality = told.ground().short_quality();
    told.mend_warnings(&mut quality);
    quality
}

/// The end of a report: what is not known, and the warnings.
pub(in crate::tools) fn add_mind(text: &mut String, told: &impl Told) {
    let quality = short_quality(told);
    let warnings = quality["warnings"].as_array().into_iter().flatten();
    let warnings = warnings.filter_map(Value::as_str).map(str::to_owned);
    words::list(text, "Mind", &std::iter::once(told.not_known()).chain(warnings).collect::<Vec<_>>());
}

/// A body with what stands around it.
pub(in crate::tools) fn framed(told: &impl Told, body: Map<String, Value>) -> Value {
    let mut answer = Map::from_iter([("status".to_owned(), json!("success"))]);
    if !told.invalid_sections().is_empty() {
        answer.insert("invalid_sections".to_owned(), json!(told.invalid_sections()));
    }
    let not_computed = told.not_computed();
    if !not_computed.is_empty() {
        answer.insert("not_computed".to_owned(), json!(not_computed));
    }
    answer.extend(body);
    let mut answer = Value::Object(answer);
    beside::noted(&mut answer, &told.notes());
    answer
}

/// The sections asked for, in full.
fn included<T: Told>(told: &T, include: &[&'static str], app: &App) -> Map<String, Value> {
    let mut kept = Map::new();
    if include.is_empty() {
        return kept;
    }
    let mut full = told.full(app);
    for section in include {
        let keys = match *section {
            "formatted_report" => {
                kept.insert("formatted_report".to_owned(), json!(told.report()));
                continue;
            }
            "metadata" => &["analysis_metadata"],
            other => T::fields_of(other).unwrap_or(std::slice::from_ref(section)),
        };
        for key in keys {
            kept.extend(full.remove(*key).map(|value| ((*key).to_owned(), value)));
        }
    }
    kept
}
