//! Numbers and tables for people.

use std::fmt::Write as _;

use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use indexmap::IndexMap;

/// What stands for a number that is not known.
const NONE: &str = "-";

/// A number with so many places, or `-` where there is none.
pub(crate) fn decimal(value: Option<f64>, places: usize) -> String {
    let shown = |value: f64| {
        let text = format!("{value:.places$}");
        // A small loss is no negative nothing.
        let nothing = text.starts_with('-') && !text.contains(|c: char| ('1'..='9').contains(&c));
        if nothing { text.trim_start_matches('-').to_owned() } else { text }
    };
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.to_owned(), shown)
}

/// A share as a percentage with two places, or `-`.
pub(crate) fn percent(value: Option<f64>) -> String {
    let share = value.filter(|value| value.is_finite());
    share.map_or_else(|| NONE.to_owned(), |share| decimal(Some(100.0 * share), 2) + "%")
}

/// A number in a sentence, as the fields of a summary have it: four places at most, none that are zero, never `-0`.
pub(crate) fn in_words(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4 + 0.0;
    format!("{rounded}")
}

/// The same, or `-` where there is none.
pub(crate) fn in_words_or_dash(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.to_owned(), in_words)
}

/// The ends of an interval as `end` writes them, or `-` where there is none.
pub(crate) fn ends(interval: Option<[f64; 2]>, end: impl Fn(Option<f64>) -> String) -> String {
    interval.map_or_else(|| NONE.to_owned(), |[low, high]| format!("{} to {}", end(Some(low)), end(Some(high))))
}

/// Text with a capital letter at its start.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A name of a field as a title: `fixed_income` is `Fixed income`.
pub(crate) fn title(name: &str) -> String {
    capitalised(&name.replace('_', " "))
}

/// An aligned Markdown table; the first `words` columns are words, the others numbers.
pub(crate) fn table(text: &mut String, head: &[&str], words: usize, rows: Vec<Vec<String>>) {
    let rows = rows.into_iter().map(|row| row.into_iter().map(|cell| cell.replace('|', "/")).collect::<Vec<_>>());
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(head.iter().map(|name| name.replace('|', "/"))).add_rows(rows);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if at < words { CellAlignment::Left } else { CellAlignment::Right });
    }
    let _ = writeln!(text, "{table}");
}

/// A table under a title. Nothing for no rows; a column of numbers without any is left out.
pub(crate) fn titled_table(text: &mut String, title: &str, head: &[&str], words: usize, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let kept = columns_that_know(head.len(), words, rows);
    let head: Vec<&str> = kept.iter().filter_map(|at| head.get(*at).copied()).collect();
    let row = |row: &Vec<String>| kept.iter().filter_map(|at| row.get(*at).cloned()).collect();
    let _ = write!(text, "\n## {title}\n\n");
    table(text, &head, words, rows.iter().map(row).collect());
}

/// The columns of words, and those of numbers that have any.
pub(crate) fn columns_that_know(columns: usize, words: usize, rows: &[Vec<String>]) -> Vec<usize> {
    let has = |at: usize| rows.iter().any(|row| row.get(at).is_some_and(|cell| cell != NONE));
    (0..columns).filter(|at| *at < words || has(*at)).collect()
}

/// Names with their weights, heaviest first; those after `most` are one row.
pub(crate) fn weights(sums: &IndexMap<String, f64>, most: usize) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        sums.iter().take(most).map(|(name, weight)| vec![name.clone(), percent(Some(*weight))]).collect();
    let rest: Vec<f64> = sums.values().skip(most).copied().collect();
    if !rest.is_empty() {
        rows.push(vec![format!("{} others", rest.len()), percent(Some(rest.iter().sum()))]);
    }
    rows
}

/// A list of sentences under a title; nothing for none.
pub(crate) fn list(text: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n");
    for item in items {
        let _ = writeln!(text, "- {item}");
    }
}

/// The runs of periods that a sentence names.
const STRETCHES: usize = 6;

/// Runs of periods by their first and last labels, the first few of them.
pub(crate) fn stretches(runs: &[(NaiveDate, NaiveDate)]) -> String {
    let run = |(first, last): &(NaiveDate, NaiveDate)| {
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    };
    let named: Vec<String> = runs.iter().take(STRETCHES).map(run).collect();
    let more = match runs.len().saturating_sub(STRETCHES) {
        0 => String::new(),
        more => format!(" and {more} more stretches"),
    };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_in_a_name_opens_no_column() {
        let mut text = String::new();
        table(&mut text, &["B|C", "r"], 1, vec![vec!["D|E".to_owned(), "1".to_owned()]]);
        assert!(text.contains("B/C") && text.contains("D/E"), "{text}");
        assert!(text.lines().all(|line| line.matches('|').count() == 3), "{text}");
    }

    #[test]
    fn numbers_have_their_places_and_no_negative_nothing() {
        assert_eq!(decimal(Some(1.005_1), 2), "1.01");
        assert_eq!(decimal(Some(-0.004), 2), "0.00");
        assert_eq!(decimal(Some(-0.005_1), 2), "-0.01");
        assert_eq!(decimal(Some(-2.0), 0), "-2");
        assert_eq!(percent(Some(-0.000_04)), "0.00%");
        assert_eq!(percent(Some(0.123_456)), "12.35%");
        for unknown in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!((decimal(unknown, 2), percent(unknown)), ("-".to_owned(), "-".to_owned()));
            assert_eq!(in_words_or_dash(unknown), "-");
        }
        assert_eq!(
            (in_words(0.5), in_words(-0.000_04), in_words(1.234_56)),
            ("0.5".into(), "0".into(), "1.2346".into())
        );
    }

    #[test]
    fn a_table_is_aligned_and_its_bars_are_its_own() {
        let mut text = String::new();
        let rows = vec![vec!["a|b".to_owned(), "1.00".to_owned()], vec!["c".to_owned(), "-12.50".to_owned()]];
        table(&mut text, &["name", "value"], 1, rows);
        assert_eq!(text, "| name |  value |\n|------|--------|\n| a/b  |   1.00 |\n| c    | -12.50 |\n");
    }

    #[test]
    fn a_titled_table_leaves_out_columns_that_know_nothing() {
        let mut text = String::new();
        let rows = [vec!["a".to_owned(), NONE.to_owned(), "1".to_owned()]];
        titled_table(&mut text, "Risk", &["name", "beta", "t"], 1, &rows);
        assert_eq!(text, "\n## Risk\n\n| name | t |\n|------|---|\n| a    | 1 |\n");
        titled_table(&mut text, "Nothing", &["name"], 1, &[]);
        assert!(!text.contains("Nothing"));
    }

    #[test]
    fn what_is_too_light_is_summed_up() {
        let sums = IndexMap::from([("a".to_owned(), 0.5), ("b".to_owned(), 0.3), ("c".to_owned(), 0.2)]);
        assert_eq!(weights(&sums, 3).len(), 3);
        assert_eq!(weights(&sums, 1), [["a", "50.00%"], ["2 others", "50.00%"]]);
    }

    #[test]
    fn titles_and_lists() {
        assert_eq!((title("fixed_income"), title("")), ("Fixed income".to_owned(), String::new()));
        let mut text = String::new();
        list(&mut text, "Caveats", &[]);
        assert_eq!(text, "");
        list(&mut text, "Caveats", &["One.".to_owned(), "Two.".to_owned()]);
        assert_eq!(text, "\n## Caveats\n\n- One.\n- Two.\n");
    }
}
