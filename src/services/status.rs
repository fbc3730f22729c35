//! The server's status: is every part well, what was done so far, what is configured.

pub mod health;
pub mod parts;
pub mod usage;

use chrono::NaiveDate;
use factor_types::UserId;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use self::{
    parts::Parts,
    usage::{Caches, Memory, Vendor},
};
use crate::{
    answer::Rendered,
    app::{App, CallFigures, Payer, Used},
    arguments::Args,
    cache_figures::CacheFigures,
    rights::Rights,
    services::{
        Call,
        saved_items::{self, Success},
    },
    settings::{DEFAULT, Effective},
    tool_error::ToolError,
};

/// Calls until a share of errors says something.
const FEWEST_CALLS: u64 = 10;
/// From this share of failed calls on, a warning is due.
const MANY_ERRORS: f64 = 0.2;

/// The whole status.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServerStatus {
    status: Success,
    /// Whether every part is well.
    health: Health,
    version: &'static str,
    uptime_seconds: u64,
    /// The date taken for today.
    today: NaiveDate,
    parts: Parts,
    caches: Caches,
    /// The vendors of prices that are in use.
    vendors: Vec<Vendor>,
    calls: CallFigures,
    /// For those who run the server alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
    /// What the caller has used of today's quotas, where there are some for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    quotas: Vec<Used>,
    /// Each setting that has a value, by its variable, for those who run the server alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<IndexMap<&'static str, Configured>>,
    /// What the one who runs the server should know.
    warnings: Vec<String>,
}

factor_types::closed_set! {
    /// Whether every part is well.
    pub enum Health: "a health" {
        /// Every part is, or is not configured.
        Ok = "ok",
        /// Some part is not.
        Degraded = "degraded",
    }
}

/// A setting in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Configured {
    /// As written, `***` for a secret; `null` when nothing is left of what was set.
    value: Option<String>,
    /// `flag`, `environment` or the file's path; absent where it is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// Answers a call.
///
/// # Errors
/// Arguments, which there are none of.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    Args::new(call.arguments.clone()).finish(&[])?;
    let status = run(app, call.user, call.rights, Payer::of(call.user, call.address)).await;
    Ok(saved_items::rendered(app, call.user, &status, &["warnings"]))
}

/// Asks every part how it is. Paths, addresses and settings are for those who run the server.
pub async fn run(app: &App, user: UserId, rights: Rights, payer: Payer) -> ServerStatus {
    let snapshot = app.universe_watcher.current().await;
    let loaded = &snapshot.loaded;
    // First: the caches and counters then show what the probes did as well.
    let mut parts = Parts::probed(app, user, loaded).await;
    // A user sees what is theirs.
    let calls = if rights.administers() { app.counters.figures() } else { app.counters_of(user).figures() };
    let mut caches = Caches::of(app).await;
    let about = app.sources.prices.about();
    let mut warnings: Vec<String> = Vec::new();
    if rights.administers() {
        warnings.extend(loaded.problems.iter().chain(&about.warnings).cloned());
    } else {
        parts.for_users();
        caches.disk = None;
    }
    warnings.extend(usage_warnings(about.simulated, &calls, &caches.results));
    ServerStatus {
        status: Success::Success,
        health: parts.health(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: app.started.elapsed().as_secs(),
        today: app.today(),
        parts,
        caches,
        vendors: app.sources.vendors().iter().map(Vendor::from).collect(),
        calls,
        memory: rights.administers().then(Memory::now),
        quotas: app.quotas.used(payer).await,
        configuration: rights.administers().then(|| app.settings.effective().iter().filter_map(configured).collect()),
        warnings,
    }
}

/// A setting as it is told: one that nobody set and that has no default is nothing to tell.
fn configured(setting: &Effective) -> Option<(&'static str, Configured)> {
    let from = (setting.origin != DEFAULT).then(|| setting.origin.clone());
    let told = setting.value.is_some() || from.is_some();
    told.then(|| (setting.name, Configured { value: setting.value.clone(), from }))
}

fn usage_warnings(simulated: bool, calls: &CallFigures, results: &CacheFigures) -> Vec<String> {
    let mut warnings = Vec::new();
    if simulated {
        warnings.push("The prices are simulated: they are no market's prices.".to_owned());
    }
    // One error in two calls is no news.
    if calls.calls >= FEWEST_CALLS && calls.error_rate > MANY_ERRORS {
        warnings.push(format!("{} of {} calls ended in an error.", calls.errors, calls.calls));
    }
    if results.bytes * 10 > results.max_bytes * 9 {
        warnings.push("The store of whole results is nearly full: the least used ones leave early.".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(calls: u64, errors: u64, bytes: u64) -> Vec<String> {
        let figures = CallFigures {
            calls,
            errors,
            error_rate: errors as f64 / calls as f64,
            analyses: 0,
            analysis_errors: 0,
            mean_ms: 0.0,
            peak_ms: 0.0,
        };
        usage_warnings(false, &figures, &CacheFigures { bytes, max_bytes: 1_000, ..CacheFigures::in_all(&[]) })
    }

    #[test]
    fn many_errors_and_a_full_store_are_worth_a_warning() {
        assert_eq!(warned(10, 2, 900), [""; 0], "a fifth, and nine tenths full");
        assert_eq!(warned(9, 9, 0), [""; 0], "too few calls to say");
        assert_eq!(warned(10, 3, 0), ["3 of 10 calls ended in an error."]);
        assert!(warned(1, 0, 901)[0].contains("nearly full"));
    }
}
