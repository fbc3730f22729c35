//! Correlation matrices per category.

use std::fmt::Write as _;

use factor_analytics::{
    correlation::{CorrelationMatrix, Estimate, Method},
    inference::{self, MatrixStatistics},
    sections::insights::{CorrelatedPair, both_ends},
    stats,
};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;

use super::{
    Section, schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Report},
    answer::{
        Fields, Layout, Matrix, Part, Room, Rounding,
        markdown::{decimal, table, title},
    },
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::{ListSizes, Query},
        summary::{self, P_VALUES},
    },
};

pub(super) const SPEC: Spec = Spec {
    summary: at(10, put_summary),
    report: at(10, write_report),
    metadata: at(20, put_metadata),
    timings: at(10, put_timings),
    ..Spec::of(Some(AnalysisKind::Correlations), 10, put_full, |_| {
        vec![("matrices", schemas::map_of(&schemas::matrix()))]
    })
};

fn put_full(answer: &AnalysisAnswer, fields: &mut Fields) {
    let Some(shown) = shown(answer) else { return };
    let room = fields.room();
    let matrices = shown.map(|(name, matrix)| (name.clone(), laid_out(answer, matrix, room)));
    fields.put_part("matrices", Part::Fields(matrices.collect()));
}

/// A matrix in the layout asked for.
pub(super) fn laid_out(answer: &AnalysisAnswer, matrix: &CorrelationMatrix, room: Room) -> Part {
    of_pairs(answer, matrix, (answer.query.rounding(), room), |i, j| matrix.get(i, j))
}

/// Something of every pair of a matrix, laid out like it.
pub(super) fn of_pairs<T: Serialize>(
    answer: &AnalysisAnswer,
    matrix: &CorrelationMatrix,
    (rounding, room): (Rounding, Room),
    cell: impl Fn(usize, usize) -> T,
) -> Part {
    let layout = if answer.query.triangle { Layout::Triangle } else { Layout::Nested };
    Part::Matrix(Matrix::first_rows(&matrix.names, layout, rounding, room, cell))
}

/// The matrices that the answer shows, by their names.
pub(super) fn shown(answer: &AnalysisAnswer) -> Option<impl Iterator<Item = (&String, &CorrelationMatrix)>> {
    // A preset may want the insights of matrices that it does not show.
    let report = answer.correlations().filter(|_| answer.query.sections.has(Section::Matrices))?;
    Some(report.matrices.iter())
}

fn put_summary(answer: &AnalysisAnswer, lists: ListSizes, fields: &mut Fields) {
    let Some(shown) = shown(answer) else { return };
    let mut matrices = Fields::rounded(summary::ROUNDING);
    for (name, matrix) in shown {
        let part = match is_of_few(answer, matrix) {
            true => Part::Fields(of_few(answer, matrix)),
            false => answer.said_of(name, lists.per_matrix, || {
                summary::ROUNDING.write(&MatrixSummary::of(name, matrix, lists.per_matrix))
            }),
        };
        matrices.put_part(name.as_str(), part);
    }
    fields.put_filled("matrices", matrices);
}

/// A matrix of at most so many factors is shown pair by pair, each with how sure it is.
const FEW: usize = 3;

/// True for a matrix of a few factors.
pub(super) fn is_of_few(answer: &AnalysisAnswer, matrix: &CorrelationMatrix) -> bool {
    let panel = answer.analysis.study.panel();
    let is_factor = |name: &String| panel.named(name).is_some();
    matrix.size() <= FEW && matrix.names.iter().all(is_factor)
}

/// Every pair of a matrix: the correlation with its 95% interval and p-value, and beside Pearson's Spearman's. The number of
/// periods stands once where it is that of all pairs.
fn of_few(answer: &AnalysisAnswer, matrix: &CorrelationMatrix) -> Fields {
    let sliced = answer.analysis.study.sliced();
    let study = sliced.as_ref().unwrap_or(&answer.analysis.study);
    let mut few = Fields::rounded(summary::ROUNDING);
    few.put("size", &matrix.size());
    let pairs: Vec<_> = matrix.pairs().collect();
    let n = pairs.first().map(|(.., n)| *n).filter(|first| pairs.iter().all(|(.., n)| n == first));
    few.put_some("n", n.as_ref());
    let method = answer.correlations().map(|report| report.method).unwrap_or_default();
    let values = |name: &str| {
        let column = study.panel().named(name)?;
        Some(study.panel().column(column))
    };
    let mut table = Fields::rounded(summary::ROUNDING).into_table();
    for (i, j, r, rows) in pairs {
        let (a, b) = (&matrix.names[i], &matrix.names[j]);
        let mut pair = Fields::rounded(summary::ROUNDING);
        pair.put("r", &r);
        if n.is_none() {
            pair.put("n", &rows);
        }
        if let Some(of) = method.coefficient() {
            pair.put("interval", &inference::interval(r, rows, of));
            pair.put_part("p", P_VALUES.write(&inference::p_value(r, rows)));
        }
        if method == Method::Pearson
            && let Some((x, y)) = values(a).zip(values(b))
        {
            pair.put("spearman", &Method::Spearman.pair(x, y, study.min_observations).r);
        }
        table.put_part(format!("{a}/{b}"), Part::Fields(pair));
    }
    few.put_filled("pairs", table);
    few
}

