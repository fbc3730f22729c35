//! Files of a database: who may begin or move one, where a damaged one goes, and who may read them.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::Utc;

/// The files that SQLite keeps next to a database: the endings of their names.
pub(crate) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];
/// How often a lock is tried for, and the pause between: five seconds in all. Openings take milliseconds.
const LOCK_TRIES: u32 = 500;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How the names of our own files begin: those of the store and of the cache.
const OURS: [&str; 2] = ["factor-mcp.", "cache.db"];

/// The file itself, whatever its name. None where the system cannot tell; there an open file cannot be renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(Option<(u64, u64)>);

impl Identity {
    pub(crate) fn of(metadata: &fs::Metadata) -> Self {
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
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    /// Waits for the lock, at most five seconds. Blocks.
    pub(crate) fn take(path: &Path) -> io::Result<Self> {
        let name = named(path, ".lock");
        let file = private().write(true).create(true).truncate(false).open(&name)?;
        make_private(&name);
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
pub(crate) fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes the folder of a file, for this user alone. One that is there is closed to others too, when it holds nothing but
/// our own files: in another, each of ours is closed by itself.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.recursive(true).create(folder)?;
    if holds_only_ours(folder) {
        make_private(folder);
    }
    Ok(())
}

fn holds_only_ours(folder: &Path) -> bool {
    let ours = |name: &str| OURS.iter().any(|start| name.starts_with(start));
    fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(ours)))
    })
}

/// How a file of ours is made: for this user alone.
pub(crate) fn private() -> fs::OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes"))]
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Makes an empty file for this user alone, so that what SQLite then writes into it, and next to it, is so too.
pub(crate) fn begin_private(path: &Path) -> io::Result<()> {
    private().write(true).create_new(true).open(path).map(drop)
}

/// Takes from others what they may do with a file or folder. Where it is not ours, or the system knows no modes, it
/// stays as it is; so does a folder that is everybody's by its sticky bit.
pub(crate) fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let Ok(metadata) = fs::metadata(path) else { return };
        let mode = metadata.permissions().mode();
        if mode & 0o077 == 0 || mode & 0o1000 != 0 {
            return;
        }
        if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)) {
            tracing::debug!("{} stays open to others: {error}", path.display());
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The same for a database and what SQLite keeps next to it.
pub(crate) fn make_database_private(path: &Path) {
    make_private(path);
    SIDE_FILES.iter().for_each(|ending| make_private(&named(path, ending)));
}

/// Moves a file and SQLite's side files out of the way: to its name, a word and the time. Only under the lock.
///
/// Returns the new name.
pub(crate) fn put_aside(path: &Path, word: &str) -> io::Result<PathBuf> {
    let stamp = format!(".{word}-{}", Utc::now().format("%Y%m%dT%H%M%SZ"));
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
pub(crate) fn sweep(path: &Path) -> io::Result<()> {
    SIDE_FILES.iter().try_for_each(|ending| unless_missing(fs::remove_file(named(path, ending))))
}

/// Removes a file and its side files.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    unless_missing(fs::remove_file(path))?;
    sweep(path)
}

/// True when the file has a log with entries.
pub(crate) fn has_log(path: &Path) -> bool {
    fs::metadata(named(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

fn unless_missing(outcome: io::Result<()>) -> io::Result<()> {
    outcome.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}
