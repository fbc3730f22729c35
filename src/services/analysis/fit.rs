//! Making an answer fit: only the sections asked for, and no more characters than asked for.

mod leaf;

use serde::Serialize;

use self::leaf::{Leaf, entries, triangle};
use super::sections::Section;
use crate::answer::{Fields, Part, Rounding};

/// The sections named, out of the full answer; parts of `overlays` come back nested in one `overlays` object.
pub(super) fn only(mut full: Fields, include: &[Section]) -> Fields {
    let mut kept = Fields::rounded(Rounding::None);
    for section in include {
        match section.path() {
            [key] => {
                // The series of pairs asked for by name are a part of the section that sums them up.
                let beside = (*section == Section::Rolling).then_some("rolling_series");
                for key in std::iter::once(*key).chain(beside) {
                    if let Some(part) = full.take(key) {
                        kept.put_part(key, part);
                    }
                }
            }
            [parent, child] => {
                let found = full.get_mut(parent).and_then(|parent| parent.fields()?.get(child).cloned());
                let Some(part) = found else { continue };
                let holder = kept.take(parent).and_then(Part::into_fields);
                let mut holder = holder.unwrap_or_else(|| Fields::rounded(Rounding::None));
                holder.put_part(*child, part);
                kept.put_part(*parent, Part::Fields(holder));
            }
            _ => {}
        }
    }
    kept
}

/// What was done to an answer so that it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// True when nested matrices were written as triangles.
    pub(super) triangles: bool,
    /// The sections that were cut, those that lost most entries first: name, entries shown, entries in all.
    pub(super) sections: Vec<(String, usize, usize)>,
}

/// Room for `truncated`, its link and a note; more for each section named in it.
const OVERHEAD: usize = 740;

/// What `statistics` has of a matrix, each laid out like it.
const MEASURES: [&str; 5] = ["n", "interval_low", "interval_high", "p", "p_adjusted"];

/// Sections that `truncated` names beside the first.
const NAMED: usize = 3;

/// Shortens `answer` to `limit` characters: nested matrices become triangles; then the largest sections lose entries
/// from their ends, all down to one common size, so that none is given up for another. `None` when it fitted.
pub(super) fn fit(answer: &mut Fields, limit: usize) -> Option<Cut> {
    let whole = answer.chars();
    if whole <= limit {
        return None;
    }
    let triangles = to_triangles(answer);
    let whole = if triangles { answer.chars() } else { whole };
    if whole + 200 <= limit {
        return Some(Cut { triangles, sections: Vec::new() });
    }
    let room = limit.saturating_sub(OVERHEAD);
    let mut leaves = leaves(answer);
    let beside = whole - leaves.iter().map(Leaf::chars).sum::<usize>();
    let length = |leaves: &[Leaf]| beside + leaves.iter().map(Leaf::chars).sum::<usize>();
    let mut wanted = room;
    // Entries are dropped whole, so one pass comes near; each further pass takes off what is still too much.
    for _ in 0..8 {
        let level = common_size(&leaves, length(&leaves), wanted);
        for leaf in &mut leaves {
            leaf.shorten(leaf.chars().saturating_sub(level));
        }
        let excess = length(&leaves).saturating_sub(room);
        if excess == 0 || level == 0 {
            break;
        }
        wanted = wanted.saturating_sub(excess);
    }
    for leaf in leaves.iter().filter(|leaf| leaf.shown() < leaf.total()) {
        if let Some(part) = answer.at(&leaf.path) {
            let cut = leaf.cut(&part.text());
            *part = Part::Text(cut);
        }
    }
    let mut cut: Vec<(String, usize, usize)> = Vec::new();
    // Emptied sections still have their names and dates; under a tight limit what describes the answer goes first.
    for name in ["performance", "analysis_metadata", "insights", "data_quality", "rolling_series", "rolling"] {
        if answer.chars() > room
            && let Some(gone) = answer.take(name)
        {
            cut.push((name.to_owned(), 0, entries(&gone)));
        }
    }
    for leaf in leaves {
        let (shown, total) = (leaf.shown(), leaf.total());
        if shown < total && !cut.iter().any(|(gone, ..)| *gone == leaf.path[0]) {
            cut.push((leaf.path.join("."), shown, total));
        }
    }
    cut.sort_by_key(|(_, shown, total)| std::cmp::Reverse(total - shown));
    Some(Cut { triangles, sections: cut })
}

