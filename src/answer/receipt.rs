//! Receipts: what an answer was made of, in one line that comes with it.
//!
//! `fr1.<what was asked>.<prints>.<answer>.<check>`: JSON and bytes in base64url, the state of the whole answer without what
//! passes, and the first digits of a digest over all that stands before. A receipt proves nothing, for whoever has the program
//! can write one; it says what to compute again and what to compare.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Version, canonical,
    fields::{Fields, Part},
};

/// What every receipt of this form begins with.
const FORM: &str = "fr1";
/// Longer arguments are not written into a receipt, in bytes of JSON: their digest is.
const MOST_ARGUMENTS: usize = 4 * 1024;
/// More series than this are not told from each other: the digest of the panel still tells that one has changed, if not which.
const MOST_SERIES: usize = 1_000;
/// Longer receipts are none.
const LONGEST: usize = 64 * 1024;
/// Digits of the check.
const CHECK: usize = 8;

/// Three bytes that tell one thing (a series of prices, a group) from what it was; by themselves they prove nothing.
pub(crate) type Print = [u8; 3];

/// The print of a digest.
pub(crate) fn print_of(digest: &[u8; 32]) -> Print {
    let [first, second, third, ..] = *digest;
    [first, second, third]
}

/// What a call asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arguments {
    /// As they came, by name; without those that are null.
    Arguments(Map<String, Value>),
    /// The digest of what was too long to be written down.
    ArgumentsHash(String),
}

/// Arguments in canonical form: by name, without those that are null. The order of names says nothing; within a value it may
/// (holdings are answered in theirs).
pub(crate) fn canonical_arguments(given: &Map<String, Value>) -> String {
    let named: BTreeMap<&String, &Value> = given.iter().filter(|(_, value)| !value.is_null()).collect();
    // A map of JSON has no value that cannot be written.
    serde_json::to_string(&named).unwrap_or_default()
}

impl Arguments {
    /// Those of a call.
    pub(crate) fn of(given: &Map<String, Value>) -> Self {
        let text = canonical_arguments(given);
        if text.len() <= MOST_ARGUMENTS {
            Self::Arguments(serde_json::from_str(&text).unwrap_or_default())
        } else {
            Self::ArgumentsHash(Version::of_text(&text).as_str().to_owned())
        }
    }
}

/// What an answer was made of, but for its data one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MadeOf {
    /// The program's version.
    pub(crate) version: String,
    /// The tool.
    pub(crate) tool: String,
    #[serde(flatten)]
    pub(crate) asked: Arguments,
    /// The day taken for today.
    pub(crate) today: NaiveDate,
    /// The last day whose prices were final.
    pub(crate) final_through: NaiveDate,
    /// Where prices came from: `files`.
    pub(crate) source: String,
    /// What the settings say of calls that leave it open.
    pub(crate) usual: Vec<f64>,
    /// The version of the universe of factors.
    pub(crate) universe: String,
    /// The panel: its tickers, all their prices and the yields.
    pub(crate) panel: String,
    /// The yields alone; empty where none were needed.
    pub(crate) yields: String,
    /// Dividends, closes and capitalisations.
    pub(crate) facts: String,
    /// How many of the prints are of series of prices; the others are of what the user keeps.
    pub(crate) series: usize,
}

/// What goes with an answer, before the answer is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) of: MadeOf,
    /// The series of prices, by ticker.
    pub(crate) series: Vec<(String, Print)>,
    /// What the user keeps, by name.
    pub(crate) kept: Vec<(String, Print)>,
}

/// A receipt as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) of: MadeOf,
    /// The prints of the series of prices, whose names are not written down.
    pub(crate) series: Vec<Print>,
    /// Those of what the user keeps.
    pub(crate) kept: Vec<Print>,
    /// The state of the answer, by its digits; empty of one too long to be written whole.
    pub(crate) answer: String,
}

/// Why a text is no receipt, with the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReceipt {
    #[error(
        "this is no receipt of factor-mcp: one begins with `{FORM}.` and stands in `analysis_metadata.receipt` of a full answer; copy it from there"
    )]
    Other,
    #[error(
        "the receipt is damaged: its last {CHECK} digits do not fit the rest; copy it again, whole and on one line, from `analysis_metadata.receipt`"
    )]
    Damaged,
    #[error(
        "the receipt is of a form that this version does not read: replay it with the version that wrote it, or a newer one"
    )]
    Unread,
}

impl Draft {
    /// The receipt of an answer in this state.
    fn sealed(&self, answer: &str) -> String {
        let of = |named: &[(String, Print)]| {
            let mut prints: Vec<Print> = named.iter().map(|(_, print)| *print).collect();
            // In the order of their bytes: whose they are is not to be read off their places.
            prints.sort_unstable();
            prints
        };
        let series = if self.series.len() > MOST_SERIES { Vec::new() } else { of(&self.series) };
        let made = MadeOf { series: series.len(), ..self.of.clone() };
        let asked = serde_json::to_string(&made).unwrap_or_default();
        let prints = URL_SAFE_NO_PAD.encode([series, of(&self.kept)].concat().concat());
        let text = format!("{FORM}.{}.{prints}.{}", URL_SAFE_NO_PAD.encode(asked), answer);
        let check = check_of(&text);
        format!("{text}.{check}")
    }
}

