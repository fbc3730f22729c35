//! Access tokens of OAuth at the door: the user of a token's subject, and how long its streams may stay.
//!
//! `factor-auth` says whether a token is good; here its identity becomes a user of the store, at first sight a new one. Who that
//! is, is known here for two seconds, and a stream looks every two seconds whether its user may still be here: one whose access
//! was taken away is out within five.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    http::{HeaderValue, Method, header},
    response::Response,
    routing::{MethodRouter, get},
};
use chrono::{DateTime, TimeDelta, Utc};
use factor_auth::{BearerToken, Identity, Scope, Scopes, TokenError, Verifier};
use factor_store::{IdentityOutcome, NewUsers, Store};
use factor_types::UserId;
use futures::StreamExt;
use moka::future::Cache;
use tower_http::cors::{Any, CorsLayer};

use super::keys::Refusal;
use crate::rights::Rights;

/// For so long an identity needs no look into the store, and a stream none at its user.
const KNOWN_FOR: Duration = Duration::from_secs(2);
const MOST_KNOWN: u64 = 10_000;
/// What a call that began in time may take beyond its token's end: as long as a token is taken after its end.
const GRACE: TimeDelta = TimeDelta::seconds(60);
/// The endpoint that tokens open.
pub(super) const ENDPOINT: &str = "/mcp";

/// Tokens of one issuer.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    verifier: Arc<Verifier>,
    store: Arc<dyn Store>,
    new: NewUsers,
    known: Cache<Identity, UserId>,
}

/// How long a token's streams may stay.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    tokens: Tokens,
    identity: Identity,
    until: DateTime<Utc>,
}

/// Marks an answer to a call of a tool.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfCall;

impl Tokens {
    pub(super) fn new(verifier: Arc<Verifier>, store: Arc<dyn Store>, new: NewUsers) -> Self {
        let known = Cache::builder().max_capacity(MOST_KNOWN).time_to_live(KNOWN_FOR).build();
        Self { verifier, store, new, known }
    }

    /// What this server is to its tokens.
    pub(super) fn settings(&self) -> &factor_auth::Settings {
        self.verifier.settings()
    }

    /// Whose a token is, what it lets them do, and for how long.
    pub(super) async fn check(&self, token: &str) -> Result<(UserId, Rights, Stay), Refusal> {
        let refused = |error: TokenError| if error.is_temporary() { Refusal::KeysAway } else { Refusal::Token(error) };
        let access = self.verifier.check(BearerToken::new(token).map_err(refused)?).await.map_err(refused)?;
        let rights = Rights::of_token(access.scopes);
        // Nobody becomes a user by a token that opens nothing.
        rights.require(least()).map_err(Refusal::Scope)?;
        let user = self.user(&access.identity).await?;
        let (tokens, identity) = (self.clone(), access.identity.clone());
        Ok((user, rights, Stay { tokens, identity, until: access.expires_at }))
    }

    /// The user of an identity. Several requests that bring the same one ask the store once.
    async fn user(&self, identity: &Identity) -> Result<UserId, Refusal> {
        let found = self.known.try_get_with_by_ref(identity, async {
            match self.store.user_of_identity(&identity.issuer, &identity.subject, self.new).await {
                Ok(IdentityOutcome::Known(user)) => Ok(user.id),
                Ok(IdentityOutcome::Revoked) => Err(Refusal::Revoked),
                Ok(IdentityOutcome::TooManyNew) => {
                    tracing::warn!(
                        "somebody new came with a token, and there were as many within the hour as there may be"
                    );
                    Err(Refusal::TooManyNew)
                }
                Err(error) => {
                    tracing::warn!(%error, "an identity could not be looked up");
                    Err(Refusal::StoreDown)
                }
            }
        });
        found.await.map_err(|refusal| *refusal)
    }

    /// The documents of RFC 9728, for those who have no token yet: outside of the door, for pages of any origin.
    pub(super) fn documents(&self) -> Vec<(String, MethodRouter)> {
        const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
        let settings = self.settings();
        let document = serde_json::to_value(settings.resource_metadata()).unwrap_or_default();
        // Where the public URL has a path a proxy may take it away or leave it.
        let mut paths = vec![WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}{ENDPOINT}")];
        paths.extend(["", ENDPOINT].map(|endpoint| settings.metadata_path(endpoint)));
        paths.sort();
        paths.dedup();
        let answer = move || {
            let kept = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            let document = Json(document.clone());
            async move { ([kept], document) }
        };
        let cors = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET]).allow_headers(Any);
        paths.into_iter().map(|path| (path, get(answer.clone()).layer(cors.clone()))).collect()
    }
}

/// What everything here needs.
pub(super) fn least() -> Scopes {
    Scopes::of(&[Scope::Read])
}

impl Stay {
    /// The answer, whose stream ends when its token does or its user may no longer be here.
    pub(super) fn bound(self, response: Response) -> Response {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return response;
        }
        let is_call = response.extensions().get::<OfCall>().is_some();
        let until = if is_call { self.until.max(Utc::now() + GRACE) } else { self.until };
        let over = async move { Self { until, ..self }.over().await };
        response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(over))))
    }

    async fn over(self) {
        loop {
            let Ok(left) = (self.until - Utc::now()).to_std() else { return };
            tokio::time::sleep(left.min(KNOWN_FOR)).await;
            // A store that is away says nothing about anybody.
            if matches!(self.tokens.user(&self.identity).await, Err(Refusal::Revoked)) {
                tracing::debug!("a stream ends: its user's access was taken away");
                return;
            }
        }
    }
}
