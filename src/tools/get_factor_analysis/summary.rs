//! The summary: what a reader needs first, in at most a few thousand characters.

use factor_analytics::{
    correlation::CorrelationMatrix,
    inference::MatrixStatistics,
    report::{CorrelationReport, PerformanceReport, ReturnsReport},
    sections::{
        insights::{Block, extreme_pairs},
        overlays::Overlay,
        performance::Profile,
        returns::Ranked,
        statistics::{RateStatistics, Statistics},
    },
    stats,
};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{
    arguments::{ListSizes, Query},
    quality::DataQuality,
    regime, rolling,
    sections::Section,
};
use crate::{
    analysis::{Analysis, Report},
    written::{Fields, Rounding},
};

/// A summary for which no list length was asked takes at most this many characters.
const LONGEST: usize = 8_000;

/// Room for what stands around a summary: status, analysis type, a note.
const FRAME: usize = 300;

/// The summary of an analysis, rounded. Lists whose length the call left open are shortened until it fits.
pub(super) fn of(analysis: &Analysis, query: &Query, quality: &DataQuality) -> Fields {
    let mut lists = query.lists;
    loop {
        let summary = Fields::of(&with_lists(analysis, query, quality, lists), Rounding::Decimals(4));
        if lists.asked || lists.top <= 1 || summary.chars() + FRAME <= LONGEST {
            return summary;
        }
        lists.top -= 1;
        lists.per_matrix = lists.per_matrix.min(lists.top);
    }
}

fn with_lists(analysis: &Analysis, query: &Query, quality: &DataQuality, lists: ListSizes) -> Map<String, Value> {
    let (mut answer, more) = match analysis.report() {
        Report::Correlations(report) => {
            let mut sections = correlations(report, query, lists);
            let labels = analysis.study.panel().labels();
            sections.extend(rolling::summaries(report, labels, lists.per_matrix));
            sections.extend(regime::summary(analysis).map(|regime| ("regime".to_owned(), regime)));
            let more = if report.rolling.is_empty() { "" } else { "rolling, " };
            (
                sections,
                format!(
                    "include: matrices, overlays, rate_sensitivity, market_sensitivity, macro_composite, macro_etf, {more}statistics, insights, data_quality, metadata"
                ),
            )
        }
        Report::Performance(report) => {
            (performance(report, query, lists), "include: per_factor, composites, data_quality, metadata".to_owned())
        }
        Report::Returns(report) => {
            let more = "include: factors, rankings, by_category, industry_groups, data_quality, metadata";
            (returns(report, lists), more.to_owned())
        }
    };
    answer.insert("factors_analyzed".to_owned(), json!(quality.factors_analyzed));
    answer.insert("period".to_owned(), period(analysis));
    answer.insert("as_of".to_owned(), json!(analysis.study.panel().as_of()));
    answer.insert("data_quality".to_owned(), quality.short());
    answer.insert("more".to_owned(), json!(more));
    answer
}

fn period(analysis: &Analysis) -> Value {
    let panel = analysis.study.panel();
    json!({
        "from": panel.base(),
        "to": panel.labels().last(),
        "frequency": panel.frequency(),
        "periods": panel.rows(),
        "price_source": analysis.source.name,
    })
}

