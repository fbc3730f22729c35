//! Vendors that answer over HTTP: each turns one vendor's bodies into the crate's types and its refusals into reasons.
//!
//! All of them drop what cannot be: a number that is not finite, a price that is not positive, a date after today. Such
//! rows are counted in the series; a body of which more than a fifth is such is refused as a whole. The row of the
//! running day is no close yet and is left out until `VendorDates` says so.

pub mod chain;
pub mod fmp;
pub mod fred;
pub mod french;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod plausible;
mod rows;
pub mod treasury;
pub mod yahoo;

use std::{fmt, sync::Arc, time::Duration};

use chrono::NaiveDate;
use factor_types::{Ticker, shortened};

pub use self::{chain::YieldChain, fmp::Fmp, fred::Fred, french::FrenchSite, treasury::Treasury, yahoo::Yahoo};
use crate::{
    SourceFault,
    upstream::{
        BODY_CAP, BreakerState, ResponseError, SecretHeader, SharedPause, TripReason, UpstreamConfig, UpstreamStats,
    },
};

/// A clock of dates.
pub type DateFn = Arc<dyn Fn() -> NaiveDate + Send + Sync>;

/// What the vendors know of the time.
#[derive(Clone)]
pub struct VendorDates {
    /// Today at the market. Rows dated later are bad.
    pub today: DateFn,
    /// The last day whose market has closed. Later rows up to today are quotes of the running day and left out.
    pub closed_through: DateFn,
}

/// How a vendor is reached.
#[derive(Debug, Clone)]
pub struct VendorConfig {
    /// The base URL, as the vendor's module says.
    pub base_url: String,
    /// Requests in any minute.
    pub requests_per_minute: u32,
    /// From sending a request to the last byte of its answer.
    pub timeout: Duration,
    /// Attempts after the first.
    pub max_retries: u32,
    /// The clock.
    pub dates: VendorDates,
    /// Where other processes tell that the vendor is paused.
    pub shared_pause: Option<SharedPause>,
}

impl VendorConfig {
    /// A time-out of 10 s and 3 retries.
    pub fn new(base_url: impl Into<String>, requests_per_minute: u32, dates: VendorDates) -> Self {
        let base_url = base_url.into();
        Self {
            base_url,
            requests_per_minute,
            timeout: Duration::from_secs(10),
            max_retries: 3,
            dates,
            shared_pause: None,
        }
    }

    fn upstream(&self, name: Names, secret: Option<SecretHeader>, in_flight: usize) -> UpstreamConfig {
        UpstreamConfig {
            vendor: name.vendor,
            base_url: self.base_url.clone(),
            base_setting: name.base_setting,
            secret,
            key_setting: name.key_setting,
            user_agent: concat!("factor-mcp/", env!("CARGO_PKG_VERSION")).to_owned(),
            requests_per_minute: self.requests_per_minute,
            in_flight,
            timeout: self.timeout,
            max_retries: self.max_retries,
            body_cap: BODY_CAP,
            shared_pause: self.shared_pause.clone(),
            meaning: |_| None,
        }
    }
}

/// A vendor's names for people.
#[derive(Debug, Clone, Copy)]
struct Names {
    vendor: &'static str,
    base_setting: &'static str,
    key_setting: Option<&'static str>,
}

impl VendorDates {
    /// A clock that stands still, closed through its day.
    pub fn fixed(today: NaiveDate) -> Self {
        Self { today: Arc::new(move || today), closed_through: Arc::new(move || today) }
    }

    fn today(&self) -> NaiveDate {
        (self.today)()
    }

    fn closed_through(&self) -> NaiveDate {
        (self.closed_through)()
    }
}

impl fmt::Debug for VendorDates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorDates")
            .field("today", &self.today())
            .field("closed_through", &self.closed_through())
            .finish()
    }
}

/// The symbol as American vendors write it: a share class after a dash, `BRK.B` -> `BRK-B`. Only A, B and C: other
/// single letters after a dot are exchanges (`VOD.L`).
fn dashed(ticker: &Ticker) -> String {
    let symbol = ticker.as_str();
    match symbol.split_once('.') {
        Some((root, class @ ("A" | "B" | "C"))) => format!("{root}-{class}"),
        _ => symbol.to_owned(),
    }
}

/// What a vendor's state says to the user.
fn warnings(stats: &UpstreamStats) -> Vec<String> {
    let vendor = stats.vendor;
    let breaker = match stats.breaker {
        BreakerState::Closed => None,
        BreakerState::Open(TripReason::Auth, _) | BreakerState::HalfOpen(TripReason::Auth) => {
            Some(format!("{vendor} refused the key"))
        }
        BreakerState::Open(TripReason::Failures, _) | BreakerState::HalfOpen(TripReason::Failures) => {
            Some(format!("{vendor} does not answer"))
        }
    };
    let pause =
        stats.paused_for.map(|left| format!("{vendor} limits requests: asked again in {} s", left.as_secs() + 1));
    breaker.into_iter().chain(pause).collect()
}

/// Refuses a body that is about another symbol than was asked for.
fn wrong_symbol(found: &str, asked: &str) -> ResponseError {
    ResponseError::Unusable(format!("wrong_symbol: it is of {}, not of {asked}", shortened(found, 20)))
}

/// Distinguishes a fault from a ticker's absence: a 404 whose body says something.
fn is_unknown(error: &crate::upstream::UpstreamError) -> bool {
    error.status == Some(404) && error.fault == SourceFault::Unusable && error.words.is_some()
}

#[cfg(test)]
mod tests;
