//! Everything a request may use, wired in one place.

mod counters;

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use factor_prices::{PriceProvider, YieldProvider, files::FilePrices, sample::SamplePrices};
use factor_store::{LoadedUniverse, load_universe};

pub use self::counters::{CallFigures, Counters, Part};
use crate::{
    analysis::{Analyzer, Limits},
    results::ResultStore,
    settings::{PriceSettings, PriceSource, Settings},
};

/// Everything a request may use.
#[derive(Debug)]
pub struct App {
    /// The settings in force.
    pub settings: Settings,
    /// The factors, and which tier each kind of mapping came from.
    pub universe: LoadedUniverse,
    /// Where prices come from.
    pub prices: Arc<dyn PriceProvider>,
    /// Where yields come from.
    pub yields: Arc<dyn YieldProvider>,
    /// Which price source was picked, and why.
    pub source: SourceChoice,
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

/// Which price source was picked, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SourceChoice {
    /// `files` or `sample`.
    pub name: &'static str,
    /// One sentence.
    pub why: String,
}

impl App {
    /// Wires the parts by the settings. Nothing slow happens here: price files are read when they are first asked for.
    ///
    /// # Errors
    /// When the price source cannot be opened.
    pub fn build(settings: Settings) -> anyhow::Result<Arc<Self>> {
        let universe = load_universe(settings.universe.proxies_dir.as_deref());
        let today = settings.today.unwrap_or_else(utc_today);
        let (source, prices, yields) = sources(&settings.prices, today)?;
        tracing::info!(source = source.name, why = source.why, factors = universe.universe.len(), "ready");
        let limits = Limits {
            max_factors: settings.analysis.max_factors,
            min_observations: settings.analysis.min_observations,
            compute_budget: settings.analysis.compute_timeout,
            cache_ttl: settings.analysis.cache_ttl,
        };
        Ok(Arc::new(Self {
            analyzer: Analyzer::new(Arc::clone(&prices), Arc::clone(&yields), limits),
            universe_loaded: Utc::now(),
            settings,
            universe,
            prices,
            yields,
            source,
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

type Sources = (SourceChoice, Arc<dyn PriceProvider>, Arc<dyn YieldProvider>);

fn sources(settings: &PriceSettings, today: NaiveDate) -> anyhow::Result<Sources> {
    let files = |path: &Path, why: String| -> anyhow::Result<Sources> {
        let files = FilePrices::open(path, settings.yield_file.as_deref(), utc_today)
            .with_context(|| format!("FACTOR_PRICE_FILES is `{}`", path.display()))?;
        let files = Arc::new(files);
        Ok((SourceChoice { name: "files", why }, files.clone(), files))
    };
    let sample = |why: &str| -> Sources {
        let sample = Arc::new(SamplePrices::new(today));
        (SourceChoice { name: "sample", why: why.to_owned() }, sample.clone(), sample)
    };
    match (settings.source, &settings.files) {
        (PriceSource::Auto, Some(path)) => files(path, "FACTOR_PRICE_FILES is set".to_owned()),
        (PriceSource::Files, Some(path)) => files(path, "FACTOR_PRICE_SOURCE asks for it".to_owned()),
        (PriceSource::Files, None) => {
            anyhow::bail!("FACTOR_PRICE_SOURCE is `files`, but FACTOR_PRICE_FILES is not set")
        }
        (PriceSource::Sample, _) => Ok(sample("FACTOR_PRICE_SOURCE asks for it")),
        (PriceSource::Auto, None) => {
            Ok(sample("no prices are configured, so they are simulated; set FACTOR_PRICE_FILES for those of a market"))
        }
    }
}
