//! One flipped bit anywhere in the file or its log.

use std::{fs, path::Path};

use factor_store::SqliteEntries;
use factor_types::EntryStore as _;
use rand::RngExt as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use tempfile::{TempDir, tempdir, tempdir_in};

use crate::support::{entry, key, names, put_aside, version_of};

const KEYS: u64 = 20;
const BYTES: usize = 2_000;

/// What the flips came to.
#[derive(Debug, Default)]
struct Split {
    /// All entries were there and nothing was noticed.
    harmless: usize,
    /// A row was found damaged.
    row: usize,
    /// The file was put aside.
    file: usize,
    /// Entries were gone without a word: the log ends before them, or their row bears another key.
    gone: usize,
    /// New entries that had to be put twice.
    lost: usize,
}

/// The bytes of a file with twenty entries and of its log, if it has one.
async fn written(with_log: bool) -> (Vec<u8>, Vec<u8>) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    for number in 0..KEYS {
        store.put(&key(number), &entry(number, 1, BYTES)).await.unwrap();
    }
    if !with_log {
        store.close().await;
    }
    let log = fs::read(folder.path().join("entries.db-wal")).unwrap_or_default();
    assert_eq!(log.len() > 40_000, with_log);
    (fs::read(path).unwrap(), log)
}

async fn flip(folder: &Path, file: &[u8], log: &[u8], bit: usize, split: &mut Split) {
    let (mut file, mut log) = (file.to_vec(), log.to_vec());
    let byte = bit / 8;
    let length = file.len();
    *if byte < length { &mut file[byte] } else { &mut log[byte - length] } ^= 1 << (bit % 8);
    let path = folder.join("entries.db");
    fs::write(&path, file).unwrap();
    if !log.is_empty() {
        fs::write(folder.join("entries.db-wal"), log).unwrap();
    }

    let store = SqliteEntries::new(path);
    let mut gone = 0;
    for number in 0..KEYS {
        match store.get(&key(number)).await.unwrap_or_else(|error| panic!("bit {bit}: {error}")) {
            // A wrong body, or the body of another key, fails here.
            Some(found) => assert_eq!((version_of(number, &found), found.body.len()), (1, BYTES), "bit {bit}"),
            None => gone += 1,
        }
    }
    let health = store.health();
    *if !put_aside(folder).is_empty() {
        &mut split.file
    } else if health.damaged > 0 {
        &mut split.row
    } else if gone > 0 {
        &mut split.gone
    } else {
        &mut split.harmless
    } += 1;
    for number in [0, 7, KEYS] {
        // A key out of its order can make SQLite lose the way to a new row as it splits a page: none, never a wrong
        // one.
        let mut kept = None;
        for _ in 0..2 {
            if kept.is_none() {
                store
                    .put(&key(number), &entry(number, 2, BYTES))
                    .await
                    .unwrap_or_else(|error| panic!("bit {bit}: {error}"));
                kept = store.get(&key(number)).await.unwrap().map(|found| version_of(number, &found));
                split.lost += usize::from(kept.is_none());
            }
        }
        assert_eq!(kept, Some(2), "bit {bit}: T{number}");
    }
    assert_eq!(store.health().problem, None);
    store.close().await;
}

/// A folder where syncing costs nothing, if there is one: thousands of files are begun and closed here.
fn in_memory() -> TempDir {
    tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap()
}

async fn flips(with_log: bool, seed: u64, bits: impl Iterator<Item = usize>, random: usize) -> Split {
    let (file, log) = written(with_log).await;
    let all = (file.len() + log.len()) * 8;
    let mut source = ChaCha8Rng::seed_from_u64(seed);
    let random: Vec<usize> = (0..random).map(|_| source.random_range(0..all)).collect();
    let mut split = Split::default();
    // In one folder: a file is begun with nothing next to it all the same.
    let folder = in_memory();
    let mut bits_flipped = 0;
    for bit in bits.chain(random) {
        bits_flipped += 1;
        flip(folder.path(), &file, &log, bit, &mut split).await;
        for name in names(folder.path()) {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
    assert!(split.lost * 100 <= bits_flipped, "{split:?}");
    println!("log: {with_log}; {} bytes; {split:?}", file.len() + log.len());
    split
}

#[tokio::test]
async fn a_flipped_bit_of_the_file_never_makes_a_wrong_entry() {
    // The header and the table, where a flip does most, are flipped more closely than the bodies.
    let split = flips(false, 1, (0..800).step_by(5).chain((800..32_768).step_by(181)), 400).await;
    assert!(split.row > 100 && split.file > 50, "{split:?}");
}

#[tokio::test]
async fn a_flipped_bit_of_the_log_never_makes_a_wrong_entry() {
    let split = flips(true, 2, 0..0, 300).await;
    assert!(split.gone > 100, "{split:?}");
}

#[tokio::test]
#[ignore = "minutes: 5,000 flips of the file, every bit of its first page's header and 5,000 of the log"]
async fn thousands_of_flipped_bits_never_make_a_wrong_entry() {
    flips(false, 3, 0..800, 5_000).await;
    flips(true, 4, 0..800, 5_000).await;
}
