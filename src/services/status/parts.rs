//! The parts that an answer rests on, each asked whether it works.

use std::time::Duration;

use chrono::{Days, NaiveDate, SecondsFormat};
use factor_auth::KeysHealth;
use factor_prices::{PriceError, upstream::BreakerState};
use factor_store::{LoadedUniverse, MappingKind, StoreError};
use factor_types::{DateRange, FactorUniverse, Maturity, SourceTier, Ticker, UserId};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Health;
use crate::{
    app::{App, Part},
    services::check::{self, ShortCheck},
};

/// A part that has not answered by then is not well.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// The source that is read once and kept whole.
pub(crate) const FILES: &str = "files";

/// How every part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Parts {
    store: StorePart,
    universe: UniversePart,
    prices: PricesPart,
    yields: YieldsPart,
    /// The keys of the issuer of access tokens, where one is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<TokensPart>,
}

factor_types::closed_set! {
    /// How a part is.
    pub enum PartStatus: "a status of a part" {
        /// It works.
        Ok = "ok",
        /// There is none, and none is needed.
        None = "none",
        /// It works with something missing.
        Degraded = "degraded",
        /// It does not work.
        Failed = "failed",
    }
}

impl PartStatus {
    /// True where nothing is amiss.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Ok | Self::None)
    }
}

/// Damaged rows that are named.
const DAMAGED_NAMED: usize = 5;

/// The store of what users and administrators write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StorePart {
    status: PartStatus,
    /// Which kind of store it is.
    kind: &'static str,
    /// What is wrong with it.
    detail: Option<String>,
    /// The caller's groups, where they can be counted.
    factor_groups: Option<usize>,
    /// The caller's portfolios, where they can be counted.
    portfolios: Option<usize>,
    /// When it last worked.
    last_success: Option<String>,
}

/// The factor universe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UniversePart {
    status: PartStatus,
    /// How many factors it has.
    factors: usize,
    /// The tier that served each kind of mapping.
    tiers: IndexMap<MappingKind, SourceTier>,
    /// Changes with the rows and with nothing else.
    universe_hash: String,
    last_success: Option<String>,
}

/// The price source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PricesPart {
    status: PartStatus,
    /// Its name.
    source: String,
    /// Why it was chosen, for those who run the server alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Where its data comes from, for those who run the server alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// True when the prices are no market's prices.
    simulated: bool,
    /// What it answered just now.
    probe: String,
    /// The first and the newest price of the ticker asked for; the first only where files hold all there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    dates: Option<KnownDates>,
    /// Of files, what is doubtful in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<ShortCheck>,
    last_success: Option<String>,
}

/// The dates of what a source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KnownDates {
    /// Null where only the newest was asked for.
    first: Option<NaiveDate>,
    newest: NaiveDate,
}

/// The source of yields; of an empty universe only its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct YieldsPart {
    status: PartStatus,
    #[serde(flatten)]
    probed: Option<ProbedYields>,
}

/// A source of yields that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProbedYields {
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The maturities it has, or what it answered.
    probe: String,
    /// The first and the newest date of each; the first only where files hold all there is.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    maturities: IndexMap<Maturity, KnownDates>,
    last_success: Option<String>,
}

/// The keys of the issuer of access tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TokensPart {
    status: PartStatus,
    /// When the keys came last.
    fetched_at: Option<String>,
    /// Why the last fetch failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl TokensPart {
    fn of(app: &App) -> Option<Self> {
        let KeysHealth { fetched_at, failure } = app.tokens.as_ref()?.health();
        let status = match (fetched_at, &failure) {
            (_, None) => PartStatus::Ok,
            (Some(_), Some(_)) => PartStatus::Degraded,
            (None, Some(_)) => PartStatus::Failed,
        };
        Some(Self {
            status,
            fetched_at: fetched_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            detail: failure.map(|failure| failure.to_string()),
        })
    }
}

/// Whether what an answer needs is there: no more than a balancer has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The store, with tables of this version.
    pub store: PartStatus,
    /// The price source, once it has answered. Where it fails kept prices serve.
    pub prices: Option<PartStatus>,
}

impl Ready {
    /// True where nothing is amiss, as far as is known.
    pub fn is_well(self) -> bool {
        self.store.is_well() && self.prices.is_none_or(PartStatus::is_well)
    }

