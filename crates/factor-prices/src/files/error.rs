//! Why price files cannot be used.

use std::{
    io,
    path::{Path, PathBuf},
};

use factor_types::shortened;

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
    /// None of several files can be used.
    #[error("{}{}", joined(first), more_files(*more))]
    Several {
        /// Why each of the first cannot.
        first: Vec<FileError>,
        /// How many more there are.
        more: usize,
    },
}

/// Characters of a rule.
const LONGEST: usize = 1_000;
/// Files that an error names.
const NAMED: usize = 5;

fn joined(errors: &[FileError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn more_files(more: usize) -> String {
    if more > 0 { format!("; and {more} more files that cannot be used") } else { String::new() }
}

impl FileError {
    /// One error for all of these; `None` of none.
    pub(super) fn of_all(mut errors: Vec<Self>) -> Option<Self> {
        let more = errors.len().saturating_sub(NAMED);
        errors.truncate(NAMED);
        match errors.len() {
            0 | 1 => errors.pop(),
            _ => Some(Self::Several { first: errors, more }),
        }
    }

    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), reason: error.to_string() }
    }

    pub(super) fn unusable(path: &Path, rule: String) -> Self {
        // A rule may quote the file, and a decoder's words do.
        Self::Unusable { path: path.to_owned(), rule: shortened(&rule, LONGEST) }
    }
}
