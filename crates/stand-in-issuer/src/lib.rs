//! A stand-in issuer of access tokens, for tests and trials: metadata, keys, rotation, forgeries, faults on demand.
//!
//! An [`Issuer`] is a small OpenID Connect server on a port of its own. It publishes the keys that it is told to
//! ([`Issuer::publish`], [`Issuer::retire`]), signs tokens with the one it is told to use, and fails where a test wants it to
//! ([`Behaviour`]). A [`SigningKey`] signs whatever header and claims it is given, well or forged.
//!
//! Nobody logs in here: tokens are asked for in the test itself. The private RSA keys in `rsa/` were made for this crate and
//! protect nothing.
//!
//! ```
//! # use factor_stand_in_issuer::{Behaviour, Issuer, Place, SigningKey};
//! # use serde_json::json;
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = Issuer::start("").await?;
//! issuer.publish(SigningKey::es256("first")?);
//! let token = issuer.sign(&json!({"iss": issuer.url(), "aud": "https://factors.example", "sub": "ada", "exp": 1_900_000_000}))?;
//! issuer.behave(Place::Keys, Behaviour::Hang);
//! // ... check `token` with the code under test ...
//! assert_eq!(issuer.requests(Place::Keys), 0);
//! # Ok(())
//! # }
//! ```

mod key;
mod server;

pub use key::{KeyError, Scheme, SigningKey, compact};
pub use server::{Behaviour, Issuer, Place};