fn correlations(report: &CorrelationReport, query: &Query, lists: ListSizes) -> Map<String, Value> {
    let mut answer = Map::new();
    // A preset may want the insights of matrices that it does not show.
    let shown = query.sections.has(Section::Matrices);
    let matrices: Map<String, Value> = report
        .matrices
        .iter()
        .filter(|_| shown)
        .map(|(name, matrix)| (name.clone(), matrix_summary(name, matrix, lists.per_matrix)))
        .collect();
    if !matrices.is_empty() {
        answer.insert("matrices".to_owned(), Value::Object(matrices));
    }
    let mut overlays = Map::new();
    for (name, overlay) in
        [("rate_sensitivity", &report.rate_sensitivity), ("market_sensitivity", &report.market_sensitivity)]
    {
        if let Some(overlay) = overlay {
            overlays.insert(name.to_owned(), overlay_summary(overlay, lists.top));
        }
    }
    if let Some(matrix) = &report.macro_composite {
        overlays.insert("macro_composite_matrix".to_owned(), json!(matrix.nested()));
    }
    if let Some(matrix) = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref()) {
        overlays.insert("macro_etf_matrix".to_owned(), matrix_summary("macro_etf", matrix, lists.per_matrix));
    }
    if !overlays.is_empty() {
        answer.insert("overlays".to_owned(), Value::Object(overlays));
    }
    if let Some(statistics) = &report.statistics {
        answer.insert("statistics".to_owned(), statistics_summary(statistics, lists.top));
    }
    if let Some(insights) = &report.insights {
        let bets: IndexMap<&String, Value> = insights
            .components
            .iter()
            .map(|(name, components)| {
                let first = components.explained.first();
                (name, json!({"effective_bets": components.effective_bets, "first_component_share": first}))
            })
            .collect();
        let mut brief = json!({
            "best_diversifier": insights.best_diversifier,
            "most_negative_to_ust10y": insights.most_negative_to_ust10y,
            "components": bets,
        });
        if let (Value::Object(brief), Some(blocks)) = (&mut brief, &insights.blocks) {
            let of_matrix = |(name, blocks): (&String, &Vec<Block>)| (name.clone(), blocks_summary(blocks, lists.top));
            brief.insert("blocks".to_owned(), Value::Object(blocks.iter().map(of_matrix).collect()));
        }
        answer.insert("insights".to_owned(), brief);
    }
    answer
}

/// How many blocks a matrix has, and the largest of them that are more than one factor.
fn blocks_summary(blocks: &[Block], size: usize) -> Value {
    let mut largest: Vec<&Block> = blocks.iter().filter(|block| block.members.len() > 1).collect();
    largest.sort_by_key(|block| std::cmp::Reverse(block.members.len()));
    largest.truncate(size);
    json!({ "blocks": blocks.len(), "largest": largest })
}

/// Per matrix what its tests amount to; of the rate overlay the largest durations of one maturity.
fn statistics_summary(statistics: &Statistics, size: usize) -> Value {
    let of_matrix = |of: &MatrixStatistics| {
        json!({
            "pairs": of.tests.pairs,
            "p_under_5pct": of.tests.significant,
            "expected_by_chance": of.tests.expected_by_chance(),
            "p_adjusted_under_5pct": of.tests.after_adjustment,
            "fewest_n": of.tests.fewest_rows,
        })
    };
    let mut summary: Map<String, Value> =
        statistics.matrices.iter().map(|(name, of)| (name.clone(), of_matrix(of))).collect();
    if let Some(rows) = &statistics.rate_sensitivity {
        let columns = || rows.values().flat_map(|row| row.keys());
        let column = columns().find(|name| *name == "UST10Y").or_else(|| columns().next());
        let mut longest: Vec<(&String, &RateStatistics, f64)> = rows
            .iter()
            .filter_map(|(name, row)| row.get(column?).map(|cell| (name, cell)))
            .filter_map(|(name, cell)| Some((name, cell, cell.effective_duration?)))
            .collect();
        longest.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then_with(|| a.0.cmp(b.0)));
        let shown = longest.into_iter().take(size).map(|(name, cell, _)| (name.clone(), json!(cell)));
        let of_rates = json!({ "against": column, "largest_durations": Value::Object(shown.collect()) });
        summary.insert("rate_sensitivity".to_owned(), of_rates);
    }
    Value::Object(summary)
}

/// Size, mean and median off the diagonal, and the extreme pairs with their row counts.
fn matrix_summary(name: &str, matrix: &CorrelationMatrix, size: usize) -> Value {
    let values: Vec<f64> = matrix.pairs().map(|(_, _, r, _)| r).collect();
    let pairs = values.len();
    // A pair is in one list only: a small matrix has its pairs halved between them.
    let (highest, lowest) = (size.min(pairs.div_ceil(2)), size.min(pairs / 2));
    let list = |size: usize, strongest: bool| -> Vec<Value> {
        extreme_pairs(name, matrix, size, strongest)
            .into_iter()
            .map(|pair| json!({"a": pair.a, "b": pair.b, "r": pair.correlation, "n": pair.n}))
            .collect()
    };
    json!({
        "size": matrix.size(),
        "mean": stats::mean(&values),
        "median": stats::median(&values),
        "strongest": list(highest, true),
        "weakest": list(lowest, false),
    })
}

