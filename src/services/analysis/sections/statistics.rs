//! How sure the matrices and the rate overlay are.

use std::fmt::Write as _;

use factor_analytics::{inference::MatrixStatistics, sections::statistics::RateStatistics};
use indexmap::IndexMap;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    matrices::{is_of_few, of_pairs},
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{AnalysisKind, Report},
    answer::{
        Fields, Part, Rounding,
        markdown::{decimal, table},
    },
    services::{
        analysis::{
            answer::AnalysisAnswer,
            arguments::ListSizes,
            summary::{self, P_VALUES},
        },
        common_args::USUAL_PRECISION,
    },
};

/// What is said of each row of the rate overlay, per maturity.
type RateRows = IndexMap<String, IndexMap<String, RateStatistics>>;

/// The maturity by which durations are sorted, where it is there.
const LEADING: &str = "UST10Y";

pub(super) const SPEC: Spec = Spec {
    summary: at(30, put_summary),
    report: at(40, write_report),
    convention: at(80, |analysis| match analysis.report() {
        Report::Correlations(report) if report.statistics.is_some() => Some((
            "statistics",
            "95% intervals by Fisher's z; p two-sided, t with n - 2; p_adjusted by Benjamini and Hochberg within each matrix; return_per_100bp: least squares on one yield's change, with the t and p (normal) of its Newey-West error; effective_duration = -100 return_per_100bp; rows by the slope at UST10Y, lowest first",
        )),
        _ => None,
    }),
    ..Spec::of(Some(AnalysisKind::Correlations), 30, put_full, schema)
};

/// Per matrix the number of rows, the interval and the p-values, each laid out like the matrix; then the rate overlay's.
fn put_full(answer: &AnalysisAnswer, fields: &mut Fields) {
    let Some(report) = answer.correlations() else { return };
    let Some(statistics) = &report.statistics else { return };
    let (rounding, room) = (answer.query.rounding(), fields.room());
    // A p-value says no more with more digits; who asks for more gets them.
    let of_p = if answer.query.common.precision > USUAL_PRECISION { rounding } else { P_VALUES };
    let of_matrices = statistics.matrices.iter().filter_map(|(name, of)| {
        let matrix = report.matrices.get(name)?;
        let measure = |rounding: Rounding, value: &dyn Fn((usize, usize)) -> Option<f64>| {
            of_pairs(answer, matrix, (rounding, room), |i, j| value((i, j)))
        };
        let bound = |pick: fn((f64, f64)) -> f64| move |at| of.interval(matrix, at).map(pick);
        let measures = [
            ("n", of_pairs(answer, matrix, (rounding, room), |i, j| matrix.rows[(i, j)])),
            ("interval_low", measure(rounding, &bound(|(low, _)| low))),
            ("interval_high", measure(rounding, &bound(|(_, high)| high))),
            ("p", measure(of_p, &|at| of.p(matrix, at))),
            ("p_adjusted", measure(of_p, &|at| of.adjusted(at))),
        ];
        let measures = measures.into_iter().map(|(name, part)| (name.to_owned(), part));
        Some((name.clone(), Part::Fields(measures.collect())))
    });
    let of_rates = statistics.rate_sensitivity.iter();
    let rounded = |cell: &RateStatistics| RateStatistics { p: cell.p.map(|p| of_p.round(p)), ..cell.clone() };
    let of_rates = of_rates.map(|rows| {
        let cells = |row: &IndexMap<String, RateStatistics>| -> IndexMap<String, RateStatistics> {
            row.iter().map(|(column, cell)| (column.clone(), rounded(cell))).collect()
        };
        let rows: RateRows = rows.iter().map(|(name, row)| (name.clone(), cells(row))).collect();
        ("rate_sensitivity".to_owned(), rounding.write(&rows))
    });
    fields.put_part("statistics", Part::Fields(of_matrices.chain(of_rates).collect()));
}

