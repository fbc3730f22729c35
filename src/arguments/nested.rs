//! Objects within the arguments, and lists of them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Args, At, shown, values};
use crate::tool_error::Problem;

/// How a plain map is read where a list of objects is expected: `{"SPY": 0.6}` for `[{"ticker": "SPY", "weight": 0.6}]`.
#[derive(Debug, Clone, Copy)]
pub struct MapForm {
    /// The field the map's keys go to.
    pub key: &'static str,
    /// The field the map's values go to, unless they are objects themselves.
    pub value: &'static str,
}

impl Args {
    /// An object within the arguments. Its unknown names are reported by [`Args::only`].
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
                self.refuse(
                    field,
                    format!("is also given as `{prefix}.{field}`, with another value"),
                    "keep one of them",
                );
                continue;
            }
            values.insert(field.to_owned(), value.clone());
            lifted.push(field.to_owned());
        }
        self.nested(values, At::Lifted { prefix, lifted })
    }

    /// A list of objects; one object is a list of one. With a [`MapForm`] a plain map is read too.
    pub fn objects(&self, name: &str, map: Option<MapForm>) -> Option<Vec<Self>> {
        let path = self.path(name);
        let given = values::unwrapped(self.get(name)?);
        match &*given {
            Value::Array(items) => {
                self.within_bounds(name, items.len())?;
                let mut objects = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    let field = format!("{path}[{at}]");
                    match values::object(item) {
                        Ok(values) => objects.push(self.nested(values, At::Within(field))),
                        Err(refusal) => {
                            let form = map.map(|map| format!("write {{\"{}\": .., \"{}\": ..}}", map.key, map.value));
                            self.record(Problem::new(field, shown(item), refusal.or_rather(form)));
                        }
                    }
                }
                Some(objects)
            }
            Value::Object(values) => match map {
                Some(map) if !values.contains_key(map.key) => {
                    self.within_bounds(name, values.len())?;
                    let entry = |(key, value): (&String, &Value)| self.entry(&path, map, key.clone(), value.clone());
                    Some(values.iter().map(entry).collect())
                }
                _ => Some(vec![self.nested(values.clone(), At::Within(path))]),
            },
            _ => {
                self.must(name, "be a list of objects");
                None
            }
        }
    }

    fn entry(&self, path: &str, map: MapForm, key: String, value: Value) -> Self {
        let field = format!("{path}.{key}");
        let (mut values, at) = match value {
            Value::Object(values) => (values, At::Within(field)),
            plain => (Map::from_iter([(map.value.to_owned(), plain)]), At::Entry(field)),
        };
        values.insert(map.key.to_owned(), Value::String(key));
        self.nested(values, at)
    }

    fn nested(&self, values: Map<String, Value>, at: At) -> Self {
        Self { values, at, problems: Arc::clone(&self.problems) }
    }
}