    /// Asks the store.
    pub async fn store(app: &App) -> PartStatus {
        match tokio::time::timeout(PROBE_TIME, app.store.check()).await {
            Ok(Ok(())) => PartStatus::Ok,
            // Nothing is broken where no place was given.
            Ok(Err(StoreError::NotConfigured)) => PartStatus::None,
            Ok(Err(_)) | Err(_) => PartStatus::Failed,
        }
    }

    /// Asks the price source.
    pub async fn prices(app: &App) -> PartStatus {
        // A vendor that is not asked any more for a while fails, whatever is kept of it.
        if app.sources.vendors().iter().any(|vendor| matches!(vendor.breaker, BreakerState::Open(..))) {
            return PartStatus::Failed;
        }
        let snapshot = app.universe_watcher.current().await;
        match probe(app, &snapshot.loaded.universe) {
            Some((ticker, month)) => PricesPart::ask(app, &ticker, month).await.0,
            None => PartStatus::None,
        }
    }
}

impl Parts {
    /// Leaves out paths, addresses and how the server is set up: what a user of a shared server sees is theirs, which sources
    /// there are and what dates they have.
    pub(super) fn for_users(&mut self) {
        const AWAY: &str = "it cannot be used just now";
        if self.store.status == PartStatus::Failed {
            self.store.detail = Some(AWAY.to_owned());
        }
        self.prices.why = None;
        self.prices.description = None;
        if self.prices.status == PartStatus::Failed {
            AWAY.clone_into(&mut self.prices.probe);
        }
        if let Some(probed) = &mut self.yields.probed {
            probed.why = None;
            if self.yields.status == PartStatus::Failed {
                AWAY.clone_into(&mut probed.probe);
            }
        }
        if let Some(tokens) = &mut self.tokens {
            tokens.detail = None;
        }
    }

    /// Asks all of them at once.
    pub(super) async fn probed(app: &App, user: UserId, loaded: &LoadedUniverse) -> Self {
        let universe = UniversePart::of(app, loaded);
        let (store, prices, yields) = futures::join!(
            StorePart::probed(app, user),
            PricesPart::probed(app, &loaded.universe),
            YieldsPart::probed(app, &loaded.universe)
        );
        Self { store, universe, prices, yields, tokens: TokensPart::of(app) }
    }

    pub(super) fn health(&self) -> Health {
        let all = [self.store.status, self.universe.status, self.prices.status, self.yields.status];
        let tokens = self.tokens.as_ref().map(|tokens| tokens.status);
        let well = all.iter().chain(&tokens).all(|status| status.is_well());
        if well { Health::Ok } else { Health::Degraded }
    }
}

impl StorePart {
    async fn probed(app: &App, user: UserId) -> Self {
        let counted = async {
            app.store.check().await?;
            Ok::<_, StoreError>((app.store.groups(user).await?, app.store.portfolios(user).await?))
        };
        let (status, detail, counts) = match tokio::time::timeout(PROBE_TIME, counted).await {
            Ok(Ok((groups, portfolios))) => {
                app.counters.succeeded(Part::Store);
                let (status, detail) = Self::of_rows(&groups.damaged, &portfolios.damaged);
                (status, detail, Some((groups.rows.len(), portfolios.rows.len())))
            }
            // Nothing is broken where no place was given.
            Ok(Err(error @ StoreError::NotConfigured)) => (PartStatus::None, Some(error.to_string()), None),
            Ok(Err(error)) => (PartStatus::Failed, Some(error.to_string()), None),
            Err(_) => (PartStatus::Failed, Some(late()), None),
        };
        Self {
            status,
            kind: app.store.name(),
            detail,
            factor_groups: counts.map(|(groups, _)| groups),
            portfolios: counts.map(|(_, portfolios)| portfolios),
            last_success: app.counters.last_success(Part::Store),
        }
    }
}

impl StorePart {
    /// What is damaged of a user's, by name.
    fn of_rows(groups: &[String], portfolios: &[String]) -> (PartStatus, Option<String>) {
        let damaged: Vec<&str> = groups.iter().chain(portfolios).map(String::as_str).collect();
        if damaged.is_empty() {
            return (PartStatus::Ok, None);
        }
        let named = damaged.iter().take(DAMAGED_NAMED).copied().collect::<Vec<_>>().join(", ");
        let detail = format!(
            "{} of what was saved is damaged and left out: {named}; delete it and save it again, or run `factor-mcp store \
             restore`",
            damaged.len()
        );
        (PartStatus::Degraded, Some(detail))
    }
}

