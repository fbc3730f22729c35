//! Making an answer fit: only the sections asked for, and no more characters than asked for.

use serde_json::{Map, Value, json};

use super::sections::Section;

/// The sections named, out of the full answer; parts of `overlays` come back nested in one `overlays` object.
pub(super) fn only(full: &Map<String, Value>, include: &[Section]) -> Map<String, Value> {
    let mut kept = Map::new();
    for section in include {
        match section.path() {
            [key] => {
                if let Some(value) = full.get(*key) {
                    kept.insert((*key).to_owned(), value.clone());
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
    /// The sections that were cut, with how many of their entries are shown.
    pub(super) sections: Vec<(String, usize, usize)>,
}

/// Room for `truncated`, its link and a note.
const OVERHEAD: usize = 700;

/// Shortens `answer` to `limit` characters: nested matrices become triangles; then the largest section loses entries
/// from its end, and the next largest, until it fits. `None` when it fitted.
pub(super) fn fit(answer: &mut Value, limit: usize) -> Option<Cut> {
    if length(answer) <= limit {
        return None;
    }
    let mut cut = Cut { triangles: to_triangles(answer), sections: Vec::new() };
    loop {
        let excess = (length(answer) + OVERHEAD).saturating_sub(limit);
        // With triangles alone it may fit, and then there is nothing to tell but a note.
        if excess == 0 || (cut.sections.is_empty() && length(answer) + 200 <= limit) {
            return Some(cut);
        }
        let Some(path) = largest(answer, &cut) else { return Some(cut) };
        if let Some(section) = resolve(answer, &path) {
            let (shown, total) = shorten(section, excess);
            cut.sections.push((path.join("."), shown, total));
        }
    }
}

/// The `truncated` entry for a cut.
pub(super) fn truncated(cut: &Cut, how_to_get_the_rest: &str) -> Option<Value> {
    let ((section, shown, total), others) = cut.sections.split_first()?;
    let mut entry = json!({
        "section": section, "shown": shown, "total": total, "how_to_get_the_rest": how_to_get_the_rest,
    });
    if let (Value::Object(entry), false) = (&mut entry, others.is_empty()) {
        let others: Vec<Value> = others
            .iter()
            .map(|(section, shown, total)| json!({"section": section, "shown": shown, "total": total}))
            .collect();
        entry.insert("also".to_owned(), json!(others));
    }
    Some(entry)
}

/// The length of a value as compact JSON, in characters.
pub(super) fn length(value: &Value) -> usize {
    value.to_string().chars().count()
}

fn to_triangles(answer: &mut Value) -> bool {
    let mut turned = false;
    if let Some(Value::Object(matrices)) = answer.get_mut("matrices") {
        for matrix in matrices.values_mut() {
            turned |= to_triangle(matrix);
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

/// The path of the largest section that can still be cut: a table or list at the top, one of `matrices`, `overlays` or
/// `composites`, or a part of the metadata or data quality.
fn largest(answer: &Value, cut: &Cut) -> Option<Vec<String>> {
    let mut found: Vec<(usize, Vec<String>)> = Vec::new();
    let mut offer = |path: Vec<String>, value: &Value| {
        let already = cut.sections.iter().any(|(known, ..)| *known == path.join("."));
        if !already && entries(value) > 0 {
            found.push((length(value), path));
        }
    };
    for (name, value) in answer.as_object()? {
        match name.as_str() {
            "matrices" | "overlays" | "composites" | "analysis_metadata" | "data_quality" | "rankings" => {
                for (inner, value) in value.as_object().into_iter().flatten() {
                    offer(vec![name.clone(), inner.clone()], value);
                }
            }
            "per_factor" | "factors" | "industry_groups" | "by_category" | "top_performers" | "bottom_performers"
            | "formatted_report" | "top" | "bottom" | "insights" => offer(vec![name.clone()], value),
            _ => {}
        }
    }
    found.into_iter().max_by_key(|(size, _)| *size).map(|(_, path)| path)
}

fn entries(value: &Value) -> usize {
    match value {
        Value::Object(fields) => match fields.get("labels") {
            Some(Value::Array(labels)) if fields.contains_key("rows") => labels.len(),
            _ => fields.len(),
        },
        Value::Array(items) => items.len(),
        Value::String(text) => text.lines().count(),
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
        assert_eq!((section.as_str(), *total), ("factors", 200));
        assert_eq!(answer["factors"].as_object().unwrap().len(), *shown);
        assert!(*shown > 60 && length(&answer) + 300 <= 6_000, "{shown}");
        assert_eq!(answer["by_category"], json!({"style": 1}));
        assert_eq!(truncated(&cut, "there").unwrap()["total"], 200);
    }

    #[test]
    fn several_sections_are_cut_when_one_is_not_enough() {
        let long = |n: usize| (0..n).map(|i| json!({"ticker": format!("T{i}"), "v": i})).collect::<Vec<_>>();
        let mut answer = json!({"rankings": {"1m": long(300), "3m": long(280)}, "factors": {"A": 1}});
        let cut = fit(&mut answer, 2_000).unwrap();
        assert_eq!(cut.sections.len(), 2);
        assert!(length(&answer) <= 2_000);
        assert_eq!(truncated(&cut, "there").unwrap()["also"].as_array().unwrap().len(), 1);
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
