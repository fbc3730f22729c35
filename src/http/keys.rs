//! Who asks: the user of the key or of the access token that came with a request.
//!
//! What begins with `fie_` is a key; any other text behind `Bearer` is a token, where tokens are taken (see `tokens.rs`). One
//! request brings one of them. Neither is looked for in an address.
//!
//! A key is looked up in the store and then known here for 30 seconds, so that a session does not cost a query per
//! request. A key that was revoked is therefore taken for at most so long; its streams end within five (see `stay.rs`), and with
//! them that it is known. Keys that nobody has are not remembered: what strangers send pushes no user out.
//!
//! It is taken out of the request once it is read. Nothing behind this door sees it, and so nothing can log it.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use factor_auth::{InsufficientScope, TokenError};
use factor_store::{ApiKey, Store, StoreError};
use factor_types::UserId;
use moka::future::Cache;
use serde_json::json;

use super::{
    refusals::Told,
    sessions::Sessions,
    stay::{LOOK, Stay},
    tokens::{ENDPOINT, Tokens, least},
};
use crate::rights::Rights;

/// For so long a key needs no look into the store.
const KNOWN_FOR: Duration = Duration::from_secs(30);
const MOST_KNOWN: u64 = 10_000;
const API_KEY: &str = "x-api-key";
const KEY_START: &str = "fie_";
const SESSION: &str = "mcp-session-id";

/// The door of the server.
#[derive(Clone)]
pub(super) struct Door {
    keys: Keys,
    sessions: Arc<Sessions>,
    /// True when a request without a key or token is refused.
    key_required: bool,
    /// Where tokens are taken.
    tokens: Option<Tokens>,
}

/// Whose a key is.
#[derive(Clone)]
pub(super) struct Keys {
    store: Arc<dyn Store>,
    /// By the key's hash.
    known: Cache<[u8; 32], UserId>,
    /// The same, looked up a moment ago: streams of one key ask the store once.
    just_known: Cache<[u8; 32], UserId>,
}

/// Why somebody does not come in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    NoKey,
    WrongKey,
    StoreDown,
    /// The token is not good.
    Token(TokenError),
    /// It does not open what was asked for.
    Scope(InsufficientScope),
    /// It cannot be judged.
    KeysAway,
    /// It is good, and its subject's access was taken away.
    Revoked,
    /// It is good, and there were as many new users within the hour as there may be.
    TooManyNew,
}

/// What a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presented<'a> {
    Nothing,
    Key(&'a str),
    /// What may be a token, where tokens are taken.
    Token(&'a str),
}

/// Who came in.
struct Visitor {
    user: UserId,
    rights: Rights,
    stay: Option<Stay>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("known", &self.known.entry_count()).finish_non_exhaustive()
    }
}

impl Keys {
    fn new(store: Arc<dyn Store>, life: Duration) -> Self {
        let living = |life| Cache::builder().max_capacity(MOST_KNOWN).time_to_live(life).build();
        Self { store, known: living(life), just_known: living(LOOK) }
    }

    /// The user of a key.
    async fn user(&self, key: &ApiKey) -> Result<UserId, Refusal> {
        // Several requests with a key not yet known ask the store once.
        let found = self.known.try_get_with(key.hash(), self.looked_up(key));
        found.await.map_err(|refusal| *refusal)
    }

    /// Whose a key still is, by what the store said a moment ago. One that is nobody's any more is not known from then on.
    pub(super) async fn still(&self, key: &ApiKey) -> Result<UserId, Refusal> {
        let found = self.just_known.try_get_with(key.hash(), self.looked_up(key));
        let found = found.await.map_err(|refusal| *refusal);
        if matches!(found, Err(Refusal::WrongKey)) {
            self.known.invalidate(&key.hash()).await;
        }
        found
    }

    async fn looked_up(&self, key: &ApiKey) -> Result<UserId, Refusal> {
        match self.store.user_of(key).await {
            Ok(Some(user)) => Ok(user.id),
            // Where nothing is kept there are no keys.
            Ok(None) | Err(StoreError::NotConfigured) => Err(Refusal::WrongKey),
            Err(error) => {
                tracing::warn!(%error, "a key could not be looked up");
                Err(Refusal::StoreDown)
            }
        }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("key_required", &self.key_required).finish_non_exhaustive()
    }
}

