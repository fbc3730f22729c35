//! How the server is, for those who start, watch and balance it.
//!
//! `/health/live` answers as long as the process does. `/health/ready` asks the store and the price source, at most every two seconds,
//! and waits for neither: what hangs is told by what was last known of it. Without a store, or once the server was told to stop, it is
//! 503; a price source that fails is `degraded`, for kept prices serve. Both need no key and name no more than parts.
//!
//! The two routes that the first system had lie behind the door: the second is about the caller's own groups.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Extension, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use chrono::{SecondsFormat, Utc};
use factor_types::UserId;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    services::status::{
        self,
        parts::{PartStatus, Ready},
    },
};

/// For so long what was found is told again.
const KNOWN_FOR: Duration = Duration::from_secs(2);
/// How long a question waits for what is being found out.
const PATIENCE: Duration = Duration::from_millis(60);
/// From when on nothing is known any more: a probe ends long before.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(15);

/// Whether the server is ready, as it was found a moment ago.
#[derive(Debug)]
pub(super) struct Readiness {
    app: Arc<App>,
    /// Cancelled once the server is told to stop.
    stopping: CancellationToken,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    last: Option<(Instant, Ready)>,
    /// Since when somebody is finding out.
    asking: Option<Instant>,
}

impl Readiness {
    pub(super) fn new(app: Arc<App>, stopping: CancellationToken) -> Arc<Self> {
        Arc::new(Self { app, stopping, found: Mutex::default() })
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known; `None` where nothing is, or not any more.
    async fn now(self: &Arc<Self>) -> Option<Ready> {
        let asks = {
            let mut found = self.found();
            if let Some((at, ready)) = found.last
                && at.elapsed() < KNOWN_FOR
            {
                return Some(ready);
            }
            // One who asks for longer than any probe takes has gone.
            let asks = found.asking.is_none_or(|since| since.elapsed() > FORGOTTEN_AFTER);
            if asks {
                found.asking = Some(Instant::now());
            }
            asks
        };
        if asks {
            let this = Arc::clone(self);
            let asking = tokio::spawn(async move {
                // The store decides, and does not wait for a source that is read for the first time.
                let store = Ready::store(&this.app).await;
                let before = {
                    let mut found = this.found();
                    let prices = found.last.and_then(|(_, ready)| ready.prices);
                    found.last = Some((Instant::now(), Ready { store, prices }));
                    prices
                };
                let prices = Ready::prices(&this.app).await;
                let ready = Ready { store, prices: Some(prices) };
                if before != ready.prices {
                    tracing::debug!(?ready, "what a balancer is told of the price source has changed");
                }
                *this.found() = Found { last: Some((Instant::now(), ready)), asking: None };
            });
            let _ = tokio::time::timeout(PATIENCE, asking).await;
        }
        let found = self.found();
        found.last.filter(|(at, _)| at.elapsed() < FORGOTTEN_AFTER).map(|(_, ready)| ready)
    }
}

/// The routes that need no key.
pub(super) fn open(readiness: Arc<Readiness>) -> [(&'static str, MethodRouter); 2] {
    [("/health/live", get(|| async { "ok" })), ("/health/ready", get(ready).with_state(readiness))]
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    let found = readiness.now().await;
    let stopping = readiness.stopping.is_cancelled();
    let is_well = |status| matches!(status, PartStatus::Ok | PartStatus::None);
    let (code, status) = match found {
        _ if stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        Some(ready) if !is_well(ready.store) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
        Some(ready) if ready.prices.is_some_and(|prices| !is_well(prices)) => (StatusCode::OK, "degraded"),
        Some(_) => (StatusCode::OK, "ready"),
    };
    let parts = found.map(|ready| json!({"store": ready.store, "prices": ready.prices}));
    let body = json!({"status": status, "parts": parts});
    (code, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body)).into_response()
}

/// Where the routes of the first system are.
const OF_SERVICES: [&str; 2] = ["/api/factor-intelligence/health", "/api/factor-groups/health"];

/// True where they are: whoever asks waits for nobody's place.
pub(super) fn is_of_services(path: &str) -> bool {
    OF_SERVICES.contains(&path)
}

/// The routes of the first system, for those who came in by the door.
pub(super) fn of_services(readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route(OF_SERVICES[0], get(factor_intelligence))
        .route(OF_SERVICES[1], get(factor_groups))
        .with_state(readiness)
}

/// Never a failure: what is not well is said.
async fn factor_intelligence(State(readiness): State<Arc<Readiness>>) -> Json<Value> {
    let app = &readiness.app;
    let is_well = |status| matches!(status, PartStatus::Ok | PartStatus::None);
    let ready = readiness.now().await;
    let failing = match ready {
        None => vec!["no part has answered yet"],
        Some(ready) => {
            [(Some(ready.store), "the store does not answer"), (ready.prices, "the price source does not answer")]
                .into_iter()
                .filter(|(status, _)| status.is_some_and(|status| !is_well(status)))
                .map(|(_, words)| words)
                .collect()
        }
    };
    let analysis = &app.settings.analysis;
    let mut body = json!({
        "status": if failing.is_empty() { "healthy" } else { "unhealthy" },
        "cache_stats": status::cache_stats(app).await,
        "calls": app.counters.figures(),
        "configuration": {
            "max_factors": analysis.max_factors,
            "min_observations": analysis.min_observations,
            "correlation_timeout": analysis.compute_timeout.as_secs(),
        },
        "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
    });
    if !failing.is_empty() {
        body["error"] = json!(failing.join("; "));
    }
    Json(body)
}

async fn factor_groups(State(readiness): State<Arc<Readiness>>, user: Option<Extension<UserId>>) -> Response {
    // Only a request that came past the door has none.
    let Some(Extension(user)) = user else { return StatusCode::FORBIDDEN.into_response() };
    let body = match readiness.app.store.groups(user).await {
        Ok(groups) => json!({
            "status": "healthy",
            "database_connected": true,
            "user_groups_count": groups.rows.len() + groups.damaged.len(),
        }),
        // Its words may name hosts and paths.
        Err(error) => {
            tracing::warn!(%error, "groups cannot be counted");
            json!({
                "status": "unhealthy",
                "database_connected": false,
                "user_groups_count": null,
                "error": "the store of groups does not answer",
            })
        }
    };
    Json(body).into_response()
}
