//! The summary: what a reader needs first, in at most a few thousand characters.

use chrono::NaiveDate;
use factor_analytics::{
    correlation::CorrelationMatrix,
    report::{CorrelationReport, PerformanceReport, ReturnsReport},
    sections::{
        insights::{ClusterBlock, Insights, extreme_pairs},
        overlays::Overlay,
        performance::PerformanceProfile,
        statistics::{RateStatistics, Statistics},
    },
    stats,
};
use factor_types::{Category, Frequency, Ticker};
use indexmap::IndexMap;
use serde::Serialize;

use super::{
    arguments::{ListSizes, Query},
    quality::DataQuality,
    regime, rolling,
    sections::Section,
};
use crate::{
    analysis::{Analysis, Report},
    answer::{Fields, Layout, Matrix, Part, Rounding},
};

/// How a summary is rounded.
const ROUNDING: Rounding = Rounding::Decimals(4);

/// A summary for which no list length was asked takes at most this many characters.
const LONGEST: usize = 8_000;

/// Room for what stands around a summary: status, analysis type, a note.
const FRAME: usize = 300;

/// The summary of an analysis, rounded. Lists whose length the call left open are shortened until it fits.
pub(super) fn of(analysis: &Analysis, query: &Query, quality: &DataQuality) -> Fields {
    let mut lists = query.lists;
    loop {
        let summary = with_lists(analysis, query, quality, lists);
        if lists.asked || lists.top <= 1 || summary.chars() + FRAME <= LONGEST {
            return summary;
        }
        lists.top -= 1;
        lists.per_matrix = lists.per_matrix.min(lists.top);
    }
}

fn with_lists(analysis: &Analysis, query: &Query, quality: &DataQuality, lists: ListSizes) -> Fields {
    let mut answer = Fields::rounded(ROUNDING);
    let more = match analysis.report() {
        Report::Correlations(report) => {
            correlations(&mut answer, report, query, lists);
            let labels = analysis.study.panel().labels();
            answer.extend(rolling::summaries(report, labels, lists.per_matrix, ROUNDING));
            answer.put_some("regime", regime::summary(analysis).as_ref());
            let more = if report.rolling.is_empty() { "" } else { "rolling, " };
            format!(
                "include: matrices, overlays, rate_sensitivity, market_sensitivity, macro_composite, macro_etf, {more}statistics, insights, data_quality, metadata"
            )
        }
        Report::Performance(report) => {
            performance(&mut answer, report, query, lists);
            "include: per_factor, composites, data_quality, metadata".to_owned()
        }
        Report::Returns(report) => {
            returns(&mut answer, report, lists);
            "include: factors, rankings, by_category, industry_groups, data_quality, metadata".to_owned()
        }
    };
    answer.put("factors_analyzed", &quality.factors_analyzed);
    answer.put("period", &Period::of(analysis));
    answer.put("as_of", &analysis.study.panel().as_of());
    answer.put_parts("data_quality", &quality.short());
    answer.put_whole("more", &more);
    answer
}

#[derive(Serialize)]
struct Period<'a> {
    from: NaiveDate,
    to: Option<&'a NaiveDate>,
    frequency: Frequency,
    periods: usize,
    price_source: &'a str,
}

impl<'a> Period<'a> {
    fn of(analysis: &'a Analysis) -> Self {
        let panel = analysis.study.panel();
        Self {
            from: panel.base(),
            to: panel.labels().last(),
            frequency: panel.frequency(),
            periods: panel.rows(),
            price_source: analysis.source.name,
        }
    }
}

fn correlations(answer: &mut Fields, report: &CorrelationReport, query: &Query, lists: ListSizes) {
    // A preset may want the insights of matrices that it does not show.
    let shown = query.sections.has(Section::Matrices);
    let mut matrices = Fields::rounded(ROUNDING);
    for (name, matrix) in report.matrices.iter().filter(|_| shown) {
        matrices.put(name.as_str(), &MatrixSummary::of(name, matrix, lists.per_matrix));
    }
    answer.put_filled("matrices", matrices);
    let mut overlays = Fields::rounded(ROUNDING);
    for (name, overlay) in
        [("rate_sensitivity", &report.rate_sensitivity), ("market_sensitivity", &report.market_sensitivity)]
    {
        if let Some(overlay) = overlay {
            overlays.put(name, &overlay_summary(overlay, lists.top));
        }
    }
    if let Some(matrix) = &report.macro_composite {
        let whole = Matrix::of(&matrix.names, Layout::Nested, ROUNDING, |i, j| matrix.get(i, j));
        overlays.put_part("macro_composite_matrix", Part::Matrix(whole));
    }
    if let Some(matrix) = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref()) {
        overlays.put("macro_etf_matrix", &MatrixSummary::of("macro_etf", matrix, lists.per_matrix));
    }
    answer.put_filled("overlays", overlays);
    if let Some(statistics) = &report.statistics {
        answer.put_part("statistics", Part::Fields(statistics_summary(statistics, lists.top)));
    }
    if let Some(insights) = &report.insights {
        answer.put_part("insights", Part::Fields(insights_summary(insights, lists.top)));
    }
}

