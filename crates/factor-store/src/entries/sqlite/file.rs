//! The file's header: whose it is.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// In a file's header: made by this program. No other registered id is near it.
pub(super) const APPLICATION_ID: u32 = 0xFAC7_E57A;
/// The format version of the table. It goes up when the table or a row's meaning changes.
pub(super) const FORMAT_VERSION: u8 = 1;
/// The bytes of a page.
pub(super) const PAGE: u16 = 4096;

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
