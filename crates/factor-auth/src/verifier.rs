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
