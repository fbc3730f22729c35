//! What a caller may do.

use factor_auth::{InsufficientScope, Scope, Scopes};

/// What a caller may do, by the scopes of OAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights(Scopes);

impl Rights {
    /// Those of a request that came by no door.
    pub const NONE: Self = Self(Scopes::NONE);

    /// All: of the one user of a server that is run for oneself.
    #[must_use]
    pub fn all() -> Self {
        Self(Scopes::of(&Scope::ALL))
    }

    /// A key's: whoever has one reads and writes what is theirs.
    #[must_use]
    pub fn of_key() -> Self {
        Self(Scopes::of(&[Scope::Read, Scope::Write]))
    }

    /// A token's.
    #[must_use]
    pub fn of_token(scopes: Scopes) -> Self {
        Self(scopes)
    }

    /// Whether they see what is for those who run the server.
    #[must_use]
    pub fn administers(self) -> bool {
        self.0.contains(Scope::Admin)
    }

    /// Whether they may do what needs these.
    ///
    /// # Errors
    /// When one is missing.
    pub fn require(self, needed: Scopes) -> Result<(), InsufficientScope> {
        if self.0.contains_all(needed) { Ok(()) } else { Err(InsufficientScope { needed }) }
    }
}

impl Default for Rights {
    fn default() -> Self {
        Self::all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_and_writes_and_a_stranger_nothing() {
        let (read, both) = (Scopes::of(&[Scope::Read]), Scopes::of(&[Scope::Read, Scope::Write]));
        let may = |rights: Rights| (rights.require(read).is_ok(), rights.require(both).is_ok(), rights.administers());
        assert_eq!(may(Rights::all()), (true, true, true));
        assert_eq!(may(Rights::of_key()), (true, true, false));
        assert_eq!(may(Rights::of_token(read)), (true, false, false));
        assert_eq!(may(Rights::of_token(Scopes::of(&[Scope::Admin]))), (false, false, true));
        assert_eq!(may(Rights::NONE), (false, false, false));
        assert_eq!(Rights::default(), Rights::all());
    }
}
