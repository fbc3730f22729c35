//! The four overlays together; each is a section of its own.

use std::{cmp::Ordering, collections::BTreeSet};

use chrono::NaiveDate;
use factor_analytics::sections::{
    overlays::{Overlay, OverlayRow},
    statistics::RateStatistics,
};
use factor_types::Category;
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
        Fields, Part, Rounding,
        markdown::{decimal, table},
    },
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::{ListSizes, Query},
        summary::{self, P_VALUES},
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

/// What a summary shows of an overlay.
pub(super) struct InShort<'a> {
    /// The rows of a list.
    pub(super) size: usize,
    /// As many rows as this are one table.
    pub(super) most: usize,
    /// The rows of the window.
    pub(super) window: usize,
    /// What stopped before the window's end, with the date of its last price.
    pub(super) stopped: IndexMap<&'a str, NaiveDate>,
    /// The categories asked for, where the call names some.
    pub(super) categories: Option<&'a BTreeSet<Category>>,
    /// The slope of each row on each column, where it was taken.
    pub(super) slopes: Option<&'a IndexMap<String, IndexMap<String, RateStatistics>>>,
    /// True where lists have the p-values of the slopes; tables always do.
    pub(super) p_values: bool,
}

/// A row with its correlation with a column, in a list.
type Cell<'a> = (&'a OverlayRow, f64);

impl<'a> InShort<'a> {
    /// Per column its rows: all of them where there are few, else those most positively, most negatively and least correlated
    /// with it. A column without any value is left out, and a warning says why it has none.
    pub(super) fn of(&self, overlay: &'a Overlay) -> Fields {
        let mut columns = Fields::rounded(summary::ROUNDING);
        for (at, name) in overlay.columns.iter().enumerate() {
            let is_asked = |row: &&OverlayRow| self.categories.is_none_or(|asked| asked.contains(&row.category));
            let rows = overlay.rows.iter().filter(is_asked);
            let cells: Vec<Cell<'a>> = rows.filter_map(|row| Some((row, row.values[at].r?))).collect();
            if !cells.is_empty() {
                columns.put_part(name.as_str(), Part::Fields(self.column(overlay, (at, name), cells)));
            }
        }
        columns
    }

    fn column(&self, overlay: &'a Overlay, (at, name): (usize, &'a str), mut cells: Vec<Cell<'a>>) -> Fields {
        let mut column = Fields::rounded(summary::ROUNDING);
        let most = cells.iter().map(|(row, _)| row.values[at].n).max().unwrap_or_default();
        let by_name = |a: &Cell<'_>, b: &Cell<'_>| a.0.name.cmp(&b.0.name);
        let slope = |cell: &Cell<'_>| self.slope(cell.0, name).and_then(|of| of.return_per_100bp);
        cells.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| by_name(a, b)));
        let shown: Vec<Cell<'a>> = if cells.len() <= self.most {
            // What loses most when yields rise stands first.
            cells.sort_by(|a, b| slope(a).zip(slope(b)).map_or(Ordering::Equal, |(a, b)| a.total_cmp(&b)));
            column.put_part("rows", self.table(&cells, name, true));
            cells
        } else {
            let highest: Vec<_> = cells.iter().copied().take(self.size.min(cells.len().div_ceil(2))).collect();
            let lowest: Vec<_> = cells.iter().rev().copied().take(self.size.min(cells.len() / 2)).collect();
            cells.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then_with(|| by_name(a, b)));
            cells.truncate(self.size.min(3));
            column.put_part("highest", self.table(&highest, name, self.p_values));
            column.put_part("lowest", self.table(&lowest, name, self.p_values));
            let least: IndexMap<&str, f64> = cells.iter().map(|(row, r)| (row.name.as_str(), *r)).collect();
            column.put("least_sensitive", &least);
            highest.into_iter().chain(lowest).chain(cells).collect()
        };
        let span = overlay.spans[at];
        column.put("observations", &span.rows);
        if span.rows < self.window {
            column.put_some("first", span.first.as_ref());
            column.put_some("last", span.last.as_ref());
        }
        // In the order of the overlay, each once.
        let is_shown = |row: &&OverlayRow| shown.iter().any(|(shown, _)| shown.name == row.name);
        let rows = || overlay.rows.iter().filter(is_shown).map(|row| (row.name.as_str(), row));
        let stopped: IndexMap<_, _> = rows().filter_map(|(name, _)| Some((name, *self.stopped.get(name)?))).collect();
        let fewer: IndexMap<_, _> =
            rows().map(|(name, row)| (name, row.values[at].n)).filter(|(_, n)| *n < most).collect();
        column.put_some("stopped", Some(&stopped).filter(|stopped| !stopped.is_empty()));
        column.put_some("fewer_periods", Some(&fewer).filter(|fewer| !fewer.is_empty()));
        column
    }

    fn slope(&self, row: &OverlayRow, column: &str) -> Option<&'a RateStatistics> {
        self.slopes?.get(&row.name)?.get(column)
    }

    /// Rows by name: the correlation, and beside it the slope where there is one.
    fn table(&self, cells: &[Cell<'_>], column: &str, p_values: bool) -> Part {
        let of_cell = |(row, r): &Cell<'_>| {
            let part = match self.slope(row, column) {
                Some(slope) => Part::Fields(beside_its_slope(*r, slope, p_values)),
                None => summary::ROUNDING.write(r),
            };
            (row.name.clone(), part)
        };
        Part::Fields(cells.iter().map(of_cell).collect::<Fields>().into_table())
    }
}

