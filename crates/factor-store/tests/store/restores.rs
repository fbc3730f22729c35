//! A damaged file is put aside, nothing is begun in its place, and a restore brings back what there is.

use std::{fs, path::Path, sync::Arc};

use factor_store::{NewUser, OpenOptions, Store, StoreError, UserTier, maintenance, open, open_with};
use factor_types::UserId;
use tempfile::tempdir;

use crate::{
    damage::behind_its_back,
    support::{custom, equal, made_new, name, names, portfolio},
};

const FILE: &str = "factor-mcp.db";

fn there(folder: &Path, part: &str) -> Vec<String> {
    let names = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let side = |name: &String| !name.ends_with("-wal") && !name.ends_with("-shm");
    names.filter(|name| name.contains(part)).filter(side).collect()
}

fn today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}

/// Overwrites the page in which most rows are.
fn destroy(folder: &Path, wanted: &[u8]) {
    let path = folder.join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(wanted.len()).position(|window| window == wanted).unwrap();
    let page = at / 4_096 * 4_096;
    bytes[page..page + 8].fill(0xff);
    fs::write(&path, bytes).unwrap();
}

async fn filled(folder: &Path) -> Arc<dyn Store> {
    let store = open(None, Some(folder)).unwrap();
    made_new(store.create_group(UserId::LOCAL, &custom("Old"), None).await.unwrap());
    store.save_portfolio(UserId::LOCAL, &portfolio("Mine", 1.0)).await.unwrap();
    store
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_restored_with_what_is_newer_in_it() {
    let folder = tempdir().unwrap();
    let store = filled(folder.path()).await;
    maintenance::back_up(folder.path(), today()).await.unwrap();
    // After the backup: a portfolio changed, another and a user new.
    store.save_portfolio(UserId::LOCAL, &portfolio("Mine", 2.0)).await.unwrap();
    let (newer, _) = store.save_portfolio(UserId::LOCAL, &portfolio("Newer", 3.0)).await.unwrap();
    let (ann, key) =
        store.add_user(&NewUser { tier: UserTier::Paid, email: Some("ann@example.org".into()) }).await.unwrap();
    store.close().await;
    destroy(folder.path(), b"[\"XLK\",\"BRK.B\",\"SMH\"]");

    // By every question, by this process and the next, until it is restored; no empty file takes its place.
    for _ in 0..2 {
        let store = open(None, Some(folder.path())).unwrap();
        let said = [
            store.groups(UserId::LOCAL).await.map(drop).unwrap_err(),
            store.portfolios(UserId::LOCAL).await.map(drop).unwrap_err(),
            store.create_group(UserId::LOCAL, &equal("n", &["SPY", "TLT"]), None).await.map(drop).unwrap_err(),
            store.mapping_revision().await.map(drop).unwrap_err(),
            store.check().await.unwrap_err(),
        ];
        for error in said {
            let StoreError::Damaged(words) = error else { panic!("{error:?}") };
            assert!(
                words.contains("`factor-mcp store restore` brings back the backup factor-mcp.db.backup-"),
                "{words}"
            );
        }
        assert_eq!((there(folder.path(), ".damaged-").len(), folder.path().join(FILE).exists()), (1, false));
    }
    let report = maintenance::check(folder.path()).await.unwrap();
    assert!(report.awaits_restore && !report.is_whole() && !report.exists);

    let waiting = open(None, Some(folder.path())).unwrap();
    waiting.check().await.unwrap_err();
    let dry = maintenance::restore(folder.path(), None, true).await.unwrap();
    assert!(!folder.path().join(FILE).exists(), "nothing is changed by a dry run");
    let restored = maintenance::restore(folder.path(), None, false).await.unwrap();
    assert_eq!(restored, dry);
    assert_eq!((restored.groups, restored.portfolios, restored.users), (1, 2, 2));
    assert_eq!(restored.salvaged, ["user 2", "portfolio `Mine` of user 1", "portfolio `Newer` of user 1"]);

    // A server that was running takes it up, without a restart.
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    assert_eq!(names(&waiting.groups(UserId::LOCAL).await.unwrap().rows), ["Old"]);
    let portfolios = waiting.portfolios(UserId::LOCAL).await.unwrap();
    assert_eq!(portfolios.rows[0].what, portfolio("Mine", 2.0));
    assert_eq!((portfolios.rows[1].clone(), portfolios.damaged), (newer, vec![]));
    assert_eq!(waiting.user_of(&key).await.unwrap(), Some(ann));
    assert_eq!(there(folder.path(), ".damaged-").len(), 1, "it stays");
    assert_eq!(there(folder.path(), "restored"), [""; 0]);
    assert!(maintenance::check(folder.path()).await.unwrap().is_whole());
}

#[tokio::test]
async fn without_a_backup_what_can_be_read_is_brought_back() {
    let folder = tempdir().unwrap();
    filled(folder.path()).await.close().await;
    destroy(folder.path(), b"[\"XLK\",\"BRK.B\",\"SMH\"]");
    let store = open(None, Some(folder.path())).unwrap();
    let StoreError::Damaged(words) = store.check().await.unwrap_err() else { panic!("not damaged") };
    assert!(
        words.contains("`factor-mcp store restore` brings back what can be read of it: there is no backup"),
        "{words}"
    );
    let restored = maintenance::restore(folder.path(), None, false).await.unwrap();
    assert_eq!((restored.from, restored.groups, restored.portfolios), (None, 0, 1));
}

#[tokio::test]
async fn a_restore_over_damaged_rows_keeps_the_others_newer_and_a_damaged_backup_is_passed_over() {
    let folder = tempdir().unwrap();
    let store = filled(folder.path()).await;
    let day = |text: &str| text.parse().unwrap();
    maintenance::back_up(folder.path(), day("2026-01-01")).await.unwrap();
    let newest = maintenance::back_up(folder.path(), day("2026-01-02")).await.unwrap();
    let mut bytes = fs::read(&newest.file).unwrap();
    bytes[4_096 * 3..4_096 * 4].fill(0x55);
    fs::write(&newest.file, bytes).unwrap();
    store.save_portfolio(UserId::LOCAL, &portfolio("Newer", 3.0)).await.unwrap();
    let spoil = "UPDATE user_factor_groups SET description = 'spoilt'";
    assert_eq!(behind_its_back(&folder.path().join(FILE), spoil).await, 1);
    let report = maintenance::check(folder.path()).await.unwrap();
    assert_eq!(report.damaged.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["Old"]);
    let refused = maintenance::back_up(folder.path(), today()).await.unwrap_err();
    assert!(refused.to_string().contains("the backups that are there are better"), "{refused}");
    // That of the day, which a store makes by itself: on a slow machine after the first row was written, else before.
    let _ = fs::remove_file(folder.path().join(format!("{FILE}.backup-{}", today())));

    let restored = maintenance::restore(folder.path(), None, false).await.unwrap();
    assert!(restored.from.unwrap().ends_with("factor-mcp.db.backup-2026-01-01"));
    assert!(restored.put_aside.unwrap().display().to_string().contains(".damaged-"));
    assert_eq!(restored.salvaged, ["portfolio `Newer` of user 1"]);
    // The same store sees the file under its name.
    assert_eq!(store.group(UserId::LOCAL, &name("Old")).await.unwrap().unwrap().group.what, custom("Old"));
    assert_eq!(store.portfolios(UserId::LOCAL).await.unwrap().rows.len(), 2);

    // To go back to a backup on purpose: the whole file is put aside too.
    let given = folder.path().join("factor-mcp.db.backup-2026-01-01");
    let back = maintenance::restore(folder.path(), Some(&given), false).await.unwrap();
    assert_eq!((back.portfolios, back.salvaged.len()), (1, 0));
    assert!(back.put_aside.unwrap().display().to_string().contains(".replaced-"));
    let refused = maintenance::restore(folder.path(), Some(&newest.file), false).await.unwrap_err();
    assert!(refused.to_string().contains("is not whole"), "{refused}");
}

#[tokio::test]
async fn a_definition_that_was_changed_is_damage() {
    let folder = tempdir().unwrap();
    filled(folder.path()).await.close().await;
    let path = folder.path().join(FILE);
    let bytes = fs::read(&path).unwrap();
    let wanted = b"name_key           TEXT NOT NULL";
    let at = bytes.windows(wanted.len()).position(|window| window == wanted);
    let at = at.or_else(|| bytes.windows(8).position(|window| window == b"name_key")).unwrap();
    let mut changed = bytes;
    changed[at] = b'm';
    fs::write(&path, changed).unwrap();
    let store = open(None, Some(folder.path())).unwrap();
    let error = store.groups(UserId::LOCAL).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    let restored = maintenance::restore(folder.path(), None, false).await.unwrap();
    assert!(restored.from.is_none());
}

#[tokio::test]
async fn a_user_keeps_at_most_so_many_of_each() {
    let folder = tempdir().unwrap();
    let options = OpenOptions { most_per_user: 2, ..OpenOptions::default() };
    let store = open_with(None, Some(folder.path()), options).unwrap();
    for number in 0..2 {
        made_new(store.create_group(UserId::LOCAL, &equal(&format!("g{number}"), &["A", "B"]), None).await.unwrap());
        store.save_portfolio(UserId::LOCAL, &portfolio(&format!("p{number}"), 1.0)).await.unwrap();
    }
    for refused in [
        store.create_group(UserId::LOCAL, &equal("g2", &["A", "B"]), None).await.map(drop),
        store.save_portfolio(UserId::LOCAL, &portfolio("p2", 1.0)).await.map(drop),
    ] {
        let Err(StoreError::Refused(words)) = refused else { panic!("{refused:?}") };
        assert!(words.contains("a user may keep 2 (FACTOR_USER_MAX_GROUPS): delete one"), "{words}");
    }
    // What is there can be changed, and another user has room of their own.
    store.save_portfolio(UserId::LOCAL, &portfolio("p1", 2.0)).await.unwrap();
    let (ann, _) = store.add_user(&NewUser { tier: UserTier::Public, email: None }).await.unwrap();
    made_new(store.create_group(ann.id, &equal("g", &["A", "B"]), None).await.unwrap());
    store.delete_group(UserId::LOCAL, &name("g0")).await.unwrap().unwrap();
    made_new(store.create_group(UserId::LOCAL, &equal("g2", &["A", "B"]), None).await.unwrap());
}
