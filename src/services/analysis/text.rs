//! The report for people: Markdown, tables of the first and last rows.

use std::fmt::Write as _;

use factor_analytics::study::Exclusion;

use super::{answer::AnalysisAnswer, note::Note, quality::DataQuality, sections::placed, summary::Period};
use crate::{
    analysis::{Analysis, AnalysisKind, Plan, Report},
    answer::markdown::{list, table},
};

/// Excluded factors in a report.
const LISTED: usize = 20;

/// The report of an analysis.
pub(super) fn report(answer: &AnalysisAnswer) -> String {
    let analysis = &answer.analysis;
    let mut text = heading(analysis, &answer.quality);
    first_lines(&mut text, &answer.quality);
    if let Some(note) = Note::on_regime(analysis) {
        let _ = writeln!(text, "\nRegime: {note}.");
    }
    if let (Report::Performance(report), Plan::Performance(plan)) = (analysis.report(), &answer.query.request.plan) {
        let _ = writeln!(text, "Benchmark {}, risk-free rate from {}.", plan.benchmark, report.risk_free.source);
    }
    for (section, write) in placed(|spec| spec.report) {
        if section.spec().kind.is_none_or(|kind| kind == analysis.kind()) {
            write(answer, &mut text);
        }
    }
    footer(&mut text, &answer.quality);
    text
}

fn heading(analysis: &Analysis, quality: &DataQuality) -> String {
    let panel = analysis.study.panel();
    let title = match analysis.kind() {
        AnalysisKind::Correlations => "Factor correlations",
        AnalysisKind::Performance => "Factor performance",
        AnalysisKind::Returns => "Factor returns",
    };
    let Period { from, to, .. } = Period::of(analysis);
    let last = to.copied().unwrap_or(from);
    let source = if analysis.source.simulated { "SIMULATED prices" } else { analysis.source.name };
    format!(
        "# {title}\n\n{} to {last}, {} returns, prices to {} ({source}). {}.\n",
        from,
        panel.frequency(),
        panel.as_of(),
        quality.line(),
    )
}

/// What has to be known before the figures are read.
fn first_lines(text: &mut String, quality: &DataQuality) {
    if let Some(missing) = quality.not_analysed_in_words() {
        let _ = writeln!(text, "\n{missing}");
    }
    list(text, "Caveats", &quality.warnings());
}

/// The excluded factors, as many as people read.
fn footer(text: &mut String, quality: &DataQuality) {
    let excluded = quality.excluded();
    if excluded.is_empty() {
        return;
    }
    let _ = write!(text, "\n## Not analysed\n\n");
    let row = |one: &Exclusion| vec![one.ticker.to_string(), one.label.clone(), one.detail.clone()];
    table(text, &["ticker", "label", "why"], 3, excluded.iter().take(LISTED).map(row).collect());
    if excluded.len() > LISTED {
        let _ = writeln!(text, "\nAnd {} more: include data_quality lists them.", excluded.len() - LISTED);
    }
}
