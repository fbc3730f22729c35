//! How a server is reached, and what is asked of it.

use std::time::Duration;

use super::{secret::SecretHeader, shared_pause::SharedPause};
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
    /// Where other processes tell that the vendor is paused.
    pub shared_pause: Option<SharedPause>,
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
