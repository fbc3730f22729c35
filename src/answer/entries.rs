//! JSON that remembers where its entries end, so that it can be cut without being read.
//!
//! A list, a table or a long text is written once, into one buffer; the ends of its entries are noted on the way. To
//! show fewer of them is to write a prefix of that buffer and close it.

use std::{cell::Cell, io};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

use super::{Room, Rounding, rounding::Key};

/// A string longer than this, as written, is a text of lines; a shorter one is a word or a date and stays whole.
const LONGEST_WORD: usize = 200;

/// A list or table of entries, or a text of lines, of which the first few may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entries {
    text: String,
    /// Where each entry ends in `text`.
    ends: Vec<usize>,
    /// How many there are: more than are written where no more could be shown.
    all: usize,
    /// What stands between two entries.
    between: &'static str,
    shown: usize,
    /// True when a byte is a character.
    ascii: bool,
}

impl Entries {
    /// The entries of a written list, object or long text, by where they end in it; the text back where it has none.
    pub(super) fn of(text: String, mut ends: Vec<usize>) -> Result<Self, String> {
        let between = match text.as_bytes().first() {
            Some(b'{' | b'[') if !ends.is_empty() => ",",
            Some(b'"') if text.len() > LONGEST_WORD + 2 => {
                let quote = text.len() - 1;
                // A text that ends with a line feed has no line after it.
                if ends.last().is_none_or(|last| last + LINE_FEED.len() < quote) {
                    ends.push(quote);
                }
                LINE_FEED
            }
            _ => return Err(text),
        };
        let (shown, ascii) = (ends.len(), text.is_ascii());
        Ok(Self { text, ends, all: shown, between, shown, ascii })
    }

    /// The list of so many things, written as far as there is room; `None` of nothing.
    pub(super) fn first_of(
        (all, list): (usize, impl Iterator<Item = impl Serialize>),
        rounding: Rounding,
        room: Room,
    ) -> Option<Self> {
        let (mut text, mut ends) = ("[".to_owned(), Vec::new());
        for one in list {
            if room.is_used_up(text.len()) {
                break;
            }
            text.push_str(if ends.is_empty() { "" } else { "," });
            text.push_str(&recorded(&one, rounding).0);
            ends.push(text.len());
        }
        text.push(']');
        let (shown, ascii) = (ends.len(), text.is_ascii());
        (shown > 0).then_some(Self { text, ends, all, between: ",", shown, ascii })
    }

    /// True where entries are left unwritten.
    pub(super) fn is_partial(&self) -> bool {
        self.ends.len() < self.all
    }

    /// How many there are.
    pub(super) fn total(&self) -> usize {
        self.all
    }

    /// How many of them are shown.
    pub(super) fn shown(&self) -> usize {
        self.shown
    }

    /// Shows no more than the first `count`.
    pub(super) fn show(&mut self, count: usize) {
        self.shown = count.min(self.ends.len());
    }

    /// Characters of each entry by itself.
    pub(super) fn own(&self, at: usize) -> usize {
        let start = if at == 0 { 1 } else { self.ends[at - 1] + self.between.len() };
        self.count(&self.text[start..self.ends[at]])
    }

    /// Characters between two entries.
    pub(super) fn between(&self) -> usize {
        self.between.len()
    }

    /// Characters of what is shown.
    pub(super) fn chars(&self) -> usize {
        let (shown, close) = self.pieces();
        self.count(shown) + close.len()
    }

    pub(super) fn write(&self, text: &mut String) {
        let (shown, close) = self.pieces();
        text.push_str(shown);
        text.push_str(close);
    }

    /// What is shown, without and with its end.
    fn pieces(&self) -> (&str, &str) {
        if self.shown == self.ends.len() {
            return (&self.text, "");
        }
        let end = self.shown.checked_sub(1).map_or(1, |last| self.ends[last]);
        (&self.text[..end], &self.text[self.text.len() - 1..])
    }

    fn count(&self, text: &str) -> usize {
        if self.ascii { text.len() } else { text.chars().count() }
    }
}

/// A line feed in JSON.
const LINE_FEED: &str = "\\n";

/// Ends of entries, as places in the text.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Of the entries of the whole, or of its lines.
    pub(super) outer: Vec<usize>,
    /// Of the keys of the whole.
    pub(super) keys: Vec<usize>,
    /// Of the entries of the entries, with the number of the entry they are in.
    pub(super) inner: Vec<(usize, usize)>,
}

/// Something as JSON, and where its entries end.
pub(super) fn recorded(value: &(impl Serialize + ?Sized), rounding: Rounding) -> (String, Marks) {
    let (at, mut marks) = (Cell::new(0), Marks::default());
    let mut writer = Counted { text: Vec::new(), at: &at };
    let recorder = Recorder { rounding, key: Key::default(), at: &at, depth: 0, in_key: false, marks: &mut marks };
    let written = value.serialize(&mut Serializer::with_formatter(&mut writer, recorder));
    // Only a map whose keys are no strings cannot be written, and memory has room.
    debug_assert!(written.is_ok(), "{written:?}");
    match written {
        Ok(()) => (String::from_utf8(writer.text).unwrap_or_default(), marks),
        Err(error) => {
            tracing::error!(%error, "a part of an answer cannot be written");
            ("null".to_owned(), Marks::default())
        }
    }
}

