//! One server, asked politely.
//!
//! | concern | rule |
//! | --- | --- |
//! | rate | an exact sliding window of a minute; a full burst is allowed ([`UpstreamConfig::requests_per_minute`]) |
//! | at once | [`UpstreamConfig::in_flight`] requests under way, the others wait in order |
//! | retries | connection, time-out, cut body, 408, 425, 429, 5xx: jittered, from 200 ms doubling to 5 s, `Retry-After` never undercut (up to a minute); a body of the wrong form once; never any other 4xx |
//! | budget | retries are at most a tenth of the requests plus ten |
//! | limit answers | 429, or the vendor's words for it, pause the vendor: `Retry-After`, else 1 s doubling to a minute. Who would wait over 30 s is told so at once |
//! | breaker | ten failures in a row over different subjects open it for 30 s, then one request decides. A refused key opens it for a minute |
//! | redirects | on the same host only, so that the key stays there |
//! | size | a body over [`UpstreamConfig::body_cap`] decompressed bytes is refused |
//!
//! Dropping a question ends its request and gives back whatever it held. The key is a header marked sensitive; no text,
//! log or `Debug` shows it, and a vendor that echoes it has it masked. Logs are at debug level, with the path and
//! without the query.

mod breaker;
mod budget;
mod cooldown;
mod error;
mod limiter;
mod policy;
mod response;
mod secret;
mod stats;
#[cfg(test)]
pub(crate) mod test_server;
mod wire;

use std::time::Duration;

pub use self::{
    breaker::{BreakerState, TripReason},
    error::{ConfigError, ResponseError, UpstreamError},
    response::UpstreamResponse,
    secret::SecretHeader,
    stats::UpstreamStats,
};
use self::{policy::RequestPolicy, wire::Wire};
use crate::SourceFault;

/// The largest body taken, decompressed: thirty years of daily rows are 2 MB.
pub const BODY_CAP: usize = 8 << 20;

/// How one server is reached.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// The vendor's name, for people.
    pub vendor: &'static str,
    /// What every path is put after.
    pub base_url: String,
    /// The setting that holds the base URL, for people.
    pub base_setting: &'static str,
    /// The key, where there is one.
    pub secret: Option<SecretHeader>,
    /// The setting that holds the key, for people.
    pub key_setting: Option<&'static str>,
    /// The `User-Agent`.
    pub user_agent: String,
    /// Requests in any minute; at least one.
    pub requests_per_minute: u32,
    /// Requests under way at once; at least one.
    pub in_flight: usize,
    /// From sending a request to the last byte of its answer.
    pub timeout: Duration,
    /// Attempts after the first.
    pub max_retries: u32,
    /// Bytes of a decompressed body.
    pub body_cap: usize,
    /// What the vendor's words mean, where they say more than the status: `Limited`, `Auth` or `Plan`.
    pub meaning: fn(&str) -> Option<SourceFault>,
}

/// A question: `base/path…?query`.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamRequest<'a> {
    /// The parts of the path below the base, each escaped.
    pub path: &'a [&'a str],
    /// Names and values, escaped.
    pub query: &'a [(&'a str, &'a str)],
    /// What it is about, for texts, logs and the breaker: a ticker.
    pub subject: &'a str,
}

/// One server.
#[derive(Debug)]
pub struct Upstream {
    wire: Wire,
    policy: RequestPolicy,
}

impl Upstream {
    /// A server. Nothing is sent, and the HTTP client is made at the first question.
    ///
    /// # Errors
    /// When the base URL is none.
    pub fn new(config: UpstreamConfig) -> Result<Self, ConfigError> {
        let policy = RequestPolicy::new(
            config.vendor,
            config.key_setting,
            config.requests_per_minute,
            config.in_flight,
            config.max_retries,
        );
        Ok(Self { wire: Wire::new(config)?, policy })
    }

    /// Asks, and reads the answer with `read`, which sees answers with a 2xx status only.
    ///
    /// # Errors
    /// When no answer could be had or read, after the retries. [`UpstreamError::status`] tells a 404 from a refusal.
    pub async fn get<T: Send>(
        &self,
        ask: UpstreamRequest<'_>,
        read: impl Fn(&UpstreamResponse) -> Result<T, ResponseError> + Send + Sync,
    ) -> Result<T, UpstreamError> {
        let url = self.wire.url(ask.path, ask.query);
        let read = &read;
        self.policy.run(ask.subject, || self.wire.attempt(&url, ask.subject, read)).await
    }

    /// The state and counts of this server.
    pub fn stats(&self) -> UpstreamStats {
        self.policy.stats()
    }
}

/// The clause for a refused key.
fn key_refused(vendor: &str, key_setting: Option<&str>, status: Option<u16>) -> String {
    let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
    match key_setting {
        Some(setting) => format!("{vendor} refused the key{status}: check {setting}"),
        None => format!("{vendor} refused the request{status}: it needs no key, so choose another source"),
    }
}

#[cfg(test)]
mod tests;