impl UniversePart {
    fn of(app: &App, loaded: &LoadedUniverse) -> Self {
        let well = loaded.problems.is_empty();
        if well {
            app.counters.succeeded(Part::Universe);
        }
        Self {
            status: if well { PartStatus::Ok } else { PartStatus::Degraded },
            factors: loaded.universe.len(),
            tiers: loaded.tiers.iter().map(|(kind, tier)| (*kind, *tier)).collect(),
            universe_hash: loaded.hash.clone(),
            last_success: app.counters.last_success(Part::Universe),
        }
    }
}

impl PricesPart {
    async fn probed(app: &App, universe: &FactorUniverse) -> Self {
        let about = app.sources.prices.about();
        let (status, probe, dates) = match probe(app, universe) {
            None => (PartStatus::None, "the universe is empty".to_owned(), None),
            Some((ticker, month)) => Self::ask(app, &ticker, reaching_back(&app.sources.choice.name, month)).await,
        };
        let check = Self::check(app).await;
        Self {
            status,
            check,
            source: app.sources.choice.name.clone(),
            why: Some(app.sources.choice.why.clone()),
            description: Some(about.description),
            simulated: about.simulated,
            probe,
            dates,
            last_success: app.counters.last_success(Part::Prices),
        }
    }

    /// What is doubtful in the files, where they are the source.
    async fn check(app: &App) -> Option<ShortCheck> {
        let files = app.sources.files.as_ref()?;
        let checked = check::short(files, &app.files_examined, app.clock());
        tokio::time::timeout(PROBE_TIME, checked).await.unwrap_or_else(|_| Some(ShortCheck::not_yet()))
    }

    async fn ask(app: &App, ticker: &Ticker, range: DateRange) -> (PartStatus, String, Option<KnownDates>) {
        match tokio::time::timeout(PROBE_TIME, app.sources.prices.history(ticker, range)).await {
            Ok(Ok(history)) => {
                app.counters.succeeded(Part::Prices);
                let dates = KnownDates::of(history.series.dates().iter().copied(), &app.sources.choice.name);
                let last = dates.map_or_else(|| "no prices".to_owned(), |dates| format!("up to {}", dates.newest));
                (PartStatus::Ok, format!("{ticker}: {last}"), dates)
            }
            // The source works; it only does not have this one.
            Ok(Err(PriceError::NoData(why))) => {
                app.counters.succeeded(Part::Prices);
                (PartStatus::Ok, why, None)
            }
            Ok(Err(PriceError::Failed { why, .. })) => (PartStatus::Failed, why, None),
            Err(_) => (PartStatus::Failed, late(), None),
        }
    }
}

impl KnownDates {
    fn of(dates: impl DoubleEndedIterator<Item = NaiveDate>, source: &str) -> Option<Self> {
        let mut dates = dates;
        let newest = dates.next_back()?;
        let first = (source == FILES).then(|| dates.next().unwrap_or(newest));
        Some(Self { first, newest })
    }
}

/// A month, or of files, which are in memory, all that they have.
fn reaching_back(source: &str, month: DateRange) -> DateRange {
    if source == FILES { DateRange::new(NaiveDate::MIN, month.end()).unwrap_or(month) } else { month }
}

impl YieldsPart {
    async fn probed(app: &App, universe: &FactorUniverse) -> Self {
        let Some((_, month)) = probe(app, universe) else { return Self { status: PartStatus::None, probed: None } };
        let source = &app.sources.yield_choice.name;
        let range = reaching_back(source, month);
        let mut maturities = IndexMap::new();
        let (status, probe) = match tokio::time::timeout(PROBE_TIME, app.sources.yields.yields(range)).await {
            Ok(Ok(table)) if table.is_empty() => (PartStatus::None, "the source has no yields".to_owned()),
            Ok(Ok(table)) => {
                app.counters.succeeded(Part::Yields);
                let known = table.maturities().filter_map(|maturity| {
                    let dates = table.get(maturity).iter().map(|(date, _)| *date);
                    Some((maturity, KnownDates::of(dates, source)?))
                });
                maturities.extend(known);
                let names: Vec<&str> = table.maturities().map(|maturity| maturity.as_str()).collect();
                (PartStatus::Ok, names.join(", "))
            }
            Ok(Err(PriceError::NoData(why))) => (PartStatus::None, why),
            Ok(Err(PriceError::Failed { why, .. })) => (PartStatus::Failed, why),
            Err(_) => (PartStatus::Failed, late()),
        };
        let probed = ProbedYields {
            source: app.sources.yield_choice.name.clone(),
            why: Some(app.sources.yield_choice.why.clone()),
            probe,
            maturities,
            last_success: app.counters.last_success(Part::Yields),
        };
        Self { status, probed: Some(probed) }
    }
}

