//! The check of a token, from its text to what it gives.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;

use crate::{
    Clock,
    access::Access,
    claims::Claims,
    error::{KeysError, TokenError},
    issuer::IssuerClient,
    key_cache::{KeyCache, KeysHealth},
    settings::Settings,
    token::{BearerToken, Header},
};

/// For so long a token that was accepted is not checked again, if it lasts so long.
const REMEMBERED: TimeDelta = TimeDelta::seconds(30);
const REMEMBERED_AT_MOST: Duration = Duration::from_secs(30);

/// Checks the tokens of one issuer for one server.
pub struct Verifier {
    settings: Settings,
    issuer: Arc<str>,
    keys: KeyCache,
    clock: Clock,
    /// By the SHA-256 of the token.
    accepted: Option<Cache<[u8; 32], Accepted>>,
}

#[derive(Clone)]
struct Accepted {
    access: Arc<Access>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("settings", &self.settings).field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Verifier {
    /// By the system's clock. Nothing is fetched before the first token or [`keep_fresh`](Self::keep_fresh).
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_clock(settings, Arc::new(Utc::now))
    }

    /// By a clock of one's own.
    #[must_use]
    pub fn with_clock(settings: Settings, clock: Clock) -> Self {
        let keys = KeyCache::new(IssuerClient::new(settings.clone()), Arc::clone(&clock));
        Self { issuer: settings.issuer().into(), settings, keys, clock, accepted: None }
    }

    /// Remembers up to `most` tokens that were accepted, each for 30 seconds and never beyond its end: a token that comes with
    /// every request is then not checked with every request. A key that the issuer withdraws lets such tokens in for so much longer.
    #[must_use]
    pub fn remembering(mut self, most: u64) -> Self {
        self.accepted =
            (most > 0).then(|| Cache::builder().max_capacity(most).time_to_live(REMEMBERED_AT_MOST).build());
        self
    }

    /// What this server is to its tokens.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a token gives, if it is good.
    ///
    /// The cheap checks come first: of form, header and claims. Nothing is fetched for a token that they refuse, and nothing that
    /// it says is used before its signature is verified.
    ///
    /// # Errors
    /// When it is not, or when the issuer's keys cannot be had ([`TokenError::is_temporary`]).
    pub async fn check(&self, token: BearerToken<'_>) -> Result<Arc<Access>, TokenError> {
        let now = (self.clock)();
        let digest = self.accepted.as_ref().map(|accepted| (accepted, token.digest()));
        if let Some((accepted, digest)) = &digest
            && let Some(known) = accepted.get(digest)
            && (known.from..known.until).contains(&now)
        {
            return Ok(known.access);
        }
        let (header, claims) = token.parts()?;
        let header = Header::read(&header, self.settings.allows_jwt_typ())?;
        let access = Claims::read(&claims)?.checked(&self.settings, &self.issuer, header.is_plain_jwt, now)?;
        self.keys.verify(header.kid.as_deref(), header.algorithm, token.as_str()).await?;
        let access = Arc::new(access);
        if let Some((accepted, digest)) = digest {
            let until = access.expires_at.min(now + REMEMBERED);
            accepted.insert(digest, Accepted { access: Arc::clone(&access), from: now, until });
        }
        Ok(access)
    }

    /// Fetches the issuer's keys now.
    ///
    /// # Errors
    /// When they cannot be had; those that are kept stay in use, for a day.
    pub async fn refresh(&self) -> Result<(), KeysError> {
        self.keys.refresh().await
    }

    /// Fetches the issuer's keys now and every five minutes, or a minute after a failure. It never ends: to be spawned, and dropped
    /// with the server.
    pub async fn keep_fresh(&self) {
        self.keys.keep_fresh().await;
    }

    /// How the issuer's keys are.
    #[must_use]
    pub fn health(&self) -> KeysHealth {
        self.keys.health()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;
    use crate::keys::KeySet;

    /// Values of any kind under names that are read, so that the reader gets beyond its first look.
    fn object(names: &'static [&'static str]) -> impl Strategy<Value = String> {
        let value = prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| format!("{number:e}")),
            "[a-z+./: ]{0,12}".prop_map(|text| format!("{text:?}")),
            Just(r#"["a",["b",7]]"#.to_owned()),
            Just(r#"{"a":{}}"#.to_owned()),
            Just("\"ES256\"".to_owned()),
            Just("\"at+jwt\"".to_owned()),
            Just("\"https://login.example.com\"".to_owned()),
            Just("\"https://factors.example\"".to_owned()),
        ];
        prop::collection::vec((prop::sample::select(names), value), 0..8).prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        })
    }

    fn settings() -> Settings {
        let settings = Settings::new("https://login.example.com", "https://factors.example").unwrap();
        // Nobody listens there.
        settings.with_jwks_url("http://127.0.0.1:1/").unwrap().allowing_jwt_typ(true)
    }

    proptest! {
        #[test]
        fn no_token_panics(
            header in object(&["alg", "typ", "kid", "jwk", "crit"]),
            claims in object(&["iss", "aud", "sub", "exp", "nbf", "iat", "scope", "scp", "azp", "typ", "token_use"]),
        ) {
            let token = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(&claims));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let found = runtime.block_on(Verifier::new(settings()).check(BearerToken::new(&token).unwrap()));
            prop_assert!(found.is_err());
        }

        #[test]
        fn no_bytes_panic(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(token) = BearerToken::new(&text) {
                let _ = token.parts();
            }
            let _ = Header::read(&bytes, true);
            let _ = Claims::read(&bytes);
            let _ = KeySet::read(&bytes);
            let _ = Settings::new(&text, &text);
        }

        #[test]
        fn no_key_panics(key in object(&["kty", "crv", "n", "e", "x", "y", "kid", "use", "alg", "key_ops"])) {
            let set = KeySet::read(format!("{{\"keys\":[{key}]}}").as_bytes());
            prop_assert!(set.is_none_or(|(set, _)| set.is_empty()));
        }
    }
}
