//! Files that are not as they should be, and the opening.

use std::{fs, path::Path, time::Duration};

use factor_store::SqliteEntries;
use factor_types::{EntryFilter, EntryStore as _};
use sqlx::{Connection as _, sqlite::SqliteConnectOptions};
use tempfile::tempdir;

use crate::support::{entry, key, names, put_aside, version_of, versions};

/// Writes ten entries and closes the file.
async fn fill(path: &Path) {
    let store = SqliteEntries::new(path.to_owned());
    for number in 0..10 {
        store.put(&key(number), &entry(number, 1, 3_000)).await.unwrap();
    }
    store.close().await;
}

/// The store must begin a new file, say so, keep the broken file and keep entries.
async fn begins_a_new_file(path: &Path, broken: &[u8]) {
    fs::write(path, broken).unwrap();
    let store = SqliteEntries::new(path.to_owned());
    for number in 0..10 {
        if let Some(found) = store.get(&key(number)).await.unwrap() {
            assert_eq!(version_of(number, &found), 1);
        }
    }
    store.put(&key(3), &entry(3, 2, 50)).await.unwrap();
    assert_eq!(version_of(3, &store.get(&key(3)).await.unwrap().unwrap()), 2);
    let aside = put_aside(path.parent().unwrap());
    assert_eq!(aside.len(), 1);
    assert_eq!(fs::read(path.with_file_name(&aside[0])).unwrap(), broken);
    let health = store.health();
    assert_eq!((health.damaged, health.notes.len()), (1, 1));
    assert!(health.notes[0].contains(&aside[0]) && health.notes[0].contains("was broken"), "{health:?}");
}

#[tokio::test]
async fn a_truncated_file_is_put_aside() {
    let folder = tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    fill(&whole).await;
    let bytes = fs::read(whole).unwrap();
    assert!(bytes.len() >= 8 * 4096);
    let last = bytes.len();
    for length in [1, 99, 100, 4_095, 4_096, 5_000, 8_192, last / 2, last - 4_096, last - 3_500] {
        let folder = tempdir().unwrap();
        begins_a_new_file(&folder.path().join("entries.db"), &bytes[..length]).await;
    }
    // The end of the last page is unused here, so nothing is lost without it.
    let path = folder.path().join("short.db");
    fs::write(&path, &bytes[..last - 1]).unwrap();
    let store = SqliteEntries::new(path);
    assert_eq!(versions(&store, 10).await, [Some(1); 10]);
    assert_eq!((store.health().damaged, store.health().notes), (0, vec![]));
}

#[tokio::test]
async fn an_empty_file_is_put_aside() {
    let folder = tempdir().unwrap();
    begins_a_new_file(&folder.path().join("entries.db"), b"").await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_put_aside() {
    for garbage in [&b"hello"[..], &[0; 10_000], &[0xa5; 4_096]] {
        let folder = tempdir().unwrap();
        begins_a_new_file(&folder.path().join("entries.db"), garbage).await;
    }
}

#[tokio::test]
async fn a_log_left_by_a_lost_file_is_not_played_into_a_new_one() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    store.put(&key(1), &entry(1, 1, 3_000)).await.unwrap();
    let log = fs::read(folder.path().join("entries.db-wal")).unwrap();
    assert!(log.len() > 3_000);
    store.close().await;
    fs::remove_file(&path).unwrap();
    fs::write(folder.path().join("entries.db-wal"), log).unwrap();
    let store = SqliteEntries::new(path);
    assert_eq!(store.get(&key(1)).await.unwrap(), None);
    assert_eq!(store.health().damaged, 0);
}

/// The store must refuse the file with this text and leave it as it is.
async fn is_refused(path: &Path, text: &str) {
    let folder = path.parent().unwrap();
    let before = (fs::read(path).unwrap(), fs::metadata(path).unwrap().modified().unwrap());
    let store = SqliteEntries::new(path.to_owned());
    let errors = [
        store.get(&key(1)).await.unwrap_err(),
        store.put(&key(1), &entry(1, 1, 10)).await.unwrap_err(),
        store.list(&EntryFilter::default()).await.unwrap_err(),
        store.clear(&EntryFilter::default()).await.unwrap_err(),
        store.remove(&key(1)).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.0.contains(text), "{error}");
        assert!(error.0.contains(&path.display().to_string()) && error.0.contains("FACTOR_DATA_DIR"), "{error}");
    }
    assert!(store.health().problem.is_some_and(|problem| problem.contains(text)));
    store.close().await;
    assert!(before == (fs::read(path).unwrap(), fs::metadata(path).unwrap().modified().unwrap()), "it was touched");
    assert_eq!(names(folder), ["entries.db", "entries.db.lock"]);
}

