//! What can be set, and from where: flag, environment variable or `factor-mcp.toml`, in that order of strength.
//!
//! The environment is read here and nowhere else. Every value is checked before the server starts; all wrong ones are
//! told together, each with its name, the value and what is allowed.

mod file;
mod read;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::NaiveDate;
use factor_prices::vendors::{fmp, fred, treasury, yahoo};
use serde::Serialize;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where prices and yields come from.
    pub prices: PriceSettings,
    /// How the vendors of prices and yields are reached.
    pub vendors: VendorSettings,
    /// `FACTOR_DATA_DIR`: the folder for what is kept between runs. Default: the user's data folder by the custom of the
    /// system; `None` where there is none, and nothing is kept then.
    pub data_dir: Option<PathBuf>,
    /// `DATABASE_URL`: the Postgres database for what users and administrators write, `postgres://...`. Default: a file in
    /// the data folder.
    pub database_url: Option<Secret>,
    /// Whether the tables of the store may be brought to this version; `--no-migrate` forbids it.
    pub migrate: bool,
    /// Where the factor universe comes from.
    pub universe: UniverseSettings,
    /// Limits of an analysis.
    pub analysis: AnalysisSettings,
    /// Limits of a call, whatever the tool.
    pub calls: CallSettings,
    /// Limits of a factor group.
    pub groups: GroupSettings,
    /// The HTTP server.
    pub http: HttpSettings,
    /// The log.
    pub log: LogSettings,
    /// `FACTOR_TODAY`: the date taken for today, so that an answer can be given again. Default: the date in UTC.
    pub today: Option<NaiveDate>,
    effective: Vec<Effective>,
}

/// Where prices and yields come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSettings {
    /// `FACTOR_PRICE_SOURCE`. Default: `auto`.
    pub source: PriceSource,
    /// `FACTOR_PRICE_FILES`: a folder or file of CSV or Parquet. Default: none.
    pub files: Option<PathBuf>,
    /// `FACTOR_YIELD_FILE`: a CSV or Parquet file of Treasury yields. Default: what lies beside the prices.
    pub yield_file: Option<PathBuf>,
    /// `FACTOR_YIELD_SOURCE`. Default: `auto`.
    pub yield_source: YieldSource,
}

/// Where yields come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YieldSource {
    /// With files or the sample, theirs; with a vendor's prices the Treasury's, else FRED's, else those of Financial
    /// Modeling Prep if there is a key.
    Auto,
    /// The US Treasury's par yield curve.
    Treasury,
    /// The constant-maturity series of the St. Louis Fed.
    Fred,
    /// Financial Modeling Prep.
    Fmp,
}

/// How the vendors of prices and yields are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorSettings {
    /// `FMP_API_KEY`: the key for Financial Modeling Prep. Default: none.
    pub fmp_key: Option<Secret>,
    /// `FMP_BASE_URL`: up to and with `/stable`.
    pub fmp_url: BaseUrl,
    /// `FMP_REQUESTS_PER_MINUTE`: what the key's plan allows. Default: 300.
    pub fmp_per_minute: usize,
    /// `YAHOO_BASE_URL`: what comes before `/v8/finance/chart`.
    pub yahoo_url: BaseUrl,
    /// `TREASURY_BASE_URL`: up to and with `/daily-treasury-rates.csv`.
    pub treasury_url: BaseUrl,
    /// `FRED_BASE_URL`: up to and with `/graph/fredgraph.csv`.
    pub fred_url: BaseUrl,
    /// `FACTOR_PRICE_TIMEOUT`: a vendor answers one request within this, in seconds. Default: 10.
    pub timeout: Duration,
    /// `FACTOR_PRICE_MAX_RETRIES`: tries after the first. Default: 3.
    pub max_retries: usize,
}

/// A vendor's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Without a slash at its end.
    pub url: String,
    /// True when it is the vendor's own address.
    pub is_default: bool,
}

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Which price source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceSource {
    /// Files if a folder is configured, else Financial Modeling Prep if there is a key, else the sample.
    Auto,
    /// Financial Modeling Prep.
    Fmp,
    /// Yahoo's charts.
    Yahoo,
    /// A folder or file.
    Files,
    /// Simulated prices.
    Sample,
}

