//! What a token that was accepted gives its bearer.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};

/// A part of the server that a token may open.
///
/// Compared to the letter, as OAuth has it: none opens what another does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Asking: analyses, lists, what one has saved.
    Read,
    /// Changing what one has saved.
    Write,
    /// What is for those who run the server.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The name in tokens and metadata.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "factor.read",
            Self::Write => "factor.write",
            Self::Admin => "factor.admin",
        }
    }

    /// The scope of this name, exactly.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Some of the scopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// None.
    pub const NONE: Self = Self(0);

    /// These.
    #[must_use]
    pub fn of(scopes: &[Scope]) -> Self {
        scopes.iter().copied().collect()
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of those are among them.
    #[must_use]
    pub const fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// True for none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    /// As OAuth writes them: with blanks between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Who a token speaks for: a subject is one person or program at its issuer alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The issuer.
    pub issuer: Arc<str>,
    /// The issuer's name for them; 1 to 255 characters, none a control character.
    pub subject: String,
}

/// What a token that was accepted gives its bearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who they are.
    pub identity: Identity,
    /// What they may do.
    pub scopes: Scopes,
    /// When the token ends, to the second: streams that it opened end then.
    pub expires_at: DateTime<Utc>,
}

/// What the token's bearer may not do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs a token with the scope {needed}: ask the issuer for one")]
pub struct InsufficientScope {
    /// All that is needed, not what is missing alone: a client asks for what it is told.
    pub needed: Scopes,
}

impl Access {
    /// Whether the token opens all of this.
    ///
    /// # Errors
    /// When one of the scopes is missing.
    pub fn require(&self, needed: Scopes) -> Result<(), InsufficientScope> {
        if self.scopes.contains_all(needed) { Ok(()) } else { Err(InsufficientScope { needed }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_exact_and_none_implies_another() {
        assert_eq!(Scope::named("factor.read"), Some(Scope::Read));
        for other in ["factor.READ", "factor.read ", "factor", "factor.*", ""] {
            assert_eq!(Scope::named(other), None, "{other}");
        }
        let admin = Scopes::of(&[Scope::Admin]);
        assert!(admin.contains(Scope::Admin) && !admin.contains(Scope::Read) && !admin.is_empty());
        let all = Scopes::of(&Scope::ALL);
        assert_eq!(all.to_string(), "factor.read factor.write factor.admin");
        assert!(all.contains_all(admin) && !admin.contains_all(all) && admin.contains_all(Scopes::NONE));
        assert_eq!(format!("{admin:?}"), "{Admin}");
    }

    #[test]
    fn what_is_missing_is_said_with_all_that_is_needed() {
        let access = Access {
            identity: Identity { issuer: "https://login.example.com".into(), subject: "ada".into() },
            scopes: Scopes::of(&[Scope::Read]),
            expires_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(access.require(Scopes::of(&[Scope::Read])), Ok(()));
        let refused = access.require(Scopes::of(&[Scope::Read, Scope::Write])).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "this needs a token with the scope factor.read factor.write: ask the issuer for one"
        );
    }
}
