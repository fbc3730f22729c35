//! The report for people: Markdown, tables of the first and last rows.

use std::fmt::Write as _;

use factor_analytics::{
    correlation::CorrelationMatrix,
    inference::MatrixStatistics,
    report::{CompositeProfile, CorrelationReport, PerformanceReport, ReturnsReport},
    sections::{
        insights::extreme_pairs,
        overlays::Overlay,
        performance::PerformanceProfile,
        returns::{RankedFactor, WindowReturn},
        statistics::RateStatistics,
    },
    stats,
};
use indexmap::IndexMap;

use super::{
    arguments::{ListSizes, Query},
    quality::DataQuality,
    regime, rolling,
    sections::Section,
};
use crate::{
    analysis::{Analysis, AnalysisKind, Plan, Report},
    answer::markdown::{decimal, percent, table, title},
};

/// The report of an analysis.
pub(super) fn report(analysis: &Analysis, query: &Query, quality: &DataQuality) -> String {
    let mut text = heading(analysis, quality);
    if let Some(note) = regime::note(analysis) {
        let _ = writeln!(text, "\nRegime: {note}.");
    }
    match analysis.report() {
        Report::Correlations(report) => {
            correlations(&mut text, report, query);
            rolling::write(&mut text, report, query.lists);
        }
        Report::Performance(report) => performance(&mut text, report, query),
        Report::Returns(report) => returns(&mut text, report, query.lists),
    }
    footer(&mut text, quality);
    text
}

fn heading(analysis: &Analysis, quality: &DataQuality) -> String {
    let panel = analysis.study.panel();
    let title = match analysis.kind() {
        AnalysisKind::Correlations => "Factor correlations",
        AnalysisKind::Performance => "Factor performance",
        AnalysisKind::Returns => "Factor returns",
    };
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    let source = if analysis.source.simulated { "SIMULATED prices" } else { analysis.source.name };
    format!(
        "# {title}\n\n{} to {last}, {} returns, prices to {} ({source}). {}.\n",
        panel.base(),
        panel.frequency(),
        panel.as_of(),
        quality.line(),
    )
}

fn footer(text: &mut String, quality: &DataQuality) {
    if !quality.excluded().is_empty() {
        let _ = write!(text, "\n## Not analysed\n\n");
        let mut rows = Vec::new();
        for exclusion in quality.excluded() {
            rows.push(vec![exclusion.ticker.to_string(), exclusion.label.clone(), exclusion.detail.clone()]);
        }
        table(text, &["ticker", "label", "why"], 3, rows);
    }
    if !quality.warnings().is_empty() {
        let _ = write!(text, "\n## Caveats\n\n");
        for warning in quality.warnings() {
            let _ = writeln!(text, "- {warning}");
        }
    }
}

