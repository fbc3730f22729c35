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
use serde::Serialize;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where prices and yields come from.
    pub prices: PriceSettings,
    /// Where the factor universe comes from.
    pub universe: UniverseSettings,
    /// Limits of an analysis.
    pub analysis: AnalysisSettings,
    /// Limits of a call, whatever the tool.
    pub calls: CallSettings,
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
}

/// Which price source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceSource {
    /// Files if a folder is configured, else the sample.
    Auto,
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
    /// The value as written; `None` when nothing is set and there is no default.
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
}

impl Setting {
    const fn new(variable: &'static str, default: &'static str) -> Self {
        Self { variable, default: Some(default), is_path: false }
    }

    const fn path(variable: &'static str) -> Self {
        Self { variable, default: None, is_path: true }
    }

    /// The key in `factor-mcp.toml`: `price_source` for `FACTOR_PRICE_SOURCE`, `log` for `RUST_LOG`.
    fn key(&self) -> String {
        match self.variable {
            "RUST_LOG" => "log".to_owned(),
            variable => variable.trim_start_matches("FACTOR_").to_ascii_lowercase(),
        }
    }
}

const SETTINGS: [Setting; 12] = [
    Setting::new("FACTOR_PRICE_SOURCE", "auto"),
    Setting::path("FACTOR_PRICE_FILES"),
    Setting::path("FACTOR_YIELD_FILE"),
    Setting::path("FACTOR_PROXIES_DIR"),
    Setting::new("FACTOR_INTELLIGENCE_CACHE_TTL", "1800"),
    Setting::new("FACTOR_INTELLIGENCE_MAX_FACTORS", "200"),
    Setting::new("FACTOR_CORRELATION_MIN_OBSERVATIONS", "24"),
    Setting::new("FACTOR_CORRELATION_TIMEOUT", "30"),
    Setting::new("FACTOR_CALL_DEADLINE", "50"),
    Setting::new("FACTOR_HTTP_ADDR", "127.0.0.1:8765"),
    Setting::new("RUST_LOG", "info,rmcp=error"),
    Setting { variable: "FACTOR_TODAY", default: None, is_path: false },
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
                Effective { name, value: setting.default.map(str::to_owned), origin: "default".into() }
            }
        };
        let effective: Vec<Effective> = SETTINGS.iter().map(from).collect();
        let settings = read::Reader::new(&effective, &mut problems).settings();
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