/// The size to which every larger section is cut so that an answer of `length` characters has `wanted`.
fn common_size(leaves: &[Leaf], length: usize, wanted: usize) -> usize {
    let mut sizes: Vec<usize> = leaves.iter().filter(|leaf| leaf.shown() > 0).map(Leaf::chars).collect();
    let fixed = length.saturating_sub(sizes.iter().sum());
    let mut left = wanted.saturating_sub(fixed);
    sizes.sort_unstable();
    let count = sizes.len();
    for (at, size) in sizes.into_iter().enumerate() {
        let share = left / (count - at);
        if size > share {
            return share;
        }
        left -= size;
    }
    usize::MAX
}

/// What was cut, as an answer tells it.
#[derive(Debug, Serialize)]
pub(super) struct Truncated<'a> {
    #[serde(flatten)]
    first: Lost<'a>,
    how_to_get_the_rest: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sections_cut: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Lost<'a>>,
}

#[derive(Debug, Serialize)]
struct Lost<'a> {
    section: &'a str,
    shown: usize,
    total: usize,
}

/// The `truncated` entry for a cut.
pub(super) fn truncated<'a>(cut: &'a Cut, how_to_get_the_rest: &'a str) -> Option<Truncated<'a>> {
    let lost = |(section, shown, total): &'a (String, usize, usize)| Lost { section, shown: *shown, total: *total };
    let (first, others) = cut.sections.split_first()?;
    Some(Truncated {
        first: lost(first),
        how_to_get_the_rest,
        sections_cut: (!others.is_empty()).then_some(cut.sections.len()),
        also: others.iter().take(NAMED).map(lost).collect(),
    })
}

/// Writes nested matrices as triangles; whether there were any.
fn to_triangles(answer: &mut Fields) -> bool {
    let turn = |part: &mut Part| {
        let turned = triangle(&part.text()).map(Part::Text);
        turned.map(|turned| *part = turned).is_some()
    };
    let mut turned = false;
    for (_, matrix) in answer.get_mut("matrices").and_then(Part::fields).into_iter().flat_map(Fields::iter_mut) {
        turned |= turn(matrix);
    }
    for (_, measures) in answer.get_mut("statistics").and_then(Part::fields).into_iter().flat_map(Fields::iter_mut) {
        let Some(measures) = measures.fields() else { continue };
        for measure in MEASURES {
            turned |= measures.get_mut(measure).is_some_and(turn);
        }
    }
    if let Some(overlays) = answer.get_mut("overlays").and_then(Part::fields) {
        for name in ["macro_composite_matrix", "macro_etf_matrix"] {
            turned |= overlays.get_mut(name).is_some_and(turn);
        }
    }
    turned
}

