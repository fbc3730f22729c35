//! How much of a part can be shown at most.

/// What is worth writing of a part of an answer: nothing is shown of it beyond the length of the whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room(Option<usize>);

impl Room {
    /// Everything is written.
    pub(crate) const ALL: Self = Self(None);

    /// For an answer of so many characters.
    pub(crate) fn for_chars(most: usize) -> Self {
        // A character has four bytes at most: what takes so many is longer than can be shown.
        Self(Some(most.saturating_mul(4)))
    }

    /// True when a part of so many bytes is longer than can be shown already.
    pub(super) fn is_used_up(self, bytes: usize) -> bool {
        self.0.is_some_and(|most| bytes > most)
    }
}
