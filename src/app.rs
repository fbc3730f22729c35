//! Everything a request may use, wired in one place.

mod counters;
mod sources;

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use factor_store::{LoadedUniverse, load_universe};

pub use self::{
    counters::{CallFigures, Counters, Part},
    sources::{SourceChoice, Sources},
};
use crate::{
    analysis::{Analyzer, Limits, lifecycle::Lifecycle},
    results::ResultStore,
    settings::Settings,
};

/// Everything a request may use.
#[derive(Debug)]
pub struct App {
    /// The settings in force.
    pub settings: Settings,
    /// The factors, and which tier each kind of mapping came from.
    pub universe: LoadedUniverse,
    /// Where prices, yields and facts come from.
    pub sources: Sources,
    /// Counts the days on which factors fail.
    pub lifecycle: Arc<Lifecycle>,
    /// Runs analyses on those prices, and keeps panels.
    pub analyzer: Analyzer,
    /// When the universe was loaded.
    pub universe_loaded: DateTime<Utc>,
    /// Whole results of cut answers.
    pub results: ResultStore,
    /// What happened so far.
    pub counters: Counters,
    /// When the server started.
    pub started: Instant,
}

impl App {
    /// Wires the parts by the settings. Nothing slow happens here: price files are read when they are first asked for.
    ///
    /// # Errors
    /// When the price source cannot be opened.
    pub fn build(settings: Settings) -> anyhow::Result<Arc<Self>> {
        let universe = load_universe(settings.universe.proxies_dir.as_deref());
        let sources = Sources::pick(&settings)?;
        let choice = &sources.choice;
        tracing::info!(source = choice.name, why = choice.why, factors = universe.universe.len(), "ready");
        let limits = Limits {
            max_factors: settings.analysis.max_factors,
            min_observations: settings.analysis.min_observations,
            compute_budget: settings.analysis.compute_timeout,
            cache_ttl: settings.analysis.cache_ttl,
        };
        let lifecycle = Arc::new(Lifecycle::new(Arc::clone(&sources.store), &sources.scope));
        let (prices, yields, facts) =
            (Arc::clone(&sources.prices), Arc::clone(&sources.yields), Arc::clone(&sources.facts));
        Ok(Arc::new(Self {
            analyzer: Analyzer::new(prices, yields, facts, Arc::clone(&lifecycle), limits),
            lifecycle,
            universe_loaded: Utc::now(),
            settings,
            universe,
            sources,
            results: ResultStore::new(),
            counters: Counters::default(),
            started: Instant::now(),
        }))
    }

    /// When the universe was loaded, as RFC 3339.
    pub fn universe_loaded_at(&self) -> String {
        self.universe_loaded.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// The date taken for today: the one set, else the date in UTC. The only clock for dates.
    pub fn today(&self) -> NaiveDate {
        self.settings.today.unwrap_or_else(utc_today)
    }
}

fn utc_today() -> NaiveDate {
    Utc::now().date_naive()
}
