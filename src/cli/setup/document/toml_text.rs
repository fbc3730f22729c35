//! TOML, edited in place.

use serde_json::Value;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, value as item};

use super::{Edit, cannot_be_kept, no_table};
use crate::cli::setup::{clients::Form, entry::Change};

/// What the text says.
pub(super) fn value(text: &str) -> Result<Value, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let (line, column) =
            (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
        // Not the error's own text: it shows the line, which may hold a key.
        format!("it is no TOML, by line {line}, column {column}: {}; put it right, and run this again", error.message())
    })?;
    serde_json::to_value(table).map_err(|_| cannot_be_kept())
}

pub(super) fn edited(text: &str, form: Form, name: &str, edit: Edit<'_>) -> Result<String, String> {
    // The editor knows one end of line: the other is put back.
    let windows = text.contains("\r\n");
    let plain = text.replace("\r\n", "\n");
    if windows && plain.replace('\n', "\r\n") != text {
        return Err("its lines end in two different ways; save it with one of them, and run this again".to_owned());
    }
    let mut document: DocumentMut = plain.parse().map_err(|_| cannot_be_kept())?;
    // The last line ends where it did not: nothing else may differ.
    if document.to_string().trim_end_matches('\n') != plain.trim_end_matches('\n') {
        return Err(cannot_be_kept());
    }
    match edit {
        Edit::Put(changes) => {
            let servers = document.entry(form.servers).or_insert_with(|| {
                let mut servers = Table::new();
                servers.set_implicit(true);
                Item::Table(servers)
            });
            let servers = servers.as_table_like_mut().ok_or_else(|| no_table(form))?;
            changes.iter().try_for_each(|change| put(servers, name, change))?;
        }
        Edit::TakeOut => {
            if let Some(servers) = document.get_mut(form.servers).and_then(Item::as_table_like_mut) {
                servers.remove(name);
            }
        }
    }
    let edited = document.to_string();
    Ok(if windows { edited.replace('\n', "\r\n") } else { edited })
}

fn put(servers: &mut dyn TableLike, name: &str, change: &Change) -> Result<(), String> {
    let Some((last, path)) = change.path.split_last() else {
        servers.insert(name, table(&change.new)?);
        return Ok(());
    };
    let mut at = servers.get_mut(name).and_then(Item::as_table_like_mut).ok_or_else(cannot_be_kept)?;
    for field in path {
        at = at
            .entry(field)
            .or_insert(Item::Value(toml_edit::Value::InlineTable(InlineTable::new())))
            .as_table_like_mut()
            .ok_or_else(|| format!("`{field}` of the entry is no table; put it right, and run this again"))?;
    }
    match at.get_mut(last) {
        Some(item) => {
            let mut new = plain(&change.new)?;
            // What stands behind the value, such as a comment, stays there.
            if let (Some(old), Some(new)) = (item.as_value(), new.as_value_mut()) {
                *new.decor_mut() = old.decor().clone();
            }
            *item = new;
        }
        None => drop(at.insert(last, plain(&change.new)?)),
    }
    Ok(())
}

/// An entry as a table of its own, with its environment in one line.
fn table(entry: &Value) -> Result<Item, String> {
    let mut table = Table::new();
    for (name, value) in entry.as_object().ok_or_else(cannot_be_kept)? {
        table.insert(name, plain(value)?);
    }
    table.decor_mut().set_prefix("\n");
    Ok(Item::Table(table))
}

fn plain(json: &Value) -> Result<Item, String> {
    Ok(match json {
        Value::String(text) => item(text.as_str()),
        Value::Bool(is) => item(*is),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => item(whole),
            (None, Some(number)) => item(number),
            (None, None) => return Err(cannot_be_kept()),
        },
        Value::Array(values) => {
            let items: Vec<Item> = values.iter().map(plain).collect::<Result<_, _>>()?;
            item(items.into_iter().filter_map(|item| item.into_value().ok()).collect::<Array>())
        }
        Value::Object(fields) => {
            let mut table = InlineTable::new();
            for (name, field) in fields {
                if let Ok(field) = plain(field)?.into_value() {
                    table.insert(name, field);
                }
            }
            item(table)
        }
        Value::Null => return Err(cannot_be_kept()),
    })
}