/// A pair of a matrix.
#[derive(Serialize)]
struct PairLine {
    a: String,
    b: String,
    r: f64,
    n: usize,
}

/// Size, mean and median off the diagonal, and the extreme pairs with their row counts.
#[derive(Serialize)]
pub(super) struct MatrixSummary {
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    median: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    strongest: Vec<PairLine>,
    /// The lowest correlations, the most negative first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    most_negative: Vec<PairLine>,
}

impl MatrixSummary {
    pub(super) fn of(name: &str, matrix: &CorrelationMatrix, size: usize) -> Self {
        let mut values: Vec<f64> = matrix.pairs().map(|(_, _, r, _)| r).collect();
        let (strongest, most_negative) = both_ends(name, matrix, size);
        let lines = |pairs: Vec<CorrelatedPair>| {
            pairs.into_iter().map(|pair| PairLine { a: pair.a, b: pair.b, r: pair.correlation, n: pair.n }).collect()
        };
        Self {
            size: matrix.size(),
            mean: stats::mean(&values),
            median: stats::median(&mut values),
            strongest: lines(strongest),
            most_negative: lines(most_negative),
        }
    }
}

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let Some(report) = answer.correlations().filter(|_| answer.query.sections.has(Section::Matrices)) else { return };
    let per_matrix = answer.query.lists.per_matrix;
    for (name, matrix) in &report.matrices {
        let _ = write!(text, "\n## {} ({})\n\n", title(name), matrix.size());
        let statistics = report.statistics.as_ref().and_then(|statistics| statistics.matrices.get(name));
        if matrix.size() <= answer.query.lists.factors {
            write_whole(text, matrix);
            if statistics.is_some() {
                text.push('\n');
                write_pairs(text, name, matrix, (statistics, per_matrix));
            }
            continue;
        }
        let mut values: Vec<f64> = matrix.pairs().map(|(_, _, r, _)| r).collect();
        let (mean, median) = (decimal(stats::mean(&values), 2), decimal(stats::median(&mut values), 2));
        let _ = writeln!(text, "Mean correlation {mean}, median {median}.\n");
        write_pairs(text, name, matrix, (statistics, per_matrix));
    }
}

/// The extreme pairs, with how sure each is where that was computed.
pub(super) fn write_pairs(
    text: &mut String,
    name: &str,
    matrix: &CorrelationMatrix,
    (statistics, size): (Option<&MatrixStatistics>, usize),
) {
    let mut header = vec!["", "a", "b", "correlation", "periods"];
    if statistics.is_some() {
        header.extend(["95% interval", "adjusted p"]);
    }
    let at = |name: &str| matrix.names.iter().position(|known| known == name);
    let mut rows = Vec::new();
    let (strongest, lowest) = both_ends(name, matrix, size);
    for (what, pairs) in [("strongest", strongest), ("lowest", lowest)] {
        for pair in pairs {
            let place = at(&pair.a).zip(at(&pair.b));
            let mut row = vec![what.to_owned(), pair.a, pair.b, decimal(Some(pair.correlation), 2), pair.n.to_string()];
            if let Some((of, place)) = statistics.zip(place) {
                let (low, high) = of.interval(matrix, place).unzip();
                row.push(format!("{} to {}", decimal(low, 2), decimal(high, 2)));
                row.push(
                    of.adjusted(place).map_or_else(String::new, |p| {
                        if p < 0.0001 { "< 0.0001".to_owned() } else { format!("{p:.4}") }
                    }),
                );
            }
            rows.push(row);
        }
    }
    table(text, &header, 3, rows);
}

