//! The portability pass over tool schemas.
//!
//! Clients read only part of JSON Schema: references make some drop every tool of a server, nullable types and
//! constants are refused by others. Schemas are therefore rewritten once, at the start, into what all of them read:
//! everything inline, one `type` per schema, closed sets as `enum`, no formats but those of text.

use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

/// Which way a schema faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Arguments: an optional one is left out, so `null` is not advertised.
    Input,
    /// Answers: a field that may be `null` says so.
    Output,
}

/// A schema that cannot be made portable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A type that holds itself cannot be written inline.
    #[error("`{0}` holds itself: a recursive schema cannot be written inline")]
    Recursive(String),
    /// A reference to nothing.
    #[error("`{0}` is not defined in the schema")]
    Dangling(String),
    /// Clients refuse a tool whose schema is no object.
    #[error("the schema's root must have type object")]
    NotAnObject,
}

/// Formats that every client knows or ignores.
const FORMATS: [&str; 5] = ["date", "date-time", "uri", "email", "uuid"];

/// The schema's object; anything else is the empty object schema.
pub fn object(schema: Value) -> JsonObject {
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::from_iter([("type".to_owned(), json!("object"))]),
    }
}

/// The same schema, written so that every client can read it.
///
/// # Errors
/// When it is recursive, refers to nothing or its root is no object.
pub fn portable(schema: &JsonObject, side: Side) -> Result<JsonObject, SchemaError> {
    let defs = ["$defs", "definitions"]
        .iter()
        .filter_map(|key| schema.get(*key).and_then(Value::as_object))
        .flat_map(|defs| defs.iter().map(|(name, schema)| (name.clone(), schema.clone())))
        .collect();
    let mut pass = Pass { defs, side, open: Vec::new() };
    let mut root = match pass.schema(&Value::Object(schema.clone()))? {
        Value::Object(root) if root.get("type").is_some_and(|kind| kind == "object") => root,
        _ => return Err(SchemaError::NotAnObject),
    };
    // Some clients insist on the key even when there are no arguments.
    root.entry("properties").or_insert_with(|| json!({}));
    Ok(root)
}

struct Pass {
    defs: Map<String, Value>,
    side: Side,
    /// References being written inline, outermost first.
    open: Vec<String>,
}

impl Pass {
    fn schema(&mut self, schema: &Value) -> Result<Value, SchemaError> {
        let Value::Object(schema) = schema else {
            // `true` and `false` are schemas too, but not for every client. `true` in an argument asks for anything;
            // an object is the nearest thing that all of them can say.
            return Ok(if self.side == Side::Input { json!({"type": "object"}) } else { json!({}) });
        };
        if let Some(Value::String(target)) = schema.get("$ref") {
            return self.inline(target, schema);
        }
        let mut out = Map::new();
        for (key, value) in schema {
            match key.as_str() {
                // A title is the name of a Rust type: noise.
                "$schema" | "$defs" | "definitions" | "$id" | "$comment" | "title" => {}
                "default" if value.is_null() => {}
                "format" if !value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {}
                "const" => {
                    out.insert("enum".into(), json!([value]));
                }
                "properties" | "patternProperties" => {
                    let properties = value.as_object().cloned().unwrap_or_default();
                    let mut kept = Map::new();
                    for (name, property) in &properties {
                        kept.insert(name.clone(), self.schema(property)?);
                    }
                    out.insert(key.clone(), Value::Object(kept));
                }
                "additionalProperties" if value.is_boolean() => {
                    if value == &json!(false) {
                        out.insert(key.clone(), value.clone());
                    }
                }
                "items" if value.is_boolean() => {}
                "items" | "additionalProperties" | "not" | "contains" => {
                    out.insert(key.clone(), self.schema(value)?);
                }
                "prefixItems" => {
                    let first = value.as_array().and_then(|items| items.first()).cloned().unwrap_or(json!({}));
                    out.insert("items".into(), self.schema(&first)?);
                }
                "anyOf" | "oneOf" | "allOf" => {
                    let mut branches = Vec::new();
                    for branch in value.as_array().into_iter().flatten() {
                        branches.push(self.schema(branch)?);
                    }
                    out.insert(key.clone(), Value::Array(branches));
                }
                _ => {
                    out.insert(key.clone(), value.clone());
                }
            }
        }
        self.fold_all_of(&mut out);
        self.fold_choices(&mut out);
        self.fold_nullable(&mut out);
        if self.side == Side::Input {
            fold_single_branch(&mut out);
        }
        Ok(Value::Object(out))
    }

