//! The last step of an answer: cut to its length, with its text block, and a link to what was left out.

use factor_types::UserId;

use super::fit;
use crate::{
    answer::{Fields, Rendered},
    app::App,
    results::ResultLink,
};

/// A text block longer than this is the summary instead.
const LONGEST_TEXT: usize = 40_000;

/// An answer that is no longer than asked for.
pub(crate) struct Shaped {
    fields: Fields,
    link: Option<ResultLink>,
}

impl Shaped {
    /// Shortens an answer to `limit` characters; what is left out is kept under a link.
    pub(crate) async fn fitting(app: &App, user: UserId, mut answer: Fields, limit: Option<usize>) -> Self {
        let whole = limit.filter(|limit| answer.chars() > *limit).map(|limit| (limit, answer.text()));
        let Some((limit, whole)) = whole else { return Self { fields: answer, link: None } };
        let Some(cut) = fit::fit(&mut answer, limit) else { return Self { fields: answer, link: None } };
        let mut link = None;
        if !cut.sections.is_empty() {
            let kept = app.results.put_link(user, "The whole answer", whole).await;
            let how = format!(
                "read the resource {} (kept 30 minutes), raise max_chars (now {limit}), or ask for fewer sections with include",
                kept.uri
            );
            if let Some(entry) = fit::truncated(&cut, &how) {
                answer.put("truncated", &entry);
            }
            link = Some(kept);
        }
        if cut.triangles {
            let how = "matrices are written as lower triangles ({labels, rows}) to fit max_chars";
            add_notes(&mut answer, &[format!("{how} {limit}")]);
        }
        Self { fields: answer, link }
    }

    /// The answer whose text block is its report.
    pub(crate) fn reported(self) -> Rendered {
        let shown = self.fields.words("formatted_report").unwrap_or_default();
        let notes = self.fields.words("note").map(|note| format!("\nNote: {note}\n")).unwrap_or_default();
        self.answer(|_| shown + &notes)
    }

    /// The answer whose text block is its JSON, or the summary where that would be too long to read.
    pub(crate) fn told(self, summary: impl FnOnce() -> Fields) -> Rendered {
        self.answer(|json| {
            if json.len() <= LONGEST_TEXT || json.chars().count() <= LONGEST_TEXT {
                return json.to_owned();
            }
            let mut short = summary();
            let said = "this text is the summary; all sections asked for are in the structured content of this result";
            add_notes(&mut short, &[said.to_owned()]);
            short.text()
        })
    }

    fn answer(self, text: impl FnOnce(&str) -> String) -> Rendered {
        let structured = self.fields.json();
        let text = text(structured.as_str());
        Rendered { structured, text, links: self.link.into_iter().collect() }
    }
}

/// Adds notes to an answer's `note`.
pub(crate) fn add_notes(answer: &mut Fields, notes: &[String]) {
    let before = answer.words("note");
    let all: Vec<String> = before.into_iter().chain(notes.iter().cloned()).collect();
    if !all.is_empty() {
        answer.put("note", &all.join("; "));
    }
}
