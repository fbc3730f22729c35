//! `data_quality`: what the answer rests on, what is missing from it and why.

pub(crate) mod came_in;
mod collect;
mod macro_groups;
mod not_analysed;
mod rates;
mod relations;
mod said;
mod score;
mod warning;

#[cfg(test)]
pub(crate) mod tests;

use factor_analytics::{
    Study,
    findings::{Bars, Copies, ExDate, Examined, Finding, Frozen, OddYields, Repeated, Shifted, YieldFinding},
    panel::EarlyEnd,
    report::Undefined,
    sections::macro_etf::DroppedEtf,
    study::{Exclusion, ExclusionReason, StudiedFactor},
};
use factor_types::{PriceKind, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use self::score::{Findings, Score};
pub(crate) use self::{
    rates::yields_as_of,
    warning::{Gap, PricedAs, Warning},
};
use super::arguments::Query;
use crate::{
    analysis::{Analysis, Report, Told},
    answer::NotAnalysed,
    services::holdings_warning,
};

/// Excluded tickers that a summary names of each reason.
const LISTED: usize = 12;

/// What the answer rests on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct DataQuality {
    factors_requested: usize,
    pub(super) factors_analyzed: usize,
    factors_excluded: usize,
    excluded_factor_list: Vec<Exclusion>,
    /// Of the tickers that the call named one by one.
    not_analysed: Vec<NotAnalysed>,
    observations: usize,
    data_coverage_pct: f64,
    coverage_pct_per_group: IndexMap<String, f64>,
    quality_score: Score,
    pairs_below_min: usize,
    deduplicated_pairs: usize,
    price_only_tickers: Vec<Ticker>,
    bad_prices: IndexMap<Ticker, usize>,
    /// Moves that the market does not explain, each with its kind: likely misprints, splits and units, and others.
    suspect_returns: Vec<Finding>,
    /// Months whose price lies before their last trading day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    early_month_end: Vec<EarlyEnd>,
    /// Series whose prices are not daily.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spacing: Vec<Bars>,
    /// Yields in another unit than percent, which are not used, or too few to tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    yield_unit: Vec<YieldFinding>,
    /// What is wrong inside columns of yields: days and carried-on values that are left out, columns whose unit changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    odd_yields: Vec<OddYields>,
    /// Tickers with all the same prices, or with the same moves for a while.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copied_prices: Vec<Copies>,
    /// Stretches of days on which a price does not move, longer than chance makes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    still_prices: Vec<Frozen>,
    /// Dates on which all series have the prices of an earlier one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repeated_rows: Vec<Repeated>,
    /// Stretches on which a series is rows late or early beside those that it moves with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shifted: Vec<Shifted>,
    /// Newest prices of cash funds that lack a dividend and are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unadjusted_exdate: Vec<ExDate>,
    /// What the source says of its own prices: another currency, days with two prices, a price that stands still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    of_the_source: Vec<Told>,
    unlabeled_industries: Vec<String>,
    invalid_windows: Vec<String>,
    undefined: Vec<Undefined>,
    macro_dropped: Vec<DroppedEtf>,
    stale_factor_candidates: Vec<StaleCandidate>,
    #[schemars(with = "Vec<String>")]
    #[serde(serialize_with = "sentences")]
    warnings: Vec<Warning>,
}

fn sentences<S: Serializer>(warnings: &[Warning], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(said::in_full(warnings))
}

