//! What a fuzzer feeds. Each function takes any bytes and checks what must hold of whatever they are read as; `fuzz/` has a target for
//! each, and every test run feeds them the corpora that are kept there.

pub use crate::{
    files::fuzzing::{csv_file, parquet_file},
    french::fuzzing::french_file,
    vendors::fuzzing::vendor_body,
};

/// The longest message about bytes that cannot be used, in characters.
const LONGEST: usize = 2_000;

/// A message is for one line of a log or a sentence of an answer.
pub(crate) fn sound_message(message: &str) {
    assert!(!message.is_empty() && !message.chars().any(char::is_control), "{message:?}");
    assert!(message.chars().count() <= LONGEST, "{} characters: {message:?}", message.chars().count());
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Feeds a target its corpus; there must be one.
    fn replay(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 10, "{} files in {}", files.len(), folder.display());
        for file in files {
            target(&fs::read(file).unwrap());
        }
    }

    #[test]
    fn corpus_of_csv_files() {
        replay("csv_file", super::csv_file);
    }

    #[test]
    fn corpus_of_parquet_files() {
        replay("parquet_file", super::parquet_file);
    }

    #[test]
    fn corpus_of_french_files() {
        replay("french_file", super::french_file);
    }

    #[test]
    fn corpus_of_vendor_bodies() {
        replay("vendor_body", super::vendor_body);
    }
}
