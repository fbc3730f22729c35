//! Where prices, yields and fundamentals come from: picked by the settings, with the reason.

use std::{fmt, path::Path, sync::Arc};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::America::New_York;
use factor_prices::{
    CachedMarketSource, CachedYields, Clock, FundamentalsProvider, PriceProvider, YieldProvider,
    cached::MarketSource,
    factor_files::FactorFiles,
    files::FilePrices,
    french::FrenchLibrary,
    market_hours,
    sample::SamplePrices,
    upstream::{SharedPause, UpstreamStats},
    vendors::{
        Fmp, Fred, FrenchSite, Treasury, VendorConfig, VendorDates, Yahoo, YieldChain, fmp, fred, french, treasury,
        yahoo,
    },
};
use factor_store::{MemoryEntries, PostgresEntries, SqliteEntries, entries::WriteBehind};
use factor_types::EntryStore;

use super::utc_today;
use crate::settings::{BaseUrl, PriceSettings, PriceSource, Secret, Settings, YieldSource};

/// The file of what was fetched, in the data folder.
const CACHE_FILE: &str = "cache.db";

/// Which source was picked, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SourceChoice {
    /// `fmp`, `yahoo`, `files`, `sample`; of yields also `treasury`, `fred` and several in the order they are asked.
    pub name: String,
    /// One sentence.
    pub why: String,
}

/// The sources in use.
pub struct Sources {
    /// Where prices come from.
    pub prices: Arc<dyn PriceProvider>,
    /// Where dividends and market capitalisations come from: the price source.
    pub fundamentals: Arc<dyn FundamentalsProvider>,
    /// Where yields come from.
    pub yields: Arc<dyn YieldProvider>,
    /// Where factors of published models come from.
    pub french: Arc<FrenchLibrary>,
    /// Factors of the administrator's own.
    pub factor_files: Option<FactorFiles>,
    /// The source of prices itself, past what is kept: what it says now.
    pub direct: Arc<dyn PriceProvider>,
    /// Which price source was picked, and why.
    pub choice: SourceChoice,
    /// Which source of yields was picked, and why.
    pub yield_choice: SourceChoice,
    /// The files, where they are the source.
    pub files: Option<FilePrices>,
    /// The histories kept, where the source is a vendor.
    pub cached: Option<CachedMarketSource>,
    /// What is kept between runs.
    pub store: Arc<dyn EntryStore>,
    /// The name under which things are kept: the source, with its address where that is not the vendor's own.
    pub scope: String,
    vendors: Vec<Watched>,
}

/// A vendor's client: its state and counts, and how it is told to ask for nothing more.
struct Watched {
    stats: Box<dyn Fn() -> UpstreamStats + Send + Sync>,
    close: Box<dyn Fn() + Send + Sync>,
}

/// A client's state and counts, and its closing.
type Handles<C> = (fn(&C) -> UpstreamStats, fn(&C));

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("choice", &self.choice).field("yields", &self.yield_choice).finish()
    }
}

impl Sources {
    /// Picks the sources. Nothing is read or asked yet.
    ///
    /// # Errors
    /// When a source cannot be set up from its settings.
    pub fn pick(settings: &Settings) -> anyhow::Result<Self> {
        let url = settings.store.database_url.as_ref().map(Secret::expose);
        let store: Arc<dyn EntryStore> = match (url, &settings.store.data_dir) {
            // Servers that share a database share what any of them has fetched.
            (Some(url), _) => behind_the_fetches(PostgresEntries::open(url)?),
            (None, Some(folder)) => behind_the_fetches(SqliteEntries::new(folder.join(CACHE_FILE))),
            (None, None) => Arc::new(MemoryEntries::new()),
        };
        Picker { settings, store, clock: clock(settings.clock.today), vendors: Vec::new() }.pick()
    }

    /// The vendors' states and counts.
    pub fn vendors(&self) -> Vec<UpstreamStats> {
        self.vendors.iter().map(|vendor| (vendor.stats)()).collect()
    }

    /// From now on nothing is asked of any vendor: who asked has gone. What is kept is still there.
    pub fn close(&self) {
        self.vendors.iter().for_each(|vendor| (vendor.close)());
    }
}

