//! JSON, with comments where the client takes them. Edited in its syntax tree, which keeps what is between values.

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstRootNode},
};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Edit, Language, cannot_be_kept, no_table};
use crate::cli::setup::{clients::Form, entry::Change};

/// What the text says; an empty one says nothing.
pub(super) fn value(text: &str, language: Language) -> Result<Value, String> {
    let root = parsed(text, language)?;
    match root.value() {
        None => Ok(Value::Object(serde_json::Map::new())),
        Some(value) if value.as_object().is_some() => value.to_serde_value().ok_or_else(cannot_be_kept),
        Some(_) => Err("it holds no object, `{...}`, but another value; put it right, and run this again".to_owned()),
    }
}

pub(super) fn edited(text: &str, language: Language, form: Form, name: &str, edit: Edit<'_>) -> Result<String, String> {
    let root = parsed(text, language)?;
    if root.to_string() != text {
        return Err(cannot_be_kept());
    }
    let whole = root.object_value_or_create().ok_or_else(cannot_be_kept)?;
    once(&whole, form.servers)?;
    match edit {
        Edit::Put(changes) => {
            let servers = whole.object_value_or_create(form.servers).ok_or_else(|| no_table(form))?;
            once(&servers, name)?;
            changes.iter().try_for_each(|change| put(&servers, name, change))?;
        }
        Edit::TakeOut => {
            if let Some(servers) = whole.object_value(form.servers) {
                once(&servers, name)?;
                if let Some(entry) = servers.get(name) {
                    entry.remove();
                }
            }
        }
    }
    Ok(root.to_string())
}

fn put(servers: &CstObject, name: &str, change: &Change) -> Result<(), String> {
    let Some((last, path)) = change.path.split_last() else {
        set(servers, name, &change.new);
        return Ok(());
    };
    let mut at = servers.object_value_or_create(name).ok_or_else(cannot_be_kept)?;
    for field in path {
        once(&at, field)?;
        at = at
            .object_value_or_create(field)
            .ok_or_else(|| format!("`{field}` of the entry is no table; put it right, and run this again"))?;
    }
    once(&at, last)?;
    set(&at, last, &change.new);
    Ok(())
}

fn set(object: &CstObject, name: &str, value: &Value) {
    match object.get(name) {
        Some(property) => property.set_value(input(value)),
        None => drop(object.append(name, input(value))),
    }
}

/// Of two properties of one name some readers take the first and some the last.
fn once(object: &CstObject, name: &str) -> Result<(), String> {
    let named = object.properties().into_iter().filter(|property| property.decoded_name().as_deref() == Some(name));
    if named.count() > 1 {
        return Err(format!("`{name}` is there twice; take one out, and run this again"));
    }
    Ok(())
}

fn parsed(text: &str, language: Language) -> Result<CstRootNode, String> {
    let commented = language == Language::CommentedJson;
    // The tree's reader lets comments through.
    if !commented && !text.trim().is_empty() {
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|error| no_json(error.line(), error.column(), "the client reads plain JSON"))?;
    }
    let options = ParseOptions {
        allow_comments: commented,
        allow_trailing_commas: commented,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    CstRootNode::parse(text, &options)
        .map_err(|error| no_json(error.line_display(), error.column_display(), &error.kind().to_string()))
}

fn no_json(line: usize, column: usize, why: &str) -> String {
    format!("it is no JSON, by line {line}, column {column}: {why}; put it right, and run this again")
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(fields) => {
            CstInputValue::Object(fields.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}
