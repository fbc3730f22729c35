//! Disks that are full or cannot be written. On a small disk in memory, which only root may mount.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use factor_store::{Store, StoreError, open};
use factor_types::UserId;
use sqlx::{Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::{TempDir, tempdir};

use crate::support::{equal, made_new, names, portfolio};

const PAGE: usize = 4_096;

/// A disk of 4 MB.
struct Disk(TempDir);

impl Disk {
    /// None, and a word about it, where it may not be mounted.
    fn mount() -> Option<Self> {
        let disk = Self(tempdir().unwrap());
        if !run(&["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs"], disk.0.path()) {
            println!("not tested: a tmpfs may not be mounted here (root may)");
            return None;
        }
        Some(disk)
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn open(&self) -> Arc<dyn Store> {
        open(None, Some(&self.folder())).unwrap()
    }

    /// Leaves so many pages of room.
    fn fill(&self, pages: usize) {
        let mut filler = fs::File::options().append(true).create(true).open(self.0.path().join("filler")).unwrap();
        while filler.write_all(&[0; PAGE]).is_ok() {}
        while filler.write_all(&[0; 64]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub((pages * PAGE) as u64)).unwrap();
    }

    fn free(&self) {
        fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(&["umount", "-l"], self.0.path());
    }
}

fn run(command: &[&str], on: &Path) -> bool {
    Command::new(command[0]).args(&command[1..]).arg(on).output().is_ok_and(|done| done.status.success())
}

async fn create(store: &Arc<dyn Store>, name: &str) -> Result<(), StoreError> {
    // Long, so that a write takes pages of its own.
    let mut group = equal(name, &["SPY", "TLT"]);
    group.description = "x".repeat(9_000);
    store.create_group(UserId::LOCAL, &group, None).await.map(drop)
}

async fn kept(store: &Arc<dyn Store>) -> Vec<String> {
    let listed = store.groups(UserId::LOCAL).await.unwrap();
    assert_eq!(listed.damaged, [""; 0]);
    names(&listed.rows).into_iter().map(str::to_owned).collect()
}

/// The disk is full after no page, after one, after two, ...: each write fails at another point.
#[tokio::test]
async fn a_full_disk_refuses_writes_with_that_word_reads_on_and_works_again_without_a_restart() {
    let Some(disk) = Disk::mount() else { return };
    let store = disk.open();
    create(&store, "first").await.unwrap();
    let mut expected = vec!["first".to_owned()];
    let (mut failed, mut kept_full) = (0, 0);
    for pages in 0..40 {
        disk.fill(pages);
        for attempt in 0..6 {
            let name = format!("g{pages}-{attempt}");
            match create(&store, &name).await {
                Ok(()) => {
                    expected.push(name);
                    kept_full += 1;
                }
                Err(StoreError::Full(words)) => {
                    assert!(words.contains("full") && words.contains("make room on the disk"), "{words}");
                    failed += 1;
                }
                Err(error) => panic!("{pages} pages: {error}"),
            }
            expected.sort();
            assert_eq!(kept(&store).await, expected, "{pages} pages of room, attempt {attempt}");
        }
        disk.free();
        // At once, by the same store.
        let name = format!("again{pages}");
        create(&store, &name).await.unwrap_or_else(|error| panic!("{pages} pages: {error}"));
        store.save_portfolio(UserId::LOCAL, &portfolio("p", pages as f64)).await.unwrap();
        for gone in expected.drain(..).chain([name]) {
            store.delete_group(UserId::LOCAL, &gone.parse().unwrap()).await.unwrap().unwrap();
        }
        create(&store, "first").await.unwrap();
        expected.push("first".to_owned());
    }
    println!("{failed} writes refused, {kept_full} kept on the last pages");
    assert!(failed > 20, "only {failed} writes met a full disk");
    store.close().await;
    assert_eq!(kept(&disk.open()).await, ["first"]);
}

#[tokio::test]
async fn a_store_that_starts_on_a_full_disk_reads_and_writes_once_there_is_room() {
    let Some(disk) = Disk::mount() else { return };
    let store = disk.open();
    create(&store, "first").await.unwrap();
    store.close().await;
    disk.fill(0);
    let store = disk.open();
    assert_eq!(kept(&store).await, ["first"]);
    let refused = create(&store, "second").await.unwrap_err();
    assert!(matches!(refused, StoreError::Full(_)), "{refused}");
    disk.free();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    create(&store, "second").await.unwrap();
    assert_eq!(kept(&store).await, ["first", "second"]);
}

#[tokio::test]
async fn a_new_store_on_a_full_disk_says_so_and_begins_once_there_is_room() {
    let Some(disk) = Disk::mount() else { return };
    disk.fill(0);
    let store = disk.open();
    let refused = create(&store, "first").await.unwrap_err();
    assert!(matches!(refused, StoreError::Full(_)), "{refused}");
    disk.free();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    create(&store, "first").await.unwrap();
    assert_eq!(kept(&store).await, ["first"]);
}

#[tokio::test]
async fn a_read_only_disk_is_read_and_says_so() {
    let Some(disk) = Disk::mount() else { return };
    let store = disk.open();
    create(&store, "first").await.unwrap();
    store.close().await;
    assert!(run(&["mount", "-o", "remount,ro"], disk.0.path()));
    let store = disk.open();
    assert_eq!(kept(&store).await, ["first"]);
    match create(&store, "second").await {
        Err(StoreError::ReadOnly(words)) => assert!(words.contains("writable"), "{words}"),
        other => panic!("{other:?}"),
    }
    assert!(run(&["mount", "-o", "remount,rw"], disk.0.path()));
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    create(&store, "second").await.unwrap();
}

#[tokio::test]
async fn a_file_that_another_process_keeps_locked_says_so_and_is_written_when_it_is_free() {
    let folder = tempdir().unwrap();
    let store = open(None, Some(folder.path())).unwrap();
    create(&store, "first").await.unwrap();
    let options = SqliteConnectOptions::new().filename(folder.path().join("factor-mcp.db"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    match create(&store, "second").await {
        Err(StoreError::Locked(words)) => assert!(words.contains("another process is writing"), "{words}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(kept(&store).await, ["first"]);
    other.execute("ROLLBACK").await.unwrap();
    create(&store, "second").await.unwrap();
    assert_eq!(kept(&store).await, ["first", "second"]);
}

#[tokio::test]
async fn files_are_for_their_user_alone_also_where_they_existed() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let open_up = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let folder = tempdir().unwrap();
    let data = folder.path().join("new/data");
    for round in 0..2 {
        let store = open(None, Some(&data)).unwrap();
        made_new(store.create_group(UserId::LOCAL, &equal(&format!("g{round}"), &["SPY", "TLT"]), None).await.unwrap());
        let files: Vec<PathBuf> = data.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 4, "{files:?}");
        assert_eq!(mode(&data), 0o700, "round {round}");
        for file in &files {
            assert_eq!(mode(file), 0o600, "round {round}: {}", file.display());
        }
        store.close().await;
        // As an earlier version left them.
        open_up(&data, 0o755);
        for file in data.read_dir().unwrap() {
            open_up(&file.unwrap().path(), 0o644);
        }
    }
    // A folder with other things in it is not ours to close; the files are.
    let mixed = folder.path().join("mixed");
    fs::create_dir(&mixed).unwrap();
    open_up(&mixed, 0o755);
    fs::write(mixed.join("notes.txt"), "").unwrap();
    open(None, Some(&mixed)).unwrap().check().await.unwrap();
    assert_eq!((mode(&mixed), mode(&mixed.join("factor-mcp.db"))), (0o755, 0o600));
    assert_eq!(mode(&mixed.join("notes.txt")) & 0o044, 0o044);
}