/// Where the factor universe comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniverseSettings {
    /// `FACTOR_PROXIES_DIR`: a folder with the YAML mappings. Default: those built into the binary.
    pub proxies_dir: Option<PathBuf>,
}

/// Limits of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisSettings {
    /// `FACTOR_INTELLIGENCE_CACHE_TTL`: how long computed panels and sections are kept, in seconds. Default: 1800.
    pub cache_ttl: Duration,
    /// `FACTOR_INTELLIGENCE_MAX_FACTORS`: factors in one analysis. Default: 200.
    pub max_factors: usize,
    /// `FACTOR_CORRELATION_MIN_OBSERVATIONS`: observations a figure needs, 12 to 120. Default: 24.
    pub min_observations: usize,
    /// `FACTOR_CORRELATION_TIMEOUT`: computing time of one analysis, in seconds. Default: 30.
    pub compute_timeout: Duration,
}

/// Limits of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSettings {
    /// `FACTOR_CALL_DEADLINE`: a call answers within this, in seconds. Default: 50.
    pub deadline: Duration,
}

/// Limits of a factor group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    /// `FACTOR_GROUP_MIN_TICKERS`: fewest members, 2 to 50. Default: 2.
    pub min_tickers: usize,
    /// `FACTOR_GROUP_MAX_TICKERS`: most members, 2 to 500. Default: 50.
    pub max_tickers: usize,
}

/// The HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// `FACTOR_HTTP_ADDR`: address and port. Default: `127.0.0.1:8765`.
    pub addr: SocketAddr,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// `RUST_LOG`: a filter of tracing-subscriber. Default: `info,rmcp=error`.
    pub filter: String,
}

/// A value in force and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The environment variable.
    pub name: &'static str,
    /// The value as written, `***` for a secret; `None` when nothing is set and there is no default.
    pub value: Option<String>,
    /// Where it came from: `flag`, `environment`, the file's path, or `default`.
    pub origin: String,
}