fn correlations(text: &mut String, report: &CorrelationReport, query: &Query) {
    let lists = query.lists;
    let shown = query.sections.has(Section::Matrices);
    for (name, matrix) in report.matrices.iter().filter(|_| shown) {
        let _ = write!(text, "\n## {} ({})\n\n", title(name), matrix.size());
        let sure = report.statistics.as_ref().and_then(|statistics| statistics.matrices.get(name));
        if matrix.size() <= 6 {
            whole_matrix(text, matrix);
            if sure.is_some() {
                text.push('\n');
                pairs(text, name, matrix, (sure, lists.per_matrix));
            }
            continue;
        }
        let values: Vec<f64> = matrix.pairs().map(|(_, _, r, _)| r).collect();
        let _ = writeln!(
            text,
            "Mean correlation {}, median {}.\n",
            decimal(stats::mean(&values), 2),
            decimal(stats::median(&values), 2)
        );
        pairs(text, name, matrix, (sure, lists.per_matrix));
    }
    for (name, overlay) in
        [("Rate sensitivity", &report.rate_sensitivity), ("Market sensitivity", &report.market_sensitivity)]
    {
        if let Some(overlay) = overlay {
            let _ = write!(text, "\n## {name}\n\n");
            overlay_table(text, overlay, lists);
        }
    }
    if let Some(rows) = report.statistics.as_ref().and_then(|statistics| statistics.rate_sensitivity.as_ref()) {
        let _ = write!(text, "\n## Effective durations (standard errors)\n\n");
        durations_table(text, rows, lists);
    }
    if let Some(matrix) = &report.macro_composite {
        let _ = write!(text, "\n## Macro composites\n\n");
        whole_matrix(text, matrix);
    }
    if let Some(matrix) = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref()) {
        let _ = write!(text, "\n## Macro ETFs ({})\n\n", matrix.size());
        pairs(text, "macro_etf", matrix, (None, lists.per_matrix));
    }
    if let Some(insights) = &report.insights {
        let _ = write!(text, "\n## Insights\n\n");
        for (name, blocks) in insights.blocks.iter().flatten() {
            let several = blocks.iter().filter(|block| block.members.len() > 1);
            let joined: Vec<String> = several.map(|block| block.members.join(" ")).collect();
            let alone = blocks.len() - joined.len();
            let _ = writeln!(text, "- {}, blocks: {}; {alone} alone", title(name), joined.join(" | "));
        }
        for (what, found) in [
            ("Least correlated with", &insights.best_diversifier),
            ("Most negative to a rise of", &insights.most_negative_to_ust10y),
        ] {
            if let Some(found) = found {
                let _ = writeln!(
                    text,
                    "- {what} {}: {} ({}), {:.2} over {} periods",
                    found.against, found.ticker, found.label, found.correlation, found.n
                );
            }
        }
        for (name, components) in &insights.components {
            let _ = writeln!(
                text,
                "- {}: {} factors are as {:.1} independent bets",
                title(name),
                components.factors,
                components.effective_bets
            );
        }
    }
}

/// The extreme pairs, with how sure each is where that was computed.
fn pairs(text: &mut String, name: &str, matrix: &CorrelationMatrix, (sure, size): (Option<&MatrixStatistics>, usize)) {
    let mut header = vec!["", "a", "b", "correlation", "periods"];
    if sure.is_some() {
        header.extend(["95% interval", "adjusted p"]);
    }
    let at = |name: &str| matrix.names.iter().position(|known| known == name);
    let mut rows = Vec::new();
    for (what, highest) in [("strongest", true), ("weakest", false)] {
        for pair in extreme_pairs(name, matrix, size, highest) {
            let place = at(&pair.a).zip(at(&pair.b));
            let mut row = vec![what.to_owned(), pair.a, pair.b, decimal(Some(pair.correlation), 2), pair.n.to_string()];
            if let Some((of, place)) = sure.zip(place) {
                let p = of.p_adjusted[place];
                row.push(format!("{:.2} to {:.2}", of.interval_low[place], of.interval_high[place]));
                row.push(if p < 0.0001 { "< 0.0001".to_owned() } else { format!("{p:.4}") });
            }
            rows.push(row);
        }
    }
    table(text, &header, 3, rows);
}

/// The largest durations, by the ten-year yield where it is among the maturities.
fn durations_table(text: &mut String, rows: &IndexMap<String, IndexMap<String, RateStatistics>>, lists: ListSizes) {
    let Some(first) = rows.values().next() else { return };
    let by = first.keys().find(|name| *name == "UST10Y").or_else(|| first.keys().next());
    let length = |row: &IndexMap<String, RateStatistics>| by.and_then(|by| row.get(by)?.effective_duration);
    let mut longest: Vec<_> = rows.iter().filter_map(|(name, row)| Some((name, row, length(row)?))).collect();
    longest.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then_with(|| a.0.cmp(b.0)));
    let cell = |cell: &RateStatistics| match (cell.effective_duration, cell.standard_error) {
        (Some(duration), Some(error)) => format!("{duration:.2} ({:.2})", 100.0 * error),
        (Some(duration), None) => format!("{duration:.2}"),
        _ => String::new(),
    };
    let lines = longest.into_iter().take(lists.factors);
    let lines = lines.map(|(name, row, _)| std::iter::once(name.clone()).chain(row.values().map(cell)).collect());
    let header: Vec<&str> = std::iter::once("row").chain(first.keys().map(String::as_str)).collect();
    table(text, &header, 1, lines.collect());
}