impl Receipt {
    /// Reads one; space around it is no part of it.
    ///
    /// # Errors
    /// What is no receipt, or damaged.
    pub(crate) fn read(text: &str) -> Result<Self, NoReceipt> {
        let text = text.trim().trim_matches('"');
        if text.len() > LONGEST || !text.starts_with("fr") || !text.contains('.') {
            return Err(NoReceipt::Other);
        }
        let (before, check) = text.rsplit_once('.').ok_or(NoReceipt::Damaged)?;
        if check != check_of(before) {
            return Err(NoReceipt::Damaged);
        }
        let parts: Vec<&str> = before.split('.').collect();
        let [FORM, asked, prints, answer] = parts[..] else { return Err(NoReceipt::Unread) };
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NoReceipt::Unread);
        let of: MadeOf = serde_json::from_slice(&bytes(asked)?).map_err(|_| NoReceipt::Unread)?;
        let prints = bytes(prints)?;
        let (prints, []) = prints.as_chunks::<3>() else { return Err(NoReceipt::Unread) };
        let (series, kept) = prints.split_at_checked(of.series).ok_or(NoReceipt::Unread)?;
        Ok(Self { series: series.to_vec(), kept: kept.to_vec(), answer: answer.to_owned(), of })
    }
}

/// The first digits of a digest.
fn check_of(text: &str) -> String {
    Version::of_text(text).as_str()[..CHECK].to_owned()
}

/// Puts the receipt into an answer that has metadata; it is of all of the answer, as it is before it is cut.
pub(super) fn put(answer: &mut Fields, draft: &Draft) {
    if !matches!(answer.get("analysis_metadata"), Some(Part::Fields(_))) {
        return;
    }
    // Of an answer too long to be written whole the receipt has no state: what it is made of still tells whether it is the same.
    let state = (!answer.is_partial()).then(|| canonical::of_fields(answer.texts()));
    let sealed = draft.sealed(state.as_ref().map_or("", Version::as_str));
    if let Some(Part::Fields(metadata)) = answer.get_mut("analysis_metadata") {
        metadata.put_whole("receipt", &sealed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::answer::Rounding;

    fn draft(arguments: &Value) -> Draft {
        let day: NaiveDate = "2026-06-15".parse().unwrap();
        let text = |text: &str| text.to_owned();
        let of = MadeOf {
            version: text("1.2.3"),
            tool: text("compare_factors"),
            asked: Arguments::of(arguments.as_object().unwrap()),
            today: day,
            final_through: day,
            source: text("files"),
            usual: vec![120.0, -0.2],
            universe: text("ab"),
            panel: text("cd"),
            yields: String::new(),
            facts: text("ef"),
            series: 0,
        };
        Draft {
            of,
            series: vec![(text("SPY"), [2, 0, 0]), (text("QQQ"), [1, 255, 0])],
            kept: vec![(text("USER:mix"), [3; 3])],
        }
    }

    fn answer(figure: u64, day: &str) -> Fields {
        let mut metadata = Fields::rounded(Rounding::None);
        metadata.put_whole("analysis_date", day);
        metadata.put_whole("benchmark", "SPY");
        let mut answer = Fields::rounded(Rounding::None);
        answer.put_whole("figure", &figure);
        answer.put_part("analysis_metadata", Part::Fields(metadata));
        answer
    }

    fn receipt_of(mut answer: Fields, draft: &Draft) -> String {
        put(&mut answer, draft);
        answer.json().value()["analysis_metadata"]["receipt"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_receipt_reads_back_as_it_was_written_without_the_names() {
        let draft = draft(&json!({"tickers": ["SPY", "QQQ"], "condition": null, "format": "full"}));
        let text = receipt_of(answer(1, "Monday"), &draft);
        let read = Receipt::read(&format!(" \"{text}\"\n")).unwrap();
        assert_eq!(read.of, MadeOf { series: 2, ..draft.of.clone() });
        assert_eq!(
            read.of.asked,
            Arguments::of(json!({"format": "full", "tickers": ["SPY", "QQQ"]}).as_object().unwrap())
        );
        assert_eq!((read.series, read.kept), (vec![[1, 255, 0], [2, 0, 0]], vec![[3; 3]]));
        assert!(!text.contains("mix"));
        assert_eq!(read.answer, canonical::of_text(&answer(1, "").text()).as_str());
        assert_eq!(text, receipt_of(answer(1, "Tuesday"), &draft), "what passes is no part of it");
        assert_ne!(text, receipt_of(answer(2, "Monday"), &draft));
    }

    #[test]
    fn an_answer_without_metadata_has_none() {
        let mut short = Fields::rounded(Rounding::None);
        short.put_whole("figure", &1);
        put(&mut short, &draft(&json!({})));
        assert_eq!(short.text(), r#"{"figure":1}"#);
    }

    #[test]
    fn whatever_character_is_changed_the_damage_is_seen() {
        let text = receipt_of(answer(1, "Monday"), &draft(&json!({})));
        for at in 0..text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            assert!(Receipt::read(&String::from_utf8(damaged).unwrap()).is_err(), "{at}");
            assert!(Receipt::read(&text[..at]).is_err(), "{at}");
        }
        assert_eq!(Receipt::read("hello"), Err(NoReceipt::Other));
        assert_eq!(Receipt::read(&text[..text.len() - 1]), Err(NoReceipt::Damaged));
        let later = text.replacen("fr1.", "fr9.", 1);
        let (before, _) = later.rsplit_once('.').unwrap();
        assert_eq!(Receipt::read(&format!("{before}.{}", check_of(before))), Err(NoReceipt::Unread));
    }

    #[test]
    fn long_arguments_are_told_by_their_digest() {
        let long = json!({"holdings": vec!["SPY"; 2_000]});
        assert!(matches!(draft(&long).of.asked, Arguments::ArgumentsHash(_)));
        let other = json!({"holdings": vec!["QQQ"; 2_000]});
        assert_ne!(draft(&long).of.asked, draft(&other).of.asked);
        assert!(receipt_of(answer(1, ""), &draft(&long)).len() < 1_000);
    }
}
