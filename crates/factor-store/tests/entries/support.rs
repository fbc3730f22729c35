//! Entries whose bodies can be distinguished from damaged ones, and this binary run again as another process.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use chrono::DateTime;
use factor_store::SqliteEntries;
use factor_types::{Entry, EntryKey, EntryStore as _};
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

/// A ticker's key.
pub(crate) fn key(number: u64) -> EntryKey {
    EntryKey::new("fmp", "prices", format!("T{number}"))
}

/// The entry of a key at a version: fetched that many seconds after 1970, with a body that follows from both.
pub(crate) fn entry(number: u64, version: u64, bytes: usize) -> Entry {
    let mut body = vec![0; bytes];
    ChaCha8Rng::seed_from_u64(number << 32 ^ version).fill(body.as_mut_slice());
    Entry { fetched_at: DateTime::from_timestamp(version.cast_signed(), 0).unwrap(), body }
}

/// The version of an entry that is under a key, which must be whole.
pub(crate) fn version_of(number: u64, found: &Entry) -> u64 {
    let version = found.fetched_at.timestamp().cast_unsigned();
    assert!(*found == entry(number, version, found.body.len()), "T{number} of version {version} is not what was kept");
    version
}

/// The whole entries of the keys below `keys`, by version.
pub(crate) async fn versions(store: &SqliteEntries, keys: u64) -> Vec<Option<u64>> {
    let mut found = Vec::new();
    for number in 0..keys {
        found.push(store.get(&key(number)).await.unwrap().map(|entry| version_of(number, &entry)));
    }
    found
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The files in a folder that were put aside, without SQLite's side files.
pub(crate) fn put_aside(folder: &Path) -> Vec<String> {
    let aside = |name: &String| name.contains(".broken-") && !name.ends_with("-wal") && !name.ends_with("-shm");
    names(folder).into_iter().filter(aside).collect()
}

/// Runs an ignored test of this binary as another process and tells it its orders.
pub(crate) fn start(test: &str, orders: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{orders}").unwrap();
    child
}

/// The orders of such a process: a path and a number. None when a person runs the test by itself.
pub(crate) fn orders() -> Option<(PathBuf, u64)> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let (number, path) = line.trim_end().split_once(' ')?;
    Some((path.into(), number.parse().ok()?))
}
