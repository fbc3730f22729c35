//! Where mappings come from.

use std::io;

use factor_types::{SourceTier, TickerError};

use crate::{MappingKind, ProxyRow};

mod builtin;
mod database;
mod last_good;
mod yaml_files;
mod yaml_forms;
mod yaml_write;

pub use builtin::BuiltinSource;
pub use database::{DatabaseRows, read_mappings};
pub use last_good::LastGoodSource;
pub use yaml_files::{YamlSource, read_mapping};
#[cfg(any(test, fuzzing))]
pub(crate) use yaml_forms::rows;
pub use yaml_write::write_mapping;

/// One tier of reference data. A database reads its rows first and hands them over through this trait, in front of the
/// others.
pub trait MappingSource {
    /// The name of the tier.
    fn tier(&self) -> SourceTier;

    /// What is said to be used where an earlier source failed.
    fn describe(&self) -> &'static str {
        match self.tier() {
            SourceTier::Builtin => "the minimal set built into the binary",
            SourceTier::Yaml => "the YAML mapping",
            tier @ (SourceTier::Database | SourceTier::Request) => tier.as_str(),
        }
    }

    /// The rows of one kind in their order. No rows means "nothing here": the next source is asked, without a message.
    ///
    /// # Errors
    /// What went wrong, in words for those who maintain the mapping. The next source is asked, and the message is kept.
    fn rows(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, MappingError>;
}

/// Why a source could not give a mapping.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The file could not be read.
    #[error("{file}: {cause}; put a readable file there")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The file was read and is wrong.
    #[error("{file}:{line}:{column}: {message}")]
    Refused {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The column in characters, from 1.
        column: u64,
        /// The value, the rule and the way out.
        message: String,
    },
    /// A database could not be asked.
    #[error("{0}")]
    Database(String),
    /// A constant of the binary is wrong.
    #[error("built-in set: {0}")]
    Builtin(#[from] TickerError),
}

impl MappingError {
    /// True when there is no such file, which is no mistake of its own.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound)
    }
}
