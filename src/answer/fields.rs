//! What an answer is put together from: an object of parts that are JSON already.
//!
//! A section declares how its parts may be cut when it puts them in; whether and where they are is settled later, and
//! only then is the text of the answer written.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Json, Room, Rounding,
    entries::{Entries, recorded},
    matrix::Matrix,
};

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// JSON that is never cut.
    Whole(String),
    /// An object of parts.
    Fields(Fields),
    /// A list, a table or a text.
    Entries(Entries),
    /// A symmetric matrix.
    Matrix(Matrix),
}

impl Rounding {
    /// Something as a part of an answer: a list, an object or a long text with its entries, anything else whole.
    pub(crate) fn write(self, value: &(impl Serialize + ?Sized)) -> Part {
        let (text, marks) = recorded(value, self);
        Part::written(text, marks.outer)
    }

    /// As [`Self::write`], of an object each of whose values is a part of its own.
    fn write_parts(self, value: &(impl Serialize + ?Sized)) -> Part {
        let (text, marks) = recorded(value, self);
        if !text.starts_with('{') {
            return Part::written(text, marks.outer);
        }
        let mut inner = marks.inner.into_iter().peekable();
        let mut start = 1;
        let mut fields = Fields::rounded(self);
        for (at, (key, end)) in marks.keys.iter().zip(&marks.outer).enumerate() {
            let value = key + 1;
            let ends = std::iter::from_fn(|| inner.next_if(|(of, _)| *of == at)).map(|(_, end)| end - value).collect();
            // The names of an object that is opened are those of fields: plain words.
            let name = &text[start + 1..key - 1];
            debug_assert!(!name.contains('\\'), "{name}");
            fields.put_part(name, Part::written(text[value..*end].to_owned(), ends));
            start = end + 1;
        }
        Part::Fields(fields)
    }
}

impl Part {
    /// What was written, with the ends of its entries if it has any.
    fn written(text: String, ends: Vec<usize>) -> Self {
        Entries::of(text, ends).map_or_else(Self::Whole, Self::Entries)
    }

    /// A list of so many things, written as far as there is room.
    pub(crate) fn list(list: (usize, impl Iterator<Item = impl Serialize>), rounding: Rounding, room: Room) -> Self {
        Entries::first_of(list, rounding, room).map_or_else(|| Self::Whole("[]".to_owned()), Self::Entries)
    }

    /// True where some of it is left unwritten.
    fn is_partial(&self) -> bool {
        match self {
            Self::Whole(_) => false,
            Self::Fields(fields) => fields.is_partial(),
            Self::Entries(entries) => entries.is_partial(),
            Self::Matrix(matrix) => matrix.is_partial(),
        }
    }

    /// How many characters it has.
    pub(crate) fn chars(&self) -> usize {
        match self {
            Self::Whole(text) => text.chars().count(),
            Self::Fields(fields) => fields.chars(),
            Self::Entries(entries) => entries.chars(),
            Self::Matrix(matrix) => matrix.chars(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Whole(part) => text.push_str(part),
            Self::Fields(fields) => fields.write(text),
            Self::Entries(entries) => entries.write(text),
            Self::Matrix(matrix) => matrix.write(text),
        }
    }
}

/// The fields of a JSON object, in order, how numbers are rounded that are put into it, and how much of a part is worth
/// writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    parts: IndexMap<String, Part>,
    rounding: Rounding,
    room: Room,
    table: bool,
    shown: usize,
}

impl Fields {
    /// None yet. The parts that are put in are cut each for itself.
    pub(crate) fn rounded(rounding: Rounding) -> Self {
        Self { parts: IndexMap::new(), rounding, room: Room::ALL, table: false, shown: usize::MAX }
    }

    /// The same, with what is worth writing of each part that is put in.
    #[must_use]
    pub(crate) fn within(self, room: Room) -> Self {
        Self { room, ..self }
    }

    /// What is worth writing of each part.
    pub(crate) fn room(&self) -> Room {
        self.room
    }

    /// The fields of a map, each written with its numbers rounded; the lists and objects within objects are cut each for
    /// itself. An object of nothing but objects is a table: they are its entries.
    pub(crate) fn of(map: &Map<String, Value>, rounding: Rounding) -> Self {
        let mut fields = Self::rounded(rounding);
        for (name, value) in map {
            match value {
                Value::Object(inner) if is_opened(inner) => {
                    fields.put_part(name.as_str(), Part::Fields(Self::of(inner, rounding)));
                }
                _ => fields.put(name.as_str(), value),
            }
        }
        fields
    }

    /// The fields of a typed answer, each cut by itself.
    pub(crate) fn of_object(value: &impl Serialize, rounding: Rounding) -> Self {
        match rounding.write_parts(value) {
            Part::Fields(fields) => fields,
            _ => Self::rounded(rounding),
        }
    }

    /// The same with an object among its fields opened, where there is one: its fields are cut each for itself.
    #[must_use]
    pub(crate) fn opening(mut self, name: &str, object: Option<&impl Serialize>) -> Self {
        if let Some(object) = object {
            self.put_parts(name, object);
        }
        self
    }

    /// Makes its fields the entries of a table: the last ones go when it is cut.
    #[must_use]
    pub(crate) fn into_table(self) -> Self {
        Self { table: true, ..self }
    }

    /// Puts a field at the end, or another value into one that is there. A list, an object or a long text can be cut
    /// to its first entries or lines.
    pub(crate) fn put(&mut self, name: impl Into<String>, value: &(impl Serialize + ?Sized)) {
        self.put_part(name, self.rounding.write(value));
    }