/// What a summary shows of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortQuality<'a> {
    factors_requested: usize,
    factors_analyzed: usize,
    factors_excluded: usize,
    /// The first of each reason.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    excluded: IndexMap<ExclusionReason, Vec<&'a Ticker>>,
    /// How many more each reason has.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    excluded_more: IndexMap<ExclusionReason, usize>,
    data_coverage_pct: f64,
    quality_score: Score,
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
        let (study, examined) = (&analysis.study, &analysis.prepared.examined);
        let analyzed = study.in_categories(&analysis.selected);
        let requested = study.count_listed(&analysis.selected);
        let excluded: Vec<Exclusion> = excluded(analysis);
        let coverage = study.coverage_pct(&analyzed);
        let columns = study.panel().columns();
        let not_analysed = not_analysed::of(analysis, &query.common.named);
        let warnings = collect::warnings(analysis, &analyzed, query);
        let lacking = warnings.iter().any(Warning::is_of_lacking_rows);
        let found = Findings {
            coverage_pct: coverage,
            excluded: excluded.len(),
            named: query.common.named.iter().count(),
            not_analysed: not_analysed.len(),
            broken: analyzed.iter().filter(|one| has_stopped(study, one) || has_holes(study, one)).count()
                + usize::from(warnings.iter().any(Warning::is_of_lost_members))
                + excluded.iter().filter(|one| one.reason.is_refusal()).count(),
            doubts: came_in::cost(analysis, lacking),
        };
        Self {
            factors_requested: requested,
            factors_analyzed: analyzed.len(),
            factors_excluded: excluded.len(),
            observations: study.panel().rows(),
            data_coverage_pct: coverage,
            coverage_pct_per_group: coverage_per_group(analysis.report()),
            quality_score: Score::of(found),
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
            suspect_returns: examined.jumps.clone(),
            early_month_end: examined.early_ends.clone(),
            spacing: examined.bars.clone(),
            yield_unit: examined.yields.clone(),
            odd_yields: examined.odd_yields.clone(),
            copied_prices: examined.copies.clone(),
            still_prices: examined.frozen.clone(),
            repeated_rows: examined.repeated.clone(),
            shifted: examined.shifted.clone(),
            unadjusted_exdate: examined.ex_dates.clone(),
            of_the_source: analysis.prepared.told.clone(),
            unlabeled_industries: unlabeled(analysis.report()).to_vec(),
            invalid_windows: query.invalid_windows.clone(),
            undefined: undefined(analysis.report()),
            macro_dropped: dropped(analysis.report()).to_vec(),
            stale_factor_candidates: stale_candidates(analysis),
            warnings: not_analysed::too_many(&found).into_iter().chain(warnings).collect(),
            excluded_factor_list: excluded,
            not_analysed,
        }
    }

    /// What an answer on a portfolio rests on, with null figures of its own in place of the analysis', and with further
    /// warnings.
    pub(crate) fn of_portfolio(
        (analysis, query): (&Analysis, &Query),
        undefined: Vec<Undefined>,
        further: Vec<holdings_warning::Warning>,
    ) -> Self {
        let mut quality = Self { undefined, ..Self::of(analysis, query) };
        // The question's own warnings say more of a holding without prices than this one does.
        let is_of_holding = |one: &Warning| matches!(one, Warning::NotPriced { as_what: PricedAs::Holding, .. });
        quality.warnings.retain(|warning| !is_of_holding(warning));
        let (first, last): (Vec<_>, Vec<_>) =
            further.into_iter().partition(holdings_warning::Warning::is_of_every_figure);
        quality.warnings.splice(0..0, first.into_iter().map(Warning::Portfolio));
        quality.warnings.extend(last.into_iter().map(Warning::Portfolio));
        quality
    }

    /// What a summary shows of it.
    pub(crate) fn short(&self) -> ShortQuality<'_> {
        let mut excluded = IndexMap::<ExclusionReason, Vec<&Ticker>>::new();
        for exclusion in &self.excluded_factor_list {
            excluded.entry(exclusion.reason).or_default().push(&exclusion.ticker);
        }
        let mut excluded_more = IndexMap::new();
        for (reason, tickers) in &mut excluded {
            if tickers.len() > LISTED {
                excluded_more.insert(*reason, tickers.len() - LISTED);
                tickers.truncate(LISTED);
            }
        }
        ShortQuality {
            factors_requested: self.factors_requested,
            factors_analyzed: self.factors_analyzed,
            factors_excluded: self.factors_excluded,
            excluded,
            excluded_more,
            data_coverage_pct: self.data_coverage_pct,
            quality_score: self.quality_score,
            invalid_windows: &self.invalid_windows,
        }
    }

    /// What has to be known before the figures are used: a few sentences, none of them long.
    pub(crate) fn warnings(&self) -> Vec<String> {
        said::in_short(&self.warnings)
    }

    /// The first of the tickers that the call named and that could not be analysed.
    pub(crate) fn not_analysed(&self) -> Vec<NotAnalysed> {
        not_analysed::first_of(&self.not_analysed)
    }

    /// The same as a sentence, for a report.
    pub(crate) fn not_analysed_in_words(&self) -> Option<String> {
        let named: Vec<String> =
            self.not_analysed().iter().map(|one| format!("{} ({})", one.ticker, one.reason)).collect();
        (!named.is_empty()).then(|| format!("Asked for and not analysed: {}.", named.join("; ")))
    }

    /// The excluded factors, for a report.
    pub(super) fn excluded(&self) -> &[Exclusion] {
        &self.excluded_factor_list
    }

    /// One line on the sample, for a report.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} of {} factors, {} periods, coverage {:.1}%, data quality {}",
            self.factors_analyzed,
            self.factors_requested,
            self.observations,
            self.data_coverage_pct,
            self.quality_score.as_str()
        )
    }
}

/// True of a factor whose returns end before the window's do: by more than a holiday's days.
fn has_stopped(study: &Study, factor: &StudiedFactor) -> bool {
    const FEW_DAYS: i64 = 10;
    let ends = study.history(factor.column).last.zip(study.panel().labels().last().copied());
    factor.standing.stopped.is_some() || ends.is_some_and(|(last, newest)| (newest - last).num_days() > FEW_DAYS)
}

/// True of a factor that lacks periods inside its history.
fn has_holes(study: &Study, factor: &StudiedFactor) -> bool {
    study.history(factor.column).gaps > 0
}

/// What is doubtful in the prices and yields of an analysis, in sentences for an answer of another shape.
pub(crate) fn doubtful(analysis: &Analysis) -> Vec<String> {
    came_in::doubts(analysis).iter().map(ToString::to_string).collect()
}

/// What sources say of their own prices, in the same sentences.
pub(crate) fn doubtful_told(told: &[Told]) -> Vec<String> {
    came_in::of_told(told).iter().map(ToString::to_string).collect()
}

/// What is doubtful in the prices of some series, in the same sentences.
pub(crate) fn doubtful_prices(examined: &Examined) -> Vec<String> {
    came_in::of_examined(examined).iter().map(ToString::to_string).collect()
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
