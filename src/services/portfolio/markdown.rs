//! Numbers and tables for people.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use indexmap::IndexMap;

/// What stands for a number that is not known.
const NONE: &str = "-";

/// A decimal with four places, as the fields of a summary have it: never `-0`.
pub(crate) fn decimal(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4 + 0.0;
    format!("{rounded}")
}

/// The same, or `-` where there is none.
pub(crate) fn cell(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.to_owned(), decimal)
}

/// A share as a percentage with two places, or `-`.
pub(crate) fn percent(value: Option<f64>) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(|| NONE.to_owned(), |share| places(Some(100.0 * share), 2) + "%")
}

/// A number with so many places, or `-`.
pub(crate) fn places(value: Option<f64>, places: usize) -> String {
    let shown = |value: f64| {
        let text = format!("{value:.places$}");
        // A small loss is no negative nothing.
        let nothing = text.starts_with('-') && !text.contains(|c: char| ('1'..='9').contains(&c));
        if nothing { text.trim_start_matches('-').to_owned() } else { text }
    };
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.to_owned(), shown)
}

/// An aligned Markdown table, its first `words` columns words and the others numbers. Nothing for no rows; a column
/// without any value is left out.
pub(crate) fn table(text: &mut String, title: &str, head: &[&str], words: usize, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let kept: Vec<usize> = (0..head.len())
        .filter(|at| *at < words || rows.iter().any(|row| row.get(*at).is_some_and(|cell| cell != NONE)))
        .collect();
    let of = |row: &[String]| -> Vec<String> {
        kept.iter().filter_map(|at| row.get(*at)).map(|cell| cell.replace('|', "/")).collect()
    };
    let mut table = Table::new();
    table
        .load_style(ASCII_MARKDOWN)
        .set_header(kept.iter().filter_map(|at| head.get(*at)))
        .add_rows(rows.iter().map(|row| of(row)));
    for (column, at) in table.column_iter_mut().zip(&kept) {
        column.set_cell_alignment(if *at < words { CellAlignment::Left } else { CellAlignment::Right });
    }
    let _ = writeln!(text, "\n## {title}\n\n{table}");
}

/// Names with their weights, heaviest first; those beyond `most` are one row.
pub(crate) fn weights(sums: &IndexMap<String, f64>, most: usize) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        sums.iter().take(most).map(|(name, weight)| vec![name.clone(), percent(Some(*weight))]).collect();
    let rest: Vec<f64> = sums.values().skip(most).copied().collect();
    if !rest.is_empty() {
        rows.push(vec![format!("{} others", rest.len()), percent(Some(rest.iter().sum()))]);
    }
    rows
}

/// A list of sentences.
pub(crate) fn list(text: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n");
    for item in items {
        let _ = writeln!(text, "- {item}");
    }
}
