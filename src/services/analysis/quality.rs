//! `data_quality`: what the answer rests on, what is missing from it and why.

use std::{borrow::Cow, collections::BTreeSet};

use factor_analytics::{
    correlation::{Estimate, Method},
    inference::SMALL_SAMPLE,
    panel::SuspectReturn,
    report::{CapWeights, CorrelationReport, Undefined},
    sections::macro_etf::DroppedEtf,
    study::{Exclusion, ExclusionReason, StudiedFactor},
};
use factor_types::{PriceKind, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{arguments::Query, regime};
use crate::analysis::{Analysis, AnalysisKind, Report, is_small_sample};

/// Older newest prices than this many days are a warning.
const STALE_DAYS: i64 = 10;

/// What the answer rests on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct DataQuality {
    factors_requested: usize,
    pub(super) factors_analyzed: usize,
    factors_excluded: usize,
    excluded_factor_list: Vec<Exclusion>,
    observations: usize,
    data_coverage_pct: f64,
    coverage_pct_per_group: IndexMap<String, f64>,
    quality_score: &'static str,
    pairs_below_min: usize,
    deduplicated_pairs: usize,
    price_only_tickers: Vec<Ticker>,
    bad_prices: IndexMap<Ticker, usize>,
    suspect_returns: Vec<SuspectReturn>,
    unlabeled_industries: Vec<String>,
    invalid_windows: Vec<String>,
    undefined: Vec<Undefined>,
    macro_dropped: Vec<DroppedEtf>,
    stale_factor_candidates: Vec<StaleCandidate>,
    warnings: Vec<String>,
}

/// What a summary shows of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortQuality<'a> {
    factors_requested: usize,
    factors_analyzed: usize,
    factors_excluded: usize,
    excluded: IndexMap<ExclusionReason, Vec<&'a Ticker>>,
    data_coverage_pct: f64,
    quality_score: &'static str,
    warnings: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    invalid_windows: &'a [String],
}

/// `data_quality`, whole or in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Quality<'a> {
    /// Whole.
    Whole(&'a DataQuality),
    /// In short.
    Short(ShortQuality<'a>),
}

/// A factor whose data has failed day after day and which may have to be replaced.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct StaleCandidate {
    pub(super) ticker: Ticker,
    reason: ExclusionReason,
    /// Days in a row on which it failed.
    consecutive_failures: u32,
    detail: String,
}

impl DataQuality {
    pub(super) fn of(analysis: &Analysis, query: &Query) -> Self {
        let study = &analysis.study;
        let analyzed = study.in_categories(&analysis.selected);
        let requested = study.count_listed(&analysis.selected);
        let excluded: Vec<Exclusion> = excluded(analysis);
        let coverage = study.coverage_pct(&analyzed);
        let columns = study.panel().columns();
        Self {
            factors_requested: requested,
            factors_analyzed: analyzed.len(),
            factors_excluded: excluded.len(),
            observations: study.panel().rows(),
            data_coverage_pct: coverage,
            coverage_pct_per_group: coverage_per_group(analysis.report()),
            quality_score: score(coverage, excluded.len()),
            pairs_below_min: pairs_below_min(analysis.report()),
            deduplicated_pairs: dropped(analysis.report()).len(),
            price_only_tickers: columns
                .iter()
                .filter(|column| column.series.kind() == PriceKind::Close && !column.series.is_empty())
                .map(|column| column.series.ticker().clone())
                .collect(),
            bad_prices: columns
                .iter()
                .filter(|column| column.series.bad_prices() > 0)
                .map(|column| (column.series.ticker().clone(), column.series.bad_prices()))
                .collect(),
            suspect_returns: study.panel().suspects().to_vec(),
            unlabeled_industries: unlabeled(analysis.report()).to_vec(),
            invalid_windows: query.invalid_windows.clone(),
            undefined: undefined(analysis.report()),
            macro_dropped: dropped(analysis.report()).to_vec(),
            stale_factor_candidates: stale_candidates(analysis),
            warnings: warnings(analysis, &analyzed, query),
            excluded_factor_list: excluded,
        }
    }