    /// Puts in what is there, or nothing.
    pub(crate) fn put_some(&mut self, name: impl Into<String>, value: Option<&(impl Serialize + ?Sized)>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Puts in what says how to read the rest: it is never cut.
    pub(crate) fn put_whole(&mut self, name: impl Into<String>, value: &(impl Serialize + ?Sized)) {
        self.put_part(name, Part::Whole(self.rounding.text(value)));
    }

    /// Puts in an object whose fields are cut each for itself.
    pub(crate) fn put_parts(&mut self, name: impl Into<String>, value: &(impl Serialize + ?Sized)) {
        self.put_part(name, self.rounding.write_parts(value));
    }

    /// As [`Self::put`], of what is written already.
    pub(crate) fn put_part(&mut self, name: impl Into<String>, part: Part) {
        self.parts.insert(name.into(), part);
    }

    /// Puts an object in, unless it has no fields.
    pub(crate) fn put_filled(&mut self, name: &str, fields: Self) {
        if !fields.is_empty() {
            self.put_part(name, Part::Fields(fields));
        }
    }

    /// Puts the fields of another object in.
    pub(crate) fn extend(&mut self, other: Self) {
        self.parts.extend(other.parts);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Part> {
        self.parts.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Part> {
        self.parts.get_mut(name)
    }

    /// Takes a field out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Part> {
        self.parts.shift_remove(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The names of the fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// The fields with their texts, each written when it is come to.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.parts.iter().map(|(name, part)| (name.as_str(), part.text()))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Part)> {
        self.parts.iter_mut()
    }

    /// True when its fields are entries.
    pub(super) fn is_table(&self) -> bool {
        self.table
    }

    pub(super) fn shown(&self) -> usize {
        self.shown.min(self.parts.len())
    }

    /// Shows no more than the first `count` fields.
    pub(super) fn show(&mut self, count: usize) {
        self.shown = count;
    }

    /// Characters of a field with its name.
    pub(super) fn own(&self, at: usize) -> usize {
        let field = self.parts.get_index(at);
        field.map_or(0, |(name, part)| quoted(name).chars().count() + 1 + part.chars())
    }

    /// True where some of it is left unwritten: it cannot be shown whole.
    pub(crate) fn is_partial(&self) -> bool {
        self.parts.values().any(Part::is_partial)
    }

    /// The object's text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// The finished document.
    pub(crate) fn json(&self) -> Json {
        Json(self.text().into())
    }

    /// How many characters its text has.
    pub(crate) fn chars(&self) -> usize {
        let shown = self.shown();
        2 + (0..shown).map(|at| self.own(at)).sum::<usize>() + shown.saturating_sub(1)
    }

    fn write(&self, text: &mut String) {
        text.push('{');
        for (at, (name, part)) in self.parts.iter().take(self.shown).enumerate() {
            let _ = write!(text, "{}{}:", if at > 0 { "," } else { "" }, quoted(name));
            part.write(text);
        }
        text.push('}');
    }
}

impl FromIterator<(String, Part)> for Fields {
    /// What is written already; what is put in later keeps its numbers.
    fn from_iter<I: IntoIterator<Item = (String, Part)>>(fields: I) -> Self {
        Self { parts: fields.into_iter().collect(), ..Self::rounded(Rounding::None) }
    }
}

/// True for an object that holds lists or objects beside other things.
fn is_opened(map: &Map<String, Value>) -> bool {
    map.values().any(|value| value.is_array() || value.is_object()) && !map.values().all(Value::is_object)
}

/// A string as JSON.
fn quoted(words: &str) -> String {
    Rounding::None.text(words)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_written_in_order_with_their_numbers_rounded() {
        let map = json!({"b": 1.23456, "a\"ö": [1, null, "x"], "c": {"d": 0.00005}});
        let mut fields = Fields::of(map.as_object().unwrap(), Rounding::Decimals(2));
        assert_eq!(fields.text(), r#"{"b":1.23,"a\"ö":[1,null,"x"],"c":{"d":0.0}}"#);
        fields.put_part("b", Rounding::None.write(&1.23456));
        fields.put_filled("none", Fields::rounded(Rounding::None));
        fields.put_some("none", None::<&str>);
        fields.put("e", "words");
        fields.put("f", &1.005);
        fields.take("a\"ö");
        assert_eq!(fields.text(), r#"{"b":1.23456,"c":{"d":0.0},"e":"words","f":1.0}"#);
        assert_eq!(fields.json().value(), json!({"b": 1.23456, "c": {"d": 0.0}, "e": "words", "f": 1.0}));
    }

    #[test]
    fn an_object_of_parts_is_written_as_any_other() {
        let value = json!({"list": [1.23456, {"a": []}], "text": "é".repeat(300), "none": {}, "n": null});
        let mut fields = Fields::rounded(Rounding::Decimals(2));
        fields.put_parts("of", &value);
        fields.put_parts("n", &1);
        assert!(
            matches!(fields.get("of"), Some(Part::Fields(parts)) if parts.names().eq(["list", "text", "none", "n"]))
        );
        let expected =
            json!({"of": {"list": [1.23, {"a": []}], "text": "é".repeat(300), "none": {}, "n": null}, "n": 1});
        assert_eq!(fields.text(), expected.to_string());
    }

    #[test]
    fn characters_are_counted_without_writing() {
        for map in [json!({}), json!({"ä": {}}), json!({"a": {"ö\n": "é", "c": []}, "b": 1})] {
            let fields = Fields::of(map.as_object().unwrap(), Rounding::None);
            assert_eq!(fields.chars(), map.to_string().chars().count());
            let mut outer = Fields::rounded(Rounding::None);
            outer.put_filled("of", fields);
            assert_eq!(outer.chars(), outer.text().chars().count());
        }
    }
}
