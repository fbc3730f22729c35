//! What stands around an answer's body, and its last step: cut to its length, with its text block, and a link to what
//! was left out.

use std::sync::Arc;

use factor_types::{Ticker, UserId};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    MAX_CHARS, Rendered, canonical,
    fields::{Fields, Part},
    fits,
    receipt::{self, Draft},
    room::Room,
    rounding::Rounding,
    shortened,
    truncate::{self, Rule},
};
use crate::results::{Later, ResultLink, ResultStore};

/// What a link to all of an answer is called.
const WHOLE: &str = "The whole answer";

/// All notes together, in characters: a call may give occasion to many.
const LONGEST_NOTE: usize = 1_500;

/// Where an answer says what was read or done differently than asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum NotePlace {
    /// Before the body.
    #[default]
    First,
    /// After it.
    Last,
}

/// A ticker that the call named and that could not be analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct NotAnalysed {
    pub(crate) ticker: Ticker,
    /// Why, in a sentence.
    pub(crate) reason: String,
}

/// How long an answer may be, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// No limit.
    None,
    /// What the call's `max_chars` allows.
    MaxChars(usize),
    /// What a summary has at most.
    Summary(usize),
}

impl Limit {
    /// What a call allows.
    pub(crate) fn of(max_chars: Option<usize>) -> Self {
        max_chars.map_or(Self::None, Self::MaxChars)
    }

    /// What is worth writing of each part.
    pub(crate) fn room(self) -> Room {
        self.chars().map_or(Room::ALL, Room::for_chars)
    }

    fn chars(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::MaxChars(most) | Self::Summary(most) => Some(most),
        }
    }

    fn name(self) -> String {
        match self {
            Self::None => "no limit".to_owned(),
            Self::MaxChars(most) => format!("max_chars {most}"),
            Self::Summary(most) => format!("a summary's {most} characters"),
        }
    }

    fn way_out(self) -> String {
        match self {
            Self::None | Self::Summary(_) => "or name sections with include".to_owned(),
            Self::MaxChars(most) => format!("raise max_chars (now {most}), or ask for fewer sections with include"),
        }
    }
}

/// What stands around a body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    /// The kind of answer, where a question has several.
    pub(crate) analysis_type: Option<&'static str>,
    /// What was named one by one and could not be analysed.
    pub(crate) not_analysed: Vec<NotAnalysed>,
    /// What has to be known before the figures are used.
    pub(crate) warnings: Vec<String>,
    /// What was read or done differently than asked.
    pub(crate) notes: Vec<String>,
    /// Where the notes stand.
    pub(crate) notes_at: NotePlace,
    /// Names of sections that there are none of.
    pub(crate) invalid_sections: Vec<String>,
    /// Names of fields that there are none of.
    pub(crate) invalid_fields: Vec<String>,
    /// Sections asked for and not given, with what to do about each.
    pub(crate) not_computed: IndexMap<String, String>,
    /// What the answer is made of; metadata have it as a receipt.
    pub(crate) receipt: Option<Arc<Draft>>,
}

impl Frame {
    /// The body with what stands around it.
    pub(crate) fn around(&self, body: Fields) -> Fields {
        let mut answer = Fields::rounded(Rounding::None);
        answer.put_whole("status", "success");
        if let Some(kind) = self.analysis_type {
            answer.put_whole("analysis_type", kind);
        }
        if !self.not_analysed.is_empty() {
            answer.put("not_analysed", &self.not_analysed);
        }
        if !self.warnings.is_empty() {
            answer.put("warnings", &self.warnings);
        }
        if self.notes_at == NotePlace::First {
            put_notes(&mut answer, &self.notes);
        }
        if !self.invalid_sections.is_empty() {
            answer.put_whole("invalid_sections", &self.invalid_sections);
        }
        if !self.invalid_fields.is_empty() {
            answer.put_whole("invalid_fields", &self.invalid_fields);
        }
        if !self.not_computed.is_empty() {
            answer.put_whole("not_computed", &self.not_computed);
        }
        answer.extend(body);
        if self.notes_at == NotePlace::Last {
            put_notes(&mut answer, &self.notes);
        }
        if let Some(draft) = &self.receipt {
            receipt::put(&mut answer, draft);
        }
        answer
    }

