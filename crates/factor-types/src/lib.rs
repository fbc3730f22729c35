//! The vocabulary of the workspace: tickers, dates, prices, yields, factors.
//!
//! No I/O, no arrays, no clock. A type lives here only when two crates need it. Whatever a type
//! promises (a ticker is well formed, a series is sorted) it promises by construction: the only way
//! in is the constructor, and serde goes through the same door.

mod closed_set;
mod dates;
mod entries;
pub mod exchange;
mod factor;
mod fund_facts;
mod group;
mod portfolio;
mod prices;
mod sector;
mod shortened;
mod ticker;
mod user;
mod yields;

pub use closed_set::{ClosedSet, names_and};
pub use dates::{Calendar, DateRange, DateRangeError, Frequency};
pub use entries::{Entry, EntryError, EntryFilter, EntryInfo, EntryKey, EntryStore, EntryStoreHealth, LEASE};
pub use factor::{AssetClass, Category, Factor, FactorUniverse, SourceTier};
pub use fund_facts::{FundFacts, Ratio};
pub use group::{FactorGroup, GroupName, GroupNameError, GroupWeighting, SettledWeights, WeightingMethod};
pub use portfolio::{Amount, Holding, Portfolio, Saved, ValuationPrice};
pub use prices::{Conflicting, PriceKind, PriceSeries, Refused};
pub use sector::Sector;
pub use shortened::shortened;
pub use ticker::{Ticker, TickerError};
pub use user::UserId;
pub use yields::{Maturity, YieldTable};