/// A correlation and the slope with its error, t and, where wanted, p: one inference, that of the slope.
fn beside_its_slope(r: f64, slope: &RateStatistics, p_value: bool) -> Fields {
    let mut cell = Fields::rounded(Rounding::Significant(4));
    cell.put_part("r", summary::ROUNDING.write(&r));
    cell.put("return_per_100bp", &slope.return_per_100bp);
    cell.put("standard_error", &slope.standard_error);
    cell.put_part("t", P_VALUES.write(&slope.t));
    if p_value {
        cell.put_part("p", P_VALUES.write(&slope.p));
    }
    cell
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

    /// Lists of this length, in a window of the hundred rows that all columns have, with nothing that stopped.
    fn lists<'a>(size: usize) -> InShort<'a> {
        let stopped = IndexMap::new();
        InShort { size, most: 0, window: 100, stopped, categories: None, slopes: None, p_values: false }
    }

    fn of_window(overlay: &Overlay, size: usize) -> Value {
        lists(size).of(overlay).json().value()
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
        let found = of_window(&found, 2);
        assert_eq!(found["SPY"]["highest"], json!({"C": 0.9, "E": 0.5}));
        assert_eq!(found["SPY"]["lowest"], json!({"B": -0.7, "F": -0.4}));
        assert_eq!(names(&found["SPY"]["highest"]), ["C", "E"], "the highest first");
        assert_eq!(names(&found["SPY"]["lowest"]), ["B", "F"], "the lowest first");
        assert_eq!(names(&found["SPY"]["least_sensitive"]), ["D", "A"]);
    }

    #[test]
    fn no_row_is_among_the_highest_and_the_lowest() {
        let three = of_window(&of_one(&[("A", 0.1), ("B", 0.2), ("C", 0.3)]), 5);
        assert_eq!((names(&three["SPY"]["highest"]), names(&three["SPY"]["lowest"])), (vec!["C", "B"], vec!["A"]));
        let few = InShort { most: 3, ..lists(5) }.of(&of_one(&[("A", 0.1), ("B", 0.3)])).json().value();
        assert_eq!(few["SPY"], json!({"rows": {"B": 0.3, "A": 0.1}, "observations": 100}));
        assert_eq!(names(&few["SPY"]["rows"]), ["B", "A"], "each once, the highest first");
    }

    #[test]
    fn rows_and_what_stopped_stand_beside_and_a_column_without_values_is_left_out() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut two = overlay(&["UST2Y", "UST10Y"], &[("A", &[None, Some(0.5)]), ("OLD", &[None, Some(-0.25)])]);
        two.spans[1] = ColumnRows { rows: 60, first: Some(day("2020-01-31")), last: Some(day("2024-12-31")) };
        let stopped = IndexMap::from([("OLD", day("2023-05-31")), ("GONE", day("2023-05-31"))]);
        let found = InShort { window: 120, stopped, ..lists(5) }.of(&two).json().value();
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
        let found = |size: usize| of_window(&equal, size)["SPY"].clone();
        assert_eq!(names(&found(10)["least_sensitive"]), ["A", "B", "C"]);
        assert_eq!(names(&found(10)["highest"]), ["E", "A", "D"]);
        assert_eq!(names(&found(1)["least_sensitive"]), ["A"]);
    }

    #[test]
    fn rows_with_slopes_stand_by_them_with_error_and_t_and_only_those_asked_for() {
        let of = |slope: f64, p| RateStatistics {
            n: 100,
            return_per_100bp: Some(slope),
            standard_error: Some(0.012_345),
            t: Some(slope / 0.012_345),
            p: Some(p),
            effective_duration: Some(-100.0 * slope),
        };
        let slopes = [("A", 0.05, 0.000_051_234), ("B", -0.2, 0.5), ("C", -0.1, 0.25)];
        let slopes =
            slopes.map(|(name, slope, p)| (name.to_owned(), IndexMap::from([("SPY".to_owned(), of(slope, p))])));
        let slopes = IndexMap::from(slopes);
        let rows = of_one(&[("A", 0.3), ("B", -0.5), ("C", -0.9)]);
        let table = InShort { most: 3, slopes: Some(&slopes), ..lists(5) }.of(&rows).json().value();
        assert_eq!(names(&table["SPY"]["rows"]), ["B", "C", "A"], "what loses most first");
        assert_eq!(
            table["SPY"]["rows"]["A"],
            // 0.05 / 0.012345 = 4.0502.
            json!({"r": 0.3, "return_per_100bp": 0.05, "standard_error": 0.01235, "t": 4.05, "p": 0.000_051_2})
        );
        let listed = InShort { slopes: Some(&slopes), ..lists(1) }.of(&rows).json().value();
        assert_eq!(names(&listed["SPY"]["lowest"]), ["C"]);
        assert!(listed["SPY"]["lowest"]["C"].get("p").is_none() && listed["SPY"]["lowest"]["C"]["t"] == json!(-8.1));
        let none = BTreeSet::from([Category::Cash]);
        assert!(InShort { categories: Some(&none), ..lists(5) }.of(&rows).is_empty());
    }

    #[test]
    fn a_row_without_a_value_is_left_out_of_its_column_alone() {
        let two =
            overlay(&["SPY", "QQQ"], &[("A", &[None, Some(0.5)]), ("B", &[Some(0.25), None]), ("C", &[None, None])]);
        let found = of_window(&two, 5);
        assert_eq!(names(&found), ["SPY", "QQQ"]);
        assert_eq!(found["SPY"]["highest"], json!({"B": 0.25}));
        assert_eq!(found["QQQ"]["highest"], json!({"A": 0.5}));
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
