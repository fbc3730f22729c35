//! The bundled font: Inter (OFL 1.1, `fonts/OFL.txt`), without kerning, so that the width of a text is the sum of its letters'.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use resvg::usvg::fontdb::Database;
use skrifa::{
    FontRef, MetadataProvider,
    instance::{LocationRef, Size},
};

const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.ttf");

/// The font's name, and its files by their weights: for a document that holds pictures, so that texts are as wide as they were laid out.
pub const FONT: (&str, [(u16, &[u8]); 2]) = ("Inter", [(400, REGULAR), (600, SEMI_BOLD)]);

/// The families that a viewer of the SVG may take: ours, else one that is not wider.
pub(crate) const FAMILIES: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

/// Widths of letters that the font lacks, in parts of the size: no letter that is written is wider.
const MISSING: f64 = 1.0;

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Weight {
    #[default]
    Regular,
    SemiBold,
}

/// The font for rendering; no other is known.
pub(crate) fn database() -> Arc<Database> {
    static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut database = Database::new();
        database.load_font_data(REGULAR.to_vec());
        database.load_font_data(SEMI_BOLD.to_vec());
        Arc::new(database)
    });
    Arc::clone(&DATABASE)
}

/// Widths of letters in parts of the size.
type Widths = BTreeMap<char, f64>;

static WIDTHS: LazyLock<[Widths; 2]> = LazyLock::new(|| [widths(REGULAR), widths(SEMI_BOLD)]);

fn widths(font: &[u8]) -> Widths {
    let Ok(font) = FontRef::new(font) else { return Widths::new() };
    let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
    let known = font.charmap().mappings().filter_map(|(code, glyph)| {
        let letter = char::from_u32(code)?;
        Some((letter, f64::from(metrics.advance_width(glyph)?)))
    });
    known.collect()
}

/// The width of a text of this size.
pub(crate) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let widths = &WIDTHS[weight as usize];
    text.chars().map(|letter| widths.get(&letter).copied().unwrap_or(MISSING)).sum::<f64>() * size
}

/// The text, shortened with an ellipsis until it is no wider than this; empty where nothing fits.
pub(crate) fn fitted(text: &str, size: f64, weight: Weight, widest: f64) -> String {
    if width(text, size, weight) <= widest {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let shorter: String = kept.iter().collect::<String>().trim_end().chars().chain(['…']).collect();
        if shorter.chars().count() > 1 && width(&shorter, size, weight) <= widest {
            return shorter;
        }
    }
    String::new()
}

/// The text in lines that are no wider than this, at most so many; the last one is shortened where there is more.
pub(crate) fn wrapped(text: &str, size: f64, weight: Weight, widest: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.peek() {
        let longer = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size, weight) <= widest {
            line = longer;
            words.next();
            continue;
        }
        if lines.len() + 1 == most {
            let rest: Vec<&str> = words.collect();
            line = format!("{line} {}", rest.join(" "));
            break;
        }
        lines.push(std::mem::take(&mut line));
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.truncate(most);
    lines.into_iter().map(|line| fitted(&line, size, weight, widest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_files() {
        // fontTools, `hmtx` of both files: 2048 units an em.
        let units = |text: &str, weight: Weight| width(text, 2048.0, weight).round();
        let regular = ["H", "i", "8", "−", "W", "β"].map(|letter| units(letter, Weight::Regular));
        assert_eq!(regular, [1522.0, 496.0, 1267.0, 1355.0, 2018.0, 1220.0]);
        assert_eq!(units("Hi", Weight::SemiBold), 1527.0 + 536.0);
        assert!(width("WWW", 10.0, Weight::SemiBold) > width("iii", 10.0, Weight::SemiBold) * 2.0);
        assert_eq!(width("漢", 10.0, Weight::Regular), 10.0);
    }

    #[test]
    fn what_is_too_long_ends_with_an_ellipsis_and_fits() {
        let text = "Consumer discretionary (whole sector)";
        let short = fitted(text, 11.0, Weight::Regular, 90.0);
        assert!(short.ends_with('…') && width(&short, 11.0, Weight::Regular) <= 90.0);
        assert_eq!(fitted(text, 11.0, Weight::Regular, 900.0), text);
        assert_eq!(fitted(text, 11.0, Weight::Regular, 3.0), "");
    }

    #[test]
    fn lines_are_no_wider_than_their_place_and_no_more_than_allowed() {
        let text = "One two three four five six seven eight nine ten eleven twelve".repeat(4);
        let lines = wrapped(&text, 12.0, Weight::Regular, 120.0, 3);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| width(line, 12.0, Weight::Regular) <= 120.0), "{lines:?}");
        assert!(lines[2].ends_with('…'));
        assert_eq!(wrapped("a b", 12.0, Weight::Regular, 120.0, 3), ["a b"]);
        assert!(wrapped("", 12.0, Weight::Regular, 120.0, 3).is_empty());
    }
}