    fn inline(&mut self, target: &str, siblings: &Map<String, Value>) -> Result<Value, SchemaError> {
        let name = target.rsplit('/').next().unwrap_or(target).to_owned();
        if self.open.contains(&name) {
            return Err(SchemaError::Recursive(name));
        }
        let definition = self.defs.get(&name).cloned().ok_or_else(|| SchemaError::Dangling(target.to_owned()))?;
        let mut merged = object(definition);
        // What stands next to a reference is about this use of it, and wins.
        merged
            .extend(siblings.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())));
        self.open.push(name);
        let out = self.schema(&Value::Object(merged));
        self.open.pop();
        out
    }

    /// `allOf` with one branch is that branch with a description of its own.
    fn fold_all_of(&self, out: &mut Map<String, Value>) {
        if out.get("allOf").and_then(Value::as_array).is_some_and(|branches| branches.len() == 1)
            && let Some(Value::Array(branches)) = out.shift_remove("allOf")
        {
            for (key, value) in branches.into_iter().flat_map(object) {
                out.entry(key).or_insert(value);
            }
        }
    }

    /// `oneOf` with nothing but closed sets is one closed set; what each name means goes into the description.
    fn fold_choices(&self, out: &mut Map<String, Value>) {
        for key in ["oneOf", "anyOf"] {
            let Some(branches) = out.get(key).and_then(Value::as_array) else { continue };
            let (nulls, branches): (Vec<_>, Vec<_>) = branches.iter().partition(|branch| is_null(branch));
            let sets: Option<Vec<&Vec<Value>>> = branches.iter().map(|branch| branch.get("enum")?.as_array()).collect();
            let Some(sets) = sets.filter(|sets| !sets.is_empty() && nulls.is_empty()) else { continue };
            let names: Vec<Value> = sets.into_iter().flatten().cloned().collect();
            let meanings: Vec<String> = branches
                .iter()
                .filter_map(|branch| {
                    let name = branch.get("enum")?.as_array()?.first()?.as_str()?;
                    Some(format!("`{name}`: {}", branch.get("description")?.as_str()?.trim_end_matches('.')))
                })
                .collect();
            out.shift_remove(key);
            out.entry("type")
                .or_insert_with(|| json!(if names.iter().all(Value::is_string) { "string" } else { "number" }));
            out.insert("enum".into(), Value::Array(names));
            if !meanings.is_empty() {
                let own = out.get("description").and_then(Value::as_str).unwrap_or_default();
                let text = format!("{own} {}", meanings.join("; ")).trim().to_owned();
                out.insert("description".into(), json!(text));
            }
        }
    }

    fn fold_nullable(&self, out: &mut Map<String, Value>) {
        if let Some(Value::Array(kinds)) = out.get("type").cloned() {
            let (nulls, kinds): (Vec<Value>, Vec<Value>) = kinds.into_iter().partition(|kind| kind == "null");
            out.shift_remove("type");
            if let (Side::Input, [kind]) = (self.side, kinds.as_slice()) {
                out.insert("type".into(), kind.clone());
            } else {
                // The keywords about the value stay with its branch, what is said about the field stays outside.
                let description = out.shift_remove("description");
                let rest = std::mem::take(out);
                let mut branches: Vec<Value> = kinds
                    .into_iter()
                    .map(|kind| {
                        let mut branch = rest.clone();
                        branch.insert("type".into(), kind);
                        Value::Object(branch)
                    })
                    .collect();
                if self.side == Side::Output && !nulls.is_empty() {
                    branches.push(json!({"type": "null"}));
                }
                if let Some(description) = description {
                    out.insert("description".into(), description);
                }
                out.insert("anyOf".into(), Value::Array(branches));
            }
        }
        if let Some(Value::Array(names)) = out.get_mut("enum") {
            // With `null` among the names a client that has one type per schema cannot place it.
            names.retain(|name| !name.is_null());
        }
        if self.side == Side::Input {
            for key in ["anyOf", "oneOf"] {
                if let Some(Value::Array(branches)) = out.get_mut(key) {
                    branches.retain(|branch| !is_null(branch));
                }
            }
        }
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "null")
}

/// A choice between one thing is that thing.
fn fold_single_branch(out: &mut Map<String, Value>) {
    for key in ["anyOf", "oneOf"] {
        if out.get(key).and_then(Value::as_array).is_some_and(|branches| branches.len() == 1)
            && let Some(Value::Array(branches)) = out.shift_remove(key)
        {
            for (key, value) in branches.into_iter().flat_map(object) {
                out.entry(key).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
