//! The four overlays together; each is a section of its own.

use factor_analytics::sections::overlays::{Overlay, OverlayRow};
use indexmap::IndexMap;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::{
    Section, placed,
    spec::{Full, Schemas, Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind},
    answer::{
        Fields,
        markdown::{decimal, table},
    },
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::{ListSizes, Query},
        summary,
    },
};

pub(super) const SPEC: Spec =
    Spec { summary: at(20, put_summary), ..Spec::of(Some(AnalysisKind::Correlations), 20, put_full, schema) };

/// A section that is a part of `overlays`, at this place in it.
pub(super) const fn part(place: u8, full: Full, schema: Schemas) -> Spec {
    Spec { parent: Some(Section::Overlays), ..Spec::of(Some(AnalysisKind::Correlations), place, full, schema) }
}

fn put_full(answer: &AnalysisAnswer, fields: &mut Fields) {
    let mut overlays = Fields::rounded(answer.query.rounding());
    for (_, put) in placed(|spec| (spec.parent == Some(Section::Overlays)).then_some(spec.full)) {
        put(answer, &mut overlays);
    }
    fields.put_filled("overlays", overlays);
}

fn put_summary(answer: &AnalysisAnswer, lists: ListSizes, fields: &mut Fields) {
    let mut overlays = Fields::rounded(summary::ROUNDING);
    for (_, put) in placed(|spec| spec.summary.filter(|_| spec.parent == Some(Section::Overlays))) {
        put(answer, lists, &mut overlays);
    }
    fields.put_filled("overlays", overlays);
}

fn schema(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
    let properties: serde_json::Map<String, serde_json::Value> = Section::Overlays
        .parts()
        .flat_map(|part| (part.spec().schema)(generator))
        .map(|(name, schema)| (name.to_owned(), schema.into()))
        .collect();
    let schema = json_schema!({"type": "object", "properties": properties, "additionalProperties": false});
    vec![("overlays", schema)]
}

/// How long a part took.
pub(super) fn put_timing(analysis: &Analysis, name: &str, fields: &mut Fields) {
    fields.put(format!("{name}_ms"), &analysis.timings().get(name));
}

/// The rows of an overlay as {row: {column: r}}.
pub(super) struct Rows<'a>(pub(super) &'a Overlay);

impl<'a> Serialize for Rows<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = &self.0.columns;
        let row = |row: &'a OverlayRow| Mapped(move || columns.iter().zip(row.values.iter().map(|pair| pair.r)));
        serializer.collect_map(self.0.rows.iter().map(|of| (&of.name, row(of))))
    }
}

/// What an iterator gives, as a map.
struct Mapped<F>(F);

impl<K: Serialize, T: Serialize, I: Iterator<Item = (K, T)>, F: Fn() -> I> Serialize for Mapped<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)())
    }
}

/// The rows of an overlay that are most positively, most negatively and least correlated with a column.
#[derive(Serialize)]
pub(super) struct Extremes<'a> {
    highest: IndexMap<&'a str, f64>,
    lowest: IndexMap<&'a str, f64>,
    least_sensitive: IndexMap<&'a str, f64>,
}

/// Per column the extremes, `size` of each at most.
pub(super) fn extremes(overlay: &Overlay, size: usize) -> IndexMap<&String, Extremes<'_>> {
    let column = |at: usize| {
        let mut rows: Vec<(&str, f64)> =
            overlay.rows.iter().filter_map(|row| Some((row.name.as_str(), row.values[at].r?))).collect();
        rows.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let highest = rows.iter().copied().take(size.min(rows.len().div_ceil(2))).collect();
        let lowest = rows.iter().rev().copied().take(size.min(rows.len() / 2)).collect();
        rows.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then_with(|| a.0.cmp(b.0)));
        rows.truncate(size.min(3));
        Extremes { highest, lowest, least_sensitive: rows.into_iter().collect() }
    };
    overlay.columns.iter().enumerate().map(|(at, name)| (name, column(at))).collect()
}

/// The highest and lowest rows of an overlay under a title.
pub(super) fn write_table(text: &mut String, title: &str, overlay: &Overlay, query: &Query) {
    *text += &format!("\n## {title}\n\n");
    let header: Vec<&str> = ["row", "category"].into_iter().chain(overlay.columns.iter().map(String::as_str)).collect();
    // Sorted by the ten-year yield where it is among the columns, the extremes first and last.
    let by = overlay.columns.iter().position(|name| name == "UST10Y").unwrap_or(0);
    let mut sorted: Vec<_> = overlay.rows.iter().filter(|row| row.values[by].r.is_some()).collect();
    sorted.sort_by(|a, b| b.values[by].r.unwrap_or_default().total_cmp(&a.values[by].r.unwrap_or_default()));
    let shown = query.lists.factors.min(sorted.len());
    let (first, last) = (shown.div_ceil(2), shown / 2);
    let chosen = sorted.iter().take(first).chain(sorted.iter().skip(sorted.len() - last));
    let row = |row: &&OverlayRow| {
        let cells = row.values.iter().map(|pair| decimal(pair.r, 2));
        [row.name.clone(), row.category.to_string()].into_iter().chain(cells).collect()
    };
    if shown < sorted.len() {
        let by = &overlay.columns[by];
        *text += &format!("The {first} highest and {last} lowest of {} by {by}.\n\n", sorted.len());
    }
    table(text, &header, 2, chosen.map(row).collect());
}