fn whole_matrix(text: &mut String, matrix: &CorrelationMatrix) {
    let header: Vec<&str> = std::iter::once("").chain(matrix.names.iter().map(String::as_str)).collect();
    let row = |i: usize| {
        let cells = (0..matrix.size()).map(|j| decimal(matrix.get(i, j), 2));
        std::iter::once(matrix.names[i].clone()).chain(cells).collect()
    };
    table(text, &header, 1, (0..matrix.size()).map(row).collect());
}

fn overlay_table(text: &mut String, overlay: &Overlay, lists: ListSizes) {
    let header: Vec<&str> = ["row", "category"].into_iter().chain(overlay.columns.iter().map(String::as_str)).collect();
    // Sorted by the last but one column (the ten-year yield among the usual four), the extremes first and last.
    let by = overlay.columns.iter().position(|name| name == "UST10Y").unwrap_or(0);
    let mut sorted: Vec<_> = overlay.rows.iter().filter(|row| row.values[by].r.is_some()).collect();
    sorted.sort_by(|a, b| b.values[by].r.unwrap_or_default().total_cmp(&a.values[by].r.unwrap_or_default()));
    let shown = lists.factors.min(sorted.len());
    let (first, last) = (shown.div_ceil(2), shown / 2);
    let chosen = sorted.iter().take(first).chain(sorted.iter().skip(sorted.len() - last));
    let rows = chosen
        .map(|row| {
            let cells = row.values.iter().map(|pair| decimal(pair.r, 2));
            [row.name.clone(), row.category.to_string()].into_iter().chain(cells).collect()
        })
        .collect();
    if shown < sorted.len() {
        let _ =
            writeln!(text, "The {first} highest and {last} lowest of {} by {}.\n", sorted.len(), overlay.columns[by]);
    }
    table(text, &header, 2, rows);
}

fn performance(text: &mut String, report: &PerformanceReport, query: &Query) {
    const FIGURES: [&str; 9] =
        ["annual return", "volatility", "Sharpe", "Sortino", "drawdown", "daily", "beta", "alpha", "up/down"];
    let Plan::Performance(plan) = &query.request.plan else { return };
    let figures = |profile: &PerformanceProfile| {
        vec![
            percent(profile.annual_return),
            percent(profile.volatility),
            decimal(profile.sharpe_ratio, 2),
            decimal(profile.sortino_ratio, 2),
            percent(profile.max_drawdown),
            percent(profile.max_drawdown_daily),
            decimal(profile.beta, 2),
            percent(profile.alpha),
            format!("{}/{}", decimal(profile.up_capture, 2), decimal(profile.down_capture, 2)),
        ]
    };
    let _ = writeln!(text, "Benchmark {}, risk-free rate from {}.", plan.benchmark, report.risk_free_source);
    if let Some(per_factor) = &report.per_factor {
        let size = query.lists.top;
        let all: Vec<Vec<String>> = per_factor
            .iter()
            .map(|(ticker, entry)| {
                let names = [ticker.to_string(), entry.label.clone(), entry.category.to_string()];
                names.into_iter().chain(figures(&entry.profile)).collect()
            })
            .collect();
        let (top, bottom) = (size.min(all.len().div_ceil(2)), size.min(all.len() / 2));
        let header: Vec<&str> = ["ticker", "label", "category"].into_iter().chain(FIGURES).collect();
        let _ = write!(text, "\n## Best by {}\n\n", plan.sort_by.field());
        table(text, &header, 3, all[..top].to_vec());
        let _ = write!(text, "\n## Worst by {}\n\n", plan.sort_by.field());
        table(text, &header, 3, all[all.len() - bottom..].to_vec());
    }
    if let Some(composites) = &report.composites {
        let header: Vec<&str> = ["composite", "members"].into_iter().chain(FIGURES).collect();
        let row = |(name, entry): (String, &CompositeProfile)| {
            [name, entry.members.len().to_string()].into_iter().chain(figures(&entry.profile)).collect()
        };
        let macros = composites.macro_groups.iter().map(|(name, entry)| (format!("macro: {name}"), entry));
        let categories = composites.category.iter().flat_map(|(category, entries)| {
            entries.iter().map(move |(name, entry)| (format!("{category}: {name}"), entry))
        });
        let _ = write!(text, "\n## Composites\n\n");
        table(text, &header, 1, macros.chain(categories).map(row).collect());
    }
}

