//! Reference data: which ETF stands for which factor.
//!
//! A mapping of each [kind](MappingKind) comes from the first [source](MappingSource) that has one: YAML (a folder's
//! files, else those built into the binary), then a minimal set of constants. Loading never fails: whatever went wrong
//! is in [`LoadedUniverse::problems`], and the next source serves.
//!
//! And the disk cache: [entries] of bytes under a key, kept between runs.

pub mod entries;
mod mapping;
mod source;
mod universe;
mod yaml;

pub use entries::{MemoryEntries, SqliteEntries};
pub use mapping::{MappingKind, ProxyRow};
pub use source::{BuiltinSource, MappingError, MappingSource, YamlSource};
pub use universe::{LoadedUniverse, load_from, load_universe};
