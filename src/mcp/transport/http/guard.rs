//! What stands before the MCP service: how many requests are at work, and answers said in better words.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;

use super::sessions::Sessions;

#[derive(Debug, Clone)]
pub(super) struct Guard {
    requests: Arc<Semaphore>,
    sessions: Arc<Sessions>,
}

impl Guard {
    pub(super) fn new(requests: Arc<Semaphore>, sessions: Arc<Sessions>) -> Self {
        Self { requests, sessions }
    }
}

pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    if method != Method::POST {
        let response = next.run(request).await;
        // Some clients take 202, which is what rmcp says, for a session that could not be ended.
        let ended = method == Method::DELETE && response.status() == StatusCode::ACCEPTED;
        return if ended { StatusCode::NO_CONTENT.into_response() } else { response };
    }
    let Ok(permit) = Arc::clone(&guard.requests).try_acquire_owned() else {
        return busy("too many requests are at work");
    };
    let response = next.run(request).await;
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && guard.sessions.is_full().await {
        return busy("too many sessions are open");
    }
    // A tool works while its answer is streamed, so the place is taken until the last of it is sent.
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _at_work = &permit;
            frame
        }))
    })
}

fn busy(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], why).into_response()
}