    /// The same for an answer with null figures of its own in place of the analysis', and with further warnings.
    #[must_use]
    pub(crate) fn with(&self, undefined: Vec<Undefined>, warnings: impl IntoIterator<Item = String>) -> Self {
        let mut with = Self { undefined, ..self.clone() };
        with.warnings.extend(warnings);
        with
    }

    /// As [`Self::short`], no warning longer than so many characters: long ones take room from what was asked.
    pub(crate) fn short_within(&self, longest: usize) -> ShortQuality<'_> {
        let mut short = self.short();
        for warning in &mut short.warnings {
            if warning.chars().count() > longest {
                *warning = warning.chars().take(longest - 1).chain(['…']).collect::<String>().into();
            }
        }
        short
    }

    /// What a summary shows of it.
    pub(crate) fn short(&self) -> ShortQuality<'_> {
        let mut excluded = IndexMap::<ExclusionReason, Vec<&Ticker>>::new();
        for exclusion in &self.excluded_factor_list {
            excluded.entry(exclusion.reason).or_default().push(&exclusion.ticker);
        }
        ShortQuality {
            factors_requested: self.factors_requested,
            factors_analyzed: self.factors_analyzed,
            factors_excluded: self.factors_excluded,
            excluded,
            data_coverage_pct: self.data_coverage_pct,
            quality_score: self.quality_score,
            warnings: self.warnings.iter().map(Cow::from).collect(),
            invalid_windows: &self.invalid_windows,
        }
    }

    /// The warnings, for a report.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The excluded factors, for a report.
    pub(super) fn excluded(&self) -> &[Exclusion] {
        &self.excluded_factor_list
    }

    /// One line on the sample, for a report.
    pub(super) fn line(&self) -> String {
        format!(
            "{} of {} factors, {} periods, coverage {:.1}%, data quality {}",
            self.factors_analyzed,
            self.factors_requested,
            self.observations,
            self.data_coverage_pct,
            self.quality_score
        )
    }
}

/// The excluded factors of the categories that are counted.
pub(super) fn excluded(analysis: &Analysis) -> Vec<Exclusion> {
    let counted = |exclusion: &&Exclusion| analysis.is_selected(&exclusion.ticker);
    analysis.study.excluded.iter().filter(counted).cloned().collect()
}

/// The factors of this analysis that have failed on several days in a row.
pub(super) fn stale_candidates(analysis: &Analysis) -> Vec<StaleCandidate> {
    let lost = analysis.prepared.lost.iter();
    lost.filter_map(|lost| {
        let run = analysis.prepared.failures.get(&lost.ticker).filter(|run| run.is_stale())?;
        Some(StaleCandidate {
            ticker: lost.ticker.clone(),
            reason: run.reason,
            consecutive_failures: run.days,
            detail: run.detail.clone(),
        })
    })
    .collect()
}

/// `excellent` from 90% with fewer than 2 excluded, `good` from 75% with fewer than 5, `fair` from 60%, else `poor`.
fn score(coverage_pct: f64, excluded: usize) -> &'static str {
    match coverage_pct {
        90.0.. if excluded < 2 => "excellent",
        75.0.. if excluded < 5 => "good",
        60.0.. => "fair",
        _ => "poor",
    }
}

fn coverage_per_group(report: &Report) -> IndexMap<String, f64> {
    match report {
        Report::Correlations(report) => {
            let macros = report.macro_composites.coverage_pct.clone();
            macros.into_iter().chain(report.industry_groups.coverage_pct.clone()).collect()
        }
        Report::Performance(report) => report.coverage_pct.clone(),
        Report::Returns(report) => report.coverage_pct.clone(),
    }
}

fn pairs_below_min(report: &Report) -> usize {
    match report {
        Report::Correlations(report) => report.undefined_pairs(),
        Report::Performance(_) | Report::Returns(_) => 0,
    }
}

fn dropped(report: &Report) -> &[DroppedEtf] {
    match report {
        Report::Correlations(report) => report.macro_etf.as_ref().map_or(&[], |section| &section.dropped),
        Report::Performance(_) | Report::Returns(_) => &[],
    }
}

fn unlabeled(report: &Report) -> &[String] {
    match report {
        Report::Correlations(report) => &report.unlabeled_industries,
        Report::Performance(report) => &report.unlabeled_industries,
        Report::Returns(report) => &report.unlabeled_industries,
    }
}

