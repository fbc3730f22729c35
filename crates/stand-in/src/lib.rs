//! Stand-in price vendors for tests and trials: real sockets, real body shapes, faults on demand.
//!
//! A [`Market`] holds what is true; a [`StandIn`] is one vendor's server on a port of its own that serves this truth up
//! to its "today". A test moves today, restates a history or makes the server fail ([`Fault`]), asks through the real
//! client, and compares with [`View::expected_adj`] and with what the server has seen ([`RecordedRequest`]).
//!
//! ```
//! # use std::sync::Arc;
//! # use factor_stand_in::{Fault, Market, Options, StandIn, Target, Times, Vendor};
//! # async fn demo() -> std::io::Result<()> {
//! # let day = |text: &str| text.parse().unwrap_or_default();
//! let market = Arc::new(Market::simulated(&["SPY", "TLT"], day("2020-01-01"), day("2024-12-31")));
//! let server = StandIn::start(Vendor::Fmp, market, Options { key: Some("K".into()), ..Options::default() }).await?;
//! server.fail(Target::symbol("SPY"), Times::First(2), Fault::ServerError);
//! // ... ask `server.url()` through the client under test ...
//! assert_eq!(server.count_for("SPY"), 0);
//! # Ok(())
//! # }
//! ```

mod fault;
mod lines;
mod market;
#[cfg(test)]
mod probe;
mod server;
mod vendor;

pub use fault::{BadPrice, Fault, RetryAfter, Target, Times, WrongType};
pub use market::{DailyClose, Dividend, MATURITIES, Market, MarketError, ParYields, SecurityProfile, View};
pub use server::{KeyPlace, Options, RateLimit, RecordedRequest, StandIn};
pub use vendor::Vendor;