/// Per column the rows that are most positively, most negatively and least correlated.
fn overlay_summary(overlay: &Overlay, size: usize) -> Value {
    let column = |at: usize| {
        let mut rows: Vec<(&str, f64)> =
            overlay.rows.iter().filter_map(|row| Some((row.name.as_str(), row.values[at].r?))).collect();
        let by_value = |a: &(&str, f64), b: &(&str, f64)| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0));
        rows.sort_by(by_value);
        let json = |rows: &[(&str, f64)]| -> Value {
            Value::Object(rows.iter().map(|(name, r)| ((*name).to_owned(), json!(r))).collect())
        };
        let highest: Vec<_> = rows.iter().copied().take(size.min(rows.len().div_ceil(2))).collect();
        let lowest: Vec<_> = rows.iter().rev().copied().take(size.min(rows.len() / 2)).collect();
        rows.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then_with(|| a.0.cmp(b.0)));
        rows.truncate(size.min(3));
        json!({"highest": json(&highest), "lowest": json(&lowest), "least_sensitive": json(&rows)})
    };
    Value::Object(overlay.columns.iter().enumerate().map(|(at, name)| (name.clone(), column(at))).collect())
}

fn performance(report: &PerformanceReport, query: &Query, lists: ListSizes) -> Map<String, Value> {
    let mut answer = Map::new();
    let crate::analysis::Plan::Performance(plan) = &query.request.plan else { return answer };
    answer.insert("sorted_by".to_owned(), json!(plan.sort_by.field()));
    if let Some(per_factor) = &report.per_factor {
        let rows: Vec<Value> = per_factor
            .iter()
            .map(|(ticker, entry)| {
                let mut row = json!({"ticker": ticker, "label": entry.label, "category": entry.category});
                add_figures(&mut row, &entry.profile);
                row
            })
            .collect();
        let (top, bottom) = split(&rows, lists.top);
        answer.insert("top".to_owned(), json!(top));
        answer.insert("bottom".to_owned(), json!(bottom));
    }
    if let Some(composites) = &report.composites {
        let macros = composites.macro_groups.iter().map(|(name, entry)| {
            let mut row = json!({"members": entry.members.len()});
            add_figures(&mut row, &entry.profile);
            (name.clone(), row)
        });
        answer.insert("macro_composites".to_owned(), Value::Object(macros.collect()));
    }
    answer.insert("risk_free_source".to_owned(), json!(report.risk_free_source));
    answer
}

fn add_figures(row: &mut Value, profile: &Profile) {
    if let (Value::Object(row), Value::Object(figures)) = (
        row,
        json!({
            "annual_return": profile.annual_return,
            "volatility": profile.volatility,
            "sharpe_ratio": profile.sharpe_ratio,
            "max_drawdown": profile.max_drawdown,
            "beta": profile.beta,
        }),
    ) {
        row.extend(figures);
    }
}

fn returns(report: &ReturnsReport, lists: ListSizes) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("windows".to_owned(), json!(report.windows.keys().collect::<Vec<_>>()));
    let (mut best, mut worst) = (Map::new(), Map::new());
    for (window, ranked) in report.rankings.iter().flatten() {
        let lines: Vec<Value> = ranked.iter().map(line).collect();
        let (top, bottom) = split(&lines, lists.top);
        best.insert(window.clone(), json!(top));
        worst.insert(window.clone(), json!(bottom));
    }
    answer.insert("top_performers".to_owned(), Value::Object(best));
    answer.insert("bottom_performers".to_owned(), Value::Object(worst));
    let by_category = report.by_category.iter().flatten().map(|(category, windows)| {
        let windows = windows.iter().map(|(window, entry)| {
            let brief = json!({"avg_return": entry.avg_return, "best": entry.best, "worst": entry.worst});
            (window.clone(), brief)
        });
        (category.to_string(), Value::Object(windows.collect()))
    });
    answer.insert("by_category".to_owned(), Value::Object(by_category.collect()));
    answer
}

fn line(ranked: &Ranked) -> Value {
    json!({
        "ticker": ranked.ticker,
        "label": ranked.label,
        "category": ranked.category,
        "total_return": ranked.total_return,
    })
}

/// The first and the last rows of a sorted table, the last one first; no row is in both.
fn split(rows: &[Value], size: usize) -> (Vec<&Value>, Vec<&Value>) {
    let top = size.min(rows.len().div_ceil(2));
    let bottom = size.min(rows.len() / 2);
    (rows.iter().take(top).collect(), rows.iter().rev().take(bottom).collect())
}
