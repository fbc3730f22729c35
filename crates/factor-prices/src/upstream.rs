//! One server, reached within its limits.
//!
//! | concern | rule |
//! | --- | --- |
//! | rate | an exact sliding window of a minute; a full burst is allowed ([`UpstreamConfig::requests_per_minute`]) |
//! | at once | [`UpstreamConfig::in_flight`] requests under way, the others wait in order |
//! | retries | connection, time-out, cut body, 408, 425, 429, 5xx: jittered, from 200 ms doubling to 5 s, `Retry-After` never undercut (up to a minute); a body of the wrong form once; never any other 4xx |
//! | budget | retries are at most a tenth of the requests plus one each six seconds plus ten |
//! | limit answers | 429, or the vendor's words for it, pause the vendor: `Retry-After`, else 1 s doubling to a minute. A caller who would wait over 30 s gets the error at once. Processes with one store tell each other |
//! | breaker | ten failures in a row over different subjects open it for 30 s, then one request decides. A key refused for two subjects opens it for a minute |
//! | refusals | a key or a plan refuses only in the vendor's own words; a 401, 402 or 403 without them is passing |
//! | redirects | on the same host only, so that the key stays there |
//! | size | a body over [`UpstreamConfig::body_cap`] decompressed bytes is refused |
//!
//! Dropping a question ends its request and gives back whatever it held. The key is a header marked sensitive; no text,
//! log or `Debug` shows it, and a vendor that echoes it has it masked. Logs are at debug level, with the path and
//! without the query.

mod breaker;
mod budget;
mod config;
mod cooldown;
mod error;
mod failure;
mod limiter;
mod policy;
mod response;
mod secret;
mod shared_pause;
mod stats;
#[cfg(test)]
pub(crate) mod test_server;
mod wire;

pub use self::{
    breaker::{BreakerState, TripReason},
    config::{BODY_CAP, UpstreamConfig, UpstreamRequest},
    error::{ConfigError, ResponseError, UpstreamError},
    response::UpstreamResponse,
    secret::SecretHeader,
    shared_pause::SharedPause,
    stats::UpstreamStats,
};
use self::{policy::RequestPolicy, wire::Wire};

/// One server and the policy towards it.
#[derive(Debug)]
pub struct Upstream {
    wire: Wire,
    policy: RequestPolicy,
}

impl Upstream {
    /// A server. Nothing is sent, and the HTTP client is made at the first question.
    ///
    /// # Errors
    /// [`ConfigError::BaseUrl`].
    pub fn new(config: UpstreamConfig) -> Result<Self, ConfigError> {
        let policy = RequestPolicy::new(
            config.vendor,
            config.key_setting,
            config.requests_per_minute,
            config.in_flight,
            config.max_retries,
            config.shared_pause.clone(),
        );
        Ok(Self { wire: Wire::new(config)?, policy })
    }

    /// Asks, and reads the answer with `read`, which sees answers with a 2xx status only.
    ///
    /// # Errors
    /// When no answer could be had or read, after the retries. [`UpstreamError::status`] distinguishes a 404 from a
    /// refusal.
    pub async fn get<T: Send>(
        &self,
        ask: UpstreamRequest<'_>,
        read: impl Fn(&UpstreamResponse) -> Result<T, ResponseError> + Send + Sync,
    ) -> Result<T, UpstreamError> {
        let url = self.wire.url(ask.path, ask.query);
        let read = &read;
        self.policy.run(ask.subject, || self.wire.attempt(&url, ask.subject, read)).await
    }

    /// From now on no request leaves: nobody is left who wants an answer.
    pub fn close(&self) {
        self.policy.close();
    }

    /// The state and counts of this server.
    pub fn stats(&self) -> UpstreamStats {
        self.policy.stats()
    }
}

#[cfg(test)]
mod tests;