fn late() -> String {
    format!("no answer within {} s", PROBE_TIME.as_secs())
}

/// The last month of the most usual ticker that the universe has.
fn probe(app: &App, universe: &FactorUniverse) -> Option<(Ticker, DateRange)> {
    let ticker = Some(Ticker::spy()).filter(|spy| universe.get(spy).is_some());
    let ticker = ticker.or_else(|| universe.factors().first().map(|factor| factor.ticker.clone()))?;
    let today = app.today();
    let month = DateRange::new(today.checked_sub_days(Days::new(31))?, today).ok()?;
    Some((ticker, month))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(store: PartStatus, universe: PartStatus) -> Parts {
        let (text, time) = (String::new, || None);
        Parts {
            store: StorePart {
                status: store,
                kind: "sqlite",
                detail: None,
                factor_groups: None,
                portfolios: None,
                last_success: time(),
            },
            universe: UniversePart {
                status: universe,
                factors: 0,
                tiers: IndexMap::new(),
                universe_hash: text(),
                last_success: time(),
            },
            prices: PricesPart {
                status: PartStatus::Ok,
                source: text(),
                why: Some(text()),
                description: Some(text()),
                simulated: false,
                probe: text(),
                dates: None,
                check: None,
                last_success: time(),
            },
            yields: YieldsPart { status: PartStatus::None, probed: None },
            tokens: None,
        }
    }

    #[test]
    fn users_of_a_shared_server_see_no_place() {
        let mut shown = parts(PartStatus::Failed, PartStatus::Ok);
        shown.store.detail = Some("Postgres at db.internal: no".to_owned());
        shown.prices.why = Some("FACTOR_PRICE_FILES is /srv".to_owned());
        shown.prices.status = PartStatus::Failed;
        shown.prices.probe = "http://10.0.0.1 does not answer".to_owned();
        let detail = Some("http://10.0.0.2 does not answer".to_owned());
        shown.tokens = Some(TokensPart { status: PartStatus::Degraded, fetched_at: None, detail });
        shown.for_users();
        let text = serde_json::to_string(&shown).unwrap();
        assert!(!["db.internal", "/srv", "10.0.0", "why"].iter().any(|word| text.contains(word)), "{text}");
        assert_eq!(shown.health(), Health::Degraded);
    }

    #[test]
    fn keys_that_are_stale_are_not_well() {
        let with = |status| {
            let tokens = Some(TokensPart { status, fetched_at: None, detail: None });
            Parts { tokens, ..parts(PartStatus::Ok, PartStatus::Ok) }.health()
        };
        assert_eq!((with(PartStatus::Ok), with(PartStatus::Degraded)), (Health::Ok, Health::Degraded));
    }

    #[test]
    fn one_part_that_is_not_well_is_enough_and_none_is_well() {
        assert_eq!(parts(PartStatus::Ok, PartStatus::Ok).health(), Health::Ok);
        assert_eq!(parts(PartStatus::None, PartStatus::Ok).health(), Health::Ok);
        assert_eq!(parts(PartStatus::Failed, PartStatus::Ok).health(), Health::Degraded);
        assert_eq!(parts(PartStatus::Ok, PartStatus::Degraded).health(), Health::Degraded);
    }

    #[test]
    fn yields_that_were_not_asked_show_their_status_alone() {
        let written = serde_json::to_string(&parts(PartStatus::Ok, PartStatus::Ok)).unwrap();
        assert!(written.ends_with(r#""yields":{"status":"none"}}"#), "{written}");
    }
}
