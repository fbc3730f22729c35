//! What can go wrong on the way to a vendor.

use std::time::Duration;

use crate::{PriceError, SourceFault};

/// A vendor's address or key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The base URL.
    #[error("`{url}` is not a base URL ({rule}): write one like https://example.com/stable")]
    BaseUrl {
        /// The value.
        url: String,
        /// What is wrong with it.
        rule: String,
    },
    /// The header that carries the key. The value is not shown.
    #[error("the {name} {rule}")]
    Header {
        /// What it is.
        name: &'static str,
        /// What is wrong with it.
        rule: &'static str,
    },
}

/// Why a vendor gave no answer, after every retry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct UpstreamError {
    /// What kind of failure.
    pub fault: SourceFault,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The vendor's own words about it, at most 160 characters, the key masked.
    pub words: Option<String>,
    /// One clause for people: the vendor, what was wrong, the way out.
    pub why: String,
}

impl From<UpstreamError> for PriceError {
    fn from(error: UpstreamError) -> Self {
        Self::Failed { fault: error.fault, why: error.why }
    }
}

/// Why an answer with a 2xx status cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseError {
    /// The body is an error message of the vendor's: what it means, and its words.
    Said(SourceFault, String),
    /// Not data of the right form: HTML, cut JSON. Asked for once more; it may have been a hiccup.
    NotData(&'static str),
    /// Data of the right form that cannot be used. Not asked for again.
    Unusable(String),
}

/// One failed attempt.
#[derive(Debug)]
pub(super) struct AttemptError {
    pub(super) error: UpstreamError,
    pub(super) class: FailureClass,
    pub(super) retry_after: Option<Duration>,
}

/// What to do about a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureClass {
    /// Try again.
    Transient,
    /// Try again once.
    Malformed,
    /// Leave the vendor alone, then try again.
    Limited,
    /// Stop asking with this key.
    Auth,
    /// The vendor is well and refuses this request: never try again.
    Rejected,
    /// Never try again, and the vendor is not well.
    Fatal,
}

/// The clause for a refused key.
pub(super) fn key_refused(vendor: &str, key_setting: Option<&str>, status: Option<u16>) -> String {
    let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
    match key_setting {
        Some(setting) => format!("{vendor} refused the key{status}: check {setting}"),
        None => format!("{vendor} refused the request{status}: it needs no key, so choose another source"),
    }
}
