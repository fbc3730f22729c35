//! The file as a file: whose it is, who may begin or move it, where a broken one goes.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::Utc;

/// In a file's header: made by this program. No other registered id is near it.
pub(super) const APPLICATION_ID: u32 = 0xFAC7_E57A;
/// The format version of the table. It goes up when the table or a row's meaning changes.
pub(super) const FORMAT_VERSION: u8 = 1;
/// The bytes of a page.
pub(super) const PAGE: u16 = 4096;

/// The files that SQLite keeps next to a database: the endings of their names.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];
/// How often a lock is tried for, and the pause between: five seconds in all. Openings take milliseconds.
const LOCK_TRIES: u32 = 500;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// What is found under the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileState {
    Missing,
    /// Ours, as far as the header shows.
    Ours,
    /// Unusable, and why: ours damaged, or no database.
    Broken(&'static str),
    /// Another application's database, and its mark.
    Foreign(u32),
    /// Ours, of a later format version.
    Newer(u8),
}

/// The file itself, whatever its name. None where the system cannot tell; there an open file cannot be renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(Option<(u64, u64)>);

impl Identity {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt as _;
            Some((metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let identity = {
            let _ = metadata;
            None
        };
        Self(identity)
    }
}

/// The right to open, begin or put aside a file, among all processes. Ends when dropped, and with its process.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    /// Waits for the lock, at most five seconds. Blocks.
    pub(super) fn take(path: &Path) -> io::Result<Self> {
        let file = File::options().write(true).create(true).truncate(false).open(named(path, ".lock"))?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "another process has been opening it for over 5 s"))
    }
}

/// A name next to the file's: `entries.db` and `.lock` give `entries.db.lock`.
pub(super) fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes the folder of a file, for this user alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.recursive(true).create(folder)
}

/// Reads the header. Not while this process has the file open: closing it would end SQLite's locks.
pub(super) fn state(path: &Path) -> io::Result<FileState> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FileState::Missing),
        Err(error) => return Err(error),
    };
    let mut header = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut header)?;
    Ok(header.as_slice().try_into().map_or(FileState::Broken("it ends within its header"), state_of))
}

/// Moves a broken file and SQLite's side files out of the way. Only under the lock.
///
/// Returns the new name.
pub(super) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let stamp = Utc::now().format(".broken-%Y%m%dT%H%M%SZ").to_string();
    let taken = |aside: &PathBuf| aside.symlink_metadata().is_ok();
    let mut aside = named(path, &stamp);
    let mut more = 1;
    while taken(&aside) {
        more += 1;
        aside = named(path, &format!("{stamp}-{more}"));
    }
    fs::rename(path, &aside)?;
    for ending in SIDE_FILES {
        unless_missing(fs::rename(named(path, ending), named(&aside, ending)))?;
    }
    Ok(aside)
}

/// Removes the side files that an earlier file left: SQLite would play an old log into a new file. Only under the lock
/// and when no file has the name.
pub(super) fn sweep(path: &Path) -> io::Result<()> {
    SIDE_FILES.iter().try_for_each(|ending| unless_missing(fs::remove_file(named(path, ending))))
}

/// Removes a file and its side files.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    unless_missing(fs::remove_file(path))?;
    sweep(path)
}

/// True when the file has a log with entries.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(named(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The format version as the header carries it: four times, so that no flipped bit makes another version of it.
pub(super) fn version_mark() -> u32 {
    u32::from_be_bytes([FORMAT_VERSION; 4])
}

fn state_of(header: &[u8; 100]) -> FileState {
    // https://www.sqlite.org/fileformat2.html#the_database_header
    if !header.starts_with(b"SQLite format 3\0") {
        return FileState::Broken("it is not a database");
    }
    let [.., f3, f2, f1, f0, _, _, _, _, a3, a2, a1, a0] = header[..72] else {
        return FileState::Broken("its header is cut");
    };
    let id = u32::from_be_bytes([a3, a2, a1, a0]);
    // One bit away is ours with a flipped bit.
    if (id ^ APPLICATION_ID).count_ones() > 1 {
        return FileState::Foreign(id);
    }
    let form = [f3, f2, f1, f0];
    let same = form.iter().all(|&part| part == f0);
    if same && f0 > FORMAT_VERSION {
        return FileState::Newer(f0);
    }
    // The page size; the two journal modes; no reserved bytes; the payload fractions; the schema format; no cache size,
    // no vacuuming, UTF-8; the reserved zeros. SQLite would take a changed one at its word.
    let whole = id == APPLICATION_ID
        && form == [FORMAT_VERSION; 4]
        && header[16..18] == PAGE.to_be_bytes()
        && (header[18..20] == [2, 2] || header[18..20] == [1, 1])
        && header[20..24] == [0, 64, 32, 32]
        && header[44..60] == [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        && header[64..68] == [0; 4]
        && header[72..92] == [0; 20];
    if whole { FileState::Ours } else { FileState::Broken("its header is damaged") }
}

fn unless_missing(outcome: io::Result<()>) -> io::Result<()> {
    outcome.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The header of a file as SQLite writes it for us.
    fn header() -> [u8; 100] {
        let mut header = [0; 100];
        header[..16].copy_from_slice(b"SQLite format 3\0");
        header[16..18].copy_from_slice(&PAGE.to_be_bytes());
        header[18..24].copy_from_slice(&[2, 2, 0, 64, 32, 32]);
        header[47] = 4;
        header[59] = 1;
        header[60..64].copy_from_slice(&version_mark().to_be_bytes());
        header[68..72].copy_from_slice(&APPLICATION_ID.to_be_bytes());
        header
    }

    #[test]
    fn a_header_says_whose_file_it_is() {
        assert_eq!(state_of(&header()), FileState::Ours);
        let mut foreign = header();
        foreign[68..72].copy_from_slice(&0x4750_4B47_u32.to_be_bytes());
        assert_eq!(state_of(&foreign), FileState::Foreign(0x4750_4B47));
        let mut newer = header();
        newer[60..64].copy_from_slice(&[FORMAT_VERSION + 1; 4]);
        assert_eq!(state_of(&newer), FileState::Newer(FORMAT_VERSION + 1));
        assert_eq!(state_of(&[b'x'; 100]), FileState::Broken("it is not a database"));
    }

    proptest! {
        /// Damage never makes our file somebody else's, or one of a version to come, which would be left as it is.
        #[test]
        fn a_flipped_bit_leaves_it_ours_or_broken(at in 0usize..100, bit in 0u8..8) {
            let mut flipped = header();
            flipped[at] ^= 1 << bit;
            let state = state_of(&flipped);
            prop_assert!(matches!(state, FileState::Ours | FileState::Broken(_)), "byte {at}, bit {bit}: {state:?}");
        }
    }
}
