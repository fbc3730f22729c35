//! Numbers and tables for people.

use std::fmt::Write as _;

/// A decimal with four places, as the fields of a summary have it: never `-0`.
pub(in crate::tools) fn decimal(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4 + 0.0;
    format!("{rounded}")
}

/// The same, or `-` where there is none.
pub(in crate::tools) fn cell(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| "-".to_owned(), decimal)
}

/// A Markdown table; nothing for no rows.
pub(in crate::tools) fn table(text: &mut String, title: &str, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.iter().map(|cell| cell.replace('|', "/")).collect::<Vec<_>>().join(" | "));
    }
}

/// A list of sentences.
pub(in crate::tools) fn list(text: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n");
    for item in items {
        let _ = writeln!(text, "- {item}");
    }
}