/// Values given on the command line, by their variable.
pub type Flags = Vec<(&'static str, Option<String>)>;

/// Settings that cannot be used; the server does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// One thing that can be set.
struct Setting {
    variable: &'static str,
    default: Option<&'static str>,
    is_path: bool,
    is_secret: bool,
}

impl Setting {
    const fn new(variable: &'static str, default: &'static str) -> Self {
        Self { variable, default: Some(default), is_path: false, is_secret: false }
    }

    const fn path(variable: &'static str) -> Self {
        Self { variable, default: None, is_path: true, is_secret: false }
    }

    const fn none(variable: &'static str) -> Self {
        Self { variable, default: None, is_path: false, is_secret: false }
    }

    /// The key in `factor-mcp.toml`: `price_source` for `FACTOR_PRICE_SOURCE`, `log` for `RUST_LOG`.
    fn key(&self) -> String {
        match self.variable {
            "RUST_LOG" => "log".to_owned(),
            variable => variable.trim_start_matches("FACTOR_").to_ascii_lowercase(),
        }
    }
}

const DATA_DIR: &str = "FACTOR_DATA_DIR";

const SETTINGS: [Setting; 25] = [
    Setting::new("FACTOR_PRICE_SOURCE", "auto"),
    Setting::path("FACTOR_PRICE_FILES"),
    Setting::new("FACTOR_YIELD_SOURCE", "auto"),
    Setting::path("FACTOR_YIELD_FILE"),
    Setting { is_secret: true, ..Setting::none("FMP_API_KEY") },
    Setting::new("FMP_BASE_URL", fmp::BASE_URL),
    Setting::new("FMP_REQUESTS_PER_MINUTE", "300"),
    Setting::new("YAHOO_BASE_URL", yahoo::BASE_URL),
    Setting::new("TREASURY_BASE_URL", treasury::BASE_URL),
    Setting::new("FRED_BASE_URL", fred::BASE_URL),
    Setting::new("FACTOR_PRICE_TIMEOUT", "10"),
    Setting::new("FACTOR_PRICE_MAX_RETRIES", "3"),
    Setting::path(DATA_DIR),
    Setting { is_secret: true, ..Setting::none("DATABASE_URL") },
    Setting::path("FACTOR_PROXIES_DIR"),
    Setting::new("FACTOR_INTELLIGENCE_CACHE_TTL", "1800"),
    Setting::new("FACTOR_INTELLIGENCE_MAX_FACTORS", "200"),
    Setting::new("FACTOR_CORRELATION_MIN_OBSERVATIONS", "24"),
    Setting::new("FACTOR_CORRELATION_TIMEOUT", "30"),
    Setting::new("FACTOR_CALL_DEADLINE", "50"),
    Setting::new("FACTOR_GROUP_MIN_TICKERS", "2"),
    Setting::new("FACTOR_GROUP_MAX_TICKERS", "50"),
    Setting::new("FACTOR_HTTP_ADDR", "127.0.0.1:8765"),
    Setting::new("RUST_LOG", "info,rmcp=error"),
    Setting::none("FACTOR_TODAY"),
];

impl Settings {
    /// The settings in force: flags over the environment over the file (`config`, else the first `factor-mcp.toml`
    /// found in the working directory or the user's configuration folder) over the defaults.
    ///
    /// # Errors
    /// When a value is not allowed or the file cannot be read.
    pub fn load(flags: &Flags, config: Option<&Path>) -> Result<Self, SettingsError> {
        Self::gather(flags, environment, file::find(config, environment).map_err(|error| SettingsError(vec![error]))?)
    }

    /// The settings without flags, environment or file.
    ///
    /// # Errors
    /// Never: the defaults are allowed.
    pub fn defaults() -> Result<Self, SettingsError> {
        Self::gather(&Flags::new(), |_| None, None)
    }

    /// The same settings with other values for some, as if given on the command line.
    ///
    /// # Errors
    /// When a value is not allowed.
    pub fn with(flags: &[(&'static str, &str)]) -> Result<Self, SettingsError> {
        let flags = flags.iter().map(|(name, value)| (*name, Some((*value).to_owned()))).collect();
        Self::gather(&flags, |_| None, None)
    }

    /// Every setting with its value and where it came from.
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }

    fn gather(
        flags: &Flags,
        environment: impl Fn(&str) -> Option<String>,
        file: Option<file::File>,
    ) -> Result<Self, SettingsError> {
        let mut problems = file.as_ref().map_or_else(Vec::new, |file| file.problems(&SETTINGS.map(|s| s.key())));
        let from = |setting: &Setting| -> Effective {
            let name = setting.variable;
            let flag = flags.iter().find(|(flag, _)| *flag == name).and_then(|(_, value)| value.clone());
            // Clients that fill in a form send an empty variable for what was left open.
            let variable = || environment(name).filter(|value| !value.trim().is_empty());
            let written = || file.as_ref().and_then(|file| file.value(&setting.key(), setting.is_path));
            if let Some(value) = flag {
                Effective { name, value: Some(value), origin: "flag".into() }
            } else if let Some(value) = variable() {
                Effective { name, value: Some(value), origin: "environment".into() }
            } else if let Some((value, origin)) = written() {
                Effective { name, value: Some(value), origin }
            } else {
                let user_folder = || file::user_data_folder(&environment).map(|path| path.display().to_string());
                let value = setting.default.map(str::to_owned);
                let value = value.or_else(|| (name == DATA_DIR).then(user_folder).flatten());
                Effective { name, value, origin: "default".into() }
            }
        };
        let mut effective: Vec<Effective> = SETTINGS.iter().map(from).collect();
        let settings = read::Reader::new(&effective, &mut problems).settings();
        for (setting, shown) in SETTINGS.iter().zip(&mut effective).filter(|(setting, _)| setting.is_secret) {
            debug_assert_eq!(setting.variable, shown.name, "the same order");
            shown.value = shown.value.as_ref().map(|_| "***".to_owned());
        }
        match settings {
            Some(settings) if problems.is_empty() => Ok(Self { effective, ..settings }),
            _ => Err(SettingsError(problems)),
        }
    }
}

/// A variable of the environment, if it is set and text.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
