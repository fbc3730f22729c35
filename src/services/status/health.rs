//! What the health routes of the first system answer, with its fields.

use std::collections::BTreeMap;

use chrono::{SecondsFormat, Utc};
use factor_types::{UserId, closed_set};
use schemars::JsonSchema;
use serde::Serialize;

use super::{parts::Ready, usage::Caches};
use crate::{
    app::{App, CallFigures},
    cache_figures::CacheFigures,
};

closed_set! {
    /// Whether it is well.
    pub enum Wellness: "a state" {
        /// It is.
        Healthy = "healthy",
        /// It is not: `error` says what.
        Unhealthy = "unhealthy",
    }
}

/// How the analyses are.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AnalysesHealth {
    status: Wellness,
    /// By cache, and `overall`.
    cache_stats: BTreeMap<&'static str, CacheHealth>,
    /// Calls since the start.
    calls: CallFigures,
    configuration: AnalysesLimits,
    /// When this was, in UTC.
    timestamp: String,
    /// What is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How a cache does.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CacheHealth {
    requests: u64,
    hits: u64,
    /// `hits` over `requests`, 0 when there were none.
    hit_rate: f64,
    entries: u64,
    bytes: u64,
    max_bytes: u64,
    /// How long an entry is kept, in seconds; `null` where that is not a time of its own.
    ttl: Option<u64>,
}

/// What an analysis is held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AnalysesLimits {
    max_factors: usize,
    min_observations: usize,
    /// In seconds.
    correlation_timeout: u64,
}

/// How the groups are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GroupsHealth {
    status: Wellness,
    database_connected: bool,
    /// The caller's; `null` where they cannot be counted.
    user_groups_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl AnalysesHealth {
    /// As the parts were found a moment ago; never a failure: what is not well is said.
    pub async fn of(app: &App, ready: Option<Ready>) -> Self {
        let failing = match ready {
            None => vec!["no part has answered yet"],
            Some(ready) => {
                let parts = [
                    (Some(ready.store), "the store does not answer"),
                    (ready.prices, "the price source does not answer"),
                ];
                let failing = parts.into_iter().filter(|(status, _)| status.is_some_and(|status| !status.is_well()));
                failing.map(|(_, words)| words).collect()
            }
        };
        let analysis = &app.settings.analysis;
        Self {
            status: if failing.is_empty() { Wellness::Healthy } else { Wellness::Unhealthy },
            cache_stats: Caches::of(app).await.in_memory().map(|(name, figures)| (name, figures.into())).collect(),
            calls: app.counters.figures(),
            configuration: AnalysesLimits {
                max_factors: analysis.max_factors,
                min_observations: analysis.min_observations,
                correlation_timeout: analysis.compute_timeout.as_secs(),
            },
            timestamp: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            error: (!failing.is_empty()).then(|| failing.join("; ")),
        }
    }
}

impl GroupsHealth {
    /// Asks the store for a user's groups.
    pub async fn of(app: &App, user: UserId) -> Self {
        match app.store.groups(user).await {
            Ok(groups) => Self {
                status: Wellness::Healthy,
                database_connected: true,
                user_groups_count: Some(groups.rows.len() + groups.damaged.len()),
                error: None,
            },
            // Its words may name hosts and paths.
            Err(error) => {
                tracing::warn!(%error, "groups cannot be counted");
                Self {
                    status: Wellness::Unhealthy,
                    database_connected: false,
                    user_groups_count: None,
                    error: Some("the store of groups does not answer"),
                }
            }
        }
    }
}

impl From<CacheFigures> for CacheHealth {
    fn from(figures: CacheFigures) -> Self {
        let CacheFigures { requests, hits, hit_rate, entries, bytes, max_bytes, life_seconds } = figures;
        Self { requests, hits, hit_rate, entries, bytes, max_bytes, ttl: life_seconds }
    }
}