/// What can be cut: the tables, lists and texts at the top, and those one level down in sections made of several.
fn leaves(answer: &mut Fields) -> Vec<Leaf> {
    let mut found = Vec::new();
    for (name, part) in answer.iter_mut() {
        match name.as_str() {
            // What tells the reader how to read the rest stays whole.
            "note" | "status" | "analysis_type" | "invalid_sections" | "not_computed" | "windows" | "more" => {}
            "matrices" | "overlays" | "composites" | "analysis_metadata" | "data_quality" | "rankings"
            | "performance" | "insights" | "top_performers" | "bottom_performers" => match part.fields() {
                Some(parts) => {
                    found.extend(parts.iter().filter_map(|(part, value)| Leaf::of(&[name, part], value)));
                }
                None => found.extend(Leaf::of(&[name], part)),
            },
            // A measure of one matrix is as large as the matrix: each is cut for itself, not one for another.
            "statistics" => {
                for (part, value) in part.fields().into_iter().flat_map(Fields::iter_mut) {
                    let of_matrix = |value: &mut Part| -> Option<Vec<Leaf>> {
                        let measures = value.fields()?;
                        let named = MEASURES.into_iter().filter_map(|measure| Some((measures.get(measure)?, measure)));
                        let measures: Vec<(&Part, &str)> = named.collect();
                        let leaf = |(value, measure): &(&Part, &str)| Leaf::of(&[name, part, measure], value);
                        (!measures.is_empty()).then(|| measures.iter().filter_map(leaf).collect())
                    };
                    let measures = if part == "rate_sensitivity" { None } else { of_matrix(value) };
                    match measures {
                        Some(measures) => found.extend(measures),
                        None => found.extend(Leaf::of(&[name, part], value)),
                    }
                }
            }
            // Per matrix or pair, and per window length.
            "rolling" | "rolling_series" => {
                for (part, windows) in part.fields().into_iter().flat_map(Fields::iter_mut) {
                    let windows = windows.fields().into_iter().flat_map(|windows| windows.iter());
                    found.extend(windows.filter_map(|(window, value)| Leaf::of(&[name, part, window], value)));
                }
            }
            _ => found.extend(Leaf::of(&[name], part)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn fields(tree: &Value) -> Fields {
        Fields::of(tree.as_object().unwrap(), Rounding::None)
    }

    /// What is left of an answer cut to `limit`.
    fn cut_to(answer: &mut Value, limit: usize) -> Option<Cut> {
        let mut written = fields(answer);
        let cut = fit(&mut written, limit);
        *answer = written.json().value();
        cut
    }

    fn length(answer: &Value) -> usize {
        answer.to_string().chars().count()
    }

    fn nested(size: usize) -> Value {
        let row =
            |i: usize| Value::Object((0..size).map(|j| (format!("T{j}"), json!(((i * j) % 7) as f64 / 7.0))).collect());
        Value::Object((0..size).map(|i| (format!("T{i}"), row(i))).collect())
    }

    #[test]
    fn what_fits_is_left_alone() {
        let mut answer = json!({"status": "success", "matrices": {"style": nested(4)}});
        let before = answer.clone();
        assert_eq!(cut_to(&mut answer, 10_000), None);
        assert_eq!(answer, before);
    }

    #[test]
    fn a_nested_matrix_becomes_a_triangle_before_anything_is_cut() {
        let mut answer = json!({"status": "success", "matrices": {"style": nested(30)}});
        let whole = answer["matrices"]["style"].clone();
        let limit = length(&answer) / 2;
        let cut = cut_to(&mut answer, limit).unwrap();
        assert!(cut.triangles && cut.sections.is_empty());
        let (labels, rows) = (&answer["matrices"]["style"]["labels"], &answer["matrices"]["style"]["rows"]);
        assert_eq!(labels.as_array().unwrap().len(), 30);
        assert_eq!(rows[7][3], whole["T7"]["T3"]);
        assert!(length(&answer) <= limit);
    }

    #[test]
    fn the_largest_section_is_cut_and_counted() {
        let factors: Map<String, Value> =
            (0..200).map(|n| (format!("T{n}"), json!({"label": "x".repeat(40)}))).collect();
        let mut answer = json!({"status": "success", "factors": factors, "by_category": {"style": 1}});
        let cut = cut_to(&mut answer, 6_000).unwrap();
        let (section, shown, total) = &cut.sections[0];
        assert_eq!((section.as_str(), *total, cut.sections.len()), ("factors", 200, 1));
        assert_eq!(answer["factors"].as_object().unwrap().len(), *shown);
        assert!(*shown > 60 && length(&answer) + OVERHEAD <= 6_000, "{shown}");
        assert_eq!(answer["by_category"], json!({"style": 1}));
        assert_eq!(json!(truncated(&cut, "there"))["total"], 200);
    }

    #[test]
    fn large_sections_are_cut_to_a_common_size() {
        let long = |n: usize| (0..n).map(|i| json!({"ticker": format!("T{i}"), "v": i})).collect::<Vec<_>>();
        let mut answer = json!({"rankings": {"1m": long(300), "3m": long(200), "6m": long(5)}, "factors": {"A": 1}});
        let cut = cut_to(&mut answer, 4_000).unwrap();
        assert_eq!(cut.sections.len(), 2);
        assert!(length(&answer) + OVERHEAD <= 4_000);
        let shown = |window: &str| answer["rankings"][window].as_array().unwrap().len();
        assert!(shown("1m").abs_diff(shown("3m")) <= 2 && shown("6m") == 5, "{} {}", shown("1m"), shown("3m"));
        assert_eq!(json!(truncated(&cut, "there"))["also"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn whatever_the_limit_it_is_kept() {
        let long = |n: usize| (0..n).map(|i| json!({"ticker": format!("T{i}"), "v": i})).collect::<Vec<_>>();
        let table: Map<String, Value> = (0..90).map(|n| (format!("T{n}"), json!({"label": "x".repeat(n)}))).collect();
        let whole = json!({
            "status": "success", "matrices": {"style": nested(12), "market": nested(30)}, "factors": table,
            "rankings": {"1m": long(80), "3m": long(80)}, "data_quality": {"undefined": long(40), "score": "good"},
            "formatted_report": "a line of the report\n".repeat(100),
        });
        for limit in (2_000..30_000).step_by(700) {
            let mut answer = whole.clone();
            let Some(cut) = cut_to(&mut answer, limit) else { continue };
            if let (Value::Object(fields), Some(entry)) = (&mut answer, truncated(&cut, &"x".repeat(200))) {
                fields.insert("truncated".to_owned(), json!(entry));
            }
            assert!(length(&answer) <= limit, "{} of {limit}", length(&answer));
        }
    }

    #[test]
    fn windows_of_rolling_correlations_are_cut_evenly() {
        let pairs = |n: usize| (0..n).map(|i| json!({"a": format!("T{i}"), "b": "X", "sd": 0.1})).collect::<Vec<_>>();
        let series: Map<String, Value> = (0..120).map(|n| (format!("2020-{n}"), json!(0.5))).collect();
        let whole = json!({
            "status": "success",
            "rolling": {"industry": {"12": pairs(300), "36": pairs(300)}, "style": {"12": pairs(3), "36": pairs(3)}},
            "rolling_series": {"A/B": {"12": series}},
        });
        for limit in (2_000..12_000).step_by(500) {
            let mut answer = whole.clone();
            let cut = cut_to(&mut answer, limit).unwrap();
            assert!(length(&answer) + OVERHEAD <= limit, "{} of {limit}", length(&answer));
            let shown = |window: &str| answer["rolling"]["industry"][window].as_array().unwrap().len();
            assert!(shown("12").abs_diff(shown("36")) <= 1 && shown("12") > 0, "{limit}");
            assert_eq!(answer["rolling"]["industry"]["12"][0], whole["rolling"]["industry"]["12"][0]);
            assert!(cut.sections[0].0.starts_with("rolling.industry."), "{:?}", cut.sections);
        }
        let kept = only(fields(&whole), &[Section::Rolling]);
        assert_eq!(kept.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["rolling", "rolling_series"]);
    }

    #[test]
    fn overlays_come_back_nested() {
        let full =
            json!({"overlays": {"rate_sensitivity": {"TLT": {}}, "market_sensitivity": {"XLF": {}}}, "matrices": {}});
        let kept = only(fields(&full), &[Section::RateSensitivity, Section::MacroEtf]);
        assert_eq!(kept.json().value(), json!({"overlays": {"rate_sensitivity": {"TLT": {}}}}));
        let both = only(fields(&full), &[Section::MarketSensitivity, Section::RateSensitivity]);
        assert_eq!(both.json().value()["overlays"].as_object().unwrap().len(), 2);
        for order in [[Section::RateSensitivity, Section::Overlays], [Section::Overlays, Section::RateSensitivity]] {
            assert_eq!(only(fields(&full), &order).json().value(), json!({"overlays": full["overlays"]}));
        }
    }
}
