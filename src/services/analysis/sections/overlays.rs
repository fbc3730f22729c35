//! The four overlays together; each is a section of its own.

use chrono::NaiveDate;
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
    /// The periods that correlations with it can rest on.
    observations: usize,
    /// Label of the first, where the window has others.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<NaiveDate>,
    /// Label of the last, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<NaiveDate>,
    /// Those shown that stopped before the window's end, with the date of their last price.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    stopped: IndexMap<&'a str, NaiveDate>,
    /// The periods of those that rest on fewer than others.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    fewer_periods: IndexMap<&'a str, usize>,
}

/// Per column the extremes, `size` of each at most, in a window of so many rows; a column without any value is left out, and
/// a warning says why it has none.
pub(super) fn extremes<'a>(
    overlay: &'a Overlay,
    size: usize,
    (window, stopped): (usize, &IndexMap<&str, NaiveDate>),
) -> IndexMap<&'a String, Extremes<'a>> {
    let column = |at: usize| {
        let mut rows: Vec<(&str, f64)> =
            overlay.rows.iter().filter_map(|row| Some((row.name.as_str(), row.values[at].r?))).collect();
        rows.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let highest: IndexMap<&str, f64> = rows.iter().copied().take(size.min(rows.len().div_ceil(2))).collect();
        let lowest: IndexMap<&str, f64> = rows.iter().rev().copied().take(size.min(rows.len() / 2)).collect();
        rows.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then_with(|| a.0.cmp(b.0)));
        rows.truncate(size.min(3));
        let least_sensitive: IndexMap<&str, f64> = rows.into_iter().collect();
        let most = overlay.rows.iter().map(|row| row.values[at].n).max().unwrap_or_default();
        let is_shown = |name: &str| [&highest, &lowest, &least_sensitive].iter().any(|shown| shown.contains_key(name));
        let fewer = overlay.rows.iter().filter(|row| row.values[at].n < most && is_shown(&row.name));
        let fewer_periods = fewer.map(|row| (row.name.as_str(), row.values[at].n)).collect();
        let over = |row: &'a OverlayRow| Some((row.name.as_str(), *stopped.get(row.name.as_str())?));
        let stopped = overlay.rows.iter().filter(|row| is_shown(&row.name)).filter_map(over).collect();
        let span = overlay.spans[at];
        let dates = (span.rows < window).then_some((span.first, span.last));
        Extremes {
            observations: span.rows,
            first: dates.and_then(|(first, _)| first),
            last: dates.and_then(|(_, last)| last),
            stopped,
            highest,
            lowest,
            least_sensitive,
            fewer_periods,
        }
    };
    let known =
        overlay.columns.iter().enumerate().filter(|(at, _)| overlay.rows.iter().any(|row| row.values[*at].r.is_some()));
    known.map(|(at, name)| (name, column(at))).collect()
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

#[cfg(test)]
mod tests {
    use factor_analytics::{correlation::PairCorrelation, sections::overlays::ColumnRows};
    use factor_types::Category;
    use serde_json::{Value, json};

    use super::*;
    use crate::services::{analysis::arguments, common_args::tests::basis};

    fn overlay(columns: &[&str], rows: &[(&str, &[Option<f64>])]) -> Overlay {
        let row = |(name, values): &(&str, &[Option<f64>])| OverlayRow {
            name: (*name).to_owned(),
            category: Category::Style,
            composite: false,
            values: values.iter().map(|r| PairCorrelation { r: *r, n: 100 }).collect(),
        };
        Overlay {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            spans: vec![ColumnRows { rows: 100, ..ColumnRows::default() }; columns.len()],
            rows: rows.iter().map(row).collect(),
        }
    }

