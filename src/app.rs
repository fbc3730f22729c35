//! Everything a request may use, wired in one place.

mod answer_cache;
pub(crate) mod audit;
mod call_log;
mod changes;
mod clearing;
mod counters;
mod hangups;
mod quotas;
mod sources;
mod thresholds;
mod universe_watcher;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{NaiveDate, Utc};
use factor_analytics::panel::Clock;
use factor_auth::Verifier;
use factor_prices::market_hours;
use factor_store::{OpenOptions, Store, StoreError};
use factor_traces::Tracer;
use factor_types::{FactorUniverse, UserId};
use moka::sync::Cache;

pub(crate) use self::clearing::{is_mark, leave_mark};
pub use self::{
    answer_cache::{AnswerCache, AnswerKey, Basis, Usual},
    audit::Audit,
    call_log::CallLine,
    changes::{Changes, KeptItem, KeptItems, KeptState},
    clearing::Clearing,
    counters::{CallFigures, Counters, Part},
    hangups::Hangups,
    quotas::{Cost, FromAddress, Operation, Payer, Quotas, Used},
    sources::{SourceChoice, Sources},
    thresholds::Thresholds,
    universe_watcher::{UniverseSnapshot, UniverseWatcher},
};
use crate::{
    analysis::{Analyzer, KeptExamination, Limits, UserGroups, failure_runs::FailureRuns},
    cache_figures::CacheFigures,
    metrics::METRICS,
    results::ResultStore,
    settings::{Secret, Settings},
    tool_error::ErrorCode,
};

/// Users whose calls are counted by themselves.
const MOST_USERS: u64 = 10_000;
/// Results that have expired go about as often.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);
/// Access tokens whose check is remembered for a moment.
const MOST_TOKENS: u64 = 10_000;

/// Everything a request may use.
#[derive(Debug)]
pub struct App {
    /// The settings in force.
    pub settings: Settings,
    /// What users and administrators write.
    pub store: Arc<dyn Store>,
    /// Who checks access tokens, where an issuer is set.
    pub tokens: Option<Arc<Verifier>>,
    /// The factors, kept up to date.
    pub universe_watcher: UniverseWatcher,
    /// Where prices, yields and fundamentals come from.
    pub sources: Sources,
    /// What the configured files hold, examined.
    pub files_examined: KeptExamination,
    /// Counts the days on which factors fail.
    pub failure_runs: Arc<FailureRuns>,
    /// Runs analyses on those prices, and keeps panels.
    pub analyzer: Analyzer,
    /// Summaries and reports, for those who ask again.
    pub answers: AnswerCache,
    /// What users' answers rest on, as of a moment ago.
    changes: Changes,
    /// Hears of `factor-mcp cache clear`.
    clearing: Clearing,
    /// Whole results of cut answers.
    pub results: ResultStore,
    /// How many answers a day has.
    pub quotas: Arc<Quotas>,
    /// Writes down who called what, where that is wanted.
    pub audit: Option<Audit>,
    /// What happened so far.
    pub counters: Counters,
    /// The same of each user's calls, of those who came last.
    of_users: Cache<UserId, Arc<Counters>>,
    /// Sends traces, where a collector is set.
    pub tracer: Option<Tracer>,
    /// What the log warns of.
    pub thresholds: Thresholds,
    /// When the server started.
    pub started: Instant,
}

impl App {
    /// Wires the parts by the settings. Nothing slow happens here: price files are read when they are first asked for.
    ///
    /// # Errors
    /// When the price source cannot be opened.
    pub fn build(settings: Settings) -> anyhow::Result<Arc<Self>> {
        Self::wired(settings, false)
    }

    /// [`build`](Self::build) for a server of several users: a store that could not keep them apart is not used.
    ///
    /// # Errors
    /// When the price source cannot be opened.
    pub fn build_shared(settings: Settings) -> anyhow::Result<Arc<Self>> {
        Self::wired(settings, true)
    }

    fn wired(settings: Settings, multi_user: bool) -> anyhow::Result<Arc<Self>> {
        let store = open_store(&settings, multi_user)?;
        let tokens = settings.resource_server()?;
        let tokens = tokens.map(|server| Arc::new(Verifier::new(server).remembering(MOST_TOKENS)));
        let universe_watcher = UniverseWatcher::new(Arc::clone(&store), settings.universe.proxies_dir.clone());
        let sources = Sources::pick(&settings)?;
        let choice = &sources.choice;
        tracing::info!(source = choice.name, why = choice.why, store = store.name(), "ready");
        let limits = Limits {
            max_factors: settings.analysis.max_factors,
            min_observations: settings.analysis.min_observations,
            compute_budget: settings.analysis.compute_timeout,
            cache_ttl: settings.analysis.cache_ttl,
        };
        let audit = Audit::of(&settings, &store, multi_user)?;
        let endpoint = settings.traces.endpoint.as_deref();
        let tracer = endpoint.map(|endpoint| Tracer::new(endpoint, env!("CARGO_PKG_VERSION"))).transpose()?;
        let thresholds = Thresholds::new(settings.thresholds.clone());
        let (deadline, kept) = (settings.calls.deadline, settings.analysis.cache_ttl);
        let quotas = Quotas::new(Arc::clone(&store), settings.quotas.clone(), deadline, kept);
        // With the prices, not with what users write: they can be lost, and belong to one source.
        let failure_runs = Arc::new(FailureRuns::new(Arc::clone(&sources.store), &sources.scope));
        let (prices, yields) = (Arc::clone(&sources.prices), Arc::clone(&sources.yields));
        let fundamentals = Arc::clone(&sources.fundamentals);
        Ok(Arc::new(Self {
            analyzer: Analyzer::new(prices, yields, fundamentals, Arc::clone(&failure_runs), limits),
            failure_runs,
            answers: AnswerCache::new(settings.analysis.cache_ttl),
            changes: Changes::default(),
            clearing: Clearing::new(Arc::clone(&sources.store)),
            settings,
            tokens,
            universe_watcher,
            sources,
            files_examined: KeptExamination::default(),
            results: ResultStore::new().sharing(&store),
            quotas,
            audit,
            store,
            counters: Counters::default(),
            of_users: Cache::new(MOST_USERS),
            thresholds,
            tracer,
            started: Instant::now(),
        }))
    }

