//! Rows that are not what was written: named, left out, never answered; the rest is, and they can be deleted.

use std::path::Path;

use factor_store::{Deleted, NewUser, RowKind, StoreError, UserTier, maintenance, open};
use factor_types::UserId;
use sqlx::{Connection as _, Executor as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{Keeps, Place, custom, equal, made_new, name, names, portfolio, settled};

/// Changes rows past the store and its triggers; the triggers are as they were afterwards.
pub(crate) async fn behind_its_back(path: &Path, change: &'static str) -> u64 {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
    let options = options.pragma("ignore_check_constraints", "ON");
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let triggers = connection.fetch_all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").await.unwrap();
    for trigger in &triggers {
        let drop = format!("DROP TRIGGER {}", trigger.get::<String, _>(0));
        connection.execute(sqlx::AssertSqlSafe(drop)).await.unwrap();
    }
    let done = connection.execute(change).await.unwrap().rows_affected();
    for trigger in triggers {
        connection.execute(sqlx::AssertSqlSafe(trigger.get::<String, _>(1))).await.unwrap();
    }
    connection.close().await.unwrap();
    done
}

fn file(place: &Place) -> std::path::PathBuf {
    match &place.keeps {
        Keeps::Sqlite(folder) => folder.path().join("factor-mcp.db"),
        Keeps::Postgres(..) => panic!("not SQLite"),
    }
}

#[tokio::test]
async fn a_changed_group_is_named_left_out_and_can_be_deleted() {
    for change in [
        "UPDATE user_factor_groups SET description = 'x' WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET tickers = replace(tickers, 'SMH', 'SMI') WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET tickers = '7' WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET weights = replace(weights, '3', '4') WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET weights = NULL, weighting_method = 'equal' WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET settled = replace(settled, '3', '4') WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET settled = NULL WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET group_name = 'Chaps' WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET group_name = CAST(x'c328' AS TEXT) WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET name_key = 'chaps', group_name = 'Chaps' WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET created_at = '2020-01-01T00:00:00.000Z' WHERE group_name = 'Chips'",
        "UPDATE user_factor_groups SET updated_at = 'soon' WHERE group_name = 'Chips'",
        // Another's, and lost.
        "UPDATE user_factor_groups SET user_id = 2 WHERE group_name = 'Chips'",
        "DELETE FROM user_factor_groups WHERE group_name = 'Chips'",
        // The other copy.
        "UPDATE row_checksums SET checksum = zeroblob(32) WHERE name = 'Chips'",
        "UPDATE row_checksums SET checksum = x'' WHERE name = 'Chips'",
        "UPDATE row_checksums SET user_id = 2 WHERE name = 'Chips'",
        "UPDATE row_checksums SET kind = 'portfolio' WHERE name = 'Chips'",
        "UPDATE row_checksums SET name_key = 'chaps' WHERE name = 'Chips'",
        "DELETE FROM row_checksums WHERE name = 'Chips'",
    ] {
        let place = Place::sqlite().await;
        let (store, user) = (&place.server, UserId::LOCAL);
        made_new(store.create_group(user, &custom("Chips"), Some(&settled())).await.unwrap());
        let banks = made_new(store.create_group(user, &equal("Banks", &["KRE", "KBWB"]), None).await.unwrap());
        assert_eq!(behind_its_back(&file(&place), change).await, 1, "{change}");

        // Also by a store that opens the file anew.
        let again = open(None, file(&place).parent()).unwrap();
        for store in [store, &again] {
            let listed = store.groups(user).await.unwrap();
            assert_eq!(listed.rows, std::slice::from_ref(&banks), "{change}");
            assert!(listed.damaged.iter().any(|name| name == "Chips" || name == "Chaps"), "{change}: {listed:?}");
            match store.group(user, &name("Chips")).await {
                Err(StoreError::DamagedRow { kind: RowKind::Group, name }) => assert_eq!(name, "Chips", "{change}"),
                Ok(None) if change.contains("kind = 'portfolio'") => {}
                other => panic!("{change}: {other:?}"),
            }
        }
        // It is neither overwritten nor taken for one of the same content; deleted it is gone.
        let over = store.create_group(user, &custom("Chips"), None).await;
        assert!(matches!(over, Err(StoreError::DamagedRow { .. })), "{change}: {over:?}");
        for damaged in listed_damaged(&place).await {
            let gone = store.delete_group(user, &name(&damaged)).await.unwrap();
            assert_eq!(gone, Some(Deleted::Damaged), "{change}: {damaged}");
        }
        assert_eq!(listed_damaged(&place).await, [""; 0], "{change}");
        if !change.contains("user_id = 2") && !change.contains("'portfolio'") {
            made_new(store.create_group(user, &custom("Chips"), None).await.unwrap());
        }
        assert_eq!(store.group(user, &name("Banks")).await.unwrap(), Some(banks), "{change}");
    }
}

async fn listed_damaged(place: &Place) -> Vec<String> {
    place.server.groups(UserId::LOCAL).await.unwrap().damaged
}

#[tokio::test]
async fn a_changed_portfolio_is_named_and_never_answered() {
    for change in [
        "UPDATE portfolios SET holdings = replace(holdings, '1234.0', '9234.0') WHERE name_key = 'mine'",
        "UPDATE portfolios SET holdings = replace(holdings, 'VTI', 'VTJ') WHERE name_key = 'mine'",
        "UPDATE portfolios SET holdings = replace(holdings, 'shares', 'weight') WHERE name_key = 'mine'",
        "UPDATE portfolios SET updated_at = created_at, created_at = '2020-01-01T00:00:00.000Z' WHERE name_key = 'mine'",
        "DELETE FROM portfolios WHERE name_key = 'mine'",
    ] {
        let place = Place::sqlite().await;
        let (store, user) = (&place.server, UserId::LOCAL);
        store.save_portfolio(user, &portfolio("Mine", 1_234.0)).await.unwrap();
        let (other, _) = store.save_portfolio(user, &portfolio("Other", 7.0)).await.unwrap();
        assert_eq!(behind_its_back(&file(&place), change).await, 1, "{change}");
        let listed = store.portfolios(user).await.unwrap();
        assert_eq!((listed.rows, listed.damaged), (vec![other.clone()], vec!["Mine".to_owned()]), "{change}");
        let asked = store.portfolio(user, &name("mine")).await.unwrap_err();
        assert_eq!(asked, StoreError::DamagedRow { kind: RowKind::Portfolio, name: "Mine".into() }, "{change}");
        let over = store.save_portfolio(user, &portfolio("mine", 1.0)).await.unwrap_err();
        assert_eq!(over, asked, "{change}: it is not overwritten");
        assert_eq!(store.delete_portfolio(user, &name("mine")).await.unwrap(), Some(Deleted::Damaged), "{change}");
        store.save_portfolio(user, &portfolio("mine", 1.0)).await.unwrap();
        assert_eq!(store.portfolios(user).await.unwrap().damaged, [""; 0], "{change}");
    }
}

#[tokio::test]
async fn a_changed_user_gets_in_nowhere_and_is_named() {
    for change in [
        "UPDATE users SET tier = 'paid' WHERE id = 2",
        "UPDATE users SET email = NULL WHERE id = 2",
        "UPDATE users SET api_key_hash = (SELECT api_key_hash FROM users WHERE id = 3) WHERE id = 2",
        "UPDATE users SET id = 9 WHERE id = 2",
        "DELETE FROM users WHERE id = 2",
    ] {
        let place = Place::sqlite().await;
        let new = |email: &str| NewUser { tier: UserTier::Registered, email: Some(email.to_owned()) };
        let (ann, key) = place.admin.add_user(&new("ann@example.org")).await.unwrap();
        let (bob, other) = place.admin.add_user(&new("bob@example.org")).await.unwrap();
        assert_eq!((ann.id, bob.id), (UserId::new(2), UserId::new(3)));
        assert_eq!(behind_its_back(&file(&place), change).await, 1, "{change}");
        let refused = place.server.user_of(&key).await.unwrap_err();
        assert_eq!(refused, StoreError::DamagedRow { kind: RowKind::User, name: "2".into() }, "{change}");
        assert_eq!(place.server.user_of(&other).await.unwrap(), Some(bob.clone()), "{change}");
        let listed = place.admin.users().await.unwrap();
        assert!(listed.damaged.contains(&"2".to_owned()) && listed.rows.contains(&bob), "{change}: {listed:?}");
        assert!(!listed.rows.iter().any(|user| user.id == ann.id), "{change}");
    }
}

#[tokio::test]
async fn a_file_of_an_older_version_gets_checksums_once_and_keeps_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factor-mcp.db");
    make_first_version(&path).await;
    let store = open(None, Some(folder.path())).unwrap();
    for _ in 0..2 {
        store.migrate().await.unwrap();
        let groups = store.groups(UserId::LOCAL).await.unwrap();
        assert_eq!((names(&groups.rows), groups.damaged), (vec!["Chips"], vec!["Odd".to_owned()]));
        let kept = &groups.rows[0].group;
        assert_eq!(
            (kept.what.clone(), kept.updated_at.to_rfc3339()),
            (equal("Chips", &["SMH", "SOXX"]), "2025-06-01T00:00:00+00:00".into())
        );
        assert_eq!(store.users().await.unwrap().rows.len(), 1);
    }
    store.close().await;
    // As it was before, beside the file.
    let backups = maintenance::check(folder.path()).await.unwrap().backups;
    let names: Vec<_> = backups.iter().map(|backup| backup.file.display().to_string()).collect();
    assert!(names.len() == 1 && names[0].contains("factor-mcp.db.backup-before-step-6-"), "{names:?}");
    let options = SqliteConnectOptions::new().filename(&backups[0].file);
    let mut backup = SqliteConnection::connect_with(&options).await.unwrap();
    let versions =
        backup.fetch_one("SELECT max(version), (SELECT count(*) FROM user_factor_groups) FROM _sqlx_migrations");
    let row = versions.await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (1, 2));

    // What an older version that still runs would write is refused, in words.
    let mut older = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    for write in [
        "INSERT INTO user_factor_groups (user_id, group_name, name_key, description, tickers) VALUES (1, 'n', 'n', '', '[]')",
        "UPDATE user_factor_groups SET description = 'x' WHERE group_name = 'Chips'",
        "INSERT INTO portfolios (user_id, portfolio_name, name_key, holdings) VALUES (1, 'n', 'n', '[]')",
    ] {
        let refused = older.execute(write).await.unwrap_err().to_string();
        assert!(refused.contains("an older version of factor-mcp is running: stop it"), "{refused}");
    }
    older.execute("DELETE FROM user_factor_groups WHERE group_name = 'Odd'").await.unwrap();
    older.close().await.unwrap();
    let store = open(None, Some(folder.path())).unwrap();
    assert_eq!(store.groups(UserId::LOCAL).await.unwrap().damaged, [""; 0]);
}

/// A file as the first version left it: a group, and one that nobody can read.
async fn make_first_version(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let first = sqlx::migrate::Migrator::with_migrations(vec![sqlx::migrate::Migration::new(
        1,
        "store".into(),
        sqlx::migrate::MigrationType::Simple,
        sqlx::SqlSafeStr::into_sql_str(include_str!("../../../../migrations/sqlite/0001_store.sql")),
        false,
    )]);
    first.run_direct(None, &mut connection, false).await.unwrap();
    connection
        .execute(
            "INSERT INTO user_factor_groups (user_id, group_name, name_key, description, tickers, created_at, updated_at) \
             VALUES (1, 'Chips', 'chips', '', '[\"SMH\",\"SOXX\"]', '2025-06-01T00:00:00.000Z', '2025-06-01T00:00:00.000Z'), \
             (1, 'Odd', 'odd', '', '[7]', '2025-06-01T00:00:00.000Z', '2025-06-01T00:00:00.000Z')",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();
}
