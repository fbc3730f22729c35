//! The mapping in force, whatever tier it comes from.

use factor_store::{BuiltinSource, MappingError, MappingKind, MappingSource, ProxyRow, Store, YamlSource};
use factor_types::{Category, SourceTier};

use super::UsageError;
use crate::{arguments::nearest, settings::Settings};

/// The rows of one kind of mapping and the tier they come from.
#[derive(Debug)]
pub(in crate::cli) struct RowsInForce {
    pub(in crate::cli) tier: SourceTier,
    pub(in crate::cli) rows: Vec<ProxyRow>,
}

impl RowsInForce {
    /// What a first write into an empty kind puts first: the rows of the tier below the database, else none.
    pub(in crate::cli) fn below(&self) -> &[ProxyRow] {
        if self.tier == SourceTier::Database { &[] } else { &self.rows }
    }

    /// Refuses a key that no row of the category has, with the nearest one.
    pub(in crate::cli) fn knows(&self, category: Category, key: &str) -> Result<(), UsageError> {
        let keys = || self.rows.iter().filter(|row| row.category == category).map(|row| row.key.as_str());
        if keys().any(|known| known == key) {
            return Ok(());
        }
        let near = nearest(key, keys()).map(|near| format!("did you mean `{near}`?"));
        let known = || format!("`asset-proxy list --asset-class {category}` shows what there is");
        Err(UsageError(format!("{category} has no key `{key}`: {}", near.unwrap_or_else(known))))
    }
}

/// The rows of a kind: the database's, else those of the proxies folder or built in, else the minimal set.
///
/// # Errors
/// When the store cannot be read, or it is empty and the YAML file is wrong: a file half read is nothing to build on.
pub(in crate::cli) async fn rows_in_force(
    store: &dyn Store,
    settings: &Settings,
    kind: MappingKind,
) -> anyhow::Result<RowsInForce> {
    let rows = store.mapping(kind).await?;
    if !rows.is_empty() {
        return Ok(RowsInForce { tier: SourceTier::Database, rows });
    }
    let dir = settings.universe.proxies_dir.as_deref();
    match YamlSource::new(dir).rows(kind) {
        Ok(rows) => Ok(RowsInForce { tier: SourceTier::Yaml, rows }),
        Err(error) if is_missing(&error) => {
            Ok(RowsInForce { tier: SourceTier::Builtin, rows: BuiltinSource.rows(kind)? })
        }
        Err(error) => Err(error.into()),
    }
}

/// True when there is no such file, which is no mistake of its own.
pub(in crate::cli) fn is_missing(error: &MappingError) -> bool {
    matches!(error, MappingError::Unreadable { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}
