//! What went wrong, by what is to be done about it.

use std::{fmt::Display, io, path::Path};

use factor_types::EntryError;

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CacheFailure {
    pub(super) kind: FailureKind,
    /// What SQLite or the system says.
    pub(super) words: String,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The file is not what was written: it is put aside.
    Damaged,
    /// The file was put aside or the pool closed meanwhile: it is opened again.
    Gone,
    /// The disk, or the bound of the file, is full.
    Full,
    /// No right to write there.
    ReadOnly,
    /// Others wrote all the while.
    Busy,
    /// Anything else.
    Other,
}

impl CacheFailure {
    pub(super) fn new(kind: FailureKind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into() }
    }

    /// Why the cache at a path cannot be used, and the way out.
    pub(super) fn refusal(&self, path: &Path, doing: impl Display) -> EntryError {
        let way_out = match self.kind {
            FailureKind::Full => "free space on its disk or set FACTOR_DATA_DIR to a folder on another one",
            FailureKind::ReadOnly => "make the file and its folder writable or set FACTOR_DATA_DIR to another folder",
            FailureKind::Busy => {
                "another process keeps it locked; stop that one or set FACTOR_DATA_DIR to another folder"
            }
            FailureKind::Damaged | FailureKind::Gone | FailureKind::Other => {
                "move the file away or set FACTOR_DATA_DIR to another folder"
            }
        };
        EntryError(format!("the cache {} cannot be {doing}: {}; {way_out}", path.display(), self.words))
    }

    /// True when the file may still be readable as it is.
    pub(super) fn only_writing(&self) -> bool {
        !matches!(self.kind, FailureKind::Damaged | FailureKind::Gone | FailureKind::Busy)
    }
}

impl From<&io::Error> for CacheFailure {
    fn from(error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FailureKind::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => FailureKind::ReadOnly,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => FailureKind::Busy,
            _ => FailureKind::Other,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<io::Error> for CacheFailure {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<sqlx::Error> for CacheFailure {
    fn from(error: sqlx::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&sqlx::Error> for CacheFailure {
    fn from(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
                let lost = code == 1 && error.message().starts_with("no such table");
                let kind = if lost { FailureKind::Damaged } else { kind_of(code) };
                Self::new(kind, format!("{} (SQLite {code})", error.message()))
            }
            sqlx::Error::PoolClosed => Self::new(FailureKind::Gone, error.to_string()),
            sqlx::Error::PoolTimedOut => Self::new(FailureKind::Busy, error.to_string()),
            sqlx::Error::Io(error) => Self::from(error),
            error => Self::new(FailureKind::Other, error.to_string()),
        }
    }
}

/// By SQLite's result codes; the low byte is the primary one.
fn kind_of(code: i32) -> FailureKind {
    match (code, code & 0xff) {
        // READONLY_DBMOVED.
        (1032, _) => FailureKind::Gone,
        // IOERR_SHORT_READ: the file ends within a page.
        (522, _) => FailureKind::Damaged,
        // IOERR_SHMSIZE: no room for the log's index.
        (4874, _) => FailureKind::Full,
        // CORRUPT, TOOBIG, NOTADB: a length beyond all bounds is damage too.
        (_, 11 | 18 | 26) => FailureKind::Damaged,
        // FULL.
        (_, 13) => FailureKind::Full,
        // PERM, READONLY, AUTH.
        (_, 3 | 8 | 23) => FailureKind::ReadOnly,
        // BUSY, LOCKED, PROTOCOL.
        (_, 5 | 6 | 15) => FailureKind::Busy,
        _ => FailureKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_what_is_to_be_done() {
        for (code, kind) in [
            (5, FailureKind::Busy),
            (517, FailureKind::Busy),
            (8, FailureKind::ReadOnly),
            (1032, FailureKind::Gone),
            (11, FailureKind::Damaged),
            (26, FailureKind::Damaged),
            (522, FailureKind::Damaged),
            (13, FailureKind::Full),
            (4874, FailureKind::Full),
            (10, FailureKind::Other),
        ] {
            assert_eq!(kind_of(code), kind, "SQLite {code}");
        }
    }

    #[test]
    fn a_way_out_goes_with_every_failure() {
        let refusal = |kind| CacheFailure::new(kind, "why").refusal(Path::new("/a/b.db"), "read").0;
        assert_eq!(
            refusal(FailureKind::Full),
            "the cache /a/b.db cannot be read: why; free space on its disk or set FACTOR_DATA_DIR to a folder on another one"
        );
        for kind in
            [FailureKind::Damaged, FailureKind::Gone, FailureKind::ReadOnly, FailureKind::Busy, FailureKind::Other]
        {
            assert!(refusal(kind).contains("set FACTOR_DATA_DIR"), "{kind:?}");
        }
    }
}
