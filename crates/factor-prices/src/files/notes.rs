//! The warnings of one file: the first few in full, then a count.

use serde::Serialize;

/// How many warnings of one sort are written out per file.
pub(super) const SHOWN: usize = 5;

/// What a remark about a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// A file that cannot be used.
    BrokenFile,
    /// Lines that are skipped.
    BadLine,
    /// Lines that are no rows: notes and totals around them, the header again, a column of weekdays.
    NoRow,
    /// A text among price files that holds no prices.
    LeftAside,
    /// Cells that are no price.
    BadCell,
    /// Dividends that are no amount.
    BadDividend,
    /// Columns that are left aside.
    IgnoredColumn,
    /// Lines out of date order, or repeating a date with the same price.
    Order,
    /// Two prices for one date.
    Conflict,
    /// Lines dated after today.
    LaterDates,
    /// Prices in another currency than dollars.
    Currency,
    /// Prices in another currency that are taken in dollars.
    Converted,
    /// A ticker or maturity that two files have, of which one is used.
    InTwoFiles,
    /// A ticker whose history two files have in parts.
    Joined,
}

impl RemarkKind {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BrokenFile => "broken_file",
            Self::BadLine => "bad_line",
            Self::NoRow => "no_row",
            Self::LeftAside => "left_aside",
            Self::BadCell => "bad_cell",
            Self::BadDividend => "bad_dividend",
            Self::IgnoredColumn => "ignored_column",
            Self::Order => "order",
            Self::Conflict => "conflict",
            Self::LaterDates => "implausible_date",
            Self::Currency => "currency",
            Self::Converted => "converted",
            Self::InTwoFiles => "in_two_files",
            Self::Joined => "joined",
        }
    }
}

/// What is to be said of a file, led by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What about.
    pub kind: RemarkKind,
    /// One sentence, with line and date where there are some.
    pub text: String,
    /// Of one that only says how many more there are: how many.
    pub more: usize,
}

impl Remark {
    /// True for what changes nothing in what is read.
    pub(super) fn is_harmless(&self) -> bool {
        matches!(self.kind, RemarkKind::NoRow | RemarkKind::LeftAside | RemarkKind::Joined)
    }

    pub(super) fn new(kind: RemarkKind, text: String) -> Self {
        Self { kind, text, more: 0 }
    }
}

#[cfg(test)]
impl PartialEq<&str> for Remark {
    fn eq(&self, text: &&str) -> bool {
        self.text == *text
    }
}

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

    /// Counts so many more that are not written out.
    pub(super) fn more_of(&mut self, more: usize) {
        self.more += more;
    }

    /// Adds those of another.
    pub(super) fn append(&mut self, other: Self) {
        self.more += other.more;
        other.shown.into_iter().for_each(|text| self.add(|| text));
    }

    /// How many were added.
    pub(super) fn len(&self) -> usize {
        self.shown.len() + self.more
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
    pub(super) fn finish(self, file: &str, (kind, what): (RemarkKind, &str), into: &mut Vec<Remark>) {
        let (shown, more) = (self.shown.len(), self.more);
        let texts = self.texts(what).into_iter().map(|text| format!("{file}: {text}")).enumerate();
        into.extend(texts.map(|(at, text)| Remark { kind, text, more: if at < shown { 0 } else { more } }));
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
