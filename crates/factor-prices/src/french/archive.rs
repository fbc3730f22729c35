//! The one file in a zip.

use std::io::{Cursor, Read};

use zip::ZipArchive;

/// Bytes of a file at most: the longest there is has some 2 MB.
pub(super) const MOST_BYTES: u64 = 16 << 20;
/// Members that are looked at.
const MOST_MEMBERS: usize = 16;

/// Why a zip holds no file to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read as one: cut off, or no zip at all.
    #[error("it is no whole zip ({0})")]
    Damaged(String),
    /// It has none or several.
    #[error("the zip holds {0} CSV files, one is expected")]
    NotOne(usize),
    /// What it holds is longer than any file of the library.
    #[error("the file in the zip is over {MOST_BYTES} bytes")]
    TooLong,
}

/// True of bytes that begin as a zip does.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The bytes of the one CSV file in a zip, whose checksum is right.
///
/// # Errors
/// [`ArchiveError`].
pub(super) fn only_file(bytes: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let damaged = |error: &dyn std::fmt::Display| ArchiveError::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if archive.len() > MOST_MEMBERS {
        return Err(ArchiveError::NotOne(archive.len()));
    }
    // Raw: a name in whatever encoding.
    let is_csv = |name: &[u8]| name.to_ascii_lowercase().ends_with(b".csv") && !name.starts_with(b"__MACOSX");
    let places: Vec<usize> =
        archive.file_names_raw().enumerate().filter(|(_, name)| is_csv(name)).map(|(at, _)| at).collect();
    let [at] = places.as_slice() else { return Err(ArchiveError::NotOne(places.len())) };
    let member = archive.by_index(*at).map_err(|error| damaged(&error))?;
    let mut body = Vec::new();
    // What the directory says of the length is not trusted.
    member.take(MOST_BYTES + 1).read_to_end(&mut body).map_err(|error| damaged(&error))?;
    if body.len() as u64 > MOST_BYTES { Err(ArchiveError::TooLong) } else { Ok(body) }
}
