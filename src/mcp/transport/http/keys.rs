//! Who asks: the user of the key that came with a request.
//!
//! A key is looked up in the store and then known here for 30 seconds, so that a session does not cost a query per
//! request. A key that was revoked is therefore taken for at most so long. Keys that nobody has are not remembered: what
//! strangers send pushes no user out.
//!
//! The key is taken out of the request once it is read. Nothing behind this door sees it, and so nothing can log it.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use factor_store::{ApiKey, Store, StoreError};
use factor_types::UserId;
use moka::future::Cache;
use serde_json::json;

use super::sessions::Sessions;

/// For so long a key needs no look into the store.
const KNOWN_FOR: Duration = Duration::from_secs(30);
const MOST_KNOWN: u64 = 10_000;
const API_KEY: &str = "x-api-key";
const KEY_START: &str = "fie_";
const SESSION: &str = "mcp-session-id";

/// The door of the server.
#[derive(Clone)]
pub(super) struct Door {
    store: Arc<dyn Store>,
    sessions: Arc<Sessions>,
    /// True when a request without a key is refused.
    key_required: bool,
    known: Cache<[u8; 32], UserId>,
}

/// Why somebody does not come in.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    NoKey,
    WrongKey,
    StoreDown,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("key_required", &self.key_required).finish_non_exhaustive()
    }
}

impl Door {
    pub(super) fn new(store: Arc<dyn Store>, sessions: Arc<Sessions>, key_required: bool) -> Self {
        Self::knowing(store, sessions, key_required, KNOWN_FOR)
    }

    fn knowing(store: Arc<dyn Store>, sessions: Arc<Sessions>, key_required: bool, life: Duration) -> Self {
        let known = Cache::builder().max_capacity(MOST_KNOWN).time_to_live(life).build();
        Self { store, sessions, key_required, known }
    }

    /// The user of the key in these headers; without one the local user, where that is allowed.
    async fn user(&self, headers: &HeaderMap) -> Result<UserId, Refusal> {
        let key = match presented(headers)? {
            Some(key) => key,
            None if self.key_required => return Err(Refusal::NoKey),
            None => return Ok(UserId::LOCAL),
        };
        let key: ApiKey = key.parse().map_err(|_| Refusal::WrongKey)?;
        // Several requests with a key not yet known ask the store once.
        let found = self.known.try_get_with(key.hash(), async {
            match self.store.user_of(&key).await {
                Ok(Some(user)) => Ok(user.id),
                // Where nothing is kept there are no keys.
                Ok(None) | Err(StoreError::NotConfigured) => Err(Refusal::WrongKey),
                Err(error) => {
                    tracing::warn!(%error, "a key could not be looked up");
                    Err(Refusal::StoreDown)
                }
            }
        });
        found.await.map_err(|refusal| *refusal)
    }
}

/// Lets a request in as its user's, or says why not.
pub(super) async fn identify(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let user = match door.user(request.headers()).await {
        Ok(user) => user,
        Err(refusal) => return refusal.into_response(),
    };
    // The key has done its work: nothing further in can log it or give it away.
    request.headers_mut().remove(header::AUTHORIZATION);
    request.headers_mut().remove(API_KEY);
    let session = request.headers().get(SESSION).and_then(|id| id.to_str().ok());
    if session.is_some_and(|id| door.sessions.belongs_to_another(id, user)) {
        // As for a session that does not exist: whether it does is its user's business.
        return (StatusCode::NOT_FOUND, "Not Found: Session not found; begin a new one with initialize")
            .into_response();
    }
    request.extensions_mut().insert(user);
    next.run(request).await
}

/// The key that a request presents, at most one.
fn presented(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut keys = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| Refusal::WrongKey)?;
        let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        // Another scheme is somebody else's affair, such as a proxy's in front; a key that forgot its scheme is not.
        if scheme.eq_ignore_ascii_case("bearer") {
            keys.push(rest.trim());
        } else if scheme.starts_with(KEY_START) {
            return Err(Refusal::WrongKey);
        }
    }
    for value in headers.get_all(API_KEY) {
        keys.push(value.to_str().map_err(|_| Refusal::WrongKey)?.trim());
    }
    let first = keys.first().copied();
    // Two different keys are no user.
    if keys.iter().any(|key| Some(*key) != first) { Err(Refusal::WrongKey) } else { Ok(first) }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = |error: &str, message: &str| Json(json!({"error": error, "message": message}));
        let (status, name, value, body) = match self {
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                header::WWW_AUTHENTICATE,
                "Bearer",
                body(
                    "key_required",
                    "This server answers to its users only: send your key as `Authorization: Bearer fie_...` or \
                     `X-API-Key: fie_...`. Whoever runs the server makes one with `factor-mcp user add`.",
                ),
            ),
            Self::WrongKey => (
                StatusCode::UNAUTHORIZED,
                header::WWW_AUTHENTICATE,
                "Bearer error=\"invalid_token\"",
                body(
                    "wrong_key",
                    "The key sent is not, or no longer, a key of this server: send the one you were given, whole, as \
                     `Authorization: Bearer fie_...` or `X-API-Key: fie_...`, or ask the server's administrator for a new one (`factor-mcp user add`).",
                ),
            ),
            // Not 401: a client that is told its key is wrong throws it away.
            Self::StoreDown => (
                StatusCode::SERVICE_UNAVAILABLE,
                header::RETRY_AFTER,
                "2",
                body("store_unavailable", "The key cannot be looked up just now: send the request again in a moment."),
            ),
        };
        (status, [(name, HeaderValue::from_static(value))], body).into_response()
    }
}

#[cfg(test)]
mod tests;
