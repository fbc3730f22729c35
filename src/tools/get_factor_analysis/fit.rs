//! Making an answer fit: only the sections asked for, and no more characters than asked for.

use serde_json::{Map, Value, json};

use super::sections::Section;

/// The sections named, out of the full answer; parts of `overlays` come back nested in one `overlays` object.
pub(super) fn only(full: &Map<String, Value>, include: &[Section]) -> Map<String, Value> {
    let mut kept = Map::new();
    for section in include {
        match section.path() {
            [key] => {
                // The series of pairs asked for by name are a part of the section that sums them up.
                let beside = (*section == Section::Rolling).then_some("rolling_series");
                for key in std::iter::once(*key).chain(beside) {
                    if let Some(value) = full.get(key) {
                        kept.insert(key.to_owned(), value.clone());
                    }
                }
            }
            [parent, child] => {
                let found = full.get(*parent).and_then(|parent| parent.get(*child));
                let holder = found.map(|_| kept.entry(*parent).or_insert_with(|| Value::Object(Map::new())));
                if let (Some(value), Some(Value::Object(holder))) = (found, holder) {
                    holder.insert((*child).to_owned(), value.clone());
                }
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
pub(super) fn fit(answer: &mut Value, limit: usize) -> Option<Cut> {
    if length(answer) <= limit {
        return None;
    }
    let triangles = to_triangles(answer);
    if length(answer) + 200 <= limit {
        return Some(Cut { triangles, sections: Vec::new() });
    }
    let room = limit.saturating_sub(OVERHEAD);
    let totals: Vec<(Vec<String>, usize)> =
        sections(answer).into_iter().map(|(path, value)| (path, entries(value))).collect();
    let mut wanted = room;
    // Entries are dropped whole, so one pass comes near; each further pass takes off what is still too much.
    for _ in 0..8 {
        let level = common_size(answer, wanted);
        for (path, _) in &totals {
            if let Some(section) = resolve(answer, path) {
                let size = length(section);
                if size > level {
                    shorten(section, size - level);
                }
            }
        }
        let excess = length(answer).saturating_sub(room);
        if excess == 0 || level == 0 {
            break;
        }
        wanted = wanted.saturating_sub(excess);
    }
    let mut cut: Vec<(String, usize, usize)> = Vec::new();
    // Emptied sections still have their names and dates; under a tight limit what describes the answer goes first.
    for name in ["performance", "analysis_metadata", "insights", "data_quality", "rolling_series", "rolling"] {
        if length(answer) > room
            && let Value::Object(fields) = &mut *answer
            && let Some(gone) = fields.remove(name)
        {
            cut.push((name.to_owned(), 0, entries(&gone)));
        }
    }
    for (path, total) in totals {
        if cut.iter().any(|(gone, ..)| *gone == path[0]) {
            continue;
        }
        let shown = resolve(answer, &path).map_or(0, |section| entries(section));
        if shown < total {
            cut.push((path.join("."), shown, total));
        }
    }
    cut.sort_by_key(|(_, shown, total)| std::cmp::Reverse(total - shown));
    Some(Cut { triangles, sections: cut })
}

/// The size to which every larger section is cut so that the answer has `wanted` characters.
fn common_size(answer: &Value, wanted: usize) -> usize {
    let mut sizes: Vec<usize> = sections(answer).into_iter().map(|(_, value)| length(value)).collect();
    let fixed = length(answer).saturating_sub(sizes.iter().sum());
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

/// The `truncated` entry for a cut.
pub(super) fn truncated(cut: &Cut, how_to_get_the_rest: &str) -> Option<Value> {
    let ((section, shown, total), others) = cut.sections.split_first()?;
    let mut entry = json!({
        "section": section, "shown": shown, "total": total, "how_to_get_the_rest": how_to_get_the_rest,
    });
    if let (Value::Object(entry), false) = (&mut entry, others.is_empty()) {
        let also: Vec<Value> = others
            .iter()
            .take(NAMED)
            .map(|(section, shown, total)| json!({"section": section, "shown": shown, "total": total}))
            .collect();
        entry.insert("sections_cut".to_owned(), json!(cut.sections.len()));
        entry.insert("also".to_owned(), json!(also));
    }
    Some(entry)
}

/// The length of a value as compact JSON, in characters.
pub(super) fn length(value: &Value) -> usize {
    /// Counts characters instead of keeping them: continuation bytes of UTF-8 start no character.
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither a `Value` nor a counter can fail to be written.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

fn to_triangles(answer: &mut Value) -> bool {
    let mut turned = false;
    if let Some(Value::Object(matrices)) = answer.get_mut("matrices") {
        for matrix in matrices.values_mut() {
            turned |= to_triangle(matrix);
        }
    }
    for (_, measures) in answer.get_mut("statistics").and_then(Value::as_object_mut).into_iter().flatten() {
        for measure in MEASURES {
            turned |= measures.get_mut(measure).is_some_and(to_triangle);
        }
    }
    for name in ["macro_composite_matrix", "macro_etf_matrix"] {
        if let Some(matrix) = answer.get_mut("overlays").and_then(|overlays| overlays.get_mut(name)) {
            turned |= to_triangle(matrix);
        }
    }
    turned
}

/// Turns {row: {column: r}} into {labels, rows: lower triangle}; leaves what is none alone.
fn to_triangle(matrix: &mut Value) -> bool {
    let Value::Object(rows) = &*matrix else { return false };
    if rows.contains_key("labels") || !rows.values().all(Value::is_object) {
        return false;
    }
    let labels: Vec<&String> = rows.keys().collect();
    let triangle: Vec<Vec<&Value>> = labels
        .iter()
        .enumerate()
        .map(|(i, row)| labels[..=i].iter().map(|column| &rows[*row][*column]).collect())
        .collect();
    *matrix = json!({ "labels": labels, "rows": triangle });
    true
}

/// What can be cut: the tables, lists and texts at the top, and those one level down in sections made of several.
fn sections(answer: &Value) -> Vec<(Vec<String>, &Value)> {
    let mut found = Vec::new();
    for (name, value) in answer.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            // What tells the reader how to read the rest stays whole.
            ("note" | "status" | "analysis_type" | "invalid_sections" | "not_computed" | "windows" | "more", _) => {}
            (
                "matrices" | "overlays" | "composites" | "analysis_metadata" | "data_quality" | "rankings"
                | "performance" | "insights" | "top_performers" | "bottom_performers",
                Value::Object(parts),
            ) => {
                let parts = parts.iter().filter(|(_, value)| entries(value) > 0);
                found.extend(parts.map(|(part, value)| (vec![name.clone(), part.clone()], value)));
            }
            // A measure of one matrix is as large as the matrix: each is cut for itself, not one for another.
            ("statistics", Value::Object(parts)) => {
                for (part, value) in parts {
                    let measures = MEASURES.iter().filter_map(|measure| Some((*measure, value.get(*measure)?)));
                    let of_matrix: Vec<_> = measures.filter(|_| part != "rate_sensitivity").collect();
                    if of_matrix.is_empty() && entries(value) > 0 {
                        found.push((vec![name.clone(), part.clone()], value));
                    }
                    let path = |measure: &str| vec![name.clone(), part.clone(), measure.to_owned()];
                    found.extend(of_matrix.into_iter().map(|(measure, value)| (path(measure), value)));
                }
            }
            // Per matrix or pair, and per window length.
            ("rolling" | "rolling_series", Value::Object(parts)) => {
                for (part, windows) in parts.iter().filter_map(|(part, value)| Some((part, value.as_object()?))) {
                    let path = |window: &String| vec![name.clone(), part.clone(), window.clone()];
                    let filled = windows.iter().filter(|(_, value)| entries(value) > 0);
                    found.extend(filled.map(|(window, value)| (path(window), value)));
                }
            }
            (_, value) if entries(value) > 0 => found.push((vec![name.clone()], value)),
            _ => {}
        }
    }
    found
}

fn entries(value: &Value) -> usize {
    match value {
        Value::Object(fields) => match fields.get("labels") {
            Some(Value::Array(labels)) if fields.contains_key("rows") => labels.len(),
            _ => fields.len(),
        },
        Value::Array(items) => items.len(),
        // A word or a date is no list of lines.
        Value::String(text) if text.len() > 200 => text.lines().count(),
        _ => 0,
    }
}

fn resolve<'a>(answer: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(answer, |value, key| value.get_mut(key))
}

/// Drops entries from the end until `excess` characters are gone or none is left; what is shown, and of how many.
fn shorten(section: &mut Value, excess: usize) -> (usize, usize) {
    let total = entries(section);
    let mut gone = 0;
    let mut shown = total;
    // A comma, and for fields a name with quotes and colon, go with each entry.
    match section {
        Value::Object(fields) if fields.contains_key("labels") && fields.contains_key("rows") => {
            let drop_last = |fields: &mut Map<String, Value>, key: &str| match fields.get_mut(key) {
                Some(Value::Array(items)) => items.pop().map_or(0, |item| length(&item) + 1),
                _ => 0,
            };
            while gone < excess && shown > 0 {
                gone += drop_last(fields, "labels") + drop_last(fields, "rows");
                shown -= 1;
            }
        }
        Value::Object(fields) => {
            while gone < excess && shown > 0 {
                let Some(last) = fields.keys().next_back().cloned() else { break };
                gone += fields.remove(&last).map_or(0, |value| length(&value) + last.chars().count() + 4);
                shown -= 1;
            }
        }
        Value::Array(items) => {
            while gone < excess && shown > 0 {
                gone += items.pop().map_or(0, |item| length(&item) + 1);
                shown -= 1;
            }
        }
        Value::String(text) => {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            while gone < excess && shown > 0 {
                shown -= 1;
                // In JSON a line ends with two characters.
                gone += lines[shown].chars().count() + 2;
            }
            *text = lines[..shown].join("\n");
        }
        _ => {}
    }
    (shown, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(size: usize) -> Value {
        let row =
            |i: usize| Value::Object((0..size).map(|j| (format!("T{j}"), json!(((i * j) % 7) as f64 / 7.0))).collect());
        Value::Object((0..size).map(|i| (format!("T{i}"), row(i))).collect())
    }

    #[test]
    fn what_fits_is_left_alone() {
        let mut answer = json!({"status": "success", "matrices": {"style": nested(4)}});
        let before = answer.clone();
        assert_eq!(fit(&mut answer, 10_000), None);
        assert_eq!(answer, before);
    }

    #[test]
    fn a_nested_matrix_becomes_a_triangle_before_anything_is_cut() {
        let mut answer = json!({"status": "success", "matrices": {"style": nested(30)}});
        let whole = answer["matrices"]["style"].clone();
        let limit = length(&answer) / 2;
        let cut = fit(&mut answer, limit).unwrap();
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
        let cut = fit(&mut answer, 6_000).unwrap();
        let (section, shown, total) = &cut.sections[0];
        assert_eq!((section.as_str(), *total, cut.sections.len()), ("factors", 200, 1));
        assert_eq!(answer["factors"].as_object().unwrap().len(), *shown);
        assert!(*shown > 60 && length(&answer) + OVERHEAD <= 6_000, "{shown}");
        assert_eq!(answer["by_category"], json!({"style": 1}));
        assert_eq!(truncated(&cut, "there").unwrap()["total"], 200);
    }

    #[test]
    fn large_sections_are_cut_to_a_common_size() {
        let long = |n: usize| (0..n).map(|i| json!({"ticker": format!("T{i}"), "v": i})).collect::<Vec<_>>();
        let mut answer = json!({"rankings": {"1m": long(300), "3m": long(200), "6m": long(5)}, "factors": {"A": 1}});
        let cut = fit(&mut answer, 4_000).unwrap();
        assert_eq!(cut.sections.len(), 2);
        assert!(length(&answer) + OVERHEAD <= 4_000);
        let shown = |window: &str| answer["rankings"][window].as_array().unwrap().len();
        assert!(shown("1m").abs_diff(shown("3m")) <= 2 && shown("6m") == 5, "{} {}", shown("1m"), shown("3m"));
        assert_eq!(truncated(&cut, "there").unwrap()["also"].as_array().unwrap().len(), 1);
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
            let Some(cut) = fit(&mut answer, limit) else { continue };
            if let (Value::Object(fields), Some(entry)) = (&mut answer, truncated(&cut, &"x".repeat(200))) {
                fields.insert("truncated".to_owned(), entry);
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
            let cut = fit(&mut answer, limit).unwrap();
            assert!(length(&answer) + OVERHEAD <= limit, "{} of {limit}", length(&answer));
            let shown = |window: &str| answer["rolling"]["industry"][window].as_array().unwrap().len();
            assert!(shown("12").abs_diff(shown("36")) <= 1 && shown("12") > 0, "{limit}");
            assert_eq!(answer["rolling"]["industry"]["12"][0], whole["rolling"]["industry"]["12"][0]);
            assert!(cut.sections[0].0.starts_with("rolling.industry."), "{:?}", cut.sections);
        }
        let kept = only(whole.as_object().unwrap(), &[Section::Rolling]);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["rolling", "rolling_series"]);
    }

    #[test]
    fn overlays_come_back_nested() {
        let full =
            json!({"overlays": {"rate_sensitivity": {"TLT": {}}, "market_sensitivity": {"XLF": {}}}, "matrices": {}});
        let full = full.as_object().unwrap();
        let kept = only(full, &[Section::RateSensitivity, Section::MacroEtf]);
        assert_eq!(Value::Object(kept), json!({"overlays": {"rate_sensitivity": {"TLT": {}}}}));
        let both = only(full, &[Section::MarketSensitivity, Section::RateSensitivity]);
        assert_eq!(both["overlays"].as_object().unwrap().len(), 2);
    }
}