/// How many independent bets a category is, as its principal components have it.
#[derive(Serialize)]
struct Bets {
    effective_bets: f64,
    first_component_share: Option<f64>,
}

/// How many blocks a matrix has, and the largest of them that are more than one factor.
#[derive(Serialize)]
struct Blocks<'a> {
    blocks: usize,
    largest: Vec<&'a ClusterBlock>,
}

fn insights_summary(insights: &Insights, size: usize) -> Fields {
    let mut brief = Fields::rounded(ROUNDING);
    brief.put("best_diversifier", &insights.best_diversifier);
    brief.put("most_negative_to_ust10y", &insights.most_negative_to_ust10y);
    let bets = insights.components.iter().map(|(name, components)| {
        let first_component_share = components.explained.first().copied();
        (name, Bets { effective_bets: components.effective_bets, first_component_share })
    });
    brief.put("components", &bets.collect::<IndexMap<_, _>>());
    if let Some(blocks) = &insights.blocks {
        let of_matrix = |(name, blocks): (&'_ String, &'_ Vec<ClusterBlock>)| {
            let mut largest: Vec<&ClusterBlock> = blocks.iter().filter(|block| block.members.len() > 1).collect();
            largest.sort_by_key(|block| std::cmp::Reverse(block.members.len()));
            largest.truncate(size);
            (name.clone(), ROUNDING.write(&Blocks { blocks: blocks.len(), largest }))
        };
        brief.put_part("blocks", Part::Fields(blocks.iter().map(of_matrix).collect::<Fields>().into_table()));
    }
    brief
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

/// The largest durations by one maturity.
#[derive(Serialize)]
struct Durations<'a> {
    against: Option<&'a String>,
    largest_durations: IndexMap<&'a String, &'a RateStatistics>,
}

/// Per matrix what its tests amount to; of the rate overlay the largest durations of one maturity.
fn statistics_summary(statistics: &Statistics, size: usize) -> Fields {
    let mut summary = Fields::rounded(ROUNDING);
    for (name, of) in &statistics.matrices {
        let tests = TestsSummary {
            pairs: of.tests.pairs,
            p_under_5pct: of.tests.significant,
            expected_by_chance: of.tests.expected_by_chance(),
            p_adjusted_under_5pct: of.tests.after_adjustment,
            fewest_n: of.tests.fewest_rows,
        };
        summary.put(name.as_str(), &tests);
    }
    if let Some(rows) = &statistics.rate_sensitivity {
        let columns = || rows.values().flat_map(|row| row.keys());
        let against = columns().find(|name| *name == "UST10Y").or_else(|| columns().next());
        let mut longest: Vec<(&String, &RateStatistics, f64)> = rows
            .iter()
            .filter_map(|(name, row)| row.get(against?).map(|cell| (name, cell)))
            .filter_map(|(name, cell)| Some((name, cell, cell.effective_duration?)))
            .collect();
        longest.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then_with(|| a.0.cmp(b.0)));
        let largest_durations = longest.into_iter().take(size).map(|(name, cell, _)| (name, cell)).collect();
        summary.put("rate_sensitivity", &Durations { against, largest_durations });
    }
    summary
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
struct MatrixSummary {
    size: usize,
    mean: Option<f64>,
    median: Option<f64>,
    strongest: Vec<PairLine>,
    weakest: Vec<PairLine>,
}

impl MatrixSummary {
    fn of(name: &str, matrix: &CorrelationMatrix, size: usize) -> Self {
        let values: Vec<f64> = matrix.pairs().map(|(_, _, r, _)| r).collect();
        let pairs = values.len();
        let list = |size: usize, strongest: bool| {
            let found = extreme_pairs(name, matrix, size, strongest).into_iter();
            found.map(|pair| PairLine { a: pair.a, b: pair.b, r: pair.correlation, n: pair.n }).collect()
        };
        Self {
            size: matrix.size(),
            mean: stats::mean(&values),
            median: stats::median(&values),
            // A pair is in one list only: a small matrix has its pairs halved between them.
            strongest: list(size.min(pairs.div_ceil(2)), true),
            weakest: list(size.min(pairs / 2), false),
        }
    }
}

