//! Access tokens of OAuth at the door: the user of a token's subject.
//!
//! `factor-auth` says whether a token is good; here its identity becomes a user of the store, at first sight a new one. Who that
//! is, is known here for two seconds.

use std::sync::Arc;

use axum::{
    Json,
    http::{HeaderValue, Method, header},
    routing::{MethodRouter, get},
};
use factor_auth::{BearerToken, Identity, Scope, Scopes, TokenError, Verifier};
use factor_store::{IdentityOutcome, NewUsers, Store};
use factor_types::UserId;
use moka::future::Cache;
use tower_http::cors::{Any, CorsLayer};

use super::{
    keys::Refusal,
    stay::{LOOK, Stay},
};
use crate::rights::Rights;

const MOST_KNOWN: u64 = 10_000;
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

impl Tokens {
    pub(super) fn new(verifier: Arc<Verifier>, store: Arc<dyn Store>, new: NewUsers) -> Self {
        let known = Cache::builder().max_capacity(MOST_KNOWN).time_to_live(LOOK).build();
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
        let stay = Stay::by_token(self.clone(), access.identity.clone(), access.expires_at);
        Ok((user, rights, stay))
    }

    /// The user of an identity. Several requests that bring the same one ask the store once.
    pub(super) async fn user(&self, identity: &Identity) -> Result<UserId, Refusal> {
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
