//! Answers as JSON text: written once, straight from the figures, and cut as text.
//!
//! A large answer as a tree of [`serde_json::Value`] costs several times what its text does: to build, to round, to measure
//! and to write. So what is large is written from its types, numbers rounded on the way, and an answer is an object
//! of parts that are text already. Small parts may be made with `json!`; they are written as soon as they are put in.

mod rounding;
mod split;

use std::{borrow::Cow, fmt, fmt::Write as _, sync::Arc};

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use crate::results::ResultLink;

pub(crate) use self::rounding::Rounding;
pub(crate) use self::split::{Shape, name, split};

/// A JSON document as compact text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    /// The text of something, numbers as they are.
    pub fn of(value: &impl Serialize) -> Self {
        Self(Rounding::None.text(value).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document as a tree, for who wants to look into it.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An answer as it leaves: its JSON, its text block and where the rest of it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The structured content: an object with `status`, valid against its output schema.
    pub structured: Json,
    /// The text block with the same facts.
    pub text: String,
    /// Where the rest is, when the answer was cut.
    pub links: Vec<ResultLink>,
}

impl Rendered {
    /// An answer whose text is its JSON.
    pub fn json(structured: &impl Serialize) -> Self {
        Self::of(Json::of(structured))
    }

    /// As [`Self::json`], of what is written already.
    pub fn of(structured: Json) -> Self {
        Self { text: structured.to_string(), structured, links: Vec::new() }
    }

    /// Adds a link to a resource with the rest.
    #[must_use]
    pub fn link(mut self, link: ResultLink) -> Self {
        self.links.push(link);
        self
    }
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Compact JSON.
    Text(String),
    /// An object whose fields may still be taken out or cut.
    Fields(Fields),
}

impl Part {
    /// Its text.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Fields(fields) => fields.text().into(),
        }
    }

    /// How many characters it has.
    pub(crate) fn chars(&self) -> usize {
        match self {
            Self::Text(text) => text.chars().count(),
            Self::Fields(fields) => fields.chars(),
        }
    }

    /// As [`Self::fields`], by value.
    pub(crate) fn into_fields(mut self) -> Option<Fields> {
        self.fields()?;
        match self {
            Self::Fields(fields) => Some(fields),
            Self::Text(_) => None,
        }
    }

    /// The fields, if it is an object: one that was text is taken apart.
    pub(crate) fn fields(&mut self) -> Option<&mut Fields> {
        if let Self::Text(text) = self {
            let Shape::Object(fields) = split(text) else { return None };
            let parts = fields.into_iter().map(|(key, value)| (name(key), Self::Text(value.to_owned())));
            *self = Self::Fields(parts.collect());
        }
        match self {
            Self::Fields(fields) => Some(fields),
            Self::Text(_) => None,
        }
    }
}

/// The fields of a JSON object, in order, and how numbers are rounded that are put into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    parts: IndexMap<String, Part>,
    rounding: Rounding,
}

impl Fields {
    /// The fields of a map, each written with its numbers rounded.
    #[cfg(test)]
    pub(crate) fn of(map: &serde_json::Map<String, Value>, rounding: Rounding) -> Self {
        Self { parts: map.iter().map(|(name, value)| (name.clone(), rounding.write(value))).collect(), rounding }
    }

    /// None yet.
    pub(crate) fn rounded(rounding: Rounding) -> Self {
        Self { parts: IndexMap::new(), rounding }
    }

    /// Puts a field at the end, or another value into one that is there.
    pub(crate) fn put(&mut self, name: impl Into<String>, value: &(impl Serialize + ?Sized)) {
        self.put_part(name, self.rounding.write(value));
    }

    /// Puts in what is there, or nothing.
    pub(crate) fn put_some(&mut self, name: impl Into<String>, value: Option<&(impl Serialize + ?Sized)>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// As [`Self::put`], of what is written already.
    pub(crate) fn put_part(&mut self, name: impl Into<String>, part: Part) {
        self.parts.insert(name.into(), part);
    }

    /// Puts an object in, unless it has no fields.
    pub(crate) fn put_filled(&mut self, name: &str, fields: Self) {
        if fields.len() > 0 {
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

    /// The words of a field that is a string.
    pub(crate) fn words(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Part::Text(text) => serde_json::from_str(text).ok(),
            Part::Fields(_) => None,
        }
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Part> {
        self.parts.get_mut(name)
    }

    /// What is at a path of names.
    pub(crate) fn at(&mut self, path: &[String]) -> Option<&mut Part> {
        let (first, rest) = path.split_first()?;
        let part = self.parts.get_mut(first)?;
        if rest.is_empty() { Some(part) } else { part.fields()?.at(rest) }
    }

    /// Takes a field out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Part> {
        self.parts.shift_remove(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Part)> {
        self.parts.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Part)> {
        self.parts.iter_mut()
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
        let fields = self.parts.iter().map(|(name, part)| quoted(name).chars().count() + 2 + part.chars());
        2 + fields.sum::<usize>() - usize::from(!self.parts.is_empty())
    }

    fn write(&self, text: &mut String) {
        text.push('{');
        for (at, (name, part)) in self.parts.iter().enumerate() {
            let _ = write!(text, "{}{}:", if at > 0 { "," } else { "" }, quoted(name));
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Fields(fields) => fields.write(text),
            }
        }
        text.push('}');
    }
}

impl FromIterator<(String, Part)> for Fields {
    /// What is written already; what is put in later keeps its numbers.
    fn from_iter<I: IntoIterator<Item = (String, Part)>>(fields: I) -> Self {
        Self { parts: fields.into_iter().collect(), rounding: Rounding::None }
    }
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
        assert_eq!(fields.words("e").as_deref(), Some("words"));
        assert_eq!(fields.words("b"), None);
        let d = fields.at(&["c".to_owned(), "d".to_owned()]).unwrap();
        *d = Part::Text("7".to_owned());
        assert_eq!(fields.at(&["b".to_owned(), "d".to_owned()]), None);
        fields.take("a\"ö");
        assert_eq!(fields.text(), r#"{"b":1.23456,"c":{"d":7},"e":"words","f":1.0}"#);
        assert_eq!(fields.json().value(), json!({"b": 1.23456, "c": {"d": 7}, "e": "words", "f": 1.0}));
    }

    #[test]
    fn characters_are_counted_without_writing() {
        for map in [json!({}), json!({"ä": {}}), json!({"a": {"ö\n": "é", "c": []}, "b": 1})] {
            let mut fields = Fields::of(map.as_object().unwrap(), Rounding::None);
            assert_eq!(fields.chars(), map.to_string().chars().count());
            fields.iter_mut().for_each(|(_, part)| assert!(part.fields().is_none_or(|fields| fields.len() < 3)));
            assert_eq!(fields.text(), map.to_string());
            assert_eq!(fields.chars(), map.to_string().chars().count());
        }
    }
}
