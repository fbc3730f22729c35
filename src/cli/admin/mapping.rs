//! The mapping in force, whatever tier it comes from.

use factor_store::{BuiltinSource, MappingKind, MappingSource, ProxyRow, Store, YamlSource};
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
    pub(in crate::cli) fn check_key(&self, category: Category, key: &str) -> Result<(), UsageError> {
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
        Err(error) if error.is_missing() => {
            Ok(RowsInForce { tier: SourceTier::Builtin, rows: BuiltinSource.rows(kind)? })
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use factor_store::{Author, MappingEdit};

    use super::*;

    const KIND: MappingKind = MappingKind::AssetProxies;

    fn row(category: Category, key: &str, etf: &str) -> ProxyRow {
        ProxyRow::new(category, key, etf.parse().unwrap())
    }

    #[test]
    fn a_key_that_no_row_has_is_refused_with_the_nearest() {
        let rows = vec![row(Category::Commodity, "gold", "GLD"), row(Category::Cash, "usd", "BIL")];
        let rows = RowsInForce { tier: SourceTier::Database, rows };
        assert!(rows.check_key(Category::Commodity, "gold").is_ok());
        let refused = |key| rows.check_key(Category::Commodity, key).unwrap_err().to_string();
        assert_eq!(refused("goold"), "commodity has no key `goold`: did you mean `gold`?");
        // A key of another category is none of this one.
        assert_eq!(
            refused("usd"),
            "commodity has no key `usd`: `asset-proxy list --asset-class commodity` shows what there is"
        );
    }

    #[tokio::test]
    async fn the_database_wins_as_soon_as_it_has_a_row() {
        let folder = tempfile::tempdir().unwrap();
        let store = factor_store::open(None, Some(folder.path())).unwrap();
        store.migrate().await.unwrap();
        let mut settings = Settings::defaults().unwrap();
        let before = rows_in_force(&*store, &settings, KIND).await.unwrap();
        assert_eq!((before.tier, before.below().len()), (SourceTier::Yaml, before.rows.len()));

        let author = Author { who: "Ada".to_owned(), why: "test".to_owned() };
        let edit = MappingEdit::Upsert(vec![row(Category::Cash, "usd", "BIL")]);
        store.edit_mapping(KIND, &edit, &[], &author, false).await.unwrap();
        let after = rows_in_force(&*store, &settings, KIND).await.unwrap();
        assert_eq!((after.tier, after.rows.len(), after.below().len()), (SourceTier::Database, 1, 0));

        // Another kind has the file built in where the folder has none, and the minimal set where no folder is.
        for (dir, tier) in [(folder.path().to_owned(), SourceTier::Yaml), ("nowhere".into(), SourceTier::Builtin)] {
            settings.universe.proxies_dir = Some(dir);
            let industries = rows_in_force(&*store, &settings, MappingKind::Industries).await.unwrap();
            assert_eq!(industries.tier, tier);
        }
        settings.universe.proxies_dir = Some(folder.path().to_owned());
        std::fs::write(folder.path().join(MappingKind::Industries.file_name()), "- no mapping").unwrap();
        assert!(rows_in_force(&*store, &settings, MappingKind::Industries).await.is_err());
    }
}
