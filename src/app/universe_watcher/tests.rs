use std::fs;

use factor_store::{Author, MappingEdit, ProxyRow};
use factor_types::{Category, SourceTier};
use tempfile::TempDir;

use super::*;

const KIND: MappingKind = MappingKind::StyleAndMarket;

/// A folder with the shipped mappings, and a universe that follows it and a fresh store.
fn following() -> (TempDir, UniverseWatcher) {
    let folder = tempfile::tempdir().unwrap();
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("proxies");
    for kind in MappingKind::ALL {
        fs::copy(shipped.join(kind.file_name()), folder.path().join(kind.file_name())).unwrap();
    }
    let store = factor_store::open(None, Some(&folder.path().join("data"))).unwrap();
    let watcher = UniverseWatcher::new(store, Some(folder.path().to_owned()));
    (folder, watcher)
}

fn write(folder: &TempDir, text: &str) {
    fs::write(folder.path().join(KIND.file_name()), text).unwrap();
}

fn has(snapshot: &UniverseSnapshot, ticker: &str) -> bool {
    snapshot.loaded.universe.get(&ticker.parse().unwrap()).is_some()
}

#[tokio::test]
async fn an_edited_file_changes_the_next_answer() {
    let (folder, watcher) = following();
    let before = watcher.current().await;
    assert!(has(&before, "SPY") && before.loaded.problems.is_empty(), "{:?}", before.loaded.problems);
    write(&folder, "style: {momentum: MTUM}\nmarket: {us_total: SCHB}\n");
    let after = watcher.current().await;
    assert!(has(&after, "SCHB") && !has(&after, "SPY"));
    assert_ne!(before.loaded.hash, after.loaded.hash);
    assert_eq!(watcher.current().await.at, after.at, "nothing has changed since");
}

#[tokio::test]
async fn a_wrong_or_empty_file_leaves_the_last_good_one() {
    let (folder, watcher) = following();
    let before = watcher.current().await;
    for wrong in ["style: {momentum: MT", "", "market: {us_total: not a ticker!}\n", "style: 7\n"] {
        write(&folder, wrong);
        let now = watcher.current().await;
        assert_eq!(now.loaded.rows, before.loaded.rows, "{wrong:?}");
        assert_eq!(now.loaded.tiers[&KIND], SourceTier::Yaml);
        let said = now.loaded.problems.iter().any(|problem| problem.contains("last good"));
        assert!(said, "{wrong:?}: {:?}", now.loaded.problems);
    }
    write(&folder, "market: {us_total: SCHB}\n");
    let mended = watcher.current().await;
    assert!(has(&mended, "SCHB") && mended.loaded.problems.is_empty());
}

#[tokio::test]
async fn the_store_wins_over_yaml_until_it_is_empty() {
    let (_folder, watcher) = following();
    let before = watcher.current().await;
    let author = Author { who: "a test".to_owned(), why: "to see".to_owned() };
    let row = ProxyRow::new(Category::Market, "us_total", "SCHB".parse().unwrap());
    let edit = MappingEdit::Upsert(vec![row]);
    watcher.store.edit_mapping(KIND, &edit, &before.loaded.rows[&KIND], &author, false).await.unwrap();
    watcher.reload().await;
    let now = watcher.last().await;
    assert_eq!(now.loaded.tiers[&KIND], SourceTier::Database);
    assert_eq!(now.loaded.tiers[&MappingKind::Industries], SourceTier::Yaml);
    assert!(has(&now, "SCHB") && has(&now, "SPY"), "one added row hides no other");
    for category in [Category::Market, Category::Style] {
        watcher.store.edit_mapping(KIND, &MappingEdit::Clear(category), &[], &author, false).await.unwrap();
    }
    watcher.reload().await;
    let cleared = watcher.last().await;
    assert_eq!(cleared.loaded.tiers[&KIND], SourceTier::Yaml);
    assert!(!has(&cleared, "SCHB"));
}
