//! How long the streams of a request may stay: no longer than its token, and than its user may be here.
//!
//! A stream looks every two seconds whether its user may still be here, by an answer of the store that is two seconds old at most:
//! one whose access was taken away is out within five.

use std::time::Duration;

use axum::{body::Body, http::header, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use factor_auth::Identity;
use factor_store::ApiKey;
use futures::StreamExt;

use super::{
    keys::{Keys, Refusal},
    tokens::Tokens,
};

/// How often a stream looks at its user, and how old an answer it takes.
pub(super) const LOOK: Duration = Duration::from_secs(2);
/// What a call that began in time may take beyond its token's end: as long as a token is taken after its end.
const GRACE: TimeDelta = TimeDelta::seconds(60);

/// How long a request's streams may stay.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    by: By,
    /// The end of its token.
    until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
enum By {
    Token(Tokens, Identity),
    Key(Keys, ApiKey),
}

/// Marks an answer to a call of a tool.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfCall;

impl Stay {
    /// That of a token of this identity, with its end.
    pub(super) fn by_token(tokens: Tokens, identity: Identity, until: DateTime<Utc>) -> Self {
        Self { by: By::Token(tokens, identity), until: Some(until) }
    }

    /// That of a key.
    pub(super) fn by_key(keys: Keys, key: ApiKey) -> Self {
        Self { by: By::Key(keys, key), until: None }
    }

    /// The answer, whose stream ends when its token does or its user may no longer be here.
    pub(super) fn bound(self, response: Response) -> Response {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return response;
        }
        let is_call = response.extensions().get::<OfCall>().is_some();
        let grace = |until: DateTime<Utc>| if is_call { until.max(Utc::now() + GRACE) } else { until };
        let until = self.until.map(grace);
        let over = async move { Self { until, ..self }.over().await };
        response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(over))))
    }

    async fn over(self) {
        loop {
            let left = match self.until {
                Some(until) => match (until - Utc::now()).to_std() {
                    Ok(left) => left.min(LOOK),
                    Err(_) => return,
                },
                None => LOOK,
            };
            tokio::time::sleep(left).await;
            if self.is_taken_away().await {
                tracing::debug!("a stream ends: its user's access was taken away");
                return;
            }
        }
    }

    /// A store that is away says nothing about anybody.
    async fn is_taken_away(&self) -> bool {
        match &self.by {
            By::Token(tokens, identity) => matches!(tokens.user(identity).await, Err(Refusal::Revoked)),
            By::Key(keys, key) => matches!(keys.still(key).await, Err(Refusal::WrongKey)),
        }
    }
}