/// A buffer that says how long it is.
struct Counted<'a> {
    text: Vec<u8>,
    at: &'a Cell<usize>,
}

impl io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.text.extend_from_slice(bytes);
        self.at.set(self.text.len());
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Rounds numbers, and notes where the entries of the first two levels end.
struct Recorder<'a> {
    rounding: Rounding,
    key: Key,
    at: &'a Cell<usize>,
    depth: usize,
    in_key: bool,
    marks: &'a mut Marks,
}

impl Recorder<'_> {
    fn mark(&mut self, depth: usize) {
        match depth {
            0 => self.marks.outer.push(self.at.get()),
            1 => self.marks.inner.push((self.marks.outer.len(), self.at.get())),
            _ => {}
        }
    }
}

impl Formatter for Recorder<'_> {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.key.rounding(self.rounding).write_f64(writer, value)
    }

    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.key.add(fragment);
        CompactFormatter.write_string_fragment(writer, fragment)
    }

    fn write_char_escape<W: io::Write + ?Sized>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        // A text's lines are its entries; a text at depth 1 is the value of a field.
        if matches!(escape, CharEscape::LineFeed) && !self.in_key {
            self.mark(self.depth);
        }
        CompactFormatter.write_char_escape(writer, escape)
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.mark(self.depth - 1);
        Ok(())
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.key.forget();
        CompactFormatter.end_object(writer)
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.in_key = true;
        self.key.begin();
        CompactFormatter.begin_object_key(writer, first)
    }

    fn end_object_key<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.in_key = false;
        self.key.end();
        if self.depth == 1 {
            self.marks.keys.push(self.at.get());
        }
        Ok(())
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.mark(self.depth - 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::answer::Part;

    fn write(value: &(impl Serialize + ?Sized)) -> Part {
        Rounding::None.write(value)
    }

    fn entries(value: &(impl Serialize + ?Sized)) -> Entries {
        match write(value) {
            Part::Entries(entries) => entries,
            other => panic!("{other:?} has no entries"),
        }
    }

    /// What the first `count` entries are written as.
    fn first(mut entries: Entries, count: usize) -> String {
        entries.show(count);
        let mut text = String::new();
        entries.write(&mut text);
        assert_eq!(entries.chars(), text.chars().count(), "{text}");
        text
    }

    #[test]
    fn a_cut_list_or_table_is_closed_again() {
        let list = entries(&json!([1, [2, {"a": "]"}], "ü,\"\n", null]));
        assert_eq!(list.total(), 4);
        assert_eq!(first(list.clone(), 0), "[]");
        assert_eq!(first(list.clone(), 2), r#"[1,[2,{"a":"]"}]]"#);
        assert_eq!(first(list.clone(), 3), r#"[1,[2,{"a":"]"}],"ü,\"\n"]"#);
        assert_eq!(first(list, 99), r#"[1,[2,{"a":"]"}],"ü,\"\n",null]"#, "more than there are is all");
        let table = entries(&json!({"a\n\"": {"x": 1, "y": [2, 3]}, "é": -0.5}));
        assert_eq!(table.total(), 2);
        assert_eq!(first(table.clone(), 1), r#"{"a\n\"":{"x":1,"y":[2,3]}}"#);
        assert_eq!(first(table, 0), "{}");
    }

    #[test]
    fn what_has_no_entries_is_whole() {
        for value in [json!(null), json!(1.5), json!("a\nb"), json!([]), json!({}), json!("\n".repeat(100))] {
            assert_eq!(write(&value), Part::Whole(value.to_string()), "{value}");
        }
        assert_eq!(write(&[0.123_456, f64::NAN][..0]), Part::Whole("[]".to_owned()));
    }

    #[test]
    fn a_text_has_lines_from_its_length_as_it_is_written() {
        assert!(matches!(write(&"x".repeat(200)), Part::Whole(_)));
        assert_eq!(entries(&"x".repeat(201)).total(), 1);
        // Each quote is written as two characters.
        assert!(matches!(write(&"\"".repeat(100)), Part::Whole(_)));
        assert_eq!(entries(&"\"".repeat(101)).total(), 1);
    }

    #[test]
    fn a_backslash_before_an_n_ends_no_line() {
        let text = format!(r"C:\new\n{}", "\\n".repeat(100));
        let lines = entries(&text);
        assert_eq!(lines.total(), 1);
        assert_eq!(first(lines.clone(), 1), json!(text).to_string());
        assert_eq!(first(lines, 0), r#""""#);
    }

    proptest! {
        #[test]
        fn the_first_lines_of_a_text_are_its_beginning(lines in prop::collection::vec("[a-z é😀\"\\\\\t]{0,12}", 1..12), shown in 0_usize..14) {
            let text = format!("{}\n{}", "x".repeat(201), lines.join("\n"));
            let mut entries = entries(&text);
            let all: Vec<&str> = text.lines().collect();
            prop_assert_eq!(entries.total(), all.len());
            entries.show(shown);
            let mut written = String::new();
            entries.write(&mut written);
            prop_assert_eq!(entries.chars(), written.chars().count());
            let expected = if shown < all.len() { all[..shown].join("\n") } else { text.clone() };
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), json!(expected));
        }
    }
}