fn undefined(report: &Report) -> Vec<Undefined> {
    match report {
        Report::Correlations(_) => Vec::new(),
        Report::Returns(report) => report.undefined.clone(),
        Report::Performance(report) => report.undefined.clone(),
    }
}

fn warnings(analysis: &Analysis, analyzed: &[&StudiedFactor], query: &Query) -> Vec<String> {
    let study = &analysis.study;
    let panel = study.panel();
    let mut warnings = Vec::new();
    let stale_candidates = stale_candidates(analysis);
    if !stale_candidates.is_empty() {
        let named: Vec<&str> = stale_candidates.iter().map(|one| one.ticker.as_str()).collect();
        warnings.push(format!(
            "no prices on {} days or more, look for a replacement: {}",
            crate::analysis::failure_runs::STALE_AFTER,
            named.join(", ")
        ));
    }
    if analysis.source.simulated {
        warnings
            .push("prices are simulated, no market's; set FMP_API_KEY or FACTOR_PRICE_FILES for real ones".to_owned());
    }
    if analysis.stale_days() > STALE_DAYS {
        warnings.push(stale(analysis));
    }
    let mut benchmark_missing = analysis.prepared.missing_beside.iter();
    warnings.extend(
        benchmark_missing
            .by_ref()
            .filter(|(ticker, _)| !Ticker::cash_proxies().contains(ticker) && !query.holdings.contains(ticker))
            .map(|(ticker, why)| format!("figures relative to {ticker} are null: {why}")),
    );
    if let Report::Performance(report) = analysis.report()
        && report.risk_free_source == "0"
    {
        warnings
            .push("no risk-free rate: neither UST3M yields nor BIL or SGOV cover the window; zero is used".to_owned());
    }
    if let Report::Performance(report) = analysis.report() {
        warnings.extend(report.cap_weights.as_ref().map(cap_weights));
    }
    if analysis.kind() != AnalysisKind::Returns && is_small_sample(panel) {
        warnings.push(format!("small sample: {} months; correlations and ratios are unsure", panel.rows()));
    }
    if let Report::Correlations(report) = analysis.report() {
        warnings.extend(of_the_sample(report));
        warnings.extend(of_the_method(report, study.pair_floor()));
        warnings.extend(regime::warning(analysis, report));
    }
    warnings.extend(late_starters(analysis, analyzed));
    warnings.extend(stopped(analysis, analyzed));
    if panel.labels().first().is_some_and(|first| (*first - panel.window().start).num_days() > 45)
        && analysis.kind() != AnalysisKind::Returns
    {
        warnings.push(format!("prices begin after start_date: the first return is of {}", panel.labels()[0]));
    }
    let skipped = analysis.report().skipped();
    if !skipped.is_empty() {
        warnings.push(format!("not computed for want of time: {}", skipped.join(", ")));
    }
    warnings.extend(analysis.prepared.warnings.iter().cloned());
    let problems = &query.common.snapshot.loaded.problems;
    warnings.extend(problems.iter().map(|problem| format!("factor universe: {problem}")));
    warnings.extend(query.request.groups.trouble.iter().map(|why| format!("your factor groups are left out: {why}")));
    warnings
}

/// Fewer pairs than this are expected to have less than one p-value under 5% by chance.
const MANY_PAIRS: usize = 20;

/// What intervals and p-values cannot be read without: how few rows, and how many pairs were looked at.
fn of_the_sample(report: &CorrelationReport) -> Vec<String> {
    let Some(statistics) = &report.statistics else { return Vec::new() };
    let tests = statistics.tests();
    let mut said = Vec::new();
    if let (1.., Some(fewest)) = (tests.on_few_rows, tests.fewest_rows) {
        said.push(format!(
            "{} of {} pairs rest on fewer than {SMALL_SAMPLE} periods (the fewest: {fewest}); their intervals are wide and their p-values say little",
            tests.on_few_rows, tests.pairs
        ));
    }
    if tests.pairs >= MANY_PAIRS {
        let of_matrices = match statistics.matrices.len() {
            1 => "in one matrix".to_owned(),
            count => format!("in {count} matrices"),
        };
        said.push(format!(
            "{} pairs {of_matrices} were tested at once: were all unrelated, about {:.0} would have p under 0.05 by chance; {} have, and {} after adjusting for the number of pairs of each matrix (p_adjusted)",
            tests.pairs,
            tests.expected_by_chance(),
            tests.significant,
            tests.after_adjustment
        ));
    }
    said
}

