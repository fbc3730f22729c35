//! The database tier.

use std::collections::BTreeMap;

use factor_types::SourceTier;

use super::{MappingError, MappingSource};
use crate::{MappingKind, ProxyRow, Store, StoreError};

/// The mappings of a database, read before the universe is put together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseRows {
    /// The rows of each kind that has some.
    pub rows: BTreeMap<MappingKind, Vec<ProxyRow>>,
    /// Why a kind could not be read. A database that cannot be reached at all is said once, with the first kind; of the
    /// others it says nothing.
    pub failures: BTreeMap<MappingKind, String>,
}

impl DatabaseRows {
    /// For a database that cannot be asked: no rows, and one failure. Having no database configured is no failure.
    pub fn failed(error: &StoreError) -> Self {
        let first = MappingKind::ALL.into_iter().take(usize::from(*error != StoreError::NotConfigured));
        Self { rows: BTreeMap::new(), failures: first.map(|kind| (kind, words(error))).collect() }
    }
}

impl MappingSource for DatabaseRows {
    fn tier(&self) -> SourceTier {
        SourceTier::Database
    }

    fn rows(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, MappingError> {
        match self.failures.get(&kind) {
            Some(failure) => Err(MappingError::Database(failure.clone())),
            None => Ok(self.rows.get(&kind).cloned().unwrap_or_default()),
        }
    }
}

/// Reads the mappings of a database. One that fails to answer is not asked again for the next kind; one row that cannot
/// be read costs its kind alone.
pub async fn read_mappings(store: &dyn Store) -> DatabaseRows {
    let mut read = DatabaseRows::default();
    for kind in MappingKind::ALL {
        match store.mapping(kind).await {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) => {
                read.rows.insert(kind, rows);
            }
            Err(error @ StoreError::Unreadable(_)) => {
                read.failures.insert(kind, words(&error));
            }
            Err(error) => return DatabaseRows::failed(&error),
        }
    }
    read
}

fn words(error: &StoreError) -> String {
    format!("database: {error}")
}
