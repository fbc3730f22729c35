//! What can be cut: a table, a list, a matrix or a text, with the sizes of its entries.

use crate::answer::{Part, Rounding, Shape, name, split};

/// A string shorter than this is a word or a date, no list of lines.
const LINES: usize = 200;

/// One section, and how much of it is shown.
#[derive(Debug)]
pub(super) struct Leaf {
    /// The names that lead to it.
    pub(super) path: Vec<String>,
    entries: Vec<Entry>,
    /// Characters of the whole.
    whole: usize,
    /// Characters without an entry.
    frame: usize,
    /// Characters between two entries.
    between: usize,
    shown: usize,
}

#[derive(Debug)]
struct Entry {
    /// Characters of its own.
    own: usize,
    /// Characters that are counted as gone with it.
    gone: usize,
}

impl Leaf {
    /// `None` for what has no entries.
    pub(super) fn of(path: &[&str], part: &Part) -> Option<Self> {
        let text = part.text();
        let chars = |text: &str| text.chars().count();
        let (entries, frame, between): (Vec<Entry>, usize, usize) = match split(&text) {
            Shape::Object(fields) => match matrix(&fields) {
                Some((labels, rows)) => {
                    let own = labels.iter().zip(&rows).map(|(label, row)| chars(label) + chars(row));
                    (own.map(|own| Entry { own, gone: own + 2 }).collect(), chars(r#"{"labels":[],"rows":[]}"#), 2)
                }
                None => {
                    let entry = |(key, value): &(&str, &str)| {
                        let own = chars(key) + 1 + chars(value);
                        Entry { own, gone: own + 1 }
                    };
                    (fields.iter().map(entry).collect(), 2, 1)
                }
            },
            Shape::Array(items) => {
                let own = items.into_iter().map(chars);
                (own.map(|own| Entry { own, gone: own + 1 }).collect(), 2, 1)
            }
            Shape::Words(words) => {
                let words = name(words);
                // In JSON a line ends with two characters.
                let own = words.lines().map(|line| chars(&Rounding::None.text(line)) - 2);
                let own = own.filter(|_| words.len() > LINES);
                (own.map(|own| Entry { own, gone: own + 2 }).collect(), 2, 2)
            }
            Shape::Plain => return None,
        };
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        let shown = entries.len();
        (shown > 0).then(|| Self { path, entries, whole: chars(&text), frame, between, shown })
    }

    /// How many entries it has.
    pub(super) fn total(&self) -> usize {
        self.entries.len()
    }

    /// How many are shown.
    pub(super) fn shown(&self) -> usize {
        self.shown
    }

    /// How many characters it takes now.
    pub(super) fn chars(&self) -> usize {
        if self.shown == self.total() {
            return self.whole;
        }
        let own: usize = self.entries[..self.shown].iter().map(|entry| entry.own).sum();
        self.frame + own + self.between * self.shown.saturating_sub(1)
    }

    /// Drops entries from the end until `excess` characters are gone or none is left.
    pub(super) fn shorten(&mut self, excess: usize) {
        let mut gone = 0;
        while gone < excess && self.shown > 0 {
            self.shown -= 1;
            gone += self.entries[self.shown].gone;
        }
    }

    /// What is left of its text.
    pub(super) fn cut(&self, text: &str) -> String {
        match split(text) {
            Shape::Object(fields) => match matrix(&fields) {
                Some((labels, rows)) => {
                    let shown = |items: &[&str]| items[..self.shown.min(items.len())].join(",");
                    format!(r#"{{"labels":[{}],"rows":[{}]}}"#, shown(&labels), shown(&rows))
                }
                None => {
                    let shown: Vec<String> =
                        fields[..self.shown].iter().map(|(key, value)| format!("{key}:{value}")).collect();
                    format!("{{{}}}", shown.join(","))
                }
            },
            Shape::Array(items) => format!("[{}]", items[..self.shown].join(",")),
            Shape::Words(words) => {
                let words = name(words);
                let shown: Vec<&str> = words.lines().take(self.shown).collect();
                Rounding::None.text(&shown.join("\n"))
            }
            Shape::Plain => text.to_owned(),
        }
    }
}

/// How many entries something has.
pub(super) fn entries(part: &Part) -> usize {
    match part {
        Part::Fields(fields) => fields.len(),
        Part::Text(_) => Leaf::of(&[], part).map_or(0, |leaf| leaf.total()),
    }
}

/// Labels and rows of what is written as {labels, rows}.
fn matrix<'a>(fields: &[(&'a str, &'a str)]) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let list = |wanted: &str| match fields.iter().find(|(key, _)| *key == wanted).map(|(_, value)| split(value)) {
        Some(Shape::Array(items)) => Some(items),
        _ => None,
    };
    Some((list(r#""labels""#)?, list(r#""rows""#)?))
}

/// {row: {column: r}} as {labels, rows: lower triangle}; `None` for what is no such matrix.
pub(super) fn triangle(text: &str) -> Option<String> {
    let Shape::Object(rows) = split(text) else { return None };
    if rows.iter().any(|(key, value)| *key == r#""labels""# || !value.starts_with('{')) {
        return None;
    }
    let labels: Vec<&str> = rows.iter().map(|(key, _)| *key).collect();
    let row = |(i, (_, row)): (usize, &(&str, &str))| {
        let Shape::Object(cells) = split(row) else { return String::new() };
        let cell = |(j, label): (usize, &&str)| {
            let there = cells.get(j).filter(|(key, _)| key == label);
            let there = there.or_else(|| cells.iter().find(|(key, _)| key == label));
            there.map_or("null", |(_, value)| *value)
        };
        format!("[{}]", labels[..=i].iter().enumerate().map(cell).collect::<Vec<_>>().join(","))
    };
    let triangle: Vec<String> = rows.iter().enumerate().map(row).collect();
    Some(format!(r#"{{"labels":[{}],"rows":[{}]}}"#, labels.join(","), triangle.join(",")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cut_has_as_many_characters_as_it_says() {
        let words: Vec<String> = (0..40).map(|n| format!("line \"{n}\", \\ and ü")).collect();
        for (value, total) in [
            (json!([1, "ä\n", {"a": [1, 2]}, null]), 4),
            (json!({"a\"b": 1, "ü": {"labels": 1}, "c": []}), 3),
            (json!({"labels": ["A", "ü\""], "rows": [[1], [0.5, 1]]}), 2),
            (json!(words.join("\n")), 40),
            (json!(words.join("\n") + "\n"), 40),
        ] {
            let text = value.to_string();
            let part = Part::Text(text.clone());
            let mut leaf = Leaf::of(&["x"], &part).unwrap();
            assert_eq!((leaf.total(), leaf.chars(), entries(&part)), (total, text.chars().count(), total));
            while leaf.shown() > 0 {
                let shown = leaf.shown();
                leaf.shorten(1);
                assert_eq!(leaf.shown(), shown - 1, "one entry at a time");
                let cut = leaf.cut(&text);
                assert_eq!(leaf.chars(), cut.chars().count(), "{cut}");
                let left = Leaf::of(&["x"], &Part::Text(cut)).map_or(0, |leaf| leaf.total());
                assert!(left == leaf.shown() || total == 40, "{left}");
            }
        }
        for none in [json!(1), json!({}), json!([]), json!("short\nwords"), json!({"labels": [], "rows": []})] {
            assert!(Leaf::of(&[], &Part::Text(none.to_string())).is_none(), "{none}");
        }
    }

    #[test]
    fn only_a_matrix_becomes_a_triangle() {
        let matrix = json!({"A": {"A": 1.0, "ü": null}, "ü": {"ü": 1.0, "A": 0.25}});
        assert_eq!(triangle(&matrix.to_string()).as_deref(), Some(r#"{"labels":["A","ü"],"rows":[[1.0],[0.25,1.0]]}"#));
        for other in [json!({"labels": {}, "rows": {}}), json!({"A": 1}), json!([1]), json!("A")] {
            assert_eq!(triangle(&other.to_string()), None, "{other}");
        }
    }
}