pub(super) fn write_whole(text: &mut String, matrix: &CorrelationMatrix) {
    let header: Vec<&str> = std::iter::once("").chain(matrix.names.iter().map(String::as_str)).collect();
    let row = |i: usize| {
        let cells = (0..matrix.size()).map(|j| decimal(matrix.get(i, j), 2));
        std::iter::once(matrix.names[i].clone()).chain(cells).collect()
    };
    table(text, &header, 1, (0..matrix.size()).map(row).collect());
}

fn put_metadata(analysis: &Analysis, query: &Query, metadata: &mut Fields) {
    let Report::Correlations(report) = analysis.report() else { return };
    let rounding = query.rounding();
    let each = report.matrices.iter().map(|(name, matrix)| {
        let mut facts = Fields::rounded(rounding);
        facts.put("rows", &matrix.size());
        facts.put("undefined_pairs", &matrix.undefined_pairs);
        facts.put("min_eigenvalue", &report.spectra.get(name).map(|spectrum| spectrum.min_eigenvalue));
        facts.put("observations", &(0..matrix.size()).map(|i| matrix.rows[(i, i)]).max());
        facts.extend(estimate(matrix, rounding));
        (name.clone(), Part::Fields(facts))
    });
    metadata.put_part("matrices", Part::Fields(each.collect::<Fields>().into_table()));
}

/// What the method says of a matrix among the overlays; nothing for plain pairs.
pub(super) fn put_overlay_metadata(name: &str, matrix: &CorrelationMatrix, query: &Query, metadata: &mut Fields) {
    let facts = estimate(matrix, query.rounding());
    if facts.is_empty() {
        return;
    }
    let mut table = match metadata.take("overlay_matrices") {
        Some(Part::Fields(table)) => table,
        _ => Fields::rounded(query.rounding()).into_table(),
    };
    table.put_part(name, Part::Fields(facts));
    metadata.put_part("overlay_matrices", Part::Fields(table));
}

fn estimate(matrix: &CorrelationMatrix, rounding: Rounding) -> Fields {
    let mut facts = Fields::rounded(rounding);
    match &matrix.estimate {
        Estimate::Pairwise => {}
        Estimate::Weighted(rows) => {
            let of = |pick: fn(f64, f64) -> f64| rows.iter().copied().reduce(pick);
            facts.put("n_eff", &json!({ "lowest": of(f64::min), "highest": of(f64::max) }));
        }
        Estimate::Shrunk(shrinkage) => {
            facts.put("kappa", &shrinkage.kappa);
            facts.put("intensity", &shrinkage.intensity);
            facts.put("mean_correlation", &shrinkage.mean_correlation);
            facts.put("complete_rows", &shrinkage.rows);
            facts.put("dropped", &shrinkage.dropped);
        }
    }
    facts
}

fn put_timings(analysis: &Analysis, _: &Query, fields: &mut Fields) {
    let per_category: IndexMap<&str, f64> =
        analysis.timings().iter().filter_map(|(name, took)| Some((name.strip_prefix("matrices:")?, *took))).collect();
    fields.put("total_corr_ms", &per_category.values().sum::<f64>());
    fields.put("per_category_corr_ms", &per_category);
}

#[cfg(test)]
mod tests {
    use factor_analytics::{
        correlation::{Coefficient, Shrinkage},
        inference::TestCounts,
    };
    use serde_json::Value;

    use super::{super::tests::matrix_of, *};

    fn summary(matrix: &CorrelationMatrix, size: usize) -> Value {
        json!(MatrixSummary::of("style", matrix, size))
    }

    /// The pairs of a list of a summary, as `A/B`.
    fn pairs(summary: &Value, list: &str) -> Vec<String> {
        let lines = summary[list].as_array().into_iter().flatten();
        lines.map(|pair| format!("{}/{}", pair["a"].as_str().unwrap(), pair["b"].as_str().unwrap())).collect()
    }

    fn pair_lines(matrix: &CorrelationMatrix, statistics: Option<&MatrixStatistics>, size: usize) -> String {
        let mut text = String::new();
        write_pairs(&mut text, "style", matrix, (statistics, size));
        text
    }

