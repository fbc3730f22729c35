//! Why price files cannot be used.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why files gave no prices, by what the user does about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing is there or it may not be read: fix the path or the permissions.
    #[error("{}: cannot be read ({reason}): check the path and its permissions", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The contents cannot be used: fix the file.
    #[error("{}: {rule}", path.display())]
    Unusable {
        /// The path.
        path: PathBuf,
        /// The line where there is one, the rule that is broken, and the way out.
        rule: String,
    },
}

impl FileError {
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), reason: error.to_string() }
    }

    pub(super) fn unusable(path: &Path, rule: String) -> Self {
        Self::Unusable { path: path.to_owned(), rule }
    }
}