    /// The extremes in a window of the hundred rows that all columns have, with nothing that stopped.
    fn of_window(overlay: &Overlay, size: usize) -> IndexMap<&String, Extremes<'_>> {
        extremes(overlay, size, (100, &IndexMap::new()))
    }

    /// Against one column.
    fn of_one(rows: &[(&str, f64)]) -> Overlay {
        let values: Vec<[Option<f64>; 1]> = rows.iter().map(|(_, r)| [Some(*r)]).collect();
        let rows: Vec<(&str, &[Option<f64>])> =
            rows.iter().zip(&values).map(|((name, _), values)| (*name, &values[..])).collect();
        overlay(&["SPY"], &rows)
    }

    fn names(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    fn report(max_factors: usize, overlay: &Overlay) -> String {
        let Value::Object(arguments) = json!({"max_factors": max_factors}) else { panic!("no object") };
        let query = arguments::read(arguments, basis()).unwrap();
        let mut text = String::new();
        write_table(&mut text, "Rates", overlay, &query);
        text
    }

    #[test]
    fn extremes_are_the_highest_the_lowest_and_those_nearest_to_zero() {
        let found = of_one(&[("A", 0.1), ("B", -0.7), ("C", 0.9), ("D", -0.05), ("E", 0.5), ("F", -0.4)]);
        let found = json!(of_window(&found, 2));
        assert_eq!(found["SPY"]["highest"], json!({"C": 0.9, "E": 0.5}));
        assert_eq!(found["SPY"]["lowest"], json!({"B": -0.7, "F": -0.4}));
        assert_eq!(names(&found["SPY"]["highest"]), ["C", "E"], "the highest first");
        assert_eq!(names(&found["SPY"]["lowest"]), ["B", "F"], "the lowest first");
        assert_eq!(names(&found["SPY"]["least_sensitive"]), ["D", "A"]);
    }

    #[test]
    fn no_row_is_among_the_highest_and_the_lowest() {
        let three = json!(of_window(&of_one(&[("A", 0.1), ("B", 0.2), ("C", 0.3)]), 5));
        assert_eq!((names(&three["SPY"]["highest"]), names(&three["SPY"]["lowest"])), (vec!["C", "B"], vec!["A"]));
        let one = json!(of_window(&of_one(&[("A", -0.9)]), 5));
        assert_eq!(
            one["SPY"],
            json!({"highest": {"A": -0.9}, "lowest": {}, "least_sensitive": {"A": -0.9}, "observations": 100})
        );
    }

    #[test]
    fn rows_and_what_stopped_stand_beside_and_a_column_without_values_is_left_out() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut two = overlay(&["UST2Y", "UST10Y"], &[("A", &[None, Some(0.5)]), ("OLD", &[None, Some(-0.25)])]);
        two.spans[1] = ColumnRows { rows: 60, first: Some(day("2020-01-31")), last: Some(day("2024-12-31")) };
        let stopped = IndexMap::from([("OLD", day("2023-05-31")), ("GONE", day("2023-05-31"))]);
        let found = json!(extremes(&two, 5, (120, &stopped)));
        assert_eq!(names(&found), ["UST10Y"]);
        let ten = &found["UST10Y"];
        assert_eq!(
            (&ten["observations"], &ten["first"], &ten["last"]),
            (&json!(60), &json!("2020-01-31"), &json!("2024-12-31"))
        );
        assert_eq!(ten["stopped"], json!({"OLD": "2023-05-31"}));
    }

    #[test]
    fn at_most_three_rows_are_nearest_to_zero_and_equals_stand_by_name() {
        let equal = of_one(&[("D", 0.2), ("B", -0.2), ("A", 0.2), ("C", -0.2), ("E", 0.3)]);
        let found = |size: usize| json!(of_window(&equal, size))["SPY"].clone();
        assert_eq!(names(&found(10)["least_sensitive"]), ["A", "B", "C"]);
        assert_eq!(names(&found(10)["highest"]), ["E", "A", "D"]);
        assert_eq!(names(&found(1)["least_sensitive"]), ["A"]);
    }

    #[test]
    fn a_row_without_a_value_is_left_out_of_its_column_alone() {
        let two =
            overlay(&["SPY", "QQQ"], &[("A", &[None, Some(0.5)]), ("B", &[Some(0.25), None]), ("C", &[None, None])]);
        let found = json!(of_window(&two, 5));
        assert_eq!(names(&found), ["SPY", "QQQ"]);
        assert_eq!(found["SPY"]["highest"], json!({"B": 0.25}));
        assert_eq!(found["QQQ"]["highest"], json!({"A": 0.5}));
        assert_eq!(found["QQQ"]["lowest"], json!({}));
        let all = json!({
            "A": {"SPY": null, "QQQ": 0.5}, "B": {"SPY": 0.25, "QQQ": null}, "C": {"SPY": null, "QQQ": null},
        });
        assert_eq!(json!(Rows(&two)), all);
    }

    #[test]
    fn a_report_sorts_by_the_ten_year_yield_where_it_is_there() {
        let rows: [(&str, &[Option<f64>]); 3] =
            [("A", &[Some(0.9), Some(-0.5)]), ("B", &[Some(-0.9), Some(0.25)]), ("C", &[None, Some(-0.004)])];
        assert_eq!(
            report(15, &overlay(&["UST2Y", "UST10Y"], &rows)),
            "\n## Rates\n\n\
             | row | category | UST2Y | UST10Y |\n\
             |-----|----------|-------|--------|\n\
             | B   | style    | -0.90 |   0.25 |\n\
             | C   | style    |     - |   0.00 |\n\
             | A   | style    |  0.90 |  -0.50 |\n"
        );
        // By the first column otherwise; a row without a value there has no place.
        let text = report(15, &overlay(&["SPY", "QQQ"], &rows));
        let found: Vec<&str> = text.lines().skip(5).map(|line| &line[2..3]).collect();
        assert_eq!(found, ["A", "B"]);
    }

    #[test]
    fn a_long_report_has_the_first_and_the_last_and_says_of_how_many() {
        let eight = [("A", 0.8), ("B", 0.7), ("C", 0.6), ("D", 0.5), ("E", 0.4), ("F", 0.3), ("G", 0.2), ("H", 0.1)];
        let text = report(5, &of_one(&eight));
        assert!(text.contains("\n## Rates\n\nThe 3 highest and 2 lowest of 8 by SPY.\n\n| row "), "{text}");
        let found: Vec<&str> = text.lines().skip(7).map(|line| &line[2..3]).collect();
        assert_eq!(found, ["A", "B", "C", "G", "H"]);
        assert!(!report(8, &of_one(&eight)).contains("highest"), "all are shown");
        assert_eq!(report(5, &of_one(&[])).lines().count(), 5, "a head without rows");
    }
}