    #[test]
    fn a_summary_has_the_mean_the_median_and_the_extreme_pairs() {
        let found = summary(&matrix_of(&["A", "B", "C", "D"], &[0.5, -0.25, 0.25, 0.75, 0.0, 1.0]), 2);
        assert_eq!((&found["size"], &found["mean"], &found["median"]), (&json!(4), &json!(0.375), &json!(0.375)));
        assert_eq!(pairs(&found, "strongest"), ["C/D", "A/D"]);
        assert_eq!(pairs(&found, "most_negative"), ["A/C", "B/D"]);
        assert_eq!(found["most_negative"][0], json!({"a": "A", "b": "C", "r": -0.25, "n": 100}));
    }

    #[test]
    fn a_small_matrix_has_its_pairs_halved_between_the_lists() {
        let three = summary(&matrix_of(&["A", "B", "C"], &[0.1, 0.2, 0.3]), 5);
        assert_eq!(pairs(&three, "strongest"), ["B/C", "A/C"]);
        assert_eq!(pairs(&three, "most_negative"), ["A/B"]);
        let two = summary(&matrix_of(&["A", "B"], &[-0.9]), 5);
        assert_eq!((pairs(&two, "strongest"), pairs(&two, "most_negative").len()), (vec!["A/B".to_owned()], 0));
    }

    #[test]
    fn equal_pairs_stand_by_their_names() {
        let equal = summary(&matrix_of(&["B", "A", "C"], &[0.1, 0.5, 0.5]), 5);
        assert_eq!(pairs(&equal, "strongest"), ["A/C", "B/C"]);
        assert_eq!(pairs(&equal, "most_negative"), ["B/A"]);
    }

    #[test]
    fn undefined_pairs_count_for_nothing() {
        let some = summary(&matrix_of(&["A", "B", "C"], &[f64::NAN, 0.5, f64::NAN]), 5);
        assert_eq!((&some["mean"], &some["median"], some.get("most_negative")), (&json!(0.5), &json!(0.5), None));
        for matrix in [matrix_of(&["A", "B"], &[f64::NAN]), matrix_of(&["A"], &[]), matrix_of(&[], &[])] {
            assert_eq!(summary(&matrix, 5), json!({"size": matrix.size()}), "nothing empty");
        }
    }

    #[test]
    fn extreme_pairs_are_followed_by_how_sure_they_are() {
        let matrix = matrix_of(&["A", "B", "C"], &[0.9, -0.5, 0.2]);
        // Places (0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2).
        let p_adjusted = vec![0.0, 0.000_09, 0.0, 0.0001, 0.25, 0.0];
        let statistics = MatrixStatistics { of: Coefficient::Pearson, p_adjusted, tests: TestCounts::default() };
        let text = pair_lines(&matrix, Some(&statistics), 3);
        let cells = |line: usize| -> Vec<&str> {
            text.lines().nth(line).unwrap().trim_matches('|').split('|').map(str::trim).collect()
        };
        assert_eq!(cells(0)[5..], ["95% interval", "adjusted p"]);
        // tanh(atanh r -+ 1.959964 / sqrt(97)): scipy 1.16.
        assert_eq!(cells(2), ["strongest", "A", "B", "0.90", "100", "0.85 to 0.93", "< 0.0001"]);
        assert_eq!(cells(3)[5..], ["0.00 to 0.38", "0.2500"]);
        assert_eq!(cells(4), ["lowest", "A", "C", "-0.50", "100", "-0.63 to -0.34", "0.0001"]);
    }

    #[test]
    fn a_method_says_of_its_matrix_what_plain_pairs_need_not() {
        let facts = |estimate: Estimate| {
            let matrix = CorrelationMatrix { estimate, ..matrix_of(&["A", "B"], &[0.5]) };
            super::estimate(&matrix, Rounding::Significant(3)).json().value()
        };
        assert_eq!(facts(Estimate::Pairwise), json!({}));
        let mut rows = matrix_of(&["A", "B"], &[17.123_4]).values;
        rows[(0, 0)] = 40.0;
        assert_eq!(facts(Estimate::Weighted(rows)), json!({"n_eff": {"lowest": 1.0, "highest": 40.0}}));
        let nothing = matrix_of(&[], &[]).values;
        assert_eq!(facts(Estimate::Weighted(nothing)), json!({"n_eff": {"lowest": null, "highest": null}}));
        let shrunk =
            Shrinkage { intensity: 0.123_456, rows: 90, dropped: vec!["NEW".to_owned()], ..Shrinkage::default() };
        let expected = json!({"kappa": null, "intensity": 0.123, "mean_correlation": null, "complete_rows": 90, "dropped": ["NEW"]});
        assert_eq!(facts(Estimate::Shrunk(shrunk)), expected);
    }
}
