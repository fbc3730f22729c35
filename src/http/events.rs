//! `GET /api/events`: tells a page that its user's groups, portfolios or the universe are others than a moment ago.
//!
//! An event holds the state of each as a short digest, the first as soon as the stream is open; who listens compares. The state is
//! [`App::kept_state`], so that a change counts whoever made it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Extension, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use factor_store::StoreError;
use factor_types::UserId;
use futures::{Stream, StreamExt, stream};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{sse::event_stream, stay::LOOK};
use crate::app::{App, KeptItems, KeptState};

/// Where the stream is.
pub(super) const PATH: &str = "/api/events";
/// How often a stream says that it is there: proxies end one that says nothing for half a minute.
const PING: Duration = Duration::from_secs(15);

/// What the streams of a server share.
#[derive(Debug, Clone)]
pub(super) struct Events {
    app: Arc<App>,
    /// Cancelled once streams have to end.
    stop: CancellationToken,
}

/// The state of what answers rest on, for one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Known {
    groups: String,
    portfolios: String,
    universe: String,
}

/// The route, for those who came in by the door.
pub(super) fn routes(events: Events) -> Router {
    Router::new().route(PATH, get(open)).with_state(events)
}

async fn open(State(events): State<Events>, user: Option<Extension<UserId>>) -> Response {
    // Only a request that came past the door has none.
    let Some(Extension(user)) = user else { return StatusCode::FORBIDDEN.into_response() };
    event_stream(Body::from_stream(events.of(user)))
}

impl Events {
    pub(super) fn new(app: Arc<App>, stop: CancellationToken) -> Self {
        Self { app, stop }
    }

    /// What a user hears.
    fn of(self, user: UserId) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        let stop = self.stop.clone();
        let told: (Option<Known>, Instant) = (None, Instant::now());
        let events = stream::unfold((self, told), move |(events, (last, spoke))| async move {
            loop {
                match events.now(user).await {
                    Ok(known) if last.as_ref() != Some(&known) => {
                        let text =
                            format!("event: state\ndata: {}\n\n", serde_json::to_string(&known).unwrap_or_default());
                        let told = (Some(known), Instant::now());
                        return Some((Ok(text.into()), (events, told)));
                    }
                    Ok(_) => {}
                    // A store that is away says nothing about anything: the next look may.
                    Err(error) => tracing::debug!(%error, "a stream of events cannot look"),
                }
                if spoke.elapsed() >= PING {
                    return Some((Ok(Bytes::from_static(b": ping\n\n")), (events, (last, Instant::now()))));
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        events.take_until(stop.cancelled_owned())
    }

    /// The state as it was a second ago at most.
    async fn now(&self, user: UserId) -> Result<Known, Arc<StoreError>> {
        Ok(Known::of(&*self.app.kept_state(user).await?))
    }
}

impl Known {
    fn of(state: &KeptState) -> Self {
        Self { groups: digest(&state.groups), portfolios: digest(&state.portfolios), universe: state.universe.clone() }
    }
}

/// A digest of what is kept: another one after every change.
fn digest(kept: &KeptItems) -> String {
    let mut digest = Sha256::new();
    // Lengths and marks between, so that no two lists look alike.
    for item in kept.values() {
        digest.update([u8::from(item.updated_at.is_none())]);
        digest.update(item.name.len().to_le_bytes());
        digest.update(&item.name);
        if let Some(at) = item.updated_at {
            digest.update(at.timestamp_micros().to_le_bytes());
        }
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::app::KeptItem;

    #[test]
    fn every_change_is_another_state() {
        let at = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0);
        let item = |name: &str, updated_at| (name.to_owned(), KeptItem { name: name.to_owned(), updated_at });
        let states = [
            digest(&KeptItems::new()),
            digest(&KeptItems::from([item("a", at(1))])),
            digest(&KeptItems::from([item("a", at(2))])),
            digest(&KeptItems::from([item("b", at(1))])),
            digest(&KeptItems::from([item("a", at(1)), item("b", at(1))])),
            digest(&KeptItems::from([item("a", None)])),
        ];
        for (at, state) in states.iter().enumerate() {
            assert!(!states[..at].contains(state), "{at}");
        }
    }
}
