//! A new day, and damage that comes while the file is open.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{Days, NaiveDate};
use tempfile::tempdir;

use super::{SqliteFile, backups, examine};
use crate::{
    StoreError,
    store::database::{Access, Database, Engine},
    store::schema,
    store::statement::statement,
};

/// The days that passed in the one test that has this clock.
static DAYS: AtomicU64 = AtomicU64::new(0);

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(DAYS.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_begins_with_a_look_at_the_pages_and_a_backup() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("factor-mcp.db");
    let file = SqliteFile::with_days(path.clone(), today);
    let database = Arc::new(Database { place: "the place".to_owned(), engine: Engine::Sqlite(Arc::clone(&file)) });
    schema::prepare(&database, true, false).await.unwrap();
    database.back_up().await.unwrap();
    assert_eq!(backups::daily(&path).len(), 0, "nothing is there to be kept");
    let mut transaction = database.begin(None, Access::Write).await.unwrap();
    transaction.run(statement("UPDATE mapping_revision SET revision = 1")).await.unwrap();
    transaction.commit().await.unwrap();
    for day in 0..10 {
        DAYS.store(day, Ordering::Relaxed);
        database.back_up().await.unwrap();
        database.back_up().await.unwrap();
        assert_eq!(file.opened().await.unwrap().number, day + 1, "opened once a day");
    }
    let names: Vec<_> = backups::daily(&path).iter().map(|file| file.display().to_string()).collect();
    assert_eq!(names.len(), 7);
    assert!(names[0].ends_with("backup-2026-01-04") && names[6].ends_with("backup-2026-01-10"), "{names:?}");

    // Pages that go bad in the night are found in the morning.
    file.opened().await.unwrap().pool.close().await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_096..4_104].fill(0xff);
    fs::write(&path, bytes).unwrap();
    DAYS.store(10, Ordering::Relaxed);
    let Err(StoreError::Damaged(words)) = file.opened().await else { panic!("not found") };
    assert!(words.contains("brings back the backup factor-mcp.db.backup-2026-01-10"), "{words}");
    assert!(!path.exists());
}

#[tokio::test]
async fn an_index_that_does_not_fit_is_made_anew_and_no_row_is_lost() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.db");
    let pool = super::open_to_write(&path.with_file_name("x.db"));
    drop(fs::write(&path, ""));
    for made in [
        "CREATE TABLE t (a TEXT UNIQUE)",
        "INSERT INTO t VALUES ('one'), ('two')",
        // The index is one of another column now, as after a flipped bit.
        "PRAGMA writable_schema = ON",
    ] {
        sqlx::query(made).execute(&pool).await.unwrap();
    }
    assert_eq!(examine::pages(&pool).await, examine::Finding::Whole);
    pool.close().await;
    let bytes = fs::read(&path).unwrap();
    // The last 'one' in the file is the index's or the row's; either way row and index differ.
    let at = bytes.windows(3).rposition(|window| window == b"one").unwrap();
    let mut changed = bytes;
    changed[at] = b'p';
    fs::write(&path, changed).unwrap();
    let pool = super::open_to_write(&path);
    assert_eq!(examine::pages(&pool).await, examine::Finding::Indexes);
    examine::reindex(&pool, "the place").await;
    assert_eq!(examine::pages(&pool).await, examine::Finding::Whole);
    pool.close().await;
}
