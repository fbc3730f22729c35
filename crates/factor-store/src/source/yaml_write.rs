//! A mapping as YAML, in the form of the shipped files.

use std::fmt::Write as _;

use factor_types::Category;

use crate::{MappingKind, ProxyRow, mapping::rules::in_order};

/// Writes a mapping as its file has it: canonical ETFs before alternates, a list where a key has several, a mapping
/// where more than the ETF is said. Read again it gives the same rows, in the order of the file.
pub fn write_mapping(kind: MappingKind, rows: &[ProxyRow]) -> String {
    let rows = in_order(rows.to_vec());
    let mut text = String::new();
    match kind {
        MappingKind::AssetProxies => write_assets(&mut text, &rows),
        MappingKind::Industries => {
            text.push_str("industry_to_etf:\n");
            write_keys(&mut text, 2, &rows);
        }
        MappingKind::StyleAndMarket => {
            for category in [Category::Style, Category::Market] {
                let of = run(&rows, |row| row.category == category);
                if !of.is_empty() {
                    let _ = writeln!(text, "{category}:");
                    write_keys(&mut text, 2, of);
                }
            }
        }
    }
    text
}

fn write_assets(text: &mut String, rows: &[ProxyRow]) {
    text.push_str("asset_classes:\n");
    for of_category in rows.chunk_by(|one, next| one.category == next.category) {
        let Some(first) = of_category.first() else { continue };
        let _ = writeln!(text, "  {}:", first.category);
        for (name, canonical) in [("canonical", true), ("alternates", false)] {
            let of = run(of_category, |row| row.canonical == canonical);
            if !of.is_empty() {
                let _ = writeln!(text, "    {name}:");
                write_keys(text, 6, of);
            }
        }
    }
}

fn write_keys(text: &mut String, indent: usize, rows: &[ProxyRow]) {
    for of_key in rows.chunk_by(|one, next| one.key == next.key) {
        let entries: Vec<String> = of_key.iter().map(entry).collect();
        let Some(first) = of_key.first() else { continue };
        let key = word(&first.key);
        let _ = match entries.as_slice() {
            [one] => writeln!(text, "{:indent$}{key}: {one}", ""),
            several => writeln!(text, "{:indent$}{key}: [{}]", "", several.join(", ")),
        };
    }
}

fn entry(row: &ProxyRow) -> String {
    // Taken apart so that a new field is not forgotten here.
    let ProxyRow {
        category,
        key: _,
        etf,
        canonical: _,
        priority,
        active,
        asset_class,
        sector_group,
        subindustry,
        inception,
        description,
        notes,
    } = row;
    let mut fields = Vec::new();
    let mut field = |name: &str, value: Option<String>| fields.extend(value.map(|value| format!("{name}: {value}")));
    field("group", sector_group.as_deref().map(word));
    field("asset_class", asset_class.map(|class| class.to_string()));
    field("subindustry", subindustry.as_deref().map(word));
    field("inception", inception.map(|month| month.format("\"%Y-%m\"").to_string()));
    field("priority", priority.map(|priority| priority.to_string()));
    field("active", (!active).then(|| active.to_string()));
    field("description", description.as_deref().map(quoted));
    field("notes", notes.as_deref().map(quoted));
    let etf = word(etf.as_str());
    if fields.is_empty() {
        return etf;
    }
    let name = if *category == Category::Industry { "proxy" } else { "etf" };
    format!("{{{name}: {etf}, {}}}", fields.join(", "))
}

/// The rows at which something holds: they stand together.
fn run(rows: &[ProxyRow], holds: impl Fn(&ProxyRow) -> bool) -> &[ProxyRow] {
    let from = rows.iter().position(&holds).unwrap_or(rows.len());
    let length = rows[from..].iter().take_while(|row| holds(row)).count();
    &rows[from..from + length]
}

/// Plain where no reader of YAML could take it for anything but this text.
fn word(text: &str) -> String {
    let letters = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    if letters && !reserved.iter().any(|word| text.eq_ignore_ascii_case(word)) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            // What does not show itself is written by its number.
            c => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