#[tokio::test]
async fn another_applications_database_is_refused_and_left_alone() {
    for (mode, id) in [("DELETE", "0"), ("WAL", "0"), ("WAL", "252006674")] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("entries.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .pragma("journal_mode", mode)
            .pragma("application_id", id);
        let mut other = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("CREATE TABLE entries (dear INTEGER)").execute(&mut other).await.unwrap();
        sqlx::query("INSERT INTO entries VALUES (42)").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        is_refused(&path, "another application's database").await;
    }
}

#[tokio::test]
async fn a_file_of_a_newer_form_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    fill(&path).await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[60..64].fill(2);
    fs::write(&path, bytes).unwrap();
    is_refused(&path, "made by a newer version (form 2, this version knows 1)").await;
}

#[tokio::test]
async fn a_file_put_aside_by_another_process_is_left_for_the_new_one() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    store.put(&key(1), &entry(1, 1, 3_000)).await.unwrap();
    for ending in ["", "-wal", "-shm"] {
        fs::rename(folder.path().join(format!("entries.db{ending}")), folder.path().join(format!("aside{ending}")))
            .unwrap();
    }
    assert_eq!(store.get(&key(1)).await.unwrap(), None);
    store.put(&key(2), &entry(2, 2, 100)).await.unwrap();
    store.close().await;
    let again = SqliteEntries::new(path);
    assert_eq!(version_of(2, &again.get(&key(2)).await.unwrap().unwrap()), 2);
    assert_eq!(again.health().damaged, 0);
}

#[tokio::test]
async fn nothing_is_made_before_the_first_use() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("a/b");
    let store = SqliteEntries::new(data.join("entries.db"));
    assert_eq!(store.health().problem, None);
    assert!(names(folder.path()).is_empty());
    assert_eq!(store.get(&key(1)).await.unwrap(), None);
    assert!(data.join("entries.db").is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_first_callers_share_one_opening() {
    let folder = tempdir().unwrap();
    let store = SqliteEntries::new(folder.path().join("entries.db"));
    let callers: Vec<_> = (0..50)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.put(&key(number), &entry(number, 1, 100)).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(store.list(&EntryFilter::default()).await.unwrap().len(), 50);
}

#[tokio::test]
async fn callers_that_go_away_leave_the_store_usable() {
    let folder = tempdir().unwrap();
    let store = SqliteEntries::new(folder.path().join("entries.db"));
    for round in 0..60 {
        let patience = Duration::from_micros(round * 150);
        let _ = tokio::time::timeout(patience, store.put(&key(1), &entry(1, round, 20_000))).await;
        if round % 10 == 5 {
            let _ = tokio::time::timeout(patience, store.close()).await;
        }
        if let Ok(found) = tokio::time::timeout(patience, store.get(&key(1))).await {
            found.unwrap().map(|found| version_of(1, &found));
        }
    }
    store.put(&key(1), &entry(1, 99, 20_000)).await.unwrap();
    assert_eq!(version_of(1, &store.get(&key(1)).await.unwrap().unwrap()), 99);
    let health = store.health();
    assert_eq!((health.damaged, health.problem, health.notes), (0, None, vec![]));
}

#[tokio::test]
async fn a_failed_opening_is_tried_again_later() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    fs::write(&data, "a file where the folder should be").unwrap();
    let store = SqliteEntries::new(data.join("entries.db"));
    let error = store.get(&key(1)).await.unwrap_err();
    assert!(error.0.contains("cannot be opened") && error.0.contains("FACTOR_DATA_DIR"), "{error}");
    assert!(store.health().problem.is_some());
    fs::remove_file(&data).unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    store.put(&key(1), &entry(1, 1, 10)).await.unwrap();
    assert_eq!(store.health().problem, None);
}

#[tokio::test]
async fn clearing_all_gives_the_space_back() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    for number in 0..30 {
        store.put(&key(number), &entry(number, 1, 100_000)).await.unwrap();
    }
    assert_eq!(store.clear(&EntryFilter::default()).await.unwrap(), 30);
    let size =
        |ending: &str| fs::metadata(folder.path().join(format!("entries.db{ending}"))).map_or(0, |file| file.len());
    assert!(size("") + size("-wal") < 100_000, "{} and {}", size(""), size("-wal"));
    store.put(&key(1), &entry(1, 1, 100)).await.unwrap();
    store.close().await;
    assert_eq!(version_of(1, &SqliteEntries::new(path).get(&key(1)).await.unwrap().unwrap()), 1);
}
