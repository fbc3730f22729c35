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
use factor_types::UserId;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    rest,
    services::status::{
        health::{AnalysesHealth, GroupsHealth},
        parts::Ready,
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
                    let before = found.last.map(|(_, ready)| ready);
                    let prices = before.and_then(|ready| ready.prices);
                    found.last = Some((Instant::now(), Ready { store, prices }));
                    before
                };
                let prices = Ready::prices(&this.app).await;
                let ready = Ready { store, prices: Some(prices) };
                if before != Some(ready) {
                    let (store, prices) = (store.as_str(), prices.as_str());
                    if ready.is_well() {
                        tracing::info!(store, prices, "the server is well");
                    } else {
                        tracing::warn!(store, prices, "the server is not well");
                    }
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
    let (code, status) = match found {
        _ if stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        Some(ready) if !ready.store.is_well() => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
        Some(ready) if !ready.is_well() => (StatusCode::OK, "degraded"),
        Some(_) => (StatusCode::OK, "ready"),
    };
    let parts = found.map(|ready| json!({"store": ready.store, "prices": ready.prices}));
    let body = json!({"status": status, "parts": parts});
    (code, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body)).into_response()
}

/// True where they are: whoever asks waits for nobody's place.
pub(super) fn is_of_services(path: &str) -> bool {
    rest::HEALTH.iter().any(|(known, _)| *known == path)
}

/// The routes of the first system, for those who came in by the door.
pub(super) fn of_services(readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route(rest::HEALTH[0].0, get(factor_intelligence))
        .route(rest::HEALTH[1].0, get(factor_groups))
        .with_state(readiness)
}

async fn factor_intelligence(State(readiness): State<Arc<Readiness>>) -> Json<AnalysesHealth> {
    let ready = readiness.now().await;
    Json(AnalysesHealth::of(&readiness.app, ready).await)
}

async fn factor_groups(State(readiness): State<Arc<Readiness>>, user: Option<Extension<UserId>>) -> Response {
    // Only a request that came past the door has none.
    let Some(Extension(user)) = user else { return StatusCode::FORBIDDEN.into_response() };
    Json(GroupsHealth::of(&readiness.app, user).await).into_response()
}
