//! What is kept, what was asked of vendors, what memory it took.

use chrono::SecondsFormat;
use factor_prices::{CachedMarketSource, upstream::UpstreamStats};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    app::App,
    cache_figures::{CacheFigures, rate},
    process_usage,
};

/// What is kept, per cache.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Caches {
    /// All of these together.
    overall: CacheFigures,
    /// Returns of many factors.
    panels: CacheFigures,
    /// What was computed from them.
    reports: CacheFigures,
    /// Answers that are given again while nothing they rest on has changed.
    answers: CacheFigures,
    /// Price histories; `null` where the source keeps none.
    histories: Option<HistoriesKept>,
    /// For those who run the server alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disk: Option<Disk>,
    /// Whole results of answers that were cut.
    pub(super) results: CacheFigures,
}

/// Price histories, and what became of those asked for since the start.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HistoriesKept {
    #[serde(flatten)]
    figures: CacheFigures,
    memory_hits: u64,
    disk_hits: u64,
    /// Fetched whole.
    fetched: u64,
    /// Refreshed by their tail alone.
    tails: u64,
    /// Fetched again because the vendor had restated them.
    restated: u64,
    failed: u64,
}

/// What is kept between runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disk {
    /// A path, or `memory`.
    place: String,
    damaged_entries: u64,
    /// Why nothing can be kept at present.
    problem: Option<String>,
    notes: Vec<String>,
}

/// How a vendor was reached since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Vendor {
    vendor: &'static str,
    /// Requests sent, retries included.
    requests: u64,
    retries: u64,
    failures: u64,
    /// Answers that said "too many requests".
    limit_answers: u64,
    in_flight: usize,
    /// What the circuit breaker lets through.
    breaker: &'static str,
    /// What is left of the pause after such an answer.
    paused_seconds: Option<u64>,
    /// When the vendor last gave data.
    last_success: Option<String>,
}

/// The process's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Memory {
    /// The most it ever held; `null` where the system does not say.
    peak_bytes: Option<u64>,
}

impl Caches {
    /// What is kept in memory, with all of it together.
    pub(super) fn in_memory(&self) -> impl Iterator<Item = (&'static str, CacheFigures)> {
        let each = [
            ("overall", self.overall),
            ("panels", self.panels),
            ("reports", self.reports),
            ("answers", self.answers),
            ("results", self.results),
        ];
        each.into_iter().chain(self.histories.as_ref().map(|kept| ("histories", kept.figures)))
    }

    pub(super) async fn of(app: &App) -> Self {
        let (panels, reports) = app.analyzer.cache_figures().await;
        let answers = app.answers.figures();
        let histories = app.sources.cached.as_ref().map(HistoriesKept::of);
        let results = app.results.figures();
        let health = app.sources.store.health();
        let each = [panels, reports, answers, results];
        let each: Vec<CacheFigures> = each.into_iter().chain(histories.as_ref().map(|kept| kept.figures)).collect();
        Self {
            overall: CacheFigures::in_all(&each),
            panels,
            reports,
            answers,
            histories,
            disk: Some(Disk {
                place: health.place,
                damaged_entries: health.damaged,
                problem: health.problem,
                notes: health.notes,
            }),
            results,
        }
    }
}

impl HistoriesKept {
    fn of(cached: &CachedMarketSource) -> Self {
        let stats = cached.stats();
        let hits = stats.memory_hits + stats.disk_hits;
        let requests = hits + stats.fetched + stats.tails + stats.restated + stats.failed;
        let figures = CacheFigures {
            requests,
            hits,
            hit_rate: rate(hits, requests),
            entries: stats.entries,
            bytes: stats.bytes,
            max_bytes: stats.max_bytes,
            // Until the market's next close.
            life_seconds: None,
        };
        Self {
            figures,
            memory_hits: stats.memory_hits,
            disk_hits: stats.disk_hits,
            fetched: stats.fetched,
            tails: stats.tails,
            restated: stats.restated,
            failed: stats.failed,
        }
    }
}

impl From<&UpstreamStats> for Vendor {
    fn from(stats: &UpstreamStats) -> Self {
        Self {
            vendor: stats.vendor,
            requests: stats.sent,
            retries: stats.retries,
            failures: stats.failures,
            limit_answers: stats.limited,
            in_flight: stats.in_flight,
            breaker: stats.breaker.as_str(),
            paused_seconds: stats.paused_for.map(|left| left.as_secs()),
            last_success: stats.last_success.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        }
    }
}

impl Memory {
    /// What the process holds, where the system says it.
    pub(super) fn now() -> Self {
        Self { peak_bytes: process_usage::Memory::now().peak_bytes }
    }
}
