//! A client's file: read whole, written whole or not at all, with a backup beside it.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// More than any client's settings.
const LARGEST: u64 = 64 << 20;
/// Backups of one file that are kept.
const KEPT: usize = 5;
/// What a backup's name has after the file's.
const BACKUP: &str = ".before-factor-mcp-";

/// A file as it was read.
#[derive(Debug)]
pub(in crate::cli) struct Settings {
    /// The file itself, links followed.
    path: PathBuf,
    /// Its bytes; `None` where there is no file.
    bytes: Option<Vec<u8>>,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// Where there is something that cannot be read, with the reason.
    pub(in crate::cli) fn read(path: &Path) -> Result<Self, String> {
        // A link stays one: what it leads to is written.
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
                path.to_owned()
            }
            Err(error) => return Err(format!("it cannot be read: {error}")),
        };
        let bytes = bytes(&path)?;
        Ok(Self { path, bytes })
    }

    /// Its text; empty where there is no file.
    ///
    /// # Errors
    /// Where it is no UTF-8.
    pub(in crate::cli) fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(self.bytes.as_deref().unwrap_or_default())
            .map_err(|_| "it is no text in UTF-8; save it so, and run this again".to_owned())
    }

    /// Whether there is a file.
    pub(in crate::cli) const fn exists(&self) -> bool {
        self.bytes.is_some()
    }

    /// Why it may not be written, where that shows before.
    pub(super) fn refuses(&self) -> Option<String> {
        let metadata = fs::metadata(&self.path).ok()?;
        if !metadata.is_file() {
            return Some("it is no file; take away what is there, and run this again".to_owned());
        }
        let readonly = metadata.permissions().readonly();
        readonly
            .then(|| "it is read-only; make it writable, or put the entry in by hand, as --print shows it".to_owned())
    }

    /// Keeps what is there as a backup and puts another text in its place.
    ///
    /// # Errors
    /// Where it cannot be written or was changed meanwhile; it is then as it was.
    pub(super) fn replace(&self, text: &str, stamp: &str) -> Result<Option<PathBuf>, String> {
        self.unchanged()?;
        let backup = self.bytes.as_deref().map(|bytes| self.back_up(bytes, stamp)).transpose()?;
        if let Err(error) = self.put(text.as_bytes()) {
            if let Some(backup) = &backup {
                let _ = fs::remove_file(backup);
            }
            return Err(error);
        }
        for old in self.backups().iter().rev().skip(KEPT) {
            let _ = fs::remove_file(old);
        }
        Ok(backup)
    }

    /// Puts another text in its place, or nothing where there is none, and drops the backup that is used up by it.
    ///
    /// # Errors
    /// As of [`replace`](Self::replace).
    pub(super) fn restore(&self, text: Option<&str>, used: Option<&Path>) -> Result<(), String> {
        self.unchanged()?;
        match text {
            Some(text) => self.put(text.as_bytes())?,
            None => fs::remove_file(&self.path).map_err(|error| format!("it cannot be taken away: {error}"))?,
        }
        if let Some(used) = used {
            fs::remove_file(used).map_err(|error| format!("{} cannot be taken away: {error}", used.display()))?;
        }
        Ok(())
    }

    /// The backups, oldest first.
    pub(super) fn backups(&self) -> Vec<PathBuf> {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return Vec::new() };
        let prefix = format!("{}{BACKUP}", name.to_string_lossy());
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let is_backup =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix));
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_backup).collect();
        found.sort();
        found
    }

    /// A running client may have written it since it was read.
    fn unchanged(&self) -> Result<(), String> {
        if bytes(&self.path)? == self.bytes {
            return Ok(());
        }
        Err("it was changed meanwhile, by the client perhaps; run this again".to_owned())
    }

    fn back_up(&self, bytes: &[u8], stamp: &str) -> Result<PathBuf, String> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        // In the order of their making, also within a second.
        let names = (0..100).map(|at| self.path.with_file_name(format!("{name}{BACKUP}{stamp}-{at:02}")));
        let path = names.into_iter().find(|path| !path.exists()).ok_or("there are too many backups beside it")?;
        written(&path, bytes, fs::metadata(&self.path).ok().as_ref())
            .map_err(|error| format!("no backup can be written: {error}"))?;
        Ok(path)
    }

    /// Writes beside the file and puts that in its place at once.
    fn put(&self, bytes: &[u8]) -> Result<(), String> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        let put = || {
            fs::create_dir_all(folder)?;
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            let beside = folder.join(format!(".{name}.factor-mcp-{}", std::process::id()));
            let old = fs::metadata(&self.path).ok();
            let done = written(&beside, bytes, old.as_ref()).and_then(|()| fs::rename(&beside, &self.path));
            if done.is_err() {
                let _ = fs::remove_file(&beside);
            }
            done
        };
        put().map_err(|error: io::Error| format!("it cannot be written: {error}"))
    }
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read: {error}")),
    };
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("it cannot be read: {error}"))?;
    if read as u64 > LARGEST {
        return Err(format!("it has more than {} MB, which no settings have", LARGEST >> 20));
    }
    Ok(Some(bytes))
}

/// Writes a new file to the disk, with the rights and the owner of another, else for its owner alone: it may hold keys.
fn written(path: &Path, bytes: &[u8], like: Option<&fs::Metadata>) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    if let Some(like) = like {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // Where root sets up another user's clients; else it is theirs already.
            let _ = std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()));
        }
        file.set_permissions(like.permissions())?;
    }
    file.sync_all()
}