    /// The answer with this body, no longer than `limit`; what is left out is kept under a link. `then` names
    /// the fields that go when cutting lists and tables is not enough.
    pub(crate) fn fitting(
        self,
        body: Fields,
        limit: Limit,
        then: Vec<&str>,
        (store, user): (&ResultStore, UserId),
        later: Option<Later>,
    ) -> Fitted {
        let mut answer = self.around(body);
        let notes = self.notes.clone();
        let mut fitted = Fitted { frame: self, notes, answer: Fields::rounded(Rounding::None), link: None };
        let room = limit.chars().map(|most| most.saturating_sub(canonical::spare(&answer).min(most / 20)));
        if let Some(most) = room.filter(|most| answer.chars() > *most) {
            // What is left unwritten here is written when somebody asks for it.
            let whole = if answer.is_partial() { None } else { Some(answer.text()) };
            let rule = Rule::Level { then };
            if let Some(cut) = truncate::cut(&mut answer, most, &rule) {
                if !cut.lost.is_empty() {
                    fitted.link = match whole {
                        Some(whole) => Some(store.put_link(user, WHOLE, whole)),
                        None => later.and_then(|later| store.put_later(user, WHOLE, later)),
                    };
                    let how = match &fitted.link {
                        Some(link) => format!("read the resource {} (kept 30 minutes), {}", link.uri, limit.way_out()),
                        None => format!(
                            "name fewer tickers or categories: the whole is too long to be kept; {}",
                            limit.way_out()
                        ),
                    };
                    if let Some(entry) = cut.truncated(&rule, &how) {
                        answer.put_whole("truncated", &entry);
                    }
                }
                if cut.triangles {
                    let how = "matrices are written as lower triangles ({labels, rows}) to fit";
                    fitted.notes.push(format!("{how} {}", limit.name()));
                    put_notes(&mut answer, &fitted.notes);
                }
            }
        }
        Fitted { answer, ..fitted }
    }
}

/// An answer that is no longer than asked for.
#[derive(Debug)]
pub(crate) struct Fitted {
    frame: Frame,
    /// The frame's notes, and what was done to the answer so that it fits.
    notes: Vec<String>,
    answer: Fields,
    link: Option<ResultLink>,
}

impl Fitted {
    /// The answer whose text block is its report, as far as `formatted_report` shows it, with the notes.
    pub(crate) fn reported(self, report: &str) -> Rendered {
        let mut text = match self.answer.get("formatted_report") {
            Some(Part::Entries(lines)) if lines.shown() < lines.total() => {
                report.lines().take(lines.shown()).collect::<Vec<_>>().join("\n")
            }
            _ => report.to_owned(),
        };
        if !self.notes.is_empty() {
            text += &format!("\nNote: {}\n", noted(&self.notes));
        }
        self.rendered(|_, _| text)
    }

    /// The answer whose text block is its JSON, or the summary where that would be too long to read.
    pub(crate) fn with_json_text(self, summary: impl FnOnce() -> Fields) -> Rendered {
        self.rendered(|json, frame| {
            if fits(json, MAX_CHARS) {
                return json.to_owned();
            }
            let said = "this text is the summary; all sections asked for are in the structured content of this result";
            let mut short = frame.around(summary());
            let notes = frame.notes.into_iter().chain([said.to_owned()]);
            put_notes(&mut short, &notes.collect::<Vec<_>>());
            truncate::cut(&mut short, MAX_CHARS, &Rule::Level { then: Vec::new() });
            short.text()
        })
    }

    fn rendered(self, text: impl FnOnce(&str, Frame) -> String) -> Rendered {
        let (structured, made_of) = (self.answer.json(), self.frame.receipt.clone());
        let text = text(structured.as_str(), self.frame);
        Rendered { structured, text, links: self.link.into_iter().collect(), kept: None, picture: None, made_of }
    }
}

/// An answer without sections of its own, shortened to `limit` characters: of the lists and objects named, in this
/// order, as much is left out as is needed. The whole is then kept under a link.
pub(crate) fn fitting_listed(
    mut answer: Fields,
    limit: usize,
    names: &[&str],
    (store, user): (&ResultStore, UserId),
) -> Rendered {
    if answer.chars() <= limit {
        return Rendered::of(answer.json());
    }
    let link = store.put_link(user, WHOLE, answer.text());
    let rule = Rule::Listed(names);
    if let Some(cut) = truncate::cut(&mut answer, limit, &rule) {
        let how = format!("read the resource {} (kept 30 minutes)", link.uri);
        if let Some(entry) = cut.truncated(&rule, &how) {
            answer.put_whole("truncated", &entry);
        }
    }
    Rendered::of(answer.json()).link(link)
}

/// Puts the notes into an answer, or in the place of those that are there.
fn put_notes(answer: &mut Fields, notes: &[String]) {
    if !notes.is_empty() {
        answer.put_whole("note", &noted(notes));
    }
}