/// The rows of an overlay that are most positively, most negatively and least correlated with a column.
#[derive(Serialize)]
struct Extremes<'a> {
    highest: IndexMap<&'a str, f64>,
    lowest: IndexMap<&'a str, f64>,
    least_sensitive: IndexMap<&'a str, f64>,
}

fn overlay_summary(overlay: &Overlay, size: usize) -> IndexMap<&String, Extremes<'_>> {
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

/// The figures of a profile that a summary has.
#[derive(Serialize)]
struct Brief {
    annual_return: Option<f64>,
    volatility: Option<f64>,
    sharpe_ratio: Option<f64>,
    max_drawdown: Option<f64>,
    beta: Option<f64>,
}

impl Brief {
    fn of(profile: &PerformanceProfile) -> Self {
        Self {
            annual_return: profile.annual_return,
            volatility: profile.volatility,
            sharpe_ratio: profile.sharpe_ratio,
            max_drawdown: profile.max_drawdown,
            beta: profile.beta,
        }
    }
}

#[derive(Serialize)]
struct FactorLine<'a> {
    ticker: &'a Ticker,
    label: &'a str,
    category: Category,
    #[serde(flatten)]
    figures: Brief,
}

#[derive(Serialize)]
struct CompositeLine {
    members: usize,
    #[serde(flatten)]
    figures: Brief,
}

fn performance(answer: &mut Fields, report: &PerformanceReport, query: &Query, lists: ListSizes) {
    let crate::analysis::Plan::Performance(plan) = &query.request.plan else { return };
    answer.put("sorted_by", plan.sort_by.field());
    if let Some(per_factor) = &report.per_factor {
        let rows: Vec<FactorLine<'_>> = per_factor
            .iter()
            .map(|(ticker, entry)| FactorLine {
                ticker,
                label: &entry.label,
                category: entry.category,
                figures: Brief::of(&entry.profile),
            })
            .collect();
        let (top, bottom) = split(&rows, lists.top);
        answer.put("top", &top);
        answer.put("bottom", &bottom);
    }
    if let Some(composites) = &report.composites {
        let macros = composites.macro_groups.iter().map(|(name, entry)| {
            (name, CompositeLine { members: entry.members.len(), figures: Brief::of(&entry.profile) })
        });
        answer.put("macro_composites", &macros.collect::<IndexMap<_, _>>());
    }
    answer.put("risk_free_source", &report.risk_free_source);
}

#[derive(Serialize)]
struct RankedLine<'a> {
    ticker: &'a Ticker,
    label: &'a str,
    category: Category,
    total_return: f64,
}

/// A category over one window.
#[derive(Serialize)]
struct CategoryLine<A, B, C> {
    avg_return: A,
    best: B,
    worst: C,
}

fn returns(answer: &mut Fields, report: &ReturnsReport, lists: ListSizes) {
    answer.put_whole("windows", &report.windows.keys().collect::<Vec<_>>());
    let (mut best, mut worst) = (Fields::rounded(ROUNDING), Fields::rounded(ROUNDING));
    for (window, ranked) in report.rankings.iter().flatten() {
        let lines: Vec<RankedLine<'_>> = ranked
            .iter()
            .map(|one| RankedLine {
                ticker: &one.ticker,
                label: &one.label,
                category: one.category,
                total_return: one.total_return,
            })
            .collect();
        let (top, bottom) = split(&lines, lists.top);
        best.put(window.as_str(), &top);
        worst.put(window.as_str(), &bottom);
    }
    answer.put_part("top_performers", Part::Fields(best));
    answer.put_part("bottom_performers", Part::Fields(worst));
    let mut by_category = Fields::rounded(ROUNDING);
    for (category, windows) in report.by_category.iter().flatten() {
        let windows = windows.iter().map(|(window, entry)| {
            (window, CategoryLine { avg_return: &entry.avg_return, best: &entry.best, worst: &entry.worst })
        });
        by_category.put(category.to_string(), &windows.collect::<IndexMap<_, _>>());
    }
    answer.put_part("by_category", Part::Fields(by_category.into_table()));
}

/// The first and the last rows of a sorted table, the last one first; no row is in both.
fn split<T>(rows: &[T], size: usize) -> (Vec<&T>, Vec<&T>) {
    let top = size.min(rows.len().div_ceil(2));
    let bottom = size.min(rows.len() / 2);
    (rows.iter().take(top).collect(), rows.iter().rev().take(bottom).collect())
}
