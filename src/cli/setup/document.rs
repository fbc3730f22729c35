//! A client's settings as text: what they say, and the same text with one entry more, other or gone.
//!
//! Everything outside the entry stays byte for byte: comments, order, indentation, ends of lines. A text that could not be
//! kept so is refused, with the reason.

mod commented_json;
mod toml_text;

use serde_json::{Map, Value};

use super::{
    clients::{Form, Language},
    entry::Change,
};

/// What some programs put before a text to say that it is UTF-8.
const MARK: char = '\u{feff}';

/// The entry of this name, where there is one.
///
/// # Errors
/// Where the text is none that the client reads, with line and column.
pub(super) fn entry(text: &str, form: Form, name: &str) -> Result<Option<Value>, String> {
    Ok(servers(text, form)?.shift_remove(name))
}

/// Every entry by its name.
///
/// # Errors
/// As of [`entry`].
pub(in crate::cli) fn servers(text: &str, form: Form) -> Result<Map<String, Value>, String> {
    match value(text, form)?.get_mut(form.servers).map(Value::take) {
        None => Ok(Map::new()),
        Some(Value::Object(servers)) => Ok(servers),
        Some(_) => Err(no_table(form)),
    }
}

/// The text with these changes of an entry.
///
/// # Errors
/// Where the text is none that the client reads, or could not be kept.
pub(super) fn with(text: &str, form: Form, name: &str, changes: &[Change]) -> Result<String, String> {
    let edited = edited(text, form, name, Edit::Put(changes))?;
    for change in changes {
        let entry = entry(&edited, form, name)?;
        let found = change.path.iter().try_fold(entry.as_ref(), |at, name| Some(at?.get(name)));
        if found.flatten() != Some(&change.new) {
            return Err(cannot_be_kept());
        }
    }
    Ok(edited)
}

/// The text without an entry.
///
/// # Errors
/// As of [`with`].
pub(super) fn without(text: &str, form: Form, name: &str) -> Result<String, String> {
    let edited = edited(text, form, name, Edit::TakeOut)?;
    if entry(&edited, form, name)?.is_some() { Err(cannot_be_kept()) } else { Ok(edited) }
}

/// Everything that the text says but for one entry.
pub(super) fn others(text: &str, form: Form, name: &str) -> Result<Value, String> {
    let mut whole = value(text, form)?;
    let servers = whole.get_mut(form.servers).and_then(Value::as_object_mut);
    if let Some(servers) = servers {
        servers.shift_remove(name);
        // A table that is made for the entry says nothing without it.
        if servers.is_empty()
            && let Some(whole) = whole.as_object_mut()
        {
            whole.shift_remove(form.servers);
        }
    }
    Ok(whole)
}

#[derive(Clone, Copy)]
enum Edit<'a> {
    Put(&'a [Change]),
    TakeOut,
}

fn edited(text: &str, form: Form, name: &str, edit: Edit<'_>) -> Result<String, String> {
    let before = others(text, form, name)?;
    let (mark, body) = split_mark(text);
    let edited = match form.language {
        Language::Toml => toml_text::edited(body, form, name, edit)?,
        language => commented_json::edited(body, language, form, name, edit)?,
    };
    let end = if body.trim().is_empty() && !edited.ends_with('\n') { "\n" } else { "" };
    let edited = format!("{mark}{edited}{end}");
    // What is written is looked at before it is written.
    if others(&edited, form, name)? == before { Ok(edited) } else { Err(cannot_be_kept()) }
}

fn value(text: &str, form: Form) -> Result<Value, String> {
    let (_, body) = split_mark(text);
    match form.language {
        Language::Toml => toml_text::value(body),
        language => commented_json::value(body, language),
    }
}

fn split_mark(text: &str) -> (&str, &str) {
    text.strip_prefix(MARK).map_or(("", text), |body| (&text[..MARK.len_utf8()], body))
}

fn no_table(form: Form) -> String {
    format!("`{}` is no table of servers there; put it right, and run this again", form.servers)
}

fn cannot_be_kept() -> String {
    "the rest of the file could not be kept as it is; put the entry in by hand, as --print shows it".to_owned()
}

#[cfg(test)]
mod tests;