impl Door {
    pub(super) fn new(
        store: Arc<dyn Store>,
        sessions: Arc<Sessions>,
        key_required: bool,
        tokens: Option<Tokens>,
    ) -> Self {
        Self { tokens, ..Self::knowing(store, sessions, key_required, KNOWN_FOR) }
    }

    fn knowing(store: Arc<dyn Store>, sessions: Arc<Sessions>, key_required: bool, life: Duration) -> Self {
        Self { keys: Keys::new(store, life), sessions, key_required, tokens: None }
    }

    /// Whose key or token is in these headers; without one the local user, where that is allowed.
    async fn visitor(&self, headers: &HeaderMap) -> Result<Visitor, Refusal> {
        match (presented(headers)?, &self.tokens) {
            (Presented::Nothing, _) if self.key_required => Err(Refusal::NoKey),
            (Presented::Nothing, _) => Ok(Visitor { user: UserId::LOCAL, rights: Rights::all(), stay: None }),
            (Presented::Token(token), Some(tokens)) => {
                let (user, rights, stay) = tokens.check(token).await?;
                Ok(Visitor { user, rights, stay: Some(stay) })
            }
            (Presented::Key(key) | Presented::Token(key), _) => {
                let key: ApiKey = key.parse().map_err(|_| Refusal::WrongKey)?;
                let user = self.keys.user(&key).await?;
                let stay = Stay::by_key(self.keys.clone(), key);
                Ok(Visitor { user, rights: Rights::of_key(), stay: Some(stay) })
            }
        }
    }

    /// The answer to somebody who does not come in.
    fn refused(&self, refusal: Refusal) -> Response {
        refusal.answer(self.tokens.as_ref().map(Tokens::settings))
    }
}

/// Lets a request in as its user's, or says why not.
pub(super) async fn identify(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let Visitor { user, rights, stay } = match door.visitor(request.headers()).await {
        Ok(visitor) => visitor,
        Err(refusal) => return door.refused(refusal),
    };
    // It has done its work: nothing further in can log it or give it away.
    request.headers_mut().remove(header::AUTHORIZATION);
    request.headers_mut().remove(API_KEY);
    let session = request.headers().get(SESSION).and_then(|id| id.to_str().ok());
    if session.is_some_and(|id| door.sessions.belongs_to_another(id, user)) {
        // As for a session that does not exist: whether it does is its user's business.
        return (StatusCode::NOT_FOUND, "Not Found: Session not found; begin a new one with initialize")
            .into_response();
    }
    request.extensions_mut().insert(user);
    request.extensions_mut().insert(rights);
    let mut response = next.run(request).await;
    // The guard, which has read the message, found that it needs more.
    if let Some(refused) = response.extensions_mut().remove::<InsufficientScope>() {
        return door.refused(Refusal::Scope(refused));
    }
    match stay {
        Some(stay) => stay.bound(response),
        None => response,
    }
}

/// What a request presents, at most one.
fn presented(headers: &HeaderMap) -> Result<Presented<'_>, Refusal> {
    let mut found = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| Refusal::WrongKey)?;
        let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        // Another scheme is somebody else's affair, such as a proxy's in front; a key that forgot its scheme is not.
        if scheme.eq_ignore_ascii_case("bearer") {
            let text = rest.trim();
            found.push(if text.starts_with(KEY_START) { Presented::Key(text) } else { Presented::Token(text) });
        } else if scheme.starts_with(KEY_START) {
            return Err(Refusal::WrongKey);
        }
    }
    for value in headers.get_all(API_KEY) {
        found.push(Presented::Key(value.to_str().map_err(|_| Refusal::WrongKey)?.trim()));
    }
    let first = found.first().copied();
    // Two different ones are no user.
    if found.iter().any(|one| Some(*one) != first) {
        return Err(Refusal::WrongKey);
    }
    Ok(first.unwrap_or(Presented::Nothing))
}

