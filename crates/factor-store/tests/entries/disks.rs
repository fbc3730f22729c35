//! Disks that are full or cannot be written. On a small disk in memory, which only root may mount.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use factor_store::SqliteEntries;
use factor_types::EntryStore as _;
use tempfile::{TempDir, tempdir};

use crate::support::{entry, key, version_of, versions};

/// A disk of 2 MB.
struct Disk(TempDir);

impl Disk {
    /// None, and a word about it, where it may not be mounted.
    fn mount() -> Option<Self> {
        let disk = Self(tempdir().unwrap());
        let mounted = run(&["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs"], disk.0.path());
        if !mounted {
            println!("not tested: a tmpfs may not be mounted here (root may)");
            return None;
        }
        Some(disk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn fill(&self) {
        let mut filler = fs::File::options().append(true).create(true).open(self.path("filler")).unwrap();
        while filler.write_all(&[0; 1_024]).is_ok() {}
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

async fn refuses_but_reads(store: &SqliteEntries, number: u64, text: &str) {
    let refused = store.put(&key(number), &entry(number, 9, 100_000)).await.unwrap_err();
    assert!(refused.0.contains(text) && refused.0.contains("FACTOR_DATA_DIR"), "{refused}");
    assert!(refused.0.contains("entries.db"), "{refused}");
    assert_eq!(store.health().problem, Some(refused.0));
    for number in 0..5 {
        assert_eq!(version_of(number, &store.get(&key(number)).await.unwrap().unwrap()), 1);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writing_and_goes_on_reading() {
    let Some(disk) = Disk::mount() else { return };
    let store = SqliteEntries::new(disk.path("entries.db"));
    for number in 0..5 {
        store.put(&key(number), &entry(number, 1, 100_000)).await.unwrap();
    }
    disk.fill();
    refuses_but_reads(&store, 4, "free space").await;
    refuses_but_reads(&store, 77, "free space").await;
    fs::remove_file(disk.path("filler")).unwrap();
    store.put(&key(4), &entry(4, 9, 100_000)).await.unwrap();
    assert_eq!(store.health().problem, None);
    let found = versions(&store, 5).await;
    assert_eq!(found, [Some(1), Some(1), Some(1), Some(1), Some(9)]);
    assert_eq!(store.health().damaged, 0);
}

#[tokio::test]
async fn a_store_that_starts_on_a_full_disk_reads() {
    let Some(disk) = Disk::mount() else { return };
    let store = SqliteEntries::new(disk.path("entries.db"));
    for number in 0..5 {
        store.put(&key(number), &entry(number, 1, 100_000)).await.unwrap();
    }
    store.close().await;
    disk.fill();
    let store = SqliteEntries::new(disk.path("entries.db"));
    assert_eq!(version_of(3, &store.get(&key(3)).await.unwrap().unwrap()), 1);
    refuses_but_reads(&store, 7, "free space").await;
    fs::remove_file(disk.path("filler")).unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    store.put(&key(7), &entry(7, 9, 100_000)).await.unwrap();
    assert_eq!(store.health().problem, None);
    assert_eq!((store.health().damaged, store.health().notes), (0, vec![]));
}

#[tokio::test]
async fn a_store_without_a_file_on_a_full_disk_fails_with_the_way_out() {
    let Some(disk) = Disk::mount() else { return };
    disk.fill();
    let store = SqliteEntries::new(disk.path("data/entries.db"));
    let error = store.get(&key(1)).await.unwrap_err();
    assert!(error.0.contains("free space") && error.0.contains("entries.db"), "{error}");
    fs::remove_file(disk.path("filler")).unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    store.put(&key(7), &entry(7, 9, 100_000)).await.unwrap();
    assert_eq!(store.health().damaged, 0);
}

#[tokio::test]
async fn a_read_only_disk_is_read() {
    let Some(disk) = Disk::mount() else { return };
    let store = SqliteEntries::new(disk.path("entries.db"));
    for number in 0..5 {
        store.put(&key(number), &entry(number, 1, 100_000)).await.unwrap();
    }
    store.close().await;
    assert!(run(&["mount", "-o", "remount,ro"], disk.0.path()));
    let store = SqliteEntries::new(disk.path("entries.db"));
    assert_eq!(version_of(3, &store.get(&key(3)).await.unwrap().unwrap()), 1);
    refuses_but_reads(&store, 7, "writable").await;
    assert!(run(&["mount", "-o", "remount,rw"], disk.0.path()));
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    store.put(&key(7), &entry(7, 9, 100_000)).await.unwrap();
    assert_eq!(store.health().problem, None);
}

/// The same where nothing may be mounted; root may write everywhere, so there it shows nothing.
#[tokio::test]
async fn a_read_only_folder_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    for number in 0..5 {
        store.put(&key(number), &entry(number, 1, 1_000)).await.unwrap();
    }
    store.close().await;
    for name in ["entries.db", "entries.db.lock"] {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o444)).unwrap();
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let store = SqliteEntries::new(path);
    assert_eq!(version_of(3, &store.get(&key(3)).await.unwrap().unwrap()), 1);
    if fs::write(folder.path().join("probe"), "").is_err() {
        refuses_but_reads(&store, 7, "writable").await;
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}