fn returns(text: &mut String, report: &ReturnsReport, lists: ListSizes) {
    for (window, ranked) in report.rankings.iter().flatten() {
        let span = report.windows.get(window);
        let dates = span.and_then(|span| Some((span.start?, span.end?)));
        let _ = match dates {
            Some((start, end)) => write!(text, "\n## {window} ({start} to {end})\n\n"),
            None => write!(text, "\n## {window}\n\n"),
        };
        if let Some(reason) = span.and_then(|span| span.reason.as_ref()) {
            let _ = writeln!(text, "Not available: {reason}.");
            continue;
        }
        let (top, bottom) = (lists.top.min(ranked.len().div_ceil(2)), lists.top.min(ranked.len() / 2));
        let row = |line: &RankedFactor| {
            let own = report.factors.get(&line.ticker).and_then(|entry| entry.windows.get(window)?.as_ref());
            vec![
                line.rank.to_string(),
                line.ticker.to_string(),
                line.label.clone(),
                line.category.to_string(),
                percent(Some(line.total_return)),
                percent(own.and_then(|own: &WindowReturn| own.volatility)),
            ]
        };
        let rows = ranked[..top].iter().chain(&ranked[ranked.len() - bottom..]).map(row).collect();
        table(text, &["rank", "ticker", "label", "category", "return", "volatility"], 4, rows);
    }
    if let Some(by_category) = &report.by_category {
        let _ = write!(text, "\n## Mean return by category\n\n");
        let windows: Vec<&str> = report.windows.keys().map(String::as_str).collect();
        let header: Vec<&str> = std::iter::once("category").chain(windows.iter().copied()).collect();
        let row = |(category, entries): (
            &factor_types::Category,
            &indexmap::IndexMap<String, factor_analytics::sections::returns::CategoryReturns>,
        )| {
            let cells = windows.iter().map(|window| percent(entries.get(*window).and_then(|entry| entry.avg_return)));
            std::iter::once(category.to_string()).chain(cells).collect()
        };
        table(text, &header, 1, by_category.iter().map(row).collect());
    }
    if let Some(groups) = &report.industry_groups {
        let _ = write!(text, "\n## Industry groups\n\n");
        let windows: Vec<&str> = report.windows.keys().map(String::as_str).collect();
        let header: Vec<&str> = ["group", "members"].into_iter().chain(windows.iter().copied()).collect();
        let row = |(name, entry): (&String, &factor_analytics::sections::returns::GroupReturns)| {
            let of = |window: &str| entry.windows.get(window).and_then(|own| Some(own.as_ref()?.total_return));
            let cells = windows.iter().map(|window| percent(of(window)));
            [name.clone(), entry.members.len().to_string()].into_iter().chain(cells).collect()
        };
        table(text, &header, 1, groups.iter().map(row).collect());
    }
}