fn schema(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
    let matrix = schemas::matrix();
    let measures = ["n", "interval_low", "interval_high", "p", "p_adjusted"].map(|name| (name.to_owned(), &matrix));
    let measures = serde_json::json!(IndexMap::<String, &Schema>::from(measures));
    let rates = generator.subschema_for::<RateRows>();
    let schema = json_schema!({
        "type": "object",
        "properties": {"rate_sensitivity": rates},
        "additionalProperties": {"type": "object", "properties": measures, "additionalProperties": false},
    });
    vec![("statistics", schema)]
}

fn put_summary(answer: &AnalysisAnswer, _: ListSizes, fields: &mut Fields) {
    let Some(report) = answer.correlations() else { return };
    let has_pairs = |name: &String| report.matrices.get(name).is_some_and(|matrix| is_of_few(answer, matrix));
    let matrices = report.statistics.iter().flat_map(|statistics| &statistics.matrices);
    fields.put_filled("statistics", in_short(matrices.filter(|(name, _)| !has_pairs(name))));
}

/// What the tests of a matrix amount to.
#[derive(Serialize)]
struct TestsSummary {
    pairs: usize,
    p_under_5pct: usize,
    expected_by_chance: f64,
    p_adjusted_under_5pct: usize,
    fewest_n: Option<usize>,
}

/// Per matrix what its tests amount to. A few factors have theirs pair by pair, and the slopes stand in the rate overlay.
fn in_short<'a>(of_matrices: impl Iterator<Item = (&'a String, &'a MatrixStatistics)>) -> Fields {
    let mut short = Fields::rounded(summary::ROUNDING);
    for (name, of) in of_matrices {
        let tests = TestsSummary {
            pairs: of.tests.pairs,
            p_under_5pct: of.tests.significant,
            expected_by_chance: of.tests.expected_by_chance(),
            p_adjusted_under_5pct: of.tests.after_adjustment,
            fewest_n: of.tests.fewest_rows,
        };
        short.put(name.as_str(), &tests);
    }
    short
}

/// The rows with the largest durations by one maturity, in the order of the table: what loses most when yields rise stands
/// first.
fn largest<'a>(rows: &'a RateRows, by: &str, size: usize) -> Vec<(&'a String, &'a IndexMap<String, RateStatistics>)> {
    let with_length = rows.iter().enumerate().filter_map(|(at, (name, row))| {
        let length = row.get(by)?.effective_duration?.abs();
        Some((at, length, (name, row)))
    });
    let mut longest: Vec<_> = with_length.collect();
    longest.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.2.0.cmp(b.2.0)));
    longest.truncate(size);
    longest.sort_by_key(|(at, ..)| *at);
    longest.into_iter().map(|(.., row)| row).collect()
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let statistics = answer.correlations().and_then(|report| report.statistics.as_ref());
    if let Some(rows) = statistics.and_then(|statistics| statistics.rate_sensitivity.as_ref()) {
        let _ = write!(text, "\n## Effective durations (standard errors)\n\n");
        write_durations(text, rows, answer.query.lists);
    }
}

/// The largest durations, by the ten-year yield where it is among the maturities.
fn write_durations(text: &mut String, rows: &RateRows, lists: ListSizes) {
    let Some(first) = rows.values().next() else { return };
    let by = first.keys().find(|name| *name == LEADING).or_else(|| first.keys().next());
    let cell = |cell: &RateStatistics| match (cell.effective_duration, cell.standard_error) {
        (Some(duration), Some(error)) => {
            format!("{} ({})", decimal(Some(duration), 2), decimal(Some(100.0 * error), 2))
        }
        (Some(duration), None) => decimal(Some(duration), 2),
        _ => String::new(),
    };
    let lines = by.map_or_else(Vec::new, |by| largest(rows, by, lists.factors)).into_iter();
    let lines = lines.map(|(name, row)| std::iter::once(name.clone()).chain(row.values().map(cell)).collect());
    let header: Vec<&str> = std::iter::once("row").chain(first.keys().map(String::as_str)).collect();
    table(text, &header, 1, lines.collect());
}