    /// What is kept of a user and which universe is in force, as it was a second ago at most.
    ///
    /// # Errors
    /// The store is away.
    pub async fn kept_state(&self, user: UserId) -> Result<Arc<KeptState>, Arc<StoreError>> {
        self.changes.of(user, &*self.store, &self.universe_watcher).await
    }

    /// What happened of a user's calls, since this process has seen them.
    pub fn counters_of(&self, user: UserId) -> Arc<Counters> {
        self.of_users.get_with(user, Arc::default)
    }

    /// A call of a tool has ended, well or with this error: it is counted, and told where it should be.
    pub fn ended(&self, user: UserId, tool: &str, took: Duration, error: Option<ErrorCode>) {
        self.counters.record(tool, took, error.is_some());
        if user != UserId::LOCAL {
            self.counters_of(user).record(tool, took, error.is_some());
        }
        METRICS.call(tool, took, error);
        self.thresholds.call(tool, took, error.is_some());
    }

    /// How each cache does.
    pub async fn cache_figures(&self) -> Vec<(&'static str, CacheFigures)> {
        let (panels, reports) = self.analyzer.cache_figures().await;
        vec![
            ("panels", panels),
            ("reports", reports),
            ("answers", self.answers.figures()),
            ("results", self.results.figures()),
        ]
    }

    /// Drops what is in memory of prices, panels, reports and answers if somebody has cleared what is kept. Whole results of
    /// answers that went out stay: their links were given.
    pub async fn follow_clearing(&self) {
        if self.clearing.happened().await {
            self.sources.prices.forget();
            self.sources.yields.forget();
            self.sources.french.forget();
            self.analyzer.forget();
            self.answers.forget();
            tracing::info!("what was kept is cleared, and what was in memory dropped with it");
        }
    }

    /// What a user's question is read and answered against: the universe in force and the user's groups.
    pub async fn basis(&self, user: UserId) -> Basis {
        let snapshot = self.universe_watcher.current().await;
        let universe = &snapshot.loaded.universe;
        let room = self.settings.analysis.max_factors.saturating_sub(universe.factors().len());
        let groups = UserGroups { room: Some(room), ..self.groups_of(user, universe).await };
        Basis { snapshot, groups, saved: Vec::new(), usual: Usual::of(&self.settings.analysis) }
    }

    /// A user's groups as factors; where the store cannot be read, none and why.
    pub async fn groups_of(&self, user: UserId, universe: &FactorUniverse) -> UserGroups {
        // After the look at the reference data: a store that is away costs one waiting, not two.
        let kept = match self.universe_watcher.store_away().await {
            Some(error) => Err(error),
            None => self.store.groups(user).await,
        };
        match kept {
            Ok(kept) => UserGroups::new(user, &kept, universe),
            Err(StoreError::NotConfigured) => UserGroups { user, ..UserGroups::default() },
            Err(error) => UserGroups::unreadable(user, error.to_string()),
        }
    }

    /// What a server does apart from answering: opens the store, so that the first call finds it migrated, reads the
    /// universe again on SIGHUP, and takes expired results away.
    pub fn start(self: &Arc<Self>, mut hangups: Hangups) {
        let results = self.results.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                results.sweep().await;
            }
        });
        let app = Arc::clone(self);
        tokio::spawn(async move {
            app.universe_watcher.current().await;
            while hangups.next().await.is_some() {
                app.universe_watcher.reload().await;
            }
        });
    }

    /// The date taken for today: the one set, else the date in UTC.
    pub fn today(&self) -> NaiveDate {
        self.clock().today
    }

    /// The only clock for dates: the evening of the date set, else now.
    pub fn clock(&self) -> Clock {
        clock_of(&self.settings)
    }
}

/// The clock that the settings name.
pub(crate) fn clock_of(settings: &Settings) -> Clock {
    if let Some(clock) = settings.replayed {
        return clock;
    }
    match settings.clock.today {
        Some(today) => Clock::evening_of(today),
        None => Clock { today: utc_today(), final_through: market_hours::final_through(Utc::now()) },
    }
}

/// The store that the settings name. Nothing is opened yet.
pub(crate) fn open_store(settings: &Settings, multi_user: bool) -> anyhow::Result<Arc<dyn Store>> {
    let url = settings.store.database_url.as_ref().map(Secret::expose);
    let options = OpenOptions { migrate: settings.migrate, multi_user, most_per_user: settings.groups.max_per_user };
    Ok(factor_store::open_with(url, settings.store.data_dir.as_deref(), options)?)
}

pub(crate) fn utc_today() -> NaiveDate {
    Utc::now().date_naive()
}