/// A store whose writing nobody waits for until an answer goes out.
fn behind_the_fetches(store: impl EntryStore + 'static) -> Arc<dyn EntryStore> {
    Arc::new(WriteBehind::new(Arc::new(store)))
}

/// A set date is taken at its end: its prices are final.
fn clock(today: Option<NaiveDate>) -> Clock {
    match today.and_then(|day| day.and_hms_opt(23, 59, 59)) {
        Some(end) => Arc::new(move || end.and_utc()),
        None => Arc::new(Utc::now),
    }
}

struct Picker<'a> {
    settings: &'a Settings,
    store: Arc<dyn EntryStore>,
    clock: Clock,
    vendors: Vec<Watched>,
}

impl Picker<'_> {
    fn pick(self) -> anyhow::Result<Sources> {
        let prices = &self.settings.prices;
        let key = self.settings.vendors.fmp_key.is_some();
        let asked = || "FACTOR_PRICE_SOURCE asks for it".to_owned();
        // Where none is named: files that lie there, before a vendor, which costs requests, before simulated prices.
        match (prices.source, &prices.files) {
            (PriceSource::Auto, Some(path)) => self.files(path, "FACTOR_PRICE_FILES is set".to_owned()),
            (PriceSource::Files, Some(path)) => self.files(path, asked()),
            (PriceSource::Files, None) => {
                anyhow::bail!(
                    "FACTOR_PRICE_SOURCE is `files`, but FACTOR_PRICE_FILES is not set: set it to a price file or to a folder of them"
                )
            }
            (PriceSource::Auto, None) if key => self.fmp("FMP_API_KEY is set".to_owned()),
            (PriceSource::Fmp, _) => self.fmp(asked()),
            (PriceSource::Yahoo, _) => self.yahoo(asked()),
            (PriceSource::Sample, _) => self.sample(asked()),
            (PriceSource::Auto, None) => {
                let why = "no prices are configured, so they are simulated; set FMP_API_KEY or FACTOR_PRICE_FILES for \
                           those of a market";
                self.sample(why.to_owned())
            }
        }
    }

    fn files(self, path: &Path, why: String) -> anyhow::Result<Sources> {
        let files = FilePrices::open(path, self.settings.prices.yield_file.as_deref(), utc_today)
            .with_context(|| format!("FACTOR_PRICE_FILES is `{}`", path.display()))?;
        let own_yields = choice("files", "they lie next to the prices");
        let sources = self.local(Arc::new(files.clone()), choice("files", why), own_yields)?;
        Ok(Sources { files: Some(files), ..sources })
    }

    fn sample(self, why: String) -> anyhow::Result<Sources> {
        let sample = SamplePrices::new(self.settings.clock.today.unwrap_or_else(utc_today));
        self.local(Arc::new(sample), choice("sample", why), choice("sample", "they are simulated with the prices"))
    }

    /// A source on this machine: nothing of it needs to be kept, and it has yields of its own.
    fn local<S: MarketSource + YieldProvider + 'static>(
        mut self,
        source: Arc<S>,
        choice: SourceChoice,
        own_yields: SourceChoice,
    ) -> anyhow::Result<Sources> {
        // Files and the sample have yields too; another source only where it is named.
        let named = self.named_yields(None, own_yields.name == "files")?;
        let (yields, yield_choice) = named.unwrap_or_else(|| (source.clone() as Arc<dyn YieldProvider>, own_yields));
        let (prices, fundamentals, scope) = (source.clone(), source.clone(), choice.name.clone());
        let french = self.french(choice.name == "sample")?;
        let factor_files = self.factor_files();
        let Self { store, vendors, .. } = self;
        Ok(Sources {
            prices,
            fundamentals,
            yields,
            french,
            factor_files,
            direct: source,
            choice,
            yield_choice,
            files: None,
            cached: None,
            store,
            scope,
            vendors,
        })
    }

    fn fmp(mut self, why: String) -> anyhow::Result<Sources> {
        let client = self.fmp_client()?;
        let yields = self.vendor_yields(Some(Arc::clone(&client)))?;
        // Kept under the address too: a trial server's prices never pass for the market's.
        let scope = scope("fmp", &self.settings.vendors.fmp_url);
        self.vendor(client, scope, choice("fmp", why), yields)
    }

    fn yahoo(mut self, why: String) -> anyhow::Result<Sources> {
        let url = &self.settings.vendors.yahoo_url;
        let client = Yahoo::new(self.config("yahoo", url, yahoo::REQUESTS_PER_MINUTE))?;
        let client = self.watched(client, (Yahoo::stats, Yahoo::close));
        let yields = self.vendor_yields(None)?;
        self.vendor(client, scope("yahoo", url), choice("yahoo", why), yields)
    }

    /// A vendor: what it gives is kept.
    fn vendor<S: MarketSource + 'static>(
        mut self,
        source: Arc<S>,
        scope: String,
        choice: SourceChoice,
        (yields, yield_choice): (Arc<dyn YieldProvider>, SourceChoice),
    ) -> anyhow::Result<Sources> {
        let french = self.french(false)?;
        let factor_files = self.factor_files();
        let Self { store, clock, vendors, .. } = self;
        let cached = CachedMarketSource::new(source.clone(), scope.as_str(), Arc::clone(&store), clock);
        Ok(Sources {
            prices: Arc::new(cached.clone()),
            fundamentals: Arc::new(cached.clone()),
            yields,
            french,
            factor_files,
            direct: source,
            choice,
            yield_choice,
            files: None,
            cached: Some(cached),
            store,
            scope,
            vendors,
        })
    }

    fn factor_files(&self) -> Option<FactorFiles> {
        self.settings.factors.model_files.as_ref().map(FactorFiles::at)
    }

    /// The factors of published models: a folder where one is set, else the library's site. Simulated prices have nothing to do
    /// with them, so that nobody is asked then.
    fn french(&mut self, simulated: bool) -> anyhow::Result<Arc<FrenchLibrary>> {
        if let Some(folder) = &self.settings.factors.french_dir {
            return Ok(Arc::new(FrenchLibrary::folder(folder)));
        }
        if simulated {
            let why = "nothing is fetched, since the prices are simulated (model lens and custom need no file)";
            return Ok(Arc::new(FrenchLibrary::nowhere(why)));
        }
        let url = &self.settings.vendors.french_url;
        let client = FrenchSite::new(self.config("french", url, french::REQUESTS_PER_MINUTE))?;
        let site = self.watched(client, (FrenchSite::stats, FrenchSite::close));
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        Ok(Arc::new(FrenchLibrary::site(site, scope("french", url), store, clock)))
    }

    fn fmp_client(&mut self) -> anyhow::Result<Arc<Fmp>> {
        let vendors = &self.settings.vendors;
        let key = vendors.fmp_key.as_ref().context("Financial Modeling Prep needs a key: set FMP_API_KEY")?;
        let per_minute = u32::try_from(vendors.fmp_per_minute).unwrap_or(fmp::REQUESTS_PER_MINUTE);
        let client = Fmp::new(self.config("fmp", &vendors.fmp_url, per_minute), key.expose())?;
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let client = client.remembering(store, &scope("fmp", &vendors.fmp_url), key.expose(), clock);
        Ok(self.watched(client, (Fmp::stats, Fmp::close)))
    }

    /// A client whose state and counts `get_server_status` shows.
    fn watched<C: Send + Sync + 'static>(&mut self, client: C, (stats, close): Handles<C>) -> Arc<C> {
        let client = Arc::new(client);
        let (watched, closed) = (Arc::clone(&client), Arc::clone(&client));
        let (stats, close) = (Box::new(move || stats(&watched)), Box::new(move || close(&closed)));
        self.vendors.push(Watched { stats, close });
        client
    }

    /// The yields of a vendor's prices.
    fn vendor_yields(&mut self, fmp: Option<Arc<Fmp>>) -> anyhow::Result<(Arc<dyn YieldProvider>, SourceChoice)> {
        if let Some(named) = self.named_yields(fmp.clone(), false)? {
            return Ok(named);
        }
        let mut links: Vec<Arc<dyn YieldProvider>> = vec![self.treasury()?, self.fred()?];
        let mut names = "treasury, then fred".to_owned();
        if let Some(fmp) = fmp {
            links.push(fmp);
            names.push_str(", then fmp");
        }
        let why = "the first that answers; none of the first two needs a key";
        Ok((self.kept_yields(Arc::new(YieldChain::new(links)), "yields"), choice(names, why)))
    }

    /// The source of yields that the settings name, if they name one besides price files, which are read with their yields.
    fn named_yields(
        &mut self,
        fmp: Option<Arc<Fmp>>,
        beside_price_files: bool,
    ) -> anyhow::Result<Option<(Arc<dyn YieldProvider>, SourceChoice)>> {
        let PriceSettings { yield_source, yield_file, .. } = &self.settings.prices;
        let (name, source): (_, Arc<dyn YieldProvider>) = match (yield_source, yield_file) {
            (YieldSource::Auto, Some(path)) if !beside_price_files => {
                let files = FilePrices::open(path, Some(path), utc_today)
                    .with_context(|| format!("FACTOR_YIELD_FILE is `{}`", path.display()))?;
                return Ok(Some((Arc::new(files), choice("files", "FACTOR_YIELD_FILE is set"))));
            }
            (YieldSource::Auto, _) => return Ok(None),
            (_, Some(_)) => anyhow::bail!(
                "FACTOR_YIELD_SOURCE names a vendor, and FACTOR_YIELD_FILE is set: leave one of them out, or write `auto` for the \
                 file"
            ),
            (YieldSource::Treasury, None) => ("treasury", self.treasury()?),
            (YieldSource::Fred, None) => ("fred", self.fred()?),
            // The client of the prices, where there is one: the limit of requests is that of the account.
            (YieldSource::Fmp, None) => match fmp {
                Some(client) => ("fmp", client),
                None => ("fmp", self.fmp_client()?),
            },
        };
        // A chain of one: it judges what the source gives.
        let source = Arc::new(YieldChain::new(vec![source]));
        Ok(Some((self.kept_yields(source, name), choice(name, "FACTOR_YIELD_SOURCE asks for it"))))
    }

    fn kept_yields(&self, source: Arc<dyn YieldProvider>, name: &str) -> Arc<dyn YieldProvider> {
        let vendors = &self.settings.vendors;
        // A chain may answer from any of them, so yields are kept under a name with every address that is not the usual one.
        let elsewhere: Vec<&str> = [&vendors.treasury_url, &vendors.fred_url, &vendors.fmp_url]
            .into_iter()
            .filter(|url| !url.is_default)
            .map(|url| url.url.as_str())
            .collect();
        let scope = if elsewhere.is_empty() { name.to_owned() } else { format!("{name} at {}", elsewhere.join(" ")) };
        Arc::new(CachedYields::new(source, scope, Arc::clone(&self.store), Arc::clone(&self.clock)))
    }

    fn treasury(&mut self) -> anyhow::Result<Arc<Treasury>> {
        let config = self.config("treasury", &self.settings.vendors.treasury_url, treasury::REQUESTS_PER_MINUTE);
        Ok(self.watched(Treasury::new(config)?, (Treasury::stats, Treasury::close)))
    }

    fn fred(&mut self) -> anyhow::Result<Arc<Fred>> {
        let config = self.config("fred", &self.settings.vendors.fred_url, fred::REQUESTS_PER_MINUTE);
        Ok(self.watched(Fred::new(config)?, (Fred::stats, Fred::close)))
    }

    fn config(&self, vendor: &str, url: &BaseUrl, per_minute: u32) -> VendorConfig {
        let (now, also_now) = (Arc::clone(&self.clock), Arc::clone(&self.clock));
        // Vendors date prices by the exchange; in the evening of New York UTC has the next day already.
        let in_new_york = move |now: DateTime<Utc>| now.with_timezone(&New_York).date_naive();
        let dates = VendorDates {
            today: Arc::new(move || in_new_york(now())),
            closed_through: Arc::new(move || market_hours::closed_through(also_now())),
        };
        VendorConfig {
            timeout: self.settings.vendors.timeout,
            max_retries: u32::try_from(self.settings.vendors.max_retries).unwrap_or(3),
            shared_pause: Some(SharedPause::new(Arc::clone(&self.store), &scope(vendor, url))),
            ..VendorConfig::new(url.url.as_str(), per_minute, dates)
        }
    }
}

fn choice(name: impl Into<String>, why: impl Into<String>) -> SourceChoice {
    SourceChoice { name: name.into(), why: why.into() }
}

fn scope(name: &str, url: &BaseUrl) -> String {
    if url.is_default { name.to_owned() } else { format!("{name} at {}", url.url) }
}

#[cfg(test)]
mod tests;
