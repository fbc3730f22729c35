//! Reading the values in force into their types; every wrong one is remembered, not just the first.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use chrono::NaiveDate;

use super::{
    AnalysisSettings, BaseUrl, CallSettings, DATA_DIR, Effective, GroupSettings, HttpSettings, LogSettings,
    PriceSettings, PriceSource, SETTINGS, Secret, Settings, UniverseSettings, VendorSettings, YieldSource,
};

pub(super) struct Reader<'a> {
    effective: &'a [Effective],
    problems: &'a mut Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(effective: &'a [Effective], problems: &'a mut Vec<String>) -> Self {
        Self { effective, problems }
    }

    /// All settings, or none when one of them cannot be read.
    pub(super) fn settings(&mut self) -> Option<Settings> {
        // Each is asked for before any is unwrapped, so that all problems are told.
        let source = self.price_source();
        let files = self.path("FACTOR_PRICE_FILES");
        let yield_source = self.yield_source();
        let yield_file = self.path("FACTOR_YIELD_FILE");
        let fmp_key = self.secret("FMP_API_KEY");
        let fmp_url = self.url("FMP_BASE_URL");
        let fmp_per_minute = self.whole("FMP_REQUESTS_PER_MINUTE", 1..=100_000);
        let yahoo_url = self.url("YAHOO_BASE_URL");
        let treasury_url = self.url("TREASURY_BASE_URL");
        let fred_url = self.url("FRED_BASE_URL");
        let timeout = self.seconds("FACTOR_PRICE_TIMEOUT", 1..=300);
        let max_retries = self.whole("FACTOR_PRICE_MAX_RETRIES", 0..=10);
        let data_dir = self.value(DATA_DIR).map(PathBuf::from);
        let database_url = self.secret("DATABASE_URL");
        let proxies_dir = self.path("FACTOR_PROXIES_DIR");
        let cache_ttl = self.seconds("FACTOR_INTELLIGENCE_CACHE_TTL", 1..=86_400);
        let max_factors = self.whole("FACTOR_INTELLIGENCE_MAX_FACTORS", 2..=1_000);
        let min_observations = self.whole("FACTOR_CORRELATION_MIN_OBSERVATIONS", 12..=120);
        let compute_timeout = self.seconds("FACTOR_CORRELATION_TIMEOUT", 1..=600);
        let deadline = self.seconds("FACTOR_CALL_DEADLINE", 1..=3_600);
        let min_tickers = self.whole("FACTOR_GROUP_MIN_TICKERS", 2..=50);
        let max_tickers = self.whole("FACTOR_GROUP_MAX_TICKERS", 2..=500);
        if let (Some(fewest), Some(most)) = (min_tickers, max_tickers)
            && fewest > most
        {
            self.refuse(
                "FACTOR_GROUP_MIN_TICKERS",
                &format!("it must not be above FACTOR_GROUP_MAX_TICKERS, which is {most}"),
            );
        }
        let addr = self.addr();
        let filter = self.filter();
        let today = self.today();
        if source == Some(PriceSource::Files) && files.is_none() {
            self.problems.push(
                "FACTOR_PRICE_SOURCE is `files`, but FACTOR_PRICE_FILES is not set: give the folder or file with the prices"
                    .to_owned(),
            );
        }
        let needs_key = source == Some(PriceSource::Fmp) || yield_source == Some(YieldSource::Fmp);
        if needs_key && self.value("FMP_API_KEY").is_none() {
            self.problems.push(
                "FACTOR_PRICE_SOURCE or FACTOR_YIELD_SOURCE is `fmp`, but FMP_API_KEY is not set: give the key of your \
                 account at Financial Modeling Prep"
                    .to_owned(),
            );
        }
        Some(Settings {
            prices: PriceSettings { source: source?, files, yield_file, yield_source: yield_source? },
            vendors: VendorSettings {
                fmp_key,
                fmp_url: fmp_url?,
                fmp_per_minute: usize::try_from(fmp_per_minute?).ok()?,
                yahoo_url: yahoo_url?,
                treasury_url: treasury_url?,
                fred_url: fred_url?,
                timeout: timeout?,
                max_retries: usize::try_from(max_retries?).ok()?,
            },
            data_dir,
            database_url,
            migrate: true,
            universe: UniverseSettings { proxies_dir },
            analysis: AnalysisSettings {
                cache_ttl: cache_ttl?,
                max_factors: usize::try_from(max_factors?).ok()?,
                min_observations: usize::try_from(min_observations?).ok()?,
                compute_timeout: compute_timeout?,
            },
            calls: CallSettings { deadline: deadline? },
            groups: GroupSettings {
                min_tickers: usize::try_from(min_tickers?).ok()?,
                max_tickers: usize::try_from(max_tickers?).ok()?,
            },
            http: HttpSettings { addr: addr? },
            log: LogSettings { filter: filter? },
            today,
            effective: Vec::new(),
        })
    }

    fn get(&self, name: &str) -> Option<&'a Effective> {
        self.effective.iter().find(|setting| setting.name == name && setting.value.is_some())
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.value.as_deref().map(str::trim)
    }

    fn refuse(&mut self, name: &str, allowed: &str) {
        let (value, origin) = match self.get(name) {
            Some(setting) if SETTINGS.iter().any(|known| known.variable == name && known.is_secret) => {
                ("***".to_owned(), setting.origin.clone())
            }
            Some(setting) => (setting.value.clone().unwrap_or_default(), setting.origin.clone()),
            None => Default::default(),
        };
        self.problems.push(format!("{name} is `{value}` (from {origin}): {allowed}"));
    }

    fn read<T>(&mut self, name: &str, allowed: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let read = read(self.value(name)?);
        if read.is_none() {
            self.refuse(name, allowed);
        }
        read
    }

    fn price_source(&mut self) -> Option<PriceSource> {
        const NAME: &str = "FACTOR_PRICE_SOURCE";
        match self.value(NAME)?.to_ascii_lowercase().as_str() {
            "auto" => Some(PriceSource::Auto),
            "files" => Some(PriceSource::Files),
            "sample" => Some(PriceSource::Sample),
            "fmp" => Some(PriceSource::Fmp),
            "yahoo" => Some(PriceSource::Yahoo),
            _ => {
                self.refuse(NAME, "write auto, fmp, yahoo, files or sample");
                None
            }
        }
    }

    fn yield_source(&mut self) -> Option<YieldSource> {
        const NAME: &str = "FACTOR_YIELD_SOURCE";
        self.read(NAME, "write auto, treasury, fred or fmp", |text| match text.to_ascii_lowercase().as_str() {
            "auto" => Some(YieldSource::Auto),
            "treasury" => Some(YieldSource::Treasury),
            "fred" => Some(YieldSource::Fred),
            "fmp" => Some(YieldSource::Fmp),
            _ => None,
        })
    }

    fn secret(&mut self, name: &str) -> Option<Secret> {
        let allowed = "write the key alone: letters, digits and signs without a space";
        self.read(name, allowed, |text| {
            text.chars().all(|letter| letter.is_ascii_graphic()).then(|| Secret(text.to_owned()))
        })
    }

    fn url(&mut self, name: &str) -> Option<BaseUrl> {
        let default = SETTINGS.iter().find(|setting| setting.variable == name).and_then(|setting| setting.default);
        let allowed = "write an address that begins with https:// or http://, without user name, `?` and `#`";
        self.read(name, allowed, |text| {
            let url = text.trim_end_matches('/');
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
            let plain = !rest.is_empty() && !rest.contains(['?', '#', '@']) && !rest.contains(char::is_whitespace);
            plain.then(|| BaseUrl { url: url.to_owned(), is_default: Some(url) == default })
        })
    }

    fn path(&mut self, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.value(name)?);
        if !path.exists() {
            self.refuse(name, "there is no such file or folder");
        }
        Some(path)
    }

    fn whole(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let allowed = format!("write a whole number from {} to {}", range.start(), range.end());
        self.read(name, &allowed, |text| u64::from_str(text).ok().filter(|number| range.contains(number)))
    }

    fn seconds(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<Duration> {
        let allowed = format!("write a whole number of seconds from {} to {}", range.start(), range.end());
        let read = |text: &str| text.trim_end_matches('s').trim_end().parse().ok().filter(|secs| range.contains(secs));
        self.read(name, &allowed, read).map(Duration::from_secs)
    }

    fn addr(&mut self) -> Option<SocketAddr> {
        let allowed = "write an address and a port, such as 127.0.0.1:8765 or [::1]:8765";
        self.read("FACTOR_HTTP_ADDR", allowed, |text| match text.strip_prefix("localhost:") {
            Some(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?))),
            None => text.parse().ok(),
        })
    }

    fn filter(&mut self) -> Option<String> {
        let allowed = "write a log filter such as `info`, `debug` or `info,rmcp=error`";
        self.read("RUST_LOG", allowed, |text| {
            tracing_subscriber::EnvFilter::try_new(text).is_ok().then(|| text.to_owned())
        })
    }

    fn today(&mut self) -> Option<NaiveDate> {
        let allowed = "write a date as YYYY-MM-DD";
        self.read("FACTOR_TODAY", allowed, |text| text.parse().ok().filter(|_| text.len() == 10))
    }
}
