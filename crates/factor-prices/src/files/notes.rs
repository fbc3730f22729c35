//! The warnings of one file: the first few in full, then a count.

/// How many warnings of one sort are written out per file.
const SHOWN: usize = 5;

/// Warnings of one sort about one file.
#[derive(Debug, Default)]
pub(super) struct Notes {
    shown: Vec<String>,
    more: usize,
}

impl Notes {
    /// Adds a warning; its text is only made when it will be shown.
    pub(super) fn add(&mut self, text: impl FnOnce() -> String) {
        if self.shown.len() < SHOWN {
            self.shown.push(text());
        } else {
            self.more += 1;
        }
    }

    /// True when nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The warnings; `what` names the sort in "and N more".
    pub(super) fn texts(self, what: &str) -> Vec<String> {
        let mut texts = self.shown;
        if self.more > 0 {
            texts.push(format!("and {} more {what}", self.more));
        }
        texts
    }

    /// The warnings as [`Self::texts`], each led by the file's name.
    pub(super) fn finish(self, file: &str, what: &str, into: &mut Vec<String>) {
        into.extend(self.texts(what).into_iter().map(|text| format!("{file}: {text}")));
    }
}

/// A cell's text as shown in a warning: cut, so that a wrong file is not echoed back whole.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}
