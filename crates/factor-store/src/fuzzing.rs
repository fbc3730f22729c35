//! What a fuzzer feeds: mapping files of any bytes. `fuzz/` has a target for it, and every test run feeds it the corpus that is kept there.

use crate::{MappingKind, funds, source};

/// A file of the universe: the first byte says which, the rest is what it holds. It has rows, or the refusal says in a line where it is
/// wrong.
pub fn mapping_file(bytes: &[u8]) {
    let Some((which, text)) = bytes.split_first() else { return };
    let kinds = MappingKind::ALL;
    match kinds.get(usize::from(*which) % (kinds.len() + 1)) {
        Some(kind) => match source::rows(*kind, text) {
            Ok(rows) => assert!(!rows.is_empty(), "a file without rows is no file"),
            Err(refusal) => {
                assert!(refusal.line > 0 && refusal.column > 0, "{refusal:?}");
                sound_message(&refusal.message);
            }
        },
        None => {
            if let Err(rule) = funds::read(&String::from_utf8_lossy(text)) {
                sound_message(&rule);
            }
        }
    }
}

fn sound_message(message: &str) {
    assert!(!message.is_empty() && message.chars().count() <= 2_000, "{message:?}");
    assert!(!message.chars().any(char::is_control), "{message:?}");
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn corpus_of_mapping_files() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/mapping_file");
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 10, "{} files in {}", files.len(), folder.display());
        for file in files {
            super::mapping_file(&fs::read(file).unwrap());
        }
    }
}
