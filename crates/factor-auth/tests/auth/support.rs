//! An issuer, a clock that tests move, and tokens.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use factor_auth::{Access, BearerToken, Clock, Settings, TokenError, Verifier};
use factor_stand_in_issuer::{Issuer, SigningKey};
use serde_json::{Value, json};

pub(crate) const AUDIENCE: &str = "https://factors.example";
pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// Seconds since 1970; it stands until it is moved.
#[derive(Debug, Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_900_000_000)))
    }

    pub(crate) fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let own = self.clone();
        Arc::new(move || -> DateTime<Utc> { DateTime::from_timestamp(own.now(), 0).unwrap() })
    }
}

/// An issuer with a key of each kind, and what checks its tokens.
pub(crate) struct World {
    pub(crate) issuer: Issuer,
    pub(crate) clock: TestClock,
    pub(crate) rsa: SigningKey,
    pub(crate) p256: SigningKey,
    pub(crate) ed: SigningKey,
    pub(crate) verifier: Arc<Verifier>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings, |verifier| verifier).await
    }

    pub(crate) async fn with(
        settings: impl FnOnce(Settings) -> Settings,
        verifier: impl FnOnce(Verifier) -> Verifier,
    ) -> Self {
        let issuer = Issuer::start("").await.unwrap();
        let rsa = SigningKey::rs256("rsa", 0).unwrap();
        let p256 = SigningKey::es256("p256").unwrap();
        let ed = SigningKey::ed25519("ed").unwrap();
        for key in [&p256, &rsa, &ed] {
            issuer.publish(key.clone());
        }
        let clock = TestClock::new();
        let settings = settings(Settings::new(&issuer.url(), AUDIENCE).unwrap());
        let verifier = Arc::new(verifier(Verifier::with_clock(settings, clock.clock())));
        Self { issuer, clock, rsa, p256, ed, verifier }
    }

    /// Good claims, for an hour.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.issuer.url(), "aud": AUDIENCE, "sub": "ada", "client_id": "chat", "jti": "1",
            "iat": self.clock.now(), "exp": self.clock.now() + HOUR, "scope": "factor.read factor.write",
        })
    }

    /// A good token of the issuer's, as it signs now.
    pub(crate) fn token(&self) -> String {
        self.issuer.sign(&self.claims()).unwrap()
    }

    /// A good token but for its key, which nobody has published.
    pub(crate) fn of_unknown_key(&self, kid: &str) -> String {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid});
        self.p256.token_with(&header, &self.claims()).unwrap()
    }

    pub(crate) async fn check(&self, token: &str) -> Result<Arc<Access>, TokenError> {
        check(&self.verifier, token).await
    }
}

pub(crate) async fn check(verifier: &Verifier, token: &str) -> Result<Arc<Access>, TokenError> {
    verifier.check(BearerToken::new(token)?).await
}
