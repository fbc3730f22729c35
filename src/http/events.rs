//! `GET /api/events`: tells a page that its user's groups, portfolios or the universe are others than a moment ago.
//!
//! An event holds the state of each as a short digest, the first as soon as the stream is open; who listens compares. The state is read
//! from the store, so that a change counts whoever made it: another replica, the command line, a model over MCP. All streams of a
//! user look once.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Extension, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use factor_store::StoreError;
use factor_types::UserId;
use futures::{Stream, StreamExt, stream};
use moka::future::Cache;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{sse::event_stream, stay::LOOK};
use crate::app::App;

/// Where the stream is.
pub(super) const PATH: &str = "/api/events";
/// How often a stream says that it is there: proxies end one that says nothing for half a minute.
const PING: Duration = Duration::from_secs(15);
/// For so long what was found is the answer to another stream of the same user.
const KNOWN_FOR: Duration = Duration::from_secs(1);
const MOST_KNOWN: u64 = 10_000;

/// What the streams of a server share.
#[derive(Debug, Clone)]
pub(super) struct Events {
    app: Arc<App>,
    known: Cache<UserId, Known>,
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
        let known = Cache::builder().max_capacity(MOST_KNOWN).time_to_live(KNOWN_FOR).build();
        Self { app, known, stop }
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
        self.known.try_get_with(user, self.looked_up(user)).await
    }

    async fn looked_up(&self, user: UserId) -> Result<Known, StoreError> {
        let store = &self.app.store;
        let groups = match store.groups(user).await {
            Ok(groups) => {
                let saved = groups.rows.iter().map(|row| (row.group.what.name.as_str(), row.group.updated_at));
                digest(saved, &groups.damaged)
            }
            Err(StoreError::NotConfigured) => digest(std::iter::empty(), &[]),
            Err(error) => return Err(error),
        };
        let portfolios = match store.portfolios(user).await {
            Ok(portfolios) => {
                let saved = portfolios.rows.iter().map(|row| (row.what.name.as_str(), row.updated_at));
                digest(saved, &portfolios.damaged)
            }
            Err(StoreError::NotConfigured) => digest(std::iter::empty(), &[]),
            Err(error) => return Err(error),
        };
        let universe = self.app.universe_watcher.current().await.loaded.hash.clone();
        Ok(Known { groups, portfolios, universe })
    }
}

/// A digest of what is kept: another one after every change.
fn digest<'a>(saved: impl Iterator<Item = (&'a str, DateTime<Utc>)>, damaged: &[String]) -> String {
    let mut digest = Sha256::new();
    // Lengths and marks between, so that no two lists look alike.
    for (name, at) in saved {
        digest.update([0]);
        digest.update(name.len().to_le_bytes());
        digest.update(name);
        digest.update(at.timestamp_micros().to_le_bytes());
    }
    for name in damaged {
        digest.update([1]);
        digest.update(name.len().to_le_bytes());
        digest.update(name);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_another_state() {
        let at = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
        let states = [
            digest(std::iter::empty(), &[]),
            digest([("a", at(1))].into_iter(), &[]),
            digest([("a", at(2))].into_iter(), &[]),
            digest([("b", at(1))].into_iter(), &[]),
            digest([("a", at(1)), ("b", at(1))].into_iter(), &[]),
            digest(std::iter::empty(), &["a".to_owned()]),
        ];
        for (at, state) in states.iter().enumerate() {
            assert!(!states[..at].contains(state), "{at}");
        }
    }
}