impl Refusal {
    /// What is said, with the way to a token where tokens are taken.
    fn answer(self, tokens: Option<&factor_auth::Settings>) -> Response {
        let (status, error, message) = self.words(tokens.is_some());
        let mut response = (status, Json(json!({"error": error, "message": message}))).into_response();
        response.extensions_mut().insert(Told { error, message });
        let challenge = match (self, tokens) {
            (Self::NoKey, Some(settings)) => settings.challenge(ENDPOINT, least()),
            (Self::NoKey, None) => "Bearer".to_owned(),
            (Self::WrongKey, Some(settings)) => {
                let challenge = settings.challenge(ENDPOINT, least());
                format!("Bearer error=\"invalid_token\", {}", challenge.trim_start_matches("Bearer "))
            }
            (Self::WrongKey, None) => "Bearer error=\"invalid_token\"".to_owned(),
            (Self::Token(error), Some(settings)) => settings.invalid_token(error, ENDPOINT, least()),
            (Self::Scope(refused), Some(settings)) => settings.insufficient_scope(refused, ENDPOINT),
            _ => String::new(),
        };
        let headers = response.headers_mut();
        // What the settings say is made of visible characters.
        if let Some(challenge) = HeaderValue::try_from(challenge).ok().filter(|challenge| !challenge.is_empty()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }

    /// After how many seconds it may be otherwise.
    fn retry_after(self) -> Option<&'static str> {
        match self {
            Self::StoreDown => Some("2"),
            Self::KeysAway => Some("5"),
            Self::TooManyNew => Some("300"),
            _ => None,
        }
    }

    fn words(self, tokens: bool) -> (StatusCode, &'static str, String) {
        const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::NoKey if tokens => (
                StatusCode::UNAUTHORIZED,
                "key_required",
                "This server answers to its users only: send an access token of its issuer as `Authorization: Bearer <token>` (its \
                 metadata says where to get one), or your key as `Authorization: Bearer fie_...` or `X-API-Key: fie_...` \
                 (`factor-mcp user add` makes one)."
                    .to_owned(),
            ),
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                "key_required",
                "This server answers to its users only: send your key as `Authorization: Bearer fie_...` or \
                 `X-API-Key: fie_...`. Whoever runs the server makes one with `factor-mcp user add`."
                    .to_owned(),
            ),
            Self::WrongKey => (
                StatusCode::UNAUTHORIZED,
                "wrong_key",
                "The key sent is not, or no longer, a key of this server: send the one you were given, whole and no other beside it, as \
                 `Authorization: Bearer fie_...` or `X-API-Key: fie_...`, or ask the server's administrator for a new one (`factor-mcp user add`)."
                    .to_owned(),
            ),
            // Not 401: a client that is told its key is wrong throws it away.
            Self::StoreDown => (
                UNAVAILABLE,
                "store_unavailable",
                "The key cannot be looked up just now: send the request again in a moment.".to_owned(),
            ),
            Self::Token(error) => (StatusCode::UNAUTHORIZED, "invalid_token", sentence(&error)),
            Self::KeysAway => (UNAVAILABLE, "keys_unavailable", sentence(&TokenError::KeysUnavailable)),
            Self::Scope(refused) => (StatusCode::FORBIDDEN, "insufficient_scope", sentence(&refused)),
            // Not 401: another token of the same subject would help as little.
            Self::Revoked => (
                StatusCode::FORBIDDEN,
                "revoked",
                "Your access to this server was taken away: ask its administrator.".to_owned(),
            ),
            Self::TooManyNew => (
                UNAVAILABLE,
                "too_many_new_users",
                "Too many new users came within the hour (FACTOR_OAUTH_NEW_USERS_PER_HOUR): try again later, or ask the server's \
                 administrator."
                    .to_owned(),
            ),
        }
    }
}

/// Words as a sentence.
fn sentence(words: &impl fmt::Display) -> String {
    let words = words.to_string();
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests;
