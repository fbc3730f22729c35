//! What an analysis gives: the sections of its kind and everything an answer says of them.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use factor_analytics::{
    Fundamentals, Study,
    composite::Composite,
    panel::Window,
    report::{CorrelationReport, PerformanceReport, ReturnsReport},
    sections::rolling::RollingPair,
};
use factor_prices::SourceInfo;
use factor_types::{Category, Factor, Ticker};

use super::{AnalysisKind, Digested, Prepared, Timings, prints};

/// A finished analysis: everything an answer is made of.
#[derive(Debug)]
pub struct Analysis {
    /// The factors analysed, those excluded and their panel.
    pub study: Arc<Study>,
    /// What was fetched, and what was wrong with it.
    pub prepared: Arc<Prepared>,
    /// True when the panel was there already.
    pub panel_cached: bool,
    /// The categories counted in `data_quality`.
    pub selected: BTreeSet<Category>,
    /// Their factors, analysed or not.
    pub requested: Vec<Ticker>,
    /// Every factor that takes part, analysed or not.
    pub factors: Vec<Arc<Factor>>,
    /// True when the sections were there already; their timings are then those of their computing.
    pub report_cached: bool,
    pub(super) computed: Computed,
    /// Dividends, closes and capitalisations.
    pub(super) fundamentals: Arc<Fundamentals>,
    /// How long the panel took to come by, in milliseconds.
    pub panel_ms: f64,
    /// The price source.
    pub source: SourceInfo,
    /// The clock of this analysis.
    pub today: NaiveDate,
}

/// The sections of one kind of analysis.
#[derive(Debug)]
pub enum Report {
    /// Of `correlations`.
    Correlations(Box<CorrelationReport>),
    /// Of `performance`.
    Performance(Box<PerformanceReport>),
    /// Of `returns`.
    Returns(Box<ReturnsReport>),
}

impl Report {
    /// An estimate of the memory it takes.
    pub fn bytes(&self) -> usize {
        const ENTRY: usize = 700;
        let composites = |composites: &[Composite]| {
            composites.iter().map(|composite| 8 * composite.values.len() + ENTRY).sum::<usize>()
        };
        match self {
            Self::Correlations(report) => {
                let cells: usize = report.matrices.values().map(|matrix| matrix.values.len()).sum();
                let overlays = report.rate_sensitivity.iter().chain(&report.market_sensitivity);
                let rows: usize = overlays.map(|overlay| overlay.rows.len()).sum();
                let rolled = report
                    .rolling
                    .values()
                    .flat_map(|table| table.windows.values())
                    .map(|of| of.pairs.len())
                    .sum::<usize>();
                let series = report.rolling_series.iter().flat_map(|series| series.windows.iter().flatten());
                let points: usize = series.map(|(_, values)| values.len()).sum();
                let adjusted = report.statistics.iter().flat_map(|statistics| statistics.matrices.values());
                16 * (cells + points)
                    + 8 * adjusted.map(|of| of.p_adjusted.len()).sum::<usize>()
                    + 300 * rows
                    + size_of::<RollingPair>() * rolled
                    + composites(&report.macro_composites.built)
                    + composites(&report.industry_groups.built)
                    + 10 * ENTRY
            }
            Self::Performance(report) => {
                let factors = report.per_factor.as_ref().map_or(0, |table| table.len());
                2 * ENTRY * (factors + 20) + composites(&report.macro_composites)
            }
            Self::Returns(report) => report.factors.len() * report.windows.len() * ENTRY + 10 * ENTRY,
        }
    }

    /// The sections that were computed, in order: what the call paid for.
    pub fn computed(&self) -> &[String] {
        match self {
            Self::Correlations(report) => &report.computed,
            Self::Performance(report) => &report.computed,
            Self::Returns(report) => &report.computed,
        }
    }

    /// Sections that the time budget left no room for.
    pub fn skipped(&self) -> &[String] {
        match self {
            Self::Correlations(report) => &report.skipped,
            Self::Performance(report) => &report.skipped,
            Self::Returns(report) => &report.skipped,
        }
    }
}

impl Analysis {
    /// The digest of dividends, closes and capitalisations.
    pub fn facts(&self) -> Digested {
        prints::of_facts(&self.fundamentals)
    }

    /// The sections.
    pub fn report(&self) -> &Report {
        &self.computed.0
    }

    /// How long the sections took, in milliseconds.
    pub fn timings(&self) -> &Timings {
        &self.computed.1
    }

    /// The window that was analysed.
    pub fn window(&self) -> &Window {
        self.study.panel().window()
    }

    /// The kind of analysis.
    pub fn kind(&self) -> AnalysisKind {
        match self.report() {
            Report::Correlations(_) => AnalysisKind::Correlations,
            Report::Performance(_) => AnalysisKind::Performance,
            Report::Returns(_) => AnalysisKind::Returns,
        }
    }

    /// True for a factor of the categories that are counted.
    pub fn is_selected(&self, ticker: &Ticker) -> bool {
        self.requested.contains(ticker)
    }

    /// Age of the source's newest price in days, whatever the window's end: an end chosen in the past makes nothing stale.
    pub fn stale_days(&self) -> i64 {
        // A source of one price a month is as new as its month's end, which may be to come.
        (self.today - self.window().newest).num_days().max(0)
    }
}

/// A report and how long its sections took.
pub(super) type Computed = Arc<(Report, Timings)>;
