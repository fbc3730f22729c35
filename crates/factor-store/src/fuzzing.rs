//! What a fuzzer feeds: mapping files of any bytes. `fuzz/` has a target for it, and every test run feeds it the corpus that is kept there.

#[path = "../../../fuzz/checks.rs"]
mod checks;

use self::checks::sound_message;
use crate::{MappingKind, funds, source};

/// The longest message about a file that cannot be used, in characters.
const LONGEST: usize = 2_000;

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
                sound_message(&refusal.message, LONGEST);
            }
        },
        None => {
            if let Err(rule) = funds::read(&String::from_utf8_lossy(text)) {
                sound_message(&rule, LONGEST);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn corpus_of_mapping_files() {
        super::checks::replay("mapping_file", super::mapping_file);
    }
}
