//! `/metrics`: what Prometheus asks for, on an address of its own or, where it is allowed to, beside everything else.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use tokio::sync::Semaphore;

use super::{MAX_QUEUED, MAX_REQUESTS, connections::Connections};
use crate::{
    app::App,
    metrics::{self, Load, METRICS},
};

/// Where what is told comes from.
#[derive(Debug, Clone)]
pub(super) struct Scrape {
    pub(super) app: Arc<App>,
    pub(super) requests: Arc<Semaphore>,
    pub(super) queue: Arc<Semaphore>,
    pub(super) connections: Arc<Connections>,
}

/// Where it is asked for.
pub(super) const PATH: &str = "/metrics";

/// What answers there.
pub(super) fn route(scrape: Scrape) -> MethodRouter {
    get(tell).with_state(scrape)
}

async fn tell(State(scrape): State<Scrape>) -> Response {
    let load = Load {
        at_work: MAX_REQUESTS.saturating_sub(scrape.requests.available_permits()),
        waiting: MAX_QUEUED.saturating_sub(scrape.queue.available_permits()),
        connections: scrape.connections.count(),
    };
    let text = METRICS.text(&scrape.app, load).await;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, text).into_response()
}
