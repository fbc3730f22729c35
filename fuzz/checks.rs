//! What the targets of every crate share: it is a module of each crate's `fuzzing`.

/// A message is for one line of a log or a sentence of an answer, and has so many characters at most.
pub(crate) fn sound_message(message: &str, longest: usize) {
    assert!(!message.is_empty() && !message.chars().any(char::is_control), "{message:?}");
    assert!(message.chars().count() <= longest, "{} characters: {message:?}", message.chars().count());
}

/// Feeds a target its corpus; there must be one.
#[cfg(test)]
pub(crate) fn replay(name: &str, target: fn(&[u8])) {
    // The crates lie at different depths below the folder that has it.
    let corpora = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("fuzz/corpus"));
    let folder = corpora.into_iter().find(|folder| folder.is_dir()).unwrap().join(name);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 10, "{} files in {}", files.len(), folder.display());
    for file in files {
        target(&std::fs::read(file).unwrap());
    }
}
