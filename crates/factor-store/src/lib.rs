//! What is kept: which ETF stands for which factor, what users write, and the entries of the disk cache.
//!
//! **Reference data.** A mapping of each [kind](MappingKind) comes from the first [source](MappingSource) that has one:
//! a database ([`DatabaseRows`]), YAML (a folder's files, else those built into the binary), then a minimal set of
//! constants. Loading never fails: whatever went wrong is in [`LoadedUniverse::problems`], and the next source serves.
//! [`MappingEdit`] changes a mapping of a database, [`write_mapping`] writes one as YAML.
//!
//! **What users write.** A [`Store`] keeps groups, portfolios, reference data and users, in SQLite or Postgres
//! ([`open`]). In SQLite each row of users has a checksum, the file is checked and backed up each day, and
//! [`maintenance`] checks, backs up and restores it from the command line.
//!
//! **The cache.** [entries] of bytes under a key, kept between runs; [`PostgresEntries`] are shared by several servers.

pub mod audit;
pub mod entries;
mod error;
mod faults;
mod files;
mod funds;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod labels;
mod mapping;
mod quotas;
mod source;
mod store;
mod universe;
mod users;
mod yaml;

pub use entries::{MemoryEntries, SqliteEntries};
pub use error::{RowKind, StoreError};
pub use funds::{FUNDS_FILE, FundTable, read_funds};
pub use mapping::{
    MappingKind, ProxyRow,
    edit::{EditReport, EditedRow, IndustryEdit, MappingEdit, RowFate},
};
pub use quotas::{Place, PlaceOutcome, QuotaAsk, QuotaLimits, Usage};
pub use source::{
    BuiltinSource, DatabaseRows, LastGoodSource, MappingError, MappingSource, YamlSource, read_mapping, read_mappings,
    write_mapping,
};
pub use store::{
    Author, DatabaseStore, Deleted, DeletedUser, Expected, KeptBody, Listed, OpenOptions, PostgresEntries,
    RecordedChange, SavedGroup, Store, WriteOutcome, maintenance, open, open_with,
};
pub use universe::{LoadedUniverse, load_from, load_universe};
pub use users::{ApiKey, ApiKeyError, Identity, IdentityOutcome, NewUser, NewUsers, User, UserTier};