/// The notes as one text.
fn noted(notes: &[String]) -> String {
    shortened(&notes.join("; "), LONGEST_NOTE)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::answer::{Layout, Matrix};

    fn frame(notes_at: NotePlace) -> Frame {
        Frame {
            analysis_type: Some("returns"),
            notes: vec!["one".to_owned(), "two".to_owned()],
            notes_at,
            invalid_sections: vec!["x".to_owned()],
            not_computed: IndexMap::from([("rolling".to_owned(), "why".to_owned())]),
            ..Frame::default()
        }
    }

    fn body(rows: usize) -> Fields {
        let mut body = Fields::rounded(Rounding::None);
        body.put("rows", &(0..rows).map(|at| format!("row {at:04}")).collect::<Vec<_>>());
        body
    }

    fn keys(answer: &Rendered) -> Vec<String> {
        answer.structured.value().as_object().unwrap().keys().cloned().collect()
    }

    fn fitted(frame: Frame, body: Fields, limit: usize) -> (ResultStore, Fitted) {
        let store = ResultStore::new();
        let fitted = frame.fitting(body, Limit::MaxChars(limit), Vec::new(), (&store, UserId::LOCAL), None);
        (store, fitted)
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let nothing = Frame::default();
        assert_eq!(nothing.around(body(0)).text(), r#"{"status":"success","rows":[]}"#);
        let all = frame(NotePlace::First).around(body(0));
        assert!(all.names().eq(["status", "analysis_type", "note", "invalid_sections", "not_computed", "rows"]));
        let missing = NotAnalysed { ticker: "XYZ".parse().unwrap(), reason: "no prices".to_owned() };
        let warned =
            Frame { not_analysed: vec![missing], warnings: vec!["look".to_owned()], ..frame(NotePlace::First) };
        let first: Vec<String> = warned.around(body(0)).names().take(5).map(str::to_owned).collect();
        assert_eq!(first, ["status", "analysis_type", "not_analysed", "warnings", "note"]);
        let last = frame(NotePlace::Last).around(body(0));
        assert_eq!(last.names().last(), Some("note"));
    }

    #[test]
    fn a_cut_answer_says_where_the_whole_is() {
        let (store, fitted) = fitted(frame(NotePlace::Last), body(400), 3_000);
        let answer = fitted.with_json_text(|| body(1));
        let value = answer.structured.value();
        let shown = value["rows"].as_array().unwrap().len();
        assert_eq!(
            (value["truncated"]["shown"].as_u64(), value["truncated"]["total"].as_u64()),
            (Some(shown as u64), Some(400))
        );
        assert_eq!(keys(&answer)[5..], ["note", "truncated"]);
        assert_eq!(answer.text, answer.structured.as_str());
        let [link] = answer.links.as_slice() else { panic!("{:?}", answer.links) };
        assert!(value["truncated"]["how_to_get_the_rest"].as_str().unwrap().contains(&link.uri));
        let whole: Value = serde_json::from_slice(store.get(UserId::LOCAL, &link.uri).unwrap().bytes()).unwrap();
        assert_eq!(whole["rows"].as_array().unwrap().len(), 400);
        assert_eq!(whole["truncated"], Value::Null);
    }

    #[test]
    fn a_long_text_block_is_the_summary() {
        let (_, fitted) = fitted(frame(NotePlace::First), body(5_000), 100_000);
        let answer = fitted.with_json_text(|| body(1));
        let text: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(text["rows"], json!(["row 0000"]));
        assert!(text["note"].as_str().unwrap().starts_with("one; two; this text is the summary"));
        assert_eq!(answer.structured.value()["note"], "one; two");
    }

    #[test]
    fn a_summary_without_notes_has_its_own_at_the_end() {
        let (_, fitted) = fitted(Frame { notes: Vec::new(), ..frame(NotePlace::First) }, body(5_000), 100_000);
        let text: Value = serde_json::from_str(&fitted.with_json_text(|| body(1)).text).unwrap();
        let keys: Vec<&String> = text.as_object().unwrap().keys().collect();
        assert_eq!(keys[keys.len() - 2..], ["rows", "note"]);
    }

    #[test]
    fn a_report_is_shown_as_far_as_its_field() {
        let report = "a line of a report\n".repeat(300);
        let with_report = || {
            let mut body = Fields::rounded(Rounding::None);
            body.put("formatted_report", &report);
            body
        };
        let (_, whole) = fitted(frame(NotePlace::First), with_report(), 50_000);
        assert_eq!(whole.reported(&report).text, format!("{report}\nNote: one; two\n"));
        let (_, cut) = fitted(frame(NotePlace::First), with_report(), 3_000);
        let answer = cut.reported(&report);
        let shown = answer.structured.value()["formatted_report"].as_str().unwrap().to_owned();
        assert!(shown.len() < 3_000 && report.starts_with(&shown));
        assert_eq!(answer.text, format!("{shown}\nNote: one; two\n"));
    }

    #[test]
    fn folded_matrices_are_noted() {
        let labels: Vec<String> = (0..40).map(|at| format!("T{at}")).collect();
        let mut whole = Fields::rounded(Rounding::None);
        let matrix = Matrix::of(&labels, Layout::Nested, Rounding::None, |i, j| i * j);
        whole.put_part("matrix", Part::Matrix(matrix));
        let limit = whole.chars() - 1;
        let (_, fitted) = fitted(frame(NotePlace::First), whole, limit);
        let answer = fitted.with_json_text(|| body(1));
        let note =
            format!("one; two; matrices are written as lower triangles ({{labels, rows}}) to fit max_chars {limit}");
        assert_eq!(answer.structured.value()["note"], json!(note));
        assert_eq!((answer.links.len(), keys(&answer).last().unwrap().as_str()), (0, "matrix"));
    }
}
