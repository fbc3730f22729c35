//! The resource server's side of OAuth 2.1: an issuer's keys, the check of access tokens, scopes and challenges.
//!
//! [`Settings`] say whom the server trusts and what it is called. A [`Verifier`] turns the text behind `Bearer` into an
//! [`Access`]: who it is, what they may do, until when. [`Settings::challenge`] and its siblings are what is said to those
//! who do not come in, [`Settings::resource_metadata`] is where they learn how to. Nothing here knows of a web server, of
//! users or of a store, and nothing reads the environment.
//!
//! **What is taken.** RS256 (2,048 bits or more), ES256 and EdDSA (Ed25519), by a key that the issuer publishes for just
//! that; `typ` `at+jwt` (RFC 9068), or `JWT` where that is allowed; issuer and audience to the letter, expiry, not-before and
//! time of issue within a minute. A header that brings its own key is refused, whatever the key. What tells an ID token is in
//! `claims.rs`.
//!
//! **Keys.** They are looked for in the issuer's metadata (RFC 8414, then OpenID Connect), which must name the issuer to the
//! letter, or at an address that is set; over https, without redirects, 64 KiB at most. [`Verifier::keep_fresh`] fetches
//! them every five minutes. A token that names an unknown key has them fetched at most ten times a minute, all who wait by
//! one fetch. While the issuer is away, the keys that were last seen are used for a day.
//!
//! **What is told.** No error, log line or `Debug` text holds a token, a claim's value or anything of a key.
//!
//! ```
//! # use factor_auth::{BearerToken, Scope, Scopes, Settings, TokenError, Verifier};
//! # async fn demo(authorization: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings::new("https://login.example.com", "https://factors.example.com")?;
//! let verifier = Verifier::new(settings).remembering(10_000);
//! let access = verifier.check(BearerToken::new(authorization)?).await?;
//! access.require(Scopes::of(&[Scope::Read]))?;
//! println!("{} until {}", access.identity.subject, access.expires_at);
//! # Ok(())
//! # }
//! ```

mod access;
mod challenge;
mod claims;
mod error;
mod issuer;
mod key_cache;
mod keys;
mod provider;
mod settings;
mod token;
mod verifier;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use access::{Access, Identity, InsufficientScope, Scope, Scopes};
pub use challenge::ResourceMetadata;
pub use error::{KeysError, SettingsError, TokenError};
pub use key_cache::KeysHealth;
pub use settings::Settings;
pub use token::{BearerToken, LONGEST_TOKEN};
pub use verifier::Verifier;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;