/// What a method other than plain pairs left out.
fn of_the_method(report: &CorrelationReport, floor: usize) -> Vec<String> {
    let macro_etf = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref());
    let of_overlays = [("macro_composite_matrix", report.macro_composite.as_ref()), ("macro_etf_matrix", macro_etf)];
    let named = report.matrices.iter().map(|(name, matrix)| (name.as_str(), matrix));
    let all = named.chain(of_overlays.into_iter().filter_map(|(name, matrix)| Some((name, matrix?))));
    let (mut said, mut heaviest) = (Vec::new(), 0.0_f64);
    for (name, matrix) in all {
        match &matrix.estimate {
            Estimate::Shrunk(shrinkage) if !shrinkage.dropped.is_empty() => said.push(format!(
                "{name}: ledoit_wolf takes complete periods only; left out for their short history, so that {floor} are complete: {}",
                shrinkage.dropped.join(", ")
            )),
            Estimate::Weighted(rows) => heaviest = rows.iter().copied().fold(heaviest, f64::max),
            Estimate::Shrunk(_) | Estimate::Pairwise => {}
        }
    }
    if let Method::Ewma { half_life } = report.method
        && heaviest > 0.0
        && heaviest * (1.0 + 1e-12) < floor as f64
    {
        said.push(format!(
            "with half_life {half_life} at most {heaviest:.1} periods count (n_eff), under min_observations {floor}: every correlation is null; raise half_life or lower min_observations"
        ));
    }
    said
}

/// That composites are weighted by what is known only now.
fn cap_weights(weights: &CapWeights) -> String {
    let of = weights.as_of.map(|date| format!(" of {date}")).unwrap_or_default();
    let without: Vec<&str> = weights.without_cap.iter().map(Ticker::as_str).collect();
    let left_out = if without.is_empty() { String::new() } else { format!("; without a cap: {}", without.join(", ")) };
    format!("look-ahead: composites weight their whole history by market caps{of}{left_out}")
}

fn stale(analysis: &Analysis) -> String {
    let panel = analysis.study.panel();
    let newest = panel
        .columns()
        .iter()
        .filter_map(|column| column.series.dates().iter().rev().find(|date| **date <= analysis.today))
        .max();
    let as_of = panel.as_of();
    match newest {
        Some(newest) if (analysis.today - *newest).num_days() <= STALE_DAYS => format!(
            "newest price used: {as_of}, {} days ago; the period in progress is left out",
            analysis.stale_days()
        ),
        _ => format!("stale: the newest price is of {as_of}, {} days ago", analysis.stale_days()),
    }
}

/// Factors whose returns end before the window does: no longer priced, and not to be bought.
fn stopped(analysis: &Analysis, analyzed: &[&StudiedFactor]) -> Option<String> {
    let study = &analysis.study;
    let newest = study.panel().labels().last().copied();
    let ended: Vec<String> = analyzed
        .iter()
        .filter_map(|studied| {
            let last = study.history(studied.column).last.filter(|last| Some(*last) < newest)?;
            Some(format!("{} ({last})", studied.factor.ticker))
        })
        .collect();
    (!ended.is_empty())
        .then(|| format!("stopped before the window's end, last return in brackets: {}", ended.join(", ")))
}

/// Factors whose history starts after the window's start: their figures rest on less.
fn late_starters(analysis: &Analysis, analyzed: &[&StudiedFactor]) -> Option<String> {
    let study = &analysis.study;
    let late: BTreeSet<&str> = analyzed
        .iter()
        .filter(|studied| study.history(studied.column).partial_history)
        .map(|studied| studied.factor.ticker.as_str())
        .collect();
    (analysis.kind() != AnalysisKind::Returns && !late.is_empty()).then(|| {
        let named: Vec<&str> = late.iter().copied().take(12).collect();
        let more =
            if late.len() > named.len() { format!(" and {} more", late.len() - named.len()) } else { String::new() };
        format!("partial history, starting after the window: {}{more}", named.join(", "))
    })
}
