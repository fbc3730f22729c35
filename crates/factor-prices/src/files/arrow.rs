//! The time zones that Arrow and pandas note in a Parquet file, which itself keeps moments in UTC alone.
//!
//! Arrow's note is the schema as a message of its wire format (a flatbuffer, in Base64); pandas' is JSON.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use parquet::file::metadata::KeyValue;
use serde_json::Value;

/// The zone that is noted for a column.
pub(super) fn zone(noted: &[KeyValue], column: &str) -> Option<String> {
    let value = |key: &str| noted.iter().find(|one| one.key == key)?.value.as_deref();
    let of_arrow = || of_message(&BASE64_STANDARD.decode(value("ARROW:schema")?).ok()?, column);
    of_arrow().or_else(|| of_pandas(value("pandas")?, column))
}

fn of_pandas(json: &str, column: &str) -> Option<String> {
    let note: Value = serde_json::from_str(json).ok()?;
    let is_it = |one: &&Value| one["field_name"] == column || one["name"] == column;
    let found = note["columns"].as_array()?.iter().find(is_it)?;
    found["metadata"]["timezone"].as_str().map(str::to_owned)
}

/// `Schema.fs` and `Message.fbs` of the Arrow format: the place of each field in its table.
mod place {
    pub(super) const MESSAGE_HEADER: usize = 2;
    pub(super) const SCHEMA_FIELDS: usize = 1;
    pub(super) const FIELD_NAME: usize = 0;
    pub(super) const FIELD_TYPE_TAG: usize = 2;
    pub(super) const FIELD_TYPE: usize = 3;
    pub(super) const TIMESTAMP_ZONE: usize = 1;
}

/// The tag of a timestamp among Arrow's types.
const TIMESTAMP: u8 = 10;

fn of_message(bytes: &[u8], column: &str) -> Option<String> {
    // A message may be led by a mark and its length.
    let flat = Flat(if bytes.starts_with(&[0xff; 4]) { bytes.get(8..)? } else { bytes });
    let message = flat.follow(0)?;
    let schema = flat.follow(flat.field(message, place::MESSAGE_HEADER)?)?;
    let fields = flat.follow(flat.field(schema, place::SCHEMA_FIELDS)?)?;
    let count = usize::try_from(flat.u32(fields)?).ok()?.min(flat.0.len() / 4);
    let field = (0..count).find_map(|at| {
        let field = flat.follow(fields + 4 + 4 * at)?;
        let name = flat.text(flat.field(field, place::FIELD_NAME)?)?;
        (name == column).then_some(field)
    })?;
    if flat.0.get(flat.field(field, place::FIELD_TYPE_TAG)?) != Some(&TIMESTAMP) {
        return None;
    }
    let stamp = flat.follow(flat.field(field, place::FIELD_TYPE)?)?;
    flat.text(flat.field(stamp, place::TIMESTAMP_ZONE)?).map(str::to_owned)
}

/// A flatbuffer: every offset is checked, for anyone may have written it.
struct Flat<'a>(&'a [u8]);

impl<'a> Flat<'a> {
    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.0.get(at..at.checked_add(4)?)?;
        bytes.try_into().ok().map(u32::from_le_bytes)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.0.get(at..at.checked_add(2)?)?;
        bytes.try_into().ok().map(u16::from_le_bytes)
    }

    /// Where the offset at `at` leads.
    fn follow(&self, at: usize) -> Option<usize> {
        at.checked_add(usize::try_from(self.u32(at)?).ok()?).filter(|to| *to < self.0.len())
    }

    /// Where the field of a table is.
    fn field(&self, table: usize, place: usize) -> Option<usize> {
        let back = i32::from_le_bytes(self.u32(table)?.to_le_bytes());
        let names = i64::try_from(table).ok()?.checked_sub(back.into())?;
        let names = usize::try_from(names).ok()?;
        let entry = 4 + 2 * place;
        if usize::from(self.u16(names)?) < entry + 2 {
            return None;
        }
        let offset = usize::from(self.u16(names.checked_add(entry)?)?);
        (offset > 0).then(|| table + offset)
    }

    /// The text to which the offset at `at` leads.
    fn text(&self, at: usize) -> Option<&'a str> {
        let text = self.follow(at)?;
        let length = usize::try_from(self.u32(text)?).ok()?;
        let start = text + 4;
        std::str::from_utf8(self.0.get(start..start.checked_add(length)?)?).ok()
    }
}
