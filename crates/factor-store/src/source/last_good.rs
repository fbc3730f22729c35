//! What was in force before, for files that went wrong while the server runs.

use factor_types::SourceTier;

use super::{MappingError, MappingSource};
use crate::{LoadedUniverse, MappingKind, ProxyRow};

/// The kinds that YAML served in an earlier universe. It comes after the YAML files, so that a file that is wrong,
/// empty or half written leaves the last good rows of its kind in force.
#[derive(Debug, Clone, Copy)]
pub struct LastGoodSource<'a> {
    before: &'a LoadedUniverse,
}

impl<'a> LastGoodSource<'a> {
    /// The earlier universe.
    pub fn new(before: &'a LoadedUniverse) -> Self {
        Self { before }
    }
}

impl MappingSource for LastGoodSource<'_> {
    fn tier(&self) -> SourceTier {
        SourceTier::Yaml
    }

    fn describe(&self) -> &'static str {
        "the last good YAML mapping"
    }

    fn rows(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, MappingError> {
        let served = self.before.tiers.get(&kind) == Some(&SourceTier::Yaml);
        Ok(self.before.rows.get(&kind).filter(|_| served).cloned().unwrap_or_default())
    }
}
