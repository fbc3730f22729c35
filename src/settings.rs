//! What can be set, and from where: flag, environment variable or `factor-mcp.toml`, in that order of strength.
//!
//! A setting is one row of `table`. The environment is read here and nowhere else. Every value is checked before the
//! server starts; all wrong ones are named together, each with its value and what is allowed.

mod checks;
mod declare;
mod file;
mod folders;
mod rules;
mod table;
mod values;

use std::{fmt, net::IpAddr, path::Path};

use factor_types::closed_set;
use ipnet::IpNet;
use serde::Serialize;

pub use self::{
    declare::{Preset, Setting},
    folders::{System, UserFolders},
    table::{
        AnalysisSettings, AuditSettings, CallSettings, ClockSettings, GroupSettings, HttpSettings, LogSettings,
        OauthSettings, PriceSettings, QuotaSettings, SETTINGS, Settings, SlowSettings, StoreSettings,
        ThresholdSettings, UniverseSettings, VendorSettings,
    },
};
use self::{file::File, values::Values};

closed_set! {
    /// Which price source.
    pub enum PriceSource: "a price source" {
        /// Files if a folder is configured, else Financial Modeling Prep if there is a key, else the sample.
        Auto = "auto",
        /// Financial Modeling Prep.
        Fmp = "fmp",
        /// Yahoo's charts.
        Yahoo = "yahoo",
        /// A folder or file.
        Files = "files",
        /// Simulated prices.
        Sample = "sample",
    }
}

closed_set! {
    /// Where yields come from.
    pub enum YieldSource: "a source of yields" {
        /// With files or the sample, theirs; with a vendor's prices the Treasury's, else FRED's, else those of Financial
        /// Modeling Prep if there is a key.
        Auto = "auto",
        /// The US Treasury's par yield curve.
        Treasury = "treasury",
        /// The constant-maturity series of the St. Louis Fed.
        Fred = "fred",
        /// Financial Modeling Prep.
        Fmp = "fmp",
    }
}

closed_set! {
    /// Whether every call is written down.
    pub enum AuditMode: "on, off or auto" {
        /// On a server of several users over Postgres.
        Auto = "auto",
        /// It is.
        On = "on",
        /// It is not.
        Off = "off",
    }
}

/// Proxies in front of the server whose word counts; none by default, and then nobody's does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Networks that may be named.
    const MOST: usize = 64;

    /// Reads addresses and networks, `10.0.0.0/8, 192.168.1.5, ::1`; `None` where one is neither, or there are too many.
    pub fn read(text: &str) -> Option<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)).ok();
        let networks = parts.map(network).collect::<Option<Vec<IpNet>>>()?;
        (networks.len() <= Self::MOST).then_some(Self(networks))
    }

    /// True for the address of a proxy whose word counts.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
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

    /// Whose access tokens are taken, and what this server is to them; `None` where no issuer is set.
    ///
    /// # Errors
    /// Never: they were checked when they were read.
    pub fn resource_server(&self) -> Result<Option<factor_auth::Settings>, factor_auth::SettingsError> {
        let (OauthSettings { issuer, jwks_url, allow_jwt_typ, .. }, public_url) = (&self.oauth, &self.http.public_url);
        let both = issuer.as_deref().zip(public_url.as_deref());
        both.map(|(issuer, url)| oauth_of(issuer, url, jwks_url.as_deref(), *allow_jwt_typ)).transpose()
    }

    /// Every setting with its value and where it came from.
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }

    fn gather(
        flags: &Flags,
        environment: impl Fn(&str) -> Option<String>,
        file: Option<File>,
    ) -> Result<Self, SettingsError> {
        let keys: Vec<String> = SETTINGS.iter().map(Setting::key).collect();
        let mut problems = file.as_ref().map_or_else(Vec::new, |file| file.problems(&keys));
        let mut effective: Vec<Effective> =
            SETTINGS.iter().map(|setting| in_force(setting, flags, &environment, file.as_ref())).collect();
        let mut values = Values::new(&effective, &mut problems);
        // Secrets are still readable here and hidden below, so that a wrong one is checked and never shown.
        let settings = Self::read(&mut values);
        checks::check_sources(&mut values);
        checks::check_oauth(&mut values);
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

/// Where a value comes from that nobody wrote.
pub(crate) const DEFAULT: &str = "default";

/// What the check of access tokens goes by.
fn oauth_of(
    issuer: &str,
    public_url: &str,
    jwks_url: Option<&str>,
    allow_jwt_typ: bool,
) -> Result<factor_auth::Settings, factor_auth::SettingsError> {
    let settings = factor_auth::Settings::new(issuer, public_url)?.allowing_jwt_typ(allow_jwt_typ);
    match jwks_url {
        Some(url) => settings.with_jwks_url(url),
        None => Ok(settings),
    }
}

/// A setting's value as written, from the strongest place that has one.
fn in_force(
    setting: &Setting,
    flags: &Flags,
    environment: &impl Fn(&str) -> Option<String>,
    file: Option<&File>,
) -> Effective {
    let name = setting.variable;
    let flag = flags.iter().find(|(flag, _)| *flag == name).and_then(|(_, value)| value.clone());
    // Clients that fill in a form send an empty variable for what was left open.
    let variable = || environment(name).filter(|value| !value.trim().is_empty());
    let written = || file.and_then(|file| file.value(&setting.key(), setting.is_path));
    if let Some(value) = flag {
        Effective { name, value: Some(value), origin: "flag".into() }
    } else if let Some(value) = variable() {
        Effective { name, value: Some(value), origin: "environment".into() }
    } else if let Some((value, origin)) = written() {
        Effective { name, value: Some(value), origin }
    } else {
        let value = match setting.preset {
            Preset::Nothing => None,
            Preset::Value(value) => Some(value.to_owned()),
            Preset::UserDataFolder => file::user_data_folder(environment).map(|path| path.display().to_string()),
        };
        Effective { name, value, origin: DEFAULT.into() }
    }
}

/// A variable of the environment, if it is set and text.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
