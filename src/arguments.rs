//! The arguments of one call, read tolerantly, every mistake told at once.
//!
//! A tool asks for its arguments one by one; each question answers `None` both for an absent argument and for a
//! wrong one, and remembers what was wrong. [`Args::finish`] then tells all problems of the call together, so that a
//! caller mends its call once and not once per mistake. What is read beyond the advertised schema: a JSON string
//! holding an array or object, a number or bool in a string, `252.0` for `252`, `null` for absent, one string for a
//! list of one, `a, b` for a list of names, any case for a name of a closed set.

mod values;

use std::{
    fmt,
    ops::RangeInclusive,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;
use rmcp::model::JsonObject;
use serde_json::Value;

pub use self::values::{Choices, Refusal, nearest, shown};
use crate::tool_error::{Problem, ToolError};

/// The arguments of a call, or of an object within them.
#[derive(Debug, Clone)]
pub struct Args {
    values: JsonObject,
    at: At,
    problems: Arc<Mutex<Vec<Problem>>>,
}

/// How the fields of an object are called in a problem.
#[derive(Debug, Clone)]
enum At {
    /// `field`
    Top,
    /// `prefix.field`
    Within(String),
    /// `prefix` for whatever field: the object stands for one entry of a plain map.
    Entry(String),
    /// `field` for those lifted from the top level, else `prefix.field`.
    Lifted { prefix: String, lifted: Vec<String> },
}

/// How a plain map is read where a list of objects is expected: `{"SPY": 0.6}` for `[{"ticker": "SPY", "weight": 0.6}]`.
#[derive(Debug, Clone, Copy)]
pub struct MapForm {
    /// The field the map's keys go to.
    pub key: &'static str,
    /// The field the map's values go to, unless they are objects themselves.
    pub value: &'static str,
}

impl Args {
    /// The arguments of a call.
    pub fn new(values: JsonObject) -> Self {
        Self { values, at: At::Top, problems: Arc::default() }
    }

    /// The value of an argument; `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// True when the argument is given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names given, `null` ones left out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str())
    }

    /// What a problem with this argument calls it.
    pub fn path(&self, name: &str) -> String {
        match &self.at {
            At::Top => name.to_owned(),
            At::Entry(prefix) => prefix.clone(),
            At::Lifted { lifted, .. } if lifted.iter().any(|known| known == name) => name.to_owned(),
            At::Within(prefix) | At::Lifted { prefix, .. } => format!("{prefix}.{name}"),
        }
    }

    /// Remembers that this argument breaks a rule, for what only the tool can know: `start` after `end`.
    pub fn refuse(&self, name: &str, rule: impl Into<String>, hint: Option<String>) {
        let got = self.get(name).map_or_else(|| "nothing".to_owned(), shown);
        self.record(Problem { field: self.path(name), got, rule: rule.into(), hint });
    }

    /// Remembers a problem as it is.
    pub fn record(&self, problem: Problem) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        // A tool may read an argument in two places; its mistake is told once.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Remembers that an argument is missing, if it is.
    pub fn require(&self, name: &str) {
        if !self.has(name) {
            self.refuse(name, "is required", None);
        }
    }

    /// Reads an argument by a rule of the tool's own.
    pub fn read<T>(&self, name: &str, read: impl FnOnce(&Value) -> Result<T, Refusal>) -> Option<T> {
        match read(self.get(name)?) {
            Ok(read) => Some(read),
            Err(refusal) => {
                self.refuse(name, refusal.rule, refusal.hint);
                None
            }
        }
    }

    /// Text, trimmed.
    pub fn string(&self, name: &str) -> Option<String> {
        self.read(name, values::text)
    }

    /// Text read as `T`, whose error text is the rule: for types with one door, such as a ticker.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Option<T> {
        self.read(name, |value| parse_as(value, str::parse))
    }

    /// One of a closed set of names.
    pub fn choice<T: FromStr<Err: fmt::Display>>(&self, name: &str, choices: impl Into<Choices>) -> Option<T> {
        let choices = choices.into();
        self.read(name, |value| choose(value, choices))
    }

    /// Several of a closed set of names. Each wrong one is a problem of its own; the right ones are kept.
    pub fn choices<T: FromStr<Err: fmt::Display>>(&self, name: &str, choices: impl Into<Choices>) -> Option<Vec<T>> {
        let choices = choices.into();
        self.list(name, |value| choose(value, choices))
    }

    /// A list of names. Each wrong one is a problem of its own.
    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        self.list(name, values::text)
    }

    /// A list of texts read by `parse`, whose error text is the rule.
    pub fn list_of<T, E: fmt::Display>(&self, name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<Vec<T>> {
        self.list(name, |value| parse_as(value, &parse))
    }

    /// A list of whole numbers.
    pub fn integers(&self, name: &str, range: RangeInclusive<i64>) -> Option<Vec<i64>> {
        self.list(name, |value| values::integer(value, &range))
    }

    /// A list whose items are read by a rule of the tool's own. Each wrong one is a problem of its own.
    pub fn list<T>(&self, name: &str, read: impl Fn(&Value) -> Result<T, Refusal>) -> Option<Vec<T>> {
        let items = self.read(name, values::items)?;
        let mut good = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            match read(item) {
                Ok(item) => good.push(item),
                Err(Refusal { rule, hint }) => {
                    self.record(Problem { field: format!("{}[{at}]", self.path(name)), got: shown(item), rule, hint });
                }
            }
        }
        Some(good)
    }

    /// True or false.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.read(name, values::boolean)
    }

    /// A whole number within `range`; `i64::MAX` stands for no upper bound.
    pub fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        self.read(name, |value| values::integer(value, &range))
    }

    /// A whole number within `range`, for counts and sizes.
    pub fn count(&self, name: &str, range: RangeInclusive<usize>) -> Option<usize> {
        let bound = |bound: usize| i64::try_from(bound).unwrap_or(i64::MAX);
        let read = self.integer(name, bound(*range.start())..=bound(*range.end()))?;
        usize::try_from(read).ok()
    }

    /// A finite number within `range`; an infinite bound is no bound.
    pub fn number(&self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        self.read(name, |value| values::number(value, &range))
    }

    /// A share from 0 to 1. 60 for 0.6 is refused, with what to write.
    pub fn share(&self, name: &str) -> Option<f64> {
        self.share_within(name, 0.0..=1.0)
    }

    /// A share within a narrower or wider range.
    pub fn share_within(&self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        self.read(name, |value| values::share(value, &range))
    }

    /// A date: `YYYY-MM-DD`, or `YYYY-MM` for that month's end.
    pub fn date(&self, name: &str) -> Option<NaiveDate> {
        self.read(name, values::date)
    }

    /// An object within the arguments. Its unknown names are told by [`Args::only`].
    pub fn object(&self, name: &str) -> Option<Self> {
        let values = self.read(name, values::object)?;
        Some(self.nested(values, At::Within(self.path(name))))
    }

    /// The object `name` together with those of its fields that stand at the top level instead. A field that stands
    /// in both places is a problem: one of them would be silently ignored.
    #[must_use]
    pub fn object_or_top_level(&self, name: &str, fields: &[&str]) -> Self {
        let mut values = self.read(name, values::object).unwrap_or_default();
        let prefix = self.path(name);
        let mut lifted = Vec::new();
        for &field in fields {
            let Some(value) = self.get(field) else { continue };
            if values.get(field).is_some_and(|inner| !inner.is_null() && inner != value) {
                self.refuse(field, format!("is also given as `{prefix}.{field}`, with another value"), None);
                continue;
            }
            values.insert(field.to_owned(), value.clone());
            lifted.push(field.to_owned());
        }
        self.nested(values, At::Lifted { prefix, lifted })
    }

    /// A list of objects; one object is a list of one. With a [`MapForm`] a plain map is read too.
    pub fn objects(&self, name: &str, map: Option<MapForm>) -> Option<Vec<Self>> {
        const RULE: &str = "must be a list of objects";
        let path = self.path(name);
        match values::unwrapped(self.get(name)?) {
            Value::Array(items) => {
                let mut objects = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    let field = format!("{path}[{at}]");
                    match values::object(&item) {
                        Ok(values) => objects.push(self.nested(values, At::Within(field))),
                        Err(refusal) => self.record(Problem {
                            field,
                            got: shown(&item),
                            rule: refusal.rule,
                            hint: map.map(|map| format!("write {{\"{}\": .., \"{}\": ..}}", map.key, map.value)),
                        }),
                    }
                }
                Some(objects)
            }
            Value::Object(values) => match map {
                Some(map) if !values.contains_key(map.key) => {
                    Some(values.into_iter().map(|(key, value)| self.entry(&path, map, key, value)).collect())
                }
                _ => Some(vec![self.nested(values, At::Within(path))]),
            },
            _ => {
                self.refuse(name, RULE, None);
                None
            }
        }
    }

    fn entry(&self, path: &str, map: MapForm, key: String, value: Value) -> Self {
        let field = format!("{path}.{key}");
        let (mut values, at) = match value {
            Value::Object(values) => (values, At::Within(field)),
            plain => (JsonObject::from_iter([(map.value.to_owned(), plain)]), At::Entry(field)),
        };
        values.insert(map.key.to_owned(), Value::String(key));
        self.nested(values, at)
    }

    fn nested(&self, values: JsonObject, at: At) -> Self {
        Self { values, at, problems: Arc::clone(&self.problems) }
    }

    /// Remembers every name that is not among the known ones, with the nearest right one.
    pub fn only(&self, known: &[&str]) {
        for (name, value) in &self.values {
            if known.contains(&name.as_str()) {
                continue;
            }
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "there are none".to_owned(),
                None => format!("the arguments are {}", known.join(", ")),
            };
            let field: String = self.path(name).chars().take(80).collect();
            let rule = "is not a known argument".to_owned();
            self.record(Problem { field, got: shown(value), rule, hint: Some(hint) });
        }
    }

    /// Ends the reading: unknown names are refused and all problems of the call are told.
    ///
    /// # Errors
    /// When anything was wrong.
    pub fn finish(&self, known: &[&str]) -> Result<(), ToolError> {
        self.only(known);
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        if problems.is_empty() { Ok(()) } else { Err(ToolError::invalid(std::mem::take(&mut problems))) }
    }
}

fn parse_as<T, E: fmt::Display>(value: &Value, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Refusal> {
    parse(&values::text(value)?).map_err(|error| Refusal::with_hint("cannot be read", error.to_string()))
}

fn choose<T: FromStr<Err: fmt::Display>>(value: &Value, choices: Choices) -> Result<T, Refusal> {
    let Value::String(text) = value else {
        return Err(Refusal::new(format!("must be one of {}", choices.names.join(", "))));
    };
    choices.find(text)?.parse().map_err(|error: T::Err| Refusal::with_hint("cannot be read", error.to_string()))
}

#[cfg(test)]
mod tests;
