//! What stands around an answer's body, and its last step: cut to its length, with its text block, and a link to what
//! was left out.

use factor_types::UserId;
use indexmap::IndexMap;

use super::{
    Rendered,
    fields::{Fields, Part},
    rounding::Rounding,
    truncate::{self, Rule},
};
use crate::results::{ResultLink, ResultStore};

/// A text block longer than this is the summary instead.
const LONGEST_TEXT: usize = 40_000;

/// Where an answer says what was read or done differently than asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotePlace {
    /// Before the body.
    First,
    /// After it.
    Last,
}

/// What stands around a body.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The kind of answer, where a question has several.
    pub(crate) analysis_type: Option<&'static str>,
    /// What was read or done differently than asked.
    pub(crate) notes: Vec<String>,
    /// Where the notes stand.
    pub(crate) notes_at: NotePlace,
    /// Names of sections that there are none of.
    pub(crate) invalid_sections: Vec<String>,
    /// Sections asked for and not given, with what to do about each.
    pub(crate) not_computed: IndexMap<String, String>,
}

impl Frame {
    /// The body with what stands around it.
    pub(crate) fn around(&self, body: Fields) -> Fields {
        let mut answer = Fields::rounded(Rounding::None);
        answer.put_whole("status", "success");
        if let Some(kind) = self.analysis_type {
            answer.put_whole("analysis_type", kind);
        }
        if self.notes_at == NotePlace::First {
            put_notes(&mut answer, &self.notes);
        }
        if !self.invalid_sections.is_empty() {
            answer.put_whole("invalid_sections", &self.invalid_sections);
        }
        if !self.not_computed.is_empty() {
            answer.put_whole("not_computed", &self.not_computed);
        }
        answer.extend(body);
        if self.notes_at == NotePlace::Last {
            put_notes(&mut answer, &self.notes);
        }
        answer
    }

    /// The answer with this body, shortened to `limit` characters; what is left out is kept under a link. `then` names
    /// the fields that go when cutting lists and tables is not enough.
    pub(crate) async fn fitting(
        self,
        body: Fields,
        limit: Option<usize>,
        then: Vec<&str>,
        (store, user): (&ResultStore, UserId),
    ) -> Fitted {
        let mut answer = self.around(body);
        let mut fitted = Fitted { frame: self, answer: Fields::rounded(Rounding::None), link: None };
        if let Some(limit) = limit.filter(|limit| answer.chars() > *limit) {
            let whole = answer.text();
            let rule = Rule::Level { then };
            if let Some(cut) = truncate::cut(&mut answer, limit, &rule) {
                if !cut.lost.is_empty() {
                    let link = store.put_link(user, "The whole answer", whole).await;
                    let how = format!(
                        "read the resource {} (kept 30 minutes), raise max_chars (now {limit}), or ask for fewer sections with include",
                        link.uri
                    );
                    if let Some(entry) = cut.truncated(&rule, &how) {
                        answer.put_whole("truncated", &entry);
                    }
                    fitted.link = Some(link);
                }
                if cut.triangles {
                    let how = "matrices are written as lower triangles ({labels, rows}) to fit max_chars";
                    fitted.frame.notes.push(format!("{how} {limit}"));
                    put_notes(&mut answer, &fitted.frame.notes);
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
        if !self.frame.notes.is_empty() {
            text += &format!("\nNote: {}\n", self.frame.notes.join("; "));
        }
        self.rendered(|_, _| text)
    }

    /// The answer whose text block is its JSON, or the summary where that would be too long to read.
    pub(crate) fn with_json_text(self, summary: impl FnOnce() -> Fields) -> Rendered {
        self.rendered(|json, mut frame| {
            if json.len() <= LONGEST_TEXT || json.chars().count() <= LONGEST_TEXT {
                return json.to_owned();
            }
            let said = "this text is the summary; all sections asked for are in the structured content of this result";
            frame.notes.push(said.to_owned());
            frame.around(summary()).text()
        })
    }

    fn rendered(self, text: impl FnOnce(&str, Frame) -> String) -> Rendered {
        let structured = self.answer.json();
        let text = text(structured.as_str(), self.frame);
        Rendered { structured, text, links: self.link.into_iter().collect() }
    }
}

/// An answer without sections of its own, shortened to `limit` characters: of the lists and objects named, in this
/// order, as much is left out as is needed. The whole is then kept under a link.
pub(crate) async fn fitting_listed(
    mut answer: Fields,
    limit: usize,
    names: &[&str],
    (store, user): (&ResultStore, UserId),
) -> Rendered {
    if answer.chars() <= limit {
        return Rendered::of(answer.json());
    }
    let link = store.put_link(user, "The whole answer", answer.text()).await;
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
        answer.put_whole("note", &notes.join("; "));
    }
}
